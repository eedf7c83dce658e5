"""Who is paused: by known answers, by haste, by an operator; what they are told, and what stays as it is."""

import json
from datetime import timedelta

import pytest
from django.db import IntegrityError, connection, transaction
from django.utils import timezone

from accounts import commitments, roles
from accounts.models import Device, Role, User
from accounts.permissions import NotAllowed
from accounts.roles import UnknownPerson
from aggregation import audit
from ledger.models import Event
from pemantau import pipeline
from tests.transcription.reading import VOTES, browser_of, decision_of, photo_of, reads, sends, takes, task_of
from tests.transcription.test_gold import another_tps, drawn, known  # noqa: F401
from tests.transcription.test_queue import expire
from transcription import bars, entries, gold, queue
from transcription.entries import Reading
from transcription.models import BarTurn, Entry, GoldReading, Lease, Lifting, Pace, Task

pytestmark = pytest.mark.django_db
WRONG = VOTES | {"paslon_1": 7}


@pytest.fixture
def omar(world):
    return world.person("Omar", Role.OPERATOR)


PEOPLE_OF_A_PAUSE = (("Sari", Role.VOLUNTEER), ("Olga", Role.OPERATOR), ("Nur", Role.OPERATOR))


def lifted(world, by, person, reason="explained", note=""):
    """Two operators end the pause of somebody."""
    proposed = bars.propose_lifting(by, person.pk, reason=reason, note=note)
    bars.lift(world.person("Olga", Role.OPERATOR), proposed.pk, "contoh")


def fresh(person):
    person.refresh_from_db()
    return person


def answers(world, name: str, *rightly: bool) -> None:
    """So many tasks with known answers, each on a photo of its own."""
    for number, right in enumerate(rightly):
        known(world, f"Gita{number}", f"Hadi{number}", station=another_tps(world))
        photo_of(world, another_tps(world))
        lease = takes(world, name)
        assert lease.gold_id
        sends(lease, Reading(2, dict(VOTES if right else WRONG)))
        Task.objects.update(gold=0)


def told() -> list[dict]:
    return [json.loads(bytes(event.body)) for event in Event.objects.filter(kind="bar").order_by("pk")]


# --- By known answers ---------------------------------------------------------------------------


def test_who_is_surely_worse_than_honest_people_is_paused_and_nothing_else_changes(world):
    answers(world, "Sari", False)
    assert bars.pause_those_below("contoh") == []
    answers(world, "Sari", False)
    holds = takes(world, "Sari")
    before = Entry.objects.count(), task_of(holds.task.photo).wants
    sari = world.person("Sari")
    pipeline.sweep()
    assert fresh(sari).paused
    turn = BarTurn.objects.get()
    assert (turn.account, turn.on, turn.reason, turn.by) == (sari, True, "gold", None)
    assert Lease.objects.get(pk=holds.pk).end == "expired"
    assert (Entry.objects.count(), task_of(holds.task.photo).wants) == before
    (entry,) = told()
    assert {key: entry[key] for key in ("account", "state", "why", "by", "version")} == {
        "account": commitments.of(sari), "state": "on", "why": "gold", "by": "system", "version": turn.pk,
    }  # fmt: skip
    pipeline.sweep()
    assert BarTurn.objects.count() == 1
    assert [one for one in audit.differences() if one.kind in ("decision", "bar", "reading")] == []


def test_honest_people_who_err_now_and_then_are_not(world):
    answers(world, "Sari", *[True] * 12, False, *[True] * 3, False)
    assert bars.pause_those_below("contoh") == []


def test_an_answer_that_no_longer_stands_pauses_nobody(world):
    answers(world, "Sari", False, False)
    Task.objects.filter(pk=GoldReading.objects.first().photo_id).update(decision=None)
    assert bars.pause_those_below("contoh") == []


def test_who_may_read_again_begins_anew(world, omar):
    answers(world, "Sari", False, False, False)
    sari = world.person("Sari")
    assert bars.pause_those_below("contoh") == [sari.pk]
    lifted(world, omar, sari)
    assert gold.answers_of([sari.pk]) == {}
    assert bars.pause_those_below("contoh") == []
    assert [one["state"] for one in told()] == ["on", "off"]
    photo_of(world, "9101011002001")
    assert takes(world, "Sari")


# --- By haste -----------------------------------------------------------------------------------


def taken_before(lease, seconds: float):
    Lease.objects.filter(pk=lease.pk).update(taken_at=timezone.now() - timedelta(seconds=seconds))


@pytest.mark.parametrize(
    ("reading", "seconds"),
    [
        (Reading(2, dict(VOTES)), 1.5),
        (Reading(1, {f"n{n}": 1 for n in range(19)}), 5.7),
        (Reading(None, None, "blurred"), 0.5),
    ],
)
def test_the_least_time_a_person_needs(settings, reading, seconds):
    settings.SECONDS_A_NUMBER = 0.3
    assert entries.least_seconds(reading) == pytest.approx(seconds)


def hastily(world, name: str, *seconds: float) -> int:
    """Read photos so long after each was taken, all sent at once; how many were too fast."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT statement_timestamp()")
        (now,) = cursor.fetchone()
    leases = []
    for many in seconds:
        photo_of(world, another_tps(world))
        person = world.person(name)
        lease = queue.take(person, None, "", ahead=True)
        Lease.objects.filter(pk=lease.pk).update(taken_at=now - timedelta(seconds=many))
        leases.append(lease)
    for lease in leases:
        sends(lease, Reading(2, dict(VOTES)))
    return Pace.objects.get(account=world.person(name)).too_fast


@pytest.mark.parametrize(
    ("seconds", "too_fast"),
    [
        ([160], 0),
        ([110], 1),
        ([610, 610, 610, 610], 0),  # held ready, or offline for a while, and sent all at once
        ([310, 300, 160, 20], 2),
        ([30000, 20], 1),
    ],
)
def test_what_was_held_ready_and_sent_at_once_is_judged_by_all_the_time_there_was(world, settings, seconds, too_fast):
    settings.SECONDS_A_NUMBER = 30
    assert hastily(world, "Sari", *seconds) == too_fast


def test_some_entries_faster_than_a_person_pause_and_are_kept_like_any_other(world, settings):
    settings.SECONDS_A_NUMBER = 30
    for many in range(1, 5):
        assert hastily(world, "Sari", 10) == many
    assert bars.pause_those_below("contoh") == []
    hastily(world, "Sari", 10)
    assert bars.pause_those_below("contoh") == [world.person("Sari").pk]
    assert BarTurn.objects.get().reason == "too_fast"
    assert Entry.objects.filter(account=world.person("Sari")).count() == 5


def test_nobody_is_told_that_it_was_too_fast(world, settings):
    settings.SECONDS_A_NUMBER = 30
    answers = []
    for seconds in (10_000, 10):
        photo_of(world, another_tps(world))
        client = browser_of(world, "Sari")
        lease = client.post("/api/v1/tasks/").json()["id"]
        taken_before(Lease.objects.get(pk=lease), seconds)
        answer = client.post(
            f"/api/v1/tasks/{lease}/entry/",
            {"page": 2, "numbers": VOTES, "tps": "tidak_terbaca"},
            content_type="application/json",
        )
        answers.append((answer.status_code, answer.json().keys()))
    assert answers[0] == answers[1] == (201, {"id"})


# --- By an operator -----------------------------------------------------------------------------


def test_one_operator_pauses_and_two_lift_and_twice_is_once(world, omar):
    sari = world.person("Sari")
    assert bars.pause(omar, sari.pk, "contoh", reason="careless")
    assert not bars.pause(omar, sari.pk, "contoh", reason="together")
    olga = world.person("Olga", Role.OPERATOR)
    proposed = bars.propose_lifting(omar, sari.pk, reason="other", note="Sudah bicara")
    assert bars.propose_lifting(olga, sari.pk, reason="mistake") == proposed
    assert fresh(sari).paused
    bars.lift(olga, proposed.pk, "contoh")
    bars.lift(olga, proposed.pk, "contoh")
    assert bars.propose_lifting(omar, sari.pk, reason="mistake") is None
    assert not fresh(sari).paused
    assert [(one["state"], one["why"], one["by"], one.get("second")) for one in told()] == [
        ("on", "careless", commitments.of(omar), None),
        ("off", "other", commitments.of(omar), commitments.of(olga)),
    ]
    assert "Sudah bicara" not in json.dumps(told())


def test_nobody_ends_a_pause_alone(world, omar):
    """Else one operator wipes out what known answers say of somebody by pausing them and taking it back."""
    sari, olga = world.person("Sari"), world.person("Olga", Role.OPERATOR)
    here, there = (Device.objects.create() for _ in range(2))
    bars.pause(omar, sari.pk, "contoh", reason="careless")
    proposed = bars.propose_lifting(omar, sari.pk, reason="mistake", device=here.pk)
    for by, device, refusal in [
        (omar, there.pk, bars.OneOperator),
        (olga, here.pk, roles.SameDevice),
        (sari, there.pk, NotAllowed),
    ]:
        with pytest.raises(refusal):
            bars.lift(by, proposed.pk, "contoh", device)
    bars.withdraw_lifting(olga, sari.pk)
    bars.withdraw_lifting(omar, sari.pk)
    with pytest.raises(bars.NoSuchLifting):
        bars.lift(olga, proposed.pk, "contoh", there.pk)
    with pytest.raises(bars.NoSuchLifting):
        bars.lift(olga, 0, "contoh", there.pk)
    assert Lifting.objects.get().closer == olga
    assert fresh(sari).paused
    with pytest.raises(IntegrityError), transaction.atomic():
        Lifting.objects.create(account=sari, reason="mistake", proposer=sari)


def test_what_a_former_operator_proposed_is_confirmed_by_nobody(world, omar):
    sari, olga = world.person("Sari"), world.person("Olga", Role.OPERATOR)
    bars.pause(omar, sari.pk, "contoh", reason="careless")
    proposed = bars.propose_lifting(omar, sari.pk, reason="mistake")
    User.objects.filter(pk=omar.pk).update(role=Role.CITIZEN)
    with pytest.raises(bars.NoSuchLifting):
        bars.lift(olga, proposed.pk, "contoh")
    assert not bars.open_liftings().exists()
    assert bars.propose_lifting(olga, sari.pk, reason="mistake").proposer == olga


def test_a_former_operators_word_does_not_come_back_with_the_role(world, omar):
    sari, olga, nur = (world.person(name, role) for name, role in PEOPLE_OF_A_PAUSE)
    bars.pause(omar, sari.pk, "contoh", reason="careless")
    proposed = bars.propose_lifting(omar, sari.pk, reason="mistake")
    assert list(bars.open_liftings()) == [proposed]
    for role in (Role.CITIZEN, Role.OPERATOR):
        roles.grant(olga, omar, role, "contoh")
        assert roles.grant(nur, omar, role, "contoh")
        assert not bars.open_liftings().exists()
        with pytest.raises(bars.NoSuchLifting):
            bars.lift(olga, proposed.pk, "contoh")
    assert fresh(sari).paused
    assert bars.propose_lifting(fresh(omar), sari.pk, reason="mistake") != proposed


def test_only_operators_about_others_and_with_a_reason(world, omar):
    sari = world.person("Sari")
    vera = world.person("Vera", Role.ADJUDICATOR)
    for by, account, reason, refusal in [
        (vera, sari.pk, "careless", NotAllowed),
        (sari, sari.pk, "careless", NotAllowed),
        (omar, omar.pk, "careless", bars.OwnBar),
        (omar, sari.pk, "mistake", bars.WrongReason),
        (omar, sari.pk, "other", bars.WrongReason),
        (omar, sari.pk, "", bars.WrongReason),
        (omar, 0, "careless", UnknownPerson),
    ]:
        with pytest.raises(refusal):
            bars.pause(by, account, "contoh", reason=reason)
    assert not BarTurn.objects.exists()


@pytest.mark.parametrize("role", [Role.ADJUDICATOR, Role.OPERATOR])
def test_one_operator_alone_stops_neither_rulings_nor_other_operators(world, omar, role):
    with pytest.raises(bars.TakesTwo):
        bars.pause(omar, world.person("Vera", role).pk, "contoh", reason="careless")
    for name in ("Omar", "Olga"):
        roles.grant(world.person(name, Role.OPERATOR), world.person("Vera"), Role.CITIZEN, "contoh")
    assert bars.pause(omar, world.person("Vera").pk, "contoh", reason="careless")


def test_the_database_wants_a_person_for_all_but_answers_and_haste(world):
    with pytest.raises(IntegrityError, match="without_a_person"), transaction.atomic():
        BarTurn.objects.create(account=world.person("Sari"), on=True, reason="careless")


# --- What the paused are told -------------------------------------------------------------------


@pytest.fixture
def paused(world, omar, settings):
    """Sari's browser; she held a photo."""
    settings.CONTACT = "tolong@contoh.test"
    world.photo = photo_of(world)
    client = browser_of(world, "Sari")
    client.lease = client.post("/api/v1/tasks/").json()["id"]
    bars.pause(omar, world.person("Sari").pk, "contoh", reason="careless")
    return client


def test_the_api_refuses_with_whom_to_ask(world, paused):
    body = {"page": 2, "numbers": VOTES}
    for path, sent in [
        ("/api/v1/tasks/", {}),
        ("/api/v1/tasks/?ahead=true", {}),
        (f"/api/v1/tasks/{paused.lease}/renew/", {}),
        (f"/api/v1/tasks/{paused.lease}/entry/", body),
    ]:
        answer = paused.post(path, sent, content_type="application/json")
        assert (answer.status_code, answer.json()["error"]["code"]) == (403, "paused"), path
        assert "tolong@contoh.test" in answer.json()["error"]["message"]
    assert not Entry.objects.exists()
    assert paused.get("/api/v1/tasks/").json()["tasks"] == []
    assert task_of(world.photo).wants == 2
    assert takes(world, "Budi").task_id == world.photo.pk


def test_the_page_says_so_kindly_and_offers_no_photo(paused):
    page = paused.get("/baca/")
    text = page.content.decode()
    assert page.status_code == 200
    assert "tolong@contoh.test" in text
    assert "Ambil foto" not in text
    assert paused.post("/baca/").status_code == 403


def test_an_entry_that_was_on_its_way_is_refused_by_the_database(world, paused, omar):
    stale = world.person("Sari")
    assert not stale.paused, "as the request loaded them before the turn"
    lease = Lease.objects.get(pk=paused.lease)
    with pytest.raises(queue.Paused), transaction.atomic():
        pipeline.send_entry(entries.Sent(lease.pk, stale, None, "", Reading(2, dict(VOTES))))
    assert queue.take(stale, None, "") is None
    assert not Entry.objects.exists()


def test_what_they_read_before_stands(world, omar):
    photo = photo_of(world)
    for name in ("Sari", "Budi"):
        reads(world, name, photo)
    bars.pause(omar, world.person("Sari").pk, "contoh", reason="careless")
    pipeline.decide_again(photo.pk)
    assert (decision_of(photo).version, decision_of(photo).outcome) == (1, "accepted")
    expire(Lease.objects.first())


def test_the_audit_tells_of_a_pause_that_no_turn_says(world):
    type(world.person("Sari")).objects.filter(pk=world.person("Sari").pk).update(paused=True)
    (found,) = [one for one in audit.log() if one.kind == "bar"]
    assert "is paused, the newest turn says otherwise" in str(found)
