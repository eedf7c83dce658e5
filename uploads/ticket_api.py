"""Sending photos over bad networks, for programs: announce, bring the bytes in pieces, finish (docs/uploading.md)."""

import re
from typing import Any
from uuid import UUID

from django.core.exceptions import BadRequest
from django.db import transaction
from django.http import UnreadablePostError
from django.urls import reverse
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, OpenApiResponse, extend_schema
from rest_framework import serializers
from rest_framework.parsers import BaseParser, JSONParser
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from accounts import devices
from accounts.models import User
from accounts.openapi import ErrorBody, error
from accounts.permissions import Action, Allows
from pemantau import admission, pipeline
from uploads import claims, receipts, storage, tickets
from uploads.api import Claimed, Receipt, receipt_of
from uploads.models import Photo, Ticket
from uploads.proof import Paid

OFFSET = "Upload-Offset"
_REFUSED = sorted(code for code, refusal in tickets.FINAL.items() if refusal.status == 422)
ANY_TYPE = "application/octet-stream"


class Announcement(Claimed):
    """A photo that is to come. Nothing here says who sends it, or what becomes of it."""

    size = serializers.IntegerField(min_value=0, max_value=2**31 - 1, help_text="In bytes; at most 20 MB.")
    sha256 = serializers.RegexField(r"^[0-9a-f]{64}$", help_text="Of the photo's bytes, in hexadecimal.")
    media_type = serializers.RegexField(
        r"^[a-z]+/[a-z0-9.+-]+$",
        max_length=40,
        default=ANY_TYPE,
        help_text="Signed for the direct way; what a photo is, its content says.",
    )


class DirectWay(serializers.Serializer):
    method = serializers.CharField()
    url = serializers.CharField(help_text="Good for an hour; ask for the ticket again for a new one.")
    headers = serializers.DictField(child=serializers.CharField(), help_text="To be sent just so.")


class ChunkWay(serializers.Serializer):
    url = serializers.CharField(help_text="PATCH it.")
    most = serializers.IntegerField(help_text="Bytes in one request; less is fine.")


class TicketBody(serializers.Serializer):
    """Where a photo stands on its way here."""

    ticket = serializers.UUIDField(allow_null=True, help_text="null: this device brought the photo long ago.")
    state = serializers.ChoiceField(choices=["open", "done", "refused"])
    offset = serializers.IntegerField(help_text="So many bytes are durably here; go on with the next one.")
    size = serializers.IntegerField()
    expires_at = serializers.DateTimeField(allow_null=True, help_text="Nobody remembers an open ticket after that.")
    direct = DirectWay(allow_null=True, help_text="All bytes in one request past us, where there is such a way.")
    chunk = ChunkWay(allow_null=True)
    receipt = Receipt(allow_null=True)
    refusal = ErrorBody(allow_null=True)


class Piece(BaseParser):
    """Bytes from `Upload-Offset` on. What came before the connection broke counts."""

    media_type = "application/partial-upload"

    def parse(self, stream: Any, media_type: str | None = None, parser_context: Any = None) -> Any:
        pieces = []
        try:
            while piece := stream.read(64 * 1024):
                pieces.append(piece)
        except UnreadablePostError:
            pass
        return b"".join(pieces)


def body_of(ticket: Ticket, request: Request, *, is_new: bool = False) -> dict[str, Any]:
    """The body of a ticket. Of a new one nothing can be here."""
    refusal = tickets.refusal_of(ticket)
    is_open = not (ticket.photo or refusal)
    way = storage.direct(ticket.pk, ticket.size, ticket.media_type, ticket.sha256) if is_open else None
    path = reverse("uploads-api:ticket", args=[ticket.pk])
    return {
        "ticket": ticket.pk,
        "state": "open" if is_open else "refused" if refusal else "done",
        "offset": 0 if is_new else tickets.bytes_here(ticket),
        "size": ticket.size,
        "expires_at": ticket.expires_at,
        "direct": way and {"method": way.method, "url": way.url, "headers": way.headers},
        "chunk": {"url": request.build_absolute_uri(path), "most": tickets.PIECE_AT_MOST} if is_open else None,
        "receipt": receipt_of(ticket.photo, request) if ticket.photo else None,
        "refusal": refusal and {"code": refusal.code, "message": refusal.text()},
    }


def body_of_delivered(photo: Photo, request: Request) -> dict[str, Any]:
    """The same for a photo that this device brought already."""
    return {
        "ticket": None,
        "state": "done",
        "offset": photo.size,
        "size": photo.size,
        "expires_at": None,
        "direct": None,
        "chunk": None,
        "receipt": receipt_of(photo, request),
        "refusal": None,
    }


class Tickets(APIView):
    permission_classes = [Allows]
    action_code = Action.SEND_PHOTO
    parser_classes = [JSONParser]

    @extend_schema(
        operation_id="tickets_take",
        summary="Announce a photo",
        description=(
            "No account is needed, and without a session no CSRF token. The device (a cookie that the first answer "
            "sets) gets the same open ticket for the same bytes at the same TPS, and the receipt where it brought them "
            "before. Then bring the bytes, by `direct` or by `chunk`, and finish."
        ),
        request=Announcement,
        responses={
            200: OpenApiResponse(TicketBody, description="Taken before: where to go on, or the receipt."),
            201: OpenApiResponse(TicketBody, description="Begin at 0."),
            400: error("Not understood.", "invalid", "parse_error", "bad_request"),
            403: error("With a session only: the CSRF token is missing.", "stale_form"),
            404: error("No such TPS.", "unknown_station"),
            413: error("More than 20 MB.", "too_large", "body_too_large"),
            415: error("Not JSON.", "unsupported_media_type"),
            422: error("A claim that cannot be right.", "unknown_contest", "unknown_page", "empty_file"),
            428: error("Alarm mode: a proof of work is needed.", "proof_needed"),
            429: error(
                "Too much at once: later, never lost.", "too_many_open", "too_many_photos", "come_later", "throttled"
            ),
            503: error("Try again.", "storage_unavailable", "read_only", "unavailable"),
        },
    )
    def post(self, request: Request) -> Response:
        form = Announcement(data=request.data)
        form.is_valid(raise_exception=True)
        sent = form.validated_data
        where = claims.place(sent["station"], sent.get("election"))
        device = devices.of(request._request)
        claim = claims.claim(where, sent["contest"], sent.get("page"))
        with transaction.atomic():
            taken, is_new = tickets.take(
                device,
                claim,
                sha256=sent["sha256"],
                size=sent["size"],
                media_type=sent["media_type"],
            )
            # Counted here, once: what was let in is not held up halfway, nor where its phone asks again.
            if is_new:
                paid = Paid(request.headers.get("Proof", ""))
                admission.admit(device, devices.client_address(request._request), paid, claim)
        if isinstance(taken, Photo):
            return Response(body_of_delivered(taken, request))
        return Response(body_of(taken, request, is_new=is_new), status=201 if is_new else 200)


AN_OFFSET = OpenApiParameter(OFFSET, int, OpenApiParameter.HEADER, response=True, description="Bytes that are here.")


class OneTicket(APIView):
    permission_classes = [Allows]
    action_code = Action.SEND_PHOTO
    parser_classes = [Piece]

    @extend_schema(
        operation_id="tickets_show",
        summary="Where to go on",
        responses={
            200: TicketBody,
            404: error("No such ticket, or no longer.", "unknown_ticket", "not_found"),
            503: error("Try again.", "storage_unavailable", "unavailable"),
        },
    )
    def get(self, request: Request, ticket: UUID) -> Response:
        told = body_of(tickets.find(ticket), request)
        return Response(told, headers={OFFSET: str(told["offset"]), "Cache-Control": "no-store"})

    @extend_schema(
        operation_id="tickets_add",
        summary="Bring some bytes",
        description=(
            "The bytes from `Upload-Offset` on, as many as one likes up to `chunk.most`. Where the connection breaks, "
            "ask where to go on: what arrived counts where it can."
        ),
        parameters=[
            OpenApiParameter(OFFSET, int, OpenApiParameter.HEADER, required=True, description="Of the first byte."),
            AN_OFFSET,
        ],
        request={Piece.media_type: OpenApiTypes.BINARY},
        responses={
            204: OpenApiResponse(description="So many bytes are durably here now."),
            400: error("No bytes, or no offset.", "bad_request"),
            403: error("With a session only: the CSRF token is missing.", "stale_form"),
            404: error("No such ticket, or no longer.", "unknown_ticket", "not_found"),
            409: error("Go on from the offset in the header.", "wrong_offset"),
            413: error("More than was announced, or than `chunk.most`.", "body_too_large"),
            415: error(
                "Not application/partial-upload; or the photo was refused.", "unsupported_media_type", "not_a_picture"
            ),
            422: error("The photo was refused.", *_REFUSED),
            503: error("Try again.", "storage_unavailable", "unavailable"),
        },
    )
    def patch(self, request: Request, ticket: UUID) -> Response:
        offset, piece = request.headers.get(OFFSET, ""), request.data
        if not re.fullmatch(r"[0-9]{1,10}", offset) or not isinstance(piece, bytes) or not piece:
            raise BadRequest
        return Response(status=204, headers={OFFSET: str(tickets.add(ticket, int(offset), piece))})


class Finish(APIView):
    permission_classes = [Allows]
    action_code = Action.SEND_PHOTO
    parser_classes = [JSONParser]

    @extend_schema(
        operation_id="tickets_finish",
        summary="All bytes are sent",
        description=(
            "The answer comes after length, SHA-256 and content are found right and the photo is durably stored. Again "
            "gives the same receipt. After `wrong_hash` begin at 0; after 429 or 503 try again after `Retry-After` "
            "seconds."
        ),
        parameters=[AN_OFFSET],
        request=None,
        responses={
            200: OpenApiResponse(Receipt, description="It was here already: its receipt."),
            201: OpenApiResponse(Receipt, description="Taken in."),
            403: error("With a session only: the CSRF token is missing.", "stale_form"),
            404: error("No such ticket, or no longer.", "unknown_ticket", "not_found"),
            409: error("Go on from the offset in the header.", "incomplete"),
            415: error("No picture we take.", "not_a_picture", "unsupported_media_type"),
            422: error("Other bytes than announced, or a picture that cannot be right.", "wrong_hash", *_REFUSED),
            429: error("Too much at once.", "throttled"),
            503: error(
                "Not stored; try again.", "storage_unavailable", "decoder_unavailable", "read_only", "unavailable"
            ),
        },
    )
    def post(self, request: Request, ticket: UUID) -> Response:
        photo, is_new = pipeline.finish(
            ticket,
            uploader=request.user if isinstance(request.user, User) else None,
            address=devices.client_address(request._request),
            address_block=devices.address_block(request._request),
        )
        state = receipts.State.RECEIVED if is_new else None
        return Response(receipt_of(photo, request, state), status=201 if is_new else 200)
