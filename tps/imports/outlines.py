"""Where the kecamatan lie: the middles of their outlines, from TopoJSON.

An object `kecamatan` of Polygons and MultiPolygons whose `id` is the six-digit code, in degrees, quantised or not.
Only the middle of each one's largest part is kept, in hundredths of a degree.
"""

from collections.abc import Sequence
from itertools import pairwise
from pathlib import Path

from tps.imports import topojson
from tps.imports.changes import EXAMPLES, Changes, Progress, silent
from tps.imports.staging import analyze, ask, run, stage

OBJECT = "kecamatan"

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


def read(path: Path) -> dict[str, tuple[int, int]]:
    """Code -> latitude and longitude of the middle, in hundredths of a degree. Raises `WrongFile`."""
    topology = topojson.read(path, OBJECT)
    return {
        code: _middle([topojson.points(polygon[0], topology.arcs) for polygon in polygons])
        for code, polygons in topology.polygons.items()
    }


def _middle(rings: Sequence[topojson.Arc]) -> tuple[int, int]:
    """The centre of gravity of the largest ring; of one without area, its first point."""
    _area, (x, y) = max((_gravity(ring) for ring in rings), key=lambda found: found[0])
    return round(y * 100), round(x * 100)


def _gravity(ring: topojson.Arc) -> tuple[float, topojson.Point]:
    """Twice the area within a closed ring, and its centre of gravity."""
    x_start, y_start = ring[0]
    twice = x_sum = y_sum = 0.0
    for (x1, y1), (x2, y2) in pairwise((x - x_start, y - y_start) for x, y in ring):
        part = x1 * y2 - x2 * y1
        twice, x_sum, y_sum = twice + part, x_sum + part * (x1 + x2), y_sum + part * (y1 + y2)
    if not twice:
        return 0.0, ring[0]
    return abs(twice), (x_start + x_sum / (3 * twice), y_start + y_sum / (3 * twice))
