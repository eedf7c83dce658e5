"""Seats in the public API: the documents of `seat_document` as they are, with ETag."""

from django.http import HttpResponse
from drf_spectacular.utils import extend_schema
from rest_framework.request import Request

from aggregation import api_schema, region_document, seat_api_schema, seat_document
from aggregation.api import PublicView, answer

_KEPT = f"Counted anew every {seat_document.FRESH_SECONDS} seconds. An estimate from counted TPS, never a result."


class CouncilSeats(PublicView):
    @extend_schema(
        operation_id="council_seats",
        summary="Who would have the seats of a council: DPR, or a DPRD",
        description=_KEPT,
        parameters=[api_schema.ELECTION, seat_api_schema.KIND, api_schema.REGION, api_schema.IF_NONE_MATCH],
        responses={200: seat_api_schema.CouncilSeats, 304: api_schema.UNCHANGED, 404: api_schema.NOT_FOUND},
        examples=[seat_api_schema.COUNCIL_EXAMPLE],
        tags=["results"],
    )
    def get(self, request: Request, election: str, kind: str, region: str) -> HttpResponse:
        return answer(request, seat_document.of_council(election, kind, region_document.code_of(region)))


class DapilSeats(PublicView):
    @extend_schema(
        operation_id="dapil_seats",
        summary="Who would have the seats of a dapil: quotients in their order, candidates, what could still change",
        description=_KEPT,
        parameters=[api_schema.ELECTION, api_schema.CONTEST, api_schema.IF_NONE_MATCH],
        responses={200: seat_api_schema.DapilSeats, 304: api_schema.UNCHANGED, 404: api_schema.NOT_FOUND},
        examples=[seat_api_schema.DAPIL_EXAMPLE],
        tags=["results"],
    )
    def get(self, request: Request, election: str, contest: str) -> HttpResponse:
        return answer(request, seat_document.of_dapil(election, contest))
