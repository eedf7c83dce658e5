"""Numbers that a page was sent as text."""

import pytest

from accounts.fields import whole_number


@pytest.mark.parametrize(("text", "number"), [("7", 7), ("0", 0), ("007", 7), ("9" * 18, 10**18 - 1)])
def test_digits_are_a_number(text, number):
    assert whole_number(text) == number


@pytest.mark.parametrize("text", ["", "x", "-1", "+1", "1.0", " 1", "1\n", "²", "２", "9" * 19, "9" * 5000])
def test_anything_else_is_nobodys_key(text):
    assert whole_number(text) == 0


def test_a_small_number_has_few_digits():
    assert [whole_number(text, 2) for text in ("99", "100")] == [99, 0]
