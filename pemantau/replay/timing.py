"""Following some receipts to their end, as their citizens would: how long until a photo's numbers are public."""

import random
import time

from pemantau.replay.album import Sent
from pemantau.replay.browser import Browser
from pemantau.replay.stage import Stage

TIMED_ONE_IN = 10
LOOK_EVERY_SECONDS = 0.5
LOOKS_AT_ONCE = 8


def follow(stage: Stage, public: Browser) -> None:
    """Ask after every tenth photo twice a second, from its second reader on, until it is public."""
    chance = random.Random(f"timed/{stage.seed}")  # noqa: S311  # a play, not a secret
    seen: set[str] = set()
    waiting: list[Sent] = []
    while not stage.over:
        for photo, sent in stage.album.all().items():
            if photo not in seen:
                seen.add(photo)
                if chance.randrange(TIMED_ONE_IN) == 0:
                    waiting.append(sent)
        _look(stage, public, waiting)
        stage.pause(LOOK_EVERY_SECONDS)
    _look(stage, public, waiting)


def _look(stage: Stage, public: Browser, waiting: list[Sent]) -> None:
    for sent in [sent for sent in waiting if sent.entries >= 2][:LOOKS_AT_ONCE]:
        if public.document(f"/api/v1/receipts/{sent.receipt}/")["state"] == "published":
            stage.watch.note("receipt to public", time.monotonic() - sent.received_at)
            stage.watch.note("last entry to public", time.monotonic() - sent.read_at)
            waiting.remove(sent)
