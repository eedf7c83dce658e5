"""Reading the public log: entries by index, with the exact bytes that were hashed."""

import json
from base64 import b64encode
from typing import Any

from django.db.models import Max
from django.utils.translation import gettext_lazy as _
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from accounts.fields import WholeNumber
from accounts.openapi import error
from accounts.permissions import Action, Allows
from accounts.refusals import Refusal
from ledger.models import Leaf

LIMIT = 256  # as many as a tile of the log will hold


class UnknownLog(Refusal):
    status = 404
    code = "unknown_log"
    sentence = _("Catatan ini tidak ada.")


class Window(serializers.Serializer):
    """Which entries are asked for."""

    # `from` is a word of Python's, so the field is added below.
    limit = WholeNumber(
        min_value=1, max_value=LIMIT, default=LIMIT, help_text=f"How many entries at most, 1 to {LIMIT}."
    )

    def get_fields(self) -> dict[str, Any]:
        start = WholeNumber(min_value=0, max_value=2**53 - 1, default=0, help_text="Index of the first entry.")
        return {"from": start, **super().get_fields()}


class PlacedEntry(serializers.Serializer):
    index = serializers.IntegerField(min_value=0)
    leaf_hash = serializers.RegexField("^[0-9a-f]{64}$", help_text="SHA-256(0x00 || body), RFC 6962 section 2.1, hex.")
    entry = serializers.DictField(help_text="The entry, parsed; `t` is its kind.")
    body = serializers.CharField(help_text="The entry's exact bytes: canonical JSON (RFC 8785), in base64.")


class EntriesPage(serializers.Serializer):
    log = serializers.CharField()
    size = serializers.IntegerField(min_value=0, help_text="How many entries the log has.")
    entries = PlacedEntry(many=True)
    next = serializers.IntegerField(allow_null=True, help_text="The next `from`; null at the end of the log.")


class Entries(APIView):
    """The public log of one election, which anyone may read and check."""

    authentication_classes: list[Any] = []
    permission_classes = [Allows]
    action_code = Action.SEE_PUBLIC

    @extend_schema(
        operation_id="ledger_entries",
        summary="Read the public log",
        description=(
            "Each state change is one entry, in the order of its index, from 0 without a gap. Entries never change. "
            "Follow `next` until it is null; docs/ledger.md says what the kinds contain and how to check a log."
        ),
        parameters=[Window],
        responses={
            200: EntriesPage,
            400: error("No such window.", "invalid"),
            404: error("No such log, or nothing in it yet.", "unknown_log"),
            503: error("Try again.", "unavailable"),
        },
    )
    def get(self, request: Request, log: str) -> Response:
        window = Window(data=request.query_params)
        window.is_valid(raise_exception=True)
        start, limit = window.validated_data["from"], window.validated_data["limit"]
        last = Leaf.objects.filter(log=log).aggregate(last=Max("index"))["last"]
        if last is None:
            raise UnknownLog
        leaves = Leaf.objects.filter(log=log, index__range=(start, min(start + limit - 1, last))).order_by("index")
        page = [_shown(leaf) for leaf in leaves.select_related("event")]
        end = start + len(page)
        response = Response(
            {"log": log, "size": last + 1, "entries": page, "next": end if page and end <= last else None}
        )
        response["Cache-Control"] = "public, max-age=1"
        response["Access-Control-Allow-Origin"] = "*"  # whoever checks the log may do so from their own page
        return response


def _shown(leaf: Leaf) -> dict[str, Any]:
    body = bytes(leaf.event.body)
    return {
        "index": leaf.index,
        "leaf_hash": bytes(leaf.leaf_hash).hex(),
        "entry": json.loads(body),
        "body": b64encode(body).decode(),
    }
