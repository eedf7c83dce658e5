"""Who may do what (TRUST section 6), in one table. Pages and API ask it; nothing else decides.

"Two different people" rules are not here: they are constraints of the tables they protect.
"""

from collections.abc import Callable
from enum import Enum
from functools import wraps
from typing import Any

from django.conf import settings
from django.contrib.auth.models import AnonymousUser
from django.contrib.auth.views import redirect_to_login
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.http import urlencode
from django.utils.translation import gettext_lazy as _
from rest_framework.permissions import BasePermission
from rest_framework.request import Request

from accounts import second_factor
from accounts.models import Role, User
from accounts.refusals import Refusal

ANONYMOUS = "anonymous"
EVERYBODY = frozenset({ANONYMOUS, *Role.values})


class Action(Enum):
    """Something a person does, and the roles that may."""

    SEE_PUBLIC = ("see", EVERYBODY)
    SEND_PHOTO = ("send", EVERYBODY)
    SEE_RECEIPT = ("receipt", EVERYBODY)  # whoever has the code
    WITHDRAW_PHOTO = ("withdraw", EVERYBODY)  # whoever has the receipt's code
    REPORT = ("report", EVERYBODY)
    MANAGE_OWN_ACCOUNT = ("account", frozenset(Role.values))
    TRANSCRIBE = ("transcribe", frozenset({Role.VOLUNTEER, Role.ADJUDICATOR}))
    ADJUDICATE = ("adjudicate", frozenset({Role.ADJUDICATOR}))
    EXCLUDE = ("exclude", frozenset({Role.ADJUDICATOR, Role.OPERATOR}))
    INVITE = ("invite", frozenset({Role.VOLUNTEER, Role.ADJUDICATOR, Role.OPERATOR}))
    GRANT_ROLES = ("grant", frozenset({Role.OPERATOR}))
    OPERATE = ("operate", frozenset({Role.OPERATOR}))

    def __init__(self, code: str, roles: frozenset[str]) -> None:
        self.code = code
        self.roles = roles


class NotAllowed(Refusal):
    status = 403
    code = "not_allowed"
    sentence = _("Peran Anda tidak boleh melakukan ini.")


class VolunteersOnly(NotAllowed):
    """The same for a citizen who wants to read: how one comes to be a volunteer, as `/akun/` says it."""

    sentence = _(
        "Foto dibaca oleh relawan. Ingin menjadi relawan? Minta tautan undangan kepada seorang relawan, atau minta "
        "pengelola mengangkat akun Anda."
    )


class Paused(Refusal):
    """Barred for now (`transcription.bars`). Why exactly is said by an operator, in person."""

    status = 403
    code = "paused"
    sentence = _(
        "Tugas Anda sedang dijeda. Ini dapat terjadi pada siapa saja. Tulis ke {contact}, lalu pengelola "
        "membicarakannya dengan Anda."
    )

    def __init__(self) -> None:
        super().__init__(contact=settings.CONTACT)


class SignInFirst(Refusal):
    status = 401
    code = "sign_in_first"
    sentence = _("Masuk dulu untuk melanjutkan.")


class SecondFactorFirst(Refusal):
    status = 403
    code = "second_factor_first"
    sentence = _("Pakai passkey atau aplikasi autentikator dulu untuk melanjutkan: buka Akun saya, langkah kedua.")


def role_of(user: User | AnonymousUser) -> str:
    return user.role if isinstance(user, User) and user.is_active else ANONYMOUS


def may(user: User | AnonymousUser, action: Action) -> bool:
    """Whether their role may, and nobody has paused them where they judge (`transcription.bars`)."""
    return role_of(user) in action.roles and not _is_barred(user, action)


def _is_barred(user: User | AnonymousUser, action: Action) -> bool:
    """Who is paused judges nothing. Of reading, `transcription.queue` tells them."""
    return action in (Action.ADJUDICATE, Action.EXCLUDE) and isinstance(user, User) and user.paused


def why_not(user: User | AnonymousUser, action: Action) -> Refusal:
    """The refusal of somebody who may not: sign in, wait until you are paused no more, or this is for other roles."""
    if role_of(user) == ANONYMOUS:
        return SignInFirst()
    if role_of(user) in action.roles and _is_barred(user, action):
        return Paused()
    return VolunteersOnly() if action is Action.TRANSCRIBE and role_of(user) == Role.CITIZEN else NotAllowed()


def page(action: Action) -> Callable[[Callable[..., HttpResponseBase]], Callable[..., HttpResponseBase]]:
    """Let a page's view be used by the roles of `action`; others sign in or are refused."""

    def decorate(view: Callable[..., HttpResponseBase]) -> Callable[..., HttpResponseBase]:
        @wraps(view)
        def guarded(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
            if may(request.user, action):
                if second_factor.is_due(request, action.roles):
                    return to_second_factor(request)
                return view(request, *args, **kwargs)
            if role_of(request.user) == ANONYMOUS:
                return redirect_to_login(request.get_full_path())
            raise why_not(request.user, action)

        guarded.action = action  # type: ignore[attr-defined]  # the test that walks all URLs reads it
        return guarded

    return decorate


def to_second_factor(request: HttpRequest) -> HttpResponse:
    """To the page that asks for it, and back to where one was going."""
    return redirect(f"{reverse('second_factor')}?{urlencode({'next': request.get_full_path()})}")


class Allows(BasePermission):
    """DRF permission: the view's `action_code` names what it does; a view without one is refused."""

    def has_permission(self, request: Request, view: Any) -> bool:
        action = getattr(view, "action_code", None)
        if action is None:
            return False
        if may(request.user, action):
            if second_factor.is_due(request, action.roles):
                raise SecondFactorFirst
            return True
        raise why_not(request.user, action)
