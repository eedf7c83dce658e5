"""Outlines of regions from TopoJSON (its specification, version 1.0): pure functions, no table.

A topology's arcs are shared by neighbours, so whatever is done to an arc is done to both. Points are longitude and
latitude in degrees; quantised ones hold steps, and `transform` says their size.
"""

import gzip
import json
import zlib
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import accumulate
from pathlib import Path
from typing import Any

from tps.imports.files import WrongFile

Point = tuple[float, float]  # longitude, latitude, as TopoJSON has them
Arc = list[Point]
Ring = list[int]  # numbers of arcs; ~n stands for arc n, walked backwards


@dataclass(frozen=True)
class Topology:
    """Regions by their code, each as its polygons: the first ring of a polygon is its outside, the others are holes."""

    arcs: Sequence[Arc]
    polygons: dict[str, list[list[Ring]]]


def read(path: Path, name: str) -> Topology:
    """The object `name` of a file, gzip where its name ends in .gz. Raises `WrongFile`."""
    try:
        content = path.read_bytes()
        document = json.loads(gzip.decompress(content) if path.suffix == ".gz" else content)
        return parse(document, name)
    except (OSError, EOFError, zlib.error, ValueError, LookupError, TypeError, AttributeError) as error:
        raise WrongFile(path.name, [f"no TopoJSON with an object {name!r}: {error!r}"]) from error


def parse(document: dict[str, Any], name: str) -> Topology:
    """Raises `ValueError`, `LookupError`, `TypeError` or `AttributeError` where it is no such topology."""
    arcs = decoded(document)
    for x, y in (point for arc in arcs for point in arc):
        if not (abs(x) <= 180 and abs(y) <= 90):
            raise ValueError(f"{y:.2f}, {x:.2f} is not on earth")
    polygons = {str(shape["id"]): _polygons(shape) for shape in document["objects"][name]["geometries"]}
    for code, parts in polygons.items():
        for ring in (ring for polygon in parts for ring in polygon):
            if not ring or not all(-len(arcs) <= number < len(arcs) for number in ring):
                raise ValueError(f"{code}: a ring of arcs that are not there")
    return Topology(arcs, polygons)


def decoded(document: dict[str, Any]) -> list[Arc]:
    """The arcs in degrees."""
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


def _polygons(shape: dict[str, Any]) -> list[list[Ring]]:
    return {"Polygon": lambda: [shape["arcs"]], "MultiPolygon": lambda: shape["arcs"]}[shape["type"]]()


def points(ring: Ring, arcs: Sequence[Arc]) -> Arc:
    """The points of a ring, the first one again at its end. Where two arcs meet, their common point stands once."""
    found: Arc = []
    for number in ring:
        arc = arcs[number] if number >= 0 else arcs[~number][::-1]
        found += arc[1:] if found else arc
    return found
