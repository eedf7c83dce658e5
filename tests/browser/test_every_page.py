"""What holds on every page, on a phone and on a desk, in light and in dark: nothing hangs over the edge, all words
stand out from their ground, whatever one touches is large enough, and the browser has nothing to complain about.
"""

from datetime import date
from functools import partial
from pathlib import Path

import pytest
from django.db import transaction
from django.urls import reverse

from accounts.models import Role
from aggregation import exclusions, votes
from pemantau import pipeline
from tests.aggregation.evidence import PAGE_1, fold
from tests.browser.conftest import DESKTOP, PHONE, Person
from tests.transcription.reading import device_of, given, photo_of, reads
from tests.world import World
from tps import names
from tps.models import Region
from transcription import bars, recalls, reports, samples, surges, weedings
from uploads.claims import Claim

pytestmark = [pytest.mark.browser, pytest.mark.slow]

HERE = Path(__file__).parent
FAINT, SMALL = ((HERE / f"{name}.js").read_text().split("\n", 2)[2] for name in ("faint", "small"))

LONG = "LERAGAWI/MEGAGIRAKUK"

EVERYBODY = [
    reverse("aggregation:home"),
    "/hasil/contoh/ppwp/9101/",
    "/hasil/contoh/ppwp/9101011001/",
    "/hasil/contoh/ppwp/nasional/sengketa/",
    "/hasil/contoh/ppwp/nasional/belum/",
    "/hasil/contoh/ppwp/nasional/resmi/",
    "/hasil/contoh/ppwp/tps/9101011001001/resmi/",
    "/selisih/contoh/ppwp/",
    "/hasil/contoh/ppwp/tps/9101011001001/",
    "/hasil/contoh/ppwp/tps/9101011001002/",
    "/hasil/contoh/ppwp/tps/9101011001003/",
    "/cari/?q=desa",
    "/cari/?q=zzz",
    "/lapor/contoh/ppwp/9101011001001/",
    "/antrean/",
    "/sematan/",
    "/sematan/contoh/ppwp/9101/",
    "/sematan/contoh/ppwp/9101/cara/",
    "/pemilu/",
    "/data/",
    "/kirim/",
    "/kirim/?wilayah=9101011001",
    "/kirim/9101011001001/",
    "/t/9101011001001/cetak/",
    "/kirim/cetak/9101011001/",
    "/kirim/aplikasi/",
    "/bukti/",
    "/bukti/periksa/",
    "/ketentuan/",
    "/relawan/",
    "/akun/login/",
    "/akun/login/?sandi=1",
    "/akun/signup/",
    "/akun/login/code/",
    "/akun/password/reset/",
    "/tanda-tanya/contoh/ppwp/",
    "/tidak-ada/",
]
SIGNED_IN = {
    Role.CITIZEN: ["/akun/", "/akun/email/", "/akun/password/change/", "/akun/2fa/", "/akun/logout/", "/baca/"],
    Role.ADJUDICATOR: [
        "/putusan/",
        "/putusan/laporan/",
        "/putusan/pengecualian/",
        "/putusan/sepengirim/",
        "/baca/",
        "/akun/langkah-kedua/?next=/putusan/",
    ],
    Role.VOLUNTEER: [
        *("/baca/", "/baca/belajar/", "/latihan/", "/latihan/1/", "/latihan/3/"),
        *("/akun/", "/akun/papan/", "/akun/2fa/webauthn/", "/akun/undangan/", "/akun/hapus/"),
    ],
    Role.OPERATOR: [
        "/kelola/",
        "/kelola/?wilayah=9101",
        "/kelola/orang/",
        "/kelola/orang/?q=tidakada",
        "/kelola/undangan/",
        "/kelola/pengumuman/",
        "/kelola/sakelar/",
        "/kelola/siaga/",
        "/kelola/dahulukan/",
        "/kelola/jeda/",
        "/putusan/",
    ],
}


def looks_right(person: Person, path: str) -> list[str]:
    """What is wrong with a page."""
    person.goes_to(path)
    headings = person.page.locator("h1:visible")
    headings.first.wait_for()
    person.picture("halaman" + path.replace("/", "-").replace("?", "-"))
    found = person.page.evaluate(FAINT) + person.page.evaluate(SMALL)
    if headings.count() != 1:
        found.append("not one heading")
    return [f"{path}: {fault}" for fault in found]


@pytest.fixture
def busy(site: World) -> World:
    """One TPS decided, one waiting, one empty; a case for the adjudicator; a photo in Sari's hands."""
    with transaction.atomic():
        decided, waiting, case = photo_of(site), photo_of(site, "9101011001002"), photo_of(site, "9101011002001")
    for name in ("Budi", "Dewi"):
        reads(site, name, decided, paslon_1=101, paslon_2=88, paslon_3=20)
        reads(site, name, case, problem="wrong_tps")
    pipeline.record(str(decided.pk))
    site.lease = given(site, "Sari", waiting)
    device_of(site, site.person("Sari"))
    with transaction.atomic():
        withdrawn = photo_of(site, "9101011001003")
    pipeline.withdraw(withdrawn)
    surges.begin(site.person("Oka", Role.OPERATOR), "contoh", region="9101", reason="behind")
    psu = partial(exclusions.Said, contest=site.contest, station=site.station, reason="psu", day=date(2020, 2, 14))
    for name, role in (("Oka", Role.OPERATOR), ("Vera", Role.ADJUDICATOR)):
        pipeline.exclude(psu(site.person(name, role)))
    pipeline.say_vote(votes.Said(decided.pk, site.person("Vera"), "first", "date"))
    site.votes = f"/putusan/pengecualian/contoh/ppwp/{site.station.code}/"
    samples.announce(site.person("Oka"), "contoh", contest="ppwp", digits=4, percent=20)
    claim = Claim(site.station, site.contest, 2)
    report = pipeline.send_report(reports.Said(claim, "reread", site.device(), "Cek lagi"))
    bars.pause(site.person("Oka"), site.person("Budi").pk, "contoh", reason="careless")
    pipeline.go_on_with_recall(str(recalls.propose(site.person("Oka"), site.person("Budi").pk).pk))
    with transaction.atomic():
        more = [photo_of(site, tps, page=page, device=case.device) for tps in site.stations for page in (1, 3)]
    for name in ("Citra", "Eka"):
        reads(site, name, more[0], page=1, **PAGE_1)
    site.proposed = weedings.begin(site.person("Hakim", Role.ADJUDICATOR), case.pk)
    weedings.propose(site.person("Hakim"), site.proposed.pk, "not_a_form", None, "")
    with transaction.atomic():
        junk = photo_of(site, "9101011002002")
    for name in ("Citra", "Eka"):
        reads(site, name, junk, problem="duplicate")
    site.begun = weedings.begin(site.person("Adi", Role.ADJUDICATOR), junk.pk)
    site.case, site.decided, site.withdrawn, site.report = case, decided, withdrawn, report
    fold()
    pipeline.sweep()
    return site


def receipts_of(world: World) -> list[str]:
    """The receipt of a published photo, of one with an adjudicator, and of a withdrawn one with its public page."""
    withdrawn = world.withdrawn
    return [f"/bukti/{photo.receipt}/" for photo in (world.decided, world.case, withdrawn)] + [f"/foto/{withdrawn.pk}/"]


@pytest.mark.parametrize("viewport", [PHONE, DESKTOP], ids=["phone", "desk"])
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_every_page_looks_right(busy, somebody, viewport, scheme):
    faults = []
    reader = somebody(viewport=viewport, color_scheme=scheme)
    photos = [f"/foto/{busy.decided.pk}/", f"/foto/{busy.case.pk}/", f"/lapor/{busy.report.pk}/"]
    for path in [*EVERYBODY, *photos, *receipts_of(busy)]:
        faults += looks_right(reader, path)
    people = {Role.CITIZEN: "Cici", Role.VOLUNTEER: "Sari", Role.ADJUDICATOR: "Adi", Role.OPERATOR: "Oka"}
    for role, paths in SIGNED_IN.items():
        person = somebody(viewport=viewport, color_scheme=scheme)
        person.signs_in(people[role], role)
        more = {
            Role.VOLUNTEER: [
                f"/baca/{busy.lease.pk}/",
                f"/baca/{busy.lease.pk}/?halaman=1",
            ],
            Role.ADJUDICATOR: [
                f"/putusan/{busy.case.pk}/",
                f"/putusan/laporan/{busy.report.group_id}/",
                f"/putusan/sepengirim/{busy.proposed.pk}/",
                f"/putusan/sepengirim/{busy.begun.pk}/",
                busy.votes,
            ],
            Role.OPERATOR: [f"/kelola/jeda/{busy.person('Budi').pk}/"],
        }
        for path in [*paths, *more.get(role, [])]:
            faults += looks_right(person, path)
    assert faults == []


def test_long_names_stay_on_a_phones_screen(site, somebody):
    """Names as they are: no word of them can be broken by a browser on its own."""
    for code, name in (("9101", "MALANGSUMBERPUCUNG"), ("910101", "SUMBERMANJINGKULON"), ("9101011001", LONG)):
        Region.objects.filter(pk=code).update(name=name)
    names.renew()
    with transaction.atomic():
        photo = photo_of(site)
        for name in ("Budi", "Citra"):
            reads(site, name, photo, problem="blurred")
    reader, adjudicator = somebody(), somebody()
    for path in ("/kirim/?q=LERAGA", "/cari/?q=LERAGA", "/kirim/9101011001001/", "/kirim/?wilayah=910101"):
        reader.goes_to(path)
        assert "MEGAGIRAKUK" in reader.page.content()
    adjudicator.signs_in("Adi", Role.ADJUDICATOR)
    adjudicator.goes_to("/putusan/")
    adjudicator.sees("MEGAGIRAKUK")


def test_the_skip_link_comes_first_and_leads_to_the_content(site, somebody):
    reader = somebody()
    reader.goes_to("/akun/login/")
    reader.page.keyboard.press("Tab")
    assert reader.page.evaluate("() => document.activeElement.textContent") == "Langsung ke isi"
    reader.page.keyboard.press("Enter")
    assert reader.page.evaluate("() => document.activeElement.id") == "isi"


def test_the_language_can_be_changed_without_scripts(site, somebody):
    reader = somebody(java_script_enabled=False)
    reader.goes_to("/akun/login/")
    reader.presses("English")
    assert reader.page.locator("html").get_attribute("lang") == "en"
    assert reader.page.url.endswith("/akun/login/")


def test_the_page_of_the_api_can_be_browsed(site, somebody):
    reader = somebody(viewport=DESKTOP)
    reader.goes_to("/api/")
    reader.sees("/api/v1/photos/")
