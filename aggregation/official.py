"""Comparing our numbers with those that an official source published: a difference is a question to both.

Only what stands on both sides is compared: a field that one side does not have is no difference, and no 0.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from django.db import connection

from tps.models import Contest

Numbers = Mapping[str, int | None]


@dataclass(frozen=True)
class Compared:
    """One field that both sides have."""

    key: str
    ours: int
    theirs: int

    @property
    def difference(self) -> int:
        """Ours less theirs."""
        return self.ours - self.theirs


@dataclass(frozen=True)
class Comparison:
    """Two sets of numbers side by side."""

    fields: list[Compared]
    votes: int  # by how many votes they differ, summed over the options that both have
    others: int  # the same of all other fields

    @property
    def differ(self) -> bool:
        return bool(self.votes or self.others)


def compare(ours: Numbers, theirs: Numbers, votes: Sequence[str]) -> Comparison:
    """Both sides' numbers by field; `votes` are the fields of the options."""
    both = [
        Compared(key, mine, other)
        for key, mine in ours.items()
        if mine is not None and (other := theirs.get(key)) is not None
    ]
    off = {one.key: abs(one.difference) for one in both}
    in_votes = sum(size for key, size in off.items() if key in votes)
    return Comparison(both, in_votes, sum(off.values()) - in_votes)


# --- Over time --------------------------------------------------------------------------------


@dataclass(frozen=True)
class Step:
    """What a source published from one instant on, and by how much that is more or less than before.

    A change is None where a number stands on one side only. `down`: a vote count became smaller.
    """

    taken_at: datetime
    figures: dict[str, int | None]  # empty: withdrawn
    changes: dict[str, int | None]
    down: bool
    total: int | None  # of the options, where all are there


def steps(versions: Iterable[tuple[datetime, dict[str, int | None]]], votes: Sequence[str]) -> list[Step]:
    """The versions of one TPS or region in the order of time, each beside the one before it."""
    found: list[Step] = []
    before: dict[str, int | None] = {}
    for taken_at, figures in versions:
        changes = {key: _less(figures.get(key), before.get(key)) for key in figures}
        said = [figures.get(key) for key in votes]
        numbers = [one for one in said if one is not None]
        found.append(
            Step(
                taken_at=taken_at,
                figures=figures,
                changes=changes,
                down=any((changes.get(key) or 0) < 0 for key in votes),
                total=sum(numbers) if votes and len(numbers) == len(said) else None,
            )
        )
        before = figures
    return found


def _less(now: int | None, then: int | None) -> int | None:
    return None if now is None or then is None else now - then


def steps_down(found: Iterable[Step]) -> int:
    return sum(step.down for step in found)


def line(found: Sequence[Step], width: int, height: int) -> list[tuple[int, int]]:
    """The totals as points of a drawing: time to the right, more votes higher up, 0 at the bottom."""
    drawn = [(step.taken_at.timestamp(), step.total) for step in found if step.total is not None]
    if not drawn:
        return []
    first, last, most = drawn[0][0], drawn[-1][0], max(total for _, total in drawn) or 1
    return [
        (round(width * (at - first) / ((last - first) or 1)), round(height - height * total / most))
        for at, total in drawn
    ]


def falls(points: Sequence[tuple[int, int]], found: Sequence[Step]) -> list[tuple[int, int]]:
    """The points of the steps down among those that `line` draws."""
    drawn = [step for step in found if step.total is not None]
    return [point for point, step in zip(points, drawn, strict=True) if step.down]


# --- For pages of regions and TPS -------------------------------------------------------------


@dataclass(frozen=True)
class Official:
    """What a source published for one TPS or region.

    `figures` are its own, as published for this very code. The rest is of a region, from the figures of its TPS:
    `sums` over all `stations` that have one (`behind`: how many TPS each sum has), and like with like, over the
    `paired` TPS where the votes of all options stand on both sides, `ours` and `theirs` (`compared`: TPS behind each
    field).
    """

    source: str
    taken_at: datetime | None  # since when `figures` stand
    figures: dict[str, int | None] | None
    stations: int = 0
    paired: int = 0
    differ: int = 0  # TPS of `paired` whose votes differ
    sums: dict[str, int] = field(default_factory=dict)
    behind: dict[str, int] = field(default_factory=dict)
    ours: dict[str, int] = field(default_factory=dict)
    theirs: dict[str, int] = field(default_factory=dict)
    compared: dict[str, int] = field(default_factory=dict)
    refreshed_at: datetime | None = None  # when ours and theirs were last compared


_FIGURES_OF = """
    SELECT c.code, o.word, o.keys, o.refreshed_at, f.taken_at, f.figures,
           t.stations, t.paired, t.differ, t.sums, t.behind, t.ours, t.theirs, t.compared
      FROM (SELECT * FROM aggregation_officialsource
             WHERE contest_id = %(contest)s AND (%(word)s = '' OR word = %(word)s) ORDER BY id LIMIT 1) o
     CROSS JOIN unnest(%(codes)s::text[]) AS c(code)
      LEFT JOIN LATERAL (
            SELECT taken_at, figures FROM aggregation_officialfigure
             WHERE source_id = o.id AND code = c.code COLLATE "C" ORDER BY taken_at DESC LIMIT 1
           ) f ON true
      LEFT JOIN aggregation_officialtally t ON t.source_id = o.id AND t.region_id = c.code COLLATE "C"
     WHERE f.figures IS NOT NULL OR t.id IS NOT NULL
"""


def figures_of(contest: Contest, codes: Iterable[str], source: str = "") -> dict[str, Official]:
    """The newest official figures of these TPS and regions (`""` is the nation), where there are any. One query.

    Without `source` it is the contest's first one.
    """
    with connection.cursor() as cursor:
        cursor.execute(_FIGURES_OF, {"contest": contest.pk, "word": source, "codes": list(codes)})
        rows = cursor.fetchall()
    found = {}
    for code, word, keys, refreshed_at, taken_at, figures, stations, paired, differ, *arrays in rows:
        sums, behind, ours, theirs, compared = (dict(zip(keys, one or (), strict=False)) for one in arrays)
        found[code] = Official(
            source=word,
            taken_at=taken_at if figures is not None else None,
            figures=by_key(keys, figures) if figures is not None else None,
            stations=stations or 0,
            paired=paired or 0,
            differ=differ or 0,
            sums=sums,
            behind=behind,
            ours=ours,
            theirs=theirs,
            compared=compared,
            refreshed_at=refreshed_at,
        )
    return found


def by_key(keys: Sequence[str], figures: Sequence[int | None] | None) -> dict[str, int | None]:
    """Stored figures by field; empty where they were withdrawn."""
    if figures is None:
        return {}
    padded = [*figures, *([None] * (len(keys) - len(figures)))]
    return dict(zip(keys, padded, strict=False))
