"""Official figures beside ours, as somebody sees them on a phone and on a desk."""

from datetime import timedelta

import pytest

from tests.aggregation.evidence import fold, read, unguarded
from tests.aggregation.official import FIRST, SECOND, published, taken_in, written
from tests.browser.conftest import DESKTOP, PHONE
from tests.browser.test_every_page import looks_right

pytestmark = [pytest.mark.browser, pytest.mark.slow]

A, B, C = "9101011001001", "9101011001002", "9101011002001"


@pytest.fixture
def compared(site, tmp_path):
    """Two of three TPS differ, one was changed; the province has a series that goes down twice."""
    with unguarded():
        for code in (A, B, C):
            read(site, site.stations[code], page=12)  # 101, 88, 20 and the sums
    fold()
    published(tmp_path, FIRST, {A: (801, 88, 20, 909, 6), B: (101, 88, 20, 209, 6), C: (101, 90, 20, None, 6)})
    published(tmp_path, SECOND, {B: (101, 88, 20, 210, 6)})
    series = [(100, 50, 10), (220, 90, 20), (180, 120, 25), (260, 150, 30), (300, 140, 40), (330, 170, 45)]
    rows = [("91", (FIRST + timedelta(hours=n)).isoformat(), *votes) for n, votes in enumerate(series)]
    taken_in(written(tmp_path, "series", "region_code,taken_at,paslon1,paslon2,paslon3", rows))
    return site


@pytest.mark.parametrize("viewport", [PHONE, DESKTOP], ids=["phone", "desktop"])
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_from_the_largest_difference_to_its_history_and_back_to_the_photo(compared, somebody, viewport, scheme):
    reader = somebody(viewport=viewport, color_scheme=scheme, java_script_enabled=False)
    assert reader.goes_to("/selisih/contoh/ppwp/") == 200
    reader.sees("Selisih 700 suara")
    reader.picture(f"official-differences-{scheme}")
    reader.clicks("Riwayat angka resmi")
    reader.sees("menerbitkan 1 versi")
    reader.picture(f"official-station-{scheme}")
    reader.clicks("Angka kami dan fotonya")
    reader.sees("Perolehan suara")


@pytest.mark.parametrize("viewport", [PHONE, DESKTOP], ids=["phone", "desktop"])
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_the_line_of_a_province_has_its_numbers_in_a_table(compared, somebody, viewport, scheme):
    reader = somebody(viewport=viewport, color_scheme=scheme)
    reader.goes_to("/hasil/contoh/ppwp/91/resmi/")
    reader.sees("2 kali suara satu pilihan atau lebih turun")
    drawing = reader.page.get_by_role("img", name="Jumlah suara resmi Contoh Raya dari waktu ke waktu")
    assert drawing.bounding_box()["width"] > 250
    assert reader.page.get_by_text("▼ turun 40").count() == 1
    reader.picture(f"official-region-{scheme}")
    reader.goes_to(f"/hasil/contoh/ppwp/tps/{B}/resmi/")
    reader.picture(f"official-versions-{scheme}")


@pytest.mark.parametrize("viewport", [PHONE, DESKTOP], ids=["phone", "desktop"])
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_pages_full_of_figures_look_right(compared, somebody, viewport, scheme):
    reader = somebody(viewport=viewport, color_scheme=scheme)
    pages = ("/selisih/contoh/ppwp/", "/hasil/contoh/ppwp/91/resmi/", f"/hasil/contoh/ppwp/tps/{B}/resmi/")
    assert [fault for path in pages for fault in looks_right(reader, path)] == []
