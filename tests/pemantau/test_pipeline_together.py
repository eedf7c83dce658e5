"""What waits for one step is worked on together: with the same end as one by one, and none takes another down."""

from functools import partial

import pytest
from django.db import connection, transaction
from django.test.utils import CaptureQueriesContext

from aggregation.models import Delta, Result
from pemantau import batches, pipeline
from tests.pemantau.test_pipeline import deciding_while_somebody_has_it_in_hand
from tests.transcription.reading import VOTES, decision_of, device_of, photo_of
from tests.transcription.test_many_at_once import at_once
from tests.world import build
from tps.models import PollingStation, Region
from transcription import consensus, entries
from transcription.entries import Reading
from transcription.models import Decision, Lease, PairTally, Task
from uploads.models import Photo

READERS = ("Sari", "Budi")


def stations(world, many: int) -> list[str]:
    """New TPS, numbered on from those that are there."""
    village = Region.objects.get(code="9101011001")
    first = PollingStation.objects.filter(region=village).count() + 1
    codes = [f"{village.code}{number:03d}" for number in range(first, first + many)]
    for code in codes:
        world.stations[code] = PollingStation.objects.create(
            election=world.election, region=village, number=int(code[-3:]), code=code, registered_voters=250
        )
    return codes


def read_by(world, codes, *names) -> list[Photo]:
    """A photo of each TPS, read alike by these people, that nobody has decided yet."""
    photos = []
    for code in codes:
        with transaction.atomic():
            photo = photo_of(world, code)
        for name in names:
            person = world.person(name)
            lease = Lease.objects.create(
                task_id=photo.pk, account=person, device=device_of(world, person), expires_at="2029-02-15T00:00Z"
            )
            Lease.objects.filter(pk=lease.pk).update(end="expired")
            with transaction.atomic():
                sent = entries.Sent(lease.pk, person, lease.device_id, "", Reading(2, dict(VOTES)))
                pipeline.send_entry(sent)
        photos.append(photo)
    return photos


def read_by_pairs(world, many: int) -> list[Photo]:
    """Each by two people who read nothing else."""
    return [read_by(world, [code], f"Baca{code}", f"Ulang{code}")[0] for code in stations(world, many)]


def steps() -> set[str]:
    return set(Photo.objects.values_list("step", flat=True))


@pytest.mark.django_db
def test_one_ring_decides_and_one_records_what_waits():
    photos = read_by_pairs(build(), 5)
    pipeline.decide(str(photos[3].pk))
    assert steps() == {Photo.Step.RECORD}
    pipeline.record(str(photos[0].pk))
    assert steps() == {Photo.Step.DONE}
    assert Decision.objects.count() == Result.objects.count() == Delta.objects.count() == 5
    assert [Result.objects.get(station=photo.station).numbers for photo in photos] == [VOTES] * 5
    for photo in photos:
        entries_of_it = photo.entries.order_by("created_at", "id").values_list("pk", flat=True)
        assert decision_of(photo).because == list(entries_of_it)


@pytest.mark.django_db
def test_how_many_wait_makes_no_more_statements():
    world = build()
    counts = []
    for many in (2, 12):
        photos = read_by_pairs(world, many)
        with CaptureQueriesContext(connection) as captured:
            pipeline.decide(str(photos[0].pk))
            pipeline.record(str(photos[0].pk))
        counts.append(len(captured))
    assert counts[0] == counts[1] <= 21, counts  # four of them are savepoints


@pytest.mark.django_db
def test_more_than_fit_are_all_done(monkeypatch, django_capture_on_commit_callbacks):
    monkeypatch.setattr(batches, "BATCH", 2)
    photos = read_by_pairs(build(), 5)
    rung: list[str] = []
    monkeypatch.setattr(pipeline, "_knock", lambda task, photo_id: rung.append((task, photo_id)))
    with django_capture_on_commit_callbacks(execute=True):
        pipeline.decide(str(photos[0].pk))
    for _ in range(10):
        if not rung:
            break
        task, photo_id = rung.pop(0)
        with django_capture_on_commit_callbacks(execute=True):
            task(str(photo_id))
    assert steps() == {Photo.Step.DONE}
    assert Delta.objects.count() == 5


@pytest.mark.django_db
def test_one_that_fails_takes_none_of_the_others_with_it(monkeypatch):
    photos = read_by_pairs(build(), 4)
    broken = photos[1]
    tell = consensus.entry_of

    def fails(decision):
        if decision.photo_id == broken.pk:
            raise ValueError("this one cannot be told")
        return tell(decision)

    monkeypatch.setattr(consensus, "entry_of", fails)
    with pytest.raises(ValueError, match="cannot be told"):
        pipeline.decide(str(photos[0].pk))
    at = dict(Photo.objects.values_list("pk", "step"))
    assert at.pop(broken.pk) == Photo.Step.DECIDE
    assert set(at.values()) == {Photo.Step.RECORD}
    assert Decision.objects.count() == 3
    monkeypatch.undo()
    pipeline.decide(str(broken.pk))
    assert Decision.objects.count() == 4


@pytest.mark.django_db
def test_a_pair_that_read_many_settles_three_of_those_decided_together():
    world = build()
    photos = read_by(world, stations(world, 5), *READERS)
    pipeline.decide(str(photos[0].pk))
    assert PairTally.objects.count() == Decision.objects.count() == 3
    assert sorted(PairTally.objects.values_list("place", flat=True)) == [1, 2, 3]
    assert Task.objects.filter(wants=1).count() == 2  # these want a third reader


@pytest.mark.django_db
def test_two_pages_of_one_tps_take_one_place_of_a_pair():
    world = build()
    code = stations(world, 1)
    photos = read_by(world, code * 2, *READERS)
    pipeline.decide(str(photos[0].pk))
    assert (Decision.objects.count(), PairTally.objects.count()) == (2, 1)


@pytest.mark.django_db(transaction=True)
def test_workers_who_decide_at_once_decide_each_photo_once():
    world = build()
    photos = read_by(world, stations(world, 4), *READERS) + read_by_pairs(world, 8)
    at_once(*(partial(pipeline.decide, str(photo.pk)) for photo in photos[:6]))
    assert not Photo.objects.filter(step=Photo.Step.DECIDE).exists()
    assert Decision.objects.count() == 8 + 3
    assert PairTally.objects.count() == 8 + 3


@pytest.mark.django_db(transaction=True)
def test_the_photo_that_was_rung_for_is_waited_for_and_the_others_are_not():
    world = build()
    first, other = read_by(world, stations(world, 2), *READERS)
    with deciding_while_somebody_has_it_in_hand(first) as worker:
        for _ in range(100):
            if decision_of(other):
                break
            worker.join(0.1)
        assert decision_of(other)
        assert not decision_of(first)
    assert decision_of(first)
