"""Where image bytes lie: the one file that knows all keys.

    staging/<uuid>                          received, not yet sealed; a day old, it is swept   (bucket `sealed`)
    originals/ab/cd/<sha256>                sealed originals, never public, never overwritten   (bucket `sealed`)
    public/<sha256>/{480,1280,2560}.webp    derivatives without metadata, rebuildable           (bucket `public`)

`<sha256>` is always that of the original's bytes. Both storages have the same verbs beside Django's own
(`open`, `delete`): `stage` (take bytes in), `promote` (give staged bytes their final key, durably and
without ever overwriting), `put` (both at once, for what may be made again), `size_of` and `older_than`.
"""

import hashlib
import io
import logging
import os
import shutil
import threading
import uuid
from base64 import b64encode
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, BinaryIO, Protocol, cast

from boto3.exceptions import Boto3Error
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError
from django.conf import settings
from django.core.files import File
from django.core.files.storage import FileSystemStorage, storages
from django.urls import reverse
from django.utils.translation import gettext_lazy as _
from storages.backends.s3 import S3Storage as DjangoStoragesS3

from accounts.refusals import Refusal

log = logging.getLogger(__name__)

SIDES = (480, 1280, 2560)
STAGING = "staging/"


class StorageUnavailable(Refusal):
    """The bytes could not be stored, or are not there after storing; there is no receipt then."""

    status = 503
    code = "storage_unavailable"
    sentence = _("Tempat penyimpanan foto sedang tidak dapat dihubungi. Simpan foto Anda dan coba lagi sebentar lagi.")
    retry_after = 30


class OriginalDamaged(StorageUnavailable):
    """A sealed original is missing, or its bytes are no longer those its key names."""

    code = "original_damaged"


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


def stage(path: Path) -> str:
    """Copy a received file into staging; returns its key."""
    key = staging_key(uuid.uuid4())
    with _answering():
        _sealed().stage(key, path)
    return key


def seal(staged: str, sha256: str, size: int) -> None:
    """Give staged bytes their final place, and see that they are there, whole. May run twice.

    Bytes that are sealed already are read and compared instead, for a receipt stands for what is stored.
    """
    key = original_key(sha256)
    with _answering():
        if _sealed().size_of(key) is not None:
            read_original(sha256)
            _sealed().delete(staged)
            return
        _sealed().promote(staged, key)
        if (stored := _sealed().size_of(key)) != size:
            log.error("original %s: stored %s bytes instead of %s", sha256, stored, size)
            raise StorageUnavailable


def read_original(sha256: str) -> bytes:
    """The bytes of a sealed original; raises `OriginalDamaged` where they are not what the key says."""
    with _answering():
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


class ObjectStorage(Protocol):
    """What both storages offer. A key names bytes that never change (staging: that are written once)."""

    def stage(self, key: str, source: Path) -> None: ...
    def promote(self, staged: str, key: str) -> None: ...
    def put(self, key: str, content: bytes, media_type: str) -> None: ...
    def size_of(self, key: str) -> int | None: ...
    def older_than(self, prefix: str, before: datetime) -> Iterator[str]: ...
    def open(self, name: str) -> File: ...
    def delete(self, name: str) -> None: ...


def _sealed() -> ObjectStorage:
    return cast(ObjectStorage, storages["sealed"])


def _public() -> ObjectStorage:
    return cast(ObjectStorage, storages["public"])


@contextmanager
def _answering() -> Iterator[None]:
    """A full disk, a network that hangs, a bucket that refuses: to the sender it is all one, try later."""
    try:
        yield
    except (OSError, Boto3Error, BotoCoreError, ClientError) as error:
        log.error("object storage: %s", type(error).__name__, exc_info=error)
        raise StorageUnavailable from error


# --- A folder -------------------------------------------------------------------------------


class FolderStorage(FileSystemStorage):
    """Objects as files. What `promote` and `put` return from survives a power cut."""

    def stage(self, key: str, source: Path) -> None:
        with source.open("rb") as received:
            self._write(Path(self.path(key)), received)

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

    def promote(self, staged: str, key: str) -> None:
        source, target = Path(self.path(staged)), Path(self.path(key))
        _make_folder(target.parent)
        try:
            os.link(source, target)  # unlike a rename, a link never replaces what is there
        except FileExistsError:
            pass
        else:
            target.chmod(0o440)
            _fsync_folder(target.parent)
        source.unlink(missing_ok=True)

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


# --- S3 -------------------------------------------------------------------------------------


class S3Storage(DjangoStoragesS3):
    """Objects in a bucket. A dead or slow server costs a request seconds, never a worker."""

    CONFIG = Config(
        connect_timeout=2,
        read_timeout=5,
        retries={"mode": "standard", "total_max_attempts": 2},
        signature_version="s3v4",
        s3={"addressing_style": "path"},
        max_pool_connections=32,
        # Our own SHA-256 and Content-MD5 watch the bytes; other checksums trip several servers.
        request_checksum_calculation="when_required",
        response_checksum_validation="when_required",
    )
    _making = threading.Lock()
    _client: Any = None

    def __init__(self, **options: Any) -> None:
        super().__init__(client_config=self.CONFIG, default_acl=None, file_overwrite=True, **options)

    @property
    def client(self) -> Any:
        # Clients may be shared between threads and cost 0.1 s to make.
        with self._making:
            if self._client is None:
                self._client = self.connection.meta.client
        return self._client

    def stage(self, key: str, source: Path) -> None:
        self.put(key, source.read_bytes(), "application/octet-stream")

    def put(self, key: str, content: bytes, media_type: str) -> None:
        md5 = hashlib.md5(content, usedforsecurity=False).digest()
        self.client.put_object(
            Bucket=self.bucket_name,
            Key=key,
            Body=content,
            ContentType=media_type,
            ContentMD5=b64encode(md5).decode(),
            CacheControl="public, max-age=31536000, immutable" if media_type.startswith("image/") else "no-store",
        )

    def promote(self, staged: str, key: str) -> None:
        # Two at once copy the same bytes to the same key.
        self.client.copy_object(
            Bucket=self.bucket_name,
            Key=key,
            CopySource={"Bucket": self.bucket_name, "Key": staged},
            MetadataDirective="COPY",
        )
        self.delete(staged)

    def size_of(self, key: str) -> int | None:
        try:
            return self.client.head_object(Bucket=self.bucket_name, Key=key)["ContentLength"]
        except ClientError as error:
            if error.response["ResponseMetadata"]["HTTPStatusCode"] == 404:
                return None
            raise

    def older_than(self, prefix: str, before: datetime) -> Iterator[str]:
        pages = self.client.get_paginator("list_objects_v2").paginate(Bucket=self.bucket_name, Prefix=prefix)
        for page in pages:
            for found in page.get("Contents", ()):
                if found["LastModified"] < before:
                    yield found["Key"]
