"""Sending a photo by ticket, as a phone does, with Django's test client."""

import hashlib

from django.http import HttpResponse
from django.test import Client

URL = "/api/v1/tickets/"
TPS = "9101011001001"
PIECE = 1024 * 1024


def announced(content: bytes, **said: object) -> dict[str, object]:
    """What a phone says of a photo; None for a field leaves it out."""
    body = {
        "station": TPS,
        "contest": "ppwp",
        "page": 2,
        "size": len(content),
        "sha256": hashlib.sha256(content).hexdigest(),
    } | said
    return {name: value for name, value in body.items() if value is not None}


def take(client: Client, content: bytes, **said: object) -> HttpResponse:
    return client.post(URL, announced(content, **said), "application/json")


def add(client: Client, ticket: str, offset: int | str | None, piece: bytes, **more: object) -> HttpResponse:
    headers = {} if offset is None else {"Upload-Offset": str(offset)}
    return client.patch(f"{URL}{ticket}/", piece, "application/partial-upload", headers=headers, **more)


def finish(client: Client, ticket: str) -> HttpResponse:
    return client.post(f"{URL}{ticket}/finish/")


def send(client: Client, content: bytes, **said: object) -> HttpResponse:
    """The whole way; the answer that ended it."""
    taken = take(client, content, **said)
    if taken.status_code not in (200, 201):
        return taken
    if taken.json()["receipt"]:
        return taken
    ticket = taken.json()["ticket"]
    for offset in range(0, len(content), PIECE):
        added = add(client, ticket, offset, content[offset : offset + PIECE])
        if added.status_code != 204:
            return added
    return finish(client, ticket)
