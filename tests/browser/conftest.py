"""A site for people with browsers: the small world, real storage, the pipeline at once.

`somebody()` gives a person with a browser of their own; whatever it complains about (scripts that fail, a broken
security policy, a request to another host) fails the test. With PEMANTAU_SCREENSHOTS set to a folder, `picture`
keeps what they see.
"""

import os
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from allauth.account.models import EmailAddress
from playwright.sync_api import Browser, Page

from accounts.management.commands.sample_accounts import PASSWORD
from accounts.models import Role
from pemantau import pipeline
from tests import specimens
from tests import world as worlds
from tests.uploads.conftest import folder_storages
from tps.models import PollingStation
from uploads import intake
from uploads.models import Photo

PHONE = {"width": 360, "height": 740}
DESKTOP = {"width": 1280, "height": 800}


@pytest.fixture
def site(transactional_db, live_server, settings, tmp_path, eager) -> worlds.World:
    """The small world behind a live server; what it sends goes to a folder of this test."""
    settings.STORAGES = settings.STORAGES | folder_storages(tmp_path)
    world = worlds.build()
    world.address = live_server.url
    return world


@dataclass
class Person:
    """Somebody with a browser."""

    page: Page
    world: worlds.World
    complaints: list[str] = field(default_factory=list)
    network_breaks: bool = False  # then the browser may say so

    def goes_to(self, path: str) -> int:
        response = self.page.goto(path)
        self.nothing_hangs_over_the_edge()
        return response.status

    def signs_in(self, name: str, role: str = Role.VOLUNTEER) -> None:
        """By the form, with a password."""
        person = self.world.person(name, role)
        person.set_password(PASSWORD)
        person.save()
        EmailAddress.objects.get_or_create(user=person, email=person.email, verified=True, primary=True)
        self.goes_to("/akun/login/?sandi=1")
        self.page.get_by_label("E-mail", exact=True).fill(person.email)
        self.page.locator("[name=password]").fill(PASSWORD)
        self.page.get_by_role("button", name="Masuk", exact=True).click()

    def clicks(self, name: str, role: str = "link") -> None:
        self.page.get_by_role(role, name=name).first.click()
        self.page.wait_for_load_state()
        self.nothing_hangs_over_the_edge()

    def names_the_tps(self) -> None:
        """Types which TPS is written on the form, where that is asked first: the first village, TPS 1."""
        if self.page.evaluate("() => document.activeElement.id") == "desa":
            self.page.keyboard.type("11")
            self.page.keyboard.press("Enter")

    def presses(self, name: str) -> None:
        self.clicks(name, "button")

    def sees(self, text: str) -> None:
        self.page.get_by_text(text).first.wait_for()

    def nothing_hangs_over_the_edge(self) -> None:
        # The document's own measure needs no script of the page: it works where scripts are off, too.
        width = self.page.viewport_size["width"]
        measured = self.page.locator("html").evaluate("html => html.scrollWidth")
        assert measured <= width, f"{self.page.url} is {measured} wide on {width}"

    def picture(self, name: str) -> None:
        if folder := os.environ.get("PEMANTAU_SCREENSHOTS"):
            path = Path(folder) / f"{name}-{self.page.viewport_size['width']}.png"
            self.page.screenshot(path=path, full_page=True)


@pytest.fixture
def somebody(browser: Browser, site: worlds.World) -> Iterator[Callable[..., Person]]:
    """`somebody(**how)`: `viewport`, `color_scheme`, `java_script_enabled`, `locale`, `permissions`, …; `with_browser`
    is another one than everybody's.
    """
    people: list[Person] = []

    def arrives(**how: object) -> Person:
        options = {"viewport": PHONE, "locale": "id-ID", "base_url": site.address} | how
        context = options.pop("with_browser", browser).new_context(**options)
        person = Person(context.new_page(), site)
        person.page.set_default_timeout(20_000)
        _listen(person)
        people.append(person)
        return person

    yield arrives
    for person in people:
        person.page.context.close()
    assert [complaint for person in people for complaint in person.complaints] == []


def _listen(person: Person) -> None:
    host = urlsplit(person.world.address).netloc

    def asked(request) -> None:
        if not request.url.startswith(("data:", "blob:")) and urlsplit(request.url).netloc != host:
            person.complaints.append(f"asks another host: {request.url}")

    def said(message) -> None:
        # A refusal is an answer, not a complaint: Chromium mentions every 4xx it was given.
        if message.type != "error" or "the server responded with a status of 4" in message.text:
            return
        if not (person.network_breaks and "net::ERR_" in message.text):
            person.complaints.append(message.text)

    person.page.on("request", asked)
    person.page.on("console", said)
    person.page.on("pageerror", lambda error: person.complaints.append(str(error)))


@pytest.fixture
def arrives(site: worlds.World, tmp_path: Path) -> Callable[..., None]:
    """`arrives(page, **numbers)`: a photo of that page comes in, one more of it from the next TPS: nobody reads two of
    one page of a TPS.
    """

    def one(page: int, at: PollingStation | None = None, **numbers: int) -> None:
        path = tmp_path / f"{page}.jpg"
        station = at or list(site.stations.values())[Photo.objects.filter(page=page).count()]
        path.write_bytes(specimens.render(station.code, page, numbers, width=1000))
        pipeline.receive(intake.Sending(path, station, site.contest, page, site.device(), None, None))

    return one


@pytest.fixture
def reads(somebody: Callable[..., Person], settings) -> Callable[..., Person]:
    """A volunteer, on a wide screen unless told otherwise, with the photo before them."""

    def one(undo: float = 0, **how: object) -> Person:
        settings.READING_UNDO_SECONDS = undo
        sari = somebody(**({"viewport": DESKTOP} | how))
        sari.signs_in("Sari")
        sari.goes_to("/baca/")
        sari.presses("Ambil foto")
        sari.names_the_tps()
        return sari

    return one
