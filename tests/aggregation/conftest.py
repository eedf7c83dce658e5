"""The small world, with evidence laid into the tables as `tests.aggregation.evidence` does it."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from aggregation import export_reader
from tests import world as worlds
from tests.aggregation.evidence import unguarded


@pytest.fixture
def world(db) -> Iterator[worlds.World]:
    with unguarded():
        yield worlds.build()


@pytest.fixture(autouse=True)
def _quick_passwords(settings) -> None:
    """Nobody signs in with a password here; hashing them well takes most of a test's time."""
    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]


@pytest.fixture
def exports_dir(settings, tmp_path) -> Iterator[Path]:
    """An empty folder for open data; nothing is remembered of another test's."""
    settings.EXPORTS_DIR = tmp_path / "exports"
    export_reader.forget()
    yield settings.EXPORTS_DIR
    export_reader.forget()
