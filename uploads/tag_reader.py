"""What the page tag (AprilTag 36h10) printed on a C.Hasil says: which one it is, where, how turned, how sharp.

Runs in the decoder's child (`uploads/decoder.py`), which has it imported; imports nothing of ours.
"""

import math
from typing import Any

import cv2
import numpy as np
from PIL import Image

VERSION = 3  # of this, of `registration` and of `bubble_reader`
SHORTER_SIDE = 1000  # pixels at which a tag is looked for and its edges are measured
# A form prints its tag turned by 180° against OpenCV's picture of it: this corner is the page's upper left one.
UPPER_LEFT = 2
# Places along a side, and how far outside and inside, in sides of the tag, its edge is looked at.
ALONG = np.linspace(0.12, 0.88, 12)
OUTSIDE, INSIDE = -0.11, 0.1
GAUSSIAN = math.sqrt(2 * math.pi)

Numbers = np.ndarray[Any, Any]


cv2.setNumThreads(1)
FAMILY = cv2.aruco.getPredefinedDictionary(cv2.aruco.DICT_APRILTAG_36h10)


def _detector() -> cv2.aruco.ArucoDetector:
    how = cv2.aruco.DetectorParameters()
    # Finer than OpenCV's 4 and 0.13: with these, tags under a shadow's edge are read, too.
    how.perspectiveRemovePixelPerCell = 8
    how.perspectiveRemoveIgnoredMarginPerCell = 0.3
    return cv2.aruco.ArucoDetector(FAMILY, how)


DETECTOR = _detector()


def read(picture: Image.Image) -> dict[str, Any] | None:
    """The largest tag of an upright picture, or None.

    `id`; `turn`, how many quarters the page is turned clockwise; `corners` in pixels of this picture, clockwise from
    the one that is the upper left on an upright page; `edge`, the width of the tag's edges as the sigma of a Gaussian
    in pixels of a picture 1,000 wide.
    """
    grey = reduced(picture)
    found, ids, _rejected = DETECTOR.detectMarkers(grey)
    if ids is None:
        return None
    squares: list[Numbers] = [square.reshape(4, 2) for square in found]
    largest = max(range(len(squares)), key=lambda at: abs(cv2.contourArea(squares[at])))
    corners: Numbers = np.roll(squares[largest], -UPPER_LEFT, axis=0)
    along = corners[1] - corners[0]
    scale = picture.width / grey.shape[1]
    return {
        "id": int(ids.flatten()[largest]),
        "turn": round(math.atan2(along[1], along[0]) / (math.pi / 2)) % 4,
        # OpenCV's (0, 0) is the middle of the first pixel.
        "corners": [[round(float(x + 0.5) * scale, 1), round(float(y + 0.5) * scale, 1)] for x, y in corners],
        "edge": round(edge_width(grey, corners) * SHORTER_SIDE / min(grey.shape), 2),
    }


def reduced(picture: Image.Image) -> Numbers:
    """Grey, at most `SHORTER_SIDE` on its shorter side."""
    grey: Numbers = np.asarray(picture.convert("L"))
    scale = SHORTER_SIDE / min(grey.shape)
    if scale < 1:
        grey = cv2.resize(grey, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA)
    return grey


def edge_width(grey: Numbers, corners: Numbers) -> float:
    """The sigma of the blur across the tag's outer edges, in pixels; the worse of its two directions.

    So motion along one axis counts. The steepest slope of a step that a Gaussian has blurred is its height divided by
    sigma and the root of 2 pi.
    """
    square = np.array([[0, 0], [1, 0], [1, 1], [0, 1]], np.float32)
    place = cv2.getPerspectiveTransform(square, corners)
    sides = np.linalg.norm(corners - np.roll(corners, -1, axis=0), axis=1)
    count = max(8, math.ceil(2 * float(sides.max()) * (INSIDE - OUTSIDE)))
    depth, along = np.meshgrid(np.linspace(OUTSIDE, INSIDE, count + 1), ALONG)
    widths: tuple[list[float], list[float]] = ([], [])  # across, and along, the tag's lines
    for side, (x, y) in enumerate(((along, depth), (1 - depth, along), (along, 1 - depth), (depth, along))):
        points = np.stack([x, y], axis=-1).astype(np.float32).reshape(-1, 1, 2)
        at = cv2.perspectiveTransform(points, place).reshape(len(ALONG), count + 1, 2)
        values = cv2.remap(grey.astype(np.float32), at[..., 0], at[..., 1], cv2.INTER_LINEAR)
        step = np.linalg.norm(at[:, -1] - at[:, 0], axis=1) / count  # pixels between two values
        apart = np.maximum(1, np.round(1 / step)).astype(int)
        for line, pixels, one in zip(values, step, apart, strict=True):
            steepest = float((line[:-one] - line[one:]).max()) / (pixels * one)
            if steepest > 0:
                widths[side % 2].append(float(line.max() - line.min()) / (GAUSSIAN * steepest))
    return max(float(np.median(direction)) if direction else 99.0 for direction in widths)


def example() -> Image.Image:
    """A small picture with a tag in it, to try the reader on."""
    tag = cv2.aruco.generateImageMarker(FAMILY, 0, 80)
    return Image.fromarray(np.pad(tag, 20, constant_values=255))
