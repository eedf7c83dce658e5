"""What the sending page keeps of a TPS, for it and for other programs that send."""

from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from accounts.openapi import error
from accounts.permissions import Action, Allows
from uploads import claims, station_pages


class SheetOfForm(serializers.Serializer):
    number = serializers.IntegerField()
    label = serializers.CharField()  # type: ignore[assignment]
    variant = serializers.ChoiceField(choices=["plano", "salinan"])
    tag = serializers.IntegerField(allow_null=True, help_text="AprilTag 36h10 printed on it.")
    photos = serializers.IntegerField(help_text="How many there are, from anybody.")


class ContestToSend(serializers.Serializer):
    code = serializers.CharField()
    kind = serializers.CharField()
    name = serializers.CharField()
    pages = SheetOfForm(many=True)
    unsorted = serializers.IntegerField(help_text="Photos whose senders did not know the page.")


class StationToSend(serializers.Serializer):
    station = serializers.CharField()
    election = serializers.CharField()
    name = serializers.CharField()
    village = serializers.CharField()
    region = serializers.CharField()
    contests = ContestToSend(many=True)


class PagesOfStation(APIView):
    """Nobody signs in to read."""

    authentication_classes = ()
    permission_classes = (Allows,)
    action_code = Action.SEE_PUBLIC

    @extend_schema(
        operation_id="station_pages",
        summary="What can be photographed at a TPS, and which pages are there already",
        parameters=[OpenApiParameter("station", str, OpenApiParameter.PATH, description="13 digits.")],
        responses={200: StationToSend, 404: error("No such TPS in the current election.", "unknown_station")},
    )
    def get(self, request: Request, station: str) -> Response:
        response = Response(station_pages.of(claims.place(station)))
        response["Cache-Control"] = "no-cache"
        return response
