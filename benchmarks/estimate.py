"""Does the 95 % interval cover the final value? The real TPS of 2024 arrive in biased orders, again and again.

What has to hold: where TPS within a stratum arrive independently of their votes, each option's final share lies in
its interval in 93 % of 500 runs. Two cases that no weighting can correct are run beside them and shown. The raw sum is
the yardstick. Figures: docs/estimate.md. RUNS=60 makes a short one.
"""

import json
import os
import sys
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from itertools import product
from pathlib import Path

import numpy as np

sys.path.insert(0, str(Path(__file__).resolve().parent))
from _database import ROOT

from aggregation.estimate import Estimate

DATA = Path(os.environ.get("PEMANTAU_SHARED", ROOT.parent / "shared")) / "data"
RUNS = int(os.environ.get("RUNS", "500"))
TARGET = 0.93
COMPARED = 3
COVERAGES = (0.05, 0.15, 0.3, 0.6)
MUST_HOLD = ("by province", "city first", "strong for 1 first", "strong for 2 first")
CANNOT = ("selected inside strata", "whole villages at once")


@dataclass
class Cell:
    """One order at one coverage: what came out of all runs."""

    order: str
    coverage: float
    runs: int
    told: int  # runs in which there was an estimate
    covered: list[float]  # per option, of the runs with an estimate
    error: list[float]  # mean absolute error of the estimate
    half: list[float]  # mean half width
    raw: list[float]  # mean absolute error of the raw sum
    raw_worst: float
    uncovered: float


def cell(order: str, coverage: float, runs: int = RUNS) -> Cell:
    """Seeded by its name, so that a cell is the same whichever process runs it."""
    from _arrivals import counted_first, nation, rates, strata_of, sums_of
    from _many_estimates import Regions, estimate

    from aggregation.estimate import estimate as original

    there = nation(DATA)
    regions = Regions(there)
    rng = np.random.default_rng([*order.encode(), round(coverage * 100)])
    hits, errors, halves, raw, uncovered = [], [], [], [], []
    for run in range(runs):
        chosen = counted_first(rates(there, order, rng), coverage, rng)
        sums = sums_of(there, chosen)
        told = estimate(there, regions, sums)
        if run < COMPARED:
            compare(told, original(strata_of(there, chosen), digits=(4, 2, 0)))
        votes = sums[:, 6:9].sum(axis=0)
        raw.append(np.abs(votes / votes.sum() - there.final))
        uncovered.append(there.sizes[sums[:, 1] == 0].sum() / there.sizes.sum())
        if told is None:
            continue
        share, low, high = told.T
        hits.append((low <= there.final) & (there.final <= high))
        errors.append(np.abs(share - there.final))
        halves.append((high - low) / 2)

    def mean(rows: list) -> list[float]:
        return np.mean(rows, axis=0).tolist() if rows else []

    return Cell(
        order, coverage, runs, len(hits), mean(hits), mean(errors), mean(halves), mean(raw),
        float(np.max(raw)), float(np.mean(uncovered)),
    )  # fmt: skip


def compare(quick: np.ndarray | None, told: Estimate) -> None:
    """What is run here by the hundred is what the pages show."""
    if quick is None:
        assert told.reason, "an estimate where there is none"
        return
    shown = np.array([(one.share, one.low, one.high) for one in told.options])
    assert shown.shape == quick.shape, told.reason
    assert np.abs(shown - quick).max() < 1e-9, "numpy and the original differ"


def line(one: Cell) -> str:
    def points(shares: list[float]) -> str:
        return " / ".join(f"{100 * share:.2f}" for share in shares) if shares else "–"

    within = " / ".join(f"{100 * part:.1f}" for part in one.covered) if one.covered else "–"
    return (
        f"| {one.order} | {100 * one.coverage:.0f} % | {one.told} | {within} | {points(one.half)} "
        f"| {points(one.error)} | {points(one.raw)} | {100 * one.raw_worst:.1f} | {100 * one.uncovered:.1f} % |"
    )


HEAD = (
    "| order | TPS counted | runs with an estimate | final value in the interval, % (1 / 2 / 3) | half width, points"
    " | error of the estimate, points | error of the raw sum, points | its worst | electorate in empty strata |\n"
    "|---|---|---|---|---|---|---|---|---|"
)


def main() -> bool:
    cells = [*product(MUST_HOLD, COVERAGES), *product(CANNOT, COVERAGES)]
    with ProcessPoolExecutor(max_workers=min(os.cpu_count() or 1, 4)) as pool:
        running = [
            pool.submit(cell, order, coverage, RUNS if order in MUST_HOLD else RUNS // 5) for order, coverage in cells
        ]
        print(HEAD)
        done = []
        for future in running:
            done.append(future.result())
            print(line(done[-1]), flush=True)
    held = [one for one in done if one.order in MUST_HOLD and one.told]
    worst = min(min(one.covered) for one in held)
    told = sum(one.told for one in held) / sum(one.runs for one in done if one.order in MUST_HOLD)
    print(
        json.dumps(
            {
                "name": "estimate",
                "ours": round(worst, 3),
                "target": TARGET,
                "runs": RUNS,
                "cells": len(held),
                "told": round(told, 3),
                "raw_sum_worst_points": round(100 * max(one.raw_worst for one in held), 1),
                "ok": worst >= TARGET and told > 0.9,
            }
        )
    )
    return worst >= TARGET


if __name__ == "__main__":
    sys.exit(not main())
