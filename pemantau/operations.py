"""The machinery: queues and their ages, processes, storage, errors, publication, audit, rates. Counts only.

`/kelola/` and `/metrik/` show the same numbers, made at most once in ten seconds for everybody who looks.
"""

import shutil
import time
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import redis
from django.conf import settings
from django.core.cache import cache, caches
from django.db import connection
from django.db.models import Count, Min, Sum
from django.utils import timezone

from accounts import doorkeeper
from accounts.models import User
from aggregation import audit_runs, folder, publication
from pemantau import happenings, health, heartbeats, overview
from transcription.models import Decision, Entry
from uploads.models import Photo

FRESH = 10.0  # seconds
KEPT = 120  # seconds, for those who look while somebody makes them anew
TOTALS_LAST = 300  # seconds: all photos are counted for them
KEY = "operations"
WAITING = (Photo.Step.INSPECT, Photo.Step.QUEUE, Photo.Step.READ, Photo.Step.DECIDE, Photo.Step.RECORD)
RATE_OVER = timedelta(minutes=5)
MISSING_AFTER = 60.0  # a process that was not heard of for so long is to be looked after


@dataclass(frozen=True)
class Rates:
    """Per minute over the last five; people in these five minutes."""

    photos: float
    entries: float
    decisions: float
    senders: int
    readers: int
    new_accounts: float


@dataclass(frozen=True)
class Storage:
    objects: int  # originals that rows name
    size: int  # their bytes
    free: int | None  # of the disk where they lie in a folder
    answers_after: float | None  # seconds; None: it does not


@dataclass(frozen=True)
class Operations:
    """Ages in seconds. None: not known, as Redis is away, or there never was one."""

    made_at: datetime
    counts: overview.Overview
    oldest: Mapping[str, float]  # by step in which photos wait
    queues: Mapping[str, int] | None  # tasks that wait in Redis, by queue
    workers: Mapping[str, float] | None  # since each was heard of
    beat: float | None
    folder: float | None  # since its last statement
    storage: Storage
    happened: Mapping[str, int] | None  # in the last hour
    publication_age: float | None
    audit_age: float | None
    audit_differences: int | None
    rates: Rates

    @property
    def missing(self) -> list[str]:
        """Processes that somebody must look after: `worker`, `beat`, `folder`, `redis`, `storage`."""
        found = []
        if self.workers is None:
            found.append("redis")
        elif min(self.workers.values(), default=MISSING_AFTER) >= MISSING_AFTER:
            found.append("worker")
        if self.workers is not None and (self.beat is None or self.beat >= MISSING_AFTER):
            found.append("beat")
        if self.folder is None:
            found.append("folder")
        if self.storage.answers_after is None:
            found.append("storage")
        return found


def of(election: str) -> Operations:
    """The newest, at most ten seconds old; somewhat older for those who look while it is being made."""
    key = f"{KEY}:{election}"
    try:
        known: Operations | None = cache.get(key)
        if known and (_is_fresh(known) or not cache.add(f"{key}:made", 1, timeout=int(FRESH))):
            return known
        made = _make(election)
        cache.set(key, made, KEPT)
    except redis.RedisError as error:
        doorkeeper.is_silent(error)
        made = caches["process"].get(key)
        if made is None or not _is_fresh(made):
            made = _make(election)
            caches["process"].set(key, made, KEPT)
    return made


def _is_fresh(known: Operations) -> bool:
    return (timezone.now() - known.made_at).total_seconds() < FRESH


def _make(election: str) -> Operations:
    """Nineteen queries, beside one for all photos' bytes once in five minutes."""
    now = timezone.now()
    beats = heartbeats.ages()
    audited = audit_runs.newest()
    folder_age = _folder_age()
    return Operations(
        made_at=now,
        counts=overview.of(election),
        oldest=_oldest(election, now),
        queues=_queues(),
        workers=None if beats is None else {who: age for who, age in beats.items() if who != heartbeats.OF_BEAT},
        beat=(beats or {}).get(heartbeats.OF_BEAT),
        folder=folder_age,
        storage=_storage(),
        happened=happenings.in_last_hour(),
        publication_age=publication.age(),
        audit_age=(now - audited.ended_at).total_seconds() if audited else None,
        audit_differences=audited.differences if audited else None,
        rates=_rates(now),
    )


def _oldest(election: str, now: datetime) -> dict[str, float]:
    """Since when the oldest photo of each step waits there."""
    waiting = Photo.objects.filter(contest__election=election, withdrawn_at__isnull=True, step__in=WAITING)
    since = dict(waiting.order_by().values_list("step").annotate(Min("step_at")))
    return {step: max(0.0, (now - since[step]).total_seconds()) for step in WAITING if step in since}


def _queues() -> dict[str, int] | None:
    names = [queue.name for queue in settings.CELERY_TASK_QUEUES]

    def look(client: redis.Redis) -> dict[str, int] | None:
        return {name: int(client.llen(name)) for name in names}

    return doorkeeper.ask(look, None)


def _folder_age() -> float | None:
    """Seconds since the session that holds the folder's lock last said something; None where nobody holds it."""
    with connection.cursor() as cursor:
        cursor.execute(
            """
            SELECT extract(epoch FROM clock_timestamp() - a.state_change)
              FROM pg_locks l JOIN pg_stat_activity a USING (pid)
             WHERE l.locktype = 'advisory' AND l.classid = 0 AND l.objid = %s AND l.granted
               AND l.database = (SELECT oid FROM pg_database WHERE datname = current_database())
            """,
            [folder.LOCK],
        )
        row = cursor.fetchone()
    return max(0.0, float(row[0])) if row and row[0] is not None else None


def _storage() -> Storage:
    def totals() -> tuple[int, int]:
        found = Photo.objects.aggregate(objects=Count("sha256", distinct=True), size=Sum("size"))
        return found["objects"], found["size"] or 0

    objects, size = caches["process"].get_or_set("operations:storage", totals, TOTALS_LAST) or (0, 0)
    began, answers = time.monotonic(), True
    try:
        health.check_storage()
    except Exception:  # whatever it is: it does not answer, and /sehat/ logs why
        answers = False
    free = None
    if not settings.S3_ENDPOINT and settings.OBJECTS_DIR.exists():
        free = shutil.disk_usage(settings.OBJECTS_DIR).free
    return Storage(objects, size, free, time.monotonic() - began if answers else None)


def _rates(now: datetime) -> Rates:
    since, minutes = now - RATE_OVER, RATE_OVER.total_seconds() / 60
    photos = Photo.objects.filter(received_at__gte=since).aggregate(
        many=Count("pk"), senders=Count("device", distinct=True)
    )
    entries = Entry.objects.filter(created_at__gte=since).aggregate(
        many=Count("pk"), readers=Count("account", distinct=True)
    )
    return Rates(
        photos=photos["many"] / minutes,
        entries=entries["many"] / minutes,
        decisions=Decision.objects.filter(decided_at__gte=since).count() / minutes,
        senders=photos["senders"],
        readers=entries["readers"],
        new_accounts=User.objects.filter(joined_at__gte=since).count() / minutes,
    )


def problems(shown: Operations) -> dict[str, Any]:
    """What a page puts on top, where there is something."""
    return {"missing": shown.missing, "differences": shown.audit_differences or 0}
