"""Samples: some TPS of every region are read first, so that the first picture is not from one place.

    announced by an operator → ten entries later in the log its seed is known → drawn → a surge like any other

A sample is stratified: of each provinsi, or each kabupaten/kota, it holds the same share of the contest's TPS. Nobody
chooses which: within a stratum those come in whose code, hashed together with the seed, gives the lowest numbers; and
the seed is what others add to the log after the announcement. Both stand in the log (`sample`, `draw`), so that anybody
can draw it again. What a sample does to the order, and how it ends, is `transcription.surges`.
"""

from collections.abc import Iterable, Iterator
from datetime import UTC, datetime
from hashlib import sha256
from itertools import groupby

from django.db import transaction
from django.db.models import Q, QuerySet
from django.db.models.functions import Now
from django.utils.translation import gettext_lazy as _

from accounts import commitments
from accounts.models import User
from accounts.permissions import Action, NotAllowed, may
from accounts.refusals import Refusal
from ledger import entries as ledger
from ledger.models import Event, Leaf
from tps.models import Contest, PollingStation
from transcription import surges
from transcription.models import Sample, SampleStation

# So many places after the announcement stands the entry that is the seed. Whoever announces does not know what comes
# there, and those who add it do not know their entry's hash before: it holds what the server draws.
LATER = 10
LARGEST = 1_000_000
BATCH = 5000


class WrongSize(Refusal):
    status = 422
    code = "wrong_size"
    sentence = _("Isi jumlah TPS, atau persen dari 1 sampai 99.")


class WrongStrata(Refusal):
    status = 422
    code = "wrong_strata"
    sentence = _("Pilih provinsi atau kabupaten/kota.")


REFUSALS = (WrongSize, WrongStrata)


# --- Which TPS: for everybody to do again -------------------------------------------------------


def share(many: int, of: int, *, size: int | None = None, percent: int | None = None) -> int:
    """How many of a stratum's TPS are drawn, rounded up: `percent` of them, or their share of `size` among `of`."""
    part, whole = (percent, 100) if percent is not None else (size or 0, of)
    return min(many, -(-many * part // whole))


def drawn(codes: Iterable[str], seed: str, many: int) -> list[str]:
    """The `many` TPS of a stratum with the lowest SHA-256 of seed, blank and code, all of it as text."""
    return sorted(codes, key=lambda code: sha256(f"{seed} {code}".encode()).digest())[:many]


# --- Announcing and drawing ---------------------------------------------------------------------


def announce(
    by: User, election: str, *, contest: str, digits: int, size: int | None = None, percent: int | None = None
) -> bool:
    """Say what is to be drawn; False where one of this contest is announced or read first already.

    `digits` of a region's code make a stratum: 2 for provinsi, 4 for kabupaten/kota. Raises `NotAllowed`,
    `NoSuchContest`, one of `REFUSALS`.
    """
    if not may(by, Action.OPERATE):
        raise NotAllowed
    if digits not in Sample.Strata.values:
        raise WrongStrata
    wrong = size not in range(1, LARGEST) if percent is None else percent not in range(1, 100)
    if wrong or (size is None) == (percent is None):
        raise WrongSize
    of = surges.contest_of(election, contest)
    with transaction.atomic():
        surges.hold()
        if (
            Sample.objects.filter(contest=of, drawn_at=None).exists()
            or surges.active().filter(sample__contest=of).exists()
        ):
            return False
        sample = Sample.objects.create(contest=of, digits=digits, size_wanted=size, percent=percent, by=by)
        ledger.append(
            election,
            "sample",
            version=sample.pk,
            contest=of.code,
            digits=digits,
            by=commitments.of(by),
            at=_now(),
            **({"size": size} if percent is None else {"percent": percent}),
        )
    return True


def announced(election: str) -> QuerySet[Sample]:
    """What waits for its seed, the oldest first."""
    return Sample.objects.filter(contest__election=election, drawn_at=None).select_related("contest").order_by("pk")


def draw_those_due(election: str) -> int:
    """Draw what is announced and whose seed is there, and have it read first. Returns how many. Twice is once."""
    return sum(_draw(sample.pk) for sample in announced(election))


def _draw(number: int) -> bool:
    with transaction.atomic():
        held = Sample.objects.select_for_update(of=("self",), skip_locked=True).select_related("contest", "by")
        sample = held.filter(pk=number, drawn_at=None).first()
        seed = _seed_of(sample) if sample else None
        if sample is None or seed is None:
            return False
        stations = list(_stations(sample, bytes(seed.leaf_hash).hex()))
        SampleStation.objects.bulk_create(
            [SampleStation(sample=sample, station_id=station) for station in stations], batch_size=BATCH
        )
        Sample.objects.filter(pk=sample.pk).update(
            drawn_at=Now(), seed_index=seed.index, seed=bytes(seed.leaf_hash).hex(), size=len(stations)
        )
        ledger.append(
            seed.log,
            "draw",
            version=sample.pk,
            index=seed.index,
            leaf=f"sha256:{bytes(seed.leaf_hash).hex()}",
            size=len(stations),
            at=_now(),
        )
        surges.begin_with(sample)
    return True


def _seed_of(sample: Sample) -> Leaf | None:
    """The entry that many places behind the announcement, once both have a place."""
    log = sample.contest.election_id
    there = Leaf.objects.filter(log=log, event__kind="sample", event__subject=str(sample.pk)).first()
    return Leaf.objects.filter(log=log, index=there.index + LATER).first() if there else None


def _stations(sample: Sample, seed: str) -> Iterator[int]:
    """The keys of what is drawn, stratum by stratum."""
    found = of_contest(sample.contest).order_by("code").values_list("code", "pk")
    of = found.count()
    for _stratum, rows in groupby(found.iterator(chunk_size=BATCH), key=lambda row: row[0][: sample.digits]):
        keys = dict(rows)
        many = share(len(keys), of, size=sample.size_wanted, percent=sample.percent)
        yield from (keys[code] for code in drawn(keys, seed, many))


def of_contest(contest: Contest) -> QuerySet[PollingStation]:
    """The TPS where it is voted on."""
    where = Q()
    for region in contest.area.values_list("pk", flat=True):
        where |= Q(code__startswith=region)
    return PollingStation.objects.filter(where, election=contest.election_id)


def drawn_otherwise(sample: Sample) -> str:
    """How a drawn sample differs from what the log draws, or nothing. What the list of TPS was then is not kept here:
    where it has changed since, only the seed is looked at.
    """
    seed = _seed_of(sample)
    if seed is None or (seed.index, bytes(seed.leaf_hash).hex()) != (sample.seed_index, sample.seed):
        return "its seed is not the entry that stands there in the log"
    since = Event.objects.filter(log=seed.log, kind="reference", created_at__gte=sample.drawn_at)
    if not since.exists() and set(_stations(sample, sample.seed)) != set(
        sample.stations.values_list("station", flat=True)
    ):
        return "holds other TPS than its seed draws"
    return ""


def _now() -> str:
    return f"{datetime.now(UTC):%Y-%m-%dT%H:%M:%SZ}"
