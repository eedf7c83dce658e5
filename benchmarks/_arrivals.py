"""The real TPS of 2024 in invented orders of arrival: what the estimate is tried on.

The nation here is the 199,966 TPS whose three numbers are all published; its final value is theirs.
"""

import csv
import gzip
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

import numpy as np

from aggregation.estimate import Stratum

OPTIONS = ("paslon1", "paslon2", "paslon3")


@dataclass
class Population:
    """TPS in the order of their codes; `strata` says where each stratum begins."""

    codes: list[str]
    votes: np.ndarray  # TPS x options
    strata: list[str]
    begins: np.ndarray
    of: np.ndarray  # the stratum of each TPS
    moments: np.ndarray  # TPS x what `Stratum` adds up
    whole: np.ndarray  # the same, added up over the TPS of each stratum
    stations: np.ndarray  # TPS of each stratum
    sizes: np.ndarray

    @property
    def final(self) -> np.ndarray:
        return self.votes.sum(axis=0) / self.votes.sum()


def read(data: Path, digits: int) -> Population:
    """The nation, in strata by the first digits of the codes: 6 for kecamatan, 10 for villages."""
    codes, votes, voters = [], [], []
    with gzip.open(data / "results_ppwp.csv.gz", "rt", newline="") as lines:
        for row in sorted(csv.DictReader(lines), key=lambda row: row["tps_code"]):
            if all(row[key] for key in OPTIONS):
                codes.append(row["tps_code"])
                votes.append([int(row[key]) for key in OPTIONS])
                voters.append(int(row["dpt"]) if row["dpt"] else -1)
    return population(codes, np.array(votes, dtype=float), sizes([c[:6] for c in codes], np.array(voters)), digits)


def sizes(kecamatan: list[str], voters: np.ndarray) -> np.ndarray:
    """As `aggregation.strata` has them: half the DPT, half the kecamatan's mean; the mean where a DPT is not known."""
    _names, of = np.unique(kecamatan, return_inverse=True)
    known = voters >= 0
    many = np.bincount(of, known)
    sums = np.bincount(of, np.where(known, voters, 0))
    mean = np.where(sums > 0, sums / np.maximum(many, 1), sums.sum() / many.sum())[of]
    return (np.where(known, voters, mean) + mean) / 2


def population(codes: list[str], votes: np.ndarray, size: np.ndarray, digits: int) -> Population:
    strata, begins, of = np.unique([code[:digits] for code in codes], return_index=True, return_inverse=True)
    total = votes.sum(axis=1)
    one = np.ones(len(codes))
    columns = [one, size, size**2, size * total, total, total**2]
    columns += [*votes.T, *(votes**2).T, *(votes.T * total), *(votes.T * size)]
    moments = np.column_stack(columns)
    whole = np.add.reduceat(moments, begins, axis=0)
    return Population(codes, votes, strata.tolist(), begins, of, moments, whole, np.bincount(of), np.bincount(of, size))


@lru_cache(maxsize=2)
def nation(data: Path, digits: int = 6) -> Population:
    """The same, read once in each process."""
    return read(data, digits)


def rates(there: Population, order: str, rng: np.random.Generator) -> np.ndarray:
    """How fast the TPS arrive; in all but the last two orders the same for all TPS of a stratum."""
    provinces = np.unique([code[:2] for code in there.strata], return_inverse=True)[1]
    shares = np.add.reduceat(there.votes, there.begins, axis=0)
    shares /= np.maximum(shares.sum(axis=1, keepdims=True), 1)
    if order == "by province":
        # Each province up to six times as fast as another, in an order of its own in each run.
        speed = rng.permutation(np.geomspace(1, 6, provinces.max() + 1))[provinces]
    elif order == "city first":
        # A kota five times as fast as a kabupaten (the third digit says which), a kecamatan of many TPS half again.
        city = np.array([code[2] >= "7" for code in there.strata])
        many = there.stations > np.median(there.stations)
        speed = np.where(city, 5.0, 1.0) * np.where(many, 1.5, 1.0)
    elif order.startswith("strong for "):
        # A kecamatan where it got 75 % is e² = 7.4 times as fast as one where it got 25 %.
        speed = np.exp(4 * shares[:, int(order.split()[2]) - 1])
    elif order == "selected inside strata":
        # A TPS where option 1 got 20 points more than in its kecamatan comes 1.8 times as fast as its neighbours.
        own = there.votes[:, 0] / np.maximum(there.votes.sum(axis=1), 1)
        return np.exp(3 * (own - shares[there.of, 0]))
    elif order == "whole villages at once":
        # Half of all villages are ten times as fast as the others: whoever sends, sends the whole village.
        villages = np.unique([code[:10] for code in there.codes], return_inverse=True)[1]
        return np.where(rng.random(villages.max() + 1) < 0.5, 10.0, 1.0)[villages]
    else:
        raise ValueError(order)
    return speed[there.of]


def counted_first(rates: np.ndarray, coverage: float, rng: np.random.Generator) -> np.ndarray:
    """Which TPS are counted when this part of all is: each comes at a random time, sooner where its rate is higher."""
    times = rng.exponential(size=len(rates)) / rates
    count = max(1, round(coverage * len(times)))
    chosen = np.zeros(len(times), dtype=bool)
    chosen[np.argpartition(times, count - 1)[:count]] = True
    return chosen


def sums_of(there: Population, chosen: np.ndarray) -> np.ndarray:
    """The moments of the counted TPS: strata x what `Stratum` adds up."""
    # What is not counted is taken off where that is less to add up.
    few = chosen if chosen.mean() < 0.5 else ~chosen
    rows = np.flatnonzero(few)
    of = there.of[rows]
    begins = np.flatnonzero(np.r_[True, of[1:] != of[:-1]])
    sums = np.zeros((len(there.strata), there.moments.shape[1]))
    sums[of[begins]] = np.add.reduceat(there.moments[rows], begins, axis=0)
    return sums if few is chosen else there.whole - sums


def strata_of(there: Population, chosen: np.ndarray) -> list[Stratum]:
    """The same as production reads it from the database."""
    k = there.votes.shape[1]
    parts = [slice(6 + k * i, 6 + k * (i + 1)) for i in range(4)]
    return [
        Stratum(code, int(n), float(x), round(s[0]), *s[1:6], *(tuple(s[part]) for part in parts))
        for code, n, x, s in zip(
            there.strata, there.stations, there.sizes, sums_of(there, chosen).tolist(), strict=True
        )
    ]
