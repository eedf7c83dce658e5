"""Finding the contest an address names."""

from django.db.models import prefetch_related_objects

from tps.models import Contest
from tps.search import NoSuchContest


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
