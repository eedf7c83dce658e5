"""Plausible photos of filled C.Hasil-PPWP pages, drawn from numbers: what tests, replay and demo send.

Nothing here is a copy of a real person's writing; Pillow is all it needs.
"""

import random
from collections.abc import Mapping

from PIL import Image

from tests.specimens import paper
from tests.specimens.camera import Sheet, photograph
from tests.specimens.filling import Header, Value, fill
from tests.specimens.hand import Habits, Writer

__all__ = ["Header", "Value", "render"]


def render(
    station_code: str,
    page: int,
    numbers: Mapping[str, Value],
    *,
    seed: int = 0,
    header: Header | None = None,
    width: int = 1200,
    quality: int = 85,
) -> bytes:
    """A JPEG of page 1, 2 or 3 of a TPS's form, filled with these numbers, `width` pixels wide.

    The same arguments give the same bytes; another TPS, page or seed gives others. All pages of a TPS are
    in one hand. Keys are the form's (`paslon_1`, `suara_sah`, ...); a missing number, or `kosong`, leaves
    its boxes empty, `tidak_terbaca` scribbles over them.
    """
    header = header or Header(number=int(station_code[-3:]))
    habits = Habits.of(random.Random(f"{seed}/{station_code}"))
    chance = random.Random(f"{seed}/{station_code}/{page}")
    scale = max(0.5, width / 600)
    printed = paper.blank(page, scale, header.printed)
    ink = Image.new("L", printed.size, 0)
    fill(Writer(ink, scale, habits, chance), page, numbers, header)
    return photograph(Sheet(printed, ink, habits.ink), width=width, quality=quality, chance=chance)
