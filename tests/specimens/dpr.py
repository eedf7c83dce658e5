"""Plausible photos of filled C.Hasil-DPR pages: data, one page for each party, sums.

The official file was not obtained: the layout is inferred, as `tps/forms/c-hasil-dpr.yaml` says. Page tags of DPR are
not known, so none is drawn: such a page is known by what its sender says and its readers see.
"""

import random
import textwrap
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache

from PIL import Image

from tests.specimens import filling, layout, paper
from tests.specimens.camera import Sheet, photograph
from tests.specimens.filling import Header, Value
from tests.specimens.hand import Habits, Writer

DATA, SUMS = 1, 3  # the pages of C.HASIL-PPWP whose tables these share
SIGNATURES_TOP = 1110.1
WITNESSES = 18
_TOP, _BOTTOM = 300.0, 1086.0  # of a party's table
_TALLY, _BOXES = 330.0, 672.0


@dataclass(frozen=True)
class Party:
    """A party with its candidates, as printed on its page."""

    number: int
    name: str
    candidates: tuple[str, ...] = ()

    @property
    def rows(self) -> tuple[tuple[str, str], ...]:
        """Key and label of each number on the page, from the top down."""
        key = f"partai_{self.number}"
        named = [(f"{key}_calon_{n}", f"{n}.  {name}") for n, name in enumerate(self.candidates, start=1)]
        return ((key, "A.1  SUARA PARTAI POLITIK"), *named, (f"{key}_jumlah", "B.  JUMLAH SUARA SAH (A.1 + A.2)"))


def render(
    station_code: str,
    page: int,
    parties: tuple[Party, ...],
    numbers: Mapping[str, Value],
    *,
    seed: int = 0,
    header: Header | None = None,
    width: int = 1200,
    quality: int = 85,
) -> bytes:
    """A JPEG of a page of a TPS's form: 1 the data, then one for each party, then the sums. As `specimens.render`."""
    header = header or Header(number=int(station_code[-3:]))
    habits = Habits.of(random.Random(f"{seed}/{station_code}"))
    chance = random.Random(f"{seed}/{station_code}/dpr/{page}")
    scale = max(0.5, width / 600)
    last = len(parties) + 2
    party = parties[page - 2] if 1 < page < last else None
    printed = blank(page, last, party, scale, header.printed)
    ink = Image.new("L", printed.size, 0)
    writer = Writer(ink, scale, habits, chance)
    if party:
        _fill_party(writer, party, numbers, header)
    else:
        filling.fill(writer, DATA if page == 1 else SUMS, numbers, header, witnesses=False)
    return photograph(Sheet(printed, ink, habits.ink), width=width, quality=quality, chance=chance)


# --- Print --------------------------------------------------------------------------------------


@lru_cache(maxsize=24)
def blank(page: int, last: int, party: Party | None, scale: float, printed: paper.Print) -> Image.Image:
    """The unfilled page, grey, `scale` pixels a unit. Copy it before writing on it."""
    press = paper.Press(scale)
    paper.sheet(press, "C.HASIL-DPR", "PEMILU ANGGOTA DEWAN PERWAKILAN RAKYAT", page, last)
    if party:
        paper.header_lines(press, 2)
        press.text(109, 204, "IV.   DATA RINCIAN PEROLEHAN SUARA PARTAI POLITIK DAN SUARA CALON", 9.5, bold=True)
        _party(press, party)
    elif page == 1:
        paper.header_lines(press, DATA)
        paper.preamble(press, printed, "ANGGOTA DEWAN PERWAKILAN RAKYAT")
        paper.voters(press)
    else:
        paper.header_lines(press, SUMS)
        press.text(109, 204, "V.   DATA SUARA SAH DAN SUARA TIDAK SAH", 9.5, bold=True)
        paper.totals(press, "( JUMLAH IV.B )")
    _signatures(press, layout.SIGNATURE_BLOCK[SUMS] if page == last else SIGNATURES_TOP)
    return press.image


def _places(party: Party) -> dict[str, tuple[float, float]]:
    """Top and height of each row."""
    height = min(66.0, (_BOTTOM - _TOP) / len(party.rows))
    return {key: (_TOP + place * height, height) for place, (key, _label) in enumerate(party.rows)}


def _number(top: float, height: float) -> layout.Number:
    side = min(28.7, height - 12)
    return layout.Number((680.0, 715.1, 750.1), top + (height - side) / 2, side)


def _party(press: paper.Press, party: Party) -> None:
    places = _places(party)
    bottom = sum(places[party.rows[-1][0]])
    press.text(448, 240, f"{party.number}.  {party.name.upper()}", 14, bold=True, anchor="mm")
    press.frame((108.2, 262, 679.5, bottom - 262), 1.4)
    for x, words in ((220, "NOMOR DAN NAMA CALON"), (500, "RINCIAN PEROLEHAN SUARA"), (729, "JUMLAH SUARA")):
        press.text(x, 281, words, 7.5, bold=True, anchor="mm")
    for edge in (_TALLY, _BOXES):
        press.rule(edge, 262, edge, bottom)
    for key, label in party.rows:
        top, height = places[key]
        press.rule(108, top, 787, top)
        lines = textwrap.wrap(label, 36, subsequent_indent="     ", max_lines=3, placeholder=" …")
        for line, text in enumerate(lines):
            y = top + height / 2 + 11 * (line - (len(lines) - 1) / 2)
            press.text(118, y, text, 9, bold=not key.partition("calon")[1])
        number = _number(top, height)
        for left in number.lefts:
            press.frame((left - 0.8, number.top - 0.8, number.side + 1.6, number.side + 1.6), 1.3)


def _signatures(press: paper.Press, top: float) -> None:
    """The seven of KPPS, and a cell for each party's witness."""
    press.frame((103.8, top, 688.5, 169.9), 1.6)
    for y, words in ((8, "KELOMPOK PENYELENGGARA PEMUNGUTAN SUARA"), (74, "SAKSI PARTAI POLITIK")):
        press.text(448, top + y, f"NAMA DAN TANDA TANGAN {words}", 7, bold=True, anchor="mm")
    for line_y in (16.2, 68, 82.7, 126):
        press.rule(104, top + line_y, 792, top + line_y)
    for number, left in enumerate(layout.SIGNATURE_LEFTS, start=1):
        press.rule(left, top + 16, left, top + 68)
        press.text(left + 6, top + 41, f"{number}.", 9, bold=True)
    half = WITNESSES // 2
    for number in range(WITNESSES):
        x = 104 + number % half * 688.5 / half
        press.rule(x, top + 82.7, x, top + 169.9)
        press.text(x + 4, top + (92 if number < half else 136), f"{number + 1}.", 7)


# --- Ink ----------------------------------------------------------------------------------------


def _fill_party(writer: Writer, party: Party, numbers: Mapping[str, Value], header: Header) -> None:
    filling.head(writer, 2, header)
    for key, (top, height) in _places(party).items():
        value, number = numbers.get(key), _number(top, height)
        filling.number(writer, number, value)
        if not isinstance(value, int):
            continue
        if key.endswith("_jumlah"):
            writer.text(filling.in_words(value), _TALLY + 10, top + height * 0.62, 15, _BOXES - _TALLY - 20)
        else:
            _strokes(writer, value, top, height)
    filling.kpps(writer, SIGNATURES_TOP)


def _strokes(writer: Writer, value: int, top: float, height: float) -> None:
    """Strokes of five in one line; there is room for sixty."""
    tally = layout.Tally(top + height * 0.15, height * 0.7, left=_TALLY + 4, cell_width=27.6)
    for cell in range(min(tally.cells, (value + 4) // 5)):
        left = tally.left + cell * tally.cell_width
        filling.five(writer, left, tally.top, tally.row_height, min(5, value - cell * 5))
