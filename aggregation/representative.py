"""How far the counted TPS of a region are spread over it as its electorate is. Pure, from a published document."""

from collections.abc import Mapping, Sequence
from typing import Any, Literal

from aggregation.region_document import KNOWN

# Dissimilarity up to which counted TPS are called evenly, and then somewhat unevenly, spread.
EVEN, SOMEWHAT = 0.05, 0.15
# A region is named where its part of what is counted is so many times its part of the electorate, or of that, this.
TIMES = 1.25
# And only where its part of the electorate and of what is counted differ by this much.
NOTABLE = 0.005
MOST_NAMED = 5

Spread = Literal["nothing", "complete", "even", "somewhat", "uneven"]


def representative(document: Mapping[str, Any]) -> dict[str, Any]:
    """Which children of a region document are over- and under-represented among its counted TPS.

    A child's electorate is its DPT; its number of TPS where the DPT of some child is not known (`by`). What is counted
    of it is its DPT times the counted part of its TPS, or, where the document has it, `voters_counted`.

    `coverage`: the counted part of the electorate. `dissimilarity` (Duncan and Duncan, American Sociological Review 20,
    1955): the part of what is counted, 0 to 1, that would have to lie elsewhere. `effective`: the part of the counted
    TPS that would tell as much if they were evenly spread (Kish, Survey Sampling, 1965: 1 / (1 + cv²) of the weights);
    children of which nothing is counted are told by `empty`. A village's children are TPS: of them only the coverage.
    """
    children = [child for child in document["children"] if _stations(child) > 0]
    by_voters = all(child["registered_voters"] and _is_known(child) for child in children)
    size = [float(child["registered_voters"] if by_voters else _stations(child)) for child in children]
    counted = [_counted(child, one, by_voters) for child, one in zip(children, size, strict=True)]
    whole, seen = sum(size), sum(counted)
    empty = sum(one for one, part in zip(size, counted, strict=True) if not part)
    parts = [
        {
            "code": child["code"],
            "name": child["name"],
            "electorate": round(one / whole, 6),
            "counted": round(part / seen, 6) if seen else None,
            "coverage": round(part / one, 6),
        }
        for child, one, part in zip(children, size, counted, strict=True)
    ]
    dissimilarity = sum(abs(c / seen - s / whole) for s, c in zip(size, counted, strict=True)) / 2 if seen else None
    return {
        "by": "registered_voters" if by_voters else "stations",
        "coverage": round(seen / whole, 6) if whole else None,
        "dissimilarity": None if dissimilarity is None else round(dissimilarity, 6),
        "effective": _effective(size, counted),
        "spread": _spread(seen, whole, dissimilarity),
        "empty": {
            "regions": sum(1 for part in counted if not part),
            "electorate": round(empty / whole, 6) if whole else None,
        },
        "children_level": document["children_level"],
        **(_named(parts) if seen and document["children_level"] != "tps" else {"over": [], "under": []}),
    }


def _is_known(child: Mapping[str, Any]) -> bool:
    """Whether its DPT is that of nearly all its TPS."""
    return bool(child.get("dpt_known", child["stations"]) >= KNOWN * child["stations"])


def _stations(child: Mapping[str, Any]) -> int:
    """TPS that may still be counted."""
    return int(child["stations"] or 0) - int(child["counts"]["excluded"])


def _counted(child: Mapping[str, Any], size: float, by_voters: bool) -> float:
    if by_voters and "voters_counted" in child:
        return min(float(child["voters_counted"]), size)
    return size * child["counts"]["counted"] / _stations(child)


def _effective(size: Sequence[float], counted: Sequence[float]) -> float | None:
    """Each counted voter weighs as many as there are for each counted one in its region."""
    weighed = [(one, part) for one, part in zip(size, counted, strict=True) if part]
    if not weighed:
        return None
    total, seen = sum(one for one, _part in weighed), sum(part for _one, part in weighed)
    return round(total**2 / (seen * sum(one**2 / part for one, part in weighed)), 6)


def _spread(seen: float, whole: float, dissimilarity: float | None) -> Spread:
    if dissimilarity is None:
        return "nothing"
    if seen >= whole:
        return "complete"
    return "even" if dissimilarity <= EVEN else "somewhat" if dissimilarity <= SOMEWHAT else "uneven"


def _named(parts: Sequence[dict[str, Any]]) -> dict[str, list[dict[str, Any]]]:
    """The most over- and under-represented, by how many points their parts differ."""
    over = [
        one
        for one in parts
        if one["counted"] >= TIMES * one["electorate"] and one["counted"] - one["electorate"] >= NOTABLE
    ]
    under = [
        one
        for one in parts
        if one["counted"] * TIMES <= one["electorate"] and one["electorate"] - one["counted"] >= NOTABLE
    ]
    return {
        "over": sorted(over, key=lambda one: one["electorate"] - one["counted"])[:MOST_NAMED],
        "under": sorted(under, key=lambda one: one["counted"] - one["electorate"])[:MOST_NAMED],
    }
