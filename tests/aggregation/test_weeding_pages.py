"""The pages of what one sender sent: for adjudicators, with what it would do, and never with who the sender is."""

import pytest

from accounts import commitments
from accounts.models import Role
from aggregation import weeding_pages
from pemantau import pipeline
from tests.pages import numbers
from tests.transcription.reading import browser_of, looks, photo_of, reads
from tests.uploads.test_pages import text
from tests.world import build
from transcription import weedings
from transcription.models import Weeding

TPS = ("9101011001001", "9101011001002", "9101011001003", "9101011002001", "9101011002002")


@pytest.fixture
def world(db):
    world = build()
    world.cici = world.person("Cici", Role.CITIZEN)
    world.photos = [photo_of(world, tps, uploader=world.cici) for tps in TPS[:3]]
    for name in ("Sari", "Budi"):
        reads(world, name, world.photos[0], problem="not_a_form")
        reads(world, name, world.photos[1])
    world.hakim, world.ratna = (browser_of(world, name, Role.ADJUDICATOR) for name in ("Hakim", "Ratna"))
    return world


def begun(world) -> str:
    answer = world.hakim.post(f"/putusan/{world.photos[0].pk}/sepengirim/")
    assert answer.status_code == 302
    return answer["Location"]


def proposed(world) -> str:
    page = begun(world)
    assert world.hakim.post(page, {"tampil": [], "alasan": "not_a_form", "propose": "1"}).status_code == 302
    return page


def test_from_a_case_to_a_rejection_and_back(world):
    looks(world, "Hakim", world.photos[0])
    assert (
        f"/putusan/{world.photos[0].pk}/sepengirim/"
        in world.hakim.get(f"/putusan/{world.photos[0].pk}/").content.decode()
    )
    page = begun(world)
    seen = world.hakim.get(page).content.decode()
    assert seen.count("checked") == 2, "what readers accepted is not ticked"
    assert "Usulkan ditolak" in seen
    shown = [str(photo.pk) for photo in world.photos]
    world.hakim.post(page, {"tampil": shown, "foto": shown[:1] + shown[2:], "alasan": "not_a_form", "propose": "1"})
    assert "Setuju: tolak semuanya" not in world.hakim.get(page).content.decode()
    assert "menunggu Anda" in world.ratna.get("/putusan/").content.decode()
    assert "Setuju: tolak semuanya" in world.ratna.get(page).content.decode()
    world.ratna.post(page, {"confirm": "1"})
    weeding = Weeding.objects.get()
    assert "0 dari 2 foto" in world.ratna.get(page).content.decode()
    pipeline.go_on_with_weeding(str(weeding.pk))
    for photo in world.photos:
        pipeline.decide(str(photo.pk))
    assert "2 foto diputuskan bersama" in world.ratna.get(page).content.decode()
    back = world.ratna.post(page, {"undo": "1"})["Location"]
    assert "Usulkan dibaca ulang" in world.ratna.get(back).content.decode()
    assert "selesai" in world.hakim.get("/putusan/sepengirim/").content.decode()


def test_without_a_reason_the_ticks_stay_and_it_is_said(world):
    page, shown = begun(world), [str(photo.pk) for photo in world.photos]
    answer = world.hakim.post(page, {"tampil": shown, "foto": shown[:1], "propose": "1"})
    assert (answer.status_code, answer.content.decode().count("checked")) == (422, 1)
    assert "Pilih alasannya." in answer.content.decode()


def test_who_the_sender_is_is_nowhere(world):
    page = proposed(world)
    for browser in (world.hakim, world.ratna):
        seen = browser.get(page).content.decode() + browser.get("/putusan/sepengirim/").content.decode()
        for photo in world.photos:
            assert photo.receipt not in seen
        for secret in (world.cici.email, commitments.of(world.cici), *(str(photo.device_id) for photo in world.photos)):
            assert secret not in seen


def test_nobody_sees_what_was_read_of_a_photo_that_is_open(world):
    reads(world, "Sari", world.photos[2], paslon_1=777, paslon_2=88, paslon_3=31)
    assert "777" not in numbers(text(world.ratna.get(proposed(world))))


def test_what_is_refused_is_said_on_the_page(world):
    page = proposed(world)
    for browser, said, status in (
        (world.hakim, {"confirm": "1"}, 403),
        (world.ratna, {"propose": "1", "alasan": "blurred"}, 409),
        (world.ratna, {"undo": "1"}, 409),
    ):
        answer = browser.post(page, said)
        assert answer.status_code == status
        assert 'role="alert"' in answer.content.decode()
    assert world.ratna.get("/putusan/sepengirim/999999/").status_code == 409
    assert Weeding.objects.get().confirmed_at is None


def test_a_page_costs_as_many_queries_for_many_photos_as_for_few(
    world, monkeypatch, django_assert_num_queries, django_assert_max_num_queries
):
    page = proposed(world)
    world.ratna.get(page)
    # session, person, weeding, who looked, own ones, accepted since, meant, left out, count, page; of the effects one,
    # and three more for a contest of which something was accepted: here nothing of it is meant
    with django_assert_num_queries(11):
        world.ratna.get(page)
    with django_assert_max_num_queries(8):
        world.ratna.get("/putusan/sepengirim/")
    weedings.cancel(world.people["Ratna"], Weeding.objects.get().pk)
    for tps in TPS:
        for number in (1, 2, 3, 3):
            photo_of(world, tps, page=number, uploader=world.cici)
    page = proposed(world)
    world.ratna.get(page)
    with django_assert_num_queries(11):
        world.ratna.get(page)


def test_the_list_of_cases_names_it_without_a_query_more(world, django_assert_num_queries):
    begun(world)
    assert "sedang Anda susun" in text(world.hakim.get("/putusan/"))
    assert "pengirim yang sama" not in text(world.ratna.get("/putusan/"))
    proposed(world)
    with django_assert_num_queries(4):  # session, person, cases, and the contests with what waits beside
        seen = text(world.ratna.get("/putusan/"))
    assert "2 foto dari pengirim yang sama: menunggu Anda" in seen
    assert "Sengketa Presiden" in seen
    assert "menunggu verifikator lain" in text(world.hakim.get("/putusan/"))


def test_what_was_accepted_since_is_told_before(world):
    page = proposed(world)
    for name in ("Sari", "Budi"):
        reads(world, name, world.photos[2])
    seen = world.ratna.get(page).content.decode()
    assert "Tidak ikut: sementara itu diterima pembaca" in seen
    assert seen.count("<strong>Ditolak</strong>") == 1


def test_what_readers_accepted_is_rejected_only_if_it_was_shown_as_accepted(world):
    page, shown = begun(world), [str(photo.pk) for photo in world.photos]
    for name in ("Sari", "Budi"):
        reads(world, name, world.photos[2])
    world.hakim.post(page, {"tampil": shown, "foto": shown, "diterima": shown[1], "save": "1"})
    seen = world.hakim.get(page).content.decode()
    assert [f'value="{photo}" checked' in seen for photo in shown] == [True, True, False]
    assert [f'name="diterima" value="{photo}"' in seen for photo in shown] == [False, True, True]


def test_many_photos_come_in_pages_and_each_keeps_its_ticks(world, monkeypatch):
    monkeypatch.setattr(weeding_pages, "PER_PAGE", 2)
    page, shown = begun(world), [str(photo.pk) for photo in world.photos]
    rows = list(Weeding.objects.get().photos.order_by("pk").values_list("photo", flat=True))
    answer = world.hakim.post(page, {"tampil": map(str, rows[:2]), "foto": str(rows[0]), "save": "1", "ke": "1"})
    assert answer["Location"].endswith("?hal=1")
    second = world.hakim.get(f"{page}?hal=2").content.decode()
    assert str(rows[2]) in second
    assert str(rows[0]) not in second
    world.hakim.post(page, {"tampil": str(rows[2]), "alasan": "blurred", "propose": "1", "ke": "2"})
    assert set(weedings.meant(Weeding.objects.get()).values_list("photo", flat=True)) == {rows[0]}
    assert len(shown) == len(rows)
