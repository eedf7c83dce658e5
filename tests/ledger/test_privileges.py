"""What the application's database role may not do, tried as that role on every protected table."""

import pytest
from django.conf import settings
from django.core.management import CommandError, call_command
from django.db import DatabaseError, connection, transaction

from ledger.entries import append
from ledger.immutability import append_only_tables
from ledger.models import Event, Leaf, Unsequenced
from ledger.privileges import wanted_rights
from ledger.sequencer import sequence

pytestmark = pytest.mark.django_db

NO_RIGHT = "42501"  # insufficient_privilege
PEER = {"origin": "log.contoh.test/satu", "size": 1, "root": "sha256:" + "0" * 64}


def outcome(statement: str) -> str:
    """The SQLSTATE the database refuses `statement` with, or "done"; nothing stays."""
    with transaction.atomic():
        try:
            with transaction.atomic(), connection.cursor() as cursor:
                cursor.execute(statement)
        except DatabaseError as error:
            return error.__cause__.pgcode
        finally:
            transaction.set_rollback(True)
    return "done"


def columns(table: str) -> list[str]:
    with connection.cursor() as cursor:
        return [column.name for column in connection.introspection.get_table_description(cursor, table)]


def test_the_role_appends_and_sequences(as_app):
    event = append("contoh", "peer", **PEER)
    assert sequence() == 1
    assert Leaf.objects.get().event == event
    assert not Unsequenced.objects.exists()


def test_no_protected_row_can_be_changed_or_removed_by_the_role(as_app):
    for table, may_change in append_only_tables().items():
        assert outcome(f"DELETE FROM {table}") == NO_RIGHT, table
        assert outcome(f"TRUNCATE {table} CASCADE") == NO_RIGHT, table
        for column in columns(table):
            expected = "done" if column in may_change else NO_RIGHT
            assert outcome(f'UPDATE {table} SET "{column}" = "{column}"') == expected, (table, column)


def test_no_guard_can_be_removed_by_the_role(as_app):
    for table in [*append_only_tables(), "ledger_unsequenced"]:
        assert outcome(f"ALTER TABLE {table} DISABLE TRIGGER ALL") == NO_RIGHT
        assert outcome(f"DROP TABLE {table}") == NO_RIGHT
        assert outcome(f"CREATE TRIGGER mine BEFORE INSERT ON {table} EXECUTE FUNCTION refuse_change()") == NO_RIGHT
    assert outcome("DROP FUNCTION refuse_change CASCADE") == NO_RIGHT
    assert outcome("CREATE TABLE mine (id integer)") == NO_RIGHT
    assert outcome("SET session_replication_role = replica") == NO_RIGHT
    assert outcome("SET ROLE postgres") == NO_RIGHT


def test_only_the_sequencer_places_leaves(as_app):
    event = append("contoh", "peer", **PEER)
    assert outcome(f"INSERT INTO ledger_leaf VALUES ({event.pk}, 'contoh', 7, '')") == NO_RIGHT
    assert outcome("DELETE FROM ledger_unsequenced") == NO_RIGHT
    assert outcome(f"INSERT INTO ledger_unsequenced VALUES ({event.pk + 1})") == NO_RIGHT


def test_a_table_of_the_roles_own_does_not_stand_in_for_the_log(as_app):
    append("contoh", "peer", **PEER)
    with connection.cursor() as cursor:
        cursor.execute("CREATE TEMPORARY TABLE ledger_unsequenced (event_id bigint)")
    assert sequence() == 1


def test_tables_that_are_no_evidence_may_be_written():
    rights = wanted_rights()
    assert rights["django_session"] == "SELECT, INSERT, UPDATE, DELETE"
    assert rights["ledger_event"] == "SELECT, INSERT"
    assert rights["django_migrations"] == rights["ledger_leaf"] == "SELECT"


def test_rights_that_were_given_by_hand_are_taken_back():
    role = settings.APP_DATABASE_ROLE
    with connection.cursor() as cursor:
        cursor.execute(f'GRANT DELETE, UPDATE (body) ON ledger_event TO "{role}"')
        call_command("database_roles", verbosity=0)
        cursor.execute(f'SET ROLE "{role}"')
        try:
            assert outcome("DELETE FROM ledger_event") == NO_RIGHT
            assert outcome("UPDATE ledger_event SET body = body") == NO_RIGHT
            assert Event.objects.count() == 0  # reading still works
        finally:
            cursor.execute("RESET ROLE")


def test_the_owner_is_not_taken_for_the_applications_role():
    with connection.cursor() as cursor:
        cursor.execute("SELECT current_user")
        owner = cursor.fetchone()[0]
    with pytest.raises(CommandError, match="owns the tables"):
        call_command("database_roles", role=owner)


def test_a_missing_role_needs_somebody_who_may_make_it():
    with pytest.raises(CommandError, match="CREATE ROLE nobody_yet"):
        call_command("database_roles", role="nobody_yet")
