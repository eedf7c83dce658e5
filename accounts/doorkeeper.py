"""What all web processes count together, in Redis: forgotten without harm, and never in anybody's way.

Where Redis is away everybody is let through, as if nothing had been counted yet; nginx still holds off the greediest.
"""

import logging
import threading
import time
from collections.abc import Callable
from functools import cache
from typing import TypeVar

import redis
from django.conf import settings
from redis.backoff import NoBackoff
from redis.retry import Retry

log = logging.getLogger(__name__)
Answer = TypeVar("Answer")

# A photo does not wait longer for being counted, and a Redis that hangs is not asked by every photo.
WAITS_AT_MOST = 1.0
LEFT_ALONE = 10.0
SAID_EVERY = 60.0  # seconds between two lines in the log

_away_until = 0.0  # 0: it answers
_asking = threading.Lock()
_said_at = float("-inf")


def ask(question: Callable[[redis.Redis], Answer], otherwise: Answer) -> Answer:
    """What Redis answers; `otherwise` while it is away."""
    if is_away():
        return otherwise
    try:
        answer = question(_connection(settings.REDIS_URL))
    except redis.RedisError as error:
        is_silent(error)
        return otherwise
    answers()
    return answer


def is_away() -> bool:
    """Whether Redis did not answer a moment ago, and is left alone.

    Once its time is over one of those who ask is sent to see; the others leave it alone until it has answered.
    """
    global _away_until
    if not _away_until:
        return False
    with _asking:
        if time.monotonic() < _away_until:
            return True
        _away_until = time.monotonic() + LEFT_ALONE
        return False


def answers() -> None:
    """Redis answered."""
    global _away_until
    _away_until = 0.0


def is_silent(error: Exception) -> None:
    """Somebody else asked Redis in vain."""
    global _away_until
    _away_until = time.monotonic() + LEFT_ALONE
    _say(error)


def forget() -> None:
    """Ask Redis again at once."""
    global _said_at
    answers()
    _said_at = float("-inf")


def _say(error: Exception) -> None:
    global _said_at
    if time.monotonic() - _said_at >= SAID_EVERY:
        _said_at = time.monotonic()
        log.error("Redis is away (%s): photos are let through uncounted", type(error).__name__)


@cache
def _connection(url: str) -> redis.Redis:
    # Once more after a broken connection, which a restarted Redis leaves behind; never after a wait.
    again = Retry(NoBackoff(), 1, supported_errors=(redis.ConnectionError,))
    return redis.Redis.from_url(
        url,
        socket_timeout=WAITS_AT_MOST,
        socket_connect_timeout=WAITS_AT_MOST,
        retry=again,
        max_connections=1_000,  # there are as many as threads ask at once; a hundred, the default, would say "away"
    )
