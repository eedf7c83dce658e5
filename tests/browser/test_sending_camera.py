"""Photographing with the live camera: Chromium's own, fed with photos of real forms."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from PIL import Image, ImageFilter, ImageOps
from playwright.sync_api import Browser

from tests.browser.conftest import Person
from tests.browser.sending import all_arrive, comes_to_the_tps, outbox
from uploads.models import Photo

pytestmark = [pytest.mark.browser, pytest.mark.slow]

SECONDS = 3  # over each sheet


@pytest.fixture
def sheets(shared) -> list[Image.Image]:
    """The three pages of one TPS, as they were photographed."""
    names = ("3404062001012-c2692dad", "3404062001012-2916bbbc", "3404062001012-86df001d")
    return [Image.open(shared / "forms" / f"{name}.jpg").convert("RGB") for name in names]


def film(path: Path, pictures: list[Image.Image]) -> None:
    """Somebody holds the phone over one sheet after the other; from the beginning again at the end."""
    with path.open("wb") as file:
        for picture in pictures:
            frame = path.with_suffix(".jpg")
            ImageOps.pad(picture, (1440, 1920), color="#222").save(frame, quality=92)
            file.write(frame.read_bytes() * (30 * SECONDS))


@pytest.fixture
def with_camera(launch, somebody, tmp_path) -> Iterator[Callable[..., Person]]:
    """`with_camera(pictures)`: somebody whose phone's camera sees these."""
    browsers: list[Browser] = []

    def arrives(pictures: list[Image.Image], *, allowed: bool = True, **how: object) -> Person:
        film(tmp_path / "film.mjpeg", pictures)
        video = f"--use-file-for-fake-video-capture={tmp_path / 'film.mjpeg'}"
        browsers.append(launch("--use-fake-device-for-media-stream", video))
        return somebody(with_browser=browsers[-1], permissions=["camera"] if allowed else [], **how)

    yield arrives
    for browser in browsers:
        browser.close()


def shoots(person: Person) -> None:
    person.page.locator("[data-do=shoot]").click()
    person.page.locator("dialog[open] [data-slot=remarks] > *").first.wait_for()


def shoots_page(person: Person, number: int) -> None:
    """Once more where the phone was held over the next sheet already when the shutter fell."""
    recognised = f"Dikenali: Halaman {number}"
    for _ in range(5):
        person.page.locator("[data-slot=says]").get_by_text(recognised).wait_for()
        assert frame_is_green(person)
        person.picture(f"kamera-{number}")
        shoots(person)
        if person.page.locator("dialog[open] [data-slot=remarks]").get_by_text(recognised).count():
            return
        person.page.get_by_role("button", name="Ulangi").click()
    pytest.fail(f"page {number} was never photographed")


def uses_it(person: Person) -> None:
    person.page.get_by_role("button", name="Pakai foto ini").click()
    person.page.locator("[data-slot=review]").wait_for(state="hidden")


def frame_is_green(person: Person) -> bool:
    return person.page.locator(".camera__frame--seen").count() == 1


def test_three_pages_in_a_row_offline_then_receipts(with_camera, sheets):
    sari = with_camera(sheets)
    comes_to_the_tps(sari)
    sari.network_breaks = True
    sari.page.context.set_offline(True)
    sari.presses("Ambil foto")
    for number in (1, 2, 3):
        shoots_page(sari, number)
        sari.picture(f"kamera-{number}-periksa")
        uses_it(sari)
    sari.page.locator("[data-slot=camera]").wait_for(state="hidden")  # nothing is missing
    assert [(one["page"], one["state"]) for one in outbox(sari)] == [(1, "waiting"), (2, "waiting"), (3, "waiting")]
    sari.page.context.set_offline(False)
    all_arrive(sari, 3)
    assert sorted(Photo.objects.values_list("page", "width")) == [(1, 1440), (2, 1440), (3, 1440)]


def test_the_wrong_slot_is_asked_about(with_camera, sheets):
    sari = with_camera(sheets[:1])
    comes_to_the_tps(sari)
    sari.presses("Halaman 2: suara paslon")
    sari.sees("Ini halaman 1, bukan halaman 2.")
    assert not frame_is_green(sari)
    sari.picture("kamera-lain")
    shoots(sari)
    sari.sees("Ini halaman 1. Simpan sebagai halaman 1?")
    sari.picture("kamera-lain-periksa")
    sari.page.get_by_role("button", name="Ya, halaman 1").click()
    uses_it(sari)
    assert [one["page"] for one in outbox(sari)] == [1]
    sari.sees("Belum ada: halaman 2, 3.")
    all_arrive(sari, 1)


@pytest.mark.parametrize(
    ("spoil", "sentence"),
    [
        (lambda sheet: sheet.filter(ImageFilter.GaussianBlur(4)), "Foto ini buram."),
        (lambda sheet: sheet.point(lambda value: value // 6), "Foto ini gelap."),
    ],
    ids=["blurred", "dark"],
)
def test_blur_and_darkness_are_said_while_one_can_still_do_something(with_camera, sheets, spoil, sentence):
    sari = with_camera([spoil(sheets[1])])
    comes_to_the_tps(sari)
    sari.presses("Ambil foto")
    sari.page.locator(".camera__says--warn", has_text=sentence).wait_for()
    sari.picture(f"kamera-{sentence[9:14]}")


def test_without_permission_the_phones_own_camera_is_offered(with_camera, sheets, tmp_path):
    sari = with_camera(sheets[:1], allowed=False)
    comes_to_the_tps(sari)
    with sari.page.expect_file_chooser() as chooser:
        sari.presses("Ambil foto")  # nothing is asked that was refused before
    sheets[0].save(tmp_path / "foto.jpg")
    chooser.value.set_files(tmp_path / "foto.jpg")
    sari.page.get_by_text("Dikenali: Halaman 1").wait_for()
    uses_it(sari)
    assert [one["page"] for one in all_arrive(sari, 1)] == [1]


def test_the_camera_rests_while_nobody_looks(with_camera, sheets):
    """It eats the battery."""
    sari = with_camera(sheets[:1])
    comes_to_the_tps(sari)
    runs = (
        "() => document.querySelector('video').srcObject?.getTracks().some((one) => one.readyState === 'live') ?? false"
    )
    sari.presses("Ambil foto")
    sari.page.wait_for_function(runs)
    hidden = "(is) => { Object.defineProperty(document, 'hidden', { configurable: true, value: is });"
    hidden += " document.dispatchEvent(new Event('visibilitychange')) }"
    sari.page.evaluate(hidden, True)
    sari.page.wait_for_function(f"() => !({runs})()")
    sari.page.evaluate(hidden, False)
    sari.page.wait_for_function(runs)
    sari.page.keyboard.press("Escape")
    sari.page.locator("[data-slot=camera]").wait_for(state="hidden")
    sari.page.wait_for_function(f"() => !({runs})()")
