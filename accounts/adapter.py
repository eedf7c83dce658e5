"""What we decide differently from allauth about signing in, and what of it stands in the log."""

import logging
from typing import Any

from allauth.account.adapter import DefaultAccountAdapter
from django.contrib.auth.models import AnonymousUser
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _

from accounts import devices, independence
from accounts.models import Role, User

log = logging.getLogger(__name__)

# Where somebody goes after signing in, if they were not on their way somewhere.
AFTER_SIGNING_IN: dict[str, str] = {Role.VOLUNTEER: "/baca/", Role.ADJUDICATOR: "/putusan/", Role.OPERATOR: "/kelola/"}


def way_after_signing_in(person: User) -> str:
    return AFTER_SIGNING_IN.get(person.role, "/akun/")


class AccountAdapter(DefaultAccountAdapter):
    error_messages = DefaultAccountAdapter.error_messages | {
        "incorrect_code": _("Kode ini salah. Periksa huruf dan angkanya, atau minta kode baru."),
        "too_many_login_attempts": _(
            "Terlalu banyak percobaan. Minta kode baru; kalau tetap ditolak, coba lagi dalam satu jam."
        ),
    }

    def get_client_ip(self, request: HttpRequest) -> str:
        """Rate limits count by the address that our own proxies vouch for."""
        return devices.client_address(request)

    def get_login_redirect_url(self, request: HttpRequest) -> str:
        assert isinstance(request.user, User)
        return way_after_signing_in(request.user)

    def get_reauthentication_methods(self, user: User | AnonymousUser) -> list[dict[str, Any]]:
        """A passkey before a code: who has just added one has no other code yet. A password comes last."""
        methods = super().get_reauthentication_methods(user)
        order = {"mfa_reauthenticate:webauthn": 0, "mfa_reauthenticate": 1}
        return sorted(methods, key=lambda method: order.get(method["id"], 2))

    def login(self, request: HttpRequest, user: User) -> None:
        super().login(request, user)
        # Who sent something from this browser before they signed in neither reads nor judges it, wherever they do that.
        if device := devices.known(request):
            independence.record_sighting(user, device, "")
        log.info("account %s signed in", user.pk)

    def authentication_failed(self, request: HttpRequest, **credentials: Any) -> None:
        super().authentication_failed(request, **credentials)
        log.warning("a sign-in failed")
