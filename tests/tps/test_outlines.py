"""Where the kecamatan lie: read from outlines, imported once, given out for the phone to compare with."""

import gzip
import io
import json

import pytest
from django.core.management import CommandError, call_command

from tps.imports import outlines
from tps.models import Centroid, Election, Extent

SQUARE = [[106, -7], [107, -7], [107, -6], [106, -6], [106, -7]]


def topology(shapes, arcs, **more):
    return {"type": "Topology", "objects": {"kecamatan": {"geometries": shapes}}, "arcs": arcs} | more


def polygon(code, *arcs):
    return {"type": "Polygon", "id": code, "arcs": [list(arcs)]}


@pytest.fixture
def write(tmp_path):
    def write(document, name="outlines.topo.json"):
        content = json.dumps(document).encode()
        (tmp_path / name).write_bytes(gzip.compress(content) if name.endswith(".gz") else content)
        return tmp_path / name

    return write


def run(path):
    said = io.StringIO()
    call_command("import_outlines", str(path), yes=True, stdout=said)
    return said.getvalue()


def test_the_middle_of_a_square(write):
    assert outlines.read(write(topology([polygon("910101", 0)], [SQUARE]))) == {"910101": (-650, 10_650)}


def test_quantised_arcs_are_steps_and_some_are_walked_backwards(write):
    steps = [[0, 0], [10, 0], [0, 10], [-10, 0], [0, -10]]
    half = [[0, 0], [10, 0], [0, 10]], [[0, 0], [0, 10], [10, 0]]  # right and up; up and right
    transform = {"scale": [0.1, 0.1], "translate": [106, -7]}
    shapes = [polygon("910101", 0), polygon("910102", 1, -3)]
    found = outlines.read(write(topology(shapes, [steps, *half], transform=transform), "outlines.topo.json.gz"))
    assert found == {"910101": (-650, 10_650), "910102": (-650, 10_650)}


def test_of_many_islands_the_largest_counts(write):
    island = [[120, 0], [120.1, 0], [120.1, 0.1], [120, 0.1], [120, 0]]
    shape = {"type": "MultiPolygon", "id": "910101", "arcs": [[[1]], [[0]]]}
    assert outlines.read(write(topology([shape], [SQUARE, island]))) == {"910101": (-650, 10_650)}


def test_what_has_no_area_lies_where_it_begins(write):
    line = [[106, -7], [107, -7], [106, -7]]
    assert outlines.read(write(topology([polygon("910101", 0)], [line]))) == {"910101": (-700, 10_600)}


@pytest.mark.parametrize(
    "document",
    [
        [],
        {"type": "Topology"},
        topology([polygon("910101", 7)], [SQUARE]),
        topology([{"type": "Point", "id": "910101"}], []),
        topology([polygon("910101", 0)], [[["x", 1]]]),
        topology([polygon("910101", 0)], [[[0, 200], [1, 200], [1, 201], [0, 200]]]),
    ],
)
def test_what_is_no_outline_is_refused(world, write, document):
    with pytest.raises(CommandError, match=r"Nothing was changed\."):
        run(write(document))
    assert not Centroid.objects.exists()


def test_imported_twice_it_changes_once(world, write):
    path = write(topology([polygon("910101", 0), polygon("999999", 0)], [SQUARE]))
    said = run(path)
    assert "1 new" in said
    assert "passed over: 1 codes" in said
    assert "Nothing to change." in run(path)
    moved = [[x + 1, y] for x, y in SQUARE]
    assert "1 changed" in run(write(topology([polygon("910101", 0)], [moved])))
    assert Centroid.objects.values_list("pk", "latitude", "longitude").get() == ("910101", -650, 10_750)


def test_given_out_in_differences_and_kept_for_a_day(client, world, django_assert_num_queries):
    Centroid.objects.create(region_id="910101", latitude=-650, longitude=10_650)
    with django_assert_num_queries(2):
        answer = client.get("/api/v1/elections/contoh/centroids/")
    assert answer.json() == {"name": ["Anggrek"], "code": [910_101], "latitude": [-650], "longitude": [10_650]}
    assert "max-age=86400" in answer["Cache-Control"]
    assert "public" in answer["Cache-Control"]
    assert (
        client.get("/api/v1/elections/contoh/centroids/", headers={"If-None-Match": answer["ETag"]}).status_code == 304
    )


@pytest.mark.slow
def test_the_real_outlines_know_every_kecamatan_and_fit_into_80_kb(shared, db, client):
    Election.objects.create(code="uji", name="Uji", date="2024-02-14", is_current=True)
    data = shared / "data"
    call_command("import_regions", str(data / "wilayah.csv.gz"), yes=True, stdout=io.StringIO())
    run(data / "kecamatan.topo.json.gz")
    assert Centroid.objects.count() == 7_277
    cilandak = Centroid.objects.get(region="317406")
    assert (cilandak.latitude, cilandak.longitude) == pytest.approx((-629, 10_680), abs=3)
    Extent.objects.bulk_create(
        Extent(election_id="uji", region_id=code, stations=1) for code in Centroid.objects.values_list("pk", flat=True)
    )
    sent = gzip.compress(client.get("/api/v1/elections/uji/centroids/").content, 5)
    assert len(sent) <= 80_000


def test_the_sample_has_a_middle_for_each_of_its_kecamatan(db, client):
    call_command("load_sample", stdout=io.StringIO())
    found = client.get("/api/v1/elections/contoh/centroids/").json()
    assert {len(column) for column in found.values()} == {12}
