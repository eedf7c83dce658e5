"""What there is about one contest at one TPS: its photos, each with the decision that stands now."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from uuid import UUID

from django.db.models import OuterRef, Q, Subquery
from django.db.models.functions import JSONObject

from aggregation.models import VoteWord
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
    word: Mapping[str, str] | None = None  # `vote` and `reason`, where two adjudicators say of which vote it is

    @property
    def waits(self) -> bool:
        """Whether it was sent for this TPS, can be seen, and has no decision that stands."""
        return (
            (self.photo.contest_id, self.photo.station_id) == (self.contest_id, self.station_id)
            and self.photo.step != Photo.Step.INSPECT
            and self.photo.withdrawn_at is None
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

    @property
    def is_rejected(self) -> bool:
        """Whether it was rejected, and can still be seen."""
        rejected = self.present is not None and self.present.outcome == Decision.Outcome.REJECTED
        return rejected and self.photo.withdrawn_at is None


def at(contest: Contest, station: PollingStation) -> list[Evidence]:
    """All photos that belong to this TPS or once did, in the order they came; two queries."""
    return at_all(contest, [station])[station.pk]


def at_all(contest: Contest, stations: Sequence[PollingStation]) -> dict[int, list[Evidence]]:
    """The same for many TPS at once, by the station's key; two queries."""
    here = Q(contest=contest, station__in=stations)
    # No OR over two tables: PostgreSQL reads both from end to end for it.
    once_here = Photo.objects.filter(here).values("pk").union(Decision.objects.filter(here).values("photo"))
    decisions = list(Decision.objects.filter(photo__in=once_here).order_by("photo", "-version"))
    photos = Photo.objects.filter(here | Q(pk__in={decision.photo_id for decision in decisions})).annotate(word=_word())
    present: dict[UUID, Decision] = {}
    places: dict[UUID, set[int]] = defaultdict(set)
    for decision in decisions:
        present.setdefault(decision.photo_id, decision)
        places[decision.photo_id].add(decision.station_id)
    found: dict[int, list[Evidence]] = {station.pk: [] for station in stations}
    for photo in photos.select_related("page_tag").order_by("received_at", "pk"):
        for place in {photo.station_id, *places[photo.pk]} & found.keys():
            found[place].append(Evidence(photo, present.get(photo.pk), contest.pk, place, photo.word))
    return found


def _word() -> Subquery:
    words = VoteWord.objects.filter(photo=OuterRef("pk"), after__isnull=False).order_by("-number")
    return Subquery(words.values(said=JSONObject(vote="vote", reason="reason"))[:1])
