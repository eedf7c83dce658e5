"""Fifty volunteers at once, some careless: nobody gets a photo twice, nothing acknowledged is lost, no false "none"."""

import random
import threading
import time
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from functools import partial

import pytest
from django.db import connection, connections, transaction
from django.utils import timezone

from accounts.models import Role
from accounts.refusals import Refusal
from pemantau import batches, pipeline
from tests.transcription.reading import (
    BROKEN_SUMS,
    SUMS,
    VOTES,
    device_of,
    looks,
    photo_of,
    takes,
    task_of,
)
from tests.world import build
from tps.models import PollingStation, Region
from transcription import consensus, entries, queue, reports, rulings
from transcription.entries import Reading
from transcription.models import Decision, Entry, Lease, PairTally, Task
from uploads.claims import Claim
from uploads.models import Photo

pytestmark = pytest.mark.django_db(transaction=True)
HANDS = 12
Step = Photo.Step


@pytest.fixture
def world():
    return build()


def at_once(*jobs):
    """Run them in threads that start together; their results, or the refusals they met."""
    start = threading.Barrier(len(jobs))

    def run(job):
        start.wait()
        try:
            return job()
        except Refusal as refusal:
            return refusal
        finally:
            connections.close_all()

    with ThreadPoolExecutor(len(jobs)) as pool:
        return list(pool.map(run, jobs))


def photos_in(world, *codes, page=2):
    with transaction.atomic():
        return [photo_of(world, code, page=page) for code in codes]


# --- Two at the same instant --------------------------------------------------------------------


def test_the_same_post_twice_at_once_is_one_entry(world, eager):
    (photo,) = photos_in(world, "9101011001001")
    lease = takes(world, "Sari")
    sent = entries.Sent(lease.pk, lease.account, lease.device_id, "", Reading(2, dict(VOTES)))
    answers = at_once(*[partial(pipeline.send_entry, sent)] * 6)
    assert {answer.pk for answer in answers} == {Entry.objects.get().pk}
    assert (task_of(photo).wants, task_of(photo).leased) == (1, 0)


def test_different_posts_under_one_lease_at_once_leave_the_first(world, eager):
    photos_in(world, "9101011001001")
    lease = takes(world, "Sari")
    readings = [Reading(2, VOTES | {"paslon_1": n}) for n in range(4)]
    answers = at_once(*(
        partial(pipeline.send_entry, entries.Sent(lease.pk, lease.account, None, "", reading)) for reading in readings
    ))  # fmt: skip
    assert Counter(type(answer).__name__ for answer in answers) == {"Entry": 1, "AlreadyRead": 3}


@pytest.mark.parametrize("photos", [1, 5])
def test_one_person_asking_many_times_at_once_holds_one_photo(world, photos):
    """Where it was the last photo, none of the requests may say that there is none."""
    photos_in(world, *list(world.stations)[:photos])
    sari = world.person("Sari")
    device = device_of(world, sari)
    answers = at_once(*[partial(queue.take, sari, device, "")] * 8)
    assert len({answer.pk for answer in answers}) == 1
    assert Lease.objects.count() == 1
    assert sum(Task.objects.values_list("leased", flat=True)) == 1


def test_photos_given_back_at_once_are_counted_one_after_the_other(world, settings):
    settings.MOST_GIVEN_BACK = 2
    photos_in(world, *world.stations)
    sari = world.person("Sari")
    held = [queue.take(sari, device_of(world, sari), "", ahead=True) for _ in range(4)]
    answers = at_once(*(partial(queue.give_back, lease.pk, sari) for lease in held))
    assert Counter(type(answer).__name__ for answer in answers) == {"NoneType": 2, "TooManyGivenBack": 2}
    assert Lease.objects.filter(end="returned").count() == 2


def test_one_person_asking_ahead_many_times_at_once_holds_four_photos_at_most(world):
    photos_in(world, *world.stations)
    sari = world.person("Sari")
    device = device_of(world, sari)
    for _ in range(4):
        at_once(*[partial(queue.take, sari, device, "", ahead=True)] * 6)
    assert Lease.objects.filter(end="").count() == queue.PLACES
    assert sorted(Lease.objects.values_list("place", flat=True)) == [0, 1, 2, 3]
    assert sum(Task.objects.values_list("leased", flat=True)) == queue.PLACES


def thrown_away(world, *photos):
    """Two adjudicators rejected them; the results do not say so yet."""
    for photo in photos:
        with transaction.atomic():
            reports.open_case(photo.pk)
        for who in ("Vera", "Wayan"):
            pipeline.send_ruling(rulings.Sent(photo.pk, world.person(who, Role.ADJUDICATOR), "reject", "not_a_form"))
            pipeline.decide(str(photo.pk))


def recorded(photos):
    """What a worker does that got these."""
    with transaction.atomic():
        pipeline._record(list(batches.waiting_at(Step.RECORD).select_for_update(no_key=True).filter(pk__in=photos)))


def is_first(photo):
    return task_of(photo).rank < queue.FIRST_EVIDENCE


def test_photos_of_two_tps_rejected_at_once_do_not_wait_for_each_other(world):
    here, there = "9101011001001", "9101011002001"
    pages = {(tps, page): photos_in(world, *[tps] * 3, page=page) for tps in (here, there) for page in (2, 3)}
    thrown_away(world, *(first for first, *_rest in pages.values()))
    one, other = [(here, 2), (there, 3)], [(there, 2), (here, 3)]
    assert at_once(*(partial(recorded, [pages[of][0].pk for of in batch]) for batch in (one, other))) == [None, None]
    for page in pages.values():
        assert [is_first(photo) for photo in page[1:]] == [True, False]


def test_of_two_rejected_at_once_the_second_sees_that_no_other_covers_the_page(world):
    first, second, third = (photos_in(world, "9101011001001")[0] for _ in range(3))
    Task.objects.filter(pk=second.pk).update(rank=1)
    thrown_away(world, first, second)
    assert at_once(partial(recorded, [first.pk]), partial(recorded, [second.pk])) == [None, None]
    assert is_first(third)


def test_who_has_the_next_one_of_the_page_in_hand_is_waited_for(world):
    first, second, third = (photos_in(world, "9101011001001")[0] for _ in range(3))
    thrown_away(world, first)
    held, may_go = threading.Event(), threading.Event()

    def holds_it():
        with transaction.atomic():
            Task.objects.select_for_update().get(pk=second.pk)
            held.set()
            may_go.wait(10)

    def rejects_it():
        held.wait(10)
        threading.Timer(0.3, may_go.set).start()
        recorded([first.pk])

    assert at_once(holds_it, rejects_it) == [None, None]
    assert (is_first(second), is_first(third)) == (True, False)


def test_one_is_taken_back_while_another_of_its_page_is_thrown_away(world):
    """Neither waits for what the other holds, and the third one is served."""
    for _turn in range(5):
        first, second, third = (photos_in(world, "9101011001001")[0] for _ in range(3))
        thrown_away(world, first)
        assert at_once(partial(recorded, [first.pk]), partial(pipeline.withdraw, second)) == [None, second]
        assert is_first(third)
        pipeline.withdraw(third)


def test_one_is_taken_back_while_its_tps_is_reported(world, monkeypatch):
    """Whoever locks several tasks of a TPS does so in one order."""
    first, second = (photos_in(world, "9101011001001")[0] for _ in range(2))
    serve = queue.serve_next_of_page

    def slowly(photo):
        serve(photo)
        time.sleep(0.5)

    def report():
        time.sleep(0.2)
        claim = Claim(world.station, world.contest, None)
        return pipeline.send_report(reports.Said(claim, "number", device))

    device = world.device()
    monkeypatch.setattr(queue, "serve_next_of_page", slowly)
    taken_back, said = at_once(partial(pipeline.withdraw, first), report)
    assert (taken_back, said.reason) == (first, "number")
    assert is_first(second)


def test_many_people_asking_at_once_get_as_many_photos_as_there_are_places(world):
    photos_in(world, *world.stations)
    people = [world.person(f"Pembaca{n}") for n in range(16)]
    devices = [device_of(world, person) for person in people]
    answers = at_once(*(partial(queue.take, p, d, "") for p, d in zip(people, devices, strict=True)))
    assert sum(answer is not None for answer in answers) == 10
    assert set(Task.objects.values_list("free", "leased")) == {(0, 2)}


@pytest.mark.parametrize("then", ["changes its mind", "takes the last place"])
def test_no_task_is_said_only_after_waiting_for_who_has_the_last_one_in_hand(world, then):
    """SKIP LOCKED alone would tell the second asker a lie."""
    (photo,) = photos_in(world, "9101011001001")
    Task.objects.filter(pk=photo.pk).update(wants=1)
    locked, asked = threading.Event(), threading.Event()

    def holds_the_row():
        with transaction.atomic():
            Task.objects.select_for_update().get(pk=photo.pk)
            locked.set()
            asked.wait(10)
            time.sleep(0.3)
            if then == "takes the last place":
                assert takes(world, "Sari")

    def asks():
        locked.wait(10)
        asked.set()
        return takes(world, "Budi")

    world.person("Sari"), world.person("Budi")
    _, lease = at_once(holds_the_row, asks)
    assert (lease is not None) == (then == "changes its mind")


def test_two_people_of_one_device_never_get_the_same_photo_at_once(world):
    photos_in(world, "9101011001001")
    shared = world.device()
    people = [world.person(f"Pembaca{n}") for n in range(8)]
    at_once(*(partial(queue.take, person, shared, "") for person in people))
    assert Lease.objects.count() == 1


def test_reading_and_ruling_at_once_by_one_person_is_one_of_both(world, eager):
    """One person with two roles: whichever comes first shuts the other out."""
    (photo,) = photos_in(world, "9101011001001")
    vera = world.person("Vera", Role.ADJUDICATOR)
    lease = takes(world, "Vera")
    Lease.objects.filter(pk=lease.pk).update(end="expired")
    Task.objects.filter(pk=photo.pk).update(
        leased=0, touched_by=[], needs_adjudicator=True, why="problem", case_since=timezone.now()
    )
    answers = at_once(
        partial(pipeline.send_entry, entries.Sent(lease.pk, vera, None, "", Reading(2, dict(VOTES)))),
        partial(pipeline.send_ruling, rulings.Sent(photo.pk, vera, "reject", "blurred")),
    )
    assert sum(isinstance(answer, Refusal) for answer in answers) == 1


def test_two_adjudicators_ruling_at_once_leave_one_decision(world, eager):
    (photo,) = photos_in(world, "9101011001001")
    for n in range(4):
        lease = takes(world, f"Pembaca{n}")
        reading = Reading(2, VOTES | {"paslon_1": n})
        pipeline.send_entry(entries.Sent(lease.pk, lease.account, lease.device_id, "", reading))
    adjudicators = [world.person(name, Role.ADJUDICATOR) for name in ("Vera", "Wayan", "Yani")]
    for one in adjudicators:
        looks(world, one.email.split("@")[0].capitalize(), photo)
    answers = at_once(*(
        partial(
            pipeline.send_ruling,
            rulings.Sent(photo.pk, one, "accept", "as_written", page=2, numbers=VOTES | {"paslon_1": n}),
        )
        for n, one in enumerate(adjudicators)
    ))  # fmt: skip
    stored = Decision.objects.filter(photo=photo).order_by("version")
    # One came first. Who came after it was decided says other numbers than those that stand, alone, and waits; who came
    # between was told so.
    assert len(stored) == 1 <= sum(not isinstance(answer, Refusal) for answer in answers)
    assert consensus.outcome_of(photo).stands.numbers == stored.last().numbers


def test_a_pair_that_settles_many_tps_at_once_settles_three(world, eager):
    photos = photos_in(world, *world.stations)
    sari, budi = world.person("Sari"), world.person("Budi")
    late = {"expires_at": timezone.now(), "end": "expired"}
    leases = [
        Lease.objects.create(task_id=photo.pk, account=person, device=device_of(world, person), **late)
        for person in (sari, budi)
        for photo in photos
    ]
    reading = Reading(2, dict(VOTES))
    at_once(*(
        partial(pipeline.send_entry, entries.Sent(lease.pk, lease.account, lease.device_id, "", reading))
        for lease in leases
    ))  # fmt: skip
    assert Entry.objects.count() == 10
    assert PairTally.objects.count() == Decision.objects.count() == 3
    assert Task.objects.filter(wants=1).count() == 2


# --- Fifty volunteers, three hundred photos -------------------------------------------------------


class Volunteer:
    """One person who reads until there is nothing left, with their own way of being careless."""

    def __init__(self, world, name: str, truth: dict):
        self.account = world.person(name)
        self.device = device_of(world, self.account)
        self.truth = truth
        self.chance = random.Random(name)
        self.acknowledged: list = []
        self.refused: Counter = Counter()
        self.false_none = 0

    def play(self) -> "Volunteer":
        try:
            for _turn in range(80):
                before = self.open_for_me()
                lease = queue.take(self.account, self.device, "")
                if lease is None:
                    self.false_none += bool(before & self.open_for_me())
                    if not Task.objects.filter(wants__gt=0).exists():
                        break
                    continue
                self.work_on(lease)
        finally:
            connections.close_all()
        return self

    def open_for_me(self) -> set:
        """What is free, and no photo of that page touched by me, with its last change.

        What stays in it all along is truly there.
        """
        with connection.cursor() as cursor:
            cursor.execute(
                """WITH circle AS MATERIALIZED (
                       SELECT %(me)s || ARRAY(
                              SELECT CASE WHEN first_id = %(me)s THEN second_id ELSE first_id END
                                FROM transcription_pairtally WHERE %(me)s IN (first_id, second_id)
                               GROUP BY 1 HAVING count(*) >= 3)::bigint[] AS all)
                   SELECT t.photo_id, t.changed_at
                     FROM transcription_task t JOIN uploads_photo own ON own.id = t.photo_id
                    WHERE t.free > 0 AND NOT EXISTS (
                          SELECT FROM circle, uploads_photo beside
                            JOIN transcription_task other ON other.photo_id = beside.id
                           WHERE beside.station_id = own.station_id AND beside.page = own.page
                             AND other.touched_by && circle.all)""",
                {"me": self.account.pk},
            )
            return set(cursor.fetchall())

    def work_on(self, lease: Lease) -> None:
        kind = self.chance.random()
        if kind < 0.05:
            queue.give_back(lease.pk, self.account)
            return
        if kind < 0.15:  # the phone rings; the time runs out, and they send all the same
            Lease.objects.filter(pk=lease.pk).update(expires_at=timezone.now() - timedelta(seconds=1))
            queue.take_back_expired_leases()
        self.send(lease)
        if kind > 0.9:
            self.send(lease)

    def send(self, lease: Lease) -> None:
        page, numbers = self.truth[lease.task_id]
        if self.chance.random() < 0.1:
            numbers = numbers | {next(iter(numbers)): self.chance.randint(1, 200)}
        reading = Reading(None, None, "blurred") if self.chance.random() < 0.03 else Reading(page, dict(numbers))
        try:
            sent = entries.Sent(lease.pk, self.account, self.device.pk, "", reading)
            self.acknowledged.append(pipeline.send_entry(sent).pk)
        except Refusal as refusal:
            self.refused[refusal.code] += 1


@pytest.mark.slow
def test_fifty_volunteers_read_three_hundred_photos(world, eager):
    village = Region.objects.get(code="9101011001")
    PollingStation.objects.bulk_create(
        PollingStation(election=world.election, region=village, number=n, code=f"{village.code}{n:03d}")
        for n in range(4, 101)
    )
    stations = list(PollingStation.objects.filter(region=village))
    world.stations = {station.code: station for station in stations}
    truth = {}
    for code in world.stations:
        for page, numbers in ((2, VOTES), (3, SUMS), (3, BROKEN_SUMS)):
            (photo,) = photos_in(world, code, page=page)
            truth[photo.pk] = (page, numbers)
    volunteers = [Volunteer(world, f"Pembaca{n}", truth) for n in range(50)]
    with ThreadPoolExecutor(HANDS) as pool:
        list(pool.map(Volunteer.play, volunteers))

    assert Entry.objects.count() >= 600
    assert sum(v.false_none for v in volunteers) == 0
    # I7: nothing acknowledged is missing; every refusal was one of the clear ones.
    stored = set(Entry.objects.values_list("pk", flat=True))
    assert {pk for v in volunteers for pk in v.acknowledged} == stored
    assert set().union(*(v.refused for v in volunteers)) <= {"already_read", "taken_over", "lease_over"}
    # I4: nobody read a photo twice, no pair is over its cap (also the tables' own constraints).
    assert Entry.objects.values("photo", "account").distinct().count() == len(stored)
    pairs = Counter(PairTally.objects.values_list("first", "second"))
    assert max(pairs.values()) <= 3
    # Places are counted right: what is leased is in hand, nothing is wanted that was given.
    for task in Task.objects.all():
        assert task.leased == Lease.objects.filter(task=task, end="").count()
    assert_only_as_many_read_it_as_were_wanted()
    # Every decision is what the rule says of its entries, and the truth wherever readers agreed.
    for photo in all_photos():
        said = consensus.outcome_of(photo)
        decision = Decision.objects.filter(photo=photo).order_by("-version").first()
        assert (said.stands is None) == (decision is None)
        if decision:
            assert (decision.page, decision.numbers) == (said.stands.page, said.stands.numbers)
    decided = Decision.objects.count()
    right = sum(truth[d.photo_id] == (d.page, d.numbers) for d in Decision.objects.all())
    assert right == decided > 200


def all_photos():
    from uploads.models import Photo

    return Photo.objects.select_related("contest", "station")


def assert_only_as_many_read_it_as_were_wanted() -> None:
    """Where all entries say the same, nobody's time ran out and no pair had met too often, just enough read it."""
    for photo in all_photos():
        evidence = consensus.load(photo).evidence
        numbers = [entry.numbers for entry in evidence.entries]
        ran_out = Lease.objects.filter(task=photo.pk, end="expired").exists()
        still_wanted = task_of(photo).wants
        if not numbers or None in numbers or any(one != numbers[0] for one in numbers):
            continue
        if not (ran_out or still_wanted or evidence.tied):
            assert len(numbers) == (3 if numbers[0] == BROKEN_SUMS else 2)
