"""Objects in S3: originals and public copies as in the folder, and the direct way for phones (presigned PUT)."""

import hashlib
import tempfile
import threading
from base64 import b64encode
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from typing import Any

import boto3
from botocore.config import Config
from botocore.exceptions import ClientError
from storages.backends.s3 import S3Storage as DjangoStoragesS3

from uploads.storage import Direct, WrongOffset

DIRECT_FOR = 3600  # seconds that a signed request is good for; whoever asks for the ticket again gets a new one
SHORT = 256 * 1024  # bytes; a last piece below this is put together with the next one


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
    _signer: Any = None

    def __init__(self, public_endpoint: str = "", **options: Any) -> None:
        super().__init__(client_config=self.CONFIG, default_acl=None, file_overwrite=True, **options)
        self.public_endpoint = public_endpoint

    @property
    def client(self) -> Any:
        # Clients may be shared between threads and cost 0.1 s to make.
        with self._making:
            if self._client is None:
                self._client = self.connection.meta.client
        return self._client

    def keep(self, source: Path, key: str) -> None:
        # The very bytes that were looked at, not a copy within the store of what a second PUT may have changed since.
        # An object appears whole or not at all, and two at once put the same bytes under the same key.
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

    # --- Staged bytes: one object where they came directly, else one for each piece: <key>.<offset>

    def received(self, key: str) -> int:
        return sum(size for _, size in self._pieces(key))

    def append(self, key: str, offset: int, content: bytes) -> None:
        pieces = self._pieces(key)
        if (there := sum(size for _, size in pieces)) != offset:
            raise WrongOffset(there)
        # Many small pieces would be slow to list and to join: a short last one is replaced by a longer one, which
        # the store does at once or not at all.
        if pieces and pieces[-1][1] < SHORT and pieces[-1][0] != key:
            content = self._read(pieces[-1][0]) + content
            offset -= pieces[-1][1]
        self.put(_piece_key(key, offset), content, "application/octet-stream")

    @contextmanager
    def staged_file(self, key: str) -> Iterator[Path]:
        with tempfile.NamedTemporaryFile(prefix="pemantau-") as file:
            for name, _ in self._pieces(key):
                file.write(self._read(name))
            file.flush()
            yield Path(file.name)

    def drop(self, key: str) -> None:
        for name in self._sizes(key):
            self.delete(name)

    def direct(self, key: str, size: int, media_type: str, sha256: str) -> Direct | None:
        if not self.public_endpoint:
            return None
        # The store refuses another length or type by itself, and other bytes too where it knows checksums; what
        # arrives is examined here in any case.
        checksum = b64encode(bytes.fromhex(sha256)).decode()
        signed = {
            "Bucket": self.bucket_name,
            "Key": key,
            "ContentLength": size,
            "ContentType": media_type,
            "ChecksumSHA256": checksum,
        }
        url = self.signer.generate_presigned_url("put_object", Params=signed, ExpiresIn=DIRECT_FOR)
        return Direct("PUT", url, {"Content-Type": media_type, "x-amz-checksum-sha256": checksum})

    @property
    def signer(self) -> Any:
        """A client that only signs: the address is part of what is signed, and phones have another one than we."""
        with self._making:
            if self._signer is None:
                self._signer = boto3.session.Session().client(
                    "s3",
                    endpoint_url=self.public_endpoint,
                    aws_access_key_id=self.access_key,
                    aws_secret_access_key=self.secret_key,
                    region_name=self.region_name,
                    config=self.CONFIG,
                )
        return self._signer

    def _pieces(self, key: str) -> list[tuple[str, int]]:
        """Name and size of the objects that make up the staged bytes, in order, as far as there is no gap."""
        sizes = self._sizes(key)
        if key in sizes:
            return [(key, sizes[key])]
        pieces: list[tuple[str, int]] = []
        there = 0
        while size := sizes.get(_piece_key(key, there), 0):
            pieces.append((_piece_key(key, there), size))
            there += size
        return pieces

    def _sizes(self, key: str) -> dict[str, int]:
        pages = self.client.get_paginator("list_objects_v2").paginate(Bucket=self.bucket_name, Prefix=key)
        return {found["Key"]: found["Size"] for page in pages for found in page.get("Contents", ())}

    def _read(self, key: str) -> bytes:
        content: bytes = self.client.get_object(Bucket=self.bucket_name, Key=key)["Body"].read()
        return content


def _piece_key(key: str, offset: int) -> str:
    return f"{key}.{offset}"
