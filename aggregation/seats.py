"""Who gets the seats of a dapil: Sainte-Laguë among parties, then the most votes inside each party.

The law, UU 7/2017 (what of it was read where stands in `docs/seats.md`):

- pasal 414 (1): only parties with at least 4 % of all valid votes in the nation take part in the seats of DPR;
  414 (2): for DPRD provinsi and kabupaten/kota all parties do;
- pasal 415 (2), (3) and 420: a party's valid votes in the dapil are divided by 1, 3, 5, 7 …; the greatest quotients
  get the seats, until there are no more;
- pasal 422: a party's seats go to those of its candidates who have the most votes in the dapil.

Where quotients, or candidates, are equal and there are seats for some of them only, the votes that are spread wider
go first, as pasal 416 (4) has it for president. What that does not decide is a `Tie`, by name: nothing here draws lots
or falls back on ballot order.

Everything is whole numbers; nothing is rounded. Parties and candidates are their ballot numbers.
"""

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import Any, TypeVar

from tps.models import Contest

# UU 7/2017 pasal 414 (1), for DPR. Another law would set another one: see docs/seats.md.
THRESHOLD = Fraction(4, 100)

# How wide votes are spread: in how many regions there are any, the widest regions first (kabupaten/kota, kecamatan,
# kelurahan). Compared in that order.
Spread = Mapping[int, Sequence[int]]

T = TypeVar("T")


@dataclass(frozen=True)
class Seat:
    """The `number`th seat of a dapil, won by `votes` / `divisor`."""

    number: int
    party: int
    votes: int
    divisor: int


@dataclass(frozen=True)
class Tie:
    """These are equal, by votes and by spread, and only `places` of them can have a seat."""

    among: tuple[int, ...]
    places: int


@dataclass(frozen=True)
class Allocation:
    """The seats of a dapil in the order in which they are won; fewer than `size` where there is a tie, or no vote."""

    size: int
    seats: tuple[Seat, ...]
    tie: Tie | None = None

    def of(self, party: int) -> int:
        """How many seats this party has for certain."""
        return sum(seat.party == party for seat in self.seats)


@dataclass(frozen=True)
class Elected:
    """A party's candidates who get its seats, most votes first.

    `vacant`: seats for which there is no candidate.
    """

    candidates: tuple[int, ...]
    tie: Tie | None = None
    vacant: int = 0


@dataclass(frozen=True)
class Margin:
    """So many more votes of `rival` draw level with the last seat of `holder`; no other pair needs fewer."""

    holder: int
    rival: int
    votes: int


def passing(national: Mapping[int, int], threshold: Fraction = THRESHOLD) -> frozenset[int]:
    """The parties that have at least `threshold` of all valid votes; none where there is no vote yet."""
    total = sum(national.values())
    return frozenset(party for party, votes in national.items() if total and votes >= threshold * total)


def threshold_of(kind: str) -> Fraction | None:
    """The threshold for contests of this kind: DPR has one, the DPRD have none (pasal 414)."""
    return THRESHOLD if kind == Contest.Kind.DPR else None


def allocate(votes: Mapping[int, int], size: int, spread: Spread | None = None) -> Allocation:
    """Give out the `size` seats of a dapil among `votes` by party: only those that take part.

    A party without votes gets no seat. The order of the parties makes no difference.
    """
    quotients = [(party, 2 * n + 1) for party, had in votes.items() if had for n in range(size)]
    # A common multiple makes every quotient a whole number, and comparing exact.
    multiple = math.lcm(*range(1, 2 * size, 2))
    worth = {place: votes[place[0]] * multiple // place[1] for place in quotients}
    # Of equal quotients that all win, or none, the order is only how they are listed: by ballot number.
    order = sorted(quotients, key=lambda place: (-worth[place], _narrow(spread, place[0]), place[0]))
    won, tied = _cut(order, size, lambda place: (worth[place], _narrow(spread, place[0])))
    won = sorted(won, key=lambda place: (-worth[place], place[0]))
    return Allocation(
        size,
        tuple(Seat(n, party, votes[party], divisor) for n, (party, divisor) in enumerate(won, 1)),
        Tie(tuple(sorted(party for party, _ in tied)), size - len(won)) if tied else None,
    )


def elect(votes: Mapping[int, int], seats: int, spread: Spread | None = None) -> Elected:
    """The candidates of a party who get its `seats`, by their own votes in the dapil."""
    order = sorted(votes, key=lambda one: (-votes[one], _narrow(spread, one), one))
    won, tied = _cut(order, seats, lambda one: (votes[one], _narrow(spread, one)))
    won = sorted(won, key=lambda one: (-votes[one], one))
    return Elected(tuple(won), Tie(tuple(sorted(tied)), seats - len(won)) if tied else None, max(seats - len(votes), 0))


def _cut(order: Sequence[T], places: int, same: Callable[[T], Any]) -> tuple[list[T], list[T]]:
    """The first `places` of an order; where its end falls among equal ones, those before them, and they."""
    if len(order) <= places or not places:
        return list(order[:places]), []
    last, next_one = same(order[places - 1]), same(order[places])
    if last != next_one:
        return list(order[:places]), []
    return [one for one in order[:places] if same(one) != last], [one for one in order if same(one) == last]


def _narrow(spread: Spread | None, one: int) -> tuple[int, ...]:
    """Sorts those whose votes are spread wider first; all alike where that is not known."""
    return tuple(-regions for regions in spread.get(one, ())) if spread else ()


# --- What could still change ----------------------------------------------------------------


def margin(votes: Mapping[int, int], allocation: Allocation) -> Margin | None:
    """The fewest votes, all for one party, that could move a seat; None where no other party can win one.

    Adding votes moves a seat only by lifting the next quotient of one party to the last of another, so this is
    the exact bound: fewer votes, however they fall, change nothing. A tie is not asked about; it is open as it is.
    """
    found = [
        Margin(holder, rival, max(-(-votes[holder] * ahead // last) - votes[rival], 0))
        for holder, rival, last, ahead in _pairs(votes, allocation)
    ]
    return min(found, key=lambda one: (one.votes, one.holder, one.rival), default=None)


def can_change(votes: Mapping[int, int], allocation: Allocation, added: int, moved: int = 0) -> bool:
    """Whether a seat could move (or be tied) with up to `added` more votes, and up to `moved` said otherwise.

    The worst case: all that is added goes to one party, and all that is moved goes to it from another one.
    """
    if allocation.tie or len(allocation.seats) < allocation.size:
        return True
    return any(
        (votes[rival] + added + moved) * last >= (votes[holder] - min(moved, votes[holder])) * ahead
        for holder, rival, last, ahead in _pairs(votes, allocation)
    )


def may_cross(
    national: Mapping[int, int], added: int, moved: int = 0, threshold: Fraction = THRESHOLD
) -> frozenset[int]:
    """The parties that could come to the other side of the threshold, in the worst case as `can_change` has it."""
    total, over = sum(national.values()), passing(national, threshold)
    most = total + added
    if not most:
        return frozenset(national)
    # To come over it, all that is added is for the party; to fall below, none of it is.
    return frozenset(
        party
        for party, votes in national.items()
        if (party in over and max(votes - moved, 0) < threshold * most)
        or (party not in over and min(votes + added + moved, most) >= threshold * most)
    )


def _pairs(votes: Mapping[int, int], allocation: Allocation) -> list[tuple[int, int, int, int]]:
    """Each party with a seat beside each other party: holder, rival, divisors of the one's last and other's next."""
    won = {party: allocation.of(party) for party in votes}
    return [
        (holder, rival, 2 * won[holder] - 1, 2 * won[rival] + 1)
        for holder in votes
        if won[holder]
        for rival in votes
        if rival != holder
    ]
