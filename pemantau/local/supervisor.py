"""Keeps programs running: a crashed one is started again, all stop in order."""

import subprocess
import time
from collections.abc import Callable
from dataclasses import dataclass

from pemantau.local import processes
from pemantau.local.processes import Program

_FIRST_PAUSE, _LONGEST_PAUSE = 0.2, 15.0
_CALM_AFTER = 30.0  # seconds of life after which a crash counts as the first one again


@dataclass
class _Child:
    program: Program
    process: subprocess.Popen[bytes]
    started: float
    pause: float = _FIRST_PAUSE
    start_again_at: float | None = None


class Supervisor:
    """Programs in the order they were started; the later ones lean on the earlier ones."""

    def __init__(self, say: Callable[[str], None], changed: Callable[[dict[str, int]], None]) -> None:
        """`say` gets a sentence for people, `changed` the process numbers by name after each change."""
        self._children: list[_Child] = []
        self._say = say
        self._changed = changed

    def start(self, program: Program, seconds: float = 15) -> None:
        """Start it, and wait until it is ready."""
        self._children.append(_Child(program, processes.start_and_wait(program, seconds), time.monotonic()))
        self._changed(self.pids())

    def pids(self) -> dict[str, int]:
        return {child.program.name: child.process.pid for child in self._children}

    def look_after(self) -> None:
        """One look at every child: note who died, start again whose pause is over."""
        now = time.monotonic()
        for child in self._children:
            if child.start_again_at is None and (code := child.process.poll()) is not None:
                child.pause = _FIRST_PAUSE if now - child.started > _CALM_AFTER else child.pause
                child.start_again_at = now + child.pause
                child.pause = min(2 * child.pause, _LONGEST_PAUSE)
                ended = f"was ended by signal {-code}" if code < 0 else f"exited with {code}"
                self._say(f"{child.program.name} {ended}, starts again (log: {child.program.log})")
                processes.stop(child.program, child.process)  # what is left of its group
            if child.start_again_at is not None and now >= child.start_again_at:
                child.start_again_at, child.started = None, now
                child.process = processes.start(child.program)
                self._changed(self.pids())

    def stop(self) -> None:
        """Stop all: at the same time those that lean on others, then the servers, the last started first."""
        leaning = [child for child in self._children if not child.program.serves_others]
        serving = [child for child in self._children if child.program.serves_others]
        for child in leaning:
            processes.ask_to_stop(child.program, child.process)
        asked = time.monotonic()
        for child in leaning:
            processes.stop(child.program, child.process, child.program.stop_seconds - (time.monotonic() - asked))
        for child in reversed(serving):
            processes.stop(child.program, child.process)
        self._children.clear()
