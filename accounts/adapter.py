"""What we decide differently from allauth about signing in."""

from allauth.account.adapter import DefaultAccountAdapter
from django.http import HttpRequest

from accounts import devices
from accounts.models import Role, User

# Where somebody goes after signing in, if they were not on their way somewhere.
AFTER_SIGNING_IN: dict[str, str] = {Role.VOLUNTEER: "/baca/", Role.ADJUDICATOR: "/putusan/", Role.OPERATOR: "/kelola/"}


class AccountAdapter(DefaultAccountAdapter):
    def get_client_ip(self, request: HttpRequest) -> str:
        """Rate limits count by the address that our own proxies vouch for."""
        return devices.client_address(request)

    def get_login_redirect_url(self, request: HttpRequest) -> str:
        assert isinstance(request.user, User)
        return AFTER_SIGNING_IN.get(request.user.role, "/akun/")
