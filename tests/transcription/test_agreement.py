"""The rule of two independent readers: what holds whatever people send, and what it says in plain cases."""

import ast
import random
from dataclasses import replace
from pathlib import Path
from uuid import UUID

import pytest
from hypothesis import given, settings
from hypothesis import strategies as some

from transcription import agreement
from transcription.agreement import Accepted, Entry, Evidence, Rejected, Ruling, Sender, outcome

settings.register_profile("agreement", max_examples=200, deadline=None, database=None)
settings.load_profile("agreement")

FIELDS = ("a", "b", "sum")


def broken_rules(page, numbers):
    a, b, total = (numbers[field] for field in FIELDS)
    known = all(isinstance(value, int) for value in (a, b, total))
    return ("R4",) if page == 1 and known and a + b != total else ()


# --- Words for plain cases ---------------------------------------------------------------------


def entry(who: int, a=1, b=2, total=3, *, problem="", page=1, **more) -> Entry:
    """An entry by account `who`, of a device of their own."""
    numbers = None if problem else {"a": a, "b": b, "sum": total}
    fields = {"source": "volunteer", "device": UUID(int=1000 + who), "at": who} | more
    return Entry(
        id=UUID(int=who), account=who, page=None if problem else page, numbers=numbers, problem=problem, **fields
    )


def ruling(who: int, verdict: str, round: int = 1, **more) -> Ruling:
    """A ruling by account `who`, from a device of their own."""
    fields = {"id": UUID(int=5000 + 10 * who + round), "device": UUID(int=1000 + who)} | more
    return Ruling(at=who, round=round, adjudicator=who, verdict=verdict, **fields)


def said(*entries: Entry, rulings=(), **more):
    return outcome(Evidence(entries, tuple(rulings), **more), broken_rules)


# --- What holds whatever they send -------------------------------------------------------------

accounts = some.integers(1, 7)
values = some.sampled_from([0, 1, 2, 3, "kosong", "tidak_terbaca"])
devices = some.sampled_from([None, None, *(UUID(int=n) for n in range(1, 5))])
blocks = some.sampled_from(["", "", "", "x", "y"])
# Mostly a few pages that differ little, so that people often agree.
pages = some.one_of(
    some.sampled_from([(1, 1, 2, 3), (1, 1, 2, 3), (1, 1, 2, 4), (1, 2, 2, 4), (2, 1, 2, 3), (1, 0, "kosong", 0)]),
    some.tuples(some.integers(1, 2), values, values, values),
).map(lambda read: {"page": read[0], "numbers": dict(zip(FIELDS, read[1:], strict=True))})
problems = some.sampled_from(["blurred", "cut_off", "wrong_tps"]).map(lambda problem: {"problem": problem})
readings = some.one_of(pages, pages, pages, problems)


@some.composite
def entries_of(draw, who=accounts, most=7):
    found = []
    for number in range(draw(some.sampled_from([n for n in (4, 3, 5, 2, 6, 0, 1, 7) if n <= most]))):
        found.append(
            Entry(
                id=UUID(int=100 + number),
                at=draw(some.integers(1, 3)),
                source=draw(some.sampled_from(["volunteer"] * 5 + ["uploader", "machine", "partner"])),
                account=draw(who),
                device=draw(devices),
                address_block=draw(blocks),
                round=draw(some.sampled_from([1, 1, 1, 2])),
                **draw(readings),
            )
        )
    return found


@some.composite
def rulings_of(draw, most=3):
    found = {}
    for number in range(draw(some.integers(0, most))):
        verdict = draw(some.sampled_from(["accept", "reject", "rehome", "reopen"]))
        one = Ruling(
            id=UUID(int=200 + number),
            at=draw(some.integers(1, 3)),
            round=draw(some.integers(1, 3)),
            adjudicator=draw(some.integers(11, 13)),
            verdict=verdict,
            reason=draw(some.sampled_from(["blurred", "cut_off"])),
            page=1 if verdict == "accept" else None,
            numbers=draw(some.fixed_dictionaries(dict.fromkeys(FIELDS, values))) if verdict == "accept" else None,
            station=draw(some.sampled_from([7, 8])) if verdict == "rehome" else None,
            device=draw(devices),
            address_block=draw(blocks),
        )
        found[one.round, one.adjudicator] = one
    return list(found.values())


ties = some.frozensets(some.tuples(accounts, accounts).filter(lambda pair: pair[0] < pair[1]), max_size=3)


def evidence_of(entries, rulings=(), tied=frozenset(), sender=None, sender_device=None):
    return Evidence(tuple(entries), tuple(rulings), sender, sender_device, tied)


@given(entries_of(), rulings_of(), ties, some.randoms())
def test_the_order_makes_no_difference(entries, rulings, tied, chance: random.Random):
    expected = outcome(evidence_of(entries, rulings, tied), broken_rules)
    chance.shuffle(entries)
    chance.shuffle(rulings)
    assert outcome(evidence_of(entries, rulings, tied), broken_rules) == expected


@given(entries_of(), rulings_of(), ties, accounts)
def test_leaving_out_an_accounts_entries_is_as_if_they_had_never_been(entries, rulings, tied, who):
    without = [one for one in entries if one.account != who]
    silenced = [
        replace(one, source="machine", numbers=None, problem="") if one.account == who else one for one in entries
    ]
    expected = outcome(evidence_of(without, rulings, tied), broken_rules)
    assert outcome(evidence_of(silenced, rulings, tied), broken_rules) == expected


@given(entries_of(who=some.just(1)), rulings_of(most=0), ties)
def test_one_person_never_decides_alone_whatever_they_do(entries, rulings, tied):
    assert outcome(evidence_of(entries, rulings, tied), broken_rules).stands is None


@given(entries_of(who=some.just(1)), some.sampled_from(["accept", "reject", "rehome"]), values)
def test_one_adjudicator_never_decides_what_nobody_else_said(entries, verdict, value):
    machines = [replace(one, source="machine") for one in entries]
    numbers = dict.fromkeys(FIELDS, value) if verdict == "accept" else None
    one = ruling(11, verdict, reason="blurred", page=1 if numbers else None, numbers=numbers)
    result = outcome(evidence_of(machines, [one]), broken_rules)
    assert result.stands is None
    assert result.station is None
    assert result.adjudicator == "second"


@given(entries_of(), ties)
def test_the_accounts_of_one_device_never_decide(entries, tied):
    together = [replace(one, device=UUID(int=1)) for one in entries]
    assert outcome(evidence_of(together, (), tied), broken_rules).stands is None


@given(entries_of(), ties)
def test_the_accounts_of_one_address_block_never_decide(entries, tied):
    together = [replace(one, address_block="x") for one in entries]
    assert outcome(evidence_of(together, (), tied), broken_rules).stands is None


@given(entries_of())
def test_machines_partners_and_senders_never_decide(entries):
    others = [replace(one, source=source) for one in entries for source in ("machine", "partner", "uploader")]
    assert outcome(evidence_of(others), broken_rules).stands is None


@given(entries_of(), ties, accounts, devices.filter(bool))
def test_the_sender_and_their_circle_are_none_of_the_deciding(entries, tied, sender, device):
    told = evidence_of(entries, (), tied, sender, device)
    theirs = {one.id for one in entries if one.account == sender or one.device == device}
    theirs |= {one.id for one in entries if (min(one.account, sender), max(one.account, sender)) in tied}
    result = outcome(told, broken_rules)
    assert result == outcome(evidence_of([one for one in entries if one.id not in theirs], (), tied), broken_rules)


@given(readings, some.booleans())
def test_two_equal_entries_of_two_independent_people_decide(reading, other_order):
    two = [entry(1, problem="x"), entry(2, problem="x")]
    two = [replace(one, **({"page": None, "numbers": None, "problem": ""} | reading)) for one in two]
    result = said(*(two[::-1] if other_order else two))
    numbers = reading.get("numbers")
    if numbers is None:
        assert (result.stands, result.adjudicator) == (None, "problem")
    elif broken_rules(reading["page"], numbers):
        assert (result.stands, result.wants) == (None, 1)
    elif not any(isinstance(value, int) and value for value in numbers.values()):
        assert (result.stands, result.adjudicator) == (None, "blank")
    else:
        assert isinstance(result.stands, Accepted)
        assert result.stands.numbers == numbers
        assert set(result.stands.because) == {one.id for one in two}


@given(entries_of(most=6), ties)
def test_an_equal_entry_of_somebody_independent_never_undoes_a_decision(entries, tied):
    before = outcome(evidence_of(entries, (), tied), broken_rules).stands
    if before is None:
        return
    assert isinstance(before, Accepted)
    more = entry(99, page=before.page, round=2, at=9)
    more = replace(more, numbers=before.numbers)
    after = outcome(evidence_of([*entries, more], (), tied), broken_rules).stands
    assert isinstance(after, Accepted)
    assert (after.page, after.numbers) == (before.page, before.numbers)


@given(entries_of(), rulings_of(), ties)
def test_whoever_decides_read_it_and_at_least_two_people_stand_behind_it(entries, rulings, tied):
    result = outcome(evidence_of(entries, rulings, tied), broken_rules)
    if result.stands is None:
        return
    people = {one.account for one in entries if one.id in result.stands.because and one.source == "volunteer"}
    people |= {one.adjudicator for one in rulings if one.id in result.stands.because}
    assert len(people) >= 2
    if isinstance(result.stands, Accepted):
        for field, value in result.stands.numbers.items():
            assert any(one.page == result.stands.page and one.numbers[field] == value for one in entries if one.numbers)
            carriers = [one for one in entries if one.id in result.stands.because and one.numbers]
            assert any(one.numbers[field] == value for one in carriers)


@given(entries_of(who=some.just(1)), rulings_of(), some.sampled_from(["device", "address_block", "tied"]))
def test_one_person_with_several_accounts_decides_and_moves_nothing(entries, rulings, shared):
    """A reader's account and adjudicators' accounts in one hand, and whatever machines and partners read."""
    tied = frozenset()
    if shared == "tied":
        tied = frozenset({(1, 11), (1, 12), (1, 13), (11, 12), (11, 13), (12, 13)})
    else:
        hand = {"device": UUID(int=1), "address_block": "x"}[shared]
        entries = [replace(one, **{shared: hand}) for one in entries]
        rulings = [replace(one, **{shared: hand}) for one in rulings]
    result = outcome(evidence_of(entries, rulings, tied), broken_rules)
    assert (result.stands, result.station) == (None, None)


@given(entries_of(), rulings_of(), ties)
def test_two_independent_adjudicators_stand_behind_every_move(entries, rulings, tied):
    result = outcome(evidence_of(entries, rulings, tied), broken_rules)
    if result.station is None:
        return
    movers = [one for one in rulings if one.verdict == "rehome" and one.station == result.station]
    assert any(agreement.independent(one, other, tied) for one in movers for other in movers)
    if result.stands:
        assert isinstance(result.stands, Rejected) or result.stands.how == "adjudicated"


@given(entries_of(), rulings_of(), ties)
def test_something_is_always_wanted_or_stands(entries, rulings, tied):
    result = outcome(evidence_of(entries, rulings, tied), broken_rules)
    assert result.stands or result.wants or result.adjudicator
    assert not (result.wants and result.adjudicator)
    assert 0 <= result.wants <= 2


# --- Plain cases -------------------------------------------------------------------------------


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


def test_a_rejection_needs_somebody_who_saw_the_same():
    reject = ruling(11, "reject", reason="blurred")
    assert isinstance(said(entry(1, problem="blurred"), rulings=[reject]).stands, Rejected)
    assert said(entry(1, problem="cut_off"), rulings=[reject]).adjudicator == "second"
    second = said(entry(1, problem="cut_off"), rulings=[reject, ruling(12, "reject", reason="blurred")])
    assert isinstance(second.stands, Rejected)
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


@pytest.mark.parametrize(("shared", "tied"), ONE_HAND)
def test_a_rejection_needs_another_hand_that_saw_the_same(shared, tied):
    reject = ruling(11, "reject", reason="blurred", **shared)
    assert said(entry(3, problem="blurred", **shared), rulings=[reject], tied=tied).stands is None


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
    assert (agreement.RULE_VERSION, agreement.READERS, agreement.TPS_OF_A_PAIR) == (1, 2, 3)
    imports = {
        (node.module or "") if isinstance(node, ast.ImportFrom) else name.name
        for node in ast.walk(ast.parse(Path(agreement.__file__).read_text()))
        if isinstance(node, ast.Import | ast.ImportFrom)
        for name in node.names
    }
    assert imports == {"collections.abc", "dataclasses", "itertools", "uuid"}
