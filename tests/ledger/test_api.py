"""The public log over HTTP."""

import hashlib
import json
from base64 import b64decode

import pytest
from django.urls import reverse

from ledger.entries import Entry, append, append_all
from ledger.sequencer import sequence
from tests.ledger.samples import sample

pytestmark = pytest.mark.django_db


def peers(first: int, last: int) -> list[Entry]:
    return [Entry("contoh", "peer", sample("peer", size=n)) for n in range(first, last)]


def entries(client, log="contoh", **window):
    return client.get(reverse("ledger-api:entries", args=[log]), window)


def test_anybody_reads_the_log_from_any_index(client):
    append_all(peers(0, 5))
    sequence()
    answer = entries(client, **{"from": 2, "limit": 2}).json()
    assert (answer["log"], answer["size"], answer["next"]) == ("contoh", 5, 4)
    assert [(shown["index"], shown["entry"]["size"]) for shown in answer["entries"]] == [(2, 2), (3, 3)]


def test_the_bytes_are_exactly_those_that_were_hashed(client):
    append("contoh", "photo", **sample("photo"))
    sequence()
    (shown,) = entries(client).json()["entries"]
    body = b64decode(shown["body"])
    assert hashlib.sha256(b"\x00" + body).hexdigest() == shown["leaf_hash"]
    assert json.loads(body) == shown["entry"] == {"v": 1, "t": "photo"} | sample("photo")


def test_the_whole_log_is_walked_by_following_next(client):
    append_all(peers(0, 600))
    sequence()
    sizes, start = [], 0
    while start is not None:
        page = entries(client, **{"from": start}).json()
        assert len(page["entries"]) <= 256
        sizes += [shown["entry"]["size"] for shown in page["entries"]]
        start = page["next"]
    assert sizes == list(range(600))


def test_what_has_no_place_yet_is_not_shown(client):
    append_all(peers(0, 1))
    sequence()
    append_all(peers(1, 2))
    assert entries(client).json()["size"] == 1


def test_past_the_end_there_is_nothing(client):
    append_all(peers(0, 1))
    sequence()
    assert entries(client, **{"from": 1}).json() == {"log": "contoh", "size": 1, "entries": [], "next": None}


@pytest.mark.parametrize(
    ("name", "value"),
    [("from", "-1"), ("from", "x"), ("from", "２"), ("from", "+2"), ("limit", "0"), ("limit", "257"), ("from", 2**53)],
)
def test_a_window_that_is_none_is_refused(client, name, value):
    answer = entries(client, **{name: value})
    assert answer.status_code == 400
    assert answer.json()["error"]["code"]


def test_an_unknown_log_is_not_found(client):
    answer = entries(client, log="lain")
    assert answer.status_code == 404
    assert answer.json()["error"] == {"code": "unknown_log", "message": "Catatan ini tidak ada."}


def test_reading_costs_two_queries_and_only_reads(client, django_assert_num_queries):
    append_all(peers(0, 300))
    sequence()
    with django_assert_num_queries(2):
        assert entries(client).status_code == 200
    assert client.post(reverse("ledger-api:entries", args=["contoh"])).status_code == 405
