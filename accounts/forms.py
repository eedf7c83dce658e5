"""Forms of signing in that differ from allauth's."""

from allauth.account import forms
from django.utils.translation import gettext_lazy as _

WITH_PASSWORD = "sandi"  # noqa: S105  # of the address `/akun/login/?sandi=1`


class LoginForm(forms.LoginForm):
    """An e-mail address, to which a code is sent; a password for those who have one and ask for its field."""

    def _setup_password_field(self) -> None:
        # allauth takes the field away where signing up asks for no password.
        if "password" in self.data or (self.request and WITH_PASSWORD in self.request.GET):
            self.fields["password"].required = False
            self.fields["password"].help_text = _("Kosongkan, dan kami kirim kode sekali pakai ke e-mail Anda.")
        else:
            del self.fields["password"]
