"""Reading a photo on a phone, in a real browser: the form as drawn, Enter from number to number, the renewal."""

import pytest
from django.db import transaction

from tests.transcription.reading import VOTES, browser_of, photo_of
from tests.world import build
from transcription.models import Entry, Lease

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.browser]


@pytest.fixture
def phone(browser, live_server):
    """A phone on which Sari is signed in; what goes wrong in its console fails the test."""
    world = build()
    with transaction.atomic():
        photo_of(world)
    client = browser_of(world, "Sari")
    context = browser.new_context(viewport={"width": 360, "height": 740}, locale="id-ID", base_url=live_server.url)
    context.add_cookies(
        [{"name": name, "value": morsel.value, "url": live_server.url} for name, morsel in client.cookies.items()]
    )
    page = context.new_page()
    page.clock.install()
    complaints = []
    page.on("pageerror", lambda error: complaints.append(str(error)))
    page.on(
        "console",
        lambda message: complaints.append(message.text) if "Content Security Policy" in message.text else None,
    )
    yield page
    context.close()
    assert complaints == []


def test_enter_leads_from_number_to_number_and_the_lease_is_renewed(phone, settings):
    settings.READING_UNDO_SECONDS = 0
    phone.goto("/baca/")
    phone.get_by_role("button", name="Ambil foto").click()
    phone.get_by_role("link", name="Halaman 2: suara paslon").click()
    assert phone.evaluate("document.documentElement.scrollWidth") <= 360, "nothing hangs over the edge"
    lease = Lease.objects.get()
    phone.locator("#desa").fill("1")
    phone.locator("#tps").fill("1")
    phone.locator("#angka-paslon_1").fill(str(VOTES["paslon_1"]))
    phone.clock.fast_forward(61_000)
    with phone.expect_response(lambda response: response.url.endswith("/renew/")) as renewal:
        phone.locator("#angka-paslon_1").press("End")
        phone.locator("#angka-paslon_1").press("Backspace")
        phone.locator("#angka-paslon_1").type("1")
    assert renewal.value.status == 200
    assert Lease.objects.get().expires_at > lease.expires_at
    phone.keyboard.press("Enter")
    phone.keyboard.type(str(VOTES["paslon_2"]))
    phone.keyboard.press("Enter")
    phone.keyboard.type(str(VOTES["paslon_3"]))
    with phone.expect_response(lambda response: response.url.endswith("/entry/")):
        phone.keyboard.press("Enter")
    phone.get_by_text("Belum ada foto untuk Anda").wait_for()
    assert Entry.objects.get().numbers == VOTES
