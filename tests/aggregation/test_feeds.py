"""The feed of results that changed."""

import json
from xml.etree import ElementTree as Xml

import pytest

from aggregation import feeds, publication
from aggregation.models import Delta
from ledger.models import Event
from tests.aggregation.evidence import PAGE_2, decide, fold, read, record

ADDRESS = "/umpan/contoh/ppwp.atom"
NS = {"a": feeds.ATOM, "fh": feeds.HISTORY}


def feed(client, query: str = "") -> Xml.Element:
    answer = client.get(ADDRESS + query)
    assert answer.status_code == 200
    assert answer["Content-Type"] == "application/atom+xml; charset=utf-8"
    return Xml.fromstring(answer.content)


def entries(found: Xml.Element) -> list[str]:
    return [one.findtext("a:id", None, NS).rpartition("contoh/ppwp/")[2] for one in found.findall("a:entry", NS)]


def link(found: Xml.Element, rel: str) -> str | None:
    return next((one.get("href") for one in found.findall("a:link", NS) if one.get("rel") == rel), None)


def test_each_change_of_a_result_is_an_entry(world, client):
    taken = read(world)
    decide(taken, 2, PAGE_2 | {"paslon_1": 5})
    record(taken)
    fold()
    found = feed(client)
    assert entries(found) == ["9101011001001/3", "9101011001001/2", "9101011001001/1"]
    newest = found.find("a:entry", NS)
    content = newest.find("a:content", NS)
    assert content.get("type") == "text"
    assert "state: partial" in content.text.splitlines()
    assert "paslon_1: 5" in content.text.splitlines()
    assert client.get(link(newest, "alternate").removeprefix("http://127.0.0.1:8000")).status_code == 200
    assert client.get(link(newest, "related").removeprefix("http://127.0.0.1:8000")).status_code == 200


def test_it_has_what_rfc_4287_wants(world, client):
    read(world)
    fold()
    found = feed(client)
    for parent in (found, *found.findall("a:entry", NS)):
        for name in ("id", "title", "updated"):
            assert len(parent.findall(f"a:{name}", NS)) == 1
    assert found.findtext("a:author/a:name", None, NS)
    assert link(found, "self").endswith(ADDRESS)
    assert found.findtext("a:rights", None, NS) == "CC-BY-4.0"
    ids = [one.text for one in found.iter(f"{{{feeds.ATOM}}}id")]
    assert len(set(ids)) == len(ids)
    assert all(one.startswith("tag:127.0.0.1,2029-02-14:") for one in ids)


def test_what_is_not_folded_is_not_in_it(world, client):
    read(world)
    fold()
    read(world, world.stations["9101011002001"])
    assert Delta.objects.exists()
    assert {one.partition("/")[0] for one in entries(feed(client))} == {"9101011001001"}


def test_nothing_yet_is_an_empty_feed(world, client):
    found = feed(client)
    assert entries(found) == []
    assert found.findtext("a:updated", None, NS) == "2029-02-14T00:00:00Z"


def test_following_the_archive_misses_nothing(world, client, monkeypatch):
    monkeypatch.setattr(feeds, "WINDOW", 4)
    for number in range(6):
        read(world, list(world.stations.values())[number % 5], paslon_1=number)
    fold()
    found = feed(client)
    listed, earlier = entries(found), link(found, "prev-archive")
    assert earlier
    while earlier:
        found = feed(client, "?" + earlier.partition("?")[2])
        assert found.find("fh:archive", NS) is not None
        assert link(found, "current").endswith(ADDRESS)
        listed += entries(found)
        earlier = link(found, "prev-archive")
    told = [json.loads(bytes(body)) for body in Event.objects.filter(kind="select").values_list("body", flat=True)]
    assert sorted(listed) == sorted(f"{one['tps']}/{one['version']}" for one in told)


def test_an_archive_never_changes(world, client, monkeypatch):
    monkeypatch.setattr(feeds, "WINDOW", 4)
    for code in ("9101011001001", "9101011001002", "9101011002001"):
        read(world, world.stations[code])
    fold()
    before = client.get(f"{ADDRESS}?arsip=0")
    assert entries(Xml.fromstring(before.content))
    assert before["Cache-Control"].startswith("public, max-age=86400")
    read(world, world.stations["9101011002002"])
    fold()
    publication.cache.clear()
    assert client.get(f"{ADDRESS}?arsip=0").content == before.content


def test_readers_cost_no_query(world, client, django_assert_num_queries):
    read(world)
    fold()
    answer = client.get(ADDRESS)
    assert not answer.cookies
    with django_assert_num_queries(0):
        assert client.get(ADDRESS).status_code == 200
        assert client.get(ADDRESS, headers={"If-None-Match": answer["ETag"]}).status_code == 304


@pytest.mark.parametrize("word", ["1", "-1", "x", "%00", "٣", "9" * 4000])
def test_an_archive_that_is_not_there(world, client, word):
    fold()
    assert client.get(f"{ADDRESS}?arsip={word}").status_code == 404


@pytest.mark.parametrize("place", ["contoh/dpr", "lain/ppwp"])
def test_a_contest_that_is_not_there(world, client, place):
    assert client.get(f"/umpan/{place}.atom").status_code == 404
