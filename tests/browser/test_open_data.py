"""The open data's pages on a phone and on a desk, light and dark, with and without anything in them."""

import pytest
from axe_playwright_python.sync_playwright import Axe

from aggregation import dumps, export_files
from tests.aggregation.evidence import fold, read, unguarded
from tests.browser.conftest import DESKTOP, PHONE

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.browser]

HOW = {
    "phone": {"viewport": PHONE},
    "phone-dark": {"viewport": PHONE, "color_scheme": "dark"},
    "desk": {"viewport": DESKTOP, "java_script_enabled": False},
}


@pytest.fixture
def published(site, settings, tmp_path):
    settings.EXPORTS_DIR = tmp_path / "exports"
    settings.SITE_ORIGIN = site.address
    with unguarded():
        read(site)
        fold()
    export_files.export(site.contest)
    dumps.make()
    return site


def looks_right(person) -> None:
    assert person.page.evaluate("document.documentElement.scrollWidth <= window.innerWidth")
    found = Axe().run(person.page).response["violations"]
    assert not found, [(one["id"], one["nodes"][0]["html"]) for one in found]


@pytest.mark.parametrize("how", HOW)
def test_somebody_finds_a_file_and_gets_it(published, somebody, how):
    siti = somebody(**HOW[how])
    siti.goes_to("/data/")
    siti.picture(f"data-{how}")
    if HOW[how].get("java_script_enabled", True):
        looks_right(siti)
    siti.page.get_by_role("link", name="Presiden dan Wakil Presiden").click()
    siti.page.get_by_role("heading", name="Data Presiden dan Wakil Presiden").wait_for()
    siti.picture(f"data-pemilihan-{how}")
    if HOW[how].get("java_script_enabled", True):
        looks_right(siti)
    with siti.page.expect_download() as download:
        siti.page.get_by_role("link", name="stations.csv.gz").click()
    assert download.value.suggested_filename == "stations.csv.gz"


def test_before_anything_is_there(site, somebody, settings, tmp_path):
    settings.EXPORTS_DIR = tmp_path / "none"
    siti = somebody(viewport=PHONE)
    siti.goes_to("/data/")
    siti.sees("Belum ada data")
    looks_right(siti)
