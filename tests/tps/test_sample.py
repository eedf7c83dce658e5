"""The sample election is invented, the same everywhere, and believable."""

import collections
import hashlib
import json

import pytest

from tps import form_definitions, rules, sample

FORM = form_definitions.load("c-hasil-ppwp")
CODES = [station.code for station in sample.stations()]


def verdicts(code):
    return rules.check(FORM, sample.truth(code))


def test_it_is_one_province_of_about_300_tps():
    levels = collections.Counter(level for _code, _parent, level, _name in sample.regions())
    assert levels == {1: 1, 2: 3, 3: 12, 4: 36}
    assert 280 <= len(CODES) <= 350
    assert sorted(set(CODES)) == CODES
    assert all(code.startswith("98") for code in CODES)


def test_every_paper_has_the_28_numbers_in_three_boxes_each():
    keys = {field.key for field in FORM.fields}
    for code in CODES:
        numbers = sample.truth(code)
        assert numbers.keys() == keys
        assert all(0 <= number <= 999 for number in numbers.values()), code


def test_papers_without_a_slip_break_no_rule():
    right = [code for code in CODES if not sample.slip_of(code)]
    assert [code for code in right if rules.broken(verdicts(code))] == []


def test_every_slip_breaks_a_rule_and_few_papers_have_one():
    slips = [code for code in CODES if sample.slip_of(code)]
    assert [code for code in slips if not rules.broken(verdicts(code))] == []
    assert len(CODES) / 30 < len(slips) < len(CODES) / 10
    assert {sample.slip_of(code) for code in slips} == {name for name in sample._SLIPS if name}


def test_ordinary_tps_have_150_to_300_voters_and_special_ones_none():
    for station in sample.stations():
        assert sample.truth(station.code)["dpt_j"] == station.registered_voters
        if station.number >= 900:
            assert station.registered_voters == 0
            assert sample.truth(station.code)["pengguna_j"] > 0
        else:
            assert 150 <= station.registered_voters <= 300


def test_it_has_gaps_special_tps_and_villages_of_one_name():
    numbers = collections.defaultdict(list)
    for station in sample.stations():
        numbers[station.village].append(station.number)
    ordinary = [[n for n in of if n < 900] for of in numbers.values()]
    assert any(len(of) < max(of) for of in ordinary)
    assert any(station.number == 901 for station in sample.stations())
    names = collections.Counter(name for _code, _parent, level, name in sample.regions() if level == 4)
    assert names["SUKAMAJU"] == 3


def test_the_truth_never_changes():
    """Whoever changes the generator changes everybody's specimens and expected totals: then, and only then, this."""
    everything = json.dumps([[code, sample.truth(code)] for code in CODES], sort_keys=True)
    assert (
        hashlib.sha256(everything.encode()).hexdigest()
        == "f6cdf7760e26c22c9de322be58133456279741725a40828204138b4c37406c7e"
    )


def test_a_tps_from_elsewhere_is_not_in_the_sample():
    with pytest.raises(sample.NotInSample):
        sample.truth("3404062001011")


def test_the_folder_is_what_the_generator_says():
    for name, text in sample.files().items():
        assert (sample.FOLDER / name).read_text(encoding="utf-8") == text, "run: python -m tps.sample"
