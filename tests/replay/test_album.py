"""Slips of the simulated volunteers."""

import random

from hypothesis import given
from hypothesis import strategies as st

from pemantau.replay.album import Album, misread
from pemantau.replay.shots import KOSONG, Shot


def picture() -> bytes:
    return b"photo"


SHOT = Shot("9101011001001", 2, 2, {"paslon_1": 120, "paslon_2": 7, "paslon_3": KOSONG}, picture)


@given(st.integers(0, 999), st.integers())
def test_a_misread_figure_is_another_figure_of_three_digits_at_most(value, seed):
    wrong = misread(value, random.Random(seed))
    assert wrong != value
    assert 0 <= wrong <= 999


def test_nobody_makes_the_slip_that_somebody_made_before():
    album = Album(seed=1, hard=1.0)
    album.add(SHOT, b"photo", "id", "receipt")
    sent = album.look("id")
    chance = random.Random(2)
    slips = [tuple(album.slip(sent, chance).items()) for _ in range(8)]
    assert len(set(slips)) == 8
    assert all(dict(slip) != SHOT.numbers for slip in slips)
    # A hard photo is hard in one place.
    assert {key for slip in slips for key, value in slip if SHOT.numbers[key] != value} == {sent.hard_field}


def test_the_album_counts_what_was_sent_and_read():
    album = Album(seed=1, hard=0.0)
    album.add(SHOT, b"photo", "id", "receipt")
    album.note_entry(album.look("id"), slip=True)
    assert (len(album), album.entries, album.slips, album.look("id").hard_field) == (1, 1, 1, "")
    assert album.look("another") is None
