"""Charts over time: axes, lines that fall where a sum fell, labels that do not cover each other, the table behind."""

import re
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from xml.etree import ElementTree

import pytest
from django.template.loader import render_to_string
from django.utils import translation
from hypothesis import given
from hypothesis import strategies as st

from aggregation import chart_axes, charts, samples
from aggregation.charts import Point
from tests.aggregation.pictures import OPTIONS, child, document, parties

START = datetime(2029, 2, 14, 8, tzinfo=UTC)  # 15.00 WIB, 17.00 WIT
SVG = "{http://www.w3.org/2000/svg}"
LIGHT = 40_000


def after(minutes):
    return START + timedelta(minutes=minutes)


def point(minutes, votes=(5, 3, 2), counted=5):
    return Point(after(minutes), 10, counted, votes)


def said(one, official=False):
    at = one.at.strftime("%Y-%m-%dT%H:%M:%SZ")
    return {
        "at": at,
        "stations": one.stations,
        "counted": one.counted,
        "votes": list(one.votes),
        "official": official,
    }


@pytest.fixture
def panel(monkeypatch):
    """`panel(points, **document)`: what the page shows where the history has these points."""

    def panel(points, official=(), options=OPTIONS, **fields):
        history = [*(said(one) for one in points), *(said(one, official=True) for one in official)]
        monkeypatch.setattr(samples, "history", lambda *where: history)
        return charts.panel(document([child()], options=options, **({"changed_at": None} | fields)))

    return panel


def parsed(svg):
    return ElementTree.fromstring(svg.replace("<svg ", '<svg xmlns="http://www.w3.org/2000/svg" '))


def texts(svg, name):
    return [one.text for one in parsed(svg).iter(f"{SVG}text") if name in one.get("class").split()]


def walked(path):
    """The points of a line, as a browser reads it."""
    x, y = map(int, re.match(r"M(\d+) (\d+)", path).groups())
    found = [(x, y)]
    for way, by in re.findall(r"([hv])(-?\d+)", path):
        x, y = (x + int(by), y) if way == "h" else (x, y + int(by))
        found.append((x, y))
    return found


# --- Axes -----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("hours", "code", "words"),
    [
        (1, "", ["15.00", "15.15", "15.30", "15.45", "16.00"]),
        (10, "", ["16.00", "18.00", "20.00", "22.00", "15 Feb"]),
        (10, "91", ["18.00", "20.00", "22.00", "15 Feb", "02.00"]),
        (72, "", ["15 Feb", "16 Feb", "17 Feb"]),
        (24 * 40, "", ["24 Feb", "6 Mar", "16 Mar", "26 Mar"]),
    ],
)
def test_round_moments_on_the_clocks_of_the_place(hours, code, words):
    with translation.override("id"):
        assert [tick.word for tick in chart_axes.of_time(START, after(60 * hours), code)][: len(words)] == words


@given(st.integers(0, 60 * 24 * 900), st.sampled_from(["", "51", "91"]))
def test_the_axis_of_time_goes_one_way_and_has_few_words(minutes, code):
    ticks = [tick.at for tick in chart_axes.of_time(START, after(minutes), code)]
    assert all(a < b for a, b in pairwise(ticks))
    assert all(0 <= at <= 1 for at in ticks)
    assert len(ticks) <= chart_axes.MOST_TICKS + 1


@given(st.lists(st.floats(0, 1), min_size=1))
def test_the_axis_of_shares_begins_at_0_and_holds_all(shares):
    top = chart_axes.top_of(shares)
    lines = chart_axes.of_share(top)
    assert lines[0] == 0
    assert max(shares) <= top + 1e-9 <= 1 + 1e-9
    assert lines == sorted(set(lines))
    assert lines[-1] <= top + 1e-9
    assert 2 <= len(lines) <= 6


@given(st.lists(st.floats(0, 200), max_size=12), st.floats(1, 40))
def test_labels_keep_apart_in_their_order(wanted, gap):
    placed = chart_axes.apart(wanted, gap, 0, 200)
    order = sorted(range(len(wanted)), key=lambda i: (wanted[i], i))
    least = min(gap, 200 / max(1, len(wanted) - 1))
    assert all(placed[b] - placed[a] >= least - 1e-6 for a, b in pairwise(order))
    assert all(-1e-6 <= place <= 200 + 1e-6 for place in placed)


# --- Lines ----------------------------------------------------------------------------------


def test_a_line_goes_in_steps_to_the_right_and_falls_where_the_sum_fell(panel):
    found = panel([point(0, counted=2), point(60, counted=8), point(120, counted=4)])
    line = next(one for one in parsed(found["coverage"]).iter(f"{SVG}path") if "chart__line" in one.get("class"))
    way = walked(line.get("d"))
    assert all(b[0] >= a[0] for a, b in pairwise(way))
    heights = [y for _, y in way]
    assert heights.index(min(heights)) < len(heights) - 1
    assert way[-1][1] > min(heights)
    assert charts.steps([(0, 10), (5, 3), (9, 8)]) == "M0 10h5v-7h4v5"


def test_what_the_page_says_now_is_the_last_point():
    page = document([child(votes=(1, 2, 3), counted=4)], changed_at="2029-02-14T09:00:00Z")
    points = charts.with_now([point(0), point(30), point(60), point(90)], page)
    assert [one.at for one in points] == [after(0), after(30), after(60)]
    assert points[-1].votes == [1, 2, 3]
    assert points[-1].counted == 4


def test_each_option_has_its_number_and_share_at_the_end_of_its_line(panel):
    found = panel([point(0), point(60, votes=(60, 30, 10))])
    assert texts(found["shares"], "chart__word") == ["1: 60,0\u00a0%", "2: 30,0\u00a0%", "3: 10,0\u00a0%"]
    dashes = {
        one.get("class"): one.get("stroke-dasharray")
        for one in parsed(found["shares"]).iter(f"{SVG}path")
        if "chart__line" in one.get("class")
    }
    assert len(set(dashes.values())) == len(dashes) == 3


def test_18_parties_give_8_lines_and_18_columns(panel):
    options, votes = parties(18), list(range(18, 0, -1))
    found = panel([point(0, votes=votes), point(60, votes=votes)], options=options)
    assert [entry["option"]["number"] for entry in found["legend"]] == list(range(1, 9))
    assert found["left_out"] == 10
    assert {len(row["shares"]) for row in found["rows"]} == {18}
    assert "1. Partai 1" not in render(found, options).split("<details")[1]


def render(found, options=OPTIONS):
    return render_to_string("aggregation/_charts.html", {"charts": found, "document": document([child()], options)})


def test_the_table_has_the_figures_of_the_chart(panel):
    points = [point(5 * n, votes=(50 + n, 50, 0), counted=n % 11) for n in range(120)]
    found = panel(points)
    assert len(found["rows"]) == charts.ROWS
    assert found["rows"][0]["at"] == points[0].at.isoformat()
    assert found["rows"][-1]["shares"] == [points[-1].share(n) for n in range(3)]
    html = render(found)
    assert len(html.encode()) <= LIGHT
    assert "style=" not in html
    assert "15.00 WIB" in html
    assert html.count("<tr>") == charts.ROWS + 1


def test_few_points_are_all_in_the_table(panel):
    assert len(panel([point(n) for n in range(7)])["rows"]) == 7


def test_the_official_line_is_thin_and_named(panel):
    found = panel([point(0), point(60)], official=[point(10, (9, 9, 9)), point(50, (9, 9, 9))])
    assert found["shares"].count("chart__line--official") == 3
    assert "Garis tipis: angka resmi." in render(found)
    assert "Garis tipis" not in render(panel([point(0), point(60)]))


def test_before_two_points_and_before_the_first_vote_there_is_nothing_to_draw(panel):
    assert panel([]) is None
    assert panel([point(0)]) is None
    empty = panel([point(0, (0, 0, 0)), point(5, (0, 0, 0))])
    assert empty["shares"] == ""
    assert "<svg" in empty["coverage"]
    assert render(None).strip() == ""


def test_points_of_a_ballot_with_other_options_are_left_out(panel):
    assert panel([point(0, (1, 2)), point(5, (1, 2, 3)), point(9, (1, 2, 3))])["rows"][0]["at"] == after(5).isoformat()


def test_a_hostile_name_stays_a_name(panel):
    options = [{"key": "a", "number": 1, "name": "<script>"}]
    found = panel([point(0, (1,)), point(5, (1,))], options=options)
    assert "<script>" not in render(found, options)
