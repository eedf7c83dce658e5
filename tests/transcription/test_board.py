"""The volunteers' board: only who chose to be on it, only confirmed readings, and gone at once."""

import pytest
from django.test import Client

from accounts import display_names, leaving, roles
from accounts.models import Role, User
from tests.transcription.reading import VOTES, browser_of, photo_of, reads
from tests.transcription.test_own_work import later
from transcription import bars, board


def shown() -> str:
    return Client().get("/relawan/").content.decode()


@pytest.fixture
def done(world):
    """Sari and Budi have one confirmed reading each, Citra one that was outvoted."""
    photo = photo_of(world)
    reads(world, "Citra", photo, **VOTES | {"paslon_1": 3})
    for name in ("Sari", "Budi"):
        reads(world, name, photo)
    later()
    return world


def names(world, **chosen: str) -> None:
    for person, name in chosen.items():
        display_names.choose(world.person(person), name)


def test_nobody_is_on_it_who_did_not_choose_to_be(done):
    assert "Belum ada nama di sini" in shown()
    names(done, Sari="Melati Pagi")
    assert [(one.place, one.name, one.confirmed) for one in board.lines(board.counts())] == [(1, "Melati Pagi", 1)]
    assert "sari" not in shown().lower()


def test_only_confirmed_readings_count_and_equal_ones_share_a_place(done):
    names(done, Sari="Melati", Budi="Anggrek", Citra="Cempaka")
    assert [(one.place, one.name) for one in board.lines(board.counts())] == [(1, "Anggrek"), (1, "Melati")]
    photo = photo_of(done, "9101011001002")
    for name in ("Sari", "Dewi"):
        reads(done, name, photo)
    assert board.counts()[str(done.person("Sari").pk)] == 1, "not before its time"
    later()
    assert [(one.place, one.name, one.confirmed) for one in board.lines(board.counts())] == [
        (1, "Melati", 2),
        (2, "Anggrek", 1),
    ]


def takes_it_back(world):
    browser_of(world, "Sari").post("/akun/papan/", {"hapus": "1"})


def is_paused(world):
    bars.pause(world.person("Oka", Role.OPERATOR), world.person("Sari").pk, "contoh", reason="careless")


def leaves(world):
    leaving.erase(world.person("Sari"), "contoh")


def reads_no_longer(world):
    roles.grant(world.person("Oka", Role.OPERATOR), world.person("Sari"), Role.CITIZEN, "contoh")


@pytest.mark.parametrize("goes", [takes_it_back, is_paused, leaves, reads_no_longer])
def test_whoever_goes_is_gone_at_once_also_from_what_is_cached(done, goes):
    names(done, Sari="Melati", Budi="Anggrek")
    assert "Melati" in shown()
    goes(done)
    assert "Melati" not in shown()
    assert "Anggrek" in shown()


def test_leaving_erases_the_name(done):
    names(done, Sari="Melati")
    leaves(done)
    assert User.objects.get(pk=done.person("Sari").pk).display_name == ""


def test_it_is_bounded_and_has_the_best(done, monkeypatch):
    names(done, Sari="Melati", Budi="Anggrek")
    photo = photo_of(done, "9101011001002")
    for name in ("Budi", "Dewi"):
        reads(done, name, photo)
    later()
    monkeypatch.setattr(board, "MOST", 1)
    assert [one.name for one in board.lines(board.counts())] == ["Anggrek"]


def test_it_costs_one_query_where_it_is_counted_already(done, django_assert_num_queries):
    names(done, Sari="Melati")
    shown()
    with django_assert_num_queries(1):
        shown()


@pytest.mark.parametrize(
    "written",
    ["Melati", "  Melati   Pagi ", "D'Ani", "Ñandú-2", "Ibu Tuti, S.Pd"[:8], "सरिता देवी"],
)
def test_a_name_is_of_letters_digits_and_little_else(world, written):
    assert display_names.check(written) == " ".join(written.split())


@pytest.mark.parametrize(
    "written",
    [
        "", "  ", "ab", "a" * 31, "123", "...", "sari@contoh.test", "http://x", "Me<b>lati", "Me\u202elati",
        "Me\u200blati", "Melati 🌼", "KPU", "Petugas KPU Bandung", "Admin Pemantau", "ａｄｍｉｎ",
    ],
)  # fmt: skip
def test_other_names_are_refused_and_stand_in_the_form_again(world, written):
    with pytest.raises(display_names.WrongDisplayName):
        display_names.check(written)
    answer = browser_of(world, "Sari").post("/akun/papan/", {"nama": written})
    assert answer.status_code == 422
    assert User.objects.get(pk=world.person("Sari").pk).display_name == ""


def test_a_name_is_one_persons(world):
    names(world, Sari="Melati")
    answer = browser_of(world, "Budi").post("/akun/papan/", {"nama": "MELATI"})
    assert answer.status_code == 409
    assert "sudah dipakai" in answer.content.decode()
    names(world, Sari="Melati Pagi", Budi="Melati")


def test_it_is_no_way_to_see_who_has_which_address(world):
    names(world, Sari="Melati")
    assert "contoh.test" not in shown()
