"""Where a sum does not fit, whoever reads sees the question and both answers, with their thumbs and with their keys."""

import pytest
from PIL import Image

from pemantau import pipeline
from tests.browser.conftest import DESKTOP
from tests.browser.reading import PHONE_WITH_TOUCH, box, is_seen, taps, was_sent
from tests.transcription.reading import BROKEN_SUMS, SUMS
from tps.form_definitions import for_contest
from uploads import intake

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.browser]

SMALL_PHONE = PHONE_WITH_TOUCH | {"viewport": {"width": 360, "height": 640}}
QUESTION = "#selisih h2, #selisih ul, [data-slot=slips] button"


def sees_the_question(person) -> None:
    person.sees("Jumlahnya tidak cocok")
    assert is_seen(person, QUESTION)


@pytest.mark.parametrize("how", [PHONE_WITH_TOUCH, SMALL_PHONE], ids=["phone", "small phone"])
def test_the_question_about_a_sum_is_seen_on_a_phone(arrives, reads, how):
    arrives(3, **BROKEN_SUMS)
    budi = reads(**how)
    taps(budi, *"220", "5", "Lanjut", *"252")
    budi.page.locator(".numbers__slip").wait_for()
    assert is_seen(budi, ".numbers__slip, #angka-suara_total")
    taps(budi, "Lanjut")
    sees_the_question(budi)
    budi.picture("baca-jempol-selisih")
    assert not budi.page.locator(".keypad").is_visible(), "no key runs away from the question"
    budi.page.locator("#angka-suara_total").tap()
    taps(budi, "Lanjut")
    sees_the_question(budi)
    budi.page.get_by_role("button", name="Memang begitu di kertas").tap()
    was_sent(budi, BROKEN_SUMS)


@pytest.mark.parametrize("how", [PHONE_WITH_TOUCH, SMALL_PHONE], ids=["phone", "small phone"])
def test_the_question_is_seen_beside_a_photo_without_boxes(site, tmp_path, reads, how):
    path = tmp_path / "bare.jpg"
    Image.new("RGB", (900, 1200), "white").save(path)
    pipeline.receive(intake.Sending(path, site.station, site.contest, 3, site.device(), None, None))
    budi = reads(**how)
    budi.clicks("Halaman 3")
    budi.page.locator("#desa").wait_for()
    budi.names_the_tps()
    taps(budi, *"220", "5", "Lanjut", *"252")
    assert is_seen(budi, ".numbers__slip, #angka-suara_total")
    taps(budi, "Lanjut")
    sees_the_question(budi)


def test_a_sum_that_was_a_typing_mistake_is_mended_by_thumb(arrives, reads):
    arrives(3, **SUMS)
    budi = reads(**PHONE_WITH_TOUCH)
    taps(budi, *"220", "5", "Lanjut", *"252", "Lanjut")
    sees_the_question(budi)
    budi.page.locator("#angka-suara_total").tap()
    taps(budi, "Hapus", "Hapus", "Hapus", *"225")
    assert not budi.page.get_by_text("Memang begitu di kertas").is_visible()
    taps(budi, "Lanjut")
    was_sent(budi, SUMS)


def test_keys_lead_from_the_question_back_to_its_box(arrives, reads):
    arrives(3, **SUMS)
    sari = reads()
    keys = sari.page.keyboard
    for figure in ("220", "5", "252"):
        keys.type(figure)
        keys.press("Enter")
    sees_the_question(sari)
    assert sari.page.locator("[data-slot=slips] kbd").is_visible(), "which key confirms is said"
    for key in ("Enter", "ArrowUp"):
        keys.press(key)
        assert box(sari) == "angka-suara_total"
        keys.press("Enter")
        sees_the_question(sari)
    keys.type("225")
    assert not sari.page.get_by_text("Jumlahnya tidak cocok").is_visible()
    keys.press("Enter")
    was_sent(sari, SUMS)


@pytest.mark.parametrize("how", [PHONE_WITH_TOUCH, {"viewport": DESKTOP}], ids=["phone", "desk"])
def test_the_first_press_on_the_button_counts(arrives, reads, how):
    arrives(3, suara_sah=20, suara_tidak_sah=5, suara_total=25)
    sari = reads(**how)
    keys = sari.page.keyboard
    for figure in ("20", "5"):
        keys.type(figure)
        keys.press("Enter")
    keys.type("26")  # of a number that may go on nothing is said yet
    send = sari.page.get_by_role("button", name="Simpan dan lanjut")
    send.evaluate("button => button.scrollIntoView({ block: 'center' })")
    place = send.bounding_box()
    press = sari.page.touchscreen.tap if "has_touch" in how else sari.page.mouse.click
    press(place["x"] + 30, place["y"] + 24)
    sees_the_question(sari)


def test_the_practice_form_that_teaches_it_shows_the_question(site, somebody):
    site.person("Sari", practised_at=None, established_at=None)
    sari = somebody(**PHONE_WITH_TOUCH)
    sari.signs_in("Sari")
    sari.goes_to("/latihan/3/")
    taps(sari, *"37", "Lanjut", *"209", "6", "Lanjut", *"251", "Lanjut")
    sees_the_question(sari)
    sari.page.get_by_role("button", name="Memang begitu di kertas").tap()
    sari.sees("Jumlah di kertas keliru, dan Anda mengetiknya apa adanya.")


@pytest.mark.parametrize("how", [PHONE_WITH_TOUCH, {"viewport": DESKTOP}], ids=["phone", "desk"])
def test_each_sum_names_its_row_and_leads_to_its_box(site, arrives, reads, how):
    fields = for_contest(site.contest).page(1).fields
    arrives(1, **{field.key: 1 for field in fields})
    sari = reads(**how)
    for field in fields:
        sari.page.locator(f"#angka-{field.key}").fill("1")
    sari.presses("Simpan dan lanjut")
    sari.page.get_by_role("heading", name="Jumlahnya tidak cocok").wait_for()
    sari.picture("baca-selisih-baris")
    lines = sari.page.locator("#selisih li").all_inner_texts()
    assert len(lines) == len(set(lines)) > 4
    assert "Jumlah pemilih dalam DPT, jumlah (L + P = jumlah): 1 + 1 = 2, di kertas 1" in lines
    sari.page.get_by_role("link", name="Pemilih disabilitas yang menggunakan hak pilih, jumlah").first.focus()
    sari.page.keyboard.press("Enter")
    assert box(sari) == "angka-disabilitas_j"
    assert "#" not in sari.page.url
