"""Pages about people: invitations, through the doors that people use."""

import re

import pytest
from django.core import mail
from django.test import Client
from django.urls import reverse

from accounts import independence, invitations, onboarding
from accounts.models import Invitation, Role, User
from tests.accounts.test_sign_in import code_in_the_mail
from tests.transcription import reading as people
from tests.world import World
from transcription.models import Decision

pytestmark = pytest.mark.django_db

LINK = re.compile(r'value="http://127.0.0.1:8000(/undangan/[0-9a-f]{32}/)"')


def client_of(person: User) -> Client:
    client = Client()
    client.force_login(person)
    return client


def link_from(client: Client, places: int = 5) -> str:
    nonce = re.search(r'name="nonce" value="([^"]+)"', client.get("/akun/undangan/").content.decode())[1]
    answer = client.post("/akun/undangan/", {"places": places, "nonce": nonce})
    return LINK.search(answer.content.decode())[1]


def signs_up_by(link: str, email: str) -> User:
    """A stranger opens the link, signs up with a code, comes back to it and accepts; and has practised since."""
    client = Client()
    page = client.get(link).content.decode()
    signup = re.search(r'href="(/akun/signup/\?next=[^"]+)"', page)[1]
    page = client.get(signup).content.decode()
    assert f'value="{link}"' in page
    client.post(signup, {"email": email, "next": link})
    answer = client.post(reverse("account_email_verification_sent"), {"code": code_in_the_mail()})
    assert answer["Location"] == link
    answer = client.post(link)
    assert answer["Location"] == "/baca/"
    User.objects.filter(email=email).update(**onboarding.experienced())
    return User.objects.get(email=email)


def test_a_stranger_becomes_a_volunteer_and_the_link_says_nothing_about_who_invites(world):
    sari = world.person("Sari")
    link = link_from(client_of(sari))
    page = Client().get(link)
    assert "sari" not in page.content.decode().lower()
    assert page["Cache-Control"].startswith("max-age=0")
    tono = signs_up_by(link, "tono@contoh.test")
    assert (tono.role, tono.invited_by) == (Role.VOLUNTEER, sari)
    assert "sari" not in mail.outbox[-1].body.lower()


def test_those_of_one_line_do_not_decide_together_and_others_do(world: World):
    """Sari invites Tono and Tini, Tono invites Uli: none of them is asked about a photo that another one read."""
    sari = world.person("Sari")
    link = link_from(client_of(sari))
    for name in ("Tono", "Tini"):
        world.people[name] = signs_up_by(link, f"{name.lower()}@contoh.test")
    world.people["Uli"] = signs_up_by(link_from(client_of(world.people["Tono"])), "uli@contoh.test")
    photo = people.photo_of(world)
    people.reads(world, "Tono", photo)
    for name in ("Sari", "Tini", "Uli"):
        assert independence.related(world.people["Tono"].pk, world.people[name].pk)
        assert people.browser_of(world, name).post("/api/v1/tasks/").status_code == 204
    assert not Decision.objects.exists()
    people.reads(world, "Budi", photo)
    assert Decision.objects.count() == 1


def test_those_whom_an_operator_invited_are_strangers_to_each_other(world: World):
    link = link_from(client_of(world.person("Oka", Role.OPERATOR)))
    for name in ("Tono", "Tini"):
        world.people[name] = signs_up_by(link, f"{name.lower()}@contoh.test")
    photo = people.photo_of(world)
    for name in ("Tono", "Tini"):
        people.reads(world, name, photo)
    assert Decision.objects.count() == 1


def test_a_link_is_shown_once_and_can_be_revoked(world, django_assert_num_queries):
    client = client_of(world.person("Sari"))
    link = link_from(client)
    with django_assert_num_queries(5):  # session, person, links, switched on, places open
        page = client.get("/akun/undangan/").content.decode()
    assert link not in page
    assert "0 dari 5" in page
    made = Invitation.objects.get()
    assert client_of(world.person("Budi")).post(f"/akun/undangan/{made.pk}/cabut/").status_code == 410
    client.post(f"/akun/undangan/{made.pk}/cabut/")
    assert "dicabut" in client.get("/akun/undangan/").content.decode()
    answer = Client().get(link)
    assert answer.status_code == 410
    assert "Undangan ini tidak berlaku lagi." in answer.content.decode()


@pytest.mark.parametrize("places", ["", "0", "x", "21", "²", "9" * 30])
def test_a_wrong_number_is_said_beside_its_field(world, places):
    answer = client_of(world.person("Sari")).post("/akun/undangan/", {"places": places, "nonce": "n"})
    assert answer.status_code == 422
    assert "Isi untuk berapa orang: 1 sampai 20." in answer.content.decode()


def test_an_open_link_costs_a_stranger_two_queries(world, client, django_assert_num_queries):
    link = link_from(client_of(world.person("Sari")))
    with django_assert_num_queries(2):  # the link with its maker, switched on
        client.get(link)


def test_an_operator_sees_the_tree_and_ends_a_branch(world: World, django_assert_num_queries):
    sari, oka = world.person("Sari"), world.person("Oka", Role.OPERATOR)
    link = link_from(client_of(sari))
    world.people["Tono"] = tono = signs_up_by(link, "tono@contoh.test")
    people.reads(world, "Tono", people.photo_of(world))
    client = client_of(oka)
    with django_assert_num_queries(6):  # session, person, count, page, switched on, turns
        page = client.get("/kelola/undangan/").content.decode()
    assert "sari@contoh.test" in page
    assert "tono@contoh.test" not in page
    assert '<td class="number" data-label="Bacaan mereka">1</td>' in page
    page = client.get(f"/kelola/undangan/?dari={sari.pk}").content.decode()
    assert "tono@contoh.test" in page
    page = client.get(f"/kelola/undangan/?dari={tono.pk}").content.decode()
    assert f"?dari={sari.pk}" in page, "the way up"
    answer = client.post("/kelola/undangan/", {"revoke": sari.pk}, follow=True)
    assert "1 tautan dicabut." in answer.content.decode()
    assert Client().get(link).status_code == 410


def test_an_operator_stops_all_invitations(world):
    client = client_of(world.person("Oka", Role.OPERATOR))
    link = link_from(client_of(world.person("Sari")))
    client.post("/kelola/undangan/", {"on": "no"})
    assert not invitations.are_on()
    assert Client().get(link).status_code == 409
    assert "dihentikan pengelola" in client_of(world.people["Sari"]).get("/akun/undangan/").content.decode()
    client.post("/kelola/undangan/", {"on": "yes"})
    assert Client().get(link).status_code == 200


@pytest.mark.parametrize("said", [{}, {"on": "maybe"}])
def test_what_is_neither_on_nor_off_is_not_understood(world, said):
    assert client_of(world.person("Oka", Role.OPERATOR)).post("/kelola/undangan/", said).status_code == 400


@pytest.mark.parametrize("who", ["x", "0", "9" * 18, ""])
def test_the_branch_of_nobody(world, who):
    client = client_of(world.person("Oka", Role.OPERATOR))
    assert client.get(f"/kelola/undangan/?dari={who}").status_code == 404
    assert client.post("/kelola/undangan/", {"revoke": who}).status_code == 404
