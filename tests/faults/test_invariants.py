"""The invariants are no formality: each breach is found."""

import uuid

import pytest

from ledger.models import Event
from tests.faults.invariants import breaches
from tests.transcription import reading as people
from tests.uploads.conftest import folder_storages
from tests.uploads.pictures import encoded
from uploads.models import Photo

pytestmark = pytest.mark.django_db


@pytest.fixture
def state(settings, tmp_path):
    settings.STORAGES = settings.STORAGES | folder_storages(tmp_path / "objects")
    (tmp_path / "log").mkdir()
    return tmp_path


def told_of(client) -> dict[str, object]:
    """A photo that was sent, and what its sender was told."""
    from hashlib import sha256

    from django.core.files.uploadedfile import SimpleUploadedFile

    picture, key = encoded(width=240, height=320), str(uuid.uuid4())
    fields = {"station": "9101011001001", "contest": "ppwp", "file": SimpleUploadedFile("a.jpg", picture)}
    said = client.post("/api/v1/photos/", fields, headers={"Idempotency-Key": key}).json()
    return {
        "what": "photo", "key": key, "station": "9101011001001", "receipt": said["receipt"], "photo": said["photo"],
        "sha256": sha256(picture).hexdigest(), "size": len(picture),
    }  # fmt: skip


def found(told, state) -> set[str]:
    """The numbers of the invariants that are broken."""
    return {breach.split()[0] for breach in breaches(told, state)}


def test_a_photo_that_stands_still_and_an_event_that_waits_are_found(client, world, state):
    broken = found([told_of(client)], state)
    assert "I3" in broken
    assert not broken & {"I1", "I2", "I4", "I6", "I7", "I8", "I9"}


@pytest.mark.parametrize(
    ("forged", "broken"),
    [
        ({"receipt": "0000-0000-0000-00000"}, "I1"),
        ({"sha256": "0" * 64}, "I1"),
        ({"size": 1}, "I1"),
        ({"station": "9101011001002"}, "I1"),
        ({"what": "nothing"}, "I2"),
    ],
)
def test_a_receipt_that_is_not_kept_is_found(client, world, state, forged, broken):
    assert broken in found([told_of(client) | forged], state)


def test_a_reading_that_is_missing_or_another_is_found(world, state):
    entry = people.reads(world, "Sari", people.photo_of(world))
    told = {"what": "entry", "id": str(entry.pk), "lease": str(entry.lease_id), "numbers": entry.numbers}
    assert "I7" not in found([told], state)
    assert "I7" in found([told | {"numbers": people.VOTES | {"paslon_1": 5}}], state)
    assert "I7" in found([told | {"id": str(uuid.uuid4())}], state)


def test_an_entry_without_its_row_is_found(world, state):
    people.photo_of(world)
    assert "I6" not in found([], state)
    Event.objects.create(log="contoh", kind="photo", subject=str(uuid.uuid4()), body=b"{}")
    assert "I6" in found([], state)


@pytest.mark.parametrize("line", ["POST rahasia.jpg", "paslon_1=12", "sari@contoh.test", "from 103.7.8.7"])
def test_what_a_log_must_not_say_is_found(world, state, line):
    (state / "log" / "worker.log").write_text(f"2029 INFO {line}\n")
    assert "I8" in found([], state)
    (state / "log" / "worker.log").write_text("2029 INFO Task pemantau.pipeline.decide succeeded\n")
    assert "I8" not in found([], state)


def test_a_public_picture_of_no_photo_is_found(world, state):
    path = state / "objects" / "public" / "public" / ("0" * 64) / "480.webp"
    path.parent.mkdir(parents=True)
    path.write_bytes(b"x")
    assert "I9" in found([], state)
    assert not Photo.objects.exists()
