"""How the operation stands: what waits where. Counts only; nothing about a single photo or person."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db.models import Count, Max, Q, QuerySet, Value
from django.db.models.functions import Now

from accounts.models import RoleProposal, User
from aggregation.models import Delta, Result, Snapshot
from ledger.models import Unsequenced
from pemantau.pipeline import STALLED_AFTER
from transcription import bars
from transcription.models import Lease, Recall, ReportGroup, Task, Weeding
from uploads.models import Photo


@dataclass(frozen=True)
class Overview:
    """Of one election; events and deltas are those of the whole instance."""

    photos: dict[str, int]  # by step, in the order of the pipeline
    stalled: int  # not moved for two minutes though nobody is to read them
    to_read: int  # photos that somebody may take now
    being_read: int
    for_adjudicator: int
    disputed: int  # TPS
    unsequenced: int  # ledger entries that have no place yet
    unfolded: int  # changes of results that are in no tally yet
    folded_at: datetime | None
    people: dict[str, int]  # by role
    proposals: int  # roles that wait for a second operator
    liftings: int  # pauses that one operator would end
    recalls: int  # of a person's readings, proposed and not confirmed
    reports: int  # TPS whose reports nobody has answered
    weedings: int  # lists of one sender's photos that wait for a second adjudicator


def of(election: str) -> Overview:
    """The overview of an election, by its code. Ten queries."""
    photos = Photo.objects.filter(contest__election=election, withdrawn_at__isnull=True)
    steps = dict(photos.values_list("step").annotate(Count("pk")))
    waiting = [Photo.Step.INSPECT, Photo.Step.QUEUE, Photo.Step.DECIDE, Photo.Step.RECORD]
    tasks = Task.objects.filter(photo__contest__election=election).aggregate(
        to_read=Count("pk", filter=Q(free__gt=0)), for_adjudicator=Count("pk", filter=Q(needs_adjudicator=True))
    )
    roles = dict(User.objects.filter(is_active=True).values_list("role").annotate(Count("pk")))
    return Overview(
        photos={step: steps.get(step, 0) for step in Photo.Step.values},
        stalled=photos.filter(step__in=waiting, step_at__lt=Now() - STALLED_AFTER).count(),
        to_read=tasks["to_read"],
        being_read=Lease.objects.filter(task__photo__contest__election=election, end="").count(),
        for_adjudicator=tasks["for_adjudicator"],
        disputed=Result.objects.filter(contest__election=election, state=Result.State.DISPUTED).count(),
        unsequenced=Unsequenced.objects.count(),
        unfolded=Delta.objects.count(),
        folded_at=Snapshot.objects.filter(contest__election=election).aggregate(at=Max("changed_at"))["at"],
        people=roles,
        **_waiting_for_an_answer(election),
    )


def _waiting_for_an_answer(election: str) -> dict[str, int]:
    """How many of each wait for somebody to say something. One query."""
    found: dict[str, QuerySet[Any]] = {
        "proposals": RoleProposal.objects.filter(end=""),
        "liftings": bars.open_liftings(),
        "recalls": Recall.objects.filter(confirmed_at=None, ended_at=None),
        "reports": ReportGroup.objects.filter(outcome="", station__election=election),
        "weedings": Weeding.objects.filter(
            election=election, proposed_at__isnull=False, confirmed_at=None, ended_at=None
        ),
    }
    first, *others = (
        waiting.order_by().values(what=Value(name)).annotate(many=Count("pk")) for name, waiting in found.items()
    )
    return dict.fromkeys(found, 0) | dict(first.union(*others, all=True).values_list("what", "many"))
