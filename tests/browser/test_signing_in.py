"""Signing in as people do: a passkey of their device, a code of their authenticator app."""

import pytest

from accounts.models import Role
from tests.browser.conftest import DESKTOP, Person

pytestmark = [pytest.mark.browser, pytest.mark.slow]


def has_a_device_with_passkeys(person: Person) -> None:
    """A virtual authenticator, as in a phone that asks for a finger and gets one."""
    session = person.page.context.new_cdp_session(person.page)
    session.send("WebAuthn.enable")
    options = {
        "protocol": "ctap2",
        "transport": "internal",
        "hasResidentKey": True,
        "hasUserVerification": True,
        "isUserVerified": True,
        "automaticPresenceSimulation": True,
    }
    session.send("WebAuthn.addVirtualAuthenticator", {"options": options})


def test_with_a_passkey_and_no_password(site, somebody):
    sari = somebody(viewport=DESKTOP)
    has_a_device_with_passkeys(sari)
    sari.signs_in("Sari", Role.VOLUNTEER)
    sari.page.wait_for_url("**/baca/")
    sari.goes_to("/akun/2fa/webauthn/add/")
    if "reauthenticate" in sari.page.url:
        sari.page.locator("[name=password]").fill("kata-sandi-contoh")
        sari.presses("Konfirmasi")
    sari.page.locator("#id_name").fill("Ponsel saya")
    sari.page.locator("#id_passwordless").check()
    # The page sends its form by itself, once the device has answered.
    with sari.page.expect_navigation():
        sari.page.locator("#mfa_webauthn_add").click()
    sari.goes_to("/akun/logout/")
    sari.page.locator("main").get_by_role("button", name="Keluar").click()
    sari.page.wait_for_load_state()
    sari.goes_to("/akun/login/")
    sari.page.get_by_role("button", name="Masuk dengan passkey").click()
    sari.page.wait_for_url("**/baca/")
    sari.sees("Ambil foto")
