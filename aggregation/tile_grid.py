"""Where the tiles of a tile-grid map stand: each region a square, near where it lies, all of one size.

Our own grid of the 38 provinces of Indonesia is data (`tps/nation/tilegrid.csv`); an operator may import another
(`import_tiles`). Whatever has no grid is laid in rows, in the order of the codes. Pure, but for reading that file once.
"""

import csv
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

OWN = Path(__file__).resolve().parent.parent / "tps" / "nation" / "tilegrid.csv"
# Rows of the automatic grid are this much longer than columns: screens are wider than the text is high.
WIDER = 2.0
NARROWEST = 6


@dataclass(frozen=True)
class Tile:
    """A place in the grid, from its upper left corner, and what stands in the square (empty: nothing)."""

    column: int
    row: int
    abbreviation: str = ""


def lay(children: Sequence[Mapping[str, Any]], imported: Mapping[str, Tile]) -> dict[str, Tile]:
    """A tile for each child (`code`, `name`): the imported one, our own, or the next free one.

    Our own grid is taken only where it knows all of the children that are not overseas by their names as well:
    an invented province may have a real one's code. Children without a place follow below, in rows.
    """
    places = dict(imported) or _own(children)
    placed = {child["code"]: places[child["code"]] for child in children if child["code"] in places}
    rest = [child["code"] for child in children if child["code"] not in placed]
    below = 1 + max((tile.row for tile in placed.values()), default=-1)
    columns = 1 + max((tile.column for tile in placed.values()), default=-1)
    if not placed:
        columns = min(max(NARROWEST, math.ceil(math.sqrt(len(rest) * WIDER))), max(1, len(rest)))
    for number, code in enumerate(rest):
        placed[code] = Tile(number % columns, below + number // columns)
    return placed


def _own(children: Sequence[Mapping[str, Any]]) -> dict[str, Tile]:
    known = own_grid()
    at_home = [child for child in children if not child["code"].startswith("99")]
    for child in at_home:
        if known.get(child["code"], ("", None))[0] != child["name"].upper():
            return {}
    return {child["code"]: tile for child in at_home if (tile := known[child["code"]][1])}


@cache
def own_grid() -> dict[str, tuple[str, Tile]]:
    """Code -> name and tile."""
    with OWN.open(newline="", encoding="utf-8") as file:
        return {
            row["code"]: (row["name"], Tile(int(row["column"]), int(row["row"]), row["abbreviation"]))
            for row in csv.DictReader(file)
        }
