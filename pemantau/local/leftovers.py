"""What a supervisor that was `kill -9`ed may have left behind: found again, and ended.

The kernel tells the children of a dead supervisor to stop, but they need a moment, and a worker's own
children may outlive it. A process is ours only if it carries our mark in its environment (Linux), or
if a number we wrote down still runs the command we wrote down (elsewhere). Nothing is ended by name.
"""

import os
import signal
import subprocess
import time
from collections.abc import Iterable, Mapping
from contextlib import suppress
from pathlib import Path

MARK = "PEMANTAU_SUPERVISED_IN"
_PROC = Path("/proc")


def mark(state: Path) -> dict[str, str]:
    """The variable that every child carries, and hands on to its own children."""
    return {MARK: str(state.resolve())}


def find(state: Path, written_down: Mapping[int, str]) -> set[int]:
    """Process numbers of what still runs for this state folder; `written_down`: number -> command."""
    found = {pid for pid, command in written_down.items() if command and _command(pid) == command}
    if _PROC.is_dir():
        wanted = f"{MARK}={state.resolve()}".encode()
        for entry in _PROC.iterdir():
            if entry.name.isdigit() and wanted in _read(entry / "environ").split(b"\0"):
                found.add(int(entry.name))
    return {pid for pid in found - {os.getpid()} if _runs(pid)}


def end(state: Path, written_down: Mapping[int, str], seconds: float = 10) -> int:
    """Ask them to stop, wait, end those that are still there. Returns how many there were."""
    left = find(state, written_down)
    count = len(left)
    for pid in left:
        # PostgreSQL takes SIGTERM as "wait for the sessions to end"; SIGINT ends them and stops cleanly.
        is_postgres = _command(pid).split(" ")[0].endswith("/postgres")
        _send(pid, signal.SIGINT if is_postgres else signal.SIGTERM)
    deadline = time.monotonic() + seconds
    while (left := find(state, written_down)) and time.monotonic() < deadline:
        time.sleep(0.1)
    for pid in left:
        _send(pid, signal.SIGKILL)
    return count


def commands(pids: Iterable[int]) -> dict[int, str]:
    """What to write down, to know these processes again."""
    return {pid: _command(pid) for pid in pids}


def _command(pid: int) -> str:
    """The command line of a process; empty where there is no such process."""
    if _PROC.is_dir():
        return _read(_PROC / str(pid) / "cmdline").replace(b"\0", b" ").decode(errors="replace").strip()
    shown = subprocess.run(["ps", "-o", "command=", "-p", str(pid)], capture_output=True, text=True)  # noqa: S607
    return shown.stdout.strip()


def _runs(pid: int) -> bool:
    """Not gone, and not a zombie that only waits for its parent to look."""
    if _PROC.is_dir():
        return _read(_PROC / str(pid) / "stat").rpartition(b")")[2].split()[:1] not in ([], [b"Z"], [b"X"])
    return bool(_command(pid))


def _send(pid: int, number: signal.Signals) -> None:
    with suppress(ProcessLookupError, PermissionError):
        os.kill(pid, number)


def _read(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError:  # gone, or not ours to look at
        return b""
