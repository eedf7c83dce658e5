"""Whose turn it is to send a photo: what both doors ask before a new one is received.

In alarm mode a device nobody knows anything good of pays with a little work (`uploads.alarm`); everybody keeps to
what is fair (`uploads.fair_use`). Photos that are here already do not count, nor what is refused at a glance.
"""

from django.db.models import OuterRef, Subquery

from accounts.models import Device
from pemantau import pipeline
from transcription.models import Decision
from uploads import alarm, fair_use, inspection, intake
from uploads.models import Photo
from uploads.proof import Paid


def receive(sending: intake.Sending, *, address: str, paid: Paid) -> tuple[Photo, bool]:
    """As `pipeline.receive`, for one whose turn it is; `address` is the client's.

    Raises `alarm.ProofNeeded` or `fair_use.TooManyPhotos` where it is not.
    """
    try:
        turn = admit(sending.device, address, paid)
    except (alarm.ProofNeeded, fair_use.TooManyPhotos):
        if not intake.is_here(sending):  # else the answer was lost, and the receipt is theirs
            raise
        turn = fair_use.Turn()
    counts = False
    try:
        photo, counts = pipeline.receive(sending)
    except inspection.COSTLY:
        counts = True
        raise
    finally:
        if not counts:
            turn.give_back()
    return photo, counts


def admit(device: Device, address: str, paid: Paid) -> fair_use.Turn:
    """Let a device send one more photo; raises as `receive`. Give the turn back if nothing new comes of it."""
    turn = fair_use.admit(device, address, accepted_of)
    try:
        if asks_for_proof(device):
            alarm.check(device, paid)
    except alarm.ProofNeeded:
        turn.give_back()
        raise
    return turn


def asks_for_proof(device: Device) -> bool:
    """Whether this device must pay for its next photo."""
    return alarm.is_on() and accepted_of(device) == 0


def accepted_of(device: Device) -> int:
    """How many of the device's photos were decided as usable, and still are."""
    latest = Decision.objects.filter(photo=OuterRef("pk")).order_by("-version").values("outcome")[:1]
    return (
        Photo.objects.filter(device=device)
        .alias(outcome=Subquery(latest))
        .filter(outcome=Decision.Outcome.ACCEPTED)
        .count()
    )
