"""The audit of the log finds what was tampered with, as an insider with the owner's rights would."""

import json
from uuid import UUID

import pytest
import rfc8785
from django.db import connection

from ledger import sealing
from ledger.checks import faults
from ledger.entries import append
from ledger.models import Event
from ledger.sequencer import sequence
from tests.ledger.samples import A, B, C, D, sample

pytestmark = pytest.mark.django_db

SALT = b"s" * 32
SAID = sealing.what_was_read(page=2, numbers={"paslon_1": 7}, problem="")


@pytest.fixture
def log():
    """A photo's way from intake to result, placed but for the last entry."""
    append("contoh", "photo", **sample("photo"))
    append("contoh", "copies", **sample("copies"))
    append("contoh", "reading", **sample("reading", sealed=sealing.seal(SALT, SAID)))
    append("contoh", "ruling", **sample("ruling"))
    append("contoh", "decision", **sample("decision", because=[B, C], opens=[sealing.opening(UUID(B), SALT, SAID)]))
    sequence()
    append("contoh", "select", **sample("select"))


def tamper(*statements: str) -> None:
    """What the owner of the tables could do: the guards off, the change, the guards on again."""
    connection.check_constraints()
    with connection.cursor() as cursor:
        for table in ("ledger_event", "ledger_leaf", "ledger_unsequenced"):
            cursor.execute(f"ALTER TABLE {table} DISABLE TRIGGER USER")
        for statement in statements:
            cursor.execute(statement)
        connection.check_constraints()
        for table in ("ledger_event", "ledger_leaf", "ledger_unsequenced"):
            cursor.execute(f"ALTER TABLE {table} ENABLE TRIGGER USER")


def replace_body(kind: str, **fields: object) -> None:
    event = Event.objects.get(kind=kind)
    body = rfc8785.dumps(json.loads(bytes(event.body)) | fields)
    tamper(f"UPDATE ledger_event SET body = '\\x{body.hex()}' WHERE id = {event.pk}")


def test_an_intact_log_has_no_fault(log):
    assert list(faults()) == []


def test_an_empty_log_has_no_fault():
    assert list(faults()) == []


def test_a_changed_entry_is_found_by_its_index(log):
    replace_body("ruling", verdict="reject")
    assert list(faults()) == ["log contoh, index 3 (ruling): leaf hash is not that of its bytes"]


def test_a_changed_entry_with_its_hash_made_to_fit_still_breaks_the_seal(log):
    replace_body("reading", sealed="sha256:" + "1" * 64)
    tamper("UPDATE ledger_leaf SET leaf_hash = sha256('\\x00'::bytea || body) FROM ledger_event WHERE id = event_id")
    assert list(faults()) == [f"log contoh, index 4 (decision): opens reading {B} as something else than was sealed"]


def test_a_removed_entry_leaves_a_gap(log):
    tamper(
        "DELETE FROM ledger_leaf WHERE index = 1",
        "DELETE FROM ledger_event WHERE kind = 'copies'",
    )
    assert list(faults()) == ["log contoh: 4 places, the last is 4: indexes are not contiguous from 0"]


def test_an_entry_taken_out_of_the_line_is_found(log):
    tamper("DELETE FROM ledger_unsequenced")
    (fault,) = faults()
    assert fault.endswith("(select): neither placed nor waiting")


def test_an_entry_both_placed_and_waiting_is_found(log):
    tamper("INSERT INTO ledger_unsequenced SELECT event_id FROM ledger_leaf WHERE index = 0")
    assert list(faults()) == ["log contoh, index 0 (photo): placed, and still waiting"]


def test_an_entry_moved_to_another_log_is_found(log):
    tamper("UPDATE ledger_leaf SET log = 'other', index = 0 WHERE index = 4")
    assert "log contoh, index 0 (decision): belongs into log contoh" in list(faults())


def test_bytes_that_are_not_canonical_are_found(log):
    tamper("UPDATE ledger_event SET body = ' '::bytea || body WHERE kind = 'copies'")
    assert "log contoh, index 1 (copies): is not canonical JSON" in list(faults())


@pytest.mark.parametrize("body", [b"", b"[]", b"{", b"\xff"])
def test_bytes_that_are_no_entry_are_found(log, body):
    tamper(f"UPDATE ledger_event SET body = '\\x{body.hex()}' WHERE kind = 'copies'")
    assert any("index 1 (copies): is not " in fault for fault in faults())


def test_an_entry_of_unknown_form_is_found(log):
    replace_body("copies", email="x")
    assert "log contoh, index 1 (copies): copies does not know email" in list(faults())


def test_an_entry_filed_under_another_change_is_found(log):
    tamper(f"UPDATE ledger_event SET subject = '{D}' WHERE kind = 'photo'")
    assert f"log contoh, index 0 (photo): is filed under {D}" in list(faults())


def test_an_entry_without_what_it_rests_on_is_found():
    append("contoh", "reading", **sample("reading"))
    append("contoh", "photo", **sample("photo"))
    sequence()
    assert list(faults()) == [f"log contoh, index 0 (reading): rests on photo {A}, which does not stand before it"]


def test_a_guard_that_is_off_is_found(log):
    with connection.cursor() as cursor:
        connection.check_constraints()
        cursor.execute("ALTER TABLE ledger_leaf DISABLE TRIGGER append_only_rows")
    assert list(faults()) == ["table ledger_leaf: its guard against changes is not as the migrations made it"]
