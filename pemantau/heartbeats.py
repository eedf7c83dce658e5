"""Which background processes live: each worker and beat leave the time at which they last did something, in Redis.

Celery's own signals carry them (a worker's heartbeat every two seconds, what beat sends); no rule hangs on them.
The folder needs none: it holds a lock in the database as long as it lives (`pemantau.operations`).
"""

import time
from typing import Any

import redis
from celery import signals

from accounts import doorkeeper
from pemantau import happenings

KEY = "heartbeats"
FORGOTTEN_AFTER = 3600.0  # a worker that went away long ago is of no interest
OF_BEAT = "beat"
# Only beat sends this one.
SENT_BY_BEAT = "pemantau.pipeline.sweep"
NOTED_EVERY = 5.0

_noted: dict[str, float] = {}


def note(who: str, now: float | None = None) -> None:
    """`who` lives. Written every five seconds at most."""
    now = time.time() if now is None else now
    if 0 <= now - _noted.get(who, 0.0) < NOTED_EVERY:
        return
    _noted[who] = now
    doorkeeper.ask(lambda client: client.hset(KEY, who, str(now)), 0)


def ages(now: float | None = None) -> dict[str, float] | None:
    """Seconds since each was heard of, by name; None while Redis is away. Who was not heard of for an hour is gone."""
    now = time.time() if now is None else now

    def look(client: redis.Redis) -> dict[bytes, bytes] | None:
        return client.hgetall(KEY)  # type: ignore[return-value]  # its stubs know awaitables, too

    found = doorkeeper.ask(look, None)
    if found is None:
        return None
    heard = {name.decode(): max(0.0, now - float(at)) for name, at in found.items()}
    if gone := [name for name, age in heard.items() if age > FORGOTTEN_AFTER]:
        doorkeeper.ask(lambda client: client.hdel(KEY, *gone), 0)
    return {name: age for name, age in sorted(heard.items()) if name not in gone}


def listen() -> None:
    """Have Celery's processes leave their times, and count tasks that fail."""
    signals.heartbeat_sent.connect(_worker_lives, dispatch_uid="pemantau.heartbeats", weak=False)
    signals.after_task_publish.connect(_beat_lives, sender=SENT_BY_BEAT, dispatch_uid="pemantau.heartbeats", weak=False)
    signals.task_failure.connect(_task_failed, dispatch_uid="pemantau.heartbeats", weak=False)


def _worker_lives(sender: Any = None, **_: Any) -> None:
    note(getattr(getattr(sender, "eventer", None), "hostname", None) or "worker")


def _beat_lives(**_: Any) -> None:
    note(OF_BEAT)


def _task_failed(**_: Any) -> None:
    happenings.count(happenings.TASK_FAILED)
