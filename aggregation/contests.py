"""Finding the contest an address names."""

from django.utils.translation import gettext_lazy as _

from accounts.refusals import Refusal
from tps.models import Contest


class NoSuchContest(Refusal):
    status = 404
    code = "no_such_contest"
    sentence = _("Pemilihan ini tidak ada.")


_WHOLE = Contest.objects.select_related("election").prefetch_related("options")


def find(election: str, code: str) -> Contest:
    """The contest with its election and options, in two queries. Raises `NoSuchContest`."""
    contest = _WHOLE.filter(election=election, code=code).first()
    if contest is None:
        raise NoSuchContest
    return contest


def current() -> Contest:
    """The first contest of the current election. Raises `NoSuchContest` where none is set up."""
    contest = _WHOLE.filter(election__is_current=True).order_by("pk").first()
    if contest is None:
        raise NoSuchContest
    return contest
