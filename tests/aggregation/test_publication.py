"""Documents: made once per change, served from the cache, never an older one over a newer one."""

import os
import signal
import subprocess
import sys
import threading
import time
from urllib.parse import quote

import pytest
import redis
from django.conf import settings
from django.core.cache import cache
from django.db import OperationalError, connection
from redis.exceptions import ConnectionError as NoRedis

from aggregation import audit, contests, folder, publication, region_document, tallies
from aggregation.models import Snapshot
from ledger import sequencer
from tests.aggregation.evidence import PAGE_2, decide, fold, read, record
from tps import reference
from tps.form_definitions import for_contest
from tps.models import Option, Region


@pytest.fixture(autouse=True)
def _forgetful():
    publication._memory.clear()


def published(world, code=""):
    contest = world.contest
    return publication.region(
        contest.election_id, contest.code, code, find=lambda: contests.find(contest.election_id, contest.code)
    )


def votes(world, code=""):
    return published(world, code).data()["sums"]["paslon_1"]


def change(world, taken, number):
    decide(taken, 2, PAGE_2 | {"paslon_1": number})
    record(taken)


def fold_without_publishing():
    sequencer.sequence()
    return tallies.fold()


def test_a_document_tells_all_about_a_region(world):
    read(world)
    read(world, world.stations["9101011001002"], paslon_1=49, paslon_2="kosong", paslon_3=0)
    fold()
    document = published(world, "9101011001").data()
    assert [place["name"] for place in document["path"]][:3] == ["Indonesia", "Contoh Raya", "Kabupaten Melati"]
    assert document["region"] == {"code": "9101011001", "name": "Desa 1", "level": "kelurahan"}
    assert [option["key"] for option in document["options"]] == ["paslon_1", "paslon_2", "paslon_3"]
    assert document["sums"]["paslon_1"] == 150
    assert document["shares"] == {"paslon_1": 0.581395, "paslon_2": 0.341085, "paslon_3": 0.077519}
    assert document["stations_behind"]["paslon_1"] == 2
    assert document["stations_behind"]["suara_sah"] == 0
    assert document["counts"]["counted"] == document["counts"]["two_readers"] == 2
    assert document["coverage"] == {"received": 0.666667, "counted": 0.666667, "complete": 0.0}
    assert [child["name"] for child in document["children"]] == ["TPS 001", "TPS 002", "TPS 003"]
    assert [child["sums"]["paslon_1"] for child in document["children"]] == [101, 49, 0]
    assert document["cut"] == Snapshot.objects.get().cut > 0


def test_a_cached_document_costs_no_query(world, django_assert_num_queries):
    read(world)
    fold()
    published(world, "9101")
    with django_assert_num_queries(0):
        assert votes(world, "9101") == 101
        assert votes(world) == 101  # made by the folder itself


def test_a_document_that_is_not_cached_costs_three(world, django_assert_num_queries):
    read(world)
    fold()
    with django_assert_num_queries(3):
        published(world, "9101")


def test_the_same_change_gives_the_same_bytes(world):
    read(world)
    fold()
    first = published(world, "9101")
    cache.clear()
    publication._memory.clear()
    assert published(world, "9101") == first


def test_a_change_is_seen_once_it_is_published(world):
    taken = read(world)
    fold()
    for code in ("", "91", "9101", "9101011001"):
        assert votes(world, code) == 101
    change(world, taken, 7)
    assert votes(world) == 101
    fold()
    for code in ("", "91", "9101", "9101011001"):
        assert votes(world, code) == 7
    assert votes(world, "9101011002") == 0


def test_what_waits_to_be_folded_is_in_no_document(world):
    taken = read(world)
    fold()
    change(world, taken, 7)
    document = region_document.build(world.contest, "9101011001")
    assert document["sums"]["paslon_1"] == document["children"][0]["sums"]["paslon_1"] == 101


def test_a_crash_between_fold_and_publication_is_made_good(world):
    taken = read(world)
    fold()
    assert votes(world) == 101
    change(world, taken, 7)
    assert fold_without_publishing() == 1
    assert votes(world) == 101
    assert folder.step() > 0
    assert votes(world) == 7


def test_losing_all_of_redis_loses_nothing(world):
    read(world)
    fold()
    votes(world, "9101")
    cache.clear()
    assert votes(world, "9101") == votes(world) == 101


def test_a_slow_reader_cannot_put_an_older_document_over_a_newer_one(world, monkeypatch):
    taken = read(world)
    fold()
    cache.clear()
    publication._memory.clear()
    real = region_document.build

    def slow(contest, code):
        old = real(contest, code)
        monkeypatch.setattr(region_document, "build", real)
        change(world, taken, 7)
        fold()
        return old

    monkeypatch.setattr(region_document, "build", slow)
    assert votes(world, "9101") == 101  # what it had read already
    assert votes(world, "9101") == 7


def test_a_slow_reader_cannot_bring_an_older_document_back_after_a_loss(world, monkeypatch):
    taken = read(world)
    fold()
    cache.clear()
    publication._memory.clear()
    real = region_document.build

    def slow(contest, code):
        old = real(contest, code)
        monkeypatch.setattr(region_document, "build", real)
        change(world, taken, 7)
        fold()
        cache.clear()
        return old

    monkeypatch.setattr(region_document, "build", slow)
    votes(world, "9101")
    assert votes(world, "9101") == 7


def test_without_redis_the_database_answers(world, monkeypatch):
    read(world)
    fold()

    def away(*_args, **_kwargs):
        raise NoRedis("away")

    for name in ("get", "get_many", "set", "add", "set_many"):
        monkeypatch.setattr(publication.cache, name, away)
    assert votes(world, "9101") == 101
    change(world, read(world, world.stations["9101011001002"]), 9)
    assert folder.step() > 0  # folds on, publishes later
    assert Snapshot.objects.get().published < Snapshot.objects.get().version


def test_a_redis_that_hangs_is_asked_once_by_all_pages(world, monkeypatch):
    read(world)
    fold()
    asked = []

    def hangs(*_args, **_kwargs):
        asked.append(1)
        raise redis.TimeoutError

    with monkeypatch.context() as patch:
        patch.setattr("redis.connection.Connection.read_response", hangs)
        assert [votes(world, "9101") for _ in range(3)] == [101] * 3
    assert len(asked) <= 2, "a broken connection is tried once more"


def test_forgetting_makes_everything_anew(world):
    read(world)
    fold()
    votes(world)
    type(world.contest).objects.update(name="Presiden")
    assert published(world).data()["contest"]["name"] == "Presiden dan Wakil Presiden"
    publication.forget()
    assert published(world).data()["contest"]["name"] == "Presiden"


def test_a_region_where_nothing_is_voted_on_is_not_kept(world, django_assert_num_queries):
    for _ in range(2):
        for_contest(world.contest)
        with django_assert_num_queries(3):
            assert published(world, "9101").data()["stations"] == 0
    tallies.prepare(world.contest)
    assert published(world, "9101").data()["stations"] == 5


# --- The folder -----------------------------------------------------------------------------


def test_the_folder_outlives_a_database_that_goes_away(world, monkeypatch):
    tries = []

    def step():
        tries.append(1)
        if len(tries) == 1:
            raise OperationalError("server closed the connection")
        stop.set()
        return 0

    stop = threading.Event()
    monkeypatch.setattr(folder, "step", step)
    monkeypatch.setattr(folder.connection, "close", lambda: None)
    folder.run(stop, idle=0.01)
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_unlock_all()")
    assert len(tries) == 2


@pytest.mark.django_db(transaction=True)
def test_a_second_folder_waits_for_the_first():
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_lock(%s)", [folder.LOCK])
    ran = []
    stop = threading.Event()

    def second():
        folder._work, work = (lambda *_: ran.append(1) or stop.set()), folder._work
        try:
            folder.run(stop, idle=0.01)
        finally:
            folder._work = work
            connection.close()

    thread = threading.Thread(target=second)
    thread.start()
    thread.join(0.3)
    assert ran == []
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_unlock(%s)", [folder.LOCK])
    thread.join(10)
    assert ran == [1]


# --- The command, as a process of its own ---------------------------------------------------


@pytest.fixture
def running_folder(transactional_db):
    """`manage.py folder` on the test's database."""
    given = connection.settings_dict
    address = f"{given['USER']}:{quote(given['PASSWORD'], safe='')}@{given['HOST']}:{given['PORT']}/{given['NAME']}"
    environment = {**os.environ, "DATABASE_URL": f"postgres://{address}"}
    process = subprocess.Popen([sys.executable, "manage.py", "folder"], cwd=settings.BASE_DIR, env=environment)
    yield process
    process.kill()
    process.wait()


def soon(true, seconds=60):
    end = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < end, "it did not happen"
        time.sleep(0.05)


@pytest.mark.slow
def test_the_command_folds_by_itself_outlives_its_connection_and_stops_when_told(running_folder, world):
    taken = read(world)
    soon(lambda: Snapshot.objects.filter(published__gt=0).exists() and votes(world) == 101)
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT count(pg_terminate_backend(pid)) FROM pg_locks WHERE locktype = 'advisory' AND objid = %s",
            [folder.LOCK],
        )
        assert cursor.fetchone()[0] == 1
    change(world, taken, 7)
    soon(lambda: votes(world) == 7)
    running_folder.send_signal(signal.SIGTERM)
    assert running_folder.wait(20) == 0


def test_what_was_renamed_is_published_by_its_new_name(world):
    read(world)
    fold()
    reference.record(world.election)
    assert publication.follow_reference()
    assert not publication.follow_reference(), "nothing has changed since"
    assert published(world).data()["children"][0]["name"] == "Contoh Raya"
    Region.objects.filter(code="91").update(name="Contoh Baru")
    Option.objects.filter(number=1).update(name="Nama Baru")
    reference.record(world.election)
    assert list(audit.published())
    folder.follow()
    document = published(world).data()
    assert document["children"][0]["name"] == "Contoh Baru"
    assert document["options"][0]["name"] == "Nama Baru"
    assert not list(audit.published())


def test_the_folder_follows_a_change_of_names_without_valkey(world, monkeypatch):
    def away(*args, **kwargs):
        raise NoRedis

    monkeypatch.setattr(cache, "get", away)
    folder.follow()
