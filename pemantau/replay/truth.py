"""What the public must see, summed up here from what stands on the papers, and held against what it does see.

Rules as the platform states them (docs/numbers.md): a sum counts every number as written, an empty box
counts 0 and stands behind the sum, an unreadable figure is no number. Of rows with men, women and both,
only both are summed.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from pemantau.replay.places import NATION
from pemantau.replay.shots import KOSONG, PPWP, Ballot, Numbers, Value


@dataclass(frozen=True)
class Expected:
    """What one region's document must say."""

    stations: int
    sums: dict[str, int]
    stations_behind: dict[str, int]
    received: int
    counted: int
    complete: int


def number_of(value: Value | None) -> int | None:
    """What a box adds to a sum; None where there is no number."""
    if value == KOSONG:
        return 0
    return value if isinstance(value, int) else None


def expected(papers: Mapping[str, Numbers], region: str, ballot: Ballot = PPWP) -> Expected:
    """Sum up the papers of all TPS of a region."""
    prefix = "" if region == NATION else region
    inside = [numbers for code, numbers in papers.items() if code.startswith(prefix)]
    sums = dict.fromkeys(ballot.summed, 0)
    behind = dict.fromkeys(ballot.summed, 0)
    counted = complete = received = 0
    for numbers in inside:
        read = {key: number for key, value in numbers.items() if (number := number_of(value)) is not None}
        for key in ballot.summed:
            if key in read:
                sums[key] += read[key]
                behind[key] += 1
        received += bool(numbers)
        counted += all(key in read for key in ballot.votes)
        complete += all(key in read for key in ballot.fields)
    return Expected(len(inside), sums, behind, received, counted, complete)


def differences_in_region(
    papers: Mapping[str, Numbers],
    code: str,
    document: Mapping[str, Any],
    *,
    whole: bool = True,
    ballot: Ballot = PPWP,
) -> Iterator[str]:
    """Sentences about everything in a region's document that is not as it must be.

    Not `whole`: the region has TPS that the papers do not know, and of which nothing was sent.
    """
    want = expected(papers, code, ballot)
    pairs = {
        "stations": (want.stations if whole else max(want.stations, document["stations"]), document["stations"]),
        "received": (want.received, document["counts"]["received"]),
        "counted": (want.counted, document["counts"]["counted"]),
        "complete": (want.complete, document["counts"]["complete"]),
        "disputed": (0, document["counts"]["disputed"]),
        **{f"sum of {key}": (number, document["sums"].get(key)) for key, number in want.sums.items()},
        **{f"TPS behind {key}": (n, document["stations_behind"].get(key)) for key, n in want.stations_behind.items()},
    }
    for what, (right, shown) in pairs.items():
        if right != shown:
            yield f"{code}: {what} is {shown}, must be {right}"
    for key in ballot.summed:
        below = sum(child["sums"][key] for child in document["children"])
        if below != document["sums"][key]:
            yield f"{code}: {key} is {document['sums'][key]}, its children's add up to {below}"


def differences_at_station(
    code: str, numbers: Numbers, shown: Mapping[str, Any], ballot: Ballot = PPWP
) -> Iterator[str]:
    """The same for one TPS; `shown` maps keys to the numbers that its document says stand there."""
    for key in ballot.fields:
        right = numbers.get(key)
        if shown.get(key) != right:
            yield f"TPS {code}: {key} is {shown.get(key)}, must be {right}"
