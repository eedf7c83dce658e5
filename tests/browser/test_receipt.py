"""The receipt in a real browser: its QR code, the state that changes by itself, sharing, taking the photo back."""

import re
from urllib.parse import urlsplit

import cv2
import numpy as np
import pytest
from django.db import transaction

from pemantau import pipeline
from tests.aggregation.evidence import fold
from tests.browser.conftest import DESKTOP, PHONE, Person
from tests.transcription.reading import photo_of, reads
from uploads import receipts, statements
from uploads.models import Photo

pytestmark = [pytest.mark.browser, pytest.mark.slow]

WITHDRAWN = "Foto ini ditarik oleh pengirimnya dan tidak dihitung."


@pytest.fixture
def photo(site) -> Photo:
    with transaction.atomic():
        return photo_of(site)


def address_of(photo: Photo) -> str:
    return f"/bukti/{receipts.grouped(photo.receipt)}/"


def opens(person: Person, photo: Photo) -> Person:
    person.goes_to(address_of(photo))
    return person


@pytest.mark.parametrize("viewport", [PHONE, DESKTOP], ids=["phone", "desk"])
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_another_phone_reads_the_qr_code_from_the_screen(photo, somebody, viewport, scheme):
    holder = opens(somebody(viewport=viewport, color_scheme=scheme), photo)
    holder.picture("bukti-qr")
    shown = holder.page.get_by_alt_text("Kode QR alamat bukti ini").screenshot()
    picture = cv2.imdecode(np.frombuffer(shown, np.uint8), cv2.IMREAD_COLOR)
    # OpenCV's older reader misses one code in forty, however large it is.
    assert cv2.QRCodeDetectorAruco().detectAndDecode(picture)[0] == holder.world.address + address_of(photo)


def test_the_state_changes_while_one_looks_and_is_read_out(site, photo, somebody):
    holder = somebody()
    holder.page.clock.install()
    opens(holder, photo)
    state = holder.page.get_by_role("status").first
    assert "sedang dibaca relawan" in state.inner_text()
    for name in ("Sari", "Budi"):
        reads(site, name, photo)
    pipeline.record(str(photo.pk))
    fold()
    with holder.page.expect_response(re.compile("/api/v1/receipts/")):
        holder.page.clock.run_for(15_000)
    holder.sees("Angka pada foto Anda sudah masuk ke hasil TPS ini.")
    steps = holder.page.locator(".step")
    assert steps.evaluate_all("all => all.map(one => one.dataset.place)") == ["done", "done", "done", "present"]
    assert holder.page.locator("[aria-current=step]").inner_text().startswith("Masuk hasil TPS")
    assert holder.page.get_by_text("Tarik foto ini", exact=True).is_hidden()
    holder.picture("bukti-tayang")


def test_it_asks_more_and_more_rarely_and_not_while_nobody_looks(photo, somebody):
    holder = somebody()
    holder.page.clock.install()
    asked: list[str] = []
    answered: list[str] = []
    holder.page.on("request", lambda one: asked.append(one.url) if "/api/v1/receipts/" in one.url else None)
    holder.page.on("requestfinished", lambda one: answered.append(one.url) if "/api/v1/receipts/" in one.url else None)
    opens(holder, photo)

    def after(seconds: float) -> int:
        before = len(asked)
        holder.page.clock.run_for(seconds * 1000)
        holder.page.evaluate("fetch('/bukti/').then((answer) => answer.text())")  # lets the page have what it asked for
        while len(answered) < len(asked):
            holder.page.evaluate("fetch('/bukti/').then((answer) => answer.text())")
        return len(asked) - before

    assert after(14) == 0
    assert after(1) == 1
    assert after(22) == 0  # after 15 s nothing new: 22.5 s
    assert after(1) == 1
    holder.page.evaluate("""() => {
        Object.defineProperty(document, "hidden", { value: true, configurable: true });
        document.dispatchEvent(new Event("visibilitychange"));
    }""")
    assert after(600) == 0
    so_far = len(asked)
    holder.page.evaluate("""() => {
        Object.defineProperty(document, "hidden", { value: false });
        document.dispatchEvent(new Event("visibilitychange"));
    }""")
    after(1)
    assert len(asked) - so_far == 1  # at once


@pytest.mark.parametrize("scripts", [True, False], ids=["with scripts", "without scripts"])
def test_taking_it_back_asks_first(photo, somebody, scripts):
    holder = opens(somebody(java_script_enabled=scripts), photo)
    confirm = holder.page.get_by_role("button", name="Ya, tarik foto ini")
    assert confirm.is_hidden()
    holder.page.get_by_text("Tarik foto ini", exact=True).click()
    confirm.wait_for()
    holder.picture("bukti-tarik")
    holder.presses("Ya, tarik foto ini")
    holder.sees(WITHDRAWN)
    assert holder.page.locator(".step").first.is_hidden()
    holder.picture("bukti-ditarik")
    assert Photo.objects.get(pk=photo.pk).withdrawn_at is not None
    holder.goes_to(f"/foto/{photo.pk}/")
    holder.sees("Foto ini ditarik oleh pengirimnya.")
    holder.picture("foto-ditarik")


def test_sharing_by_the_phones_own_menu(photo, somebody):
    holder = somebody()
    holder.page.add_init_script("navigator.share = async (what) => { window.shared = what; };")
    opens(holder, photo).page.get_by_role("link", name="Bagikan").click()
    shared = holder.page.evaluate("window.shared")
    assert shared == {"title": "Bukti kiriman", "url": holder.world.address + address_of(photo)}


def test_sharing_where_there_is_no_menu_copies_the_address(photo, somebody):
    holder = somebody(permissions=["clipboard-read", "clipboard-write"])
    holder.page.add_init_script("delete Navigator.prototype.share;")
    opens(holder, photo).page.get_by_role("link", name="Bagikan").click()
    holder.sees("Alamat sudah disalin.")
    assert holder.page.evaluate("navigator.clipboard.readText()") == holder.world.address + address_of(photo)


def test_sharing_where_nothing_may_be_copied_says_how(photo, somebody):
    holder = somebody()
    holder.page.add_init_script(
        "delete Navigator.prototype.share; Clipboard.prototype.writeText = () => Promise.reject(new Error());"
    )
    opens(holder, photo).page.get_by_role("link", name="Bagikan").click()
    holder.sees("Salin alamat di atas")


@pytest.mark.parametrize("scripts", [True, False], ids=["with scripts", "without scripts"])
def test_the_statement_is_saved_and_somebody_else_checks_it(photo, somebody, scripts):
    holder = opens(somebody(java_script_enabled=scripts), photo)
    with holder.page.expect_download() as saved:
        holder.page.get_by_role("link", name="Simpan pernyataan").click()
    statement = saved.value.path().read_text()
    assert statements.read(statement).photo == photo.pk
    assert photo.receipt not in saved.value.suggested_filename.replace("-", "")
    stranger = somebody(java_script_enabled=scripts)
    stranger.goes_to("/bukti/periksa/")
    stranger.page.get_by_label("Isi pernyataan").fill(statement)
    stranger.presses("Periksa")
    stranger.sees("Pernyataan ini asli")
    stranger.picture("periksa-asli")
    stranger.page.get_by_label("Isi pernyataan").fill(statement.replace("ppwp", "dpr"))
    stranger.presses("Periksa")
    stranger.sees("bukan dari kami atau sudah berubah")
    stranger.picture("periksa-palsu")
    stranger.clicks("Kunci publik")
    assert urlsplit(stranger.page.url).path == "/.well-known/pemantau-keys.txt"


def test_without_scripts_sharing_is_a_plain_link(photo, somebody):
    holder = opens(somebody(java_script_enabled=False), photo)
    link = holder.page.get_by_role("link", name="Bagikan")
    assert link.get_attribute("href") == holder.world.address + address_of(photo)


def test_on_paper_there_is_the_code_and_nothing_to_press(photo, somebody):
    holder = opens(somebody(viewport=DESKTOP), photo)
    holder.page.emulate_media(media="print")
    assert holder.page.get_by_alt_text("Kode QR alamat bukti ini").is_visible()
    assert holder.page.get_by_text(receipts.grouped(photo.receipt), exact=True).is_visible()
    assert holder.page.get_by_role("link", name="Bagikan").is_hidden()
    holder.picture("bukti-cetak")
