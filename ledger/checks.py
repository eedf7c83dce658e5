"""Whether the log is what it must be, recomputed from its bytes. `manage.py audit` prints what is found.

Everything here is computed in Python from what the tables hold, not by the SQL that wrote them.
"""

import hashlib
import json
from collections.abc import Iterable, Iterator
from itertools import islice
from typing import Any

import rfc8785
from django.db.models import Count, Max

from ledger import duty, immutability, kinds, sealing
from ledger.models import Event, Leaf, Unsequenced

CHUNK = 2_000

OPENED = ("reading", "ruling")  # kinds that a decision opens


def faults() -> Iterator[str]:
    """Say each thing that is wrong, in one sentence that names the entry. An intact log yields nothing."""
    for table in immutability.unguarded_tables():
        yield f"table {table}: its guard against changes is not as the migrations made it"
    for table in sorted({table for table, _trigger in duty.promised() - duty.kept()}):
        yield f"table {table}: its rows need no entry, against what the migrations made"
    yield from _gaps()
    yield from _without_place()
    events = Event.objects.select_related("leaf").order_by("log", "leaf__index", "pk").iterator(chunk_size=CHUNK)
    while chunk := list(islice(events, CHUNK)):
        parsed = [(event, *_parsed(event)) for event in chunk]
        for event, entry, fault in parsed:
            if fault:
                yield f"{_name(event)}: {fault}"
            elif entry:
                yield from (f"{_name(event)}: {fault}" for fault in _wrong_place(event))
        yield from _wrong_references([(event, entry) for event, entry, _ in parsed if entry])


def leaf_hash(body: bytes) -> bytes:
    """RFC 6962 section 2.1."""
    return hashlib.sha256(b"\x00" + body).digest()


def _gaps() -> Iterator[str]:
    for log, last, count in Leaf.objects.values_list("log").annotate(Max("index"), Count("index")).order_by("log"):
        # Indexes are unique in a log, so these two say all; a negative one makes the count too large.
        if count != last + 1 or Leaf.objects.filter(log=log, index__lt=0).exists():
            yield f"log {log}: {count} places, the last is {last}: indexes are not contiguous from 0"


def _without_place() -> Iterator[str]:
    """Each event either has a place or waits for one."""
    waiting = Unsequenced.objects.values("event")
    for event in Event.objects.filter(leaf=None).exclude(pk__in=waiting):
        yield f"{_name(event)}: neither placed nor waiting"
    for event in Event.objects.filter(pk__in=waiting, leaf__isnull=False):
        yield f"{_name(event)}: placed, and still waiting"


def _parsed(event: Event) -> tuple[dict[str, Any] | None, str]:
    """The entry, and what is wrong with its bytes."""
    body = bytes(event.body)
    try:
        entry = json.loads(body)
    except ValueError:
        return None, "is not JSON"
    try:
        if not isinstance(entry, dict) or rfc8785.dumps(entry) != body:
            return None, "is not canonical JSON"
        fields = {name: value for name, value in entry.items() if name not in ("v", "t")}
        kinds.check(event.kind, fields)
    except (ValueError, rfc8785.CanonicalizationError) as error:
        return None, f"{error}"
    if (entry.get("v"), entry.get("t")) != (1, event.kind):
        return None, f"says it is a {entry.get('t')} of version {entry.get('v')}"
    if kinds.subject(event.kind, fields) != event.subject:
        return None, f"is filed under {event.subject}"
    return entry, ""


def _wrong_place(event: Event) -> Iterator[str]:
    leaf = getattr(event, "leaf", None)
    if leaf and leaf.log != event.log:
        yield f"belongs into log {event.log}"
    if leaf and bytes(leaf.leaf_hash) != leaf_hash(bytes(event.body)):
        yield "leaf hash is not that of its bytes"


def _wrong_references(chunk: list[tuple[Event, dict[str, Any]]]) -> Iterator[str]:
    """What an entry rests on stands before it in its log, and what a decision opens is what was sealed."""
    wanted = {name for event, entry in chunk for _, _, name in _references(event, entry)}
    found = {
        (event.log, event.kind, event.subject): event
        for event in Event.objects.filter(subject__in=wanted).select_related("leaf")
    }
    for event, entry in chunk:
        for log, kinds_of_it, name in _references(event, entry):
            standing = [found[key] for kind in kinds_of_it if (key := (log, kind, name)) in found]
            if not any(_stands_before(before, event) for before in standing):
                yield f"{_name(event)}: rests on {' or '.join(kinds_of_it)} {name}, which does not stand before it"
        for opened in entry.get("opens", ()):
            for kind in OPENED:
                sealed = found.get((event.log, kind, opened["id"]))
                if sealed and not sealing.fits(opened, json.loads(bytes(sealed.body)).get("sealed", "")):
                    yield f"{_name(event)}: opens {kind} {opened['id']} as something else than was sealed"


def _references(event: Event, entry: dict[str, Any]) -> Iterable[tuple[str, tuple[str, ...], str]]:
    """What an entry rests on: log, kinds it may be of, subject."""
    if event.kind in ("copies", "reading", "ruling", "decision", "withdraw"):
        yield event.log, ("photo",), entry["photo"]
    if event.kind == "restore":
        yield event.log, ("withdraw",), entry["photo"]
    if event.kind == "decision":
        yield from ((event.log, OPENED, opened["id"]) for opened in entry["opens"])
        yield from ((event.log, ("reading", "ruling"), name) for name in entry["because"])
    if event.kind == "select":
        yield from ((event.log, ("decision",), name) for name in entry["from"])


def _stands_before(one: Event, other: Event) -> bool:
    first, second = getattr(one, "leaf", None), getattr(other, "leaf", None)
    if first and second:
        return bool(first.index < second.index)
    return first is not None or (second is None and one.pk < other.pk)


def _name(event: Event) -> str:
    leaf = getattr(event, "leaf", None)
    return f"log {event.log}, {f'index {leaf.index}' if leaf else f'waiting event {event.pk}'} ({event.kind})"
