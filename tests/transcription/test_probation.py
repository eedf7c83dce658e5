"""Probation: whose readings never decide alone, and when that ends."""

import json

import pytest
from django.db import connection
from django.db.models.functions import Now
from django.test.utils import CaptureQueriesContext

from accounts import onboarding
from accounts.models import Role, User
from aggregation import audit, publication
from ledger.models import Event
from tests.transcription.reading import VOTES, browser_of, decision_of, given, photo_of, reads, sends, task_of
from tests.transcription.test_own_work import later
from transcription import confirmed, probation
from transcription.entries import Reading
from transcription.models import Entry


@pytest.fixture(autouse=True)
def _short(monkeypatch):
    """Two confirmed readings instead of ten: the world has five TPS."""
    monkeypatch.setattr(probation, "CONFIRMED", 2)


def new(world, *names: str) -> None:
    for name in names:
        world.person(name, established_at=None)


def on_probation(name: str) -> bool:
    return onboarding.on_probation(User.objects.get(email=f"{name.lower()}@contoh.test"))


def test_an_entry_says_what_its_reader_was_and_so_does_the_ledger(world):
    new(world, "Nova")
    photo = photo_of(world)
    entries = [reads(world, name, photo) for name in ("Nova", "Sari")]
    assert [Entry.objects.get(pk=entry.pk).on_probation for entry in entries] == [True, False]
    told = [json.loads(bytes(Event.objects.get(kind="reading", subject=str(entry.pk)).body)) for entry in entries]
    assert [body.get("flag") for body in told] == [["probation"], None]
    User.objects.update(established_at=Now())
    assert Entry.objects.get(pk=entries[0].pk).on_probation, "what they become later changes nothing"


def test_an_adjudicator_is_on_none(world):
    world.person("Vera", Role.ADJUDICATOR, established_at=None)
    assert not reads(world, "Vera", photo_of(world)).on_probation


def test_two_new_readers_want_a_third(world):
    new(world, "Nova", "Nisa", "Niko")
    photo = photo_of(world)
    for name in ("Nova", "Nisa"):
        reads(world, name, photo)
    assert (decision_of(photo), task_of(photo).wants) == (None, 1)
    reads(world, "Niko", photo)
    assert len(decision_of(photo).because) == 3


def test_a_first_night_of_new_people_alone_begins_and_the_audit_agrees(world):
    new(world, "Nova", "Nisa", "Niko")
    for station in ("9101011001001", "9101011001002"):
        assert on_probation("Nova")
        photo = photo_of(world, station)
        for name in ("Nova", "Nisa", "Niko"):
            reads(world, name, photo)
        assert decision_of(photo).outcome == "accepted"
    assert not any(on_probation(name) for name in ("Nova", "Nisa", "Niko"))
    assert [found for found in audit.differences() if found.what == "decision"] == []


def test_it_ends_with_enough_that_stands_and_not_before(world):
    new(world, "Nova")
    for station, still in (("9101011001001", True), ("9101011001002", False)):
        photo = photo_of(world, station)
        reads(world, "Nova", photo)
        assert on_probation("Nova")
        reads(world, "Sari", photo)
        assert on_probation("Nova") is still
    assert not reads(world, "Nova", photo_of(world, "9101011001003")).on_probation


def test_readings_that_nobody_has_confirmed_end_nothing(world):
    new(world, "Nova")
    for station in list(world.stations)[:4]:
        reads(world, "Nova", photo_of(world, station))
    assert on_probation("Nova")


@pytest.mark.parametrize(
    ("said", "confirmed_so"),
    [("9101011001001", True), ("tidak_terbaca", True), ("9101011001009", False), ("desa_lain", False)],
)
def test_who_reads_another_tps_than_the_one_where_it_stands_is_wrong_whatever_the_numbers(world, said, confirmed_so):
    new(world, "Nova")
    photo = photo_of(world, "9101011001001")
    sends(given(world, "Nova", photo), Reading(2, dict(VOTES), tps=said))
    for name in ("Sari", "Budi"):
        if task_of(photo).wants:
            reads(world, name, photo)
    assert confirmed.count(world.person("Nova")) == confirmed.Count(1, int(confirmed_so), int(not confirmed_so))


def test_who_is_contradicted_too_often_stays(world):
    """One of three wrong is more than one of five."""
    new(world, "Nova")
    stations = list(world.stations)
    wrong = photo_of(world, stations[0])
    reads(world, "Nova", wrong, **VOTES | {"paslon_1": 107})
    for name in ("Sari", "Budi"):
        reads(world, name, wrong)
    for station in stations[1:4]:
        photo = photo_of(world, station)
        reads(world, "Nova", photo)
        reads(world, "Citra", photo)
    assert confirmed.count(world.person("Nova")) == confirmed.Count(read=4, right=3, wrong=1)
    assert on_probation("Nova")


def test_its_reader_is_told_how_far_they_are(world, django_assert_num_queries):
    new(world, "Nova")
    publication.confirm(world.contest)
    photo = photo_of(world)
    for name in ("Nova", "Sari"):
        reads(world, name, photo)
    browser = browser_of(world, "Nova")
    assert "0 dari 2 bacaan Anda" in browser.get("/baca/").content.decode(), "it would tell of known answers"
    later()
    with django_assert_num_queries(4):  # session, account, what they hold, what is confirmed
        page = browser.get("/baca/").content.decode()
    assert "1 dari 2 bacaan Anda" in page
    browser = browser_of(world, "Sari")
    with django_assert_num_queries(3):
        assert "Masa percobaan" not in browser.get("/baca/").content.decode()


def test_deciding_among_established_readers_asks_nothing_about_probation(world):
    photo = photo_of(world)
    reads(world, "Sari", photo)
    with CaptureQueriesContext(connection) as asked:
        reads(world, "Budi", photo)
    assert decision_of(photo)
    assert not [query for query in asked if "established_at = now()" in query["sql"]]
