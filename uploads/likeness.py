"""What a picture looks like, in 256 bits: two of the same photo differ in few of them, however they were saved.

`whole` is the DCT hash of the whole picture. The others are of regions at fixed places beside the page tag, put there
by its corners, so that a cut edge or a turn makes no difference. Measured: docs/photos.md. Runs in the decoder's child.
"""

import math
from typing import Any

import cv2
import numpy as np
from PIL import Image

Numbers = np.ndarray[Any, Any]

SAMPLES, FREQUENCIES = 64, 16
# Left, top, right, bottom, from the tag's upper left corner in sides of the tag, on an upright page.
REGIONS = {
    "figures": (-4.0, 1.2, 1.3, 7.6),  # the upper ones of the right-hand column
    "writing": (-8.0, 1.5, 1.3, 13.0),  # of the upper right part of the page
}
# The first rows of the DCT-II's matrix; its scale does not matter.
_ROWS = np.cos(np.pi * np.outer(np.arange(FREQUENCIES), 2 * np.arange(SAMPLES) + 1) / (2 * SAMPLES))


def whole(picture: Image.Image, turn: int) -> str:
    """The hash of the whole picture, once it is turned back by so many quarters. 64 hexadecimal digits."""
    small = picture.convert("L").resize((SAMPLES, SAMPLES), Image.Resampling.LANCZOS)
    return _hash(np.rot90(np.asarray(small), turn))


def regions(picture: Image.Image, corners: list[list[float]]) -> dict[str, str]:
    """The hash of each region beside the tag with these corners, clockwise from the page's upper left."""
    grey: Numbers = np.asarray(picture.convert("L"))
    across, at = _similarity(_refined(grey, corners))
    hashes = {}
    for name, (left, top, right, bottom) in REGIONS.items():
        side = 4 * SAMPLES
        wide, high = (right - left) / side, (bottom - top) / side
        start = across * complex(left, top) + at
        place = np.array(
            [
                [across.real * wide, -across.imag * high, start.real],
                [across.imag * wide, across.real * high, start.imag],
            ]
        )
        apart = abs(across) * max(wide, high)  # pixels of the picture between two of the region
        soft = cv2.GaussianBlur(grey, (0, 0), apart / 2) if apart > 1.2 else grey
        how = cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP
        upright = cv2.warpAffine(soft, place, (side, side), flags=how, borderMode=cv2.BORDER_REPLICATE)
        hashes[name] = _hash(cv2.resize(upright, (SAMPLES, SAMPLES), interpolation=cv2.INTER_AREA))
    return hashes


def _hash(grey: Numbers) -> str:
    """Which of the lowest frequencies are stronger than their median."""
    strength = _ROWS @ grey.astype(float) @ _ROWS.T
    return np.packbits(strength > np.median(strength)).tobytes().hex()


def _refined(grey: Numbers, corners: list[list[float]]) -> Numbers:
    """The corners to a fraction of a pixel, the middle of the first pixel being (0, 0)."""
    rough = np.array(corners, np.float32).reshape(-1, 1, 2) - 0.5
    reach = max(3, int(0.9 * math.dist(corners[0], corners[1]) / 16))
    until = (cv2.TERM_CRITERIA_EPS | cv2.TERM_CRITERIA_COUNT, 30, 0.01)
    return cv2.cornerSubPix(grey, rough, (reach, reach), (-1, -1), until).reshape(4, 2)


def _similarity(corners: Numbers) -> tuple[complex, complex]:
    """Turn, scale and shift (as complex numbers) that bring the unit square nearest to these corners.

    No perspective: so far from a small tag its error would be larger than itself, and copies of a photo share it.
    """
    square = np.array([0, 1, 1 + 1j, 1j])
    points = corners[:, 0] + 1j * corners[:, 1]
    middle = square - square.mean()
    across = complex((middle.conj() * points).sum() / (abs(middle) ** 2).sum())
    return across, complex(points.mean() - across * square.mean())
