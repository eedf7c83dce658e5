"""What a sender says a photo shows: TPS, contest, page. A claim, checked only against what there is."""

import re
from dataclasses import dataclass

from django.db.models import Q, QuerySet
from django.utils.translation import gettext_lazy as _

from accounts.refusals import Refusal
from tps import form_definitions
from tps.form_definitions import Page
from tps.models import Contest, PollingStation


class UnknownStation(Refusal):
    status = 404
    code = "unknown_station"
    sentence = _("TPS dengan kode ini tidak ada. Kode TPS terdiri dari 13 angka.")


class UnknownContest(Refusal):
    status = 422
    code = "unknown_contest"
    sentence = _("Pemilihan ini tidak ada di TPS tersebut.")


class UnknownPage(Refusal):
    status = 422
    code = "unknown_page"
    sentence = _("Halaman ini tidak ada pada formulir tersebut.")


@dataclass(frozen=True)
class Claim:
    station: PollingStation
    contest: Contest
    page: int | None  # None: the sender does not know


def claim(station: str, contest: str, page: int | None, election: str | None = None) -> Claim:
    """The rows behind the codes. `election` by default is the current one. Two queries."""
    return claim_at(station_of(station, election), contest, page)


def claim_at(station: PollingStation, contest: str, page: int | None) -> Claim:
    """The same where the TPS is known. One query."""
    voted_on = contests_of(station).filter(code=contest).first()
    if voted_on is None:
        raise UnknownContest
    if page is not None and page not in {one.number for one in pages_of(voted_on)}:
        raise UnknownPage
    return Claim(station, voted_on, page)


def station_of(code: str, election: str | None = None) -> PollingStation:
    """The TPS with this code, of the current election unless another is named."""
    if not re.fullmatch(r"[0-9]{13}", code):
        raise UnknownStation
    which = Q(election__code=election) if election else Q(election__is_current=True)
    found = PollingStation.objects.filter(which, code=code).select_related("region", "election").first()
    if found is None:
        raise UnknownStation
    return found


def contests_of(station: PollingStation) -> QuerySet[Contest]:
    """What is voted on at this TPS: contests of the whole nation, and those whose area it lies in."""
    code = station.region_id
    above = [code[:length] for length in (2, 4, 6, 10) if length <= len(code)]
    return (
        Contest.objects.filter(Q(area__isnull=True) | Q(area__in=above), election=station.election_id)
        .order_by("pk")
        .distinct()
    )


def pages_of(contest: Contest) -> tuple[Page, ...]:
    """The pages of the contest's form, wall sheets first."""
    return form_definitions.load(contest.form).pages  # the same whoever stands for election
