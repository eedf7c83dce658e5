"""A web server beside the instance's own, on the same database and storage, whose workers die at a named point.

`DIES_AT` names the point; every third request that gets there ends its worker as `kill -9` would.
"""

import itertools
import os
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from tests.faults.conftest import Platform

_count = itertools.count(1)


def maybe_die() -> None:
    if next(_count) % 3 == 0:
        os._exit(9)


def application(environ: dict[str, Any], start_response: Callable[..., Any]) -> Any:
    return _application()(environ, start_response)


def _application() -> Any:
    """Made in the worker, so that each has a count of its own."""
    global _made
    if "_made" not in globals():
        from pemantau.wsgi import application as real

        _arrange(os.environ["DIES_AT"])
        _made = real
    return _made


def _arrange(point: str) -> None:
    from pemantau import pipeline
    from uploads import intake

    intake.reached = lambda name: maybe_die() if name == point else None
    if point == "committed":  # the form knows no such point
        receive = pipeline.receive

        def receive_and_die(sending: intake.Sending) -> Any:
            received = receive(sending)
            maybe_die()
            return received

        pipeline.receive = receive_and_die


@contextmanager
def serving(platform: "Platform", point: str) -> Iterator[str]:
    """The address of such a server."""
    from pemantau.local.processes import free_port
    from pemantau.services import ROOT

    bind = f"127.0.0.1:{free_port()}"
    command = [sys.executable, "-m", "gunicorn", "--workers", "3", "--bind", bind, "tests.faults.dying_web:application"]
    environment = {**platform.running.environment, "DIES_AT": point}
    with (platform.running.state / "log" / "dying_web.log").open("ab") as log:
        process = subprocess.Popen(command, cwd=ROOT, env=environment, stdout=log, stderr=log)
    try:
        _wait_for(f"http://{bind}/sehat/")
        yield f"http://{bind}"
    finally:
        process.terminate()
        process.wait(30)


def _wait_for(address: str) -> None:
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline:
        try:
            urllib.request.urlopen(address, timeout=5).close()
            return
        except urllib.error.HTTPError:
            return
        except OSError:
            time.sleep(0.2)
    raise AssertionError("the server does not start")
