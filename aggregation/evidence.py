"""What there is about one contest at one TPS: its photos, each with the decision that stands now."""

from dataclasses import dataclass

from django.db.models import Q

from tps.models import Contest, PollingStation
from transcription.models import Decision
from uploads.models import Photo


@dataclass(frozen=True)
class Evidence:
    """A photo that was sent for this TPS, or moved here, and its present decision."""

    photo: Photo
    present: Decision | None
    contest_id: int
    station_id: int

    @property
    def waits(self) -> bool:
        """Whether it was sent for this TPS, can be seen, and has no decision that stands."""
        return (
            (self.photo.contest_id, self.photo.station_id) == (self.contest_id, self.station_id)
            and self.photo.step != Photo.Step.INSPECT
            and (self.present is None or self.present.outcome == Decision.Outcome.REOPENED)
        )

    @property
    def stands(self) -> bool:
        """Whether its numbers speak for this TPS."""
        return (
            self.present is not None
            and self.present.outcome == Decision.Outcome.ACCEPTED
            and (self.present.contest_id, self.present.station_id) == (self.contest_id, self.station_id)
        )


def at(contest: Contest, station: PollingStation) -> list[Evidence]:
    """All photos that belong to this TPS or once did, in the order they came; two queries."""
    here = Q(contest=contest, station=station)
    photos = list(
        Photo.objects.filter(here | Q(pk__in=Decision.objects.filter(here).values("photo"))).order_by(
            "received_at", "pk"
        )
    )
    latest = Decision.objects.filter(photo__in=photos).order_by("photo", "-version").distinct("photo")
    present = {decision.photo_id: decision for decision in latest}
    return [Evidence(photo, present.get(photo.pk), contest.pk, station.pk) for photo in photos]
