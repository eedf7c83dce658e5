"""Where a photo is on its way, as its sender is told."""

from django.db.models import F

from aggregation.models import Delta, Result, Snapshot
from transcription.models import Decision, Task
from uploads.models import Photo
from uploads.receipts import State

Step = Photo.Step


def state_of(photo: Photo) -> State:
    """What its sender is told; no numbers, for those nobody sees before the decision."""
    if photo.withdrawn_at is not None:
        return State.WITHDRAWN
    if photo.step in (Step.INSPECT, Step.QUEUE):
        return State.RECEIVED
    decision = photo.decisions.order_by("-version").first()
    if decision is None or decision.outcome == Decision.Outcome.REOPENED:
        waits = Task.objects.filter(photo=photo, needs_adjudicator=True).exists()
        return State.WITH_ADJUDICATOR if waits else State.BEING_READ
    if decision.outcome == Decision.Outcome.REJECTED:
        return State.REJECTED
    result = Result.objects.filter(contest=decision.contest_id, station=decision.station_id).first()
    if result is None or decision.pk not in result.decisions:
        return State.DISPUTED if result and result.state == Result.State.DISPUTED else State.AGREED
    return State.AGREED if _waits_for_folder(result) else State.PUBLISHED


def problem_of(photo: Photo) -> str:
    """Why it was rejected, one of `transcription.models.Problem`; empty where it was not."""
    newest = photo.decisions.order_by("-version").first()
    return newest.problem if newest and newest.outcome == Decision.Outcome.REJECTED else ""


def _waits_for_folder(result: Result) -> bool:
    unfolded = Delta.objects.filter(contest=result.contest_id, region=result.station.region_id)
    unpublished = Snapshot.objects.filter(contest=result.contest_id, published__lt=F("version"))
    return unfolded.exists() or unpublished.exists()
