"""Where tests must step around the guards of the database, and nowhere else.

- After a test with real commits Django truncates every table, which append-only tables refuse. The owner of
  the tables may switch triggers off; the application's role, which production runs as, may not.
- Before that, requests of browsers that are gone are served to their end: one left over would hold locks that the
  truncation waits for, or write into the next test's database.
- A test that is rolled back never commits, so rows it wrote by hand need no ledger entry (`ledger.duty`);
  Django would ask for it all the same when it checks foreign keys at the test's end.
"""

import threading
from typing import Any

from django.db import connection
from django.db.backends.postgresql.base import DatabaseWrapper
from django.db.backends.postgresql.operations import DatabaseOperations

_flush = DatabaseOperations.execute_sql_flush


def _flush_all(self: DatabaseOperations, statements: list[str]) -> Any:
    for thread in threading.enumerate():
        if thread.name.endswith("(process_request_thread)"):  # of the live server, socketserver.ThreadingMixIn
            thread.join(10)
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT tgrelid::regclass, quote_ident(tgname) FROM pg_trigger"
            " WHERE NOT tgisinternal AND tgtype & 32 <> 0"  # 32: before TRUNCATE
        )
        triggers = cursor.fetchall()
    off = [f"ALTER TABLE {table} DISABLE TRIGGER {name}" for table, name in triggers]
    on = [f"ALTER TABLE {table} ENABLE TRIGGER {name}" for table, name in triggers]
    return _flush(self, [*off, *statements, *on])


def _check_foreign_keys(self: DatabaseWrapper, table_names: Any = None) -> None:
    with self.cursor() as cursor:
        cursor.execute("SELECT string_agg(quote_ident(conname), ', ') FROM pg_constraint WHERE contype = 'f'")
        (names,) = cursor.fetchone()
        cursor.execute(f"SET CONSTRAINTS {names} IMMEDIATE")
        cursor.execute(f"SET CONSTRAINTS {names} DEFERRED")


def step_around() -> None:
    DatabaseOperations.execute_sql_flush = _flush_all
    DatabaseWrapper.check_constraints = _check_foreign_keys
