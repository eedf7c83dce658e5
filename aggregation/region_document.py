"""What is published about one contest in one region, as data: its sums, what stands behind them, and its children.

Read by one statement, so that the children of a document always add up to its own sums. The rows of a
village's TPS are taken as of the last fold: what their results have changed since then is taken off again.
"""

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from django.db import connection

from aggregation import columns
from aggregation.columns import Columns
from tps.form_definitions import FormDefinition, for_contest
from tps.models import NATION, Contest
from tps.search import UnknownRegion

FORMAT = 1
# The nation's name in addresses and documents; its code is empty.
WHOLE = "nasional"
LEVELS = ("nasional", "provinsi", "kabupaten", "kecamatan", "kelurahan", "tps")
VILLAGE = 4


@dataclass(frozen=True)
class Row:
    """A region, or a TPS, with what stands there."""

    code: str
    name: str
    level: int
    stations: int | None  # None: this contest is not voted on here
    registered_voters: int | None
    amounts: Sequence[int]
    version: int
    cut: int
    changed_at: datetime | None


_ROWS = """
    SELECT g.code, g.name, g.level, t.stations, t.registered_voters, t.amounts,
           coalesce(t.version, 0), coalesce(t.cut, 0), t.changed_at, NULL::jsonb
    FROM tps_region g
    LEFT JOIN aggregation_tally t ON t.region_id = g.code AND t.contest_id = %(contest)s
    WHERE g.code = ANY(%(path)s) OR g.parent_id = %(region)s
    UNION ALL
    SELECT s.code, 'TPS ' || lpad(s.number::text, 3, '0'), 5, 1, s.registered_voters, r.amounts,
           coalesce(r.version, 0), 0, r.changed_at, (
               SELECT jsonb_agg(to_jsonb(d.amounts)) FROM aggregation_delta d
               WHERE d.station_id = s.id AND d.contest_id = %(contest)s
           )
    FROM tps_pollingstation s
    LEFT JOIN aggregation_result r ON r.station_id = s.id AND r.contest_id = %(contest)s
    WHERE s.election_id = %(election)s AND s.region_id = %(region)s
    ORDER BY 1
"""


def code_of(word: str) -> str:
    """The region's code from an address or document."""
    return NATION if word == WHOLE else word


def word_of(code: str) -> str:
    """How a region's code stands in addresses and documents."""
    return code or WHOLE


def path_to(code: str) -> list[str]:
    """The codes from the nation down to this region."""
    return [code[:digits] for digits in (0, 2, 4, 6, 10) if digits < len(code)] + [code]


def build(contest: Contest, code: str) -> dict[str, Any]:
    """The document of one region, from the database. Raises `UnknownRegion`."""
    layout = columns.of(contest)
    rows = {row.code: row for row in _rows(contest, code, layout)}
    if code not in rows:
        raise UnknownRegion
    return document(contest, [rows.pop(c) for c in path_to(code) if c in rows], list(rows.values()), layout)


def _rows(contest: Contest, code: str, layout: Columns) -> Iterable[Row]:
    with connection.cursor() as cursor:
        cursor.execute(
            _ROWS,
            {"contest": contest.pk, "election": contest.election_id, "path": path_to(code), "region": code},
        )
        for row in cursor.fetchall():
            region, name, level, stations, voters, amounts, version, cut, changed_at, waiting = row
            amounts = amounts or layout.nothing()
            for more in json.loads(waiting or "[]"):
                amounts = [now - added for now, added in zip(amounts, more, strict=True)]
            yield Row(region, name, level, stations, voters, amounts, version, cut, changed_at)


def document(contest: Contest, path: Sequence[Row], below: Sequence[Row], layout: Columns) -> dict[str, Any]:
    """The published document; `path` leads from the nation to the region itself."""
    own = path[-1]
    children = [row for row in below if row.stations is not None]
    stations = own.stations or 0
    form = for_contest(contest)
    counts = layout.counts_of(own.amounts)
    return {
        "format": FORMAT,
        "election": {
            "code": contest.election_id,
            "name": contest.election.name,
            "date": contest.election.date.isoformat(),
        },
        "contest": {"code": contest.code, "name": contest.name, "kind": contest.kind},
        "region": _place(own),
        "path": [_place(row) for row in path],
        "version": own.version,
        "cut": own.cut,
        "changed_at": time_of(own.changed_at),
        "options": options_of(contest, layout),
        "stations": stations,
        "registered_voters": own.registered_voters or 0,
        "sums": layout.sums_of(own.amounts),
        "shares": shares(layout, own.amounts),
        "stations_behind": {key: counts[columns.known(key)] for key in layout.sums},
        "counts": {name: counts[name] for name in (*columns.STATUS, *columns.HOW, columns.EXCLUDED)},
        "coverage": {
            name: _ratio(counts[name], stations) for name in (columns.RECEIVED, columns.COUNTED, columns.COMPLETE)
        },
        "broken_rules": [
            {"rule": rule, "title": title, "stations": counts[columns.broken(rule)]}
            for rule, title in rule_titles(form).items()
        ],
        "labels": {key: form.field(key).label for key in layout.sums},
        "children_level": LEVELS[min(own.level + 1, len(LEVELS) - 1)],
        "children": [_child(row, layout) for row in children],
    }


def options_of(contest: Contest, layout: Columns) -> list[dict[str, Any]]:
    """The options in ballot order, each with the key of its votes."""
    top = [option for option in contest.options.all() if option.party_id is None]
    return [
        {"key": key, "number": option.number, "name": option.name}
        for key, option in zip(layout.votes, sorted(top, key=lambda o: o.number), strict=False)
    ]


def shares(layout: Columns, amounts: Sequence[int]) -> dict[str, float | None]:
    """Each option's part of the votes for all options, 0 to 1; None where there are none yet."""
    sums = layout.sums_of(amounts)
    votes = {key: sums[key] for key in layout.votes}
    return {key: _ratio(number, sum(votes.values())) for key, number in votes.items()}


def rule_titles(form: FormDefinition) -> dict[str, str]:
    """What each rule compares, in the order of the rules."""
    return {rule.id: rule.title for rule in form.rules}


def time_of(moment: datetime | None) -> str | None:
    """UTC, to the second."""
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ") if moment else None


def _child(row: Row, layout: Columns) -> dict[str, Any]:
    counts = layout.counts_of(row.amounts)
    return {
        "code": row.code,
        "name": row.name,
        "stations": row.stations,
        "registered_voters": row.registered_voters,
        "sums": layout.sums_of(row.amounts),
        "counts": {name: counts[name] for name in (*columns.STATUS, *columns.HOW, columns.EXCLUDED)},
    }


def _place(row: Row) -> dict[str, str]:
    return {"code": word_of(row.code), "name": row.name, "level": LEVELS[row.level]}


def _ratio(part: int, whole: int) -> float | None:
    return round(part / whole, 6) if whole else None
