"""A writer: one person's hand, with which the figures, words and signatures of a TPS are written."""

import math
import random
from dataclasses import dataclass

from PIL import Image, ImageDraw

from tests.specimens import strokes
from tests.specimens.strokes import Point

# Ball pens: how much red, green and blue is left where the pen has pressed fully.
INKS = ((28, 38, 118), (20, 30, 140), (42, 46, 92), (26, 26, 34), (36, 52, 138))


@dataclass(frozen=True)
class Habits:
    """What stays the same for one writer."""

    ink: tuple[int, int, int]
    square: bool  # writes figures along the printed guides
    slant: float
    unsteady: float
    pen: float  # width of the line in units
    crosses: bool  # crosses out empty leading boxes, or leaves them empty
    crosses_zero: bool  # writes zero as X in every box
    fills_leading: bool  # blackens the bubble 0 of a crossed box too

    @classmethod
    def of(cls, chance: random.Random) -> "Habits":
        crosses = chance.random() < 0.8
        return cls(
            ink=chance.choice(INKS),
            square=chance.random() < 0.6,
            slant=chance.uniform(-0.06, 0.2),
            unsteady=chance.uniform(0.3, 1.0),
            pen=chance.uniform(1.3, 1.9),
            crosses=crosses,
            crosses_zero=crosses and chance.random() < 0.6,
            fills_leading=chance.random() < 0.3,
        )


class Writer:
    """Writes on a mask: 0 = no ink, 255 = ink. All places and sizes are in units of the layout."""

    def __init__(self, mask: Image.Image, scale: float, habits: Habits, chance: random.Random) -> None:
        self.draw = ImageDraw.Draw(mask)
        self.scale = scale
        self.habits = habits
        self.chance = chance

    def line(self, points: list[Point] | tuple[Point, ...], width: float | None = None) -> None:
        scale, pressure = self.scale, self.chance.randint(185, 255)
        pixels = [(x * scale, y * scale) for x, y in points]
        thickness = max(1, round((width or self.habits.pen) * scale * self.chance.uniform(0.9, 1.12)))
        self.draw.line(pixels, fill=pressure, width=thickness, joint="curve")

    def sign(self, character: str, x: float, y: float, width: float, height: float) -> None:
        """Write one sign into the box with the upper left corner (x, y)."""
        chance, habits = self.chance, self.habits
        shake = habits.unsteady
        slant = habits.slant + chance.gauss(0, 0.04) * shake
        turn = chance.gauss(0, 0.05) * shake
        x += chance.gauss(0, 0.03) * width * shake
        y += chance.gauss(0, 0.03) * height * shake
        width *= chance.uniform(0.92, 1.08)
        height *= chance.uniform(0.93, 1.07)
        phase, bend = chance.uniform(0, 6.28), 0.018 * shake
        for stroke in strokes.sign(character, habits.square):
            points = []
            for px, py in stroke:
                px += bend * math.sin(phase + 5 * py)
                py += bend * math.cos(phase + 4 * px)
                px += slant * (0.5 - py)
                points.append((x + width * (px + turn * py), y + height * (py - turn * px)))
            self.line(points)

    def text(self, text: str, x: float, base: float, height: float, room: float) -> float:
        """Write capital letters on the base line, narrower where the room asks for it; returns where they end."""
        width = height * 0.62
        advance = width * 1.32
        wanted = sum(0.55 if c in strokes.NARROW else 1.0 for c in text) * advance
        squeeze = min(1.0, room / wanted) if wanted else 1.0
        drift = self.chance.gauss(0, 0.012)
        start = x
        for character in text.upper():
            narrow = 0.55 if character in strokes.NARROW else 1.0
            if character != " ":
                lift = drift * (x - start) + self.chance.gauss(0, 0.03) * height
                self.sign(character, x, base - height + lift, width * narrow * squeeze, height)
            x += advance * narrow * squeeze * self.chance.uniform(0.94, 1.06)
        return x

    def cross(self, x: float, y: float, width: float, height: float) -> None:
        self.line([self._near(x, y), self._near(x + width, y + height)])
        self.line([self._near(x + width, y), self._near(x, y + height)])

    def scribble(self, x: float, y: float, width: float, height: float) -> None:
        """Something that nobody can read any more."""
        points = [
            (x + width * self.chance.random(), y + height * (0.15 + 0.7 * self.chance.random())) for _ in range(9)
        ]
        self.line(strokes.curve_through(points), width=self.habits.pen * 1.6)

    def blot(self, x: float, y: float, radius: float) -> None:
        """Blacken a bubble by hand: never quite round, never quite full."""
        scale = self.scale
        for _ in range(3):
            dx, dy = self.chance.gauss(0, 0.5), self.chance.gauss(0, 0.5)
            r = radius * self.chance.uniform(0.86, 1.06)
            box = ((x + dx - r) * scale, (y + dy - r) * scale, (x + dx + r) * scale, (y + dy + r) * scale)
            self.draw.ellipse(box, fill=self.chance.randint(215, 255))

    def signature(self, x: float, y: float, width: float, height: float) -> None:
        """A flourish and something like a name under it."""
        chance = self.chance
        points = [(x, y + height * chance.uniform(0.4, 0.8))]
        for step in range(1, chance.randint(6, 10)):
            points.append((x + width * (step / 9) * chance.uniform(0.7, 1.1), y + height * chance.random()))
        points.append((x + width * chance.uniform(0.6, 1.0), y + height * chance.uniform(0.2, 0.9)))
        self.line(strokes.curve_through(points), width=self.habits.pen * 0.8)
        name = [
            (x + width * (i / 11), y + height * (1.12 + chance.uniform(-0.1, 0.1)))
            for i in range(chance.randint(6, 12))
        ]
        if len(name) > 2:
            self.line(strokes.curve_through(name), width=self.habits.pen * 0.7)

    def _near(self, x: float, y: float) -> Point:
        shake = 1.2 * self.habits.unsteady
        return x + self.chance.gauss(0, shake), y + self.chance.gauss(0, shake)
