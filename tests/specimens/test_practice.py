"""The pictures of the practice forms are what is drawn from their numbers, and light."""

import io
import json

import numpy as np
import pytest
from PIL import Image, ImageFilter

from tests.specimens import practice as pictures
from transcription import practice

STORED = {number: (pictures.PICTURES / f"{number}.webp").read_bytes() for number in practice.FORMS}


def test_together_they_weigh_little():
    assert sum(map(len, STORED.values())) < 150_000
    assert {path.name for path in pictures.PICTURES.iterdir()} == {f"{number}.webp" for number in practice.FORMS}


@pytest.mark.parametrize("number", practice.FORMS)
def test_each_shows_its_numbers(number):
    """Drawn anew, it is the same but for what packing takes; another number in its place would be seen."""
    form = practice.FORMS[number]
    stored = Image.open(io.BytesIO(STORED[number])).convert("L")
    drawn = pictures.drawn(form).convert("L")
    assert stored.size == drawn.size
    off = [_off(stored, drawn, box) for box in form.measured.boxes.values()]
    assert max(off) < 15, off
    shifted = dict.fromkeys(form.numbers, 111)
    other = pictures.drawn(practice.PracticeForm(number, "", form.page, shifted, "", {})).convert("L")
    assert min(_off(stored, other, box) for box in form.measured.boxes.values()) > 30


def _off(one: Image.Image, other: Image.Image, box: list[int]) -> float:
    """How much the two differ in a number's boxes, where they differ most; light and noise are left out."""
    left, top, right, bottom = box[0], box[1], box[2], box[5]
    tones = [
        np.asarray(picture.filter(ImageFilter.GaussianBlur(1.5)), float)[top:bottom, left:right]
        for picture in (one, other)
    ]
    return float(np.percentile(np.abs(tones[0] - tones[1]), 99))


@pytest.mark.parametrize("number", practice.FORMS)
def test_the_places_of_the_boxes_are_those_that_the_decoder_finds(number):
    found = pictures.measured(STORED[number], practice.FORMS[number])
    assert json.loads(practice.MEASURED.read_text())[str(number)] == found
