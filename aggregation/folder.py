"""The folder: gives what happened its place in the log, folds it into the tallies, publishes. One works at a time."""

import logging
import threading
import time
from contextlib import suppress

from django.db import Error as DatabaseError
from django.db import InterfaceError, OperationalError, connection

from aggregation import aside, contests, publication, tallies
from ledger import sequencer

log = logging.getLogger(__name__)

# Session lock of the one folder: "fldr". A second folder waits for it.
LOCK = 0x666C6472
IDLE_SECONDS = 0.2
LONGEST_WAIT = 10.0
# How often it looks whether TPS were imported since.
LOOK_AT_STATIONS_SECONDS = 30.0
# How often it looks whether a name or a list was changed: nobody waits for an import to be seen.
LOOK_AT_REFERENCE_SECONDS = 1.0


def step() -> int:
    """Sequence, fold and publish what waits now; returns how much was done. Safe to stop at any line."""
    done = sequencer.sequence()
    done += tallies.fold()
    try:
        return done + publication.publish()
    except OSError as error:
        # Tallies go on beside a full disk; what was not published is published once there is room.
        log.error("the published files cannot be written: %s", error.strerror)
        return 0


def prepare() -> None:
    """Give new contests, and those whose TPS changed, the rows they are counted in."""
    for contest in tallies.unprepared():
        log.info("tallies of %s: %s regions", contest, tallies.prepare(contest))


def follow() -> None:
    """Have documents made anew where what they call things by has changed."""
    if publication.follow_reference():
        log.info("reference data changed: documents are made anew")


def confirm() -> None:
    """Say that what is published is what there is."""
    try:
        publication.confirm(contests.current())
    except OSError as error:
        log.error("the pointer cannot be written: %s", error.strerror)


def run(stop: threading.Event, idle: float = IDLE_SECONDS) -> None:
    """Work until `stop` is set. A database that is away, or restarts, is waited for."""
    wait = idle
    while not stop.is_set():
        try:
            if _hold_lock():
                _work_with_company(stop, idle)
            else:
                log.info("another folder works; waiting")
                stop.wait(1)
            wait = idle
        except (OperationalError, InterfaceError) as error:
            log.warning("database away, trying again in %.1f s: %s", wait, type(error).__name__)
            with suppress(DatabaseError):
                connection.close()
            stop.wait(wait)
            wait = min(wait * 2, LONGEST_WAIT)
    with suppress(DatabaseError):
        connection.close()


def _work_with_company(stop: threading.Event, idle: float) -> None:
    """Work, and have what is not urgent followed beside it, for as long as this process holds the lock."""
    enough = threading.Event()
    beside = threading.Thread(target=aside.run, args=(enough,), daemon=True)
    beside.start()
    try:
        _work(stop, idle)
    finally:
        enough.set()
        beside.join(LONGEST_WAIT)


def _work(stop: threading.Event, idle: float) -> None:
    looked = followed = confirmed = float("-inf")
    publication.distrust_after_a_power_cut()
    while not stop.is_set():
        if time.monotonic() - looked >= LOOK_AT_STATIONS_SECONDS:
            prepare()
            looked = time.monotonic()
        if time.monotonic() - followed >= LOOK_AT_REFERENCE_SECONDS:
            follow()
            followed = time.monotonic()
        done = step()
        if time.monotonic() - confirmed >= publication.CONFIRM_SECONDS:
            confirm()
            confirmed = time.monotonic()
        if not done:
            stop.wait(idle)


def _hold_lock() -> bool:
    """The lock lives as long as this connection."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_try_advisory_lock(%s)", [LOCK])
        return bool(cursor.fetchone()[0])
