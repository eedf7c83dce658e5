"""Reference data for programs: elections, contests with their forms, regions, TPS. Read-only and public."""

from collections.abc import Iterable
from itertools import pairwise
from typing import Any

from django.core.paginator import Paginator
from django.utils.cache import patch_cache_control
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from accounts.openapi import error
from accounts.permissions import Action, Allows
from tps import api_schema, elections, form_definitions, search
from tps.models import NATION, Contest, Election, PollingStation, Region

FRESH_SECONDS = 60
CENTROIDS_FRESH_SECONDS = 24 * 3600
PAGE = 100
NATIONAL = "nasional"

_ELECTION = OpenApiParameter("election", str, description="Code of the election; the current one by default.")
_NO_ELECTION = error("No such election, or none is set up.", "unknown_election", "no_election")


class ReferenceView(APIView):
    """Nobody signs in to read."""

    authentication_classes = ()
    permission_classes = (Allows,)
    action_code = Action.SEE_PUBLIC

    def answer(self, body: Any, *, fresh_seconds: int = FRESH_SECONDS) -> Response:
        response = Response(body)
        response["Access-Control-Allow-Origin"] = "*"
        patch_cache_control(response, public=True, max_age=fresh_seconds)
        return response


# --- Elections and contests -------------------------------------------------------------------


class Elections(ReferenceView):
    @extend_schema(
        operation_id="elections",
        summary="All elections",
        responses={200: api_schema.ElectionList},
        tags=["reference"],
    )
    def get(self, request: Request) -> Response:
        found = Election.objects.order_by("-is_current", "-date", "code")
        return self.answer({"results": [_election(election) for election in found]})


class OneElection(ReferenceView):
    @extend_schema(
        operation_id="election",
        summary="One election, with the SHA-256 of each part of its reference data as the ledger tells them",
        responses={200: api_schema.ElectionWithHashes, 404: _NO_ELECTION},
        tags=["reference"],
    )
    def get(self, request: Request, election: str) -> Response:
        found = search.election(election)
        return self.answer(_election(found) | {"rule_version": found.rule_version, "hashes": found.hashes})


class Contests(ReferenceView):
    @extend_schema(
        operation_id="contests",
        summary="The contests of an election",
        parameters=[
            OpenApiParameter("kind", str, enum=Contest.Kind.values, description="Only contests of this kind."),
            OpenApiParameter("page", OpenApiTypes.INT, description=f"From 1; {PAGE} contests on each."),
        ],
        responses={200: api_schema.ContestList, 404: _NO_ELECTION},
        tags=["reference"],
    )
    def get(self, request: Request, election: str) -> Response:
        kind = request.query_params.get("kind", "")
        found = search.contests_of(search.election(election), kind).prefetch_related("area")
        page = Paginator(found, PAGE).get_page(request.query_params.get("page"))
        return self.answer(
            {
                "count": page.paginator.count,
                "page": page.number,
                "pages": page.paginator.num_pages,
                "results": [_contest(contest) for contest in page],
            }
        )


class OneContest(ReferenceView):
    @extend_schema(
        operation_id="contest",
        summary="One contest: its options, and its form page by page, number by number, rule by rule",
        responses={
            200: api_schema.ContestWithForm,
            404: error("No such contest.", "no_such_contest", "unknown_election"),
        },
        tags=["reference"],
    )
    def get(self, request: Request, election: str, contest: str) -> Response:
        found = search.contest(contest, search.election(election))
        form = form_definitions.for_contest(found)
        options = [
            {
                "number": option.number,
                "name": option.name,
                "candidates": [{"number": one.number, "name": one.name} for one in option.candidates],
            }
            for option in form_definitions.choices_of(found.pk)
        ]
        return self.answer(_contest(found) | {"options": options, "form": _form(form)})


def _election(election: Election) -> dict[str, Any]:
    return {
        "code": election.pk,
        "name": election.name,
        "date": election.date.isoformat(),
        "is_current": election.is_current,
    }


def _contest(contest: Contest) -> dict[str, Any]:
    return {
        "code": contest.code,
        "kind": contest.kind,
        "name": contest.name,
        "form_name": contest.form,
        "seats": contest.seats,
        "area": sorted(region.pk for region in contest.area.all()) or [NATIONAL],
    }


def _form(form: form_definitions.FormDefinition) -> dict[str, Any]:
    return {
        "name": form.name,
        "title": form.title,
        "confirmed": form.confirmed,
        "sha256": form.digest,
        "pages": [
            {
                "number": page.number,
                "label": page.label,
                "variant": page.variant,
                "tag": page.tag,
                "fields": [
                    {
                        "key": field.key,
                        "group": field.group,
                        "label": field.label,
                        "column": field.column,
                        "boxes": field.boxes,
                    }
                    for field in page.fields
                ],
            }
            for page in form.pages
        ],
        "rules": [
            {
                "id": rule.id,
                "formula": rule.formula,
                "fields": list(rule.terms),
                "title": rule.title,
                "severity": rule.severity,
                "source": rule.source,
            }
            for rule in form.rules
        ],
    }


# --- Regions and TPS ----------------------------------------------------------------------------


class OneRegion(ReferenceView):
    @extend_schema(
        operation_id="region",
        summary="A region: what it lies in, and the regions below it, or the TPS of a village",
        parameters=[
            OpenApiParameter("region", str, OpenApiParameter.PATH, description="2, 4, 6 or 10 digits, or `nasional`."),
            _ELECTION,
        ],
        responses={
            200: api_schema.RegionWithParts,
            404: error("No such region or election.", "unknown_region", "unknown_election", "no_election"),
        },
        tags=["reference"],
    )
    def get(self, request: Request, region: str) -> Response:
        election = search.election(request.query_params.get("election"))
        line = search.line_to(NATION if region == NATIONAL else region)
        here = line[-1]
        below = search.children(here.code, election) if here.level < 4 else []
        stations = search.stations_of(here.code, election) if here.level == 4 else []
        return self.answer(
            _region(here)
            | {
                "election": election.pk,
                "above": [_region(one) for one in line[:-1]],
                "regions": [
                    _region(part.region)
                    | {
                        "stations": part.stations,
                        "registered_voters": part.registered_voters,
                        "dpt_known": part.dpt_known,
                    }
                    for part in below
                ],
                "stations": [_station(one) for one in stations],
            }
        )


class Stations(ReferenceView):
    @extend_schema(
        operation_id="stations",
        summary="Search regions and TPS by code or by name",
        description=(
            "A code of 2 to 13 digits; or words of the names of a village and of what it lies in, in any order, "
            'shortened or mistyped, with or without the number of the TPS ("cipete 12", "kel cipete utara jaksel"). '
            f"At most {search.MOST} places, the best fit first; only regions that have TPS in the election."
        ),
        parameters=[
            OpenApiParameter("q", str, required=True, description="What to look for."),
            OpenApiParameter(
                "near",
                str,
                description="Code of a region or TPS: of places that fit equally well, the nearest comes first.",
            ),
            _ELECTION,
        ],
        responses={200: api_schema.PlaceList, 404: _NO_ELECTION},
        tags=["reference"],
    )
    def get(self, request: Request) -> Response:
        election = search.election(request.query_params.get("election"))
        asked = request.query_params
        found = search.find(asked.get("q", ""), election, near=asked.get("near", ""))
        return self.answer(
            {
                "election": election.pk,
                "results": [
                    {
                        "code": place.code,
                        "name": place.name,
                        "within": list(place.within),
                        "type": "station" if place.is_station else "region",
                    }
                    for place in found
                ],
            }
        )


class Centroids(ReferenceView):
    @extend_schema(
        operation_id="centroids",
        summary="The middles of all kecamatan, for finding the nearest one without telling anybody where one is",
        description=(
            "Columns of equal length, by code. `latitude` and `longitude` are in hundredths of a degree; in those and "
            "in `code` (six digits) each number is the difference to the one before, the first one to 0."
        ),
        responses={200: api_schema.CentroidList, 404: _NO_ELECTION},
        tags=["reference"],
    )
    def get(self, request: Request, election: str) -> Response:
        found = search.middles(search.election(election))
        return self.answer(
            {
                "name": [name for _code, name, _latitude, _longitude in found],
                "code": _differences(int(row[0]) for row in found),
                "latitude": _differences(row[2] for row in found),
                "longitude": _differences(row[3] for row in found),
            },
            fresh_seconds=CENTROIDS_FRESH_SECONDS,
        )


def _differences(numbers: Iterable[int]) -> list[int]:
    return [number - before for before, number in pairwise((0, *numbers))]


class OneStation(ReferenceView):
    @extend_schema(
        operation_id="station",
        summary="One TPS: where it is, its DPT, what is voted on",
        parameters=[
            OpenApiParameter("station", str, OpenApiParameter.PATH, description="13 digits: village and number."),
            _ELECTION,
        ],
        responses={
            200: api_schema.StationWithContests,
            404: error("No such TPS or election.", "unknown_station", "unknown_election", "no_election"),
        },
        tags=["reference"],
    )
    def get(self, request: Request, station: str) -> Response:
        election = search.election(request.query_params.get("election"))
        found = search.station(station, election)
        return self.answer(
            _station(found)
            | {
                "election": election.pk,
                "above": [_region(one) for one in search.line_to(found.region_id)],
                "contests": [
                    {"code": contest.code, "kind": contest.kind, "name": contest.name, "form_name": contest.form}
                    for contest in elections.contests_at(found)
                ],
            }
        )


def _region(region: Region) -> dict[str, Any]:
    return {"code": region.code or NATIONAL, "name": region.name, "level": region.level}


def _station(station: PollingStation) -> dict[str, Any]:
    return {
        "code": station.code,
        "number": station.number,
        "region": station.region_id,
        "registered_voters": station.registered_voters,
    }
