"""Where published documents lie: the one file that knows their paths.

    terbaru.json                                   what the first page shows, and when that was confirmed
    <election>/<contest>/terbaru.json              the pointer: version, cut, and the nation's document
    <election>/<contest>/<region>/<document>.json  immutable, with .json.gz and .json.br beside it
    <election>/<contest>/riwayat/<region>.json     the history of a region, for its charts (`samples`)
    <election>/<contest>/perkiraan/<region>.json   what stands beside its sums (`outlook`)

in the folder PUBLISHED_DIR.

`<document>` is the version in which the region last changed and the beginning of the bytes' SHA-256. A document names
those of its children, so the pointer leads to every document of its version and to none of another one: whoever reads
from one pointer reads one consistent cut. The pointer is written last, and replaced at once.

The folder writes; the application and nginx (as `/dokumen/`) read. A superseded document stays for `KEPT_SECONDS`, for
those who are on their way down from an earlier pointer.
"""

import gzip
import hashlib
import json
import os
import secrets
import time
from collections import OrderedDict
from collections.abc import Iterable
from contextlib import suppress
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import brotli
from django.conf import settings

POINTER = "terbaru.json"
# The nation's name in addresses and documents; its code is empty.
WHOLE = "nasional"
KEPT_SECONDS = 900
HASHED = 16  # hexadecimal digits of the hash in a document's name


@dataclass(frozen=True)
class Document:
    """A published document as it goes over the wire."""

    body: bytes

    @cached_property
    def etag(self) -> str:
        """Weak: the same tag for the packed and the plain bytes."""
        return f'W/"{self.sha256[:32]}"'

    @cached_property
    def sha256(self) -> str:
        return hashlib.sha256(self.body).hexdigest()

    @cached_property
    def gzipped(self) -> bytes:
        return gzip.compress(self.body, 6, mtime=0)

    @cached_property
    def brotlied(self) -> bytes:
        return brotli.compress(self.body, quality=5)

    @cached_property
    def content(self) -> dict[str, Any]:
        """What it says; kept for the next reader, so nobody may change it."""
        return dict(json.loads(self.body))

    @cached_property
    def children(self) -> dict[str, str]:
        """The documents of the regions below, by code."""
        return {child["code"]: child["document"] for child in self.content["children"] if child.get("document")}


def pack(content: dict[str, Any]) -> Document:
    return Document(json.dumps(content, ensure_ascii=False, separators=(",", ":")).encode())


def name_of(document: Document, version: int) -> str:
    return f"{version}-{document.sha256[:HASHED]}"


@dataclass(frozen=True)
class Place:
    """One contest's folder."""

    election: str
    contest: str

    @property
    def folder(self) -> Path:
        return root() / self.election / self.contest

    @property
    def pointer(self) -> Path:
        return self.folder / POINTER

    def beside(self, what: str, word: str) -> Path:
        return self.folder / what / f"{word}.json"

    def path(self, word: str, name: str) -> Path:
        return self.folder / word / f"{name}.json"


def root() -> Path:
    return Path(settings.PUBLISHED_DIR)


# --- Reading ---------------------------------------------------------------------------------

_MOST_REMEMBERED = 1000
_LOOK_AGAIN_SECONDS = 0.1
# Documents never change, so a process keeps those it read; pointers it looks at again and again.
_documents: OrderedDict[Path, Document] = OrderedDict()
_pointers: dict[Path, tuple[float, tuple[int, int, int] | None, dict[str, Any] | None]] = {}


def read_pointer(path: Path) -> dict[str, Any] | None:
    """What a pointer says now, or nothing where there is none. Looks at the file ten times a second at most."""
    now = time.monotonic()
    looked, mark, said = _pointers.get(path, (float("-inf"), None, None))
    if now - looked < _LOOK_AGAIN_SECONDS:
        return said
    try:
        found = path.stat()
    except OSError:  # not there, or a name that no file can have
        _pointers.pop(path, None)
        return None
    if mark != (there := (found.st_ino, found.st_mtime_ns, found.st_size)):
        said = _read_json(path)
    if len(_pointers) > _MOST_REMEMBERED:
        _pointers.clear()
    _pointers[path] = (now, there, said)
    return said


def _read_json(path: Path) -> dict[str, Any] | None:
    try:
        return dict(json.loads(path.read_bytes()))
    except (OSError, ValueError):
        return None


def read(place: Place, word: str, name: str) -> Document | None:
    """One document; nothing where it is not there, or not what its name says (a disk that lost power)."""
    path = place.path(word, name)
    if (known := _documents.get(path)) is not None:
        return known
    try:
        document = Document(path.read_bytes())
    except OSError:
        return None
    if not name.endswith(document.sha256[:HASHED]):
        return None
    remember(path, document)
    return document


def remember(path: Path, document: Document) -> None:
    _documents[path] = document
    while len(_documents) > _MOST_REMEMBERED:
        _documents.popitem(last=False)


def find(place: Place, codes: Iterable[str]) -> Document | None:
    """The published document of the last of these regions, which lead down to it from the nation ("").

    Nothing where the contest is not published, or the region is not among its own.
    """
    said = read_pointer(place.pointer)
    if not said:
        return None
    name: str | None = said["document"]
    document: Document | None = None
    for code in codes:
        if document is not None:
            name = document.children.get(code)
        document = read(place, code or WHOLE, name) if name else None
        if document is None:
            return None
    return document


def forget() -> None:
    """What this process remembers. For tests: files never change under a name, pointers are looked at again."""
    _documents.clear()
    _pointers.clear()
    _folders.clear()


# --- Writing: the folder alone ---------------------------------------------------------------

_folders: set[Path] = set()


def write(place: Place, word: str, name: str, document: Document, *, anew: bool = False) -> None:
    """Put a document there, packed and plain, if it is not there yet; `anew` also if it seems to be."""
    path = place.path(word, name)
    if path.exists() and not anew:
        return
    if path.parent not in _folders:
        path.parent.mkdir(parents=True, exist_ok=True)
        _folders.add(path.parent)
    # The plain one last: where it is, the others are.
    _replace(path.with_suffix(".json.gz"), document.gzipped)
    _replace(path.with_suffix(".json.br"), document.brotlied)
    _replace(path, document.body)
    remember(path, document)


def write_pointer(path: Path, content: dict[str, Any]) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    _replace(path, json.dumps(content, ensure_ascii=False, separators=(",", ":")).encode())
    _pointers.pop(path, None)


def _replace(path: Path, content: bytes) -> None:
    """All of it, at once, or nothing."""
    beside = path.with_name(f".{path.name}.{secrets.token_hex(4)}")
    try:
        beside.write_bytes(content)
        os.replace(beside, path)
    except FileNotFoundError:  # somebody emptied the folder under us
        _folders.discard(path.parent)
        path.parent.mkdir(parents=True, exist_ok=True)
        beside.write_bytes(content)
        os.replace(beside, path)


def supersede(place: Place, word: str, now: str, before: str | None) -> None:
    """A newer document of a region is pointed at: start the time of the one before, and drop what has had its time."""
    folder, end = place.folder / word, time.time() - KEPT_SECONDS
    is_known = before is not None and before != now
    if is_known:
        for suffix in (".json", ".json.gz", ".json.br"):
            _touch(folder / f"{before}{suffix}")
    with os.scandir(folder) as found:
        old = [one.path for one in found if not one.name.startswith(f"{now}.") and one.stat().st_mtime < end]
    for path in old:
        if is_known:
            Path(path).unlink(missing_ok=True)
        else:
            _touch(Path(path))  # one of them may have been pointed at until now: they go with the next document


def _touch(path: Path) -> None:
    with suppress(FileNotFoundError):
        os.utime(path)
