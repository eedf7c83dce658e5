"""Pages, feed and API of official figures."""

import csv
import io
import re
from xml.etree import ElementTree as Xml

import pytest

from aggregation import page_memory
from aggregation.official_feed import ATOM
from tests.aggregation.evidence import fold, read
from tests.aggregation.official import FIRST, FOURTH, SECOND, THIRD, lines, places, published, taken_in, written
from tests.aggregation.test_pages import seen

A, B, C = "9101011001001", "9101011001002", "9101011002001"
LIST = "/selisih/contoh/ppwp/"
STATION = "/hasil/contoh/ppwp/tps/{}/resmi/"
REGION = "/hasil/contoh/ppwp/{}/resmi/"
FEED = "/umpan/resmi/contoh/ppwp.atom"
API = "/api/v1/official/contoh/ppwp/differences/"
FILE = "/api/v1/official/contoh/ppwp/differences.csv"


@pytest.fixture(autouse=True)
def _forgetful():
    page_memory.forget()


@pytest.fixture
def compared(world, tmp_path):
    """Three TPS with both numbers; two of them differ."""
    world.photos = {code: read(world, world.stations[code]) for code in (A, B, C)}  # 101, 88, 20
    fold()
    published(tmp_path, FIRST, {A: (801, 88, 20), B: (101, 88, 20), C: (101, 90, 20)})
    return world


# --- The largest differences ------------------------------------------------------------------


def test_the_list_shows_both_numbers_who_decided_and_the_photo(compared, client):
    text = seen(client, LIST)
    assert text.index("TPS 001, Desa 1") < text.index("TPS 001, Desa 2")
    assert "Selisih 700 suara" in text
    assert "1. Paslon 1 101 801 −700" in text
    assert "2. Paslon 2 88 90 −2" in text
    assert "angka kami disepakati dua pembaca" in text
    assert "Selisih adalah pertanyaan, bukan tuduhan: kami atau sumber resmi (sirekap) dapat keliru" in text
    assert "Angka resmi ada dari 3 TPS ; 3 di antaranya juga sudah kami hitung. Suaranya berbeda di 2 TPS" in text
    html = client.get(LIST).content.decode()
    assert f'href="/foto/{compared.photos[A].pk}/"' in html
    assert f'href="/hasil/contoh/ppwp/tps/{A}/"' in html
    assert STATION.format(A) in html


def test_sums_are_compared_like_with_like(compared, client):
    assert "1. Paslon 1 303 1.003 −700 3" in seen(client, LIST)


def test_a_region_alone(compared, client):
    text = seen(client, LIST + "?wilayah=9101011002")
    assert "Selisih 2 suara" in text
    assert "Selisih 700 suara" not in text
    assert "Tidak ada lagi selisih" in seen(client, LIST + "?wilayah=9101011001&sesudah=1-0-9101011001001")
    assert "Selisih 700 suara" in seen(client, LIST + "?wilayah=nasional")


def test_below_a_region_those_with_differences_can_be_chosen(compared, client):
    html = client.get(LIST + "?wilayah=910101").content.decode()
    assert "?wilayah=9101011001&amp;sumber=sirekap" in html
    assert "1 dari 2 TPS" in html


def many(world, tmp_path, count):
    """So many TPS that all differ by one vote."""
    codes = [f"9101011001{number:03d}" for number in range(100, 100 + count)]
    places(world, codes)
    for station in world.election.pollingstation_set.filter(code__in=codes):
        read(world, station)
    fold()
    published(tmp_path, SECOND, dict.fromkeys(codes, (102, 88, 20)))


def test_page_by_page_with_as_many_queries_whatever_there_is(compared, tmp_path, client, django_assert_num_queries):
    with django_assert_num_queries(9):
        client.get(LIST)
    many(compared, tmp_path, 30)
    with django_assert_num_queries(9):
        first = client.get(LIST)
    with django_assert_num_queries(3):
        client.get(LIST)
    html = first.content.decode()
    assert html.count("<article") == 25
    assert len(first.content) < 100_000
    (following,) = re.findall(r'href="\?([^"]*sesudah=[^"#]*)#daftar" rel="next"', html)
    second = client.get(LIST + "?" + following.replace("&amp;", "&")).content.decode()
    assert second.count("<article") == 7
    shown = re.findall(r'<h3><a href="[^"]*/(\d{13})/"', html + second)
    assert len(shown) == len(set(shown)) == 32
    assert 'rel="next"' not in second


@pytest.mark.parametrize(
    ("query", "status"),
    [
        *(("wilayah=77", 404), ("wilayah=" + "9" * 5000, 404), ("wilayah=%00", 404), ("wilayah=%D9%A3%D9%A3", 404)),
        *(("sumber=tidak-ada", 404), ("sumber=%00", 404), ("sesudah=" + "9" * 5000, 200), ("sesudah=%00", 200)),
        ("wilayah=", 200),
    ],
)
def test_nonsense_in_the_address(compared, client, query, status):
    assert client.get(f"{LIST}?{query}").status_code == status


def test_nothing_official_yet(world, client):
    assert "Belum ada angka resmi di sini" in seen(client, LIST)
    assert "Belum ada angka resmi TPS ini" in seen(client, STATION.format(A))
    assert "Belum ada angka resmi wilayah ini" in seen(client, REGION.format("91"))
    assert client.get(FEED).status_code == 404
    assert client.get(API).json()["error"]["code"] == "no_official_figures"


def test_what_is_not_there(compared, client):
    for address in ("/selisih/contoh/dpr/", STATION.format("9101011001999"), REGION.format("77"), REGION.format("123")):
        assert client.get(address).status_code == 404
    assert client.get("/umpan/resmi/contoh/dpr.atom").status_code == 404


def test_readers_get_no_cookie_and_the_other_language(compared, client):
    for address in (LIST, STATION.format(A), REGION.format("nasional"), FEED):
        answer = client.get(address)
        assert not answer.cookies
        assert answer.status_code == 200


# --- Over time --------------------------------------------------------------------------------


def test_the_versions_of_a_tps_with_what_went_up_and_down(compared, tmp_path, client, django_assert_num_queries):
    published(tmp_path, SECOND, {A: (101, 90, 20)})
    published(tmp_path, THIRD, {A: (None, None, None)})
    with django_assert_num_queries(7):
        client.get(STATION.format(A))
    text = seen(client, STATION.format(A))
    assert "menerbitkan 3 versi" in text
    assert "▼ turun 700" in text
    assert "▲ naik 2" in text
    assert "ditarik" in text
    assert "Kami 101 88 20" in text
    published(tmp_path, FOURTH, {A: (101, 88, 20)})
    assert "Versi terakhirnya sama dengan angka kami" in seen(client, STATION.format(A))


def test_a_region_without_figures_of_its_own_shows_the_sums(compared, client, django_assert_num_queries):
    with django_assert_num_queries(7):
        client.get(REGION.format("91"))
    text = seen(client, REGION.format("91"))
    assert "Di samping angka kami" in text
    assert "Jumlah yang diterbitkan" not in text


def test_the_line_of_a_region_marks_and_counts_its_steps_down(world, tmp_path, client):
    rows = [
        ("91", FIRST.isoformat(), 100, 50),
        ("91", SECOND.isoformat(), 90, 80),
        ("91", THIRD.isoformat(), 95, 70),
        ("91", FOURTH.isoformat(), 99, 75),
    ]
    taken_in(written(tmp_path, "series", "region_code,taken_at,paslon1,paslon2", rows))
    html = client.get(REGION.format("91")).content.decode()
    assert html.count("series__fall") == 0  # the votes of paslon 3 are missing: no sum, no line
    text = seen(client, REGION.format("91"))
    assert "2 kali suara satu pilihan atau lebih turun" in text
    assert "▼ turun 10" in text
    whole = [("91", at, first, second, 1) for _, at, first, second in rows]
    taken_in(written(tmp_path, "w", "region_code,taken_at,paslon1,paslon2,paslon3", whole), source="other")
    html = client.get(REGION.format("91") + "?sumber=other").content.decode()
    assert html.count('class="series__fall"') == 2
    assert 'role="img" aria-labelledby="gambar-judul gambar-isi"' in html
    assert "dengan 2 langkah turun" in html


def test_the_hourly_series_of_a_province_is_light_and_goes_down_as_often_as_it_did(world, shared, client):
    path = shared / "data" / "timeseries_sirekap_ppwp.csv.gz"
    rows = lines(path)
    places(world, regions={row["province_code"] for row in rows})
    taken_in(path)
    text = seen(client, REGION.format("32"))
    assert "167 jumlah" in text
    assert "1 dari 3" in text
    down = 0
    for code in {row["province_code"] for row in rows}:
        found = re.search(r"([\d.]+) kali suara satu pilihan", seen(client, REGION.format(code)))
        down += int(found[1].replace(".", "")) if found else 0
    assert down == 1_218
    for nonsense in ("0", "4", "-1", "x", "9" * 5000, "%00"):
        assert "1 dari 3" in seen(client, REGION.format("32") + f"?hal={nonsense}")


# --- The feed ---------------------------------------------------------------------------------


def entries(answer):
    root = Xml.fromstring(answer.content)
    return root, root.findall(f"{{{ATOM}}}entry")


def of(element, name):
    return element.find(f"{{{ATOM}}}{name}").text


def test_the_feed_tells_each_snapshot_and_each_change(compared, tmp_path, client, django_assert_num_queries):
    published(tmp_path, SECOND, {A: (101, 88, 20), B: (101, 88, 20)})
    published(tmp_path, THIRD, {C: (None, None, None)})
    with django_assert_num_queries(4):
        answer = client.get(FEED)
    assert answer["Content-Type"].startswith("application/atom+xml")
    root, found = entries(answer)
    titles = [of(entry, "title") for entry in found]
    assert titles == [
        f"sirekap menarik angka TPS 001, Desa 2 ({C})",
        "Angka resmi per 2024-02-17T12:00:00Z masuk (sirekap)",
        f"sirekap mengubah angka TPS 001, Desa 1 ({A})",
        "Angka resmi per 2024-02-16T12:00:00Z masuk (sirekap)",
        "Angka resmi per 2024-02-15T12:00:00Z masuk (sirekap)",
    ]
    assert of(found[2], "content") == "1. Paslon 1: 801 → 101"
    assert STATION.format(A) in found[2].find(f"{{{ATOM}}}link").get("href")
    # RFC 4287 section 4.1: what a feed and an entry must have.
    for element in (root, *found):
        assert all(of(element, name) for name in ("id", "title", "updated"))
    assert root.find(f"{{{ATOM}}}author/{{{ATOM}}}name").text
    ids = [of(entry, "id") for entry in found]
    assert len(set(ids)) == len(ids)
    client.cookies["django_language"] = "en"
    assert client.get(FEED).content == answer.content


def test_older_pages_of_the_feed_hold_the_rest(compared, tmp_path, client, monkeypatch):
    monkeypatch.setattr("aggregation.official_feed.ENTRIES", 2)
    published(tmp_path, SECOND, {A: (1, 2, 3), B: (1, 2, 3)})
    found, address = [], FEED
    while address:
        root, some = entries(client.get(address))
        assert len(some) <= 2
        found += [of(entry, "id") for entry in some]
        onward = [link.get("href") for link in root.findall(f"{{{ATOM}}}link") if link.get("rel") == "next"]
        address = onward[0].partition("://")[2].partition("/")[2] if onward else ""
        address = f"/{address}" if address else ""
    assert len(found) == len(set(found)) == 4
    for nonsense in ("x", "1", "9" * 5000, "1-x", "%00-1"):
        assert client.get(f"{FEED}?sebelum={nonsense}").status_code == 200


def test_74_changes_of_the_real_data_are_in_the_feed(world, shared, client):
    path = shared / "data" / "results_ppwp_versions.csv.gz"
    places(world, {row["tps_code"] for row in lines(path)})
    taken_in(path)
    root, found = entries(client.get(FEED))
    more = [link.get("href") for link in root.findall(f"{{{ATOM}}}link") if link.get("rel") == "next"]
    found += entries(client.get("/umpan" + more[0].partition("/umpan")[2]))[1]
    assert sum("mengubah angka" in of(entry, "title") for entry in found) == 74


# --- The API ----------------------------------------------------------------------------------


def test_differences_by_cursor_as_json(compared, client, django_assert_num_queries):
    with django_assert_num_queries(5):
        first = client.get(API + "?limit=1").json()
    assert (first["source"], first["region"], len(first["differences"])) == ("sirekap", "nasional", 1)
    (one,) = first["differences"]
    assert (one["tps"], one["votes_off"], one["decided"]) == (A, 700, "two_readers")
    assert one["fields"]["paslon_1"] == {"ours": 101, "official": 801, "difference": -700}
    second = client.get(API, {"limit": 1, "cursor": first["next"]}).json()
    assert [one["tps"] for one in second["differences"]] == [C]
    assert second["next"] is None
    assert [one["tps"] for one in client.get(API + "?region=9101011002").json()["differences"]] == [C]


def test_an_etag_spares_the_answer(compared, client):
    first = client.get(API)
    assert client.get(API, headers={"If-None-Match": first["ETag"]}).status_code == 304


def test_differences_as_csv(compared, client):
    answer = client.get(FILE + "?limit=1")
    (one,) = csv.DictReader(io.StringIO(answer.content.decode()))
    assert (one["tps_code"], one["paslon_1_ours"], one["paslon_1_official"]) == (A, "101", "801")
    assert (one["suara_sah_ours"], one["suara_sah_official"]) == ("", "")
    address = re.fullmatch(r'<https?://[^/]+(/[^>]+)>; rel="next"', answer["Link"])[1]
    (two,) = csv.DictReader(io.StringIO(client.get(address).content.decode()))
    assert two["tps_code"] == C
    assert "Link" not in client.get(address)


@pytest.mark.parametrize("address", [API, FILE])
@pytest.mark.parametrize(
    ("query", "status"),
    [
        *(("limit=0", 400), ("limit=1001", 400), ("limit=" + "9" * 5000, 400), ("cursor=x", 400), ("cursor=%00", 400)),
        *(("region=x", 400), ("region=77", 404), ("source=tidak-ada", 404), ("source=%00", 400), ("region=%00", 400)),
    ],
)
def test_a_window_that_is_none(compared, client, address, query, status):
    assert client.get(f"{address}?{query}").status_code == status
