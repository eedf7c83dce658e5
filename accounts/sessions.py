"""Adjudicators and operators are signed out after half an hour in which nothing came from their browser.

(Everybody is after twelve hours, SESSION_COOKIE_AGE.) When they were last here stands in a signed cookie of
theirs, so that no request writes to the database for it.
"""

import json
from collections.abc import Callable

from django.conf import settings
from django.contrib.auth import logout
from django.contrib.sessions.models import Session
from django.core.signing import BadSignature, SignatureExpired, TimestampSigner
from django.http import HttpRequest, HttpResponse

from accounts.models import Role, User
from accounts.permissions import role_of

COOKIE = "__Host-terlihat" if settings.HTTPS else "terlihat"
IDLE_SECONDS = 30 * 60
ROLES = frozenset({Role.ADJUDICATOR, Role.OPERATOR})

_signer = TimestampSigner(salt="accounts.sessions")


class IdleMiddleware:
    """Ends sessions that were idle for too long."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        idle = _too_long_ago(request.COOKIES.get(COOKIE, ""))
        if idle and role_of(request.user) in ROLES:
            logout(request)
        response = self.get_response(request)
        # Only where somebody asked who it is: most answers need not know.
        if hasattr(request, "_cached_user"):
            if role_of(request.user) in ROLES:
                age = settings.SESSION_COOKIE_AGE
                seen = _signer.sign(str(request.user.pk))
                response.set_cookie(COOKIE, seen, max_age=age, secure=settings.HTTPS, httponly=True, samesite="Lax")
            elif COOKIE in request.COOKIES:
                response.delete_cookie(COOKIE, samesite="Lax")
        return response


def end_all_of(person: User) -> int:
    """Sign somebody out everywhere, and forget half a sign-in with their address; returns how many sessions ended.

    What a session says is sealed in its row, so all that live are looked at: those of the last twelve hours.
    """
    ended = []
    for session in Session.objects.iterator(chunk_size=500):
        said = session.get_decoded()
        if said.get("_auth_user_id") == str(person.pk) or person.email.lower() in json.dumps(said).lower():
            ended.append(session.pk)
    Session.objects.filter(pk__in=ended).delete()
    return len(ended)


def _too_long_ago(cookie: str) -> bool:
    """Whether the browser was last here more than half an hour ago; one without our cookie has just signed in."""
    try:
        _signer.unsign(cookie, max_age=IDLE_SECONDS)
    except SignatureExpired:
        return True
    except BadSignature:
        return False
    return False
