"""How the documents of seats are described, and what they look like: for OpenAPI only; `seat_document` makes them."""

from typing import Any

from drf_spectacular.utils import OpenApiExample, OpenApiParameter
from rest_framework import serializers as s

from aggregation.api_schema import ElectionPart
from aggregation.dapil import COUNCIL_DIGITS

KIND = OpenApiParameter("kind", str, OpenApiParameter.PATH, enum=list(COUNCIL_DIGITS), description="Kind of contest.")


class SeatCouncil(s.Serializer[Any]):
    code = s.CharField(help_text="The council's region: `nasional`, 2 digits of a province, 4 of a regency.")
    name = s.CharField()


class SeatContest(s.Serializer[Any]):
    code = s.CharField()
    name = s.CharField()


class SeatCounts(s.Serializer[Any]):
    received = s.IntegerField()
    counted = s.IntegerField()
    disputed = s.IntegerField()
    excluded = s.IntegerField()


class SeatCoverage(s.Serializer[Any]):
    received = s.FloatField(allow_null=True)
    counted = s.FloatField(allow_null=True)


class SeatTie(s.Serializer[Any]):
    among = s.ListField(child=s.IntegerField(), help_text="Ballot numbers of those that are equal.")
    places = s.IntegerField(help_text="So many of them can have a seat; nobody has it here.")


class SeatMargin(s.Serializer[Any]):
    holder = s.IntegerField(help_text="The party whose last seat is nearest to moving.")
    rival = s.IntegerField(help_text="The party that would get it.")
    votes = s.IntegerField(help_text="So many more votes draw level.")


class SeatAlert(s.Serializer[Any]):
    seat_may_move = s.BooleanField(allow_null=True, help_text="In the worst case; null where seats are not known.")
    margin = SeatMargin(allow_null=True)
    stations = s.IntegerField(help_text="TPS that are not counted, excluded ones among them.")
    votes = s.IntegerField(help_text="The most votes of those.")
    disputed_stations = s.IntegerField()
    disputed_votes = s.IntegerField()
    bound = s.ChoiceField(["dpt", "limit"], help_text="What the most votes are made of.")


class SeatsOfParty(s.Serializer[Any]):
    number = s.IntegerField()
    seats = s.IntegerField()


class SeatDapilLine(s.Serializer[Any]):
    contest = SeatContest()
    seats = s.IntegerField(allow_null=True)
    tied = s.IntegerField(help_text="Seats that nobody has, for a tie.")
    parties = SeatsOfParty(many=True)
    stations = s.IntegerField()
    counts = SeatCounts()
    coverage = SeatCoverage()
    alert = SeatAlert()


class SeatParty(s.Serializer[Any]):
    number = s.IntegerField()
    name = s.CharField()
    votes = s.IntegerField()
    share = s.FloatField(allow_null=True)
    takes_part = s.BooleanField(help_text="Is over the threshold, or there is none.")
    may_cross = s.BooleanField(help_text="What is out could bring it to the other side of the threshold.")
    seats = s.IntegerField()


class SeatTotals(s.Serializer[Any]):
    all = s.IntegerField()
    given = s.IntegerField()
    tied = s.IntegerField()
    dapil_without_seats = s.IntegerField(help_text="Dapil of which nobody has said how many seats there are.")


class SeatsOut(s.Serializer[Any]):
    stations = s.IntegerField()
    votes = s.IntegerField()
    disputed_stations = s.IntegerField()
    disputed_votes = s.IntegerField()


class _Head(s.Serializer[Any]):
    format = s.IntegerField()
    election = ElectionPart()
    kind = s.ChoiceField(list(COUNCIL_DIGITS))
    council = SeatCouncil()
    final = s.BooleanField(help_text="Always false: nothing here is a result.")
    threshold = s.FloatField(allow_null=True, help_text="Of all valid votes in the nation; DPR only.")
    changed_at = s.DateTimeField(allow_null=True)
    stations = s.IntegerField()
    counts = SeatCounts()
    coverage = SeatCoverage()
    votes = s.IntegerField(help_text="Valid votes of all parties.")


class CouncilSeats(_Head):
    seats = SeatTotals()
    parties = SeatParty(many=True)
    out = SeatsOut()
    dapil_open = s.IntegerField(help_text="Dapil where a seat may still move.")
    dapil = SeatDapilLine(many=True)


class SeatWon(s.Serializer[Any]):
    seat = s.IntegerField()
    party = s.IntegerField()
    votes = s.IntegerField()
    divisor = s.IntegerField(help_text="1, 3, 5, 7 …")


class SeatCandidate(s.Serializer[Any]):
    number = s.IntegerField()
    name = s.CharField()
    votes = s.IntegerField()
    elected = s.BooleanField(help_text="Would be.")
    tied = s.BooleanField()


class DapilSeatParty(s.Serializer[Any]):
    number = s.IntegerField()
    name = s.CharField()
    votes = s.IntegerField()
    share = s.FloatField(allow_null=True)
    takes_part = s.BooleanField()
    seats = s.IntegerField()
    tie = SeatTie(allow_null=True, help_text="Among its candidates.")
    vacant = s.IntegerField(help_text="Seats for which it has no candidate.")
    candidates = SeatCandidate(many=True)


class DapilSeats(_Head):
    contest = SeatContest()
    version = s.IntegerField()
    cut = s.IntegerField()
    seats = s.IntegerField(allow_null=True)
    order = SeatWon(many=True)
    tie = SeatTie(allow_null=True, help_text="Among parties.")
    parties = DapilSeatParty(many=True)
    alert = SeatAlert()
    may_cross = s.ListField(child=s.IntegerField(), help_text="Parties that could cross the threshold in the nation.")


_HEAD: dict[str, Any] = {
    "format": 1,
    "election": {"code": "contoh", "name": "Pemilu Contoh", "date": "2029-02-14"},
    "kind": "dpr",
    "council": {"code": "nasional", "name": "Indonesia"},
    "final": False,
    "threshold": 0.04,
    "changed_at": "2029-02-14T08:11:09Z",
    "stations": 3,
    "counts": {"received": 2, "counted": 2, "disputed": 0, "excluded": 0},
    "coverage": {"received": 0.666667, "counted": 0.666667},
    "votes": 300,
}
_CONTEST = {"code": "dpr-9101", "name": "DPR Contoh I"}
_ALERT = {
    **{"seat_may_move": True, "margin": {"holder": 1, "rival": 2, "votes": 20}, "stations": 1, "votes": 256},
    **{"disputed_stations": 0, "disputed_votes": 0, "bound": "dpt"},
}

COUNCIL_EXAMPLE = OpenApiExample(
    "DPR of one dapil with two seats",
    value=_HEAD
    | {
        "seats": {"all": 2, "given": 2, "tied": 0, "dapil_without_seats": 0},
        "parties": [
            {
                **{"number": 1, "name": "Partai Mawar", "votes": 240, "share": 0.8},
                **{"takes_part": True, "may_cross": False, "seats": 2},
            },
            {
                **{"number": 2, "name": "Partai Melati", "votes": 60, "share": 0.2},
                **{"takes_part": True, "may_cross": False, "seats": 0},
            },
        ],
        "out": {"stations": 1, "votes": 256, "disputed_stations": 0, "disputed_votes": 0},
        "dapil_open": 1,
        "dapil": [
            {
                **{"contest": _CONTEST, "seats": 2, "tied": 0, "parties": [{"number": 1, "seats": 2}]},
                **{name: _HEAD[name] for name in ("stations", "counts", "coverage")},
                "alert": _ALERT,
            }
        ],
    },
    response_only=True,
    status_codes=["200"],
)
DAPIL_EXAMPLE = OpenApiExample(
    "A dapil with two seats",
    value=_HEAD
    | {
        **{"contest": _CONTEST, "version": 2, "cut": 16, "seats": 2, "tie": None, "may_cross": []},
        "order": [
            {"seat": 1, "party": 1, "votes": 240, "divisor": 1},
            {"seat": 2, "party": 1, "votes": 240, "divisor": 3},
        ],
        "parties": [
            {
                **{"number": 1, "name": "Partai Mawar", "votes": 240, "share": 0.8, "takes_part": True, "seats": 2},
                **{"tie": None, "vacant": 0},
                "candidates": [
                    {"number": 1, "name": "SARI", "votes": 120, "elected": True, "tied": False},
                    {"number": 2, "name": "BUDI", "votes": 90, "elected": True, "tied": False},
                ],
            },
            {
                **{"number": 2, "name": "Partai Melati", "votes": 60, "share": 0.2, "takes_part": True, "seats": 0},
                **{"tie": None, "vacant": 0, "candidates": []},
            },
        ],
        "alert": _ALERT,
    },
    response_only=True,
    status_codes=["200"],
)
