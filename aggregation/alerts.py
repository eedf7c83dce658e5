"""Could the order of the options still change? By leaving out TPS in dispute, or by the TPS that are not counted.

Pure: numbers in, data out. What is said of the TPS that are not counted is a bound, not a forecast: nothing is assumed
about how they voted. What they may be expected to hold is `aggregation.estimate`'s.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

# Ballots at a TPS are its DPT and 2 % of it (UU 7/2017, article 344 (2); form rule R8). Those for voters who moved in
# are left out: they are on the DPT of another TPS.
RESERVE_PERCENT = 2
# Voters at a TPS whose DPT nobody knows: the most that KPU allows (form rule R12).
MOST_VOTERS = 300


@dataclass(frozen=True)
class Standing:
    """What stands in a region. Votes by the options' keys, in ballot order."""

    votes: Mapping[str, int]
    disputed: Mapping[str, int]  # of these, the votes of TPS in dispute
    disputed_stations: int
    missing_stations: int  # TPS without votes of every option; excluded ones left out
    registered_voters: int  # DPT of all TPS, as far as it is known
    counted_voters: int  # DPT of the counted
    unknown_stations: int = 0  # TPS not counted whose DPT is not known


def alerts(standing: Standing) -> dict[str, Any]:
    """What could change the order of the options, with the numbers it follows from.

    `order`: keys by votes, equal ones in ballot order. `without_disputed`: votes, shares and order where TPS in dispute
    are left out, and the pairs that change places. `missing`: ballots that the TPS not counted can hold at most, and
    hold if their turnout is that of the counted; for each pair of neighbours in the order whether that many votes for
    the one below would reach the one above. Nothing is said of `missing` before there are votes.
    """
    order = _order(standing.votes)
    return {"order": order, "without_disputed": _without(standing, order), "missing": _missing(standing, order)}


def _order(votes: Mapping[str, int]) -> list[str]:
    return sorted(votes, key=lambda key: -votes[key])


def _without(standing: Standing, order: list[str]) -> dict[str, Any]:
    votes = {key: number - standing.disputed.get(key, 0) for key, number in standing.votes.items()}
    total = sum(votes.values())
    changed = [
        {
            "above": above,
            "below": below,
            "lead": standing.votes[above] - standing.votes[below],
            "lead_without": votes[above] - votes[below],
        }
        for i, above in enumerate(order)
        for below in order[i + 1 :]
        # A lead that is gone is a change, too: neither is ahead then.
        if votes[above] < votes[below] or votes[above] == votes[below] < standing.votes[above] != standing.votes[below]
    ]
    return {
        "stations": standing.disputed_stations,
        "votes": votes,
        "shares": {key: round(number / total, 6) if total else None for key, number in votes.items()},
        "order": _order(votes),
        "changes": changed,
    }


def _missing(standing: Standing, order: list[str]) -> dict[str, Any]:
    known = max(standing.registered_voters - standing.counted_voters, 0) if standing.missing_stations else 0
    # Where no DPT at all is known, none of these TPS has one.
    unknown = standing.unknown_stations or (0 if known else standing.missing_stations)
    voters = known + unknown * MOST_VOTERS
    ballots = voters + -(-voters * RESERVE_PERCENT // 100)
    counted = sum(standing.votes.values())
    usual = min(round(voters * counted / standing.counted_voters), ballots) if standing.counted_voters else None
    return {
        "stations": standing.missing_stations,
        "voters": voters,
        "unknown_stations": unknown,
        "ballots": ballots,
        "at_usual_turnout": usual,
        "pairs": [_pair(standing.votes, above, below, ballots, usual) for above, below in pairwise(order)]
        if counted
        else [],
    }


def _pair(votes: Mapping[str, int], above: str, below: str, ballots: int, usual: int | None) -> dict[str, Any]:
    lead = votes[above] - votes[below]
    return {
        "above": above,
        "below": below,
        "lead": lead,
        "could_change": 0 < ballots >= lead,
        "could_at_usual_turnout": None if usual is None else 0 < usual >= lead,
        # By how much the one below must be ahead among the votes that are missing, 0 to 1; more than 1 cannot be.
        "needed": round(lead / usual, 4) if usual else None,
        "so_far": round(-lead / sum(votes.values()), 4),
    }
