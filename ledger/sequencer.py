"""Giving each event its place in its log: contiguous indexes from 0, and the leaf hash.

Runs after the event's own transaction, since only what is committed may have a place. An entry that rests
on another (a reading on its photo) always comes after it: it was begun after the other was committed.
"""

from django.db import connection

BATCH = 10_000


def sequence(limit: int = BATCH) -> int:
    """Place at most `limit` waiting events, in one transaction; returns how many.

    One sequencer works at a time, a second one waits for it. Fewer than `limit` means that everything
    committed before the call has its place.
    """
    with connection.cursor() as cursor:
        cursor.execute("SELECT ledger_sequence(%s)", [limit])
        return int(cursor.fetchone()[0])
