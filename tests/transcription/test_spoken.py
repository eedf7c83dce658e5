"""What one adjudicator is told of what others said: who, which numbers, and whether it stands."""

import pytest

from accounts import roles
from accounts.models import Role
from pemantau import pipeline
from tests.pages import numbers
from tests.transcription.reading import VOTES, browser_of, looks, photo_of, reads, rules, task_of
from tests.transcription.test_rulings import with_sent_numbers
from tests.uploads.test_pages import text
from transcription import cases, rulings, spoken

FALSE = VOTES | {"paslon_1": 901}


@pytest.fixture
def photo(world):
    """Decided as two readers read it; its sender typed other numbers, which take two adjudicators."""
    return with_sent_numbers(world, **FALSE)


def told(world, name, photo) -> str:
    page = text(browser_of(world, name, Role.ADJUDICATOR).get(f"/putusan/{photo.pk}/"))
    return page.partition("Yang sudah dikatakan verifikator")[2].partition("Kolom")[0]


def test_a_second_adjudicator_sees_which_numbers_the_first_one_took(world, photo):
    rules(world, "Vera", photo, "accept", page=2, numbers=FALSE, note="lihat tepi kiri")
    said = told(world, "Wayan", photo)
    assert "Verifikator A : angka ini (Begitu tertulis di kertas): lihat tepi kiri. menunggu verifikator kedua" in said
    in_question, _, everything = said.partition("Semua angkanya")
    assert "Halaman 2" in in_question
    assert numbers(in_question) & {"901", "101", "88"} == {"901"}
    assert {"901", "88", "31"} <= numbers(everything)
    assert "Putusan Anda" not in said


def test_ones_own_is_told_as_ones_own(world, photo):
    rules(world, "Vera", photo, "accept", page=2, numbers=FALSE)
    said = told(world, "Vera", photo)
    assert "Putusan Anda menunggu verifikator kedua." in said
    assert "Anda : angka ini" in said
    assert "Verifikator A" not in said


def test_each_adjudicator_is_one_letter_and_a_move_says_where_to(world):
    photo = photo_of(world)
    for name in ("Sari", "Budi"):
        reads(world, name, photo, problem="wrong_tps")
    here, there = "9101011002001", "9101011002002"
    rules(world, "Vera", photo, "rehome", "wrong_tps", station_code=here)
    rules(world, "Wayan", photo, "rehome", "wrong_tps", station_code=there)
    looks(world, "Xena", photo)
    said = told(world, "Xena", photo)
    place = world.stations[here].region.name
    assert f"Verifikator A : pindahkan TPS 001, {place}, {here} (TPS lain). menunggu verifikator kedua" in said
    assert f"Verifikator B : pindahkan TPS 002, {place}, {there} (TPS lain). menunggu verifikator kedua" in said
    rules(world, "Vera", photo, "rehome", "wrong_tps", station_code="9101011001002")
    assert told(world, "Xena", photo).count("Verifikator A") == 2
    for_programs = cases.as_json(cases.look_into(photo.pk, world.person("Xena")))
    assert [one["adjudicator"] for one in for_programs["rulings"]] == ["A", "B", "A"]


def states(world, photo) -> list[str]:
    viewer = world.person("Zaki", Role.ADJUDICATOR)
    seen = cases.look_into(photo.pk, viewer)
    return [str(one.state) for one in spoken.so_far(seen, cases.beside(seen).history, viewer)]


def test_what_waits_stands_or_was_replaced(world, photo):
    rules(world, "Vera", photo, "accept", page=2, numbers=FALSE)
    assert states(world, photo) == ["waits"]
    rules(world, "Wayan", photo, "accept", page=2, numbers=FALSE)
    assert states(world, photo) == ["stands", "stands"]
    rules(world, "Xena", photo, "accept", page=2, numbers=VOTES)
    assert states(world, photo) == ["stands", "stands", "waits"]
    rules(world, "Yuda", photo, "accept", page=2, numbers=VOTES)
    assert states(world, photo) == ["replaced", "replaced", "stands", "stands"]


def test_what_one_said_otherwise_while_it_waited_waits_no_more(world, photo):
    rules(world, "Vera", photo, "reject", "altered")
    rules(world, "Vera", photo, "rehome", "wrong_tps", station_code="9101011002001")
    assert states(world, photo) == ["replaced", "waits"]


def test_a_move_stands_after_numbers_were_accepted_there(world):
    photo = photo_of(world)
    for n, name in enumerate(("Sari", "Budi", "Citra", "Dewi")):
        reads(world, name, photo, **VOTES | {"paslon_1": 200 + n})
    for name in ("Vera", "Wayan"):
        rules(world, name, photo, "rehome", "wrong_tps", station_code="9101011002001")
    rules(world, "Xena", photo, "accept", page=2, numbers=VOTES | {"paslon_1": 202})
    looks(world, "Zaki", photo)
    assert states(world, photo) == ["stands", "stands", "stands"]


def test_the_word_of_somebody_who_may_no_longer_rule_waits_for_nobody(world, photo):
    rules(world, "Vera", photo, "reject", "altered")
    for name in ("Omar", "Olga"):
        roles.grant(world.person(name, Role.OPERATOR), world.person("Vera"), Role.CITIZEN, "contoh")
    rules(world, "Wayan", photo, "reject", "altered")
    assert task_of(photo).why == "second"
    assert states(world, photo) == ["silent", "waits"]


def test_whether_it_waits_is_known_before_and_after_the_photo_is_decided(world, photo):
    for name, waits in (("Vera", True), ("Wayan", False)):
        looks(world, name, photo)
        adjudicator = world.person(name, Role.ADJUDICATOR)
        ruling = pipeline.send_ruling(rulings.Sent(photo.pk, adjudicator, "reject", "altered"))
        assert spoken.waits(ruling) == waits
        pipeline.decide(str(photo.pk))
        assert spoken.waits(ruling) == waits
