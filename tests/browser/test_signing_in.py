"""Signing in as people do: a code from their e-mail, a passkey of their device."""

import re

import pytest
from allauth.account.models import EmailAddress
from allauth.mfa.models import Authenticator
from django.core import mail

from accounts.models import Role, User
from tests.browser.conftest import DESKTOP, PHONE, Person

pytestmark = [pytest.mark.browser, pytest.mark.slow]

CODE = re.compile(r"[A-Z0-9]{4}-[A-Z0-9]{4}")


def types_the_code(person: Person) -> None:
    """The last one that was sent."""
    person.page.get_by_label("Kode", exact=True).fill(CODE.search(mail.outbox[-1].body)[0])
    person.presses("Lanjut")


def signs_out(person: Person) -> None:
    person.goes_to("/akun/logout/")
    person.page.locator("main").get_by_role("button", name="Keluar").click()
    person.page.wait_for_load_state()


def has_a_device_with_passkeys(person: Person, *, says_no: bool = False) -> None:
    """A virtual authenticator, as in a phone that asks for a finger and gets one, or a wrong one."""
    session = person.page.context.new_cdp_session(person.page)
    session.send("WebAuthn.enable")
    options = {
        "protocol": "ctap2",
        "transport": "internal",
        "hasResidentKey": True,
        "hasUserVerification": True,
        "isUserVerified": not says_no,
        "automaticPresenceSimulation": True,
    }
    session.send("WebAuthn.addVirtualAuthenticator", {"options": options})


def uses_the_passkey(person: Person) -> None:
    with person.page.expect_navigation():
        person.page.get_by_role("button", name="Pakai passkey").click()
    person.nothing_hangs_over_the_edge()


def adds_a_passkey(person: Person, name: str) -> None:
    person.goes_to("/akun/2fa/webauthn/add/")
    person.picture("passkey-add")
    person.page.get_by_label("Nama").fill(name)
    # The page sends its form by itself, once the device has answered.
    with person.page.expect_navigation():
        person.page.get_by_role("button", name="Tambah passkey").click()
    person.sees("Passkey ditambahkan.")
    person.nothing_hangs_over_the_edge()


@pytest.mark.parametrize("viewport", [PHONE, DESKTOP], ids=["phone", "desk"])
def test_from_signing_up_to_signing_in_without_any_password(site, somebody, viewport):
    sari = somebody(viewport=viewport)
    sari.goes_to("/akun/signup/")
    assert sari.page.locator("[type=password]").count() == 0
    sari.page.get_by_label("E-mail", exact=True).fill("sari.baru@contoh.test")
    sari.presses("Kirim kode")
    sari.picture("signup-code")
    types_the_code(sari)
    sari.sees("sari.baru@contoh.test")
    assert not User.objects.get(email="sari.baru@contoh.test").has_usable_password()
    signs_out(sari)

    sari.goes_to("/akun/login/")
    assert sari.page.locator("[type=password]").count() == 0
    sari.page.get_by_label("E-mail", exact=True).fill("sari.baru@contoh.test")
    sari.presses("Kirim kode")
    sari.picture("login-code")
    sari.page.get_by_label("Kode", exact=True).fill("AAAA-AAAA")
    sari.presses("Lanjut")
    sari.sees("Kode ini salah.")
    sari.picture("login-code-wrong")
    sari.presses("Kirim kode baru")
    assert len({CODE.search(message.body)[0] for message in mail.outbox}) == 3, "one to sign up, two to sign in"
    types_the_code(sari)
    sari.page.wait_for_url("**/akun/")


def test_the_way_with_a_password_is_one_link_away_and_keeps_where_one_was_going(site, somebody):
    sari = somebody(java_script_enabled=False)
    sari.goes_to("/akun/login/?next=/akun/email/")
    sari.clicks("Masuk dengan kata sandi")
    sari.picture("login-password")
    assert sari.page.locator("[name=next]").first.get_attribute("value") == "/akun/email/"
    sari.page.get_by_label("E-mail", exact=True).fill("sari@contoh.test")
    sari.page.locator("[name=password]").fill("kata-sandi-salah")
    sari.presses("Masuk")
    assert sari.page.locator("[name=password]").is_visible(), "to try again"
    sari.picture("login-password-wrong")


@pytest.mark.parametrize("viewport", [PHONE, DESKTOP], ids=["phone", "desk"])
def test_with_a_passkey_and_no_password(site, somebody, viewport):
    """Who has no password adds one, too; from then on a code by e-mail is not enough."""
    sari = somebody(viewport=viewport)
    has_a_device_with_passkeys(sari)
    person = site.person("Sari", Role.VOLUNTEER)
    person.set_unusable_password()
    person.save()
    EmailAddress.objects.create(user=person, email=person.email, verified=True, primary=True)
    sari.goes_to("/akun/login/")
    sari.page.get_by_label("E-mail", exact=True).fill(person.email)
    sari.presses("Kirim kode")
    types_the_code(sari)
    sari.page.wait_for_url("**/baca/")
    sari.goes_to("/akun/2fa/")
    sari.picture("two-steps-none")
    adds_a_passkey(sari, "Ponsel saya")
    uses_the_passkey(sari)
    sari.sees("Belum dipakai")
    sari.picture("recovery-codes")
    sari.goes_to("/akun/2fa/")
    sari.picture("two-steps")
    sari.goes_to("/akun/2fa/webauthn/")
    sari.sees("Ponsel saya")
    sari.picture("passkeys")
    signs_out(sari)

    sari.goes_to("/akun/login/")
    sari.page.get_by_role("button", name="Masuk dengan passkey").click()
    sari.page.wait_for_url("**/baca/")
    sari.sees("Ambil foto")
    signs_out(sari)

    sari.goes_to("/akun/login/")
    sari.page.get_by_label("E-mail", exact=True).fill(person.email)
    sari.presses("Kirim kode")
    types_the_code(sari)
    sari.sees("Langkah kedua")
    sari.picture("second-step")
    uses_the_passkey(sari)
    sari.page.wait_for_url("**/baca/")
    sari.sees("Ambil foto")

    # Taking it away asks for it once more.
    passkey = Authenticator.objects.get(type=Authenticator.Type.WEBAUTHN)
    sari.goes_to(f"/akun/2fa/webauthn/keys/{passkey.pk}/remove/")
    sari.picture("reauthenticate")
    uses_the_passkey(sari)
    sari.picture("passkey-remove")
    sari.presses("Hapus")
    sari.sees("Passkey dihapus.")
    sari.sees("Belum ada passkey")


def test_a_device_that_says_no_is_told_on_the_page(site, somebody):
    sari = somebody()
    has_a_device_with_passkeys(sari, says_no=True)
    sari.goes_to("/akun/login/")
    sari.page.get_by_role("button", name="Masuk dengan passkey").click()
    sari.page.get_by_role("alert").get_by_text("Passkey tidak jadi dipakai.").wait_for()
    sari.picture("passkey-refused")
