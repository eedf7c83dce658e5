"""Documents: made once per change, served from the cache, never an older one over a newer one."""

import gzip
import json
import os
import shutil
import signal
import subprocess
import sys
import threading
import time
from contextlib import suppress
from urllib.parse import quote

import brotli
import pytest
from django.conf import settings
from django.db import OperationalError, connection
from redis.exceptions import ConnectionError as NoRedis

from aggregation import audit, contests, folder, publication, published_files, region_document, tallies
from aggregation.models import Snapshot
from ledger import sequencer
from tests.aggregation.evidence import PAGE_2, decide, fold, read, record
from tps import reference
from tps.models import Option, Region


def published(world, code=""):
    contest = world.contest
    return publication.region(
        contest.election_id, contest.code, code, find=lambda: contests.find(contest.election_id, contest.code)
    )


def votes(world, code=""):
    return published(world, code).content["sums"]["paslon_1"]


def change(world, taken, number):
    decide(taken, 2, PAGE_2 | {"paslon_1": number})
    record(taken)


def files():
    """Every document's bytes by its path."""
    found = published_files.root().rglob("*/*/*.json*")
    return {str(path): path.read_bytes() for path in found if path.name != published_files.POINTER}


def again():
    """Time passes: pointers are looked at again."""
    published_files._pointers.clear()


def fold_without_publishing():
    sequencer.sequence()
    return tallies.fold()


def test_a_document_tells_all_about_a_region(world):
    read(world)
    read(world, world.stations["9101011001002"], paslon_1=49, paslon_2="kosong", paslon_3=0)
    fold()
    document = published(world, "9101011001").content
    assert [place["name"] for place in document["path"]][:3] == ["Indonesia", "Contoh Raya", "Kabupaten Melati"]
    assert document["region"] == {"code": "9101011001", "name": "Desa 1", "level": "kelurahan"}
    assert [option["key"] for option in document["options"]] == ["paslon_1", "paslon_2", "paslon_3"]
    assert document["sums"]["paslon_1"] == 150
    assert document["shares"] == {"paslon_1": 0.581395, "paslon_2": 0.341085, "paslon_3": 0.077519}
    assert document["stations_behind"]["paslon_1"] == 2
    assert document["stations_behind"]["suara_sah"] == 0
    assert document["counts"]["counted"] == document["counts"]["two_readers"] == 2
    assert document["coverage"] == {"received": 0.666667, "counted": 0.666667, "complete": 0.0, "voters": 0.666667}
    assert [child["name"] for child in document["children"]] == ["TPS 001", "TPS 002", "TPS 003"]
    assert [child["sums"]["paslon_1"] for child in document["children"]] == [101, 49, 0]
    assert document["cut"] == Snapshot.objects.get().cut > 0


def test_a_published_document_costs_no_query(world, django_assert_num_queries):
    read(world)
    fold()
    with django_assert_num_queries(0):
        assert votes(world, "9101") == votes(world) == votes(world, "9101011001") == 101


def test_before_anything_is_published_the_database_answers(world, django_assert_num_queries):
    read(world)
    fold_without_publishing()
    with django_assert_num_queries(3):
        assert votes(world, "9101") == 101


def test_the_same_change_gives_the_same_files(world):
    read(world)
    fold()
    first = files()
    publication.forget()
    folder.step()
    assert files() == first
    for path in published_files.root().rglob("*.json*"):
        path.unlink()
    published_files.forget()
    publication.forget()
    folder.step()
    assert files() == first


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


def test_without_redis_documents_are_published_and_read(world, monkeypatch):
    read(world)

    def away(*_args, **_kwargs):
        raise NoRedis("away")

    for name in ("get", "get_many", "set", "add", "set_many"):
        monkeypatch.setattr(publication.cache, name, away)
    fold()
    assert votes(world, "9101") == 101
    change(world, read(world, world.stations["9101011001002"]), 9)
    fold()
    again()
    assert votes(world, "9101") == 110


def test_forgetting_makes_everything_anew(world):
    read(world)
    fold()
    type(world.contest).objects.update(name="Presiden")
    assert published(world).content["contest"]["name"] == "Presiden dan Wakil Presiden"
    publication.forget()
    folder.step()
    assert published(world).content["contest"]["name"] == "Presiden"


def test_a_region_where_nothing_is_voted_on_is_not_published(world):
    for _ in range(2):
        assert published(world, "9101").content["stations"] == 0
    tallies.prepare(world.contest)
    folder.step()
    assert published(world, "9101").content["stations"] == 5


# --- Files ----------------------------------------------------------------------------------


def place(world):
    return published_files.Place(world.contest.election_id, world.contest.code)


def walk(world, code="", name=None):
    """All documents to which the pointer, or the document above, leads."""
    name = name or json.loads(place(world).pointer.read_bytes())["document"]
    path = place(world).path(code or "nasional", name)
    document = published_files.Document(path.read_bytes())
    yield code, document
    for below, its_name in document.children.items():
        yield from walk(world, below, its_name)


def test_a_pointer_leads_to_one_consistent_cut(world):
    for code in world.stations:
        read(world, world.stations[code])
    fold()
    documents = dict(walk(world))
    assert sorted(documents) == ["", "91", "9101", "910101", "9101011001", "9101011002"]
    for document in documents.values():
        content = document.content
        children = content["children"]
        assert {key: sum(child["sums"][key] for child in children) for key in content["sums"]} == content["sums"]
        assert {key: sum(child["counts"][key] for child in children) for key in content["counts"]} == content["counts"]
        for below in document.children:
            own = next(child for child in children if child["code"] == below)
            assert documents[below].content["sums"] == own["sums"]


def test_every_document_lies_there_plain_and_packed(world):
    read(world)
    fold()
    for code, document in walk(world):
        path = place(world).path(code or "nasional", published_files.name_of(document, document.content["version"]))
        assert gzip.decompress(path.with_suffix(".json.gz").read_bytes()) == document.body
        assert brotli.decompress(path.with_suffix(".json.br").read_bytes()) == document.body


def test_only_what_changed_is_written(world):
    read(world)
    fold()
    before = set(files())
    read(world, world.stations["9101011002001"])
    fold()
    new = {path.split("/")[-2] for path in set(files()) - before}
    assert new == {"nasional", "91", "9101", "910101", "9101011002"}


@pytest.mark.parametrize("after", range(14))
def test_a_crash_between_any_two_steps_leaves_the_old_version_whole(world, monkeypatch, after):
    """Publishing five documents, each in three files, their pointer, and what is superseded; it stops after each."""
    taken = read(world)
    fold()
    old = {code: document.body for code, document in walk(world)}
    change(world, taken, 7)
    fold_without_publishing()
    done = []

    def dies_after(step):
        real = getattr(published_files, step)

        def dying(*given, **named):
            if len(done) == after:
                raise KeyboardInterrupt
            done.append(step)
            return real(*given, **named)

        return dying

    steps = ["_replace", "supersede"]
    with monkeypatch.context() as patch:
        for step in steps:
            patch.setattr(published_files, step, dies_after(step))
        with suppress(KeyboardInterrupt):
            publication.publish()
    again()
    published_files._documents.clear()
    there = {code: document.body for code, document in walk(world)}
    assert there == old or (done.count("_replace") == 16 and votes(world) == 7)
    assert folder.step() > 0
    again()
    assert votes(world) == 7
    assert not list(audit.published())


def test_superseded_documents_stay_for_those_on_their_way_and_go_in_the_end(world):
    taken = read(world)
    fold()
    first = set(files())
    change(world, taken, 7)
    fold()
    assert first <= set(files())
    long_ago = time.time() - published_files.KEPT_SECONDS - 1
    first -= {path for path in first if "/9101011002/" in path}  # nothing has changed there
    for path in first:
        os.utime(path, (long_ago, long_ago))
    change(world, taken, 8)
    fold()
    assert not first & set(files())
    assert not list(audit.published())


@pytest.mark.parametrize("which", ["nasional", "9101", "9101011001"])
def test_a_damaged_document_is_never_shown_and_made_good(world, which):
    taken = read(world)
    fold()
    for path in published_files.root().glob(f"contoh/ppwp/{which}/*.json"):
        path.write_bytes(path.read_bytes()[:100])
    published_files.forget()
    assert votes(world, region_document.code_of(which)) == 101  # from the database
    assert list(audit.published())
    change(world, taken, 7)
    fold()
    again()
    assert votes(world, region_document.code_of(which)) == 7
    assert not list(audit.published())


def test_after_a_power_cut_all_files_are_written_anew(world, monkeypatch):
    read(world)
    fold()
    publication.confirm(world.contest)
    publication.distrust_after_a_power_cut()
    assert Snapshot.objects.get().published > 0
    for path in published_files.root().rglob("*.gz"):
        path.write_bytes(b"")
    monkeypatch.setattr(publication, "_boot", lambda: "another")
    publication.distrust_after_a_power_cut()
    folder.step()
    assert all(path.read_bytes() for path in published_files.root().rglob("*.gz"))


def test_files_that_are_lost_are_written_anew(world):
    read(world)
    fold()
    shutil.rmtree(published_files.root())
    published_files.forget()
    publication.distrust_after_a_power_cut()
    folder.step()
    assert not list(audit.published())
    assert votes(world, "9101") == 101


def test_a_pointer_that_lags_is_a_difference(world):
    taken = read(world)
    fold()
    pointer = place(world).pointer
    old = pointer.read_bytes()
    change(world, taken, 7)
    fold()
    pointer.write_bytes(old)
    again()
    assert [str(one) for one in audit.published()] == ["document ppwp: the pointer is of version 2, not 3"]


def test_what_is_not_published_is_not_confirmed(world, monkeypatch):
    taken = read(world)
    fold()
    before = publication._confirmed()
    change(world, taken, 7)
    fold_without_publishing()
    monkeypatch.setattr(time, "time", lambda: before["confirmed"] + 100)
    folder.confirm()
    again()
    assert publication._confirmed() == before


def test_written_anew_the_earlier_documents_stay_for_a_while(world):
    read(world)
    fold()
    first = set(files())
    long_ago = time.time() - published_files.KEPT_SECONDS - 1
    for path in first:
        os.utime(path, (long_ago, long_ago))
    type(world.contest).objects.update(name="Presiden")
    publication.forget()
    folder.step()
    assert first < set(files())


@pytest.mark.parametrize("address", ["/hasil/{}/ppwp/", "/dokumen/{}/ppwp/terbaru.json", "/api/v1/results/{}/ppwp/91/"])
def test_a_name_that_no_file_can_have_is_not_there(world, client, address):
    assert client.get(address.format("a" * 300)).status_code == 404


def test_a_full_disk_stops_no_tally(world, monkeypatch):
    taken = read(world)
    fold()
    change(world, taken, 7)

    def full(*_given):
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as patch:
        patch.setattr(published_files, "_replace", full)
        folder.step()
        assert Snapshot.objects.get().published < Snapshot.objects.get().version
        assert votes(world) == 101
    folder.step()
    again()
    assert votes(world) == 7


def test_the_first_page_needs_no_database_to_know_its_contest(world, django_assert_num_queries):
    publication.confirm(world.contest)
    with django_assert_num_queries(0):
        place, contest = publication.current(contests.current)
    assert (place, contest) == (("contoh", "ppwp"), None)


def test_pages_know_when_the_folder_stands_still(world, monkeypatch):
    assert publication.age() is None
    assert publication.stale_since() is None
    publication.confirm(world.contest)
    assert publication.age() < 5
    assert publication.stale_since() is None
    now = time.time()
    monkeypatch.setattr(time, "time", lambda: now + 61)
    assert publication.stale_since().endswith("Z")


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
    folder.step()
    assert not publication.follow_reference(), "nothing has changed since"
    assert published(world).content["children"][0]["name"] == "Contoh Raya"
    Region.objects.filter(code="91").update(name="Contoh Baru")
    Option.objects.filter(number=1).update(name="Nama Baru")
    reference.record(world.election)
    assert list(audit.published())
    folder.follow()
    folder.step()
    again()
    document = published(world).content
    assert document["children"][0]["name"] == "Contoh Baru"
    assert document["options"][0]["name"] == "Nama Baru"
    assert not list(audit.published())
