"""A handwriting of our own: each sign as pen strokes in a box of 100 × 100, y downwards, baseline at 100.

A stroke starts with `~` (a smooth curve through the points) or `-` (straight lines between them).
"""

from functools import cache

Point = tuple[float, float]
Stroke = tuple[Point, ...]

_ROUND = {
    "0": "~60,4 30,6 8,42 20,92 52,99 86,70 84,24 56,3 40,8",
    "1": "-32,20 52,2 50,100",
    "2": "~12,24 32,3 70,4 84,28 58,60 12,97|-12,97 90,96",
    "3": "~14,12 45,0 78,12 74,36 42,47|~42,47 84,58 80,90 42,101 10,88",
    "4": "-18,4 12,56 88,54|-72,20 68,102",
    "5": "-82,3 26,4 20,44|~20,44 54,36 86,56 78,90 42,101 10,90",
    "6": "~74,3 36,26 12,66 30,98 70,96 84,72 60,54 20,66",
    "7": "-10,5 86,5 40,101|-28,52 70,50",
    "8": "~52,48 18,30 30,4 66,3 82,24 50,48 14,74 30,100 72,100 86,74 52,48",
    "9": "~82,22 52,2 16,18 20,46 54,50 82,22 80,60 58,101",
}
# Written along the printed guides, like the figures of a pocket calculator.
_SQUARE = {
    "0": "-14,0 88,1 88,100 12,99 13,2",
    "1": "-52,0 50,100",
    "2": "-12,2 88,0 87,50 12,52 12,100 90,98",
    "3": "-12,1 88,0 87,100 12,98|-24,50 87,49",
    "4": "-14,0 12,52 88,50|-86,0 88,101",
    "5": "-88,0 14,2 12,50 87,49 88,100 10,99",
    "6": "-86,0 13,2 12,100 88,99 87,50 12,52",
    "7": "-10,2 87,0 88,101",
    "8": "-12,1 88,0 87,100 13,99 12,1|-12,50 88,49",
    "9": "-88,50 12,51 13,0 88,1 87,100 14,98",
}
_LETTERS = {
    "A": "-4,100 48,0 94,100|-22,64 78,62",
    "B": "-14,0 14,100|~14,2 66,4 74,28 54,46 14,48|~14,48 74,52 84,78 58,98 14,100",
    "C": "~86,16 52,0 14,26 12,72 50,100 88,86",
    "D": "-14,0 14,100|~14,0 62,6 88,48 62,94 14,100",
    "E": "-84,2 14,2 14,98 86,98|-14,48 70,47",
    "F": "-86,2 14,2 14,100|-14,48 70,47",
    "G": "~86,16 50,0 14,26 12,74 50,100 86,84 87,58|-54,57 90,57",
    "H": "-12,0 12,100|-86,0 86,100|-12,50 86,49",
    "I": "-50,0 50,100",
    "J": "~66,0 68,70 44,100 14,84",
    "K": "-14,0 14,100|-82,2 16,54 86,100",
    "L": "-16,0 16,98 84,98",
    "M": "-8,100 14,0 50,62 86,0 94,100",
    "N": "-12,100 12,0 84,100 85,0",
    "O": "~54,2 14,26 12,74 50,100 88,74 86,24 50,2",
    "P": "-14,0 14,100|~14,2 72,4 82,30 58,52 14,54",
    "Q": "~54,2 14,26 12,74 50,100 88,74 86,24 50,2|-60,72 94,102",
    "R": "-14,0 14,100|~14,2 72,4 82,28 58,50 14,52|-44,54 88,100",
    "S": "~84,14 50,0 18,18 32,44 72,56 82,84 46,100 10,86",
    "T": "-4,3 96,2|-50,3 50,100",
    "U": "~12,0 12,66 48,100 84,66 86,0",
    "V": "-6,0 48,100 92,0",
    "W": "-4,0 26,100 50,34 74,100 96,0",
    "X": "-8,0 90,100|-90,0 8,100",
    "Y": "-6,0 48,48|-92,0 48,48 46,100",
    "Z": "-10,3 88,3 8,97 92,97",
    ".": "-46,96 54,101",
    ",": "-52,94 40,112",
    "-": "-22,56 78,54",
    "/": "-82,0 18,104",
    "'": "-54,0 48,18",
    "(": "~70,-8 38,30 38,76 70,112",
    ")": "~30,-8 62,30 62,76 30,112",
    ":": "-48,28 54,32|-48,84 54,88",
}
NARROW = frozenset("I1.,'():")
_POINTS_PER_SPAN = 5


def _smooth(points: Stroke) -> Stroke:
    """A Catmull-Rom curve through the points, as a polyline."""
    ends = (points[0], *points, points[-1])
    curve = [points[0]]
    for (x0, y0), (x1, y1), (x2, y2), (x3, y3) in zip(ends, ends[1:], ends[2:], ends[3:], strict=False):
        for step in range(1, _POINTS_PER_SPAN + 1):
            t = step / _POINTS_PER_SPAN
            a, b, c, d = -t + 2 * t**2 - t**3, 2 - 5 * t**2 + 3 * t**3, t + 4 * t**2 - 3 * t**3, t**3 - t**2
            curve.append(((a * x0 + b * x1 + c * x2 + d * x3) / 2, (a * y0 + b * y1 + c * y2 + d * y3) / 2))
    return tuple(curve)


def curve_through(points: list[Point]) -> Stroke:
    """The same smooth curve for points made up by the caller (signatures, crossings-out)."""
    return _smooth(tuple(points))


def _parse(text: str) -> tuple[Stroke, ...]:
    strokes = []
    for stroke in text.split("|"):
        points = tuple((float(x) / 100, float(y) / 100) for x, y in (pair.split(",") for pair in stroke[1:].split(" ")))
        strokes.append(_smooth(points) if stroke[0] == "~" else points)
    return tuple(strokes)


@cache
def sign(character: str, square: bool = False) -> tuple[Stroke, ...]:
    """The strokes of one sign in a box of 1 × 1; nothing for a sign that this hand cannot write."""
    table = _SQUARE if square and character in _SQUARE else _ROUND if character in _ROUND else _LETTERS
    return _parse(table[character]) if character in table else ()
