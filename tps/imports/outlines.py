"""Where the kecamatan lie: the middles of their outlines, from TopoJSON.

An object `kecamatan` of Polygons and MultiPolygons whose `id` is the six-digit code, in degrees, quantised or not.
Only the middle of each one's largest part is kept, in hundredths of a degree.
"""

import gzip
import json
import zlib
from collections.abc import Sequence
from itertools import accumulate, pairwise
from pathlib import Path
from typing import Any

from tps.imports.changes import EXAMPLES, Changes, Progress, silent
from tps.imports.files import WrongFile
from tps.imports.staging import analyze, ask, run, stage

OBJECT = "kecamatan"

Point = tuple[float, float]  # longitude, latitude, as TopoJSON has them
Arc = list[Point]

_KNOWN = """staged_centroid s JOIN tps_region r ON r.code = s.code COLLATE "C" AND r.level = 3
            LEFT JOIN tps_centroid c ON c.region_id = r.code"""
_DIFFERENT = "(c.latitude, c.longitude) IS DISTINCT FROM (s.latitude, s.longitude)"


def compare(path: Path, *, progress: Progress = silent) -> Changes:
    """What the file would change. In a transaction; raises `WrongFile`. Codes that no kecamatan has are passed over."""
    middles = read(path)
    progress("comparing", 0)
    columns = {"code": "text", "latitude": "smallint", "longitude": "smallint"}
    stage("staged_centroid", columns, [(code, *middle) for code, middle in middles.items()])
    added, changed, unchanged = ask(
        f"""SELECT count(*) FILTER (WHERE c.region_id IS NULL),
                   count(*) FILTER (WHERE c.region_id IS NOT NULL AND {_DIFFERENT}),
                   count(*) FILTER (WHERE NOT {_DIFFERENT}) FROM {_KNOWN}"""  # noqa: S608
    )[0]
    absent = ask(
        """SELECT count(*) FROM tps_centroid c
           WHERE NOT EXISTS (SELECT FROM staged_centroid s WHERE s.code COLLATE "C" = c.region_id)"""
    )[0][0]
    examples = ask(
        f"SELECT r.code, r.name FROM {_KNOWN} WHERE {_DIFFERENT} ORDER BY r.code LIMIT %s",  # noqa: S608
        EXAMPLES,
    )
    passed_over = len(middles) - added - changed - unchanged
    return Changes(
        what="middles of kecamatan",
        added=added,
        changed=changed,
        unchanged=unchanged,
        absent=absent,
        examples=[f"{code} {name}" for code, name in examples],
        apply=_apply,
        notes=[f"  passed over: {passed_over:,} codes that no kecamatan here has"] if passed_over else (),
    )


def _apply(progress: Progress) -> None:
    progress("writing middles of kecamatan", 0)
    run(
        f"""INSERT INTO tps_centroid (region_id, latitude, longitude)
            SELECT r.code, s.latitude, s.longitude FROM {_KNOWN}
            ON CONFLICT (region_id) DO UPDATE SET latitude = excluded.latitude, longitude = excluded.longitude"""  # noqa: S608
    )
    analyze("tps_centroid")
    progress("writing middles of kecamatan", 1)


# --- TopoJSON -----------------------------------------------------------------------------------


def read(path: Path) -> dict[str, tuple[int, int]]:
    """Code -> latitude and longitude of the middle, in hundredths of a degree. Raises `WrongFile`."""
    try:
        content = path.read_bytes()
        document = json.loads(gzip.decompress(content) if path.suffix == ".gz" else content)
        arcs = _arcs(document)
        shapes = document["objects"][OBJECT]["geometries"]
        found = {str(shape["id"]): _middle(_rings(shape, arcs)) for shape in shapes}
    except (OSError, EOFError, zlib.error, ValueError, LookupError, TypeError, AttributeError) as error:
        raise WrongFile(path.name, [f"no TopoJSON with an object {OBJECT!r}: {error!r}"]) from error
    wrong = [
        f"{code}: {latitude / 100}, {longitude / 100} is not on earth"
        for code, (latitude, longitude) in found.items()
        if abs(latitude) > 9_000 or abs(longitude) > 18_000
    ]
    if wrong:
        raise WrongFile(path.name, wrong)
    return found


def _arcs(document: dict[str, Any]) -> list[Arc]:
    """The lines that outlines are made of, in degrees. Quantised ones hold steps; `transform` says their size."""
    transform = document.get("transform")
    if not transform:
        return [[(x, y) for x, y, *_ in arc] for arc in document["arcs"]]
    (x_step, y_step), (x_start, y_start) = transform["scale"], transform["translate"]
    return [
        [
            (x * x_step + x_start, y * y_step + y_start)
            for x, y in accumulate((tuple(step[:2]) for step in arc), lambda at, by: (at[0] + by[0], at[1] + by[1]))
        ]
        for arc in document["arcs"]
    ]


def _rings(shape: dict[str, Any], arcs: Sequence[Arc]) -> list[Arc]:
    """The outer ring of each part of a region."""
    parts = {"Polygon": lambda: [shape["arcs"]], "MultiPolygon": lambda: shape["arcs"]}[shape["type"]]()
    return [[point for number in part[0] for point in _arc(number, arcs)] for part in parts]


def _arc(number: int, arcs: Sequence[Arc]) -> Arc:
    """~n stands for arc n, walked backwards."""
    return arcs[number] if number >= 0 else arcs[~number][::-1]


def _middle(rings: Sequence[Arc]) -> tuple[int, int]:
    """The centre of gravity of the largest ring; of one without area, its first point."""
    _area, (x, y) = max((_gravity(ring) for ring in rings), key=lambda found: found[0])
    return round(y * 100), round(x * 100)


def _gravity(ring: Arc) -> tuple[float, Point]:
    """Twice the area within a closed ring, and its centre of gravity."""
    x_start, y_start = ring[0]
    twice = x_sum = y_sum = 0.0
    for (x1, y1), (x2, y2) in pairwise((x - x_start, y - y_start) for x, y in ring):
        part = x1 * y2 - x2 * y1
        twice, x_sum, y_sum = twice + part, x_sum + part * (x1 + x2), y_sum + part * (y1 + y2)
    if not twice:
        return 0.0, ring[0]
    return abs(twice), (x_start + x_sum / (3 * twice), y_start + y_sum / (3 * twice))
