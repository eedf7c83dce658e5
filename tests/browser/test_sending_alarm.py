"""While very many photos come in, a stranger's phone does a little work for each of its own."""

import pytest

from accounts.models import Role
from tests.browser.sending import (
    all_arrive,
    background_sync,
    comes_to_the_tps,
    keeps,
    sheet,
    the_phone_is_ready,
)
from uploads import alarm, proof
from uploads.models import Photo

pytestmark = [pytest.mark.browser, pytest.mark.slow]


@pytest.fixture
def alarmed(site):
    assert alarm.turn(site.person("Omar", Role.OPERATOR), True, "contoh")


def test_the_app_pays_and_the_photos_arrive(alarmed, somebody, tmp_path, caplog):
    sari = somebody()
    comes_to_the_tps(sari)
    for page in (2, 3):
        keeps(sari, sheet(tmp_path, page))
    all_arrive(sari, 2)
    asked = caplog.messages.count("Precondition Required: /api/v1/tickets/")
    assert asked >= 2, "each photo of a stranger has its price"
    assert sorted(Photo.objects.values_list("page", flat=True)) == [2, 3]


def test_the_service_worker_pays_for_a_closed_tab(site, somebody, tmp_path):
    sari = somebody()
    sari.network_breaks = True
    comes_to_the_tps(sari)
    the_phone_is_ready(sari)
    sari.page.context.set_offline(True)
    keeps(sari, sheet(tmp_path, 2))
    sari.page.close()
    assert alarm.turn(site.person("Omar", Role.OPERATOR), True, "contoh")

    sari.page = sari.page.context.new_page()
    sari.page.context.set_offline(False)
    background_sync(sari)
    for _ in range(100):
        if Photo.objects.exists():
            break
        sari.page.wait_for_timeout(200)
    comes_to_the_tps(sari)
    all_arrive(sari, 1)
    assert Photo.objects.get().page == 2


@pytest.mark.parametrize("scripts", [True, False])
def test_the_plain_form_computes_or_waits(alarmed, somebody, tmp_path, monkeypatch, scripts):
    monkeypatch.setattr(proof, "WAIT", 6)
    photo = str(sheet(tmp_path, 2))
    sari = somebody(java_script_enabled=scripts)
    if scripts:  # a browser that cannot keep anything: the app leaves the page alone
        sari.page.add_init_script("Object.defineProperty(self, 'indexedDB', { value: undefined })")
    sari.goes_to("/kirim/9101011001001/")
    sari.page.get_by_label("Halaman 2: suara paslon").check()
    sari.page.locator("#berkas").set_input_files(photo)
    if not scripts:
        sari.presses("Kirim foto")
        sari.sees("foto ini belum kami terima")
        sari.picture("siaga-tanpa-skrip")
        assert not Photo.objects.exists()
        sari.page.locator("#berkas").set_input_files(photo)
        sari.page.wait_for_timeout(6_500)
    sari.page.get_by_role("button", name="Kirim foto").click()
    sari.sees("Bukti kiriman")
    assert Photo.objects.get().page == 2
