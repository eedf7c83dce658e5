"""What a sender says a photo shows: TPS, contest, page. A claim, checked only against what there is."""

import re
from dataclasses import dataclass

from django.db import connection
from django.utils.translation import gettext_lazy as _

from accounts.refusals import Refusal
from tps import form_definitions
from tps.form_definitions import Page
from tps.models import Contest, Election, PollingStation, Region
from tps.search import UnknownStation


class UnknownContest(Refusal):
    status = 422
    code = "unknown_contest"
    sentence = _("Pemilihan ini tidak ada di TPS tersebut.")


class UnknownPage(Refusal):
    status = 422
    code = "unknown_page"
    sentence = _("Halaman ini tidak ada pada formulir tersebut.")


@dataclass(frozen=True)
class Place:
    """A TPS with its village, and what is voted on there."""

    station: PollingStation
    contests: tuple[Contest, ...]


@dataclass(frozen=True)
class Claim:
    station: PollingStation
    contest: Contest
    page: int | None  # None: the sender does not know


# A contest without areas is voted on everywhere, one with areas where the village's code begins with one of them.
# In SQL of our own: an upload passes here, and Django would take ten times as long to put it together.
PLACE = """
SELECT s.id, s.election_id, s.number, s.registered_voters, r.code, r.level, r.name, r.parent_id,
       e.date, c.id, c.code, c.kind, c.name, c.form
FROM tps_pollingstation s
JOIN tps_election e ON e.code = s.election_id
JOIN tps_region r ON r.code = s.region_id
LEFT JOIN tps_contest c ON c.election_id = e.code AND NOT EXISTS (
    SELECT FROM tps_contest_area a WHERE a.contest_id = c.id
    HAVING count(*) > 0 AND NOT bool_or(starts_with(s.region_id, a.region_id)))
WHERE s.code = %(code)s AND CASE WHEN %(election)s IS NULL THEN e.is_current ELSE e.code = %(election)s END
ORDER BY c.id
"""


def place(code: str, election: str | None = None) -> Place:
    """The TPS with this code, of the current election unless another is named. One query."""
    if not re.fullmatch(r"[0-9]{13}", code):
        raise UnknownStation
    with connection.cursor() as cursor:
        cursor.execute(PLACE, {"code": code, "election": election})
        rows = cursor.fetchall()
    if not rows:
        raise UnknownStation
    pk, of, number, voters, village, level, name, parent, day = rows[0][:9]
    held = Election(code=of, date=day)
    region = Region(code=village, level=level, name=name, parent_id=parent)
    station = PollingStation(pk=pk, election=held, code=code, region=region, number=number, registered_voters=voters)
    contests = (
        Contest(pk=pk, election=held, code=code, kind=kind, name=name, form=form)
        for pk, code, kind, name, form in (row[9:] for row in rows)
        if pk is not None
    )
    return Place(station, tuple(contests))


def claim(where: Place, contest: str, page: int | None) -> Claim:
    """This page of this contest's form at that TPS."""
    voted_on = next((one for one in where.contests if one.code == contest), None)
    if voted_on is None:
        raise UnknownContest
    if page is not None and page not in {one.number for one in pages_of(voted_on)}:
        raise UnknownPage
    return Claim(where.station, voted_on, page)


def pages_of(contest: Contest) -> tuple[Page, ...]:
    """The pages of the contest's form, wall sheets first."""
    return form_definitions.for_contest(contest).pages
