"""Who gives whom which role."""

import json
import re
import threading

import pytest
from django.db import IntegrityError, connection, transaction
from django.db.models.functions import Now

from accounts import commitments, roles
from accounts.models import Role, RoleProposal, User
from accounts.permissions import NotAllowed
from ledger.models import Event

LOG = "contoh"


def role_of(person: User) -> str:
    return User.objects.get(pk=person.pk).role


def entries() -> list[dict]:
    return [json.loads(bytes(event.body)) for event in Event.objects.filter(kind="role").order_by("pk")]


@pytest.fixture
def oka(world):
    return world.person("Oka", Role.OPERATOR)


@pytest.fixture
def nur(world):
    return world.person("Nur", Role.OPERATOR)


@pytest.fixture
def sari(world):
    return world.person("Sari", Role.CITIZEN)


def test_one_operator_makes_a_volunteer_and_it_is_in_the_ledger(oka, sari):
    assert roles.grant(oka, sari, Role.VOLUNTEER, LOG)
    assert role_of(sari) == Role.VOLUNTEER
    (entry,) = entries()
    assert entry["account"] == commitments.of(sari)
    assert entry["by"] == commitments.of(oka)
    assert entry["role"] == "volunteer"
    assert "second" not in entry


def test_saying_it_twice_changes_nothing(oka, sari):
    for _ in range(2):
        assert roles.grant(oka, sari, Role.VOLUNTEER, LOG)
    assert len(entries()) == 1


@pytest.mark.parametrize("role", [Role.ADJUDICATOR, Role.OPERATOR])
def test_one_operator_alone_makes_no_adjudicator_and_no_operator(oka, sari, role):
    for _ in range(2):
        assert not roles.grant(oka, sari, role, LOG)
    assert role_of(sari) == Role.CITIZEN
    assert entries() == []
    assert RoleProposal.objects.get().proposer == oka


def test_two_accounts_in_one_browser_are_no_two_operators(world, oka, nur, sari):
    device = world.device().pk
    roles.grant(oka, sari, Role.ADJUDICATOR, LOG, device)
    with pytest.raises(roles.SameDevice):
        roles.grant(nur, sari, Role.ADJUDICATOR, LOG, device)
    assert role_of(sari) == Role.CITIZEN
    assert roles.grant(nur, sari, Role.ADJUDICATOR, LOG, world.device().pk)


def test_nor_over_http_where_one_signs_out_and_the_other_in(world, oka, nur, sari, client):
    for operator, status in ((oka, 302), (nur, 403)):
        client.force_login(operator, "django.contrib.auth.backends.ModelBackend")
        assert client.post(f"/kelola/orang/{sari.pk}/peran/", {"role": "adjudicator"}).status_code == status
    assert role_of(sari) == Role.CITIZEN


def test_the_second_operator_confirms(oka, nur, sari):
    roles.grant(oka, sari, Role.ADJUDICATOR, LOG)
    assert roles.grant(nur, sari, Role.ADJUDICATOR, LOG)
    assert role_of(sari) == Role.ADJUDICATOR
    (entry,) = entries()
    assert (entry["by"], entry["second"]) == (commitments.of(oka), commitments.of(nur))


def test_taking_the_role_away_needs_two_as_well(world, oka, nur):
    adi = world.person("Adi", Role.ADJUDICATOR)
    assert not roles.grant(oka, adi, Role.CITIZEN, LOG)
    assert role_of(adi) == Role.ADJUDICATOR
    assert roles.grant(nur, adi, Role.CITIZEN, LOG)
    assert role_of(adi) == Role.CITIZEN


def test_the_page_offers_what_somebody_may_become(world, oka, client):
    world.person("Sari", Role.VOLUNTEER)
    client.force_login(oka)

    def offered() -> list[str]:
        (card,) = re.findall(
            r'<select id="role-.*?</select>', client.get("/kelola/orang/?q=sari").content.decode(), re.S
        )
        return re.findall(r'value="(\w+)"', card)

    assert offered() == ["citizen", "volunteer", "adjudicator"]
    world.election.is_current = False
    world.election.save()
    assert offered() == ["citizen", "volunteer", "adjudicator", "operator"]


@pytest.mark.parametrize("role", [Role.VOLUNTEER, Role.ADJUDICATOR])
def test_who_reads_or_judges_is_never_an_operator_of_the_same_election(world, oka, nur, role):
    adi = world.person("Adi", role)
    with pytest.raises(roles.OtherSide):
        roles.grant(oka, adi, Role.OPERATOR, LOG)
    roles.grant(oka, adi, Role.CITIZEN, LOG)
    roles.grant(nur, adi, Role.CITIZEN, LOG)
    with pytest.raises(roles.OtherSide):
        roles.grant(oka, adi, Role.OPERATOR, LOG)
    assert not RoleProposal.objects.filter(end="").exists()
    assert not roles.grant(oka, adi, Role.OPERATOR, "later")
    assert roles.grant(nur, adi, Role.OPERATOR, "later")


@pytest.mark.parametrize("role", [Role.VOLUNTEER, Role.ADJUDICATOR])
def test_who_was_an_operator_neither_reads_nor_judges_in_the_same_election(world, oka, nur, role):
    adi = world.person("Adi", Role.OPERATOR)
    with pytest.raises(roles.OtherSide):
        roles.grant(oka, adi, role, LOG)
    roles.grant(oka, adi, Role.CITIZEN, LOG)
    roles.grant(nur, adi, Role.CITIZEN, LOG)
    with pytest.raises(roles.OtherSide):
        roles.grant(oka, adi, role, LOG)
    roles.grant(oka, adi, role, "later")
    roles.grant(nur, adi, role, "later")
    assert role_of(adi) == role
    with pytest.raises(IntegrityError), transaction.atomic():
        User.objects.filter(pk=adi.pk).update(operated_in="later")


def test_two_operators_who_say_different_things_change_nothing(oka, nur, sari):
    roles.grant(oka, sari, Role.ADJUDICATOR, LOG)
    assert not roles.grant(nur, sari, Role.OPERATOR, LOG)
    assert role_of(sari) == Role.CITIZEN
    assert RoleProposal.objects.get(end="").role == Role.OPERATOR


def test_the_word_of_a_former_operator_does_not_count(world, oka, nur, sari):
    roles.grant(oka, sari, Role.ADJUDICATOR, LOG)
    User.objects.filter(pk=oka.pk).update(role=Role.CITIZEN)
    assert not roles.grant(nur, sari, Role.ADJUDICATOR, LOG)
    assert role_of(sari) == Role.CITIZEN
    assert roles.grant(world.person("Ida", Role.OPERATOR), sari, Role.ADJUDICATOR, LOG)


def test_the_word_of_a_former_operator_does_not_come_back_with_the_role(world, oka, nur, sari):
    ida = world.person("Ida", Role.OPERATOR)
    roles.grant(oka, sari, Role.ADJUDICATOR, LOG)
    for role in (Role.CITIZEN, Role.OPERATOR):
        roles.grant(nur, oka, role, LOG)
        assert roles.grant(ida, oka, role, LOG)
    assert not roles.grant(nur, sari, Role.ADJUDICATOR, LOG)
    assert role_of(sari) == Role.CITIZEN


def test_a_withdrawn_proposal_does_not_count(oka, nur, sari):
    roles.grant(oka, sari, Role.ADJUDICATOR, LOG)
    for _ in range(2):
        roles.withdraw(nur, sari)
    assert not roles.grant(nur, sari, Role.ADJUDICATOR, LOG)


def test_a_proposal_is_moot_once_the_person_has_another_role(oka, nur, sari):
    roles.grant(oka, sari, Role.ADJUDICATOR, LOG)
    roles.grant(oka, sari, Role.VOLUNTEER, LOG)
    assert not roles.grant(nur, sari, Role.ADJUDICATOR, LOG)


@pytest.mark.parametrize("role", [Role.CITIZEN, Role.VOLUNTEER, Role.ADJUDICATOR])
def test_only_operators_speak_about_roles(world, sari, role):
    with pytest.raises(NotAllowed):
        roles.grant(world.person("Budi", role), sari, Role.VOLUNTEER, LOG)
    with pytest.raises(NotAllowed):
        roles.withdraw(world.person("Budi"), sari)


def test_somebody_who_was_an_operator_a_moment_ago(oka, sari):
    User.objects.filter(pk=oka.pk).update(role=Role.VOLUNTEER)
    with pytest.raises(NotAllowed):
        roles.grant(oka, sari, Role.VOLUNTEER, LOG)


def test_nobody_speaks_about_their_own_role(oka, nur):
    with pytest.raises(roles.OwnRole):
        roles.grant(oka, oka, Role.VOLUNTEER, LOG)
    roles.grant(nur, oka, Role.CITIZEN, LOG)
    with pytest.raises(roles.OwnRole):
        roles.withdraw(oka, oka)


def test_an_unknown_role_or_person(oka, sari):
    with pytest.raises(roles.UnknownRole):
        roles.grant(oka, sari, "king", LOG)
    with pytest.raises(roles.UnknownPerson):
        roles.grant(oka, User(pk=10**9), Role.VOLUNTEER, LOG)


# --- What the database itself refuses ---------------------------------------------------------


@pytest.mark.parametrize(
    ("constraint", "fields"),
    [
        ("two_operators_give_a_role", {"proposer": "Oka", "closer": "Oka", "end": "confirmed"}),
        ("nobody_gives_themselves_a_role", {"proposer": "Sari"}),
        ("nobody_gives_themselves_a_role", {"proposer": "Oka", "closer": "Sari", "end": "withdrawn"}),
        ("proposal_is_of_a_known_role", {"proposer": "Oka", "role": "king"}),
        ("a_closed_proposal_says_by_whom_and_when", {"proposer": "Oka", "end": "withdrawn"}),
    ],
)
def test_the_table_of_proposals_refuses(world, oka, sari, constraint, fields):
    fields = {"role": Role.ADJUDICATOR, "person": sari} | fields
    for who in ("proposer", "closer"):
        if who in fields:
            fields[who] = world.person(fields[who])
    if "closer" in fields:
        fields["closed_at"] = Now()
    with pytest.raises(IntegrityError, match=constraint):
        RoleProposal.objects.create(**fields)


def test_one_person_has_one_open_proposal(oka, sari):
    RoleProposal.objects.create(person=sari, role=Role.ADJUDICATOR, proposer=oka)
    with pytest.raises(IntegrityError, match="one_open_proposal_per_person"):
        RoleProposal.objects.create(person=sari, role=Role.OPERATOR, proposer=oka)


def test_a_person_has_one_known_role(sari):
    with pytest.raises(IntegrityError, match="user_has_a_known_role"), transaction.atomic():
        User.objects.filter(pk=sari.pk).update(role="king")
    with pytest.raises(IntegrityError, match="nobody_invites_themselves"):
        User.objects.filter(pk=sari.pk).update(invited_by=sari)


@pytest.mark.django_db(transaction=True)
def test_two_operators_at_the_same_instant_change_the_role_once():
    oka, nur, ida = (
        User.objects.create_user(f"{name}@contoh.test", None, role=Role.OPERATOR) for name in ("oka", "nur", "ida")
    )
    sari = User.objects.create_user("sari@contoh.test", None)
    start = threading.Barrier(3)

    def say(operator: User) -> None:
        start.wait()
        roles.grant(operator, sari, Role.ADJUDICATOR, LOG)
        connection.close()

    threads = [threading.Thread(target=say, args=(operator,)) for operator in (oka, nur, ida)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert role_of(sari) == Role.ADJUDICATOR
    assert len(entries()) == 1
    assert RoleProposal.objects.filter(end="confirmed").count() == 1
