"""The questions about results, for programs."""

from typing import Any

from django.http import Http404
from django.urls import reverse
from drf_spectacular.utils import OpenApiExample, OpenApiParameter, extend_schema
from rest_framework import serializers as s
from rest_framework.request import Request
from rest_framework.response import Response

from aggregation import api_schema, contests, question_words, questions
from aggregation.anomalies import WEIGHTS, Kind
from aggregation.api import PublicView
from aggregation.models import Question
from aggregation.question_pages import FRESH_SECONDS
from tps import search
from tps.models import Contest


class QuestionPart(s.Serializer[Any]):
    """One question about one TPS. It accuses nobody: `docs/anomalies.md` gives the innocent explanations."""

    kind = s.ChoiceField(Kind.values)
    weight = s.IntegerField(help_text="How much the kind says that something was misread or sent wrongly.")
    rank = s.IntegerField(help_text="weight × (100 + strength); strength from 0 to 100.")
    text = s.CharField(help_text="The question, in the language asked for.")
    station = s.CharField(help_text="Code of the TPS.")
    facts = s.DictField(help_text="The figures it rests on; each kind has its own.")
    other_station = s.CharField(allow_null=True, help_text="The TPS with the same row, or the photo alike.")
    photo = s.UUIDField(allow_null=True)
    other_photo = s.UUIDField(allow_null=True)
    raised_at = s.DateTimeField(help_text="When it was first asked.")
    url = s.CharField(help_text="The TPS's page.")


class QuestionList(s.Serializer[Any]):
    format = s.IntegerField()
    looked_at = s.DateTimeField(allow_null=True, help_text="Results up to then were looked at.")
    questions = QuestionPart(many=True)
    next = s.CharField(allow_null=True, help_text="`after` for what follows; null at the end.")


_EXAMPLE = OpenApiExample(
    "All votes for one",
    value={
        "format": 1,
        "looked_at": "2029-02-14T09:00:00Z",
        "questions": [
            {
                "kind": "one_sided",
                "weight": 30,
                "rank": 5070,
                "text": "Apakah benar semua 209 suara di sini untuk 2 Paslon 2?",
                "station": "9101011001001",
                "facts": {"all": True, "option": "paslon_2", "votes": 209},
                "other_station": None,
                "photo": "6f1c0f1e-6d0a-4c39-9a36-0f6f5a0d2b11",
                "other_photo": None,
                "raised_at": "2029-02-14T08:12:00Z",
                "url": "/hasil/contoh/ppwp/tps/9101011001001/",
            }
        ],
        "next": "5070-17",
    },
    response_only=True,
)


class Questions(PublicView):
    @extend_schema(
        operation_id="questions",
        summary="What somebody should look at again: questions about results, no accusations",
        description=f"At most {questions.PER_ANSWER} in one answer, the most telling first; about a minute behind.",
        parameters=[
            api_schema.ELECTION,
            api_schema.CONTEST,
            OpenApiParameter("kind", str, enum=Kind.values),
            OpenApiParameter("region", str, description="2, 4, 6 or 10 digits; the nation by default."),
            OpenApiParameter("after", str, description="`next` of the answer before."),
        ],
        responses={200: QuestionList, 404: api_schema.NOT_FOUND},
        examples=[_EXAMPLE],
        tags=["results"],
    )
    def get(self, request: Request, election: str, contest: str) -> Response:
        asked = request.query_params
        kind = asked.get("kind", "")
        if kind and kind not in Kind.values:
            raise Http404
        found = contests.find(election, contest)
        region = search.line_to(asked.get("region", ""))[-1].code
        listed = questions.listed(
            found, kind=kind, region=region, after=asked.get("after", ""), most=questions.PER_ANSWER
        )
        body = {
            "format": 1,
            "looked_at": questions.looked_at(found),
            "questions": [_part(one, found) for one in listed.questions],
            "next": listed.following or None,
        }
        headers = {"Cache-Control": f"public, max-age={FRESH_SECONDS}", "Access-Control-Allow-Origin": "*"}
        return Response(body, headers=headers)


def _part(one: Question, contest: Contest) -> dict[str, Any]:
    return {
        "kind": one.kind,
        "weight": WEIGHTS[Kind(one.kind)],
        "rank": one.rank,
        "text": question_words.sentence(one, contest),
        "station": one.station.code,
        "facts": questions.facts_for_api(one, contest),
        "other_station": one.other.code if one.other else None,
        "photo": one.photo_id,
        "other_photo": one.other_photo_id,
        "raised_at": one.raised_at,
        "url": reverse("aggregation:station", args=[contest.election_id, contest.code, one.station.code]),
    }
