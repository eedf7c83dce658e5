"""What a region's map is drawn on: the outlines of what lies below it, where somebody imported them, or its tiles.

Read once and kept in the cache, so that drawing a page asks the database nothing. An import says what has changed.
"""

import logging
import secrets
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from django.core.cache import caches
from django.db import DatabaseError, transaction
from django.utils.connection import ConnectionProxy
from redis.exceptions import RedisError

from aggregation.models import MapOutline, MapTile
from aggregation.region_document import word_of
from aggregation.simplification import Outline
from aggregation.tile_grid import Tile

EDITION_SECONDS = 5
_EDITION = "map:edition"

log = logging.getLogger(__name__)
cache = ConnectionProxy(caches, "documents")

# Whoever changes what a ground consists of, raises this: there are older ones in the cache.
_FORMAT = 1


@dataclass(frozen=True)
class Ground:
    """What is known of where the children of a region lie; nothing at all is a ground, too."""

    width: int = 0
    height: int = 0
    outlines: Mapping[str, Outline] = field(default_factory=dict)
    tiles: Mapping[str, Tile] = field(default_factory=dict)


def of(code: str) -> Ground:
    """The ground of a region: no query where it is cached, two else. Without database and cache there is none."""
    key = _key(code)
    try:
        if (kept := cache.get(key)) is not None:
            return Ground(*kept)
    except RedisError as error:
        log.warning("cache: %s", type(error).__name__)
    try:
        found = _read(code)
    except DatabaseError as error:
        # The page stands without its outlines; it is drawn on tiles.
        log.warning("grounds: %s", type(error).__name__)
        return Ground()
    try:
        # Until the next import says otherwise.
        cache.set(key, (found.width, found.height, dict(found.outlines), dict(found.tiles)), timeout=None)
    except RedisError as error:
        log.warning("cache: %s", type(error).__name__)
    return found


def _read(code: str) -> Ground:
    outlines = list(MapOutline.objects.filter(sheet__parent=code).select_related("sheet").order_by("pk"))
    tiles = MapTile.objects.filter(region__parent=code)
    return Ground(
        outlines[0].sheet.width if outlines else 0,
        outlines[0].sheet.height if outlines else 0,
        {one.region_id: Outline(one.path, one.x, one.y, one.room) for one in outlines},
        {one.region_id: Tile(one.column, one.row, one.abbreviation) for one in tiles},
    )


def forget_after_commit(codes: Iterable[str]) -> None:
    """Have the grounds of these regions read anew, and pages drawn anew, once what changed them is committed."""
    keys = [_key(code) for code in codes]

    def forget() -> None:
        cache.delete_many(keys)
        cache.set(_EDITION, secrets.token_hex(4), timeout=None)

    transaction.on_commit(forget, robust=True)


def edition() -> str:
    """Changes with every import, some seconds later: pages are remembered by it, beside their document's ETag."""
    here = caches["process"]
    if (known := here.get(_EDITION)) is None:
        try:
            known = cache.get(_EDITION) or ""
        except RedisError as error:
            log.warning("cache: %s", type(error).__name__)
            known = ""
        here.set(_EDITION, known, EDITION_SECONDS)
    return str(known)


def _key(code: str) -> str:
    return f"map:{_FORMAT}:{word_of(code)}"
