"""The read API of the open data: from the files, page by page, without a query."""

import pytest

from aggregation import export_files, export_reader, exports
from aggregation.export_shapes import Table
from tests.aggregation.evidence import fold, photo, read
from tests.aggregation.open_data import newest, package, read_by, rows

BASE = "/api/v1/exports/contoh/ppwp/"


@pytest.fixture
def published(world, exports_dir):
    for number, station in enumerate(world.stations.values()):
        if number < 3:
            read(world, station, page=2, paslon_1=number)
    photo(world, page=3)
    read_by(world, "Sari", "Budi", paslon_1=0)
    fold()
    export_files.export(world.contest)
    return newest(exports_dir)


def all_of(client, address: str) -> list[dict]:
    found = []
    while address:
        answer = client.get(address)
        assert answer.status_code == 200
        found += answer.json()["items"]
        address = answer.json()["next"]
    return found


@pytest.mark.parametrize("limit", [1, 2, 3, 5, 100])
@pytest.mark.parametrize("table", ["stations", "regions", "photos", "readings"])
def test_page_by_page_it_is_the_file(published, client, table, limit, django_assert_num_queries):
    with django_assert_num_queries(0):
        found = all_of(client, f"{BASE}{table}/?limit={limit}")
    written = rows(published, table)
    assert len(found) == len(written) > 0
    for ours, theirs in zip(found, written, strict=True):
        assert list(ours) == list(theirs)
        for key, value in ours.items():
            if isinstance(value, bool):
                assert str(value).lower() == theirs[key]
            elif isinstance(value, list):
                assert " ".join(value) == theirs[key]
            else:
                assert ("" if value is None else str(value)) == theirs[key]


def test_it_says_of_which_cut_it_is(published, client):
    answer = client.get(f"{BASE}stations/")
    found = answer.json()
    assert (found["version"], found["cut"]) == (published.name, package(published)["cut"])
    assert found["taken_at"] == package(published)["created"]
    assert found["licence"] == "CC-BY-4.0"
    assert answer["Cache-Control"] == "public, max-age=60"
    assert answer["Access-Control-Allow-Origin"] == "*"
    assert not answer.cookies
    again = client.get(f"{BASE}stations/", headers={"If-None-Match": answer["ETag"]})
    assert again.status_code == 304


def test_whoever_reads_on_stays_in_the_version_they_began(world, published, client):
    first = client.get(f"{BASE}stations/?limit=2").json()
    read(world, world.stations["9101011002002"], page=2, paslon_1=77)
    fold()
    export_files.export(world.contest)
    following = all_of(client, first["next"])
    assert [row["paslon_1"] for row in following] == [2, None, None]
    assert client.get(first["next"])["Cache-Control"] == "public, max-age=86400"
    assert [row["paslon_1"] for row in all_of(client, f"{BASE}stations/")][-1] == 77
    export_reader.forget()
    export_files.prune(1, set())
    assert client.get(first["next"]).status_code == 410
    assert client.get(first["next"]).json()["error"]["code"] == "cursor_gone"


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("region=9101011002", ["9101011002001", "9101011002002"]),
        ("region=9101011001002", ["9101011001002"]),
        ("region=91&counted=true", ["9101011001001", "9101011001002", "9101011001003"]),
        ("counted=false", ["9101011002001", "9101011002002"]),
        ("state=empty&region=9101011001", []),
        ("region=92", []),
        ("region=nasional&limit=1&state=empty", ["9101011002001", "9101011002002"]),
    ],
)
def test_filters(published, client, query, expected):
    assert [row["tps"] for row in all_of(client, f"{BASE}stations/?{query}")] == expected


def test_filters_of_the_other_tables(published, client):
    assert [row["region"] for row in all_of(client, f"{BASE}regions/?level=kelurahan")] == ["9101011001", "9101011002"]
    assert [row["state"] for row in all_of(client, f"{BASE}photos/?state=waiting")] == ["waiting"]
    assert len(all_of(client, f"{BASE}readings/?source=volunteer")) == 2
    assert all_of(client, f"{BASE}readings/?source=machine") == []


@pytest.mark.parametrize("groups", [1, 2, 20])
@pytest.mark.parametrize("query", ["", "region=9101011002", "region=9101", "counted=true", "region=91&state=empty"])
def test_a_page_looks_through_so_many_groups_and_no_more(world, exports_dir, client, monkeypatch, groups, query):
    """Rows lie in many groups; whatever the bound, following the pages finds the same."""
    monkeypatch.setattr("aggregation.table_files.GROUP", 1)
    monkeypatch.setattr(export_reader, "MOST_GROUPS", groups)
    read(world, world.stations["9101011001002"])
    read(world, world.stations["9101011002002"])
    fold()
    export_files.export(world.contest)
    looked = []
    real = export_reader._matching
    monkeypatch.setattr(export_reader, "_matching", lambda *args: looked.append(1) or real(*args))
    wanted = dict(part.split("=") for part in query.split("&") if part)
    expected = [
        row["tps"]
        for row in rows(newest(exports_dir), "stations")
        if row["tps"].startswith(wanted.get("region", ""))
        and all(row[key] == value for key, value in wanted.items() if key != "region")
    ]
    found, address = [], f"{BASE}stations/?limit=2&{query}"
    while address:
        looked.clear()
        page = client.get(address).json()
        assert len(looked) <= groups
        assert len(page["items"]) <= 2
        found += [row["tps"] for row in page["items"]]
        address = page["next"]
    assert found == expected


@pytest.mark.parametrize(
    "query",
    [
        "region=1", "region=abc", "region=91%00", "region=٩١", "region=../..", "limit=0", "limit=1001", "limit=-1",
        "limit=" + "9" * 5000, "limit=a", "cursor=1", "cursor=../../x-1", "cursor=2-" + "9" * 40, "cursor=%00",
        "cursor=2.-1", "state=none", "counted=1", "level=provinsi", "unknown=1", "state=%00",
    ],
)  # fmt: skip
def test_what_is_no_filter(published, client, query):
    answer = client.get(f"{BASE}stations/?{query}")
    assert answer.status_code == 400
    assert answer.json()["error"]["code"] == "wrong_filter"


def test_beyond_the_last_row_is_nothing(published, client):
    answer = client.get(f"{BASE}stations/?cursor={published.name}-999999").json()
    assert (answer["items"], answer["next"]) == ([], None)


@pytest.mark.parametrize("name", ["", "stations/", "photos/"])
def test_what_is_not_published(world, exports_dir, client, name):
    assert client.get(BASE + name).status_code == 404
    assert client.get("/api/v1/exports/").json()["exports"] == []


@pytest.mark.parametrize("method", ["post", "put", "patch", "delete"])
def test_nobody_writes_here(published, client, method):
    assert getattr(client, method)(f"{BASE}stations/").status_code == 405


def test_everything_at_once_are_the_files(published, client, django_assert_num_queries):
    with django_assert_num_queries(0):
        listed = client.get("/api/v1/exports/").json()["exports"]
        found = client.get(BASE).json()
    assert [one["version"] for one in listed] == [published.name]
    assert {one["path"].rpartition("/")[2] for one in found["resources"]} == {
        path.name for path in published.iterdir()
    } - {export_files.PACKAGE}
    for one in found["resources"]:
        content = b"".join(client.get(one["path"]).streaming_content)
        assert len(content) == one["bytes"]


def test_every_filter_is_a_column(world):
    from aggregation import open_api

    fold()
    tables: dict[str, Table] = {table.name: table for table in exports.tables(exports.cut_of(world.contest))}
    for view in (open_api.Stations, open_api.Regions, open_api.Photos, open_api.Readings):
        fields = {field.name: field for field in tables[view.table].fields}
        for name, words in view.filters.items():
            assert set(fields[name].words or ("true", "false")) == set(words)
