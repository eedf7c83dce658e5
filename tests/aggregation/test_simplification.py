"""Outlines on a sheet: small enough, and neighbours still share their border."""

import re
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from aggregation import simplification
from aggregation.simplification import area_of, sheet, weights_of
from tps.imports import topojson
from tps.imports.topojson import Topology

# A wiggly border of 41 points between two fields that share it, and an island in the west one's water.
BORDER = [(1 + 0.02 * (n % 3 - 1), n / 40) for n in range(41)]
WEST = [BORDER[-1], (0.0, 1.0), (0.0, 0.0), BORDER[0]]
EAST = [BORDER[0], (2.0, 0.0), (2.0, 1.0), BORDER[-1]]
ISLAND = [(0.1, 1.2), (0.2, 1.2), (0.2, 1.3), (0.1, 1.3), (0.1, 1.2)]
SPECK = [(1.5, 1.5), (1.5004, 1.5), (1.5004, 1.5004), (1.5, 1.5)]
FIELDS = Topology([BORDER, WEST, EAST, ISLAND, SPECK], {"1": [[[0, 1]], [[3]], [[4]]], "2": [[[~0, 2]]]})


def rings(path):
    """The points of each ring of an SVG path, as a browser reads it."""
    found = []
    for part in path.split("M")[1:]:
        start, steps = re.fullmatch(r"(\d+ \d+)l(.*)z", part).groups()
        x, y = map(int, start.split())
        numbers = [int(n) for n in re.findall(r"-?\d+", steps)]
        ring = [(x, y)]
        for dx, dy in zip(numbers[::2], numbers[1::2], strict=True):
            x, y = x + dx, y + dy
            ring.append((x, y))
        found.append(ring)
    return found


def edges(path):
    return {frozenset(edge) for ring in rings(path) for edge in pairwise([*ring, ring[0]])}


@pytest.mark.parametrize("most", [20_000, 250, 1])
def test_neighbours_keep_their_border_however_little_room_there_is(most):
    drawn = sheet(FIELDS, ["1", "2"], most).outlines
    shared, either = (found(edges(drawn["1"].path), edges(drawn["2"].path)) for found in (set.intersection, set.union))
    points = {point for edge in shared for point in edge}
    assert shared
    assert max(y for _, y in points) - min(y for _, y in points) == 500
    assert shared == {edge for edge in either if all(480 <= x <= 520 for x, _ in edge)}


def test_less_room_means_fewer_points():
    sizes = [sum(len(one.path) for one in sheet(FIELDS, ["1", "2"], most).outlines.values()) for most in (20_000, 200)]
    assert sizes[0] > 200 >= sizes[1]


def test_islands_stay_and_specks_go():
    path = sheet(FIELDS, ["1", "2"]).outlines["1"].path
    assert len(rings(path)) == 2


def test_a_region_that_is_only_a_speck_is_still_there_and_says_how_small_it_is():
    far = Topology([SPECK, ISLAND, [(9.0, 9.0), (9.5, 9.0), (9.0, 9.5), (9.0, 9.0)]], {"1": [[[0]]], "2": [[[2]]]})
    speck = sheet(far, ["1", "2"]).outlines["1"]
    assert speck.path.endswith("z")
    assert speck.room < 2


def test_the_whole_is_as_long_as_a_sheet_and_north_is_up():
    found = sheet(FIELDS, ["1", "2"])
    assert max(found.width, found.height) == simplification.SIDE
    (west, east) = (found.outlines[code] for code in ("1", "2"))
    assert west.x < east.x
    island = rings(west.path)[1]
    assert max(y for _, y in island) < west.y


def test_a_label_lies_within():
    horseshoe = [(0, 0), (10, 0), (10, 1), (1, 1), (1, 9), (10, 9), (10, 10), (0, 10), (0, 0)]
    one = sheet(Topology([[(x, y) for x, y in horseshoe]], {"1": [[[0]]]}), ["1"]).outlines["1"]
    assert one.x < 150 or not 100 < one.y < 900


@given(st.lists(st.tuples(st.floats(0, 999), st.floats(0, 999)), min_size=2, max_size=30))
@settings(max_examples=200, deadline=None)
def test_ends_stay_and_what_stays_longer_matters_more(arc):
    weights = weights_of(arc)
    assert weights[0] == weights[-1] == float("inf")
    assert len(weights) == len(arc)
    assert all(weight >= 0 for weight in weights)


def test_an_island_never_becomes_a_line():
    circle = [(100.0, 0.0), (70.0, 70.0), (0.0, 100.0), (-70.0, 70.0), (-100.0, 0.0), (0.0, -100.0), (100.0, 0.0)]
    weights = weights_of(circle)
    kept = [(round(x), round(y)) for (x, y), weight in zip(circle, weights, strict=True) if weight >= 1e12]
    assert area_of(kept[:-1]) > 0


def test_where_two_arcs_meet_their_point_stands_once():
    assert topojson.points([0, ~1], [[(0, 0), (1, 0)], [(2, 0), (1, 0)]]) == [(0, 0), (1, 0), (2, 0)]


@pytest.mark.parametrize(
    ("file", "name", "digits", "sheets"),
    [
        ("provinsi.topo.json", "provinsi", 0, 1),
        ("kabkota.topo.json", "kabkota", 2, 38),
        pytest.param("kecamatan.topo.json.gz", "kecamatan", 4, 514, marks=pytest.mark.slow),
    ],
)
def test_the_real_outlines_fit_on_every_page(shared, file, name, digits, sheets):
    topology = topojson.read(shared / "data" / file, name)
    parents = {code[:digits] for code in topology.polygons}
    assert len(parents) == sheets
    for parent in parents:
        children = [code for code in topology.polygons if code.startswith(parent)]
        found = sheet(topology, children)
        assert found.outlines.keys() == set(children)
        assert sum(len(one.path) for one in found.outlines.values()) <= simplification.PATH_BYTES
        assert all(re.fullmatch(r"[MlhvzZ0-9 -]+", one.path) for one in found.outlines.values())
