"""Which digit bubbles are filled: real photos, specimens, and what is left out."""

import io

import numpy as np
import pytest
from PIL import Image

from tests import specimens
from tests.uploads.test_registration import FORM, real
from uploads import bubble_reader, inspection, page_tags, registration, tag_reader

PAGE = FORM.page(2)
PLACES = list(PAGE.places.values())
BUBBLES = list(PAGE.bubbles.values())


def filled(picture: Image.Image) -> list[str] | None:
    seen = tag_reader.read(picture)
    boxes = seen and registration.boxes_of(picture, seen["corners"], PLACES)
    return boxes and bubble_reader.read(picture, boxes, PLACES, BUBBLES)


def test_no_bubble_of_a_real_photo_says_another_digit_than_was_published(shared):
    digits, wrong = 0, []
    for row, boxes in real(shared):
        if row["page"] != "2" or boxes is None:
            continue
        with Image.open(shared / "forms" / row["file"]) as picture:
            said = bubble_reader.read(picture, boxes, PLACES, BUBBLES)
        for key, one in zip(PAGE.places, said, strict=True):
            known = f"{int(row[key.replace('_', '')]):03d}"
            digits += sum(digit != "-" for digit in one)
            wrong += [(row["file"], key, one, known)] * any(a not in ("-", b) for a, b in zip(one, known, strict=True))
    assert wrong == []
    assert digits >= 300  # of 324


@pytest.mark.parametrize("quarters", [0, 1, 2, 3])
def test_a_turned_page_says_the_same(quarters):
    picture = Image.open(specimen(paslon_1=101, paslon_2=88, paslon_3=209)).rotate(90 * quarters, expand=True)
    said = filled(picture)
    assert said is not None
    assert [one.strip("-") for one in said] == ["101", "88", "209"]


def specimen(**numbers: int) -> io.BytesIO:
    return io.BytesIO(specimens.render("9101011001001", 2, numbers, width=1200))


def test_a_column_with_two_filled_bubbles_or_none_says_nothing():
    tones = [200.0] * 10
    assert bubble_reader._filled(tones) == "-"
    assert bubble_reader._filled([*tones[:4], 60.0, *tones[5:]]) == "4"
    assert bubble_reader._filled([60.0, *tones[1:9], 70.0]) == "-"


def test_bubbles_beside_the_picture_say_nothing():
    white = Image.fromarray(np.full((400, 300), 255, np.uint8))
    place, bubbles = (0.1, 0.1, 0.2, 0.05, 1), ([0.15, 0.9], 0.2, 0.02)
    assert bubble_reader.read(white, [[250, 380, 290, 380, 250, 399]], [place], [bubbles]) == ["--"]
    assert bubble_reader.read(white, [[250, 380, 290, 380, 250, 399]], [place], [None]) == [""]


def test_the_child_reads_them_too():
    seen = inspection.derive(specimen(paslon_1=101, paslon_2=88, paslon_3=209).getvalue()).tag
    assert seen.tag == 102
    assert page_tags.bubbles_on(PAGE, seen.bubbles).keys() == {"paslon_1", "paslon_2", "paslon_3"}
    assert page_tags.bubbles_on(PAGE, seen.bubbles)["paslon_1"] == "101"


def test_a_page_without_bubbles_has_none():
    assert inspection.derive(specimens.render("9101011001001", 3, {}, width=1200)).tag.bubbles is None


@pytest.mark.parametrize(
    "said", [["101", "088"], ["101", "088", "12x"], ["101", "088", "0209"], ["101", "088", ""], []]
)
def test_what_cannot_be_is_left_out(said):
    assert inspection._bubbles_in({"id": 102, "bubbles": said}) is None
    assert inspection._bubbles_in({"id": 102, "bubbles": ["101", "-88", "---"]}) == ("101", "-88", "---")


def test_those_of_a_form_that_has_changed_since_are_left_out():
    assert page_tags.bubbles_on(PAGE, ["101", "088"]) == {}
    assert page_tags.bubbles_on(PAGE, None) == {}
    assert page_tags.bubbles_on(PAGE, ["101", "---", "-88"]) == {"paslon_1": "101", "paslon_3": "-88"}
