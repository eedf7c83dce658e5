"""The folder of the open data: what is named is whole, whatever stops it."""

import hashlib
import json
import threading
from collections.abc import Callable
from pathlib import Path

import pytest
from django.db import connections

from aggregation import data_package, dumps, export_files, table_files
from pemantau import nightly
from tests.aggregation.evidence import fold, read
from tests.aggregation.open_data import newest, package, total
from tps.models import Election


class PowerCut(BaseException):
    """Nobody catches it, and nothing in between cleans up: there is no such code in what it goes through."""


# Everything that leaves something on the disk, or reads what it is about to name.
STEPS = [
    (table_files, "write"),
    (data_package, "build"),
    (export_files, "_write_nist"),
    (export_files, "_write_json"),
    (export_files, "sha256_of"),
    (export_files, "sync"),
    (export_files, "_put"),
    (export_files, "_point_to"),
    (dumps, "_pack"),
    (Path, "rename"),
    (Path, "replace"),
    (Path, "unlink"),
]


def wired(monkeypatch, said: Callable[[str], None]) -> None:
    """Have each step call `said` before and after it is done."""
    for owner, name in STEPS:
        real = getattr(owner, name)

        def step(*args, _real=real, _name=name, **more):
            said(f"before {_name}")
            done = _real(*args, **more)
            said(f"after {_name}")
            return done

        monkeypatch.setattr(owner, name, step)


def whole(root: Path) -> str:
    """The version that the index names, after every byte of it was compared with what is said of it."""
    folder = newest(root)
    listed = export_files.index()["exports"][0]
    assert hashlib.sha256((folder / export_files.PACKAGE).read_bytes()).hexdigest() == listed["hash"][7:]
    for one in package(folder)["resources"]:
        assert hashlib.sha256((folder / one["path"]).read_bytes()).hexdigest() == one["hash"][7:]
    for one in export_files.index()["dumps"]:
        content = (root / one["path"]).read_bytes()
        assert hashlib.sha256(content).hexdigest() == one["hash"][7:]
        assert (root / one["checksum_path"]).read_text().split()[0] == one["hash"][7:]
    return folder.name


def last_in(said: list[str]) -> Callable[[str], int]:
    return lambda word: len(said) - 1 - said[::-1].index(word)


@pytest.mark.slow
def test_cut_off_between_any_two_steps_the_old_one_stays_whole(world, exports_dir, settings, client):
    settings.EXPORTS_KEPT, settings.EXPORTS_NIGHTS = 1, 1
    read(world)
    fold()
    nightly.run_dump()
    said: list[str] = []
    with pytest.MonkeyPatch.context() as patch:
        wired(patch, said.append)
        read(world, world.stations["9101011002001"])
        fold()
        nightly.run_dump()
    assert {word.split()[1] for word in said} == {name for _, name in STEPS}
    # Where each kind of step is taken first, and last.
    for cut_at in sorted({place(word) for word in set(said) for place in (said.index, last_in(said))}):
        before = whole(exports_dir)
        Election.objects.filter(pk="contoh").update(hashes={"regions": str(cut_at)})
        heard: list[str] = []

        def power(word: str, heard=heard, cut_at=cut_at) -> None:
            heard.append(word)
            if len(heard) > cut_at:
                raise PowerCut

        with pytest.MonkeyPatch.context() as patch:
            wired(patch, power)
            with pytest.raises(PowerCut):
                nightly.run_dump()
        named = whole(exports_dir)
        assert named == before or "after replace" in heard
        assert client.get("/data/contoh/ppwp/").status_code == 200
        assert client.get(f"/data/contoh/ppwp/{named}/stations.csv").status_code == 200
        nightly.run_dump()
        assert whole(exports_dir) != before
        assert not list(exports_dir.glob(f"**/{export_files._NEW}*"))
        assert len(export_files.versions(exports_dir / "contoh/ppwp")) == 1
        assert len(list((exports_dir / export_files.DUMPS).iterdir())) == 2


def test_what_a_cut_left_complete_is_named_the_next_time(world, exports_dir, monkeypatch):
    read(world)
    fold()
    with monkeypatch.context() as patch:
        patch.setattr(export_files, "_point_to", lambda *_: (_ for _ in ()).throw(PowerCut))
        with pytest.raises(PowerCut):
            export_files.export(world.contest)
    made = next((exports_dir / "contoh/ppwp").iterdir())
    at = made.stat().st_mtime_ns
    assert export_files.export(world.contest)
    assert newest(exports_dir) == made
    assert made.stat().st_mtime_ns == at
    assert not export_files.export(world.contest)


def test_an_export_never_changes(world, exports_dir):
    read(world)
    fold()
    export_files.export(world.contest)
    first = newest(exports_dir)
    before = {path: path.read_bytes() for path in first.iterdir()}
    read(world, world.stations["9101011002001"])
    fold()
    export_files.export(world.contest)
    assert newest(exports_dir) != first
    assert {path: path.read_bytes() for path in first.iterdir()} == before
    assert total(first, "paslon_1") == 101


def test_the_newest_ones_are_kept_and_what_is_in_a_dump(world, exports_dir, settings):
    settings.EXPORTS_KEPT, settings.EXPORTS_NIGHTS = 2, 1
    names = []
    for number in range(5):
        read(world, paslon_1=number)
        fold()
        export_files.export_all()
        names.append(newest(exports_dir).name)
        if number == 1:
            dumps.make()
    dumps.prune()
    assert export_files.versions(exports_dir / "contoh/ppwp") == [names[1], names[3], names[4]]


def test_no_name_is_given_twice(world, exports_dir, settings):
    settings.EXPORTS_KEPT, settings.EXPORTS_NIGHTS = 1, 0
    names = []
    for number in range(4):
        Election.objects.filter(pk="contoh").update(hashes={"regions": str(number)})
        fold()
        export_files.export_all()
        names.append(newest(exports_dir).name)
        dumps.prune()
    assert names == ["1", "1.1", "1.2", "1.3"]
    assert export_files.versions(exports_dir / "contoh/ppwp") == ["1.3"]


def test_versions_are_in_the_order_of_their_numbers(tmp_path):
    for name in ("9", "10", "10.2", "10.10", "x", ".new-1", "10.2.1"):
        (tmp_path / name).mkdir()
    assert export_files.versions(tmp_path) == ["9", "10", "10.2", "10.10"]
    assert export_files.versions(tmp_path / "none") == []


@pytest.mark.parametrize(
    ("version", "name"),
    [
        ("..", "terbaru.json"),
        (".", "datapackage.json"),
        ("2", "../2/datapackage.json"),
        ("2", ".new-x"),
        ("2/../2", "datapackage.json"),
        ("2\x00", "datapackage.json"),
        ("٢", "datapackage.json"),
        ("2", "secret"),
        ("3", "datapackage.json"),
    ],
)
def test_nothing_else_of_the_disk_is_found(exports_dir, version, name):
    folder = exports_dir / "contoh" / "ppwp" / "2"
    folder.mkdir(parents=True)
    (folder / "datapackage.json").write_text(json.dumps({"resources": []}))
    (folder / "secret").write_text("x")
    assert export_files.file_in("contoh", "ppwp", version, name) is None
    assert export_files.file_in("contoh", "ppwp", "2", "datapackage.json")


@pytest.mark.django_db(transaction=True)
def test_of_two_at_once_one_does_nothing(world, exports_dir):
    read(world)
    fold()
    found = []

    def other() -> None:
        found.append(nightly.run_export())
        connections.close_all()

    with export_files.alone() as is_ours:
        assert is_ours
        thread = threading.Thread(target=other)
        thread.start()
        thread.join()
    assert found == [None]
    assert nightly.run_export() == 1
