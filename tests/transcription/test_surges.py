"""What an operator has read first: the order before, during and after, who may, and what the log says of it."""

import json
import threading
from concurrent.futures import ThreadPoolExecutor

import pytest
from django.db import DatabaseError, connection, connections, transaction

from accounts import commitments
from accounts.models import Role
from accounts.permissions import NotAllowed
from ledger.models import Event
from pemantau import pipeline
from tests.transcription.reading import browser_of, photo_of, reads, rejects, rules, takes, task_of
from tests.transcription.test_pages import tagged
from tests.uploads.test_pages import text
from tests.world import build
from tps.models import Contest, Region
from tps.search import NoSuchContest, UnknownRegion
from transcription import queue, surges
from transcription.models import SurgeTurn, Task
from uploads.models import Photo

pytestmark = pytest.mark.django_db

VILLAGE = "9101011002"  # the second one, whose photos come last here
FIRST, SECOND, THIRD = "9101011001001", "9101011001002", "9101011001003"
THERE, THERE_TOO = VILLAGE + "001", VILLAGE + "002"


@pytest.fixture
def omar(world):
    return world.person("Omar", Role.OPERATOR)


def begin(world, **target) -> bool:
    return surges.begin(world.person("Omar", Role.OPERATOR), "contoh", reason="behind", **target)


def end(world, number: int = 0) -> bool:
    return surges.end(world.person("Omar", Role.OPERATOR), "contoh", surges.active()[number].pk)


def order() -> list[str]:
    """The TPS in the order in which their photos are served."""
    waiting = Task.objects.filter(free__gt=0).order_by("rank", "photo")
    return list(waiting.values_list("photo__station__code", flat=True))


def ranks() -> dict:
    return dict(Task.objects.values_list("pk", "rank"))


def other_contest(world) -> Contest:
    return Contest.objects.create(
        election=world.election, code="dpd", kind=Contest.Kind.DPD, name="DPD", form="c-hasil-ppwp"
    )


def suspect(world, station: str) -> Photo:
    photo = photo_of(world, station, opened=False)
    tagged(photo, 501)
    queue.open_photo(photo)
    return photo


# --- The order ----------------------------------------------------------------------------------


@pytest.mark.parametrize("code", [VILLAGE])
def test_a_region_comes_first_while_it_is_on_and_then_in_its_turn_again(world, code):
    for station in (FIRST, SECOND, THERE, THERE_TOO):
        photo_of(world, station)
    before = ranks()
    assert order() == [FIRST, SECOND, THERE, THERE_TOO]
    assert begin(world, region=code)
    assert order() == [THERE, THERE_TOO, FIRST, SECOND]
    assert takes(world, "Sari").task.photo.station.code == THERE
    assert end(world)
    before[Task.objects.get(leased=1).pk] += 1  # in Sari's hands
    assert ranks() == before
    assert takes(world, "Budi").task.photo.station.code == FIRST


@pytest.mark.parametrize("code", ["91", "9101", "910101", VILLAGE])
def test_any_level_of_region_and_no_neighbour(world, code):
    inside = photo_of(world, THERE)
    for level, region in enumerate(("92", "9201", "920101", "9201011002"), start=1):
        Region.objects.create(code=region, level=level, name="Lain", parent_id=region[: (0, 2, 4, 6)[level - 1]])
    outside = photo_of(world, FIRST)
    world.stations[FIRST].__class__.objects.filter(code=FIRST).update(region_id="9201011002", code="9201011002001")
    before = ranks()
    begin(world, region=code)
    assert ranks() == before | {inside.pk: before[inside.pk] - queue.SURGE}
    assert task_of(outside).rank == before[outside.pk]


def test_a_contest_comes_first(world):
    presidential = photo_of(world)
    world.contest = other_contest(world)
    senate = photo_of(world, SECOND)
    before = ranks()
    begin(world, contest="dpd")
    assert order() == [SECOND, FIRST]
    later = photo_of(world, THIRD)
    assert order() == [SECOND, THIRD, FIRST]
    assert task_of(presidential).rank == before[presidential.pk]
    end(world)
    assert order() == [FIRST, SECOND, THIRD]
    assert ranks() == before | {later.pk: queue.rank_of(3)}
    assert task_of(senate).rank == queue.rank_of(2)


def test_what_comes_in_meanwhile_is_first_too_and_ends_where_it_would_be(world):
    photo_of(world, FIRST)
    begin(world, region=VILLAGE)
    new, beside = photo_of(world, THERE), photo_of(world, SECOND)
    assert order() == [THERE, FIRST, SECOND]
    assert task_of(new).rank == queue.rank_of(2, surge=True)
    end(world)
    assert (task_of(new).rank, task_of(beside).rank) == (queue.rank_of(2), queue.rank_of(3))
    assert task_of(photo_of(world, THERE_TOO)).rank == queue.rank_of(4)


def test_no_marked_or_further_photo_passes_an_honest_first_one_elsewhere(world):
    honest = photo_of(world, FIRST)
    further, marked = photo_of(world, FIRST), suspect(world, SECOND)
    photo_of(world, THERE)
    more, doubtful = photo_of(world, THERE), suspect(world, THERE_TOO)
    before = order()
    begin(world, region=VILLAGE)
    # The lanes as ever, within each the region first: without a mark, marked, further ones.
    assert order() == [THERE, FIRST, THERE_TOO, SECOND, THERE, FIRST]
    assert task_of(honest).rank < task_of(doubtful).rank < task_of(marked).rank
    assert task_of(marked).rank < task_of(more).rank < task_of(further).rank
    end(world)
    assert order() == before == [FIRST, THERE, SECOND, THERE_TOO, FIRST, THERE]


def test_a_suspect_photo_puts_no_honest_one_back_during_a_surge_either(world):
    begin(world, region=VILLAGE)
    suspect(world, THERE)
    honest = photo_of(world, THERE)
    assert task_of(honest).rank < task_of(photo_of(world, FIRST)).rank < queue.FIRST_MARKED


def test_what_was_mere_evidence_is_served_once_the_first_one_is_rejected_or_withdrawn(world):
    begin(world, region=VILLAGE)
    first, second = photo_of(world, THERE), photo_of(world, THERE)
    third, fourth = photo_of(world, THERE_TOO), photo_of(world, THERE_TOO)
    assert all(task_of(photo).rank >= queue.FIRST_EVIDENCE for photo in (second, fourth))
    pipeline.withdraw(first)
    for name in ("Sari", "Budi"):
        reads(world, name, third, problem="not_a_form")
    rejects(world, third, "not_a_form")
    assert all(task_of(photo).rank < 0 for photo in (second, fourth))
    end(world)
    assert all(0 < task_of(photo).rank < queue.FIRST_MARKED for photo in (second, fourth))


def test_what_was_settled_and_is_opened_again_comes_first_too(world):
    photo = photo_of(world, THERE)
    for name in ("Sari", "Budi"):
        reads(world, name, photo)
    photo_of(world, FIRST)
    begin(world, region=VILLAGE)
    rules(world, "Adi", photo, "reopen", "look_again")
    assert order() == [THERE, FIRST]


def test_two_that_overlap(world):
    for station in (FIRST, THERE):
        photo_of(world, station)
    before = ranks()
    begin(world, region=VILLAGE)
    during = ranks()
    begin(world, contest="ppwp")
    assert ranks() == {pk: rank - queue.SURGE for pk, rank in before.items()}, "put first, and not twice"
    end(world, 1)
    assert ranks() == during
    begin(world, region="91")
    end(world)
    assert order() == [FIRST, THERE], "both are in the province"
    end(world)
    assert ranks() == before


# --- Who, and what is told ----------------------------------------------------------------------


@pytest.mark.parametrize("role", [Role.CITIZEN, Role.VOLUNTEER, Role.ADJUDICATOR])
def test_nobody_but_an_operator(world, role):
    sari = world.person("Sari", role)
    photo_of(world)
    with pytest.raises(NotAllowed):
        surges.begin(sari, "contoh", region="91", reason="behind")
    begin(world, region="91")
    before = ranks()
    with pytest.raises(NotAllowed):
        surges.end(sari, "contoh", surges.active()[0].pk)
    assert ranks() == before
    assert browser_of(world, "Sari", role).post("/kelola/dahulukan/", {"end": surges.active()[0].pk}).status_code == 403
    assert SurgeTurn.objects.count() == 1


def test_the_log_tells_who_when_what_and_why_and_not_the_note(world, omar):
    surges.begin(omar, "contoh", region="9101", reason="other", note="  Bu Rini menelepon  ")
    surges.begin(omar, "contoh", contest="ppwp", reason="reports")
    end(world)
    told = [json.loads(bytes(event.body)) for event in Event.objects.filter(kind="surge").order_by("pk")]
    who = commitments.of(omar)
    keys = ("state", "region", "contest", "reason", "by")
    assert [tuple(entry.get(key) for key in keys) for entry in told] == [
        ("on", "9101", None, "other", who),
        ("on", None, "ppwp", "reports", who),
        ("off", "9101", None, None, who),
    ]
    assert all(entry["at"] for entry in told)
    assert "Rini" not in str(told)
    assert SurgeTurn.objects.earliest("pk").note == "Bu Rini menelepon"


def test_the_same_twice_is_once(world, omar):
    assert [begin(world, region="91"), begin(world, region="91")] == [True, False]
    number = surges.active()[0].pk
    assert [surges.end(omar, "contoh", number) for _ in range(2)] == [True, False]
    assert begin(world, region="91")
    assert SurgeTurn.objects.count() == Event.objects.filter(kind="surge").count() == 3


@pytest.mark.parametrize(
    ("said", "refusal"),
    [
        ({}, surges.NotOneTarget),
        ({"region": "91", "contest": "ppwp"}, surges.NotOneTarget),
        ({"region": "77"}, UnknownRegion),
        ({"region": "９１"}, UnknownRegion),
        ({"region": "91%"}, UnknownRegion),
        ({"region": FIRST}, UnknownRegion),
        ({"contest": "dpr"}, NoSuchContest),
        ({"region": "91", "reason": ""}, surges.WrongReason),
        ({"region": "91", "reason": "because"}, surges.WrongReason),
        ({"region": "91", "reason": "other", "note": " "}, surges.WrongReason),
    ],
)
def test_what_is_none(world, omar, said, refusal):
    with pytest.raises(refusal):
        surges.begin(omar, "contoh", **{"reason": "behind"} | said)
    with pytest.raises(surges.NoSuchSurge):
        surges.end(omar, "contoh", 1)
    assert not SurgeTurn.objects.exists()


def test_a_turn_is_never_changed_and_never_without_its_entry(world, omar):
    begin(world, region="91")
    with pytest.raises(DatabaseError, match="append-only"), transaction.atomic():
        SurgeTurn.objects.update(reason="other")

    @transaction.atomic
    def smuggle() -> None:
        SurgeTurn.objects.create(by=omar, ends=surges.active()[0])
        with connection.cursor() as cursor:
            cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")

    with pytest.raises(DatabaseError, match="has no entry surge"):
        smuggle()


def test_taking_is_one_statement_that_knows_nothing_of_it():
    assert "surge" not in queue._TAKE


def test_the_application_may_do_it(world, omar, as_app):
    photo_of(world)
    assert begin(world, region="91")
    assert end(world)


# --- The page -----------------------------------------------------------------------------------


def test_an_operator_begins_and_ends_it_on_a_page_and_everybody_sees_it(world, client):
    browser = browser_of(world, "Omar", Role.OPERATOR)
    assert "Belum pernah ada yang didahulukan" in text(browser.get("/kelola/dahulukan/"))
    assert 'value="9101"' in browser.get("/kelola/dahulukan/?region=9101").content.decode()
    said = {"region": "9101", "contest": "", "reason": "behind", "note": "hujan"}
    shown = browser.post("/kelola/dahulukan/", said, follow=True)
    assert "Foto-foto ini sekarang dibaca lebih dulu." in text(shown)
    assert "Kabupaten Melati (9101)" in text(shown)
    assert "hujan" in text(shown)
    assert "1 didahulukan" in text(browser.get("/kelola/"))
    everybody = text(client.get("/antrean/"))
    assert "foto dari Kabupaten Melati dibaca lebih dulu: tertinggal dari wilayah lain" in everybody
    assert "hujan" not in everybody
    assert "omar" not in everybody
    (first,) = client.get("/api/v1/backlog/contoh/").json()["served_first"]
    assert (first["region"], first["contest"], first["reason"]) == (
        {"code": "9101", "name": "Kabupaten Melati"},
        None,
        "behind",
    )
    shown = browser.post("/kelola/dahulukan/", {"end": surges.active()[0].pk}, follow=True)
    assert "Urutan kembali seperti semula." in text(shown)
    assert "omar@contoh.test" in text(shown)


def test_a_wrong_form_is_shown_again_with_what_was_typed(world):
    browser = browser_of(world, "Omar", Role.OPERATOR)
    shown = browser.post("/kelola/dahulukan/", {"region": "77", "reason": "behind", "note": "hujan"})
    assert shown.status_code == 404
    assert "Wilayah ini tidak ada." in text(shown)
    assert 'value="77"' in shown.content.decode()
    assert 'value="hujan"' in shown.content.decode()
    assert browser.post("/kelola/dahulukan/", {"region": "91"}).status_code == 422
    assert browser.post("/kelola/dahulukan/", {"end": "x"}).status_code == 404
    assert browser.post("/kelola/dahulukan/", {"end": "9" * 30}).status_code == 404


# --- At the same instant ------------------------------------------------------------------------


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("ending", [False, True])
def test_a_photo_that_comes_in_during_a_turn_is_ranked_as_after_it(transactional_db, ending):
    world = build()
    world.person("Omar", Role.OPERATOR)
    with transaction.atomic():
        photo = photo_of(world, THERE, opened=False)
    if ending:
        begin(world, region=VILLAGE)
    opens = threading.Event()

    def come_in() -> None:
        try:
            with transaction.atomic():
                opens.set()
                queue.open_photo(Photo.objects.get(pk=photo.pk))
        finally:
            connections.close_all()

    with ThreadPoolExecutor(1) as pool:
        with transaction.atomic():
            end(world) if ending else begin(world, region=VILLAGE)
            waits = pool.submit(come_in)
            opens.wait()
            with pytest.raises(TimeoutError):
                waits.result(timeout=0.3)
        waits.result(timeout=10)
    assert task_of(photo).rank == queue.rank_of(1, surge=not ending)


def test_an_operator_is_told_that_it_is_on_already(world):
    said = {"region": "9101", "reason": "behind"}
    first, second = (browser_of(world, name, Role.OPERATOR) for name in ("Omar", "Olga"))
    assert "sekarang dibaca lebih dulu" in text(first.post("/kelola/dahulukan/", said, follow=True))
    told = text(second.post("/kelola/dahulukan/", said, follow=True))
    assert "Sudah begitu sebelumnya. Tidak ada yang berubah." in told
    assert surges.active().count() == 1
