"""How much somebody may do in a while: token buckets in Redis, several taken from at once or none.

A bucket holds `size` tokens and fills up again within `seconds`. A full one needs no key: who loses Redis has full
buckets everywhere and locks nobody out.
"""

import logging
import math
import time
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache

import redis
from django.conf import settings

log = logging.getLogger(__name__)

SAY_AGAIN_AFTER = 60.0  # seconds, while Redis is away
_said_at = -SAY_AGAIN_AFTER


@dataclass(frozen=True)
class Rate:
    """So many within so many seconds."""

    size: int
    seconds: int

    @classmethod
    def parse(cls, text: str) -> "Rate":
        """`10/600`: ten in ten minutes."""
        size, seconds = text.split("/")
        return cls(int(size), int(seconds))


@dataclass(frozen=True)
class Bucket:
    key: str
    rate: Rate


# KEYS: the buckets. ARGV: now, then size and seconds of each. What is kept is "<tokens missing>:<as of>"; a bucket that
# has grown meanwhile misses as many as before. Answers how long to wait; 0 where a token of each was taken. All in one
# script, so that two requests at the same instant do not take the same token.
_MISSING = """
    local now = tonumber(ARGV[1])
    local function missing(n)
        local used, at = (redis.call('GET', KEYS[n]) or '0:0'):match('(.*):(.*)')
        return math.max(0, used - (now - at) * ARGV[2 * n] / ARGV[2 * n + 1])
    end
    local function keep(n, used)
        local full_in = used * ARGV[2 * n + 1] / ARGV[2 * n]
        if used <= 0 then return redis.call('DEL', KEYS[n]) end
        redis.call('SET', KEYS[n], string.format('%.6f:%.6f', used, now), 'PX', math.ceil(full_in * 1000))
    end
"""
_TAKE = (
    _MISSING
    + """
    local wait = 0
    for n in ipairs(KEYS) do
        wait = math.max(wait, (missing(n) + 1 - ARGV[2 * n]) * ARGV[2 * n + 1] / ARGV[2 * n])
    end
    if wait > 0.001 then return tostring(wait) end
    for n in ipairs(KEYS) do keep(n, missing(n) + 1) end
    return '0'
"""
)
_GIVE_BACK = _MISSING + "for n in ipairs(KEYS) do keep(n, missing(n) - 1) end"


def take(buckets: Sequence[Bucket], now: float | None = None) -> int:
    """Take a token from each bucket, or none from any; the seconds until there is one in each, 0 if they were taken.

    Without Redis everybody may: who sends a photo on election night is not sent away because a cache is down.
    """
    try:
        return math.ceil(float(_run(_TAKE, buckets, now)) - 0.001)  # what rounding adds is no second
    except redis.RedisError as error:
        _say(error)
        return 0


def give_back(buckets: Sequence[Bucket], now: float | None = None) -> None:
    """Put a token back into each."""
    try:
        _run(_GIVE_BACK, buckets, now)
    except redis.RedisError as error:
        _say(error)


def _run(script: str, buckets: Sequence[Bucket], now: float | None) -> bytes:
    if not buckets:
        return b"0"
    keys = [f"bucket:{bucket.key}" for bucket in buckets]
    numbers = [number for bucket in buckets for number in (bucket.rate.size, bucket.rate.seconds)]
    moment = f"{time.time() if now is None else now:.6f}"
    answer: bytes = _redis(settings.REDIS_URL).eval(script, len(keys), *keys, moment, *numbers)
    return answer


@cache
def _redis(url: str) -> redis.Redis:
    return redis.Redis.from_url(url, socket_timeout=1, socket_connect_timeout=1)


def _say(error: redis.RedisError) -> None:
    global _said_at
    if time.monotonic() - _said_at >= SAY_AGAIN_AFTER:
        _said_at = time.monotonic()
        log.warning("limits are off, Redis does not answer: %s", type(error).__name__)
