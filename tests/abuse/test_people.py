"""People who do what broke a mature peer (PEERS.md section 7), over HTTP, in the middle of their work."""

import pytest
from django.db import DatabaseError, connection, transaction

from accounts import roles
from accounts.models import Role, User
from pemantau import pipeline
from tests.transcription import reading as people
from tests.world import World, build
from transcription.models import Decision, Entry, Ruling

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def world() -> World:
    return build()


def given_role(world: World, person: User, role: str, election: str = "contoh") -> None:
    """As operators do it, who are two where two are needed."""
    for name in ("Omar", "Nur"):
        if roles.grant(world.person(name, Role.OPERATOR), person, role, election):
            break
    person.refresh_from_db()
    assert person.role == role


def enter(browser, lease, **numbers: int):
    body = {"page": 2, "numbers": people.VOTES | numbers, "tps": "9101011001001"}
    return browser.post(f"/api/v1/tasks/{lease.pk}/entry/", body, content_type="application/json")


def rule(browser, photo, **numbers: int):
    body = {"verdict": "accept", "reason": "as_written", "page": 2, "numbers": people.VOTES | numbers}
    return browser.post(f"/api/v1/cases/{photo.pk}/ruling/", body, content_type="application/json")


def disputed(world: World):
    photo = people.photo_in_log(world, "9101011001002")
    for number, name in enumerate(("Sari", "Budi", "Dewi", "Eko")):
        people.reads(world, name, photo, **(people.VOTES | {"paslon_1": number}))
    people.looks(world, "Hakim", photo)
    return photo


@pytest.mark.parametrize("role", [Role.CITIZEN, Role.OPERATOR])
def test_a_volunteer_who_is_none_any_more_does_not_send_what_they_typed(world, role):
    lease = people.given(world, "Vina", people.photo_in_log(world, "9101011001001"))
    browser = people.browser_of(world, "Vina")
    assert browser.get(f"/api/v1/tasks/{lease.pk}/").status_code == 200
    vina = world.people["Vina"]
    given_role(world, vina, Role.CITIZEN)
    if role == Role.OPERATOR:  # of the next election: of this one they never are
        given_role(world, vina, role, "nanti")
    assert enter(browser, lease).status_code == 403
    assert browser.post(f"/baca/{lease.pk}/", {"halaman": "2"}).status_code == 403
    assert not Entry.objects.exists()


def test_a_volunteer_who_becomes_an_adjudicator_does_not_judge_what_they_read(world):
    photo = disputed(world)
    given_role(world, world.people["Sari"], Role.ADJUDICATOR)
    browser = people.browser_of(world, "Sari", Role.ADJUDICATOR)
    assert rule(browser, photo, paslon_1=0).status_code == 403
    assert str(photo.pk) not in browser.get("/api/v1/cases/").content.decode()
    assert browser.get(f"/putusan/{photo.pk}/").status_code == 403
    assert not Ruling.objects.exists()


def test_an_adjudicator_who_becomes_a_volunteer_does_not_read_what_they_judged(world):
    photo = disputed(world)
    assert rule(people.browser_of(world, "Hakim", Role.ADJUDICATOR), photo, paslon_1=0).status_code == 201
    pipeline.decide(str(photo.pk))
    people.rules(world, "Ratna", photo, "reopen", "look_again")
    given_role(world, world.people["Hakim"], Role.VOLUNTEER)
    assert people.browser_of(world, "Hakim").post("/api/v1/tasks/").status_code == 204


def test_one_person_with_two_roles_one_after_the_other_is_one_person(world):
    """Reader, adjudicator, reader again: their first entry is their only one, and nothing is decided by them alone."""
    photo = people.photo_in_log(world, "9101011001001")
    people.reads(world, "Sari", photo)
    for role in (Role.ADJUDICATOR, Role.VOLUNTEER):
        given_role(world, world.people["Sari"], role)
        assert people.browser_of(world, "Sari", role).post("/api/v1/tasks/").status_code == 204
    assert (Entry.objects.count(), Decision.objects.count()) == (1, 0)


def test_an_adjudicator_posts_a_number_that_nobody_read(world):
    photo = disputed(world)
    browser = people.browser_of(world, "Hakim", Role.ADJUDICATOR)
    answer = rule(browser, photo, paslon_1=99)
    assert (answer.status_code, answer.json()["error"]["code"]) == (422, "nobody_read_that")
    assert not Ruling.objects.exists()
    assert rule(browser, photo, paslon_1=3).status_code == 201


def test_two_different_people_with_equal_entries_decide(world):
    """The peer also compared who typed, so that two people who agreed never matched."""
    photo = people.photo_in_log(world, "9101011001001")
    for name in ("Sari", "Budi"):
        assert enter(people.browser_of(world, name), people.given(world, name, photo)).status_code == 201
    pipeline.decide(str(photo.pk))
    decision = Decision.objects.get()
    assert decision.numbers == people.VOTES
    assert set(decision.because) == set(Entry.objects.values_list("pk", flat=True))


def test_two_accounts_in_one_browser_decide_nothing(world):
    photo = people.photo_in_log(world, "9101011001001")
    phone = world.device()
    world.person("Sari"), world.person("Budi")
    world.owned = {person.pk: phone for person in world.people.values()}
    browser = people.browser_of(world, "Sari")
    assert enter(browser, people.given(world, "Sari", photo)).status_code == 201
    assert people.browser_of(world, "Budi").post("/api/v1/tasks/").status_code == 204
    pipeline.decide(str(photo.pk))
    assert not Decision.objects.exists()


@pytest.mark.parametrize("number", [0, 999])
def test_the_database_itself_takes_no_decision_that_nobody_carries(world, number):
    """Without our code in between, as somebody with the application's rights could try."""
    photo = disputed(world)
    entries = list(Entry.objects.filter(photo=photo).order_by("numbers__paslon_1"))

    @transaction.atomic
    def forge() -> None:
        Decision.objects.create(
            photo=photo,
            version=1,
            rule_version=1,
            outcome="accepted",
            how="two_readers",
            station=photo.station,
            contest=photo.contest,
            page=2,
            numbers=people.VOTES | {"paslon_1": number},
            because=[entries[0].pk],
        )

    with pytest.raises(DatabaseError):
        forge()
    with connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM transcription_decision")
        assert cursor.fetchone() == (0,)
