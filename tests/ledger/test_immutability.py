"""Append-only tables: nobody changes a row, neither the owner nor the application's role."""

import pytest
from django.db import DatabaseError, connection, transaction

from ledger.immutability import REFUSED, append_only, append_only_tables, unguarded_tables
from ledger.models import Event
from ledger.sequencer import sequence

pytestmark = pytest.mark.django_db


@pytest.fixture
def scratch():
    """A table of our own, protected but for `step`."""
    with connection.cursor() as cursor:
        cursor.execute("CREATE TABLE scratch (id integer PRIMARY KEY, said text, step text)")
        cursor.execute(append_only("scratch", columns_that_may_change=("step",)).sql)
        cursor.execute("INSERT INTO scratch VALUES (1, 'hello', 'a')")
    return "scratch"


def refused(statement: str) -> bool:
    """Whether the database refuses `statement`, with our own code and no other."""
    try:
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute(statement)
    except DatabaseError as error:
        if error.__cause__.pgcode != REFUSED:
            raise
        return True
    return False


@pytest.mark.parametrize("table", ["ledger_event", "ledger_leaf"])
@pytest.mark.parametrize(
    "change", ["UPDATE {} SET log = 'other'", "DELETE FROM {}", "TRUNCATE {} CASCADE", "UPDATE {} SET log = log"]
)
def test_the_log_refuses_every_change_even_from_its_owner(table, change):
    Event.objects.create(log="contoh", kind="peer", body=b"{}")
    sequence()
    connection.check_constraints()  # a table with a check still to be made is not truncated anyway
    assert refused(change.format(table))


def test_the_waiting_line_refuses_to_be_emptied():
    Event.objects.create(log="contoh", kind="peer", body=b"{}")
    assert refused("TRUNCATE ledger_unsequenced")
    assert refused("DELETE FROM ledger_unsequenced")
    assert refused("UPDATE ledger_unsequenced SET event_id = event_id + 1")


def test_only_the_named_columns_may_change(scratch):
    assert not refused("UPDATE scratch SET step = 'b'")
    assert refused("UPDATE scratch SET said = 'bye'")
    assert refused("UPDATE scratch SET step = 'c', said = 'bye'")
    assert refused("UPDATE scratch SET id = 2")
    assert refused("DELETE FROM scratch")
    assert refused("TRUNCATE scratch")


def test_a_later_migration_may_let_another_column_change_and_be_taken_back(scratch):
    later = append_only("scratch", ("step", "said"), instead_of=("step",))
    with connection.cursor() as cursor:
        cursor.execute(later.sql)
        assert append_only_tables()["scratch"] == ("step", "said")
        assert not refused("UPDATE scratch SET said = 'bye'")
        assert refused("UPDATE scratch SET id = 2")
        cursor.execute(later.reverse_sql)
    assert append_only_tables()["scratch"] == ("step",)
    assert refused("UPDATE scratch SET said = 'hello'")


def test_a_column_added_later_is_protected_too(scratch):
    with connection.cursor() as cursor:
        cursor.execute("ALTER TABLE scratch ADD COLUMN later integer")
    assert refused("UPDATE scratch SET later = 1")


def test_an_upsert_is_refused_as_the_update_it_is(scratch):
    assert refused("INSERT INTO scratch VALUES (1, 'new', 'a') ON CONFLICT (id) DO UPDATE SET said = 'new'")


def test_the_catalogue_is_the_register(scratch):
    tables = append_only_tables()
    assert tables["scratch"] == ("step",)
    assert tables["ledger_event"] == tables["ledger_leaf"] == ()


@pytest.mark.parametrize(
    "tampering",
    [
        "ALTER TABLE ledger_event DISABLE TRIGGER append_only_rows",
        "ALTER TABLE ledger_event ENABLE REPLICA TRIGGER append_only_table",
        "DROP TRIGGER append_only_rows ON ledger_event",
        "DROP TRIGGER append_only_table ON ledger_event",
        "CREATE OR REPLACE TRIGGER append_only_rows BEFORE UPDATE ON ledger_event"
        " FOR EACH ROW EXECUTE FUNCTION refuse_change('body')",
    ],
)
def test_a_guard_that_was_tampered_with_is_noticed(tampering):
    assert unguarded_tables() == []
    with connection.cursor() as cursor:
        cursor.execute(tampering)
    assert unguarded_tables() == ["ledger_event"]


def test_the_operation_can_be_reversed(scratch):
    with connection.cursor() as cursor:
        cursor.execute(append_only("scratch").reverse_sql)
        cursor.execute("DELETE FROM scratch")
    assert "scratch" not in append_only_tables()


@pytest.mark.parametrize("name", ["a b", "x;drop table y", 'X"', ""])
def test_only_plain_names_become_sql(name):
    with pytest.raises(ValueError):
        append_only(name)
