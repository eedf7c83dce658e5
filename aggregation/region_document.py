"""What is published about one contest in one region, as data: its sums, what stands behind them, and its children.

Everything is read in one consistent state of the database (`consistent`), so that the children of a document always
add up to its own sums. The rows of a village's TPS are taken as of the last fold: what their results have changed since
then is taken off again.
"""

import json
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from django.db import connection, transaction

from aggregation import columns
from aggregation.columns import Columns
from aggregation.published_files import WHOLE
from tps.form_definitions import FormDefinition, for_contest
from tps.models import NATION, Contest
from tps.search import UnknownRegion

FORMAT = 2
LEVELS = ("nasional", "provinsi", "kabupaten", "kecamatan", "kelurahan", "tps")
VILLAGE = 4
DIGITS = (0, 2, 4, 6, 10)
# A part of a DPT says something only where the DPT of nearly all TPS is known.
KNOWN = 0.99


@dataclass(frozen=True)
class Row:
    """A region, or a TPS, with what stands there."""

    code: str
    above: str | None
    name: str
    level: int
    stations: int | None  # None: this contest is not voted on here
    registered_voters: int | None
    dpt_known: int  # TPS whose DPT is known
    amounts: Sequence[int]
    version: int
    cut: int
    changed_at: datetime | None


_REGIONS = """
    SELECT g.code, g.parent_id, g.name, g.level, t.stations, t.registered_voters, coalesce(t.dpt_known, 0), t.amounts,
           coalesce(t.version, 0), coalesce(t.cut, 0), t.changed_at
    FROM tps_region g
    LEFT JOIN aggregation_tally t ON t.region_id = g.code AND t.contest_id = %(contest)s
    WHERE g.code = ANY(%(paths)s) OR g.parent_id = ANY(%(regions)s)
"""
_STATIONS = """
    SELECT s.code, s.region_id, 'TPS ' || lpad(s.number::text, 3, '0'), 5, 1, s.registered_voters,
           (s.registered_voters IS NOT NULL)::integer, r.amounts,
           coalesce(r.version, 0), 0, r.changed_at, (
               SELECT jsonb_agg(to_jsonb(d.amounts)) FROM aggregation_delta d
               WHERE d.station_id = s.id AND d.contest_id = %(contest)s
           )
    FROM tps_pollingstation s
    LEFT JOIN aggregation_result r ON r.station_id = s.id AND r.contest_id = %(contest)s
    WHERE s.election_id = %(election)s AND s.region_id = ANY(%(regions)s)
"""


def code_of(word: str) -> str:
    """The region's code from an address or document."""
    return NATION if word == WHOLE else word


def word_of(code: str) -> str:
    """How a region's code stands in addresses and documents."""
    return code or WHOLE


def path_to(code: str) -> list[str]:
    """The codes from the nation down to this region."""
    return [code[:digits] for digits in DIGITS if digits < len(code)] + [code]


@contextmanager
def consistent() -> Iterator[None]:
    """One state of the database for all that is read within."""
    if connection.in_atomic_block:
        yield
        return
    with transaction.atomic():
        with connection.cursor() as cursor:
            cursor.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ READ ONLY")
        yield


def build(contest: Contest, code: str) -> dict[str, Any]:
    """The document of one region, from the database. Raises `UnknownRegion`."""
    with consistent():
        found = build_all(contest, [code])
    if code not in found:
        raise UnknownRegion
    return found[code]


def build_all(
    contest: Contest, codes: Sequence[str], documents: Mapping[str, str] | None = None
) -> dict[str, dict[str, Any]]:
    """The documents of these regions, by code; of those that there are. Two queries, for however many.

    `documents` names those of the regions below, by code.
    """
    layout = columns.of(contest)
    rows = {row.code: row for row in _read(_REGIONS, contest, codes, layout)}
    below: dict[str, list[Row]] = defaultdict(list)
    for row in rows.values():
        if row.above is not None:
            below[row.above].append(row)
    villages = [code for code in codes if len(code) == DIGITS[VILLAGE]]
    for row in _read(_STATIONS, contest, villages, layout) if villages else ():
        below[str(row.above)].append(row)
    return {
        code: document(
            contest,
            [rows[above] for above in path_to(code) if above in rows],
            sorted(below[code], key=lambda row: row.code),
            layout,
            documents or {},
        )
        for code in codes
        if code in rows
    }


def _read(statement: str, contest: Contest, codes: Sequence[str], layout: Columns) -> Iterator[Row]:
    paths = {above for code in codes for above in path_to(code)}
    values: dict[str, Any] = {
        "contest": contest.pk,
        "election": contest.election_id,
        "paths": list(paths),
        "regions": list(codes),
    }
    with connection.cursor() as cursor:
        cursor.execute(statement, values)
        for code, above, name, level, stations, voters, known, amounts, version, cut, changed_at, *waiting in cursor:
            amounts = amounts or layout.nothing()
            for more in json.loads((waiting and waiting[0]) or "[]"):
                amounts = [now - added for now, added in zip(amounts, more, strict=True)]
            yield Row(code, above, name, level, stations, voters, known, amounts, version, cut, changed_at)


def document(
    contest: Contest, path: Sequence[Row], below: Sequence[Row], layout: Columns, documents: Mapping[str, str]
) -> dict[str, Any]:
    """The published document; `path` leads from the nation to the region itself."""
    own = path[-1]
    children = [row for row in below if row.stations is not None]
    stations, voters = own.stations or 0, own.registered_voters or 0
    form = for_contest(contest)
    counts, beside = layout.counts_of(own.amounts), layout.beside_of(own.amounts)
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
        "registered_voters": voters,
        "dpt_known": own.dpt_known,
        "sums": layout.sums_of(own.amounts),
        "shares": shares(layout, own.amounts),
        "stations_behind": {key: counts[columns.known(key)] for key in layout.sums},
        "counts": _counts(counts, beside),
        "coverage": {
            name: _ratio(counts[name], stations) for name in (columns.RECEIVED, columns.COUNTED, columns.COMPLETE)
        }
        | {"voters": _ratio(beside[columns.VOTERS], voters) if own.dpt_known >= KNOWN * stations else None},
        "voters_counted": beside[columns.VOTERS],
        "without_disputed": _without_disputed(layout, own.amounts),
        "broken_rules": [
            {"rule": rule, "title": title, "stations": counts[columns.broken(rule)]}
            for rule, title in rule_titles(form).items()
        ],
        "labels": {key: form.field(key).label for key in layout.sums},
        "children_level": LEVELS[min(own.level + 1, len(LEVELS) - 1)],
        "children": [_child(row, layout, documents.get(row.code)) for row in children],
    }


def _without_disputed(layout: Columns, amounts: Sequence[int]) -> dict[str, Any]:
    """The same votes without those of TPS in dispute."""
    sums, beside = layout.sums_of(amounts), layout.beside_of(amounts)
    counted = layout.counts_of(amounts)[columns.COUNTED]
    votes = {key: sums[key] - beside[columns.in_dispute(key)] for key in layout.votes}
    return {"counted": counted - beside[columns.COUNTED_DISPUTED], "sums": votes, "shares": _parts(votes)}


def _counts(counts: Mapping[str, int], beside: Mapping[str, int]) -> dict[str, int]:
    found = {name: counts[name] for name in (*columns.STATUS, *columns.HOW, columns.EXCLUDED)}
    return found | {name: beside[name] for name in (columns.MACHINE, columns.COUNTED_DISPUTED)}


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
    return _parts({key: sums[key] for key in layout.votes})


def _parts(votes: Mapping[str, int]) -> dict[str, float | None]:
    return {key: _ratio(number, sum(votes.values())) for key, number in votes.items()}


def rule_titles(form: FormDefinition) -> dict[str, str]:
    """What each rule compares, in the order of the rules."""
    return {rule.id: rule.title for rule in form.rules}


def time_of(moment: datetime | None) -> str | None:
    """UTC, to the second."""
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ") if moment else None


def _child(row: Row, layout: Columns, name: str | None) -> dict[str, Any]:
    """One of the regions below, with the name of its document; a TPS has none."""
    beside = layout.beside_of(row.amounts)
    return {
        "code": row.code,
        "name": row.name,
        "stations": row.stations,
        "registered_voters": row.registered_voters,
        "dpt_known": row.dpt_known,
        "sums": layout.sums_of(row.amounts),
        "counts": _counts(layout.counts_of(row.amounts), beside),
        "voters_counted": beside[columns.VOTERS],
    } | ({"document": name} if name else {})


def _place(row: Row) -> dict[str, str]:
    return {"code": word_of(row.code), "name": row.name, "level": LEVELS[row.level]}


def _ratio(part: int, whole: int) -> float | None:
    return round(part / whole, 6) if whole else None
