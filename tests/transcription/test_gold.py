"""Tasks whose answer is known: how many, which, that nobody tells them from others, and that they move nothing."""

import json
import random
import re
from collections import Counter

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from accounts import commitments
from accounts.models import Role
from aggregation import audit, photo_document
from ledger.models import Event
from pemantau import pipeline
from tests.aggregation.test_audit import falsify
from tests.transcription.reading import (
    VOTES,
    browser_of,
    decision_of,
    device_of,
    given,
    photo_of,
    reads,
    rules,
    sends,
    takes,
    task_of,
)
from tests.transcription.test_queue import ahead, expire
from tps.models import PollingStation
from transcription import accuracy, cases, entries, gold, queue
from transcription.entries import Reading
from transcription.models import Entry, GoldReading, Lease, Task

pytestmark = pytest.mark.django_db
HERE, THERE = "9101011001001", "9101011002001"


@pytest.fixture(autouse=True)
def drawn(monkeypatch):
    """What is drawn; 0 is always a task with a known answer, 1 never."""
    draws = {"next": 0.0}
    monkeypatch.setattr(queue, "draw", lambda: draws["next"])
    return draws


def known(world, *readers: str, station: str = "9101011001001", people: int = 10):
    """A decided photo that serves."""
    photo = photo_of(world, station)
    for name in readers or ("Gita", "Hadi"):
        reads(world, name, photo)
    pipeline.record(str(photo.pk))
    Task.objects.filter(pk=photo.pk).update(gold=people, gold_since="2029-02-14T00:00Z")
    return photo


def another_tps(world) -> str:
    """Who read a page of a TPS is given no other photo of it: one more TPS."""
    village, number = world.stations[HERE].region, 100 + len(world.stations)
    station = PollingStation.objects.create(
        election=world.election, region=village, number=number, code=f"{village.code}{number}"
    )
    world.stations[station.code] = station
    return station.code


def as_it_stands(photo):
    task = task_of(photo)
    photo.refresh_from_db()
    return (
        *(task.wants, task.leased, task.rank, task.needs_adjudicator, task.returned, task.decision_id),
        *(photo.step, photo.step_at, decision_of(photo).version, photo.entries.count()),
    )


def has_read(world, name: str, many: int) -> None:
    """As if they had: leases that ended with an entry."""
    person, photo = world.person(name), photo_of(world, opened=False)
    queue.open_photo(photo)
    Task.objects.filter(pk=photo.pk).update(wants=0)
    Lease.objects.bulk_create(
        Lease(task_id=photo.pk, account=person, expires_at="2029-02-14T00:00Z", end="submitted") for _ in range(many)
    )


# --- How many -----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("read", "draw", "is_gold"),
    [
        (0, 0.1499, True),
        (0, 0.15, False),
        (19, 0.1499, True),
        (20, 0.1499, False),
        (20, 0.0499, True),
        (20, 0.05, False),
    ],
)
def test_so_many_of_the_first_twenty_and_fewer_later(world, drawn, read, draw, is_gold):
    known(world)
    photo_of(world, THERE)
    has_read(world, "Sari", read)
    drawn["next"] = draw
    assert (takes(world, "Sari").gold_id is not None) == is_gold


def test_the_shares_are_those_of_the_simulation():
    assert (accuracy.GOLD_AT_FIRST, accuracy.FIRST_TASKS, accuracy.GOLD_LATER) == (0.15, 20, 0.05)


def test_with_a_seeded_draw_exactly_the_drawn_tasks_are_known(world, drawn):
    chance = random.Random(7)
    drawn["next"] = 1.0
    for number in range(8):  # of so many pairs, since one pair settles three TPS at most
        known(world, f"Gita{number}", f"Hadi{number}", station=another_tps(world))
    for _ in range(40):
        photo_of(world, another_tps(world))
    for number in range(40):
        drawn["next"] = chance.random()
        lease = takes(world, "Sari")
        assert (lease.gold_id is not None) == (drawn["next"] < (0.15 if number < 20 else 0.05)), number
        sends(lease, Reading(2, dict(VOTES)))
    assert GoldReading.objects.count() == 7
    assert Entry.objects.filter(account=world.person("Sari")).count() == 33


def test_the_draw_itself_is_from_0_to_1(monkeypatch):
    monkeypatch.undo()
    drawn = [queue.draw() for _ in range(200)]
    assert all(0 <= one < 1 for one in drawn)
    assert len(set(drawn)) == 200


def test_it_only_stands_in_for_a_photo_that_they_could_have_had(world):
    known(world)
    assert takes(world, "Sari") is None, "an empty queue must not tell which task is known"
    waiting = photo_of(world, THERE)
    assert takes(world, "Sari").gold_id
    assert (task_of(waiting).leased, task_of(waiting).touched_by) == (0, [])


def test_without_a_known_one_for_them_they_are_given_another(world):
    known(world, "Sari", "Hadi")
    photo = photo_of(world, THERE)
    assert takes(world, "Sari").task_id == photo.pk


# --- Which --------------------------------------------------------------------------------------


@pytest.mark.parametrize("who", ["reader", "friend", "device", "block", "gave_back", "saw_the_case"])
def test_nobody_is_given_what_they_or_their_circle_touched(world, who):
    sari = world.person("Sari", Role.ADJUDICATOR if who == "saw_the_case" else Role.VOLUNTEER)
    photo = known(world, *({"reader": ("Sari", "Hadi")}.get(who, ("Gita", "Hadi"))))
    if who == "friend":
        world.person("Gita").__class__.objects.filter(pk=world.person("Gita").pk).update(invited_by=sari)
    if who == "device":
        device_of(world, sari)
        world.owned[sari.pk] = device_of(world, world.person("Gita"))
    if who == "block":
        Task.objects.filter(pk=photo.pk).update(touched_on=["blok-s"])
    if who == "gave_back":
        other = photo_of(world, THERE)
        lease = takes(world, "Sari")
        assert lease.gold_id
        queue.give_back(lease.pk, sari)
        Task.objects.filter(pk=other.pk).delete()
    if who == "saw_the_case":
        cases.look_into(photo.pk, sari)
    photo_of(world, THERE)
    lease = queue.take(sari, device_of(world, sari), "blok-s" if who == "block" else "")
    assert lease.gold_id is None


def test_a_photo_serves_so_many_people_and_no_circle_twice(world):
    photo = known(world, people=2)
    world.person("Tono", invited_by=world.person("Sari"))
    for _ in range(6):
        photo_of(world, THERE)
    assert takes(world, "Sari").task_id == photo.pk
    assert takes(world, "Tono").gold_id is None, "invited by her"
    assert takes(world, "Budi").task_id == photo.pk
    assert takes(world, "Citra").gold_id is None, "two people are enough"


@pytest.fixture
def nobody_need_be_established(monkeypatch):
    monkeypatch.setattr(gold, "ESTABLISHED", 0)


def chosen():
    return gold.renew(), set(Task.objects.filter(gold__gt=0).values_list("pk", flat=True))


def decided(world, *said, page=2):
    photo = photo_of(world, another_tps(world), page=page)
    for number, numbers in enumerate(said):
        reads(world, f"P{number}", photo, page=page, **numbers)
    pipeline.record(str(photo.pk))
    return photo


@pytest.mark.usefixtures("nobody_need_be_established")
def test_what_all_readers_read_alike_serves_and_nothing_in_doubt(world):
    sure = decided(world, VOTES, VOTES)
    decided(world, VOTES)  # not decided
    decided(world, VOTES, VOTES | {"paslon_1": 9}, VOTES)  # somebody saw something else
    assert chosen() == (1, {sure.pk})
    assert task_of(sure).gold == gold.PEOPLE
    assert chosen() == (0, {sure.pk})


def test_a_broken_sum_never_serves(world, monkeypatch):
    monkeypatch.setattr(gold, "ESTABLISHED", 0)
    broken = {"suara_sah": 220, "suara_tidak_sah": 5, "suara_total": 252}
    photo = decided(world, broken, broken, broken, page=3)
    assert decision_of(photo).broken_rules
    assert chosen() == (0, set())


def test_at_least_two_of_its_readers_are_established(world, monkeypatch):
    monkeypatch.setattr(gold, "ESTABLISHED", 1)
    first, second = (decided(world, VOTES, VOTES) for _ in range(2))
    assert decision_of(first).outcome == decision_of(second).outcome == "accepted"
    assert chosen() == (1, {second.pk}), "of the first one they had read nothing before"


def test_what_adjudicators_settled_serves_where_there_is_nothing_better(world, monkeypatch):
    photo = photo_of(world)
    for number in range(4):
        reads(world, f"P{number}", photo, **(VOTES | {"paslon_1": number}))
    rules(world, "Vera", photo, "accept", page=2, numbers=VOTES | {"paslon_1": 1})
    pipeline.record(str(photo.pk))
    monkeypatch.setattr(gold, "ESTABLISHED", 0)
    assert chosen() == (1, {photo.pk})
    Task.objects.update(gold=0, gold_since=None)
    sure = decided(world, VOTES, VOTES)
    monkeypatch.setattr(gold, "POOL", 1)
    assert chosen() == (1, {sure.pk})


@pytest.mark.usefixtures("nobody_need_be_established")
def test_a_photo_serves_for_some_hours_and_once_in_its_life(world):
    photo = decided(world, VOTES, VOTES)
    chosen()
    with connection.cursor() as cursor:
        cursor.execute("UPDATE transcription_task SET gold_since = now() - interval '3 hours'")
    assert chosen() == (0, set())
    assert task_of(photo).gold_since is not None


@pytest.mark.usefixtures("nobody_need_be_established")
@pytest.mark.parametrize("why", ["replaced", "of another election"])
def test_what_no_longer_stands_does_not_serve(world, why):
    photo = decided(world, VOTES, VOTES)
    if why == "replaced":
        chosen()
        rules(world, "Vera", photo, "reopen", reason="look_again")
        assert decision_of(photo).outcome == "reopened"
        assert task_of(photo).gold == 0
    else:
        type(world.election).objects.update(is_current=False)
        assert chosen() == (0, set())


def test_who_read_another_photo_of_the_page_is_given_an_ordinary_one(world, drawn):
    known(world)
    drawn["next"] = 1.0
    reads(world, "Sari", photo_of(world))
    drawn["next"] = 0.0
    other = photo_of(world, THERE)
    lease = takes(world, "Sari")
    assert (lease.task_id, lease.gold_id) == (other.pk, None)
    assert takes(world, "Citra").gold_id is not None


# --- Nobody tells them apart --------------------------------------------------------------------


def shape_of(value):
    """Keys and kinds of a document, without what is in it."""
    if isinstance(value, dict):
        return {key: shape_of(one) for key, one in value.items()}
    if isinstance(value, list):
        return [shape_of(one) for one in value]
    return type(value).__name__


def structure(html: bytes) -> str:
    """A page without what names one photo, lease or TPS."""
    text = html.decode()
    for pattern in (
        r"[0-9a-f]{32,64}",
        r"[0-9a-f-]{36}",
        r'value="[A-Za-z0-9]{64}"',
        r"TPS \d+",
        r"\d{13}",
        r'data-reader="\d+"',
    ):
        text = re.sub(pattern, "…", text)
    return text


def both(world):
    """A browser with a task whose answer is known, and one with another."""
    known(world, station=THERE)
    for _ in range(4):
        photo_of(world, THERE)
    return browser_of(world, "Sari"), browser_of(world, "Budi")


def statements(captured) -> list[str]:
    return [one["sql"].split()[0] for one in captured if "SAVEPOINT" not in one["sql"]]


def test_every_answer_of_the_api_has_the_same_shape_status_and_queries(world, drawn):
    golden, other = both(world)
    seen = {}
    for name, client, draw in (("gold", golden, 0.0), ("other", other, 1.0)):
        drawn["next"] = draw
        told = []

        def ask(method, path, body=None, client=client, told=told):
            with CaptureQueriesContext(
                connection,
            ) as captured:
                answer = getattr(client, method)(path, body, content_type="application/json")
            headers = {key: value for key, value in answer.headers.items() if key not in ("Content-Length", "ETag")}
            headers.pop("X-Request-Id", None)
            content = shape_of(answer.json()) if answer.content else None
            refusal = answer.json().get("error") if answer.content and answer.status_code >= 400 else None
            told.append((answer.status_code, content, refusal, sorted(headers), len(statements(captured))))
            return answer

        lease = ask("post", "/api/v1/tasks/").json()["id"]
        assert (Lease.objects.get(pk=lease).gold_id is not None) == (name == "gold")
        task = f"/api/v1/tasks/{lease}/"
        ask("get", "/api/v1/tasks/")
        ask("get", task)
        ask("post", f"{task}renew/")
        ask("post", f"{task}check/", {"page": 2, "numbers": VOTES})
        ask("post", f"{task}entry/", {"page": 2, "numbers": {"paslon_1": 1}})
        ask("post", f"{task}entry/", {"page": 2, "numbers": VOTES})
        ask("post", f"{task}entry/", {"page": 2, "numbers": VOTES})
        ask("post", f"{task}entry/", {"page": 2, "numbers": VOTES | {"paslon_1": 3}})
        ask("post", f"{task}renew/")
        ask("post", f"{task}return/")
        seen[name] = told
    assert seen["gold"] == seen["other"]


def test_the_pages_have_the_same_structure(world, drawn):
    golden, other = both(world)
    seen = []
    for client, draw in ((golden, 0.0), (other, 1.0)):
        drawn["next"] = draw
        page = client.post("/baca/")["Location"]
        shown = client.get(page)
        wrong = client.post(page, {"halaman": "2"})
        problem = client.post(page, {"halaman": "2", "masalah": "blurred", "berhenti": ""}, follow=True)
        again = client.get(page)
        seen.append([(one.status_code, structure(one.content)) for one in (shown, wrong, problem, again)])
    assert GoldReading.objects.count() == 1
    for mine, other in zip(*seen, strict=True):
        assert mine[0] == other[0]
        assert mine[1].splitlines() == other[1].splitlines()


@pytest.mark.parametrize("is_new", [False, True], ids=["established", "on probation"])
def test_the_ledger_has_a_sealed_reading_like_any_other(world, drawn, is_new):
    if is_new:
        world.person("Sari", established_at=None)
    golden = known(world)
    photo_of(world, THERE)
    sends(takes(world, "Sari"), Reading(2, dict(VOTES)))
    drawn["next"] = 1.0
    sends(takes(world, "Sari"), Reading(2, dict(VOTES)))
    sari = commitments.of(world.person("Sari"))
    told = [json.loads(bytes(event.body)) for event in Event.objects.filter(kind="reading").order_by("pk")]
    mine, other = (one for one in told if one["who"] == sari)
    assert mine["photo"] == str(golden.pk) != other["photo"]
    assert mine.keys() == other.keys()
    assert (mine["by"], mine["t"]) == (other["by"], other["t"]) == ("volunteer", "reading")


def test_the_same_is_rung_for(world, drawn, monkeypatch):
    rung = []
    monkeypatch.setattr(pipeline, "_ring", lambda task, photo: rung.append(task.name))
    known(world)
    photo_of(world, THERE)
    del rung[:]
    for drawn["next"] in (0.0, 1.0):
        lease = takes(world, "Sari")
        pipeline.send_entry(entries.Sent(lease.pk, lease.account, None, "", Reading(2, dict(VOTES))))
    assert GoldReading.objects.count() == 1
    assert rung == ["pemantau.pipeline.decide"] * 2


# --- It moves nothing ---------------------------------------------------------------------------


@pytest.fixture
def lease(world):
    """Sari's, of a photo whose answer is known; `lease.photo` and how it stood before."""
    photo = known(world)
    before = as_it_stands(photo)
    photo_of(world, THERE)
    lease = takes(world, "Sari")
    assert lease.task_id == photo.pk
    lease.photo, lease.before = photo, before
    return lease


@pytest.mark.parametrize("ends", ["sent", "given back", "expired", "let go", "renewed", "late"])
def test_whatever_becomes_of_it_the_photo_stays_as_it_is(world, lease, ends):
    sari = world.person("Sari")
    if ends in ("sent", "late"):
        if ends == "late":
            expire(lease)
            queue.take_back_expired_leases()
            assert sari.pk not in task_of(lease.photo).touched_by
        entry = sends(lease, Reading(2, VOTES | {"paslon_1": 7}))
        assert (type(entry), entry.is_right if ends == "" else GoldReading.objects.get().is_right) == (
            GoldReading,
            False,
        )
    elif ends == "given back":
        queue.give_back(lease.pk, sari)
    elif ends == "expired":
        expire(lease)
        assert queue.take_back_expired_leases() == 1
    elif ends == "let go":
        queue.let_go(sari)
    else:
        queue.renew(lease.pk, sari)
    assert as_it_stands(lease.photo) == lease.before
    assert (sari.pk in task_of(lease.photo).touched_by) == (ends not in ("expired", "let go"))
    pipeline.sweep(0)
    assert as_it_stands(lease.photo) == lease.before


@pytest.mark.parametrize(
    ("page", "numbers", "problem", "right"),
    [
        (2, VOTES, "", True),
        (2, VOTES | {"paslon_1": 102}, "", False),
        (2, VOTES | {"paslon_1": "tidak_terbaca"}, "", False),
        (
            12,
            {
                "paslon_1": 101,
                "paslon_2": 88,
                "paslon_3": 31,
                "suara_sah": 220,
                "suara_tidak_sah": 5,
                "suara_total": 225,
            },
            "",
            False,
        ),
        (None, None, "blurred", False),
    ],
)
def test_right_is_who_read_what_stands(lease, page, numbers, problem, right):
    sends(lease, Reading(page, dict(numbers) if numbers else None, problem))
    assert GoldReading.objects.get().is_right is right


@pytest.mark.parametrize(
    ("they", "tps", "right"),
    [
        (HERE, HERE, True),
        (HERE, "tidak_terbaca", True),
        (HERE, "", True),
        (HERE, "9101011001002", False),
        (HERE, "desa_lain", False),
        ("tidak_terbaca", "9101011001002", True),  # nobody knows better
    ],
)
def test_right_is_who_read_no_other_tps_than_those_who_decided(world, they, tps, right):
    photo = photo_of(world)
    for name in ("Gita", "Hadi"):
        sends(given(world, name, photo), Reading(2, dict(VOTES), tps=they))
    Task.objects.filter(pk=photo.pk).update(gold=1, gold_since="2029-02-14T00:00Z")
    photo_of(world, THERE)
    sends(takes(world, "Sari"), Reading(2, dict(VOTES), tps=tps))
    assert GoldReading.objects.get().is_right is right


def test_the_tps_is_two_more_things_to_misread(world):
    photo = photo_of(world)
    for name in ("Gita", "Hadi"):
        reads(world, name, photo)
    Task.objects.filter(pk=photo.pk).update(gold=2, gold_since="2029-02-14T00:00Z")
    photo_of(world, THERE)
    for name, tps, fields in (("Sari", "", 3), ("Budi", HERE, 5)):
        sends(takes(world, name), Reading(2, dict(VOTES), tps=tps))
        person = world.person(name)
        assert gold.answers_of([person.pk])[person.pk].honest == accuracy.honest_share(fields)


@pytest.mark.parametrize(
    ("others", "is_contested"), [(("9101011001002",) * 2, True), (("9101011001002", "desa_lain"), False)]
)
def test_two_who_read_the_same_other_tps_contest_it_and_two_who_guess_do_not(world, others, is_contested):
    photo = photo_of(world)
    for name in ("Gita", "Hadi"):
        sends(given(world, name, photo), Reading(2, dict(VOTES), tps=HERE))
    Task.objects.filter(pk=photo.pk).update(gold=2, gold_since="2029-02-14T00:00Z")
    photo_of(world, THERE)
    for name, tps in zip(("Sari", "Budi"), others, strict=True):
        sends(takes(world, name), Reading(2, dict(VOTES), tps=tps))
    assert gold.contested() == ({photo.pk} if is_contested else set())


@pytest.mark.parametrize(("stands", "said"), [("kosong", 0), (0, "kosong"), ("kosong", "kosong")])
def test_an_empty_box_and_a_zero_are_the_same(world, stands, said):
    photo = photo_of(world)
    for name in ("Gita", "Hadi"):
        reads(world, name, photo, **(VOTES | {"paslon_3": stands}))
    Task.objects.filter(pk=photo.pk).update(gold=1, gold_since="2029-02-14T00:00Z")
    photo_of(world, THERE)
    sends(takes(world, "Sari"), Reading(2, VOTES | {"paslon_3": said}))
    assert GoldReading.objects.get().is_right


def test_the_next_ones_may_be_known_too(world):
    photo = known(world)
    for _ in range(3):
        photo_of(world, another_tps(world))
    leases = [ahead(world, "Sari") for _ in range(3)]
    assert Counter(lease.gold_id is not None for lease in leases) == {True: 1, False: 2}
    assert photo.pk in {lease.task_id for lease in leases}


def test_nobody_else_sees_it(world, lease):
    sends(lease, Reading(2, VOTES | {"paslon_1": 747}))
    told = json.dumps(photo_document.build(lease.photo.pk), default=str)
    assert not re.search(r"\b747\b", told)
    reading = GoldReading.objects.get()
    assert str(reading.pk) not in told
    Task.objects.filter(pk=lease.photo.pk).update(
        needs_adjudicator=True, why="conflict", case_since="2029-02-14T00:00Z"
    )
    case = cases.as_json(cases.look_into(lease.photo.pk, world.person("Wawan", Role.ADJUDICATOR)))
    assert not re.search(r"\b747\b", json.dumps(case, default=str))


def test_a_later_decision_neither_counts_nor_opens_it(world, lease):
    sends(lease, Reading(2, VOTES | {"paslon_1": 747}))
    reading = GoldReading.objects.get()
    rules(world, "Vera", lease.photo, "reopen", reason="look_again")
    for name in ("Tono", "Umi"):
        reads(world, name, lease.photo, paslon_1=1, paslon_2=2, paslon_3=3)
    newest = decision_of(lease.photo)
    assert (newest.version, newest.outcome) == (3, "accepted")
    body = bytes(Event.objects.get(kind="decision", subject=str(newest.pk)).body).decode()
    assert str(reading.pk) not in body


def test_an_adjudicator_does_not_rule_on_what_they_read_so(world):
    photo = known(world)
    photo_of(world, THERE)
    vera = world.person("Vera", Role.ADJUDICATOR)
    lease = takes(world, "Vera", role=Role.ADJUDICATOR)
    assert lease.task_id == photo.pk
    sends(lease, Reading(2, dict(VOTES)))
    Task.objects.filter(pk=photo.pk).update(needs_adjudicator=True, why="conflict", case_since="2029-02-14T00:00Z")
    assert list(cases.waiting_for(vera)) == []
    with pytest.raises(cases.rulings.HadItInHand):
        cases.look_into(photo.pk, vera)


# --- Reopened meanwhile -------------------------------------------------------------------------


def test_of_a_photo_that_was_reopened_meanwhile_the_reading_is_void_and_nobody_is_told(world, lease):
    rules(world, "Vera", lease.photo, "reopen", reason="look_again")
    entry = sends(lease, Reading(2, VOTES | {"paslon_1": 7}))
    assert isinstance(entry, GoldReading)
    assert lease.photo.entries.count() == 2
    assert gold.answers_of([world.person("Sari").pk]) == {}
    photo_of(world)
    assert given(world, "Budi", lease.photo).gold_id is None
    with pytest.raises(AssertionError, match="not given"):
        given(world, "Sari", lease.photo)


def test_late_and_reopened_is_too_late(world, lease):
    expire(lease)
    queue.take_back_expired_leases()
    rules(world, "Vera", lease.photo, "reopen", reason="look_again")
    with pytest.raises(entries.TakenOver):
        sends(lease, Reading(2, dict(VOTES)))


def test_answers_are_told_with_what_an_honest_person_would_do(world, lease):
    sends(lease, Reading(2, dict(VOTES)))
    (answers,) = gold.answers_of([world.person("Sari").pk]).values()
    assert (answers.right, answers.wrong) == (1, 0)
    assert answers.honest == pytest.approx(accuracy.honest_share(3))


# --- The log ------------------------------------------------------------------------------------


def test_the_audit_finds_no_difference_and_a_reading_without_its_entry(world, lease):
    sends(lease, Reading(2, VOTES | {"paslon_1": 7}))
    assert [str(one) for one in audit.decisions()] == []
    assert [one for one in audit.log() if one.kind == "reading"] == []
    falsify("UPDATE transcription_goldreading SET numbers = numbers || '{\"paslon_1\": 8}'")
    assert [one.what for one in audit.log() if one.kind == "reading"] == ["row and entry differ in sealed"]


# --- An answer that may be wrong itself ---------------------------------------------------------


def test_what_two_contradict_alike_speaks_against_nobody_and_goes_before_an_adjudicator(world):
    photo = known(world)
    for name, votes in (("Sari", 777), ("Budi", 777), ("Citra", 5)):
        photo_of(world, THERE)
        lease = takes(world, name)
        assert lease.gold_id
        sends(lease, Reading(2, VOTES | {"paslon_1": votes}))
    people = [world.person(name).pk for name in ("Sari", "Budi", "Citra")]
    assert {pk: answers.wrong for pk, answers in gold.answers_of(people).items()} == {people[2]: 1}
    assert pipeline.renew_gold() == 0
    assert (task_of(photo).gold, task_of(photo).why) == (0, Task.Why.REPORTED)
    assert gold.contested() == set()


# --- Its time runs out --------------------------------------------------------------------------


@pytest.mark.parametrize("asked", range(9))
@pytest.mark.parametrize("at", [None, 0, 1, 2, 3])
def test_it_comes_again_as_any_other_does_whose_time_ran_out(world, drawn, at, asked):
    """With `at` the known answer in that place of four, with None none; so many others ask meanwhile."""
    photo = known(world) if at is not None else None
    for _ in range(8):
        photo_of(world, another_tps(world))
    held = []
    for place in range(queue.PLACES):
        drawn["next"] = 0.0 if place == at else 1.0
        held.append(ahead(world, "Sari").task_id)
    drawn["next"] = 1.0
    assert (photo.pk if photo else None) == (held[at] if at is not None else None)
    before = as_it_stands(photo) if photo else None
    queue.let_go(world.person("Sari"))
    for number in range(asked):
        takes(world, f"Orang {number}")
    again = [ahead(world, "Sari").task_id for _ in range(queue.PLACES)]
    gone = asked // 2  # each wanted two readers
    left = held[gone + (at is not None and at < gone) :]  # the first ones are gone, in either case
    assert again[: len(left)] == left
    assert not set(again[len(left) :]) & set(held)
    assert (as_it_stands(photo) if photo else None) == before


def test_it_comes_again_until_it_was_sent(world, lease, drawn):
    drawn["next"] = 1.0
    sari = world.person("Sari")
    queue.let_go(sari)
    again = takes(world, "Sari")
    assert (again.task_id, again.gold_id) == (lease.task_id, lease.gold_id)
    queue.let_go(sari)
    sends(again, Reading(2, dict(VOTES)))
    assert takes(world, "Sari").gold_id is None
