"""A phone whose connection breaks: every time it has sent so many bytes, or before it has heard the answer."""

import contextlib
import hashlib
import json
import random
import socket
import struct
import time
from collections.abc import Iterator
from http.client import HTTPConnection, HTTPException
from typing import Any
from urllib.parse import urlsplit

PATH = "/api/v1/tickets/"
PIECE = "application/partial-upload"


class Phone:
    """Sends one photo by ticket until it has a receipt. `chance` decides where it is cut."""

    def __init__(self, url: str, number: int, chance: random.Random) -> None:
        self.host, self.port = urlsplit(url).hostname, urlsplit(url).port
        self.headers = {"X-Forwarded-For": f"103.{number // 250}.{number % 250}.7"}
        self.chance = chance
        self.cuts = 0

    def send(self, station: str, picture: bytes, cuts: int) -> dict[str, Any]:
        """The receipt's body."""
        said = json.dumps(
            {
                "station": station,
                "contest": "ppwp",
                "page": 2,
                "size": len(picture),
                "sha256": hashlib.sha256(picture).hexdigest(),
            }
        ).encode()
        self.cut("POST", PATH, said, {"Content-Type": "application/json"}, after=len(said))  # the answer is lost
        ticket = self.told("POST", PATH, said, {"Content-Type": "application/json"})
        offset: int = ticket["offset"]
        for place in sorted(self.chance.randrange(1, len(picture)) for _ in range(cuts)):
            self.cut(
                "PATCH", f"{PATH}{ticket['ticket']}/", picture[offset:], self.piece(offset), max(0, place - offset)
            )
            if self.chance.random() < 0.5:  # else it does not know, tries, and is told
                offset = self.told("GET", f"{PATH}{ticket['ticket']}/")["offset"]
        while offset < len(picture):
            status, headers, _ = self.ask("PATCH", f"{PATH}{ticket['ticket']}/", picture[offset:], self.piece(offset))
            assert status in (204, 409), status
            offset = int(headers["Upload-Offset"])
        finish = f"{PATH}{ticket['ticket']}/finish/"
        self.cut("POST", finish, b"", {}, after=0)  # all is sent, and the receipt is lost
        receipt = self.told("POST", finish)
        assert self.told("POST", finish)["receipt"] == receipt["receipt"]
        assert (
            self.told("POST", PATH, said, {"Content-Type": "application/json"})["receipt"]["receipt"]
            == receipt["receipt"]
        )
        return receipt

    def piece(self, offset: int) -> dict[str, str]:
        return {"Content-Type": PIECE, "Upload-Offset": str(offset)}

    def told(self, *request: Any) -> dict[str, Any]:
        status, _, body = self.ask(*request)
        assert status in (200, 201), (status, body)
        return body

    def ask(
        self, method: str, path: str, body: bytes = b"", headers: dict[str, str] | None = None
    ) -> tuple[int, Any, Any]:
        """Status, headers and JSON of an answer; waits while it is told to."""
        deadline = time.monotonic() + 60
        while True:
            try:
                with self.connected() as connection:
                    connection.request(method, path, body, self.headers | (headers or {}))
                    answer = connection.getresponse()
                    text = answer.read()
            except (OSError, HTTPException):
                assert time.monotonic() < deadline, "no answer"
                continue
            for cookie in answer.headers.get_all("Set-Cookie") or ():
                self.headers["Cookie"] = cookie.split(";")[0]
            if answer.status not in (429, 503):
                return answer.status, answer.headers, json.loads(text) if text else None
            assert time.monotonic() < deadline, (answer.status, text[:300])
            time.sleep(0.2)

    def cut(self, method: str, path: str, body: bytes, headers: dict[str, str], after: int) -> None:
        """Send a request whose connection breaks after so many bytes of its body, politely or not."""
        self.cuts += 1
        with contextlib.suppress(OSError), self.connected() as connection:
            connection.putrequest(method, path)
            for name, value in (self.headers | headers | {"Content-Length": str(len(body))}).items():
                connection.putheader(name, value)
            connection.endheaders()
            connection.send(body[:after])
            if self.chance.random() < 0.5:  # a reset: what is still on its way is thrown away
                connection.sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))

    @contextlib.contextmanager
    def connected(self) -> Iterator[HTTPConnection]:
        with contextlib.closing(HTTPConnection(self.host, self.port, timeout=60)) as connection:
            yield connection
