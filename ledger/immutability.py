"""Tables whose rows are added and never changed, as the database itself sees to it.

    operations = [append_only("uploads_photo", columns_that_may_change=("step", "step_at"))]

in a migration (of an app that depends on `ledger` 0002) installs two triggers on the table. From then on,
for everybody, the owner included, UPDATE of other columns, DELETE and TRUNCATE end with SQLSTATE `PM001`
and a sentence that names the table. The triggers are also the register: `append_only_tables()` reads
from the database's catalogue which tables are protected, `manage.py database_roles` withholds the
privileges accordingly, and `ledger.checks` reports a guard that is gone or switched off.
"""

import re
from collections.abc import Iterable

from django.db import connection, migrations
from django.db.migrations.loader import MigrationLoader

REFUSED = "PM001"  # SQLSTATE of a refused change
ROWS, TABLE = "append_only_rows", "append_only_table"  # the names of the two triggers

# `columns` are compared as JSON, so that a column added later is protected without anybody's doing.
FUNCTION = f"""
CREATE FUNCTION refuse_change() RETURNS trigger LANGUAGE plpgsql SET search_path = public, pg_temp AS $$
BEGIN
    IF TG_OP = 'UPDATE' AND TG_NARGS > 0 AND to_jsonb(NEW) - TG_ARGV::text[] = to_jsonb(OLD) - TG_ARGV::text[] THEN
        RETURN NEW;
    END IF;
    RAISE EXCEPTION '% is append-only: % refused', TG_TABLE_NAME, TG_OP USING ERRCODE = '{REFUSED}';
END $$;
"""
DROP_FUNCTION = "DROP FUNCTION refuse_change();"


class AppendOnly(migrations.RunSQL):
    """The operation that `append_only` makes; migrations are searched for it by `promised_tables`."""

    table: str
    columns: tuple[str, ...]


def append_only(
    table: str, columns_that_may_change: Iterable[str] = (), *, instead_of: Iterable[str] | None = None
) -> AppendOnly:
    """A reversible migration operation that lets rows of `table` be added, and only added.

    Where an earlier migration made it so, `instead_of` names the columns that might change until now.
    """
    columns = tuple(columns_that_may_change)
    before = None if instead_of is None else tuple(instead_of)
    for name in (table, *columns, *(before or ())):
        if not re.fullmatch(r"[a-z][a-z0-9_]*", name):
            raise ValueError(f"not a plain name of a table or column: {name}")
    drop = f"DROP TRIGGER {ROWS} ON {table}; DROP TRIGGER {TABLE} ON {table};"
    if before is None:
        operation = AppendOnly(_guards(table, columns), drop)
    else:
        operation = AppendOnly(drop + _guards(table, columns), drop + _guards(table, before))
    operation.table, operation.columns = table, columns
    return operation


def _guards(table: str, columns: tuple[str, ...]) -> str:
    arguments = ", ".join(f"'{column}'" for column in columns)
    return f"""
        CREATE TRIGGER {ROWS} BEFORE UPDATE OR DELETE ON {table}
            FOR EACH ROW EXECUTE FUNCTION refuse_change({arguments});
        CREATE TRIGGER {TABLE} BEFORE TRUNCATE ON {table}
            FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
        """


class Renamed(migrations.RunSQL):
    """The operation that `renamed` makes: the guards moved with their table."""

    before: str
    after: str


def renamed(before: str, after: str) -> Renamed:
    """Say in the migration that renames an append-only table that its promise holds under the new name."""
    operation = Renamed(migrations.RunSQL.noop, migrations.RunSQL.noop)
    operation.before, operation.after = before, after
    return operation


def append_only_tables() -> dict[str, tuple[str, ...]]:
    """Every protected table of this database, with the columns that may change in it."""
    with connection.cursor() as cursor:
        cursor.execute(
            """
            SELECT c.relname, encode(t.tgargs, 'escape')
            FROM pg_trigger t JOIN pg_class c ON c.oid = t.tgrelid
            WHERE t.tgname = %s AND c.relnamespace = 'public'::regnamespace ORDER BY 1
            """,
            [ROWS],
        )
        return {table: tuple(arguments.split("\\000")[:-1]) for table, arguments in cursor.fetchall()}


def promised_tables() -> dict[str, tuple[str, ...]]:
    """Every table that a migration made append-only, with the columns that may change in it."""
    loader = MigrationLoader(None, ignore_no_migrations=True)
    # In order: a later one replaces what an earlier one promised.
    migrations = [migration for _name, migration in sorted(loader.disk_migrations.items())]
    operations = [operation for migration in migrations for operation in migration.operations]
    now = {operation.before: operation.after for operation in operations if isinstance(operation, Renamed)}
    promised = [operation for operation in operations if isinstance(operation, AppendOnly)]
    return {now.get(operation.table, operation.table): operation.columns for operation in promised}


def unguarded_tables() -> list[str]:
    """Tables that a migration promised to guard and that are not: a trigger is gone, changed or switched off."""
    with connection.cursor() as cursor:
        cursor.execute(
            """
            SELECT c.relname FROM pg_trigger t JOIN pg_class c ON c.oid = t.tgrelid
            WHERE t.tgname IN (%s, %s) AND t.tgenabled IN ('O', 'A') AND c.relnamespace = 'public'::regnamespace
            GROUP BY c.relname HAVING count(*) = 2
            """,
            [ROWS, TABLE],
        )
        on = {table for (table,) in cursor.fetchall()}
    found = append_only_tables()
    return sorted(table for table, columns in promised_tables().items() if table not in on or found[table] != columns)
