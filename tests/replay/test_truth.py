"""The replay's own sums: a comparison that cannot fail would prove nothing."""

from copy import deepcopy

import pytest

from pemantau.replay.shots import KOSONG, PPWP, UNREADABLE, page_of
from pemantau.replay.truth import differences_at_station, differences_in_region, expected

SUMMED = PPWP.summed
FULL = dict.fromkeys(PPWP.fields, 7)
PAPERS = {
    "9101011001001": FULL | {"paslon_1": 100, "suara_sah": 120},
    "9101011001002": page_of({"paslon_1": 30, "paslon_2": UNREADABLE, "paslon_3": KOSONG}, 2),
    "9101011002001": {},
}


def document(code):
    """What a platform without errors would publish of these papers, written down by hand."""
    inside = {
        "nasional": ["9101011001", "9101011002"],
        "9101011001": ["9101011001001", "9101011001002"],
        "9101011002": ["9101011002001"],
        "9101011001001": [],
        "9101011001002": [],
        "9101011002001": [],
    }
    sums = {
        "9101011001001": dict.fromkeys(SUMMED, 7) | {"paslon_1": 100, "suara_sah": 120},
        "9101011001002": dict.fromkeys(SUMMED, 0) | {"paslon_1": 30},
        "9101011002001": dict.fromkeys(SUMMED, 0),
        "9101011001": dict.fromkeys(SUMMED, 7) | {"paslon_1": 130, "suara_sah": 120},
        "9101011002": dict.fromkeys(SUMMED, 0),
    }
    sums["nasional"] = sums["9101011001"]
    behind = dict.fromkeys(SUMMED, 1) | {"paslon_1": 2, "paslon_3": 2}
    return {
        "stations": {"nasional": 3, "9101011001": 2, "9101011002": 1}[code],
        "counts": {"received": 2, "counted": 1, "complete": 1, "disputed": 0}
        if code != "9101011002"
        else {"received": 0, "counted": 0, "complete": 0, "disputed": 0},
        "sums": sums[code],
        "stations_behind": behind if code != "9101011002" else dict.fromkeys(SUMMED, 0),
        "children": [{"code": child, "sums": sums[child]} for child in inside[code]],
    }


def test_an_empty_box_counts_nothing_but_stands_and_a_scrawl_does_not():
    nation = expected(PAPERS, "nasional")
    assert (nation.sums["paslon_1"], nation.stations_behind["paslon_1"]) == (130, 2)
    assert nation.stations_behind["paslon_2"] == 1
    assert nation.stations_behind["paslon_3"] == 2
    assert (nation.stations, nation.received, nation.counted, nation.complete) == (3, 2, 1, 1)


@pytest.mark.parametrize("code", ["nasional", "9101011001", "9101011002"])
def test_right_numbers_give_no_difference(code):
    assert list(differences_in_region(PAPERS, code, document(code))) == []


@pytest.mark.parametrize("key", SUMMED)
def test_one_vote_too_many_in_any_sum_is_a_difference(key):
    wrong = deepcopy(document("nasional"))
    wrong["sums"] = wrong["sums"] | {key: wrong["sums"][key] + 1}
    found = list(differences_in_region(PAPERS, "nasional", wrong))
    assert any(f"sum of {key}" in sentence for sentence in found)
    assert any("children" in sentence for sentence in found)


@pytest.mark.parametrize("count", ["received", "counted", "complete", "disputed"])
def test_one_tps_too_many_is_a_difference(count):
    wrong = deepcopy(document("9101011001"))
    wrong["counts"][count] += 1
    assert len(list(differences_in_region(PAPERS, "9101011001", wrong))) == 1


def test_a_tps_is_compared_number_by_number():
    paper = PAPERS["9101011001002"]
    shown = dict(paper)
    assert list(differences_at_station("9101011001002", paper, shown)) == []
    assert len(list(differences_at_station("9101011001002", paper, shown | {"paslon_1": 31}))) == 1
    assert len(list(differences_at_station("9101011001002", paper, shown | {"suara_sah": 30}))) == 1
    assert len(list(differences_at_station("9101011001002", paper, shown | {"paslon_2": None}))) == 1
