"""A picture that does not come is told, fetched again by itself, and by hand; what is told goes with it."""

import pytest

from tests.browser.conftest import DESKTOP
from tests.browser.reading import PHONE_WITH_TOUCH
from tests.browser.test_reading_ahead import sends
from tests.transcription.reading import SUMS, VOTES

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.browser]

MISSING = "Foto belum termuat…"
IS_THERE = "() => document.querySelector('.picture img').naturalWidth > 0"
CROP_HAS_INK = """() => {
  const crop = document.querySelector('.crop');
  const { data } = crop.getContext('2d').getImageData(0, 0, crop.width, crop.height);
  return data.some((one) => one > 0);
}"""


def loses_pictures(person) -> None:
    """From here on none comes."""
    person.network_breaks = True
    person.page.route("**/*.webp", lambda route: route.abort())


def is_there(person) -> None:
    person.page.wait_for_function(IS_THERE)
    person.page.get_by_text(MISSING).wait_for(state="hidden")


@pytest.mark.parametrize("how", [PHONE_WITH_TOUCH, {"viewport": DESKTOP}], ids=["phone", "desk"])
def test_a_picture_that_does_not_come_is_told_and_comes_by_itself(arrives, somebody, how):
    arrives(2, **VOTES)
    sari = somebody(**how)
    sari.signs_in("Sari")
    loses_pictures(sari)
    sari.goes_to("/baca/")
    sari.presses("Ambil foto")
    sari.page.get_by_role("status").filter(has_text=MISSING).wait_for()
    sari.picture("baca-foto-belum")
    with sari.page.expect_request("**/*.webp"):
        pass  # once more, by itself
    assert sari.page.get_by_text(MISSING).is_visible()
    sari.page.unroute("**/*.webp")
    is_there(sari)
    sari.names_the_tps()
    sari.page.wait_for_function(CROP_HAS_INK)


def test_it_comes_at_a_press_and_the_focus_stays_with_it(arrives, somebody):
    arrives(2, **VOTES)
    sari = somebody(viewport=DESKTOP)
    sari.signs_in("Sari")
    loses_pictures(sari)
    sari.page.add_init_script("Math.random = () => 1e5")  # by itself it would take for ever
    sari.goes_to("/baca/")
    sari.presses("Ambil foto")
    sari.sees(MISSING)
    sari.page.unroute("**/*.webp")
    sari.page.get_by_role("button", name="Muat lagi").click()
    is_there(sari)
    assert sari.page.evaluate("() => document.activeElement.className") == "picture__window"


def test_the_network_coming_back_brings_it_and_its_crop(arrives, somebody):
    arrives(2, **VOTES)
    sari = somebody(viewport=DESKTOP)
    sari.signs_in("Sari")
    loses_pictures(sari)
    sari.page.add_init_script("Math.random = () => 1e5")
    sari.goes_to("/baca/")
    sari.presses("Ambil foto")
    sari.sees(MISSING)
    sari.page.unroute("**/*.webp")
    full = sari.page.locator("a.picture__tool").get_attribute("href")
    with sari.page.expect_response(lambda response: response.url.endswith(full)):
        sari.page.evaluate("() => dispatchEvent(new Event('online'))")
    is_there(sari)
    sari.page.wait_for_function(CROP_HAS_INK)


def test_one_that_neither_comes_nor_fails_is_told_too(arrives, somebody):
    arrives(2, **VOTES)
    sari = somebody(viewport=DESKTOP)
    sari.signs_in("Sari")
    held = []
    sari.page.route("**/*.webp", lambda route: held.append(route))
    sari.goes_to("/baca/")
    sari.page.get_by_role("button", name="Ambil foto").click(no_wait_after=True)
    sari.sees(MISSING)
    for route in held:
        route.continue_()
    is_there(sari)


def test_one_that_failed_beforehand_is_fetched_when_it_is_shown(arrives, reads):
    arrives(2, **VOTES)
    sari = reads()
    sari.page.wait_for_load_state("networkidle")
    loses_pictures(sari)
    arrives(3, **SUMS)
    with sari.page.expect_event("requestfailed"):
        sari.page.evaluate("() => dispatchEvent(new Event('online'))")  # then the next one is taken
    assert not sari.page.get_by_text(MISSING).is_visible(), "the one before them is there"
    sends(sari, VOTES)
    sari.sees("Halaman 3")
    sari.sees(MISSING)
    sari.page.unroute("**/*.webp")
    is_there(sari)
