"""What all players of one play share: where, how carelessly, what was sent, and when it is over."""

import threading
from dataclasses import dataclass, field

from pemantau.replay.album import Album
from pemantau.replay.browser import Watch
from pemantau.replay.shots import Play


@dataclass(frozen=True)
class Stage:
    play: Play
    base: str
    seed: int
    slips: float  # how many entries in one have a misread figure
    album: Album
    watch: Watch = field(default_factory=Watch)
    curtain: threading.Event = field(default_factory=threading.Event)
    # Numbers of addresses: each person of a play has one, and later plays go on from there.
    first_number: int = 0

    @property
    def over(self) -> bool:
        return self.curtain.is_set()

    def pause(self, seconds: float) -> None:
        self.curtain.wait(seconds)
