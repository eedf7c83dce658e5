"""TPS of a region whose votes are not counted: where somebody should go and look.

Two kinds: no photo has come that nobody rejected or moved away; or a photo is there and the votes of every option are
not read from it yet. Excluded TPS are none of them.
"""
# ruff: noqa: S608 -- what is filled in are positions in an array and conditions from this file, never a request

from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass
from functools import cache
from typing import Any

from django.db import connection

from aggregation import columns
from aggregation.columns import Columns
from tps.models import Contest

# What an address may ask for, and which TPS that leaves.
ALL, NO_PHOTO, UNREAD = "", "tanpa", "ada"
KINDS = (ALL, NO_PHOTO, UNREAD)
# Rows that come from the database at once.
BATCH = 2000


@dataclass(frozen=True, slots=True)
class Missing:
    """A TPS that is not counted."""

    code: str
    number: int
    registered_voters: int | None
    village: str
    district: str
    has_photo: bool


@cache
def _listed(layout: Columns, kind: str, *, some: bool) -> str:
    """In the order of their codes, those after `after`. Villages that are counted wholly are left out by their tally,
    so that few TPS are found among many without looking at all.
    """
    at = {name: i for i, name in enumerate(layout.names, start=1)}
    counted, excluded, received = (at[name] for name in (columns.COUNTED, columns.EXCLUDED, columns.RECEIVED))
    photo = f"coalesce(r.amounts[{received}], 0) > 0"
    wanted = {ALL: "", NO_PHOTO: f"AND NOT ({photo})", UNREAD: f"AND {photo}"}[kind]
    a = {name: f"t.amounts[{i}]" for name, i in at.items()}
    behind = {
        ALL: f"t.stations > {a[columns.COUNTED]} + {a[columns.EXCLUDED]}",
        NO_PHOTO: f"t.stations > {a[columns.RECEIVED]} + {a[columns.EXCLUDED]}",
        UNREAD: f"{a[columns.RECEIVED]} > {a[columns.COUNTED]}",
    }[kind]
    return f"""
    SELECT s.code, s.number, s.registered_voters, v.name, d.name, {photo}
    FROM (
        SELECT t.region_id FROM aggregation_tally t
        WHERE t.contest_id = %(contest)s AND length(t.region_id) = 10
          AND t.region_id >= greatest(%(region)s, left(%(after)s, 10)) AND t.region_id < %(region)s || ':'
          AND {behind}
        ORDER BY t.region_id {"LIMIT %(most)s + 1" if some else ""}
    ) t
    JOIN tps_region v ON v.code = t.region_id AND v.level = 4
    JOIN tps_region d ON d.code = v.parent_id
    JOIN tps_pollingstation s ON s.region_id = t.region_id AND s.election_id = %(election)s
    LEFT JOIN aggregation_result r ON r.contest_id = %(contest)s AND r.station_id = s.id
    WHERE s.code > %(after)s
      AND coalesce(r.amounts[{counted}], 0) = 0 AND coalesce(r.amounts[{excluded}], 0) = 0
      {wanted}
    ORDER BY t.region_id, s.code
    """


def _values(contest: Contest, region: str, after: str) -> dict[str, Any]:
    return {"contest": contest.pk, "election": contest.election_id, "region": region, "after": after}


def listed(contest: Contest, region: str, kind: str, *, after: str, most: int) -> list[Missing]:
    """At most so many, those after the TPS with code `after` ("" for the first). One query."""
    with connection.cursor() as cursor:
        cursor.execute(
            f"{_listed(columns.of(contest), kind, some=True)} LIMIT %(most)s",
            _values(contest, region, after) | {"most": most},
        )
        return [Missing(*row) for row in cursor.fetchall()]


def every(contest: Contest, region: str, kind: str) -> Iterator[Missing]:
    """All of them, some at a time, whatever their number: one query, by a cursor that the database holds.

    Outside of a transaction the database keeps the whole answer for it (WITH HOLD), so that a slow reader holds no
    snapshot open, for which old rows would have to stay.
    """
    with closing(connection.chunked_cursor()) as cursor:
        cursor.execute(_listed(columns.of(contest), kind, some=False), _values(contest, region, ""))
        while rows := cursor.fetchmany(BATCH):
            for row in rows:
                yield Missing(*row)
