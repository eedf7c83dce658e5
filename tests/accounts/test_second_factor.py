"""Adjudicators and operators go nowhere with an e-mail code alone; two operators help who lost their device."""

import json
import threading

import pytest
import time_machine
from allauth.account.models import EmailAddress
from allauth.mfa.models import Authenticator
from allauth.mfa.recovery_codes.internal.auth import RecoveryCodes
from allauth.mfa.totp.internal import auth as totp
from django.contrib.sessions.models import Session
from django.core.management import CommandError, call_command
from django.db import IntegrityError, connection
from django.db.models.functions import Now
from django.test import Client
from django.urls import reverse

from accounts import commitments, factor_resets, roles, second_factor
from accounts.models import FactorReset, Role, User
from accounts.permissions import NotAllowed
from ledger.models import Event
from tests.accounts.test_sign_in import asks_for_a_code, code_in_the_mail, now, types

LOG = "contoh"


@pytest.fixture
def required(settings):
    settings.SECOND_FACTOR_REQUIRED = True


def account(world, name: str, role: str) -> User:
    person = world.person(name, role)
    person.set_unusable_password()
    person.save()
    EmailAddress.objects.get_or_create(user=person, email=person.email, verified=True, primary=True)
    return person


def app_of(person: User) -> str:
    secret = totp.generate_totp_secret()
    totp.TOTP.activate(person, secret)
    return secret


def comes_in(person: User, secret: str = "") -> Client:
    """By a code, and the authenticator app where there is one."""
    client = Client()
    asks_for_a_code(client, person.email)
    types(client, code_in_the_mail())
    if secret:
        client.post("/akun/2fa/authenticate/", {"code": now(secret)})
    return client


WORK = {
    Role.ADJUDICATOR: ["/putusan/"],
    Role.OPERATOR: ["/kelola/", "/kelola/orang/", "/kelola/siaga/", "/kelola/dahulukan/", "/kelola/undangan/"],
}
PATHS = [(role, path) for role, paths in WORK.items() for path in paths]


@pytest.mark.parametrize(("role", "path"), PATHS)
def test_an_e_mail_code_alone_leads_to_the_page_that_explains(world, required, role, path):
    client = comes_in(account(world, "Adi", role))
    answer = client.get(path)
    assert answer["Location"] == f"/akun/langkah-kedua/?next={path.replace('/', '%2F')}"
    page = client.get(answer["Location"]).content.decode()
    assert "/akun/2fa/webauthn/add/" in page
    assert "/akun/2fa/totp/activate/" in page


@pytest.mark.parametrize(("role", "path"), PATHS)
def test_with_the_second_factor_they_are_let_in(world, required, role, path):
    person = account(world, "Adi", role)
    client = comes_in(person, app_of(person))
    assert client.get(path).status_code == 200
    assert client.get(f"/akun/langkah-kedua/?next={path}")["Location"] == path


def test_the_api_says_so_in_its_words(world, required):
    adi = account(world, "Adi", Role.ADJUDICATOR)
    answer = comes_in(adi).get("/api/v1/cases/")
    assert (answer.status_code, answer.json()["error"]["code"]) == (403, "second_factor_first")
    assert comes_in(adi, app_of(adi)).get("/api/v1/cases/").status_code == 200


def test_nothing_is_done_before_it(world, required):
    oka, cici = account(world, "Oka", Role.OPERATOR), world.person("Cici", Role.CITIZEN)
    client = comes_in(oka)
    for path, said in (
        (f"/kelola/orang/{cici.pk}/peran/", {"role": "volunteer"}),
        ("/kelola/siaga/", {"on": "yes"}),
        ("/kelola/undangan/", {"on": "no"}),
        ("/admin/tps/option/add/", {"name": "x"}),
    ):
        assert client.post(path, said).status_code == 302
    assert not Event.objects.exists()
    assert User.objects.get(pk=cici.pk).role == Role.CITIZEN


def test_the_admin_site_has_the_same_door(world, required):
    oka = account(world, "Oka", Role.OPERATOR)
    answer = comes_in(oka).get("/admin/", follow=True)
    assert answer.redirect_chain[-1][0].startswith("/akun/langkah-kedua/?next=")
    assert comes_in(oka, app_of(oka)).get("/admin/").status_code == 200
    assert comes_in(account(world, "Adi", Role.ADJUDICATOR)).get("/admin/", follow=True).status_code == 403


def test_volunteers_and_an_adjudicator_who_reads_are_not_asked(world, required):
    for name, role in (("Sari", Role.VOLUNTEER), ("Adi", Role.ADJUDICATOR)):
        assert comes_in(account(world, name, role)).get("/baca/").status_code == 200


def test_a_factor_that_was_set_up_in_this_session_is_used_once_first(world, required):
    """Who signed in before they had one proves that it works."""
    adi = account(world, "Adi", Role.ADJUDICATOR)
    client = comes_in(adi)
    secret = app_of(adi)
    page = client.get("/akun/langkah-kedua/?next=/putusan/").content.decode()
    assert 'href="/akun/2fa/reauthenticate/?next=/putusan/"' in page
    answer = client.post("/akun/2fa/reauthenticate/", {"code": now(secret), "next": "/putusan/"})
    assert answer["Location"] == "/putusan/"
    assert client.get("/putusan/").status_code == 200


def test_a_recovery_code_is_one_too(world, required):
    adi = account(world, "Adi", Role.ADJUDICATOR)
    app_of(adi)
    code = RecoveryCodes.activate(adi).get_unused_codes()[0]
    client = comes_in(adi)
    client.post("/akun/2fa/authenticate/", {"code": code})
    assert client.get("/putusan/").status_code == 200


def test_a_wrong_code_is_none(world, required):
    adi = account(world, "Adi", Role.ADJUDICATOR)
    app_of(adi)
    client = comes_in(adi)
    client.post("/akun/2fa/authenticate/", {"code": "000000"})
    assert client.get("/putusan/")["Location"].startswith("/akun/login/")


@pytest.mark.parametrize("elsewhere", ["https://evil.test/", "//evil.test/", "javascript:alert(1)"])
def test_nobody_is_sent_to_another_site(world, required, elsewhere):
    adi = account(world, "Adi", Role.ADJUDICATOR)
    client = comes_in(adi, app_of(adi))
    assert client.get("/akun/langkah-kedua/", {"next": elsewhere})["Location"] == "/akun/"


@pytest.mark.parametrize("on", [True, False])
def test_it_costs_no_query(world, settings, on, django_assert_num_queries):
    settings.SECOND_FACTOR_REQUIRED = on
    adi = account(world, "Adi", Role.ADJUDICATOR)
    client = comes_in(adi, app_of(adi))
    with django_assert_num_queries(4):
        client.get("/putusan/")


# --- Roles change only after a fresh proof ---------------------------------------------------------


def test_a_role_changes_after_a_fresh_proof_and_what_was_asked_is_then_done(world, required):
    oka, cici = account(world, "Oka", Role.OPERATOR), world.person("Cici", Role.CITIZEN)
    secret = app_of(oka)
    path = f"/kelola/orang/{cici.pk}/peran/"
    with time_machine.travel("2029-02-14T05:00Z", tick=False) as clock:
        client = comes_in(oka, secret)
        clock.shift(14 * 60)
        assert client.post(path, {"role": "volunteer"})["Location"] == "/kelola/orang/"
        clock.shift(60)
        answer = client.post(path, {"role": "citizen"})
        assert answer["Location"].startswith("/akun/2fa/reauthenticate/?next=")
        assert User.objects.get(pk=cici.pk).role == Role.VOLUNTEER
        answer = client.post("/akun/2fa/reauthenticate/", {"code": now(secret), "next": path})
        assert answer["Location"] == "/kelola/orang/"
        assert User.objects.get(pk=cici.pk).role == Role.CITIZEN


def test_a_password_is_no_fresh_proof(world, required):
    oka, cici = account(world, "Oka", Role.OPERATOR), world.person("Cici", Role.CITIZEN)
    oka.set_password("kata-sandi-contoh")
    oka.save()
    path = f"/kelola/orang/{cici.pk}/peran/"
    with time_machine.travel("2029-02-14T05:00Z", tick=False) as clock:
        client = comes_in(oka, app_of(oka))
        clock.shift(16 * 60)
        client.post(path, {"role": "volunteer"})
        client.post("/akun/reauthenticate/", {"password": "kata-sandi-contoh", "next": path})
        client.post(path, {"role": "volunteer"})
    assert User.objects.get(pk=cici.pk).role == Role.CITIZEN


# --- Production ------------------------------------------------------------------------------------


def test_production_complains_where_it_is_off(settings, required):
    assert second_factor.check_second_factor() == []
    settings.SECOND_FACTOR_REQUIRED = False
    with pytest.raises(CommandError, match=r"accounts\.W001"):
        call_command("check", deploy=True, fail_level="WARNING", tags=["security"])


# --- Two operators for who lost everything -----------------------------------------------------------


@pytest.fixture
def oka(world):
    return world.person("Oka", Role.OPERATOR)


@pytest.fixture
def nur(world):
    return world.person("Nur", Role.OPERATOR)


def test_two_operators_remove_a_factor_and_the_person_is_signed_out(world, oka, nur, required):
    adi = account(world, "Adi", Role.ADJUDICATOR)
    client = comes_in(adi, app_of(adi))
    RecoveryCodes.activate(adi)
    other = comes_in(account(world, "Sari", Role.VOLUNTEER))
    for _ in range(2):
        assert not factor_resets.reset(oka, adi, LOG)
    assert Authenticator.objects.filter(user=adi).count() == 2
    assert factor_resets.reset(nur, adi, LOG)
    assert not Authenticator.objects.filter(user=adi).exists()
    assert client.get("/akun/").status_code == 302
    assert other.get("/akun/").status_code == 200
    entry = json.loads(bytes(Event.objects.get(kind="factor").body))
    assert (entry["account"], entry["by"], entry["second"]) == tuple(map(commitments.of, (adi, oka, nur)))
    assert comes_in(adi).get("/putusan/")["Location"].startswith("/akun/langkah-kedua/")


def test_one_browser_is_no_second_operator(world, oka, nur):
    adi, device = account(world, "Adi", Role.ADJUDICATOR), world.device().pk
    app_of(adi)
    factor_resets.reset(oka, adi, LOG, device)
    with pytest.raises(roles.SameDevice):
        factor_resets.reset(nur, adi, LOG, device)
    assert Authenticator.objects.filter(user=adi).exists()


def test_a_withdrawn_word_does_not_count_nor_that_of_a_former_operator(world, oka, nur):
    adi = account(world, "Adi", Role.ADJUDICATOR)
    app_of(adi)
    factor_resets.reset(oka, adi, LOG)
    for _ in range(2):
        factor_resets.withdraw(nur, adi)
    assert not factor_resets.reset(oka, adi, LOG)
    User.objects.filter(pk=oka.pk).update(role=Role.CITIZEN)
    assert not factor_resets.reset(nur, adi, LOG)
    assert Authenticator.objects.filter(user=adi).exists()
    assert factor_resets.reset(world.person("Ida", Role.OPERATOR), adi, LOG)


@pytest.mark.parametrize("role", [Role.CITIZEN, Role.VOLUNTEER, Role.ADJUDICATOR])
def test_only_operators_and_nobody_about_themselves(world, oka, role):
    with pytest.raises(NotAllowed):
        factor_resets.reset(world.person("Budi", role), oka, LOG)
    with pytest.raises(roles.OwnRole):
        factor_resets.reset(oka, oka, LOG)


@pytest.mark.parametrize(
    ("constraint", "fields"),
    [
        ("two_operators_reset_a_factor", {"proposer": "Oka", "closer": "Oka", "end": "confirmed"}),
        ("nobody_resets_their_own_factor", {"proposer": "Adi"}),
        ("a_closed_reset_says_by_whom_and_when", {"proposer": "Oka", "end": "withdrawn"}),
    ],
)
def test_the_table_refuses(world, oka, constraint, fields):
    adi = world.person("Adi", Role.ADJUDICATOR)
    who = {name: world.person(fields[name]) for name in ("proposer", "closer") if name in fields}
    closed = {"closed_at": Now()} if "closer" in who else {}
    with pytest.raises(IntegrityError, match=constraint):
        FactorReset.objects.create(person=adi, end=fields.get("end", ""), **who, **closed)


def test_from_the_operators_page(world, oka, nur, required):
    adi = account(world, "Adi", Role.ADJUDICATOR)
    app_of(adi)
    path = reverse("reset_factor", args=[adi.pk])
    first, second = (
        comes_in(account(world, name, Role.OPERATOR), app_of(world.people[name])) for name in ("Oka", "Nur")
    )
    assert "Hapus langkah kedua" in first.get("/kelola/orang/?q=adi").content.decode()
    assert "setelah pengelola lain" in first.post(path, follow=True).content.decode()
    assert "Setujui, hapus langkah kedua" not in first.get("/kelola/orang/?q=adi").content.decode()
    assert "Setujui, hapus langkah kedua" in second.get("/kelola/orang/?q=adi").content.decode()
    assert "Langkah kedua dihapus." in second.post(path, follow=True).content.decode()
    app_of(adi)
    first.post(path)
    first.post(path, {"withdraw": "1"})
    assert not FactorReset.objects.filter(end="").exists()
    assert Session.objects.count() == 2


@pytest.mark.django_db(transaction=True)
def test_three_operators_at_the_same_instant_remove_it_once():
    operators = [User.objects.create_user(f"{n}@contoh.test", None, role=Role.OPERATOR) for n in ("oka", "nur", "ida")]
    adi = User.objects.create_user("adi@contoh.test", None)
    app_of(adi)
    start = threading.Barrier(3)

    def say(operator: User) -> None:
        start.wait()
        factor_resets.reset(operator, adi, LOG)
        connection.close()

    threads = [threading.Thread(target=say, args=(operator,)) for operator in operators]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert Event.objects.filter(kind="factor").count() == 1
    assert not FactorReset.objects.filter(end="").exists()
