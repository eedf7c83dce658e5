"""What the public reads: documents of regions, written as files by the folder, once per change; and a few that are
counted when somebody asks, and kept in the cache for the others who ask.

A region's document is found by its files (`published_files`) and costs no query, with or without Redis or database.
Where a contest has not been published yet, the database answers.
"""

import logging
import time
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from django.core.cache import caches
from django.db.models import F, Q
from django.utils.connection import ConnectionProxy
from redis.exceptions import RedisError

from aggregation import published_files as files
from aggregation import region_document
from aggregation.models import Snapshot, Tally
from aggregation.published_files import Document, Place, pack
from tps.models import NATION, Contest, Election

log = logging.getLogger(__name__)
cache = ConnectionProxy(caches, "documents")

DOCUMENT_SECONDS = 3600
# A TPS has no version of its own in the fold; its document is made anew after this long.
STATION_SECONDS = 2
# What waits to be read moves with every photo and entry; counting takes some tenths of a second on a big night.
BACKLOG_SECONDS = 20
BOARD_SECONDS = 60
# So many regions are read and written at a time: the memory of the folder.
CHUNK = 500
# The folder says so often that what is published is what there is.
CONFIRM_SECONDS = 2.0
# Older than this, pages say so.
STALE_SECONDS = 60


def region(election: str, contest: str, code: str, *, find: Callable[[], Contest]) -> Document:
    """The document of one region. Costs no query where it is published; `find` is called only where it is not.

    Raises `tps.search.UnknownRegion`, and whatever `find` raises.
    """
    published = files.find(Place(election, contest), region_document.path_to(code))
    return published or pack(region_document.build(find(), code))


def station(election: str, contest: str, code: str, *, build: Callable[[], dict[str, Any]]) -> Document:
    """The document of one TPS, at most `STATION_SECONDS` old."""
    key = f"published:tps:{election}/{contest}/{code}"
    try:
        kept = cache.get(key)
    except RedisError:
        return pack(build())
    if kept:
        return Document(kept)
    document = pack(build())
    _quietly(lambda: cache.set(key, document.body, STATION_SECONDS))
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
            return Document(kept)
    except RedisError:
        here = caches["process"]
        if not (kept := here.get(key)):
            kept = pack(build()).body
            here.set(key, kept, seconds)
        return Document(kept)
    document = pack(build())

    def store() -> None:
        cache.set(key, document.body, DOCUMENT_SECONDS)
        cache.set(f"{key}:fresh", 1, seconds)

    _quietly(store)
    return document


def _quietly(store: Callable[[], object]) -> None:
    try:
        store()
    except RedisError as error:
        log.warning("cache: %s", type(error).__name__)


def current(find: Callable[[], Contest | None]) -> tuple[tuple[str, str] | None, Contest | None]:
    """Election and code of the contest that the first page shows; the contest itself where it was looked for."""
    said = _confirmed()
    if said and said["current"]:
        return (said["current"]["election"], said["current"]["contest"]), None
    contest = find()
    return ((contest.election_id, contest.code) if contest else None), contest


def age() -> float | None:
    """Seconds since the folder last saw that all it knows is published; nothing where it never did."""
    said = _confirmed()
    return time.time() - said["confirmed"] if said else None


def stale_since() -> str | None:
    """When that was, where it is longer ago than anybody would expect: then pages say so. UTC, to the second."""
    seconds = age()
    if seconds is None or seconds <= STALE_SECONDS:
        return None
    said = _confirmed()
    return str(said["confirmed_at"]) if said else None


def _confirmed() -> dict[str, Any] | None:
    return files.read_pointer(files.root() / files.POINTER)


# --- The folder's side ----------------------------------------------------------------------


def publish() -> int:
    """Write the documents that are new since the last publication, for all contests; returns how many.

    May stop anywhere and run again: until the pointer is replaced the old version stands, whole.
    """
    waiting = Snapshot.objects.filter(published__lt=F("version")).order_by("pk").values_list("contest", flat=True)
    return sum(_publish(contest) for contest in _contests(waiting))


def confirm(current: Contest | None) -> None:
    """Say that all is published that there is, if it is so, and which contest the first page shows."""
    if Snapshot.objects.filter(published__lt=F("version")).exists():
        return
    files.write_pointer(
        files.root() / files.POINTER,
        {
            "current": {"election": current.election_id, "contest": current.code} if current else None,
            "confirmed": round(time.time(), 1),
            "confirmed_at": region_document.time_of(datetime.now(UTC)),
            "boot": _boot(),
        },
    )


def distrust_after_a_power_cut() -> None:
    """Have all files written anew where they are lost, or the machine started since: the last may be names only."""
    said = _confirmed()
    if not said or said["boot"] != _boot():
        forget()


def _boot() -> str:
    """Another word after each start of the machine."""
    try:
        return Path("/proc/sys/kernel/random/boot_id").read_text().strip()
    except OSError:
        return ""


_followed: dict[str, str] = {}


def follow_reference() -> bool:
    """Have documents written anew where names, forms or lists have changed since; whether there were any. One query."""
    marks = {election.pk: _mark(election) for election in Election.objects.order_by("pk")}
    changed = [code for code, mark in marks.items() if _followed.get(code) != mark]
    found = [snapshot.contest for snapshot in _published_in(changed) if _is_of_another(snapshot.contest, marks)]
    if found:
        forget(contest__in=found)
    _followed.clear()
    _followed.update(marks)
    return bool(found)


def _published_in(elections: Sequence[str]) -> Iterable[Snapshot]:
    if not elections:
        return ()
    return Snapshot.objects.filter(contest__election__in=elections, published__gt=0).select_related("contest")


def _is_of_another(contest: Contest, marks: Mapping[str, str]) -> bool:
    said = files.read_pointer(Place(contest.election_id, contest.code).pointer)
    return said is not None and said["reference"] != marks[contest.election_id]


def forget(**which: Any) -> None:
    """Have the folder write all documents anew; of the contests that `which` says."""
    Snapshot.objects.filter(**which).update(published=0)


def _contests(keys: Iterable[int]) -> Iterable[Contest]:
    return Contest.objects.filter(pk__in=list(keys)).select_related("election").prefetch_related("options")


def _mark(election: Election) -> str:
    """By what documents call things."""
    return pack({"name": election.name, "date": str(election.date), "hashes": election.hashes}).sha256


def _publish(contest: Contest) -> int:
    place = Place(contest.election_id, contest.code)
    mark = _mark(contest.election)
    with region_document.consistent():
        snapshot = Snapshot.objects.get(pk=contest.pk)
        said = files.read_pointer(place.pointer)
        whole = snapshot.published == 0 or not said or said["reference"] != mark
        try:
            written = _write(contest, place, _changed(snapshot, whole=whole), said, anew=whole)
        except _Lost:
            log.warning("published files of %s are not all there: writing them anew", contest)
            written = _write(contest, place, _changed(snapshot, whole=True), None, anew=True)
    if NATION in written:
        files.write_pointer(
            place.pointer,
            {
                "format": region_document.FORMAT,
                "election": place.election,
                "contest": place.contest,
                "version": snapshot.version,
                "cut": snapshot.cut,
                "changed_at": region_document.time_of(snapshot.changed_at),
                "published_at": region_document.time_of(datetime.now(UTC)),
                "document": written[NATION][0],
                "reference": mark,
            },
        )
    for code, (now, before) in written.items():
        files.supersede(place, region_document.word_of(code), now, before)
    # Not where somebody had everything forgotten meanwhile.
    Snapshot.objects.filter(pk=snapshot.pk, published=snapshot.published).update(published=snapshot.version)
    return len(written)


class _Lost(Exception):
    """A document that the pointer leads to is not there."""


def _changed(snapshot: Snapshot, *, whole: bool) -> set[str]:
    """Regions whose document is another one than before, and all above them, whose documents name theirs."""
    since = Q() if whole else Q(version__gt=snapshot.published)
    codes = Tally.objects.filter(since, contest=snapshot.contest_id).values_list("region", flat=True)
    return {above for code in codes for above in region_document.path_to(code)}


def _write(
    contest: Contest, place: Place, changed: Collection[str], said: Mapping[str, Any] | None, *, anew: bool
) -> dict[str, tuple[str, str | None]]:
    """Write the documents of these regions, villages first; by code its name and the one before.

    Raises `_Lost`.
    """
    names = _names_below(place, changed, said["document"]) if said and not anew else {}
    earlier = dict(names)
    written: dict[str, tuple[str, str | None]] = {}
    for digits in reversed(region_document.DIGITS):
        codes = sorted(code for code in changed if len(code) == digits)
        for start in range(0, len(codes), CHUNK):
            chunk = codes[start : start + CHUNK]
            for code, content in region_document.build_all(contest, chunk, names).items():
                document = pack(content)
                names[code] = files.name_of(document, content["version"])
                files.write(place, region_document.word_of(code), names[code], document, anew=anew)
                written[code] = (names[code], earlier.get(code))
    return written


def _names_below(place: Place, changed: Collection[str], document: str) -> dict[str, str]:
    """The names of the documents to which the nation's leads, of these regions and those right below them, by code.

    Raises `_Lost`.
    """
    names = {NATION: document}
    for code in sorted(changed, key=lambda code: (len(code), code)):
        if code in names:
            found = files.read(place, region_document.word_of(code), names[code])
            if found is None:
                raise _Lost
            names |= found.children
    return names
