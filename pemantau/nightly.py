"""What happens by the clock and is no step of a photo's way: open data, every hour and every night.

Both may run twice, late or not at all: an export that says what the last one said is not made again, and of two at
once one does nothing. They take minutes on a big night, so they have a line of their own (settings).
"""

import logging

from celery import shared_task

from aggregation import dumps, export_files
from tps.models import Contest

log = logging.getLogger(__name__)

LONGEST_SECONDS = 6 * 3600


@shared_task(time_limit=LONGEST_SECONDS)
def export() -> None:
    """Export every contest that has changed since its last export."""
    run_export()


@shared_task(time_limit=LONGEST_SECONDS)
def dump() -> None:
    """Export what has changed, put all of it into one file, and take away what is old."""
    run_dump()


def run_export(contests: list[Contest] | None = None) -> int | None:
    """How many contests were exported; None where another one is at it."""
    with export_files.alone() as is_ours:
        if not is_ours:
            log.info("open data are being written already")
            return None
        return export_files.export_all(contests)


def run_dump() -> str | None:
    """The name of the dump; None where another one is at it, or there is nothing to write."""
    with export_files.alone() as is_ours:
        if not is_ours:
            log.info("open data are being written already")
            return None
        export_files.export_all()
        made = dumps.make()
        dumps.prune()
        return made["path"] if made else None
