"""Every form there is can be summed."""

import pytest

from aggregation import columns
from tps.form_definitions import load, names
from tps.form_shapes import Choice
from transcription.models import Decision

BALLOT = [Choice(1, "A", (Choice(1, "a"), Choice(2, "b"))), Choice(2, "B", (Choice(1, "c"),)), Choice(24, "C")]


@pytest.mark.parametrize("name", names())
def test_each_option_has_its_votes_in_ballot_order(name):
    form = load(name).with_options(BALLOT)
    layout = columns.of_form(form)
    assert len(layout.votes) == len(BALLOT)
    assert [
        any(part == str(option.number) for part in key.split("_"))
        for key, option in zip(layout.votes, BALLOT, strict=True)
    ] == [True] * 3
    assert layout.sums[:3] == layout.votes
    assert len(set(layout.names)) == len(layout.names)


@pytest.mark.parametrize("name", names())
def test_every_number_is_summed_but_men_and_women_apart(name):
    form = load(name).with_options(BALLOT)
    left_out = {field.key for field in form.fields} - set(columns.of_form(form).sums)
    assert left_out == {field.key for field in form.fields if field.column in ("L", "P")}


def test_every_way_to_settle_a_photo_is_counted():
    """If not: say in `columns.HOW` how votes that are settled so are counted."""
    assert set(columns.HOW) == set(Decision.How.values) - {Decision.How.WITHDRAWN}


def test_amounts_by_name_and_back():
    layout = columns.of_form(load("c-hasil-ppwp"))
    amounts = list(range(len(layout.names)))
    by_name = layout.sums_of(amounts) | layout.counts_of(amounts) | layout.beside_of(amounts)
    assert list(by_name.values()) == amounts
    assert not any(layout.nothing())
