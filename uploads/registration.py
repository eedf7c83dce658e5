"""Where the numbers of a page stand on a photo: from the page tag to the corner marks, from those to the digit boxes.

The four checker marks around a page say how it hangs, but paper curls and folds: each row of digit boxes is looked for
once more where it should be. What is found too seldom is not believed at all, for a box beside the right one shows
another number. Runs in the decoder's child (`uploads/decoder.py`); imports nothing of ours.
"""

from collections.abc import Iterator, Sequence
from itertools import islice, pairwise
from typing import Any

import cv2
import numpy as np
from PIL import Image

from uploads.tag_reader import reduced

Numbers = np.ndarray[Any, Any]
Place = tuple[float, float, float, float, int]  # left, top, width, height, how many digit boxes

# Units: the centres of the marks are (0, 0), (1, 0), (1, 1) and (0, 1); measured on the official form (FORMS section
# 4.1). The tag, clockwise from its upper left corner.
CORNERS: Numbers = np.array([(0, 0), (1, 0), (1, 1), (0, 1)], np.float32)
TAG: Numbers = np.array([(0.8837, 0.0522), (0.9470, 0.0522), (0.9470, 0.0917), (0.8837, 0.0917)], np.float32)
RATIO = 1.6027  # height of the frame, in its widths
# In widths of the frame from here on.
MARK = 0.0288  # side of a mark
# How far from where it is expected each mark may lie; the nearest to the tag first, each helps to find the next.
REACH = {1: 0.1, 0: 0.2, 2: 0.3, 3: 0.3}
TAG_OFF = 0.012  # how far from its place the tag may lie, seen through the marks
MARK_ALIKE = 0.6  # correlation from which on something may be a mark
CANDIDATES = 3  # of each mark
PAGES = 4  # ways to see the page that are tried
OPTIONS = 24  # sets of marks that are followed
MARK_SCALE = 420  # pixels to which the frame's width is brought for looking

ACROSS = 0.02  # how far beside its place a number's boxes may lie: single boxes are 0.046 apart
ALONG = 0.06  # above or below, and not so far that the next row is nearer
BOX_ALIKE = 0.5
ENOUGH = 0.7  # of the boxes must be seen
BOX_SCALE = 900
# In pixels at that scale: width of a box's printed line, which lies astride its edge; blur that both pictures get.
LINE, SOFT = 2, 1.6


def boxes_of(picture: Image.Image, corners: list[list[float]], places: Sequence[Place]) -> list[list[float]] | None:
    """Upper left, upper right and lower left corner of each number's digit boxes: x and y in pixels, six a number.

    None where the marks, or too many of the boxes, are not where they should be. `corners` of the tag are those that
    `tag_reader.read` gives.
    """
    if not places:
        return None
    grey = reduced(picture)
    scale = picture.width / grey.shape[1]
    found = _found(grey, np.array(corners, np.float32) / scale - 0.5, places)
    if found is None or not _is_within(np.array(found).reshape(-1, 3, 2), grey.shape):
        return None
    return [[round((at + 0.5) * scale, 1) for at in box] for box in found]


def _is_within(corners: Numbers, shape: tuple[int, ...]) -> bool:
    """Whether all these boxes are boxes, and lie on the picture but for a little."""
    height, width = shape
    sides = np.linalg.norm(corners[:, 1:] - corners[:, :1], axis=2)
    inside = (corners > (-0.05 * width, -0.05 * height)) & (corners < (1.05 * width, 1.05 * height))
    return bool(np.isfinite(corners).all() and inside.all() and (sides > 4).all())


def _found(grey: Numbers, tag: Numbers, places: Sequence[Place]) -> list[list[float]] | None:
    for page in islice(pages_of(grey, tag), PAGES):
        shifts = _shifts(grey, page, places)
        seen = [index for index, shift in enumerate(shifts) if shift is not None]
        if len(seen) >= ENOUGH * len(places):
            return [_corners(page, place, shifts[_nearest(places, seen, index)]) for index, place in enumerate(places)]
    return None


def _nearest(places: Sequence[Place], seen: Sequence[int], index: int) -> int:
    """The number that was seen and stands nearest to this one: itself, or one of its row, or of a row beside."""
    return min(seen, key=lambda other: (abs(places[other][1] - places[index][1]), abs(other - index)))


def _corners(page: Numbers, place: Place, shift: Numbers | None) -> list[float]:
    left, top, width, height, _count = place
    points = np.array([(left, top), (left + width, top), (left, top + height)]) + shift
    return [float(at) for at in cv2.perspectiveTransform(points.reshape(-1, 1, 2), page).ravel()]


# --- The page -------------------------------------------------------------------------------


def pages_of(grey: Numbers, tag: Numbers) -> Iterator[Numbers]:
    """Perspectives, 3 by 3, that bring the frame's units to pixels; the likeliest first. Three marks fit the tag."""
    options: list[dict[int, Numbers]] = [{}]
    for corner, reach in REACH.items():
        options = [
            option if point is None else option | {corner: point}
            for option in options
            for point in [*_marks_near(grey, _roughly(tag, option), corner, reach), None]
        ]
        options = sorted(options, key=len, reverse=True)[:OPTIONS]
    fits = [(-len(option), *_fit(tag, option)) for option in options if len(option) >= 3]
    for _marks, off, page in sorted(fits, key=lambda fit: fit[:2]):
        if off < TAG_OFF:
            yield page


def _roughly(tag: Numbers, marks: dict[int, Numbers]) -> Numbers:
    """From widths of the frame to pixels, without perspective (2 by 3), by what is known so far."""
    known = np.array([*TAG, *(CORNERS[corner] for corner in marks)]) * (1, RATIO)
    weights = np.array([[1.0]] * 4 + [[4.0]] * len(marks))
    rows = np.hstack([known, np.ones((len(known), 1))])
    there = np.array([*tag, *marks.values()])
    solved: Numbers = np.linalg.lstsq(rows * weights, there * weights, rcond=None)[0]
    return solved.T


def _marks_near(grey: Numbers, roughly: Numbers, corner: int, reach: float) -> list[Numbers]:
    """Centres of what looks like this mark, the most alike first."""
    left, top = CORNERS[corner] * (1, RATIO) - (reach + MARK)
    size = int(2 * (reach + MARK) * MARK_SCALE)
    window = roughly @ np.array([[1 / MARK_SCALE, 0, left], [0, 1 / MARK_SCALE, top], [0, 0, 1]])
    apart = float(np.hypot(*window[:, 0]))  # pixels of the picture between two of the window
    soft = cv2.GaussianBlur(grey, (0, 0), apart / 2) if apart > 1.2 else grey
    how = cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP
    upright = cv2.warpAffine(soft, window, (size, size), flags=how, borderMode=cv2.BORDER_REPLICATE)
    alike = cv2.matchTemplate(upright, _MARK, cv2.TM_CCOEFF_NORMED)
    middle = (_MARK.shape[0] - 1) / 2
    points: list[Numbers] = []
    while len(points) < CANDIDATES:
        _least, most, _where, (x, y) = cv2.minMaxLoc(alike)
        if most < MARK_ALIKE:
            break
        points.append(window @ (x + middle, y + middle, 1))
        alike[max(0, y - 6) : y + 7, max(0, x - 6) : x + 7] = -1
    return points


def _fit(tag: Numbers, marks: dict[int, Numbers]) -> tuple[float, Numbers]:
    """How far off the tag is, seen through these marks, and the perspective they make."""
    known, there = [CORNERS[corner] for corner in marks], list(marks.values())
    if len(marks) == 3:
        known, there = [*known, *TAG], [*there, *tag]
    page, _ = cv2.findHomography(np.array(known, np.float32), np.array(there, np.float32))
    if page is None:
        return 1.0, CORNERS
    back = cv2.perspectiveTransform(tag.reshape(-1, 1, 2), np.linalg.inv(page)).reshape(4, 2)
    return float(np.hypot(*((back - TAG) * (1, RATIO)).T).max()), page


def _mark() -> Numbers:
    """A mark as it is printed: black above left and below right, with some paper around."""
    side = round(MARK * MARK_SCALE)
    half, rim = side // 2, side // 3
    square = np.full((side, side), 255, np.uint8)
    square[:half, :half] = square[half:, half:] = 0
    return np.pad(square, rim, constant_values=255)


_MARK = _mark()


# --- The digit boxes ------------------------------------------------------------------------


def _shifts(grey: Numbers, page: Numbers, places: Sequence[Place]) -> list[Numbers | None]:
    """How far each number's boxes lie from their place, in the frame's units; None where they are not seen."""
    tops = sorted({top for _left, top, _width, _height, _count in places})
    rows_apart = min((low - high for high, low in pairwise(tops)), default=1.0) * RATIO
    return [_shift(grey, page, place, min(ALONG, 0.4 * rows_apart)) for place in places]


def _shift(grey: Numbers, page: Numbers, place: Place, along_reach: float) -> Numbers | None:
    left, top, width, height, count = place
    picture, look = _printed(round(width * BOX_SCALE), round(height * RATIO * BOX_SCALE), count)
    rim = (np.array(picture.shape[::-1]) - (width * BOX_SCALE, height * RATIO * BOX_SCALE)) / 2
    across, along = round(ACROSS * BOX_SCALE), round(along_reach * BOX_SCALE)
    start = np.array([left, top]) * (BOX_SCALE, RATIO * BOX_SCALE) - rim - (across, along)
    back = np.array([[1, 0, start[0]], [0, 1 / RATIO, start[1] / RATIO], [0, 0, BOX_SCALE]]) / BOX_SCALE
    size = (picture.shape[1] + 2 * across, picture.shape[0] + 2 * along)
    how = cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP
    upright = cv2.warpPerspective(grey, page @ back, size, flags=how, borderMode=cv2.BORDER_REPLICATE)
    soft = cv2.GaussianBlur(upright.astype(np.float32), (0, 0), SOFT)
    alike = cv2.matchTemplate(soft, picture, cv2.TM_CCOEFF_NORMED, mask=look)
    alike[~np.isfinite(alike)] = -1
    _least, most, _where, (x, y) = cv2.minMaxLoc(alike)
    if most < BOX_ALIKE:
        return None
    return np.array([(x - across) / BOX_SCALE, (y - along) / (RATIO * BOX_SCALE)])


def _printed(width: int, height: int, count: int) -> tuple[Numbers, Numbers]:
    """Digit boxes as they are printed, and where to look: at their lines and beside them, not at what is written."""
    rim = 3 * LINE
    picture = np.full((height + 2 * rim, width + 2 * rim), 255, np.float32)
    look = np.ones_like(picture)
    step = (width - height) / max(1, count - 1)
    for box in range(count):
        left = rim + round(box * step)
        for shrunk, tone in ((-LINE // 2, 0), (LINE // 2, 255)):
            picture[rim + shrunk : rim + height - shrunk, left + shrunk : left + height - shrunk] = tone
        inner = 2 * LINE
        look[rim + inner : rim + height - inner, left + inner : left + height - inner] = 0
    return cv2.GaussianBlur(picture, (0, 0), SOFT), look
