"""The sending page itself: what it says when something is in the way, and that everybody can use it."""

import pytest
from axe_playwright_python.sync_playwright import Axe

from tests.browser.conftest import DESKTOP, PHONE
from tests.browser.sending import TPS, all_arrive, comes_to_the_tps, keeps, looks_at, outbox, sheet
from tps.models import Contest
from uploads import intake
from uploads.models import Photo

pytestmark = [pytest.mark.browser, pytest.mark.slow]


def test_no_room_is_said_and_the_photo_can_be_saved_elsewhere(site, somebody, tmp_path):
    sari = somebody(accept_downloads=True)
    # Before the page is opened: for half a minute Chromium believes what it has heard of the room there is.
    session = sari.page.context.new_cdp_session(sari.page)
    session.send("Storage.overrideQuotaForOrigin", {"origin": site.address, "quotaSize": 200_000})
    comes_to_the_tps(sari)
    photo = sheet(tmp_path, 2)
    looks_at(sari, photo)
    sari.page.get_by_role("button", name="Pakai foto ini").click()
    sari.sees("foto ini belum tersimpan")
    sari.picture("kirim-penuh")
    assert outbox(sari) == []
    with sari.page.expect_download() as download:
        sari.page.locator("dialog[open]").get_by_role("button", name="Simpan ke galeri").click()
    assert download.value.path().read_bytes() == photo.read_bytes()
    assert sari.page.get_by_role("button", name="Pakai foto ini").is_enabled(), "once there is room"
    sari.page.get_by_role("button", name="Ulangi").click()  # nothing says that it was kept
    assert sari.page.get_by_text("Tersimpan di ponsel ini.").count() == 0


def test_what_waits_can_be_held_back_saved_and_deleted(site, somebody, tmp_path):
    sari = somebody(accept_downloads=True)
    comes_to_the_tps(sari)
    sari.page.evaluate("async () => (await import('/static/uploads/outbox.js')).set('paused', true)")
    photo = sheet(tmp_path, 2)
    keeps(sari, photo)
    keeps(sari, sheet(tmp_path, 3))
    sari.sees("2 foto menunggu dikirim")
    sari.sees("Dijeda.")
    row = sari.page.locator(".waiting__photo").last
    row.get_by_text("Pilihan").click()
    with sari.page.expect_download() as download:
        row.get_by_role("button", name="Simpan ke galeri").click()
    assert download.value.path().read_bytes() == photo.read_bytes()
    row.get_by_role("button", name="Hapus", exact=True).click()
    sari.picture("kirim-hapus")
    row.get_by_role("button", name="Jangan hapus").click()
    assert len(outbox(sari)) == 2
    row.get_by_role("button", name="Hapus", exact=True).click()
    row.get_by_role("button", name="Ya, hapus").click()
    sari.sees("1 foto menunggu dikirim")
    assert not Photo.objects.exists()
    sari.presses("Lanjutkan")
    all_arrive(sari, 1)
    assert Photo.objects.get().page == 3


def test_what_is_refused_stays_with_the_servers_sentence(site, somebody, tmp_path):
    sari = somebody()
    comes_to_the_tps(sari)
    broken = tmp_path / "rusak.jpg"
    broken.write_bytes(b"\xff\xd8\xff\xe0 bukan foto")
    with sari.page.expect_file_chooser() as chooser:
        sari.page.get_by_role("button", name="Pilih dari galeri").click()
    chooser.value.set_files(str(broken))
    sari.page.get_by_role("button", name="Pakai foto ini").click()
    sari.sees("Tidak diterima. File foto ini rusak atau terpotong.")
    sari.picture("kirim-ditolak")
    assert [one["state"] for one in outbox(sari)] == ["refused"]


def test_a_busy_server_is_waited_for(site, somebody, tmp_path, monkeypatch):
    """Later, never lost: and no sooner than it asked for."""
    calls = []

    class Busy(intake.storage.StorageUnavailable):
        retry_after = 40

    def busy(*_arguments, **_more):
        calls.append(1)
        raise Busy

    with monkeypatch.context() as patch:
        patch.setattr("uploads.tickets.take", busy)
        sari = somebody()
        sari.network_breaks = True
        comes_to_the_tps(sari)
        keeps(sari, sheet(tmp_path, 2))
        sari.sees("Server sedang ramai.")
        sari.page.evaluate("() => dispatchEvent(new Event('online'))")
        sari.page.wait_for_timeout(500)
        [photo] = outbox(sari)
        assert (photo["state"], len(calls)) == ("waiting", 1)
        assert 30_000 < photo["next_at"] - sari.page.evaluate("() => Date.now()") <= 40_000
    sari.complaints[:] = [one for one in sari.complaints if "status of 503" not in one]


def test_several_contests_and_the_pages_of_each(site, somebody, tmp_path):
    Contest.objects.create(
        election=site.election, code="dpr-1", kind=Contest.Kind.DPR, name="DPR Dapil Contoh", form="c-hasil-dpr"
    )
    sari = somebody()
    sari.goes_to(f"/t/{TPS}/")
    sari.sees("Pemilihan yang mana?")
    sari.picture("kirim-pemilihan")
    sari.clicks("DPR Dapil Contoh")
    sari.sees("20 halaman belum ada.")
    sari.picture("kirim-dpr")
    sari.page.go_back()
    sari.clicks("Presiden dan Wakil Presiden")
    keeps(sari, sheet(tmp_path, 2))
    sari.page.reload()
    sari.sees("Belum ada: halaman 1, 3.")
    all_arrive(sari, 1)


def test_what_has_become_of_it_is_shown_later(site, somebody, tmp_path):
    sari = somebody()
    comes_to_the_tps(sari)
    keeps(sari, sheet(tmp_path, 2))
    all_arrive(sari, 1)
    sari.page.evaluate("() => dispatchEvent(new Event('online'))")
    sari.sees("Foto Anda sedang dibaca relawan.")
    sari.goes_to("/kirim/")
    sari.sees("Terakhir dipakai")
    sari.sees("Foto Anda sedang dibaca relawan.")
    sari.picture("kirim-cari")


def test_a_quick_app_does_not_forget_the_tps(site, somebody):
    """The app takes the plain form away, and with it the name that is to be remembered."""
    sari = somebody()
    held: list = []
    sari.page.route("**/uploads/last_used.js", lambda route: held.append(route))
    sari.page.goto(f"/kirim/{TPS}/", wait_until="commit")
    sari.page.get_by_role("button", name="Ambil foto").first.wait_for()
    held[0].continue_()
    sari.page.wait_for_function("tps => localStorage.getItem('pemantau-tps')?.includes(tps)", arg=TPS)


def test_a_file_chosen_before_the_app_was_there_is_not_lost(site, somebody, tmp_path):
    sari = somebody()
    held: list = []
    sari.page.route("**/uploads/app.js", lambda route: held.append(route))
    sari.page.goto(f"/kirim/{TPS}/", wait_until="commit")
    sari.page.get_by_label("Foto C.Hasil").set_input_files(sheet(tmp_path, 2))
    held[0].continue_()
    sari.page.get_by_role("button", name="Pakai foto ini").click()
    all_arrive(sari, 1)


def test_without_a_secure_connection_the_plain_form_does_it(site, somebody, tmp_path):
    budi = somebody()
    budi.page.add_init_script("Object.defineProperty(window, 'isSecureContext', { value: false })")
    budi.goes_to(f"/kirim/{TPS}/")
    budi.page.get_by_label("Foto C.Hasil").set_input_files(sheet(tmp_path, 2))
    budi.presses("Kirim foto")
    budi.sees("Bukti kiriman")
    assert Photo.objects.count() == 1


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("language", ["id", "en"])
def test_everybody_can_use_it(site, somebody, tmp_path, scheme, language):
    """No violation that axe knows, in each state of the page."""
    faults = []
    use = {"id": "Pakai foto ini", "en": "Use this photo"}[language]
    viewport = PHONE if scheme == "light" else DESKTOP
    sari = somebody(viewport=viewport, color_scheme=scheme, extra_http_headers={"Accept-Language": language})

    def looks_good(state: str) -> None:
        sari.picture(f"axe-{state}-{language}-{scheme}")
        found = Axe().run(sari.page).response["violations"]
        faults.extend(f"{state}: {one['id']} {one['nodes'][0]['html'][:120]}" for one in found)

    for path in ("/kirim/", "/kirim/aplikasi/", "/kirim/?wilayah=9101011001", "/bukti/"):
        sari.goes_to(path)
        looks_good(path)
    sari.goes_to(f"/kirim/{TPS}/")
    sari.page.locator("[data-do=take]").first.wait_for()
    sari.page.evaluate("async () => (await import('/static/uploads/outbox.js')).set('paused', true)")
    looks_good("tps")
    sari.page.locator("[data-do=take]").first.click()
    sari.page.locator(".camera--closed").wait_for()
    looks_good("no camera")
    sari.page.keyboard.press("Escape")
    with sari.page.expect_file_chooser() as chooser:
        sari.page.locator("[data-view=station] [data-do=choose]").click()
    chooser.value.set_files(str(sheet(tmp_path, 2)))
    sari.page.locator("dialog[open] [data-slot=remarks] > *").first.wait_for()
    looks_good("review")
    sari.page.get_by_role("button", name=use).click()
    sari.page.locator(".waiting__photo summary").click()
    sari.page.locator("[data-do=delete]").click()
    looks_good("waiting")
    sari.page.locator("[data-do=pause]").click()
    all_arrive(sari, 1)
    looks_good("sent")
    assert faults == []
