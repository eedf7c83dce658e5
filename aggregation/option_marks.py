"""How an option is told apart from others: by a colour, a pattern and its number, the same in every picture.

Six colours by six patterns, dealt so that the first six options differ in both and no two of the first 36 in neither;
the first three are those of the bars (`static/data.css`). DPR has 18 parties, 24 in Aceh. Who cannot tell colours, or
prints without them, has the patterns; who has neither has the number. By the place on the ballot, whoever leads.
"""

from dataclasses import dataclass

HUES = 6
# What is drawn over the colour, as paths in a square of 8 by 8 that is repeated.
PATTERNS = (
    "",
    "M-2 2L2-2M0 8L8 0M6 10L10 6",  # rising to the right
    "M4 0V8",
    "M3 2h2M3 3h2M3 4h2M-1 6h2M-1 7h2M7 6h2M7 7h2",  # dots
    "M-2 6L2 10M0 0L8 8M6-2L10 2",  # falling to the right
    "M0 4H8",
)
# Lengths of strokes and gaps of a line, for charts.
DASHES = ("", "8 4", "2 4", "12 4 2 4", "12 4", "6 3 2 3 2 3")


@dataclass(frozen=True)
class Mark:
    """`hue` counts from 1, as in the style sheet; `pattern` from 0, an index of `PATTERNS` and `DASHES`."""

    hue: int
    pattern: int

    @property
    def key(self) -> str:
        return f"{self.hue}{self.pattern}"


def of(number: int) -> Mark:
    """The mark of the option with this number on the ballot, from 1 up."""
    place = number - 1
    return Mark(place % HUES + 1, (place + place // HUES) % len(PATTERNS))
