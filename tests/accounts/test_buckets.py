"""Tokens and time; the clock is an argument, and so nobody waits."""

import logging
from concurrent.futures import ThreadPoolExecutor
from uuid import uuid4

import pytest
import redis

from accounts import buckets, doorkeeper
from accounts.buckets import Bucket, Rate

NOON = 1_865_000_000.0


def bucket(tokens: int, seconds: int) -> Bucket:
    return Bucket(f"test:{uuid4()}", Rate(tokens, seconds))


@pytest.mark.parametrize(
    ("text", "rate"),
    [("10/10m", Rate(10, 600)), ("30/d", Rate(30, 86400)), ("1/s", Rate(1, 1)), ("120/2h", Rate(120, 7200))],
)
def test_a_rate_as_it_is_written(text, rate):
    assert buckets.rate(text) == rate


@pytest.mark.parametrize("text", ["", "10", "10/", "0/m", "10/0m", "-1/m", "10/10", "10 / m", "1e3/m", "٣/m"])
def test_what_is_no_rate(text):
    with pytest.raises(ValueError, match="not a rate"):
        buckets.rate(text)


def test_a_full_bucket_is_emptied_at_once_and_fills_one_by_one():
    ten = bucket(10, 600)
    assert [buckets.take([ten], NOON) for _ in range(10)] == [[0]] * 10
    assert buckets.take([ten], NOON) == [60]
    assert buckets.take([ten], NOON + 45) == [15]
    assert buckets.take([ten], NOON + 60) == [0]
    assert buckets.take([ten], NOON + 60) == [60]
    assert [buckets.take([ten], NOON + 660) for _ in range(11)] == [[0]] * 10 + [[60]]


def test_it_never_holds_more_than_it_holds():
    ten = bucket(10, 600)
    buckets.take([ten], NOON)
    assert [buckets.take([ten], NOON + 864_000) for _ in range(11)] == [[0]] * 10 + [[60]]


def test_one_out_of_each_or_none_at_all():
    wide, narrow = bucket(5, 600), bucket(1, 600)
    assert buckets.take([wide, narrow], NOON) == [0, 0]
    for _ in range(9):
        assert buckets.take([wide, narrow], NOON) == [0, 600]
    assert [buckets.take([wide], NOON) for _ in range(5)] == [[0]] * 4 + [[120]]


def test_what_is_given_back_is_there_again_and_never_more():
    one = bucket(1, 600)
    buckets.take([one], NOON)
    buckets.give_back([one], NOON)
    buckets.give_back([one], NOON)
    assert [buckets.take([one], NOON) for _ in range(2)] == [[0], [600]]


def test_a_bucket_that_grows_has_its_new_tokens_at_once():
    small = bucket(30, 86400)
    for _ in range(30):
        assert buckets.take([small], NOON) == [0]
    assert buckets.take([small], NOON) == [2880]
    grown = Bucket(small.key, Rate(50, 86400))
    assert [buckets.take([grown], NOON) for _ in range(21)] == [[0]] * 20 + [[1728]]


def test_a_clock_that_goes_back_gives_nothing():
    one = bucket(1, 600)
    buckets.take([one], NOON)
    assert buckets.take([one], NOON - 3600) == [600]


def test_a_bucket_that_is_full_again_is_forgotten():
    ten = bucket(10, 600)
    buckets.take([ten])  # by Redis's own clock
    left = doorkeeper.ask(lambda redis: redis.ttl(f"bucket:{ten.key}"), None)
    assert 59 <= left <= 61
    buckets.give_back([ten])
    assert doorkeeper.ask(lambda redis: redis.exists(f"bucket:{ten.key}"), None) == 0


def test_of_200_at_once_exactly_as_many_come_in_as_there_are_tokens():
    tight, loose = bucket(37, 86400), bucket(120, 86400)
    with ThreadPoolExecutor(200) as crowd:
        waits = list(crowd.map(lambda _: buckets.take([tight, loose]), range(200)))
    assert waits.count([0, 0]) == 37
    assert all(wait[0] > 0 and wait[1] == 0 for wait in waits if wait != [0, 0])
    assert [buckets.take([loose], None) for _ in range(84)].count([0]) == 83


def test_without_redis_everybody_comes_in_and_the_log_says_so_once(settings, caplog):
    settings.REDIS_URL = "redis://127.0.0.1:1/0"
    one = bucket(1, 600)
    with caplog.at_level(logging.ERROR):
        assert [buckets.take([one]) for _ in range(20)] == [[0]] * 20
        buckets.give_back([one])
    assert [record.getMessage() for record in caplog.records] == [
        "Redis is away (ConnectionError): photos are let through uncounted"
    ]
    assert "127.0.0.1" not in caplog.text


def test_a_redis_that_hangs_is_left_alone_for_a_while(monkeypatch):
    asked = []

    def hangs(client: redis.Redis) -> str:
        asked.append(client)
        raise redis.TimeoutError

    assert [doorkeeper.ask(hangs, "let in") for _ in range(5)] == ["let in"] * 5
    assert len(asked) == 1
    later = doorkeeper.time.monotonic() + doorkeeper.LEFT_ALONE + 1
    monkeypatch.setattr(doorkeeper.time, "monotonic", lambda: later)
    assert doorkeeper.ask(lambda client: client.ping(), False) is True


def test_of_many_one_is_sent_to_see_whether_it_answers_again(monkeypatch):
    def hangs(_client: redis.Redis) -> str:
        raise redis.TimeoutError

    doorkeeper.ask(hangs, "")
    later = doorkeeper.time.monotonic() + doorkeeper.LEFT_ALONE + 1
    monkeypatch.setattr(doorkeeper.time, "monotonic", lambda: later)
    assert [doorkeeper.is_away() for _ in range(5)] == [False, True, True, True, True]
    doorkeeper.answers()
    assert not doorkeeper.is_away()
