"""State folders that PostgreSQL, running as another user when we are root, can reach."""

import shutil
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest


@pytest.fixture(scope="module")
def state_folder() -> Iterator[Path]:
    folder = Path(tempfile.mkdtemp(prefix="pemantau-state-"))
    folder.chmod(0o711)
    yield folder
    shutil.rmtree(folder, ignore_errors=True)


def until(holds: Callable[[], object], seconds: float = 30) -> None:
    """Wait until this holds; fail where it never does."""
    deadline = time.monotonic() + seconds
    while not holds():
        assert time.monotonic() < deadline, f"waited {seconds} s for {holds}"
        time.sleep(0.05)
