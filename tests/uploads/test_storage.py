"""What is stored stays as it is, and what is not there gets no receipt. In a folder and in S3 alike."""

import contextlib
import hashlib
import shutil
import socket
import uuid
from datetime import timedelta
from pathlib import Path

import pytest
from botocore.config import Config
from django.core.files.storage import storages
from django.utils import timezone

from tests.uploads.conftest import folder_storages, s3_storages
from uploads import storage
from uploads.s3 import S3Storage


def sealed(content: bytes, tmp_path) -> str:
    """Seal some bytes as intake does; returns their SHA-256."""
    received = tmp_path / uuid.uuid4().hex
    received.write_bytes(content)
    sha256 = hashlib.sha256(content).hexdigest()
    storage.seal(received, sha256, len(content))
    return sha256


def keys_in(prefix: str) -> list[str]:
    return list(storages["sealed"].older_than(prefix, timezone.now() + timedelta(days=1)))


def some_bytes() -> bytes:
    return uuid.uuid4().bytes * 20


def test_a_sealed_original_is_read_as_it_was_sent(objects, tmp_path):
    content = some_bytes()
    assert storage.read_original(sealed(content, tmp_path)) == content


def test_nothing_is_left_in_staging(objects, tmp_path):
    before = keys_in(storage.STAGING)
    sealed(some_bytes(), tmp_path)
    assert keys_in(storage.STAGING) == before


def test_sealing_twice_is_sealing_once(objects, tmp_path):
    content = some_bytes()
    assert sealed(content, tmp_path) == sealed(content, tmp_path)
    assert storage.read_original(hashlib.sha256(content).hexdigest()) == content


def test_keeping_never_replaces_an_original_in_the_folder(folder, tmp_path):
    sha256 = sealed(b"the first", tmp_path)
    other = tmp_path / "other"
    other.write_bytes(b"another")
    storages["sealed"].keep(other, storage.original_key(sha256))
    assert storage.read_original(sha256) == b"the first"


def test_a_changed_original_is_refused_on_reading(objects, tmp_path):
    sha256 = sealed(some_bytes(), tmp_path)
    storages["sealed"].put(storage.original_key(sha256), some_bytes(), "application/octet-stream")
    with pytest.raises(storage.OriginalDamaged):
        storage.read_original(sha256)


def test_no_receipt_for_bytes_whose_sealed_original_was_changed(objects, tmp_path):
    content = some_bytes()
    sha256 = sealed(content, tmp_path)
    storages["sealed"].put(storage.original_key(sha256), some_bytes(), "application/octet-stream")
    with pytest.raises(storage.OriginalDamaged):
        sealed(content, tmp_path)


def test_a_missing_original_is_refused_on_reading(objects):
    with pytest.raises(storage.OriginalDamaged):
        storage.read_original("0" * 64)


class Forgetful(storage.FolderStorage):
    """Says yes and drops the object."""

    def keep(self, source: Path, key: str) -> None:
        pass


class Cutting(storage.FolderStorage):
    """Says yes and keeps half."""

    def keep(self, source: Path, key: str) -> None:
        self.put(key, source.read_bytes()[:100], "application/octet-stream")


@pytest.mark.parametrize("liar", ["Forgetful", "Cutting"])
def test_a_storage_that_lies_gives_no_seal(settings, tmp_path, liar):
    settings.STORAGES = settings.STORAGES | folder_storages(tmp_path, f"{__name__}.{liar}")
    with pytest.raises(storage.StorageUnavailable):
        sealed(some_bytes(), tmp_path)


def test_an_s3_that_drops_the_object_gives_no_seal(settings, s3, tmp_path, monkeypatch):
    settings.STORAGES = settings.STORAGES | s3_storages(s3)
    monkeypatch.setattr(storages["sealed"].client, "put_object", lambda **_: {})
    with pytest.raises(storage.StorageUnavailable):
        sealed(some_bytes(), tmp_path)


def test_a_full_disk_gives_no_seal_and_leaves_nothing(folder, tmp_path, monkeypatch):
    def full(*_):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("os.fsync", full)
    with pytest.raises(storage.StorageUnavailable):
        sealed(some_bytes(), tmp_path)
    monkeypatch.undo()
    assert [path for path in folder.rglob("*") if path.is_file()] == []


def test_an_s3_that_is_off_is_unavailable(settings, s3, tmp_path):
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        address = f"http://127.0.0.1:{free.getsockname()[1]}"
    settings.STORAGES = settings.STORAGES | s3_storages(s3, endpoint_url=address)
    with pytest.raises(storage.StorageUnavailable):
        sealed(some_bytes(), tmp_path)


def test_an_s3_that_never_answers_is_unavailable(settings, s3, tmp_path, monkeypatch):
    impatient = S3Storage.CONFIG.merge(Config(read_timeout=0.2))
    monkeypatch.setattr(S3Storage, "CONFIG", impatient)
    with socket.create_server(("127.0.0.1", 0)) as silent:
        address = f"http://127.0.0.1:{silent.getsockname()[1]}"
        settings.STORAGES = settings.STORAGES | s3_storages(s3, endpoint_url=address)
        with pytest.raises(storage.StorageUnavailable):
            sealed(some_bytes(), tmp_path)


def test_while_a_store_hangs_one_request_waits_and_the_others_are_told_at_once(settings, s3, monkeypatch):
    impatient = S3Storage.CONFIG.merge(Config(read_timeout=0.2))
    monkeypatch.setattr(S3Storage, "CONFIG", impatient)
    ticket = uuid.uuid4()
    with socket.create_server(("127.0.0.1", 0)) as silent:
        address = f"http://127.0.0.1:{silent.getsockname()[1]}"
        settings.STORAGES = settings.STORAGES | s3_storages(s3, endpoint_url=address)
        for _ in range(3):
            with pytest.raises(storage.StorageUnavailable):
                storage.received(ticket)
        silent.settimeout(0.5)
        asked = 0
        with contextlib.suppress(TimeoutError):
            while silent.accept():
                asked += 1
        assert asked == 2, "the first question, and once more; the others were not asked"
    settings.STORAGES = settings.STORAGES | s3_storages(s3)
    monkeypatch.setattr(storage, "LEFT_ALONE", 0)
    assert [storage.received(ticket), storage.received(ticket)] == [0, 0]
    assert storage._hung_at is None


def test_bytes_that_are_stored_already_end_a_hang_like_any_others(settings, s3, tmp_path, monkeypatch):
    settings.STORAGES = settings.STORAGES | s3_storages(s3)
    content = some_bytes()
    sealed(content, tmp_path)
    monkeypatch.setattr(storage, "_hung_at", 0.0)  # some time ago
    sealed(content, tmp_path)
    assert storage._hung_at is None


class BrokenDisk:
    """An fsync that fails, and says how often it was asked."""

    asked = 0

    def __call__(self, *_: object) -> None:
        self.asked += 1
        raise OSError(5, "Input/output error")


def test_bytes_that_the_disk_did_not_keep_are_not_here(folder, monkeypatch):
    ticket = uuid.uuid4()
    storage.append(ticket, 0, b"a" * 100)
    with monkeypatch.context() as failing:
        failing.setattr("os.fsync", BrokenDisk())
        with pytest.raises(storage.StorageUnavailable):
            storage.append(ticket, 100, b"b" * 100)
    assert storage.received(ticket) == 100


def test_a_staged_file_is_on_the_disk_before_it_is_sealed(folder, monkeypatch):
    ticket, content = uuid.uuid4(), some_bytes()
    storage.append(ticket, 0, content)
    failing = BrokenDisk()
    with storage.staged_file(ticket) as path, monkeypatch.context() as broken:
        broken.setattr("os.fsync", failing)
        with pytest.raises(storage.StorageUnavailable):
            storage.seal(path, hashlib.sha256(content).hexdigest(), len(content))
    assert failing.asked == 1
    assert keys_in("originals/") == []


def test_pieces_leave_room_on_the_disk_for_photos_that_are_whole(folder, monkeypatch):
    usage = shutil.disk_usage(folder.parent)
    monkeypatch.setattr("shutil.disk_usage", lambda _: usage._replace(free=storage.KEPT_FREE - 1))
    ticket = uuid.uuid4()
    with pytest.raises(storage.StorageUnavailable):
        storage.append(ticket, 0, b"a")
    assert storage.received(ticket) == 0


def test_a_wrong_key_is_unavailable_and_says_nothing_of_it(settings, s3, tmp_path):
    settings.STORAGES = settings.STORAGES | s3_storages(s3, secret_key="wrong")
    with pytest.raises(storage.StorageUnavailable) as refusal:
        sealed(some_bytes(), tmp_path)
    assert "wrong" not in refusal.value.text()


def test_only_what_was_staged_long_ago_is_removed(objects, tmp_path):
    original = sealed(some_bytes(), tmp_path)
    ticket = uuid.uuid4()
    storage.append(ticket, 0, some_bytes())
    now = timezone.now()
    storage.remove_staged(before=now - timedelta(days=1))
    assert storage.received(ticket) == 320
    storage.remove_staged(before=now + timedelta(days=1))
    assert storage.received(ticket) == 0
    assert storage.read_original(original)


def test_public_copies_are_found_by_hash_and_side(objects):
    sha256 = hashlib.sha256(some_bytes()).hexdigest()
    assert not storage.has_public(sha256, 480)
    assert storage.open_public(sha256, 480) is None
    storage.put_public(sha256, 480, b"picture")
    assert storage.has_public(sha256, 480)
    with storage.open_public(sha256, 480) as file:
        assert file.read() == b"picture"


def test_the_public_address_is_on_the_photos_own_host_if_there_is_one(settings):
    sha256 = "ab" * 32
    assert storage.public_url(sha256, 480) == f"/gambar/{sha256}/480.webp"
    settings.PHOTO_ORIGIN = "https://foto.contoh.test/"
    assert storage.public_url(sha256, 480) == f"https://foto.contoh.test/public/{sha256}/480.webp"


def test_keys_do_not_leave_the_folder(folder):
    from django.core.exceptions import SuspiciousFileOperation

    with pytest.raises(SuspiciousFileOperation):
        storages["sealed"].put("../outside", b"", "image/webp")
