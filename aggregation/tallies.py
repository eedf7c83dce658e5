"""Sums of results for every region. Changed only by folding deltas.

A region's code is the beginning of the codes below it, so what lies above a village is `left(code, n)`.
The database does all arithmetic, level by level; what it is told is written out in `tally_sql.py`.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from django.db import connection, transaction
from django.db.models import QuerySet

from aggregation import columns, tally_sql
from aggregation.columns import Columns
from aggregation.models import Delta, Result, Snapshot, Tally
from aggregation.results import RULE_VERSION, entry_of
from ledger import entries as ledger
from tps.models import NATION, Contest

BATCH = 20_000
# Advisory lock of whoever changes tallies: "fold".
LOCK = 0x666F6C64


def add_deltas(changed: Sequence[tuple[Result, list[int]]]) -> None:
    """Append what these changes of results add, each with its entry `select` in the log; the folder sums them up.

    `changed` is as `results.recompute` returns it. Two statements.
    """
    events = ledger.append_all(
        [ledger.Entry(result.contest.election_id, "select", entry_of(result)) for result, _before in changed]
    )
    Delta.objects.bulk_create(
        [
            Delta(
                contest_id=result.contest_id,
                station_id=result.station_id,
                region_id=result.region_id,
                amounts=[now - then for now, then in zip(result.amounts, before, strict=True)],
                event=event,
            )
            for (result, before), event in zip(changed, events, strict=True)
        ]
    )


def fold(limit: int = BATCH) -> int:
    """Add waiting deltas whose entries have a place in the log to all regions above them; returns how many.

    Deltas of a contest are taken in the order of the log, so that its tallies are the fold of a prefix of
    the log. Each contest is one transaction, with its `tally` entry; one folder works at a time, a second one
    waits.
    """
    waiting = Delta.objects.order_by().values("contest").distinct()
    return sum(_fold_contest(contest, limit) for contest in Contest.objects.filter(pk__in=waiting))


@transaction.atomic
def _fold_contest(contest: Contest, limit: int) -> int:
    _hold(contest)
    layout = columns.of(contest)
    with connection.cursor() as cursor:
        cursor.execute(tally_sql.fold(layout), {"contest": contest.pk, "log": contest.election_id, "limit": limit})
        row = cursor.fetchone()
    if row is None:
        return 0
    _append_entry(contest, layout)
    return int(row[0])


def prepare(contest: Contest) -> int:
    """Give every region where this contest is voted on its row, with its TPS and their DPT; returns how many changed.

    Runs when an election is new and whenever its TPS changed; running again changes nothing.
    """
    layout = columns.of(contest)
    with transaction.atomic():
        _hold(contest)
        with connection.cursor() as cursor:
            cursor.execute(
                tally_sql.PREPARE,
                {
                    "contest": contest.pk,
                    "election": contest.election_id,
                    "nothing": layout.nothing(),
                },
            )
            changed = int(cursor.fetchone()[0])
        if changed:
            _append_entry(contest, layout)
    return changed


def other_stations(contest: Contest) -> dict[str, tuple[int, int]]:
    """Regions whose row does not count the TPS and the DPT that there are, with what it should count."""
    with connection.cursor() as cursor:
        cursor.execute(tally_sql.OTHER_STATIONS, {"contest": contest.pk, "election": contest.election_id})
        return {code: (stations, voters) for code, stations, voters in cursor.fetchall()}


def unprepared() -> QuerySet[Contest]:
    """Contests of which the nation's row does not count what the last import counted.

    Two queries, for however many contests: the folder asks again and again.
    """
    with connection.cursor() as cursor:
        cursor.execute(tally_sql.UNPREPARED)
        found = [contest for (contest,) in cursor.fetchall()]
    return Contest.objects.filter(pk__in=found).order_by("pk")


@dataclass(frozen=True)
class Difference:
    """A region whose tally is not the sum of the results below it."""

    region: str
    expected: dict[str, int]  # only the amounts that differ
    found: dict[str, int | None]


def differences(contest: Contest) -> list[Difference]:
    """Recompute every tally from the results and tell where they differ, deltas that still wait left out."""
    layout = columns.of(contest)
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(tally_sql.ROOM_TO_ADD)
        cursor.execute(tally_sql.compare(layout), {"contest": contest.pk})
        return [_difference(layout, *row) for row in cursor.fetchall()]


def rebuild(contest: Contest) -> int:
    """Replace every tally by what the results below it add up to; returns how many regions changed.

    Deltas that still wait stay out, so the tallies are of the same cut as before.
    """
    layout = columns.of(contest)
    values: dict[str, Any] = {"contest": contest.pk, "nothing": layout.nothing()}
    with transaction.atomic():
        _hold(contest)
        with connection.cursor() as cursor:
            cursor.execute(tally_sql.ROOM_TO_ADD)
            cursor.execute(tally_sql.add_up(layout), values)
            cursor.execute(tally_sql.NEXT_VERSION, values)
            changed = 0
            for statement in tally_sql.REPLACE:
                cursor.execute(statement, values)
                changed += cursor.rowcount
            cursor.execute("DROP TABLE rebuilt")
        if changed:
            _append_entry(contest, layout)
        else:
            transaction.set_rollback(True)
    return changed


def _hold(contest: Contest) -> None:
    """Be the only one to change tallies until this transaction ends, and have a snapshot row to move.

    Statements of their own: the next one then sees what an earlier folder did.
    """
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(%s, 0)", [LOCK])
    Snapshot.objects.bulk_create([Snapshot(contest=contest)], ignore_conflicts=True)


def _append_entry(contest: Contest, layout: Columns) -> None:
    snapshot = Snapshot.objects.get(contest=contest)
    nation = Tally.objects.filter(contest=contest, region=NATION).values_list("amounts", flat=True).first()
    fields: dict[str, Any] = {
        "contest": contest.code,
        "version": snapshot.version,
        "cut": snapshot.cut,
        "rule": RULE_VERSION,
        "sum": layout.sums_of(nation or layout.nothing()),
    }
    ledger.append(contest.election_id, "tally", **fields)


def _difference(layout: Columns, region: str, expected: list[int] | None, found: list[int] | None) -> Difference:
    wanted = dict(zip(layout.names, expected or layout.nothing(), strict=True))
    there: dict[str, int | None] = dict.fromkeys(layout.names)
    there |= dict(zip(layout.names, found or [], strict=False))
    off = [name for name in layout.names if wanted[name] != there[name]]
    return Difference(region, {name: wanted[name] for name in off}, {name: there[name] for name in off})
