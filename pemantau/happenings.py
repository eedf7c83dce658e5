"""How often something happened in the last hour: counted by the minute in Redis, by all processes together.

For operators to look at, and nothing else: no rule reads these counts. With Redis away nothing is counted, so a count
is at least what happened while Redis answered.
"""

import time
from collections.abc import Callable

import redis
from django.http import HttpRequest, HttpResponse

from accounts import doorkeeper

MINUTES = 60
TASK_FAILED = "task_failed"  # a Celery task raised
SERVER_ERROR = "server_error"  # an answer of 500 and above that nobody meant
READ_ONLY = "read_only"  # refused while the house was read-only
PROOF_NEEDED = "proof_needed"  # a stranger was asked to pay (alarm mode)
COME_LATER = "come_later"  # a photo of what is covered was asked to come later
ALL = (TASK_FAILED, SERVER_ERROR, READ_ONLY, PROOF_NEEDED, COME_LATER)


def count(what: str, now: float | None = None) -> None:
    """It happened once more."""
    minute = int((time.time() if now is None else now) // 60)

    def add(client: redis.Redis) -> None:
        with client.pipeline(transaction=False) as both:
            both.incr(_key(what, minute))
            both.expire(_key(what, minute), (MINUTES + 1) * 60)
            both.execute()

    doorkeeper.ask(add, None)


def in_last_hour(now: float | None = None) -> dict[str, int] | None:
    """How often each of `ALL` happened in the last sixty minutes, this one included; None while Redis is away."""
    minute = int((time.time() if now is None else now) // 60)
    keys = [_key(what, minute - back) for what in ALL for back in range(MINUTES)]

    def look(client: redis.Redis) -> list[bytes | None] | None:
        return client.mget(keys)  # type: ignore[return-value]  # its stubs know awaitables, too

    found = doorkeeper.ask(look, None)
    if found is None:
        return None
    counts = [int(each or 0) for each in found]
    return {what: sum(counts[n * MINUTES : (n + 1) * MINUTES]) for n, what in enumerate(ALL)}


def _key(what: str, minute: int) -> str:
    return f"happened:{what}:{minute}"


class CountingMiddleware:
    """Counts answers that went wrong, and apart from them those that were meant: the house is read-only."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        response = self.get_response(request)
        if response.status_code >= 500:
            count(READ_ONLY if getattr(response, "refused_as", "") == READ_ONLY else SERVER_ERROR)
        return response
