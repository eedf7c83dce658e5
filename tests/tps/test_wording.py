"""Names as words: how they are shortened and mistyped, and what is taken out of what people type."""

import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.tps import typed
from tps import wording

words = st.text("abcdefghij", min_size=4, max_size=12)


@settings(deadline=None)
@given(words, st.randoms(use_true_random=False))
def test_one_slip_is_found_by_the_slips_and_is_one(word, rng):
    slipped = typed.slipped(word, rng)
    assert set(wording.slips(word)) & {slipped, *wording.slips(slipped)}
    assert wording.distance(word, slipped) <= 1


@pytest.mark.parametrize(
    ("one", "other", "slips"),
    [("cipete", "cipete", 0), ("ciepte", "cipete", 1), ("cpette", "cipete", 2), ("", "abc", 3), ("abcd", "dcba", 3)],
)
def test_how_many_slips_are_between(one, other, slips):
    assert wording.distance(one, other) == wording.distance(other, one) == slips


@pytest.mark.parametrize(
    ("name", "form", "covers"),
    [
        ("JAKARTA SELATAN", "jaksel", {"jakarta", "selatan"}),
        ("SUKA MAJU", "sukamaju", {"suka", "maju"}),
        ("SUKAMAJU II", "2", {"ii"}),
        ("MORO'O", "moroo", {"moroo"}),
        ("GN. BINTANG AWAI", "gunung", {"gn"}),
        ("KOTA YOGYAKARTA", "yk", {"yogyakarta"}),
    ],
)
def test_what_stands_for_a_name(name, form, covers):
    assert wording.forms(name)[form] == covers


@pytest.mark.parametrize(
    ("text", "asked"),
    [
        ("Kel. Cipete Utara, TPS 012", wording.Asked(("cipete", "utara"), {0: 4}, 12, True)),
        ("12 cipete", wording.Asked(("cipete",), {}, 12)),
        ("tps cipete 012", wording.Asked(("cipete",), {}, 12)),
        ("cipete kec cilandak tps no 3", wording.Asked(("cipete", "cilandak"), {1: 3}, 3, True)),
        ("sp 2 tps 12", wording.Asked(("sp", "2"), {}, 12, True)),
        ("desa", wording.Asked(("desa",))),
        ("kota", wording.Asked(("kota",))),
        ("", wording.Asked(())),
        ("tps 12", wording.Asked((), {}, 12, True)),
    ],
)
def test_what_was_typed_taken_apart(text, asked):
    assert wording.read(text) == asked


def test_the_abbreviations_are_words_as_they_are_compared():
    known = wording.abbreviations()
    for word in (*known.kinds, *(word for name, others in known.names.items() for word in (*name, *others))):
        assert re.fullmatch(r"[a-z]+", word), word
    assert set(known.kinds.values()) == {1, 2, 3, 4}
