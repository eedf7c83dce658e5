"""Finding one's TPS on a phone: what was used last, and what is near, without telling anybody where one is."""

import json
import re

import pytest

from tests.browser.conftest import DESKTOP
from tps.models import Centroid

pytestmark = [pytest.mark.browser, pytest.mark.slow]

HERE = {"latitude": -6.513579, "longitude": 106.482468}


def everything_sent(person) -> list[str]:
    """Will hold addresses, headers and bodies of all that the browser asks from now on."""
    sent: list[str] = []

    def asked(request) -> None:
        sent.append(" ".join([request.url, json.dumps(request.headers), request.post_data or ""]))

    person.page.on("request", asked)
    return sent


def test_the_last_five_tps_are_shown_the_newest_first(site, somebody):
    citizen = somebody()
    citizen.goes_to("/kirim/")
    assert citizen.page.get_by_text("Terakhir dipakai").is_hidden()
    for code in site.stations:
        citizen.goes_to(f"/kirim/{code}/")
    citizen.goes_to("/kirim/9101011001003/")
    citizen.goes_to("/kirim/")
    citizen.sees("Terakhir dipakai")
    citizen.picture("terakhir-dipakai")
    links = citizen.page.locator("[data-module=last_used] a")
    assert links.count() == 5
    assert links.first.inner_text().startswith("TPS 003, Desa 1")
    assert citizen.page.locator("[name=dekat]").input_value() == "9101011001003"
    links.first.click()
    citizen.page.wait_for_url("**/kirim/9101011001003/")


def test_the_nearest_kecamatan_is_found_on_the_phone_and_the_position_stays_there(site, somebody):
    Centroid.objects.create(region_id="910101", latitude=-650, longitude=10_650)
    citizen = somebody(geolocation=HERE, permissions=["geolocation"])
    citizen.goes_to("/kirim/")
    sent = everything_sent(citizen)
    citizen.presses("Cari di dekat saya")
    citizen.page.locator("[data-module=nearby] a", has_text="Anggrek").wait_for()
    citizen.picture("di-dekat-saya")
    citizen.page.locator("[data-module=nearby] a").first.click()
    citizen.page.wait_for_url("**/kirim/?wilayah=910101")
    citizen.picture("kecamatan")
    assert any("/centroids/" in one for one in sent)
    assert any("wilayah=910101" in one for one in sent)
    assert not [one for one in sent if re.search(r"6[.,]51|106[.,]48|651357|1064824", one)]
    assert "910101" not in citizen.page.evaluate("() => JSON.stringify(Object.entries(localStorage))")
    citizen.page.get_by_role("list", name="TPS di Desa 1").get_by_role("link", name="002").click()  # the third tap
    citizen.page.wait_for_url("**/kirim/9101011001002/")


def test_who_does_not_give_the_position_reads_what_else_to_do(site, somebody):
    citizen = somebody()
    citizen.goes_to("/kirim/")
    citizen.presses("Cari di dekat saya")
    citizen.sees("Ponsel Anda tidak memberikan posisi.")


def test_without_scripts_nothing_is_offered_that_does_not_work(site, somebody):
    citizen = somebody(java_script_enabled=False)
    citizen.goes_to("/kirim/")
    assert citizen.page.get_by_role("button", name="Cari di dekat saya").is_hidden()
    citizen.page.get_by_label("Nama desa").fill("angrek kab melti")
    citizen.presses("Cari TPS")
    citizen.sees("Kabupaten Melati, Contoh Raya")


@pytest.mark.parametrize("viewport", [None, DESKTOP], ids=["phone", "desk"])
def test_the_poster_and_the_numbers_of_a_village(site, somebody, viewport):
    citizen = somebody(**({"viewport": viewport} if viewport else {}))
    citizen.goes_to("/kirim/?wilayah=9101011001")
    citizen.picture("nomor-tps")
    citizen.clicks("Cetak poster")
    citizen.picture("poster")
    assert citizen.page.locator(".poster").count() == 3
    citizen.page.emulate_media(media="print")
    assert citizen.page.locator(".poster__about").is_hidden()
