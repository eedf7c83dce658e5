"""Photographing a sheet with a phone: where it stands, how the light falls, what the sensor adds."""

import io
import math
import random
from dataclasses import dataclass
from functools import cache

from PIL import Image, ImageChops, ImageDraw, ImageFilter

from tests.specimens import layout

Point = tuple[float, float]
ASPECTS = (4 / 3, 16 / 9)
_NOISE_SIDE = 512


@dataclass(frozen=True)
class Sheet:
    """A filled sheet: print and ink on their own, both grey, of one size."""

    printed: Image.Image
    ink: Image.Image
    ink_colour: tuple[int, int, int]


def photograph(sheet: Sheet, *, width: int, quality: int, chance: random.Random) -> bytes:
    """A JPEG of the sheet as a phone would take it, all four corner marks in the frame."""
    size = (width, round(width * chance.choice(ASPECTS)))
    corners = _corners(size, chance)
    coefficients = _perspective(corners, sheet.printed.size)
    shaded = ImageChops.multiply(sheet.printed, _folds(sheet.printed.size, chance))
    printed, ink = (
        image.transform(size, Image.Transform.PERSPECTIVE, coefficients, Image.Resampling.BILINEAR, fillcolor=fill)
        for image, fill in ((shaded, 255), (sheet.ink, 0))
    )
    lit = ImageChops.multiply(printed, _light(size, chance))
    picture = _coloured(lit, ink, sheet.ink_colour, corners, chance)
    if (blur := chance.uniform(-0.4, 0.9)) > 0.1:
        picture = picture.filter(ImageFilter.GaussianBlur(blur * width / 1200))
    picture = _noisy(picture, chance)
    out = io.BytesIO()
    picture.save(out, "JPEG", quality=quality)
    return out.getvalue()


def _corners(size: tuple[int, int], chance: random.Random) -> list[Point]:
    """Where the paper's corners come to lie: a little turned, tilted and off the middle, marks inside."""
    width, height = size
    fit = min(width / layout.WIDTH, height / layout.HEIGHT) * chance.uniform(0.95, 1.04)
    turn = math.radians(chance.gauss(0, 0.9))
    shift_x = chance.uniform(-0.012, 0.012) * width
    shift_y = chance.uniform(-0.008, 0.008) * height
    corners = []
    for x, y in ((-1, -1), (1, -1), (1, 1), (-1, 1)):
        px, py = x * layout.WIDTH / 2 * fit, y * layout.HEIGHT / 2 * fit
        px, py = px * math.cos(turn) - py * math.sin(turn), px * math.sin(turn) + py * math.cos(turn)
        px *= 1 + chance.uniform(-0.022, 0.012)
        py *= 1 + chance.uniform(-0.016, 0.008)
        corners.append((width / 2 + px + shift_x, height / 2 + py + shift_y))
    return corners


def _perspective(corners: list[Point], size: tuple[int, int]) -> list[float]:
    """The eight numbers by which Pillow finds, for a point of the picture, its point on the sheet."""
    width, height = size
    rows = []
    for (x, y), (u, v) in zip(corners, ((0, 0), (width, 0), (width, height), (0, height)), strict=True):
        rows.append([x, y, 1, 0, 0, 0, -u * x, -u * y, u])
        rows.append([0, 0, 0, x, y, 1, -v * x, -v * y, v])
    return _solve(rows)


def _solve(rows: list[list[float]]) -> list[float]:
    """Gauss with pivots, for a small full-rank system; each row ends with its right side."""
    n = len(rows)
    for column in range(n):
        pivot = max(range(column, n), key=lambda r: abs(rows[r][column]))
        rows[column], rows[pivot] = rows[pivot], rows[column]
        for other in range(n):
            if other != column:
                factor = rows[other][column] / rows[column][column]
                rows[other] = [a - factor * b for a, b in zip(rows[other], rows[column], strict=True)]
    return [row[-1] / row[i] for i, row in enumerate(rows)]


def _folds(size: tuple[int, int], chance: random.Random) -> Image.Image:
    """Shadows of the folds: the paper came folded twice or three times, so the parts lean differently."""
    down = _profile(chance, chance.choice(((0.5,), (0.25, 0.5, 0.75), (0.33, 0.67))))
    across = _profile(chance, chance.choice(((0.5,), ())))
    vertical = Image.new("L", (1, len(down)))
    vertical.putdata(down)
    horizontal = Image.new("L", (len(across), 1))
    horizontal.putdata(across)
    bilinear = Image.Resampling.BILINEAR
    return ImageChops.multiply(vertical.resize(size, bilinear), horizontal.resize(size, bilinear))


def _profile(chance: random.Random, folds: tuple[float, ...]) -> list[int]:
    steps = 192
    places = [0.0, *(fold + chance.gauss(0, 0.012) for fold in folds), 1.0]
    shades: list[int] = []
    leans = [chance.uniform(-14, 14) for _ in places]
    depths = [chance.uniform(8, 30) for _ in places]
    for step in range(steps):
        at = step / (steps - 1)
        part = max(i for i, place in enumerate(places[:-1]) if place <= at)
        along = (at - places[part]) / (places[part + 1] - places[part])
        shade = 240 + leans[part] * (along - 0.5)
        for fold, depth in zip(places[1:-1], depths[1:-1], strict=True):
            shade -= depth * math.exp(-(((at - fold) * 180) ** 2) / 2) - 5 * math.exp(-(((at - fold) * 60 - 1) ** 2))
        shades.append(max(0, min(255, round(shade))))
    return shades


def _light(size: tuple[int, int], chance: random.Random) -> Image.Image:
    """Light that falls off to one side, a darker rim, and now and then the soft shadow of who takes the photo."""
    columns, rows = 24, 32
    angle, fall = chance.uniform(0, 6.28), chance.uniform(10, 45)
    rim = chance.uniform(10, 40)
    shadow = chance.random() < 0.3
    sx, sy, reach = chance.random(), chance.uniform(0.5, 1.1), chance.uniform(0.15, 0.3)
    small = Image.new("L", (columns, rows))
    values = []
    for row in range(rows):
        for column in range(columns):
            x, y = column / (columns - 1) - 0.5, row / (rows - 1) - 0.5
            shade = 236 - fall * (0.5 + x * math.cos(angle) + y * math.sin(angle)) - rim * (x * x + y * y)
            if shadow:
                away = math.hypot(x + 0.5 - sx, y + 0.5 - sy)
                shade -= 38 / (1 + math.exp((away - reach) * 16))
            values.append(max(60, min(255, round(shade))))
    small.putdata(values)
    return small.resize(size, Image.Resampling.BICUBIC)


def _coloured(
    lit: Image.Image, ink: Image.Image, colour: tuple[int, int, int], corners: list[Point], chance: random.Random
) -> Image.Image:
    """Give paper and ink their colours, and put what lies behind around the paper."""
    warmth = chance.uniform(-9, 12)
    white = (chance.uniform(232, 255) + warmth, chance.uniform(234, 252), chance.uniform(226, 250) - warmth)
    channels = []
    for tone, left in zip(white, colour, strict=True):
        paper_lut = [min(255, round(v * tone / 255)) for v in range(256)]
        ink_lut = [255 - round(m * (255 - left) / 255 * 0.93) for m in range(256)]
        channels.append(ImageChops.multiply(lit.point(paper_lut), ink.point(ink_lut)))
    picture = Image.merge("RGB", channels)
    outside = Image.new("L", lit.size, 255)
    ImageDraw.Draw(outside).polygon(corners, fill=0)
    wall = chance.choice(((96, 74, 52), (150, 146, 138), (70, 84, 78), (176, 160, 132), (58, 58, 64)))
    shade = lit.resize((12, 16)).resize(lit.size).convert("RGB")
    picture.paste(ImageChops.multiply(shade, Image.new("RGB", lit.size, wall)), mask=outside)
    return picture


@cache
def _noise() -> Image.Image:
    """One tile of grain around 128, the same in every process."""
    grain = Image.frombytes("L", (_NOISE_SIDE, _NOISE_SIDE), random.Random(36).randbytes(_NOISE_SIDE**2))
    return grain.filter(ImageFilter.GaussianBlur(0.7))


def _noisy(picture: Image.Image, chance: random.Random) -> Image.Image:
    strength = chance.uniform(0.05, 0.13)
    tile = _noise().point([round(128 + (v - 128) * strength) for v in range(256)])
    tile = ImageChops.offset(tile, chance.randrange(_NOISE_SIDE), chance.randrange(_NOISE_SIDE))
    full = Image.new("L", picture.size)
    for x in range(0, picture.width, _NOISE_SIDE):
        for y in range(0, picture.height, _NOISE_SIDE):
            full.paste(tile, (x, y))
    return Image.merge("RGB", [ImageChops.add(channel, full, 1, -128) for channel in picture.split()])
