"""Filling in a page as KPPS do: figures, bubbles, tallies, words, names, signatures."""

import random
from collections.abc import Mapping
from dataclasses import dataclass, field

from tests.specimens import layout, paper
from tests.specimens.hand import Writer
from tests.specimens.strokes import curve_through

Value = int | str
UNREADABLE = "tidak_terbaca"

_ONES = ["NOL", "SATU", "DUA", "TIGA", "EMPAT", "LIMA", "ENAM", "TUJUH", "DELAPAN", "SEMBILAN"]


@dataclass(frozen=True)
class Header:
    """What stands at the head of each page, and what the printer was told."""

    province: str = "CONTOH RAYA"
    regency: str = "MELATI"
    district: str = "ANGGREK"
    village: str = "MAWAR"
    number: int = 1
    printed: paper.Print = field(default_factory=paper.Print)


def in_words(number: int) -> str:
    """An amount below 1000 in Indonesian capitals: 245 -> DUA RATUS EMPAT PULUH LIMA."""
    if number < 10:
        return _ONES[number]
    if number < 20:
        return {10: "SEPULUH", 11: "SEBELAS"}.get(number) or f"{_ONES[number - 10]} BELAS"
    if number < 100:
        tens, rest, word = number // 10, number % 10, "PULUH"
        return f"{_ONES[tens]} {word}" + (f" {_ONES[rest]}" if rest else "")
    hundreds, rest = divmod(number, 100)
    head = "SERATUS" if hundreds == 1 else f"{_ONES[hundreds]} RATUS"
    return head + (f" {in_words(rest)}" if rest else "")


def fill(writer: Writer, page: int, numbers: Mapping[str, Value], header: Header, *, witnesses: bool = True) -> None:
    """Write everything that belongs on this page. Numbers not given, or `kosong`, leave their boxes empty."""
    head(writer, page, header)
    for key, place in layout.NUMBERS[page].items():
        number(writer, place, numbers.get(key))
    for option, key in enumerate(layout.TALLIES.get(page, {})):
        value = numbers.get(key)
        if isinstance(value, int):
            _tally(writer, layout.TALLIES[page][key], value)
            if page == 2:
                _bubbles(writer, option, value)
    for key, (x, base, room, height) in layout.WORDS.get(page, {}).items():
        value = numbers.get(key)
        if isinstance(value, int):
            writer.text(in_words(value), x, base + height, height, room)
    if witnesses:
        _sign(writer, page)
    else:
        kpps(writer, layout.SIGNATURE_BLOCK[page])


def head(writer: Writer, page: int, header: Header) -> None:
    for name, (x, base, room) in layout.HEADERS[page].items():
        if name == "number":
            text = f"{header.number:03d} ({in_words(header.number)})"
        else:
            text = str(getattr(header, name))
        writer.text(text, x + 3, base - 1, 11.0, room - 6)
    if page == 1:
        writer.text("RABU", 172, 250, 11, 60)
        writer.text("14", 280, 250, 12, 60)
        writer.text("02", 420, 250, 12, 60)
        writer.text(str(header.printed.year), 545, 250, 12, 90)
    if page == 3:
        writer.text(header.village, 270, 551, 11, 135)
        for left, digit in zip(
            (480.9, 504.9, 586.3, 610.2, 691.6, 715.6, 739.3, 763.3), f"1402{header.printed.year}", strict=True
        ):
            writer.sign(digit, left + 6, 539, 11, 15)


def number(writer: Writer, place: layout.Number, value: Value | None) -> None:
    """What stands in a number's boxes."""
    if isinstance(value, int):
        _figures(writer, place, value)
    elif value == UNREADABLE:
        writer.scribble(place.lefts[0], place.top, place.lefts[2] - place.lefts[0] + place.side, place.side)


def _figures(writer: Writer, place: layout.Number, value: int) -> None:
    habits, side = writer.habits, place.side
    digits = str(value)
    if value == 0 and habits.crosses_zero:
        digits = ""
    empty = layout.DIGITS - len(digits)
    for left, digit in zip(place.lefts, " " * empty + digits, strict=True):
        if digit == " ":
            if habits.crosses:
                writer.cross(left + 4, place.top + 4, side - 8, side - 8)
        else:
            narrow = 0.42 if not habits.square else 0.46
            width = side * narrow
            writer.sign(digit, left + (side - width) / 2, place.top + side * 0.17, width, side * 0.66)


def _bubbles(writer: Writer, option: int, value: int) -> None:
    digits = f"{value:03d}"
    leading = layout.DIGITS - len(str(value))
    for place, digit in enumerate(digits):
        if place >= leading or writer.habits.fills_leading:
            x, y = layout.bubble(option, place, int(digit))
            writer.blot(x, y, layout.BUBBLE_RADIUS)


def _tally(writer: Writer, tally: layout.Tally, value: int) -> None:
    """Strokes of five, row by row, each row's sum, and a line through what stays empty."""
    left = value
    row_full = tally.cells * 5
    for row in range(tally.rows):
        here = min(left, row_full)
        left -= here
        if not here:
            break
        top = tally.top + row * tally.row_height
        for cell in range((here + 4) // 5):
            five(writer, tally.left + cell * tally.cell_width, top, tally.row_height, min(5, here - cell * 5))
        for x, digit in zip(tally.sums, f"{here:2d}", strict=True):
            if digit != " ":
                writer.sign(digit, x + 4.5, top + tally.row_height * 0.2, 8, tally.row_height * 0.62)
    _strike(writer, tally, value)


def five(writer: Writer, x: float, top: float, height: float, strokes: int) -> None:
    """Up to five strokes of a tally, the fifth across."""
    gauss = writer.chance.gauss
    for stroke in range(min(strokes, 4)):
        sx = x + 4.5 + stroke * 5.4 + gauss(0, 0.5)
        writer.line(((sx + gauss(0.6, 0.7), top + height * 0.16), (sx + gauss(-0.6, 0.7), top + height * 0.86)))
    if strokes == 5:
        writer.line(((x + 1.5, top + height * 0.5 + gauss(0, 1.6)), (x + 26.5, top + height * 0.55 + gauss(0, 1.6))))


def _strike(writer: Writer, tally: layout.Tally, value: int) -> None:
    cells = (value + 4) // 5
    row, cell = divmod(cells, tally.cells)
    if row >= tally.rows:
        return
    start = tally.left + cell * tally.cell_width + 6
    y = tally.top + (row + 0.5) * tally.row_height
    gauss = writer.chance.gauss
    points = [(start, y), (tally.right - 6, y + gauss(0, 2))]
    if row < tally.rows - 1:
        points += [(tally.left + 8, tally.bottom - tally.row_height * 0.5 + gauss(0, 3))]
        points += [(tally.right - 10, tally.bottom - 5 + gauss(0, 2))]
    if points[1][0] > points[0][0]:
        middle = ((points[0][0] + points[1][0]) / 2, (points[0][1] + points[1][1]) / 2 + gauss(0, 2))
        writer.line(curve_through([points[0], middle, *points[1:]]))


def _sign(writer: Writer, page: int) -> None:
    """The same seven people and three witnesses on each page of a TPS; a person's name is not written out."""
    top = layout.SIGNATURE_BLOCK[page]
    tall = 205.2 if page == 3 else 169.9
    people, own = kpps(writer, top), writer.chance
    writer.chance = people
    for left in layout.WITNESS_LEFTS:
        writer.signature(left + 74, top + tall - 44, 80, 26)
    writer.chance = own


def kpps(writer: Writer, top: float) -> random.Random:
    """The seven people's signatures; returns whose hand goes on."""
    people, own = random.Random(f"{writer.habits}"), writer.chance
    writer.chance = people
    for left in layout.SIGNATURE_LEFTS:
        writer.signature(left + 24, top + 22, 62, 30)
    writer.chance = own
    return people
