"""Receipt codes can be typed, mistyped and not be guessed."""

import pytest

from uploads import receipts


def test_codes_differ_and_have_the_shape_people_are_shown():
    codes = {receipts.new_code() for _ in range(2000)}
    assert len(codes) == 2000
    assert all(receipts.PATTERN.fullmatch(code) for code in codes)
    assert len(receipts.grouped(codes.pop())) == 20


def test_all_80_bits_are_used():
    """Each of the 16 places takes all 32 characters."""
    codes = [receipts.new_code() for _ in range(3000)]
    assert all(len({code[place] for code in codes}) == 32 for place in range(16))


def test_a_code_is_understood_however_it_is_typed():
    code = receipts.new_code()
    typed = f"  {receipts.grouped(code).lower()} ".replace("0", "o").replace("1", "l")
    assert receipts.parse(typed) == code


def test_one_wrong_character_is_noticed():
    code = receipts.new_code()
    for place in range(len(code)):
        for other in receipts.ALPHABET.replace(code[place], ""):
            with pytest.raises(receipts.UnknownReceipt):
                receipts.parse(code[:place] + other + code[place + 1 :])


def test_neighbours_swapped_are_noticed():
    code = next(code for code in iter(receipts.new_code, None) if code[3] != code[4])
    with pytest.raises(receipts.UnknownReceipt):
        receipts.parse(code[:3] + code[4] + code[3] + code[5:])


@pytest.mark.parametrize("typed", ["", "x", "A" * 17, "A" * 400, "7K3M-Q2WD-9FTX-0HB8Cé", "\x00" * 17])
def test_nonsense_is_unknown(typed):
    with pytest.raises(receipts.UnknownReceipt):
        receipts.parse(typed)


@pytest.mark.django_db
def test_a_right_code_that_stands_for_nothing_is_unknown():
    with pytest.raises(receipts.UnknownReceipt):
        receipts.photo_of(receipts.new_code())
