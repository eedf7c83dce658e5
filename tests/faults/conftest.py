"""A whole platform of our own, with people at work on it, and ways to look at it afterwards."""

import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

import psycopg2
import pytest

from pemantau import services
from tests.faults.history import History
from tests.faults.life import Life, signed_in

READERS = 10
MOVING = "SELECT count(*) FROM uploads_photo WHERE step IN ('inspect', 'queue', 'decide', 'record')"
WAITING = "SELECT (SELECT count(*) FROM aggregation_delta) + (SELECT count(*) FROM ledger_unsequenced)"
UNPUBLISHED = "SELECT count(*) FROM aggregation_snapshot WHERE published < version"


@dataclass
class Platform:
    running: services.Running
    history: History
    life: Life

    def number(self, query: str) -> int:
        connection = psycopg2.connect(self.running.environment["DATABASE_URL"], connect_timeout=3)
        try:
            with connection, connection.cursor() as cursor:
                cursor.execute(query)
                return int(cursor.fetchone()[0])
        finally:
            connection.close()

    @contextmanager
    def lock(self, key: int, seconds: float = 30) -> Iterator[None]:
        """Hold an advisory lock of the database, once whoever has it is gone."""
        connection = psycopg2.connect(self.running.environment["DATABASE_URL"], connect_timeout=3)
        try:
            with connection.cursor() as cursor:
                cursor.execute("SET lock_timeout = %s; SELECT pg_advisory_lock(%s)", [f"{seconds:.0f}s", key])
            yield
        finally:
            connection.close()

    def child(self, *arguments: str) -> "subprocess.Popen[str]":
        """A program beside the instance, with its settings."""
        return subprocess.Popen(
            [sys.executable, *arguments],
            cwd=services.ROOT,
            env=self.running.environment,
            stdout=subprocess.PIPE,
            text=True,
        )

    def sweep(self) -> None:
        """What beat rings for every 30 s, now, and for everything that stands still."""
        self.running.manage("shell", "-c", "from pemantau.pipeline import sweep; sweep(older_than=0.5)")

    def is_quiet(self) -> bool:
        return not any(map(self.number, (MOVING, WAITING, UNPUBLISHED)))

    def heal(self, seconds: float = 120) -> None:
        """Wait until everything has moved that should move; the sweeper may help, as it does every 30 s."""
        deadline = time.monotonic() + seconds
        swept = time.monotonic()
        while True:
            try:
                if self.is_quiet():
                    return
            except psycopg2.OperationalError:
                pass  # still starting
            assert time.monotonic() < deadline, {q: self.number(q) for q in (MOVING, WAITING, UNPUBLISHED)}
            if time.monotonic() - swept > 5:
                with suppress(subprocess.CalledProcessError):  # Redis is away still, or PostgreSQL
                    self.sweep()
                swept = time.monotonic()
            time.sleep(0.2)

    def holds(self) -> None:
        """Once it is quiet: all invariants."""
        self.heal()
        looked = self.child("-m", "tests.faults.invariants", str(self.history.path), str(self.running.state))
        said, _ = looked.communicate()
        assert looked.returncode == 0
        assert said.splitlines() == []

    def statuses(self, since: int = 0) -> set[int]:
        return {line["status"] for line in self.history.told("answer")[since:]}


@pytest.fixture(scope="package")
def platform() -> Iterator[Platform]:
    folder = Path(tempfile.mkdtemp(prefix="pemantau-faults-"))
    folder.chmod(0o711)
    try:
        with services.instance(folder / "state", environment={"TRUSTED_PROXY_COUNT": "1"}) as running:
            running.manage("sample_accounts", "--volunteers", str(READERS))
            history = History(folder / "history.jsonl")
            connection = psycopg2.connect(running.environment["DATABASE_URL"])
            with connection, connection.cursor() as cursor:
                cursor.execute("SELECT code FROM tps_pollingstation ORDER BY code")
                stations = [code for (code,) in cursor.fetchall()]
            connection.close()
            yield Platform(
                running, history, Life(running.url, history, stations, signed_in(running.url, READERS, history))
            )
    finally:
        shutil.rmtree(folder, ignore_errors=True)
