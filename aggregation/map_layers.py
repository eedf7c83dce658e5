"""What a map says of a region: which option leads, how much is counted, how far that is from the official figure.

Pure: a child of a region's document in, its `Reading` out. Each reading has a `fill`, which the legend explains, a
short text for within the region, and a sentence.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from django.utils.translation import gettext as _

from aggregation import option_marks
from aggregation.columns import COUNTED
from aggregation.option_marks import Mark
from aggregation.templatetags.figures import figure, percent, points, signed_percent

LEADING, COVERAGE, DIFFERENCE = "unggul", "cakupan", "selisih"
LAYERS = (LEADING, COVERAGE, DIFFERENCE)

# A lead of fewer points than these is pale, paler: the map shows how close it is.
CLOSE, CLEAR = 0.05, 0.20
# Below this part of the TPS a lead may still turn; its border is broken.
THIN = 0.5
# Steps of coverage, each up to this part; all of it has a step of its own.
STEPS = (0.25, 0.5, 0.75, 1.0)
# A difference of less than this part of the official votes is none that one sees; from the other one on it is large.
EQUAL, LARGE = 0.0005, 0.01


@dataclass(frozen=True)
class Fill:
    """How a region is filled: a colour's class, how strong it is (1 to 5), a pattern."""

    key: str
    colour: str  # of a class `map__hue--…`
    strength: int
    pattern: int = 0
    option: Mapping[str, Any] | None = field(default=None, compare=False)


NOTHING = Fill("nol", "nothing", 5, 2)
TIE = Fill("seri", "other", 3, 4)


@dataclass(frozen=True)
class Reading:
    """What is shown of one region."""

    code: str
    name: str
    fill: Fill
    text: str
    sentence: str
    thin: bool = False


def read(
    layer: str,
    children: Sequence[Mapping[str, Any]],
    options: Sequence[Mapping[str, Any]],
    differences: Mapping[str, float | None] | None = None,
) -> list[Reading]:
    """One reading for each child, in their order. `differences`: by code, see `_difference`."""
    if layer == COVERAGE:
        return [_coverage(child) for child in children]
    if layer == DIFFERENCE:
        return [_difference(child, (differences or {}).get(child["code"])) for child in children]
    return [_leading(child, options) for child in children]


def counted_of(child: Mapping[str, Any]) -> str:
    """How much of a region is counted, in words."""
    counted, stations = child["counts"][COUNTED], child["stations"]
    if not counted:
        return _("belum ada dari %(stations)s TPS yang terhitung") % {"stations": figure(stations)}
    return _("%(counted)s dari %(stations)s TPS terhitung (%(share)s)") % {
        "counted": figure(counted),
        "stations": figure(stations),
        "share": percent(counted / stations if stations else None),
    }


def _leading(child: Mapping[str, Any], options: Sequence[Mapping[str, Any]]) -> Reading:
    votes = sorted(((child["sums"][one["key"]], -one["number"], one) for one in options), key=lambda v: v[:2])
    total, counted = sum(number for number, _place, _one in votes), child["counts"][COUNTED]
    behind = counted_of(child)
    if not counted or not total:
        return _reading(child, NOTHING, "", behind)
    (first, _place, leader), second = votes[-1], votes[-2][0] if len(votes) > 1 else 0
    if first == second:
        return _reading(child, TIE, "=", _("seri; %(behind)s") % {"behind": behind})
    lead = (first - second) / total
    mark = option_marks.of(leader["number"])
    fill = leading_fill(mark, 1 if lead < CLOSE else 3 if lead < CLEAR else 5, leader)
    sentence = _("nomor %(number)s unggul dengan %(share)s, terpaut %(lead)s; %(behind)s") % {
        "number": leader["number"],
        "share": percent(first / total),
        "lead": points(lead),
        "behind": behind,
    }
    return _reading(child, fill, str(leader["number"]), sentence, thin=counted < THIN * (child["stations"] or 0))


def leading_fill(mark: Mark, strength: int, option: Mapping[str, Any]) -> Fill:
    return Fill(f"{mark.key}{strength}", str(mark.hue), strength, mark.pattern, option)


def _coverage(child: Mapping[str, Any]) -> Reading:
    part = child["counts"][COUNTED] / child["stations"] if child["stations"] else 0.0
    # Rounded down: all is said of all only.
    text = f"{int(part * 100)}%" if part >= 0.01 else "<1%" if part else ""
    return _reading(child, coverage_fill(part), text, counted_of(child))


def coverage_fill(part: float) -> Fill:
    """None counted, up to a quarter, half, three quarters, less than all, all."""
    if not part:
        return NOTHING
    step = 1 + sum(part >= limit for limit in STEPS)
    return Fill(f"c{step}", "tinta", step)


def _difference(child: Mapping[str, Any], part: float | None) -> Reading:
    """`part`: our votes less the official ones of the same TPS, as a part of these; None: not comparable."""
    if part is None:
        return _reading(child, NOTHING, "", _("belum dapat dibandingkan dengan angka resmi"))
    return _reading(child, difference_fill(part), signed_percent(part), _difference_words(part))


def _difference_words(part: float) -> str:
    if abs(part) < EQUAL:
        return _("sama dengan angka resmi")
    sentence = _("suara yang kami baca %(part)s lebih banyak daripada angka resmi TPS yang sama")
    if part < 0:
        sentence = _("suara yang kami baca %(part)s lebih sedikit daripada angka resmi TPS yang sama")
    return sentence % {"part": percent(abs(part))}


def difference_fill(part: float) -> Fill:
    if abs(part) < EQUAL:
        return Fill("d0", "equal", 5)
    strength = 5 if abs(part) >= LARGE else 2
    return Fill(f"m{strength}", "1", strength, 5) if part < 0 else Fill(f"l{strength}", "4", strength, 1)


def _reading(child: Mapping[str, Any], fill: Fill, text: str, sentence: str, thin: bool = False) -> Reading:
    return Reading(child["code"], child["name"], fill, text, f"{child['name']}: {sentence}", thin)


# --- The legend -----------------------------------------------------------------------------


@dataclass(frozen=True)
class Entry:
    """A line of the legend: fills from pale to strong, and what they mean."""

    fills: tuple[Fill, ...]
    words: str


def legend(layer: str, readings: Sequence[Reading]) -> list[Entry]:
    """What the fills on this map mean, in ballot order or from little to much."""
    used = {reading.fill for reading in readings}
    if layer == COVERAGE:
        found = _coverage_legend()
    elif layer == DIFFERENCE:
        found = _difference_legend()
    else:
        leaders = {fill.option["number"]: fill.option for fill in used if fill.option}
        found = [_leader(leaders[number]) for number in sorted(leaders)]
        found += [Entry((TIE,), _("seri"))] if TIE in used else []
    empty = _("belum dapat dibandingkan") if layer == DIFFERENCE else _("belum ada yang terhitung")
    return [*found, *([Entry((NOTHING,), empty)] if NOTHING in used else [])]


def _leader(option: Mapping[str, Any]) -> Entry:
    mark = option_marks.of(option["number"])
    fills = tuple(leading_fill(mark, strength, option) for strength in (1, 3, 5))
    return Entry(fills, f"{option['number']}. {option['name']}")


def _coverage_legend() -> list[Entry]:
    words = ("< 25 %", "25–50 %", "50–75 %", "75–100 %", _("semua TPS"))
    parts = (0.1, *STEPS)
    return [Entry((coverage_fill(part),), word) for part, word in zip(parts, words, strict=True)]


def _difference_legend() -> list[Entry]:
    return [
        Entry((difference_fill(-0.005), difference_fill(-1)), _("kami membaca lebih sedikit")),
        Entry((difference_fill(0),), _("sama")),
        Entry((difference_fill(0.005), difference_fill(1)), _("kami membaca lebih banyak")),
    ]
