"""No state change without its ledger entry: the database refuses the commit.

    operations = [must_be_logged("uploads_photo", "photo")]

in a migration (of an app that depends on `ledger` 0002) installs a deferred constraint trigger: when a
transaction that added a row commits, an entry of that kind whose subject is the row's id must be there,
else the commit ends with SQLSTATE `PM002` and nothing of the transaction stays. It costs one look into
the index of `one_entry_per_change` for each new row.
"""

import re

from django.db import connection, migrations
from django.db.migrations.loader import MigrationLoader

REFUSED = "PM002"  # SQLSTATE of a refused commit
TRIGGER = "is_in_the_log"


class MustBeLogged(migrations.RunSQL):
    """The operation that `must_be_logged` makes; migrations are searched for it by `promised_tables`."""

    table: str


def must_be_logged(
    table: str, kind: str, *, subject: str = "NEW.id", on: str = "INSERT", when: str = "true"
) -> MustBeLogged:
    """A reversible migration operation: each new row of `table` comes with its entry, or not at all.

    `subject` is SQL over NEW that gives the entry's subject (`ledger.kinds`), `on` what the duty rests on:
    "INSERT", or "INSERT OR UPDATE"; `when` is SQL over NEW that says which rows have it.
    """
    for name in (table, kind):
        if not re.fullmatch(r"[a-z][a-z0-9_]*", name):
            raise ValueError(f"not a plain name of a table or kind: {name}")
    operation = MustBeLogged(
        f"""
        CREATE FUNCTION {table}_{TRIGGER}() RETURNS trigger LANGUAGE plpgsql SET search_path = public, pg_temp AS $$
        BEGIN
            IF EXISTS (SELECT FROM ledger_event WHERE subject = ({subject})::text AND kind = '{kind}') THEN
                RETURN NULL;
            END IF;
            RAISE EXCEPTION 'a row of {table} has no entry {kind} in the log' USING ERRCODE = '{REFUSED}';
        END $$;
        CREATE CONSTRAINT TRIGGER {TRIGGER} AFTER {on} ON {table} DEFERRABLE INITIALLY DEFERRED
            FOR EACH ROW WHEN ({when}) EXECUTE FUNCTION {table}_{TRIGGER}();
        """,
        f"DROP TRIGGER {TRIGGER} ON {table}; DROP FUNCTION {table}_{TRIGGER}();",
    )
    operation.table = table
    return operation


def promised_tables() -> set[str]:
    """Every table whose rows, a migration promised, are in the log."""
    loader = MigrationLoader(None, ignore_no_migrations=True)
    return {
        operation.table
        for migration in loader.disk_migrations.values()
        for operation in migration.operations
        if isinstance(operation, MustBeLogged)
    }


def logged_tables() -> set[str]:
    """The tables of this database where the promise is kept: the trigger is there and on."""
    with connection.cursor() as cursor:
        cursor.execute(
            """
            SELECT c.relname FROM pg_trigger t JOIN pg_class c ON c.oid = t.tgrelid
            WHERE t.tgname = %s AND t.tgenabled IN ('O', 'A') AND c.relnamespace = 'public'::regnamespace
            """,
            [TRIGGER],
        )
        return {table for (table,) in cursor.fetchall()}
