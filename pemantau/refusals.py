"""Turns refusals into answers: the one place where a rule's "no" gets a status and a sentence."""

import logging
from collections.abc import Callable
from typing import Any

from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import render
from django.utils.deprecation import MiddlewareMixin
from rest_framework.exceptions import APIException
from rest_framework.response import Response
from rest_framework.views import exception_handler

from accounts.refusals import Refusal

log = logging.getLogger(__name__)


def body(refusal: Refusal) -> dict[str, Any]:
    """The one shape of an error in the API."""
    return {"error": {"code": refusal.code, "message": refusal.text()}}


def api_exception_handler(exc: Exception, context: dict[str, Any]) -> Response | None:
    """DRF's hook: refusals and DRF's own errors get the same shape."""
    if isinstance(exc, Refusal):
        headers = {"Retry-After": str(exc.retry_after)} if exc.retry_after else {}
        return Response(body(exc), status=exc.status, headers=headers)
    response = exception_handler(exc, context)
    if response is not None and isinstance(exc, APIException):
        code = exc.default_code
        response.data = {"error": {"code": code, "message": str(exc.detail), "fields": exc.detail}}
    return response


class RefusalMiddleware(MiddlewareMixin):
    """Pages: a refusal becomes a page that says why, and what one can do."""

    get_response: Callable[[HttpRequest], HttpResponse]

    def process_exception(self, request: HttpRequest, exception: Exception) -> HttpResponse | None:
        if not isinstance(exception, Refusal):
            return None
        if request.path.startswith("/api/"):
            return JsonResponse(body(exception), status=exception.status)
        response = render(request, "refusal.html", {"refusal": exception}, status=exception.status)
        if exception.retry_after:
            response["Retry-After"] = str(exception.retry_after)
        return response
