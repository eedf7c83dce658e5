"""The card that is shown where somebody shares a page: the present numbers as a PNG of 1200 by 630 pixels.

How much is counted stands as large as the shares, above them, below them and in every line with one, so that no cut-out
of the card says more than is known. The same document gives the same bytes. Pure: a published document in, a PNG out.
Cards are in Indonesian, whatever the language of the moment: who fetches one has told none.
"""

import io
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from pathlib import Path
from typing import Any

from django.utils import translation
from django.utils.formats import date_format
from PIL import Image, ImageDraw, ImageFont

from aggregation import clock, option_marks, reading_aids
from aggregation.columns import COUNTED
from aggregation.region_document import code_of
from aggregation.templatetags.figures import figure, percent

# Whoever changes how a card looks, raises this: it is part of its ETag.
FORMAT = 1
WIDTH, HEIGHT = 1200, 630
MARGIN = 56
_FONTS = Path(__file__).resolve().parent / "fonts"
# More options than these stand in two columns; more than the second number do not fit.
ONE_COLUMN, MOST = 5, 24

# The light tokens of static/base.css and static/aggregation/pictures.css.
PAPER, INK, SOFT, SUNKEN = "#ffffff", "#1d1a24", "#5a5463", "#e4e0e6"
TINTA, WARN, WARN_TINT = "#4c2a7d", "#7a4a00", "#fcf0d9"
OPTIONS = ("#a8622a", "#1f7a7a", "#a8447c", "#3f66b0", "#6b7414", "#3f7d3a")


@dataclass(frozen=True)
class Row:
    """One option: its number, its name, its share (None: not known yet)."""

    number: int
    name: str
    share: float | None


@dataclass(frozen=True)
class Card:
    """What a card says."""

    place: str
    contest: str
    coverage: str  # as large as the shares: "12,3 % TPS terhitung"
    behind: str  # how many of how many
    beside: str  # after every share: "dari 12,3 % TPS"
    rows: Sequence[Row]
    foot: str  # when, and which version


def of_region(document: Mapping[str, Any]) -> Card:
    """The card of a region's document."""
    with translation.override("id"):
        counted, stations = document["counts"][COUNTED], document["stations"]
        part = percent(counted / stations if stations else None)
        return Card(
            place=document["region"]["name"],
            contest=f"{document['contest']['name']}, {document['election']['name']}",
            coverage=f"{part} TPS terhitung" if counted else "Belum ada TPS terhitung",
            behind=f"{figure(counted)} dari {figure(stations)} TPS",
            beside=f"dari {part} TPS",
            rows=[Row(one["number"], one["name"], document["shares"][one["key"]]) for one in document["options"]],
            foot=_foot(document, code_of(document["region"]["code"])),
        )


def of_station(document: Mapping[str, Any]) -> Card:
    """The card of a TPS's document: one TPS, and in which state its numbers are."""
    with translation.override("id"):
        village = document["path"][-1]["name"] if document["path"] else ""
        state = str(reading_aids.STATES[document["state"]])
        read, pages = (sum(one["state"] == "complete" for one in document["pages"]), len(document["pages"]))
        options = reading_aids.station_bars(document)
        return Card(
            place=f"{document['station']['name']}, {village}",
            contest=f"{document['contest']['name']}, {document['election']['name']}",
            coverage=f"Satu TPS: {state}",
            behind=f"{read} dari {pages} halaman terbaca",
            beside="di satu TPS",
            rows=[Row(one["number"], one["name"], one["share"]) for one in options],
            foot=_foot(document, document["station"]["code"]),
        )


def description(card: Card) -> str:
    """The card in words, coverage first; for whoever shows no picture."""
    rows = [row for row in card.rows if row.share is not None][:ONE_COLUMN]
    with translation.override("id"):
        known = [f"{row.number}. {row.name} {percent(row.share)} {card.beside}" for row in rows]
    return ". ".join([f"{card.coverage} ({card.behind})", *known, "Bukan hasil resmi"]) + "."


def _foot(document: Mapping[str, Any], code: str) -> str:
    version = f"versi {figure(document['version'])}"
    if not document["changed_at"]:
        return version
    at, zone = clock.local(datetime.fromisoformat(document["changed_at"]), code)
    return f"{date_format(at, 'j F Y, H.i')} {zone} · {version}"


# --- Drawing --------------------------------------------------------------------------------


def png(card: Card) -> bytes:
    """The picture. One drawing takes about a tenth of a second."""
    with translation.override("id"):
        image = _drawn(card)
    packed = io.BytesIO()
    # Few colours: a palette is a third of the bytes, and nobody sees it.
    image.quantize(256, method=Image.Quantize.FASTOCTREE, dither=Image.Dither.NONE).save(packed, "PNG")
    return packed.getvalue()


def _drawn(card: Card) -> Image.Image:
    image = Image.new("RGB", (WIDTH, HEIGHT), PAPER)
    draw = ImageDraw.Draw(image)
    _text(draw, (MARGIN, 38), card.place, 50, bold=True, most=WIDTH - 2 * MARGIN)
    _text(draw, (MARGIN, 102), card.contest, 26, colour=SOFT, most=WIDTH - 2 * MARGIN)
    _band(draw, 150, 78, card)
    if len(card.rows) <= ONE_COLUMN:
        _one_column(draw, card, 246, 536)
    else:
        _columns(draw, card, 242, 528)
    _foot_line(draw, card)
    return image


def _band(draw: ImageDraw.ImageDraw, top: int, height: int, card: Card) -> None:
    """The coverage, across the whole card."""
    draw.rectangle((0, top, WIDTH, top + height), fill=WARN_TINT)
    draw.rectangle((0, top, 12, top + height), fill=WARN)
    end = _text(draw, (MARGIN, top + 12), card.coverage, 44, bold=True, colour=WARN, most=760)
    _text(draw, (end + 24, top + 26), card.behind, 28, colour=WARN, most=WIDTH - MARGIN - end - 24)


def _one_column(draw: ImageDraw.ImageDraw, card: Card, top: int, bottom: int) -> None:
    """Each option with its name, its bar, and its share of so many TPS."""
    height = min(96, (bottom - top) // max(1, len(card.rows)))
    for place, row in enumerate(card.rows):
        y = top + place * height
        size = 24 if height >= 70 else 18
        _text(draw, (MARGIN, y), f"{row.number}. {row.name}", size, most=WIDTH - 2 * MARGIN)
        bar = y + size + 12
        thick = height - size - 28
        _bar(draw, (MARGIN, bar, 620, bar + thick), row)
        share = min(44, thick + 14)
        end = _text(draw, (644, bar + thick // 2), percent(row.share), share, bold=True, most=240, anchor="lm")
        if row.share is not None:
            beside = (end + 14, bar + thick // 2)
            _text(draw, beside, card.beside, share * 2 // 3, bold=True, colour=WARN, most=330, anchor="lm")


def _columns(draw: ImageDraw.ImageDraw, card: Card, top: int, bottom: int) -> None:
    """Many options in two columns, with the coverage once more between the lines of figures."""
    rows = card.rows[:MOST]
    half = -(-len(rows) // 2)
    height = (bottom - top) // half
    size = min(24, height - 6)
    width = (WIDTH - 2 * MARGIN - 40) // 2
    for place, row in enumerate(rows):
        x, y = MARGIN + (place // half) * (width + 40), top + (place % half) * height
        draw.rectangle((x, y + 3, x + 10, y + size), fill=_colour(row.number))
        _text(draw, (x + 20, y + 2), f"{row.number}. {row.name}", min(18, size), most=width - 250, least=18)
        _text(draw, (x + width - 130, y), percent(row.share), size, bold=True, most=120, anchor="ra")
        if row.share is not None:
            _text(draw, (x + width, y), card.beside, size * 2 // 3, colour=WARN, most=126, anchor="ra")


def _bar(draw: ImageDraw.ImageDraw, box: tuple[int, int, int, int], row: Row) -> None:
    left, top, right, bottom = box
    draw.rectangle(box, fill=SUNKEN)
    if not row.share:
        return
    end = left + round((right - left) * row.share)
    draw.rectangle((left, top, end, bottom), fill=_colour(row.number))
    if option_marks.of(row.number).pattern:
        step = 14 + 4 * option_marks.of(row.number).pattern
        for x in range(left + step, end - 3, step):
            draw.rectangle((x, top, x + 3, bottom), fill=PAPER)


def _foot_line(draw: ImageDraw.ImageDraw, card: Card) -> None:
    """The coverage once more, when, and that it is not the official result."""
    draw.rectangle((0, 546, WIDTH, HEIGHT), fill=TINTA)
    _text(draw, (MARGIN, 556), f"{card.coverage} · {card.foot}", 26, bold=True, colour=PAPER, most=WIDTH - 2 * MARGIN)
    said = "Pemantau: hitungan warga dari foto C.Hasil. Hasil resmi ditetapkan oleh KPU."
    _text(draw, (MARGIN, 592), said, 22, colour=PAPER, most=WIDTH - 2 * MARGIN)


def _colour(number: int) -> str:
    return OPTIONS[option_marks.of(number).hue - 1]


@cache
def _font(size: int, bold: bool) -> ImageFont.FreeTypeFont:
    # The basic layout: the same bytes, whether or not a shaping library is there.
    name = "DejaVuSans-Bold.ttf" if bold else "DejaVuSans.ttf"
    return ImageFont.truetype(_FONTS / name, size, layout_engine=ImageFont.Layout.BASIC)


def _text(
    draw: ImageDraw.ImageDraw,
    at: tuple[int, int],
    words: str,
    size: int,
    *,
    bold: bool = False,
    colour: str = INK,
    most: int,
    least: int = 16,
    anchor: str = "la",
) -> int:
    """Write words, smaller or cut off where they are wider than `most`; returns where they end."""
    words = words.replace("\u00a0", " ")
    while size > least and _font(size, bold).getlength(words) > most:
        size -= 2
    if _font(size, bold).getlength(words) > most:
        while words and _font(size, bold).getlength(words + "…") > most:
            words = words[:-1]
        words += "…"
    draw.text(at, words, font=_font(size, bold), fill=colour, anchor=anchor)
    return at[0] + round(_font(size, bold).getlength(words))
