"""Outlines and tile grids that an operator brings: imported once, replaced as whole sheets, read without a query."""

import hashlib
import io
import json

import pytest
from django.core.cache import caches
from django.core.management import CommandError, call_command
from django.db import DatabaseError

from aggregation import boundaries, grounds
from aggregation.models import MapOutline, MapSheet, MapTile
from tps.models import Region

SQUARE = [[106, -7], [107, -7], [107, -6], [106, -6], [106, -7]]
EAST = [[107, -7], [108, -7], [108, -6], [107, -6], [107, -7]]


def topology(name="kabkota", **arcs):
    shapes = [{"type": "Polygon", "id": code.strip("_"), "arcs": [[place]]} for place, code in enumerate(arcs)]
    return {"type": "Topology", "objects": {name: {"geometries": shapes}}, "arcs": list(arcs.values())}


@pytest.fixture
def write(tmp_path):
    def write(content, name="kabkota.topo.json"):
        (tmp_path / name).write_text(content if isinstance(content, str) else json.dumps(content))
        return tmp_path / name

    return write


@pytest.fixture
def bring(django_capture_on_commit_callbacks):
    """Runs an import, and what it does after its commit."""

    def bring(command, path, **options):
        said = io.StringIO()
        with django_capture_on_commit_callbacks(execute=True):
            call_command(command, str(path), yes=True, stdout=said, **options)
        return said.getvalue()

    return bring


@pytest.fixture
def regencies(world):
    Region.objects.create(code="9102", level=2, name="Kota Mawar", parent_id="91")
    return world


def test_imported_twice_it_changes_once(regencies, write, bring):
    path = write(topology(_9101=SQUARE, _9102=EAST, _9999=EAST))
    said = bring("import_boundaries", path, level="kabupaten")
    assert "2 new" in said
    assert "passed over: 1 codes that no kabupaten here has" in said
    sheet = MapSheet.objects.get()
    assert (sheet.parent_id, sheet.source) == ("91", "kabkota.topo.json")
    assert sheet.source_sha256 == hashlib.sha256(path.read_bytes()).hexdigest()
    assert "Nothing to change." in bring("import_boundaries", path, level="kabupaten")


def test_a_new_file_replaces_the_whole_sheet(regencies, write, bring):
    bring("import_boundaries", write(topology(_9101=SQUARE, _9102=EAST)), level="kabupaten")
    said = bring("import_boundaries", write(topology(_9102=EAST)), level="kabupaten")
    assert "no longer on their sheet: 9101" in said
    assert list(MapOutline.objects.values_list("pk", flat=True)) == ["9102"]


def test_other_sheets_stay(regencies, write, bring):
    bring("import_boundaries", write(topology(_9101=SQUARE)), level="kabupaten")
    said = bring("import_boundaries", write(topology("kecamatan", _910101=SQUARE)), level="kecamatan")
    assert "1 new, 0 changed, 0 unchanged" in said
    assert set(MapSheet.objects.values_list("parent", flat=True)) == {"91", "9101"}


@pytest.mark.parametrize(
    "document",
    [
        "no json",
        "[]",
        topology("provinsi", _9101=SQUARE),
        topology(_9101=[[0, 200], [1, 200], [1, 201], [0, 200]]),
        topology(_9101=[["x", 1]]),
        topology(_9101=[[float("nan"), 1], [1, 1], [1, 2]]),
        {**topology(_9101=SQUARE), "arcs": []},
    ],
)
def test_what_is_no_such_topology_is_refused(world, write, bring, document):
    with pytest.raises(CommandError, match=r"Nothing was changed\."):
        bring("import_boundaries", write(document), level="kabupaten")
    assert not MapSheet.objects.exists()


def test_a_ground_is_read_once_and_again_after_an_import(regencies, write, bring, django_assert_num_queries):
    with django_assert_num_queries(2):
        assert grounds.of("91") == grounds.Ground()
    with django_assert_num_queries(0):
        assert grounds.of("91") == grounds.Ground()
    bring("import_boundaries", write(topology(_9101=SQUARE, _9102=EAST)), level="kabupaten")
    with django_assert_num_queries(2):
        assert grounds.of("91").outlines.keys() == {"9101", "9102"}
    with django_assert_num_queries(0):
        ground = grounds.of("91")
    assert ground.width == 1000
    assert ground.outlines["9101"].x < ground.outlines["9102"].x


def test_pages_are_drawn_anew_after_an_import(regencies, write, bring, django_assert_num_queries):
    before = grounds.edition()
    bring("import_boundaries", write(topology(_9101=SQUARE, _9102=EAST)), level="kabupaten")
    caches["process"].clear()
    with django_assert_num_queries(0):
        after = grounds.edition()
    assert after != before
    assert grounds.edition() == after


def test_without_a_database_there_is_no_ground_and_no_error(world, monkeypatch):
    def away(code):
        raise DatabaseError

    monkeypatch.setattr(grounds, "_read", away)
    assert grounds.of("91") == grounds.Ground()
    monkeypatch.undo()
    MapTile.objects.create(region_id="9101", column=3, row=2, abbreviation="MEL")
    assert grounds.of("91").tiles["9101"].abbreviation == "MEL"


def test_a_tile_grid(regencies, write, bring):
    grid = "code,column,row,abbreviation\n9101,0,0,MEL\n9102,1,0,MAW\n9999,2,0,X\n"
    assert "2 new" in bring("import_tiles", write(grid, "tiles.csv"))
    assert "Nothing to change." in bring("import_tiles", write(grid, "tiles.csv"))
    assert "1 changed" in bring("import_tiles", write(grid.replace("9102,1,0", "9102,0,1"), "tiles.csv"))
    tiles = grounds.of("91").tiles
    assert (tiles["9102"].column, tiles["9102"].row, tiles["9102"].abbreviation) == (0, 1, "MAW")


@pytest.mark.parametrize(
    ("lines", "told"),
    [
        ("9101,0,0,A\n9102,0,0,B", "line 3: 9102 stands where 9101 does"),
        ("9101,0,0,A\n9101,1,0,A", "line 3: 9101 stands twice"),
        ("9101,-1,0,A", "line 2: column and row are numbers from 0 to 39"),
        ("9101,0,40,A", "line 2: column and row are numbers from 0 to 39"),
        ("9101,0,0,MELATI", "line 2: abbreviation has 6 characters, at most 4 fit"),
        ("9101,0,0,", "line 2: abbreviation is empty"),
    ],
)
def test_a_wrong_tile_grid_is_told_by_its_lines(regencies, write, bring, lines, told):
    with pytest.raises(CommandError, match=told):
        bring("import_tiles", write(f"code,column,row,abbreviation\n{lines}\n", "tiles.csv"))
    assert not MapTile.objects.exists()


def test_every_level_says_where_its_parents_code_ends():
    assert {word: level.parent_digits for word, level in boundaries.LEVELS.items()} == {
        "provinsi": 0,
        "kabupaten": 2,
        "kecamatan": 4,
    }
    assert [boundaries.parent_of(code) for code in ("91", "9101", "910101", "9101011001")] == [
        *("", "91", "9101", "910101"),
    ]
