"""Half an hour of silence ends the sessions of adjudicators and operators."""

import pytest
import time_machine

from accounts import sessions
from accounts.models import Role

pytestmark = pytest.mark.django_db


def visits(client, at: str) -> bool:
    """Whether they are still signed in at this time of the day."""
    with time_machine.travel(f"2029-02-14T{at}Z", tick=False):
        return client.get("/akun/").status_code == 200


@pytest.mark.parametrize("role", [Role.ADJUDICATOR, Role.OPERATOR])
def test_half_an_hour_of_silence_ends_it(client, world, role):
    with time_machine.travel("2029-02-14T08:00Z", tick=False):
        client.force_login(world.person("Adi", role))
    assert visits(client, "08:00")
    assert visits(client, "08:29")
    assert visits(client, "08:58"), "every request begins a new half hour"
    assert not visits(client, "09:29")
    assert not visits(client, "09:30"), "and it stays ended"


@pytest.mark.parametrize("role", [Role.CITIZEN, Role.VOLUNTEER])
def test_volunteers_stay_for_their_twelve_hours(client, world, role):
    with time_machine.travel("2029-02-14T08:00Z", tick=False):
        client.force_login(world.person("Sari", role))
    assert visits(client, "08:00")
    assert visits(client, "19:30")
    assert sessions.COOKIE not in client.cookies
    assert not visits(client, "20:30")


def test_a_cookie_made_up_by_somebody_helps_nobody(client, world):
    client.cookies[sessions.COOKIE] = "1:x:y"
    assert client.get("/akun/").status_code == 302


@pytest.mark.parametrize("path", ["/", "/hasil/contoh/ppwp/9101/", "/kirim/", "/cari/?q=desa", "/nowhere/", "/sehat/"])
def test_who_only_looks_gets_no_cookie(client, world, path):
    assert not client.get(path).cookies
