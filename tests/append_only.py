"""Letting the test runner empty tables that nobody else can empty.

After a test with real commits Django truncates every table, which the triggers of append-only tables refuse.
The tests' own superuser may set them aside for that one transaction; no role of production can.
"""

from typing import Any

from django.db.backends.postgresql.operations import DatabaseOperations

_flush = DatabaseOperations.execute_sql_flush


def _flush_all(self: DatabaseOperations, statements: list[str]) -> Any:
    return _flush(self, ["SET LOCAL session_replication_role = replica", *statements])


def let_the_runner_empty_tables() -> None:
    DatabaseOperations.execute_sql_flush = _flush_all
