"""What another version of the consensus rule would change, from the very same entries and rulings.

`manage.py redecide` prints it, and applies it step by step. Nothing here writes.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field, replace

from django.db.models import Exists, OuterRef, Q, QuerySet, Subquery
from django.utils import timezone

from aggregation import columns, evidence, exclusions, results
from aggregation.evidence import Evidence
from tps.models import Contest, Election, PollingStation
from transcription import agreement, consensus
from transcription.consensus import Preview
from transcription.models import Decision, Entry
from uploads.models import Photo

Step = Photo.Step
CHUNK = 500


@dataclass(frozen=True)
class Scope:
    """Which photos are looked at: those an older rule decided, or that were read and not decided; or all."""

    election: Election
    contest: str = ""
    region: str = ""  # where they were sent for: this region and all below it
    every: bool = False


@dataclass(frozen=True)
class Change:
    """A photo of which the rule says something else than is stored.

    `sums` is by how much the public sums of its TPS change, all its photos together; told with the first of them.
    """

    photo: Photo
    preview: Preview
    sums: dict[str, int] = field(default_factory=dict)


def looked_at(scope: Scope) -> Iterator[tuple[Photo, Change | None]]:
    """Each photo in the order of its key, with what would change there. Holds one batch, and the TPS told already.

    One query for each batch and one for each photo; where something changes, those of the other photos of its TPS
    besides. What somebody does between two photos is seen by the later one.
    """
    told: set[tuple[int, int]] = set()
    for photo in _one_after_the_other(_photos(scope)):
        preview = consensus.preview(photo)
        yield photo, _change(photo, preview, told) if preview.changes else None


def newer_decisions(election: Election) -> bool:
    """Whether a newer rule than this program's has decided here: then this program must not decide anew."""
    return Decision.objects.filter(contest__election=election, rule_version__gt=agreement.RULE_VERSION).exists()


def _photos(scope: Scope) -> QuerySet[Photo]:
    newest = Decision.objects.filter(photo=OuterRef("pk")).order_by("-version")
    was_read = Exists(Entry.objects.filter(photo=OuterRef("pk")))
    photos = Photo.objects.filter(
        contest__election=scope.election, withdrawn_at__isnull=True, step__in=[Step.READ, Step.RECORD, Step.DONE]
    ).annotate(rule=Subquery(newest.values("rule_version")[:1]), stands=Subquery(newest.values("outcome")[:1]))
    if scope.every:
        photos = photos.filter(was_read | Q(rule__isnull=False))
    else:
        undecided = Q(rule__isnull=True) | Q(stands=Decision.Outcome.REOPENED)
        photos = photos.filter(Q(rule__lt=agreement.RULE_VERSION) | (undecided & was_read))
    if scope.contest:
        photos = photos.filter(contest__code=scope.contest)
    if scope.region:
        photos = photos.filter(station__region__code__startswith=scope.region)
    return photos.select_related("contest", "station")


def _one_after_the_other(photos: QuerySet[Photo]) -> Iterator[Photo]:
    """By the key, so that what is decided anew meanwhile shifts nothing, and memory holds one batch."""
    photos = photos.order_by("pk")
    batch = list(photos[:CHUNK])
    while batch:
        yield from batch
        batch = list(photos.filter(pk__gt=batch[-1].pk)[:CHUNK])


# --- The public sums ------------------------------------------------------------------------


def _change(photo: Photo, preview: Preview, told: set[tuple[int, int]]) -> Change:
    sums: dict[str, int] = {}
    for key, station in places_of(photo, preview).items():
        if (photo.contest_id, key) not in told:
            told.add((photo.contest_id, key))
            for name, much in sums_at(photo.contest, station, photo).items():
                sums[name] = sums.get(name, 0) + much
    return Change(photo, preview, sums)


def places_of(photo: Photo, preview: Preview) -> dict[int, PollingStation]:
    """The TPS, by key, whose numbers may change if the photo is decided as the preview says."""
    if preview.decision is None:
        return {}
    places = {photo.station_id: photo.station, preview.decision.station_id: preview.decision.station}
    if preview.known.decided and (before := preview.known.decided["station"]) not in places:
        places[before] = PollingStation.objects.get(pk=before)
    return places


def sums_at(
    contest: Contest, station: PollingStation, photo: Photo, otherwise: frozenset[int] = frozenset()
) -> dict[str, int]:
    """By how much each public sum changes here, if all photos of this TPS are decided anew (`consensus.preview`)."""
    there = evidence.at(contest, station)
    if photo.pk not in {one.photo.pk for one in there}:
        there.append(Evidence(photo, None, contest.pk, station.pk))
    layout = columns.of(contest)
    excluded = exclusions.of_one(contest, station)
    now = layout.sums_of(results.outcome_of(there, contest, station, excluded).amounts)
    anew = [_anew(one, contest, otherwise) for one in there]
    then = layout.sums_of(results.outcome_of(anew, contest, station, excluded).amounts)
    return {name: then[name] - now[name] for name in layout.sums if then[name] != now[name]}


def _anew(one: Evidence, contest: Contest, otherwise: frozenset[int]) -> Evidence:
    if one.photo.withdrawn_at or one.photo.step not in (Step.READ, Step.RECORD, Step.DONE):
        return one
    one.photo.contest = contest  # spares a query
    decision = consensus.preview(one.photo, otherwise).decision
    if decision is None:
        return one
    decision.decided_at = timezone.now()
    return replace(one, present=decision)
