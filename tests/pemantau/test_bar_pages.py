"""The pages on which operators pause readers, and have what such a person read count no more."""

import re

import pytest

from accounts import leaving
from accounts.models import Role
from pemantau import pipeline
from tests.aggregation.evidence import fold
from tests.aggregation.test_audit import settled
from tests.transcription.reading import browser_of
from transcription import bars, recalls
from transcription.models import BarTurn, Lifting, Recall

pytestmark = pytest.mark.django_db
PAGE = "/kelola/jeda/"


@pytest.fixture
def omar(world):
    return browser_of(world, "Omar", Role.OPERATOR)


def test_nobody_is_paused_at_first(omar):
    assert "Tidak ada yang dijeda atau diragukan" in omar.get(PAGE).content.decode()


def test_an_operator_pauses_somebody_and_two_let_them_read_again(world, omar):
    sari, olga = world.person("Sari"), browser_of(world, "Olga", Role.OPERATOR)
    said = {"email": "SARI@contoh.test", "reason": "one_sided", "note": "tiga kali"}
    shown = omar.post(PAGE, said, follow=True).content.decode()
    assert "bacaan menguntungkan satu pihak" in shown
    assert browser_of(world, "Sari").post("/api/v1/tasks/").json()["error"]["code"] == "paused"
    shown = omar.post(PAGE, {"lift": sari.pk, "reason": "explained"}, follow=True).content.decode()
    assert "Pengelola lain yang menyetujuinya" in shown
    assert 'name="agree"' not in shown
    lifting = Lifting.objects.get()
    assert omar.post(PAGE, {"agree": lifting.pk, "person": sari.pk}).status_code == 403
    assert "sudah dijelaskan orangnya" in olga.get(PAGE).content.decode()
    omar.post(PAGE, {"withdraw": sari.pk})
    assert olga.post(PAGE, {"agree": lifting.pk, "person": sari.pk}).status_code == 409
    omar.post(PAGE, {"lift": sari.pk, "reason": "explained"})
    agreed = {"agree": Lifting.objects.latest("pk").pk, "person": sari.pk}
    assert "Orang ini mendapat foto lagi." in olga.post(PAGE, agreed, follow=True).content.decode()
    assert "omar@contoh.test, olga@contoh.test" in omar.get(PAGE).content.decode()
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
        ({"agree": "99999999"}, 409),
        ({"agree": "x"}, 409),
    ],
)
def test_what_cannot_be_is_said_and_changes_nothing(world, omar, said, status):
    world.person("Sari")
    assert omar.post(PAGE, said).status_code == status
    assert BarTurn.objects.exists() == (status == 302)


def test_the_page_costs_as_many_queries_for_many_as_for_one(world, omar, django_assert_max_num_queries):
    for name in ("Sari", "Budi", "Citra"):
        bars.pause(world.person("Omar"), world.person(name).pk, "contoh", reason="careless")
        with django_assert_max_num_queries(13):
            omar.get(PAGE)


def test_everybody_who_is_paused_can_be_seen_and_read_again(world, omar):
    people = [world.person(f"P{number}") for number in range(53)]
    for person in people:
        bars.pause(world.person("Omar"), person.pk, "contoh", reason="careless")
    first, second = (omar.get(PAGE, {"hal": number}).content.decode() for number in (1, 2))
    assert "53 orang" in first
    assert 'href="?hal=2"' in first
    lifts = [set(re.findall(r'name="lift" value="(\d+)"', page)) for page in (first, second)]
    assert [len(one) for one in lifts] == [50, 3]
    assert lifts[0] | lifts[1] == {str(person.pk) for person in people}
    last = min(lifts[1])
    refused = omar.post(f"{PAGE}?hal=2", {"lift": last, "reason": ""})
    assert f'id="lift-{last}"' in refused.content.decode(), "what is wrong is on the page that says so"
    proposed = omar.post(f"{PAGE}?hal=2", {"lift": last, "reason": "mistake"}, follow=True)
    assert proposed.redirect_chain == [(f"{PAGE}?hal=2", 302)]
    assert len(re.findall(r'name="lift"', proposed.content.decode())) == 2


# --- What a paused person read --------------------------------------------------------------------


@pytest.fixture
def recall_page(world, omar):
    settled(world, "9101011001001", page=2, by=("Sari", "Budi"))
    fold()
    sari = world.person("Sari")
    bars.pause(world.person("Omar"), sari.pk, "contoh", reason="careless")
    return f"{PAGE}{sari.pk}/"


def test_one_operator_looks_another_confirms_and_it_can_be_undone(world, omar, recall_page):
    olga = browser_of(world, "Olga", Role.OPERATOR)
    shown = omar.post(recall_page, follow=True).content.decode()
    recall = Recall.objects.get()
    assert "0 dari 1 foto sudah dilihat" in shown
    assert 'http-equiv="refresh"' in shown
    pipeline.go_on_with_recall(str(recall.pk))
    shown = omar.get(recall_page).content.decode()
    assert "Pengelola lain yang menyetujuinya" in shown
    assert "-101" in shown.replace("\u2212", "-")
    assert 'name="confirm"' not in shown
    assert omar.post(recall_page, {"confirm": "1", "recall": recall.pk}).status_code == 403
    assert 'name="confirm"' in olga.get(recall_page).content.decode()
    assert "Disetujui" in olga.post(recall_page, {"confirm": "1", "recall": recall.pk}, follow=True).content.decode()
    pipeline.go_on_with_recall(str(recall.pk))
    assert "tidak dihitung" in omar.get(recall_page).content.decode()
    assert omar.post(PAGE, {"lift": world.person("Sari").pk, "reason": "mistake"}).status_code == 409
    olga.post(recall_page)
    back = Recall.objects.latest("pk")
    pipeline.go_on_with_recall(str(back.pk))
    omar.post(recall_page, {"confirm": "1", "recall": back.pk})
    pipeline.go_on_with_recall(str(back.pk))
    assert "Orang ini tidak dijeda" in omar.get(recall_page).content.decode()


def test_a_proposal_is_dropped_and_nonsense_is_refused(world, omar, recall_page):
    omar.post(recall_page)
    for said in ("", "x", "9" * 30, "77"):
        assert omar.post(recall_page, {"confirm": "1", "recall": said}).status_code == 409
    omar.post(recall_page, {"cancel": "1", "recall": Recall.objects.get().pk})
    assert recalls.open_for(world.person("Sari").pk) is None
    assert omar.post(f"{PAGE}{world.person('Omar').pk}/").status_code == 403
    assert omar.post(f"{PAGE}{world.person('Budi').pk}/").status_code == 409
    assert omar.get(f"{PAGE}99999999/").status_code == 404


def test_the_page_of_a_recall_costs_few_queries(world, omar, recall_page, django_assert_max_num_queries):
    omar.post(recall_page)
    pipeline.go_on_with_recall(str(Recall.objects.get().pk))
    with django_assert_max_num_queries(16):
        omar.get(recall_page)


def test_who_has_left_is_still_there_to_be_withdrawn(world, omar):
    settled(world, "9101011001001", page=2, by=("Sari", "Budi"))
    sari = world.person("Sari")
    leaving.erase(sari, "contoh")
    shown = omar.get(PAGE).content.decode()
    assert f"{PAGE}{sari.pk}/" in shown
    assert "akun dihapus" in shown
    assert "Lihat akibat bila ditarik" in omar.get(f"{PAGE}{sari.pk}/").content.decode()
    assert omar.post(f"{PAGE}{sari.pk}/").status_code == 302
    assert Recall.objects.get().account_id == sari.pk
