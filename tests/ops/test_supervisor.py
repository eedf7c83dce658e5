"""The supervisor's habits, with programs so small that their deaths are cheap."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from pemantau.local import leftovers, processes
from pemantau.local.processes import Program, StartFailed
from pemantau.local.supervisor import Supervisor
from tests.ops.conftest import until


def program(tmp_path: Path, script: str = "import time; time.sleep(300)", **fields) -> Program:
    defaults = {
        "name": "sleeper",
        "command": (sys.executable, "-c", script),
        "environment": dict(os.environ),
        "log": tmp_path / "sleeper.log",
        "ready": lambda: True,
        "stop_seconds": 1,
    }
    return Program(**(defaults | fields))


@pytest.fixture
def supervisor():
    said: list[str] = []
    supervisor = Supervisor(said.append, lambda pids: None)
    supervisor.said = said
    yield supervisor
    supervisor.stop()


def alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True


def test_a_killed_program_starts_again_and_people_are_told(tmp_path, supervisor):
    supervisor.start(program(tmp_path))
    first = supervisor.pids()["sleeper"]
    os.kill(first, signal.SIGKILL)

    until(lambda: supervisor.look_after() or supervisor.pids()["sleeper"] != first)

    assert alive(supervisor.pids()["sleeper"])
    assert any("sleeper was ended by signal 9" in sentence for sentence in supervisor.said)


def test_a_program_that_keeps_crashing_is_started_more_and_more_rarely(tmp_path, supervisor):
    # It lives for a moment, else a slow machine finds it dead while it still waits for the start.
    supervisor.start(program(tmp_path, "import time; time.sleep(0.5); raise SystemExit(3)"))
    crashed = []
    until(lambda: supervisor.look_after() or (crashed.append(time.monotonic()) or len(supervisor.said) >= 4))

    starts = [sentence for sentence in supervisor.said if "exited with 3" in sentence]
    assert len(starts) == 4
    # 0.2 + 0.4 + 0.8 seconds lie between four crashes.
    assert crashed[-1] - crashed[0] > 1.2


def test_servers_stop_after_those_they_serve(tmp_path, supervisor):
    log = tmp_path / "order"
    script = (
        "import signal, sys, time\n"
        "def stop(*_):\n"
        "    open(sys.argv[1], 'a').write(sys.argv[2] + ' ')\n"
        "    raise SystemExit\n"
        "signal.signal(signal.SIGTERM, stop)\n"
        "print('ready', flush=True)\n"
        "time.sleep(300)"
    )
    for name in ("postgres", "valkey", "worker", "web"):
        out = tmp_path / f"{name}.log"
        command = (sys.executable, "-c", script, str(log), name)
        ready = lambda out=out: out.exists() and "ready" in out.read_text()  # noqa: E731
        supervisor.start(
            program(
                tmp_path, name=name, command=command, log=out, ready=ready, serves_others=name in ("postgres", "valkey")
            )
        )

    supervisor.stop()

    order = log.read_text().split()
    assert set(order[:2]) == {"web", "worker"}
    assert order[2:] == ["valkey", "postgres"]


def test_one_that_will_not_stop_is_ended_with_all_its_children(tmp_path, supervisor):
    script = (
        "import signal, subprocess, sys, time\n"
        "signal.signal(signal.SIGTERM, signal.SIG_IGN)\n"
        "child = subprocess.Popen([sys.executable, '-c', 'import time; time.sleep(300)'])\n"
        "print(child.pid, flush=True)\n"
        "time.sleep(300)"
    )
    log = tmp_path / "sleeper.log"
    supervisor.start(program(tmp_path, script, ready=lambda: log.exists() and log.read_text().endswith("\n")))
    parent, child = supervisor.pids()["sleeper"], int(log.read_text())

    supervisor.stop()

    assert not alive(parent)
    until(lambda: not alive(child), seconds=5)


def test_a_program_that_never_gets_ready_fails_with_the_end_of_its_log(tmp_path):
    broken = program(tmp_path, "raise SystemExit('no such table')", ready=lambda: False)
    with pytest.raises(StartFailed, match="no such table"):
        processes.start_and_wait(broken, seconds=1)


def test_an_answer_from_a_stranger_is_not_taken_for_ours(tmp_path):
    script = "import time; time.sleep(0.2); raise SystemExit('port taken')"
    impostor = program(tmp_path, script, ready=lambda: time.sleep(1) or True)
    with pytest.raises(StartFailed, match="something else answers"):
        processes.start_and_wait(impostor, seconds=5)


@pytest.mark.skipif(sys.platform != "linux", reason="the kernel's signal to orphans is Linux's")
def test_children_do_not_outlive_a_killed_supervisor(tmp_path):
    script = (
        "import os, pathlib, sys, time\n"
        "from pemantau.local.processes import Program, start\n"
        "folder = pathlib.Path(sys.argv[1])\n"
        "command = (sys.executable, '-c', 'import time; time.sleep(300)')\n"
        "process = start(Program('x', command, dict(os.environ), folder / 'x.log', lambda: True))\n"
        "print(process.pid, flush=True)\n"
        "time.sleep(300)"
    )
    parent = subprocess.Popen([sys.executable, "-c", script, str(tmp_path)], stdout=subprocess.PIPE, text=True)
    child = int(parent.stdout.readline())
    assert alive(child)

    parent.kill()
    parent.wait()

    until(lambda: not leftovers._runs(child), seconds=5)


def test_leftovers_are_known_by_their_mark_and_strangers_are_left_alone(tmp_path):
    command = [
        sys.executable,
        "-c",
        "import signal, time; signal.signal(15, signal.SIG_IGN); print(1, flush=True); time.sleep(300)",
    ]
    ours = subprocess.Popen(command, env={**os.environ, **leftovers.mark(tmp_path)}, stdout=subprocess.PIPE)
    other_state = subprocess.Popen(command, env={**os.environ, **leftovers.mark(tmp_path / "other")})
    stranger = subprocess.Popen(command)
    try:
        assert ours.stdout.readline()
        assert leftovers.find(tmp_path, {}) == {ours.pid}
        # A number that was ours once and is somebody else's now: another command, so not ours.
        ended = leftovers.end(tmp_path, {stranger.pid: "/usr/bin/something else"}, seconds=0.5)

        assert ended == 1
        assert ours.wait(5) == -signal.SIGKILL
        assert stranger.poll() is None
        assert other_state.poll() is None
    finally:
        for process in (ours, other_state, stranger):
            process.kill()
            process.wait()


def test_without_marks_a_leftover_is_known_by_its_number_and_command(tmp_path):
    process = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(300)", "leftover"])
    try:
        until(lambda: "leftover" in leftovers.commands([process.pid])[process.pid])
        assert leftovers.find(tmp_path, leftovers.commands([process.pid])) == {process.pid}
    finally:
        process.kill()
        process.wait()
    assert leftovers.find(tmp_path, {process.pid: "anything"}) == set()


def test_a_large_log_is_put_aside_at_the_next_start(tmp_path, monkeypatch):
    monkeypatch.setattr(processes, "_LARGE_LOG", 10)
    chatty = program(tmp_path, "print('a line of more than ten characters')")
    for _ in range(2):
        processes.start(chatty).wait()
    assert "a line" in (tmp_path / "sleeper.log.1").read_text()
    assert (tmp_path / "sleeper.log").read_text().count("a line") == 1
