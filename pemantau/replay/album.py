"""What the players know of each photo they sent: what is on it, its receipt, and what was misread so far."""

import hashlib
import random
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field

from pemantau.replay.shots import HIGHEST, Shot, Value


@dataclass
class Sent:
    """A photo for which a citizen holds a receipt. Times are monotonic seconds."""

    shot: Shot
    receipt: str
    sha256: str
    received_at: float
    hard_field: str  # a figure that most people misread; empty on most photos
    entries: int = 0
    read_at: float = 0.0  # when the last entry was sent
    misread: set[tuple[str, Value]] = field(default_factory=set)


class Album:
    """All photos sent, by the photo's id. Used by all threads.

    A simulated volunteer is shown a picture; what stands on it they look up here, by its bytes, as a real one looks
    at it.
    """

    def __init__(self, seed: int, hard: float) -> None:
        self._seed = seed
        self._hard = hard
        self._photos: dict[str, Sent] = {}
        self._faces: dict[bytes, Sent] = {}  # by the hash of the public copy that readers see
        self._looking = threading.Lock()
        self._lock = threading.Lock()
        self.entries = self.slips = self.rulings = 0

    def __len__(self) -> int:
        return len(self._photos)

    def add(self, shot: Shot, picture: bytes, photo: str, receipt: str) -> None:
        sha256 = hashlib.sha256(picture).hexdigest()
        chance = random.Random(f"hard/{self._seed}/{sha256}")  # noqa: S311  # a play
        figures = _figures(shot)
        hard_field = chance.choice(figures) if figures and chance.random() < self._hard else ""
        with self._lock:
            self._photos[photo] = Sent(shot, receipt, sha256, time.monotonic(), hard_field)

    def look(self, photo: str) -> Sent | None:
        """What is on a photo; None for one that this play did not send."""
        return self._photos.get(photo)

    def recognise(self, content: bytes, copy_of: Callable[[str], bytes | None]) -> Sent | None:
        """What is on the picture with these bytes; None for one that this play did not send.

        `copy_of` gives the public copy of that size of an original, by its SHA-256, or None where there is none yet.
        """
        face = hashlib.sha256(content).digest()
        with self._looking:
            seen = {sent.sha256 for sent in self._faces.values()}
            for sent in self.all().values():
                if face in self._faces:
                    break
                if sent.sha256 not in seen and (copy := copy_of(sent.sha256)) is not None:
                    self._faces[hashlib.sha256(copy).digest()] = sent
            return self._faces.get(face)

    def all(self) -> dict[str, Sent]:
        with self._lock:
            return dict(self._photos)

    def note_entry(self, sent: Sent, *, slip: bool) -> None:
        with self._lock:
            sent.entries += 1
            sent.read_at = time.monotonic()
            self.entries += 1
            self.slips += slip

    def note_ruling(self) -> None:
        with self._lock:
            self.rulings += 1

    def slip(self, sent: Sent, chance: random.Random) -> dict[str, Value]:
        """The photo's numbers with one figure misread, as nobody misread it before.

        Two people who make the very same mistake agree on a wrong number, and rightly it stands: that would be
        a difference, but not the platform's.
        """
        numbers = dict(sent.shot.numbers)
        figures = _figures(sent.shot)
        key = sent.hard_field or (chance.choice(figures) if figures else "")
        with self._lock:
            for _ in range(50 if key else 0):
                wrong = misread(int(sent.shot.numbers[key]), chance)
                if (key, wrong) not in sent.misread:
                    sent.misread.add((key, wrong))
                    return numbers | {key: wrong}
        return numbers


def _figures(shot: Shot) -> list[str]:
    return sorted(key for key, value in shot.numbers.items() if isinstance(value, int))


def misread(value: int, chance: random.Random) -> int:
    """A figure as somebody in a hurry reads it: two digits swapped, one taken for another, or one lost."""
    digits = list(str(value))
    place = chance.randrange(len(digits))
    way = chance.random()
    if way < 0.3 and len(digits) > 1:
        other = (place + 1) % len(digits)
        digits[place], digits[other] = digits[other], digits[place]
    elif way < 0.9 or len(digits) == 1:
        digits[place] = chance.choice([digit for digit in "0123456789" if digit != digits[place]])
    else:
        del digits[place]
    wrong = int("".join(digits))
    return wrong if wrong != value else (value + 1) % (HIGHEST + 1)
