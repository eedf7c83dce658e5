"""An adjudicator's own look comes before the others' readings, and asks for what they do not agree on."""

import pytest
from django.db import DatabaseError, transaction

from accounts.models import Role
from tests.pages import numbers
from tests.transcription.reading import VOTES, browser_of, given, looks, photo_of, reads, rules, sends, task_of
from transcription import bars, cases, first_looks, rulings
from transcription.entries import KOSONG, OTHER_VILLAGE, Reading, WrongReading
from transcription.models import FirstLook, Ruling, Task

pytestmark = pytest.mark.django_db
READERS = ("Sari", "Budi", "Citra", "Dewi")


@pytest.fixture
def photo(world):
    return photo_of(world)


@pytest.fixture
def vera(world):
    return world.person("Vera", Role.ADJUDICATOR)


@pytest.fixture
def case(world, photo):
    for n, name in enumerate(READERS, start=1):
        reads(world, name, photo, **VOTES | {"paslon_1": 200 + n})
    return photo


def asked(photo, person) -> tuple[list[str], list[str]]:
    found = cases.ask_first(photo.pk, person)
    return [field.key for field in found.fields], [code for code, _name in found.villages]


# --- What is asked ------------------------------------------------------------------------------


def test_what_the_readers_do_not_agree_on(case, vera):
    assert asked(case, vera) == (["paslon_1"], [])


def test_a_problem_some_saw_is_asked_without_saying_so(world, photo, vera):
    for name in ("Sari", "Budi"):
        reads(world, name, photo, problem="wrong_form")
    assert asked(photo, vera) == ([], [])
    page = browser_of(world, "Vera", Role.ADJUDICATOR).get(f"/putusan/{photo.pk}/").content.decode()
    assert "Lihat fotonya dulu" in page
    assert page.count("formulir lain") == 1, "only as one of the things one may say"
    assert "Masalah yang dilihat pembaca" not in page


def test_a_page_of_blanks_is_read_as_a_whole(world, photo, vera):
    for name in ("Sari", "Budi"):
        reads(world, name, photo, **dict.fromkeys(VOTES, KOSONG))
    assert task_of(photo).why == Task.Why.BLANK
    assert asked(photo, vera) == (list(VOTES), [])


def test_the_tps_where_somebody_read_another_one(world, photo, vera):
    for name in ("Sari", "Budi"):
        sends(given(world, name, photo), Reading(2, VOTES, tps=OTHER_VILLAGE))
    fields, villages = asked(photo, vera)
    assert fields == []
    assert photo.station.region_id in villages
    with pytest.raises(WrongReading):
        first_looks.keep(cases.ask_first(photo.pk, vera), vera, Reading(None, {}))
    assert looks(world, "Vera", photo, tps=OTHER_VILLAGE).tps == OTHER_VILLAGE


# --- Before it, nothing is seen -----------------------------------------------------------------


def test_nothing_of_the_others_is_seen_before(world, case, vera):
    rules(world, "Wayan", case, "rehome", "wrong_tps", station_code="9101011002001")
    with pytest.raises(first_looks.ReadFirst):
        cases.look_into(case.pk, vera)
    browser = browser_of(world, "Vera", Role.ADJUDICATOR)
    page = browser.get(f"/putusan/{case.pk}/").content.decode()
    assert not numbers(page) & {"201", "202", "203", "204"}
    assert "9101011002001" not in page
    told = browser.get(f"/api/v1/cases/{case.pk}/")
    assert (told.status_code, told.json()["error"]["code"]) == (409, "read_first")
    found = browser.get(f"/api/v1/cases/{case.pk}/first-look/")
    assert [field["key"] for field in found.json()["fields"]] == ["paslon_1"]
    assert found["Cache-Control"] == "no-store"


def test_nobody_chooses_among_numbers_they_have_not_looked_for(world, case, vera):
    said = rulings.Sent(case.pk, vera, "accept", "as_written", page=2, numbers=VOTES | {"paslon_1": 203})
    with pytest.raises(first_looks.ReadFirst):
        rulings.submit(said)
    assert not Ruling.objects.exists()


def test_what_is_decided_is_public_and_needs_no_look(world, photo, vera):
    for name in ("Sari", "Budi"):
        reads(world, name, photo)
    assert cases.look_into(photo.pk, vera).own is None
    rules(world, "Wayan", photo, "reopen", "mistake")
    for name in ("Citra", "Dewi"):
        reads(world, name, photo, problem="blurred")
    with pytest.raises(first_looks.ReadFirst):
        cases.look_into(photo.pk, vera)


# --- Kept ---------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "reading",
    [
        Reading(None, {}),
        Reading(None, None),
        Reading(None, {"paslon_1": 1000}),
        Reading(None, {"paslon_1": 1, "paslon_2": 2}),
        Reading(None, [1]),
        Reading(None, None, "rahasia"),
    ],
)
def test_what_is_not_asked_or_no_number_is_refused(case, vera, reading):
    with pytest.raises(WrongReading):
        first_looks.keep(cases.ask_first(case.pk, vera), vera, reading)
    assert not FirstLook.objects.exists()


def test_what_was_said_first_stays_and_is_added_only(world, case, vera):
    first = looks(world, "Vera", case, {"paslon_1": 203})
    assert looks(world, "Vera", case, {"paslon_1": 204}) == first
    assert cases.look_into(case.pk, vera).own.numbers == {"paslon_1": 203}
    with pytest.raises(DatabaseError), transaction.atomic():
        FirstLook.objects.update(numbers={"paslon_1": 1})


def test_it_is_no_entry_and_decides_nothing(world, case):
    looks(world, "Vera", case, {"paslon_1": 203})
    looks(world, "Wayan", case, {"paslon_1": 203})
    assert case.entries.count() == 4
    assert task_of(case).needs_adjudicator
    assert case.decisions.count() == 0


def test_who_read_or_sent_the_photo_is_asked_nothing(world, case):
    for name in ("Sari",):
        person = world.person(name)
        type(person).objects.filter(pk=person.pk).update(role=Role.ADJUDICATOR)
        with pytest.raises(rulings.HadItInHand):
            cases.ask_first(case.pk, person)


# --- The page -----------------------------------------------------------------------------------


def test_one_looks_then_sees_and_their_number_is_chosen(world, case):
    browser = browser_of(world, "Vera", Role.ADJUDICATOR)
    path = f"/putusan/{case.pk}/"
    wrong = browser.post(path, {"lihat": "1", "halaman": "2", "angka-paslon_1": ""})
    assert wrong.status_code == 422
    assert "Isi angka 0 sampai 999" in wrong.content.decode()
    page = browser.post(path, {"lihat": "1", "halaman": "2", "angka-paslon_1": "203"}, follow=True).content.decode()
    assert 'value="203" required checked' in page
    assert "B, Anda" not in page
    assert "C, Anda" in page


def test_a_number_that_nobody_else_read_is_said(world, case):
    browser = browser_of(world, "Vera", Role.ADJUDICATOR)
    looks(world, "Vera", case, {"paslon_1": 147})
    page = browser.get(f"/putusan/{case.pk}/").content.decode()
    assert "Anda membaca 147, tidak seorang pun dari mereka." in page


def test_the_case_shows_what_else_there_is(world, case, django_assert_max_num_queries):
    other = photo_of(world)
    for name in ("Eko", "Fitri"):
        reads(world, name, other)
    looks(world, "Vera", case)
    browser = browser_of(world, "Vera", Role.ADJUDICATOR)
    page = browser.get(f"/putusan/{case.pk}/").content.decode()
    assert f"/foto/{other.pk}/" in page
    assert "Foto lain dari TPS ini" in page
    with django_assert_max_num_queries(22):
        browser.get(f"/putusan/{case.pk}/")


def test_after_a_ruling_the_next_case_comes(world, case):
    second = photo_of(world, "9101011001002")
    for name in ("Eko", "Fitri"):
        reads(world, name, second, problem="blurred")
    browser = browser_of(world, "Vera", Role.ADJUDICATOR)
    looks(world, "Vera", case)
    said = {"putusan": "reopen", "alasan": "look_again", "berikutnya": "1"}
    assert browser.post(f"/putusan/{case.pk}/", said)["Location"] == f"/putusan/{second.pk}/"
    looks(world, "Vera", second)
    assert browser.post(f"/putusan/{second.pk}/", said)["Location"] == "/putusan/"


def test_after_a_reopening_one_looks_again(world, case, vera):
    looks(world, "Vera", case)
    assert cases.look_into(case.pk, vera).own
    rules(world, "Wayan", case, "reopen", "look_again")
    for n, name in enumerate(("Eko", "Fitri", "Gita", "Hadi"), start=1):
        reads(world, name, case, **VOTES | {"paslon_2": 300 + n})
    with pytest.raises(first_looks.ReadFirst):
        cases.look_into(case.pk, vera)
    looks(world, "Vera", case, VOTES | {"paslon_2": 302})
    assert cases.look_into(case.pk, vera).own.numbers["paslon_2"] == 302


def test_who_is_paused_is_told_so_only_where_their_role_may(world, settings):
    settings.CONTACT = "tanya@contoh.test"
    for name, role in (("Omar", Role.OPERATOR), ("Sari", Role.VOLUNTEER)):
        bars.turn(None, world.person(name, role).pk, "contoh", on=True, reason="gold")
    told = browser_of(world, "Omar", Role.OPERATOR).get("/putusan/pengecualian/")
    assert (told.status_code, "tanya@contoh.test" in told.content.decode()) == (403, True)
    for name, address in (("Omar", "/putusan/"), ("Sari", "/putusan/"), ("Sari", "/putusan/pengecualian/")):
        told = browser_of(world, name).get(address)
        assert told.status_code == 403
        assert "Peran Anda tidak boleh" in told.content.decode()


def test_who_is_paused_judges_nothing(world, case):
    looks(world, "Vera", case)
    browser = browser_of(world, "Vera", Role.ADJUDICATOR)
    bars.turn(None, world.person("Vera").pk, "contoh", on=True, reason="gold")
    said = {"verdict": "reopen", "reason": "look_again"}
    refused = browser.post(f"/api/v1/cases/{case.pk}/ruling/", said, content_type="application/json")
    assert (refused.status_code, refused.json()["error"]["code"]) == (403, "paused")
    for address in ("/putusan/", "/putusan/pengecualian/", "/putusan/laporan/", "/putusan/sepengirim/"):
        page = browser.get(address)
        assert page.status_code == 403
        assert "Tugas Anda sedang dijeda" in page.content.decode()
        assert "Peran Anda tidak boleh" not in page.content.decode()
    assert not Ruling.objects.exists()
