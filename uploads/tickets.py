"""Tickets: a photo is announced first, and its bytes come in as many pieces as the network allows.

    take → add, add, … (or one PUT to the object store) → `pipeline.finish`

A ticket promises nothing but that it will be remembered for a day; only the receipt does. Whatever the phone
loses, an answer, the network or its memory of the ticket, it takes the ticket anew and is told where to go on.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from uuid import UUID

from django.conf import settings
from django.core.exceptions import RequestDataTooBig
from django.db import connection, transaction
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from accounts.models import Device, User
from accounts.refusals import Refusal
from uploads import inspection, intake, storage
from uploads.claims import Claim
from uploads.models import Photo, Ticket

LIVES = timedelta(days=1)
OPEN_AT_MOST = 50  # for one device: what it may stage without finishing is bounded
PIECE_AT_MOST = settings.DATA_UPLOAD_MAX_MEMORY_SIZE  # bytes in one request

# What is said of the bytes themselves, and would be said again.
FINAL = {refusal.code: refusal for refusal in inspection.REFUSALS.values() if refusal.status < 500}


class UnknownTicket(Refusal):
    """No such ticket, or its day is over: the phone takes a new one."""

    status = 404
    code = "unknown_ticket"
    sentence = _("Pengiriman ini tidak kami kenal atau sudah kedaluwarsa. Mulai lagi.")


class TooManyOpen(Refusal):
    status = 429
    code = "too_many_open"
    sentence = _("Terlalu banyak foto yang belum selesai dikirim dari perangkat ini. Selesaikan dulu yang sudah mulai.")
    retry_after = 60


class Incomplete(Refusal):
    """Not all bytes are here; the header says how many."""

    status = 409
    code = "incomplete"
    sentence = _("Foto belum lengkap: {there} dari {size} byte sudah kami terima. Lanjutkan dari sana.")

    def __init__(self, there: int, size: int) -> None:
        super().__init__(there=there, size=size)
        self.headers = {"Upload-Offset": str(there)}


# --- Taking one -----------------------------------------------------------------------------


def take(device: Device, claim: Claim, *, sha256: str, size: int, media_type: str) -> tuple[Ticket | Photo, bool]:
    """A device's ticket for these bytes at this TPS, and whether it is new; or the photo, where it brought them before.

    The same again gives the same open ticket, for another day and with what is claimed now. Nobody is given a photo
    for knowing its hash: hashes are public. Raises a `Refusal`.
    """
    if size > settings.MAX_PHOTO_BYTES:
        raise intake.TooLarge(size)
    if size == 0:
        raise intake.EmptyFile
    if photo := _brought_by(device, claim, sha256):
        return photo, False
    now = timezone.now()
    ticket = Ticket(
        device=device,
        station=claim.station,
        contest=claim.contest,
        page=claim.page,
        sha256=sha256,
        size=size,
        media_type=media_type,
        expires_at=now + LIVES,
    )
    columns = ("id", "device_id", "station_id", "contest_id", "page", "sha256", "size", "media_type", "expires_at")
    with connection.cursor() as cursor:
        cursor.execute(_TAKE, {name: getattr(ticket, name) for name in columns} | {"now": now, "most": OPEN_AT_MOST})
        taken = cursor.fetchone()
    if taken is None:
        raise TooManyOpen
    ticket.pk, is_new = taken
    return ticket, is_new


# A ticket that a power cut takes with it is taken anew: its commit need not wait for the disk. Two requests at the same
# instant may open one more than the limit.
_TAKE = """
    WITH quick AS (SELECT set_config('synchronous_commit', 'off', true))
    INSERT INTO uploads_ticket
           (id, device_id, station_id, contest_id, page, sha256, size, media_type, refusal, expires_at)
    SELECT %(id)s, %(device_id)s, %(station_id)s, %(contest_id)s, %(page)s, %(sha256)s, %(size)s, %(media_type)s, '',
           %(expires_at)s
      FROM quick
     WHERE %(most)s > (
           SELECT count(*) FROM uploads_ticket
            WHERE device_id = %(device_id)s AND photo_id IS NULL AND refusal = '' AND expires_at > %(now)s
              AND (station_id, sha256, size) <> (%(station_id)s, %(sha256)s, %(size)s))
    ON CONFLICT (device_id, station_id, sha256, size) WHERE photo_id IS NULL AND refusal = ''
    DO UPDATE SET contest_id = excluded.contest_id, page = excluded.page, media_type = excluded.media_type,
                  expires_at = excluded.expires_at
    RETURNING id, xmax = 0
"""


def _brought_by(device: Device, claim: Claim, sha256: str) -> Photo | None:
    """The photo of these bytes at this TPS, if this device sent it, first or again."""
    with connection.cursor() as cursor:
        cursor.execute(_BROUGHT, {"station": claim.station.pk, "sha256": sha256, "device": device.pk})
        row = cursor.fetchone()
    return Photo.objects.select_related("station", "contest").get(pk=row[0]) if row else None


_BROUGHT = """
    SELECT id FROM uploads_photo p
     WHERE station_id = %(station)s AND sha256 = %(sha256)s
       AND (device_id = %(device)s
            OR EXISTS (SELECT FROM uploads_repeat r WHERE r.photo_id = p.id AND r.device_id = %(device)s))
"""


# --- While the bytes come -------------------------------------------------------------------


def find(ticket_id: UUID, *, with_claim: bool = False) -> Ticket:
    """The ticket; with its claim in the same query, where that is wanted. Raises `UnknownTicket`."""
    tickets = Ticket.objects.select_related("device", "station", "contest__election") if with_claim else Ticket.objects
    try:
        return tickets.get(pk=ticket_id, expires_at__gt=timezone.now())
    except Ticket.DoesNotExist:
        raise UnknownTicket from None


def bytes_here(ticket: Ticket) -> int:
    """How many of the ticket's bytes are durably here."""
    if ticket.photo:
        return ticket.size
    return 0 if ticket.refusal else storage.received(ticket.pk)


def refusal_of(ticket: Ticket) -> Refusal | None:
    """Why its bytes were not taken in, if they were looked at and refused."""
    return FINAL[ticket.refusal]() if ticket.refusal else None


def add(ticket_id: UUID, offset: int, content: bytes) -> int:
    """Add bytes that begin at `offset`; returns how many are durably here now.

    Raises `storage.WrongOffset` where others are here, and what the ticket was refused for.
    """
    with held(ticket_id) as ticket:
        if ticket.photo:
            raise storage.WrongOffset(ticket.size)
        if refusal := refusal_of(ticket):
            raise refusal
        if offset + len(content) > ticket.size:
            raise RequestDataTooBig("more bytes than were announced")
        storage.append(ticket.pk, offset, content)
    return offset + len(content)


@contextmanager
def held(ticket_id: UUID, *, with_claim: bool = False) -> Iterator[Ticket]:
    """Hold a ticket, in a transaction: two tabs with the same photo go one after the other.

    Where the bytes turn out not to be those that were announced they are dropped, and the ticket stays open; where
    they can never become a photo the ticket keeps the refusal.
    """
    refused: Refusal | None = None
    with transaction.atomic():
        with connection.cursor() as cursor:
            # Not the row itself: its lock would be written, and waited for, on the disk.
            cursor.execute("SELECT pg_advisory_xact_lock(%s)", [int.from_bytes(ticket_id.bytes[:7])])
        ticket = find(ticket_id, with_claim=with_claim)
        try:
            yield ticket
        except intake.WrongHash:
            storage.drop(ticket.pk)
            raise
        except Refusal as refusal:
            if refusal.code not in FINAL or ticket.refusal:
                raise
            storage.drop(ticket.pk)
            Ticket.objects.filter(pk=ticket.pk).update(refusal=refusal.code)
            refused = refusal
    if refused:
        raise refused


# --- When all are here ----------------------------------------------------------------------


@contextmanager
def sending(ticket: Ticket, uploader: User | None, address_block: str) -> Iterator[intake.Sending]:
    """What was sent by a ticket, to be taken in like anything else. Raises `Incomplete`, or what it was refused for."""
    if refusal := refusal_of(ticket):
        raise refusal
    with storage.staged_file(ticket.pk) as path:
        there = path.stat().st_size if path.exists() else 0
        if there > ticket.size:  # an object store that does not hold phones to the length they signed for
            storage.drop(ticket.pk)
            there = 0
        if there < ticket.size:
            raise Incomplete(there, ticket.size)
        yield intake.Sending(
            path=path,
            station=ticket.station,
            contest=ticket.contest,
            page=ticket.page,
            device=ticket.device,
            uploader=uploader,
            key=None,
            address_block=address_block,
            sha256=ticket.sha256,
        )


def close(ticket: Ticket, photo: Photo) -> None:
    """The ticket's photo is there."""
    Ticket.objects.filter(pk=ticket.pk).update(photo=photo)


def forget_ended() -> int:
    """Remove tickets whose day is over; returns how many. Who finished one is known by the photo."""
    ended, _by_table = Ticket.objects.filter(expires_at__lt=timezone.now()).delete()
    return ended
