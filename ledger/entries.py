"""Appending to the log. Call it inside the transaction that changes the state.

What an entry may contain is said in `ledger/kinds.py`. Never an address, a position, a name, an
e-mail or a file name: people appear only as salted commitments (`accounts.commitments`).
"""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import rfc8785
from django.db import transaction
from django.db.models import Q, QuerySet

from ledger import kinds
from ledger.models import Event

# tlog-tiles prefixes each entry with its length as uint16.
MAX_BODY_BYTES = 65_535


@dataclass(frozen=True)
class Entry:
    """An entry to append: the log's name (the election's code), its kind, its fields."""

    log: str
    kind: str
    fields: dict[str, Any]


def canonical(kind: str, fields: dict[str, Any]) -> bytes:
    """The bytes of an entry: RFC 8785 canonical JSON with version and kind.

    Raises `kinds.UnknownKind` or `kinds.WrongFields` where the entry is not as its kind says.
    """
    kinds.check(kind, fields)
    entry: dict[str, Any] = {"v": 1, "t": kind, **fields}
    body = rfc8785.dumps(entry)
    if len(body) > MAX_BODY_BYTES:
        raise kinds.WrongFields(f"{kind}: {len(body)} bytes, at most {MAX_BODY_BYTES} fit")
    return body


def append(log: str, kind: str, **fields: Any) -> Event:
    """Append one entry; it becomes part of the log when the surrounding transaction commits."""
    return append_all([Entry(log, kind, fields)])[0]


def append_all(entries: list[Entry]) -> list[Event]:
    """Append entries in this order with one statement."""
    if not transaction.get_connection().in_atomic_block:
        raise transaction.TransactionManagementError("a ledger entry belongs into the transaction of its state change")
    return Event.objects.bulk_create(
        [
            Event(log=e.log, kind=e.kind, body=canonical(e.kind, e.fields), subject=kinds.subject(e.kind, e.fields))
            for e in entries
        ]
    )


def of_changes(log: str, changes: Iterable[tuple[str, str]]) -> QuerySet[Event]:
    """The entries of these changes, each by kind and subject, oldest first, with their places (`event.leaf`).

    `of_changes("pemilu", [("photo", id), ("decision", f"{id}/1")])`: what a page shows beside a photo.
    """
    wanted = Q(pk__in=[])
    for kind, subject in changes:
        wanted |= Q(kind=kind, subject=subject)
    return Event.objects.filter(wanted, log=log).select_related("leaf").order_by("pk")
