"""The nightly dump: one file with everything, and its checksum."""

import subprocess
import tarfile

import pytest
from django.core.management import CommandError, call_command

from aggregation import dumps, export_files
from pemantau.celery import app
from tests.aggregation.evidence import fold, read
from tests.aggregation.open_data import newest
from tps.models import Contest, Option


@pytest.fixture
def two_contests(world, exports_dir):
    dpd = Contest.objects.create(election=world.election, code="dpd-91", kind="dpd", name="DPD", form="c-hasil-dpd")
    Option.objects.create(contest=dpd, number=1, name="Calon")
    read(world)
    fold()
    export_files.export_all()
    return exports_dir


def test_all_contests_are_in_one_file(two_contests, tmp_path):
    made = dumps.make()
    path = two_contests / made["path"]
    assert made["bytes"] == path.stat().st_size
    checked = subprocess.run(
        ["sha256sum", "-c", f"{path.name}.sha256"], cwd=path.parent, capture_output=True, text=True, check=False
    )
    assert checked.stdout == f"{path.name}: OK\n"
    with tarfile.open(path) as tar:
        tar.extractall(tmp_path / "out", filter="data")
        owners = {(member.uid, member.gid, member.uname, member.gname) for member in tar}
    assert owners == {(0, 0, "", "")}
    for contest in ("ppwp", "dpd-91"):
        ours = newest(two_contests, contest=contest)
        theirs = newest(tmp_path / "out", contest=contest)
        assert {p.name: p.read_bytes() for p in ours.iterdir()} == {p.name: p.read_bytes() for p in theirs.iterdir()}
    assert dumps.contents(path) == {("contoh", "ppwp", "2"), ("contoh", "dpd-91", "1")}


def test_nothing_counted_makes_no_dump(db, exports_dir):
    assert dumps.make() is None
    with pytest.raises(CommandError):
        call_command("dump")


def test_the_command_writes_it(two_contests, capsys):
    call_command("dump")
    assert capsys.readouterr().out.strip() == str(two_contests / export_files.index()["dumps"][0]["path"])


def test_the_command_exports_one_contest_or_all(world, exports_dir, capsys):
    read(world)
    fold()
    call_command("export", election="contoh", contest="ppwp")
    assert "1 of 1" in capsys.readouterr().out
    call_command("export")
    assert "0 of 1" in capsys.readouterr().out
    with pytest.raises(CommandError):
        call_command("export", contest="none")


def test_both_happen_by_the_clock(two_contests, eager, settings):
    for name in ("export", "dump"):
        task = app.tasks[settings.CELERY_BEAT_SCHEDULE[name]["task"]]
        assert task.time_limit > 3600
        task.delay()
    assert len(export_files.index()["dumps"]) == 1


def test_dumps_of_earlier_nights_go(two_contests, settings, time_machine_day):
    settings.EXPORTS_NIGHTS = 2
    made = []
    for day in (1, 2, 3):
        time_machine_day(day)
        made.append(dumps.make()["path"])
    dumps.prune()
    assert [one["path"] for one in export_files.index()["dumps"]] == [made[2], made[1]]
    assert not (two_contests / made[0]).exists()
    assert len(list((two_contests / export_files.DUMPS).iterdir())) == 4


@pytest.fixture
def time_machine_day():
    import time_machine

    travels = []

    def go(day: int) -> None:
        travels.append(time_machine.travel(f"2029-03-{day:02d}T19:30:00Z", tick=False))
        travels[-1].start()

    yield go
    for travel in reversed(travels):
        travel.stop()
