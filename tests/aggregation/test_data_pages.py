"""The open data's pages and files."""

import gzip
import hashlib

import pytest
from django.utils import translation

from aggregation import dumps, export_files
from aggregation.templatetags.open_data import size
from tests.aggregation.evidence import fold, read
from tests.aggregation.open_data import newest, package

HOME = "/data/contoh/ppwp/"


@pytest.fixture
def published(world, exports_dir):
    read(world)
    fold()
    export_files.export(world.contest)
    dumps.make()
    return newest(exports_dir)


def content(answer) -> bytes:
    assert answer.status_code == 200
    return b"".join(answer.streaming_content)


def test_what_there_is_with_sizes_hashes_and_licence(published, client, django_assert_num_queries):
    with django_assert_num_queries(0):
        page = client.get("/data/")
        ours = client.get(HOME)
    assert not page.cookies
    assert HOME in page.text
    assert "CC-BY-4.0" in page.text
    dump = export_files.index()["dumps"][0]
    assert dump["hash"][7:] in page.text
    for one in package(published)["resources"]:
        assert one["path"] in ours.text
        assert one["hash"][7:] in ours.text
        assert size(one["bytes"]) in ours.text
    assert "CC-BY-4.0" in ours.text
    assert f"versi {published.name}" in ours.text
    for text in (page, ours):
        assert len(text.content) < 100_000


def test_every_link_of_the_page_leads_to_the_bytes_it_names(published, client):
    ours = client.get(HOME).text
    for one in package(published)["resources"]:
        address = f"{HOME}{published.name}/{one['path']}"
        assert f'href="{address}"' in ours
        assert hashlib.sha256(content(client.get(address))).hexdigest() == one["hash"][7:]
    dump = export_files.index()["dumps"][0]
    assert hashlib.sha256(content(client.get(f"/data/{dump['path']}"))).hexdigest() == dump["hash"][7:]
    assert content(client.get(f"/data/{dump['checksum_path']}")).startswith(dump["hash"][7:].encode())


def test_a_csv_travels_packed_and_arrives_unpacked(published, client, django_assert_num_queries):
    plain = gzip.decompress((published / "stations.csv.gz").read_bytes())
    with django_assert_num_queries(0):
        packed = client.get(f"{HOME}{published.name}/stations.csv", headers={"Accept-Encoding": "gzip"})
        unpacked = client.get(f"{HOME}terbaru/stations.csv")
    assert packed["Content-Encoding"] == "gzip"
    assert gzip.decompress(content(packed)) == content(unpacked) == plain
    assert packed["Content-Type"] == unpacked["Content-Type"] == "text/csv; charset=utf-8"
    assert "Accept-Encoding" in packed["Vary"]
    assert packed["Access-Control-Allow-Origin"] == "*"


def test_a_version_may_be_kept_for_good_and_the_newest_for_a_minute(published, client):
    forever = client.get(f"{HOME}{published.name}/stations.parquet")
    assert "immutable" in forever["Cache-Control"]
    assert client.get(f"{HOME}terbaru/stations.parquet")["Cache-Control"] == "public, max-age=60"
    assert client.get("/data/terbaru.json")["Cache-Control"] == "public, max-age=60"


@pytest.mark.parametrize(
    "address",
    [
        "/data/contoh/dpr/", "/data/lain/ppwp/", "/data/contoh/ppwp/99/stations.csv", "/data/contoh/ppwp/terbaru/x.csv",
        "/data/contoh/ppwp/2/..%2Fterbaru.json", "/data/contoh/ppwp/%2e%2e/stations.csv",
        "/data/contoh/ppwp/2/stations.csv%00", "/data/_dumps/pemantau-1.tar", "/data/_dumps/..%2Fterbaru.json",
        "/data/_dumps/%00", "/data/contoh/ppwp/2/" + "x" * 5000, "/data/contoh/%00/",
    ],
)  # fmt: skip
def test_what_is_not_there(published, client, address):
    assert client.get(address).status_code == 404


@pytest.mark.parametrize("page", ["0", "-1", "x", "9" * 4000, "%00"])
def test_any_number_of_a_page_is_a_page(published, client, page):
    assert client.get(f"/data/?hal={page}").status_code == 200


def test_before_anything_is_published(db, exports_dir, client):
    assert "Belum ada data" in client.get("/data/").text
    assert client.get("/data/terbaru.json").status_code == 404
    assert client.get(HOME).status_code == 404


def test_earlier_versions_are_listed(world, published, client):
    read(world, world.stations["9101011002001"])
    fold()
    export_files.export(world.contest)
    assert f'href="{HOME}{published.name}/datapackage.json"' in client.get(HOME).text


def test_in_english(published, client):
    client.cookies["django_language"] = "en"
    assert client.get("/data/").status_code == 200


@pytest.mark.parametrize(("number", "word"), [(0, "0 B"), (999, "999 B"), (1000, "1,0 kB"), (12_345_678, "12,3 MB")])
def test_sizes(number, word):
    with translation.override("id"):
        written = size(number)
    assert written.replace("\u00a0", " ") == word
