"""Seats by Sainte-Laguë: the law's rule, what always holds of it, and the official outcome of 2024."""

import csv
import gzip
from collections import Counter, defaultdict
from fractions import Fraction

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from aggregation.seats import (
    THRESHOLD,
    Elected,
    Margin,
    Seat,
    Tie,
    allocate,
    can_change,
    elect,
    margin,
    may_cross,
    passing,
    threshold_of,
)

# The example that the press gave of pasal 420 in 2019: 6 seats, parties A to E.
EXAMPLE = {1: 30_000, 2: 20_000, 3: 15_000, 4: 7_000, 5: 5_000}

votes_by_party = st.dictionaries(st.integers(1, 24), st.integers(0, 400_000), min_size=1, max_size=18)
sizes = st.integers(1, 12)
# On a busy machine the first draws take long; that is no fault of what is tested.
patiently = settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])


def won(votes, size, spread=None):
    return Counter(seat.party for seat in allocate(votes, size, spread).seats)


# --- One dapil ------------------------------------------------------------------------------


def test_the_greatest_quotients_get_the_seats_in_their_order():
    assert allocate(EXAMPLE, 6).seats == (
        Seat(1, 1, 30_000, 1),
        Seat(2, 2, 20_000, 1),
        Seat(3, 3, 15_000, 1),
        Seat(4, 1, 30_000, 3),
        Seat(5, 4, 7_000, 1),
        Seat(6, 2, 20_000, 3),
    )


def test_quotients_are_compared_exactly_and_not_rounded():
    # 100 / 3 is more than 33, by a third of a vote.
    assert won({1: 100, 2: 33}, 2) == {1: 2}
    assert won({1: 100, 2: 34}, 2) == {1: 1, 2: 1}


def test_nobody_has_a_seat_before_there_is_a_vote():
    nothing = allocate({1: 0, 2: 0}, 7)
    assert (nothing.seats, nothing.tie) == ((), None)
    assert can_change({1: 0, 2: 0}, nothing, added=0)


def test_equal_quotients_that_all_win_are_no_tie():
    found = allocate({1: 30, 2: 30}, 2)
    assert [seat.party for seat in found.seats] == [1, 2]
    assert found.tie is None


def test_the_last_seat_is_tied_and_nobody_has_it():
    found = allocate({1: 90, 2: 30, 3: 30}, 2)
    assert found.tie == Tie(among=(1, 2, 3), places=1)
    assert [seat.party for seat in found.seats] == [1]
    assert can_change({1: 90, 2: 30, 3: 30}, found, added=0)


@pytest.mark.parametrize(
    ("spread", "winner"),
    [
        ({1: (3, 20), 2: (4, 10)}, 2),  # more kabupaten
        ({1: (4, 20), 2: (4, 21)}, 2),  # as many, more kecamatan
        ({1: (4, 22), 2: (4, 21)}, 1),
    ],
)
def test_of_equal_quotients_the_votes_that_are_spread_wider_win(spread, winner):
    found = allocate({1: 50, 2: 50}, 1, spread)
    assert (found.tie, [seat.party for seat in found.seats]) == (None, [winner])


def test_what_spread_decides_in_part_is_a_tie_of_the_rest():
    found = allocate({1: 50, 2: 50, 3: 50, 4: 50}, 2, {1: (2,), 2: (5,), 3: (2,), 4: (1,)})
    assert ([seat.party for seat in found.seats], found.tie) == ([2], Tie((1, 3), 1))


# --- What always holds ----------------------------------------------------------------------


@patiently
@given(votes_by_party, sizes)
def test_all_seats_are_given_or_tied_as_soon_as_there_is_a_vote(votes, size):
    found = allocate(votes, size)
    open_seats = found.tie.places if found.tie else 0
    assert len(found.seats) + open_seats == (size if any(votes.values()) else 0)
    assert found.tie is None or len(found.tie.among) > found.tie.places > 0


@patiently
@given(votes_by_party, sizes, st.randoms(use_true_random=False))
def test_the_order_of_the_parties_makes_no_difference(votes, size, chance):
    shuffled = list(votes.items())
    chance.shuffle(shuffled)
    assert allocate(dict(shuffled), size) == allocate(votes, size)


@patiently
@given(votes_by_party, sizes, st.data())
def test_more_votes_never_cost_a_party_a_seat(votes, size, data):
    party = data.draw(st.sampled_from(sorted(votes)))
    more = votes | {party: votes[party] + data.draw(st.integers(1, 100_000))}
    before, after = allocate(votes, size), allocate(more, size)
    assert after.of(party) >= before.of(party)
    assert all(after.of(other) <= most(before, other) for other in votes if other != party)


def most(allocation, party):
    tied = allocation.tie
    return allocation.of(party) + (tied is not None and party in tied.among)


@patiently
@given(votes_by_party, sizes)
def test_a_seat_is_worth_no_less_than_any_quotient_that_has_none(votes, size):
    found = allocate(votes, size)
    lost = [Fraction(votes[party], 2 * found.of(party) + 1) for party in votes]
    assert all(Fraction(seat.votes, seat.divisor) >= max(lost) for seat in found.seats)


@patiently
@given(votes_by_party, sizes, st.integers(2, 50))
def test_only_the_proportions_count(votes, size, times):
    found = allocate({party: times * many for party, many in votes.items()}, size)
    same = allocate(votes, size)
    assert ([seat.party for seat in found.seats], found.tie) == ([seat.party for seat in same.seats], same.tie)


@patiently
@given(votes_by_party, sizes)
def test_a_spread_that_tells_all_apart_leaves_no_tie(votes, size):
    assert allocate(votes, size, {party: (party,) for party in votes}).tie is None


# --- The threshold --------------------------------------------------------------------------


def test_four_percent_of_all_votes_is_enough_and_a_vote_less_is_not():
    assert passing({1: 4, 2: 96}) == {1, 2}
    assert passing({1: 399, 2: 9_601}) == {2}
    assert passing({1: 0, 2: 0}) == set()


def test_only_dpr_has_a_threshold():
    assert threshold_of("dpr") == THRESHOLD == Fraction(1, 25)
    assert threshold_of("dprd_prov") is threshold_of("dprd_kabko") is None


@patiently
@given(votes_by_party)
def test_who_has_more_than_a_passing_party_passes(votes):
    over = passing(votes)
    assert all(party in over for party in votes if over and votes[party] >= min(votes[one] for one in over))


# --- Candidates -----------------------------------------------------------------------------


def test_the_candidates_with_the_most_votes_are_elected():
    assert elect({1: 50, 2: 70, 3: 60}, 2) == Elected((2, 3))
    assert elect({1: 50, 2: 70}, 0) == Elected(())


def test_equal_candidates_are_a_tie_until_spread_tells_them_apart():
    assert elect({1: 50, 2: 70, 3: 50}, 2) == Elected((2,), Tie((1, 3), 1))
    assert elect({1: 50, 2: 70, 3: 50}, 2, {1: (1,), 3: (2,)}) == Elected((2, 3))
    assert elect({1: 70, 2: 70}, 2) == Elected((1, 2))


def test_a_party_with_more_seats_than_candidates_leaves_some_vacant():
    assert elect({1: 50}, 3) == Elected((1,), None, vacant=2)


# --- What could still change ----------------------------------------------------------------


def test_the_margin_is_what_draws_level_with_the_last_seat():
    # The last seat is B's at 20,000 / 3; C's next quotient is 15,000 / 3, A's 30,000 / 5, E's 5,000.
    found = margin(EXAMPLE, allocate(EXAMPLE, 6))
    assert found == Margin(holder=2, rival=5, votes=1_667)
    assert won(EXAMPLE | {5: 5_000 + 1_666}, 6)[5] == 0
    assert won(EXAMPLE | {5: 5_000 + 1_667}, 6)[5] == 1


def test_no_margin_where_one_party_stands_alone():
    assert margin({1: 10}, allocate({1: 10}, 3)) is None
    assert not can_change({1: 10}, allocate({1: 10}, 3), added=1_000)


@patiently
@given(votes_by_party, sizes)
def test_the_margin_is_the_least_that_can_change_a_seat(votes, size):
    found = allocate(votes, size)
    if found.tie or len(found.seats) < size or (least := margin(votes, found)) is None:
        return
    assert can_change(votes, found, added=least.votes)
    assert not least.votes or not can_change(votes, found, added=least.votes - 1)
    moved = allocate(votes | {least.rival: votes[least.rival] + least.votes}, size)
    assert moved.tie or any(moved.of(party) != found.of(party) for party in votes)


@patiently
@given(votes_by_party, sizes, st.data())
def test_what_is_said_not_to_change_a_seat_does_not(votes, size, data):
    """However the votes that are out fall, and the doubtful ones move."""
    found = allocate(votes, size)
    added, moved = data.draw(st.integers(0, 5_000)), data.draw(st.integers(0, 2_000))
    if can_change(votes, found, added, moved):
        return
    parties = sorted(votes)
    late = dict(votes)
    for _ in range(3):
        late[data.draw(st.sampled_from(parties))] += added // 3
    loser, winner = data.draw(st.sampled_from(parties)), data.draw(st.sampled_from(parties))
    taken = min(moved, votes[loser])
    late[loser] -= taken
    late[winner] += taken
    after = allocate(late, size)
    assert after.tie is None
    assert {party: after.of(party) for party in votes} == {party: found.of(party) for party in votes}


def test_a_party_near_the_threshold_may_cross_it():
    national = {1: 390, 2: 9_210, 3: 400}  # 3.9 and 4 %
    assert may_cross(national, added=0) == set()
    assert may_cross(national, added=1) == {3}  # falls, if none is for it
    assert may_cross(national, added=11) == {1, 3}
    assert may_cross(national, added=0, moved=10) == {1, 3}
    assert may_cross({1: 0, 2: 0}, added=0) == {1, 2}


@patiently
@given(votes_by_party, st.integers(0, 100_000), st.data())
def test_what_may_not_cross_stays_on_its_side(national, added, data):
    may = may_cross(national, added)
    late = dict(national)
    late[data.draw(st.sampled_from(sorted(national)))] += added
    before, after = passing(national), passing(late)
    assert (before ^ after) <= may or not any(national.values())


# --- 2024 -----------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def official(shared):
    """Seats by dapil; votes and seats by (dapil, party); votes and who was elected by (dapil, party, candidate)."""
    data = shared / "data"
    with (data / "dapil.csv").open(newline="") as file:
        sizes = {row["dapil_code"]: int(row["seats"]) for row in csv.DictReader(file) if row["election"] == "DPR"}
    parties = defaultdict(dict)
    with (data / "reference_dpr_dapil.csv").open(newline="") as file:
        for row in csv.DictReader(file):
            number = int(row["partai_no"])
            parties[row["dapil_code"]][number] = (int(row["suara_total"]), int(row["kursi"]))
    candidates = defaultdict(dict)
    with gzip.open(data / "caleg_dpr.csv.gz", "rt", newline="") as file:
        for row in csv.DictReader(file):
            party = row["dapil_code"], int(row["partai_no"])
            # One candidate of 9,917 has no figure in the source.
            candidates[party][int(row["nomor_urut"])] = (int(row["suara"] or 0), row["terpilih"] == "1")
    return sizes, dict(parties), dict(candidates)


def test_the_threshold_of_2024(official, shared):
    _sizes, parties, _candidates = official
    national = Counter()
    for dapil in parties.values():
        national.update({party: votes for party, (votes, _seats) in dapil.items()})
    with (shared / "data" / "partai.csv").open(newline="") as file:
        listed = [row for row in csv.DictReader(file) if row["suara_dpr_nasional"]]
    assert national == {int(row["nomor_urut"]): int(row["suara_dpr_nasional"]) for row in listed}
    assert passing(national) == {int(row["nomor_urut"]) for row in listed if row["kursi_dpr"] != "0"}
    assert passing(national) == {1, 2, 3, 4, 5, 8, 12, 14}  # PPP, with 3.87 %, not


def test_all_84_dapil_and_580_elected_of_2024(official, shared):
    sizes, parties, candidates = official
    national = Counter()
    for dapil in parties.values():
        national.update({party: votes for party, (votes, _seats) in dapil.items()})
    over = passing(national)
    equal, elected, seats = 0, 0, Counter()
    for dapil, size in sizes.items():
        found = allocate({party: votes for party, (votes, _) in parties[dapil].items() if party in over}, size)
        assert found.tie is None
        equal += {party: found.of(party) for party in parties[dapil]} == {
            party: official for party, (_, official) in parties[dapil].items()
        }
        for party in over:
            seats[party] += found.of(party)
            votes = candidates.get((dapil, party), {})
            chosen = elect({one: many for one, (many, _) in votes.items()}, found.of(party))
            assert (chosen.tie, chosen.vacant) == (None, 0)
            assert set(chosen.candidates) == {one for one, (_, yes) in votes.items() if yes}, (dapil, party)
            elected += len(chosen.candidates)
    assert (len(sizes), equal, elected) == (84, 84, 580)
    with (shared / "data" / "partai.csv").open(newline="") as file:
        listed = {int(row["nomor_urut"]): int(row["kursi_dpr"]) for row in csv.DictReader(file) if row["kursi_dpr"]}
    assert {party: seats[party] for party in listed} == listed
