"""Pages of results renew themselves; what somebody has in hand stays; without a network they stay as they are."""

import pytest
from playwright.sync_api import expect

from tests.aggregation.evidence import PAGE_2, decide, fold, read, record, unguarded
from tests.browser.conftest import PHONE

pytestmark = [pytest.mark.browser, pytest.mark.slow]

EVERY = 15_000
REGION = "/hasil/contoh/ppwp/91/"


@pytest.fixture
def counted(site):
    """One TPS is counted; a function that changes a number of it, as a correction does."""
    with unguarded():
        taken = read(site)
    fold()

    def change(number):
        with unguarded():
            decide(taken, 2, PAGE_2 | {"paslon_1": number})
            record(taken)
        fold()

    return change


@pytest.fixture
def reader(somebody):
    person = somebody(viewport=PHONE)
    person.page.clock.install()
    return person


def later(reader, milliseconds=EVERY + 100):
    with reader.page.expect_response(lambda answer: "/api/v1/results/" in answer.url):
        reader.page.clock.run_for(milliseconds)


@pytest.mark.parametrize("path", [REGION, "/hasil/contoh/ppwp/tps/9101011001001/"])
def test_a_number_changes_under_the_readers_eyes(counted, reader, path):
    reader.goes_to(path)
    votes = reader.page.locator(".option__votes").first
    assert votes.inner_text() == "101"
    later(reader)  # nothing has changed: a 304
    counted(7)
    reader.page.wait_for_timeout(2_100)  # a TPS is made anew every two seconds
    later(reader)
    expect(reader.page.locator(".option__votes").first).to_have_text("7")


def test_what_has_the_focus_stays(counted, reader):
    reader.goes_to(REGION)
    reader.page.get_by_role("link", name="Kabupaten Melati").first.focus()
    counted(7)
    later(reader)
    expect(reader.page.locator(".option__votes").first).to_have_text("7")
    assert reader.page.evaluate("() => document.activeElement.innerText") == "Kabupaten Melati"


def test_without_a_network_the_page_stays_and_catches_up(counted, reader):
    reader.goes_to(REGION)
    reader.page.context.set_offline(True)
    counted(7)
    reader.page.clock.run_for(EVERY + 100)
    assert reader.page.locator(".option__votes").first.inner_text() == "101"
    reader.page.context.set_offline(False)
    later(reader, 4 * EVERY)
    expect(reader.page.locator(".option__votes").first).to_have_text("7")
    reader.complaints.clear()  # the browser says that it had no network
