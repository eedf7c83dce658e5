"""Which TPS is written on the form: read blind, agreed upon by two, and what comes of another one than was claimed."""

import json
import re

import pytest
from hypothesis import given
from hypothesis import strategies as some

from accounts.models import Role
from aggregation.models import Result
from ledger import sealing
from ledger.models import Event
from pemantau import pipeline
from tests.transcription import test_agreement
from tests.transcription.reading import (
    VOTES,
    browser_of,
    decision_of,
    looks,
    photo_of,
    rules,
    sends,
    task_of,
)
from tests.transcription.reading import given as handed
from tps.models import PollingStation, Region
from transcription import agreement, showing
from transcription.entries import OTHER_VILLAGE, UNREADABLE, Reading, WrongReading, check
from transcription.header_form import HeaderForm
from transcription.models import Entry

HERE, THERE = "9101011001001", "9101011002002"
VILLAGES = [("9101011001", "Desa 1"), ("9101011002", "Desa 2")]


@pytest.fixture
def photo(world):
    return photo_of(world)


def says(world, name, photo, tps):
    return sends(handed(world, name, photo), Reading(2, dict(VOTES), tps=tps))


# --- What is asked, and what is not said ---------------------------------------------------------


def test_a_reader_is_not_told_which_tps_it_was_sent_for(world, photo):
    sari = browser_of(world, "Sari")
    task = sari.post("/api/v1/tasks/")
    page = sari.get(f"/baca/{task.json()['id']}/?halaman=2").content.decode()
    assert "station" not in task.json()
    assert task.json()["villages"] == [{"code": code, "name": name} for code, name in VILLAGES]
    for said in (task.content.decode(), page):
        assert HERE not in said
        assert "TPS 001" not in said


def test_all_readers_choose_from_the_same_villages_and_the_claimed_one_is_among_them(world, photo):
    district = Region.objects.get(code="910101")
    for number in range(3, 30):
        Region.objects.create(code=f"91010110{number:02d}", level=4, name=f"Desa {number:02d}", parent=district)
    Region.objects.create(code="9101012001", level=4, name="Desa 1", parent=district)  # who reads it means the claimed
    villages = [(one.code, one.name) for one in Region.objects.filter(parent=district)]
    shown = showing.to_choose_from(photo, villages)
    assert showing.to_choose_from(photo, villages[::-1]) == shown
    assert len(shown) == showing.VILLAGES
    assert ("9101011001", "Desa 1") in shown
    assert ("9101012001", "Desa 1") not in shown
    assert [name for _, name in shown] == sorted(name for _, name in shown)
    others = {tuple(showing.to_choose_from(photo_of(world, THERE), villages)) for _ in range(5)}
    assert len(others) > 1, "another photo has other ones, and nobody can tell which was claimed"


@pytest.mark.parametrize(
    ("typed", "written"),
    [
        ({"desa": "1", "tps": "1"}, "9101011001001"),
        ({"desa": "2", "tps": "045"}, "9101011002045"),
        ({"desa": "3", "tps": ""}, OTHER_VILLAGE),
        ({"desa": "3", "tps": "7"}, OTHER_VILLAGE),
        ({"desa": "1", "tanda-tps": UNREADABLE}, UNREADABLE),
        ({"tanda-desa": UNREADABLE, "tps": "4"}, UNREADABLE),
        ({"desa": "1", "tps": ""}, ""),
        ({"desa": "1", "tps": "0"}, ""),
        ({"desa": "4", "tps": "1"}, ""),
        ({"desa": "0", "tps": "1"}, ""),
        ({"desa": "x", "tps": "1"}, ""),
        ({"desa": "1", "tps": "١"}, ""),
        ({}, ""),
    ],
)
def test_what_is_typed_is_a_tps_or_nothing(typed, written):
    assert HeaderForm.of(VILLAGES, typed).written() == written


def test_the_page_asks_for_it_and_the_entry_says_it(world, photo):
    sari = browser_of(world, "Sari")
    address = sari.post("/baca/")["Location"]
    numbers = {f"angka-{key}": str(value) for key, value in VOTES.items()} | {"halaman": "2"}
    refused = sari.post(address, numbers | {"desa": "1"})
    assert refused.status_code == 422
    page = refused.content.decode()
    assert "Tulis desa dan nomor TPS yang tertulis pada formulir." in page
    assert re.search(r'id="desa" name="desa" value="1"', page), "nothing typed is lost"
    assert not Entry.objects.exists()
    sari.post(address, numbers | {"desa": "1", "tps": "1"})
    assert Entry.objects.get().tps == HERE


@pytest.mark.parametrize(
    ("typed", "is_said"),
    [
        ({"desa": "9", "tps": "1"}, True),
        ({"desa": "0", "tps": ""}, True),
        ({"desa": "x", "tps": "1"}, True),
        ({"desa": "1", "tps": "0"}, False),
        ({"desa": "", "tps": "1"}, False),
    ],
)
def test_a_village_that_the_list_does_not_have_is_told_as_such(world, photo, typed, is_said):
    sari = browser_of(world, "Sari")
    numbers = {f"angka-{key}": str(value) for key, value in VOTES.items()} | {"halaman": "2"}
    refused = sari.post(sari.post("/baca/")["Location"], numbers | typed)
    assert refused.status_code == 422
    said = "Nomor desa harus salah satu dari daftar: 1 sampai 3."
    assert (refused.context["form"].wrong == {"desa": said}) is is_said


@pytest.mark.parametrize("tps", ["", "1", "91010110010011", "abc", "kosong", None])
def test_programs_say_it_too(world, photo, tps):
    sari = browser_of(world, "Sari")
    lease = sari.post("/api/v1/tasks/").json()["id"]
    answer = sari.post(
        f"/api/v1/tasks/{lease}/entry/", json.dumps({"page": 2, "numbers": VOTES, "tps": tps}), "application/json"
    )
    assert answer.status_code in (400, 422)
    assert not Entry.objects.exists()


def test_a_problem_needs_none(photo):
    form = showing.for_contest(photo.contest)
    assert check(Reading(None, None, "blurred", tps=HERE), form).tps == ""
    with pytest.raises(WrongReading):
        check(Reading(2, dict(VOTES), tps="12"), form)


# --- What comes of it ---------------------------------------------------------------------------


def test_two_who_read_the_claimed_one_decide(world, photo):
    entry = says(world, "Sari", photo, HERE)
    says(world, "Budi", photo, UNREADABLE)
    assert decision_of(photo).numbers == VOTES
    said = {"page": 2, "val": VOTES, "tps": HERE}
    assert json.loads(bytes(Event.objects.get(kind="reading", subject=str(entry.pk)).body))["sealed"] == sealing.seal(
        bytes(entry.salt), said
    )
    opened = json.loads(bytes(Event.objects.get(kind="decision").body))["opens"]
    assert {one["said"]["tps"] for one in opened} == {HERE, UNREADABLE}


def test_one_who_misread_it_only_makes_a_third_necessary(world, photo):
    says(world, "Sari", photo, HERE)
    says(world, "Budi", photo, THERE)
    assert (decision_of(photo), task_of(photo).wants, task_of(photo).why) == (None, 1, "")
    says(world, "Citra", photo, HERE)
    assert decision_of(photo).numbers == VOTES


@pytest.mark.parametrize("tps", [THERE, OTHER_VILLAGE])
def test_two_who_read_another_one_bring_it_before_an_adjudicator(world, photo, tps):
    says(world, "Sari", photo, tps)
    says(world, "Budi", photo, tps)
    assert decision_of(photo) is None
    assert task_of(photo).why == "tps"
    vera = browser_of(world, "Vera", Role.ADJUDICATOR)
    asked = vera.get(f"/putusan/{photo.pk}/").content.decode()
    assert "TPS yang tertulis pada formulir" in asked
    assert tps not in asked
    looks(world, "Vera", photo, tps=THERE)
    page = vera.get(f"/putusan/{photo.pk}/").content.decode()
    assert f"Anda sendiri membaca TPS {THERE}." in page
    assert "Pada formulir tertulis TPS lain" in page
    assert f'name="tps" inputmode="numeric" maxlength="13" required value="{tps if tps == THERE else ""}"' in page
    assert [one["tps"] for one in vera.get(f"/api/v1/cases/{photo.pk}/").json()["entries"]] == [tps, tps]


def test_once_it_was_moved_there_what_they_read_counts_there(world, photo):
    says(world, "Sari", photo, THERE)
    says(world, "Budi", photo, THERE)
    rules(world, "Vera", photo, "rehome", "wrong_tps", station_code=THERE)
    assert decision_of(photo) is None, "two adjudicators move a photo"
    rules(world, "Wayan", photo, "rehome", "wrong_tps", station_code=THERE)
    decision = decision_of(photo)
    assert (decision.outcome, decision.station.code, decision.numbers) == ("accepted", THERE, VOTES)
    pipeline.record(str(photo.pk))
    assert Result.objects.get(station=PollingStation.objects.get(code=THERE)).numbers == VOTES
    assert not Result.objects.filter(station=photo.station, numbers__paslon_1=101).exists()


# --- As a rule, without tables ------------------------------------------------------------------


@given(test_agreement.entries_of(), test_agreement.ties, some.sampled_from([HERE, UNREADABLE, ""]))
def test_who_reads_the_claimed_one_or_none_changes_nothing(entries, tied, said):
    evidence = agreement.Evidence(entries, tied=tied, tps=HERE)
    named = [agreement.replace(entry, tps=said) for entry in entries]
    assert agreement.outcome(agreement.Evidence(named, tied=tied, tps=HERE), lambda *_: ()) == agreement.outcome(
        evidence, lambda *_: ()
    )


@given(test_agreement.entries_of(), test_agreement.ties)
def test_numbers_of_another_tps_never_decide(entries, tied):
    named = [agreement.replace(entry, tps=THERE) for entry in entries]
    said = agreement.outcome(agreement.Evidence(named, tied=tied, tps=HERE), lambda *_: ())
    assert not isinstance(said.stands, agreement.Accepted)
