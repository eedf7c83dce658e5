"""Where the digit boxes of a page are on a photo: real photos, turned, cut and bent ones, and pages that have none."""

import csv
import itertools
import json
import os
import signal
from functools import cache
from pathlib import Path

import cv2
import numpy as np
import pytest
from PIL import Image

from tests import specimens
from tests.uploads.test_page_tags import sheet
from tps import form_definitions
from uploads import decoder, inspection, page_tags, registration, tag_reader

FORM = form_definitions.load("c-hasil-ppwp")


def places(page: int) -> dict[str, registration.Place]:
    return FORM.page(page).places


def boxes_in(picture: Image.Image, page: int) -> list[list[float]] | None:
    seen = tag_reader.read(picture)
    return seen and registration.boxes_of(picture, seen["corners"], list(places(page).values()))


@cache
def real(shared: Path) -> list[tuple[dict[str, str], list[list[float]] | None]]:
    """The real photos, and where their boxes are."""
    with open(shared / "forms" / "manifest.csv") as file:
        rows = list(csv.DictReader(file))
    found = []
    for row in rows:
        with Image.open(shared / "forms" / row["file"]) as picture:
            found.append((row, boxes_in(picture, int(row["page"]))))
    return found


def filled(picture: np.ndarray, box: list[float], key: str) -> str:
    """What the bubbles under a number's boxes say, one digit a column; "-" where none is filled."""
    place, bubbles = FORM.field(key).place, FORM.field(key).bubbles
    assert place is not None
    assert bubbles is not None
    start = np.array(box[:2])
    right, down = (np.array(box[2:4]) - start) / place.width, (np.array(box[4:]) - start) / place.height
    digits = ""
    for column in bubbles.columns:
        at = [
            start + right * (column - place.left) + down * (bubbles.zero + d * bubbles.step - place.top)
            for d in range(10)
        ]
        radius = 0.006 * float(np.hypot(*right))
        reach = int(radius)
        tones = [
            picture[int(y) - reach : int(y) + reach + 1, int(x) - reach : int(x) + reach + 1].mean() for x, y in at
        ]
        darkest = int(np.argmin(tones))
        digits += str(darkest) if tones[darkest] < 0.75 * float(np.median(tones)) else "-"
    return digits


# --- Real photos ----------------------------------------------------------------------------


def test_the_boxes_of_most_real_photos_are_found(shared):
    assert sum(boxes is not None for _row, boxes in real(shared)) >= 110  # of 120


def test_where_boxes_are_found_they_are_those_of_their_paslon(shared):
    """The bubbles beside them say the number that was published: beside another paslon's they would say another."""
    right, wrong = 0, []
    for row, boxes in real(shared):
        if row["page"] != "2" or boxes is None:
            continue
        with Image.open(shared / "forms" / row["file"]) as file:
            picture = np.asarray(file.convert("L"))
        for key, box in zip(places(2), boxes, strict=True):
            said, known = filled(picture, box, key), f"{int(row[key.replace('_', '')]):03d}"
            pairs = [(one, other) for one, other in zip(said, known, strict=True) if one != "-"]
            if any(one != other for one, other in pairs):
                wrong.append((row["file"], key, said, known))
            right += len(pairs) > 1
    assert wrong == []
    assert right >= 95


@pytest.mark.parametrize("turn", [1, 2, 3])
def test_a_turned_photo_has_its_boxes_turned(shared, turn):
    row, upright = next((row, boxes) for row, boxes in real(shared) if row["page"] == "2" and boxes)
    with Image.open(shared / "forms" / row["file"]) as picture:
        width, height = picture.size
        turned = boxes_in(picture.rotate(-90 * turn, expand=True), 2)
    points = np.array(upright).reshape(-1, 2)
    for quarter in range(turn):  # clockwise
        points = np.stack([(width if quarter % 2 else height) - points[:, 1], points[:, 0]], axis=1)
    assert turned is not None
    assert np.abs(np.array(turned).reshape(-1, 2) - points).max() < 4


@pytest.mark.parametrize("corner", [0, 2, 3])
def test_one_corner_may_be_missing(shared, corner):
    row, whole = next((row, boxes) for row, boxes in real(shared) if row["page"] == "1" and boxes)
    with Image.open(shared / "forms" / row["file"]) as picture:
        seen = tag_reader.read(picture)
        marks = cv2.perspectiveTransform(
            registration.CORNERS.reshape(-1, 1, 2), next(registration.pages_of(*grey_and_tag(picture, seen)))
        )
        scale = picture.width / tag_reader.reduced(picture).shape[1]
        x, y = (int(at) for at in marks[corner, 0] * scale)
        covered = picture.convert("RGB")
    covered.paste((150, 150, 150), (x - 40, y - 40, x + 40, y + 40))
    boxes = registration.boxes_of(covered, seen["corners"], list(places(1).values()))
    assert boxes is not None
    height = whole[0][5] - whole[0][1]
    assert np.abs(np.array(boxes) - whole).max() < height / 2


def grey_and_tag(picture: Image.Image, seen: dict[str, list[list[float]]]) -> tuple[np.ndarray, np.ndarray]:
    grey = tag_reader.reduced(picture)
    return grey, np.array(seen["corners"], np.float32) * grey.shape[1] / picture.width - 0.5


def test_the_form_says_where_the_specimens_print(shared):
    """The specimens' layout was measured on the official form by itself."""
    (x, y), (right, bottom) = specimens.layout.between_marks(0, 0), specimens.layout.between_marks(1, 1)
    for page, numbers in specimens.layout.NUMBERS.items():
        for key, printed in numbers.items():
            left, top, width, height, _count = places(page)[key]
            assert (left, top) == pytest.approx(
                ((printed.lefts[0] - x) / (right - x), (printed.top - y) / (bottom - y)), abs=1e-4
            )
            wide = printed.lefts[2] + printed.side - printed.lefts[0]
            assert (width, height) == pytest.approx((wide / (right - x), printed.side / (bottom - y)), abs=5e-4)


# --- What is not believed ---------------------------------------------------------------------


def test_boxes_that_are_a_row_off_are_not_believed(shared):
    """Were the page taken to hang a row higher, each box would show the number of another row."""
    row_apart = places(1)["pengguna_dptb_l"][1] - places(1)["pengguna_dpt_l"][1]
    off = [(left, top + row_apart, width, height, count) for left, top, width, height, count in places(1).values()]
    pages = [row for row, boxes in real(shared) if row["page"] == "1" and boxes]
    for row in itertools.islice(pages, 0, None, 4):
        with Image.open(shared / "forms" / row["file"]) as picture:
            seen = tag_reader.read(picture)
            assert registration.boxes_of(picture, seen["corners"], off) is None, row["file"]


def test_a_page_with_a_tag_and_nothing_else_has_no_boxes():
    picture = sheet(102)
    seen = tag_reader.read(picture)
    assert registration.boxes_of(picture, seen["corners"], list(places(2).values())) is None


def test_another_page_than_the_tag_says_has_no_boxes(shared):
    for row, boxes in real(shared)[:30]:
        if row["page"] != "3" or boxes is None:
            continue
        with Image.open(shared / "forms" / row["file"]) as picture:
            assert boxes_in(picture, 1) is None, row["file"]


# --- By the child -----------------------------------------------------------------------------


def test_the_child_finds_them_in_pixels_of_the_photo():
    content = specimens.render("3201011001001", 2, {"paslon_1": 120, "paslon_2": 85, "paslon_3": 7}, width=1600)
    seen = inspection.derive(content).tag
    assert seen is not None
    assert seen.boxes is not None
    by_field = page_tags.boxes_on(FORM.page(2), seen.boxes)
    assert list(by_field) == ["paslon_1", "paslon_2", "paslon_3"]
    heights = [box[5] - box[1] for box in by_field.values()]
    assert all(0.02 * 1600 < height < 0.06 * 1600 for height in heights)
    assert by_field["paslon_1"][1] < by_field["paslon_2"][1] < by_field["paslon_3"][1]


def test_whatever_becomes_of_the_boxes_the_tag_was_told_before(monkeypatch):
    content = specimens.render("3201011001001", 2, {"paslon_1": 1}, width=1000)
    monkeypatch.setattr(registration, "boxes_of", lambda *_: os.kill(os.getpid(), signal.SIGKILL))
    said, _ = decoder.copies(content)
    assert (said["tag"]["id"], said["tag"]["boxes"], len(said["copies"])) == (102, None, 3)


def test_boxes_that_cannot_be_are_left_out():
    tag = {"id": 102, "turn": 0, "corners": [[1, 1]] * 4, "edge": 1.0}
    facts = inspection.Facts("image/jpeg", 1000, 1600)
    for boxes in (None, [[1] * 6] * 2, [[40_000] * 6] * 3):
        assert inspection._tag_in({"tag": json.loads(json.dumps(tag | {"boxes": boxes}))}, facts).boxes is None
    assert inspection._tag_in({"tag": tag | {"boxes": [[5] * 6] * 3}}, facts).boxes == (5,) * 18


def test_boxes_beside_the_picture_or_of_no_size_are_not_believed():
    box = [[(100, 100), (190, 100), (100, 130)]]
    assert registration._is_within(np.array(box, float), (500, 400))
    for wrong in (np.array(box, float) + 400, np.array(box, float) * 0 + 50, np.array(box, float) * np.nan):
        assert not registration._is_within(wrong, (500, 400))


def test_boxes_of_a_form_that_has_changed_since_are_left_out():
    assert page_tags.boxes_on(FORM.page(2), [1] * 18)["paslon_3"] == [1] * 6
    assert page_tags.boxes_on(FORM.page(2), [1] * 12) == {}
    assert page_tags.boxes_on(FORM.page(2), None) == {}
    assert page_tags.boxes_on(FORM.page(12), [1] * 18) == {}  # an A4 copy has no tag, and its boxes stand elsewhere
