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


def test_a_picture_is_recognised_by_the_copy_that_readers_see():
    album, copies, asked = Album(seed=1, hard=0.0), {}, []
    for name in ("first", "second"):
        album.add(SHOT, name.encode(), name, "receipt")

    def copy_of(sha256: str) -> bytes | None:
        asked.append(sha256)
        return copies.get(sha256)

    first, second = album.look("first"), album.look("second")
    assert album.recognise(b"copy of the first", copy_of) is None
    copies |= {first.sha256: b"copy of the first", second.sha256: b"copy of the second"}
    assert album.recognise(b"copy of the second", copy_of) is second
    assert album.recognise(b"copy of the first", copy_of) is first
    assert album.recognise(b"of nobody", copy_of) is None
    assert asked == [first.sha256, second.sha256] * 2  # each once more when its copy was there, and never again
