"""Where things stand on C.HASIL-PPWP (plano), as measured on the official blank form.

Unit: 1/896 of the paper's width; the paper is 896 × 1344 units (60 × 90 cm). A box is (x, y, width, height).
The bubbles' places are FORMS §4.4's, relative to the centres of the four corner marks.
"""

from dataclasses import dataclass

Box = tuple[float, float, float, float]

WIDTH, HEIGHT = 896.0, 1344.0
MARK_SIDE = 21.75
# Upper left corners of the four corner marks, in the order (0,0) (1,0) (1,1) (0,1).
MARKS = ((59.8, 86.1), (814.6, 86.1), (814.6, 1295.8), (59.8, 1295.8))
TAG: Box = (737.7, 160.1, 47.8, 47.8)
MODEL: Box = (720.6, 116.1, 66.9, 30.8)

DIGITS = 3


@dataclass(frozen=True)
class Number:
    """The digit boxes of one number: left edges, top edge and side."""

    lefts: tuple[float, float, float]
    top: float
    side: float


_COLUMNS = {"l": (459.6, 494.1, 528.3), "p": (571.8, 606.0, 640.3), "j": (683.7, 718.0, 752.2)}
_ROWS_LPJ = {
    "dpt": 577.6,
    "pengguna_dpt": 641.8,
    "pengguna_dptb": 676.1,
    "pengguna_dpk": 710.3,
    "pengguna": 744.8,
    "disabilitas": 1061.4,
}
_ROWS_J = {
    "surat_diterima": 853.9,
    "surat_digunakan": 888.4,
    "surat_dikembalikan": 922.6,
    "surat_tidak_digunakan": 956.8,
}
_WIDE = (680.0, 715.1, 750.1)
OPTION_TOPS = (266.3, 493.3, 720.3)  # of the block of each candidate pair on page 2

NUMBERS: dict[int, dict[str, Number]] = {
    1: {
        **{f"{row}_{c}": Number(_COLUMNS[c], top, 25.8) for row, top in _ROWS_LPJ.items() for c in "lpj"},
        **{row: Number(_COLUMNS["j"], top, 25.8) for row, top in _ROWS_J.items()},
    },
    2: {f"paslon_{n}": Number(_WIDE, top + 9.7, 28.7) for n, top in enumerate(OPTION_TOPS, start=1)},
    3: {
        "suara_sah": Number(_WIDE, 248.4, 28.7),
        "suara_tidak_sah": Number(_WIDE, 354.8, 28.7),
        "suara_total": Number(_WIDE, 466.4, 28.7),
    },
}

BUBBLE_COLUMNS = (0.8253, 0.8718, 0.9182)
BUBBLE_ROWS = (0.1834, 0.3711, 0.5587)  # digit 0 of each candidate pair
BUBBLE_STEP = 0.01295
BUBBLE_RADIUS = 6.2


def between_marks(x: float, y: float) -> tuple[float, float]:
    """Units of a point given in the frame that the centres of the corner marks span."""
    (left, top), (right, bottom) = MARKS[0], MARKS[2]
    half = MARK_SIDE / 2
    return left + half + x * (right - left), top + half + y * (bottom - top)


def bubble(option: int, place: int, digit: int) -> tuple[float, float]:
    """Centre of a bubble on page 2: option 0..2, place 0..2 from the left, digit 0..9."""
    return between_marks(BUBBLE_COLUMNS[place], BUBBLE_ROWS[option] + digit * BUBBLE_STEP)


@dataclass(frozen=True)
class Tally:
    """A grid of 5 rows by 12 cells for strokes of five, with the sums of its rows at the right."""

    top: float
    row_height: float
    left: float = 270.7
    cell_width: float = 29.2
    rows: int = 5
    cells: int = 12
    sums: tuple[float, float] = (628.5, 646.5)
    sum_width: float = 18.0

    @property
    def bottom(self) -> float:
        return self.top + self.rows * self.row_height

    @property
    def right(self) -> float:
        return self.left + self.cells * self.cell_width


TALLIES: dict[int, dict[str, Tally]] = {
    2: {f"paslon_{n}": Tally(top, 23.75) for n, top in enumerate(OPTION_TOPS, start=1)},
    3: {"suara_tidak_sah": Tally(342.4, 18.45)},
}

# Where the amount is written in words: left edge, middle of the line, width, height of the letters.
WORDS: dict[int, dict[str, Box]] = {
    2: {f"paslon_{n}": (285.0, top + 158.0, 235.0, 19.0) for n, top in enumerate(OPTION_TOPS, start=1)},
    3: {
        "suara_sah": (282.0, 259.0, 290.0, 18.0),
        "suara_tidak_sah": (680.0, 402.0, 98.0, 15.0),
        "suara_total": (282.0, 475.0, 290.0, 18.0),
    },
}

# Header lines: left edge, base line, width.
HEADERS: dict[int, dict[str, tuple[float, float, float]]] = {
    1: {
        "province": (192, 314, 158),
        "regency": (192, 333, 158),
        "district": (484, 314, 158),
        "village": (484, 333, 158),
        "number": (484, 352, 158),
    },
    2: {
        "province": (241, 132, 158),
        "regency": (241, 151, 158),
        "district": (532, 132, 158),
        "village": (532, 151, 158),
        "number": (532, 170, 158),
    },
}
HEADERS[3] = HEADERS[2]

# Signatures: the seven KPPS cells, and the witnesses' cells.
SIGNATURE_LEFTS = (105.1, 202.5, 300.8, 399.0, 497.0, 595.2, 693.2)
WITNESS_LEFTS = (105.1, 333.7, 562.6)
SIGNATURE_BLOCK = {1: 1110.1, 2: 1110.1, 3: 615.0}  # top edge
