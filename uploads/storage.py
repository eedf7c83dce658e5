"""Where image bytes lie: the one file that knows all keys.

    staging/<uuid>, staging/<uuid>.<offset> received, not yet sealed; a day old, it is swept   (bucket `sealed`)
    originals/ab/cd/<sha256>                sealed originals, never public, never overwritten   (bucket `sealed`)
    public/<sha256>/{480,1280,2560}.webp    derivatives without metadata, rebuildable           (bucket `public`)

`<sha256>` is always that of the original's bytes; the `<uuid>` of what comes in by a ticket is the ticket's. Both
storages, the folder below and `uploads/s3.py`, have the same verbs beside Django's own (`open`, `delete`):
`ObjectStorage` says what they are.
"""

import errno
import hashlib
import io
import logging
import os
import shutil
import threading
import time
import uuid
from collections.abc import Iterator
from contextlib import AbstractContextManager, ExitStack, contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import BinaryIO, Protocol, cast

from boto3.exceptions import Boto3Error
from botocore.exceptions import BotoCoreError, ClientError, ConnectTimeoutError, HTTPClientError
from django.conf import settings
from django.core.files import File
from django.core.files.storage import FileSystemStorage, storages
from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from accounts.refusals import Refusal

log = logging.getLogger(__name__)

SIDES = (480, 1280, 2560)
STAGING = "staging/"
KEPT_FREE = 1 << 30  # bytes of a disk that pieces of photos may not fill
LEFT_ALONE = 5.0  # seconds in which an object store that hung is not asked again


class StorageUnavailable(Refusal):
    """The bytes could not be stored, or are not there after storing; there is no receipt then."""

    status = 503
    code = "storage_unavailable"
    sentence = _("Tempat penyimpanan foto sedang tidak dapat dihubungi. Simpan foto Anda dan coba lagi sebentar lagi.")
    retry_after = 30


class OriginalDamaged(StorageUnavailable):
    """A sealed original is missing, or its bytes are no longer those its key names."""

    code = "original_damaged"


class WrongOffset(Refusal):
    """More or fewer bytes of a ticket are here than its sender thinks; the header says how many."""

    status = 409
    code = "wrong_offset"
    sentence = _("Foto ini sudah kami terima sampai byte {there}. Lanjutkan dari sana.")

    def __init__(self, there: int) -> None:
        super().__init__(there=there)
        self.headers = {"Upload-Offset": str(there)}


@dataclass(frozen=True)
class Direct:
    """A request that brings bytes straight to the object store: `method` on `url` with exactly these `headers`."""

    method: str
    url: str
    headers: dict[str, str]


def staging_key(name: uuid.UUID) -> str:
    return f"{STAGING}{name}"


def original_key(sha256: str) -> str:
    return f"originals/{sha256[:2]}/{sha256[2:4]}/{sha256}"


def public_key(sha256: str, side: int) -> str:
    return f"public/{sha256}/{side}.webp"


def public_url(sha256: str, side: int) -> str:
    """Where the public finds a derivative: on the photos' own host if there is one, else on this one."""
    if settings.PHOTO_ORIGIN:
        return f"{settings.PHOTO_ORIGIN.rstrip('/')}/{public_key(sha256, side)}"
    return reverse("uploads:picture", args=[sha256, side])


# --- What the rest of the app does with objects ---------------------------------------------


def seal(path: Path, sha256: str, size: int) -> None:
    """Give a file's bytes their final place, and see that they are there, whole. May run twice; the file stays.

    Bytes that are sealed already are read and compared instead, for a receipt stands for what is stored.
    """
    key = original_key(sha256)
    with _answering():
        if _sealed().size_of(key) is not None:
            _content_of(sha256)
            return
        _sealed().keep(path, key)
        if (stored := _sealed().size_of(key)) != size:
            log.error("original %s: stored %s bytes instead of %s", sha256, stored, size)
            raise StorageUnavailable


def read_original(sha256: str) -> bytes:
    """The bytes of a sealed original; raises `OriginalDamaged` where they are not what the key says."""
    with _answering():
        return _content_of(sha256)


def _content_of(sha256: str) -> bytes:
    if _sealed().size_of(original_key(sha256)) is None:
        log.error("original %s is missing", sha256)
        raise OriginalDamaged
    with _sealed().open(original_key(sha256)) as original:
        content: bytes = original.read()
    if hashlib.sha256(content).hexdigest() != sha256:
        log.error("original %s does not have the bytes its key names", sha256)
        raise OriginalDamaged
    return content


def put_public(sha256: str, side: int, content: bytes) -> None:
    with _answering():
        _public().put(public_key(sha256, side), content, "image/webp")
        if _public().size_of(public_key(sha256, side)) != len(content):
            raise StorageUnavailable


def has_public(sha256: str, side: int) -> bool:
    with _answering():
        return _public().size_of(public_key(sha256, side)) is not None


def open_public(sha256: str, side: int) -> File | None:
    """A derivative's bytes, or None where there is none."""
    with _answering():
        try:
            return _public().open(public_key(sha256, side))
        except FileNotFoundError:
            return None


def remove_staged(before: datetime) -> int:
    """Remove what was staged before this moment; returns how many."""
    removed = 0
    with _answering():
        for bucket in (_sealed(), _public()):
            for key in bucket.older_than(STAGING, before):
                bucket.delete(key)
                removed += 1
    return removed


# --- Bytes that come in by a ticket, in pieces or at once -----------------------------------


def received(ticket: uuid.UUID) -> int:
    """How many bytes of a ticket are here, from the first on without a gap."""
    with _answering():
        return _sealed().received(staging_key(ticket))


def append(ticket: uuid.UUID, offset: int, content: bytes) -> None:
    """Add bytes that begin at `offset`; they are durable when this returns. Whoever calls it holds the ticket.

    Raises `WrongOffset`, and adds nothing, where more or fewer are here.
    """
    with _answering():
        _sealed().append(staging_key(ticket), offset, content)


@contextmanager
def staged_file(ticket: uuid.UUID) -> Iterator[Path]:
    """What is here of a ticket, as a file that nobody outside can change any more."""
    with ExitStack() as opened:
        with _answering():
            path = opened.enter_context(_sealed().staged_file(staging_key(ticket)))
        yield path


def drop(ticket: uuid.UUID) -> None:
    """Forget the bytes of a ticket. May run twice."""
    with _answering():
        _sealed().drop(staging_key(ticket))


def direct(ticket: uuid.UUID, size: int, media_type: str, sha256: str) -> Direct | None:
    """How to bring a ticket's bytes straight to the object store; None where phones cannot reach one."""
    return _sealed().direct(staging_key(ticket), size, media_type, sha256)


# --- The verbs ------------------------------------------------------------------------------


class ObjectStorage(Protocol):
    """What both storages offer. A key names bytes that never change; below staging/ they may grow."""

    def keep(self, source: Path, key: str) -> None:
        """Store a file's bytes under their final key, durably, and never instead of others."""

    def put(self, key: str, content: bytes, media_type: str) -> None:
        """Store what may be made again."""

    def size_of(self, key: str) -> int | None: ...

    def received(self, key: str) -> int:
        """How many staged bytes are here, from the first on."""

    def append(self, key: str, offset: int, content: bytes) -> None:
        """Add to the staged bytes, durably. Raises `WrongOffset` where not just `offset` bytes are here."""

    def staged_file(self, key: str) -> AbstractContextManager[Path]:
        """The staged bytes as a file on this machine."""

    def drop(self, key: str) -> None:
        """Remove staged bytes, where there are any."""

    def direct(self, key: str, size: int, media_type: str, sha256: str) -> Direct | None:
        """A request that brings just these bytes here without us."""

    def older_than(self, prefix: str, before: datetime) -> Iterator[str]: ...
    def open(self, name: str) -> File: ...
    def delete(self, name: str) -> None: ...


def _sealed() -> ObjectStorage:
    return cast(ObjectStorage, storages["sealed"])


def _public() -> ObjectStorage:
    return cast(ObjectStorage, storages["public"])


@contextmanager
def _answering() -> Iterator[None]:
    """A full disk, a network that hangs, a bucket that refuses: to the sender it is all one, try later.

    While a store hangs, one request at a time waits for it and the others are told at once: else all threads would
    wait, and no page would open.
    """
    global _hung_at
    is_trying = hangs = False
    if _hung_at is not None:
        is_trying = time.monotonic() - _hung_at > LEFT_ALONE and _trying.acquire(blocking=False)
        if not is_trying:
            raise StorageUnavailable
    try:
        yield
    except (OSError, Boto3Error, BotoCoreError, ClientError) as error:
        hangs = isinstance(error, HTTPClientError | ConnectTimeoutError)
        log.error("object storage: %s", type(error).__name__, exc_info=error)
        raise StorageUnavailable from error
    finally:
        if hangs or is_trying:
            _hung_at = time.monotonic() if hangs else None
        if is_trying:
            _trying.release()


_hung_at: float | None = None
_trying = threading.Lock()


def ask_again() -> None:
    """Forget that the store hung."""
    global _hung_at
    _hung_at = None


# --- A folder -------------------------------------------------------------------------------


class FolderStorage(FileSystemStorage):
    """Objects as files. What `keep`, `put` and `append` return from survives a power cut."""

    def keep(self, source: Path, key: str) -> None:
        target = Path(self.path(key))
        if source.parent == Path(self.path(STAGING)):
            # Whole and checked: nothing is ever added to it again, so a second name for it is enough. Each piece was
            # on the disk before it was acknowledged, but for one that a crash came in between.
            with source.open("rb") as staged:
                os.fsync(staged.fileno())
            self._link(source, target)
            return
        partial = Path(self.path(staging_key(uuid.uuid4())))
        with source.open("rb") as received:
            self._write(partial, received)
        self._link(partial, target)
        partial.unlink(missing_ok=True)

    def put(self, key: str, content: bytes, media_type: str) -> None:
        target, partial = Path(self.path(key)), Path(self.path(staging_key(uuid.uuid4())))
        self._write(partial, io.BytesIO(content))
        _make_folder(target.parent)
        partial.replace(target)
        _fsync_folder(target.parent)

    def _write(self, path: Path, source: BinaryIO) -> None:
        """Bytes on the disk; the name becomes durable with the folder it ends up in."""
        _make_folder(path.parent)
        try:
            with path.open("xb") as file:
                shutil.copyfileobj(source, file, 1 << 20)
                file.flush()
                os.fsync(file.fileno())
        except BaseException:
            path.unlink(missing_ok=True)
            raise

    def _link(self, source: Path, target: Path) -> None:
        _make_folder(target.parent)
        try:
            os.link(source, target)  # unlike a rename, a link never replaces what is there
        except FileExistsError:
            return
        target.chmod(0o440)
        _fsync_folder(target.parent)

    def received(self, key: str) -> int:
        return self.size_of(key) or 0

    def append(self, key: str, offset: int, content: bytes) -> None:
        path = Path(self.path(key))
        _make_folder(path.parent)
        if shutil.disk_usage(path.parent).free < KEPT_FREE:
            raise OSError(errno.ENOSPC, "what is left is kept for photos that are whole")
        with path.open("ab", buffering=0) as file:
            if file.tell() != offset:
                raise WrongOffset(file.tell())
            try:
                rest = memoryview(content)
                while rest:
                    rest = rest[file.write(rest) :]
                os.fsync(file.fileno())
            except OSError:
                file.truncate(offset)  # what a disk failed to keep is not here
                raise
        if offset == 0:
            _fsync_folder(path.parent)

    @contextmanager
    def staged_file(self, key: str) -> Iterator[Path]:
        yield Path(self.path(key))

    def drop(self, key: str) -> None:
        Path(self.path(key)).unlink(missing_ok=True)

    def direct(self, key: str, size: int, media_type: str, sha256: str) -> None:
        return None

    def size_of(self, key: str) -> int | None:
        try:
            return os.stat(self.path(key)).st_size
        except FileNotFoundError:
            return None

    def older_than(self, prefix: str, before: datetime) -> Iterator[str]:
        folder = Path(self.path(prefix))
        for path in folder.iterdir() if folder.is_dir() else ():
            if datetime.fromtimestamp(path.stat().st_mtime, UTC) < before:
                yield f"{prefix}{path.name}"


def _make_folder(folder: Path) -> None:
    if not folder.is_dir():
        _make_folder(folder.parent)
        folder.mkdir(exist_ok=True)
        _fsync_folder(folder.parent)


def _fsync_folder(folder: Path) -> None:
    opened = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(opened)
    finally:
        os.close(opened)
