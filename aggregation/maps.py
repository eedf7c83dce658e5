"""The map of what lies below a region, drawn as SVG: on its outlines where there are any, else on tiles.

`draw` is pure. Colours and sizes are in `static/aggregation/pictures.css`, patterns in the drawing's own `<defs>`;
nothing of it needs a script or an inline style. Every region is a link with a `<title>`, in the order of the list.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

from django.urls import reverse
from django.utils.html import escape
from django.utils.http import urlencode
from django.utils.safestring import SafeString, mark_safe
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from aggregation import grounds, map_layers, option_marks, reading_aids, tile_grid
from aggregation.grounds import Ground
from aggregation.map_layers import COVERAGE, DIFFERENCE, LAYERS, LEADING, Fill, Reading
from aggregation.tile_grid import Tile

# More regions than these make no map that one could read, nor a light page: a village may have 451 TPS.
MOST = 120
SQUARE, GAP = 44, 4
# A region narrower than this on its sheet also gets a spot, else nobody sees or hits it.
SPOT_BELOW, SPOT = 16, 10
# What a text takes on a sheet, and each of its letters: it is left out where a region is narrower.
TEXT, LETTER = 22, 11

WORDS = {
    LEADING: gettext_lazy("Yang unggul"),
    COVERAGE: gettext_lazy("Cakupan"),
    DIFFERENCE: gettext_lazy("Selisih dengan angka resmi"),
}


def panel(
    document: Mapping[str, Any], wanted: str = "", differences: Mapping[str, float | None] | None = None
) -> dict[str, Any] | None:
    """What `aggregation/_map.html` shows of a region's document; None where there is nothing to draw.

    `wanted` is the layer the address names (`?peta=`); an unknown one is the first. The layer of differences is there
    only where `differences` are given: by a child's code, see `map_layers`. No query where the ground is cached.
    """
    children, options = document["children"], document["options"]
    if not 1 < len(children) <= MOST:
        return None
    layers = [layer for layer in LAYERS if layer != DIFFERENCE or differences is not None]
    layer = wanted if wanted in layers else LEADING
    code = "" if document["region"]["code"] == "nasional" else document["region"]["code"]

    def address(child: str) -> str:
        return reading_aids.address(document, {"code": child, "level": document["children_level"]})

    readings = map_layers.read(layer, children, options, differences)
    entries = map_layers.legend(layer, readings)
    where = reverse(
        "aggregation:region",
        args=[document["election"]["code"], document["contest"]["code"], document["region"]["code"]],
    )
    return {
        "svg": draw(children, options, layer, grounds.of(code), address=address, differences=differences),
        "layer": layer,
        "layers": [
            {"word": WORDS[one], "address": f"{where}?{urlencode({'peta': one})}#peta", "chosen": one == layer}
            for one in layers
        ],
        "legend": [{"key": key(entry.fills), "words": entry.words} for entry in entries],
        "thin": any(reading.thin for reading in readings),
    }


def draw(
    children: Sequence[Mapping[str, Any]],
    options: Sequence[Mapping[str, Any]],
    layer: str,
    ground: Ground,
    *,
    address: Callable[[str], str],
    differences: Mapping[str, float | None] | None = None,
) -> SafeString:
    """The SVG of these children of a region's document. All text in it is escaped."""
    readings = map_layers.read(layer, children, options, differences)
    fills = {fill.key: fill for entry in map_layers.legend(layer, readings) for fill in entry.fills}
    fills |= {reading.fill.key: reading.fill for reading in readings}
    outlined = [one for one in readings if one.code in ground.outlines]
    tiled = [child for child in children if child["code"] not in ground.outlines]
    tiles = tile_grid.lay(tiled, {} if outlined else ground.tiles)
    width = (1 + max((tile.column for tile in tiles.values()), default=-1)) * (SQUARE + GAP)
    below = 0
    if outlined:
        width, below = max(width, ground.width), ground.height + (2 * GAP if tiles else 0)
    height = below + (1 + max((tile.row for tile in tiles.values()), default=-1)) * (SQUARE + GAP)
    by_code = {one.code: one for one in readings}
    drawn = [_region(one, _outlined(one, ground), address) for one in outlined]
    drawn += [_region(by_code[code], _tile(by_code[code], tile, below), address) for code, tile in tiles.items()]
    # All texts after all areas, which would cover those of their neighbours.
    texts = "".join(_text_on_outline(one, ground) for one in outlined)
    kind = "outlines" if outlined else "wide" if width > 12 * (SQUARE + GAP) else "tiles"
    called = escape(_("Peta: %(layer)s") % {"layer": WORDS[layer]})
    return mark_safe(  # noqa: S308 -- names are escaped, everything else comes from this program
        f'<svg class="map map--{kind}" viewBox="-4 -4 {width + 8} {height + 8}" width="{width + 8}"'
        f' height="{height + 8}" role="group" aria-label="{called}">'
        f"{_defs(fills.values(), 1.5 if outlined else 1)}{''.join(drawn)}"
        f'<g aria-hidden="true">{texts}</g></svg>'
    )


def key(fills: Sequence[Fill]) -> SafeString:
    """A small picture of fills, beside their meaning in the legend. They are defined by the map on the same page."""
    boxes = "".join(
        f'<rect class="map__area" x="{1 + 21 * place}" y="1" width="20" height="20" fill="url(#peta-{fill.key})"/>'
        for place, fill in enumerate(fills)
    )
    width = 21 * len(fills) + 1
    return mark_safe(  # noqa: S308 -- as above
        f'<svg class="map__key" viewBox="0 0 {width} 22" width="{width}" height="22" aria-hidden="true">{boxes}</svg>'
    )


def _defs(fills: Iterable[Fill], scale: float) -> str:
    """Each fill once: the page's ground, the colour upon it in its strength, the lines of the pattern."""
    patterns = "".join(
        f'<pattern id="peta-{fill.key}" width="8" height="8" patternUnits="userSpaceOnUse"'
        f' patternTransform="scale({scale})"><path class="map__ground" d="M0 0h8v8H0z"/>'
        f'<path class="map__hue--{fill.colour} map__strength--{fill.strength}" d="M0 0h8v8H0z"/>'
        + (f'<path class="map__line" d="{option_marks.PATTERNS[fill.pattern]}"/>' if fill.pattern else "")
        + "</pattern>"
        for fill in fills
    )
    return f"<defs>{patterns}</defs>"


def _region(reading: Reading, inside: str, address: Callable[[str], str]) -> str:
    thin = ' class="map__thin"' if reading.thin else ""
    return f'<a href="{escape(address(reading.code))}"{thin}><title>{escape(reading.sentence)}</title>{inside}</a>'


def _outlined(reading: Reading, ground: Ground) -> str:
    one, fill = ground.outlines[reading.code], f'fill="url(#peta-{reading.fill.key})"'
    found = f'<path class="map__area" {fill} fill-rule="evenodd" d="{escape(one.path)}"/>'
    if one.room < SPOT_BELOW:
        found += f'<circle class="map__area" {fill} cx="{one.x}" cy="{one.y}" r="{SPOT}"/>'
    return found


def _text_on_outline(reading: Reading, ground: Ground) -> str:
    one, text = ground.outlines[reading.code], reading.text
    if not text or one.room < TEXT + LETTER * len(text):
        return ""
    return f'<text class="map__text" x="{one.x}" y="{one.y + 7}">{escape(text)}</text>'


def _tile(reading: Reading, tile: Tile, below: int) -> str:
    x, y = tile.column * (SQUARE + GAP), below + tile.row * (SQUARE + GAP)
    middle = x + SQUARE // 2
    name = tile.abbreviation or shortened(reading.name)
    return (
        f'<rect class="map__area" fill="url(#peta-{reading.fill.key})" x="{x}" y="{y}" width="{SQUARE}"'
        f' height="{SQUARE}"/><text class="map__name" x="{middle}" y="{y + 16}">{escape(name)}</text>'
        f'<text class="map__text" x="{middle}" y="{y + 35}">{escape(reading.text)}</text>'
    )


def shortened(name: str) -> str:
    """A name in at most four letters, for a tile: of its last word in figures (TPS 012), else of its first own word."""
    words = [word for word in name.upper().split() if word not in ("KOTA", "KABUPATEN", "KAB.", "DESA", "TPS")]
    letters = [*words, name.upper()]
    if words and words[-1].isdigit():
        letters = [words[-1]]
    return letters[0][:4]
