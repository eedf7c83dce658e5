"""Photos are made in another process, in order, and that process ends with this one."""

import os
import signal
import subprocess
import sys
import time
from functools import partial
from pathlib import Path

from pemantau.replay.darkroom import developed
from pemantau.replay.shots import Shot

ROOT = Path(__file__).resolve().parents[2]


def shot(picture):
    return Shot("9101011001001", 2, 2, {}, picture)


def test_photos_are_developed_in_order_in_another_process():
    shots = [shot(partial(str.encode, str(number))) for number in range(6)]
    assert [photo for _, photo in developed(shots, ahead=2)] == [b"0", b"1", b"2", b"3", b"4", b"5"]
    where = [shot(os.getpid)]
    assert [made for _, made in developed(where)] != [os.getpid()]


def test_a_killed_replay_leaves_no_process_behind():
    program = (
        "import os, time\n"
        "from pemantau.replay.darkroom import developed\n"
        "from pemantau.replay.shots import Shot\n"
        "if __name__ == '__main__':\n"
        "    shots = [Shot('9101011001001', 2, 2, {}, os.getpid)] * 2\n"
        "    photos = developed(shots, ahead=0)\n"
        "    print(next(photos)[1], flush=True)\n"
        "    time.sleep(60)\n"
    )
    parent = subprocess.Popen([sys.executable, "-c", program], cwd=ROOT, stdout=subprocess.PIPE, text=True)
    child = int(parent.stdout.readline())
    parent.send_signal(signal.SIGKILL)
    parent.wait()
    deadline = time.monotonic() + 10
    while (runs := _runs(child)) and time.monotonic() < deadline:
        time.sleep(0.1)
    assert not runs


def _runs(process):
    try:
        return bool(Path(f"/proc/{process}/cmdline").read_bytes())  # empty where it only waits to be buried
    except FileNotFoundError:
        return False
