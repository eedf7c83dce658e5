"""Token buckets: how many, how soon again, all or none; by a clock of the test's own."""

import secrets
from concurrent.futures import ThreadPoolExecutor

import pytest

from accounts import buckets
from accounts.buckets import Bucket, Rate


@pytest.fixture
def bucket():
    def make(size: int, seconds: int) -> Bucket:
        return Bucket(f"test:{secrets.token_hex(8)}", Rate(size, seconds))

    return make


def test_so_many_at_once_then_one_by_one(bucket):
    one = bucket(3, 60)
    assert [buckets.take([one], now=1000.0) for _ in range(4)] == [0, 0, 0, 20]
    assert buckets.take([one], now=1019.0) == 1
    assert buckets.take([one], now=1020.0) == 0
    assert buckets.take([one], now=1020.0) == 20
    assert [buckets.take([one], now=1100.0) for _ in range(4)] == [0, 0, 0, 20]


def test_a_token_of_each_or_of_none(bucket):
    short, long = bucket(2, 10), bucket(3, 3600)
    assert [buckets.take([short, long], now=0.0) for _ in range(3)] == [0, 0, 5]
    assert buckets.take([short, long], now=10.0) == 0
    assert buckets.take([short, long], now=20.0) == 1180
    assert buckets.take([short], now=20.0) == 0, "what could not be had of both was taken from neither"


def test_what_was_given_back_is_there_again(bucket):
    one = bucket(1, 60)
    assert buckets.take([one], now=0.0) == 0
    buckets.give_back([one], now=1.0)
    assert buckets.take([one], now=2.0) == 0
    assert buckets.take([one], now=2.0) == 60
    full = bucket(1, 60)
    buckets.give_back([full], now=0.0)
    assert [buckets.take([full], now=0.0) for _ in range(2)] == [0, 60]


def test_a_bucket_that_grew_misses_as_many_as_before(bucket):
    one = bucket(3, 60)
    for _ in range(3):
        buckets.take([one], now=0.0)
    larger = Bucket(one.key, Rate(5, 60))
    assert [buckets.take([larger], now=0.0) for _ in range(3)] == [0, 0, 12]


def test_many_at_the_same_instant_get_just_as_many_as_there_are(bucket):
    one = bucket(40, 600)
    with ThreadPoolExecutor(16) as pool:
        waits = list(pool.map(lambda _: buckets.take([one], now=5.0), range(200)))
    assert waits.count(0) == 40


def test_without_redis_everybody_may_and_it_is_said_once(bucket, settings, caplog, monkeypatch):
    settings.REDIS_URL = "redis://127.0.0.1:1/0"
    monkeypatch.setattr(buckets, "_said_at", -buckets.SAY_AGAIN_AFTER)
    one = bucket(1, 60)
    assert [buckets.take([one]) for _ in range(3)] == [0, 0, 0]
    buckets.give_back([one])
    assert caplog.text.count("limits are off") == 1
