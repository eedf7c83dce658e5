"""Child processes that do not outlive us.

A child gets its own process group (Ctrl-C in the terminal reaches the supervisor alone, which stops
the children in order) and, on Linux, a signal from the kernel should its parent die by `kill -9`.
"""

import ctypes
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

_PR_SET_PDEATHSIG = 1
_LARGE_LOG = 20 * 1024 * 1024
_libc = ctypes.CDLL(None, use_errno=True) if sys.platform == "linux" else None


class StartFailed(RuntimeError):
    """A program did not become ready; the text says which, and carries the end of its log."""


@dataclass(frozen=True)
class Account:
    """Another user to run as, for programs that refuse root."""

    uid: int
    gid: int


@dataclass(frozen=True)
class Program:
    """How to run one program, and how to see that it is ready."""

    name: str
    command: tuple[str, ...]
    environment: Mapping[str, str]
    log: Path
    ready: Callable[[], bool]
    stop_signal: signal.Signals = signal.SIGTERM
    stop_seconds: float = 10
    account: Account | None = None
    folder: Path | None = None
    serves_others: bool = False  # it stops after those that it serves


def start(program: Program) -> subprocess.Popen[bytes]:
    """Start it, its output appended to its log (a large one is put aside first); says nothing about readiness."""
    program.log.parent.mkdir(parents=True, exist_ok=True)
    if program.log.exists() and program.log.stat().st_size > _LARGE_LOG:
        program.log.rename(program.log.with_suffix(".log.1"))
    us = os.getpid()
    account = program.account

    def in_the_child() -> None:
        # Popen has changed the user by now; a change of user afterwards would clear the setting.
        if _libc is not None:
            _libc.prctl(_PR_SET_PDEATHSIG, program.stop_signal, 0, 0, 0)
            if os.getppid() != us:  # the parent died between fork and prctl
                os._exit(1)

    with program.log.open("ab") as log:
        return subprocess.Popen(
            program.command,
            env=dict(program.environment),
            cwd=program.folder,
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=subprocess.STDOUT,
            start_new_session=True,
            preexec_fn=in_the_child,
            user=account.uid if account else None,
            group=account.gid if account else None,
            extra_groups=[] if account else None,
        )


def start_and_wait(program: Program, seconds: float = 15) -> subprocess.Popen[bytes]:
    """Start it and wait until it is ready; one that exits is started again until the time is up.

    PostgreSQL refuses a start for a moment after a crash, while its old processes end.
    """
    deadline = time.monotonic() + seconds
    process = start(program)
    while not program.ready():
        if time.monotonic() > deadline:
            stop(program, process)
            raise StartFailed(f"{program.name} does not start:\n{end_of(program.log)}")
        time.sleep(0.05)
        if process.poll() is not None:
            time.sleep(0.3)
            process = start(program)
    if process.poll() is not None:
        raise StartFailed(f"{program.name} stopped, and something else answers in its place:\n{end_of(program.log)}")
    return process


def stop(program: Program, process: subprocess.Popen[bytes], seconds: float | None = None) -> None:
    """Ask it to stop; after `seconds`, by default its `stop_seconds`, end its whole group."""
    ask_to_stop(program, process)
    with suppress(subprocess.TimeoutExpired):
        process.wait(program.stop_seconds if seconds is None else max(seconds, 0.01))
    with suppress(ProcessLookupError, PermissionError):
        os.killpg(process.pid, signal.SIGKILL)  # whatever of its group is left
    process.wait()


def ask_to_stop(program: Program, process: subprocess.Popen[bytes]) -> None:
    """Ask, and do not wait; asked twice it stops as after once."""
    if process.poll() is None:
        with suppress(ProcessLookupError):
            process.send_signal(program.stop_signal)


def end_of(log: Path, lines: int = 15) -> str:
    """The last lines of a log."""
    if not log.exists():
        return ""
    return "\n".join(log.read_text(errors="replace").splitlines()[-lines:])


def free_port() -> int:
    """A loopback port nobody listens on now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def is_free(port: int) -> bool:
    """Whether a server could listen on this loopback port."""
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            return False
    return True
