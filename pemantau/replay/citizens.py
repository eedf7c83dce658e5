"""Citizens: one phone for each TPS, which sends that TPS's pages and keeps the receipts."""

import random
import threading
from collections.abc import Iterator
from itertools import groupby
from uuid import UUID

from pemantau.replay import darkroom
from pemantau.replay.browser import Browser, UnexpectedAnswer
from pemantau.replay.shots import Shot
from pemantau.replay.stage import Stage

# The phone loses the answer and sends the photo again with the same key: it must get the same receipt.
TWICE = 0.02

Pages = list[tuple[Shot, bytes]]


class Citizens:
    def __init__(self, stage: Stage) -> None:
        self._stage = stage
        self._photos = darkroom.developed(stage.play.shots)
        self._line: Iterator[tuple[str, Iterator[tuple[Shot, bytes]]]] = groupby(
            self._photos, key=lambda photo: photo[0].station
        )
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
        key = str(UUID(int=chance.getrandbits(128), version=4))
        photo, receipt = self._once(phone, shot, picture, key)
        self._stage.album.add(shot, picture, photo, receipt)
        if chance.random() < TWICE and self._once(phone, shot, picture, key) != (photo, receipt):
            raise UnexpectedAnswer(f"the same request for TPS {shot.station} got another receipt")

    def _once(self, phone: Browser, shot: Shot, picture: bytes, key: str) -> tuple[str, str]:
        answer = phone.post(
            "/api/v1/photos/",
            "upload",
            headers={"Idempotency-Key": key},
            data={
                "election": self._stage.play.election,
                "contest": self._stage.play.contest,
                "station": shot.station,
                "page": shot.claimed,
            },
            files={"file": ("IMG.jpg", picture, "image/jpeg")},
        )
        if answer.status_code not in (200, 201):
            raise UnexpectedAnswer(f"TPS {shot.station} page {shot.claimed}: {answer.status_code} {answer.text[:300]}")
        body = answer.json()
        return body["photo"], body["receipt"]
