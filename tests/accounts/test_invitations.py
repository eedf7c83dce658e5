"""Links that make volunteers, the tree they grow, and who may not come in by one."""

import json
import threading
from datetime import timedelta

import pytest
import time_machine
from django.db import DatabaseError, connection, transaction
from django.utils import timezone

from accounts import commitments, invitations, roles
from accounts.models import Acceptance, Invitation, InvitationTurn, Role, User
from accounts.permissions import NotAllowed
from ledger.models import Event

LOG = "contoh"


def link_of(inviter: User, places: int = 5, nonce: str = "n") -> str:
    return invitations.make(inviter, places, nonce).token


def accept(person: User, token: str) -> User:
    invitations.accept(person, token, LOG)
    person.refresh_from_db()
    return person


@pytest.fixture
def sari(world):
    return world.person("Sari")


@pytest.fixture
def oka(world):
    return world.person("Oka", Role.OPERATOR)


def citizen(world, name: str) -> User:
    return world.person(name, Role.CITIZEN)


def test_a_citizen_becomes_a_volunteer_in_the_line_of_who_invited_them(world, sari):
    token = link_of(sari)
    tono = accept(citizen(world, "Tono"), token)
    assert (tono.role, tono.invited_by) == (Role.VOLUNTEER, sari)
    entry = json.loads(bytes(Event.objects.get(kind="role").body))
    assert (entry["account"], entry["by"]) == (commitments.of(tono), commitments.of(sari))
    assert (entry["role"], entry["via"]) == ("volunteer", "invitation")


def test_what_an_operator_invites_forms_no_line(world, oka):
    tono = accept(citizen(world, "Tono"), link_of(oka))
    assert (tono.role, tono.invited_by) == (Role.VOLUNTEER, None)
    assert invitations.inviter_of(tono) == oka


def test_accepting_twice_is_once(world, sari):
    token, tono = link_of(sari), citizen(world, "Tono")
    for _ in range(2):
        accept(tono, token)
    assert Acceptance.objects.count() == Event.objects.filter(kind="role").count() == 1


def test_the_token_is_nowhere_in_the_database(world, sari):
    token = link_of(sari)
    assert len(token) == 32
    assert token not in str(list(Invitation.objects.values()))


def test_the_same_form_makes_one_link_and_another_person_or_form_another(world, sari):
    tokens = {link_of(sari), link_of(sari), link_of(sari, nonce="m"), link_of(world.person("Budi"))}
    assert len(tokens) == Invitation.objects.count() == 3


def test_places_are_limited_and_come_back_when_a_link_is_revoked_or_expired(world, sari):
    link_of(sari, 15, "a")
    with pytest.raises(invitations.TooManyOpen):
        link_of(sari, 6, "b")
    link_of(sari, 5, "c")
    assert invitations.places_open(sari) == 20
    accept(citizen(world, "Tono"), link_of(sari, 5, "c"))
    assert invitations.places_open(sari) == 19
    invitations.revoke(sari, Invitation.objects.get(places=15).pk)
    assert invitations.places_open(sari) == 4
    with time_machine.travel(timezone.now() + timedelta(days=8)):
        assert invitations.places_open(sari) == 0
        link_of(sari, 20, "d")


@pytest.mark.parametrize("places", [0, -1, 21, 10**9])
def test_a_volunteer_invites_one_to_twenty(sari, places):
    with pytest.raises(invitations.WrongPlaces):
        link_of(sari, places)


def test_operators_invite_as_many_as_they_like(oka):
    for nonce in "abc":
        link_of(oka, 1000, nonce)
    with pytest.raises(invitations.WrongPlaces):
        link_of(oka, 1001, "d")


@pytest.mark.parametrize("role", [Role.CITIZEN])
def test_a_citizen_invites_nobody(world, role):
    with pytest.raises(NotAllowed):
        link_of(world.person("Tono", role))


def test_a_link_is_used_up(world, sari):
    token = link_of(sari, 1)
    accept(citizen(world, "Tono"), token)
    with pytest.raises(invitations.InvitationOver):
        accept(citizen(world, "Tini"), token)


def test_a_link_works_for_seven_days(world, sari):
    with time_machine.travel(0, tick=False) as clock:
        token = link_of(sari)
        clock.shift(timedelta(days=7))
        with pytest.raises(invitations.InvitationOver):
            invitations.find(token)
        clock.shift(timedelta(seconds=-1))
        invitations.find(token)


@pytest.mark.parametrize("token", ["", "x", "0" * 32])
def test_a_token_that_nobody_made(db, token):
    with pytest.raises(invitations.InvitationOver):
        invitations.find(token)


@pytest.mark.parametrize("change", [{"role": Role.CITIZEN}, {"is_active": False}])
def test_the_links_of_who_is_no_volunteer_any_more_stop_working(world, sari, change):
    token = link_of(sari)
    User.objects.filter(pk=sari.pk).update(**change)
    with pytest.raises(invitations.InvitationOver):
        accept(citizen(world, "Tono"), token)


def test_only_ones_own_links_are_revoked_and_once(world, sari):
    token = link_of(sari)
    made = Invitation.objects.get()
    with pytest.raises(invitations.InvitationOver):
        invitations.revoke(world.person("Budi"), made.pk)
    invitations.find(token)
    invitations.revoke(sari, made.pk)
    first = Invitation.objects.get().revoked_at
    invitations.revoke(sari, made.pk)
    assert Invitation.objects.get().revoked_at == first
    with pytest.raises(invitations.InvitationOver):
        invitations.find(token)


# --- Who does not come in -----------------------------------------------------------------------


@pytest.mark.parametrize("role", [Role.VOLUNTEER, Role.ADJUDICATOR, Role.OPERATOR])
def test_who_has_a_role_needs_no_invitation(world, sari, role):
    with pytest.raises(invitations.NeedsNoInvitation):
        accept(world.person("Budi", role), link_of(sari))


def test_whose_role_an_operator_took_does_not_come_back_by_a_friends_link(world, sari, oka):
    tono = accept(citizen(world, "Tono"), link_of(sari))
    roles.grant(oka, tono, Role.CITIZEN, LOG)
    for inviter in (sari, world.person("Budi"), oka):
        with pytest.raises(invitations.OnlyByOperator):
            accept(tono, link_of(inviter, nonce="again"))
    roles.grant(oka, tono, Role.VOLUNTEER, LOG)
    tono.refresh_from_db()
    assert (tono.role, tono.invited_by, tono.dismissed) == (Role.VOLUNTEER, sari, False)


def test_who_is_in_a_line_does_not_change_it(world, sari):
    tono = world.person("Tono", Role.CITIZEN, invited_by=sari)
    with pytest.raises(invitations.InvitedBefore):
        accept(tono, link_of(world.person("Budi")))


def test_a_line_does_not_bite_its_own_tail(world, sari):
    """Sari invited others and is a citizen again, though nobody dismissed her."""
    tono = accept(citizen(world, "Tono"), link_of(sari))
    tini = accept(citizen(world, "Tini"), link_of(tono))
    User.objects.filter(pk=sari.pk).update(role=Role.CITIZEN)
    for inviter in (tono, tini):
        with pytest.raises(invitations.OwnLine):
            accept(sari, link_of(inviter, nonce="back"))


def test_somebody_suspended_accepts_nothing(world, sari):
    tono = citizen(world, "Tono")
    User.objects.filter(pk=tono.pk).update(is_active=False)
    with pytest.raises(NotAllowed):
        accept(tono, link_of(sari))


# --- What operators do ----------------------------------------------------------------------------


def told() -> list[tuple]:
    bodies = [json.loads(bytes(event.body)) for event in Event.objects.filter(kind="invitations").order_by("pk")]
    return [(body["state"], body.get("account")) for body in bodies]


def test_all_invitations_stop_and_go_on(world, sari, oka):
    token, tono = link_of(sari), citizen(world, "Tono")
    assert invitations.turn(oka, False, LOG)
    assert not invitations.turn(oka, False, LOG)
    with pytest.raises(invitations.InvitationsOff):
        accept(tono, token)
    with pytest.raises(invitations.InvitationsOff):
        link_of(sari, nonce="new")
    assert invitations.turn(oka, True, LOG)
    assert accept(tono, token).role == Role.VOLUNTEER
    assert told() == [("off", None), ("on", None)]


def test_one_persons_links_are_revoked_and_their_guests_stay(world, sari, oka):
    token = link_of(sari)
    tono = accept(citizen(world, "Tono"), token)
    other = link_of(world.person("Budi"))
    assert invitations.revoke_all_of(oka, sari, LOG) == 1
    assert invitations.revoke_all_of(oka, sari, LOG) == 0
    assert told() == [("revoked", commitments.of(sari))]
    with pytest.raises(invitations.InvitationOver):
        accept(citizen(world, "Tini"), token)
    invitations.find(other)
    tono.refresh_from_db()
    assert tono.role == Role.VOLUNTEER
    with pytest.raises(roles.UnknownPerson):
        invitations.revoke_all_of(oka, User(pk=10**9), LOG)


@pytest.mark.parametrize("role", [Role.CITIZEN, Role.VOLUNTEER, Role.ADJUDICATOR])
def test_only_operators_do(world, sari, role):
    person = world.person("Budi", role)
    with pytest.raises(NotAllowed):
        invitations.turn(person, False, LOG)
    with pytest.raises(NotAllowed):
        invitations.revoke_all_of(person, sari, LOG)


def test_the_tree_is_counted_in_one_query(world, sari, django_assert_num_queries):
    token = link_of(sari)
    tono, tini = accept(citizen(world, "Tono"), token), accept(citizen(world, "Tini"), token)
    uli = accept(citizen(world, "Uli"), link_of(tono))
    User.objects.filter(pk=tini.pk).update(is_active=False)
    with django_assert_num_queries(1):
        everybody = [(one.pk, one.guests, one.active) for one in invitations.inviters(None)]
    assert everybody == [(sari.pk, 2, 1), (tono.pk, 1, 1)]
    assert [one.pk for one in invitations.inviters(sari)] == [tono.pk, tini.pk]
    assert [one.pk for one in invitations.inviters(tono)] == [uli.pk]


# --- What the database itself refuses ---------------------------------------------------------------


def test_a_line_is_set_once(world, sari):
    tono = world.person("Tono", invited_by=sari)
    for other in (world.person("Budi"), None):
        with pytest.raises(DatabaseError, match="set once"), transaction.atomic():
            User.objects.filter(pk=tono.pk).update(invited_by=other)
    User.objects.filter(pk=tono.pk).update(invited_by=sari)


def test_a_line_has_an_end(world, sari):
    tono = world.person("Tono", invited_by=sari)
    uli = world.person("Uli", invited_by=tono)
    User.objects.filter(pk=sari.pk).update(invited_by=uli)
    with connection.cursor() as cursor, pytest.raises(DatabaseError, match="its own tail"):
        cursor.execute("SET CONSTRAINTS line_has_an_end IMMEDIATE")


def test_acceptances_and_turns_are_only_added_and_links_only_revoked(world, sari, oka):
    accept(citizen(world, "Tono"), link_of(sari))
    invitations.turn(oka, False, LOG)
    for rows, change in (
        (Acceptance.objects, {"person": sari}),
        (InvitationTurn.objects, {"what": "on"}),
        (Invitation.objects, {"places": 900}),
    ):
        with pytest.raises(DatabaseError, match="append-only"), transaction.atomic():
            rows.update(**change)
        with pytest.raises(DatabaseError, match="append-only"), transaction.atomic():
            rows.all()._raw_delete(rows.db)


@pytest.mark.django_db(transaction=True)
def test_the_last_place_is_taken_once_and_friends_cannot_invite_each_other_at_the_same_instant():
    from tests.world import build

    world = build()
    sari = world.person("Sari")
    token = link_of(sari, 1)
    guests = [citizen(world, name) for name in ("Tono", "Tini", "Uli")]
    start, refused = threading.Barrier(3), []

    def go(guest: User) -> None:
        start.wait()
        try:
            invitations.accept(guest, token, LOG)
        except invitations.InvitationOver:
            refused.append(guest)
        connection.close()

    threads = [threading.Thread(target=go, args=(guest,)) for guest in guests]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(refused) == 2
    assert User.objects.filter(invited_by=sari, role=Role.VOLUNTEER).count() == Acceptance.objects.count() == 1
