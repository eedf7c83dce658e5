"""Finding the contest an address names, and listing all there are."""

from collections import defaultdict
from dataclasses import dataclass, field

from django.core.paginator import Page, Paginator
from django.db.models import Count, Q, prefetch_related_objects

from aggregation.dapil import COUNCIL_DIGITS
from tps.elections import CODE
from tps.models import Contest, Election
from tps.search import NoSuchContest

# More contests of a kind have a page of their own: 2024 had 2,325 for the councils of regencies.
AT_ONCE = 100
PAGE = 60


@dataclass
class OfKind:
    """The contests of one kind in an election; only counted where they are more than `AT_ONCE`."""

    kind: str
    title: str
    count: int
    contests: list[Contest] = field(default_factory=list)

    @property
    def has_councils(self) -> bool:
        """Whether parties get seats in it."""
        return self.kind in COUNCIL_DIGITS


def listed() -> list[tuple[Election, list[OfKind]]]:
    """All elections, the current one first, with their contests by kind. Three queries."""
    rows = Contest.objects.order_by().values_list("election", "kind").annotate(Count("pk"))
    counts = {(election, kind): count for election, kind, count in rows}
    few = Q(pk__in=[])
    for (election, kind), count in counts.items():
        if count <= AT_ONCE:
            few |= Q(election=election, kind=kind)
    shown: dict[tuple[str, str], list[Contest]] = defaultdict(list)
    for contest in Contest.objects.filter(few).order_by("code"):
        shown[contest.election_id, contest.kind].append(contest)
    return [
        (
            election,
            [
                OfKind(kind.value, kind.label, counts[election.pk, kind], shown[election.pk, kind])
                for kind in Contest.Kind
                if (election.pk, kind) in counts
            ],
        )
        for election in Election.objects.order_by("-is_current", "-date", "code")
    ]


def of_kind(election: str, kind: str, page: str) -> tuple[OfKind, Page[Contest]]:
    """One page of an election's contests of a kind, by code. Raises `NoSuchContest` where there are none."""
    if kind not in Contest.Kind.values or not CODE.match(election):
        raise NoSuchContest
    found = Paginator(Contest.objects.filter(election=election, kind=kind).order_by("code"), PAGE)
    if not found.count:
        raise NoSuchContest
    return OfKind(kind, Contest.Kind(kind).label, found.count), found.get_page(page)


def find(election: str, code: str) -> Contest:
    """The contest with its election and options, in two queries. Raises `NoSuchContest`."""
    contest = Contest.objects.select_related("election").filter(election=election, code=code).first()
    if contest is None:
        raise NoSuchContest
    return whole(contest)


def current() -> Contest | None:
    """The first contest of the current election, with its election, if one is set up."""
    return Contest.objects.select_related("election").filter(election__is_current=True).order_by("pk").first()


def whole(contest: Contest) -> Contest:
    """The contest with its options loaded."""
    prefetch_related_objects([contest], "options")
    return contest
