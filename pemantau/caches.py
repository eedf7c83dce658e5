"""The cache of published documents: one that hangs is asked by one request in ten seconds, or every page would wait."""

from collections.abc import Callable
from typing import Any

import redis
from django.core.cache.backends.redis import RedisCache

from accounts import doorkeeper


def _unless_away(verb: Callable[..., Any]) -> Callable[..., Any]:
    def asked(*given: Any, **named: Any) -> Any:
        if doorkeeper.is_away():
            raise redis.ConnectionError("left alone for a while")
        try:
            answer = verb(*given, **named)
        except (redis.ConnectionError, redis.TimeoutError) as error:
            doorkeeper.is_silent(error)
            raise
        doorkeeper.answers()
        return answer

    return asked


class CacheThatIsLeftAlone(RedisCache):
    """Raises `redis.ConnectionError` at once while Redis is away."""

    add = _unless_away(RedisCache.add)
    get = _unless_away(RedisCache.get)
    get_many = _unless_away(RedisCache.get_many)
    set = _unless_away(RedisCache.set)
    set_many = _unless_away(RedisCache.set_many)
