"""Photographing with the live camera: Chromium's own, fed with photos of real forms."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from PIL import Image
from playwright.sync_api import Browser

from tests.browser.conftest import Person

pytestmark = [pytest.mark.browser, pytest.mark.slow]

TPS = "9101011001001"


def film(path: Path, photos: list[Path], seconds: int = 4) -> None:
    """A video of somebody holding the phone over one form after the other: MJPEG, a frame after each other."""
    with path.open("wb") as file:
        for photo in photos:
            picture = Image.open(photo).convert("RGB")
            picture.thumbnail((1440, 1920))
            ground = Image.new("RGB", (1440, 1920), "#666")
            ground.paste(picture, ((1440 - picture.width) // 2, (1920 - picture.height) // 2))
            frame = path.with_suffix(".jpg")
            ground.save(frame, quality=92)
            for _ in range(seconds * 30):
                file.write(frame.read_bytes())


@pytest.fixture
def page_one(shared) -> Path:
    return shared / "forms" / "3404062001011-c936a92c.jpg"


@pytest.fixture
def page_two(shared) -> Path:
    return shared / "forms" / "3404062001011-d6864993.jpg"


@pytest.fixture
def with_camera(launch, somebody, tmp_path) -> Iterator[Callable[..., Person]]:
    """`with_camera(photos)`: somebody whose phone's camera sees these, one after the other."""
    browsers: list[Browser] = []

    def arrives(photos: list[Path], **how: object) -> Person:
        film(tmp_path / "film.mjpeg", photos)
        browsers.append(
            launch(
                "--use-fake-device-for-media-stream",
                f"--use-file-for-fake-video-capture={tmp_path / 'film.mjpeg'}",
                "--use-fake-ui-for-media-stream",
            )
        )
        return somebody(with_browser=browsers[-1], permissions=["camera"], **how)

    yield arrives
    for browser in browsers:
        browser.close()


@pytest.fixture(autouse=True)
def tickets(settings):
    settings.ROOT_URLCONF = "tests.browser.ticket_stand_in"


def test_try(with_camera, site, page_one, page_two):
    sari = with_camera([page_one])
    sari.goes_to(f"/kirim/{TPS}/")
    sari.presses("Ambil foto")
    sari.page.wait_for_timeout(6000)
    sari.page.screenshot(path="/tmp/h/shots/e-camera.png")
    print(
        sari.page.evaluate(
            "() => { const v = document.querySelector('video'); return [v.videoWidth, v.videoHeight, v.paused, document.querySelector('[data-slot=says]').textContent] }"
        )
    )
    sari.page.screenshot(path="/tmp/h/shots/e-camera.png")
    sari.page.locator("[data-do=shoot]").click()
    sari.page.get_by_text("Terbaca jelas?").wait_for()
    sari.page.wait_for_timeout(1500)
    sari.page.screenshot(path="/tmp/h/shots/f-review.png")
    print(
        sari.page.evaluate(
            "() => { const i = document.querySelector('[data-slot=picture]'); return [i.naturalWidth, i.naturalHeight] }"
        )
    )
    sari.page.get_by_role("button", name="Pakai foto ini").click()
    sari.page.wait_for_timeout(800)
    sari.page.screenshot(path="/tmp/h/shots/g-camera.png")
    sari.page.get_by_role("button", name="Selesai").click()
    sari.sees("Bukti ")
    sari.page.wait_for_timeout(800)
    sari.picture("h-sent")
