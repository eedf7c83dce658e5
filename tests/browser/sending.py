"""What people do on the sending page, and what their phones keep."""

from pathlib import Path
from typing import Any

from playwright.sync_api import CDPSession

from tests import specimens
from tests.browser.conftest import Person

TPS = "9101011001001"
VOTES = {"paslon_1": 101, "paslon_2": 88, "paslon_3": 20}


def sheet(folder: Path, page: int, station: str = TPS, **votes: int) -> Path:
    """A photo of one page, on the phone."""
    path = folder / f"IMG_{station}_{page}.jpg"
    path.write_bytes(specimens.render(station, page, VOTES | votes, width=1000))
    return path


def comes_to_the_tps(person: Person, code: str = TPS) -> None:
    person.goes_to(f"/kirim/{code}/")
    person.page.get_by_role("button", name="Ambil foto").first.wait_for()


def the_phone_is_ready(person: Person) -> None:
    """The app is on the phone."""
    person.page.evaluate("() => navigator.serviceWorker.ready.then(({ active }) => active.state)")
    person.page.wait_for_function("() => navigator.serviceWorker.controller")


def looks_at(person: Person, photo: Path, button: str = "Pilih dari galeri") -> None:
    """Chooses a photo and waits until the page has said what it sees."""
    with person.page.expect_file_chooser() as chooser:
        person.page.get_by_role("button", name=button).click()
    chooser.value.set_files(str(photo))
    person.page.locator("dialog[open] [data-slot=remarks] > *").first.wait_for()


def keeps(person: Person, photo: Path, button: str = "Pilih dari galeri") -> None:
    looks_at(person, photo, button)
    person.page.get_by_role("button", name="Pakai foto ini").click()
    person.page.locator("[data-slot=review]").wait_for(state="hidden")


def outbox(person: Person) -> list[dict[str, Any]]:
    """What the phone keeps, oldest first."""
    return person.page.evaluate("async () => (await import('/static/uploads/outbox.js')).photos()")


def all_arrive(person: Person, number: int) -> list[dict[str, Any]]:
    """Waits until so many photos have a receipt."""
    person.page.wait_for_function(
        "number => document.querySelectorAll('.waiting__photo[data-done]').length === number",
        arg=number,
        timeout=60_000,
    )
    return outbox(person)


def background_sync(person: Person) -> None:
    """The browser finds that there is a network, and wakes the service worker; no page of ours is open."""
    page = person.page.context.new_page()
    session: CDPSession = person.page.context.new_cdp_session(page)
    found: list[str] = []
    session.on(
        "ServiceWorker.workerRegistrationUpdated",
        lambda event: found.extend(one["registrationId"] for one in event["registrations"]),
    )
    session.send("ServiceWorker.enable")
    for _ in range(50):
        if found:
            break
        page.wait_for_timeout(100)
    woken = {"origin": person.world.address, "registrationId": found[-1], "tag": "kirim", "lastChance": False}
    session.send("ServiceWorker.dispatchSyncEvent", woken)
    person.page = page
