"""What follows the sums at its own pace, in a thread beside the folder: histories, comparison with the official count,
estimates. None of it keeps a public number waiting, and all of it may be left undone and done later.
"""

import logging
import threading
import time
from contextlib import suppress
from datetime import timedelta

from django.db import DatabaseError, connection
from django.utils import timezone

from aggregation import official_differences, outlook, samples
from aggregation.models import OfficialSource, Snapshot
from tps.models import Contest

log = logging.getLogger(__name__)

PAUSE_SECONDS = 60.0


def run(stop: threading.Event, pause: float = PAUSE_SECONDS) -> None:
    """Follow until `stop` is set. A database that is away, or a full disk, is waited for."""
    done: dict[int, tuple[int, int]] = {}
    while not stop.is_set():
        began = time.monotonic()
        try:
            follow(done)
        except (DatabaseError, OSError) as error:
            log.warning("beside the sums: %s", type(error).__name__)
            with suppress(DatabaseError):
                connection.close()
        stop.wait(max(0.1, pause - (time.monotonic() - began)))
    with suppress(DatabaseError):
        connection.close()


def follow(done: dict[int, tuple[int, int]]) -> int:
    """Bring what stands beside each contest up to its published version; returns how many contests had moved.

    `done`: by contest, the version and official snapshot it was brought up to.
    """
    official = dict(OfficialSource.objects.order_by("-pk").values_list("contest", "refreshed_snapshot"))
    versions = Snapshot.objects.order_by("pk").values_list("contest", "published")
    moved = {key: (version, official.get(key) or 0) for key, version in versions}
    moved = {key: mark for key, mark in moved.items() if mark[0] and done.get(key) != mark}
    for contest in Contest.objects.filter(pk__in=moved).select_related("election").prefetch_related("options"):
        try:
            _bring_up(contest, done.get(contest.pk, (0, 0))[0])
        except (DatabaseError, OSError):
            raise
        except Exception:  # one contest's trouble keeps no other one waiting
            log.exception("beside the sums of %s", contest)
        done[contest.pk] = moved[contest.pk]
    # What changed last may have come too soon after a point to have had one of its own.
    lately = Snapshot.objects.filter(changed_at__gte=timezone.now() - 3 * timedelta(seconds=samples.EVERY_SECONDS))
    for contest in Contest.objects.filter(pk__in=lately.values("contest")).exclude(pk__in=moved).order_by("pk"):
        samples.take(contest)
    return len(moved)


def _bring_up(contest: Contest, since: int) -> None:
    samples.take(contest)
    official_differences.refresh_differences(contest)
    outlook.write(contest, since)
