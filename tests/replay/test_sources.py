"""What the plays put on paper."""

import csv
import gzip

import pytest

from pemantau.replay import invention, sources
from pemantau.replay.places import Tree
from pemantau.replay.shots import KOSONG, PAGES, UNREADABLE, page_of
from tps import form_definitions, rules
from tps.sample import truth

VILLAGE = "1808011001"
PATH = [
    {"code": "nasional", "name": "Indonesia", "level": "nasional"},
    {"code": "18", "name": "LAMPUNG", "level": "provinsi"},
    {"code": "1808", "name": "WAY KANAN", "level": "kabupaten"},
    {"code": "180801", "name": "BLAMBANGAN UMPU", "level": "kecamatan"},
    {"code": VILLAGE, "name": "BLAMBANGAN", "level": "kelurahan"},
]


def tree(codes, top="1808"):
    options = [{"name": f"Paslon {n}"} for n in (1, 2, 3)]
    about = {"election": {"date": "2024-02-14"}, "options": options}
    village = about | {
        "children_level": "tps",
        "path": PATH,
        "children": [{"code": code, "registered_voters": None} for code in codes],
    }
    region = about | {"children_level": "kecamatan", "children": [], "path": PATH[:3]}
    return Tree(top, {top: region, VILLAGE: village})


def test_form_and_replay_name_the_same_fields():
    form = form_definitions.load("c-hasil-ppwp")
    assert {page: set(keys) for page, keys in PAGES.items()} == {
        page.number: set(page.keys) for page in form.variant("plano")
    }


def test_an_invented_paper_is_whole_and_consistent():
    form = form_definitions.load("c-hasil-ppwp")
    paper = invention.whole_paper("3404062001011", {"paslon_1": 42, "paslon_2": 89, "paslon_3": 83}, seed=1)
    assert set(paper) == {key for keys in PAGES.values() for key in keys}
    assert (paper["paslon_1"], paper["suara_sah"]) == (42, 214)
    assert rules.broken(rules.check(form, paper)) == []


def test_invention_leaves_what_is_known_alone():
    known = {"dpt_l": 120, "dpt_p": UNREADABLE, "dpt_j": 250, "pengguna_dpt_j": 201, "pengguna_j": 205}
    paper = invention.with_first_page("1808011001001", known, seed=1)
    assert {key: paper[key] for key in known} == known
    assert paper["pengguna_dpt_l"] + paper["pengguna_dpt_p"] == 201
    assert paper["pengguna_dptb_j"] == paper["pengguna_dptb_l"] == KOSONG


@pytest.fixture
def official(tmp_path):
    """A results file of three TPS: one whole, one with its sums not published, one whose DPT cannot be written."""
    columns = list(sources.RESULT_COLUMNS)
    results = [
        dict(zip(columns, ("10", "20", "30", "60", "1", "61", "80", "61"), strict=True))
        | {"tps_code": VILLAGE + "001"},
        dict.fromkeys(columns, "") | {"tps_code": VILLAGE + "002", "paslon1": "5", "paslon2": "6", "paslon3": "7"},
        dict.fromkeys(columns, "") | {"tps_code": VILLAGE + "003", "dpt": "131131"},
        dict.fromkeys(columns, "9") | {"tps_code": "1101012001001"},
    ]
    details = [dict.fromkeys(sources.DETAIL_COLUMNS, "") | {"tps_code": VILLAGE + "001", "dpt_l": "39", "dpt_p": "41"}]
    for name, rows in (("results_ppwp.csv.gz", results), ("results_ppwp_detail.csv.gz", details)):
        with gzip.open(tmp_path / name, "wt", newline="") as file:
            writer = csv.DictWriter(file, ["tps_code", *(key for key in rows[0] if key != "tps_code")])
            writer.writeheader()
            writer.writerows(rows)
    return tmp_path / "results_ppwp.csv.gz"


def test_official_results_become_papers(official):
    codes = [VILLAGE + number for number in ("001", "002", "003")]
    play = sources.results(official, tree(codes), "pemilu2024", "ppwp", seed=1, pages=(1, 2, 3), width=480)
    assert list(play.papers) == codes
    whole, unpublished, scrawl = play.papers.values()
    assert (whole["paslon_2"], whole["suara_total"], whole["dpt_l"], whole["dpt_j"]) == (20, 61, 39, 80)
    assert whole["pengguna_l"] + whole["pengguna_p"] == 61
    assert unpublished["paslon_3"] == 7
    assert "suara_sah" not in unpublished  # nothing of page 3 was published, so nobody photographs it
    assert scrawl["dpt_j"] == UNREADABLE
    sent = {(shot.station[-3:], shot.page) for shot in play.shots}
    assert sent == {("001", 1), ("001", 2), ("001", 3), ("002", 1), ("002", 2), ("003", 1)}


def test_only_the_pages_asked_for_are_photographed(official):
    play = sources.results(official, tree([VILLAGE + "001"]), "p", "ppwp", seed=1, pages=(2, 3), width=480)
    assert set(play.papers[VILLAGE + "001"]) == {*PAGES[2], *PAGES[3]}
    assert play.shots[0].picture()[:2] == b"\xff\xd8"


def test_the_sample_is_taken_from_its_own_papers():
    codes = ["9801011001001", "9801011001002", "9801011001003"]
    places = Tree("nasional", tree(codes).documents | {"nasional": tree(codes).documents["1808"]})
    places.documents["9801011001"] = places.documents[VILLAGE]
    play = sources.sample(places, "contoh", "ppwp", seed=1, pages=(2, 3), limit=2, width=480)
    chosen = sorted({shot.station for shot in play.shots})
    assert len(chosen) == 2
    assert all(play.papers[code] == page_of(truth(code), 2) | page_of(truth(code), 3) for code in chosen)
    assert [numbers for code, numbers in play.papers.items() if code not in chosen] == [{}]


def test_real_photos_show_the_page_that_the_manifest_sees(shared):
    folder = shared / "forms"
    with (folder / "manifest.csv").open(newline="") as file:
        rows = list(csv.DictReader(file))
    codes = sorted({row["tps_code"] for row in rows})
    play = sources.forms(folder, tree(codes), "sleman", "ppwp", seed=1)
    assert len(play.shots) == 120
    assert sum(shot.page != shot.claimed for shot in play.shots) == 7
    assert all(len(paper) == 28 for paper in play.papers.values())
    by_code = {row["tps_code"]: row for row in rows}
    paper = play.papers["3404062001012"]
    assert (paper["paslon_2"], paper["dpt_l"], paper["pengguna_dpk_j"]) == (92, 123, 0)
    assert all(paper["paslon_1"] == int(by_code[code]["paslon1"]) for code, paper in play.papers.items())
