"""Importing what maps are drawn from: outlines of regions from TopoJSON, and tile grids from CSV.

Every regions' parent gets one sheet, on which all its children stand; a new file replaces whole sheets, since outlines
of two projections do not fit together.
"""

import hashlib
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from aggregation import grounds
from aggregation.models import MapOutline, MapSheet, MapTile
from aggregation.simplification import Outline, Sheet, sheet
from tps.imports import topojson
from tps.imports.changes import EXAMPLES, Changes, Progress, silent
from tps.imports.files import Problems, name_of, rows, whole
from tps.imports.staging import analyze
from tps.models import Region

_BATCH = 500
MOST_COLUMNS = 40
LONGEST_ABBREVIATION = 4


@dataclass(frozen=True)
class Level:
    """Where a file has the regions of a level, and how many digits their codes have."""

    object: str
    level: int
    parent_digits: int


LEVELS = {
    "provinsi": Level("provinsi", 1, 0),
    "kabupaten": Level("kabkota", 2, 2),
    "kecamatan": Level("kecamatan", 3, 4),
}


def compare(path: Path, word: str, *, progress: Progress = silent) -> Changes:
    """What the outlines of a file would change; `word` is a key of `LEVELS`. In a transaction; raises `WrongFile`.

    Codes that no region of this level has are passed over and counted; sheets that the file does not touch stay.
    """
    level = LEVELS[word]
    topology = topojson.read(path, level.object)
    known = dict(Region.objects.filter(level=level.level, code__in=topology.polygons).values_list("code", "name"))
    sheets = _sheets(topology, known, level, progress)
    before = _present(level)
    now = {code: (parent, one) for parent, found in sheets.items() for code, one in found.outlines.items()}
    changed = [code for code in now if code in before and before[code] != _row(sheets[now[code][0]], *now[code])]
    added = [code for code in now if code not in before]
    removed = [code for code, row in before.items() if row[0] in sheets and code not in now]
    passed_over = len(topology.polygons) - len(known)
    notes = [f"  passed over: {passed_over:,} codes that no {word} here has"] if passed_over else []
    notes += [f"  no longer on their sheet: {', '.join(removed[:EXAMPLES])}"] if removed else []
    digest = hashlib.sha256(path.read_bytes()).hexdigest()
    return Changes(
        what=f"outlines of {word}",
        added=len(added),
        changed=len(changed) + len(removed),
        unchanged=len(now) - len(added) - len(changed),
        absent=len(before.keys() - now.keys()) - len(removed),
        examples=[f"{code} {known[code]}" for code in (changed + added)[:EXAMPLES]],
        apply=lambda bar: _apply(sheets, path.name[:120], digest, bar),
        notes=notes,
    )


def _sheets(topology: topojson.Topology, codes: Iterable[str], level: Level, progress: Progress) -> dict[str, Sheet]:
    below = defaultdict(list)
    for code in codes:
        below[code[: level.parent_digits]].append(code)
    found = {}
    for number, (parent, children) in enumerate(sorted(below.items())):
        progress("simplifying", number / len(below))
        found[parent] = sheet(topology, children)
    return found


_Row = tuple[str, int, int, str, int, int, int]


def _row(on: Sheet, parent: str, one: Outline) -> _Row:
    return parent, on.width, on.height, one.path, one.x, one.y, one.room


def _present(level: Level) -> dict[str, _Row]:
    columns = ("pk", "sheet__parent", "sheet__width", "sheet__height", "path", "x", "y", "room")
    found = MapOutline.objects.filter(region__level=level.level).values_list(*columns)
    return {row[0]: tuple(row[1:]) for row in found}


def _apply(sheets: dict[str, Sheet], source: str, digest: str, progress: Progress) -> None:
    MapSheet.objects.filter(parent__in=sheets).delete()  # and what stands on them
    made = MapSheet.objects.bulk_create(
        MapSheet(parent_id=parent, width=one.width, height=one.height, source=source, source_sha256=digest)
        for parent, one in sheets.items()
    )
    numbers = {one.parent_id: one.pk for one in made}
    MapOutline.objects.bulk_create(
        (
            MapOutline(region_id=code, sheet_id=numbers[parent], path=one.path, x=one.x, y=one.y, room=one.room)
            for parent, on in sheets.items()
            for code, one in on.outlines.items()
        ),
        batch_size=_BATCH,
    )
    analyze(MapOutline._meta.db_table)
    grounds.forget_after_commit(sheets)
    progress("writing outlines", 1)


# --- Tile grids -----------------------------------------------------------------------------


def compare_tiles(path: Path, *, progress: Progress = silent) -> Changes:
    """What a tile grid (code, column, row, abbreviation) would change. In a transaction; raises `WrongFile`."""
    tiles = read_tiles(path)
    progress("comparing", 0)
    known = dict(Region.objects.filter(code__in=tiles).values_list("code", "name"))
    before = {code: place for code, *place in MapTile.objects.values_list("pk", "column", "row", "abbreviation")}
    wanted = {code: list(tile) for code, tile in tiles.items() if code in known}
    added = [code for code in wanted if code not in before]
    changed = [code for code, place in wanted.items() if code in before and before[code] != place]
    passed_over = len(tiles) - len(known)
    return Changes(
        what="tiles",
        added=len(added),
        changed=len(changed),
        unchanged=len(wanted) - len(added) - len(changed),
        absent=len(before.keys() - wanted.keys()),
        examples=[f"{code} {known[code]}" for code in (changed + added)[:EXAMPLES]],
        apply=lambda bar: _apply_tiles({code: tiles[code] for code in wanted}),
        notes=[f"  passed over: {passed_over:,} codes that no region here has"] if passed_over else (),
    )


def read_tiles(path: Path) -> dict[str, tuple[int, int, str]]:
    """Code -> column, row and abbreviation. Raises `WrongFile`, also where two of one parent stand in one place."""
    problems = Problems(path)
    found: dict[str, tuple[int, int, str]] = {}
    taken: dict[tuple[str, int, int], str] = {}
    for row in rows(path, ("code", "column", "row", "abbreviation"), problems, optional=("name",)):
        code, column, level = row["code"], whole(row["column"]), whole(row["row"])
        short = name_of(row, "abbreviation", problems, LONGEST_ABBREVIATION)
        if column is None or level is None or max(column, level) >= MOST_COLUMNS:
            problems.at(row.line, f"column and row are numbers from 0 to {MOST_COLUMNS - 1}")
            continue
        if code in found:
            problems.at(row.line, f"{code} stands twice")
        place = (parent_of(code), column, level)
        if other := taken.get(place):
            problems.at(row.line, f"{code} stands where {other} does")
        taken[place], found[code] = code, (column, level, short)
    problems.refuse()
    return found


def parent_of(code: str) -> str:
    """The region a code of 2, 4, 6 or 10 digits lies in."""
    return code[: {2: 0, 4: 2, 6: 4, 10: 6}.get(len(code), 0)]


def _apply_tiles(tiles: dict[str, tuple[int, int, str]]) -> None:
    MapTile.objects.bulk_create(
        (MapTile(region_id=code, column=x, row=y, abbreviation=short) for code, (x, y, short) in tiles.items()),
        batch_size=_BATCH,
        update_conflicts=True,
        unique_fields=["region"],
        update_fields=["column", "row", "abbreviation"],
    )
    grounds.forget_after_commit({parent_of(code) for code in tiles})
