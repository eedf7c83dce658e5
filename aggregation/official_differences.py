"""Where our numbers and an official source's differ: computed from results and newest figures, and kept in two tables.

`refresh_differences` may be called every minute: where neither side has moved since, it does nothing.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from django.db import connection, transaction
from django.db.models import Max, Q, QuerySet
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from accounts.refusals import Refusal
from aggregation import columns, contests, official_sql
from aggregation.columns import Columns
from aggregation.models import OfficialDifference, OfficialSnapshot, OfficialSource, Snapshot
from aggregation.official import Comparison, by_key, compare
from tps.models import Contest

# All TPS at once in memory; compiling the expressions would take longer than they run.
_ROOM = "SET LOCAL work_mem = '128MB'; SET LOCAL jit = off"
_LOCK = 0x6F666669  # advisory lock of whoever refreshes: "offi"


class NoOfficialFigures(Refusal):
    status = 404
    code = "no_official_figures"
    sentence = _("Belum ada angka resmi yang kami simpan untuk pemilihan ini.")


def refresh_differences(contest: Contest | None = None) -> int:
    """Compare anew where our results or the official figures have moved; returns how many sources that were.

    Three queries where nothing has. Without `contest` all are looked at.
    """
    sources = OfficialSource.objects.all() if contest is None else OfficialSource.objects.filter(contest=contest)
    return sum(refresh(source) for source in sources.select_related("contest"))


def refresh(source: OfficialSource, *, anew: bool = False) -> bool:
    """Compare all TPS of a source with ours, and add them up for every region; returns whether anything was done.

    `anew`: even where nothing has moved. A result that is recorded meanwhile is seen by the next one: its fold gives
    the contest a new version.
    """
    version = Snapshot.objects.filter(contest=source.contest_id).values_list("version", flat=True).first() or 0
    snapshot = OfficialSnapshot.objects.filter(source=source).aggregate(last=Max("pk"))["last"] or 0
    if not anew and (source.refreshed_version, source.refreshed_snapshot) == (version, snapshot):
        return False
    contest = contests.whole(source.contest)
    layout, keys = columns.of(contest), list(source.keys)
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(%s, %s)", [_LOCK, source.pk])
        cursor.execute(_ROOM)
        values = {"source": source.pk, "contest": contest.pk}
        cursor.execute("DROP TABLE IF EXISTS official_pair, official_off, official_sum")
        for make in (official_sql.compare, official_sql.differing, official_sql.sums):
            cursor.execute(make(layout, keys), values)
        for statement in (*official_sql.DIFFERENCES, *official_sql.TALLIES):
            cursor.execute(statement, values)
        cursor.execute("DROP TABLE official_pair, official_off, official_sum")
        OfficialSource.objects.filter(pk=source.pk).update(
            refreshed_version=version, refreshed_snapshot=snapshot, refreshed_at=timezone.now()
        )
    return True


# --- The list of the largest ------------------------------------------------------------------


def source_of(contest: Contest, word: str = "") -> OfficialSource:
    """A contest's source by its word; without one the first. One query. Raises `NoOfficialFigures`."""
    if word and not re.fullmatch(r"[a-z][a-z0-9-]{0,19}", word):
        raise NoOfficialFigures
    found = OfficialSource.objects.filter(contest=contest).order_by("pk")
    chosen = (found.filter(word=word) if word else found).first()
    if chosen is None:
        raise NoOfficialFigures
    return chosen


@dataclass(frozen=True)
class Place:
    """Where in the list one is: behind the difference of this size at this TPS."""

    votes: int
    others: int
    code: str

    def __str__(self) -> str:
        return f"{self.votes}-{self.others}-{self.code}"


def place(text: str) -> Place | None:
    """A cursor as `Place` writes it; None where it is none."""
    parts = text.split("-")
    if len(parts) != 3 or not all(part.isascii() and part.isdigit() for part in parts):
        return None
    votes, others, code = parts
    if len(votes) > 10 or len(others) > 10 or len(code) != 13 or max(int(votes), int(others)) > 2**31 - 1:
        return None
    return Place(int(votes), int(others), code)


def largest(source: OfficialSource, region: str = "", after: Place | None = None) -> QuerySet[OfficialDifference]:
    """The differences of a region (`""`: all), largest first: by votes, then by the other fields, then by code."""
    found = OfficialDifference.objects.filter(source=source).order_by("-votes", "-others", "code")
    if region:
        found = found.filter(code__gte=region, code__lt=_behind(region))
    if after is not None:
        smaller = Q(votes__lt=after.votes) | Q(votes=after.votes, others__lt=after.others)
        found = found.filter(smaller | Q(votes=after.votes, others=after.others, code__gt=after.code))
    return found.select_related("station__region")


def _behind(region: str) -> str:
    """The first code that no longer begins with the region's: codes are digits, and `:` comes after 9."""
    return region + ":"


@dataclass(frozen=True)
class Shown:
    """A difference as pages, files and the API show it."""

    code: str
    name: str
    region: str  # the village's name
    comparison: Comparison
    how: str
    taken_at: datetime
    at: Place


def shown(rows: Sequence[OfficialDifference], source: OfficialSource, layout: Columns) -> list[Shown]:
    """Of each row what it compares, in the order of the form. The rows come with their TPS and its village."""
    return [
        Shown(
            code=row.code,
            name=str(row.station),
            region=row.station.region.name,
            comparison=compare(by_key(source.keys, row.ours), by_key(source.keys, row.theirs), layout.votes),
            how=row.how,
            taken_at=row.taken_at,
            at=Place(row.votes, row.others, row.code),
        )
        for row in rows
    ]
