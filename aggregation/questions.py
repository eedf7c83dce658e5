"""Keeping and listing the questions that `aggregation.anomalies` raises.

A table holds them, so that a page costs the same however many results there are. It follows the results within about
a minute: `keep_all` is rung by beat and looks only at villages in which a result changed since.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.core.cache import caches
from django.db import connection, transaction
from django.db.models import Count, F, Q, QuerySet

from aggregation import anomaly_sql, columns, contests
from aggregation.anomalies import Kind
from aggregation.models import Question, QuestionScan, Result
from tps.models import NATION, Contest
from transcription.models import Decision
from uploads.models import Alike, Photo

LOCK = 0x74616E7961  # "tanya": one at a time
# A change becomes visible when its transaction ends, with the time at which it began; none lasts so long.
OVERLAP = timedelta(minutes=2)
PER_PAGE = 20
PER_ANSWER = 200
COUNTS_LAST = 20  # seconds
_CURSOR = re.compile(r"([0-9]{1,9})-([0-9]{1,18})")


# --- Keeping ----------------------------------------------------------------------------------


def keep_all() -> int:
    """Bring the questions of all contests up to date; returns how many rows changed. Twice at once is once."""
    return sum(keep(contests.whole(contest)) for contest in Contest.objects.order_by("pk"))


def keep(contest: Contest, *, whole: bool = False) -> int:
    """Bring the questions of one contest up to date: of villages in which something changed, or of all (`whole`).

    Returns how many rows changed; nothing is done while somebody else does it.
    """
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("SELECT pg_try_advisory_xact_lock(%s)", [LOCK])
        if not cursor.fetchone()[0]:
            return 0  # somebody is at it; the next round sees what came since
        cursor.execute("SET LOCAL jit = off; SET LOCAL work_mem = '64MB'")  # compiling takes longer than it saves
        cursor.execute("SELECT statement_timestamp()")
        now: datetime = cursor.fetchone()[0]
        scan = QuestionScan.objects.filter(contest=contest).first()
        since = None if whole or scan is None else scan.looked_at - OVERLAP
        regions = None if since is None else _changed_since(contest, since)
        changed = 0
        if regions is None or regions:
            layout = columns.of(contest)
            for kind in Kind:
                cursor.execute(anomaly_sql.keeping(kind, layout), {"contest": contest.pk, "regions": regions})
                changed += cursor.fetchone()[0]
        QuestionScan.objects.update_or_create(contest=contest, defaults={"looked_at": now})
    return changed


def _changed_since(contest: Contest, since: datetime) -> list[str]:
    """The villages in which a result changed, a photo came or was decided; and those of photos like theirs."""
    changed = Result.objects.filter(contest=contest, changed_at__gte=since).values_list("region")
    received = Photo.objects.filter(contest=contest, received_at__gte=since).values_list("station__region")
    decided = Decision.objects.filter(contest=contest, decided_at__gte=since).values_list("station__region")
    villages = {region for (region,) in changed.union(received, decided)}
    here = Q(first__contest=contest)
    newer = Q(first__received_at__gte=since) | Q(second__received_at__gte=since)
    of_changed = Q(first__station__region__in=villages) | Q(second__station__region__in=villages)
    pairs = Alike.objects.filter(here & (newer | of_changed)).exclude(first__station=F("second__station"))
    for pair in pairs.values_list("first__station__region", "second__station__region"):
        villages.update(pair)
    return sorted(villages)


# --- Listing ----------------------------------------------------------------------------------


@dataclass(frozen=True)
class Listed:
    """Some questions, the most telling first; `following` is the cursor of what comes after them."""

    questions: Sequence[Question]
    following: str


def listed(contest: Contest, *, kind: str = "", region: str = NATION, after: str = "", most: int = PER_PAGE) -> Listed:
    """Questions of a contest in a region, after a cursor, each with the photo to look at. Three queries.

    An unknown kind is none, and a cursor that is none of ours begins from the start.
    """
    found = _of(contest, region).select_related("station", "region", "other", "photo").order_by("-rank", "pk")
    if kind:
        found = found.filter(kind=kind) if kind in Kind.values else found.none()
    if place := _CURSOR.fullmatch(after):
        rank, pk = int(place[1]), int(place[2])
        found = found.filter(Q(rank__lt=rank) | Q(rank=rank, pk__gt=pk))
    rows = list(found[: most + 1])
    last = rows[most - 1] if len(rows) > most else None
    _add_photos(contest, rows[:most])
    return Listed(rows[:most], f"{last.rank}-{last.pk}" if last else "")


def _add_photos(contest: Contest, asked: Sequence[Question]) -> None:
    """Put the photo with the votes to questions that come without one."""
    stations = [one.station_id for one in asked if one.photo_id is None]
    votes = columns.of(contest).votes
    with connection.cursor() as cursor:
        values: dict[str, Any] = {"contest": contest.pk, "stations": stations, "votes": votes[0] if votes else ""}
        cursor.execute(anomaly_sql.PHOTOS, values)
        behind = dict(cursor.fetchall())
    photos = Photo.objects.in_bulk(behind.values())
    for one in asked:
        if one.photo_id is None and one.station_id in behind:
            one.photo = photos[behind[one.station_id]]


def counts(contest: Contest, region: str = NATION) -> Mapping[Kind, int]:
    """How many questions there are of each kind, most telling kinds first; some seconds old. One query at most."""

    def counted() -> dict[str, int]:
        return dict(_of(contest, region).order_by().values_list("kind").annotate(Count("pk")))

    found: dict[str, int] = caches["process"].get_or_set(f"questions:{contest.pk}:{region}", counted, COUNTS_LAST) or {}
    return {kind: found.get(kind, 0) for kind in Kind}


def looked_at(contest: Contest) -> datetime | None:
    """When results were last looked at. One query."""
    return QuestionScan.objects.filter(contest=contest).values_list("looked_at", flat=True).first()


def _of(contest: Contest, region: str) -> QuerySet[Question]:
    found = Question.objects.filter(contest=contest)
    # Codes are compared byte by byte, and ":" comes after "9": so the index is used as for a range.
    return found.filter(region__gte=region, region__lt=f"{region}:") if region else found


def facts_for_api(question: Question, contest: Contest) -> dict[str, Any]:
    """The facts of a question, with the option's key instead of its place."""
    facts = dict(question.facts)
    if "option" in facts:
        facts["option"] = columns.of(contest).votes[facts["option"]]
    return facts
