"""Turns refusals into answers: the one place where a "no" gets its status, its public code and its sentence.

In the API every error has one shape, whatever said no, our rules, the framework or an outage:

    {"error": {"code": "unknown_station", "message": "TPS dengan kode ini tidak ada."}}

and `"fields": {"page": ["…"]}` beside them where fields of the request are wrong. Pages get the same sentence,
with a way on. Nothing that was sent is repeated.
"""

import json
import logging
import sys
import traceback
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

import redis
from django.conf import settings
from django.core import exceptions as django
from django.core.handlers.wsgi import WSGIRequest
from django.db import DataError, InterfaceError, OperationalError
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseNotAllowed, UnreadablePostError
from django.http.multipartparser import MultiPartParserError
from django.template.loader import render_to_string
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _
from rest_framework import exceptions as drf
from rest_framework.response import Response
from rest_framework.settings import api_settings
from rest_framework.views import set_rollback

from accounts.permissions import NotAllowed, SignInFirst
from accounts.refusals import Refusal, mark, message
from uploads.intake import TooLarge

log = logging.getLogger(__name__)


# --- What the framework refuses ---------------------------------------------------------------


class BadRequest(Refusal):
    status = 400
    code = "bad_request"
    sentence = _("Permintaan ini tidak dapat kami pahami.")


class ParseError(Refusal):
    status = 400
    code = "parse_error"
    sentence = _("Isi permintaan rusak, bukan JSON atau formulir yang benar.")


class Invalid(Refusal):
    status = 400
    code = "invalid"
    sentence = _("Ada isian yang belum benar. Periksa lagi.")


class StaleForm(Refusal):
    """Without the token that our pages give to their forms."""

    status = 403
    code = "stale_form"
    sentence = _("Halaman ini sudah terlalu lama terbuka. Muat ulang, lalu kirim lagi.")


class NotFound(Refusal):
    status = 404
    code = "not_found"
    sentence = _("Halaman ini tidak ada.")


class MethodNotAllowed(Refusal):
    status = 405
    code = "method_not_allowed"
    sentence = _("Alamat ini tidak dapat dipakai dengan cara itu.")


class NotAcceptable(Refusal):
    status = 406
    code = "not_acceptable"
    sentence = _("Kami hanya menjawab dalam JSON di alamat ini.")


class BodyTooLarge(Refusal):
    status = 413
    code = "body_too_large"
    sentence = _("Kiriman terlalu besar.")


class UnsupportedMediaType(Refusal):
    status = 415
    code = "unsupported_media_type"
    sentence = _("Jenis kiriman ini tidak kami terima di alamat ini.")


class Throttled(Refusal):
    status = 429
    code = "throttled"
    sentence = _("Terlalu banyak permintaan.")
    retry_after = 60


class TooManyTries(Refusal):
    """Signing in and signing up; allauth counts them (`ACCOUNT_RATE_LIMITS`)."""

    status = 429
    code = "too_many_tries"
    sentence = _("Terlalu banyak percobaan dari jaringan Anda.")
    retry_after = 3600


class Failed(Refusal):
    """Our fault, and in the log."""

    status = 500
    code = "failed"
    sentence = _("Ada yang salah di pihak kami. Coba lagi sebentar lagi.")


class Unavailable(Refusal):
    """The database, Valkey or the object store is away."""

    status = 503
    code = "unavailable"
    sentence = _("Layanan sedang tidak tersedia.")
    retry_after = 30


# --- Which exception is which refusal ---------------------------------------------------------

# The first that matches counts; what is in none of them is our fault. `drf.Throttled` carries its own wait.
REFUSED_AS: tuple[tuple[type[Exception] | tuple[type[Exception], ...], type[Refusal]], ...] = (
    ((drf.ParseError, MultiPartParserError), ParseError),
    (drf.ValidationError, Invalid),
    (drf.NotAuthenticated, SignInFirst),
    (drf.AuthenticationFailed, SignInFirst),
    ((drf.PermissionDenied, django.PermissionDenied), NotAllowed),
    ((drf.NotFound, Http404), NotFound),
    (drf.MethodNotAllowed, MethodNotAllowed),
    (drf.NotAcceptable, NotAcceptable),
    (drf.UnsupportedMediaType, UnsupportedMediaType),
    (drf.Throttled, Throttled),
    ((django.RequestDataTooBig, django.TooManyFieldsSent, django.TooManyFilesSent), BodyTooLarge),
    ((django.SuspiciousOperation, django.BadRequest, UnreadablePostError), BadRequest),
    ((OperationalError, InterfaceError, redis.ConnectionError, redis.TimeoutError), Unavailable),
    # What no field can hold: NUL, lone surrogates, numbers beyond a column's range, JSON nested without end.
    ((DataError, UnicodeError, RecursionError), BadRequest),
)


def as_refusal(exc: BaseException | None) -> Refusal | None:
    """The refusal that an exception stands for; None where it is a fault of ours."""
    if isinstance(exc, Refusal):
        return exc
    if isinstance(exc, drf.PermissionDenied) and str(exc.detail).startswith("CSRF"):
        return StaleForm()
    if isinstance(exc, ValueError) and "NUL (0x00)" in str(exc):  # psycopg2's words
        return BadRequest()
    for kinds, refusal in REFUSED_AS:
        if isinstance(exc, kinds):
            return refusal()
    return None


def wait_of(exc: BaseException | None, refusal: Refusal) -> int | None:
    """After how many seconds trying again makes sense."""
    if isinstance(exc, drf.Throttled) and (wait := getattr(exc, "wait", None)):
        return int(wait) + 1
    return refusal.retry_after


# --- The API's answers ------------------------------------------------------------------------


def body(refusal: Refusal, wait: int | None = None, fields: Mapping[str, Any] | None = None) -> dict[str, Any]:
    """The one shape of an error in the API."""
    error: dict[str, Any] = {"code": refusal.code, "message": message(refusal, wait)}
    if fields:
        error["fields"] = fields
    return {"error": error}


def api_exception_handler(exc: Exception, context: dict[str, Any]) -> Response | None:
    """DRF's hook: our refusals, DRF's own errors and outages get the same shape. None: a fault of ours."""
    refusal = as_refusal(exc)
    if refusal is None:
        return None
    _note(exc, refusal)
    set_rollback()
    wait = wait_of(exc, refusal)
    fields = dict(_fields(exc.detail)) if isinstance(exc, drf.ValidationError) else refusal.fields
    headers = {**refusal.headers, **({"Retry-After": str(wait)} if wait else {})}
    response = Response(body(refusal, wait, fields), status=refusal.status, headers=headers)
    return mark(response, refusal)


def _fields(detail: Any, path: str = "") -> Iterator[tuple[str, list[str]]]:
    """DRF's nested details as `{"numbers.paslon_1": ["…"]}`."""
    if isinstance(detail, Mapping):
        for key, value in detail.items():
            yield from _fields(value, f"{path}.{key}" if path else str(key))
    elif isinstance(detail, Sequence) and not isinstance(detail, str):
        sentences = [_sentence(item) for item in detail if isinstance(item, str)]
        if sentences:
            yield path or api_settings.NON_FIELD_ERRORS_KEY, sentences
        for number, item in enumerate(detail):
            if not isinstance(item, str):
                yield from _fields(item, f"{path}.{number}" if path else str(number))
    else:
        yield path, [_sentence(detail)]


def _sentence(detail: Any) -> str:
    """DRF's own words, unless they repeat what was sent."""
    repeats = getattr(detail, "code", "") in ("invalid_choice", "does_not_exist")
    return gettext("Pilihan ini tidak ada.") if repeats else str(detail)


def _note(exc: BaseException | None, refusal: Refusal) -> None:
    """Outages and what the database would not take go into the log, by kind and place: their words may quote people."""
    if not isinstance(exc, Refusal | drf.APIException | Http404 | django.PermissionDenied) and exc is not None:
        *_, place = traceback.extract_tb(exc.__traceback__)
        level = logging.ERROR if refusal.status >= 500 else logging.WARNING
        log.log(level, "%s at %s:%s became %s", type(exc).__name__, place.filename, place.lineno, refusal.code)


# --- The pages' answers -----------------------------------------------------------------------


def answer(request: HttpRequest, refusal: Refusal, wait: int | None = None) -> HttpResponse:
    """A refusal as a page, or as JSON under /api/."""
    wait = wait or refusal.retry_after
    if request.path.startswith("/api/"):
        response = HttpResponse(json.dumps(body(refusal, wait)), "application/json", refusal.status)
    else:
        shown = {"refusal": refusal, "message": message(refusal, wait)}
        # Without the request nobody asks who is signed in: that would need the database that is away.
        known = None if refusal.status >= 500 else request
        response = HttpResponse(render_to_string("refusal.html", shown, known), status=refusal.status)
    if wait:
        response["Retry-After"] = str(wait)
    return mark(response, refusal)


class RefusalMiddleware:
    """Refuses bodies that are too large before anybody reads them, and answers what pages refuse."""

    # A body that is not much too large is read and thrown away, so that its sender hears why.
    DRAINED = 64 * 1024 * 1024

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        if refusal := self._too_large(request):
            return answer(request, refusal)
        response = self.get_response(request)
        if isinstance(response, HttpResponseNotAllowed) and not response.content:
            allowed, response = response["Allow"], answer(request, MethodNotAllowed())
            response["Allow"] = allowed
        return response

    def process_exception(self, request: HttpRequest, exception: Exception) -> HttpResponse | None:
        refusal = as_refusal(exception)
        if refusal is None:
            return None
        _note(exception, refusal)
        return answer(request, refusal, wait_of(exception, refusal))

    def _too_large(self, request: HttpRequest) -> Refusal | None:
        try:
            length = int(request.META.get("CONTENT_LENGTH") or 0)
        except ValueError:
            return BadRequest()
        multipart = request.META.get("CONTENT_TYPE", "").startswith("multipart/")
        limit = settings.DATA_UPLOAD_MAX_MEMORY_SIZE + (settings.MAX_PHOTO_BYTES if multipart else 0)
        if length <= limit:
            return None
        if isinstance(request, WSGIRequest) and length <= self.DRAINED:
            while request.read(1024 * 1024):
                pass
        return TooLarge(length) if multipart else BodyTooLarge()


# Django's hooks, named in pemantau/urls.py and the settings.


def bad_request(request: HttpRequest, exception: Exception) -> HttpResponse:
    return answer(request, as_refusal(exception) or BadRequest())


def forbidden(request: HttpRequest, exception: Exception) -> HttpResponse:
    return answer(request, NotAllowed())


def stale_form(request: HttpRequest, reason: str = "") -> HttpResponse:
    return answer(request, StaleForm())


def not_found(request: HttpRequest, exception: Exception) -> HttpResponse:
    return answer(request, NotFound())


def too_many(request: HttpRequest) -> HttpResponse:
    return answer(request, TooManyTries())


def failed(request: HttpRequest) -> HttpResponse:
    """Something was raised outside the views: an outage, or a fault of ours."""
    exc = sys.exc_info()[1]
    refusal = as_refusal(exc)
    return answer(request, refusal if refusal and refusal.status == 503 else Failed())
