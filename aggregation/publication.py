"""Published documents: bytes with an ETag, made once per change and served from the cache.

Three kinds of cache keys; Redis may lose all of them at any moment:

    generation                 a random word; whoever finds none makes one
    place, generation          the version of the newest published document of this place
    place, generation, version its bytes, which never change

A document is read from the database after the generation was read, and kept under that generation. So a
slow reader can neither put an older document over a newer one nor bring one back after a loss: in the
same generation the folder has said the newer version, and nobody looks into an earlier generation.
"""

import gzip
import hashlib
import json
import logging
import secrets
from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from django.core.cache import caches
from django.db.models import F
from django.utils.connection import ConnectionProxy
from redis.exceptions import RedisError

from aggregation import region_document
from aggregation.models import Snapshot, Tally
from tps.models import NATION, Contest, Election

log = logging.getLogger(__name__)
cache = ConnectionProxy(caches, "documents")

_GENERATION = "published:generation"
_CURRENT = "published:current"
_REFERENCE = "published:reference"
# For so long the first page may still show an election that is no longer the current one.
CURRENT_SECONDS = 5
DOCUMENT_SECONDS = 3600
# A TPS has no version of its own in the fold; its document is made anew after this long.
STATION_SECONDS = 2
# What waits to be read moves with every photo and entry; counting takes some tenths of a second on a big night.
BACKLOG_SECONDS = 20
BOARD_SECONDS = 60
_CHUNK = 2000
# Levels whose documents the folder makes itself, since everybody reads them: nation and provinsi.
EAGER_LEVELS = (0, 1)


@dataclass(frozen=True)
class Document:
    """A published document as it goes over the wire."""

    etag: str
    packed: bytes  # gzip

    @property
    def body(self) -> bytes:
        return gzip.decompress(self.packed)

    def data(self) -> dict[str, Any]:
        """Its content; kept for the next reader, so nobody may change it."""
        return _data(self.packed)


@lru_cache(maxsize=64)
def _data(packed: bytes) -> dict[str, Any]:
    return dict(json.loads(gzip.decompress(packed)))


def pack(content: dict[str, Any]) -> Document:
    body = json.dumps(content, ensure_ascii=False, separators=(",", ":")).encode()
    # Weak: the same tag for the packed and the plain bytes.
    return Document(etag=f'W/"{hashlib.sha256(body).hexdigest()[:32]}"', packed=gzip.compress(body, 6, mtime=0))


def region(election: str, contest: str, code: str, *, find: Callable[[], Contest]) -> Document:
    """The document of one region. Costs no query when it is cached; `find` is called only when it is not.

    Raises `tps.search.UnknownRegion`, and whatever `find` raises.
    """
    place = _place(election, contest, code)
    generation, kept = _kept(place)
    if kept:
        return kept
    content = region_document.build(find(), code)
    document = pack(content)
    if generation and content["version"]:
        _keep(place, generation, content["version"], document)
    return document


def kept(contest: Contest, versions: dict[str, int]) -> dict[str, Document]:
    """The documents that the cache holds of these regions in these versions, by the region's code."""
    generation = cache.get(_GENERATION)
    if not generation:
        return {}
    places = {code: _place(contest.election_id, contest.code, code) for code in versions}
    keys = {_document_key(place, generation, versions[code]): code for code, place in places.items()}
    said = cache.get_many([_version_key(place, generation) for place in places.values()])
    return {
        keys[key]: Document(*found)
        for key, found in cache.get_many(keys).items()
        if said.get(_version_key(places[keys[key]], generation)) == versions[keys[key]]
    }


def station(election: str, contest: str, code: str, *, build: Callable[[], dict[str, Any]]) -> Document:
    """The document of one TPS, at most `STATION_SECONDS` old."""
    key = f"published:tps:{election}/{contest}/{code}"
    try:
        kept = cache.get(key)
    except RedisError:
        return pack(build())
    if kept:
        return Document(*kept)
    document = pack(build())
    _quietly(lambda: cache.set(key, (document.etag, document.packed), STATION_SECONDS))
    return document


def backlog(election: str, code: str = NATION, *, build: Callable[[], dict[str, Any]]) -> Document:
    """How much waits to be read in a region, counted every `BACKLOG_SECONDS`."""
    return counted(f"published:backlog:{election}/{region_document.word_of(code)}", BACKLOG_SECONDS, build=build)


def board(*, build: Callable[[], dict[str, Any]]) -> Document:
    """How much those who are on the volunteers' board have read, by account: no page shows it as it is."""
    return counted("published:board", BOARD_SECONDS, build=build)


def counted(key: str, seconds: int, *, build: Callable[[], dict[str, Any]]) -> Document:
    """What is counted every so many seconds by one of all who ask; others get what there is.

    Without Redis each process counts for itself, as often.
    """
    try:
        kept = cache.get(key)
        if kept and not cache.add(f"{key}:fresh", 1, seconds):
            return Document(*kept)
    except RedisError:
        here = caches["process"]
        if not (kept := here.get(key)):
            kept = _plain(pack(build()))
            here.set(key, kept, seconds)
        return Document(*kept)
    document = pack(build())

    def store() -> None:
        cache.set(key, _plain(document), DOCUMENT_SECONDS)
        cache.set(f"{key}:fresh", 1, seconds)

    _quietly(store)
    return document


def _plain(document: Document) -> tuple[str, bytes]:
    return document.etag, document.packed


def current(find: Callable[[], Contest | None]) -> tuple[tuple[str, str] | None, Contest | None]:
    """Election and code of the contest that the first page shows; the contest itself where it was looked for."""
    try:
        if kept := cache.get(_CURRENT):
            return kept, None
    except RedisError:
        pass
    contest = find()
    if contest is None:
        return None, None
    place = (contest.election_id, contest.code)
    _quietly(lambda: cache.set(_CURRENT, place, CURRENT_SECONDS))
    return place, contest


# --- The folder's side ----------------------------------------------------------------------


def publish() -> int:
    """Say which documents are new since the last publication, for all contests; returns how many.

    May stop anywhere and run again: a snapshot counts as published only at the end. Raises `RedisError`.
    """
    return sum(_publish(snapshot) for snapshot in Snapshot.objects.filter(published__lt=F("version")).order_by("pk"))


def _publish(snapshot: Snapshot) -> int:
    contest = Contest.objects.select_related("election").prefetch_related("options").get(pk=snapshot.contest_id)
    # Before anything is read from the database: see the top of this module.
    generation = _generation()
    changed = Tally.objects.filter(contest=contest, version__gt=snapshot.published, version__lte=snapshot.version)
    versions = dict(changed.values_list("region", "version"))
    for code in changed.filter(region__level__in=EAGER_LEVELS).values_list("region", flat=True):
        content = region_document.build(contest, code)
        document = pack(content)
        key = _document_key(_place(contest.election_id, contest.code, code), generation, content["version"])
        cache.set(key, (document.etag, document.packed), DOCUMENT_SECONDS)
    pointers = {
        _version_key(_place(contest.election_id, contest.code, code), generation): version
        for code, version in versions.items()
    }
    keys = list(pointers)
    for start in range(0, len(keys), _CHUNK):
        cache.set_many({key: pointers[key] for key in keys[start : start + _CHUNK]}, timeout=None)
    Snapshot.objects.filter(pk=snapshot.pk, published__lt=snapshot.version).update(published=snapshot.version)
    return len(versions)


def follow_reference() -> bool:
    """Begin a new generation where names, forms or lists have changed since documents were made. Raises `RedisError`.

    Says whether it did. One query; the cache remembers for which reference data its documents were made.
    """
    rows = Election.objects.order_by("pk").values_list("pk", "name", "date", "is_current", "hashes")
    now = hashlib.sha256(repr(list(rows)).encode()).hexdigest()
    if cache.get(_REFERENCE) == now:
        return False
    forget()
    cache.set(_REFERENCE, now, timeout=None)
    return True


# --- The cache ------------------------------------------------------------------------------

_last_generation = ""


def _generation() -> str:
    """The present generation, made here where there is none."""
    if not (found := cache.get(_GENERATION)):
        cache.add(_GENERATION, secrets.token_hex(8), timeout=None)
        found = cache.get(_GENERATION)
    return str(found or "")


def _kept(place: str) -> tuple[str, Document | None]:
    """The generation and the cached document of a place; an empty generation where there is no cache."""
    global _last_generation
    try:
        version_key = _version_key(place, _last_generation)
        found = cache.get_many([_GENERATION, version_key])
        generation = found.get(_GENERATION) or _generation()
        if generation != _last_generation:
            _last_generation = generation
            found = cache.get_many([_version_key(place, generation)])
        version = found.get(_version_key(place, generation))
        if version is None:
            return generation, None
        return generation, _bytes(_document_key(place, generation, version))
    except RedisError as error:
        log.warning("cache: %s", type(error).__name__)
        return "", None


def _bytes(key: str) -> Document | None:
    kept = _memory.get(key) or cache.get(key)
    if not kept:
        return None
    if key not in _memory:
        if len(_memory) >= _MEMORY_SIZE:
            _memory.clear()
        _memory[key] = kept
    return Document(*kept)


# Bytes under a key never change, so this process may keep the ones it served.
_memory: dict[str, tuple[str, bytes]] = {}
_MEMORY_SIZE = 500


def _keep(place: str, generation: str, version: int, document: Document) -> None:
    def store() -> None:
        cache.set(_document_key(place, generation, version), (document.etag, document.packed), DOCUMENT_SECONDS)
        cache.add(_version_key(place, generation), version, timeout=None)

    _quietly(store)


def _quietly(store: Callable[[], object]) -> None:
    try:
        store()
    except RedisError as error:
        log.warning("cache: %s", type(error).__name__)


def _place(election: str, contest: str, code: str) -> str:
    return f"{election}/{contest}/{region_document.word_of(code)}"


def _version_key(place: str, generation: str) -> str:
    return f"published:{generation}:{place}"


def _document_key(place: str, generation: str, version: int) -> str:
    return f"published:{generation}:{place}:{version}"


def forget() -> None:
    """Begin a new generation: every document is made anew when it is next asked for."""
    cache.set(_GENERATION, secrets.token_hex(8), timeout=None)
