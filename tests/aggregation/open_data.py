"""Reading what was exported, as somebody does who has only the files."""

import csv
import gzip
import json
from pathlib import Path

from accounts import commitments
from aggregation import export_files
from tests.aggregation.evidence import PAGE_2, decide, photo, record
from tests.world import World
from transcription.models import Entry


def newest(root: Path, election: str = "contoh", contest: str = "ppwp") -> Path:
    """The folder that the index names."""
    listed = json.loads((root / export_files.INDEX).read_text())["exports"]
    found = next(one for one in listed if (one["election"]["code"], one["contest"]["code"]) == (election, contest))
    return (root / found["path"]).parent


def rows(folder: Path, table: str) -> list[dict[str, str]]:
    with gzip.open(folder / f"{table}.csv.gz", "rt", encoding="utf-8", newline="") as text:
        return list(csv.DictReader(text))


def total(folder: Path, key: str) -> int:
    return sum(int(row[key] or 0) for row in rows(folder, "stations"))


def package(folder: Path) -> dict:
    return json.loads((folder / export_files.PACKAGE).read_text())


def read_by(world: World, *names: str, decided: bool = True, **more: object):
    """A photo of page 2 that these people read alike, decided or not; returns it and their commitments."""
    taken = photo(world)
    record(taken)
    numbers = PAGE_2 | more
    people = [world.person(name) for name in names]
    for person in people:
        Entry.objects.create(photo=taken, account=person, device=world.device(), page=2, numbers=numbers)
    if decided:
        decide(taken, 2, numbers)
        record(taken)
    return taken, [commitments.of(person) for person in people]
