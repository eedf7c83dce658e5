"""The rule of two independent readers: what it says in plain cases."""

import ast
from dataclasses import replace
from pathlib import Path
from uuid import UUID

import pytest

from tests.transcription.words import entry, ruling, said
from tps.models import RULE_OF_NEW_ELECTIONS
from transcription import agreement
from transcription.agreement import Accepted, Rejected, Sender


@pytest.mark.parametrize("second", [
    entry(2, 1, 2, 4),
    entry(2, device=UUID(int=1001)),
    entry(2, page=2),
    entry(2, problem="blurred"),
    entry(2, source="machine"),
    entry(2, source="partner"),
])  # fmt: skip
def test_not_decided_yet(second):
    result = said(entry(1), second)
    assert (result.stands, result.wants) == (None, 1)


def test_nobody_read_it_yet():
    assert said().wants == 2


def test_a_pair_over_its_cap_counts_as_one():
    assert said(entry(1), entry(2), tied=frozenset({(1, 2)})).wants == 1
    assert said(entry(1), entry(2), entry(3), tied=frozenset({(1, 2)})).stands.pairs == ((1, 3),)


def test_broken_sums_need_a_third_who_agrees():
    two = entry(1, 1, 2, 30), entry(2, 1, 2, 30)
    assert said(*two).wants == 1
    result = said(*two, entry(3, 1, 2, 30))
    assert (result.stands.numbers["sum"], result.stands.broken_rules) == (30, ("R4",))
    assert said(*two, entry(3, 1, 2, 3)).wants == 1


def test_field_by_field_the_majority_wins():
    result = said(entry(1, 1, 2, 3), entry(2, 1, 5, 6), entry(3, 9, 2, 3))
    assert (result.stands.how, result.stands.numbers) == ("majority", {"a": 1, "b": 2, "sum": 3})


def test_a_majority_that_breaks_a_rule_needs_three_for_every_field():
    three = entry(1, 1, 2, 30), entry(2, 1, 5, 30), entry(3, 9, 2, 30)
    assert said(*three).wants == 1
    assert said(*three, entry(4, 1, 2, 30)).stands.numbers == {"a": 1, "b": 2, "sum": 30}


def test_four_who_differ_go_to_an_adjudicator():
    result = said(*(entry(who, who, 0, who) for who in (1, 2, 3, 4)))
    assert (result.stands, result.adjudicator) == (None, "differ")


def test_two_against_two_go_to_an_adjudicator():
    result = said(entry(1), entry(2), entry(3, 2, 2, 4), entry(4, 2, 2, 4))
    assert (result.stands, result.adjudicator) == (None, "conflict")


def test_two_problems_go_to_an_adjudicator_and_numbers_of_two_win_over_one():
    assert said(entry(1, problem="blurred"), entry(2, problem="cut_off")).adjudicator == "problem"
    assert said(entry(1, problem="blurred"), entry(2), entry(3)).stands.numbers["sum"] == 3


def test_an_adjudicator_takes_each_number_from_somebody():
    four = [entry(who, who, 0, who) for who in (1, 2, 3, 4)]
    result = said(*four, rulings=[ruling(11, "accept", page=1, numbers={"a": 2, "b": 0, "sum": 2})])
    assert result.stands.how == "adjudicated"
    assert result.stands.because[1] == UUID(int=2)
    nobody = said(*four, rulings=[ruling(11, "accept", page=1, numbers={"a": 7, "b": 0, "sum": 2})])
    assert (nobody.stands, nobody.adjudicator) == (None, "second")


def test_a_rejection_takes_two_adjudicators():
    reject = ruling(11, "reject", reason="blurred")
    both_saw = entry(1, problem="blurred"), entry(2, problem="blurred")
    assert (said(*both_saw, rulings=[reject]).stands, said(*both_saw, rulings=[reject]).adjudicator) == (None, "second")
    also = ruling(12, "reject", reason="blurred")
    stands = said(*both_saw, rulings=[reject, also]).stands
    assert isinstance(stands, Rejected)
    assert set(stands.because) == {reject.id, also.id}
    assert said(rulings=[reject, replace(reject, id=UUID(int=9), round=2)]).stands is None


def test_a_pending_rejection_does_not_undo_what_readers_agreed_on():
    result = said(entry(1), entry(2), rulings=[ruling(11, "reject", 2, reason="altered")])
    assert isinstance(result.stands, Accepted)
    assert result.adjudicator == "second"


def test_moving_settles_the_wrong_tps_and_keeps_the_numbers():
    told = entry(1, problem="wrong_tps"), entry(2, problem="wrong_tps")
    moved = ruling(11, "rehome", station=7), ruling(12, "rehome", station=7)
    assert (said(*told, rulings=moved).station, said(*told, rulings=moved).wants) == (7, 2)
    read = entry(3, round=2), entry(4, round=2)
    result = said(*told, *read, rulings=moved)
    assert (result.station, result.stands.numbers["sum"], result.stands.how) == (7, 3, "adjudicated")
    assert {one.id for one in (*read, *moved)} == set(result.stands.because)


def test_moving_takes_two_adjudicators_who_name_the_same_tps():
    told = entry(1, problem="wrong_tps"), entry(2, problem="wrong_tps")
    first = ruling(11, "rehome", station=7)
    for rulings in ([first], [first, ruling(12, "rehome", station=8)]):
        result = said(*told, rulings=rulings)
        assert (result.station, result.adjudicator) == (None, "second")
    assert said(*told, rulings=[first, ruling(12, "rehome", station=8), ruling(13, "rehome", station=8)]).station == 8


ONE_HAND = [
    ({"device": UUID(int=1)}, frozenset()),
    ({"address_block": "x"}, frozenset()),
    ({}, frozenset({(3, 11), (11, 12)})),
]


@pytest.mark.parametrize(("shared", "tied"), ONE_HAND)
def test_an_adjudicator_and_a_reader_of_one_hand_overturn_nothing(shared, tied):
    """Two agreed; the third reader and the adjudicator are one person with two accounts."""
    read = entry(1), entry(2), entry(3, 1, 5, 6, **shared)
    for numbers in ({"a": 1, "b": 5, "sum": 6}, {"a": 1, "b": 5, "sum": 3}):
        overturned = ruling(11, "accept", 2, page=1, numbers=numbers, **shared)
        result = said(*read, rulings=[overturned], tied=tied)
        assert (result.stands.numbers, result.adjudicator) == ({"a": 1, "b": 2, "sum": 3}, "second")
        alone = said(*read, rulings=[replace(overturned, device=UUID(int=1011), address_block="")])
        assert alone.stands.numbers == numbers


@pytest.mark.parametrize(("shared", "tied"), ONE_HAND)
@pytest.mark.parametrize("verdict", [{"verdict": "reject", "reason": "altered"}, {"verdict": "rehome", "station": 7}])
def test_two_adjudicators_of_one_hand_are_one(shared, tied, verdict):
    two = [ruling(who, **verdict, **shared) for who in (11, 12)]
    result = said(rulings=two, tied=tied)
    assert (result.stands, result.station, result.adjudicator) == (None, None, "second")
    result = said(rulings=[*two, ruling(13, **verdict)], tied=tied)
    assert isinstance(result.stands, Rejected) or result.station == 7


def test_reopening_forgets_what_was_read_before():
    old = entry(1, problem="blurred"), entry(2, problem="blurred")
    reopened = ruling(11, "reopen", reason="legible")
    assert said(*old, rulings=[reopened]).wants == 2
    assert said(*old, entry(3, round=2), rulings=[reopened]).wants == 1


def test_a_later_ruling_replaces_an_earlier_one():
    read = entry(1), entry(2, 1, 5, 6)
    first = ruling(11, "accept", 1, page=1, numbers={"a": 1, "b": 2, "sum": 3})
    later = ruling(12, "accept", 2, page=1, numbers={"a": 1, "b": 5, "sum": 6})
    assert said(*read, rulings=[later, first]).stands.numbers["b"] == 5


def test_of_two_rulings_at_the_same_instant_the_first_stands():
    read = entry(1), entry(2, 1, 5, 6)
    first = ruling(11, "accept", 1, page=1, numbers={"a": 1, "b": 2, "sum": 3})
    same_round = ruling(12, "accept", 1, page=1, numbers={"a": 1, "b": 5, "sum": 6})
    assert said(*read, rulings=[same_round, first]).stands.numbers["b"] == 2


@pytest.mark.parametrize(
    "sender",
    [{"sender": 1}, {"sender_device": UUID(int=1001)}, {"sender_block": "x"}],
    ids=["account", "device", "block"],
)
def test_a_senders_reading_does_not_count(sender):
    assert said(entry(1, address_block="x"), entry(2), **sender).stands is None
    assert said(entry(1, address_block="x"), entry(2), entry(3), **sender).stands.because == (
        UUID(int=2),
        UUID(int=3),
    )


@pytest.mark.parametrize(
    "again",
    [{"account": 1}, {"device": UUID(int=1001)}, {"address_block": "x"}, {"account": 7}],
    ids=["account", "device", "block", "friend"],
)
def test_who_sent_it_again_does_not_count_with_what_they_read_afterwards(again):
    read = entry(1, at=20, address_block="x"), entry(2, at=20)
    tied = frozenset({(1, 7)})
    assert said(*read, repeats=(Sender(10, **again),), tied=tied).stands is None
    assert said(*read, repeats=(Sender(30, **again),), tied=tied).stands, "what was read before stands"


def test_the_rule_is_no_setting():
    assert (agreement.RULE_VERSION, agreement.READERS, agreement.TPS_OF_A_PAIR) == (2, 2, 3)
    assert agreement.RULE_VERSION == RULE_OF_NEW_ELECTIONS
    imports = {
        (node.module or "") if isinstance(node, ast.ImportFrom) else name.name
        for node in ast.walk(ast.parse(Path(agreement.__file__).read_text()))
        if isinstance(node, ast.Import | ast.ImportFrom)
        for name in node.names
    }
    assert imports == {"collections.abc", "dataclasses", "itertools", "uuid"}
