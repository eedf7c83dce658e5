"""Whose turn it is to send a photo: what both doors ask before a new one is received.

In alarm mode a device nobody knows anything good of pays with a little work (`uploads.alarm`); everybody keeps to
what is fair (`uploads.fair_use`). Photos of what is covered may have to come later (`uploads.deferral`), and while the
house is read-only nothing comes in (`uploads.switches`). Photos that are here already do not count, nor what is
refused at a glance.
"""

from django.db.models import OuterRef, Q, Subquery

from accounts.models import Device
from aggregation.models import Result
from pemantau import happenings, pipeline
from transcription.models import Decision
from uploads import alarm, deferral, fair_use, inspection, intake, switches
from uploads.claims import Claim
from uploads.models import Photo, Switch
from uploads.proof import Paid


def receive(sending: intake.Sending, *, address: str, paid: Paid) -> tuple[Photo, bool]:
    """As `pipeline.receive`, for one whose turn it is; `address` is the client's.

    Raises `alarm.ProofNeeded`, `fair_use.TooManyPhotos`, `deferral.ComeLater` or `switches.ReadOnly` where it is not.
    """
    claim = Claim(sending.station, sending.contest, sending.page)
    try:
        turn = admit(sending.device, address, paid, claim)
    except switches.ReadOnly:
        if photo := intake.find_here(sending):  # the answer was lost, and nothing need be written
            return photo, False
        raise
    except (alarm.ProofNeeded, fair_use.TooManyPhotos, deferral.ComeLater):
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


def admit(device: Device, address: str, paid: Paid, claim: Claim) -> fair_use.Turn:
    """Let a device send one more photo of this; raises as `receive`. Give the turn back if nothing new comes of it."""
    switches.refuse_if_read_only()
    turn = fair_use.admit(device, address, accepted_of)
    try:
        if asks_for_proof(device):
            alarm.check(device, paid)
        if switches.is_on(Switch.SLOW) and is_covered(claim):
            deferral.check(device, f"{claim.station.pk}:{claim.contest.pk}:{claim.page}")
    except (alarm.ProofNeeded, deferral.ComeLater) as refusal:
        turn.give_back()
        happenings.count(refusal.code)
        raise
    return turn


def is_covered(claim: Claim) -> bool:
    """Whether a photo of this can come later (`uploads.deferral`). One that says no page never waits. Two queries."""
    if claim.page is None:
        return False
    here = {"contest": claim.contest, "station": claim.station}
    is_complete = Result.objects.filter(**here, state=Result.State.COMPLETE).exists()
    photos = Photo.objects.filter(**here, page=claim.page, withdrawn_at__isnull=True).alias(outcome=_latest_outcome())
    rejected = Q(outcome=Decision.Outcome.REJECTED)
    return deferral.is_covered(is_complete=is_complete, photos=photos.exclude(rejected).count() if is_complete else 0)


def asks_for_proof(device: Device) -> bool:
    """Whether this device must pay for its next photo."""
    return alarm.is_on() and accepted_of(device) == 0


def accepted_of(device: Device) -> int:
    """How many of the device's photos were decided as usable, and still are."""
    return (
        Photo.objects.filter(device=device)
        .alias(outcome=_latest_outcome())
        .filter(outcome=Decision.Outcome.ACCEPTED)
        .count()
    )


def _latest_outcome() -> Subquery:
    return Subquery(Decision.objects.filter(photo=OuterRef("pk")).order_by("-version").values("outcome")[:1])
