"""Reading a photo by keyboard and by thumb: keys, sums that do not fit, the photo under one's hands."""

import json
import random

import pytest
from django.utils import timezone
from PIL import Image

from accounts.models import Role
from pemantau import pipeline
from tests.browser.conftest import DESKTOP
from tests.browser.reading import PHONE_WITH_TOUCH, box, eventually, is_seen, was_sent
from tests.transcription.reading import BROKEN_SUMS, SUMS, VOTES
from tps import form_definitions, rules
from transcription.entries import Reading
from transcription.entry_form import EntryForm, fingerprint
from transcription.models import Entry, Problem, Task
from uploads import intake
from uploads.models import PageTag

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.browser]


def test_three_digits_lead_on_and_nothing_needs_the_mouse(arrives, reads):
    arrives(2, **VOTES)
    sari = reads()
    assert box(sari) == "angka-paslon_1"
    keys = sari.page.keyboard
    keys.type("101")
    assert box(sari) == "angka-paslon_2"
    keys.press("Enter")  # out of habit: the box is still open
    keys.type("88")
    keys.press("Enter")
    keys.press("ArrowUp")
    keys.press("ArrowDown")
    assert box(sari) == "angka-paslon_3"
    keys.type("x3?1")
    sari.picture("baca-ketik")
    keys.press("Enter")
    was_sent(sari, VOTES)


def test_what_is_no_number_is_one_key(arrives, reads):
    arrives(2, **VOTES)
    sari = reads()
    keys = sari.page.keyboard
    keys.press("k")
    keys.press("t")
    keys.press("t")
    keys.press("Backspace")  # the mark goes, the box stays
    assert box(sari) == "angka-paslon_3"
    keys.type("7")
    keys.press("ArrowUp")
    keys.type("99")  # not unreadable after all
    keys.press("Enter")
    keys.press("Enter")
    was_sent(sari, {"paslon_1": "kosong", "paslon_2": 99, "paslon_3": 7})


def test_an_open_box_is_found_before_sending(arrives, reads):
    arrives(2, **VOTES)
    sari = reads()
    sari.page.locator("#angka-paslon_3").fill("31")
    sari.page.locator("#angka-paslon_3").press("Enter")
    assert box(sari) == "angka-paslon_1"
    assert not Entry.objects.exists()


def test_a_slip_is_told_beside_the_box_and_one_key_says_that_the_paper_has_it_so(arrives, reads):
    arrives(3, **BROKEN_SUMS)
    sari = reads()
    keys = sari.page.keyboard
    keys.type("220")
    keys.type("5")
    keys.press("Enter")
    keys.type("25")
    assert sari.page.locator(".numbers__slip").count() == 0, "nothing is said of a number that is still being typed"
    keys.type("2")
    sari.page.locator(".numbers__slip").wait_for()
    assert "220 + 5 = 225, di kertas 252" in sari.page.locator(".numbers__slip").inner_text()
    sari.picture("baca-selisih")
    keys.press("Enter")
    sari.sees("Memang begitu di kertas")
    assert not sari.page.get_by_role("button", name="Simpan dan lanjut").is_visible()
    assert not Entry.objects.exists()
    sari.picture("baca-selisih-tanya")
    keys.press("s")
    was_sent(sari, BROKEN_SUMS)


def test_a_slip_that_was_a_typing_mistake_is_mended(arrives, reads):
    arrives(3, **SUMS)
    sari = reads()
    keys = sari.page.keyboard
    for figure in ("220", "5", "252"):
        keys.type(figure)
        keys.press("Enter")
    sari.sees("Memang begitu di kertas")
    sari.page.locator("#angka-suara_total").fill("225")
    assert not sari.page.get_by_text("Memang begitu di kertas").is_visible()
    assert sari.page.locator(".numbers__slip").count() == 0
    sari.page.locator("#angka-suara_total").press("Enter")
    was_sent(sari, SUMS)


@pytest.mark.parametrize("how", [{"viewport": DESKTOP}, PHONE_WITH_TOUCH], ids=["desk", "phone"])
def test_a_village_that_the_list_does_not_have_is_told_at_once(arrives, somebody, how):
    arrives(2, **VOTES)
    sari = somebody(**how)
    sari.signs_in("Sari")
    sari.goes_to("/baca/")
    sari.presses("Ambil foto")
    keys = sari.page.keyboard
    keys.type("9")
    said = sari.page.get_by_text("Nomor desa harus salah satu dari daftar: 1 sampai 3.")
    said.wait_for()
    assert is_seen(sari, "#desa"), "nor do the keys cover the box"
    sari.picture("baca-desa-di-luar")
    keys.press("Enter")
    assert box(sari) == "desa", "it does not lead on"
    assert sari.page.locator("#desa").get_attribute("aria-invalid") == "true"
    keys.type("1")  # takes the place of the other
    said.wait_for(state="hidden")
    assert box(sari) == "tps"
    assert sari.page.locator("#desa").input_value() == "1"


def test_a_problem_is_one_key_away(arrives, reads):
    arrives(2, **VOTES)
    sari = reads()
    sari.page.keyboard.press("p")
    sari.page.keyboard.press("Space")
    sari.page.get_by_role("button", name="Kirim masalah").click()
    sari.sees("Belum ada foto untuk Anda")
    eventually(Entry.objects.exists)
    assert Entry.objects.get().problem == Problem.values[0]


def test_a_thumb_types_on_drawn_keys(arrives, reads):
    arrives(2, **VOTES)
    budi = reads(**PHONE_WITH_TOUCH)
    keypad = budi.page.get_by_role("group", name="Tombol angka")
    assert keypad.is_visible()
    assert budi.page.locator("#angka-paslon_1").get_attribute("inputmode") == "none"
    seen = budi.page.locator("#angka-paslon_1").bounding_box()
    photo = budi.page.locator(".picture").bounding_box()
    assert photo["y"] + photo["height"] <= seen["y"], "the box is not under the photo"
    assert seen["y"] + seen["height"] <= keypad.bounding_box()["y"], "nor under the keys"
    assert budi.page.locator(".crop").bounding_box()["y"] < seen["y"], "what is read is above where it is typed"
    assert not budi.page.locator(".picture__window").is_visible()
    budi.picture("baca-jempol")
    budi.presses("Utuh")
    assert budi.page.locator(".picture__window").is_visible()
    budi.picture("baca-jempol-utuh")
    budi.presses("Utuh")

    def taps(*names: str) -> None:
        for name in names:
            keypad.get_by_role("button", name=name, exact=True).tap()

    taps("1", "0", "2", "Mundur", "Hapus", "1", "0", "1")  # the number is selected when one comes back to it
    assert box(budi) == "angka-paslon_2"
    taps("8", "9", "Hapus", "8", "Lanjut", "Tak terbaca")
    budi.nothing_hangs_over_the_edge()
    taps("Lanjut")
    was_sent(budi, {"paslon_1": 101, "paslon_2": 88, "paslon_3": "tidak_terbaca"})


def test_drawn_keys_are_large_and_one_of_them_is_for_problems(arrives, reads):
    arrives(2, **VOTES)
    budi = reads(**PHONE_WITH_TOUCH)
    heights = budi.page.evaluate(
        "() => [...document.querySelectorAll('.keypad button')].map((one) => one.offsetHeight)"
    )
    assert min(heights) >= 48
    budi.page.locator("[data-key=p]").tap()
    assert is_seen(budi, "#masalah input")
    budi.picture("baca-jempol-masalah")


def test_on_a_phone_that_lies_on_its_side_the_box_is_seen(arrives, reads):
    arrives(2, **VOTES)
    budi = reads(**(PHONE_WITH_TOUCH | {"viewport": {"width": 740, "height": 360}}))
    for key in VOTES:
        assert box(budi) == f"angka-{key}"
        assert is_seen(budi, f"#angka-{key}, .crop")
        budi.page.keyboard.type("101")
    budi.picture("baca-melintang")


@pytest.mark.parametrize("turn", [0, 1, 2, 3])
def test_the_crop_is_of_the_box_being_read_and_upright(site, tmp_path, reads, turn):
    """Three painted boxes on a photo that lies on any side: left half of a colour of its own, right half black."""
    paint = {"paslon_1": (230, 40, 40), "paslon_2": (40, 200, 40), "paslon_3": (40, 40, 230)}
    picture = Image.new("RGB", (900, 1200), "white")
    corners = {}
    for at, (key, colour) in enumerate(paint.items()):
        top = 200 + 300 * at
        picture.paste(colour, (500, top, 550, top + 40))
        picture.paste((0, 0, 0), (551, top, 601, top + 40))
        points = [(500, top), (600, top), (500, top + 40)]
        for quarter in range(turn):  # clockwise
            points = [((900 if quarter % 2 else 1200) - y, x) for x, y in points]
        corners[key] = [number for point in points for number in point]
    path = tmp_path / "painted.jpg"
    picture.rotate(-90 * turn, expand=True).save(path, quality=95)
    photo, _ = pipeline.receive(intake.Sending(path, site.station, site.contest, 2, site.device(), None, None))
    boxes = [number for box in corners.values() for number in box]
    tag = {"tag": 102, "turn": turn, "corners": [1.0] * 8, "edge": 1.0, "boxes": boxes}
    PageTag.objects.filter(photo=photo).update(**tag)
    sari = reads()
    sari.page.locator(".crop").wait_for()
    sari.page.wait_for_timeout(500)  # both sizes of the picture are there
    for key, colour in paint.items():
        sari.page.locator(f"#angka-{key}").focus()
        middle = sari.page.locator(".crop").evaluate(
            """crop => [-12, 12].map((by) =>
                [...crop.getContext("2d").getImageData(crop.width / 2 + by, crop.height / 2, 1, 1).data].slice(0, 3))"""
        )
        assert middle[0] == pytest.approx(colour, abs=25), key
        assert middle[1] == pytest.approx((0, 0, 0), abs=25), key


def test_a_photo_on_which_no_boxes_were_found_is_shown_whole(site, tmp_path, reads):
    path = tmp_path / "bare.jpg"
    Image.new("RGB", (900, 1200), "white").save(path)
    pipeline.receive(intake.Sending(path, site.station, site.contest, 2, site.device(), None, None))
    budi = reads(**PHONE_WITH_TOUCH)
    budi.clicks("Halaman 2: suara paslon")
    assert budi.page.locator(".picture__window").is_visible()
    assert budi.page.locator(".crop").count() == 0


def test_the_photo_is_enlarged_turned_and_cleared_by_keys(arrives, reads):
    arrives(2, **VOTES)
    sari = reads()
    sheet, image = sari.page.locator(".picture__sheet"), sari.page.locator(".picture__sheet img")
    wide = sheet.evaluate("sheet => sheet.offsetWidth")
    keys = sari.page.keyboard
    keys.press("+")
    assert sheet.evaluate("sheet => sheet.offsetWidth") == pytest.approx(wide * 1.5, abs=2)
    keys.press("z")
    whole = sari.page.locator(".picture__window").evaluate("one => [one.scrollHeight, one.clientHeight]")
    assert whole[0] <= whole[1] + 1
    keys.press("z")
    assert sheet.evaluate("sheet => sheet.offsetWidth") == pytest.approx(wide * 1.5, abs=2)
    keys.press("r")
    shown = image.evaluate(
        "image => { const { width, height } = image.getBoundingClientRect(); return width / height }"
    )
    assert shown > 1, "a page on its side"
    keys.press("c")
    assert sari.page.get_by_role("button", name="Kontras").get_attribute("aria-pressed") == "true"
    sari.picture("baca-foto-putar")
    keys.type("101")
    assert sari.page.locator("#angka-paslon_1").input_value() == "101", "keys of the photo are no digits"


def test_a_held_key_sends_once(arrives, reads):
    arrives(2, **VOTES)
    arrives(3, **SUMS)
    sari = reads()
    keys = sari.page.keyboard
    for figure in VOTES.values():
        sari.page.locator(f"#{box(sari)}").fill(str(figure))
        if figure != VOTES["paslon_3"]:
            keys.press("Enter")
    keys.down("Enter")
    keys.down("Enter")
    keys.up("Enter")
    sari.sees("Halaman 3")
    eventually(Entry.objects.exists)
    assert Entry.objects.get().numbers == VOTES


def test_keys_of_the_photo_are_letters_where_one_writes(site, arrives, somebody):
    arrives(2, **VOTES)
    Task.objects.update(needs_adjudicator=True, why="returned", case_since=timezone.now())
    adi = somebody(viewport=DESKTOP)
    adi.signs_in("Adi", Role.ADJUDICATOR)
    adi.goes_to("/putusan/")
    adi.clicks("TPS 001")
    adi.presses("Tampilkan bacaan orang lain")
    adi.page.locator("[name=catatan]").first.wait_for(state="attached")
    wide = adi.page.locator(".picture__sheet").evaluate("sheet => sheet.offsetWidth")
    adi.page.locator("details:has([name=catatan]) > summary").first.click()
    note = adi.page.locator("[name=catatan]:visible").first
    note.press_sequentially("cacat + robek, - zona rusak")
    assert note.input_value() == "cacat + robek, - zona rusak"
    assert adi.page.locator(".picture__sheet").evaluate("sheet => sheet.offsetWidth") == wide
    adi.page.locator("h1").click()
    adi.page.keyboard.press("+")
    assert adi.page.locator(".picture__sheet").evaluate("sheet => sheet.offsetWidth") > wide


def test_two_fingers_enlarge_the_photo(arrives, reads):
    arrives(2, **VOTES)
    budi = reads(**PHONE_WITH_TOUCH)
    budi.presses("Utuh")  # else only the box being read is there
    sheet = budi.page.locator(".picture__sheet")
    wide = sheet.evaluate("sheet => sheet.offsetWidth")
    session = budi.page.context.new_cdp_session(budi.page)
    place = budi.page.locator(".picture__window").bounding_box()
    middle, height = place["x"] + place["width"] / 2, place["y"] + place["height"] / 2

    def fingers(what: str, apart: float) -> None:
        points = [{"x": middle - apart, "y": height, "id": 1}, {"x": middle + apart, "y": height, "id": 2}]
        session.send("Input.dispatchTouchEvent", {"type": what, "touchPoints": points if what != "touchEnd" else []})

    fingers("touchStart", 20)
    for apart in range(25, 65, 5):
        fingers("touchMove", apart)
    fingers("touchEnd", 0)
    assert sheet.evaluate("sheet => sheet.offsetWidth") > wide * 1.5


def test_the_browser_counts_as_the_server_does(site, somebody):
    """The rules stand in two languages; a thousand pages of random numbers must get the same words from both."""
    page = somebody().page
    page.goto(f"{site.address}/sehat/")
    chance = random.Random(5)
    for name in form_definitions.names():
        form = form_definitions.load(name)
        for sheet in form.pages:
            live = json.loads(json.dumps(EntryForm.of(form, str(sheet.number), {}).live))
            cases = [
                {
                    key: chance.choice(["kosong", "tidak_terbaca"])
                    if chance.random() < 0.05
                    else chance.randrange(most)
                    for key in sheet.keys
                    if chance.random() < 0.98
                }
                for most in (3, 12, 400) * 20
            ]
            said = page.evaluate(
                """async ([rules, sentences, cases, page]) => {
                  const { broken, fingerprint } = await import("/static/transcription/slips.js");
                  return cases.map((one) => [broken(rules, one, sentences), fingerprint(page, one)]);
                }""",
                [live["rules"], live["sentences"], cases, sheet.number],
            )
            for numbers, (slips, print_) in zip(cases, said, strict=True):
                wanted = rules.broken(rules.check(form, numbers, keys=sheet.keys))
                assert [(slip["title"], slip["sentence"]) for slip in slips] == [
                    (verdict.title, verdict.sentence()) for verdict in wanted
                ]
                assert print_ == fingerprint(Reading(sheet.number, numbers))
