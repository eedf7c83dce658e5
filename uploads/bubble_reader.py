"""Which digit bubbles are filled below a number's digit boxes, where `registration` found those.

Runs in the decoder's child (`uploads/decoder.py`), which has it imported; imports nothing of ours.
"""

from collections.abc import Sequence
from typing import Any

import numpy as np
from PIL import Image

from uploads.registration import Place
from uploads.tag_reader import reduced

Numbers = np.ndarray[Any, Any]
Bubbles = tuple[list[float], float, float]  # columns, the row of zero, from one row to the next; as `Place`

RADIUS = 0.006  # of what is looked at around a bubble's centre, in widths of the frame
FILLED = 0.75  # of the column's median tone: a filled bubble is darker than that
NOTHING = "-"  # no bubble of a column is filled, or none can be told


def read(
    picture: Image.Image,
    boxes: Sequence[Sequence[float]],
    places: Sequence[Place],
    bubbles: Sequence[Bubbles | None],
) -> list[str]:
    """One digit a column for each number; nothing for a number without bubbles.

    A crossed box has no filled bubble, as little as an empty one: that says nothing of the box.
    """
    grey = reduced(picture).astype(np.float32)
    scale = grey.shape[1] / picture.width
    return [
        _digits(grey, np.array(box, np.float64) * scale, place, one) if one else ""
        for box, place, one in zip(boxes, places, bubbles, strict=True)
    ]


def _digits(grey: Numbers, box: Numbers, place: Place, bubbles: Bubbles) -> str:
    left, top, width, height, _count = place
    columns, zero, step = bubbles
    right, down = (box[2:4] - box[:2]) / width, (box[4:] - box[:2]) / height
    reach = max(1, int(RADIUS * float(np.hypot(*right))))
    digits = ""
    for column in columns:
        centres = [box[:2] + right * (column - left) + down * (zero + digit * step - top) for digit in range(10)]
        tones = [_tone(grey, centre, reach) for centre in centres]
        known = [tone for tone in tones if tone is not None]
        digits += _filled(known) if len(known) == len(tones) else NOTHING
    return digits


def _filled(tones: Sequence[float]) -> str:
    darkest = int(np.argmin(tones))
    dark = [tone < FILLED * float(np.median(tones)) for tone in tones]
    return str(darkest) if sum(dark) == 1 else NOTHING


def _tone(grey: Numbers, centre: Numbers, reach: int) -> float | None:
    """The mean around a point; None where that is beside the picture."""
    x, y = int(centre[0]), int(centre[1])
    height, width = grey.shape
    if not (reach <= x < width - reach and reach <= y < height - reach):
        return None
    return float(grey[y - reach : y + reach + 1, x - reach : x + reach + 1].mean())
