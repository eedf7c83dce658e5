"""Forms of signing in that differ from allauth's."""

from typing import Any

from allauth.account import forms
from allauth.mfa.webauthn import forms as webauthn
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


class AddPasskeyForm(webauthn.AddWebAuthnForm):
    """A key that opens the account by itself, unless one says that it is to be a second step only."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        kwargs["initial"] = {"passwordless": True} | kwargs.get("initial", {})
        super().__init__(*args, **kwargs)
        self.fields["name"].label = _("Nama")
        self.fields["name"].help_text = _("Agar Anda mengenalinya nanti, seperti “Ponsel saya”.")
        self.fields["passwordless"].label = _("Masuk hanya dengan passkey ini")
        self.fields["passwordless"].help_text = _(
            "Perangkat meminta sidik jari, wajah atau PIN. Tanpa centang, kunci ini hanya dipakai sesudah kode e-mail."
        )


class EditPasskeyForm(webauthn.EditWebAuthnForm):
    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["name"].label = _("Nama")
