"""Adjudicators and operators prove more than that they can open somebody's e-mail (TRUST section 1, T16).

Before anything that only these two roles may do, they have used a passkey, an authenticator app or one of its
recovery codes in this session; before roles change, within the last quarter of an hour. `SECOND_FACTOR_REQUIRED` is on
in production, and `manage.py check --deploy` complains where it is not.
"""

import time
from collections.abc import Iterable
from typing import Any

from allauth.account.authentication import get_authentication_records
from allauth.core.exceptions import ReauthenticationRequired
from allauth.mfa.models import Authenticator
from django.conf import settings
from django.core.checks import CheckMessage, Tags, Warning, register
from django.db.models import QuerySet
from django.http import HttpRequest

from accounts.models import Role, User

ROLES = frozenset({Role.ADJUDICATOR, Role.OPERATOR})
FRESH_SECONDS = 15 * 60
KINDS = (Authenticator.Type.WEBAUTHN, Authenticator.Type.TOTP)


def is_due(request: HttpRequest, roles: Iterable[str]) -> bool:
    """Whether what only `roles` may do has to wait until this person has used their second factor."""
    guarded = settings.SECOND_FACTOR_REQUIRED and ROLES.issuperset(roles)
    return guarded and used_at(request) is None


def ask_again(request: HttpRequest, *, always: bool = False) -> None:
    """Let nobody on whose proof is older than a quarter of an hour: allauth asks, then goes on with the request."""
    if (settings.SECOND_FACTOR_REQUIRED or always) and not is_fresh(request):
        raise ReauthenticationRequired


def is_fresh(request: HttpRequest) -> bool:
    used = used_at(request)
    return used is not None and time.time() - used < FRESH_SECONDS


def used_at(request: HttpRequest) -> float | None:
    """When this session's person last used a second factor in it, as seconds since 1970. No query."""
    records: list[dict[str, Any]] = get_authentication_records(request, request.user)
    return max((record["at"] for record in records if record["method"] == "mfa"), default=None)


def of(person: User) -> QuerySet[Authenticator]:
    """Somebody's passkeys and authenticator app."""
    return Authenticator.objects.filter(user=person, type__in=KINDS)


@register(Tags.security, deploy=True)
def check_second_factor(**kwargs: object) -> list[CheckMessage]:
    if settings.SECOND_FACTOR_REQUIRED:
        return []
    return [
        Warning(
            "Adjudicators and operators sign in with an e-mail code alone.",
            hint="Leave SECOND_FACTOR_REQUIRED away, or set it to true.",
            id="accounts.W001",
        )
    ]
