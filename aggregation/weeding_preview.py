"""What a weeding would do, as far as it is known now: photos and TPS by contest, and numbers that would be lost."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from uuid import UUID

from aggregation import evidence, exclusions, results
from aggregation.evidence import Evidence
from aggregation.models import ExclusionTurn
from tps.models import Contest, PollingStation
from transcription.models import Decision, WeedingPhoto
from uploads.models import Photo


@dataclass
class OfContest:
    contest: Contest
    photos: int = 0
    accepted: int = 0
    stations: set[int] = field(default_factory=set)
    losing: int = 0  # TPS of which a number would stand no longer


def effects_of(rows: Iterable[WeedingPhoto]) -> list[OfContest]:
    """What becomes of these photos' TPS if all of them are rejected; by contest.

    One query, and four more for each contest in which some are accepted.
    """
    photos = Photo.objects.select_related("contest", "task__decision").filter(pk__in=[row.photo_id for row in rows])
    told: dict[int, OfContest] = {}
    accepted: dict[int, set[UUID]] = defaultdict(set)
    places: dict[int, set[int]] = defaultdict(set)
    for photo in photos:
        one = told.setdefault(photo.contest_id, OfContest(photo.contest))
        decision = photo.task.decision
        one.photos += 1
        one.stations.add(decision.station_id if decision else photo.station_id)
        if decision and decision.outcome == Decision.Outcome.ACCEPTED:
            one.accepted += 1
            accepted[photo.contest_id].add(photo.pk)
            places[photo.contest_id].add(decision.station_id)
    for contest, gone in accepted.items():
        stations = list(PollingStation.objects.filter(pk__in=places[contest]))
        here = told[contest].contest
        found, excluded = evidence.at_all(here, stations), exclusions.of_all(here, stations)
        told[contest].losing = sum(
            _loses(found[station.pk], gone, here, station, excluded.get(station.pk)) for station in stations
        )
    return sorted(told.values(), key=lambda one: one.contest.code)


def _loses(
    found: Sequence[Evidence],
    gone: set[UUID],
    contest: Contest,
    station: PollingStation,
    excluded: ExclusionTurn | None,
) -> bool:
    now = results.outcome_of(found, contest, station, excluded).chosen.keys()
    left = [one for one in found if one.photo.pk not in gone]
    return not now <= results.outcome_of(left, contest, station, excluded).chosen.keys()
