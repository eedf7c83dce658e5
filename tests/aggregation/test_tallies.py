"""Σ children = parent, whatever happens."""

import threading
from io import StringIO

import pytest
from django.core.management import call_command
from django.db import connection, transaction
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from aggregation import columns, folder, region_document, tallies
from aggregation.models import Delta, Result, Snapshot, Tally
from ledger import sequencer
from ledger.models import Event
from tests.aggregation.evidence import PAGE_2, decide, fold, photo, read, record, reject, unguarded
from tests.world import build
from tps import extents
from tps.models import Contest, PollingStation, Region


def sums(code, name="paslon_1"):
    tally = Tally.objects.get(region=code)
    layout = columns.of(tally.contest)
    return tally.amounts[layout.names.index(name)]


def assert_children_add_up(world):
    """In every tally, in every published document, and against the results themselves."""
    assert tallies.differences(world.contest) == []
    for region in Region.objects.filter(level__lte=4):
        document = region_document.build(world.contest, region.code)
        for part in ("sums", "counts"):
            for name, value in document[part].items():
                assert value == sum(child[part][name] for child in document["children"]), (region, name)
        assert document["stations"] == sum(child["stations"] for child in document["children"])


def test_a_number_arrives_at_every_level(world):
    read(world)
    fold()
    assert [sums(code) for code in ("9101011001", "910101", "9101", "91", "")] == [101] * 5
    assert_children_add_up(world)


def test_a_correction_makes_totals_fall_at_every_level(world):
    taken = read(world)
    read(world, world.stations["9101011002001"])
    fold()
    decide(taken, 2, PAGE_2 | {"paslon_1": 1})
    record(taken)
    fold()
    assert [sums(code) for code in ("9101011001", "9101011002", "910101", "")] == [1, 101, 102, 102]
    assert_children_add_up(world)


def test_a_moved_photo_moves_its_votes(world):
    taken = read(world)
    decide(taken, 2, PAGE_2, station=world.stations["9101011002001"])
    record(taken)
    fold()
    assert [sums(code) for code in ("9101011001", "9101011002", "910101")] == [0, 101, 101]
    assert_children_add_up(world)


def test_every_region_has_a_row_from_the_start(world):
    tallies.prepare(world.contest)
    rows = dict(Tally.objects.values_list("region", "stations"))
    assert rows == {"": 5, "91": 5, "9101": 5, "910101": 5, "9101011001": 3, "9101011002": 2}
    assert Tally.objects.get(region="").registered_voters == 1250
    assert not tallies.unprepared()
    assert tallies.prepare(world.contest) == 0


def test_new_stations_are_noticed(world):
    read(world)
    fold()
    station = world.station
    station.pk, station.number, station.code = None, 4, "9101011001004"
    station.save(force_insert=True)
    extents.recount(world.election)
    assert list(tallies.unprepared()) == [world.contest]
    assert tallies.prepare(world.contest) == 5
    assert Tally.objects.get(region="").stations == 6
    assert sums("") == 101


def test_the_folder_asks_as_little_for_many_contests_as_for_one(world, django_assert_num_queries):
    for number in range(5):
        Contest.objects.create(
            election=world.election,
            code=f"lain-{number}",
            name="Lain",
            kind=world.contest.kind,
            form=world.contest.form,
        )
    with django_assert_num_queries(2):
        assert len(tallies.unprepared()) == 6
    folder.prepare()
    with django_assert_num_queries(1):
        assert not list(tallies.unprepared())


def test_a_contest_of_one_area_counts_only_its_stations(world):
    world.contest.area.add("9101011002")
    tallies.prepare(world.contest)
    assert not tallies.unprepared()
    rows = dict(Tally.objects.values_list("region", "stations"))
    assert rows == dict.fromkeys(["", "91", "9101", "910101", "9101011002"], 2)


def test_what_has_no_place_in_the_log_is_not_in_the_sums(world):
    read(world)
    tallies.prepare(world.contest)
    assert tallies.fold() == 0
    assert sums("") == 0
    sequencer.sequence()
    assert tallies.fold() == 2
    assert sums("") == 101


def test_the_fold_is_a_prefix_of_the_log(world):
    for code in world.stations:
        read(world, world.stations[code])
    sequencer.sequence()
    tallies.prepare(world.contest)
    cuts = []
    while tallies.fold(limit=3):
        snapshot = Snapshot.objects.get()
        cuts.append(snapshot.cut)
        selects = Event.objects.filter(kind="select", leaf__index__lt=snapshot.cut)
        assert Delta.objects.filter(event__in=selects).count() == 0
        assert Delta.objects.count() == 10 - selects.count()
    assert cuts == sorted(set(cuts))
    assert len(cuts) == 4


def test_each_fold_says_in_the_log_what_the_nation_is_at(world):
    read(world)
    fold()
    entry = bytes(Event.objects.filter(kind="tally").latest("pk").body)
    assert b'"paslon_1":101' in entry
    assert Event.objects.filter(kind="tally").count() == Snapshot.objects.get().version == 2


def test_nothing_to_fold_changes_nothing(world):
    read(world)
    fold()
    before = Snapshot.objects.values().get()
    assert tallies.fold() == 0
    assert Snapshot.objects.values().get() == before


def test_rebuilding_gives_what_folding_gave(world):
    for code in world.stations:
        read(world, world.stations[code])
    fold()
    read(world, page=3)  # waits, and must stay out
    folded = list(Tally.objects.order_by("pk").values_list("region", "amounts"))
    Tally.objects.update(amounts=columns.of(world.contest).nothing())
    assert len(tallies.differences(world.contest)) == 6
    assert tallies.rebuild(world.contest) == 6
    assert list(Tally.objects.order_by("pk").values_list("region", "amounts")) == folded
    fold()
    assert_children_add_up(world)


def test_rebuilding_makes_missing_rows_and_empties_those_with_nothing_below(world):
    read(world)
    fold()
    Tally.objects.filter(region="9101").delete()
    Tally.objects.filter(region="9101011002").update(amounts=[7] * len(columns.of(world.contest).names))
    before = Snapshot.objects.get().version
    assert tallies.rebuild(world.contest) == 2
    assert tallies.differences(world.contest) == []
    assert tallies.rebuild(world.contest) == 0
    assert Snapshot.objects.get().version == before + 1


def test_a_wrong_tally_is_told_by_region_and_number(world):
    read(world)
    fold()
    tally = Tally.objects.get(region="9101")
    tally.amounts[1] += 7
    tally.save()
    (found,) = tallies.differences(world.contest)
    assert (found.region, found.expected, found.found) == ("9101", {"paslon_2": 88}, {"paslon_2": 95})


def test_the_command_puts_results_together_anew_after_a_change_of_the_dpt(world):
    read(world, page=1, dpt_j="tidak_terbaca")  # so the register's DPT stands beside it
    fold()
    assert (sums("", "flagged"), Tally.objects.get(region="").registered_voters) == (0, 1250)
    PollingStation.objects.filter(pk=world.station.pk).update(registered_voters=100)
    extents.recount(world.election)
    call_command("rebuild", results=True, stdout=StringIO())
    fold()
    assert Result.objects.get().broken_rules == ["R1", "R8", "R9"]
    assert (sums("", "broken_R9"), Tally.objects.get(region="").registered_voters) == (1, 1100)
    assert Event.objects.filter(kind="select").count() == Result.objects.get().version == 3
    assert_children_add_up(world)


# --- Whatever happens -----------------------------------------------------------------------

figure = st.one_of(st.integers(0, 999), st.sampled_from(["kosong", "tidak_terbaca"]))
votes = st.fixed_dictionaries({"paslon_1": figure, "paslon_2": figure, "paslon_3": figure})
happenings = st.lists(
    st.one_of(
        st.tuples(st.just("read"), st.integers(0, 4), votes),
        st.tuples(st.just("correct"), st.integers(0, 9), votes),
        st.tuples(st.just("reject"), st.integers(0, 9)),
        st.tuples(st.just("move"), st.integers(0, 9), st.integers(0, 4)),
        st.tuples(st.just("reopen"), st.integers(0, 9)),
        st.tuples(st.just("fold"), st.integers(1, 4)),
    ),
    min_size=1,
    max_size=14,
)


def happen(world, stations, photos, what, *details):
    if what == "read":
        photos.append(read(world, stations[details[0]], **details[1]))
    elif what == "fold":
        sequencer.sequence()
        tallies.fold(limit=details[0])
    elif photos:
        taken = photos[details[0] % len(photos)]
        if what == "correct":
            decide(taken, 2, details[1])
        elif what == "reject":
            reject(taken)
        elif what == "move":
            decide(taken, 2, PAGE_2, station=stations[details[1]])
        else:
            decide(taken, outcome="reopened")
        record(taken)


@pytest.mark.django_db
@settings(max_examples=15, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(happenings)
def test_children_add_up_to_their_parent_after_anything(steps):
    with transaction.atomic(), unguarded():
        world = build()
        tallies.prepare(world.contest)
        stations, photos = list(world.stations.values()), []
        for step in steps:
            happen(world, stations, photos, *step)
            assert_children_add_up(world)
        fold()
        assert_children_add_up(world)
        layout = columns.of(world.contest)
        for place, name in enumerate(layout.names):
            assert sums("", name) == sum(r.amounts[place] for r in Result.objects.filter(version__gt=0))
        transaction.set_rollback(True)


# --- At the same instant --------------------------------------------------------------------


def in_threads(*works):
    """Run all at once, each with its own connection; errors are ours."""
    errors, start = [], threading.Barrier(len(works))

    def run(work):
        try:
            start.wait()
            work()
        except Exception as error:
            errors.append(error)
        finally:
            connection.close()

    threads = [threading.Thread(target=run, args=(work,)) for work in works]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert errors == []


@pytest.mark.django_db(transaction=True)
def test_two_photos_of_one_tps_recorded_at_the_same_instant(world):
    for number in range(5):
        taken = [photo(world, page=2), photo(world, page=3)]
        decide(taken[0], 2, PAGE_2 | {"paslon_1": number})
        decide(taken[1], 2, PAGE_2 | {"paslon_1": number})
        in_threads(*(lambda p=p: record(p) for p in taken))
        fold()
        assert sums("") == sum(r.amounts[0] for r in Result.objects.all())
        assert Result.objects.get().version == Event.objects.filter(kind="select").count()


@pytest.mark.django_db(transaction=True)
def test_writers_corrections_and_two_folders_at_once(world):
    tallies.prepare(world.contest)
    stations = list(world.stations.values())
    photos = {station.pk: read(world, station) for station in stations}
    stop = threading.Event()

    def correct(station):
        for number in range(12):
            decide(photos[station.pk], 2, PAGE_2 | {"paslon_1": number * 7 % 30})
            record(photos[station.pk])

    def keep_folding():
        while not stop.is_set():
            sequencer.sequence()
            tallies.fold(limit=5)
            assert tallies.differences(world.contest) == []

    folders = [threading.Thread(target=in_threads, args=(keep_folding,)) for _ in range(2)]
    for one in folders:
        one.start()
    in_threads(*(lambda s=s: correct(s) for s in stations))
    stop.set()
    for one in folders:
        one.join()
    fold()
    assert Delta.objects.count() == 0
    assert sums("") == 5 * (11 * 7 % 30)
    assert_children_add_up(world)
