"""What the decisions of a TPS come to."""

import json
import uuid
from datetime import UTC, datetime, timedelta

import pytest
from django.db import DatabaseError, IntegrityError, transaction

from aggregation import columns, results
from aggregation.models import Delta, Result, Snapshot
from aggregation.results import Standing
from ledger.models import Event
from tests.aggregation.evidence import PAGE_1, PAGE_2, PAGE_3, decide, fold, photo, read, record, reject
from tps.form_definitions import load
from tps.form_shapes import Choice

FORM = load("c-hasil-ppwp").with_options([Choice(1), Choice(2), Choice(3)])
LAYOUT = columns.of_form(FORM)


def says(minute, how="two_readers", **numbers):
    return Standing(uuid.uuid4(), uuid.uuid4(), 1, how, datetime(2029, 2, 14, 8, minute, tzinfo=UTC), numbers)


def outcome(*standing, waiting=False, voters=250):
    return results.result_of(standing, waiting=waiting, form=FORM, registered_voters=voters)


def added(found, name):
    return found.amounts[LAYOUT.names.index(name)]


def test_pages_put_together_make_the_whole():
    found = outcome(says(1, **PAGE_2), says(2, **PAGE_3), says(3, **PAGE_1))
    assert found.state == "complete"
    assert found.numbers == PAGE_1 | PAGE_2 | PAGE_3
    assert [added(found, key) for key in ("paslon_1", "paslon_2", "paslon_3", "suara_sah")] == [101, 88, 20, 209]
    assert [added(found, key) for key in ("received", "counted", "complete", "disputed", "flagged")] == [1, 1, 1, 0, 0]


def test_the_wall_sheet_and_the_copy_say_the_same():
    found = outcome(says(1, **PAGE_2), says(2, **PAGE_2, **PAGE_3), says(3, **PAGE_1))
    assert found.state == "complete"
    assert found.disputed == []


def test_nothing_decided():
    assert outcome(waiting=True).state == "received"
    assert added(outcome(waiting=True), "received") == 1
    assert outcome().state == "empty"
    assert not any(outcome().amounts)


def test_some_pages():
    found = outcome(says(1, **PAGE_3))
    assert found.state == "partial"
    assert [added(found, key) for key in ("suara_sah", "with_suara_sah", "with_paslon_1", "counted")] == [209, 1, 0, 0]


@pytest.mark.parametrize("order", [(1, 2), (2, 1)])
def test_two_photos_differ_and_the_first_decided_stands(order):
    first, second = says(1, **PAGE_2), says(2, **PAGE_2 | {"paslon_2": 98})
    found = outcome(*[(first, second)[place - 1] for place in order])
    assert found.state == "disputed"
    assert found.disputed == ["paslon_2"]
    assert found.numbers["paslon_2"] == 88
    assert [added(found, key) for key in ("paslon_2", "disputed", "counted")] == [88, 1, 1]


def test_an_empty_box_counts_nothing_and_stays_an_empty_box():
    found = outcome(says(1, **PAGE_2 | {"paslon_3": "kosong"}))
    assert found.numbers["paslon_3"] == "kosong"
    assert [added(found, key) for key in ("paslon_3", "with_paslon_3", "counted")] == [0, 1, 1]


def test_an_empty_box_and_a_zero_are_one_figure():
    assert outcome(says(1, paslon_3="kosong"), says(2, paslon_3=0)).state == "partial"


def test_an_unreadable_figure_is_no_number():
    found = outcome(says(1, **PAGE_2 | {"paslon_3": "tidak_terbaca"}))
    assert found.numbers["paslon_3"] == "tidak_terbaca"
    assert [added(found, key) for key in ("paslon_1", "with_paslon_1", "with_paslon_3", "counted")] == [101, 1, 0, 0]


def test_another_photo_fills_in_what_was_unreadable():
    found = outcome(says(1, **PAGE_2 | {"paslon_3": "tidak_terbaca"}), says(2, **PAGE_2 | {"paslon_3": 21}))
    assert found.numbers["paslon_3"] == 21
    assert found.disputed == []
    assert len(found.decisions) == 2


def test_numbers_that_break_a_rule_are_kept_and_flagged():
    found = outcome(says(1, **PAGE_2), says(2, **PAGE_3 | {"suara_sah": 254}))
    assert found.numbers["suara_sah"] == 254
    assert {"R3", "R4"} <= set(found.broken_rules)
    assert [added(found, key) for key in ("flagged", "broken_R3", "broken_R1", "suara_sah")] == [1, 1, 0, 254]


def test_the_hardest_way_tells_how_the_votes_were_settled():
    found = outcome(says(1, paslon_1=1, paslon_2=2), says(2, "adjudicated", paslon_3=3), says(3, "majority", **PAGE_3))
    assert [added(found, how) for how in columns.HOW] == [int(how == "adjudicated") for how in columns.HOW]


def test_a_field_the_form_does_not_know_adds_nothing():
    assert "suara_hantu" not in outcome(says(1, suara_hantu=900)).numbers


# --- In the database ------------------------------------------------------------------------


def test_a_photo_on_its_way_makes_its_tps_received(world):
    record(photo(world))
    result = Result.objects.get()
    assert (result.state, result.version) == ("received", 1)
    assert Delta.objects.count() == 1
    assert Event.objects.filter(kind="select").count() == 1


def test_recording_again_changes_nothing(world):
    taken = read(world)
    record(taken)
    record(taken)
    assert Result.objects.get().version == 2
    assert Delta.objects.count() == Event.objects.filter(kind="select").count() == 2


def test_a_corrected_decision_takes_the_old_ones_place(world):
    taken = read(world)
    decide(taken, 2, PAGE_2 | {"paslon_1": 11})
    record(taken)
    assert Result.objects.get().numbers["paslon_1"] == 11
    sums = [delta.amounts[0] for delta in Delta.objects.order_by("pk")]
    assert sums == [0, 101, -90]


def test_a_photo_that_is_read_again_no_longer_speaks(world):
    taken = read(world)
    decide(taken, outcome="reopened")
    record(taken)
    result = Result.objects.get()
    assert (result.state, result.numbers, result.amounts[0]) == ("received", {}, 0)


def test_junk_does_not_close_a_tps(world):
    junk = photo(world)
    record(junk)
    reject(junk, "not_a_form")
    record(junk)
    assert Result.objects.get().state == "empty"
    assert not any(Result.objects.get().amounts)


def test_a_moved_photo_leaves_one_tps_and_arrives_at_the_other(world):
    here, there = world.station, world.stations["9101011002001"]
    taken = read(world, here)
    decide(taken, 2, PAGE_2, station=there)
    record(taken)
    assert {r.station_id: (r.state, r.amounts[0]) for r in Result.objects.all()} == {
        here.pk: ("empty", 0),
        there.pk: ("partial", 101),
    }


def test_a_photo_moved_back_leaves_nothing_behind(world):
    here, there = world.station, world.stations["9101011002001"]
    taken = read(world, here)
    decide(taken, 2, PAGE_2, station=there)
    record(taken)
    decide(taken, 2, PAGE_2)
    record(taken)
    assert {r.station_id: r.state for r in Result.objects.all()} == {here.pk: "partial", there.pk: "empty"}


def test_a_dispute_ends_when_one_photo_is_rejected(world):
    read(world)
    second = read(world, paslon_1=111)
    assert Result.objects.get().state == "disputed"
    assert Result.objects.get().numbers["paslon_1"] == 101
    reject(second, "altered")
    record(second)
    assert Result.objects.get().state == "partial"


def test_two_decisions_of_one_instant_are_told_apart_by_the_photo(world):
    moment = datetime(2029, 2, 14, tzinfo=UTC)
    one, other = photo(world), photo(world)
    decide(one, 2, PAGE_2, decided_at=moment)
    decide(other, 2, PAGE_2 | {"paslon_1": 1}, decided_at=moment)
    record(one)
    first = Result.objects.get().numbers
    record(other)
    assert Result.objects.get().numbers == first
    assert first["paslon_1"] == (101 if one.pk < other.pk else 1)


def test_the_ledger_says_which_numbers_stand_and_why(world):
    taken = read(world, paslon_3="tidak_terbaca")
    event = Event.objects.filter(kind="select").last()
    entry = json.loads(bytes(event.body))
    assert entry["from"] == [str(taken.decisions.get().pk)]
    assert entry["val"] == {"paslon_1": 101, "paslon_2": 88}


def test_recording_asks_few_questions(world, django_assert_max_num_queries):
    taken = read(world)
    decide(taken, 2, PAGE_2 | {"paslon_1": 11}, decided_at=datetime(2029, 2, 14, 9, tzinfo=UTC) + timedelta(hours=1))
    with django_assert_max_num_queries(13):  # savepoint, photo, 10 of recording, release
        record(taken)


# --- What the tables refuse -----------------------------------------------------------------


@pytest.mark.parametrize(
    "change", [{"numbers": {"paslon_1": 999}}, {"amounts": [999]}, {"state": "empty"}, {"version": 9}]
)
def test_a_result_changes_with_its_version_only(world, change):
    read(world)
    with pytest.raises(IntegrityError, match="with its version only"), transaction.atomic():
        Result.objects.update(**change)


def test_a_result_begins_empty_and_is_never_deleted(world):
    read(world)
    result = Result.objects.get()
    with pytest.raises(IntegrityError, match="never deleted"), transaction.atomic():
        Result.objects.filter(pk=result.pk)._raw_delete("default")
    result.pk, result.station = None, world.stations["9101011001002"]
    with pytest.raises(IntegrityError, match="begins empty"), transaction.atomic():
        result.save(force_insert=True)


@pytest.mark.django_db(transaction=True)
def test_a_result_without_its_entry_is_not_committed(world):
    read(world)
    with pytest.raises(DatabaseError, match="no entry select"):
        Result.objects.update(version=3, numbers={"paslon_1": 999})
    assert Result.objects.get().version == 2


@pytest.mark.django_db(transaction=True)
def test_a_cut_without_its_entry_is_not_committed(world):
    read(world)
    fold()
    with pytest.raises(DatabaseError, match="no entry tally"):
        Snapshot.objects.update(version=99)
