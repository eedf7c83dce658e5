"""Taking a photo in: received → hashed → examined → sealed → checked → row and ledger entry in one commit."""

import hashlib
from dataclasses import dataclass
from datetime import UTC, timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

from django.conf import settings
from django.db import IntegrityError, connection
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from accounts import commitments
from accounts.models import Device, User
from accounts.refusals import Refusal
from tps.models import Contest, PollingStation
from uploads import inspection, receipts, storage
from uploads.marks import Mark
from uploads.models import Photo, SentKey

STAGED_AT_MOST = timedelta(days=1)


class TooLarge(Refusal):
    status = 413
    code = "too_large"
    sentence = _("Foto terlalu besar ({size} MB). Batasnya {limit} MB.")

    def __init__(self, size: int) -> None:
        megabyte = 1024 * 1024
        super().__init__(size=-(-size // megabyte), limit=settings.MAX_PHOTO_BYTES // megabyte)


class EmptyFile(Refusal):
    status = 422
    code = "empty_file"
    sentence = _("File foto ini kosong. Pilih foto lagi.")


class WrongHash(Refusal):
    """The bytes are not those that were announced: something changed on the way, or another file was sent."""

    status = 422
    code = "wrong_hash"
    sentence = _("Foto berubah dalam perjalanan. Kirim lagi dari awal.")


class KeyUsedForAnother(Refusal):
    """An idempotency key stands for one request; this is another one."""

    status = 409
    code = "key_used_for_another"
    sentence = _("Kunci pengiriman ini sudah dipakai untuk foto lain. Kirim lagi dengan kunci baru.")


@dataclass(frozen=True)
class Sending:
    """What a citizen sent: `path` is the received file in a temporary place; its name and type are not believed."""

    path: Path
    station: PollingStation
    contest: Contest
    page: int | None
    device: Device
    uploader: User | None
    key: UUID | None  # the client's idempotency key
    address_block: str = ""
    sha256: str = ""  # what the sender says the bytes hash to; empty if they do not say


@dataclass(frozen=True)
class Original:
    """A sealed original: durable under `originals/ab/cd/<sha256>`, its size and presence checked."""

    sha256: str
    size: int
    media_type: str
    width: int
    height: int
    year: int | None  # in which it was taken, if the camera says so


def reached(point: str) -> None:
    """A named place on the way. Does nothing; tests stop the process here."""


def is_here(sending: Sending) -> bool:
    """Whether these very bytes are here already for this TPS."""
    with sending.path.open("rb") as received:
        sha256 = hashlib.file_digest(received, "sha256").hexdigest()
    return Photo.objects.filter(station=sending.station, sha256=sha256).exists()


def find_here(sending: Sending) -> Photo | None:
    """The photo of these very bytes at this TPS, unless its sender took it back."""
    with sending.path.open("rb") as received:
        sha256 = hashlib.file_digest(received, "sha256").hexdigest()
    here = Photo.objects.select_related("station", "contest")
    return here.filter(station=sending.station, sha256=sha256, withdrawn_at__isnull=True).first()


def seal(sending: Sending) -> Original:
    """Examine the file and store it sealed. The file stays where it is.

    Raises a `Refusal`, and changes nothing, where it is no acceptable picture, not the one that was announced, or
    comes with another's key.
    """
    size = sending.path.stat().st_size
    if size > settings.MAX_PHOTO_BYTES:
        raise TooLarge(size)
    if size == 0:
        raise EmptyFile
    with sending.path.open("rb") as received:
        sha256 = hashlib.file_digest(received, "sha256").hexdigest()
        if sending.sha256 not in ("", sha256):
            raise WrongHash
        received.seek(0)
        facts = inspection.examine(received)
    original = Original(sha256, size, facts.media_type, facts.width, facts.height, facts.year)
    _refuse_a_used_key(sending, original)
    reached("examined")
    # Seal first, row second: a row without bytes is a lie; bytes without a row are only bytes.
    storage.seal(sending.path, sha256, size)
    reached("original sealed")
    return original


def record(sending: Sending, original: Original) -> tuple[Photo, bool]:
    """The photo's row, and whether it is new: the same key or the same bytes for the same TPS give the same photo.

    Raises `KeyUsedForAnother`; the transaction it is called in must end then.
    """
    with connection.cursor() as cursor:
        # Requests with the same bytes go one after the other: only so does each of them see the others'
        # rows, be it to give the same receipt or to mark the bytes as sent for another TPS.
        cursor.execute("SELECT pg_advisory_xact_lock(%s)", [int.from_bytes(bytes.fromhex(original.sha256)[:7])])
        values: dict[str, Any] = {
            "sha256": original.sha256,
            "station": sending.station.pk,
            "account": sending.uploader and sending.uploader.pk,
            "device": sending.device.pk,
            "block": sending.address_block,
        }
        cursor.execute(_SAME_BYTES, values)
        same_bytes = cursor.fetchall()
    known = next((pk for pk, station in same_bytes if station == sending.station.pk), None)
    if known:
        photo = Photo.objects.select_related("station", "contest").get(pk=known)
        if sending.key:
            _remember_again(sending.key, sending, original, photo)
        return photo, False
    photo = Photo.objects.create(
        station=sending.station,
        contest=sending.contest,
        page=sending.page,
        sha256=original.sha256,
        size=original.size,
        media_type=original.media_type,
        width=original.width,
        height=original.height,
        device=sending.device,
        uploader=sending.uploader,
        address_block=sending.address_block,
        receipt=receipts.new_code(),
        marks=_marks_of(sending, original, bool(same_bytes)),
    )
    if sending.key:
        _remember(sending.key, sending, original, photo)
    reached("row written")
    return photo, True


def _marks_of(sending: Sending, original: Original, is_elsewhere: bool) -> list[Mark]:
    """Why people should look twice, as far as that is plain now."""
    marks = [Mark.REUSED] if is_elsewhere else []
    if original.year and original.year != sending.contest.election.date.year:
        marks.append(Mark.OTHER_YEAR)
    return marks


# Whoever sends what is here already is a sender of it too (`Repeat`). The first one again changes nothing.
_SAME_BYTES = """
    WITH noted AS (
        INSERT INTO uploads_repeat (photo_id, account_id, device_id, address_block)
        SELECT id, %(account)s, %(device)s, %(block)s FROM uploads_photo
         WHERE sha256 = %(sha256)s AND station_id = %(station)s
           AND (uploader_id, device_id, address_block)
               IS DISTINCT FROM (%(account)s::bigint, %(device)s::uuid, %(block)s::text)
        ON CONFLICT DO NOTHING
    )
    SELECT id, station_id FROM uploads_photo WHERE sha256 = %(sha256)s
"""


def entry_of(photo: Photo) -> dict[str, Any]:
    """The fields of the photo's ledger entry."""
    sender = photo.uploader or photo.device
    assert sender is not None  # the table sees to it
    fields: dict[str, Any] = {
        "id": str(photo.pk),
        "seal": f"sha256:{photo.sha256}",
        "size": photo.size,
        "type": photo.media_type,
        "tps_claim": photo.station.code,
        "contest": photo.contest.code,
        "who": commitments.of(sender),
        "at": photo.received_at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ"),
        "via": "web",
    }
    if photo.page is not None:
        fields["page"] = photo.page
    return fields


def reap_staging() -> int:
    """Remove staged objects older than a day; returns how many."""
    # Photos name sealed originals only; a ticket whose bytes are gone begins at 0 again.
    return storage.remove_staged(before=timezone.now() - STAGED_AT_MOST)


def _request_hash(sending: Sending, original: Original) -> bytes:
    """SHA-256 over what makes two requests the same: TPS, contest, page, bytes."""
    request = f"{sending.station.pk} {sending.contest.pk} {sending.page} {original.sha256}"
    return hashlib.sha256(request.encode()).digest()


def _remember(key: UUID, sending: Sending, original: Original, photo: Photo) -> None:
    """Let the key stand for this photo."""
    try:
        SentKey.objects.create(
            key=key, device=sending.device, request_hash=_request_hash(sending, original), photo=photo
        )
    except IntegrityError as error:
        raise KeyUsedForAnother from error


def _refuse_a_used_key(sending: Sending, original: Original) -> None:
    """Before bytes are sealed that no row would ever name. Only the table itself is sure (`_remember`)."""
    if sending.key and _remembered(sending.key, sending) not in (None, _request_hash(sending, original)):
        raise KeyUsedForAnother


def _remember_again(key: UUID, sending: Sending, original: Original, photo: Photo) -> None:
    remembered = _remembered(key, sending)
    if remembered is None:
        _remember(key, sending, original, photo)
    elif remembered != _request_hash(sending, original):
        raise KeyUsedForAnother


def _remembered(key: UUID, sending: Sending) -> bytes | None:
    """The hash of the request this key stands for, if it stands for one yet."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT request_hash FROM uploads_sentkey WHERE device_id = %s AND key = %s", [sending.device.pk, key]
        )
        row = cursor.fetchone()
    return bytes(row[0]) if row else None
