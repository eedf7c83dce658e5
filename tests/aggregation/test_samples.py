"""The history of the count: a point for each region that changed, every five minutes; sums may fall."""

from datetime import UTC, datetime, timedelta

import pytest
from django.db import IntegrityError, transaction
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from aggregation import samples
from aggregation.models import Tally, TallySample
from tests.aggregation.evidence import fold, read, record, reject

START = datetime(2029, 2, 14, 8, tzinfo=UTC)


def older(minutes):
    """As if everything so far had been taken so much earlier."""
    for one in TallySample.objects.all():
        TallySample.objects.filter(pk=one.pk).update(at=one.at - timedelta(minutes=minutes))


def points(code=""):
    return list(TallySample.objects.filter(region=code).order_by("at").values_list("counted", "votes"))


def test_nation_provinsi_and_kabupaten_have_a_point_in_two_statements(world, django_assert_num_queries):
    read(world)
    fold()
    with django_assert_num_queries(2):
        assert samples.take(world.contest) == 3
    found = TallySample.objects.order_by("region").values_list("region", "stations", "counted", "votes", "official")
    assert list(found) == [(code, 5, 1, [101, 88, 20], False) for code in ("", "91", "9101")]
    versions = Tally.objects.filter(region__level__lte=2).order_by("region").values_list("version", flat=True)
    assert list(TallySample.objects.order_by("region").values_list("version", flat=True)) == list(versions)


def test_not_before_anything_is_counted_nor_where_nothing_changed(world):
    fold()
    assert samples.take(world.contest) == 0
    read(world)
    fold()
    samples.take(world.contest)
    older(10)
    assert samples.take(world.contest) == 0


def test_at_most_one_in_five_minutes_and_none_is_lost(world):
    read(world)
    fold()
    samples.take(world.contest)
    read(world, world.stations["9101011001002"])
    fold()
    older(4)
    assert samples.take(world.contest) == 0
    older(1)
    assert samples.take(world.contest) == 3
    assert points() == [(1, [101, 88, 20]), (2, [202, 176, 40])]


def test_a_sum_that_falls_is_written_as_it_is(world):
    taken = read(world)
    read(world, world.stations["9101011001002"])
    fold()
    samples.take(world.contest)
    reject(taken)
    record(taken)
    fold()
    older(5)
    samples.take(world.contest)
    assert points("91") == [(2, [202, 176, 40]), (1, [101, 88, 20])]


def test_an_official_point_does_not_hold_up_ours(world):
    read(world)
    fold()
    TallySample.objects.create(
        contest=world.contest, region_id="", official=True, at=datetime.now(UTC), stations=5, counted=5, votes=[1, 2, 3]
    )
    assert samples.take(world.contest) == 3


def test_two_points_of_one_moment_are_refused(world):
    fields = {"contest": world.contest, "region_id": "", "at": START, "stations": 5, "counted": 5, "votes": [1]}
    TallySample.objects.create(**fields)
    TallySample.objects.create(**fields, official=True)
    with pytest.raises(IntegrityError, match="one_sample_per_region_and_moment"), transaction.atomic():
        TallySample.objects.create(**fields)


def test_who_draws_a_history_asks_no_database(world, django_assert_num_queries):
    for hour in range(3):
        TallySample.objects.create(
            contest=world.contest,
            region_id="91",
            at=START + timedelta(hours=hour),
            stations=5,
            counted=hour,
            votes=[hour, 0, 0],
        )
    with django_assert_num_queries(1):
        samples.tell(world.contest, ["91"])
    with django_assert_num_queries(0):
        found = samples.history("contoh", "ppwp", "91")
    assert [(one["at"], one["counted"]) for one in found] == [
        ("2029-02-14T08:00:00Z", 0),
        ("2029-02-14T09:00:00Z", 1),
        ("2029-02-14T10:00:00Z", 2),
    ]
    assert samples.history("contoh", "ppwp", "") == []


@settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])  # on a busy machine
@given(st.lists(st.integers(0, 10_000), min_size=1, max_size=400, unique=True).map(sorted), st.integers(2, 120))
def test_thinned_evenly_first_and_last_always(minutes, most):
    given_points = [{"at": (START + timedelta(minutes=n)).isoformat()} for n in minutes]
    kept = samples.thin(given_points, most)
    assert len(kept) <= most
    assert kept[0] == given_points[0]
    assert kept[-1] == given_points[-1]
    places = [given_points.index(one) for one in kept]
    assert places == sorted(set(places))
    if len(given_points) <= most:
        assert kept == given_points
