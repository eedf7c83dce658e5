"""How many people a play needs."""

import pytest

from pemantau.replay.browser import address_of
from pemantau.replay.cast import volunteers_for


@pytest.mark.parametrize("photos", [1, 30, 900, 4470])
def test_there_are_pairs_enough_for_all_photos(photos):
    people = volunteers_for(photos)
    assert people * (people - 1) // 2 * 3 >= 3 * photos


def test_everybody_has_a_block_of_addresses_to_themselves():
    blocks = {address_of(number).rsplit(".", 1)[0] for number in range(10_000)}
    assert len(blocks) == 10_000
