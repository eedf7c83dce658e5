"""Sending photos, and following a receipt, for programs."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any
from uuid import UUID

from django.urls import reverse
from django.utils.translation import gettext_lazy as _
from drf_spectacular.utils import OpenApiParameter, OpenApiResponse, extend_schema
from rest_framework import serializers
from rest_framework.parsers import MultiPartParser
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from accounts import devices
from accounts.fields import WholeNumber
from accounts.models import User
from accounts.openapi import error
from accounts.permissions import Action, Allows
from accounts.refusals import Refusal
from pemantau import admission, pipeline, whereabouts
from uploads import claims, doors, intake, receipts, statements, storage
from uploads.models import Photo
from uploads.proof import Paid


class WrongKey(Refusal):
    status = 400
    code = "wrong_key"
    sentence = _("Idempotency-Key harus berupa UUID.")


class Claimed(serializers.Serializer):
    """What a sender says a photo shows."""

    station = serializers.RegexField(r"^[0-9]{13}$", help_text="Code of the TPS: village (10 digits) + number (3).")
    contest = serializers.SlugField(max_length=40, help_text="Code of the contest, such as `ppwp`.")
    page = WholeNumber(
        min_value=1, max_value=99, required=False, allow_null=True, help_text="Page of the form; leave out if unsure."
    )
    election = serializers.SlugField(max_length=40, required=False, help_text="The current election by default.")


class SendingForm(Claimed):
    """One photo of one page of one form at one TPS. Nothing here says who sends it, or what becomes of it."""

    # An empty one is refused with a sentence of its own (`intake.EmptyFile`).
    file = serializers.FileField(
        allow_empty_file=True, help_text="JPEG, PNG, WebP, HEIC or AVIF by content, at most 20 MB."
    )


class Picture(serializers.Serializer):
    """One public size."""

    side = serializers.IntegerField(help_text="Name of the size: longest side at most this many pixels.")
    width = serializers.IntegerField()
    height = serializers.IntegerField()
    url = serializers.CharField()


class Receipt(serializers.Serializer):
    """A promise: the photo's bytes are stored, and it will reach a decision or a person."""

    receipt = serializers.CharField(help_text="The code; whoever has it may see this receipt.")
    url = serializers.CharField(help_text="The receipt's page for people.")
    state = serializers.ChoiceField(choices=receipts.State.values)
    message = serializers.CharField(help_text="The state as a sentence.")
    problem = serializers.ChoiceField(
        list(receipts.WHY_REJECTED), allow_null=True, help_text="Why it was rejected; else null."
    )
    statement = serializers.CharField(help_text="What was received and when, signed: proof, to be kept.")
    statement_url = serializers.CharField(help_text="The same as a file.")
    photo = serializers.UUIDField()
    sha256 = serializers.CharField(help_text="Of the bytes as they were sent.")
    size = serializers.IntegerField()
    media_type = serializers.CharField()
    width = serializers.IntegerField(help_text="As shown upright.")
    height = serializers.IntegerField()
    election = serializers.CharField()
    station = serializers.CharField()
    contest = serializers.CharField()
    page = serializers.IntegerField(allow_null=True)
    received_at = serializers.DateTimeField()
    pictures = Picture(many=True)


def receipt_of(photo: Photo, request: Request, state: receipts.State | None = None) -> Mapping[str, Any]:
    """The body of a receipt. No numbers: before the decision nobody sees them, afterwards the results show them."""
    state = state or whereabouts.state_of(photo)
    hidden = state in (receipts.State.RECEIVED, receipts.State.WITHDRAWN)
    copies = [] if hidden else photo.copies.order_by("side")
    problem = whereabouts.problem_of(photo) if state == receipts.State.REJECTED else ""
    code = receipts.grouped(photo.receipt)
    return {
        "receipt": code,
        "url": request.build_absolute_uri(reverse("uploads:receipt", args=[code])),
        "state": state.value,
        "message": receipts.sentence(state, problem),
        "problem": problem or None,
        "statement": statements.of(photo),
        "statement_url": request.build_absolute_uri(reverse("uploads:statement", args=[code])),
        "photo": photo.pk,
        "sha256": photo.sha256,
        "size": photo.size,
        "media_type": photo.media_type,
        "width": photo.width,
        "height": photo.height,
        "election": photo.contest.election_id,
        "station": photo.station.code,
        "contest": photo.contest.code,
        "page": photo.page,
        "received_at": photo.received_at,
        "pictures": [
            {
                "side": copy.side,
                "width": copy.width,
                "height": copy.height,
                "url": request.build_absolute_uri(storage.public_url(photo.sha256, copy.side)),
            }
            for copy in copies
        ],
    }


class Photos(APIView):
    permission_classes = [Allows]
    action_code = Action.SEND_PHOTO
    parser_classes = [MultiPartParser]

    @extend_schema(
        operation_id="photos_send",
        summary="Send a photo of a C.Hasil page",
        description=(
            "No account is needed, and without a session no CSRF token. The answer comes after the bytes are durably "
            "stored. The same bytes again for the same TPS, from anybody, give the same receipt with status 200; for "
            "another TPS they are taken in as well. With an `Idempotency-Key` a device (a cookie that the first "
            "answer sets) may repeat a request safely: the same request gives the same receipt, another one is "
            "refused with 409. After 429 or 503 keep the photo and try again after `Retry-After` seconds. After 428 "
            "send it again with a proof of work: `Proof: <challenge>:<nonce>`, where `<challenge>` is the answer's "
            "header `Proof-Challenge` and SHA-256 of the header's text begins with `Proof-Bits` zero bits. A challenge "
            "is good for ten minutes, once, and for this device."
        ),
        parameters=[
            OpenApiParameter("Idempotency-Key", UUID, OpenApiParameter.HEADER, description="Chosen by the client."),
            OpenApiParameter("Proof", str, OpenApiParameter.HEADER, description="After 428: a proof of work."),
        ],
        request={"multipart/form-data": SendingForm},
        responses={
            200: OpenApiResponse(Receipt, description="These bytes were here already for this TPS: their receipt."),
            201: OpenApiResponse(Receipt, description="Taken in."),
            400: error("Not understood.", "missing_file", "wrong_key", "invalid", "parse_error", "bad_request"),
            403: error("With a session only: the CSRF token is missing.", "stale_form"),
            404: error("No such TPS.", "unknown_station"),
            409: error("The key stands for another request.", "key_used_for_another"),
            413: error("More than 20 MB, or more than one file.", "too_large", "body_too_large"),
            415: error(
                "No picture we take, or not sent as multipart/form-data.", "not_a_picture", "unsupported_media_type"
            ),
            422: error(
                "A picture or a claim that cannot be right.",
                "unreadable_picture",
                "moving_picture",
                "too_many_pixels",
                "too_narrow",
                "too_heavy",
                "empty_file",
                "unknown_contest",
                "unknown_page",
            ),
            428: error("Alarm mode: a proof of work is needed.", "proof_needed"),
            429: error("Too much at once: later.", "too_many_photos", "come_later", "throttled"),
            503: error(
                "Not stored; try again.", "storage_unavailable", "decoder_unavailable", "read_only", "unavailable"
            ),
        },
    )
    def post(self, request: Request) -> Response:
        with doors.receiving():
            key = key_in(request)
            if not request.FILES:
                raise doors.MissingFile
            form = SendingForm(data=request.data)
            form.is_valid(raise_exception=True)
            sent = form.validated_data
            where = claims.place(sent["station"], sent.get("election"))
            claim = claims.claim(where, sent["contest"], sent.get("page"))
            photo, is_new = admission.receive(
                intake.Sending(
                    path=Path(doors.the_file(sent["file"]).temporary_file_path()),
                    station=claim.station,
                    contest=claim.contest,
                    page=claim.page,
                    device=devices.of(request._request),
                    uploader=request.user if isinstance(request.user, User) else None,
                    key=key,
                    address_block=devices.address_block(request._request),
                ),
                address=devices.client_address(request._request),
                paid=Paid(request.headers.get("Proof", "")),
            )
            state = receipts.State.RECEIVED if is_new else None
            return Response(receipt_of(photo, request, state), status=201 if is_new else 200)


class ReceiptOfPhoto(APIView):
    permission_classes = [Allows]
    action_code = Action.SEE_RECEIPT

    @extend_schema(
        operation_id="receipts_show",
        summary="What has become of a photo",
        parameters=[OpenApiParameter("receipt", str, OpenApiParameter.PATH, description="As typed; dashes or not.")],
        responses={200: Receipt, 404: error("No such receipt.", "unknown_receipt")},
    )
    def get(self, request: Request, receipt: str) -> Response:
        response = Response(receipt_of(receipts.photo_of(receipt), request))
        response["Cache-Control"] = "no-store"
        return response


class WithdrawalOfReceipt(APIView):
    permission_classes = [Allows]
    action_code = Action.WITHDRAW_PHOTO

    @extend_schema(
        operation_id="receipts_withdraw",
        summary="Take a photo back",
        description=(
            "Whoever holds the receipt may, until a decision stands: the photo is not read any more and never counts; "
            "its bytes stay sealed, and the log tells that it was withdrawn. Again changes nothing. Should somebody "
            "else send the same bytes for the same TPS, the photo comes back and cannot be withdrawn again."
        ),
        parameters=[OpenApiParameter("receipt", str, OpenApiParameter.PATH, description="As typed; dashes or not.")],
        request=None,
        responses={
            200: Receipt,
            403: error("With a session only: the CSRF token is missing.", "stale_form"),
            404: error("No such receipt.", "unknown_receipt"),
            409: error("Too late, or not theirs alone.", "already_decided", "sent_by_others"),
            503: error("Try again.", "unavailable"),
        },
    )
    def post(self, request: Request, receipt: str) -> Response:
        photo = pipeline.withdraw(receipts.photo_of(receipt))
        return Response(receipt_of(photo, request), headers={"Cache-Control": "no-store"})


def key_in(request: Request) -> UUID | None:
    """The client's idempotency key."""
    given = request.headers.get("Idempotency-Key")
    if given is None:
        return None
    try:
        return UUID(given)
    except ValueError:
        raise WrongKey from None
