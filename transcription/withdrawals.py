"""Taking a photo back: whoever holds its receipt may, until it is decided and as long as nobody else sent it too.

The bytes stay sealed, the row stays, the log tells it. Somebody else who sends the same bytes for the same TPS brings
the photo back, for a withdrawal is nobody's means to keep others from sending; after that it cannot be withdrawn again.
"""

from typing import Any
from uuid import UUID

from django.db.models import Q, QuerySet
from django.db.models.functions import Now
from django.utils.translation import gettext_lazy as _

from accounts.refusals import Refusal
from transcription import queue, senders
from uploads.intake import Sending
from uploads.models import Photo, Repeat


class AlreadyDecided(Refusal):
    status = 409
    code = "already_decided"
    sentence = _("Angka pada foto ini sudah diputuskan, jadi foto ini tidak dapat ditarik lagi.")


class SentByOthers(Refusal):
    status = 409
    code = "sent_by_others"
    sentence = _("Orang lain juga mengirim foto yang sama untuk TPS ini, jadi foto ini tidak dapat ditarik.")


def withdraw(photo_id: UUID) -> tuple[Photo, bool]:
    """Take the photo back, and say whether that is new; again changes nothing.

    Call it in a transaction. Raises `AlreadyDecided` or `SentByOthers`; nothing is changed then.
    """
    photo = _held(photo_id)
    if photo.withdrawn_at is not None:
        return photo, False
    if senders.is_decided(photo):
        raise AlreadyDecided
    if _sent_by_others(photo).exists():
        raise SentByOthers
    Photo.objects.filter(pk=photo.pk).update(withdrawn_at=Now())
    photo.refresh_from_db(fields=["withdrawn_at"])
    queue.close(photo)
    return photo, True


def restore(photo_id: UUID) -> Photo | None:
    """The photo, back on its way, where it was withdrawn and somebody else has sent it too (`Repeat`); else None.

    Call it in the transaction in which the `Repeat` was added: who withdraws at the same instant either sees it or is
    undone here, for both hold the photo.
    """
    photo = _held(photo_id)
    if photo.withdrawn_at is None or not _sent_by_others(photo).exists():
        return None
    # Where people had it already, the consensus says how many of them are still wanted.
    if photo.step not in (Photo.Step.INSPECT, Photo.Step.QUEUE):
        photo.step = Photo.Step.DECIDE
    photo.withdrawn_at = None
    Photo.objects.filter(pk=photo.pk).update(withdrawn_at=None, step=photo.step, step_at=Now())
    return photo


def is_anothers(photo: Photo, sending: Sending) -> bool:
    """Whether who sends it now is another person than who sent it first."""
    same_account = sending.uploader is not None and photo.uploader_id == sending.uploader.pk
    return photo.device_id != sending.device.pk and not same_account


def entry_of(photo: Photo) -> dict[str, Any]:
    """The fields of the ledger entry `withdraw`."""
    return {"photo": str(photo.pk), "why": "uploader", "bytes": "kept"}


def entry_of_return(photo: Photo) -> dict[str, Any]:
    """The fields of the ledger entry `restore`."""
    return {"photo": str(photo.pk), "why": "sent_again"}


def _sent_by_others(photo: Photo) -> QuerySet[Repeat]:
    """The same person from another place, or on another device under the same account, is nobody else."""
    same = Q(account=photo.uploader_id) if photo.uploader_id else Q()
    others = Repeat.objects.filter(photo=photo).exclude(device=photo.device_id)
    return others.exclude(same) if same else others


def _held(photo_id: UUID) -> Photo:
    return (
        Photo.objects.select_for_update(of=("self",), no_key=True)
        .select_related("contest", "station__region")
        .get(pk=photo_id)
    )
