"""Whether this process can do its work: `/sehat/`, asked by the supervisor, the proxy and the monitor.

200 as long as a photo can be received: database and storage answer. Redis is a doorbell: without it
everything waits for the sweeper, so it is named, but it takes no server out of service.
"""

import logging
import os
import shutil
from collections.abc import Callable

import redis
from django.conf import settings
from django.core.files.storage import storages
from django.db import connection
from django.http import HttpRequest, JsonResponse
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from accounts.permissions import Action, page

log = logging.getLogger(__name__)
OK, FAILS = "ok", "fails"
NEEDED = ("database", "storage")
ROOM_NEEDED = 200 * 1024 * 1024


@never_cache
@require_safe
@page(Action.SEE_PUBLIC)
def health(request: HttpRequest) -> JsonResponse:
    """`{"database": "ok", "storage": "ok", "redis": "ok"}`; 503 where a needed one fails."""
    found = {name: _state(name, check) for name, check in CHECKS.items()}
    status = 200 if all(found[name] == OK for name in NEEDED) else 503
    return JsonResponse(found, status=status)


def check_database() -> None:
    with connection.cursor() as cursor:
        cursor.execute("SELECT 1")


def check_storage() -> None:
    """The sealed store answers; a folder can be written to and has room for some photos."""
    storages["sealed"].exists("originals/00/00/health")
    if not settings.S3_ENDPOINT:
        settings.OBJECTS_DIR.mkdir(parents=True, exist_ok=True)
        if not os.access(settings.OBJECTS_DIR, os.W_OK) or shutil.disk_usage(settings.OBJECTS_DIR).free < ROOM_NEEDED:
            raise OSError("the object folder is closed or full")


def check_redis() -> None:
    with redis.Redis.from_url(settings.REDIS_URL, socket_timeout=1, socket_connect_timeout=1) as client:
        client.ping()


CHECKS: dict[str, Callable[[], None]] = {
    "database": check_database,
    "storage": check_storage,
    "redis": check_redis,
}


def _state(name: str, check: Callable[[], None]) -> str:
    try:
        check()
    except Exception as error:  # whatever it is, the answer is "fails"; its text is for the log
        log.warning("health: %s fails: %s", name, error)
        return FAILS
    return OK
