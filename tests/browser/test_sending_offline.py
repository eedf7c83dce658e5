"""Without a network, with a bad one, with two tabs, with an update: no photo is lost, and none is there twice."""

from collections.abc import Iterator
from urllib.parse import urlsplit

import pytest

from tests.browser.network import Network
from tests.browser.sending import (
    TPS,
    all_arrive,
    background_sync,
    comes_to_the_tps,
    keeps,
    looks_at,
    outbox,
    sheet,
    the_phone_is_ready,
)
from uploads import app_shell
from uploads.models import Photo

pytestmark = [pytest.mark.browser, pytest.mark.slow]


@pytest.fixture
def network(site) -> Iterator[Network]:
    """Between everybody and the site."""
    network = Network(urlsplit(site.address).port)
    site.address = network.address
    yield network
    network.close()


@pytest.fixture
def sari(network, somebody):
    """At the TPS, where she has opened the page once; from here on her network may break."""
    person = somebody()
    comes_to_the_tps(person)
    the_phone_is_ready(person)
    person.network_breaks = True
    return person


@pytest.fixture
def budi(network, somebody):
    """Has looked for a TPS once and opened none, and now has no network."""
    person = somebody()
    person.goes_to("/kirim/")
    the_phone_is_ready(person)
    person.network_breaks = True
    network.breaks()
    person.page.context.set_offline(True)
    return person


def test_three_photos_without_a_network_and_the_tab_is_closed(network, sari, tmp_path):
    network.breaks()
    sari.page.context.set_offline(True)
    comes_to_the_tps(sari)
    for page in (1, 2, 3):
        keeps(sari, sheet(tmp_path, page))
    sari.sees("3 foto menunggu dikirim")
    sari.sees("Menunggu jaringan.")
    sari.picture("kirim-tanpa-jaringan")
    assert [(one["page"], one["state"]) for one in outbox(sari)] == [(1, "waiting"), (2, "waiting"), (3, "waiting")]
    assert not Photo.objects.exists()
    sari.page.close()

    network.returns()
    sari.page = sari.page.context.new_page()
    sari.page.context.set_offline(False)
    background_sync(sari)
    for _ in range(100):
        if Photo.objects.count() == 3:
            break
        sari.page.wait_for_timeout(200)
    assert sorted(Photo.objects.values_list("page", flat=True)) == [1, 2, 3]
    sari.goes_to(f"/kirim/{TPS}/")
    photos = all_arrive(sari, 3)
    assert {one["receipt"]["code"].replace("-", "") for one in photos} == set(
        Photo.objects.values_list("receipt", flat=True)
    )
    sari.picture("kirim-terkirim")


def test_it_starts_without_a_network_in_the_readers_language(network, sari):
    sari.goes_to("/kirim/?wilayah=9101011001")
    sari.presses("English")
    comes_to_the_tps_in_english = "Take a photo"
    sari.goes_to(f"/kirim/{TPS}/")
    sari.sees(comes_to_the_tps_in_english)
    network.breaks()
    sari.page.context.set_offline(True)
    sari.goes_to("/kirim/")
    sari.sees("At which polling station")
    sari.picture("kirim-pilih-en")
    sari.clicks("TPS 001, Desa 1")
    sari.sees(comes_to_the_tps_in_english)


def test_a_tps_beside_one_that_was_seen(network, sari, tmp_path):
    """The villages' contests are the same; the code says the rest."""
    network.breaks()
    sari.page.context.set_offline(True)
    sari.goes_to("/kirim/aplikasi/")
    sari.page.get_by_label("Kode TPS").fill("9101011001002")
    sari.presses("Buka TPS")
    sari.sees("TPS 002, Desa 1")
    keeps(sari, sheet(tmp_path, 2, "9101011001002"))
    network.returns()
    sari.page.context.set_offline(False)
    all_arrive(sari, 1)
    assert Photo.objects.get().station.code == "9101011001002"


def test_the_tps_is_chosen_later(network, budi, tmp_path):
    budi.goes_to("/kirim/aplikasi/")
    budi.presses("Ambil foto dulu, pilih TPS nanti")
    budi.sees("Kamera tidak dapat dibuka")  # there is none in this browser
    keeps(budi, sheet(tmp_path, 2), "Pakai aplikasi kamera ponsel")
    budi.sees("Belum ada TPS-nya.")
    budi.picture("kirim-tanpa-tps")
    network.returns()
    budi.page.context.set_offline(False)
    comes_to_the_tps(budi)
    budi.presses("Pakai untuk TPS 001")
    [photo] = all_arrive(budi, 1)
    assert (photo["page"], Photo.objects.get().page) == (2, 2), "as its tag says"


def test_a_poster_is_scanned_where_there_is_no_network(network, budi, tmp_path):
    """The phone knows neither the TPS nor what is voted on there, and the photo arrives by itself all the same."""
    budi.goes_to(f"/t/{TPS}")  # as it may be typed
    budi.sees("belum pernah dibuka di ponsel Anda")
    budi.picture("kirim-tps-baru-tanpa-jaringan")
    keeps(budi, sheet(tmp_path, 2))
    budi.sees("1 foto menunggu dikirim")
    assert [(one["station"], one["contest"], one["state"]) for one in outbox(budi)] == [(TPS, None, "waiting")]
    budi.page.close()

    network.returns()
    budi.page = budi.page.context.new_page()
    budi.page.context.set_offline(False)
    background_sync(budi)
    comes_to_the_tps(budi)
    all_arrive(budi, 1)
    sent = Photo.objects.get()
    assert (sent.station.code, sent.contest.code, sent.page) == (TPS, "ppwp", 2), "as its tag says"


def test_offline_it_finds_what_the_phone_knows_and_what_is_beside(network, sari):
    network.breaks()
    sari.page.context.set_offline(True)
    sari.goes_to("/kirim/aplikasi/")
    sari.page.evaluate(
        """async ([code, region]) => {
            const seen = { station: code, name: "TPS 012", village: "CIPETE UTARA", region, contests: [] };
            await (await import("/static/uploads/outbox.js")).keepStation(seen);
        }""",
        ["3174071005012", "3174071005"],
    )
    for typed, found in {"cipete 12": "TPS 012", "tps 7 kel. utara cipette": "TPS 007", "tps 12": "TPS 012"}.items():
        sari.page.get_by_label("Kode TPS").fill(typed)
        sari.page.get_by_role("button", name="Buka TPS").click()
        sari.page.locator("[data-slot=known] a").get_by_text(f"{found}, CIPETE UTARA").wait_for()
    sari.page.get_by_label("Kode TPS").fill("entah di mana")
    sari.page.get_by_role("button", name="Buka TPS").click()
    sari.sees("TPS ini belum dikenal ponsel Anda")
    assert sari.page.locator("[data-slot=known]").is_hidden()


def test_offline_the_language_changes_and_every_door_leads_to_the_app(network, sari):
    network.breaks()
    sari.page.context.set_offline(True)
    for path in ("/", "/bukti/ABCD-EFGH-JKLM-NPQR1/"):
        sari.goes_to(path)
        sari.sees("Terakhir dibuka di ponsel ini")
    sari.presses("English")
    sari.sees("Last opened on this phone")
    network.returns()
    sari.page.context.set_offline(False)
    sari.goes_to(f"/kirim/{TPS}/")
    sari.sees("Take a photo")
    sari.page.wait_for_load_state("networkidle")


def test_a_paused_outbox_that_goes_on_leaves_without_its_tab(network, sari, tmp_path):
    network.breaks()
    sari.page.context.set_offline(True)
    keeps(sari, sheet(tmp_path, 2))
    sari.presses("Jeda")
    tags = "() => navigator.serviceWorker.ready.then(({ sync }) => sync.getTags())"
    sari.page.context.set_offline(False)  # the browser's own event comes, and finds nothing to do
    sari.page.wait_for_function(f"async () => !(await ({tags})()).length")
    sari.page.context.set_offline(True)
    sari.presses("Lanjutkan")
    sari.page.wait_for_function(f"async () => (await ({tags})()).includes('kirim')")


def test_escape_three_times_keeps_the_photo(network, sari, tmp_path):
    network.breaks()
    looks_at(sari, sheet(tmp_path, 2))
    for _ in range(3):
        sari.page.keyboard.press("Escape")
    sari.sees("1 foto menunggu dikirim")
    assert [one["page"] for one in outbox(sari)] == [2]


def test_the_way_back_from_the_review_keeps_the_photo(network, sari, tmp_path):
    network.breaks()
    looks_at(sari, sheet(tmp_path, 2))
    sari.page.go_back()
    sari.sees("1 foto menunggu dikirim")
    assert [one["page"] for one in outbox(sari)] == [2]
    assert sari.page.url.endswith(f"/kirim/{TPS}/")
    keeps(sari, sheet(tmp_path, 3))
    sari.page.wait_for_function("() => !history.state?.review")
    assert [one["page"] for one in outbox(sari)] == [2, 3]


def test_of_several_contests_an_untagged_photo_asks_which(network, budi):
    budi.page.evaluate(
        """async () => {
            const outbox = await import("/static/uploads/outbox.js");
            const photo = { id: "1", taken_at: 1, state: "unplaced", station: "9101011001001", problem: "", size: 1 };
            await outbox.keep(photo, new Blob(["x"]), null);
        }"""
    )
    budi.sees("Buka TPS ini dan pilih pemilihannya")


def test_every_sent_photo_is_asked_for(network, sari):
    """More of them than are asked for at once."""
    sari.page.evaluate(
        """async () => {
            const outbox = await import("/static/uploads/outbox.js");
            for (let n = 0; n < 45; n++) {
                const photo = { id: `${n}`, taken_at: n, state: "done", size: 1, receipt: { code: `C${n}`, url: "/" } };
                await outbox.keep(photo, new Blob(["x"]), null);
            }
        }"""
    )
    asked = set()
    sari.page.on("request", lambda request: "/receipts/" in request.url and asked.add(request.url))
    for _ in range(3):
        sari.page.evaluate("async () => (await import('/static/uploads/app_photos.js')).followUp()")
    assert len(asked) == 45


def test_the_server_is_off_for_a_while(network, sari, tmp_path):
    network.breaks()
    keeps(sari, sheet(tmp_path, 2))
    sari.sees("Belum berhasil.")
    sari.picture("kirim-server-mati")
    network.returns()
    [photo] = all_arrive(sari, 1)
    assert Photo.objects.get().sha256 == photo["sha256"]


def test_twelve_cuts_are_no_loss(network, sari, tmp_path, shared):
    sari.page.evaluate("async () => (await import('/static/uploads/outbox.js')).set('originals', 'always')")
    network.cuts = 12
    photos = sorted((shared / "forms").glob("3404062001012-*.jpg"))
    for photo in photos:
        keeps(sari, photo)
    for _ in range(40):
        if Photo.objects.count() == 3:
            break
        sari.page.evaluate("() => dispatchEvent(new Event('online'))")  # sooner than by itself
        sari.page.wait_for_timeout(1_000)
    all_arrive(sari, 3)
    assert network.cuts == 0
    assert set(Photo.objects.values_list("size", flat=True)) == {photo.stat().st_size for photo in photos}


def test_two_tabs_send_each_photo_once(network, sari, tmp_path):
    network.breaks()
    for page in (1, 2, 3):
        keeps(sari, sheet(tmp_path, page))
    second = sari.page.context.new_page()
    network.returns()
    second.goto(f"/kirim/{TPS}/")
    second.wait_for_function("() => document.querySelectorAll('.waiting__photo[data-done]').length === 3")
    all_arrive(sari, 3)
    assert Photo.objects.count() == 3


def test_an_update_of_the_app_with_a_full_outbox(network, sari, tmp_path, monkeypatch):
    network.breaks()
    for page in (1, 2):
        keeps(sari, sheet(tmp_path, page))
    before = outbox(sari)
    release = app_shell.of_this_release
    monkeypatch.setattr(
        app_shell, "of_this_release", lambda: release().__class__("next", release().files, release().pages)
    )
    sari.page.evaluate("() => navigator.serviceWorker.getRegistration().then((one) => { self.registration_ = one })")
    network.off = False
    sari.page.evaluate("async () => { await (await import('/static/uploads/outbox.js')).set('paused', true) }")
    sari.page.evaluate("() => registration_.update()")
    sari.page.wait_for_function("() => registration_.waiting")
    assert sari.page.evaluate("() => caches.keys()") != ["pemantau-next"], "the page that is open keeps its own"
    assert [one["id"] for one in outbox(sari)] == [one["id"] for one in before]
    sari.page.close()

    sari.page = sari.page.context.new_page()
    sari.page.wait_for_timeout(1_500)  # the old one has nobody left
    comes_to_the_tps(sari)
    sari.page.wait_for_function(
        "async () => { const names = await caches.keys();"
        " return names.includes('pemantau-next') && names.filter((one) => /-[0-9a-f]{16}$/.test(one)).length === 0 }"
    )
    assert [one["id"] for one in outbox(sari)] == [one["id"] for one in before]
    sari.presses("Lanjutkan")
    all_arrive(sari, 2)
