"""The seats of a council by the TPS that are counted so far, and what those that are not could change.

The rules are in `aggregation.seats`; here they are applied to the tallies of a council's dapil. What is said to be
unable to change cannot, however the rest is counted, as far as a TPS has no more votes than ballots, and as far as
the DPT of what is not counted is known (`Out.bound`).
"""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from functools import cached_property

from aggregation import columns, dapil, seats
from aggregation.dapil import Dapil
from aggregation.seats import Allocation, Elected, Margin

# A TPS has as many ballots as voters in its DPT and 2 % more, rounded up (C.Hasil: "termasuk cadangan 2% dari DPT").
RESERVE = Fraction(2, 100)
# Voters of a TPS where the DPT of none is known: the most there may be (rule R12 of the forms).
MOST_VOTERS = 300


@dataclass(frozen=True)
class Out:
    """What of a dapil is not counted, or in doubt: TPS, and at most so many votes."""

    stations: int
    votes: int
    disputed: int
    disputed_votes: int
    bound: str  # what the bound is made of: "dpt", or the "limit" of all TPS


@dataclass(frozen=True)
class Estimate:
    """A dapil with its seats, who would have them, and what is out."""

    dapil: Dapil
    taking_part: frozenset[int]
    allocation: Allocation | None  # None where nobody has said how many seats there are
    elected: Mapping[int, Elected]  # by party; of those with a seat whose candidates are known
    out: Out

    @cached_property
    def votes(self) -> dict[int, int]:
        """Of the parties that take part."""
        return {party: votes for party, votes in self.dapil.votes.items() if party in self.taking_part}

    @cached_property
    def can_change(self) -> bool | None:
        """Whether a seat could still move among the parties that take part; None where seats are not known."""
        if self.allocation is None:
            return None
        return seats.can_change(self.votes, self.allocation, self.out.votes, self.out.disputed_votes)

    @cached_property
    def margin(self) -> Margin | None:
        """None where there is nothing to compare: no seats, or some that nobody has yet."""
        if self.allocation is None or len(self.allocation.seats) < self.allocation.size:
            return None
        return seats.margin(self.votes, self.allocation)


@dataclass(frozen=True)
class CouncilEstimate:
    """A council: its dapil, the votes of all of them, and who is over the threshold or could cross it."""

    dapil: Sequence[Estimate]
    threshold: Fraction | None
    votes: Mapping[int, int]
    passing: frozenset[int]
    may_cross: frozenset[int]


def of_council(all_dapil: Sequence[Dapil], kind: str) -> CouncilEstimate:
    """The estimate for these dapil, which are all of their council.

    One query where parties are tied for a seat, and one where candidates are; none else.
    """
    votes: dict[int, int] = {}
    for one in all_dapil:
        for party, had in one.votes.items():
            votes[party] = votes.get(party, 0) + had
    threshold = seats.threshold_of(kind)
    passing = frozenset(votes) if threshold is None else seats.passing(votes, threshold)
    allocations = _allocations(all_dapil, passing)
    elected = _elected(all_dapil, allocations)
    found = [
        Estimate(one, passing & one.votes.keys(), allocations.get(one.contest.pk), elected[one.contest.pk], out_of(one))
        for one in all_dapil
    ]
    crossing: frozenset[int] = frozenset()
    if threshold is not None:
        added, moved = sum(one.out.votes for one in found), sum(one.out.disputed_votes for one in found)
        crossing = seats.may_cross(votes, added, moved, threshold)
    return CouncilEstimate(found, threshold, votes, passing, crossing)


def _allocations(all_dapil: Sequence[Dapil], passing: frozenset[int]) -> dict[int, Allocation]:
    """The seats of each dapil, by contest, of those whose number of seats is known."""
    known = {one.contest.pk: one for one in all_dapil if one.contest.seats}
    votes = {pk: {party: had for party, had in one.votes.items() if party in passing} for pk, one in known.items()}
    sizes = {pk: one.contest.seats or 0 for pk, one in known.items()}
    found = {pk: seats.allocate(votes[pk], sizes[pk]) for pk in known}
    tied = {pk: allocation.tie.among for pk, allocation in found.items() if allocation.tie}
    wide = dapil.spread((pk, known[pk].place(party)) for pk, among in tied.items() for party in among)
    for pk, among in tied.items():
        spread = {party: wide.get((pk, known[pk].place(party)), ()) for party in among}
        found[pk] = seats.allocate(votes[pk], sizes[pk], spread)
    return found


def _elected(all_dapil: Sequence[Dapil], allocations: Mapping[int, Allocation]) -> dict[int, dict[int, Elected]]:
    """By contest and party, of parties with seats whose candidates are known."""
    by_contest = {one.contest.pk: one for one in all_dapil}
    asked = {
        (pk, party): (one.candidates(party), allocations[pk].of(party))
        for pk, one in by_contest.items()
        if pk in allocations
        for party in one.votes
    }
    asked = {which: (votes, many) for which, (votes, many) in asked.items() if votes and many}
    found = {which: seats.elect(votes, many) for which, (votes, many) in asked.items()}
    tied = {which: elected.tie.among for which, elected in found.items() if elected.tie}
    places = {
        (pk, party, one): by_contest[pk].place(party, one)
        for (pk, party), among in tied.items()
        for one in among
        if asked[pk, party][0][one]  # no votes are spread nowhere
    }
    wide = dapil.spread((pk, place) for (pk, _party, _one), place in places.items())
    for (pk, party), among in tied.items():
        spread = {one: wide.get((pk, places.get((pk, party, one), 0)), ()) for one in among}
        found[pk, party] = seats.elect(*asked[pk, party], spread)
    by_dapil: dict[int, dict[int, Elected]] = {pk: {} for pk in by_contest}
    for (pk, party), elected in found.items():
        by_dapil[pk][party] = elected
    return by_dapil


def out_of(one: Dapil) -> Out:
    """What of a dapil is not counted, and what is disputed.

    Excluded TPS are among what is not counted: a repeated vote may still come of them.
    """
    stations = max(one.stations - one.named[columns.COUNTED], 0)
    disputed = one.named[columns.COUNTED_DISPUTED]
    average = Fraction(one.registered_voters, one.dpt_known) if one.dpt_known else Fraction(MOST_VOTERS)
    if not one.dpt_known:
        bound, voters = "limit", average * stations
    else:
        # Where some DPT are not known, those TPS are taken to have the average, and to be among what is not counted.
        unknown = min(max(one.stations - one.dpt_known, 0), stations)
        bound, voters = "dpt", max(one.registered_voters - one.named[columns.VOTERS], 0) + average * unknown
    return Out(
        stations,
        ballots(voters, stations),
        disputed,
        ballots(average * disputed, disputed),
        bound if stations else "dpt",
    )


def ballots(voters: Fraction | int, stations: int) -> int:
    """The most votes that so many TPS with so many voters together can have."""
    return math.ceil(voters * (1 + RESERVE)) + stations if stations else 0
