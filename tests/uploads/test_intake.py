"""A receipt is a debt: what stands when the way in is cut at any point, and when two come at once."""

import os
import threading
import uuid
from dataclasses import replace
from datetime import timedelta
from unittest.mock import Mock

import kombu.exceptions
import pytest
from django.conf import settings as django_settings
from django.core.files.storage import storages
from django.db import IntegrityError, connection, connections, transaction
from django.db.models.functions import Now
from django.utils import timezone

from accounts.refusals import Refusal
from ledger import entries
from ledger.models import Event
from pemantau import pipeline
from tests.uploads.conftest import Crash
from tests.uploads.pictures import encoded, taken_at
from tests.world import build
from uploads import inspection, intake, storage
from uploads.models import Photo, PublicCopy, Repeat, SentKey

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def world(transactional_db):
    return build()


def staged() -> list[str]:
    return list(storages["sealed"].older_than(storage.STAGING, timezone.now() + timedelta(days=1)))


def assert_whole(photo: Photo) -> None:
    """Invariant 1: bytes sealed, row and ledger entry there, once."""
    original = storage.read_original(photo.sha256)
    assert len(original) == photo.size
    event = Event.objects.get(kind="photo", subject=str(photo.pk))
    assert photo.sha256 in bytes(event.body).decode()


# --- The order of things ------------------------------------------------------------------


@pytest.mark.parametrize("point", ["examined", "original sealed", "row written"])
def test_a_crash_leaves_nothing_half_and_the_retry_gets_the_receipt(world, objects, sending, crash_after, point):
    sent = sending(world, key=uuid.uuid4(), content=None, seed=len(point))
    with crash_after(point):
        pipeline.receive(sent)
    assert not Photo.objects.exists()
    assert not SentKey.objects.exists()
    assert not Event.objects.filter(kind="photo").exists()

    photo, is_new = pipeline.receive(sent)
    assert is_new
    assert_whole(photo)
    assert pipeline.receive(sent) == (photo, False)


def test_the_sweeper_takes_only_what_a_crash_left_in_staging_a_day_ago(world, folder, sending, monkeypatch):
    photo, _ = pipeline.receive(sending(world, seed=1))
    with monkeypatch.context() as patch:
        patch.setattr(storage.FolderStorage, "_link", Mock(side_effect=Crash))
        with pytest.raises(Crash):
            pipeline.receive(sending(world, seed=2))
    assert len(staged()) == 1
    assert pipeline.reap() == 0

    path = storages["sealed"].path(staged()[0])
    os.utime(path, (0, 0))
    assert pipeline.reap() == 1
    assert staged() == []
    assert_whole(photo)


def test_a_commit_that_fails_gives_no_receipt(world, folder, sending, monkeypatch):
    def fails(*_args, **_fields):
        raise IntegrityError("the ledger refuses")

    sent = sending(world)
    with monkeypatch.context() as patch:
        patch.setattr("ledger.entries.append", fails)
        with pytest.raises(IntegrityError):
            pipeline.receive(sent)
    assert not Photo.objects.exists()
    assert pipeline.receive(sent)[1]


def test_a_storage_that_drops_the_bytes_gives_no_row(world, folder, sending, monkeypatch):
    monkeypatch.setattr(storage.FolderStorage, "keep", lambda self, source, key: None)
    with pytest.raises(storage.StorageUnavailable):
        pipeline.receive(sending(world))
    assert not Photo.objects.exists()


def test_without_redis_the_receipt_stands(world, folder, sending, monkeypatch):
    def unreachable(*_):
        raise kombu.exceptions.OperationalError("no Redis")

    monkeypatch.setattr(pipeline.inspect, "delay", unreachable)
    photo, is_new = pipeline.receive(sending(world))
    assert is_new
    assert_whole(photo)


# --- The same again -----------------------------------------------------------------------


def test_whoever_sends_the_same_bytes_is_noted_once_as_a_sender_too(world, folder, sending):
    sent = sending(world, address_block="a" * 32)
    photo, _ = pipeline.receive(sent)
    assert photo.address_block == "a" * 32
    pipeline.receive(sent)
    assert not Repeat.objects.exists(), "the first one is noted with the photo"
    again = replace(sent, uploader=world.person("Sari"), device=world.device(), address_block="b" * 32)
    assert pipeline.receive(again) == pipeline.receive(again) == (photo, False)
    noted = Repeat.objects.get()
    assert (noted.photo, noted.account, noted.device) == (photo, again.uploader, again.device)
    assert noted.address_block == "b" * 32
    anonymous = replace(sent, device=world.device())
    pipeline.receive(anonymous)
    pipeline.receive(anonymous)
    assert Repeat.objects.count() == 2
    with pytest.raises(Exception, match="append-only"), transaction.atomic():
        noted.delete()


def test_the_same_request_again_gives_the_same_receipt(world, folder, sending):
    sent = sending(world, key=uuid.uuid4())
    first, _ = pipeline.receive(sent)
    again, is_new = pipeline.receive(sent)
    assert (again.receipt, is_new) == (first.receipt, False)
    assert (Photo.objects.count(), SentKey.objects.count()) == (1, 1)


@pytest.mark.parametrize("other", [{"page": 3}, {"seed": 2}, {"station": "9101011001002"}])
def test_a_key_stands_for_one_request(world, folder, sending, other):
    said = {"key": uuid.uuid4(), "device": world.device()}
    pipeline.receive(sending(world, **said))
    if "station" in other:
        other = {"station": world.stations[other["station"]]}
    with pytest.raises(intake.KeyUsedForAnother):
        pipeline.receive(sending(world, **said | other))
    assert Photo.objects.count() == 1
    assert Event.objects.filter(kind="photo").count() == 1


def test_two_devices_may_choose_the_same_key(world, folder, sending):
    key = uuid.uuid4()
    first, _ = pipeline.receive(sending(world, seed=1, key=key))
    second, _ = pipeline.receive(sending(world, seed=2, key=key))
    assert first != second


def test_the_same_bytes_for_the_same_tps_are_one_photo_whoever_sends_them(world, folder, sending):
    first, _ = pipeline.receive(sending(world, page=1, key=uuid.uuid4()))
    again, is_new = pipeline.receive(sending(world, page=2, key=uuid.uuid4(), uploader=world.person("Sari")))
    assert (again.receipt, is_new) == (first.receipt, False)
    assert again.page == 1
    assert Event.objects.filter(kind="photo").count() == 1


def test_the_same_bytes_for_another_tps_are_taken_and_marked(world, folder, sending):
    first, _ = pipeline.receive(sending(world))
    other, is_new = pipeline.receive(sending(world, station=world.stations["9101011001002"]))
    assert is_new
    assert first.marks == []
    assert other.marks == ["reused"]
    assert other.receipt != first.receipt
    assert b"reused" not in bytes(Event.objects.get(subject=str(other.pk)).body), "who sent it reads the ledger, too"


@pytest.mark.parametrize(
    ("taken", "marks"),
    [
        ("2019:04:17 15:40:00", ["other_year"]),
        ("2029:02:14 15:40:00", []),
        ("kemarin", []),
        ("0000:00:00 00:00:00", []),
        (b"\xff\xfe", []),
    ],
)
@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP"])
def test_a_file_of_another_years_camera_roll_is_marked(world, folder, sending, kind, taken, marks):
    photo, _ = pipeline.receive(sending(world, encoded(kind, width=300, height=400, exif=taken_at(taken))))
    assert photo.marks == marks


# --- At the same instant ------------------------------------------------------------------


def at_once(*sendings: intake.Sending) -> list:
    """All of them together, each with a connection of its own: what each got, or was refused with."""
    together, outcomes = threading.Barrier(len(sendings)), [None] * len(sendings)

    def one(number: int, sent: intake.Sending) -> None:
        try:
            together.wait(timeout=30)
            outcomes[number] = pipeline.receive(sent)
        except Exception as error:
            outcomes[number] = error
        finally:
            connections.close_all()

    threads = [threading.Thread(target=one, args=(number, sent)) for number, sent in enumerate(sendings)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(timeout=60)
    return outcomes


def test_one_request_sent_eight_times_at_once_is_one_photo_and_one_receipt(world, objects, sending):
    sent = sending(world, key=uuid.uuid4(), seed=11)
    outcomes = at_once(*[sent] * 8)
    assert len({photo.receipt for photo, _ in outcomes}) == 1
    assert sorted(is_new for _, is_new in outcomes) == [False] * 7 + [True]
    assert (Photo.objects.count(), SentKey.objects.count()) == (1, 1)
    assert_whole(Photo.objects.get())


def test_the_same_bytes_from_eight_devices_at_once_are_one_photo(world, folder, sending):
    outcomes = at_once(*(sending(world, key=uuid.uuid4(), page=number % 3 + 1) for number in range(8)))
    assert len({photo.receipt for photo, _ in outcomes}) == 1
    assert Photo.objects.count() == 1


def test_the_same_bytes_for_five_tps_at_once_are_marked_all_but_the_first(world, folder, sending):
    outcomes = at_once(*(sending(world, station=station) for station in world.stations.values()))
    assert all(is_new for _, is_new in outcomes)
    assert sorted(photo.marks for photo, _ in outcomes) == [[], *[["reused"]] * 4]


def test_one_key_for_two_requests_at_once_serves_one_of_them(world, folder, sending):
    said = {"key": uuid.uuid4(), "device": world.device()}
    outcomes = at_once(*(sending(world, seed=seed, **said) for seed in range(6)))
    refused = [outcome for outcome in outcomes if isinstance(outcome, Exception)]
    assert len(refused) == 5
    assert all(isinstance(refusal, intake.KeyUsedForAnother) for refusal in refused)
    assert Photo.objects.count() == 1
    assert Event.objects.filter(kind="photo").count() == 1


# --- What the tables hold -----------------------------------------------------------------


@pytest.fixture
def photo(world, folder, sending):
    return pipeline.receive(sending(world, key=uuid.uuid4()))[0]


@pytest.mark.parametrize("column", ["sha256", "station_id", "contest_id", "page", "device_id", "receipt", "marks"])
def test_a_photo_row_is_evidence_and_does_not_change(photo, world, column):
    other = {
        "sha256": "0" * 64,
        "station_id": world.stations["9101011001002"].pk,
        "contest_id": 0,
        "page": 9,
        "device_id": world.device().pk,
        "receipt": "x",
        "marks": ["better"],
    }
    with pytest.raises(Exception, match="append-only"), transaction.atomic():
        Photo.objects.filter(pk=photo.pk).update(**{column: other[column]})
    Photo.objects.filter(pk=photo.pk).update(step=Photo.Step.READ, step_at=Now())


def test_rows_are_not_deleted(photo):
    with transaction.atomic():
        copy = PublicCopy.objects.create(photo=photo, side=480, width=1, height=1, sha256="0" * 64, size=1)
        entries.append("contoh", "copies", **inspection.entry_of(photo, [copy]))
    for table in ("uploads_photo", "uploads_sentkey", "uploads_publiccopy"):
        with pytest.raises(Exception, match="append-only"), transaction.atomic(), connection.cursor() as cursor:
            cursor.execute(f"DELETE FROM {table}")


def test_the_table_itself_refuses_a_second_photo_of_the_same_bytes(photo):
    twin = Photo(**{field.attname: getattr(photo, field.attname) for field in Photo._meta.fields})
    twin.pk, twin.receipt = uuid.uuid4(), "another"
    with pytest.raises(IntegrityError, match="one_photo_per_tps_and_bytes"), transaction.atomic():
        twin.save(force_insert=True)


@pytest.mark.parametrize("content", [b"", b"not a picture", b"\xff\xd8\xff\xd9" * 10])
def test_a_refused_file_leaves_nothing(world, folder, sending, content):
    with pytest.raises(Refusal):
        pipeline.receive(sending(world, content=content))
    assert not Photo.objects.exists()
    assert not folder.exists() or not list(folder.rglob("*"))


def test_a_file_over_the_limit_says_both_sizes(world, folder, sending, settings):
    settings.MAX_PHOTO_BYTES = 1024 * 1024
    with pytest.raises(intake.TooLarge) as refusal:
        pipeline.receive(sending(world, content=b"\xff\xd8\xff" + bytes(1024 * 1024)))
    assert refusal.value.text() == "Foto terlalu besar (2 MB). Batasnya 1 MB."
    assert django_settings.MAX_PHOTO_BYTES == 1024 * 1024
