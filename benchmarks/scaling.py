"""How small a photo may be made on the phone and still be read: the 120 real photos at several sizes and qualities.

Looked at: the page tag (OpenCV's detector), and on page 2 the filled bubbles of the three figures, registered by the
four corner marks. Yardstick: the same photos as they were sent. The phone's choice (`static/uploads/scaling.js`) must
lose nothing; a row below it shows where reading begins to suffer, and so how much room the choice leaves.
`PEMANTAU_SHARED` says where the photos are.
"""

import csv
import json
import os
import re
import sys
from pathlib import Path

import cv2
import numpy as np

ROOT = Path(__file__).resolve().parent.parent
FORMS = Path(os.environ.get("PEMANTAU_SHARED", ROOT.parent / "shared")) / "forms"
WAYS = [(2560, 85), (2560, 70), (1600, 85), (1280, 85), (960, 85), (800, 85), (640, 85)]
# docs/forms.md: units are the corner marks' centres.
COLUMNS, ZERO, STEP = (0.8253, 0.8718, 0.9182), (0.1834, 0.3711, 0.5587), 0.01295
PAGE = (1000, 1778)  # a page is laid out at this size before its bubbles are looked at
FILLED = 25  # of 255: so much darker than its neighbours

_tags = cv2.aruco.ArucoDetector(cv2.aruco.getPredefinedDictionary(cv2.aruco.DICT_APRILTAG_36h10))


def as_sent(photo: np.ndarray, side: int, quality: int) -> tuple[np.ndarray, int]:
    """What the phone sends: never enlarged; and its size in bytes."""
    share = min(1, side / max(photo.shape))
    if share < 1:
        photo = cv2.resize(photo, None, fx=share, fy=share, interpolation=cv2.INTER_AREA)
    _, bytes_ = cv2.imencode(".jpg", photo, [cv2.IMWRITE_JPEG_QUALITY, quality])
    return cv2.imdecode(bytes_, cv2.IMREAD_COLOR), len(bytes_)


def tag_of(photo: np.ndarray) -> int | None:
    share = min(1, 1000 / min(photo.shape[:2]))
    grey = cv2.cvtColor(cv2.resize(photo, None, fx=share, fy=share, interpolation=cv2.INTER_AREA), cv2.COLOR_BGR2GRAY)
    _corners, ids, _rejected = _tags.detectMarkers(grey)
    return int(ids.ravel()[0]) if ids is not None else None


def corner_marks(grey: np.ndarray) -> np.ndarray | None:
    """The centres of the four marks, clockwise from the upper left; None where one is not found."""
    high, wide = grey.shape
    reach_x, reach_y = int(wide * 0.22), int(high * 0.16)
    found = []
    for right, low in ((0, 0), (1, 0), (1, 1), (0, 1)):
        left, top = right * (wide - reach_x), low * (high - reach_y)
        part = grey[top : top + reach_y, left : left + reach_x]
        best, place = 0.0, (0.0, 0.0)
        for size in np.unique((wide * np.array([0.009, 0.011, 0.013, 0.015, 0.018])).astype(int)):
            pattern = np.full((4 * size, 4 * size), 255, np.uint8)
            pattern[size : 2 * size, size : 2 * size] = pattern[2 * size : 3 * size, 2 * size : 3 * size] = 0
            if size < 3 or min(part.shape) <= pattern.shape[0]:
                continue
            _, score, _, (x, y) = cv2.minMaxLoc(cv2.matchTemplate(part, pattern, cv2.TM_CCOEFF_NORMED))
            if score > best:
                best, place = score, (left + x + 2 * size, top + y + 2 * size)
        if best < 0.6:
            return None
        found.append(place)
    return np.array(found, np.float32)


def figures_of(photo: np.ndarray) -> list[int | None] | None:
    """The three figures by their bubbles; None where a figure is not clear, or in all where a mark is missing."""
    grey = cv2.cvtColor(photo, cv2.COLOR_BGR2GRAY)
    marks = corner_marks(grey)
    if marks is None:
        return None
    wide, high = PAGE
    corners = np.array([(0, 0), (wide, 0), (wide, high), (0, high)], np.float32)
    page = cv2.GaussianBlur(cv2.warpPerspective(grey, cv2.getPerspectiveTransform(marks, corners), PAGE), (0, 0), 2)
    return [figure(page, zero) for zero in ZERO]


def figure(page: np.ndarray, zero: float) -> int | None:
    wide, high = PAGE
    digits = []
    for column in COLUMNS:
        x = round(column * wide)
        centres = [round((zero + digit * STEP) * high) for digit in range(10)]
        light = np.array([page[y - 4 : y + 5, x - 4 : x + 5].mean() for y in centres])
        darkest = int(light.argmin())
        if np.median(light) - light[darkest] < FILLED:
            digits.append(None)
        else:
            digits.append(darkest)
    if digits[0] is None:  # a crossed box has no bubble
        digits[0] = 0
    return None if None in digits else int("".join(map(str, digits)))


def main() -> None:
    with (FORMS / "manifest.csv").open() as file:
        rows = list(csv.DictReader(file))
    photos = {row["file"]: cv2.imread(str(FORMS / row["file"])) for row in rows}
    before: dict[str, object] = {}
    print(f"{'':14}{'tags':>6}{'figures':>9}{'right':>7}{'wrong':>7}{'differ':>8}{'kB':>6}")
    lost: dict[tuple[int, int], int] = {}
    for way in [None, *WAYS]:
        tags = figures = right = wrong = differ = weight = 0
        for row in rows:
            photo = photos[row["file"]]
            seen, size = as_sent(photo, *way) if way else (photo, (FORMS / row["file"]).stat().st_size)
            weight += size
            tag = tag_of(seen)
            tags += tag == 100 + int(row["page"])
            read = figures_of(seen) if row["page"] == "2" else None
            for number, value in enumerate(read or [], start=1):
                truth = row[f"paslon{number}"]
                if value is None or not truth:
                    continue
                figures += 1
                right += value == int(truth)
                wrong += value != int(truth)
            before.setdefault(row["file"], (tag, read))
            differ += before[row["file"]] != (tag, read)
        name = f"{way[0]} px, {way[1]}" if way else "as they were"
        print(f"{name:14}{tags:6}{figures:9}{right:7}{wrong:7}{differ:8}{weight / len(rows) / 1000:6.0f}")
        lost[way or (0, 0)] = tags + right
    script = (ROOT / "static/uploads/scaling.js").read_text()
    side = int(re.search(r"LONGER_SIDE = (\d+)", script)[1])
    quality = round(float(re.search(r"QUALITY = ([\d.]+)", script)[1]) * 100)
    ours, yardstick = lost[side, quality], lost[0, 0]
    told = {
        "name": "scaling",
        "ours": ours,
        "yardstick": yardstick,
        "ratio": round(ours / yardstick, 3),
        "target": 0.99,
    }
    print(json.dumps(told | {"ok": ours / yardstick >= 0.99}))
    sys.exit(0 if ours / yardstick >= 0.99 else 1)


if __name__ == "__main__":
    main()
