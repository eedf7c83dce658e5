"""Bringing rows into PostgreSQL with COPY, into temporary tables that end with the transaction."""

from collections.abc import Iterable, Iterator, Sequence
from typing import Any

from django.db import connection, transaction
from psycopg2 import sql

Value = str | int | None


class Stream:
    """What COPY reads from: rows in its text format, in pieces."""

    def __init__(self, rows: Iterable[Sequence[Value]]) -> None:
        self._lines = _lines(rows)
        self._rest = ""

    def read(self, size: int = -1) -> str:
        parts, length = [self._rest], len(self._rest)
        while size < 0 or length < size:
            line = next(self._lines, None)
            if line is None:
                break
            parts.append(line)
            length += len(line)
        text = "".join(parts)
        if size < 0:
            size = len(text)
        self._rest = text[size:]
        return text[:size]


def _lines(rows: Iterable[Sequence[Value]]) -> Iterator[str]:
    for row in rows:
        yield "\t".join(map(_cell, row)) + "\n"


_ESCAPES = str.maketrans({"\\": "\\\\", "\t": "\\t", "\n": "\\n", "\r": "\\r"})


def _cell(value: Value) -> str:
    return "\\N" if value is None else str(value).translate(_ESCAPES)


def stage(table: str, columns: dict[str, str], rows: Iterable[Sequence[Value]]) -> None:
    """Make the temporary table `table` (column -> SQL type) and copy `rows` into it. Inside a transaction only."""
    if not transaction.get_connection().in_atomic_block:
        raise transaction.TransactionManagementError("a staged table lives as long as its transaction")
    name = sql.Identifier(table)
    parts = sql.SQL(", ").join(sql.SQL("{} {}").format(sql.Identifier(c), sql.SQL(kind)) for c, kind in columns.items())
    with connection.cursor() as cursor:
        cursor.execute(sql.SQL("DROP TABLE IF EXISTS {}").format(name))
        cursor.execute(sql.SQL("CREATE TEMPORARY TABLE {} ({}) ON COMMIT DROP").format(name, parts))
        copy = sql.SQL("COPY {} ({}) FROM STDIN").format(name, sql.SQL(", ").join(map(sql.Identifier, columns)))
        cursor.copy_expert(copy, Stream(rows), 1 << 16)
        cursor.execute(sql.SQL("ANALYZE {}").format(name))


def one_at_a_time() -> None:
    """Wait until no other import is under way, and hold others back until this transaction ends."""
    ask("SELECT pg_advisory_xact_lock(hashtext('tps imports'))")


def run(statement: str, *values: Any) -> int:
    """Execute one statement; returns how many rows it touched."""
    with connection.cursor() as cursor:
        cursor.execute(statement, values)
        return int(cursor.rowcount)


def ask(statement: str, *values: Any) -> list[tuple[Any, ...]]:
    with connection.cursor() as cursor:
        cursor.execute(statement, values)
        return list(cursor.fetchall())


def analyze(table: str) -> None:
    """Let the planner know what a bulk change did; autovacuum would only notice a minute later."""
    with connection.cursor() as cursor:
        cursor.execute(sql.SQL("ANALYZE {}").format(sql.Identifier(table)))
