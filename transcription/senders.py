"""What the sender of a photo typed from it: one entry, theirs (DESIGN section 5).

It never decides, for nobody judges what they sent; adjudicators see it, and after the decision everybody does.
Unlike a reader a sender may leave fields out: one number is better than none.
"""

from dataclasses import dataclass
from uuid import UUID, uuid4

from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from accounts.models import Device, User
from accounts.refusals import Refusal
from ledger import sealing
from tps.form_definitions import FormDefinition, for_contest
from transcription.entries import AlreadyRead, Reading, WrongReading, check_page, check_values
from transcription.guards import refusing
from transcription.models import Decision, Entry
from uploads import receipts
from uploads.models import Photo


class NotTheSender(Refusal):
    status = 403
    code = "not_the_sender"
    sentence = _("Angka hanya dapat diisi dari perangkat atau akun yang mengirim foto ini.")


class DecidedAlready(Refusal):
    status = 409
    code = "decided_already"
    sentence = _("Foto ini sudah selesai dibaca, jadi angkanya tidak perlu diisi lagi.")


REFUSALS: dict[str, type[Refusal]] = {
    "the_senders_entry_is_the_senders": NotTheSender,
    "one_entry_of_the_sender": AlreadyRead,
    "an_entry_holds_numbers_from_0_to_999": WrongReading,
}


@dataclass(frozen=True)
class Typed:
    """Numbers from the sender of `photo` (`photo_of`). `device_id` is what the browser's cookie says."""

    photo: Photo
    account: User | None
    device_id: UUID | None
    address_block: str
    reading: Reading


def photo_of(receipt: str, account: User | None, device_id: UUID | None) -> Photo:
    """The photo of a receipt, for its sender alone. One query. Raises `UnknownReceipt`, `NotTheSender`."""
    photo = receipts.photo_of(receipt)
    if not _sent_by(photo, account, device_id):
        raise NotTheSender
    return photo


def _sent_by(photo: Photo, account: User | None, device_id: UUID | None) -> bool:
    by_account = account is not None and photo.uploader_id == account.pk
    return by_account or (device_id is not None and photo.device_id == device_id)


def check(reading: Reading, form: FormDefinition) -> Reading:
    """The reading, if it has at least one number of a page of the form. Raises `WrongReading`."""
    page = check_page(reading.page, form)
    if not isinstance(reading.numbers, dict) or not reading.numbers:
        raise WrongReading({"numbers": [gettext("Isi paling sedikit satu angka.")]})
    check_values(reading.numbers, page)
    return reading


def of(photo: Photo) -> Entry | None:
    """The sender's entry, if there is one. One query."""
    return Entry.objects.filter(photo=photo, source=Entry.Source.UPLOADER).first()


def is_decided(photo: Photo) -> bool:
    """Whether a decision stands. One query."""
    newest = photo.decisions.order_by("-version").values_list("outcome", flat=True).first()
    return newest not in (None, Decision.Outcome.REOPENED)


def submit(typed: Typed) -> tuple[Entry, bool]:
    """Store the sender's one entry, and say whether it is new; the same again gives the same.

    Call it in a transaction. Raises a `Refusal`; nothing is changed then. Seven queries.
    """
    photo = Photo.objects.select_for_update(of=("self",), no_key=True).select_related("contest").get(pk=typed.photo.pk)
    reading = check(typed.reading, for_contest(photo.contest))
    if (before := of(photo)) is not None:
        if (before.page, before.numbers) != (reading.page, reading.numbers):
            raise AlreadyRead
        return before, False
    if photo.withdrawn_at is not None:
        raise receipts.Withdrawn
    if is_decided(photo):
        raise DecidedAlready
    with refusing(REFUSALS):
        entry = Entry.objects.create(
            id=uuid4(),
            photo=photo,
            source=Entry.Source.UPLOADER,
            account=typed.account if typed.account and photo.uploader_id == typed.account.pk else None,
            device=Device.objects.filter(pk=typed.device_id).first() if typed.device_id else None,
            address_block=typed.address_block,
            page=reading.page,
            numbers=reading.numbers,
            salt=sealing.new_salt(),
        )
    entry.refresh_from_db(fields=["created_at", "round"])
    return entry, True
