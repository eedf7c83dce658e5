"""Letting the test runner empty tables that nobody else can empty.

After a test with real commits Django truncates every table, which the triggers of append-only tables refuse.
The owner of the tables may switch triggers off; the application's role, which production runs as, may not.
"""

from typing import Any

from django.db import connection
from django.db.backends.postgresql.operations import DatabaseOperations

_flush = DatabaseOperations.execute_sql_flush


def _flush_all(self: DatabaseOperations, statements: list[str]) -> Any:
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT tgrelid::regclass, quote_ident(tgname) FROM pg_trigger"
            " WHERE NOT tgisinternal AND tgtype & 32 <> 0"  # 32: before TRUNCATE
        )
        triggers = cursor.fetchall()
    off = [f"ALTER TABLE {table} DISABLE TRIGGER {name}" for table, name in triggers]
    on = [f"ALTER TABLE {table} ENABLE TRIGGER {name}" for table, name in triggers]
    return _flush(self, [*off, *statements, *on])


def let_the_runner_empty_tables() -> None:
    DatabaseOperations.execute_sql_flush = _flush_all
