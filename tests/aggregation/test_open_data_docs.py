"""The worked examples of docs/open-data.md, run as they stand there against a running site."""

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from aggregation import data_pages, dumps, export_files, open_api
from tests.aggregation.evidence import PAGE_2, fold, read
from tests.aggregation.open_data import read_by
from transcription.models import Entry

TEXT = (Path(__file__).parents[2] / "docs" / "open-data.md").read_text()
EXAMPLES = re.findall(r"^```(python|sh)\n(.*?)^```$", TEXT, re.DOTALL | re.MULTILINE)


@pytest.fixture
def run(world, exports_dir, live_server, tmp_path, settings):
    """`run(number)`: what an example prints, against a small world that was exported and dumped."""
    read(world, world.stations["9101011002001"], page=12, paslon_1=7)
    read_by(world, "Sari", "Budi")
    doubted, _ = read_by(world, "Tono", "Wati")
    Entry.objects.create(photo=doubted, account=world.person("Joko"), page=2, numbers=PAGE_2 | {"paslon_2": 83})
    fold()
    export_files.export(world.contest)
    dumps.make()

    def ran(number: int) -> list[str]:
        language, program = EXAMPLES[number]
        command = [sys.executable, "-c", program] if language == "python" else ["sh", "-c", program]
        where = {"PEMANTAU": live_server.url, "ELECTION": "contoh", "CONTEST": "ppwp"}
        done = subprocess.run(
            command, cwd=tmp_path, env=os.environ | where, capture_output=True, text=True, timeout=60, check=False
        )
        assert done.returncode == 0, done.stderr
        return done.stdout.splitlines()

    return ran


def test_there_are_three():
    assert [language for language, _ in EXAMPLES] == ["python", "python", "sh"]


@pytest.mark.django_db(transaction=True)
def test_the_tps_add_up(run):
    assert run(0) == ["paslon_1 108 sama", "paslon_2 176 sama", "paslon_3 40 sama"]


@pytest.mark.django_db(transaction=True)
def test_where_readers_differ(run):
    assert run(1) == ["9101 1 dari 6"]


@pytest.mark.django_db(transaction=True)
def test_last_nights_dump(run):
    assert run(2)[-1].strip() == "5"


def test_every_filter_and_file_is_described():
    for view in (open_api.Stations, open_api.Regions, open_api.Photos, open_api.Readings):
        line = next(one for one in TEXT.splitlines() if f"`<election>/<contest>/{view.table}/`" in one)
        assert set(re.findall(r"`([a-z_]+)`", line.split("|")[2])) == {"region", *view.filters}
        assert f"`{view.table}.csv.gz`, `{view.table}.parquet`" in TEXT
    assert str(data_pages.NEWEST) in TEXT
