"""Every POST of the site sent twice at the same instant, with real threads and real commits: its effect is there once.

What broke a mature peer: entries stored twice, two final results, a form archived twice (PEERS.md section 7). A new
address that takes a POST fails `test_every_post_of_the_site_is_here` until it is tried here too.
"""

import re
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

import pytest
from allauth.mfa.models import Authenticator
from django.core import mail
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connections, transaction
from django.http import HttpResponse
from django.test import Client
from django.urls import URLPattern, URLResolver, get_resolver, reverse

from accounts import invitations
from accounts.models import Acceptance, Announcement, FactorReset, Invitation, Role, RoleProposal, User
from aggregation.models import ExclusionProposal, ExclusionTurn, VoteWord
from ledger import checks, sequencer
from ledger import entries as ledger
from ledger.models import Event
from pemantau import pipeline
from tests.transcription import reading as people
from tests.uploads import by_ticket
from tests.uploads.by_ticket import announced
from tests.uploads.conftest import folder_storages
from tests.uploads.pictures import encoded
from tests.world import World, build
from transcription import samples
from transcription.models import (
    BarTurn,
    Entry,
    FirstLook,
    Lease,
    Lifting,
    PracticeResult,
    Recall,
    Report,
    ReportGroup,
    Ruling,
    Sample,
    SurgeTurn,
    Task,
    Weeding,
)
from uploads import statements
from uploads.models import AlarmTurn, Photo, Repeat, SentKey, SwitchTurn, Ticket

pytestmark = pytest.mark.django_db(transaction=True)

AT_ONCE = 4
OTHERS = "allauth."
PICTURE = encoded(width=320, height=420)
NOBODYS = "00000000-0000-4000-8000-000000000000"
KEY = "00000000-0000-4000-8000-000000000001"


@dataclass
class Scene:
    """A world in which somebody is about to send something."""

    world: World
    photo: Photo
    lease: Lease
    disputed: Photo
    citizen: User

    def browser(self, name: str) -> Client:
        return people.browser_of(self.world, name, self.world.people[name].role)


@pytest.fixture
def scene(settings, tmp_path) -> Scene:
    settings.STORAGES = settings.STORAGES | folder_storages(tmp_path)
    world = build()
    disputed = people.photo_in_log(world, "9101011002001")
    for number, name in enumerate(("Sari", "Budi", "Dewi", "Eko")):
        people.reads(world, name, disputed, **(people.VOTES | {"paslon_1": number}))
    photo = people.photo_in_log(world, "9101011001001")
    lease = people.given(world, "Vina", photo)
    world.person("Hakim", Role.ADJUDICATOR)
    for operator in ("Omar", "Nur"):
        world.person(operator, Role.OPERATOR)
    return Scene(world, photo, lease, disputed, world.person("Cici", Role.CITIZEN))


def at_once(*sends: Callable[[], HttpResponse]) -> list[HttpResponse]:
    """All of them, in threads that start together."""
    start = threading.Barrier(len(sends))

    def run(send: Callable[[], HttpResponse]) -> HttpResponse:
        start.wait()
        try:
            return send()
        finally:
            connections.close_all()

    with ThreadPoolExecutor(len(sends)) as pool:
        return list(pool.map(run, sends))


def posted(browser: Client, path: str, data: object = None, **more: object) -> Callable[[], HttpResponse]:
    """A POST by a browser of its own with the same cookies: a test client is not for two threads."""
    twin = Client()
    twin.cookies = browser.cookies.copy()
    return lambda: twin.post(path, data() if callable(data) else data or {}, **more)


def twice(browser: Client, path: str, data: object = None, **more: object) -> list[HttpResponse]:
    return at_once(*(posted(browser, path, data, **more) for _ in range(AT_ONCE)))


def one(answers: list[HttpResponse], *statuses: int) -> None:
    """All are told the same."""
    assert {answer.status_code for answer in answers} <= set(statuses), [a.status_code for a in answers]


# --- What each POST does, once ----------------------------------------------------------------


def form_with_photo(**more: object) -> dict[str, object]:
    return {"station": "9101011001002", "contest": "ppwp", "file": SimpleUploadedFile("a.jpg", PICTURE)} | more


def photos_by_api(scene: Scene) -> None:
    answers = twice(scene.browser("Vina"), "/api/v1/photos/", form_with_photo, headers={"Idempotency-Key": KEY})
    one(answers, 200, 201)
    assert sorted(answer.status_code for answer in answers)[-1] == 201
    assert len({answer.json()["receipt"] for answer in answers}) == 1
    assert (Photo.objects.filter(station__code="9101011001002").count(), SentKey.objects.count()) == (1, 1)


def tickets_taken(scene: Scene) -> None:
    path, body = "/api/v1/tickets/", announced(PICTURE, station="9101011002001")
    browser = scene.browser("Vina")
    browser.post(path, announced(PICTURE), content_type="application/json")  # the device has its cookie
    answers = twice(browser, path, body, content_type="application/json")
    one(answers, 200, 201)
    assert {answer.json()["ticket"] for answer in answers} == {
        str(ticket.pk) for ticket in Ticket.objects.filter(station__code="9101011002001")
    }


def ticket_finished(scene: Scene) -> None:
    browser = scene.browser("Vina")
    ticket = by_ticket.take(browser, PICTURE, station="9101011001002").json()["ticket"]
    by_ticket.add(browser, ticket, 0, PICTURE)
    answers = twice(browser, f"/api/v1/tickets/{ticket}/finish/")
    one(answers, 200, 201)
    assert sorted(answer.status_code for answer in answers)[-1] == 201
    assert len({answer.json()["receipt"] for answer in answers}) == 1
    assert Photo.objects.filter(station__code="9101011001002").count() == 1


def photos_by_form(scene: Scene) -> None:
    answers = twice(scene.browser("Vina"), "/kirim/9101011001002/", form_with_photo)
    one(answers, 302)
    assert len({answer["Location"] for answer in answers}) == 1
    assert Photo.objects.filter(station__code="9101011001002").count() == 1


def takes(path: str) -> Callable[[Scene], None]:
    def play(scene: Scene) -> None:
        scene.world.person("Gita")
        answers = twice(scene.browser("Gita"), path)
        one(answers, 200, 302)
        (lease,) = Lease.objects.filter(account__email="gita@contoh.test")
        assert all(str(lease.pk) in (a.headers.get("Location") or a.content.decode()) for a in answers)
        assert Task.objects.get(pk=lease.task_id).leased == Lease.objects.filter(task=lease.task_id, end="").count()

    return play


def entry_by_api(scene: Scene) -> None:
    path = f"/api/v1/tasks/{scene.lease.pk}/entry/"
    body = {"page": 2, "numbers": people.VOTES, "tps": "9101011001001"}
    answers = twice(scene.browser("Vina"), path, body, content_type="application/json")
    one(answers, 201)
    assert {answer.json()["id"] for answer in answers} == {str(Entry.objects.get(photo=scene.photo).pk)}


def entry_by_form(scene: Scene) -> None:
    fields = {f"angka-{key}": str(value) for key, value in people.VOTES.items()} | {"halaman": "2", "berhenti": "1"}
    fields |= {"desa": "1", "tps": "1"}
    one(twice(scene.browser("Vina"), f"/baca/{scene.lease.pk}/", fields), 302)
    assert Entry.objects.get(photo=scene.photo).numbers == people.VOTES


def own_photo(scene: Scene) -> Photo:
    """A photo that Vina sent."""
    vina = scene.world.person("Vina")
    with transaction.atomic():
        return people.photo_of(scene.world, "9101011001002", device=people.device_of(scene.world, vina))


def numbers_by_api(scene: Scene) -> None:
    path = f"/api/v1/receipts/{own_photo(scene).receipt}/numbers/"
    body = {"page": 2, "numbers": people.VOTES}
    answers = twice(scene.browser("Vina"), path, body, content_type="application/json")
    one(answers, 201)
    assert {answer.json()["id"] for answer in answers} == {str(Entry.objects.get(source="uploader").pk)}


def numbers_by_form(scene: Scene) -> None:
    fields = {f"angka-{key}": str(value) for key, value in people.VOTES.items()} | {"halaman": "2"}
    one(twice(scene.browser("Vina"), f"/bukti/{own_photo(scene).receipt}/angka/", fields), 302)
    assert Entry.objects.get(source="uploader").numbers == people.VOTES


def withdraws(path: str) -> Callable[[Scene], None]:
    def play(scene: Scene) -> None:
        receipt = own_photo(scene).receipt
        one(twice(scene.browser("Vina"), path.format(receipt)), 200, 302)
        photo = Photo.objects.get(receipt=receipt)
        assert photo.withdrawn_at is not None
        assert Event.objects.filter(kind="withdraw", subject=str(photo.pk)).count() == 1
        assert (Task.objects.get(pk=photo.pk).wants, Event.objects.filter(kind="restore").count()) == (0, 0)

    return play


def checks_a_statement(scene: Scene) -> None:
    statement = statements.of(scene.photo)
    answers = twice(scene.browser("Vina"), "/bukti/periksa/", {"pernyataan": statement})
    one(answers, 200)
    assert all("Pernyataan ini asli" in answer.content.decode() for answer in answers)


def check(scene: Scene) -> None:
    path = f"/api/v1/tasks/{scene.lease.pk}/check/"
    body = {"page": 2, "numbers": people.VOTES}
    one(twice(scene.browser("Vina"), path, body, content_type="application/json"), 200)
    assert not Entry.objects.filter(photo=scene.photo).exists()


def renew(scene: Scene) -> None:
    one(twice(scene.browser("Vina"), f"/api/v1/tasks/{scene.lease.pk}/renew/"), 200)
    assert Lease.objects.get(pk=scene.lease.pk).end == ""


def gives_back(path: str) -> Callable[[Scene], None]:
    def play(scene: Scene) -> None:
        one(twice(scene.browser("Vina"), path.format(scene.lease.pk)), 204, 302)
        task = Task.objects.get(pk=scene.photo.pk)
        assert (task.leased, task.returned, Lease.objects.get(pk=scene.lease.pk).end) == (0, 1, "returned")

    return play


def ruling_by_api(scene: Scene) -> None:
    body = {"verdict": "accept", "reason": "as_written", "page": 2, "numbers": people.VOTES | {"paslon_1": 1}}
    path = f"/api/v1/cases/{scene.disputed.pk}/ruling/"
    people.looks(scene.world, "Hakim", scene.disputed)
    answers = twice(scene.browser("Hakim"), path, body, content_type="application/json")
    one(answers, 201)
    assert {answer.json()["id"] for answer in answers} == {str(Ruling.objects.get().pk)}


def first_look(scene: Scene) -> None:
    body = {"numbers": {"paslon_1": 1}}
    path = f"/api/v1/cases/{scene.disputed.pk}/first-look/"
    one(twice(scene.browser("Hakim"), path, body, content_type="application/json"), 201)
    assert FirstLook.objects.count() == 1


def ruling_by_form(scene: Scene) -> None:
    fields = {"putusan": "reject", "alasan-reject": "blurred", "alasan": "blurred"}
    one(twice(scene.browser("Hakim"), f"/putusan/{scene.disputed.pk}/", fields), 302)
    assert Ruling.objects.get().verdict == "reject"


def role_granted(scene: Scene) -> None:
    one(twice(scene.browser("Omar"), f"/kelola/orang/{scene.citizen.pk}/peran/", {"role": "volunteer"}), 302)
    assert User.objects.get(pk=scene.citizen.pk).role == Role.VOLUNTEER
    assert Event.objects.filter(kind="role").count() == 1


def proposal_withdrawn(scene: Scene) -> None:
    scene.browser("Omar").post(f"/kelola/orang/{scene.citizen.pk}/peran/", {"role": "adjudicator"})
    one(twice(scene.browser("Omar"), f"/kelola/orang/{scene.citizen.pk}/tarik/"), 302)
    assert RoleProposal.objects.get().end == RoleProposal.End.WITHDRAWN


def invitation_made(scene: Scene) -> None:
    one(twice(scene.browser("Vina"), "/akun/undangan/", {"places": "3", "nonce": "of-the-form"}), 200)
    assert Invitation.objects.get().places == 3


def invitation_accepted(scene: Scene) -> None:
    link = invitations.make(scene.world.people["Vina"], 5, "nonce")
    one(twice(scene.browser("Cici"), f"/undangan/{link.token}/"), 302)
    assert Acceptance.objects.get().person == scene.citizen
    assert Event.objects.filter(kind="role").count() == 1


def invitation_revoked(scene: Scene) -> None:
    link = invitations.make(scene.world.people["Vina"], 5, "nonce")
    one(twice(scene.browser("Vina"), f"/akun/undangan/{link.invitation.pk}/cabut/"), 302)
    assert Invitation.objects.get().revoked_at is not None


def invitations_turned(scene: Scene) -> None:
    invitations.make(scene.world.people["Vina"], 5, "nonce")
    one(twice(scene.browser("Omar"), "/kelola/undangan/", {"on": "no"}), 302)
    one(twice(scene.browser("Omar"), "/kelola/undangan/", {"revoke": scene.world.people["Vina"].pk}), 302)
    assert Event.objects.filter(kind="invitations").count() == 2


def leaves(scene: Scene) -> None:
    browser = scene.browser("Vina")
    browser.post("/akun/hapus/")
    code = re.search(r"[A-Z0-9]{4}-[A-Z0-9]{4}", mail.outbox[-1].body)[0]
    one(twice(browser, "/akun/hapus/", {"code": code}), 200, 302)
    assert User.objects.exclude(pseudonym="").count() == 1
    assert Event.objects.filter(kind="role").count() == 1
    assert not Lease.objects.filter(end="").exists()


def factor_reset(scene: Scene) -> None:
    Authenticator.objects.create(user=scene.citizen, type=Authenticator.Type.TOTP, data={})
    path = f"/kelola/orang/{scene.citizen.pk}/langkah-kedua/"
    one(twice(scene.browser("Omar"), path), 302)
    assert FactorReset.objects.get().end == ""
    one(twice(scene.browser("Nur"), path), 302)
    assert Event.objects.filter(kind="factor").count() == 1


def announced_on_all_pages(scene: Scene) -> None:
    said = {"text": "Halo", "severity": "info", "audience": "everybody"}
    one(twice(scene.browser("Omar"), "/kelola/pengumuman/", said), 302)
    (begun,) = Announcement.objects.all()
    one(twice(scene.browser("Omar"), "/kelola/pengumuman/", {"end": begun.pk}), 302)
    assert [turn.ends for turn in Announcement.objects.order_by("pk")] == [None, begun]
    assert Event.objects.filter(kind="announcement").count() == 2


def alarm_turned(scene: Scene) -> None:
    one(twice(scene.browser("Omar"), "/kelola/siaga/", {"on": "yes"}), 302)
    assert [turn.on for turn in AlarmTurn.objects.all()] == [True]
    assert Event.objects.filter(kind="alarm").count() == 1


def switch_turned(scene: Scene) -> None:
    one(twice(scene.browser("Omar"), "/kelola/sakelar/", {"switch": "slow", "on": "yes", "note": "ramai"}), 302)
    assert [(turn.switch, turn.on) for turn in SwitchTurn.objects.all()] == [("slow", True)]
    assert Event.objects.filter(kind="switch").count() == 1


def surge_begun(scene: Scene) -> None:
    said = {"region": "9101", "reason": "behind"}
    one(twice(scene.browser("Omar"), "/kelola/dahulukan/", said), 302)
    (begun,) = SurgeTurn.objects.all()
    one(twice(scene.browser("Omar"), "/kelola/dahulukan/", {"end": begun.pk}), 302)
    assert [turn.ends for turn in SurgeTurn.objects.order_by("pk")] == [None, begun]
    assert Event.objects.filter(kind="surge").count() == 2


def sample_announced(scene: Scene) -> None:
    said = {"sample": "ppwp", "digits": "2", "many": "10", "unit": "percent"}
    one(twice(scene.browser("Omar"), "/kelola/dahulukan/", said), 302)
    assert Sample.objects.count() == Event.objects.filter(kind="sample").count() == 1
    with transaction.atomic():
        for number in range(samples.LATER):
            ledger.append("contoh", "reference", what="tps", hash=f"sha256:{number:064x}", at="2029-02-14T08:11:09Z")
    while sequencer.sequence():
        pass
    at_once(*(lambda: samples.draw_those_due("contoh") for _ in range(AT_ONCE)))
    assert [Event.objects.filter(kind=kind).count() for kind in ("draw", "surge")] == [1, 1]


def reader_paused(scene: Scene) -> None:
    sari = scene.world.person("Sari")
    one(twice(scene.browser("Omar"), "/kelola/jeda/", {"email": sari.email, "reason": "careless"}), 302)
    one(twice(scene.browser("Omar"), "/kelola/jeda/", {"lift": sari.pk, "reason": "mistake"}), 302)
    lifting = Lifting.objects.get()
    one(twice(scene.browser("Nur"), "/kelola/jeda/", {"agree": lifting.pk, "person": sari.pk}), 302)
    assert list(BarTurn.objects.order_by("pk").values_list("on", flat=True)) == [True, False]
    assert Event.objects.filter(kind="bar").count() == 2


def readings_recalled(scene: Scene) -> None:
    sari = scene.world.person("Sari")
    page = f"/kelola/jeda/{sari.pk}/"
    one(twice(scene.browser("Omar"), "/kelola/jeda/", {"email": sari.email, "reason": "careless"}), 302)
    one(twice(scene.browser("Omar"), page, {}), 302)
    (recall,) = Recall.objects.all()
    one(twice(scene.browser("Omar"), page, {"cancel": "1", "recall": recall.pk}), 302)
    one(twice(scene.browser("Omar"), page, {}), 302)
    recall = Recall.objects.latest("pk")
    pipeline.go_on_with_recall(str(recall.pk))
    confirmed = twice(scene.browser("Nur"), page, {"confirm": "1", "recall": recall.pk})
    assert sorted(answer.status_code for answer in confirmed) == [302, 409, 409, 409]
    assert Event.objects.filter(kind="revoke").count() == 1


def senders_photos_shown(scene: Scene) -> None:
    answers = twice(scene.browser("Hakim"), f"/putusan/{scene.disputed.pk}/sepengirim/")
    one(answers, 302)
    (weeding,) = Weeding.objects.all()
    assert {answer["Location"] for answer in answers} == {f"/putusan/sepengirim/{weeding.pk}/"}
    assert weeding.photos.count() == 1


def senders_photos_rejected(scene: Scene) -> None:
    scene.browser("Hakim").post(f"/putusan/{scene.disputed.pk}/sepengirim/")
    page = f"/putusan/sepengirim/{Weeding.objects.get().pk}/"
    said = {"tampil": scene.disputed.pk, "foto": scene.disputed.pk, "alasan": "altered", "propose": "1"}
    proposed = twice(scene.browser("Hakim"), page, said)
    assert sorted(answer.status_code for answer in proposed) == [302, 409, 409, 409]
    scene.world.person("Ratna", Role.ADJUDICATOR)
    confirmed = twice(scene.browser("Ratna"), page, {"confirm": "1"})
    assert sorted(answer.status_code for answer in confirmed) == [302, 409, 409, 409]
    weeding = str(Weeding.objects.get().pk)
    at_once(*(lambda: pipeline.go_on_with_weeding(weeding) for _ in range(AT_ONCE)))
    assert (Event.objects.filter(kind="weeding").count(), Ruling.objects.count()) == (1, 2)
    undone = twice(scene.browser("Ratna"), page, {"undo": "1"})
    assert {answer.status_code for answer in undone} == {409}, "it is not decided yet"
    pipeline.decide(str(scene.disputed.pk))
    one(twice(scene.browser("Ratna"), page, {"undo": "1"}), 302)
    assert Weeding.objects.filter(undoes__isnull=False).count() == 1


REPORT = "/lapor/contoh/ppwp/9101011001002/"


def reported(scene: Scene) -> None:
    browser = scene.browser("Vina")
    answers = twice(browser, REPORT, {"alasan": "official"})
    one(answers, 302)
    (report,) = Report.objects.all()
    assert {answer["Location"] for answer in answers} == {f"/lapor/{report.pk}/"}
    assert Event.objects.filter(kind="report").count() == 1
    one(at_once(*(posted(scene.browser(n), REPORT, {"alasan": "other_tps"}) for n in ("Cici", "Omar", "Nur"))), 302)
    assert (Report.objects.count(), ReportGroup.objects.count()) == (4, 1)


def reports_answered(scene: Scene) -> None:
    scene.browser("Vina").post(REPORT, {"alasan": "official"})
    group = ReportGroup.objects.get()
    one(twice(scene.browser("Hakim"), f"/putusan/laporan/{group.pk}/", {"jawaban": "nothing_wrong"}), 302)
    assert Event.objects.filter(kind="answer").count() == 1


def excluded(scene: Scene) -> None:
    said = {"tps": "9101011001002", "pemilihan": "ppwp", "alasan": "court"}
    one(twice(scene.browser("Omar"), "/putusan/pengecualian/", said), 302)
    assert (ExclusionProposal.objects.count(), ExclusionTurn.objects.count()) == (1, 0)
    one(twice(scene.browser("Hakim"), "/putusan/pengecualian/", said), 302)
    assert ExclusionTurn.objects.get().reason == "court"
    assert Event.objects.filter(kind="exclude").count() == 1


def of_a_vote(scene: Scene) -> None:
    where = {"tps": "9101011002001", "pemilihan": "ppwp", "alasan": "psu", "hari": "2020-02-14"}
    for name in ("Omar", "Hakim"):
        scene.browser(name).post("/putusan/pengecualian/", where)
    scene.world.person("Vera", Role.ADJUDICATOR)
    said = {"foto": str(scene.disputed.pk), "pemungutan": "first", "alasan": "date"}
    for name in ("Hakim", "Vera"):
        one(twice(scene.browser(name), "/putusan/pengecualian/contoh/ppwp/9101011002001/", said), 302)
    assert VoteWord.objects.count() == Event.objects.filter(kind="vote").count() == 2
    assert VoteWord.objects.filter(after__isnull=False).count() == 1


def language(scene: Scene) -> None:
    one(twice(scene.browser("Vina"), "/bahasa/", {"language": "en"}), 302)


def terms_accepted(scene: Scene) -> None:
    vina = scene.world.person("Vina")
    User.objects.filter(pk=vina.pk).update(terms_version=0, terms_accepted_at=None)
    one(twice(scene.browser("Vina"), "/ketentuan/terima/", {"versi": "1"}), 302)
    assert User.objects.get(pk=vina.pk).terms_version == 1


def practised(scene: Scene) -> None:
    votes = {"angka-paslon_1": "147", "angka-paslon_2": "62", "angka-paslon_3": "8"}
    sent = {"halaman": "2", "desa": "3", "tps": "7"} | votes
    one(twice(scene.browser("Vina"), "/latihan/1/", sent), 302)
    assert PracticeResult.objects.get().tries == AT_ONCE


def named(scene: Scene) -> None:
    one(twice(scene.browser("Vina"), "/akun/papan/", {"nama": "Melati"}), 302)
    assert User.objects.get(pk=scene.world.person("Vina").pk).display_name == "Melati"


POSTS: dict[str, Callable[[Scene], None]] = {
    "board_name": named,
    "transcription:practice_form": practised,
    "accounts:accept_terms": terms_accepted,
    "uploads-api:photos": photos_by_api,
    "uploads-api:tickets": tickets_taken,
    "uploads-api:finish": ticket_finished,
    "uploads:send": photos_by_form,
    "uploads:withdraw": withdraws("/bukti/{}/tarik/"),
    "uploads-api:withdraw": withdraws("/api/v1/receipts/{}/withdraw/"),
    "uploads:check_statement": checks_a_statement,
    "transcription:numbers": numbers_by_form,
    "transcription-api:numbers": numbers_by_api,
    "transcription-api:tasks": takes("/api/v1/tasks/"),
    "transcription:start": takes("/baca/"),
    "transcription-api:entry": entry_by_api,
    "transcription:read": entry_by_form,
    "transcription-api:check": check,
    "transcription-api:renew": renew,
    "transcription-api:return": gives_back("/api/v1/tasks/{}/return/"),
    "transcription:give_back": gives_back("/baca/{}/kembalikan/"),
    "transcription-api:ruling": ruling_by_api,
    "transcription:case": ruling_by_form,
    "transcription:report": reported,
    "aggregation:report_group": reports_answered,
    "aggregation:exclusions": excluded,
    "aggregation:votes": of_a_vote,
    "aggregation:same_sender": senders_photos_shown,
    "aggregation:weeding": senders_photos_rejected,
    "grant": role_granted,
    "withdraw": proposal_withdrawn,
    "invitations": invitation_made,
    "invitation": invitation_accepted,
    "revoke_invitation": invitation_revoked,
    "invitation_tree": invitations_turned,
    "reset_factor": factor_reset,
    "announce": announced_on_all_pages,
    "leave": leaves,
    "alarm": alarm_turned,
    "switches": switch_turned,
    "surge": surge_begun,
    "bars": reader_paused,
    "recall": readings_recalled,
    "transcription-api:first_look": first_look,
    "set_language": language,
}


def test_a_sample_announced_twice_at_the_same_instant_is_drawn_once(scene):
    sample_announced(scene)
    one_entry_each()


@pytest.mark.parametrize("name", POSTS)
def test_sent_twice_at_the_same_instant_it_happens_once(scene, name):
    POSTS[name](scene)
    one_entry_each()


def one_entry_each() -> None:
    """The log has one entry for each row, and is whole."""
    for kind, model in (("photo", Photo), ("reading", Entry), ("ruling", Ruling)):
        assert Event.objects.filter(kind=kind).count() == model.objects.count()
    while sequencer.sequence():
        pass
    assert list(checks.faults()) == []


# --- All of them ------------------------------------------------------------------------------


def addresses(resolver: URLResolver, space: str = "") -> Iterator[tuple[str, URLPattern]]:
    """Names and patterns of our own addresses; signing in and the admin site are tested by those who wrote them."""
    for pattern in resolver.url_patterns:
        if isinstance(pattern, URLResolver):
            if pattern.namespace != "admin":
                yield from addresses(pattern, pattern.namespace or space)
        elif not getattr(pattern.callback, "view_class", pattern.callback).__module__.startswith(OTHERS):
            yield f"{space}:{pattern.name}" if space else str(pattern.name), pattern


def test_every_post_of_the_site_is_here(scene):
    """Every other address answers a POST with 405, whoever sends it."""
    values = {
        **{"code": "9101011001001", "sha256": "0" * 64, "side": "480", "election": "contoh", "contest": "ppwp"},
        **{"region": "91", "station": "9101011001001", "receipt": "x", "log": "contoh", "person": scene.citizen.pk},
        **{"ticket": NOBODYS, "token": "x", "invitation": 1, "report": NOBODYS, "group": NOBODYS, "number": 1},
        **{"ticket": NOBODYS, "token": "x", "invitation": 1, "report": NOBODYS, "group": NOBODYS, "weeding": 1},
        **{"kind": "dpr", "version": "1", "name": "stations.csv", "document": "1-0123456789abcdef"},
        **{"lease": str(scene.lease.pk), "photo": str(scene.photo.pk), "photo_id": str(scene.photo.pk)},
    }
    names = dict(addresses(get_resolver()))
    assert POSTS.keys() <= names.keys()
    browsers = [Client(), *(scene.browser(name) for name in ("Vina", "Hakim", "Omar"))]
    for name, pattern in names.items():
        if name not in POSTS and not name.startswith("account_"):  # those are allauth's, and limited by it
            path = reverse(name, kwargs={key: values[key] for key in pattern.pattern.regex.groupindex})
            statuses = {browser.post(path).status_code for browser in browsers}
            assert statuses <= {405, 401, 403}, (name, statuses)
            assert 405 in statuses, (name, statuses)


# --- The steps, and who may confirm ------------------------------------------------------------


def test_two_operators_at_the_same_instant_give_a_role_once(scene):
    path = f"/kelola/orang/{scene.citizen.pk}/peran/"
    said = {"role": "adjudicator"}
    one(at_once(*(posted(scene.browser(name), path, said) for name in ("Omar", "Nur"))), 302)
    assert User.objects.get(pk=scene.citizen.pk).role == Role.ADJUDICATOR
    assert Event.objects.filter(kind="role").count() == 1
    proposal = RoleProposal.objects.get()
    assert {proposal.proposer.email, proposal.closer.email} == {"omar@contoh.test", "nur@contoh.test"}


def test_one_operator_does_not_confirm_their_own_word_however_often(scene):
    twice(scene.browser("Omar"), f"/kelola/orang/{scene.citizen.pk}/peran/", {"role": "adjudicator"})
    assert User.objects.get(pk=scene.citizen.pk).role == Role.CITIZEN
    assert RoleProposal.objects.filter(end="").count() == 1


def test_every_step_rung_for_many_times_at_once_happens_once(scene):
    send = posted(scene.browser("Vina"), "/api/v1/photos/", form_with_photo)
    photo = str(Photo.objects.get(pk=send().json()["photo"]).pk)
    steps = [pipeline.inspect, pipeline.open_to_readers, pipeline.decide, pipeline.record]
    for _ in range(len(steps)):
        at_once(*(lambda step=step: step(photo) for step in steps for _ in range(2)))
    assert Event.objects.filter(kind="copies", subject=photo).count() == 1
    assert Photo.objects.get(pk=photo).step == Photo.Step.READ
    for name in ("Fani", "Hana"):
        people.reads(scene.world, name, Photo.objects.get(pk=photo))
    for _ in range(len(steps)):
        at_once(*(lambda step=step: step(photo) for step in reversed(steps) for _ in range(2)))
    assert Event.objects.filter(kind="decision").count() == 1
    assert Photo.objects.get(pk=photo).step == Photo.Step.DONE
    one_entry_each()


# --- Taking a photo back while others are at it -------------------------------------------------


def test_withdrawn_while_somebody_else_sends_it_the_other_sender_is_not_left_without(scene):
    """Whoever comes first: the photo ends up withdrawn by nobody, or its withdrawal was undone."""
    first = scene.browser("Vina")
    receipt = first.post("/api/v1/photos/", form_with_photo()).json()["receipt"]
    answers = at_once(
        posted(first, f"/api/v1/receipts/{receipt}/withdraw/"),
        posted(scene.browser("Sari"), "/api/v1/photos/", form_with_photo),
    )
    assert answers[0].status_code in (200, 409)
    assert (answers[1].status_code, answers[1].json()["receipt"]) == (200, receipt)
    photo = Photo.objects.get(receipt=receipt.replace("-", ""))
    assert photo.withdrawn_at is None
    assert Repeat.objects.filter(photo=photo).count() == 1
    told = Event.objects.filter(subject=str(photo.pk)).order_by("pk").values_list("kind", flat=True)
    expected = ["photo", "withdraw", "restore"] if answers[0].status_code == 200 else ["photo"]
    assert [kind for kind in told if kind != "copies"] == expected
    one_entry_each()


def test_withdrawn_while_it_is_decided_only_one_of_the_two_stands(scene):
    photo = scene.photo
    reading = people.entries.Reading(2, dict(people.VOTES))
    people.sends(scene.lease, reading)
    lease = people.given(scene.world, "Budi", photo)
    sent = people.entries.Sent(lease.pk, lease.account, lease.device_id, "", reading)
    pipeline.send_entry(sent)
    answers = at_once(
        posted(Client(), f"/api/v1/receipts/{photo.receipt}/withdraw/"),
        lambda: pipeline.decide(str(photo.pk)),
    )
    is_withdrawn = Photo.objects.get(pk=photo.pk).withdrawn_at is not None
    assert answers[0].status_code == (200 if is_withdrawn else 409)
    assert Event.objects.filter(kind="decision").count() == (0 if is_withdrawn else 1)
    one_entry_each()


def test_withdrawn_while_a_reader_sends_the_reader_is_told_or_was_first(scene):
    photo = scene.photo
    body = {"page": 2, "numbers": people.VOTES, "tps": "9101011001001"}
    entry = posted(
        scene.browser("Vina"), f"/api/v1/tasks/{scene.lease.pk}/entry/", body, content_type="application/json"
    )
    answers = at_once(posted(Client(), f"/api/v1/receipts/{photo.receipt}/withdraw/"), entry)
    assert answers[0].status_code == 200  # one entry is no decision
    assert answers[1].status_code in (201, 409)
    if answers[1].status_code == 409:
        assert answers[1].json()["error"]["code"] == "withdrawn"
    task = Task.objects.get(pk=photo.pk)
    assert (task.wants, task.leased, task.needs_adjudicator) == (0, 0, False)
    assert not Lease.objects.filter(task=task, end="").exists()
    one_entry_each()


def test_withdrawn_while_somebody_asks_for_work_nobody_holds_it(scene):
    scene.world.person("Gita")
    at_once(
        posted(Client(), f"/api/v1/receipts/{scene.photo.receipt}/withdraw/"),
        posted(scene.browser("Gita"), "/api/v1/tasks/"),
    )
    task = Task.objects.get(pk=scene.photo.pk)
    assert (task.wants, task.leased) == (0, 0)
    assert not Lease.objects.filter(task=task, end="").exists()
