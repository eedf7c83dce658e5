"""The pages of seats on a phone and on a desk: nothing hangs over, everything can be reached and told apart."""

from pathlib import Path

import pytest

from tests.aggregation.ballots import dapil, tally
from tests.browser.conftest import DESKTOP, PHONE
from tps import extents

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.browser]

NAMES = ["Drs. H. DEDDY YEVRI HANTERU SITORUS UMPAMA, S.E., M.A.", "SARI CONTOH", "BUDI MISAL"]
PARTIES = {n: (f"Partai Persatuan Contoh Raya Sejahtera {n}", NAMES) for n in (*range(1, 18), 24)}


FAINT, SMALL = ((Path(__file__).parent / f"{name}.js").read_text().split("\n", 2)[2] for name in ("faint", "small"))


def faults(reader):
    """Words that do not stand out from their ground, and what is too small to touch."""
    return reader.page.evaluate(FAINT) + reader.page.evaluate(SMALL)


@pytest.fixture
def counted(site):
    """Three dapil of DPR: one nearly settled, one that can move, one with nothing yet."""
    extents.recount(site.election)
    for code, counted in (("dpr-9101", 5), ("dpr-9102", 2), ("dpr-9103", 0)):
        contest = dapil(site, code, seats=6, parties=PARTIES)
        votes = {n: counted * (300 // n) * 17 for n in PARTIES}
        tally(
            contest,
            votes | {(n, c): votes[n] // (c + 2) for n in PARTIES for c in (1, 2, 3)},
            stations=5,
            counted=counted,
        )
    return site


@pytest.mark.parametrize("size", [PHONE, DESKTOP], ids=["phone", "desktop"])
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_from_the_nation_to_a_dapil_and_back(counted, somebody, size, scheme):
    reader = somebody(viewport=size, color_scheme=scheme)
    assert reader.goes_to("/kursi/contoh/dpr/") == 200
    reader.sees("perkiraan sementara dari TPS yang terhitung")
    assert reader.page.locator("svg.seats__bar").count() == len(PARTIES)
    bars = reader.page.locator("svg.seats__bar rect").evaluate_all("all => all.map(one => one.getBBox().width)")
    assert bars[0] == max(bars) > 99
    assert reader.page.locator("svg.seats__bar line").first.bounding_box()["height"] > 8
    assert faults(reader) == []
    reader.picture(f"seats-{scheme}")
    reader.clicks("DAPIL dpr-9102")
    reader.sees("Masih dapat berubah?")
    assert reader.page.locator("details.card[open] .badge--good").count() > 0
    assert faults(reader) == []
    reader.picture(f"seats-dapil-{scheme}")
    closed = reader.page.locator("details.card:not([open]) > summary")
    many = closed.count()
    closed.first.focus()
    reader.page.keyboard.press("Enter")
    assert closed.count() == many - 1
    reader.clicks("Kursi DPR")
    assert reader.page.url.endswith("/kursi/contoh/dpr/")
    assert reader.complaints == []
