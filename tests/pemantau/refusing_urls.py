"""Addresses that fail in every way, for test_refusals."""

import redis
from django.core.exceptions import PermissionDenied, RequestDataTooBig, SuspiciousOperation
from django.db import DataError, InterfaceError, OperationalError, connection
from django.http import Http404, HttpResponse
from django.urls import path
from django.views.decorators.http import require_POST
from rest_framework import exceptions, serializers
from rest_framework.permissions import AllowAny
from rest_framework.response import Response
from rest_framework.views import APIView

from accounts.refusals import Refusal
from pemantau.urls import handler400, handler403, handler404, handler500, urlpatterns  # noqa: F401


class Teapot(Refusal):
    status = 418
    code = "teapot"
    sentence = "Ini {what}."


SECRET = "sari@contoh.test"


def nul() -> None:
    with connection.cursor() as cursor:
        cursor.execute("SELECT %s", ["a\x00b"])


def too_big_a_number() -> None:
    with connection.cursor() as cursor:
        cursor.execute("SELECT (%s)::smallint", [10**9])


def lone_surrogate() -> None:
    with connection.cursor() as cursor:
        cursor.execute("SELECT %s", ["\ud800"])


RAISES = {
    "teapot": Teapot(what="teko"),
    "http404": Http404(),
    "denied": PermissionDenied(SECRET),
    "suspicious": SuspiciousOperation(SECRET),
    "toobig": RequestDataTooBig(),
    "database": OperationalError(SECRET),
    "interface": InterfaceError(SECRET),
    "redis": redis.ConnectionError(SECRET),
    "dataerror": DataError(SECRET),
    "throttled": exceptions.Throttled(wait=89.2),
    "signin": exceptions.NotAuthenticated(),
    "csrf": exceptions.PermissionDenied("CSRF Failed: CSRF token missing."),
    "nested": exceptions.ValidationError({"numbers": {"paslon_1": ["a"]}, "pages": [{}, {"x": ["b"]}]}),
    "listed": exceptions.ValidationError(["a", "b"]),
    "fault": KeyError(SECRET),
}
CALLS = {"nul": nul, "number": too_big_a_number, "surrogate": lone_surrogate}


def fail(what: str) -> None:
    if what in CALLS:
        CALLS[what]()
    raise RAISES[what]


def page(request, what: str) -> HttpResponse:
    fail(what)


class Body(serializers.Serializer):
    number = serializers.IntegerField(min_value=0, max_value=999)


class Api(APIView):
    permission_classes = [AllowAny]
    authentication_classes = []

    def get(self, request, what):
        fail(what)

    def post(self, request, what):
        body = Body(data=request.data)
        body.is_valid(raise_exception=True)
        return Response(body.validated_data)


def fails_outside_a_view(get_response):
    def middleware(request):
        if "outside" in request.path:
            raise RAISES[request.path.strip("/").rsplit("/", 1)[-1]]
        return get_response(request)

    return middleware


urlpatterns = [
    path("api/v1/fail/<what>/", Api.as_view()),
    path("fail/post/", require_POST(lambda request: HttpResponse("ok"))),
    path("fail/<what>/", page),
    *urlpatterns,
]
