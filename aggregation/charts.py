"""Charts of a count: the options' shares and the coverage over time, as SVG, with the same figures as a table.

Pure but for `panel`, which asks for the history. A value stands until the next point, so lines go in steps; a sum that
fell is drawn falling. Options are told apart by colour, dashes and their number at the line's end.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.utils.html import escape
from django.utils.safestring import SafeString, mark_safe
from django.utils.translation import gettext as _

from aggregation import chart_axes, clock, option_marks, samples
from aggregation.columns import COUNTED
from aggregation.region_document import code_of
from aggregation.templatetags.figures import percent

# Small enough to be read on a phone, where the whole is about two thirds of its size.
WIDTH, HEIGHT = 480, 300
LEFT, RIGHT, TOP, BOTTOM = 52, 84, 12, 32
PLOT_WIDTH, PLOT_HEIGHT = WIDTH - LEFT - RIGHT, HEIGHT - TOP - BOTTOM
LABEL_GAP = 17
# More lines than these are a tangle: DPR has 18 parties. The table has them all.
MOST_LINES = 8
ROWS = 24
# More columns of names than these do not fit; numbers do.
MOST_NAMES = 5


@dataclass(frozen=True)
class Point:
    """What stood at one moment."""

    at: datetime
    stations: int
    counted: int
    votes: Sequence[int]

    @property
    def coverage(self) -> float:
        return self.counted / self.stations if self.stations else 0.0

    def share(self, place: int) -> float | None:
        """Of the option at this place on the ballot; None as long as nobody has a vote."""
        total = sum(self.votes)
        return self.votes[place] / total if total else None


@dataclass(frozen=True)
class Line:
    """Values from 0 to 1 over time, how they are drawn, and the word at the end."""

    classes: str
    dash: str
    values: Sequence[tuple[datetime, float]]
    word: str = ""


def panel(document: Mapping[str, Any]) -> dict[str, Any] | None:
    """What `aggregation/_charts.html` shows of a region's document; None before there are two points."""
    region = document["region"]["code"]
    said = samples.history(document["election"]["code"], document["contest"]["code"], code_of(region))
    ours = with_now([_point(one) for one in said if not one["official"]], document)
    official = [_point(one) for one in said if one["official"]]
    ours = [one for one in ours if len(one.votes) == len(document["options"])]
    if len(ours) < 2:
        return None
    options, code = document["options"], code_of(region)
    drawn = leading(options, ours[-1])
    return {
        "shares": draw(share_lines(options, drawn, ours, official), code, _("Perolehan suara dari waktu ke waktu")),
        "coverage": draw(coverage_lines(ours), code, _("Cakupan dari waktu ke waktu"), top=1.0),
        "legend": [{"key": key(options[place]["number"]), "option": options[place]} for place in drawn],
        "left_out": len(options) - len(drawn),
        "official": bool(official),
        "zone": clock.zone_of(code),
        "names": len(options) <= MOST_NAMES,
        "rows": table(options, ours),
        "code": code,
    }


def _point(said: Mapping[str, Any]) -> Point:
    return Point(datetime.fromisoformat(said["at"]), said["stations"], said["counted"], said["votes"])


def with_now(points: Sequence[Point], document: Mapping[str, Any]) -> list[Point]:
    """The points up to now: what the document says stands last, in place of whatever is not older."""
    if not document["changed_at"]:
        return list(points)
    votes = [document["sums"][option["key"]] for option in document["options"]]
    at = datetime.fromisoformat(document["changed_at"])
    now = Point(at, document["stations"], document["counts"][COUNTED], votes)
    return [*(point for point in points if point.at < at), now]


def leading(options: Sequence[Mapping[str, Any]], last: Point, most: int = MOST_LINES) -> list[int]:
    """The places on the ballot of those with the most votes at last, in the order of the ballot."""
    by_votes = sorted(range(len(options)), key=lambda place: (-last.votes[place], place))
    return sorted(by_votes[:most])


def share_lines(
    options: Sequence[Mapping[str, Any]], drawn: Sequence[int], ours: Sequence[Point], official: Sequence[Point]
) -> list[Line]:
    """A line for each of the drawn options, and a thin one for what the official count said."""
    found = []
    for place in drawn:
        mark = option_marks.of(options[place]["number"])
        style = f"chart__line chart__hue--{mark.hue}"
        values = _shares(ours, place)
        word = f"{options[place]['number']}: {percent(values[-1][1])}" if values else ""
        found.append(Line(style, option_marks.DASHES[mark.pattern], values, word))
        theirs = _shares([one for one in official if len(one.votes) == len(options)], place)
        found.append(Line(f"{style} chart__line--official", "", theirs))
    return [line for line in found if line.values]


def _shares(points: Sequence[Point], place: int) -> list[tuple[datetime, float]]:
    return [(point.at, share) for point in points if (share := point.share(place)) is not None]


def coverage_lines(points: Sequence[Point]) -> list[Line]:
    values = [(point.at, point.coverage) for point in points]
    return [Line("chart__line chart__hue--tinta", "", values, percent(values[-1][1]))]


def table(options: Sequence[Mapping[str, Any]], points: Sequence[Point]) -> list[dict[str, Any]]:
    """At most `ROWS` of the points, evenly over their number, the first and the last always."""
    last = len(points) - 1
    places = sorted({round(row * last / (ROWS - 1)) for row in range(ROWS)}) if last >= ROWS else range(last + 1)
    return [
        {
            "at": points[place].at.isoformat(),
            "counted": points[place].counted,
            "coverage": points[place].coverage,
            "shares": [points[place].share(number) for number in range(len(options))],
        }
        for place in places
    ]


# --- Drawing --------------------------------------------------------------------------------


def draw(lines: Sequence[Line], code: str, label: str, top: float | None = None) -> SafeString:
    """The SVG of lines over time on the clocks of a place; empty without a line. `top`: where the shares' axis ends."""
    if not lines:
        return SafeString("")
    moments = [at for line in lines for at, _value in line.values]
    first, last = min(moments), max(moments)
    top = top or chart_axes.top_of([value for line in lines for _at, value in line.values])
    length = (last - first).total_seconds() or 1.0

    def x(at: datetime) -> int:
        return LEFT + round((at - first).total_seconds() / length * PLOT_WIDTH)

    def y(value: float) -> int:
        return TOP + round((1 - value / top) * PLOT_HEIGHT)

    paths = "".join(_line(line, [(x(at), y(value)) for at, value in line.values]) for line in lines)
    named = [line for line in lines if line.word]
    places = chart_axes.apart([y(line.values[-1][1]) + 5 for line in named], LABEL_GAP, TOP + 5, TOP + PLOT_HEIGHT)
    words = "".join(
        f'<text class="chart__word" x="{WIDTH - RIGHT + 6}" y="{round(place)}">{escape(line.word)}</text>'
        for line, place in zip(named, places, strict=True)
    )
    return mark_safe(  # noqa: S308 -- words are escaped, everything else comes from this program
        f'<svg class="chart" viewBox="0 0 {WIDTH} {HEIGHT}" width="{WIDTH}" height="{HEIGHT}" role="img"'
        f' aria-label="{escape(label)}">{_axes(first, last, code, top)}{paths}{words}</svg>'
    )


def _line(line: Line, points: Sequence[tuple[int, int]]) -> str:
    dash = f' stroke-dasharray="{line.dash}"' if line.dash else ""
    return f'<path class="{line.classes}"{dash} d="{steps(points)}"/>'


def steps(points: Sequence[tuple[int, int]]) -> str:
    """An SVG path that goes to the right, then up or down, from point to point."""
    (x, y), *others = points
    path = f"M{x} {y}"
    for next_x, next_y in others:
        path += (f"h{next_x - x}" if next_x != x else "") + (f"v{next_y - y}" if next_y != y else "")
        x, y = next_x, next_y
    return path


def _axes(first: datetime, last: datetime, code: str, top: float) -> str:
    bottom, right = TOP + PLOT_HEIGHT, LEFT + PLOT_WIDTH
    found = ""
    for share in chart_axes.of_share(top):
        y = TOP + round((1 - share / top) * PLOT_HEIGHT)
        found += f'<path class="chart__grid" d="M{LEFT} {y}H{right}"/>'
        word = f"{round(share * 100)} %"
        found += f'<text class="chart__tick chart__tick--share" x="{LEFT - 6}" y="{y + 5}">{word}</text>'
    for tick in chart_axes.of_time(first, last, code):
        x = LEFT + round(tick.at * PLOT_WIDTH)
        found += f'<path class="chart__grid" d="M{x} {bottom}v5"/>'
        found += f'<text class="chart__tick" x="{x}" y="{bottom + 22}">{escape(tick.word)}</text>'
    return f'{found}<path class="chart__axis" d="M{LEFT} {bottom}H{right}"/>'


def key(number: int) -> SafeString:
    """A piece of an option's line, for the legend."""
    mark = option_marks.of(number)
    line = Line(f"chart__line chart__hue--{mark.hue}", option_marks.DASHES[mark.pattern], ())
    return mark_safe(  # noqa: S308 -- as above
        '<svg class="map__key" viewBox="0 0 40 12" width="40" height="12" aria-hidden="true">'
        f"{_line(line, [(0, 6), (40, 6)])}</svg>"
    )
