"""Signing up, signing in, and how often one may try."""

import re
import subprocess
import sys
from io import StringIO

import pytest
import time_machine
from allauth.account.models import EmailAddress
from allauth.mfa.totp.internal import auth as totp
from django.conf import settings as configured
from django.core import mail
from django.core.management import CommandError, call_command
from django.test import Client
from django.urls import reverse

from accounts import devices
from accounts.management.commands.sample_accounts import PASSWORD
from accounts.models import Device, Role, Sighting, User

pytestmark = pytest.mark.django_db


@pytest.fixture
def sample_accounts():
    call_command("sample_accounts", volunteers=2, adjudicators=1, operators=1, stdout=StringIO())


def sign_in(client, email="relawan1@contoh.test", password=PASSWORD, **extra):
    return client.post(reverse("account_login"), {"login": email, "password": password}, **extra)


def test_a_volunteer_signs_in_with_a_password_and_goes_to_the_photos(client, sample_accounts):
    assert sign_in(client)["Location"] == "/baca/"


def test_each_role_goes_to_its_own_work_and_everybody_to_where_they_were_going(client, sample_accounts):
    assert sign_in(client, "verifikator1@contoh.test")["Location"] == "/putusan/"
    client.logout()
    assert sign_in(client, "pengelola1@contoh.test")["Location"] == "/kelola/"
    client.logout()
    response = client.post("/akun/login/?next=/akun/", {"login": "relawan2@contoh.test", "password": PASSWORD})
    assert response["Location"] == "/akun/"


@pytest.mark.parametrize("next_page", ["https://evil.test/", "//evil.test/", "javascript:alert(1)"])
def test_nobody_is_sent_to_another_site(client, sample_accounts, next_page):
    response = client.post(f"/akun/login/?next={next_page}", {"login": "relawan1@contoh.test", "password": PASSWORD})
    assert "evil" not in response["Location"]
    assert response["Location"].startswith("/")


CODE = re.compile(r"[A-Z0-9]{4}-[A-Z0-9]{4}")


def code_in(message) -> str:
    return CODE.search(message.body)[0]


def code_in_the_mail() -> str:
    return code_in(mail.outbox[-1])


def asks_for_a_code(client, email="relawan1@contoh.test", **extra):
    return client.post(reverse("account_login"), {"login": email}, **extra)


def types(client, code: str):
    return client.post(reverse("account_confirm_login_code"), {"code": code})


def is_in(client) -> bool:
    return "_auth_user_id" in client.session


def test_a_citizen_signs_up_with_a_code_and_is_a_citizen(client):
    response = client.post(reverse("account_signup"), {"email": "Sari@Contoh.test", "role": "operator"}, follow=True)
    assert "sari@contoh.test" in response.content.decode()
    response = client.post(reverse("account_email_verification_sent"), {"code": code_in_the_mail()})
    assert response["Location"] == "/akun/"
    sari = User.objects.get()
    assert (sari.email, sari.role) == ("sari@contoh.test", Role.CITIZEN)
    assert EmailAddress.objects.get(user=sari).verified
    assert "sari@contoh.test" in client.get("/akun/").content.decode()


def test_who_signs_up_is_told_what_comes_of_it(client):
    invitation = f"/undangan/{'0' * 32}/"
    invited = client.get(reverse("account_signup"), {"next": invitation}).content.decode()
    again = client.post(reverse("account_signup"), {"email": "none", "next": invitation}).content.decode()
    for page in (invited, again):
        assert "Sesudah itu Anda kembali ke undangan Anda, dan di sana Anda menjadi relawan." in page
        assert "pengelola dapat mengangkat" not in page
    for way in ("", "/akun/undangan/"):
        page = client.get(reverse("account_signup"), {"next": way}).content.decode()
        assert "Sesudah itu pengelola dapat mengangkat Anda menjadi relawan." in page
        assert "tidak tampil di mana pun" not in page, "operators see it"


def test_nobody_is_asked_for_a_password_unless_they_ask_for_its_field(client, sample_accounts):
    for page in ("/akun/login/", "/akun/signup/", "/akun/login/code/"):
        assert 'type="password"' not in client.get(page).content.decode()
    page = client.get("/akun/login/?next=/akun/email/").content.decode()
    assert "/akun/login/?next=%2Fakun%2Femail%2F&amp;sandi=1" in page
    assert 'type="password"' in client.get("/akun/login/?sandi=1").content.decode()


def test_who_signs_in_is_known_to_be_on_this_browser(client, sample_accounts):
    """What they sent from it before, signed out, is theirs, wherever they judge it."""
    device = Device.objects.create()
    client.cookies[devices.COOKIE] = devices._signer.sign(str(device.pk))
    sign_in(client)
    seen = Sighting.objects.get()
    assert (seen.user.email, seen.device, seen.address_block) == ("relawan1@contoh.test", device, "")


def test_who_signed_up_has_no_password_and_signs_in_with_another_code(client, sample_accounts):
    client.post(reverse("account_signup"), {"email": "sari@contoh.test"})
    client.post(reverse("account_email_verification_sent"), {"code": code_in_the_mail()})
    assert not User.objects.get(email="sari@contoh.test").has_usable_password()
    client.logout()
    asks_for_a_code(client, "Sari@contoh.test")
    types(client, code_in_the_mail().lower())
    assert is_in(client)


def test_signing_up_again_tells_the_owner_of_the_address_and_nobody_else(sample_accounts):
    answers = [
        Client().post(reverse("account_signup"), {"email": email}, follow=True)
        for email in ("stranger@contoh.test", "relawan1@contoh.test")
    ]
    shown = [answer.content.decode().replace("relawan1@", "stranger@") for answer in answers]
    assert answers[0].redirect_chain == answers[1].redirect_chain
    assert without_tokens(shown[0]) == without_tokens(shown[1])
    assert [message.to for message in mail.outbox] == [["stranger@contoh.test"], ["relawan1@contoh.test"]]
    assert CODE.search(mail.outbox[0].body)
    assert not CODE.search(mail.outbox[1].body)
    assert "sudah punya akun" in mail.outbox[1].body


def without_tokens(page: str) -> str:
    return re.sub(r'value="[A-Za-z0-9]{64}"', "", page)


def test_the_mail_has_the_code_first_and_says_how_long_it_is_valid(client, sample_accounts):
    asks_for_a_code(client)
    message = mail.outbox[-1]
    assert re.match(r"[A-Z0-9]{4}-[A-Z0-9]{4}\n", message.body)
    assert "berlaku 10 menit" in message.body
    assert configured.ACCOUNT_LOGIN_BY_CODE_TIMEOUT == 10 * 60
    assert (message.subject, "example" in message.body) == ("Pemantau: Kode masuk Anda", False)
    assert "relawan1" not in message.body
    asks_for_a_code(Client(), HTTP_ACCEPT_LANGUAGE="en")
    assert mail.outbox[-1].subject == "Pemantau: Your sign-in code"


def test_signing_in_with_a_code(client, sample_accounts):
    client.post(reverse("account_request_login_code"), {"email": "relawan1@contoh.test"})
    response = client.post(reverse("account_confirm_login_code"), {"code": code_in_the_mail()})
    assert response["Location"] == "/baca/"


def test_without_a_password_the_code_is_sent_at_once(client, sample_accounts):
    response = sign_in(client, password="")
    assert response["Location"] == reverse("account_confirm_login_code")
    assert mail.outbox[-1].to == ["relawan1@contoh.test"]
    client.post(reverse("account_confirm_login_code"), {"code": code_in_the_mail()})
    assert "_auth_user_id" in client.session


def test_a_wrong_code_is_said_and_the_right_one_still_opens(client, sample_accounts):
    asks_for_a_code(client)
    response = types(client, "AAAA-AAAA")
    assert "Kode ini salah." in response.content.decode()
    assert not is_in(client)
    types(client, code_in_the_mail())
    assert is_in(client)


def test_after_three_wrong_codes_the_right_one_is_worth_nothing(client, sample_accounts):
    asks_for_a_code(client)
    code = code_in_the_mail()
    for _ in range(3):
        response = types(client, "AAAA-AAAA")
    assert "Terlalu banyak percobaan." in client.get(response["Location"]).content.decode()
    types(client, code)
    assert not is_in(client)


def test_a_code_is_valid_for_ten_minutes_once_and_in_one_browser(client, sample_accounts):
    with time_machine.travel(0, tick=False) as clock:
        asks_for_a_code(client)
        old = code_in_the_mail()
        clock.shift(601)
        response = types(client, old)
        assert "Kode ini tidak berlaku lagi." in client.get(response["Location"]).content.decode()
        assert not is_in(client)
        asks_for_a_code(client)
        assert types(Client(), code_in_the_mail()).status_code == 302
        types(client, old)
        assert not is_in(client), "an older code"
        clock.shift(599)
        types(client, code_in_the_mail())
        assert is_in(client)
        client.logout()
        types(client, code_in_the_mail())
        assert not is_in(client), "twice"


def test_a_new_code_can_be_asked_for_until_it_is_too_often(client, sample_accounts):
    response = client.get(asks_for_a_code(client)["Location"])
    assert 'action="/akun/login/code/"' in response.content.decode()
    for _ in range(10):
        client.post("/akun/login/code/", {"email": "relawan1@contoh.test"})
    assert len(mail.outbox) == 5
    assert len({code_in(message) for message in mail.outbox}) == 5, "each a new one"
    assert "Terlalu banyak percobaan." in asks_for_a_code(Client()).content.decode(), "whichever form asks, wherever"
    assert asks_for_a_code(Client(), "relawan2@contoh.test").status_code == 302
    types(client, code_in(mail.outbox[0]))
    assert not is_in(client), "an earlier one"
    types(client, code_in(mail.outbox[4]))
    assert is_in(client), "the last one of this browser"


def test_strangers_get_no_mail_and_hear_nothing_about_who_has_an_account(sample_accounts):
    """Neither when asking, nor from a wrong code, nor from how often."""
    heard = []
    for email in ("relawan1@contoh.test", "stranger@contoh.test"):
        client = Client()
        answers = [asks_for_a_code(client, email), client.get(reverse("account_confirm_login_code"))]
        answers += [types(client, code) for code in ("AAAA-AAAA", "-", "AAAA-AAAA")]
        answers += [client.get("/akun/login/code/")]
        answers += [client.post("/akun/login/code/", {"email": email}) for _ in range(6)]
        pages = [without_tokens(answer.content.decode()).replace(email, "") for answer in answers]
        heard.append([(a.status_code, a.headers.get("Location"), page) for a, page in zip(answers, pages, strict=True)])
        assert not any(email in str(morsel) for morsel in client.cookies.values()), "an address in a cookie"
    assert heard[0] == heard[1]
    assert {address for message in mail.outbox for address in message.to} == {"relawan1@contoh.test"}


def test_somebody_who_was_suspended_does_not_come_in(client, sample_accounts):
    User.objects.update(is_active=False)
    sign_in(client)
    assert "_auth_user_id" not in client.session


def test_ten_wrong_passwords_an_hour_close_the_account_from_wherever_they_come(client, sample_accounts, settings):
    settings.TRUSTED_PROXY_COUNT = 1
    for number in range(10):
        sign_in(client, password="wrong", HTTP_X_FORWARDED_FOR=f"36.68.{number}.1")
    sign_in(client, HTTP_X_FORWARDED_FOR="36.68.99.1")
    assert "_auth_user_id" not in client.session
    sign_in(client, "relawan2@contoh.test", HTTP_X_FORWARDED_FOR="36.68.99.1")
    assert "_auth_user_id" in client.session


def test_one_address_tries_so_often_and_another_one_is_not_in_its_way(client, sample_accounts, settings):
    settings.TRUSTED_PROXY_COUNT = 1
    settings.ACCOUNT_RATE_LIMITS = {"login": "3/h/ip"}
    for _ in range(3):
        sign_in(client, "stranger@contoh.test", HTTP_X_FORWARDED_FOR="1.1.1.1, 36.68.1.1")
    response = sign_in(client, HTTP_X_FORWARDED_FOR="2.2.2.2, 36.68.1.1")
    assert response.status_code == 429
    assert response["Retry-After"] == "3600"
    assert "Coba lagi dalam 1 jam." in response.content.decode()
    assert sign_in(client, HTTP_X_FORWARDED_FOR="36.68.2.1")["Location"] == "/baca/"


def test_with_a_second_step_neither_a_code_nor_a_password_is_enough(client, sample_accounts, caplog):
    secret = totp.generate_totp_secret()
    totp.TOTP.activate(User.objects.get(email="relawan1@contoh.test"), secret)
    asks_for_a_code(client)
    assert types(client, code_in_the_mail())["Location"] == "/akun/2fa/authenticate/"
    assert not is_in(client)
    client.post("/akun/2fa/authenticate/", {"code": "AAAAAA"})
    assert not is_in(client)
    assert "totp failed" in caplog.text
    client.post("/akun/2fa/authenticate/", {"code": now(secret)})
    assert is_in(client)
    other = Client()
    assert sign_in(other)["Location"] == "/akun/2fa/authenticate/"
    assert not is_in(other)


def now(secret: str) -> str:
    """What the authenticator app shows."""
    return totp.format_hotp_value(totp.hotp_value(secret, next(totp.yield_hotp_counters_from_time())))


# --- Cookies ----------------------------------------------------------------------------------


def test_signed_in_cookies_are_for_us_alone(client, sample_accounts):
    cookie = sign_in(client).cookies["sessionid"]
    assert cookie["httponly"]
    assert cookie["samesite"] == "Lax"
    assert cookie["max-age"] == 12 * 3600


def test_a_reader_who_changes_the_language_gets_that_one_cookie(client):
    response = client.post("/bahasa/", {"language": "en", "next": "/akun/login/"})
    assert response["Location"] == "/akun/login/"
    assert list(response.cookies) == ["django_language"]
    response = client.post("/bahasa/", {"language": "en", "next": "https://evil.test/"})
    assert response["Location"] == "/"


# --- Sample accounts and Google ------------------------------------------------------------------


def test_sample_accounts_may_be_made_again(sample_accounts):
    out = StringIO()
    call_command("sample_accounts", volunteers=3, adjudicators=1, operators=1, stdout=out)
    assert User.objects.filter(role=Role.VOLUNTEER).count() == EmailAddress.objects.count() - 2 == 3
    assert "relawan3@contoh.test" in out.getvalue()


def test_sample_accounts_are_refused_in_production(settings):
    settings.DEVELOPMENT = False
    with pytest.raises(CommandError):
        call_command("sample_accounts")
    assert not User.objects.exists()


@pytest.mark.slow
@pytest.mark.parametrize(
    ("google", "expected"), [("", "no google False False False"), ("id-of-ours", "/akun/google/login/ True True True")]
)
def test_google_is_there_only_with_its_keys(google, expected, monkeypatch):
    """Its address, its code, its button, and its host in the policy of the pages."""
    monkeypatch.setenv("GOOGLE_CLIENT_ID", google)
    monkeypatch.setenv("GOOGLE_CLIENT_SECRET", "secret")
    program = (
        "import os, sys, django; os.environ['DJANGO_SETTINGS_MODULE'] = 'pemantau.settings'; django.setup()\n"
        "from django.core.management import call_command; call_command('check')\n"
        "from django.test import Client; from django.urls import NoReverseMatch, reverse\n"
        "try: address = reverse('google_login')\n"
        "except NoReverseMatch: address = 'no google'\n"
        "page = Client().get('/akun/login/', headers={'host': '127.0.0.1'})\n"
        "button = 'Masuk dengan Google' in page.content.decode()\n"
        "policy = 'google' in page['Content-Security-Policy']\n"
        "print(address, 'allauth.socialaccount.models' in sys.modules, button, policy)\n"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert done.stdout.splitlines()[-1] == expected
