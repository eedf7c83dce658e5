"""Differences between our numbers and the official ones, largest first, as JSON and CSV with a cursor."""

import csv
import io
from typing import Any
from urllib.parse import urlencode

from django.conf import settings
from django.http import HttpResponse
from django.urls import reverse
from drf_spectacular.utils import OpenApiExample, OpenApiResponse, extend_schema
from rest_framework import serializers as s
from rest_framework.request import Request

from accounts.fields import WholeNumber
from accounts.openapi import error
from aggregation import api_schema, columns, contests, official_differences, official_document, publication
from aggregation.api import PublicView, answer
from aggregation.models import OfficialSource
from aggregation.official_differences import Shown
from aggregation.region_document import code_of
from tps import search as places
from tps.models import Contest

LIMIT = 1000


class Cursor(s.CharField):
    """As `next` gave it."""

    def to_internal_value(self, data: Any) -> Any:
        if (found := official_differences.place(super().to_internal_value(data))) is None:
            raise s.ValidationError("no cursor that `next` gave")
        return found


class Window(s.Serializer[Any]):
    """Which differences are asked for."""

    region = s.RegexField(
        r"^(nasional|[0-9]{2}|[0-9]{4}|[0-9]{6}|[0-9]{10})$", default="nasional", help_text="Those of one region only."
    )
    source = s.RegexField(  # type: ignore[assignment]  # a serializer has one of its own
        r"^[a-z][a-z0-9-]{0,19}$", default="", help_text="Whose figures; without it the first source's."
    )
    cursor = Cursor(default=None, help_text="`next` of the page before.")
    limit = WholeNumber(min_value=1, max_value=LIMIT, default=100, help_text=f"How many at most, 1 to {LIMIT}.")


class DifferentField(s.Serializer[Any]):
    ours = s.IntegerField()
    official = s.IntegerField()
    difference = s.IntegerField(help_text="Ours less the official one.")


class DifferentStation(s.Serializer[Any]):
    tps = s.RegexField("^[0-9]{13}$")
    name = s.CharField()
    village = s.CharField()
    votes_off = s.IntegerField(min_value=0, help_text="Sum of the differences, without their signs, over the options.")
    others_off = s.IntegerField(min_value=0, help_text="The same over all other fields.")
    decided = s.ChoiceField(list(columns.HOW), allow_null=True, help_text="How our votes were settled.")
    official_since = s.DateTimeField(help_text="The snapshot from which the official figures are so.")
    fields = s.DictField(child=DifferentField(), help_text="Each field that both sides have.")  # type: ignore[assignment]


class Differences(s.Serializer[Any]):
    format = s.IntegerField()
    election = s.CharField()
    contest = s.CharField()
    source = s.CharField()  # type: ignore[assignment]
    region = s.CharField()
    compared_at = s.DateTimeField(help_text="When our results were last compared.")
    differences = DifferentStation(many=True)
    next = s.CharField(allow_null=True, help_text="The next `cursor`; null at the end.")


EXAMPLE = OpenApiExample(
    "One TPS differs",
    value={
        "format": 1,
        "election": "contoh",
        "contest": "ppwp",
        "source": "sirekap",
        "region": "nasional",
        "compared_at": "2029-02-14T11:20:31Z",
        "differences": [
            {
                "tps": "9101011001001",
                "name": "TPS 001",
                "village": "Desa 1",
                "votes_off": 700,
                "others_off": 0,
                "decided": "two_readers",
                "official_since": "2029-02-14T10:00:00Z",
                "fields": {"paslon_1": {"ours": 101, "official": 801, "difference": -700}},
            }
        ],
        "next": None,
    },
    response_only=True,
    status_codes=["200"],
)
_ABOUT: dict[str, Any] = {
    "parameters": [api_schema.ELECTION, api_schema.CONTEST, Window],
    "tags": ["results"],
    "description": "A difference is a question to both sides: either may be wrong. Only fields that both have are "
    "compared. Follow `next` until it is null; an answer of another `compared_at` may repeat or miss some.",
}
_REFUSED: dict[Any, Any] = {
    400: error("No such window.", "invalid"),
    404: error("No such contest, region or source.", "no_such_contest", "unknown_region", "no_official_figures"),
}


class OfficialDifferences(PublicView):
    @extend_schema(
        operation_id="official_differences",
        summary="TPS where our numbers and the official ones differ, largest first",
        responses={200: Differences, 304: api_schema.UNCHANGED, **_REFUSED},
        examples=[EXAMPLE],
        **_ABOUT,
    )
    def get(self, request: Request, election: str, contest: str) -> HttpResponse:
        found, source, asked, rows, following = _asked(request, election, contest)
        content = official_document.differences(found, source, code_of(asked["region"]), rows, following)
        return answer(request, publication.pack(content))


class OfficialDifferencesFile(PublicView):
    @extend_schema(
        operation_id="official_differences_csv",
        summary="The same as CSV; the header `Link` leads to the next part",
        responses={(200, "text/csv"): OpenApiResponse(str, description="A line for each TPS."), **_REFUSED},
        **_ABOUT,
    )
    def get(self, request: Request, election: str, contest: str) -> HttpResponse:
        _contest, source, asked, rows, following = _asked(request, election, contest)
        text = io.StringIO()
        csv.writer(text, lineterminator="\n").writerows(official_document.table(rows, source.keys))
        response = HttpResponse(text.getvalue(), content_type="text/csv; charset=utf-8")
        response["Content-Disposition"] = f'inline; filename="selisih-{election}-{contest}.csv"'
        response["Access-Control-Allow-Origin"] = "*"
        response["Cache-Control"] = "public, max-age=15"
        if following:
            address = reverse("aggregation-api:official_differences_csv", args=[election, contest])
            more = urlencode(
                {"region": asked["region"], "source": source.word, "limit": asked["limit"], "cursor": following}
            )
            response["Link"] = f'<{settings.SITE_ORIGIN}{address}?{more}>; rel="next"'
        return response


def _asked(
    request: Request, election: str, contest: str
) -> tuple[Contest, OfficialSource, dict[str, Any], list[Shown], str | None]:
    """What was asked for: its contest and source, the window, the rows, and the next cursor. Five queries."""
    window = Window(data=request.query_params)
    window.is_valid(raise_exception=True)
    asked = window.validated_data
    found = contests.find(election, contest)
    source = official_differences.source_of(found, asked["source"])
    code = code_of(asked["region"])
    places.line_to(code)
    rows = list(official_differences.largest(source, code, asked["cursor"])[: asked["limit"] + 1])
    listed = official_differences.shown(rows[: asked["limit"]], source, columns.of(found))
    return found, source, asked, listed, str(listed[-1].at) if len(rows) > asked["limit"] else None
