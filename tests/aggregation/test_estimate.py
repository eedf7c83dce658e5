"""The stratified estimate: against sums by hand, and against real TPS that arrive in biased orders."""

import math
import random
import sys
import time
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from aggregation.estimate import MOST_UNCOVERED, WIDENED, Stratum, around, estimate, quantile

BENCHMARKS = Path(__file__).resolve().parents[2] / "benchmarks"


def stratum(code, stations, counted, size=None, of_size=None):
    """From the votes of each counted TPS; sizes are 1 unless they are given."""
    x = of_size or [1.0] * len(counted)
    t = [float(sum(votes)) for votes in counted]
    by_option = list(zip(*counted, strict=True)) if counted else []

    def sums(value):
        return tuple(sum(value(v, i) for i, v in enumerate(votes)) for votes in by_option) or (0.0, 0.0)

    return Stratum(
        code, stations, float(size if size is not None else stations), len(counted), sum(x) if counted else 0.0,
        sum(a * a for a in x) if counted else 0.0, sum(a * b for a, b in zip(x, t, strict=False)), sum(t),
        sum(b * b for b in t), sums(lambda v, i: v), sums(lambda v, i: v * v), sums(lambda v, i: v * t[i]),
        sums(lambda v, i: v * x[i]),
    )  # fmt: skip


def tps(n, share, spread=0.1, seed=0):
    draw = random.Random(seed)
    found = []
    for _ in range(n):
        total = draw.randint(150, 250)
        first = round(total * min(max(draw.gauss(share, spread), 0), 1))
        found.append((first, total - first))
    return found


def test_a_stratum_weighs_as_its_electorate_not_as_what_is_counted_of_it():
    ahead, behind = [(80, 20)] * 40, [(20, 80)] * 10
    told = estimate([stratum("010101", 100, ahead), stratum("010102", 100, behind)], digits=(4, 2, 0))
    assert told.reason is None
    assert told.options[0].share == pytest.approx(0.5)  # 68 % of the raw sum
    bigger = estimate([stratum("010101", 100, ahead), stratum("010102", 100, behind, size=300)], digits=(4, 2, 0))
    assert bigger.options[0].share == pytest.approx(0.35)


def test_within_a_stratum_tps_stand_for_their_electorate():
    # Half of the electorate is in TPS of 300; of these one in eight is counted, of those of 100 a half.
    large, small = [(240, 60)] * 10, [(20, 80)] * 120
    told = estimate(
        [
            stratum("010101", 80, large, size=80 * 300, of_size=[300.0] * 10),
            stratum("010102", 240, small, size=240 * 100, of_size=[100.0] * 120),
        ],
        digits=(0,),
    )
    assert told.options[0].share == pytest.approx((0.8 + 0.2) / 2)


def test_the_variance_is_that_of_cochran():
    """6.51 with z = y - p·t in each stratum, by hand."""
    one, two = tps(12, 0.6, seed=1), tps(20, 0.3, seed=2)
    told = estimate([stratum("010101", 40, one), stratum("010102", 100, two)], digits=(0,))
    y = 40 / 12 * sum(v[0] for v in one) + 100 / 20 * sum(v[0] for v in two)
    t = 40 / 12 * sum(map(sum, one)) + 100 / 20 * sum(map(sum, two))
    p = y / t
    variances = []
    for of, votes in ((40, one), (100, two)):
        n = len(votes)
        z = [v[0] - p * sum(v) for v in votes]
        mean = sum(z) / n
        variances.append((of**2 * (1 - n / of) / n * sum((a - mean) ** 2 for a in z) / (n - 1), n - 1))
    variance = sum(v for v, _n in variances)
    degrees = variance**2 / sum(v**2 / n for v, n in variances)
    expected = around(p, WIDENED * quantile(degrees) * math.sqrt(variance) / t, 32, complete=False)
    assert told.options[0].share == pytest.approx(expected.share)
    assert (told.options[0].low, told.options[0].high) == pytest.approx((expected.low, expected.high))


@pytest.mark.parametrize(
    ("degrees", "wanted"), [(5, 2.5706), (8, 2.3060), (15, 2.1314), (30, 2.0423), (120, 1.9799), (1e9, 1.95996)]
)
def test_students_quantile_is_that_of_the_tables(degrees, wanted):
    assert quantile(degrees) == pytest.approx(wanted, abs=0.001)


def test_where_all_is_counted_nothing_is_uncertain():
    told = estimate([stratum("010101", 20, tps(20, 0.4)), stratum("010102", 15, tps(15, 0.7))], digits=(4, 2, 0))
    votes = [*tps(20, 0.4), *tps(15, 0.7)]
    share = sum(v[0] for v in votes) / sum(map(sum, votes))
    assert {told.options[0].low, told.options[0].high, told.options[0].share} == {told.options[0].share}
    assert told.options[0].share == pytest.approx(share)


def test_a_stratum_without_a_counted_tps_is_stood_for_by_its_kabupaten_and_widens_the_interval():
    here = [stratum(f"01010{i}", 50, tps(20, share, seed=i)) for i, share in enumerate((0.3, 0.4, 0.5))]
    there = [stratum(f"01020{i}", 50, tps(20, 0.9, seed=i + 5)) for i in range(3)]
    whole = estimate([*here, *there], digits=(4, 2, 0))
    told = estimate([*here, stratum("010104", 50, []), *there], digits=(4, 2, 0))
    # As if the kabupaten around it were a third larger, whatever the other one votes.
    kabupaten = estimate(here, digits=(4, 2, 0)).options[0].share
    assert told.options[0].share == pytest.approx((whole.options[0].share * 300 + kabupaten * 50) / 350, abs=0.005)
    assert told.options[0].high - told.options[0].low > whole.options[0].high - whole.options[0].low
    assert (told.covered, told.strata, told.uncovered) == (6, 7, pytest.approx(50 / 350))


def test_a_stratum_with_one_counted_tps_borrows_a_variance_that_holds_the_differences_between_strata():
    alike = [stratum(f"0101{i:02d}", 40, tps(1, 0.5, 0.02, seed=i)) for i in range(40)]
    apart = [stratum(f"0101{i:02d}", 40, tps(1, 0.2 + 0.015 * i, 0.02, seed=i)) for i in range(40)]

    def width(strata):
        (one, _other) = estimate(strata, digits=(4, 2, 0)).options
        return one.high - one.low

    assert 0 < width(alike) < width(apart) / 3


@pytest.mark.parametrize(
    ("strata", "reason"),
    [
        ([stratum("010101", 50, [])], "nothing_counted"),
        ([], "nothing_counted"),
        ([stratum("010101", 50, [(0, 0)] * 40)], "nothing_counted"),
        ([stratum("010101", 50, tps(29, 0.5))], "few_stations"),
        ([stratum("010101", 82, tps(40, 0.5)), stratum("010102", 18, [])], "uncovered"),
        # Two TPS that say all there is to say about a stratum that is nearly all of the electorate.
        ([stratum("010101", 30, tps(29, 0.5), size=1), stratum("010102", 9000, tps(2, 0.5))], "few_degrees"),
    ],
)
def test_where_there_is_not_enough_it_says_why(strata, reason):
    told = estimate(strata, digits=(4, 2, 0))
    assert (told.reason, told.options) == (reason, ())
    assert told.data(["a", "b"])["enough"] is False


def test_up_to_the_stated_share_may_be_uncovered():
    strata = [stratum("010101", 85, tps(40, 0.5)), stratum("010102", 15, [])]
    assert estimate(strata, digits=(4, 2, 0)).uncovered == pytest.approx(MOST_UNCOVERED)
    assert estimate(strata, digits=(4, 2, 0)).reason is None


def test_an_option_nobody_voted_for_yet_may_still_get_something():
    told = estimate([stratum("010101", 300, [(100, 0)] * 40)], digits=(0,))
    first, second = told.options
    assert (second.share, second.low) == (0, 0)
    assert second.high == pytest.approx(1 - 0.025 ** (1 / 40))
    assert (first.low, first.high) == (pytest.approx(0.025 ** (1 / 40)), 1)


@settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(
    st.lists(
        st.tuples(
            st.integers(0, 3),
            st.integers(0, 60),
            st.lists(st.tuples(st.integers(0, 300), st.integers(0, 300)), max_size=30),
        ),
        max_size=8,
    )
)
def test_whatever_is_counted_a_share_lies_in_its_interval_and_both_in_0_to_1(rows):
    strata = [
        stratum(f"0{kabupaten}01{i:02d}", len(votes) + more, votes) for i, (kabupaten, more, votes) in enumerate(rows)
    ]
    told = estimate(strata, digits=(4, 2, 0))
    for one in told.options:
        assert 0 <= one.low <= one.share + 1e-12
        assert one.share - 1e-12 <= one.high <= 1
    if told.options:
        assert sum(one.share for one in told.options) == pytest.approx(1)


def test_a_nation_is_estimated_in_half_a_second_of_a_processor():
    strata = [
        stratum(f"{11 + i % 38}{10 + i // 38 % 14}{10 + i // 532}", 110, tps(i % 10, 0.5, seed=i)) for i in range(7_400)
    ]
    began = time.process_time()
    told = estimate(strata, digits=(4, 2, 0))
    assert time.process_time() - began < 0.5
    assert told.options


# --- Real TPS in biased orders: a short one of benchmarks/estimate.py ------------------------------------------------

RUNS = 60
# Where the interval covers in 95 of 100 runs, fewer than this many of 60 have a chance of 1 in 5,800 (binomial); there
# are 36 of them below.
FEWEST = 50


@pytest.fixture(scope="module")
def bench(shared):
    sys.path.insert(0, str(BENCHMARKS))
    try:
        import estimate as benchmark  # type: ignore[import-not-found]

        benchmark.DATA = shared / "data"
        yield benchmark
    finally:
        sys.path.remove(str(BENCHMARKS))


@pytest.mark.slow
@pytest.mark.parametrize("coverage", [0.05, 0.3, 0.6])
@pytest.mark.parametrize("order", ["by province", "city first", "strong for 1 first", "strong for 2 first"])
def test_the_interval_covers_the_final_value_in_whatever_order_strata_arrive(bench, order, coverage):
    cell = bench.cell(order, coverage, RUNS)
    assert cell.told >= 0.9 * RUNS
    for part in cell.covered:
        assert round(part * cell.told) >= FEWEST - (RUNS - cell.told)
    # The raw sum is off by more than the estimate's interval is wide, or the order is not one that misleads.
    assert max(cell.raw) > 3 * max(cell.error)


@pytest.mark.slow
def test_what_cannot_be_corrected_is_not_corrected(bench):
    """Selected inside strata: the interval does not cover, and the page says so."""
    cell = bench.cell("selected inside strata", 0.3, 10)
    assert cell.covered[0] == 0
    assert cell.error[0] > 0.02
