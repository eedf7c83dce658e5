"""Maps and charts as people use them, and our numbers within somebody else's page."""

import io
import os
import threading
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import numpy as np
import pytest
from axe_playwright_python.sync_playwright import Axe
from django.db import transaction
from django.urls import reverse
from PIL import Image

from aggregation import grounds
from aggregation.models import MapOutline, MapSheet, TallySample
from pemantau import pipeline
from tests.aggregation.evidence import fold
from tests.browser.conftest import DESKTOP, PHONE
from tests.browser.test_every_page import FAINT, SMALL
from tests.transcription.reading import photo_of, reads
from tps.models import Region

pytestmark = [pytest.mark.browser, pytest.mark.slow]

VIEWS = [(PHONE, "light"), (PHONE, "dark"), (DESKTOP, "light"), (DESKTOP, "dark")]


@pytest.fixture
def pictures(site, settings):
    """Four regencies, three of them with outlines, and three points of their history."""
    settings.ROOT_URLCONF = "tests.aggregation.picture_urls"
    for code, name in (("9102", "Kota Mawar"), ("9103", "Kabupaten Anggrek"), ("9104", "Kabupaten Kenanga")):
        Region.objects.create(code=code, level=2, name=name, parent_id="91")
    for hour, votes in enumerate(([1, 2, 3], [30, 20, 10], [25, 20, 10])):
        TallySample.objects.create(
            contest=site.contest,
            region_id="91",
            at=datetime(2029, 2, 14, 4, tzinfo=UTC) + timedelta(hours=hour),
            stations=40,
            counted=sum(votes) // 3,
            votes=votes,
        )
    return site


def outlined():
    sheet = MapSheet.objects.create(parent_id="91", width=1000, height=500, source="x", source_sha256="0" * 64)
    for place, code in enumerate(("9101", "9102", "9103")):
        MapOutline.objects.create(
            region_id=code,
            sheet=sheet,
            path=f"M{place * 300} 0l300 0 0 480-300 0z",
            x=place * 300 + 150,
            y=240,
            room=300,
        )
    grounds.cache.clear()


@pytest.mark.parametrize(("viewport", "scheme"), VIEWS)
@pytest.mark.parametrize("outlines", [False, True])
def test_pictures_look_right_and_harm_nobody(pictures, somebody, viewport, scheme, outlines):
    if outlines:
        outlined()
    sari = somebody(viewport=viewport, color_scheme=scheme)
    for layer in ("unggul", "cakupan"):
        assert sari.goes_to(f"/gambar/?peta={layer}") == 200
        sari.picture(f"gambar-{layer}-{'garis' if outlines else 'petak'}-{scheme}")
        assert sari.page.evaluate(FAINT) + sari.page.evaluate(SMALL) == []
    found = Axe().run(sari.page).response["violations"]
    assert [(one["id"], [node["html"][:120] for node in one["nodes"]]) for one in found] == []


def test_a_map_by_keyboard_leads_to_the_region(pictures, somebody):
    sari = somebody(viewport=DESKTOP, java_script_enabled=False)
    sari.goes_to("/gambar/")
    sari.page.get_by_role("link", name="Cakupan").focus()
    sari.page.keyboard.press("Tab")
    focused = sari.page.locator(".map a:focus")
    assert focused.count() == 1
    assert focused.get_attribute("href") == "/hasil/contoh/ppwp/9101/"
    area = sari.page.locator(".map a:focus .map__area")
    assert area.evaluate("e => getComputedStyle(e).strokeWidth") == "4px"
    sari.page.keyboard.press("Enter")
    sari.page.wait_for_url("**/hasil/contoh/ppwp/9101/")


def changes(picture: bytes) -> int:
    """How often grey turns from dark to light or back, along all lines of a picture."""
    grey = np.asarray(Image.open(io.BytesIO(picture)).convert("L"), dtype=int)
    return int((np.abs(np.diff(grey, axis=1)) > 40).sum())


def test_on_paper_two_leaders_differ_without_colours(pictures, somebody):
    sari = somebody(viewport=DESKTOP)
    sari.goes_to("/gambar/")
    sari.page.emulate_media(media="print")
    sari.page.locator(".map text").evaluate_all("all => all.forEach((one) => one.remove())")
    solid, rising, upright = (
        changes(sari.page.locator(f'.map a[href$="/{code}/"] rect').screenshot()) for code in ("9101", "9102", "9103")
    )
    assert rising > 2 * solid
    assert upright > 2 * solid


def test_layers_change_without_a_script(pictures, somebody):
    sari = somebody(java_script_enabled=False)
    sari.goes_to("/gambar/")
    assert "nomor 1 unggul" in sari.page.locator(".map title").first.text_content()
    address = sari.page.get_by_role("link", name="Cakupan").get_attribute("href")
    assert address == "/hasil/contoh/ppwp/91/?peta=cakupan#peta"
    sari.goes_to("/gambar/?peta=cakupan")
    assert "unggul" not in sari.page.locator(".map title").first.text_content()


# --- In somebody else's page ----------------------------------------------------------------


@pytest.fixture
def newspaper():
    """`newspaper(html)`: the address of a page of another origin with that in it."""
    pages = {}

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self):
            body = pages.get(self.path, "").encode()
            self.send_response(200 if body else 404)
            self.send_header("Content-Type", "text/html; charset=utf-8")
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_args):
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()

    def print_page(html):
        pages["/berita/"] = f'<!doctype html><html lang="id"><title>Koran</title><h1>Koran</h1>{html}'
        return f"http://127.0.0.1:{server.server_port}/berita/"

    yield print_page
    server.shutdown()
    server.server_close()


@pytest.fixture
def counted(site, settings):
    """One TPS is counted; pages name the address they are served at."""
    settings.SITE_ORIGIN = site.address
    with transaction.atomic():
        photo = photo_of(site)
    for name in ("Budi", "Dewi"):
        reads(site, name, photo, paslon_1=101, paslon_2=88, paslon_3=20)
    pipeline.record(str(photo.pk))
    fold()
    return site


def pasted(person, label):
    """The code that the guide gives to copy, as somebody copies it."""
    person.goes_to("/sematan/contoh/ppwp/9101/cara/")
    return person.page.locator(label).input_value()


@pytest.fixture
def reader(browser):
    """A reader of the newspaper, with what their browser was told to keep and complained about."""
    contexts = []

    def arrives(**how):
        context = browser.new_context(viewport=PHONE, locale="id-ID", **how)
        contexts.append(context)
        page = context.new_page()
        page.set_default_timeout(20_000)
        page.complaints = []
        page.on("console", lambda said: page.complaints.append(said.text) if said.type == "error" else None)
        page.on("pageerror", lambda error: page.complaints.append(str(error)))
        return page

    yield arrives
    for context in contexts:
        context.close()


@pytest.mark.parametrize("scripts", [True, False])
def test_a_newspaper_frames_our_numbers(counted, somebody, newspaper, reader, scripts):
    page = reader(java_script_enabled=scripts)
    page.goto(newspaper(pasted(somebody(), "#kode-bingkai")))
    frame = page.frame_locator("iframe")
    frame.get_by_text("20,0\u00a0% TPS terhitung").wait_for()
    frame.get_by_text("48,3\u00a0%").first.wait_for()
    assert page.context.cookies() == []
    frame.get_by_role("link", name="Buka di Pemantau").click()
    page.wait_for_url(f"{counted.address}{reverse('aggregation:region', args=['contoh', 'ppwp', '9101'])}")
    assert [said for said in page.complaints if "favicon" not in said and "404" not in said] == []


def test_the_script_makes_a_frame_as_high_as_what_is_in_it(counted, somebody, newspaper, reader):
    page = reader()
    page.goto(newspaper(pasted(somebody(), "#kode-skrip")))
    frame = page.frame_locator("iframe")
    frame.get_by_text("20,0\u00a0% TPS terhitung").wait_for()
    page.wait_for_function("() => document.querySelector('iframe').height !== '560'")

    def fits():
        inner = frame.locator("html").evaluate("e => e.getBoundingClientRect().height")
        outer = page.locator("iframe").evaluate("e => e.clientHeight")
        return 0 <= outer - inner < 2

    assert fits()
    narrow = page.locator("iframe").evaluate("e => e.clientHeight")
    page.set_viewport_size(DESKTOP)
    page.wait_for_function(f"() => document.querySelector('iframe').clientHeight !== {narrow}")
    assert fits()
    assert page.locator("iframe").get_attribute("title") == "Pemantau: Kabupaten Melati"
    assert page.context.cookies() == []
    if folder := os.environ.get("PEMANTAU_SCREENSHOTS"):
        page.screenshot(path=Path(folder) / "sematan-1280.png", full_page=True)


def test_a_message_of_another_page_changes_nothing(counted, somebody, newspaper, reader):
    page = reader()
    page.goto(newspaper(pasted(somebody(), "#kode-skrip")))
    page.wait_for_function("() => document.querySelector('iframe').height !== '560'")
    before = page.locator("iframe").get_attribute("height")
    page.evaluate("() => postMessage({ pemantau: 9999 }, '*')")
    page.wait_for_timeout(200)
    assert page.locator("iframe").get_attribute("height") == before


def test_our_other_pages_are_framed_by_nobody(counted, newspaper, reader):
    page = reader()
    page.goto(newspaper(f'<iframe src="{counted.address}/hasil/contoh/ppwp/9101/"></iframe>'))
    page.wait_for_timeout(500)
    assert any("frame" in said.lower() for said in page.complaints)


@pytest.mark.parametrize(("viewport", "scheme"), VIEWS)
def test_the_guide_and_the_frame_look_right(counted, somebody, viewport, scheme):
    sari = somebody(viewport=viewport, color_scheme=scheme)
    for name, path in (("cara", "/sematan/contoh/ppwp/9101/cara/"), ("isi", "/sematan/contoh/ppwp/9101/")):
        assert sari.goes_to(path) == 200
        sari.picture(f"sematan-{name}-{scheme}")
        assert sari.page.evaluate(FAINT) + sari.page.evaluate(SMALL) == []
        found = Axe().run(sari.page).response["violations"]
        assert [(one["id"], [node["html"][:120] for node in one["nodes"]]) for one in found] == []
