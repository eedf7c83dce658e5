"""The nightly dump: the newest export of every contest in one file, with its checksum beside it.

A plain tar, for what is in it is packed already. It holds the index first, then each export under the path that it has
on the site, so that a dump unpacked somewhere is a copy of the open data of that night.

What stays: the dumps of the newest `EXPORTS_NIGHTS` nights, every export that is in one of them, and the newest
`EXPORTS_KEPT` exports of each contest. Everything else is taken away after a dump.
"""

import io
import json
import secrets
import tarfile
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, BinaryIO

from django.conf import settings

from aggregation import export_files
from aggregation.export_files import DUMPS, INDEX

_NAME = "pemantau-{moment:%Y%m%dT%H%M%SZ}.tar"
# `sha256sum -c` reads a file's name after two spaces.
_CHECKSUM = "{digest}  {name}\n"


def make() -> dict[str, Any] | None:
    """Write what the index names into one file, and name that in the index; None where there is nothing to write.

    Call it `export_files.alone`.
    """
    now = export_files.index()
    if not now["exports"]:
        return None
    folder = export_files.root() / DUMPS
    folder.mkdir(parents=True, exist_ok=True)
    moment = datetime.now(UTC)
    name = _free_name(folder, moment)
    digest, size = _write(now, folder, name, moment)
    ours = {
        "path": f"{DUMPS}/{name}",
        "checksum_path": f"{DUMPS}/{name}.sha256",
        "bytes": size,
        "hash": f"sha256:{digest}",
        "made_at": f"{moment:%Y-%m-%dT%H:%M:%SZ}",
    }
    others = [one for one in now["dumps"] if one["path"] != ours["path"]]
    export_files.write_index(now | {"dumps": [ours, *others]})
    return ours


def _free_name(folder: Path, moment: datetime) -> str:
    """No dump ever takes another's name."""
    while (folder / (name := _NAME.format(moment=moment))).exists():
        moment += timedelta(seconds=1)
    return name


def _write(now: dict[str, Any], folder: Path, name: str, moment: datetime) -> tuple[str, int]:
    """The dump and its checksum, on the disk under their names; returns its SHA-256 and bytes."""
    fresh = folder / f".new-{secrets.token_hex(8)}"
    with fresh.open("wb") as file:
        _pack(now, file, moment)
    digest, size = export_files.sha256_of(fresh), fresh.stat().st_size
    export_files.sync(fresh)
    checksum = folder / f".new-{secrets.token_hex(8)}"
    checksum.write_text(_CHECKSUM.format(digest=digest, name=name))
    export_files.sync(checksum)
    checksum.rename(folder / f"{name}.sha256")
    fresh.rename(folder / name)
    export_files.sync(folder)
    return digest, size


def _pack(now: dict[str, Any], file: BinaryIO, moment: datetime) -> None:
    """The index and every export that it names, nothing of this machine among it."""
    at = int(moment.timestamp())
    with tarfile.open(fileobj=file, mode="w|") as tar:
        content = json.dumps(now | {"dumps": []}, ensure_ascii=False, indent=1).encode()
        tar.addfile(_member(INDEX, len(content), at), io.BytesIO(content))
        for one in now["exports"]:
            folder = (export_files.root() / one["path"]).parent
            for path in sorted(folder.iterdir()):
                inside = f"{folder.relative_to(export_files.root())}/{path.name}"
                with path.open("rb") as source:
                    tar.addfile(_member(inside, path.stat().st_size, at), source)


def _member(name: str, size: int, at: int) -> tarfile.TarInfo:
    member = tarfile.TarInfo(name)
    member.size, member.mtime, member.mode = size, at, 0o644
    return member


def contents(path: Path) -> set[tuple[str, str, str]]:
    """The exports in a dump: (election, contest, version)."""
    with tarfile.open(path) as tar:
        first = tar.next()
        file = tar.extractfile(first) if first else None
        listed = json.load(file)["exports"] if file else []
    return {(one["election"]["code"], one["contest"]["code"], one["version"]) for one in listed}


def prune() -> int:
    """Take away dumps of earlier nights, and exports that neither are new nor in a dump; returns how many.

    Dumps leave the index before they leave the disk. Call it `export_files.alone`.
    """
    now = export_files.index()
    kept = now["dumps"][: settings.EXPORTS_NIGHTS]
    if kept != now["dumps"]:
        export_files.write_index(now | {"dumps": kept})
    names = {Path(one["path"]).name for one in kept}
    gone = 0
    for path in (export_files.root() / DUMPS).glob("pemantau-*.tar*"):
        if path.name.removesuffix(".sha256") not in names:
            path.unlink()
            gone += 1
    inside = [contents(export_files.root() / one["path"]) for one in kept]
    return gone + export_files.prune(settings.EXPORTS_KEPT, set().union(*inside))


def path_of(name: str) -> Path | None:
    """A dump or its checksum, where there is one of that name."""
    known = {Path(one[key]).name for one in export_files.index()["dumps"] for key in ("path", "checksum_path")}
    return export_files.root() / DUMPS / name if name in known else None
