"""What the public sees of seats, and what programs get."""

import re

import pytest
from django.core.cache import caches
from django.utils import translation

from aggregation import page_memory, seat_document
from tests.aggregation.ballots import dapil, of_2024, tally
from tests.aggregation.test_pages import LIGHT, seen
from tps import extents, form_definitions
from tps.models import Contest, Region

pytestmark = pytest.mark.django_db

NATION = "/kursi/contoh/dpr/"
DAPIL = "/kursi/contoh/dapil/dpr-9101/"
API = "/api/v1/seats/contoh"


@pytest.fixture(autouse=True)
def _forgetful():
    page_memory.forget()
    caches["documents"].clear()


@pytest.fixture
def dpr(world):
    """Three of five TPS are counted."""
    extents.recount(world.election)
    contest = dapil(world)
    tally(contest, {1: 300, 2: 160, 24: 15, (1, 1): 100, (1, 2): 150, (2, 1): 90}, counted=3)
    return contest


def test_the_nation_says_seats_votes_threshold_and_coverage(dpr, client):
    text = seen(client, NATION)
    assert "perkiraan sementara dari TPS yang terhitung" in text
    assert "Ini bukan hasil pemilu" in text
    assert "3 dari 5 TPS terhitung (60,0 %)" in text
    assert "1. Partai Mawar 300 63,2 % lolos 2" in text
    assert "24. Partai Anggrek 15 3,2 % tidak lolos belum pasti 0" in text
    assert "4,0 % suara sah nasional" in text
    assert "Sudah terbagi 3 dari 3" in text
    assert "Di 1 dari 1 dapil" in text
    assert "DAPIL dpr-9101 3 1&nbsp;(2), 2&nbsp;(1) 3 / 5 ya" in text


def test_the_dapil_says_the_order_of_its_seats_and_who_would_be_elected(dpr, client):
    text = seen(client, DAPIL)
    assert "perkiraan sementara dari TPS yang terhitung" in text
    assert "Kursi ke-1 1. Partai Mawar 300 1 300 Kursi ke-2 2. Partai Melati 160 1 160" in text
    assert "Kursi ke-3 1. Partai Mawar 300 3 100" in text
    assert "1. SARI akan terpilih 100 2. BUDI akan terpilih 150" in text
    assert "1. DEWI akan terpilih 90 2. AGUS 0 24." in text
    assert "Di bawah ambang 4,0 % suara sah nasional" in text
    assert "2 TPS belum terhitung: paling banyak 512 suara. Menurut DPT-nya dan cadangan surat suara." in text
    assert "Ya. Yang terdekat: dengan 85 suara lagi" not in text  # Anggrek is not among those that take part
    assert "dengan 140 suara lagi, Partai Melati menyamai kursi terakhir Partai Mawar" in text
    assert "Secara nasional 1 partai masih dapat berpindah ke sisi lain ambang." in text


def test_what_can_not_move_is_said_so(dpr, client):
    tally(dpr, {1: 30_000, 2: 16_000, 24: 150}, counted=5)
    text = seen(client, DAPIL)
    assert "Tidak di antara partai yang ikut. Yang terdekat: Partai Melati masih perlu 14.000 suara" in text
    assert "TPS belum terhitung" not in text
    assert "masih dapat berpindah ke sisi lain" not in text


def test_a_tie_is_said_with_its_parties(dpr, client):
    tally(dpr, {1: 300, 2: 100}, counted=3)
    Contest.objects.filter(pk=dpr.pk).update(seats=2)
    text = seen(client, DAPIL)
    assert "1 kursi terakhir seri antara Partai Mawar, Partai Melati" in text
    assert "Seri Partai Mawar, Partai Melati" in text
    assert "1&nbsp;(1) 3 / 5 seri" in seen(client, NATION)
    assert "1 kursi seri" in seen(client, NATION)


def test_nothing_counted_yet(world, client):
    tally(dapil(world), {}, counted=0)
    for address in (NATION, DAPIL):
        text = seen(client, address)
        assert "Belum ada TPS yang terhitung di sini" in text
        assert "akan terpilih" not in text
    assert "belum ada hitungan" in seen(client, NATION)


def test_seats_that_nobody_has_told(world, client):
    tally(dapil(world, seats=None), {1: 300, 2: 160})
    assert "Jumlah kursi dapil ini belum diketahui" in seen(client, DAPIL)
    assert "Jumlah kursi 1 dapil belum diketahui" in seen(client, NATION)


def test_candidates_that_are_not_in_the_data(world, client):
    tally(dapil(world, parties={1: ("Partai Mawar", []), 2: ("Partai Melati", [])}), {1: 300, 2: 160})
    assert "Suara tiap calon tidak ada dalam data" in seen(client, DAPIL)


def test_the_dprd_are_listed_and_each_has_its_page(world, client):
    tally(dapil(world, "kab-1", "dprd_kabko", seats=5, area=["910101"]), {1: 300, 2: 160})
    listed = seen(client, "/kursi/contoh/dprd_kabko/")
    assert "Kabupaten Melati Contoh Raya · 1 dapil, 5 kursi" in listed
    council = seen(client, "/kursi/contoh/dprd_kabko/9101/")
    assert "Kursi DPRD Kabupaten/Kota, Kabupaten Melati" in council
    assert "ambang" not in council.lower()
    html = client.get("/kursi/contoh/dprd_kabko/9101/").content.decode()
    assert 'href="/kursi/contoh/dapil/kab-1/"' in html
    assert 'href="/kursi/contoh/dprd_kabko/"' in html
    assert 'href="/kursi/contoh/dprd_kabko/9101/"' in client.get("/kursi/contoh/dapil/kab-1/").content.decode()


def test_a_long_list_of_councils_has_pages(world, client):
    for number in range(1, 62):
        code = f"91{number + 10:02d}"
        Region.objects.create(code=code, level=2, name=f"Kabupaten {number}", parent_id="91")
        dapil(world, f"kab-{number}", "dprd_kabko", area=[code], parties={1: ("Partai Mawar", [])}, tell=False)
    address = "/kursi/contoh/dprd_kabko/"
    assert "1 dari 2" in seen(client, address)
    assert "Kabupaten 61" in seen(client, f"{address}?hal=2")
    for strange in ("0", "3", "-1", "9" * 400, "x", "%00", "²"):
        assert "1 dari 2" in seen(client, f"{address}?hal={strange}")


@pytest.mark.parametrize(
    "address",
    [
        "/kursi/lain/dpr/",
        "/kursi/contoh/ppwp/",
        "/kursi/contoh/dprd_prov/",
        "/kursi/contoh/dpr/91/",
        "/kursi/contoh/dprd_kabko/9999/",
        "/kursi/contoh/dapil/ppwp/",
        "/kursi/contoh/dapil/tidak-ada/",
        "/kursi/contoh/dapil/" + "9" * 3_000 + "/",
        "/kursi/contoh%00/dpr/",
        f"{API}/ppwp/nasional/",
        f"{API}/dpr/91/",
        f"{API}/dapil/ppwp/",
        f"{API}/dapil/tidak-ada/",
    ],
)
def test_what_is_not_there(dpr, client, address):
    assert client.get(address).status_code == 404


def test_a_page_costs_no_query_once_it_is_known(dpr, client, django_assert_num_queries):
    for address, first in ((NATION, 3), (DAPIL, 2), (f"{API}/dpr/nasional/", 0), (f"{API}/dapil/dpr-9101/", 0)):
        with django_assert_num_queries(first):
            client.get(address)
        with django_assert_num_queries(0):
            client.get(address)


def test_eighty_four_dapil_of_eighteen_parties_are_a_light_page(world, client, shared, django_assert_num_queries):
    of_2024(world, shared / "data")
    form_definitions.forget()  # as in a process that has just begun
    with django_assert_num_queries(4):
        assert len(client.get(NATION).content) < LIGHT
    assert "Sudah terbagi 580 dari 580" in seen(client, NATION)
    sizes = [len(client.get(f"/kursi/contoh/dapil/{one.code}/").content) for one in Contest.objects.filter(kind="dpr")]
    assert max(sizes) < LIGHT


def test_the_address_of_a_page_is_its_only_one(dpr, client):
    html = client.get(DAPIL + "?x=1").content.decode()
    assert re.search(r'<link rel="canonical" href="[^"?]*/kursi/contoh/dapil/dpr-9101/">', html)


def test_english(dpr, client):
    client.cookies["django_language"] = "en"
    with translation.override("en"):
        assert client.get(DAPIL).status_code == client.get(NATION).status_code == 200


# --- For programs ---------------------------------------------------------------------------


def test_programs_get_the_same_document(dpr, client):
    answer = client.get(f"{API}/dpr/nasional/")
    assert answer.json() == seat_document.of_council("contoh", "dpr").content
    assert answer["Access-Control-Allow-Origin"] == "*"
    again = client.get(f"{API}/dpr/nasional/", headers={"If-None-Match": answer["ETag"]})
    assert (again.status_code, again.content) == (304, b"")
    assert client.get(f"{API}/dapil/dpr-9101/").json()["order"][0] == {
        "seat": 1,
        "party": 1,
        "votes": 300,
        "divisor": 1,
    }


@pytest.mark.parametrize("address", [f"{API}/dpr/nasional/", f"{API}/dapil/dpr-9101/"])
def test_documents_are_as_they_are_described(dpr, client, address):
    """Every key of the document is in the schema, and the other way round; and its example has the same keys."""
    from aggregation import seat_api_schema as schema

    council = "dapil" not in address
    described = (schema.CouncilSeats if council else schema.DapilSeats)()
    example = (schema.COUNCIL_EXAMPLE if council else schema.DAPIL_EXAMPLE).value
    document = client.get(address).json()
    assert keys(document) == keys(example) == described_keys(described)


def keys(value):
    if isinstance(value, dict):
        return {key: keys(inner) for key, inner in value.items() if key != "tie"}
    if isinstance(value, list) and value and isinstance(value[0], dict):
        return keys(value[0])
    return None


def described_keys(serializer):
    inner = getattr(serializer, "child", serializer)
    if not hasattr(inner, "get_fields"):
        return None
    return {name: described_keys(field) for name, field in inner.get_fields().items() if name != "tie"}
