"""What a recall would change, photo by photo, and all of it together: photos, TPS, and the public sums."""

from collections import Counter
from dataclasses import dataclass, field

from django.utils import timezone

from aggregation import rule_change
from transcription import consensus
from transcription.models import Decision, Recall, RecallPhoto
from uploads.models import Photo

UNCHANGED, READ_AGAIN, OTHER_NUMBERS, CASE, DECIDED = "unchanged", "read_again", "other_numbers", "case", "decided"


def look_at(row: RecallPhoto, recall: Recall) -> None:
    """Store what would become of one photo. Again stores the same, if nothing else has changed."""
    photo = Photo.objects.select_related("contest", "station").get(pk=row.photo_id)
    looked_at = timezone.now()  # before anything is read of it: what comes meanwhile makes it old
    otherwise = frozenset({recall.account_id})
    preview = consensus.preview(photo, otherwise)
    row.effect, row.sums = _effect(preview), {}
    if photo.withdrawn_at is None:
        for station in rule_change.places_of(photo, preview).values():
            name = f"{photo.contest.code} {station.code}"
            row.sums[name] = rule_change.sums_at(photo.contest, station, photo, otherwise)
    else:
        row.effect = UNCHANGED
    row.looked_at = looked_at
    row.save(update_fields=["effect", "sums", "looked_at"])


def _effect(preview: consensus.Preview) -> str:
    if preview.decision is None:
        return UNCHANGED
    if preview.decision.outcome == Decision.Outcome.REOPENED:
        return CASE if preview.asks[1] else READ_AGAIN
    before = preview.known.decided
    return OTHER_NUMBERS if before and before["outcome"] == Decision.Outcome.ACCEPTED else DECIDED


@dataclass
class OfContest:
    photos: int = 0
    stations: set[str] = field(default_factory=set)
    sums: Counter[str] = field(default_factory=Counter)


@dataclass
class Effects:
    """What is known so far: of `photos` in all `looked_at` were looked at and `done` decided again."""

    photos: int
    looked_at: int
    done: int
    kinds: Counter[str]
    contests: dict[str, OfContest]

    @property
    def stations(self) -> int:
        return sum(len(one.stations) for one in self.contests.values())

    @property
    def changed(self) -> int:
        return self.kinds.total() - self.kinds[UNCHANGED]


def effects_of(recall: Recall) -> Effects:
    """Summed up from what `look_at` stored; a TPS with several photos counts once. One query, two for the counts."""
    rows = RecallPhoto.objects.filter(recall=recall)
    kinds: Counter[str] = Counter()
    contests: dict[str, OfContest] = {}
    told: set[str] = set()
    seen = rows.filter(effect__isnull=False).order_by("pk").values_list("effect", "sums")
    for effect, sums in seen.iterator(chunk_size=2000):
        kinds[effect or UNCHANGED] += 1
        for contest in {name.split()[0] for name in sums}:
            contests.setdefault(contest, OfContest()).photos += 1
        for name, much in sums.items():
            if name not in told:
                told.add(name)
                contest, station = name.split()
                contests[contest].stations.add(station)
                contests[contest].sums.update(much)
    done = rows.filter(decided_again_at__isnull=False).count()
    return Effects(rows.count(), kinds.total(), done, kinds, contests)
