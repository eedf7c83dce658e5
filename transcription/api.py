"""Reading photos and ruling on them, for programs. Everything needs a session; who it is comes from there alone."""

from typing import Any
from uuid import UUID

from drf_spectacular.utils import OpenApiResponse, extend_schema
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from accounts import devices
from accounts.models import User
from accounts.openapi import error
from accounts.permissions import Action, Allows
from pemantau import pipeline
from tps import rules
from tps.form_definitions import for_contest
from transcription import api_schema as shapes
from transcription import cases, entries, fair_use, first_looks, queue, rulings, senders, showing

NOT_SIGNED_IN = {
    401: error("Not signed in.", "sign_in_first"),
    403: error("Not for this role, or no CSRF token.", "not_allowed", "stale_form"),
}
MAY_BE_PAUSED = NOT_SIGNED_IN | {
    403: error("Not for this role, paused, or no CSRF token.", "not_allowed", "paused", "stale_form"),
}
NO_LEASE = {404: error("No such lease of yours.", "no_such_lease")}


class ForReaders(APIView):
    permission_classes = [Allows]
    action_code = Action.TRANSCRIBE


class Tasks(ForReaders):
    @extend_schema(
        operation_id="tasks_list",
        summary="The photos one holds, oldest first",
        responses={200: shapes.HeldTasks, **NOT_SIGNED_IN},
    )
    def get(self, request: Request) -> Response:
        held = queue.held_by(person(request)).values("id", "expires_at")
        return Response({"reader": person(request).pk, "tasks": list(held)}, headers={"Cache-Control": "no-store"})

    @extend_schema(
        operation_id="tasks_take",
        summary="Take the next photo",
        description=(
            "The photo one holds already, if any; with `ahead` one more, to have it ready. Somebody may hold four: the "
            "one before them, two to come, and one whose entry they may still undo."
        ),
        parameters=[shapes.Taking],
        request=None,
        responses={
            200: shapes.Task,
            204: OpenApiResponse(description="There is nothing for you to read, or you hold as many as you may."),
            400: error("Not understood.", "invalid", "parse_error"),
            **NOT_SIGNED_IN,
            403: error(
                "Not for this role, paused, or no CSRF token; or something comes first: `Link` leads to it.",
                "not_allowed",
                "paused",
                "stale_form",
                "terms_first",
                "practice_first",
            ),
            429: error("Too many at once: later, after `Retry-After` seconds.", "too_many_tasks"),
        },
    )
    def post(self, request: Request) -> Response:
        django = request._request
        form = shapes.Taking(data=request.query_params)
        form.is_valid(raise_exception=True)
        fair_use.admit_asking(person(request))
        lease = queue.take(
            person(request), devices.of(django), devices.address_block(django), ahead=form.validated_data["ahead"]
        )
        return Response(showing.as_json(lease)) if lease else Response(status=204)


class TaskOfLease(ForReaders):
    @extend_schema(
        operation_id="tasks_show",
        summary="A photo one holds",
        responses={200: shapes.Task, **NOT_SIGNED_IN, **NO_LEASE},
    )
    def get(self, request: Request, lease: UUID) -> Response:
        return Response(showing.as_json(queue.lease_of(lease, person(request))))


class EntryOfLease(ForReaders):
    @extend_schema(
        operation_id="tasks_enter",
        summary="Send what one read",
        description=(
            "The same again gives the same answer. A lease that ran out still counts while the photo wants an entry "
            "and nobody else has the place."
        ),
        request=shapes.ReadingForm,
        responses={
            201: shapes.Stored,
            **MAY_BE_PAUSED,
            **NO_LEASE,
            400: error("Not understood.", "invalid", "parse_error"),
            409: error("Too late, or not for the first time.", "already_read", "taken_over", "given_back"),
            422: error("Not all numbers of the page, or not as they must be.", "wrong_reading"),
            429: error("Too many at once: the same again, after `Retry-After` seconds.", "too_many_entries"),
        },
    )
    def post(self, request: Request, lease: UUID) -> Response:
        fair_use.admit_sending(person(request))
        entry = pipeline.send_entry(sent_with(request, lease))
        return Response({"id": str(entry.pk)}, status=201)


class CheckOfLease(ForReaders):
    @extend_schema(
        operation_id="tasks_check",
        summary="See which sums are off, before sending",
        description="Nothing is stored and nothing corrected.",
        request=shapes.ReadingForm,
        responses={
            200: shapes.Slips,
            **NOT_SIGNED_IN,
            **NO_LEASE,
            400: error("Not understood.", "invalid", "parse_error"),
            422: error("Not all numbers of the page, or not as they must be.", "wrong_reading"),
        },
    )
    def post(self, request: Request, lease: UUID) -> Response:
        sent = sent_with(request, lease)
        form = for_contest(queue.lease_of(lease, sent.account).task.photo.contest)
        return Response({"slips": [slip_of(v) for v in entries.slips(entries.check(sent.reading, form), form)]})


class RenewalOfLease(ForReaders):
    @extend_schema(
        operation_id="tasks_renew",
        summary="Five more minutes, for whatever one holds",
        request=None,
        responses={200: shapes.Task, **MAY_BE_PAUSED, **NO_LEASE, 409: error("It is over.", "lease_over")},
    )
    def post(self, request: Request, lease: UUID) -> Response:
        return Response(showing.as_json(queue.renew(lease, person(request))))


class ReturnOfLease(ForReaders):
    @extend_schema(
        operation_id="tasks_return",
        summary="Give a photo back unread",
        request=None,
        description="At most five of one's last 20 photos (`MOST_GIVEN_BACK`): nobody chooses what they read.",
        responses={
            204: OpenApiResponse(description="Given back."),
            **NOT_SIGNED_IN,
            **NO_LEASE,
            409: error("Too many of one's last photos were given back.", "too_many_given_back"),
        },
    )
    def post(self, request: Request, lease: UUID) -> Response:
        queue.give_back(lease, person(request))
        return Response(status=204)


# --- Senders ----------------------------------------------------------------------------------


class NumbersOfReceipt(APIView):
    permission_classes = [Allows]
    action_code = Action.SEND_PHOTO

    @extend_schema(
        operation_id="receipts_numbers",
        summary="Type numbers from a photo one sent",
        description=(
            "One entry, only from the device or account that sent the photo, until it is decided; the same again gives "
            "the same answer. Fields may be left out. It decides nothing: others read the photo without seeing it."
        ),
        request=shapes.SendersNumbers,
        responses={
            201: shapes.Stored,
            400: error("Not understood.", "invalid", "parse_error"),
            403: error("Not the sender, or with a session no CSRF token.", "not_the_sender", "stale_form"),
            404: error("No such receipt.", "unknown_receipt"),
            409: error("Other numbers are there, or it is decided.", "already_read", "decided_already"),
            422: error("Not numbers of this page.", "wrong_reading"),
        },
    )
    def post(self, request: Request, receipt: str) -> Response:
        account = request.user if isinstance(request.user, User) else None
        device_id, block = devices.shown_by(request._request), devices.address_block(request._request)
        photo = senders.photo_of(receipt, account, device_id)
        form = shapes.SendersNumbers(data=request.data)
        form.is_valid(raise_exception=True)
        entry = pipeline.send_senders_numbers(senders.Typed(photo, account, device_id, block, form.reading()))
        return Response({"id": str(entry.pk)}, status=201)


# --- Adjudicators -----------------------------------------------------------------------------

NO_CASE = {404: error("No such photo.", "no_such_photo")}


class ForAdjudicators(APIView):
    permission_classes = [Allows]
    action_code = Action.ADJUDICATE


class Cases(ForAdjudicators):
    @extend_schema(
        operation_id="cases_list",
        summary="What waits for an adjudicator, oldest first",
        description="Without those one sent, read or ruled on oneself. At most 100.",
        responses={200: shapes.CasesList, **MAY_BE_PAUSED},
    )
    def get(self, request: Request) -> Response:
        return Response({"cases": [cases.in_list(task) for task in cases.waiting_for(person(request))]})


class Case(ForAdjudicators):
    @extend_schema(
        operation_id="cases_show",
        summary="One case with all entries",
        description="Only after one's own look (`cases_first_look`), until the readings are public.",
        responses={
            200: shapes.CaseBody,
            **MAY_BE_PAUSED,
            **NO_CASE,
            409: error("Still being read, or not looked at.", "not_a_case", "read_first"),
        },
    )
    def get(self, request: Request, photo: UUID) -> Response:
        response = Response(cases.as_json(cases.look_into(photo, person(request))))
        response["Cache-Control"] = "no-store"
        return response


class FirstLookAtCase(ForAdjudicators):
    @extend_schema(
        operation_id="cases_ask_first",
        summary="What to look for oneself, before the others' readings",
        responses={200: shapes.AskedFirst, **MAY_BE_PAUSED, **NO_CASE, 409: error("Still being read.", "not_a_case")},
    )
    def get(self, request: Request, photo: UUID) -> Response:
        response = Response(cases.asked_as_json(cases.ask_first(photo, person(request))))
        response["Cache-Control"] = "no-store"
        return response

    @extend_schema(
        operation_id="cases_first_look",
        summary="Say what one saw oneself",
        description="All that is asked, or a problem. It decides nothing; what was said first stays.",
        request=shapes.FirstLookForm,
        responses={
            201: shapes.Looked,
            **MAY_BE_PAUSED,
            **NO_CASE,
            400: error("Not understood.", "invalid", "parse_error"),
            409: error("Still being read.", "not_a_case"),
            422: error("Not what is asked.", "wrong_reading"),
        },
    )
    def post(self, request: Request, photo: UUID) -> Response:
        form = shapes.FirstLookForm(data=request.data)
        form.is_valid(raise_exception=True)
        first_looks.keep(cases.ask_first(photo, person(request)), person(request), form.reading())
        return Response({"photo": str(photo)}, status=201)


class RulingOfCase(ForAdjudicators):
    @extend_schema(
        operation_id="cases_rule",
        summary="Rule on a case",
        description="Every number must have been read by somebody. The same again gives the same answer.",
        request=shapes.RulingForm,
        responses={
            201: shapes.Stored,
            **MAY_BE_PAUSED,
            **NO_CASE,
            400: error("Not understood.", "invalid", "parse_error"),
            409: error("Not now.", "not_a_case", "already_ruled", "just_ruled", "read_first"),
            422: error("Not as it must be.", "wrong_reading", "nobody_read_that"),
        },
    )
    def post(self, request: Request, photo: UUID) -> Response:
        form = shapes.RulingForm(data=request.data)
        form.is_valid(raise_exception=True)
        said = form.validated_data
        ruling = pipeline.send_ruling(
            rulings.Sent(
                photo_id=photo,
                adjudicator=person(request),
                verdict=said["verdict"],
                reason=said["reason"],
                page=said.get("page"),
                numbers=said.get("numbers"),
                station_code=said.get("station") or "",
                note=said.get("note") or "",
                device_id=devices.shown_by(request._request),
                address_block=devices.address_block(request._request),
                version=said.get("version"),
            )
        )
        return Response({"id": str(ruling.pk)}, status=201)


# --- Parsing ----------------------------------------------------------------------------------


def person(request: Request) -> Any:
    """Who is signed in; `Allows` has made sure that somebody is."""
    return request.user


def sent_with(request: Request, lease: UUID) -> entries.Sent:
    form = shapes.ReadingForm(data=request.data)
    form.is_valid(raise_exception=True)
    django = request._request
    return entries.Sent(
        lease_id=lease,
        account=person(request),
        device_id=devices.shown_by(django),
        address_block=devices.address_block(django),
        reading=form.reading(),
        asks_tps=True,
    )


def slip_of(verdict: rules.Verdict) -> dict[str, Any]:
    return {
        "rule": verdict.rule,
        "sentence": verdict.sentence(),
        "formula": verdict.formula,
        "inputs": verdict.inputs,
        "difference": verdict.difference,
    }
