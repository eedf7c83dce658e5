"""A dapil's DPR: real parties and candidates, 20 pages a TPS, votes drawn from a seed."""

import pytest

from pemantau.replay import elections, sources
from pemantau.replay.citizens import PAGES_OF_A_PHONE
from pemantau.replay.elections import Dapil, Election
from pemantau.replay.invention import dpr_paper
from pemantau.replay.places import Tree
from pemantau.replay.shots import Party, dpr_ballot
from pemantau.replay.truth import expected
from tests.replay.test_sources import VILLAGE, tree
from tps import form_definitions, rules
from tps.form_definitions import Choice

PARTIES = [Party(1, "Partai Mawar", ("SARI", "BUDI")), Party(24, "Partai Anggrek", ("DEWI",))]


def form_of(parties):
    choices = [
        Choice(p.number, p.name, tuple(Choice(n, name) for n, name in enumerate(p.candidates, 1))) for p in parties
    ]
    return form_definitions.load("c-hasil-dpr").with_options(choices)


def test_form_and_replay_name_the_same_fields_of_dpr():
    pages = form_of(PARTIES).variant("plano")
    assert {page.number: page.keys for page in pages} == {
        number: set(keys) for number, keys in dpr_ballot(PARTIES).pages.items()
    }


def test_votes_are_drawn_once_for_a_tps_and_add_up_but_for_what_kpps_added_up_wrongly():
    form = form_of(PARTIES)
    broken = set()
    for number in range(1, 200):
        paper = dpr_paper(f"{VILLAGE}{number:03d}", PARTIES, seed=1)
        assert set(paper) == set(dpr_ballot(PARTIES).fields)
        broken |= {verdict.rule for verdict in rules.broken(rules.check(form, paper))}
    assert broken == {"R15"}
    assert dpr_paper(VILLAGE + "001", PARTIES, seed=1) == dpr_paper(VILLAGE + "001", PARTIES, seed=1)
    assert dpr_paper(VILLAGE + "001", PARTIES, seed=1) != dpr_paper(VILLAGE + "001", PARTIES, seed=2)


def test_every_page_of_every_tps_is_photographed_and_summed_by_party_and_candidate():
    codes = [VILLAGE + "001", VILLAGE + "002"]
    documents = tree(codes).documents
    play = sources.dpr(
        Tree("nasional", documents | {"nasional": documents["1808"]}), "d", "dpr-1801", PARTIES, seed=1, width=300
    )
    assert [(shot.station, shot.page) for shot in play.shots] == [
        (code, page) for code in codes for page in range(1, 5)
    ]
    assert play.shots[1].picture()[:2] == b"\xff\xd8"
    want = expected(play.papers, "nasional", play.ballot)
    key = "partai_1_calon_2"
    assert want.sums[key] == sum(play.papers[code][key] for code in codes)
    assert (want.stations, want.counted, want.complete) == (2, 2, 2)
    assert "dpt_l" not in want.sums


def test_a_phone_sends_no_more_pages_than_a_device_may(settings):
    assert int(settings.PHOTOS_PER_DEVICE.partition("/")[0]) >= PAGES_OF_A_PHONE


@pytest.fixture
def dapil(shared):
    return Dapil(shared / "data", "6501")


def test_the_dapil_is_the_real_one(dapil):
    parties = dapil.parties()
    assert [party.number for party in parties] == [*range(1, 18), 24]
    assert sum(len(party.candidates) for party in parties) == 54
    assert len(dpr_ballot(parties).pages) == 20
    assert (dapil.name, dapil.area) == ("KALIMANTAN UTARA I", ["6501", "6502", "6503", "6504", "6571"])
    assert len(dapil.stations(None, seed=1)) == 2_295
    chosen = dapil.stations(3, seed=1)
    assert len(chosen) == 3
    assert chosen == dapil.stations(3, seed=1)


def test_it_is_imported_by_everybodys_commands_with_its_whole_area(dapil, tmp_path):
    ran = []
    stations = dapil.stations(2, seed=1)
    elections.add_dpr(lambda *words: ran.append(words), Election("d", "D", "dpr-6501"), dapil, stations, tmp_path)
    assert [words[0] for words in ran] == [
        *("import_regions", "import_election", "import_candidates", "import_stations")
    ]
    assert len((tmp_path / "candidates.csv").read_text().splitlines()) == 55
    assert 'area: ["6501", "6502", "6503", "6504", "6571"]' in (tmp_path / "election.yaml").read_text()
    regions = {line.partition(",")[0] for line in (tmp_path / "regions.csv").read_text().splitlines()}
    assert {"65", *dapil.area} <= regions
    assert {code[:10] for code in stations} <= regions
