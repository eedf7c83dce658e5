"""The sign-in form: a password for those who have one, a code by e-mail for everybody."""

from allauth.account import forms
from django.utils.translation import gettext_lazy as _


class LoginForm(forms.LoginForm):
    """Without a password a code is sent to the address."""

    def _setup_password_field(self) -> None:
        # allauth takes the field away where signing up asks for no password.
        self.fields["password"].required = False
        self.fields["password"].help_text = _("Kosongkan, dan kami kirim kode sekali pakai ke e-mail Anda.")
