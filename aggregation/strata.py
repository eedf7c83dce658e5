"""Moments of what is counted in each stratum of a contest, and the estimates that are made of them.

One statement gives the moments (`aggregation.estimate.Stratum`) of every kecamatan, another those of the villages
of kecamatan that have enough counted. A TPS's size is half its DPT and half the mean of its kecamatan: votes scale
with the DPT, but a prison's TPS with three names on its roll and 300 votes must not stand for a kecamatan. Where a DPT
is not known the mean stands for it. Excluded TPS are in no number here: what becomes of them, nobody knows.
"""
# ruff: noqa: S608 -- what is filled in are positions in an array and numbers of digits, never a request

from collections import defaultdict
from collections.abc import Collection, Iterable
from functools import cache
from itertools import pairwise
from typing import Any

from django.db import connection, transaction

from aggregation import columns
from aggregation.columns import Columns
from aggregation.estimate import FEWEST_STATIONS, Stratum, estimate
from tps.models import Contest

KECAMATAN, VILLAGE = 6, 10
# Of so many regions each TPS is looked up by itself; of more, or of the nation, all are joined at once.
FEW = 20
# Compiling these sums takes longer than adding them.
_NO_JIT = "SET LOCAL jit = off"
# A plan that thinks a code's beginning is rare would walk all kecamatan for each TPS.
_ALL_AT_ONCE = f"{_NO_JIT}; SET LOCAL enable_nestloop = off; SET LOCAL work_mem = '64MB'"
# Around a kecamatan, smallest first: its kabupaten, its province, the nation.
_AROUND = (4, 2, 0)


# The mean DPT of a TPS in the kecamatan `k`; where none is known there, the nation's.
_MEAN = """coalesce(
    nullif(k.registered_voters, 0)::float8 / nullif(k.dpt_known, 0),
    (SELECT nullif(n.registered_voters, 0)::float8 / nullif(n.dpt_known, 0)
     FROM tps_extent n WHERE n.election_id = %(election)s AND n.region_id = ''), 1)"""


@cache
def _moments(layout: Columns, digits: int) -> str:
    """Rows (code, stations, size, counted, …) as `Stratum` has them, of strata whose codes have so many digits.

    `within`: codes of the regions that are asked for.
    """
    at = {name: i for i, name in enumerate(layout.names, start=1)}
    counted, excluded = at[columns.COUNTED], at[columns.EXCLUDED]
    votes = [f"r.amounts[{at[key]}]::float8" for key in layout.votes]
    each = ", ".join(f"{vote} AS v{i}" for i, vote in enumerate(votes))
    names = [f"v{i}" for i in range(len(votes))]
    sums = ["size", "size * size", "size * total", "total", "total * total"]
    sums += [*names, *(f"{v} * {v}" for v in names), *(f"{v} * total" for v in names), *(f"{v} * size" for v in names)]
    summed = ", ".join(f"sum({what}) AS s{i}" for i, what in enumerate(sums))
    shown = ", ".join(f"coalesce(s{i}, 0)" for i in range(len(sums)))
    return f"""
    WITH seen AS (
        SELECT left(region_id, {digits}) AS code, count(*) AS counted, {summed}
        FROM (
            SELECT s.region_id, (coalesce(s.registered_voters, {_MEAN}) + {_MEAN}) / 2 AS size,
                   {" + ".join(votes)} AS total, {each}
            FROM aggregation_result r
            JOIN tps_pollingstation s ON s.id = r.station_id
            JOIN tps_extent k ON k.region_id = left(s.region_id, {KECAMATAN}) AND k.election_id = %(election)s
            JOIN unnest(%(within)s::text[]) w (code) ON w.code = left(s.region_id, %(length)s)
            WHERE r.contest_id = %(contest)s AND r.amounts[{counted}] = 1
              AND s.code >= %(first)s AND s.code < %(last)s
            OFFSET 0  -- each size and total worked out once, not once for each sum that it is in
        ) one
        GROUP BY 1
    )
    SELECT t.region_id, t.stations - t.amounts[{excluded}],
           -- Known DPT, the mean for each one that is not, and the mean once more for all; without those excluded.
           (t.registered_voters + {_MEAN} * (
                (x.stations - x.dpt_known)::float8 * t.stations / x.stations + t.stations
           )) / 2 * (t.stations - t.amounts[{excluded}]) / t.stations,
           coalesce(seen.counted, 0), {shown}
    FROM aggregation_tally t
    JOIN tps_extent x ON x.region_id = t.region_id AND x.election_id = %(election)s
    JOIN tps_extent k ON k.region_id = left(t.region_id, {KECAMATAN}) AND k.election_id = %(election)s
    JOIN unnest(%(within)s::text[]) w (code) ON w.code = left(t.region_id, %(length)s)
    LEFT JOIN seen ON seen.code = t.region_id
    WHERE t.contest_id = %(contest)s AND length(t.region_id) = {digits}
      AND t.region_id >= %(first)s AND t.region_id < %(last)s
      AND t.stations > t.amounts[{excluded}] AND x.stations > 0
    ORDER BY t.region_id
    """


def read(contest: Contest, digits: int = KECAMATAN, within: Collection[str] = ("",)) -> list[Stratum]:
    """The strata of these regions, which have codes of one length, in the order of their codes. One query."""
    if not within:
        return []
    layout = columns.of(contest)
    values: dict[str, Any] = {
        "contest": contest.pk,
        "election": contest.election_id,
        "length": len(next(iter(within))),
        "within": sorted(within),
        # What lies between the first and the last of them is found by the index; ':' is what comes after '9'.
        "first": min(within),
        "last": max(within) + ":",
    }
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(_ALL_AT_ONCE if len(within) > FEW or "" in within else _NO_JIT)
        cursor.execute(_moments(layout, digits), values)
        return [_stratum(row, len(layout.votes)) for row in cursor]


def _stratum(row: tuple[Any, ...], options: int) -> Stratum:
    code, stations, size, counted, *moments = row
    ends = [5 + options * part for part in range(5)]
    tuples = [tuple(moments[begin:end]) for begin, end in pairwise(ends)]
    return Stratum(code, max(stations, counted), size, counted, *moments[:5], *tuples)


def estimate_for(contest: Contest, codes: Iterable[str]) -> dict[str, dict[str, Any]]:
    """The estimates of these regions, from the nation (code "") down to kecamatan, by their codes. Two queries each."""
    found = {}
    for code in codes:
        strata = read(contest, VILLAGE if len(code) == KECAMATAN else KECAMATAN, [code])
        found[code] = _told(contest, strata, code)
    return found


def document(contest: Contest, *, kecamatan: Collection[str] | None = None) -> dict[str, dict[str, Any]]:
    """The estimates of the nation, every province and kabupaten where this contest is voted on, and of kecamatan:
    of these, or of all. By code; one cut for each of the two kinds of strata.

    Four queries. Of a kecamatan with too few counted TPS the villages are not even read.
    """
    strata = read(contest)
    found = {}
    for length in (0, 2, 4):
        for code, below in _by_region(strata, length).items():
            found[code] = _told(contest, below, code)
    wanted = {one.code: one for one in strata if kecamatan is None or one.code in kecamatan}
    enough = {code for code, one in wanted.items() if one.counted >= min(FEWEST_STATIONS, one.stations)}
    of_villages = _by_region(read(contest, VILLAGE, enough), KECAMATAN)
    for code, one in wanted.items():
        found[code] = _told(contest, of_villages.get(code, [one]), code)
    return found


def _by_region(strata: Iterable[Stratum], length: int) -> dict[str, list[Stratum]]:
    found: dict[str, list[Stratum]] = defaultdict(list)
    for one in strata:
        found[one.code[:length]].append(one)
    return found


def _told(contest: Contest, strata: list[Stratum], code: str) -> dict[str, Any]:
    around = [length for length in _AROUND if length > len(code)] + [len(code)]
    if len(code) == KECAMATAN:
        around = [KECAMATAN]
    return estimate(strata, digits=around).data(columns.of(contest).votes)
