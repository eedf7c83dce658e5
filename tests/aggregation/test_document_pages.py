"""Published files by their own addresses."""

import json

import pytest

from aggregation import publication, published_files
from tests.aggregation.evidence import fold, read

POINTER = "/dokumen/contoh/ppwp/terbaru.json"


def follow(client, pointer):
    """The documents from the nation down to a village, as a stranger finds them."""
    name, word = pointer["document"], "nasional"
    while True:
        answer = client.get(f"/dokumen/contoh/ppwp/{word}/{name}.json")
        assert answer.status_code == 200
        yield answer
        child = next(iter(answer.json()["children"]))
        if "document" not in child:
            return
        name, word = child["document"], child["code"]


def test_from_the_pointer_down_to_a_village_without_a_query(world, client, django_assert_num_queries):
    read(world)
    fold()
    with django_assert_num_queries(0):
        pointer = client.get(POINTER)
        answers = list(follow(client, pointer.json()))
    assert pointer["Cache-Control"] == "public, max-age=1"
    assert [answer.json()["region"]["level"] for answer in answers] == [
        *("nasional", "provinsi", "kabupaten", "kecamatan", "kelurahan")
    ]
    for answer in answers:
        assert answer["Cache-Control"] == "public, max-age=31536000, immutable"
        assert answer["Access-Control-Allow-Origin"] == "*"
        assert answer.json()["sums"]["paslon_1"] == 101


def test_the_same_bytes_as_the_api(world, client):
    read(world)
    fold()
    for answer in follow(client, client.get(POINTER).json()):
        word = answer.json()["region"]["code"]
        assert client.get(f"/api/v1/results/contoh/ppwp/{word}/").content == answer.content


def test_the_first_pointer_says_which_contest_is_shown_and_when_that_was_seen(world, client):
    assert client.get("/dokumen/terbaru.json").status_code == 404
    publication.confirm(world.contest)
    said = client.get("/dokumen/terbaru.json").json()
    assert said["current"] == {"election": "contoh", "contest": "ppwp"}
    assert said["confirmed_at"].endswith("Z")


@pytest.mark.parametrize(
    "path",
    [
        "contoh/ppwp/nasional/1-0123456789abcdef.json",
        "contoh/dpr/terbaru.json",
        "contoh/ppwp/nasional/1-0123456789abcdeg.json",
        "contoh/ppwp/nasional/../terbaru.json",
        "%2e%2e/secret/terbaru.json",
    ],
)
def test_what_is_not_there(world, client, path):
    assert client.get(f"/dokumen/{path}").status_code == 404


def test_half_a_file_is_not_shown(world, client):
    read(world)
    fold()
    name = client.get(POINTER).json()["document"]
    path = published_files.Place("contoh", "ppwp").path("nasional", name)
    path.write_bytes(path.read_bytes()[:-1])
    published_files.forget()
    assert client.get(f"/dokumen/contoh/ppwp/nasional/{name}.json").status_code == 404
    assert json.loads(client.get("/api/v1/results/contoh/ppwp/nasional/").content)["sums"]["paslon_1"] == 101
