"""The map: what it says of a region, by colour, pattern, number and sentence; on outlines and on tiles."""

import csv
import gzip
import io
import re
from collections import Counter, defaultdict
from xml.etree import ElementTree

import pytest
from django.core.management import call_command
from django.template.loader import render_to_string

from aggregation import grounds, map_layers, maps, option_marks, tile_grid
from aggregation.grounds import Ground
from aggregation.simplification import Outline
from aggregation.templatetags.figures import points, signed_percent
from aggregation.tile_grid import Tile
from tests.aggregation.pictures import OPTIONS, child, document, parties
from tps.models import Region

NATION_BYTES = 40_000
SVG = "{http://www.w3.org/2000/svg}"


def read(one, layer="unggul", differences=None, options=OPTIONS):
    return map_layers.read(layer, [one], options, differences)[0]


def drawn(children, layer="unggul", ground=None, differences=None, options=OPTIONS):
    svg = maps.draw(children, options, layer, ground or Ground(), address=lambda c: f"/w/{c}/", differences=differences)
    return ElementTree.fromstring(svg.replace("<svg ", '<svg xmlns="http://www.w3.org/2000/svg" '))


def links(svg):
    return [(a.get("href"), a.find(f"{SVG}title").text) for a in svg.iter(f"{SVG}a")]


# --- Marks ----------------------------------------------------------------------------------


def test_24_parties_differ_from_each_other_in_colour_or_pattern_and_the_first_six_in_both():
    marks = [option_marks.of(number) for number in range(1, 25)]
    assert len(set(marks)) == 24
    assert len({mark.hue for mark in marks[:6]}) == len({mark.pattern for mark in marks[:6]}) == 6
    assert len(option_marks.PATTERNS) == len(option_marks.DASHES) == len(set(option_marks.DASHES)) == 6


# --- What is said of a region ---------------------------------------------------------------


def test_who_leads_by_how_much_and_of_how_many_tps():
    reading = read(child(votes=(50, 30, 20), counted=5, stations=10))
    assert reading.text == "1"
    assert reading.sentence == (
        "Aceh: nomor 1 unggul dengan 50,0\u00a0%, terpaut 20,0 poin; 5 dari 10 TPS terhitung (50,0\u00a0%)"
    )


@pytest.mark.parametrize(("votes", "strength"), [((51, 49, 0), 1), ((55, 45, 0), 3), ((60, 40, 0), 5), ((9, 0, 0), 5)])
def test_the_closer_the_paler(votes, strength):
    assert read(child(votes=votes)).fill.strength == strength


def test_a_tie_is_a_tie_and_nothing_is_nothing():
    assert read(child(votes=(40, 40, 20))).fill is map_layers.TIE
    nothing = read(child(votes=(0, 0, 0), counted=0))
    assert nothing.fill is map_layers.NOTHING
    assert nothing.sentence == "Aceh: belum ada dari 10 TPS yang terhitung"
    assert read(child(votes=(0, 0, 0), counted=3)).fill is map_layers.NOTHING


def test_a_lead_of_less_than_half_of_the_tps_has_a_broken_border():
    assert read(child(counted=4)).thin
    assert not read(child(counted=5)).thin
    assert not read(child(counted=0, votes=(0, 0, 0))).thin
    svg = drawn([child("11", counted=4), child("12", counted=5)])
    assert [a.get("class") for a in svg.iter(f"{SVG}a")] == ["map__thin", None]


@pytest.mark.parametrize(
    ("counted", "stations", "key", "text"),
    [
        (0, 1000, "nol", ""),
        (1, 1000, "c1", "<1%"),
        (249, 1000, "c1", "24%"),
        (250, 1000, "c2", "25%"),
        (500, 1000, "c3", "50%"),
        (750, 1000, "c4", "75%"),
        (999, 1000, "c4", "99%"),
        (1000, 1000, "c5", "100%"),
        (0, 0, "nol", ""),
    ],
)
def test_coverage_in_steps_and_all_is_said_of_all_only(counted, stations, key, text):
    reading = read(child(counted=counted, stations=stations), "cakupan")
    assert (reading.fill.key, reading.text) == (key, text)


@pytest.mark.parametrize(
    ("part", "key", "text", "said"),
    [
        (None, "nol", "", "belum dapat dibandingkan"),
        (0.0, "d0", "0", "sama dengan"),
        (-0.0004, "d0", "0", "sama dengan"),
        (0.004, "l2", "+0,4", "0,4\u00a0% lebih banyak"),
        (-0.012, "m5", "−1,2", "1,2\u00a0% lebih sedikit"),
        (0.155, "l5", "+16", "lebih banyak"),
    ],
)
def test_a_difference_says_which_way(part, key, text, said):
    reading = read(child(), "selisih", {"11": part})
    assert (reading.fill.key, reading.text) == (key, text)
    assert said in reading.sentence


def test_more_and_less_differ_in_pattern_too():
    assert map_layers.difference_fill(0.5).pattern != map_layers.difference_fill(-0.5).pattern


def test_small_figures():
    assert (points(0.0349), signed_percent(0.00049), signed_percent(-0.0999)) == ("3,5 poin", "0", "−10")


# --- Drawing --------------------------------------------------------------------------------


def test_each_region_is_a_link_with_a_sentence_in_the_order_of_the_list():
    svg = drawn([child("11", "Aceh"), child("12", "Sumatera Utara", votes=(1, 2, 3))])
    assert [href for href, _ in links(svg)] == ["/w/11/", "/w/12/"]
    assert [title.split(":")[0] for _, title in links(svg)] == ["Aceh", "Sumatera Utara"]
    assert svg.get("role") == "group"
    assert svg.get("aria-label") == "Peta: Yang unggul"


def test_every_fill_is_defined_once_and_none_by_style():
    children = [child(str(n), votes=votes) for n, votes in enumerate([(9, 1, 0), (1, 9, 0), (5, 5, 0), (0, 0, 9)], 11)]
    svg = drawn([*children, child("15", counted=0, votes=(0, 0, 0))])
    defined = Counter(pattern.get("id") for pattern in svg.iter(f"{SVG}pattern"))
    used = {one.get("fill")[5:-1] for one in svg.iter() if (one.get("fill") or "").startswith("url(#")}
    assert used <= defined.keys()
    assert set(defined.values()) == {1}
    assert not [one for one in svg.iter() if one.get("style")]


def test_the_legend_names_each_leader_in_ballot_order_and_only_those(db):
    panel = maps.panel(document([child("11", votes=(1, 0, 9)), child("12", votes=(9, 1, 0))]))
    assert [entry["words"] for entry in panel["legend"]] == ["1. Paslon 1", "3. Paslon 3"]


def test_a_hostile_name_stays_a_name():
    evil = '<script>alert("1")</script>&amp;'
    ground = Ground(10, 10, {"11": Outline('M0 0"/><script>', 5, 5, 50)}, {})
    for svg in (drawn([child("11", evil)]), drawn([child("11", evil)], ground=ground)):
        assert not list(svg.iter(f"{SVG}script"))
        assert links(svg)[0][1].startswith(evil)


def test_outlines_where_there_are_any_and_tiles_below_for_the_rest():
    ground = Ground(1000, 400, {"11": Outline("M0 0l9 0 0 9z", 4, 4, 60)}, {})
    svg = drawn([child("11"), child("99", "Luar Negeri")], ground=ground)
    assert [one.get("d") for one in svg.iter(f"{SVG}path") if one.get("fill-rule")] == ["M0 0l9 0 0 9z"]
    tile = next(one for one in svg.iter(f"{SVG}rect") if one.get("width") == str(maps.SQUARE))
    assert int(tile.get("y")) > 400
    assert int(svg.get("height")) > 400 + maps.SQUARE


def test_a_region_too_small_to_hit_has_a_spot_and_no_text():
    small, large = Outline("M0 0l9 0 0 9z", 4, 4, 9), Outline("M100 0l90 0 0 90z", 140, 40, 90)
    svg = drawn([child("11"), child("12")], ground=Ground(1000, 400, {"11": small, "12": large}, {}))
    assert len(list(svg.iter(f"{SVG}circle"))) == 1
    assert [text.text for text in svg.iter(f"{SVG}text")] == ["1"]


def test_18_parties_have_18_fills():
    options = parties(18)
    children = [
        child(f"{n + 10}", votes=()) | {"sums": {one["key"]: int(one["number"] == n) for one in options}}
        for n in range(1, 19)
    ]
    svg = drawn(children, options=options)
    assert len({rect.get("fill") for rect in svg.iter(f"{SVG}rect")}) == 18


# --- Tiles ----------------------------------------------------------------------------------


def provinces():
    return [child(code, name) for code, (name, _tile) in tile_grid.own_grid().items()]


def test_the_38_provinces_have_a_place_each_in_our_own_grid():
    placed = tile_grid.lay([*provinces(), child("99", "LUAR NEGERI")], {})
    assert len(placed) == 39
    assert len({(tile.column, tile.row) for tile in placed.values()}) == 39
    assert placed["11"] == Tile(0, 0, "ACE")
    assert placed["99"].row > max(tile.row for code, tile in placed.items() if code != "99")


def test_an_invented_province_with_a_real_ones_code_is_laid_in_rows():
    placed = tile_grid.lay([child("11", "Contoh Raya"), child("12", "Contoh Kecil")], {})
    assert placed == {"11": Tile(0, 0), "12": Tile(1, 0)}


def test_rows_of_squares_in_the_order_of_the_codes():
    placed = tile_grid.lay([child(f"91{n:02d}", f"Kota {n}") for n in range(1, 51)], {})
    assert [(tile.column, tile.row) for tile in placed.values()][:2] == [(0, 0), (1, 0)]
    assert len({(tile.column, tile.row) for tile in placed.values()}) == 50
    assert max(tile.column for tile in placed.values()) > max(tile.row for tile in placed.values())


def test_an_imported_grid_comes_first_and_leaves_room_below():
    placed = tile_grid.lay([child("9101"), child("9102")], {"9102": Tile(4, 3, "MAW")})
    assert placed["9102"] == Tile(4, 3, "MAW")
    assert placed["9101"].row == 4


@pytest.mark.parametrize(
    ("name", "short"),
    [
        ("KOTA BANDUNG", "BAND"),
        ("Desa 1", "1"),
        ("TPS 012", "012"),
        ("Kota", "KOTA"),
        ("Aceh Jaya", "ACEH"),
        ("8", "8"),
    ],
)
def test_a_name_on_a_tile(name, short):
    assert maps.shortened(name) == short


# --- On a page ------------------------------------------------------------------------------


def test_layers_are_links_and_an_unknown_one_is_the_first(db):
    page = document([child("11"), child("12")])
    for wanted in ("", "unggul", "selisih", "x" * 5000, "\0"):
        panel = maps.panel(page, wanted)
        assert [(one["chosen"], one["address"]) for one in panel["layers"]] == [
            (True, "/hasil/contoh/ppwp/nasional/?peta=unggul#peta"),
            (False, "/hasil/contoh/ppwp/nasional/?peta=cakupan#peta"),
        ]
    assert maps.panel(page, "selisih", {"11": 0.1})["layer"] == "selisih"
    html = render_to_string("aggregation/_map.html", {"map": maps.panel(page, "cakupan")})
    assert html.count('aria-current="true"') == 1
    assert "style=" not in html


def test_one_region_or_a_village_of_451_tps_has_no_map(db):
    assert maps.panel(document([child()])) is None
    assert maps.panel(document([child(str(n)) for n in range(451)])) is None
    assert render_to_string("aggregation/_map.html", {"map": None}).strip() == ""


def test_the_most_regions_a_map_has_are_light(db):
    tps = [child(f"9101011001{n:03d}", f"TPS {n:03d}", stations=1, counted=1) for n in range(1, maps.MOST + 1)]
    page = document(tps, code="9101011001", children_level="tps")
    assert len(maps.panel(page)["svg"].encode()) <= 60_000


@pytest.fixture
def real(shared):
    """Codes of the provinces and kabupaten with what Sirekap published of them in 2024, as children of a document."""
    names, stations, sums = {}, Counter(), defaultdict(Counter)
    with gzip.open(shared / "data/wilayah.csv.gz", "rt") as file:
        names = {row["code"]: row["name"] for row in csv.DictReader(file) if len(row["code"]) <= 6}
    with gzip.open(shared / "data/tps.csv.gz", "rt") as file:
        for row in csv.DictReader(file):
            for digits in (2, 4, 6):
                stations[row["kelurahan_code"][:digits]] += int(row["last_no"]) - int(row["first_no"]) + 1
    with gzip.open(shared / "data/results_ppwp.csv.gz", "rt") as file:
        for row in csv.DictReader(file):
            votes = [row[f"paslon{n}"] for n in (1, 2, 3)]
            if all(votes):
                for digits in (2, 4, 6):
                    sums[row["tps_code"][:digits]].update({n: int(number) for n, number in enumerate(votes)} | {9: 1})
    return {
        code: child(code, names[code], [sums[code][n] for n in range(3)], sums[code][9], stations[code])
        for code in names
    }


@pytest.mark.slow
def test_the_real_maps_are_light_and_say_who_led(shared, real, db):
    rows = [Region(code="", level=0, name="Indonesia")]
    rows += [
        Region(code=code, level=len(code) // 2, parent_id=code[:-2], name=one["name"]) for code, one in real.items()
    ]
    Region.objects.bulk_create(sorted(rows, key=lambda region: region.level))
    files = {"provinsi": "provinsi.topo.json", "kabupaten": "kabkota.topo.json", "kecamatan": "kecamatan.topo.json.gz"}
    for level, file in files.items():
        said = io.StringIO()
        call_command("import_boundaries", str(shared / "data" / file), level=level, yes=True, stdout=said)
        assert "passed over" not in said.getvalue()
    sizes = {}
    for parent in ("", *(code for code in real if len(code) < 6)):
        children = [real[code] for code in sorted(real) if code[:-2] == parent]
        page = document(children, code=parent or "nasional")
        panel = maps.panel(page)
        if panel is None:
            assert len(children) <= 1
            continue
        sizes[parent] = len(render_to_string("aggregation/_map.html", {"map": panel}).encode())
        assert len(panel["svg"].encode()) <= NATION_BYTES, parent
    assert len(sizes) > 530
    nation = [real[code] for code in sorted(real) if len(code) == 2]
    svg = drawn(nation, ground=grounds.of(""))
    said = dict(links(svg))
    assert said["/w/11/"].startswith("ACEH: nomor 1 unggul")
    assert re.match(r"DAERAH ISTIMEWA YOGYAKARTA: nomor 2 unggul dengan 5\d,", said["/w/34/"])
    assert len(said) == 39
