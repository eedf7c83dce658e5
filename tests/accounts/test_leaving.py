"""Somebody leaves: what goes, what stays, and that nothing brings it back."""

import json
import threading

import pytest
import time_machine
from allauth.account.models import EmailAddress
from allauth.mfa.models import Authenticator
from allauth.mfa.recovery_codes.internal.auth import RecoveryCodes
from django.apps import apps
from django.core import mail
from django.db import DatabaseError, IntegrityError, connection, transaction
from django.test import Client

from accounts import commitments, factor_resets, independence, invitations, leaving, roles
from accounts.models import FactorReset, Role, RoleProposal, Sighting, User
from aggregation import audit_log
from ledger.models import Event
from tests.accounts.test_second_factor import account, app_of, comes_in
from tests.accounts.test_sign_in import CODE, asks_for_a_code, code_in_the_mail, now
from tests.transcription import reading as people
from transcription.models import Decision, Entry, Lease, Task

LOG = "contoh"


def leaves(client: Client):
    """By the page, with the code from the mail."""
    client.post("/akun/hapus/")
    return client.post("/akun/hapus/", {"code": CODE.search(mail.outbox[-1].body)[0]})


def found_in_the_database(*words: str) -> list[str]:
    """Columns of any table in which one of the words stands, however it is stored."""
    found = []
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT table_name, column_name FROM information_schema.columns WHERE table_schema = 'public'"
            " AND data_type IN ('text', 'character varying', 'character', 'jsonb', 'json', 'bytea', 'ARRAY')"
        )
        for table, column in cursor.fetchall():
            like = " OR ".join([f'"{column}"::text ILIKE %s'] * len(words))
            cursor.execute(f'SELECT count(*) FROM "{table}" t WHERE {like}', [f"%{word}%" for word in words])
            if cursor.fetchone()[0]:
                found.append(f"{table}.{column}")
    return found


@pytest.fixture
def sari(world) -> User:
    return account(world, "Sari", Role.VOLUNTEER)


def test_no_table_and_no_log_line_holds_their_address_afterwards(world, sari, caplog):
    caplog.set_level("DEBUG")
    client, elsewhere = comes_in(sari), comes_in(sari)
    half_way = Client()
    asks_for_a_code(half_way, sari.email)
    app_of(sari)
    RecoveryCodes.activate(sari)
    Authenticator.objects.filter(user=sari).delete()
    independence.record_sighting(sari, world.device(), "aa")
    people.reads(world, "Sari", people.photo_of(world))
    hexed = sari.email.encode().hex()
    assert "account_emailaddress.email" in found_in_the_database(sari.email, hexed)
    assert leaves(client).status_code == 200
    assert found_in_the_database(sari.email, hexed, "sari@") == []
    assert sari.email not in caplog.text
    assert not Sighting.objects.filter(user=sari).exists()
    assert not EmailAddress.objects.filter(user=sari).exists()
    for browser in (client, elsewhere):
        assert browser.get("/akun/").status_code == 302
    assert half_way.post("/akun/login/code/confirm/", {"code": code_in_the_mail()}).status_code == 302
    assert "_auth_user_id" not in half_way.session


def test_the_search_for_the_address_looks_into_sessions_too(world, sari):
    """They are packed: whether one holds an address is asked of what they say."""
    from django.contrib.sessions.models import Session

    comes_in(sari)
    half_way = Client()
    asks_for_a_code(half_way, sari.email)
    stranger = comes_in(account(world, "Budi", Role.VOLUNTEER))
    assert sum(sari.email in json.dumps(session.get_decoded()) for session in Session.objects.all()) == 2
    leaving.erase(sari, LOG)
    assert not any("sari@" in json.dumps(session.get_decoded()) for session in Session.objects.all())
    assert stranger.get("/akun/").status_code == 200


def test_the_salt_is_gone_and_the_pseudonym_stays(world, sari):
    before = commitments.of(sari)
    people.reads(world, "Sari", people.photo_of(world))
    leaving.erase(sari, LOG)
    gone = User.objects.get(pk=sari.pk)
    assert (bytes(gone.salt), gone.is_active, gone.role) == (b"", False, Role.CITIZEN)
    assert commitments.of(gone) == gone.pseudonym == before
    role = json.loads(bytes(Event.objects.get(kind="role").body))
    assert (role["account"], role["by"], role["role"]) == (before, before, "citizen")
    assert not gone.has_usable_password()
    assert not gone.check_password("kata-sandi-contoh")


def test_what_they_read_still_decides_and_the_log_still_agrees(world, sari):
    photo = people.photo_of(world)
    people.reads(world, "Sari", photo)
    leaving.erase(sari, LOG)
    people.reads(world, "Budi", photo)
    decision = Decision.objects.get()
    assert set(decision.because) == set(Entry.objects.values_list("pk", flat=True))
    page = Client().get(f"/foto/{photo.pk}/").content.decode()
    assert User.objects.get(pk=sari.pk).pseudonym[:8] in page
    entry = Entry.objects.select_related("account", "device", "photo__contest").get(account=sari)
    kind = next(kind for kind in audit_log.KINDS if kind.name == "reading")
    assert audit_log._unlike(kind, entry, Event.objects.get(kind="reading", subject=str(entry.pk))) == []


def test_what_they_had_in_hand_goes_to_others_at_once(world, sari):
    photo = people.photo_of(world)
    client = comes_in(sari)
    people.given(world, "Sari", photo)
    leaves(client)
    assert not Lease.objects.filter(end="").exists()
    assert Task.objects.get(pk=photo.pk).leased == 0


def test_leaving_twice_is_once(world, sari):
    for _ in range(2):
        leaving.erase(sari, LOG)
    assert Event.objects.filter(kind="role").count() == 1


def test_their_links_stop_and_what_was_proposed_for_them_is_withdrawn(world, sari):
    oka = world.person("Oka", Role.OPERATOR)
    token = invitations.make(sari, 5, "n").token
    app_of(sari)
    roles.grant(oka, sari, Role.ADJUDICATOR, LOG)
    factor_resets.reset(oka, sari, LOG)
    leaving.erase(sari, LOG)
    with pytest.raises(invitations.InvitationOver):
        invitations.find(token)
    assert RoleProposal.objects.get().end == FactorReset.objects.get().end == "withdrawn"
    with pytest.raises(roles.UnknownPerson):
        roles.grant(oka, sari, Role.VOLUNTEER, LOG)
    client = Client()
    client.force_login(oka)
    assert "terhapus.invalid" not in client.get("/kelola/orang/").content.decode()


def test_those_whom_they_invited_stay_in_their_line(world, sari):
    tono = world.person("Tono", invited_by=sari)
    tini = world.person("Tini", invited_by=sari)
    leaving.erase(sari, LOG)
    assert independence.related(tono.pk, tini.pk)


def test_the_same_address_signs_up_as_somebody_new(world, sari):
    leaves(comes_in(sari))
    client = Client()
    client.post("/akun/signup/", {"email": "sari@contoh.test"})
    client.post("/akun/confirm-email/", {"code": code_in_the_mail()})
    new = User.objects.get(email="sari@contoh.test")
    assert (new.pk != sari.pk, new.role, new.invited_by) == (True, Role.CITIZEN, None)


# --- Who may, and after which proof ------------------------------------------------------------------


def test_a_citizen_leaves_and_the_ledger_has_nothing_to_tell(world):
    cici = account(world, "Cici", Role.CITIZEN)
    world.election.is_current = False
    world.election.save()
    assert "Akun Anda sudah dihapus" in leaves(comes_in(cici)).content.decode()
    assert not Event.objects.exists()


def test_without_an_election_at_hand_the_latest_ones_ledger_tells_of_it(world, sari):
    world.election.is_current = False
    world.election.save()
    leaves(comes_in(sari))
    assert Event.objects.get(kind="role").log == "contoh"


def test_the_page_says_before_that_it_cannot_be_undone(world, sari):
    page = comes_in(sari).get("/akun/hapus/").content.decode()
    assert "tidak dapat dikembalikan" in page
    assert 'name="code"' not in page


@pytest.mark.parametrize("code", ["", "AAAA-AAAA", "0"])
def test_a_wrong_code_changes_nothing(world, sari, code):
    client = comes_in(sari)
    assert client.post("/akun/hapus/", {"code": code}).status_code == 422, "none was sent"
    client.post("/akun/hapus/")
    assert client.post("/akun/hapus/", {"code": code}).status_code == 422
    assert User.objects.get(pk=sari.pk).is_active


def test_three_wrong_codes_and_ten_minutes_are_the_end_of_a_code(world, sari):
    with time_machine.travel(0, tick=False) as clock:
        client = comes_in(sari)
        client.post("/akun/hapus/")
        right = CODE.search(mail.outbox[-1].body)[0]
        for code in ["AAAA-AAAA"] * 3 + [right]:
            assert client.post("/akun/hapus/", {"code": code}).status_code == 422
        client.post("/akun/hapus/")
        right = CODE.search(mail.outbox[-1].body)[0]
        clock.shift(601)
        assert client.post("/akun/hapus/", {"code": right}).status_code == 422


def test_another_browsers_code_and_a_sign_in_code_are_worth_nothing(world, sari):
    one, other = comes_in(sari), comes_in(sari)
    signed_in_with = code_in_the_mail()
    one.post("/akun/hapus/")
    code = CODE.search(mail.outbox[-1].body)[0]
    assert other.post("/akun/hapus/", {"code": code}).status_code == 422
    assert one.post("/akun/hapus/", {"code": signed_in_with}).status_code == 422


def test_five_codes_an_hour(world, sari):
    client = Client()
    client.force_login(sari)
    statuses = [client.post("/akun/hapus/").status_code for _ in range(6)]
    assert statuses == [200] * 5 + [429]
    assert len(mail.outbox) == 5


def test_who_has_a_second_factor_uses_it_and_no_mail_is_enough(world, sari):
    secret = app_of(sari)
    with time_machine.travel("2029-02-14T05:00Z", tick=False) as clock:
        client = comes_in(sari, secret)
        clock.shift(16 * 60)
        sent = len(mail.outbox)
        answer = client.post("/akun/hapus/", {"code": "AAAA-AAAA"})
        assert answer["Location"].startswith("/akun/2fa/reauthenticate/?next=")
        assert len(mail.outbox) == sent
        assert User.objects.get(pk=sari.pk).is_active
        answer = client.post("/akun/2fa/reauthenticate/", {"code": now(secret), "next": "/akun/hapus/"})
        assert "Akun Anda sudah dihapus" in answer.content.decode()
    assert not User.objects.get(pk=sari.pk).is_active
    assert not Authenticator.objects.exists()


def test_the_last_operator_stays(world):
    oka = account(world, "Oka", Role.OPERATOR)
    world.person("Nur", Role.OPERATOR, is_active=False)
    client = comes_in(oka)
    answer = leaves(client)
    assert answer.status_code == 409
    assert "Anda pengelola terakhir." in answer.content.decode()
    world.person("Ida", Role.OPERATOR)
    assert leaves(client).status_code == 200


# --- What the database itself refuses ------------------------------------------------------------------


@pytest.mark.parametrize("change", [{"is_active": True}, {"salt": b"x"}, {"role": Role.OPERATOR}])
def test_the_database_brings_nobody_back(world, sari, change):
    leaving.erase(sari, LOG)
    with pytest.raises(IntegrityError, match="who_left_has_no_salt_and_no_role"), transaction.atomic():
        User.objects.filter(pk=sari.pk).update(**change)


@pytest.mark.django_db(transaction=True)
def test_two_operators_who_leave_at_once_leave_one_behind():
    from tests.world import build

    build()
    both = [User.objects.create_user(f"{name}@contoh.test", None, role=Role.OPERATOR) for name in ("oka", "nur")]
    start, stayed = threading.Barrier(2), []

    def go(person: User) -> None:
        start.wait()
        try:
            leaving.erase(person, LOG)
        except leaving.LastOperator:
            stayed.append(person.pk)
        connection.close()

    threads = [threading.Thread(target=go, args=(person,)) for person in both]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert User.objects.filter(role=Role.OPERATOR, is_active=True).count() == len(stayed) == 1


@pytest.mark.django_db(transaction=True)
def test_with_real_commits_the_role_and_its_entry_come_together():
    from tests.world import build

    sari = build().person("Sari")
    leaving.erase(sari, LOG)
    with pytest.raises(DatabaseError):
        User.objects.filter(pk=sari.pk).update(pseudonym="", role=Role.OPERATOR, is_active=True)
    assert apps.get_model("accounts", "User").objects.get(pk=sari.pk).pseudonym
