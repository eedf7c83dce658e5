"""Citizens: one phone for each TPS, which sends that TPS's pages and keeps the receipts; more for long forms."""

import hashlib
import random
import threading
import time
from collections.abc import Iterator
from itertools import groupby
from typing import Any

import requests

from pemantau.replay import darkroom
from pemantau.replay.browser import Browser, UnexpectedAnswer
from pemantau.replay.shots import Shot
from pemantau.replay.stage import Stage

# The phone loses the answer and sends the photo again: it must get the same receipt.
TWICE = 0.02
# A device may send ten photos in ten minutes (PHOTOS_PER_DEVICE): people share the 20 sheets of a long form.
PAGES_OF_A_PHONE = 8

Pages = list[tuple[Shot, bytes]]


class Citizens:
    def __init__(self, stage: Stage) -> None:
        self._stage = stage
        self._photos = darkroom.developed(stage.play.shots)
        self._line: Iterator[tuple[object, Iterator[tuple[Shot, bytes]]]] = groupby(self._photos, key=_phone_of)
        self._lock = threading.Lock()
        self._next_number = stage.first_number

    def send(self) -> None:
        """Send one TPS after the other until nobody is left. Several threads may do so."""
        while not self._stage.over and (turn := self._next()):
            number, pages = turn
            phone = Browser(self._stage.base, number, self._stage.watch)
            for shot, picture in pages:
                self._send(phone, shot, picture)

    def go_home(self) -> None:
        """Nobody sends any more, whatever is left."""
        with self._lock:
            self._line = iter(())
            self._photos.close()

    def _next(self) -> tuple[int, Pages] | None:
        with self._lock:
            group = next(self._line, None)
            if group is None:
                return None
            self._next_number += 1
            return self._next_number, list(group[1])

    def _send(self, phone: Browser, shot: Shot, picture: bytes) -> None:
        chance = random.Random(f"citizen/{self._stage.seed}/{shot.station}/{shot.page}")  # noqa: S311  # a play
        photo, receipt = self._once(phone, shot, picture)
        self._stage.album.add(shot, picture, photo, receipt)
        if chance.random() < TWICE and self._once(phone, shot, picture) != (photo, receipt):
            raise UnexpectedAnswer(f"the same photo for TPS {shot.station} got another receipt")

    def _once(self, phone: Browser, shot: Shot, picture: bytes) -> tuple[str, str]:
        """Send a photo by ticket; its id and its receipt."""
        began = time.perf_counter()
        said = {
            "election": self._stage.play.election,
            "contest": self._stage.play.contest,
            "station": shot.station,
            "page": shot.claimed,
            "size": len(picture),
            "sha256": hashlib.sha256(picture).hexdigest(),
            "media_type": "image/jpeg",
        }
        taken = _expected(shot, phone.post("/api/v1/tickets/", json=said)).json()
        receipt = taken["receipt"]
        if not receipt:
            _bring(phone, shot, taken, picture)
            receipt = _expected(shot, phone.post(f"/api/v1/tickets/{taken['ticket']}/finish/")).json()
        phone.watch.note("upload", time.perf_counter() - began)
        return receipt["photo"], receipt["receipt"]


def _phone_of(photo: tuple[Shot, bytes]) -> tuple[str, int]:
    shot = photo[0]
    return shot.station, (shot.page - 1) // PAGES_OF_A_PHONE


def _bring(phone: Browser, shot: Shot, ticket: dict[str, Any], picture: bytes) -> None:
    """Straight to the object store where there is such a way, else in pieces."""
    if way := ticket["direct"]:
        _expected(shot, requests.request(way["method"], way["url"], headers=way["headers"], data=picture, timeout=60))
        return
    most = ticket["chunk"]["most"]
    for offset in range(ticket["offset"], len(picture), most):
        headers = {"Content-Type": "application/partial-upload", "Upload-Offset": str(offset)}
        piece = picture[offset : offset + most]
        _expected(shot, phone.patch(f"/api/v1/tickets/{ticket['ticket']}/", data=piece, headers=headers))


def _expected(shot: Shot, answer: requests.Response) -> requests.Response:
    if not answer.ok:
        raise UnexpectedAnswer(f"TPS {shot.station} page {shot.claimed}: {answer.status_code} {answer.text[:300]}")
    return answer
