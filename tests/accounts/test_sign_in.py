"""Signing up, signing in, and how often one may try."""

import re
import subprocess
import sys
from io import StringIO

import pytest
from allauth.account.models import EmailAddress
from django.core import mail
from django.core.management import CommandError, call_command
from django.urls import reverse

from accounts.management.commands.sample_accounts import PASSWORD
from accounts.models import Role, User

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


def code_in_the_mail() -> str:
    return re.search(r"^\s*([A-Z0-9]{4}-[A-Z0-9]{4})\s*$", mail.outbox[-1].body, re.MULTILINE)[1]


def test_a_citizen_signs_up_with_a_code_and_is_a_citizen(client):
    response = client.post(reverse("account_signup"), {"email": "Sari@Contoh.test", "role": "operator"}, follow=True)
    assert "sari@contoh.test" in response.content.decode()
    response = client.post(reverse("account_email_verification_sent"), {"code": code_in_the_mail()})
    assert response["Location"] == "/akun/"
    sari = User.objects.get()
    assert (sari.email, sari.role) == ("sari@contoh.test", Role.CITIZEN)
    assert EmailAddress.objects.get(user=sari).verified
    assert "sari@contoh.test" in client.get("/akun/").content.decode()


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


def test_a_wrong_code_signs_nobody_in(client, sample_accounts):
    client.post(reverse("account_request_login_code"), {"email": "relawan1@contoh.test"})
    client.post(reverse("account_confirm_login_code"), {"code": "AAAA-AAAA"})
    assert "_auth_user_id" not in client.session


def test_strangers_get_no_mail_and_hear_nothing_about_who_has_an_account(client, sample_accounts):
    answers = [
        client.post(reverse("account_request_login_code"), {"email": email})
        for email in ("relawan1@contoh.test", "stranger@contoh.test")
    ]
    assert answers[0].status_code == answers[1].status_code == 302
    assert answers[0]["Location"] == answers[1]["Location"]
    assert [message.to for message in mail.outbox] == [["relawan1@contoh.test"]]


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
@pytest.mark.parametrize(("google", "expected"), [("", "no google"), ("id-of-ours", "/akun/google/login/")])
def test_google_is_there_only_with_its_keys(google, expected, monkeypatch):
    monkeypatch.setenv("GOOGLE_CLIENT_ID", google)
    monkeypatch.setenv("GOOGLE_CLIENT_SECRET", "secret")
    program = (
        "import os, django; os.environ['DJANGO_SETTINGS_MODULE'] = 'pemantau.settings'; django.setup()\n"
        "from django.core.management import call_command; call_command('check')\n"
        "from django.urls import NoReverseMatch, reverse\n"
        "try: print(reverse('google_login'))\n"
        "except NoReverseMatch: print('no google')\n"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert done.stdout.splitlines()[-1] == expected
