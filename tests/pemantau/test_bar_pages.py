"""The page on which operators pause readers and let them read again."""

import pytest

from accounts.models import Role
from tests.transcription.reading import browser_of
from transcription import bars
from transcription.models import BarTurn

pytestmark = pytest.mark.django_db
PAGE = "/kelola/jeda/"


@pytest.fixture
def omar(world):
    return browser_of(world, "Omar", Role.OPERATOR)


def test_nobody_is_paused_at_first(omar):
    assert "Tidak ada yang dijeda atau diragukan" in omar.get(PAGE).content.decode()


def test_an_operator_pauses_somebody_and_lets_them_read_again(world, omar):
    sari = world.person("Sari")
    said = {"email": "SARI@contoh.test", "reason": "one_sided", "note": "tiga kali"}
    shown = omar.post(PAGE, said, follow=True).content.decode()
    assert "bacaan menguntungkan satu pihak" in shown
    assert browser_of(world, "Sari").post("/api/v1/tasks/").json()["error"]["code"] == "paused"
    shown = omar.post(PAGE, {"lift": sari.pk, "reason": "explained"}, follow=True).content.decode()
    assert "Orang ini mendapat foto lagi." in shown
    assert browser_of(world, "Sari").post("/api/v1/tasks/").status_code == 204
    assert list(BarTurn.objects.order_by("pk").values_list("on", "reason", "note")) == [
        (True, "one_sided", "tiga kali"),
        (False, "explained", ""),
    ]


@pytest.mark.parametrize(
    ("said", "status"),
    [
        ({"email": "siapa@contoh.test", "reason": "careless"}, 404),
        ({"email": "omar@contoh.test", "reason": "careless"}, 403),
        ({"email": "sari@contoh.test", "reason": "gold"}, 302),
        ({"email": "sari@contoh.test", "reason": ""}, 422),
        ({"email": "sari@contoh.test", "reason": "other"}, 422),
        ({"lift": "99999999", "reason": "mistake"}, 404),
        ({"lift": "x", "reason": "mistake"}, 404),
    ],
)
def test_what_cannot_be_is_said_and_changes_nothing(world, omar, said, status):
    world.person("Sari")
    assert omar.post(PAGE, said).status_code == status
    assert BarTurn.objects.exists() == (status == 302)


def test_the_page_costs_as_many_queries_for_many_as_for_one(world, omar, django_assert_max_num_queries):
    for name in ("Sari", "Budi", "Citra"):
        bars.pause(world.person("Omar"), world.person(name).pk, "contoh", reason="careless")
        with django_assert_max_num_queries(12):
            omar.get(PAGE)
