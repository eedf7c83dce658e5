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
    """The operation that `must_be_logged` makes; migrations are searched for it by `promised`."""

    table: str
    trigger: str


def must_be_logged(
    table: str, kind: str, *, subject: str = "NEW.id", on: str = "INSERT", when: str = "true", trigger: str = TRIGGER
) -> MustBeLogged:
    """A reversible migration operation: each new row of `table` comes with its entry, or not at all.

    `subject` is SQL over NEW that gives the entry's subject (`ledger.kinds`), `on` what the duty rests on:
    "INSERT", "UPDATE OF a_column", or both; `when` is SQL over NEW (and OLD) that says which rows have it. A further
    duty of the same table has a `trigger` of its own, whose name begins with `is_in_the_log`.
    """
    for name in (table, kind, trigger):
        if not re.fullmatch(r"[a-z][a-z0-9_]*", name):
            raise ValueError(f"not a plain name of a table or kind: {name}")
    operation = MustBeLogged(
        f"""
        CREATE FUNCTION {table}_{trigger}() RETURNS trigger LANGUAGE plpgsql SET search_path = public, pg_temp AS $$
        BEGIN
            IF EXISTS (SELECT FROM ledger_event WHERE subject = ({subject})::text AND kind = '{kind}') THEN
                RETURN NULL;
            END IF;
            RAISE EXCEPTION 'a row of {table} has no entry {kind} in the log' USING ERRCODE = '{REFUSED}';
        END $$;
        CREATE CONSTRAINT TRIGGER {trigger} AFTER {on} ON {table} DEFERRABLE INITIALLY DEFERRED
            FOR EACH ROW WHEN ({when}) EXECUTE FUNCTION {table}_{trigger}();
        """,
        f"DROP TRIGGER {trigger} ON {table}; DROP FUNCTION {table}_{trigger}();",
    )
    operation.table, operation.trigger = table, trigger
    return operation


def promised() -> set[tuple[str, str]]:
    """Every duty that a migration promised: its table, and the trigger that keeps it."""
    loader = MigrationLoader(None, ignore_no_migrations=True)
    return {
        (operation.table, operation.trigger)
        for migration in loader.disk_migrations.values()
        for operation in migration.operations
        if isinstance(operation, MustBeLogged)
    }


def kept() -> set[tuple[str, str]]:
    """The duties that this database keeps: the trigger is there and on."""
    with connection.cursor() as cursor:
        cursor.execute(
            """
            SELECT c.relname, t.tgname FROM pg_trigger t JOIN pg_class c ON c.oid = t.tgrelid
            WHERE starts_with(t.tgname, %s) AND t.tgenabled IN ('O', 'A') AND c.relnamespace = 'public'::regnamespace
            """,
            [TRIGGER],
        )
        return set(cursor.fetchall())


def logged_tables() -> set[str]:
    """The tables of this database whose rows come with their entry."""
    return {table for table, trigger in kept() if trigger == TRIGGER}
