"""What breaks while people are at work (TRUST section 5), and what must hold once it is quiet again.

The quick subset: bounded loads, a few minutes in all. Each test leaves the platform running for the next one.
"""

import hashlib
import os
import random
import shutil
import signal
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress

import pytest

from aggregation import folder
from tests.faults.conftest import Platform
from tests.faults.cut_off import Phone
from tests.faults.dying_web import serving
from tests.uploads.pictures import encoded

pytestmark = [pytest.mark.slow, pytest.mark.timeout(600)]

chance = random.Random(2029)


def kill(platform: Platform, name: str, how: signal.Signals = signal.SIGKILL) -> None:
    os.kill(platform.running.children[name], how)


def wait_for_another(platform: Platform, name: str, pid: int, seconds: float = 60) -> None:
    deadline = time.monotonic() + seconds
    while platform.running.children[name] == pid:
        assert time.monotonic() < deadline, f"{name} is not started again"
        time.sleep(0.1)


def test_f01_the_worker_is_killed_again_and_again(platform):
    with platform.life.going_on(photos=60):
        for _ in range(4):
            time.sleep(chance.uniform(0.5, 2.5))
            before = platform.running.children["worker"]
            kill(platform, "worker")
            wait_for_another(platform, "worker", before)
    platform.holds()


def test_f03_redis_is_killed_and_everything_it_knew_is_gone(platform):
    """Uploads still get their receipts, sessions live on, and the sweeper finishes what nobody rang for."""
    answered = len(platform.history.told("answer"))
    given = len(platform.history.told("photo"))
    with platform.life.going_on(photos=24):
        until = time.monotonic() + 8
        while time.monotonic() < until:
            with suppress(ProcessLookupError):  # its pause grows with every crash
                kill(platform, "valkey")
            for path in (platform.running.state / "valkey").glob("*"):
                if path.name != "valkey.conf":
                    shutil.rmtree(path, ignore_errors=True) if path.is_dir() else path.unlink(missing_ok=True)
            time.sleep(0.2)
    assert len(platform.history.told("photo")) == given + 24
    uploads = [line for line in platform.history.told("answer")[answered:] if line["path"] == "photos"]
    assert {line["status"] for line in uploads} == {201}
    tickets = [line for line in platform.history.told("answer")[answered:] if line["path"] == "tickets"]
    assert {line["status"] for line in tickets} == {201, 204}
    platform.holds()
    platform.life.read_all()  # everybody is still signed in
    platform.holds()


def test_f05_postgresql_stops_at_once_twice(platform):
    answered = len(platform.history.told("answer"))
    with platform.life.going_on(photos=45):
        for _ in range(2):
            time.sleep(chance.uniform(2, 4))
            before = platform.running.children["postgres"]
            kill(platform, "postgres", signal.SIGQUIT)
            wait_for_another(platform, "postgres", before)
    assert platform.statuses(answered) <= {200, 201, 204, 409, 503}
    platform.holds()


def test_f11_every_message_comes_twice_and_out_of_order(platform):
    ring_for_all = """
import random
from pemantau.pipeline import inspect, open_to_readers, decide, record
from uploads.models import Photo
calls = [(step, str(pk)) for pk in Photo.objects.values_list("pk", flat=True)
         for step in (inspect, open_to_readers, decide, record)] * 2
random.Random(11).shuffle(calls)
for step, photo in calls[:1500]:
    step.delay(photo)
"""
    with platform.life.going_on(photos=24):
        time.sleep(1.5)
        platform.running.manage("shell", "-c", ring_for_all)
    platform.holds()


def test_f12_two_folders_and_a_third_who_only_sequences(platform):
    second = platform.child("manage.py", "folder")
    sequence = "from ledger.sequencer import sequence\nfor _ in range(3000): sequence(limit=3)"
    third = platform.child("manage.py", "shell", "-c", sequence)
    try:
        with platform.life.going_on(photos=24):
            time.sleep(4)
            assert second.poll() is None
        third.wait(120)
        platform.holds()
    finally:
        for process in (second, third):
            process.terminate()
            process.wait(30)


@pytest.mark.parametrize(
    "point", ["sequencing", "sequenced", "folding", "folded", "publishing", "writing", "written", "pointed"]
)
def test_f13_the_folder_dies_at(platform, point):
    kill(platform, "folder")
    with platform.lock(folder.LOCK), platform.life.going_on(photos=6):  # the next one waits: the dying one has the work
        assert platform.child("-m", "tests.faults.dying_folder", point).wait(60) == 9, f"it never got to {point}"
    platform.holds()


def test_200_phones_that_are_cut_off_20_times_each(platform):
    """Real connections to a real server, closed in the middle of the bytes: no photo is lost, none is there twice."""
    life, before = platform.life, len(platform.history.told("photo"))
    phones = []

    def play(number: int) -> None:
        phone = Phone(platform.running.url, 5000 + number, random.Random(number))
        picture = encoded(seed=300_000 + number, width=240, height=320)
        station = life.stations[number % len(life.stations)]
        receipt = phone.send(station, picture, cuts=20)
        assert receipt["sha256"] == hashlib.sha256(picture).hexdigest()
        platform.history.note(
            "photo", key=f"phone {number}", station=station, receipt=receipt["receipt"], photo=receipt["photo"],
            sha256=receipt["sha256"], size=len(picture),
        )  # fmt: skip
        phones.append(phone)

    with ThreadPoolExecutor(8) as threads:
        list(threads.map(play, range(200)))
    assert sum(phone.cuts for phone in phones) == 200 * 22  # 20 in the photo, and both answers lost
    assert len(platform.history.told("photo")) == before + 200
    platform.holds()


@pytest.mark.parametrize("point", ["original sealed", "row written", "ticket closed", "committed"])
def test_f02_the_web_server_dies_at(platform, point):
    """Between the sealed bytes and the commit, or between the commit and the answer: the phone sends again."""
    broken = len(platform.history.told("broken"))
    with serving(platform, point) as url:
        life = type(platform.life)(url, platform.history, platform.life.stations, platform.life.readers)
        life._sent = 100_000 + 1000 * len(platform.history.told("photo"))
        with life.going_on(photos=30 if point == "ticket closed" else 15, readers=1):  # half of them by ticket
            pass
    assert len(platform.history.told("broken")) > broken, f"nobody died at {point}"
    platform.holds()
