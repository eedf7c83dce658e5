"""The rule of two independent readers: what it says in plain cases."""

import ast
from dataclasses import replace
from itertools import combinations
from pathlib import Path
from uuid import UUID

import pytest

from tests.transcription.words import broken_rules, entry, ruling, said
from tps.models import RULE_OF_NEW_ELECTIONS
from transcription import agreement
from transcription.agreement import Accepted, Entry, Evidence, Rejected, Sender, outcome


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
def test_an_adjudicator_and_a_reader_of_one_hand_settle_nothing(shared, tied):
    """All differ; the third reader and the adjudicator are one person with two accounts."""
    read = entry(1), entry(2, 9, 2, 11), entry(3, 1, 5, 6, **shared)
    for numbers in ({"a": 1, "b": 5, "sum": 6}, {"a": 1, "b": 5, "sum": 3}):
        one = ruling(11, "accept", page=1, numbers=numbers, **shared)
        result = said(*read, rulings=[one], tied=tied)
        assert (result.stands, result.adjudicator) == (None, "second")
        alone = said(*read, rulings=[replace(one, device=UUID(int=1011), address_block="")])
        assert alone.stands.numbers == numbers


def test_what_stands_is_replaced_by_two_adjudicators_who_say_the_same():
    read = entry(1), entry(2), entry(3, 1, 5, 6)
    numbers = {"a": 1, "b": 5, "sum": 6}
    one, other = (ruling(who, "accept", 2, page=1, numbers=numbers) for who in (11, 12))
    for alone in ([one], [one, replace(other, numbers={"a": 1, "b": 5, "sum": 3})]):
        result = said(*read, rulings=alone)
        assert (result.stands.numbers, result.stands.how, result.adjudicator) == (
            {"a": 1, "b": 2, "sum": 3}, "two_readers", "second",
        )  # fmt: skip
    result = said(*read, rulings=[one, other])
    assert (result.stands.numbers, set(result.stands.because)) == (numbers, {one.id, other.id, read[2].id})
    back = [ruling(who, "accept", 3, page=1, numbers={"a": 1, "b": 2, "sum": 3}) for who in (13, 14)]
    assert said(*read, rulings=[one, other, back[0]]).stands.numbers == numbers
    assert said(*read, rulings=[one, other, *back]).stands.numbers["b"] == 2


def test_what_stands_is_confirmed_by_one():
    one = ruling(11, "accept", 2, page=1, numbers={"a": 1, "b": 2, "sum": 3})
    result = said(entry(1), entry(2), rulings=[one])
    assert (result.stands.how, result.stands.because[0], result.adjudicator) == ("adjudicated", one.id, "")


def test_what_was_rejected_by_two_is_accepted_by_two():
    thrown_away = [ruling(who, "reject", reason="altered") for who in (11, 12)]
    after = [ruling(who, "accept", 2, page=1, numbers={"a": 1, "b": 2, "sum": 3}) for who in (13, 14)]
    assert isinstance(said(entry(1), rulings=[*thrown_away, after[0]]).stands, Rejected)
    assert isinstance(said(entry(1), rulings=[*thrown_away, *after]).stands, Accepted)


def test_of_what_an_adjudicator_said_while_it_waits_the_newest_counts():
    read = entry(1), entry(2)
    mistaken, second = (ruling(who, "reject", 2, reason="altered") for who in (11, 13))
    meant, also = (ruling(who, "rehome", 2, station=7, id=UUID(int=who)) for who in (11, 13))
    meant = replace(meant, at=12)
    assert isinstance(said(*read, rulings=[mistaken, second]).stands, Rejected)
    assert isinstance(said(*read, rulings=[mistaken, meant, second]).stands, Accepted)
    assert said(*read, rulings=[mistaken, meant, also]).station == 7


def test_without_the_readers_who_are_recalled_nothing_stood():
    one = ruling(11, "accept", 2, page=1, numbers={"a": 1, "b": 5, "sum": 6})
    read = entry(1), entry(2), entry(3, 1, 5, 6)
    assert said(*read, rulings=[one], barred=frozenset({2})).stands.numbers["b"] == 5


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


def test_two_later_rulings_replace_an_earlier_one():
    read = entry(1), entry(2, 1, 5, 6)
    first = ruling(11, "accept", 1, page=1, numbers={"a": 1, "b": 2, "sum": 3})
    later = ruling(12, "accept", 2, page=1, numbers={"a": 1, "b": 5, "sum": 6})
    assert said(*read, rulings=[later, first]).stands.numbers["b"] == 2
    also = replace(later, adjudicator=13, device=None, id=UUID(int=9))
    assert said(*read, rulings=[also, later, first]).stands.numbers["b"] == 5


NUMBERS = {b: {"a": 1, "b": b, "sum": 1 + b} for b in (2, 5)}


def test_of_two_that_can_stand_about_one_decision_the_last_does():
    """As no two are stored, but as a recall leaves them: the first one waited, since it was to change what stood."""
    read = entry(1), entry(2, 1, 5, 6)
    first, last = (ruling(who, "accept", 1, page=1, numbers=NUMBERS[b]) for who, b in ((11, 2), (12, 5)))
    assert said(*read, rulings=[last, first]).stands.numbers["b"] == 5


def test_a_word_that_was_taken_back_stands_for_nobody_when_a_reader_is_recalled():
    read = entry(1), entry(2), entry(3, 1, 5, 6)
    taken_back = ruling(11, "accept", 2, page=1, numbers=NUMBERS[5])
    confirmed = ruling(12, "accept", 2, page=1, numbers=NUMBERS[2])
    instead = ruling(11, "accept", 3, page=1, numbers=NUMBERS[2], id=UUID(int=9))
    for rulings in ([taken_back, confirmed], [taken_back, confirmed, instead]):
        for barred in (frozenset(), frozenset({1})):
            assert said(*read, rulings=rulings, barred=barred).stands.numbers == NUMBERS[2]
    at_once = replace(instead, round=2, at=taken_back.at + 1)
    assert said(*read, rulings=[taken_back, at_once], barred=frozenset({1})).stands.numbers == NUMBERS[2]


def test_what_was_said_after_the_one_that_stands_about_the_same_decision_still_waits():
    read = entry(1), entry(2), entry(3, 1, 5, 6)
    rulings = [ruling(11, "accept", 2, page=1, numbers=NUMBERS[5]), ruling(12, "reject", 2, reason="altered")]
    result = said(*read, rulings=rulings, barred=frozenset({1}))
    assert (result.stands.numbers, result.adjudicator) == (NUMBERS[5], "second")
    also = ruling(13, "reject", 3, reason="altered")
    assert isinstance(said(*read, rulings=[*rulings, also], barred=frozenset({1})).stands, Rejected)


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


# --- Readers on probation ---------------------------------------------------------------------


def new(who: int, *numbers, **more) -> Entry:
    return entry(who, *numbers, on_probation=True, **more)


def test_a_new_reader_and_an_established_one_decide():
    for two in ((entry(1), new(2)), (new(1), entry(2))):
        assert said(*two).stands.because == (UUID(int=1), UUID(int=2))


def test_two_new_readers_want_a_third_and_three_of_them_decide():
    """Else a first night, on which everybody is new, could not begin."""
    assert (said(new(1), new(2)).stands, said(new(1), new(2)).wants) == (None, 1)
    for third in (new(3), entry(3)):
        assert said(new(1), new(2), third).stands
    assert said(new(1), new(2), entry(3)).stands.because == (UUID(int=1), UUID(int=3))


def test_three_of_one_hand_are_one():
    assert said(*(new(who, device=UUID(int=1)) for who in (1, 2, 3))).stands is None
    assert said(new(1), new(2), new(3), tied=frozenset({(1, 3)})).stands is None


def test_an_established_reader_is_found_also_where_the_first_two_are_new():
    """The first and the last are of one line: the pairs are 1 with 2, and 2 with 3."""
    stands = said(new(1), new(2), entry(3), tied=frozenset({(1, 3)})).stands
    assert stands.because == (UUID(int=2), UUID(int=3))


def test_broken_sums_want_three_whoever_they_are():
    broken = (1, 2, 4)
    assert said(entry(1, *broken), new(2, *broken)).wants == 1
    assert said(new(1, *broken), new(2, *broken), new(3, *broken)).stands
    assert said(new(1, *broken), new(2, *broken), entry(3, *broken)).stands.broken_rules == ("R4",)


def test_no_number_of_a_majority_rests_on_two_new_readers():
    """Both say `a` is 1, an established one says 5: that is no majority until one of them is not new."""
    new_ones = new(1, 1, 2, 3), new(2, 1, 3, 4)
    assert said(*new_ones, entry(3, 5, 2, 3)).stands is None
    assert said(*new_ones, new(3, 5, 2, 3)).stands is None
    assert said(entry(1, 1, 2, 3), new(2, 1, 3, 4), entry(3, 5, 2, 3)).stands.how == "majority"


def test_of_five_at_once_a_majority_may_say_something_else_than_two_new_readers():
    """Two new ones alike decide nothing; two established ones would have, before three others disagreed with them."""
    others = [entry(who, *numbers, page=2) for who, numbers in ((3, (5, 2, 4)), (4, (5, 3, 3)), (5, (5, 4, 9)))]
    stands = said(*(new(who, page=2) for who in (1, 2)), *others).stands
    assert (stands.how, stands.numbers) == ("majority", {"a": 5, "b": 2, "sum": 3})
    assert said(*(entry(who, page=2) for who in (1, 2)), *others).stands.numbers == {"a": 1, "b": 2, "sum": 3}


def test_two_new_readers_bring_no_problem_before_an_adjudicator_and_outvote_nobody():
    problems = new(1, problem="blurred"), new(2, problem="cut_off")
    assert (said(*problems).wants, said(*problems).adjudicator) == (1, "")
    assert said(*problems, new(3, problem="blurred")).adjudicator == "problem"
    assert said(*problems, entry(3, problem="blurred")).adjudicator == "problem"
    assert said(*problems, entry(3), entry(4)).adjudicator == "conflict"


def test_two_new_readers_against_two_others_go_before_an_adjudicator():
    assert said(new(1, 1, 5, 6), new(2, 1, 5, 6), entry(3), entry(4)).adjudicator == "conflict"


def test_an_adjudicator_may_rest_on_a_new_reader():
    """They are two people, and one of them is trusted by two operators."""
    accepts = ruling(11, "accept", page=1, numbers={"a": 1, "b": 2, "sum": 3})
    assert said(new(1), entry(2, 1, 5, 6), rulings=[accepts]).stands.how == "adjudicated"


def test_the_rule_is_no_setting():
    assert (agreement.RULE_VERSION, agreement.READERS, agreement.TPS_OF_A_PAIR) == (6, 2, 3)
    assert agreement.RULE_VERSION == RULE_OF_NEW_ELECTIONS
    imports = {
        (node.module or "") if isinstance(node, ast.ImportFrom) else name.name
        for node in ast.walk(ast.parse(Path(agreement.__file__).read_text()))
        if isinstance(node, ast.Import | ast.ImportFrom)
        for name in node.names
    }
    assert imports == {"collections.abc", "dataclasses", "itertools", "uuid"}


def test_four_who_differ_are_four_whoever_of_them_settles_three_tps_elsewhere():
    """Else two of four would carry a number past the adjudicator before whom it lies."""
    four = [entry(1), entry(2, a=2), entry(3, b=3), entry(4, a=2, b=3, total=4)]
    for pair in combinations((1, 2, 3, 4), 2):
        result = outcome(Evidence(four, tied=frozenset({pair})), broken_rules)
        assert (result.stands, result.adjudicator) == (None, "differ")


def test_a_pair_that_has_had_its_three_tps_carries_nothing_more_and_contradicts_as_before():
    tied = frozenset({(1, 2)})
    assert outcome(Evidence([entry(1), entry(2)], tied=tied), broken_rules).wants == 1
    both_ways = [entry(1), entry(2), entry(3, a=2, total=4), entry(4, a=2, total=4)]
    assert outcome(Evidence(both_ways, tied=tied), broken_rules).adjudicator == "conflict"
    assert outcome(Evidence([entry(1), entry(2), entry(3)], tied=tied), broken_rules).stands.pairs == ((1, 3),)
