"""Reading and ruling in a browser without JavaScript."""

import re
from uuid import UUID

import pytest
from django.test import Client

from accounts.models import Role, User
from pemantau import pipeline
from tests.pages import numbers
from tests.transcription.reading import (
    BROKEN_SUMS,
    SUMS,
    VOTES,
    browser_of,
    decision_of,
    looks,
    photo_of,
    reads,
    rules,
    task_of,
)
from tests.transcription.test_rulings import with_sent_numbers
from tests.uploads.test_pages import text
from tps.form_shapes import UNNAMED
from transcription import entries, senders
from transcription.models import Entry, Lease, Ruling
from uploads.models import PageTag


@pytest.fixture
def photo(world):
    return photo_of(world)


@pytest.fixture
def sari(world):
    return browser_of(world, "Sari")


def typed(numbers, **more):
    return {f"angka-{key}": str(value) for key, value in numbers.items()} | {"desa": "1", "tps": "1"} | more


def takes(client) -> str:
    response = client.post("/baca/")
    assert response.status_code == 302
    return response["Location"]


def test_from_the_button_to_the_next_photo(world, photo, sari):
    other = photo_of(world, "9101011001002")
    start = sari.get("/baca/")
    assert b"Ambil foto" in start.content
    address = takes(sari)
    which = sari.get(address).content.decode()
    assert "Halaman mana yang terlihat?" in which
    form = sari.get(address + "?halaman=2").content.decode()
    assert len(re.findall(r'inputmode="numeric"', form)) == 2 + 3
    response = sari.post(address, typed(VOTES, halaman="2"))
    assert response.status_code == 302
    assert response["Location"].startswith("/baca/")
    assert response["Location"] != address
    assert Entry.objects.get().numbers == VOTES
    assert {str(lease.task_id) for lease in Lease.objects.all()} == {str(photo.pk), str(other.pk)}


def test_stopping_after_a_photo(world, photo, sari):
    photo_of(world, "9101011001002")
    response = sari.post(takes(sari), typed(VOTES, halaman="2", berhenti="1"), follow=True)
    assert response.redirect_chain == [("/baca/", 302)]
    assert "Tersimpan. Terima kasih." in response.content.decode()
    assert Lease.objects.filter(end="").count() == 0


def test_an_old_reading_sent_once_more_lets_nothing_go(world, photo, sari):
    address, stopping = takes(sari), typed(VOTES, halaman="2", berhenti="1")
    sari.post(address, stopping)
    photo_of(world, "9101011001002")
    held = takes(sari)
    assert sari.post(address, stopping)["Location"] == "/baca/"
    assert Lease.objects.get(end="").pk == UUID(held.split("/")[2])


def test_an_honest_word_when_there_is_nothing(world, sari):
    assert "Belum ada foto untuk Anda" in sari.post("/baca/").content.decode()


def test_who_holds_one_is_led_back_to_it(world, photo, sari):
    address = takes(sari)
    assert address in sari.get("/baca/").content.decode()


def test_empty_and_unreadable_boxes(world, photo, sari):
    sari.post(takes(sari), typed({"paslon_1": "007"}) | {
        "halaman": "2", "angka-paslon_2": "", "tanda-paslon_2": "kosong", "tanda-paslon_3": "tidak_terbaca",
    })  # fmt: skip
    assert Entry.objects.get().numbers == {"paslon_1": 7, "paslon_2": "kosong", "paslon_3": "tidak_terbaca"}


@pytest.mark.parametrize("text", ["", "1000", "-1", "abc", "１２", "1.5", "1e2"])
def test_what_is_not_a_number_stays_and_is_pointed_out(world, photo, sari, text):
    response = sari.post(takes(sari), typed(VOTES | {"paslon_2": text}, halaman="2"))
    page = response.content.decode()
    assert response.status_code == 422
    assert 'href="#angka-paslon_2"' in page
    assert re.search(r'id="angka-paslon_2"[^>]*aria-invalid="true"', page)
    assert 'value="101"' in page, "nothing typed is lost"
    assert not Entry.objects.exists()


def test_of_an_empty_form_all_that_is_missing_is_said_at_once(world, photo, sari):
    response = sari.post(takes(sari), {"halaman": "2"})
    assert response.status_code == 422
    text = response.content.decode()
    assert [href in text for href in ('href="#desa"', 'href="#angka-paslon_1"', 'href="#angka-paslon_3"')] == [True] * 3
    assert text.index('href="#desa"') < text.index('href="#angka-paslon_1"')


def test_a_number_and_a_mark_contradict_each_other(world, photo, sari):
    response = sari.post(takes(sari), typed(VOTES, halaman="2") | {"tanda-paslon_1": "kosong"})
    assert "Isi angka atau pilih keterangan, tidak keduanya." in response.content.decode()


@pytest.mark.parametrize("address", ["/baca/", "/latihan/"])
def test_who_is_no_volunteer_is_told_how_to_become_one(world, address):
    world.person("Tono", Role.CITIZEN)
    refused = browser_of(world, "Tono").get(address)
    assert refused.status_code == 403
    assert "Minta tautan undangan kepada seorang relawan" in refused.content.decode()
    world.person("Oka", Role.OPERATOR)
    assert "Minta tautan" not in browser_of(world, "Oka").get(address).content.decode(), "that is no way for them"


def test_slips_are_shown_before_sending_and_the_papers_numbers_win(world, photo, sari):
    address = takes(sari)
    broken = SUMS | {"suara_total": 252}
    shown = sari.post(address, typed(broken, halaman="3"))
    page = shown.content.decode()
    assert shown.status_code == 422
    assert "220 + 5 = 225, di kertas 252" in page
    row = '<a href="#angka-suara_total">C. Jumlah suara sah dan tidak sah (A + B)</a>'
    assert f"<li>{row} (Suara sah + tidak sah = jumlah suara): <strong>" in page, "it leads to the row it is about"
    assert not Entry.objects.exists()
    seen = re.search(r'name="sesuai" value="([^"]+)"', page)[1]
    # Confirming covers just these numbers: other slips are shown anew.
    other = sari.post(address, typed(broken | {"suara_total": 999}, halaman="3", sesuai=seen))
    assert other.status_code == 422
    assert sari.post(address, typed(broken, halaman="3", sesuai=seen)).status_code in (200, 302)
    assert Entry.objects.get().numbers == broken


def test_a_problem_with_the_photo(world, photo, sari):
    sari.post(takes(sari), {"masalah": "blurred"})
    assert (Entry.objects.get().problem, Entry.objects.get().numbers) == ("blurred", None)


def test_sending_twice_is_one_entry(world, photo, sari):
    address = takes(sari)
    for _ in range(2):
        assert sari.post(address, typed(VOTES, halaman="2")).status_code in (200, 302)
    assert Entry.objects.count() == 1


def test_giving_back(world, photo, sari):
    response = sari.post(takes(sari) + "kembalikan/", follow=True)
    assert "Foto dikembalikan" in response.content.decode()
    assert task_of(photo).free == 2


def test_who_gives_back_too_often_is_led_back_to_the_photo_and_told_what_to_do(world, photo, sari, settings):
    settings.MOST_GIVEN_BACK = 0
    address = takes(sari)
    response = sari.post(address + "kembalikan/", follow=True)
    assert response.redirect_chain == [(address, 302)]
    assert "pilih “Ada masalah dengan foto ini”" in text(response)
    assert task_of(photo).leased == 1


def test_anothers_address_opens_nothing(world, photo, sari):
    address = takes(sari)
    budi = browser_of(world, "Budi")
    assert budi.get(address).status_code == 404
    assert budi.post(address, typed(VOTES, halaman="2")).status_code == 404
    assert budi.post(address + "kembalikan/").status_code == 404


def test_reading_and_showing_change_nothing(world, photo, sari):
    sari.get("/baca/")
    assert not Lease.objects.exists()


def test_pages_are_light_and_need_no_script(world, photo, sari):
    address = takes(sari)
    page = sari.get(address + "?halaman=1").content
    assert len(page) < 60_000
    assert b"<style" not in page
    assert b"style=" not in page
    assert not re.search(rb"<script(?![^>]*(src=|application/json))", page)
    assert len(re.findall(rb'inputmode="numeric"', page)) == 2 + 22


# --- Ruling ---------------------------------------------------------------------------------------


@pytest.fixture
def vera(world):
    return browser_of(world, "Vera", Role.ADJUDICATOR)


@pytest.fixture
def unseen(world, photo):
    for n, name in enumerate(("Budi", "Citra", "Dewi", "Eko"), start=1):
        reads(world, name, photo, **VOTES | {"paslon_1": 200 + n})
    return photo


@pytest.fixture
def case(world, unseen):
    """One that Vera and Wayan have looked at themselves."""
    for name in ("Vera", "Wayan"):
        looks(world, name, unseen, VOTES | {"paslon_1": 202})
    return unseen


def test_the_list_says_why_and_since_when(case, vera):
    page = vera.get("/putusan/").content.decode()
    assert f"/putusan/{case.pk}/" in page
    assert "empat pembacaan tanpa mayoritas" in page


def test_the_list_says_when_what_one_ruled_on_is_there_again(case, vera, world):
    vera.post(f"/putusan/{case.pk}/", {"putusan": "rehome", "alasan": "wrong_tps", "tps": "9101011002001"})
    assert f"/putusan/{case.pk}/" not in vera.get("/putusan/").content.decode()
    rules(world, "Wayan", case, "rehome", "wrong_tps", station_code="9101011002002")
    shown = vera.get("/putusan/")
    assert f"/putusan/{case.pk}/" in shown.content.decode()
    assert "Yang sudah Anda putuskan ada lagi hanya bila putusan verifikator lain juga menunggu" in text(shown)


def test_the_list_names_the_tps_where_a_photo_stands(world, unseen, vera):
    for name in ("Wayan", "Xena"):
        rules(world, name, unseen, "rehome", "wrong_tps", station_code="9101011002001")
    assert "TPS 001, Desa 2: empat pembacaan tanpa mayoritas" in text(vera.get("/putusan/"))


def test_a_page_that_was_made_before_a_decision_rules_on_nothing(case, vera, world):
    vera.get(f"/putusan/{case.pk}/")
    page = vera.get(f"/putusan/{case.pk}/").content.decode()
    assert page.count('name="versi" value="0"') == 4
    for name in ("Wayan", "Ratna"):
        rules(world, name, case, "reject", "altered")
    said = {"putusan": "rehome", "alasan": "wrong_tps", "tps": "9101011002001", "versi": "0"}
    refused = vera.post(f"/putusan/{case.pk}/", said)
    assert refused.status_code == 409
    assert f'href="/putusan/{case.pk}/">Lihat putusannya' in refused.content.decode()
    assert vera.post(f"/putusan/{case.pk}/", said | {"versi": "1"}).status_code == 302


def test_what_is_in_dispute_is_led_to(world, case, vera, client):
    assert "/hasil/contoh/ppwp/nasional/sengketa/" in vera.get("/putusan/").content.decode()
    decided = photo_of(world, "9101011001002")
    assert f"/putusan/{decided.pk}/" not in client.get(f"/foto/{decided.pk}/").content.decode()
    for name in ("Budi", "Citra"):
        reads(world, name, decided)
    assert f"/putusan/{decided.pk}/" in client.get(f"/foto/{decided.pk}/").content.decode()
    assert "Minta dibaca ulang" in vera.get(f"/putusan/{decided.pk}/").content.decode()


def test_whose_ruling_stands_is_shown_no_form_that_would_be_refused(case, vera, world):
    rules(world, "Vera", case, "accept", page=2, numbers=VOTES | {"paslon_1": 203})
    shown = vera.get(f"/putusan/{case.pk}/")
    assert "Putusan Anda berlaku. Hanya verifikator lain yang dapat mengubahnya." in text(shown)
    assert "data-verdict" not in shown.content.decode()
    assert "ruling.js" not in shown.content.decode()
    looks(world, "Wayan", case)
    assert "data-verdict" in browser_of(world, "Wayan", Role.ADJUDICATOR).get(f"/putusan/{case.pk}/").content.decode()


def test_what_another_adjudicator_said_is_said_in_words(case, vera, world):
    vera.post(f"/putusan/{case.pk}/", {"putusan": "rehome", "alasan": "wrong_tps", "tps": "9101011002001"})
    shown = browser_of(world, "Wayan", Role.ADJUDICATOR).get(f"/putusan/{case.pk}/").content.decode()
    assert "9101011002001 (TPS lain)" in shown
    assert "wrong_tps)" not in shown


def test_its_reason_is_said_in_the_language_of_the_page(case, vera, world):
    vera.post(f"/putusan/{case.pk}/", {"putusan": "rehome", "alasan": "wrong_tps", "tps": "9101011002001"})
    vera.cookies["django_language"] = "en"
    assert "(another polling station)" in text(vera.get(f"/putusan/{case.pk}/"))


def test_the_case_shows_the_readings_side_by_side_and_marks_what_differs(case, vera):
    page = vera.get(f"/putusan/{case.pk}/").content.decode()
    assert page.count("compare__differs") == 1
    assert [page.count(f'value="{200 + n}"') for n in (1, 2, 3, 4)] == [1, 1, 1, 1]
    assert '<input type="hidden" name="angka-paslon_2" value="88">' in page
    assert "budi" not in page.lower()


def test_choosing_a_reading(case, vera):
    said = typed(VOTES | {"paslon_1": 203}, putusan="accept", halaman="2", alasan="as_written")
    assert vera.post(f"/putusan/{case.pk}/", said, REMOTE_ADDR="36.68.5.9")["Location"] == "/putusan/"
    ruling = Ruling.objects.get()
    assert (bool(ruling.device_id), len(ruling.address_block)) == (True, 32)
    pipeline.decide(str(case.pk))
    assert decision_of(case).numbers["paslon_1"] == 203
    assert f"/putusan/{case.pk}/" not in vera.get("/putusan/").content.decode()


@pytest.mark.parametrize("change", [{"angka-paslon_1": "999"}, {"angka-paslon_1": ""}, {"alasan": ""}])
def test_what_cannot_be_is_pointed_out(case, vera, change):
    said = typed(VOTES | {"paslon_1": 203}, putusan="accept", halaman="2", alasan="as_written") | change
    response = vera.post(f"/putusan/{case.pk}/", said)
    assert response.status_code == 422
    assert "Periksa lagi" in response.content.decode()
    assert not Ruling.objects.exists()


@pytest.mark.parametrize(("said", "waits"), [
    ({"putusan": "reject", "alasan": "blurred"}, True),
    ({"putusan": "rehome", "alasan": "wrong_tps", "tps": "9101011002001"}, True),
    ({"putusan": "reopen", "alasan": "look_again"}, False),
])  # fmt: skip
def test_the_other_verdicts(case, vera, said, waits):
    assert vera.post(f"/putusan/{case.pk}/", said).status_code == 302
    pipeline.decide(str(case.pk))
    assert (task_of(case).why == "second") == waits
    assert (decision_of(case) is None) == waits


@pytest.mark.parametrize(("said", "waits"), [
    ({"putusan": "reject", "alasan": "blurred"}, True),
    ({"putusan": "rehome", "alasan": "wrong_tps", "tps": "9101011002001"}, True),
    (typed(VOTES | {"paslon_1": 203}, putusan="accept", halaman="2", alasan="as_written"), False),
    ({"putusan": "reopen", "alasan": "look_again"}, False),
])  # fmt: skip
def test_one_is_told_whether_what_one_said_stands(case, vera, said, waits):
    told = text(vera.post(f"/putusan/{case.pk}/", said, follow=True))
    assert ("tetapi belum berlaku. Ia menunggu verifikator kedua" in told) == waits
    assert ("Putusan Anda tersimpan." in told) != waits


def test_numbers_that_nobody_independent_read_wait_too(world, vera):
    photo = with_sent_numbers(world, **VOTES | {"paslon_1": 901})
    looks(world, "Vera", photo)
    said = typed(VOTES | {"paslon_1": 901}, putusan="accept", halaman="2", alasan="as_written")
    assert "belum berlaku" in text(vera.post(f"/putusan/{photo.pk}/", said, follow=True))
    wayan = browser_of(world, "Wayan", Role.ADJUDICATOR)
    looks(world, "Wayan", photo)
    told = text(wayan.post(f"/putusan/{photo.pk}/", said, follow=True, REMOTE_ADDR="36.68.5.9"))
    assert "Putusan Anda tersimpan." in told


def test_a_case_of_ones_own_is_refused(world, case):
    budi = world.person("Budi")
    type(budi).objects.filter(pk=budi.pk).update(role=Role.ADJUDICATOR)
    response = browser_of(world, "Budi").get(f"/putusan/{case.pk}/")
    assert response.status_code == 403
    assert "verifikator lain yang memutuskan" in response.content.decode()
    assert "203" not in numbers(response.content.decode())


@pytest.mark.parametrize("role", [Role.CITIZEN, Role.VOLUNTEER, Role.OPERATOR])
def test_only_adjudicators_come_in(world, case, role):
    client = browser_of(world, "Oki", role)
    assert client.get("/putusan/").status_code == 403
    assert client.get(f"/putusan/{case.pk}/").status_code == 403


# --- What the page tag says -------------------------------------------------------------------


def tagged(photo, tag: int, turn: int = 0) -> None:
    PageTag.objects.create(photo=photo, tag=tag, turn=turn, corners=[0.0] * 8, edge=1.0, reader=1)


def test_the_page_that_the_tag_says_is_there_at_once_and_may_be_another(photo, sari):
    tagged(photo, 103)
    address = takes(sari)
    form = sari.get(address).content.decode()
    assert "Halaman 3" in form
    assert 'name="angka-suara_sah"' in form
    other = re.search(r'href="[^"]*(\?halaman=)"', form).group(1)
    assert "Halaman mana yang terlihat?" in sari.get(address + other).content.decode()
    sari.post(address, typed(VOTES, halaman="2"))
    assert Entry.objects.get().page == 2


def test_whose_page_it_is_stands_there_without_dots(world, photo):
    """An Indonesian page would write 1.234.567, and the browser would think that somebody else has signed in."""
    world.person("Jauh", pk=1_234_567)
    browser = Client()
    browser.force_login(User.objects.get(pk=1_234_567))
    assert 'data-reader="1234567"' in browser.get("/baca/").content.decode()
    assert 'data-reader="1234567"' in browser.post("/baca/", follow=True).content.decode()


def test_a_form_that_was_not_compared_with_the_official_one_says_so(photo, sari):
    address = takes(sari)
    said = "belum dicocokkan dengan formulir resmi"
    assert said not in sari.get(address + "?halaman=2").content.decode()
    type(photo.contest).objects.filter(pk=photo.contest.pk).update(form="c-hasil-dpr", options_hash="other")
    assert said in sari.get(address + "?halaman=2").content.decode()


@pytest.mark.parametrize(
    ("form", "said"),
    [
        ("c-hasil-dpd", "Nama calon belum ada di data kami: cocokkan nomornya."),
        ("c-hasil-dprd-prov", "Daftar calon belum ada di data kami: yang dibaca hanya suara partai dan jumlahnya."),
        ("c-hasil-dprd-kabko", "Daftar calon belum ada di data kami: yang dibaca hanya suara partai dan jumlahnya."),
    ],
)
def test_a_ballot_whose_candidates_nobody_brought_says_so_and_is_read_all_the_same(photo, sari, form, said):
    contest, kind = photo.contest, form.removeprefix("c-hasil-").replace("-", "_")
    type(contest).objects.filter(pk=contest.pk).update(form=form, kind=kind, options_hash="numbers")
    contest.options.update(name=UNNAMED if kind == "dpd" else "Partai Mawar")
    address = takes(sari)
    page = sari.get(address + "?halaman=2").content.decode()
    assert said in page
    assert "belum dicocokkan dengan formulir resmi" in page
    keys = {f"calon_{n}" for n in (1, 2, 3)} if kind == "dpd" else {"partai_1", "partai_1_jumlah"}
    sari.post(address, typed(dict.fromkeys(keys, 7), halaman="2"))
    entry = Entry.objects.get(photo=photo)
    assert (entry.page, entry.numbers) == (2, dict.fromkeys(keys, 7))


def test_a_tag_of_another_form_preselects_nothing(photo, sari):
    tagged(photo, 501)
    assert "Halaman mana yang terlihat?" in sari.get(takes(sari)).content.decode()


def test_an_adjudicator_is_told_the_marks_in_sentences(case, vera, sari):
    assert "Perlu dilihat dua kali" not in vera.get(f"/putusan/{case.pk}/").content.decode()
    tagged(case, 101, turn=2)
    page = vera.get(f"/putusan/{case.pk}/").content.decode()
    assert "Pengirim menyebut halaman lain daripada yang tercetak di lembar ini." in page
    assert "Lembar terlihat terbalik atau miring." in page
    told = vera.get(f"/api/v1/cases/{case.pk}/").json()["marks"]
    assert [mark["code"] for mark in told] == ["wrong_page", "turned"]


# --- What was decided before ------------------------------------------------------------------


def opened(world, photo, client, **look) -> str:
    """The case as Vera sees it once she has looked for herself."""
    looks(world, "Vera", photo, **look)
    return text(client.get(f"/putusan/{photo.pk}/"))


def test_the_numbers_that_stand_are_there_with_the_sums_that_are_off(world, photo, vera):
    for name in ("Sari", "Budi", "Citra"):
        reads(world, name, photo, page=3, **BROKEN_SUMS)
    shown = opened(world, photo, vera)
    stands = shown.partition("Yang berlaku sekarang")[2].partition("Kolom")[0]
    assert numbers(stands) >= {str(number) for number in BROKEN_SUMS.values()}
    assert "220 + 5 = 225, di kertas 252" in stands
    assert "Putusan sebelumnya" not in shown
    rules(world, "Wayan", photo, "reject", "blurred")
    rules(world, "Xena", photo, "reject", "blurred")
    shown = text(vera.get(f"/putusan/{photo.pk}/"))
    stands, _, before = shown.partition("Putusan sebelumnya")
    assert "ditolak (buram), diputus verifikator." in stands.partition("Yang berlaku sekarang")[2]
    assert "diterima, disepakati dua pembaca" in before
    assert "252" in numbers(before)


@pytest.mark.parametrize(
    ("to", "said"), [("9101011001002", "TPS 002"), ("9101011002001", "TPS 001, Desa 2")], ids=["same village", "other"]
)
def test_of_a_moved_photo_it_is_said_where_it_stands(world, unseen, vera, to, said):
    for name in ("Wayan", "Xena"):
        rules(world, name, unseen, "rehome", "wrong_tps", station_code=to)
    rules(world, "Yani", unseen, "accept", page=2, numbers=VOTES | {"paslon_1": 202})
    looks(world, "Vera", unseen)
    answer = vera.get(f"/putusan/{unseen.pk}/")
    path, heading = re.findall(r'aria-current="page">([^<]*)</span>.*<h1>([^<]*)</h1>', answer.content.decode(), re.S)[
        0
    ]
    assert path == f"TPS 001, dipindahkan ke {said}"
    assert heading == f"TPS 001, Desa 1, dipindahkan ke {said}"
    assert f"(dipindahkan ke {said[:7]}, {to})" in text(answer)


def test_a_letter_says_on_any_screen_whether_it_is_the_senders(world, vera):
    phone = world.device()
    photo = photo_of(world, device=phone)
    typed_by_sender = entries.Reading(2, VOTES | {"paslon_1": 901})
    pipeline.send_senders_numbers(senders.Typed(photo, None, phone.pk, "", typed_by_sender))
    for n, name in enumerate(("Budi", "Citra", "Dewi", "Eko"), start=1):
        reads(world, name, photo, **VOTES | {"paslon_1": 200 + n})
    shown = opened(world, photo, vera)
    assert "A: pengirim foto. B, C, D, E: pembaca." in shown
    assert "901 A (pengirim)" in shown
    assert "201 B " in shown


def test_what_was_decided_is_said_in_words(world, photo, vera):
    for name in ("Sari", "Budi"):
        reads(world, name, photo)
    assert ": diterima, disepakati dua pembaca" in opened(world, photo, vera)
    rules(world, "Wayan", photo, "reopen", "mistake")
    for name, paslon_1 in (("Citra", 102), ("Dewi", 103), ("Eka", 104), ("Fajar", 105)):
        reads(world, name, photo, **VOTES | {"paslon_1": paslon_1})
    shown = opened(world, photo, vera)
    assert ": dibuka lagi, diputus verifikator" in shown
    assert "Accepted" not in shown
