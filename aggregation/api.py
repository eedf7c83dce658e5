"""The public, read-only API: documents as `publication` keeps them, with ETag."""

import re

from django.http import HttpRequest, HttpResponse, HttpResponseNotModified
from django.utils.cache import patch_vary_headers
from django.utils.http import parse_etags
from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.views import APIView

from accounts.permissions import Action, Allows
from aggregation import (
    api_examples,
    api_schema,
    backlog_document,
    contests,
    publication,
    region_document,
    station_document,
)
from aggregation.published_files import Document
from tps import search

# What a browser or a CDN may keep without asking: the numbers move every second on the night.
FRESH_SECONDS = 1


def answer(request: Request | HttpRequest, document: Document) -> HttpResponse:
    """The document's bytes, or 304 where the client has them."""
    response: HttpResponse
    if _matches(request.headers.get("If-None-Match", ""), document.etag):
        response = HttpResponseNotModified()
    elif coding := next((one for one in _CODINGS if takes(request.headers.get("Accept-Encoding", ""), one)), ""):
        response = HttpResponse(getattr(document, _CODINGS[coding]), content_type="application/json")
        response["Content-Encoding"] = coding
    else:
        response = HttpResponse(document.body, content_type="application/json")
    response["ETag"] = document.etag
    response["Cache-Control"] = f"public, max-age={FRESH_SECONDS}"
    response["Access-Control-Allow-Origin"] = "*"
    patch_vary_headers(response, ["Accept-Encoding"])
    return response


# Content codings, the smallest first, and what a document calls its bytes in them.
_CODINGS = {"br": "brotlied", "gzip": "gzipped"}


def takes(header: str, wanted: str) -> bool:
    """RFC 9110 section 12.5.3: named, or covered by `*`, and not with a weight of zero."""
    weights = {}
    for coding in header.lower().split(","):
        name, _, parameter = coding.partition(";")
        weights[name.strip()] = parameter.replace(" ", "")
    return re.fullmatch(r"q=0(\.0*)?", weights.get(wanted, weights.get("*", "q=0"))) is None


def _matches(header: str, etag: str) -> bool:
    """Weak comparison (RFC 9110 section 13.1.2)."""
    return header.strip() == "*" or etag in [
        tag if tag.startswith("W/") else f"W/{tag}" for tag in parse_etags(header) if tag != "*"
    ]


class PublicView(APIView):
    """Nobody signs in to read; so the cached answer costs no query."""

    authentication_classes = ()
    permission_classes = (Allows,)
    action_code = Action.SEE_PUBLIC


class RegionResults(PublicView):
    @extend_schema(
        operation_id="results",
        summary="Sums of one contest in one region, and of the regions below it",
        parameters=[api_schema.ELECTION, api_schema.CONTEST, api_schema.REGION, api_schema.IF_NONE_MATCH],
        responses={200: api_schema.REGION_DOCUMENT, 304: api_schema.UNCHANGED, 404: api_schema.NOT_FOUND},
        examples=[api_examples.REGION],
        tags=["results"],
    )
    def get(self, request: Request, election: str, contest: str, region: str) -> HttpResponse:
        code = region_document.code_of(region)
        document = publication.region(election, contest, code, find=lambda: contests.find(election, contest))
        return answer(request, document)


class StationResults(PublicView):
    @extend_schema(
        operation_id="station_results",
        summary="Every number of one TPS with the photo it comes from",
        parameters=[api_schema.ELECTION, api_schema.CONTEST, api_schema.STATION, api_schema.IF_NONE_MATCH],
        responses={200: api_schema.STATION_DOCUMENT, 304: api_schema.UNCHANGED, 404: api_schema.NOT_FOUND},
        examples=[api_examples.STATION],
        tags=["results"],
    )
    def get(self, request: Request, election: str, contest: str, station: str) -> HttpResponse:
        document = publication.station(
            election, contest, station, build=lambda: station_document.build(contests.find(election, contest), station)
        )
        return answer(request, document)


class Backlog(PublicView):
    @extend_schema(
        operation_id="backlog",
        summary="How many photos wait to be read, in the nation and its provinces, and the pace hour by hour",
        description=f"Counted anew every {publication.BACKLOG_SECONDS} seconds.",
        parameters=[api_schema.ELECTION, api_schema.IF_NONE_MATCH],
        responses={200: api_schema.BACKLOG_DOCUMENT, 304: api_schema.UNCHANGED, 404: api_schema.NOT_FOUND},
        examples=[api_examples.BACKLOG],
        tags=["results"],
    )
    def get(self, request: Request, election: str) -> HttpResponse:
        return answer(request, backlog_document.published(election, find=lambda: search.election(election)))
