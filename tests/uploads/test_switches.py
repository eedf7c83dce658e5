"""Read-only and slow uploads: who turns them, what they close, and what stays open."""

import json
import threading

import pytest
from django.core.cache import caches
from django.db import DatabaseError, connection, connections, transaction
from django.test import Client

from accounts import commitments
from accounts.models import Device, Role
from accounts.permissions import NotAllowed
from aggregation.models import Result
from ledger.models import Event
from pemantau import admission, happenings, pipeline
from tests.aggregation.evidence import decide, reject, unguarded
from tests.aggregation.evidence import photo as laid
from tests.transcription.reading import VOTES, browser_of, photo_of, reads
from tests.uploads import by_ticket
from tests.uploads.test_api import error, send
from tests.uploads.test_fair_use import photo
from tests.uploads.test_pages import TPS, text
from tests.uploads.test_pages import send as send_form
from tests.world import build
from transcription.models import Entry
from uploads import deferral, switches
from uploads.claims import Claim
from uploads.models import Photo, Switch, SwitchTurn, Ticket

pytestmark = pytest.mark.django_db


def turn(world, switch: Switch, on: bool = True) -> bool:
    turned = switches.turn(world.person("Omar", Role.OPERATOR), switch, on, "contoh", "banjir kiriman")
    caches["process"].clear()  # nothing is committed within a test
    return turned


# --- Turning ----------------------------------------------------------------------------------


@pytest.mark.parametrize("switch", list(Switch))
def test_a_turn_stays_as_a_row_and_an_entry(world, switch):
    omar = world.person("Omar", Role.OPERATOR)
    assert [turn(world, switch, on) for on in (False, True, True, False, False)] == [False, True, False, True, False]
    assert list(SwitchTurn.objects.order_by("pk").values_list("switch", "on", "by")) == [
        (switch.value, True, omar.pk),
        (switch.value, False, omar.pk),
    ]
    entries = [json.loads(bytes(event.body)) for event in Event.objects.filter(kind="switch").order_by("pk")]
    assert [(one["switch"], one["state"], one["by"]) for one in entries] == [
        (switch.value, "on", commitments.of(omar)),
        (switch.value, "off", commitments.of(omar)),
    ]
    assert "banjir" not in json.dumps(entries)


@pytest.mark.parametrize("role", [Role.CITIZEN, Role.VOLUNTEER, Role.ADJUDICATOR])
def test_only_operators_turn_them(world, role):
    with pytest.raises(NotAllowed):
        switches.turn(world.person("Sari", role), Switch.READ_ONLY, True, "contoh", "iseng")
    assert not SwitchTurn.objects.exists()


@pytest.mark.parametrize("note", ["", "   "])
def test_turning_one_on_takes_a_reason_ending_it_none(world, note):
    omar = world.person("Omar", Role.OPERATOR)
    with pytest.raises(switches.ReasonNeeded):
        switches.turn(omar, Switch.SLOW, True, "contoh", note)
    assert turn(world, Switch.SLOW)
    assert switches.turn(omar, Switch.SLOW, False, "contoh", note)


def test_one_switch_leaves_the_other_alone(world):
    turn(world, Switch.SLOW)
    assert switches.is_on(Switch.SLOW)
    assert not switches.is_on(Switch.READ_ONLY)


def test_a_turn_is_never_changed_and_never_without_its_entry(world):
    turn(world, Switch.SLOW)
    with pytest.raises(DatabaseError, match="append-only"), transaction.atomic():
        SwitchTurn.objects.update(on=False)

    @transaction.atomic
    def smuggle() -> None:
        SwitchTurn.objects.create(switch=Switch.SLOW, by=world.people["Omar"], on=False)
        with connection.cursor() as cursor:
            cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")

    with pytest.raises(DatabaseError, match="has no entry switch"):
        smuggle()


@pytest.mark.django_db(transaction=True)
def test_two_operators_at_one_instant_turn_it_once():
    world = build()
    people = [world.person(name, Role.OPERATOR) for name in ("Omar", "Oka", "Ola", "Odi")]
    told, start = [], threading.Barrier(len(people))

    def one(person) -> None:
        start.wait()
        told.append(switches.turn(person, Switch.READ_ONLY, True, "contoh", "uji"))
        connections.close_all()

    threads = [threading.Thread(target=one, args=[person]) for person in people]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(told) == [False, False, False, True]
    assert SwitchTurn.objects.count() == Event.objects.filter(kind="switch").count() == 1
    assert switches.is_on(Switch.READ_ONLY), "the process that turned it notices at once"


# --- Read-only --------------------------------------------------------------------------------


def test_read_only_takes_in_no_photo_by_any_door(world, folder, client):
    turn(world, Switch.READ_ONLY)
    answer = send(client)
    assert (answer.status_code, error(answer), answer["Retry-After"]) == (503, "read_only", "300")
    assert "bukti terima tetap berlaku" in answer.json()["error"]["message"]
    assert error(by_ticket.take(client, photo(1))) == "read_only"
    assert happenings.in_last_hour()[happenings.READ_ONLY] == 2
    page = send_form(client)
    assert (page.status_code, page["Retry-After"]) == (503, "300")
    assert "Simpan foto" in text(page)
    counted = happenings.in_last_hour()
    assert (counted[happenings.READ_ONLY], counted[happenings.SERVER_ERROR]) == (3, 0), "meant, so nothing went wrong"
    assert not Photo.objects.exists()
    assert not Ticket.objects.exists()


def test_a_photo_that_was_let_in_waits_halfway_and_is_finished_afterwards(world, folder, client):
    content = photo(1)
    ticket = by_ticket.take(client, content).json()["ticket"]
    assert by_ticket.add(client, ticket, 0, content).status_code == 204
    turn(world, Switch.READ_ONLY)
    assert error(by_ticket.finish(client, ticket)) == "read_only"
    turn(world, Switch.READ_ONLY, False)
    assert by_ticket.finish(client, ticket).status_code == 201


def test_whoever_lost_the_answer_gets_their_receipt_all_the_same(world, folder, client):
    first = send(client)
    assert first.status_code == 201
    turn(world, Switch.READ_ONLY)
    again = send(client)
    assert (again.status_code, again.json()["receipt"]) == (200, first.json()["receipt"])
    assert Event.objects.filter(kind="photo").count() == 1


def test_receipts_and_public_pages_stay(world, folder, client):
    receipt = send(client).json()["receipt"]
    turn(world, Switch.READ_ONLY)
    for address in (
        f"/bukti/{receipt}/",
        f"/api/v1/receipts/{receipt}/",
        "/",
        f"/t/{TPS}/",
        f"/kirim/{TPS}/",
        "/masuk/",
    ):
        assert client.get(address, follow=True).status_code in (200, 404), address
    assert client.get(f"/bukti/{receipt}/").status_code == 200
    assert client.post(f"/api/v1/receipts/{receipt}/withdraw/").status_code in (404, 503)


DOORS = {
    *("receive", "withdraw", "send_entry", "send_senders_numbers", "send_ruling", "send_report", "answer_reports"),
    *("propose_recall", "confirm_recall", "exclude", "say_vote", "confirm_weeding"),
}


@pytest.mark.parametrize("door", sorted(DOORS))
def test_every_door_of_the_pipeline_asks_first(world, door):
    turn(world, Switch.READ_ONLY)
    with pytest.raises(switches.ReadOnly):
        getattr(pipeline, door)(*[None] * 7)


def test_no_door_of_the_pipeline_is_forgotten():
    """Every public function above the steps is one that a person calls."""
    source = open(pipeline.__file__).read()  # noqa: SIM115
    above = source[source.index("# --- The doors") : source.index("# --- The steps")]
    named = {line.split("(")[0].removeprefix("def ") for line in above.splitlines() if line.startswith("def ")}
    assert {name for name in named if not name.startswith("_")} == DOORS | {"finish"}  # which asks for itself


def test_a_reader_is_handed_nothing_and_an_entry_waits(world, client):
    sari, taken = world.person("Sari"), photo_of(world)
    turn(world, Switch.READ_ONLY)
    client.force_login(sari)
    answer = client.post("/api/v1/tasks/")
    assert (answer.status_code, error(answer)) == (503, "read_only")
    with pytest.raises(switches.ReadOnly):
        reads(world, "Sari", taken, paslon_1=1, paslon_2=1, paslon_3=1)
    turn(world, Switch.READ_ONLY, False)
    assert client.post("/api/v1/tasks/").status_code == 200


def test_what_a_reader_typed_stays_on_the_page(world):
    photo_of(world)
    sari = browser_of(world, "Sari")
    lease = sari.post("/baca/")["Location"]
    typed = {f"angka-{key}": str(value) for key, value in VOTES.items()} | {"desa": "1", "tps": "1", "halaman": "2"}
    turn(world, Switch.READ_ONLY)
    answer = sari.post(lease, typed)
    assert (answer.status_code, answer["Retry-After"]) == (503, "300")
    assert 'value="101"' in answer.content.decode()
    assert happenings.in_last_hour()[happenings.SERVER_ERROR] == 0
    turn(world, Switch.READ_ONLY, False)
    assert "Tersimpan" in text(sari.post(lease, typed))
    assert Entry.objects.count() == 1


def test_an_operator_ends_it_and_sees_it(world, client):
    client.force_login(world.person("Omar", Role.OPERATOR))
    answer = client.post("/kelola/sakelar/", {"switch": "read_only", "on": "yes", "note": "Pindah server"}, follow=True)
    assert "Pindah server" in text(answer)
    caches["process"].clear()
    assert send(Client()).status_code == 503
    assert "Sakelar yang menyala: Hanya baca" in text(client.get("/kelola/"))
    assert "1 kiriman diminta datang nanti" in text(client.get("/kelola/sakelar/"))
    client.post("/kelola/sakelar/", {"switch": "read_only", "on": "no"})
    caches["process"].clear()
    assert not switches.is_on(Switch.READ_ONLY)


@pytest.mark.parametrize(
    ("said", "status"),
    [
        ({"switch": "read_only", "on": "yes", "note": " "}, 422),
        ({"switch": "read_only", "on": "maybe", "note": "x"}, 400),
        ({"switch": "rahasia", "on": "yes", "note": "x"}, 400),
        ({"on": "yes"}, 400),
        ({}, 400),
        ({"switch": "slow\x00", "on": "yes", "note": "x"}, 400),
        ({"switch": "slow", "on": "yes", "note": "x\x00"}, 400),
        ({"switch": "slow", "on": "yes", "note": "x" * 5000}, 302),
    ],
)
def test_turned_wrong(world, client, said, status):
    client.force_login(world.person("Omar", Role.OPERATOR))
    assert client.post("/kelola/sakelar/", said).status_code == status
    assert SwitchTurn.objects.count() == int(status == 302)


@pytest.mark.parametrize("role", [Role.CITIZEN, Role.VOLUNTEER, Role.ADJUDICATOR])
def test_the_page_is_the_operators(world, client, role):
    client.force_login(world.person("Sari", role))
    assert client.get("/kelola/sakelar/").status_code == 403
    assert client.post("/kelola/sakelar/", {"switch": "slow", "on": "yes", "note": "x"}).status_code == 403
    assert not SwitchTurn.objects.exists()


# --- Slow uploads of what is covered ----------------------------------------------------------


@pytest.mark.parametrize(
    ("is_complete", "photos", "covered"),
    [(True, 2, True), (True, 9, True), (True, 1, False), (False, 2, False), (False, 99, False)],
)
def test_what_is_covered(is_complete, photos, covered):
    assert deferral.is_covered(is_complete=is_complete, photos=photos) is covered


def cover(world, state: str = Result.State.COMPLETE, page: int = 2, photos: int = 2) -> list[Photo]:
    """A TPS with a result in this state, and so many accepted photos of a page."""
    with connection.cursor() as cursor:
        cursor.execute("ALTER TABLE aggregation_result DISABLE TRIGGER USER")
    Result.objects.create(
        contest=world.contest, station=world.station, region_id=world.station.region_id, rule_version=1, state=state
    )
    with unguarded():
        found = [laid(world, world.station, page) for _ in range(photos)]
        for one in found:
            decide(one, page, {"paslon_1": 1, "paslon_2": 1, "paslon_3": 1})
        return found


def claim(world, page: int | None = 2, station=None) -> Claim:
    return Claim(station or world.station, world.contest, page)


def test_covered_is_asked_of_the_page_and_the_result(world):
    covering = cover(world)
    assert admission.is_covered(claim(world))
    assert not admission.is_covered(claim(world, 1)), "of another page there is none"
    assert not admission.is_covered(claim(world, None)), "who does not know the page is not sent away"
    assert not admission.is_covered(claim(world, station=world.stations["9101011001002"]))
    reject(covering[0])
    assert not admission.is_covered(claim(world))


@pytest.mark.parametrize("state", ["received", "partial"])
def test_a_tps_without_a_whole_result_is_never_covered(world, state):
    cover(world, state, photos=9)
    assert not admission.is_covered(claim(world))


def test_each_device_waits_once_for_itself(world):
    sari, budi = Device.objects.create(), Device.objects.create()
    with pytest.raises(deferral.ComeLater) as first:
        deferral.check(sari, "1:1:2", now=1000)
    assert first.value.retry_after == deferral.WAIT
    with pytest.raises(deferral.ComeLater) as second:
        deferral.check(sari, "1:1:2", now=1000 + deferral.WAIT - 1)
    assert second.value.retry_after == 1
    deferral.check(sari, "1:1:2", now=1000 + deferral.WAIT)
    with pytest.raises(deferral.ComeLater):
        deferral.check(budi, "1:1:2", now=1000 + deferral.WAIT)
    with pytest.raises(deferral.ComeLater):
        deferral.check(sari, "1:1:3", now=1000 + deferral.WAIT)


def test_without_redis_nobody_waits(world, settings):
    settings.REDIS_URL = "redis://127.0.0.1:1/0"
    deferral.check(Device.objects.create(), "1:1:2")


@pytest.fixture
def slow(world, folder):
    cover(world)
    turn(world, Switch.SLOW)
    return world


def test_a_covered_photo_comes_later_an_uncovered_one_at_once(slow, client, monkeypatch):
    answer = send(client, page=2)
    assert (answer.status_code, error(answer)) == (429, "come_later")
    assert answer["Retry-After"] == str(deferral.WAIT)
    assert error(by_ticket.take(client, photo(1), page=2)) == "come_later"
    assert not Ticket.objects.exists()
    assert send(client, page=1, content=photo(5)).status_code == 201
    monkeypatch.setattr(deferral, "WAIT", 0)
    assert send(client, page=2).status_code == 201


def test_turned_off_nobody_waits(slow, client):
    turn(slow, Switch.SLOW, False)
    assert send(client, page=2).status_code == 201


def test_the_form_says_when_and_counts_nothing(slow, client, settings):
    settings.PHOTOS_PER_DEVICE = "1/10m"
    for _ in range(3):
        page = send_form(client, page="2")
        assert page.status_code == 429
        assert "tidak hilang" in text(page)
    assert send(client, page=1).status_code == 201
