"""Reading very many rows from the database, some thousand at a time."""

import json
from collections.abc import Iterator
from typing import Any

from django.db import connection

CHUNK = 2_000


def streamed(statement: str, values: dict[str, Any]) -> Iterator[tuple[Any, ...]]:
    """The rows of a statement, one after the other. In a transaction."""
    for rows in in_chunks(statement, values):
        yield from rows


def in_chunks(statement: str, values: dict[str, Any]) -> Iterator[list[tuple[Any, ...]]]:
    """The rows of a statement by a cursor on the server's side, `CHUNK` at a time. In a transaction."""
    with connection.chunked_cursor() as cursor:
        cursor.execute(statement, values)
        while rows := cursor.fetchmany(CHUNK):
            yield rows


def parsed(found: Any) -> Any:
    """What a jsonb column holds: Django has psycopg2 hand it over as text."""
    return json.loads(found) if isinstance(found, str) else found
