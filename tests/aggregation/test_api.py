"""The public API."""

import gzip
import json

import brotli
import pytest

from tests.aggregation.evidence import PAGE_2, decide, fold, photo, read, record, reject

REGION = "/api/v1/results/contoh/ppwp/{}/"
STATION = "/api/v1/results/contoh/ppwp/tps/{}/"


def test_a_region(world, client, django_assert_num_queries):
    read(world)
    fold()
    answer = client.get(REGION.format("nasional"))
    assert answer.status_code == 200
    assert answer["Content-Type"] == "application/json"
    assert answer["Cache-Control"] == "public, max-age=1"
    assert not answer.cookies
    assert answer.json()["sums"]["paslon_1"] == 101
    with django_assert_num_queries(0):
        packed = client.get(REGION.format("nasional"), headers={"Accept-Encoding": "gzip"})
    assert packed["Content-Encoding"] == "gzip"
    assert gzip.decompress(packed.content) == answer.content
    small = client.get(REGION.format("nasional"), headers={"Accept-Encoding": "gzip, br;q=0.5"})
    assert brotli.decompress(small.content) == answer.content
    for unwilling in ("gzip;q=0", "gzip; q=0.0, br;q=0, *;q=0", "deflate", "identity", "*;q=0"):
        assert "Content-Encoding" not in client.get(REGION.format("nasional"), headers={"Accept-Encoding": unwilling})


def test_a_signed_in_reader_costs_no_query_either(world, client, django_assert_num_queries):
    read(world)
    fold()
    client.force_login(world.person("Sari"))
    with django_assert_num_queries(0):
        assert client.get(REGION.format("nasional")).status_code == 200


def test_what_the_client_has_is_not_sent_again(world, client, django_assert_num_queries):
    taken = read(world)
    fold()
    etag = client.get(REGION.format("nasional"))["ETag"]
    for known in (etag, etag.removeprefix("W/"), f'"other", {etag}', "*"):
        with django_assert_num_queries(0):
            answer = client.get(REGION.format("nasional"), headers={"If-None-Match": known})
        assert (answer.status_code, answer.content, answer["ETag"]) == (304, b"", etag)
    decide(taken, 2, PAGE_2 | {"paslon_1": 5})
    record(taken)
    fold()
    assert client.get(REGION.format("nasional"), headers={"If-None-Match": etag}).status_code == 200


@pytest.mark.parametrize(
    ("address", "code"),
    [
        (REGION.format("99"), "unknown_region"),
        ("/api/v1/results/contoh/dpr/nasional/", "no_such_contest"),
        ("/api/v1/results/lain/ppwp/nasional/", "no_such_contest"),
        (STATION.format("9101011001999"), "unknown_station"),
    ],
)
def test_what_is_not_there(world, client, address, code):
    answer = client.get(address)
    assert answer.status_code == 404
    assert answer.json()["error"]["code"] == code


@pytest.mark.parametrize("region", ["1", "abc", "91011", "٩١", "91%00", "91/tps"])
def test_what_is_no_region(world, client, region):
    assert client.get(REGION.format(region)).status_code == 404


@pytest.mark.parametrize("method", ["post", "put", "patch", "delete"])
def test_nobody_writes_here(world, client, method):
    assert getattr(client, method)(REGION.format("nasional")).status_code == 405


def test_a_tps_tells_every_number_with_its_photo(world, client):
    first = read(world)
    second = read(world, page=2, paslon_2="kosong")
    waiting = photo(world, page=3)
    junk = read(world, page=3)
    reject(junk, "not_a_form")
    record(junk)
    document = client.get(STATION.format(world.station.code)).json()
    assert document["state"] == "disputed"
    fields = {field["key"]: field for field in document["fields"]}
    assert fields["paslon_1"]["value"] == 101
    assert fields["paslon_1"]["photo"] == str(first.pk)
    assert fields["paslon_2"]["state"] == "disputed"
    assert fields["paslon_2"]["readings"] == [
        {"photo": str(first.pk), "value": 88},
        {"photo": str(second.pk), "value": "kosong"},
    ]
    assert fields["suara_sah"] == fields["suara_sah"] | {"value": None, "state": "missing", "photo": None}
    photos = {one["id"]: one for one in document["photos"]}
    assert {str(first.pk): "accepted", str(waiting.pk): "waiting", str(junk.pk): "rejected"}.items() <= {
        key: one["state"] for key, one in photos.items()
    }.items()
    assert photos[str(first.pk)]["decision"]["how"] == "two_readers"
    assert photos[str(waiting.pk)]["decision"] is None
    assert photos[str(first.pk)]["pictures"].keys() == {"480", "1280", "2560"}
    assert photos[str(junk.pk)]["pictures"] == {}


def test_nothing_in_it_tells_who_sent_or_read(world, client):
    taken = read(world)
    fold()
    text = client.get(STATION.format(world.station.code)).content.decode()
    for secret in (taken.receipt, str(taken.device_id), "receipt", "device", "uploader"):
        assert secret not in text


def test_verdicts_are_those_of_the_rule_engine(world, client):
    read(world)
    read(world, page=3, suara_sah=254)
    verdicts = client.get(STATION.format(world.station.code)).json()["verdicts"]
    broken = next(verdict for verdict in verdicts if verdict["rule"] == "R3")
    assert (broken["holds"], broken["difference"]) == (False, 45)
    assert list(broken["inputs"]) == ["suara_sah", "paslon_1", "paslon_2", "paslon_3"]


def test_a_tps_costs_few_queries_and_none_when_asked_again(world, client, django_assert_num_queries):
    read(world)
    with django_assert_num_queries(11):
        client.get(STATION.format(world.station.code))
    with django_assert_num_queries(0):
        client.get(STATION.format(world.station.code))


def test_the_api_is_described(world, client):
    schema = json.loads(client.get("/api/v1/schema/", headers={"Accept": "application/vnd.oai.openapi+json"}).content)
    for address in ("{region}", "tps/{station}"):
        described = schema["paths"][f"/api/v1/results/{{election}}/{{contest}}/{address}/"]["get"]
        assert described["responses"].keys() == {"200", "304", "404"}


def test_documents_have_the_described_fields(world, client):
    from aggregation.api_schema import RegionDocument, StationDocument

    read(world)
    fold()
    assert client.get(REGION.format("9101011001")).json().keys() == RegionDocument().get_fields().keys()
    assert client.get(STATION.format(world.station.code)).json().keys() == StationDocument().get_fields().keys()


def test_examples_are_like_answers(world, client):
    from aggregation import api_examples

    read(world)
    fold()
    for example, address in (
        (api_examples.REGION, REGION.format("91")),
        (api_examples.STATION, STATION.format(world.station.code)),
    ):
        assert_alike(example.value, client.get(address).json(), at=address)


def assert_alike(example, answer, at):
    """The same keys where both have maps with fixed keys; lists by their first element."""
    open_maps = ("sums", "stations_behind", "labels", "inputs", "pictures")
    if isinstance(example, dict):
        if not at.endswith(open_maps):
            assert example.keys() == answer.keys(), at
        for key in example.keys() & answer.keys():
            assert_alike(example[key], answer[key], f"{at} {key}")
    elif isinstance(example, list) and example and answer:
        assert_alike(example[0], answer[0], at)
