"""Our numbers beside the official ones: what is compared, what is not, and sums like with like."""

from datetime import UTC, datetime

import pytest

from aggregation import official, official_differences
from aggregation.models import OfficialDifference, OfficialTally, Snapshot
from tests.aggregation.evidence import decide, fold, read, record
from tests.aggregation.official import FIRST, SECOND, THIRD, published, source, taken_in, written
from transcription.models import Decision

A, B, C = "9101011001001", "9101011001002", "9101011002001"
VOTES = ("paslon_1", "paslon_2", "paslon_3")


# --- The rules --------------------------------------------------------------------------------


def test_only_what_both_have_is_compared():
    found = official.compare(
        {"paslon_1": 10, "paslon_2": None, "suara_sah": 30, "dpt_j": 5},
        {"paslon_1": 12, "paslon_2": 7, "suara_sah": None},
        VOTES,
    )
    assert [(one.key, one.difference) for one in found.fields] == [("paslon_1", -2)]
    assert (found.votes, found.others, found.differ) == (2, 0, True)


def test_votes_moved_from_one_to_another_are_no_equal_sum():
    found = official.compare(
        {"paslon_1": 10, "paslon_2": 20, "suara_sah": 30}, {"paslon_1": 20, "paslon_2": 10, "suara_sah": 33}, VOTES
    )
    assert (found.votes, found.others) == (20, 3)
    assert not official.compare({"paslon_1": 1}, {"paslon_1": 1}, VOTES).differ


def moments(*figures):
    return [(datetime(2024, 2, 15 + day, tzinfo=UTC), one) for day, one in enumerate(figures)]


def test_steps_say_what_went_up_and_down():
    first, second, third, fourth = official.steps(
        moments(
            {"paslon_1": 5, "paslon_2": 5, "suara_sah": None},
            {"paslon_1": 9, "paslon_2": 4, "suara_sah": 13},
            {},
            {"paslon_1": 9, "paslon_2": 4, "suara_sah": 12},
        ),
        VOTES[:2],
    )
    assert (first.down, first.total, first.changes["paslon_1"]) == (False, 10, None)
    assert (second.down, second.total) == (True, 13)  # one paslon lost votes, although the sum grew
    assert second.changes == {"paslon_1": 4, "paslon_2": -1, "suara_sah": None}
    assert (third.figures, third.total, third.down) == ({}, None, False)
    assert (fourth.changes["paslon_1"], fourth.down) == (None, False)
    assert official.steps_down([first, second, third, fourth]) == 1


def test_another_number_that_falls_is_no_step_down():
    steps = official.steps(moments({"paslon_1": 5, "dpt_j": 300}, {"paslon_1": 5, "dpt_j": 250}), ("paslon_1",))
    assert official.steps_down(steps) == 0


def test_the_line_is_drawn_by_time_from_nought():
    steps = official.steps(moments({"paslon_1": 50}, {}, {"paslon_1": 100}, {"paslon_1": 75}), ("paslon_1",))
    points = official.line(steps, 300, 100)
    assert points == [(0, 50), (200, 0), (300, 25)]
    assert official.falls(points, steps) == [(300, 25)]
    assert official.line([], 300, 100) == []
    assert official.line(steps[:1], 300, 100) == [(0, 0)]


# --- Against our results ----------------------------------------------------------------------


def differences(world):
    return {
        row.code: (row.votes, row.others, row.how) for row in OfficialDifference.objects.filter(source=source(world))
    }


def test_a_difference_is_found_whichever_side_comes_first(world, tmp_path):
    read(world)  # 101, 88, 20
    fold()
    published(tmp_path, FIRST, {A: (801, 88, 20), B: (1, 2, 3)})
    assert differences(world) == {A: (700, 0, "two_readers")}
    read(world, world.stations[B])
    fold()
    assert official_differences.refresh_differences(world.contest) == 1
    assert differences(world)[B] == (100 + 86 + 17, 0, "two_readers")
    published(tmp_path, SECOND, {A: (101, 88, 20)})
    assert set(differences(world)) == {B}


def test_a_correction_of_ours_ends_a_difference(world, tmp_path):
    taken = read(world, paslon_1=1)
    fold()
    published(tmp_path, FIRST, {A: (101, 88, 20)})
    assert differences(world)[A][0] == 100
    how = Decision.How.ADJUDICATED
    decide(taken, 2, {"paslon_1": 101, "paslon_2": 88, "paslon_3": 21}, how=how)
    record(taken)
    fold()
    official_differences.refresh_differences()
    assert differences(world) == {A: (1, 0, "adjudicated")}


def test_other_numbers_of_the_form_are_told_apart_from_votes(world, tmp_path):
    read(world)
    read(world, page=3)  # suara_sah 209
    fold()
    published(tmp_path, FIRST, {A: (101, 88, 20, 210)})
    assert differences(world) == {A: (0, 1, "two_readers")}


def test_what_one_side_lacks_is_no_difference(world, tmp_path):
    read(world)  # no suara_sah here
    fold()
    published(tmp_path, FIRST, {A: (101, None, 20, 999)})
    assert differences(world) == {}
    (tally,) = OfficialTally.objects.filter(region="")
    assert (tally.stations, tally.paired) == (1, 0)


def test_what_was_withdrawn_is_not_compared(world, tmp_path):
    read(world)
    fold()
    published(tmp_path, FIRST, {A: (1, 1, 1)})
    published(tmp_path, SECOND, {A: (None, None, None)})
    assert differences(world) == {}
    assert not OfficialTally.objects.exists()


def test_regions_are_compared_like_with_like(world, tmp_path, django_assert_num_queries):
    read(world)
    read(world, world.stations[C])
    fold()
    published(
        tmp_path, FIRST, {A: (100, 88, 20, 208), B: (50, 60, 70, 180)}
    )  # C has no official figure, B none of ours
    with django_assert_num_queries(1):
        found = official.figures_of(world.contest, ["", "91", "9101011001", "9101011002", A, B, C])
    assert set(found) == {"", "91", "9101011001", A, B}
    for code in ("", "91", "9101011001"):
        region = found[code]
        assert (region.stations, region.paired, region.differ) == (2, 1, 1)
        assert (region.sums["paslon_1"], region.behind["paslon_1"]) == (150, 2)
        assert (region.ours["paslon_1"], region.theirs["paslon_1"], region.compared["paslon_1"]) == (101, 100, 1)
        assert (region.compared["suara_sah"], region.sums["suara_sah"]) == (0, 388)
        assert region.figures is None
    assert found[A].figures["suara_sah"] == 208
    assert found[A].figures["suara_tidak_sah"] is None
    assert (found[A].taken_at, found[A].source) == (FIRST, "sirekap")


def test_each_level_adds_up_to_the_one_above(world, tmp_path):
    for code in (A, B, C):
        read(world, world.stations[code])
    fold()
    published(tmp_path, FIRST, {A: (1, 2, 3), B: (101, 88, None), C: (101, 88, 20)})
    tallies = {row.region_id: row for row in OfficialTally.objects.all()}
    villages = [tallies["9101011001"], tallies["9101011002"]]
    for code in ("910101", "9101", "91", ""):
        upper = tallies[code]
        for name in ("stations", "paired", "differ"):
            assert getattr(upper, name) == sum(getattr(one, name) for one in villages)
        for name in ("sums", "behind", "ours", "theirs", "compared"):
            assert getattr(upper, name) == [
                sum(ns) for ns in zip(*(getattr(one, name) for one in villages), strict=True)
            ]
    assert (tallies[""].stations, tallies[""].paired, tallies[""].differ) == (3, 2, 1)


def test_a_regions_own_figures_stand_beside_the_sums(world, tmp_path):
    taken_in(written(tmp_path, "r", "region_code,paslon1", [("nasional", 9), ("91", 7)]), "--at", FIRST.isoformat())
    published(tmp_path, FIRST, {A: (1, 2, 3)})
    found = official.figures_of(world.contest, ["", "91", "9101"])
    assert (found[""].figures["paslon_1"], found["91"].figures["paslon_1"]) == (9, 7)
    assert (found["91"].sums["paslon_1"], found["9101"].figures) == (1, None)
    assert official.figures_of(world.contest, [""], "other") == {}


def test_refreshing_does_nothing_where_nothing_moved(world, tmp_path, django_assert_num_queries):
    read(world)
    fold()
    published(tmp_path, FIRST, {A: (1, 2, 3)})
    with django_assert_num_queries(3):
        assert official_differences.refresh_differences(world.contest) == 0
    Snapshot.objects.update(version=99)
    assert official_differences.refresh_differences(world.contest) == 1
    assert official_differences.refresh_differences(world.contest) == 0


# --- The list ---------------------------------------------------------------------------------


def test_the_largest_come_first_piece_by_piece(world, tmp_path):
    for code, votes in ((A, 104), (B, 201), (C, 104)):
        read(world, world.stations[code], paslon_1=votes)
    fold()
    published(tmp_path, FIRST, dict.fromkeys((A, B, C), (101, 88, 20)))
    whole = [row.code for row in official_differences.largest(source(world))]
    assert whole == [B, A, C]
    pieces, after = [], None
    while rows := list(official_differences.largest(source(world), "", after)[:1]):
        pieces.append(rows[0].code)
        after = official_differences.Place(rows[0].votes, rows[0].others, rows[0].code)
        assert official_differences.place(str(after)) == after
    assert pieces == whole
    assert [row.code for row in official_differences.largest(source(world), "9101011002")] == [C]


@pytest.mark.parametrize(
    "text",
    ["", "1-2", "1-2-3", "a-b-9101011001001", "1-2-910101100100x", "9" * 5000, "1-1-" + "9" * 14, "99999999999-1-" + A],
)
def test_a_cursor_that_nobody_gave(text):
    assert official_differences.place(text) is None
    assert official_differences.place("\x00-1-" + A) is None
    assert official_differences.place("²-1-" + A) is None


def test_the_newest_stands_also_where_an_older_file_comes_later(world, tmp_path):
    read(world)
    fold()
    published(tmp_path, THIRD, {A: (101, 88, 20)})
    published(tmp_path, FIRST, {A: (1, 1, 1)})
    assert differences(world) == {}
    assert official.figures_of(world.contest, [A])[A].taken_at == THIRD
