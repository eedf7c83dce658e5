"""Outlines made small enough for a page: projected onto a sheet, with as few points as the page has room for.

Arcs are simplified, not regions: neighbours share them, so no gap opens between them. By Visvalingam and Whyatt (1993,
"Line generalisation by repeated elimination of points"): the point that makes the smallest triangle with its
neighbours goes first. Pure functions; a sheet's unit is about a pixel.
"""

import heapq
import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise

from tps.imports.topojson import Arc, Ring, Topology, points

SIDE = 1000  # of a sheet's longer side
PATH_BYTES = 20_000  # of all paths of a sheet; with links and titles a map has twice that
# Triangles and islands below this many square units nobody sees.
SMALLEST = 1.0
SMALLEST_ISLAND = 6.0
# Coarser than this nothing gets, however many bytes it takes: a field would become a line.
COARSEST = 400.0

Grid = tuple[int, int]


@dataclass(frozen=True)
class Outline:
    """A region on a sheet: an SVG path, a point in its largest part, and how wide or high that is at least."""

    path: str
    x: int
    y: int
    room: int


@dataclass(frozen=True)
class Sheet:
    """The regions below one, on a sheet of this size."""

    width: int
    height: int
    outlines: dict[str, Outline]


def sheet(topology: Topology, codes: Iterable[str], most_bytes: int = PATH_BYTES) -> Sheet:
    """The sheet of these regions, each with at least its largest part, in at most so many bytes of paths.

    Where that would make it coarser than `COARSEST`, it has more bytes.
    """
    polygons = {code: topology.polygons[code] for code in sorted(codes)}
    used = sorted({_index(n) for parts in polygons.values() for rings in parts for ring in rings for n in ring})
    width, height, projected = _projected([topology.arcs[n] for n in used])
    arcs = dict(zip(used, projected, strict=True))
    weights = {n: weights_of(arc) for n, arc in arcs.items()}
    least = SMALLEST
    while True:
        drawn = _drawn(polygons, arcs, weights, least)
        if sum(len(one.path) for one in drawn.values()) <= most_bytes or least > COARSEST:
            return Sheet(width, height, drawn)
        least *= 1.5


def _index(number: int) -> int:
    return number if number >= 0 else ~number


def _projected(arcs: Sequence[Arc]) -> tuple[int, int, list[Arc]]:
    """Equirectangular, true to scale in the middle's latitude; north is up. Width, height and the arcs."""
    xs, ys = [x for arc in arcs for x, _ in arc], [y for arc in arcs for _, y in arc]
    west, east, south, north = min(xs), max(xs), min(ys), max(ys)
    narrow = math.cos(math.radians((south + north) / 2))
    scale = SIDE / (max((east - west) * narrow, north - south) or 1)
    flat = [[((x - west) * narrow * scale, (north - y) * scale) for x, y in arc] for arc in arcs]
    return math.ceil((east - west) * narrow * scale) or 1, math.ceil((north - south) * scale) or 1, flat


def weights_of(arc: Arc) -> list[float]:
    """For each point of an arc the area up to which it stays; its ends stay always.

    A closed arc, such as an island, keeps two points more, so that it never becomes a line.
    """
    weights = [math.inf] * len(arc)
    before, after = list(range(-1, len(arc) - 1)), list(range(1, len(arc) + 1))
    heap = [(_triangle(arc, i - 1, i, i + 1), i) for i in range(1, len(arc) - 1)]
    heapq.heapify(heap)
    inner, so_far = len(arc) - 2, 0.0
    gone = [False] * len(arc)
    area = {i: size for size, i in heap}
    while heap and inner > (2 if arc[0] == arc[-1] else 0):
        size, i = heapq.heappop(heap)
        if gone[i] or size != area[i]:
            continue
        so_far = max(so_far, size)
        weights[i], gone[i] = so_far, True
        inner -= 1
        left, right = before[i], after[i]
        after[left], before[right] = right, left
        for j in (left, right):
            if 0 < j < len(arc) - 1:
                area[j] = _triangle(arc, before[j], j, after[j])
                heapq.heappush(heap, (area[j], j))
    return weights


def _triangle(arc: Arc, a: int, b: int, c: int) -> float:
    (x1, y1), (x2, y2), (x3, y3) = arc[a], arc[b], arc[c]
    return abs((x2 - x1) * (y3 - y1) - (x3 - x1) * (y2 - y1)) / 2


def _drawn(
    polygons: Mapping[str, Sequence[Sequence[Ring]]],
    arcs: Mapping[int, Arc],
    weights: Mapping[int, Sequence[float]],
    least: float,
) -> dict[str, Outline]:
    kept: dict[int, Arc] = {
        n: [(round(x), round(y)) for (x, y), weight in zip(arc, weights[n], strict=True) if weight >= least]
        for n, arc in arcs.items()
    }
    return {
        code: _outline([_ring(ring, kept) for ring in _by_size(parts, arcs)], least) for code, parts in polygons.items()
    }


def _by_size(parts: Sequence[Sequence[Ring]], arcs: Mapping[int, Arc]) -> list[Ring]:
    """A region's rings, the largest one first, as they are before anything is left out."""
    found = [ring for rings in parts for ring in rings]
    if len(found) > 1:
        found.sort(key=lambda ring: -area_of(_ring(ring, arcs)))
    return found


def _ring(ring: Ring, arcs: Mapping[int, Arc]) -> list[Grid]:
    """Its points on the grid, none twice in a row, the first not again at the end."""
    # Numbers as `points` knows them, in a list of this ring's arcs only.
    own = list(dict.fromkeys(_index(n) for n in ring))
    renumbered = [own.index(n) if n >= 0 else ~own.index(~n) for n in ring]
    found = [(int(x), int(y)) for x, y in points(renumbered, [arcs[n] for n in own])]
    slim = [*found[:1], *(point for before, point in pairwise(found) if point != before)]
    return slim[:-1] if len(slim) > 1 and slim[0] == slim[-1] else slim


def _outline(rings: Sequence[list[Grid]], least: float) -> Outline:
    """The first ring always, others where they can be seen."""
    largest, others = rings[0], rings[1:]
    seen = [largest, *(ring for ring in others if area_of(ring) >= max(SMALLEST_ISLAND, least))]
    xs, ys = [x for x, _ in largest], [y for _, y in largest]
    x, y = _middle(largest)
    return Outline("".join(map(_path, seen)), x, y, min(max(xs) - min(xs), max(ys) - min(ys)))


def area_of(ring: Sequence[Grid]) -> float:
    return abs(sum(x1 * y2 - x2 * y1 for (x1, y1), (x2, y2) in pairwise([*ring, *ring[:1]]))) / 2


def _middle(ring: Sequence[Grid]) -> Grid:
    """A point inside: halfway along the longest stretch that lies in the ring, of some level lines through it."""
    ys = [y for _, y in ring]
    low, high = min(ys), max(ys)
    best = (0.0, ring[0][0], ring[0][1])
    for part in range(1, 8):
        level = low + (high - low) * part / 8
        cuts = sorted(
            x1 + (level - y1) * (x2 - x1) / (y2 - y1)
            for (x1, y1), (x2, y2) in pairwise([*ring, *ring[:1]])
            if (y1 <= level) != (y2 <= level)
        )
        for left, right in zip(cuts[::2], cuts[1::2], strict=False):
            # The middle levels count more: a label sits better there than in a corner.
            width = (right - left) * (1 - abs(part - 4) / 8)
            if width > best[0]:
                best = (width, round((left + right) / 2), round(level))
    return best[1], best[2]


def _path(ring: Sequence[Grid]) -> str:
    """`M` and steps from point to point; a minus parts two numbers as well as a space."""
    (x, y), steps = ring[0], []
    for (x1, y1), (x2, y2) in pairwise(ring):
        steps += [x2 - x1, y2 - y1]
    text = " ".join(map(str, steps)).replace(" -", "-")
    return f"M{x} {y}l{text}z" if steps else f"M{x} {y}h1v1z"
