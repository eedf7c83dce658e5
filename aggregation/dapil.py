"""The dapil of an election as they are counted: which there are, for which council, and what their tallies say.

A council is what the members of several dapil sit in together: DPR for the nation, a DPRD for its provinsi or
kabupaten/kota. Which one a dapil belongs to follows from where it is voted on.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property
from typing import TYPE_CHECKING, TypedDict

from django.db import connection
from django.db.models import OuterRef, QuerySet, Subquery, Sum, Value
from django.db.models.functions import Coalesce, Left

from aggregation import columns
from aggregation.columns import Columns
from aggregation.models import Tally
from tps import form_definitions
from tps.form_shapes import Choice, FormDefinition
from tps.models import NATION, Contest, Extent, Region
from tps.search import NoSuchContest

if TYPE_CHECKING:
    from django_stubs_ext import WithAnnotations

# Digits of the code of a council's region, by kind of contest. Other kinds give no seats to parties.
COUNCIL_DIGITS = {Contest.Kind.DPR.value: 0, Contest.Kind.DPRD_PROV.value: 2, Contest.Kind.DPRD_KABKO.value: 4}


@dataclass(frozen=True)
class Council:
    """One of the councils of a kind, with how many dapil and seats it has; `seats` counts those that are known."""

    code: str
    name: str
    within: str  # the name of its province
    dapil: int
    seats: int


class Placed(TypedDict):
    """What `_placed` says of a contest beside its own columns."""

    place: str
    dpt_known: int


@dataclass(frozen=True)
class Dapil:
    """A dapil with the sums of all its counted TPS. Parties and candidates are their ballot numbers."""

    contest: Contest
    form: FormDefinition
    amounts: tuple[int, ...]
    stations: int
    registered_voters: int
    dpt_known: int  # TPS whose DPT is known
    version: int
    cut: int
    changed_at: datetime | None

    @cached_property
    def layout(self) -> Columns:
        return columns.of_form(self.form)

    @cached_property
    def named(self) -> dict[str, int]:
        """All amounts by name; 0 where there is no tally yet."""
        return dict(zip(self.layout.names, self.amounts or self.layout.nothing(), strict=False))

    @cached_property
    def parties(self) -> dict[int, Choice]:
        return {option.number: option for option in self.form.options}

    @cached_property
    def votes(self) -> dict[int, int]:
        """Each party's valid votes, its own and its candidates', as the forms add them up."""
        return {party: self.named[key] for party, key in self._keys.items()}

    def candidates(self, party: int) -> dict[int, int]:
        """The votes of each candidate of a party; none where they are not known."""
        return {one: self.named[key] for one, key in self._candidate_keys(party).items()}

    def place(self, party: int, candidate: int | None = None) -> int:
        """Where in `amounts` these votes stand, from 1."""
        key = self._keys[party] if candidate is None else self._candidate_keys(party)[candidate]
        return self.layout.names.index(key) + 1

    @cached_property
    def _keys(self) -> dict[int, str]:
        return dict(zip(self.parties, self.layout.votes, strict=True))

    def _candidate_keys(self, party: int) -> dict[int, str]:
        """The last numbers of the sum that makes a party's votes are its candidates', in ballot order."""
        numbers = [one.number for one in self.parties[party].candidates]
        terms = self._sums.get(self._keys[party], ())
        return dict(zip(numbers, terms[-len(numbers) :], strict=True)) if 0 < len(numbers) <= len(terms) else {}

    @cached_property
    def _sums(self) -> dict[str, tuple[str, ...]]:
        return {rule.terms[0]: rule.terms[1:] for rule in self.form.rules if rule.kind == "sum"}


def of_council(election: str, kind: str, council: str) -> list[Dapil]:
    """The dapil of a council by code, with their tallies of one moment. Three queries, two once their forms are known.

    Raises `NoSuchContest` where there are none.
    """
    contests = list(_placed(election, kind).filter(place=council))
    if not contests:
        raise NoSuchContest
    forms = form_definitions.for_contests(contests)
    tallies = {row.contest_id: row for row in Tally.objects.filter(contest__in=contests, region=NATION)}
    return [_dapil(contest, forms[contest.pk], tallies.get(contest.pk)) for contest in contests]


def _dapil(contest: "WithAnnotations[Contest, Placed]", form: FormDefinition, tally: Tally | None) -> Dapil:
    return Dapil(
        contest=contest,
        form=form,
        amounts=tuple(tally.amounts) if tally else (),
        stations=tally.stations if tally else 0,
        registered_voters=tally.registered_voters if tally else 0,
        dpt_known=contest.dpt_known,
        version=tally.version if tally else 0,
        cut=tally.cut if tally else 0,
        changed_at=tally.changed_at if tally else None,
    )


def councils(election: str, kind: str) -> list[Council]:
    """The councils of a kind by code. Two queries. Raises `NoSuchContest` where there are none."""
    found: dict[str, list[int]] = {}
    for place, seats in _placed(election, kind).values_list("place", "seats"):
        found.setdefault(place, []).append(seats or 0)
    if not found:
        raise NoSuchContest
    wanted = {*found, *(code[:2] for code in found)}
    names = dict(Region.objects.filter(pk__in=wanted).values_list("pk", "name"))
    return [
        Council(code, names[code], names.get(code[:2], "") if len(code) > 2 else "", len(seats), sum(seats))
        for code, seats in sorted(found.items())
    ]


def council_of(election: str, contest: str) -> tuple[str, str]:
    """The kind of a dapil and the code of its council. Two queries. Raises `NoSuchContest`."""
    kind = Contest.objects.filter(election=election, code=contest).values_list("kind", flat=True).first()
    return str(kind), _placed(election, str(kind)).values_list("place", flat=True).get(code=contest)


def _placed(election: str, kind: str) -> "QuerySet[WithAnnotations[Contest, Placed]]":
    """The contests of a kind by code, each with its council's code (`place`) and its TPS whose DPT is known."""
    if kind not in COUNCIL_DIGITS:
        raise NoSuchContest
    digits = COUNCIL_DIGITS[kind]
    first = Contest.area.through.objects.filter(contest=OuterRef("pk")).order_by("region")
    area = first.values(begin=Left("region", max(digits, 1)))[:1]
    extents = Extent.objects.filter(election=election)
    here = extents.filter(region__contest=OuterRef("pk")).order_by().values("election")
    everywhere = extents.filter(region=NATION).values("dpt_known")
    return (
        Contest.objects.filter(election=election, kind=kind)
        .select_related("election")
        .annotate(
            # No aggregate: a GROUP BY would work out the DPT of all contests of the kind, not of one council's.
            place=Coalesce(Subquery(area), Value(NATION)) if digits else Value(NATION),
            dpt_known=Coalesce(Subquery(here.annotate(n=Sum("dpt_known")).values("n")), Subquery(everywhere), Value(0)),
        )
        .order_by("code")
    )


_SPREAD = """
    WITH wanted (contest, place) AS (SELECT * FROM unnest(%(contests)s::bigint[], %(places)s::integer[]))
    SELECT w.contest, w.place, count(*) FILTER (WHERE length(t.region_id) = 4),
           count(*) FILTER (WHERE length(t.region_id) = 6), count(*) FILTER (WHERE length(t.region_id) = 10)
      FROM wanted w JOIN aggregation_tally t ON t.contest_id = w.contest AND t.amounts[w.place] > 0
     GROUP BY 1, 2
"""


def spread(wanted: Iterable[tuple[int, int]]) -> Mapping[tuple[int, int], tuple[int, int, int]]:
    """In how many kabupaten/kota, kecamatan and kelurahan there are votes; by contest and place in `amounts`.

    One query; none where nothing is wanted.
    """
    pairs = sorted(set(wanted))
    if not pairs:
        return {}
    with connection.cursor() as cursor:
        cursor.execute(_SPREAD, {"contests": [pk for pk, _ in pairs], "places": [place for _, place in pairs]})
        return {(contest, place): tuple(regions) for contest, place, *regions in cursor.fetchall()}
