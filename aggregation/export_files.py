"""The folder of the open data: a new version is made whole beside the others, and named by the index last.

    terbaru.json                           the index: the newest export of each contest, and the dumps
    <election>/<contest>/<version>/        one export; never changed once it is there
        datapackage.json                   what it holds
        stations.csv.gz stations.parquet … its tables
        nist.json.gz                       NIST SP 1500-100
    _dumps/pemantau-<day>.tar              all exports of one night in one file
    _dumps/pemantau-<day>.tar.sha256       its checksum, for `sha256sum -c`
    .new-…                                 being made, or left behind by a crash: the next export takes it away

A version whose sums are the same but whose photos or readings are not gets an edition: `17`, `17.1`, `17.2`. Whoever
stops it between any two steps leaves all that the index names as it was.
"""

import gzip
import hashlib
import io
import json
import os
import re
import secrets
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from django.conf import settings
from django.db import connection

from aggregation import data_package, exports, nist, table_files
from aggregation.exports import Cut
from aggregation.models import Snapshot
from aggregation.region_document import consistent
from tps.models import Contest

# Session lock of whoever writes into the folder: "expo".
LOCK = 0x6578706F
INDEX = "terbaru.json"
PACKAGE = "datapackage.json"
DUMPS = "_dumps"  # no election is called so: their codes begin with a letter or digit
FORMAT = 1
VERSION = re.compile(r"[0-9]{1,12}(\.[0-9]{1,6})?")
_NEW = ".new-"


def root() -> Path:
    return Path(settings.EXPORTS_DIR)


@contextmanager
def alone() -> Iterator[bool]:
    """Whether we are the only one who writes into the folder, until this ends."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_try_advisory_lock(%s)", [LOCK])
        is_ours = bool(cursor.fetchone()[0])
    try:
        yield is_ours
    finally:
        if is_ours and connection.connection is not None:
            with connection.cursor() as cursor:
                cursor.execute("SELECT pg_advisory_unlock(%s)", [LOCK])


def export_all(contests: list[Contest] | None = None) -> int:
    """Export all contests, or these, where anything has changed; returns how many were. Call it `alone`."""
    clear_up()
    wanted = Snapshot.objects.filter(version__gt=0).order_by("pk").select_related("contest__election")
    if contests is not None:
        wanted = wanted.filter(contest__in=contests)
    return sum(export(snapshot.contest) for snapshot in wanted)


def export(contest: Contest) -> bool:
    """Export the cut at which a contest stands; False where the newest export says the same already."""
    with consistent():
        cut = exports.cut_of(contest)
        if cut is None:
            return False
        home = root() / contest.election_id / contest.code
        found = _same(home, cut)
        if found is not None and _named(contest) == found:
            return False
        name = found or _free_name(home, cut)
        if found is None:
            folder = _make(cut, name)
            _put(folder, home / name)
    _point_to(contest, home / name)
    return True


def clear_up() -> None:
    """Take away what a crash has left half made."""
    for left in root().glob(f"**/{_NEW}*"):
        shutil.rmtree(left, ignore_errors=True) if left.is_dir() else left.unlink(missing_ok=True)


# --- One export -----------------------------------------------------------------------------


def _make(cut: Cut, name: str) -> Path:
    """All files of one cut in a new folder that nobody is told of."""
    folder = root() / f"{_NEW}{secrets.token_hex(8)}"
    folder.mkdir(parents=True)
    written = [(table, table_files.write(table, folder)) for table in exports.tables(cut)]
    _write_nist(cut, folder)
    files = {path.name: (path.stat().st_size, sha256_of(path)) for path in sorted(folder.iterdir())}
    edition = int(name.partition(".")[2] or 0)
    _write_json(folder / PACKAGE, data_package.build(cut, edition, written, files))
    for path in folder.iterdir():
        sync(path)
    return folder


def _write_nist(cut: Cut, folder: Path) -> None:
    with (
        (folder / "nist.json.gz").open("wb") as file,
        gzip.GzipFile(filename="", mode="wb", fileobj=file, compresslevel=table_files.PACKED_LEVEL, mtime=0) as packed,
        io.TextIOWrapper(packed, encoding="utf-8", newline="") as out,
    ):
        nist.write(cut, folder, out)


def _put(folder: Path, place: Path) -> None:
    """Give a folder its name, for good."""
    sync(folder)
    place.parent.mkdir(parents=True, exist_ok=True)
    folder.rename(place)
    sync(place.parent)


def versions(home: Path) -> list[str]:
    """The exports of a contest that are there, oldest first."""
    found = [path.name for path in home.iterdir() if VERSION.fullmatch(path.name)] if home.is_dir() else []
    return sorted(found, key=_order)


def _order(name: str) -> tuple[int, int]:
    version, _, edition = name.partition(".")
    return int(version), int(edition or 0)


def _same(home: Path, cut: Cut) -> str | None:
    """The newest export, where it says what this cut says."""
    newest = versions(home)[-1:]
    if newest and package_of(home / newest[0])["mark"] == cut.mark:
        return newest[0]
    return None


def _free_name(home: Path, cut: Cut) -> str:
    """The version's number, with the next edition where there is one of this version.

    No name is ever given twice: the newest export of a contest is never taken away.
    """
    editions = [edition for version, edition in map(_order, versions(home)) if version == cut.version]
    return f"{cut.version}.{max(editions) + 1}" if editions else str(cut.version)


def package_of(folder: Path) -> dict[str, Any]:
    """The `datapackage.json` of an export."""
    return dict(json.loads((folder / PACKAGE).read_text()))


# --- The index ------------------------------------------------------------------------------


def index() -> dict[str, Any]:
    """What there is: `exports`, the newest of each contest, and `dumps`, the newest first."""
    try:
        return dict(json.loads((root() / INDEX).read_text()))
    except FileNotFoundError:
        return {"format": FORMAT, "exports": [], "dumps": []}


def newest(election: str, contest: str) -> dict[str, Any] | None:
    """What the index says of a contest."""
    found = (one for one in index()["exports"] if (one["election"]["code"], one["contest"]["code"])
             == (election, contest))  # fmt: skip
    return next(found, None)


def _named(contest: Contest) -> str | None:
    found = newest(contest.election_id, contest.code)
    return found["version"] if found else None


def _point_to(contest: Contest, folder: Path) -> None:
    """Name this export in the index, in place of the contest's earlier one."""
    package = package_of(folder)
    path = folder / PACKAGE
    ours = {
        "election": package["election"],
        "contest": package["contest"],
        "version": folder.name,
        "cut": package["cut"],
        "taken_at": package["created"],
        "path": f"{contest.election_id}/{contest.code}/{folder.name}/{PACKAGE}",
        "hash": f"sha256:{sha256_of(path)}",
        "bytes": sum(file.stat().st_size for file in folder.iterdir()),
    }
    now = index()
    others = [one for one in now["exports"] if one["contest"]["code"] != contest.code
              or one["election"]["code"] != contest.election_id]  # fmt: skip
    listed = sorted([*others, ours], key=lambda one: (one["election"]["code"], one["contest"]["code"]))
    write_index(now | {"exports": listed})


def write_index(content: dict[str, Any]) -> None:
    """Replace the index at one stroke."""
    root().mkdir(parents=True, exist_ok=True)
    fresh = root() / f"{_NEW}{secrets.token_hex(8)}"
    _write_json(fresh, content | {"format": FORMAT, "licence": data_package.licence()})
    sync(fresh)
    fresh.replace(root() / INDEX)
    sync(root())


def prune(keep: int, kept_for_dumps: set[tuple[str, str, str]]) -> int:
    """Take away exports but the newest `keep` of each contest, and those in a dump; returns how many.

    `kept_for_dumps`: (election, contest, version). What the index names is never taken away.
    """
    gone = 0
    named = {(one["election"]["code"], one["contest"]["code"], one["version"]) for one in index()["exports"]}
    for home in {path.parent.parent for path in root().glob(f"*/*/*/{PACKAGE}")}:
        contest = home.relative_to(root()).parts
        for version in versions(home)[: -max(keep, 1)]:
            if (*contest, version) not in named | kept_for_dumps:
                _take_away(home / version)
                gone += 1
    return gone


def _take_away(folder: Path) -> None:
    """First its name, at one stroke: half an export is none."""
    left = root() / f"{_NEW}{secrets.token_hex(8)}"
    folder.rename(left)
    shutil.rmtree(left)


# --- Bytes ----------------------------------------------------------------------------------


def sha256_of(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _write_json(path: Path, content: dict[str, Any]) -> None:
    path.write_text(json.dumps(content, ensure_ascii=False, indent=1) + "\n")


def sync(path: Path) -> None:
    """Have the disk hold a file's bytes, or a folder's names."""
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def file_in(election: str, contest: str, version: str, name: str) -> Path | None:
    """A published file of an export, where there is one of that name."""
    if not VERSION.fullmatch(version) or name.startswith("."):
        return None
    folder = root() / election / contest / version
    if not (folder / PACKAGE).is_file():
        return None
    known = {PACKAGE, *(resource["path"] for resource in package_of(folder)["resources"])}
    return folder / name if name in known else None
