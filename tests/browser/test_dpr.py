"""A page of DPR: one party with its candidates is one task, and the public sees the TPS page by page."""

import pytest
from django.db import transaction

from pemantau import pipeline
from tests.aggregation.evidence import decide, photo, record, unguarded
from tests.browser.conftest import DESKTOP, PHONE
from tests.browser.reading import PHONE_WITH_TOUCH, box, was_sent
from tests.specimens import dpr as specimens
from tps import reference
from tps.models import Contest, Option
from uploads import intake

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.browser]

NAMES = (
    "Drs. H. DEDDY YEVRI HANTERU SITORUS UMPAMA, S.E., M.A.",
    "SARI CONTOH",
    "Dr. Ir. H. MUHAMMAD ARIFIN MAULANA WIDJAJAKUSUMA, S.H., M.Hum., Ph.D.",
    *(f"BUDI MISAL {n}" for n in range(4, 11)),
)
PARTIES = tuple(
    specimens.Party(number, f"Partai Persatuan Contoh Raya Sejahtera {number}", NAMES) for number in (*range(1, 18), 24)
)
VOTES = {"partai_2": 12, **{f"partai_2_calon_{n}": n for n in range(1, 11)}, "partai_2_jumlah": 67}


@pytest.fixture
def dpr(site):
    """DPR in the small world, with 18 parties of ten candidates."""
    contest = Contest.objects.create(
        election=site.election, code="dpr-9101", kind="dpr", name="DPR CONTOH RAYA I", form="c-hasil-dpr"
    )
    contest.area.add("91")
    for party in PARTIES:
        option = Option.objects.create(contest=contest, number=party.number, name=party.name)
        Option.objects.bulk_create(
            Option(contest=contest, party=option, number=n, name=name) for n, name in enumerate(NAMES, start=1)
        )
    with transaction.atomic():
        reference.record(site.election)
    site.contest = contest
    return contest


@pytest.fixture
def sheet(site, dpr, tmp_path):
    """The photo of the second party's page has come in."""
    path = tmp_path / "dpr.jpg"
    path.write_bytes(specimens.render(site.station.code, 3, PARTIES, VOTES, width=1000))
    pipeline.receive(intake.Sending(path, site.station, dpr, 3, site.device(), None, None))


@pytest.mark.parametrize("how", [{"viewport": DESKTOP}, PHONE_WITH_TOUCH], ids=["desktop", "phone"])
def test_the_twelve_numbers_of_a_party_are_one_task(sheet, reads, how):
    sari = reads(**how)
    sari.sees("Halaman mana yang terlihat?")
    sari.picture("dpr-halaman")
    sari.page.get_by_role("link", name="Halaman suara partai 2", exact=True).click()
    sari.sees("belum dicocokkan dengan formulir resmi KPU")
    sari.sees("A.2 Calon 3 Dr. Ir. H. MUHAMMAD ARIFIN MAULANA WIDJAJAKUSUMA")
    sari.picture("dpr-baca")
    sari.names_the_tps()
    keys = sari.page.keyboard
    for key, value in VOTES.items():
        assert box(sari) == f"angka-{key}"
        keys.type(str(value))
        if key != "partai_2_jumlah":
            keys.press("Enter")
    sari.picture("dpr-terisi")
    keys.press("Enter")
    was_sent(sari, VOTES)


def focused(person) -> str:
    return person.page.evaluate("() => document.activeElement.innerText")


def test_the_page_is_chosen_by_the_number_of_its_party(sheet, reads):
    sari = reads()
    keys = sari.page.keyboard
    sari.sees("Ketik nomornya, lalu Enter.")
    sari.picture("dpr-halaman-tombol")
    keys.type("17")
    assert focused(sari) == "Halaman suara partai 17"
    keys.type("2")
    assert focused(sari) == "Halaman suara partai 2", "172 is none, so it begins anew"
    keys.type("4")
    assert focused(sari) == "Halaman suara partai 24"
    sari.page.wait_for_timeout(1600)
    keys.type("9")
    assert focused(sari) == "Halaman suara partai 9"
    sari.page.wait_for_timeout(1600)
    keys.type("9")
    assert focused(sari) == "Salinan suara partai 9\nlembar A4", "the other page with that number"
    sari.page.wait_for_timeout(1600)
    keys.type("2")
    keys.press("Enter")
    sari.page.get_by_role("heading", name="Halaman suara partai 2", exact=True).wait_for()
    assert box(sari) == "desa"
    keys.type("1")
    assert box(sari) == "tps", "digits go into the boxes again"


def test_on_a_touch_screen_no_keys_are_told(sheet, reads):
    budi = reads(**PHONE_WITH_TOUCH)
    budi.sees("Halaman mana yang terlihat?")
    assert not budi.page.get_by_text("Ketik nomornya").is_visible()


@pytest.mark.parametrize("viewport", [PHONE, DESKTOP], ids=["phone", "desktop"])
def test_the_public_sees_parties_with_candidates_page_by_page(site, dpr, somebody, viewport):
    with unguarded():
        for page, party in enumerate(PARTIES[:7], start=2):
            taken = photo(site, page=page)
            decide(taken, page, {key.replace("partai_2", f"partai_{party.number}"): n for key, n in VOTES.items()})
            record(taken)
    citizen = somebody(viewport=viewport)
    citizen.goes_to(f"/hasil/contoh/{dpr.code}/tps/{site.station.code}/")
    citizen.sees("7 dari 20 halaman")
    citizen.page.get_by_text("IV Suara sah partai 7 Partai Persatuan Contoh Raya Sejahtera 7").first.click()
    opened = citizen.page.locator("details[open]")
    opened.get_by_text("A.2 Calon 3 Dr. Ir. H. MUHAMMAD ARIFIN MAULANA WIDJAJAKUSUMA").wait_for()
    citizen.picture("dpr-tps")
    citizen.page.get_by_text("Halaman yang belum").click()
    citizen.sees("Halaman suara partai 8: belum ada fotonya")
    citizen.nothing_hangs_over_the_edge()
