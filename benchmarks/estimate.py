"""Does the 95 % interval cover the final value? The real TPS of 2024 arrive in biased orders, again and again.

What has to hold: where TPS within a stratum arrive independently of their votes, each option's final share lies in
its interval in 93 % of 500 runs. Two cases that no weighting can correct are run beside them and shown. The raw sum is
the yardstick. Figures: docs/estimate.md. RUNS=60 makes a short one.
"""

import json
import os
import sys
from collections import Counter
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from itertools import product
from pathlib import Path

import numpy as np

sys.path.insert(0, str(Path(__file__).resolve().parent))
from _database import ROOT

DATA = Path(os.environ.get("PEMANTAU_SHARED", ROOT.parent / "shared")) / "data"
RUNS = int(os.environ.get("RUNS", "500"))
TARGET = 0.93
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
    reasons: dict[str, int]
    covered: list[float]  # per option, of the runs with an estimate
    error: list[float]  # mean absolute error of the estimate
    half: list[float]  # mean half width
    raw: list[float]  # mean absolute error of the raw sum
    raw_worst: float
    uncovered: float


def cell(order: str, coverage: float, runs: int = RUNS) -> Cell:
    """Seeded by its name, so that a cell is the same whichever process runs it."""
    from _arrivals import counted_first, nation, rates, strata_of

    from aggregation.estimate import estimate

    there = nation(DATA)
    rng = np.random.default_rng([*order.encode(), round(coverage * 100)])
    reasons: Counter[str] = Counter()
    hits, errors, halves, raw, uncovered = [], [], [], [], []
    for _ in range(runs):
        chosen = counted_first(rates(there, order, rng), coverage, rng)
        told = estimate(strata_of(there, chosen), digits=(4, 2, 0))
        votes = there.votes[chosen].sum(axis=0)
        raw.append(np.abs(votes / votes.sum() - there.final))
        uncovered.append(told.uncovered)
        if told.reason:
            reasons[told.reason] += 1
            continue
        pairs = list(zip(told.options, there.final, strict=True))
        hits.append([one.low <= final <= one.high for one, final in pairs])
        errors.append([abs(one.share - final) for one, final in pairs])
        halves.append([(one.high - one.low) / 2 for one, _final in pairs])

    def mean(rows: list) -> list[float]:
        return np.mean(rows, axis=0).tolist() if rows else []

    return Cell(
        order, coverage, runs, len(hits), dict(reasons), mean(hits), mean(errors), mean(halves), mean(raw),
        float(np.max(raw)), float(np.mean(uncovered)),
    )  # fmt: skip


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
