"""`aggregation.estimate` once more, for the kecamatan of a nation, in numpy: hundreds of runs in the time of some.

The benchmark compares it with the original in each of its cells; where they differ, it fails.
"""

import numpy as np
from _arrivals import Population

from aggregation import estimate as original

# Columns of the moments, as `_arrivals.population` lays them out.
COUNT, SIZE, SIZES, SIZE_TOTAL, TOTAL, TOTALS = range(6)


class Regions:
    """Which kabupaten and province each kecamatan lies in."""

    def __init__(self, there: Population) -> None:
        self.of, self.begins = [], []
        for digits in (4, 2, 0):
            _names, begins, of = np.unique(
                [code[:digits] for code in there.strata], return_index=True, return_inverse=True
            )
            self.of.append(of)
            self.begins.append(begins)


def estimate(there: Population, regions: Regions, sums: np.ndarray) -> np.ndarray | None:
    """Options x (share, low, high); None where there is not enough for an estimate."""
    covered = sums[:, SIZE] > 0
    uncovered = there.sizes[~covered].sum() / there.sizes.sum()
    if sums[:, COUNT].sum() < original.FEWEST_STATIONS or uncovered > original.MOST_UNCOVERED:
        return None
    weights = _weights(there, regions, sums, covered)
    total = float(weights @ sums[:, TOTAL])
    found = []
    for option in range(there.votes.shape[1]):
        share = float(weights @ sums[:, 6 + option]) / total
        variance, degrees = _variance(there, regions, sums, weights, option, share)
        if degrees < original.FEWEST_DEGREES:
            return None
        half = original.WIDENED * original.quantile(degrees) * variance**0.5 / total
        half += _unseen(there, regions, sums, covered, option, share) / total
        one = original.around(share, half, int(sums[:, COUNT].sum()), complete=False)
        found.append((one.share, one.low, one.high))
    return np.array(found)


def _weights(there: Population, regions: Regions, sums: np.ndarray, covered: np.ndarray) -> np.ndarray:
    weights = np.where(covered, there.sizes / np.where(covered, sums[:, SIZE], 1), 0.0)
    size, seen = there.sizes, covered
    for of, begins in zip(regions.of, regions.begins, strict=True):
        # Regions of one level, by their strata: a region below counts with the first of its strata.
        whole = np.add.reduceat(size, begins)
        with_votes = np.add.reduceat(size * seen, begins)
        weights = weights * np.where(with_votes > 0, whole / np.where(with_votes > 0, with_votes, 1), 0.0)[of]
        size, seen = np.zeros(len(of)), np.zeros(len(of), dtype=bool)
        size[begins], seen[begins] = whole, with_votes > 0
    return weights


def _squares(sums: np.ndarray, option: int, share: float) -> np.ndarray:
    y, yy, yt, yx = (sums[:, 6 + 3 * part + option] for part in range(4))
    each = (y - share * sums[:, TOTAL]) / np.where(sums[:, SIZE] > 0, sums[:, SIZE], 1)
    squares = yy - 2 * share * yt + share**2 * sums[:, TOTALS]
    squares += each * (each * sums[:, SIZES] - 2 * (yx - share * sums[:, SIZE_TOTAL]))
    return np.maximum(squares, 0)


def _variance(
    there: Population, regions: Regions, sums: np.ndarray, weights: np.ndarray, option: int, share: float
) -> tuple[float, float]:
    n = np.rint(sums[:, COUNT])
    times = weights**2 * n * (1 - n / there.stations)
    several = n > 1
    parts = np.where(several, times * _squares(sums, option, share) / np.maximum(n - 1, 1), 0)
    variance, by_degrees = parts.sum(), (parts**2 / np.maximum(n - 1, 1)).sum()
    single = (n == 1) & (n < there.stations)
    for i, (of, begins) in enumerate(zip(regions.of, regions.begins, strict=True)):
        whole = np.add.reduceat(sums, begins, axis=0)
        lends = (np.rint(whole[:, COUNT]) >= original.ENOUGH_TO_LEND)[of] | (i == len(regions.of) - 1)
        lent = np.bincount(of, np.where(single & lends, times, 0))
        single &= ~lends
        degrees = np.maximum(np.rint(whole[:, COUNT]) - 1, 1)
        parts = lent * _squares(whole, option, share) / degrees
        variance, by_degrees = variance + parts.sum(), by_degrees + (parts**2 / degrees).sum()
    return float(variance), float(variance**2 / by_degrees)


def _unseen(
    there: Population, regions: Regions, sums: np.ndarray, covered: np.ndarray, option: int, share: float
) -> float:
    each = (sums[:, 6 + option] - share * sums[:, TOTAL]) / np.where(covered, sums[:, SIZE], 1)
    size, empty, total = there.sizes * covered, ~covered, 0.0
    for i, (of, begins) in enumerate(zip(regions.of, regions.begins, strict=True)):
        many, x = np.add.reduceat(covered.astype(float), begins), np.add.reduceat(size, begins)
        mean = np.add.reduceat(size * each, begins) / np.where(x > 0, x, 1)
        squares = np.add.reduceat(size * (each - mean[of]) ** 2, begins) / np.where(x > 0, x, 1)
        spread = np.sqrt(squares * many / np.maximum(many - 1, 1))
        here = empty & ((many >= original.ENOUGH_TO_COMPARE)[of] | (i == len(regions.of) - 1))
        total += float((there.sizes * here * spread[of]).sum())
        empty &= ~here
    return total
