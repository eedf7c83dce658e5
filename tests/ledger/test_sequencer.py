"""The sequencer: contiguous indexes, RFC 6962 leaf hashes, one at a time."""

import hashlib
import threading

import pytest
from django.db import DatabaseError, connection, transaction

from ledger.models import Event, Leaf, Unsequenced
from ledger.sequencer import sequence

pytestmark = pytest.mark.django_db(transaction=True)


def append(*bodies: bytes, log: str = "contoh") -> list[Event]:
    return Event.objects.bulk_create([Event(log=log, kind="peer", body=body) for body in bodies])


def places(log: str = "contoh") -> list[tuple[int, int]]:
    return list(Leaf.objects.filter(log=log).order_by("index").values_list("index", "event_id"))


def test_events_get_contiguous_indexes_from_0_in_the_order_they_were_appended():
    first = append(b"a", b"b", b"c")
    assert sequence() == 3
    then = append(b"d")
    assert sequence() == 1
    assert sequence() == 0
    assert places() == list(enumerate(event.pk for event in first + then))
    assert not Unsequenced.objects.exists()


def test_each_log_counts_for_itself():
    append(b"a", log="satu")
    append(b"b", b"c", log="dua")
    append(b"d", log="satu")
    sequence()
    assert [index for index, _ in places("satu")] == [0, 1]
    assert [index for index, _ in places("dua")] == [0, 1]


def test_the_leaf_hash_is_that_of_rfc_6962():
    append(b"{}", b"\x00\xff")
    sequence()
    for leaf in Leaf.objects.select_related("event"):
        assert bytes(leaf.leaf_hash) == hashlib.sha256(b"\x00" + bytes(leaf.event.body)).digest()


def test_a_limit_is_kept_and_the_rest_follows():
    append(*(b"%d" % n for n in range(5)))
    assert [sequence(limit=2) for _ in range(4)] == [2, 2, 1, 0]
    assert [index for index, _ in places()] == [0, 1, 2, 3, 4]


def test_what_was_rolled_back_has_no_place():
    with transaction.atomic():
        append(b"never")
        transaction.set_rollback(True)
    append(b"a")
    sequence()
    assert [index for index, _ in places()] == [0]
    assert Event.objects.count() == 1


def test_an_index_is_not_lost_when_the_sequencer_is_stopped_before_its_commit():
    append(b"a", b"b")
    with transaction.atomic():
        assert sequence() == 2
        transaction.set_rollback(True)
    assert Unsequenced.objects.count() == 2
    sequence()
    assert [index for index, _ in places()] == [0, 1]


def test_many_sequencers_and_writers_at_once_leave_no_gap_and_no_double():
    """What F12 of the fault table does with two folders, here with threads."""
    writing = threading.Event()
    failures: list[Exception] = []

    def in_thread(work):
        try:
            work()
        except Exception as failure:
            failures.append(failure)
        finally:
            connection.close()

    def write():
        for n in range(60):
            append(b"%d" % n, b"x")

    def place():
        while not writing.is_set():
            sequence(limit=7)

    writers = [threading.Thread(target=in_thread, args=(write,)) for _ in range(4)]
    placers = [threading.Thread(target=in_thread, args=(place,)) for _ in range(4)]
    for thread in writers + placers:
        thread.start()
    for thread in writers:
        thread.join()
    writing.set()
    for thread in placers:
        thread.join()
    while sequence():
        pass
    assert failures == []
    assert [index for index, _ in places()] == list(range(480))
    assert Leaf.objects.values("event").distinct().count() == Event.objects.count() == 480


def test_an_event_without_a_place_cannot_leave_the_line():
    append(b"a")
    with pytest.raises(DatabaseError, match="only a placed event leaves the line"):
        Unsequenced.objects.all().delete()
    assert Unsequenced.objects.count() == 1
