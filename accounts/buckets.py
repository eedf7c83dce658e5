"""Token buckets in Redis, several taken from at once: one token out of each, or none at all.

A bucket of 10 tokens in 600 seconds is full at first, and gets a token back each minute. What is remembered is how
many are out and since when, so a bucket that grows has all its new tokens at once. One script does all of it: two
web processes never hand out the same token. A bucket that is full again is forgotten.
"""

import math
import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import cast

import redis

from accounts import doorkeeper

_UNITS = {"s": 1, "m": 60, "h": 3600, "d": 86400}


@dataclass(frozen=True)
class Rate:
    """So many tokens in so many seconds."""

    tokens: int
    seconds: int


@dataclass(frozen=True)
class Bucket:
    """`key` says whose it is, as a pseudonym; the same bucket may be asked for with another rate."""

    key: str
    rate: Rate


def rate(text: str) -> Rate:
    """`10/10m` is ten in ten minutes, `30/d` thirty a day. Raises ValueError."""
    written = re.fullmatch(r"([1-9][0-9]*)/([1-9][0-9]*)?([smhd])", text)
    if written is None:
        raise ValueError(f"not a rate such as 10/10m or 30/d: {text}")
    tokens, count, unit = written.groups()
    return Rate(int(tokens), int(count or 1) * _UNITS[unit])


def take(buckets: Sequence[Bucket], now: float | None = None) -> list[int]:
    """Take one token out of each; nothing where one of them is empty.

    Returns for each bucket after how many seconds it has a token: all 0 where they were taken. `now` in seconds is
    Redis's own clock by default, which all processes share. With Redis away they are taken.
    """
    nothing: list[bytes] = []
    waits = doorkeeper.ask(lambda redis: _run(redis, "take", buckets, now), nothing)
    return [math.ceil(float(wait)) for wait in waits] or [0 for _ in buckets]


def give_back(buckets: Sequence[Bucket], now: float | None = None) -> None:
    """Put a token back into each: what it was taken for did not come about."""
    nothing: list[bytes] = []
    doorkeeper.ask(lambda redis: _run(redis, "give back", buckets, now), nothing)


def _run(client: redis.Redis, what: str, buckets: Sequence[Bucket], now: float | None) -> list[bytes]:
    rates = [number for bucket in buckets for number in (bucket.rate.tokens, bucket.rate.seconds)]
    keys = [f"bucket:{bucket.key}" for bucket in buckets]
    script = client.register_script(_SCRIPT)
    return cast(list[bytes], script(keys=keys, args=[what, "" if now is None else now, *rates]))


# KEYS: the buckets. ARGV: what to do, the time or "", then tokens and seconds of each bucket.
# A thousandth of a token more or less is rounding.
_SCRIPT = """
local now = tonumber(ARGV[2])
if not now then
    local clock = redis.call('TIME')
    now = clock[1] + clock[2] / 1000000
end
local change = ARGV[1] == 'take' and 1 or -1
local out, waits, empty = {}, {}, false
for i, key in ipairs(KEYS) do
    local tokens, seconds = tonumber(ARGV[2 * i + 1]), tonumber(ARGV[2 * i + 2])
    local known = redis.call('HMGET', key, 'out', 'at')
    local before = tonumber(known[1]) or 0
    local passed = math.max(0, now - (tonumber(known[2]) or now))
    out[i] = math.max(0, math.max(0, before - passed * tokens / seconds) + change)
    local missing = out[i] - tokens
    waits[i] = missing > 0.001 and string.format('%.3f', missing * seconds / tokens) or '0'
    empty = empty or missing > 0.001
end
if change == 1 and empty then
    return waits
end
for i, key in ipairs(KEYS) do
    local tokens, seconds = tonumber(ARGV[2 * i + 1]), tonumber(ARGV[2 * i + 2])
    if out[i] > 0 then
        redis.call('HSET', key, 'out', string.format('%.6f', out[i]), 'at', string.format('%.6f', now))
        redis.call('EXPIRE', key, math.ceil(out[i] * seconds / tokens) + 1)
    else
        redis.call('DEL', key)
    end
end
return waits
"""
