"""The rule of two independent readers: what holds whatever people send."""

import random
from dataclasses import replace
from uuid import UUID

import pytest
from hypothesis import given, settings
from hypothesis import strategies as some

from tests.transcription.words import FIELDS, broken_rules, entry, ruling, said
from tps import form_definitions
from transcription import agreement, consensus
from transcription.agreement import Accepted, Entry, Evidence, Rejected, Ruling, outcome

settings.register_profile("agreement", max_examples=200, deadline=None, database=None)
settings.load_profile("agreement")

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
                on_probation=draw(some.booleans()),
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
    return Evidence(tuple(entries), tuple(rulings), sender, sender_device, tied, lines=tied)


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


@given(entries_of(), rulings_of(), ties, some.frozensets(accounts, max_size=2))
def test_whoever_is_barred_never_was_and_is_back_when_the_bar_is_lifted(entries, rulings, tied, barred):
    everything = evidence_of(entries, rulings, tied)
    without = replace(everything, entries=tuple(one for one in entries if one.account not in barred))
    silenced = replace(everything, barred=barred)
    assert outcome(silenced, broken_rules) == outcome(without, broken_rules)
    assert outcome(replace(silenced, barred=frozenset()), broken_rules) == outcome(everything, broken_rules)


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


EVERY_FORM = [form_definitions.load(name) for name in form_definitions.names()]
EVERY_PAGE = [(form.name, page.number) for form in EVERY_FORM for page in form.pages if page.fields]


@pytest.mark.parametrize("readers", [2, 3, 4, 7])
@pytest.mark.parametrize(("form", "number"), EVERY_PAGE)
def test_a_page_of_nothing_but_zeros_and_blanks_goes_to_a_person_whichever_it_is(form, number, readers):
    whole = form_definitions.load(form)
    keys = [field.key for field in whole.page(number).fields]
    rules = consensus.broken_rules_on(whole)
    mixed = {key: ("kosong", 0, "tidak_terbaca")[at % 3] for at, key in enumerate(keys)}
    for blank in (dict.fromkeys(keys, 0), dict.fromkeys(keys, "kosong"), dict.fromkeys(keys, "tidak_terbaca"), mixed):
        agreeing = [replace(entry(n), page=number, numbers=blank) for n in range(1, readers + 1)]
        result = outcome(evidence_of(agreeing, (), frozenset()), rules)
        assert (result.stands, result.wants, result.adjudicator) == (None, 0, "blank")
        outvoted = replace(entry(50), page=number, numbers=blank | {keys[-1]: 5})
        by_most = outcome(evidence_of([*agreeing, outvoted], (), frozenset()), rules)
        assert (by_most.stands, by_most.adjudicator) == (None, "blank")


@given(entries_of(most=6), ties, some.booleans())
def test_an_equal_entry_of_somebody_independent_never_undoes_a_decision(entries, tied, is_new):
    before = outcome(evidence_of(entries, (), tied), broken_rules).stands
    if before is None:
        return
    assert isinstance(before, Accepted)
    more = entry(99, page=before.page, round=2, at=9)
    more = replace(more, numbers=before.numbers, on_probation=is_new)
    after = outcome(evidence_of([*entries, more], (), tied), broken_rules).stands
    assert isinstance(after, Accepted)
    assert (after.page, after.numbers) == (before.page, before.numbers)


@given(entries_of(most=6), ties, ties, some.sets(accounts))
def test_an_equal_entry_undoes_nothing_whoever_its_reader_has_settled_tps_with(entries, lines, capped, with_whom):
    """Those who decided have their places at this TPS, so none of them is tied to another one."""
    before = outcome(Evidence(entries, tied=lines | capped, lines=lines), broken_rules).stands
    if before is None:
        return
    more = replace(entry(99, page=before.page, round=2, at=9), numbers=before.numbers)
    tied = lines | (capped - set(before.pairs)) | {(one, 99) for one in with_whom}
    after = outcome(Evidence([*entries, more], tied=tied, lines=lines), broken_rules).stands
    assert (after.page, after.numbers) == (before.page, before.numbers)


@given(entries_of(), rulings_of(), ties, ties, ties)
def test_what_pairs_settle_elsewhere_publishes_nothing_here(entries, rulings, lines, capped, later):
    """However many pairs reach their cap: what carries nothing carries nothing then."""
    before = outcome(Evidence(entries, rulings, tied=lines | capped, lines=lines), broken_rules)
    after = outcome(Evidence(entries, rulings, tied=lines | capped | later, lines=lines), broken_rules)
    assert before.stands is not None or after.stands is None


@given(entries_of(), ties, ties, ties)
def test_what_pairs_settle_elsewhere_takes_nothing_away_that_they_settled_here(entries, lines, capped, later):
    """A pair that has a place at this TPS is not tied there (`consensus`)."""
    before = outcome(Evidence(entries, tied=lines | capped, lines=lines), broken_rules).stands
    if before is None:
        return
    tied = lines | capped | (later - set(before.pairs))
    after = outcome(Evidence(entries, tied=tied, lines=lines), broken_rules).stands
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


@given(entries_of(), ties)
def test_readers_on_probation_never_decide_alone_but_for_three(entries, tied):
    stands = outcome(evidence_of(entries, (), tied), broken_rules).stands
    if stands is None:
        return
    carriers = [one for one in entries if one.id in stands.because]
    assert len(carriers) >= 3 or not all(one.on_probation for one in carriers)
    for field, value in stands.numbers.items():
        saying_so = [one for one in carriers if one.numbers and one.numbers[field] == value]
        assert len(saying_so) >= 3 or not all(one.on_probation for one in saying_so)


@given(entries_of(), ties)
def test_two_readers_on_probation_settle_nothing_by_themselves(entries, tied):
    two = [replace(one, account=1 + number % 2, on_probation=True) for number, one in enumerate(entries)]
    result = outcome(evidence_of(two, (), tied), broken_rules)
    assert (result.stands, result.adjudicator) == (None, "")


@given(entries_of(), rulings_of(), ties)
def test_with_established_readers_alone_it_is_as_if_there_were_no_probation(entries, rulings, tied):
    """Who agrees decides as before: two of them, or three."""
    established = [replace(one, on_probation=False) for one in entries]
    result = outcome(evidence_of(established, rulings, tied), broken_rules)
    if isinstance(result.stands, Accepted) and result.stands.how == "two_readers":
        assert len(result.stands.because) == (3 if result.stands.broken_rules else 2)


@given(entries_of(), ties)
def test_what_new_readers_decide_established_ones_would_have_decided(entries, tied):
    """Probation only ever asks for more: of two alike, and else a majority, which says its own of five or more at once.

    (`test_of_five_at_once_a_majority_may_say_something_else_than_two_new_readers`)
    """
    stands = outcome(evidence_of(entries, (), tied), broken_rules).stands
    if stands is None:
        return
    trusted = outcome(evidence_of([replace(one, on_probation=False) for one in entries], (), tied), broken_rules).stands
    assert trusted is not None
    if stands.how == "two_readers" or len(entries) < 5:
        assert (trusted.page, trusted.numbers) == (stands.page, stands.numbers)


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


@given(entries_of(), some.sampled_from(["accept", "reject", "rehome"]), values, ties)
def test_one_adjudicator_replaces_nothing_that_stands(entries, verdict, value, tied):
    before = outcome(evidence_of(entries, (), tied), broken_rules).stands
    numbers = dict.fromkeys(FIELDS, value) if verdict == "accept" else None
    one = ruling(11, verdict, reason="blurred", page=1 if numbers else None, numbers=numbers, round=9)
    after = outcome(evidence_of(entries, [one], tied), broken_rules).stands
    if before:
        assert (after.page, after.numbers) == (before.page, before.numbers)


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


@given(entries_of(), rulings_of(), ties)
def test_a_doubt_changes_nothing_of_what_stands_and_asks_for_three_readers(entries, rulings, tied):
    evidence = evidence_of(entries, rulings, tied)
    sure, doubted = outcome(evidence, broken_rules), outcome(replace(evidence, in_doubt=True), broken_rules)
    assert replace(doubted, wants=0, adjudicator="") == replace(sure, wants=0, adjudicator="")
    asked = (doubted.wants, doubted.adjudicator)
    assert asked == (sure.wants, sure.adjudicator) or (sure.stands and asked in ((1, ""), (0, "sum"), (0, "")))
