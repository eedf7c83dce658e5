"""What the shares of all TPS may be, judged from the TPS counted so far: a stratified estimate with a 95 % interval.

A raw sum says what was counted. It misleads while some regions are ahead of others. Here each stratum (a kecamatan;
within a kecamatan each village) weighs as much as its electorate, however many of its TPS are counted.

Sources, all of them Cochran, Sampling Techniques, 3rd ed., 1977: the combined ratio estimator and its variance with
finite population correction (6.11, 6.12), weighting by a known size within strata (6.10), strata with a single unit
(5A.12: a variance that holds differences between strata, too, is never too small on average), Satterthwaite's degrees
of freedom (5.4). What it takes for granted, that TPS within a stratum are counted independently of their votes, and
how far off it is where that is not so, is measured in `docs/estimate.md`.
"""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field
from math import exp, log, sqrt
from statistics import NormalDist
from typing import Any, Literal

CONFIDENCE = 0.95
# Fewer counted TPS, or more of the electorate in strata without any, give no estimate.
FEWEST_STATIONS = 30
FEWEST_DEGREES = 5.0
MOST_UNCOVERED = 0.15
# A linearised variance is a little too small on average where strata are small (Cochran, 6.5 and 6.9).
WIDENED = 1.05
# A variance is borrowed for a stratum with one counted TPS from the smallest region around it with this many.
ENOUGH_TO_LEND = 5
# How far strata of a region differ is asked of the smallest region with this many of them covered.
ENOUGH_TO_COMPARE = 3

Reason = Literal["nothing_counted", "few_stations", "uncovered", "few_degrees"]


@dataclass(frozen=True, slots=True)
class Stratum:
    """What is known of one stratum: how many TPS it has and counted, and the moments of the counted.

    `size` is what votes are thought to be proportional to, known for every TPS before anything is counted; any unit,
    the same for all strata. `total` is a TPS's votes for all options together; the tuples hold one number per option.
    """

    code: str  # a region's code: the regions around it are its beginnings
    stations: int
    size: float  # of all its TPS
    counted: int = 0
    counted_size: float = 0.0
    size_squares: float = 0.0  # Σ size²
    size_total: float = 0.0  # Σ size · total
    total: float = 0.0  # Σ total
    total_squares: float = 0.0  # Σ total²
    votes: tuple[float, ...] = ()  # Σ votes
    vote_squares: tuple[float, ...] = ()  # Σ votes²
    vote_totals: tuple[float, ...] = ()  # Σ votes · total
    vote_sizes: tuple[float, ...] = ()  # Σ votes · size

    @property
    def covered(self) -> bool:
        return self.counted_size > 0


@dataclass(frozen=True, slots=True)
class Interval:
    """An option's part of all votes, 0 to 1, once all TPS are counted."""

    share: float
    low: float
    high: float


@dataclass(frozen=True)
class Estimate:
    """What all TPS of a region may give; or, where `reason` is set, why nobody can say yet."""

    stations: int
    counted: int
    strata: int
    covered: int
    uncovered: float  # the part of the electorate, 0 to 1, that lives in strata without a counted TPS
    options: tuple[Interval, ...] = ()
    reason: Reason | None = None

    def data(self, keys: Sequence[str]) -> dict[str, Any]:
        """As it is published; `keys` are the options' keys in the order of the votes."""
        return {
            "enough": self.reason is None,
            "reason": self.reason,
            "confidence": CONFIDENCE,
            "stations": self.stations,
            "counted": self.counted,
            "strata": self.strata,
            "strata_covered": self.covered,
            "uncovered": round(self.uncovered, 6),
            "options": {
                key: {"share": round(one.share, 6), "low": round(one.low, 6), "high": round(one.high, 6)}
                for key, one in zip(keys, self.options, strict=False)
            },
        }


@dataclass
class _Region:
    """A region around strata."""

    places: list[int] = field(default_factory=list)  # of its strata with counted TPS
    counted: int = 0
    weight: float = 1.0  # by how much what lies in it is raised, for what is not covered in it

    @property
    def covered(self) -> int:
        return len(self.places)


def estimate(strata: Sequence[Stratum], *, digits: Sequence[int]) -> Estimate:
    """The estimate for the region that these strata are all of.

    `digits`: lengths of the codes of the regions around a stratum, smallest region first, the region itself last
    (for the nation's kecamatan 4, 2, 0). Where a stratum is not covered, the others of the smallest region around it
    stand for it.
    """
    size = sum(one.size for one in strata)
    covered = [one for one in strata if one.covered]
    told = Estimate(
        stations=sum(one.stations for one in strata),
        counted=sum(one.counted for one in strata),
        strata=len(strata),
        covered=len(covered),
        uncovered=sum(one.size for one in strata if not one.covered) / size if size else 1.0,
    )
    if reason := _too_little(told, sum(one.total for one in covered)):
        return _with(told, reason=reason)
    sample = _Sample(strata, digits)
    options = []
    for option in range(len(covered[0].votes)):
        interval = sample.interval(option)
        if interval is None:
            return _with(told, reason="few_degrees")
        options.append(interval)
    return _with(told, options=tuple(options))


def _with(told: Estimate, *, options: tuple[Interval, ...] = (), reason: Reason | None = None) -> Estimate:
    return Estimate(told.stations, told.counted, told.strata, told.covered, told.uncovered, options, reason)


def _too_little(told: Estimate, votes: float) -> Reason | None:
    if not votes:
        return "nothing_counted"
    if told.counted < min(FEWEST_STATIONS, told.stations):
        return "few_stations"
    return "uncovered" if told.uncovered > MOST_UNCOVERED else None


class _Sample:
    """Strata with the weights they have, whichever option is asked for."""

    def __init__(self, strata: Sequence[Stratum], digits: Sequence[int]) -> None:
        self.strata, self.digits = strata, digits
        self.regions: list[dict[str, _Region]] = [_regions(strata, length) for length in digits]
        self.lenders: dict[str, Stratum] = {}
        self._raise()
        self.weights = [one.size / one.counted_size * self._raised(one.code) if one.covered else 0.0 for one in strata]
        self.total = sum(weight * one.total for weight, one in zip(self.weights, strata, strict=True))

    def _raise(self) -> None:
        """Raise what is covered in each region for what is not: strata in the smallest, whole regions above it."""
        below: list[tuple[str, float, bool]] = [(one.code, one.size, one.covered) for one in self.strata]
        for length, regions in zip(self.digits, self.regions, strict=True):
            sizes: dict[str, list[float]] = {code: [0.0, 0.0] for code in regions}
            for code, size, covered in below:
                both = sizes[code[:length]]
                both[0] += size
                both[1] += size if covered else 0.0
            for code, (size, with_votes) in sizes.items():
                regions[code].weight = size / with_votes if with_votes else 0.0
            below = [(code, size, with_votes > 0) for code, (size, with_votes) in sizes.items()]

    def _raised(self, code: str) -> float:
        weight = 1.0
        for length, regions in zip(self.digits, self.regions, strict=True):
            weight *= regions[code[:length]].weight
        return weight

    def interval(self, option: int) -> Interval | None:
        """None where too little is known of how far TPS differ."""
        share = sum(w * one.votes[option] for w, one in zip(self.weights, self.strata, strict=True) if w) / self.total
        variance, degrees = self._variance(option, share)
        error = sqrt(variance) / self.total
        if error and degrees < FEWEST_DEGREES:
            return None
        half = (WIDENED * quantile(degrees) * error if error else 0.0) + self._unseen(option, share) / self.total
        counted, stations = sum(one.counted for one in self.strata), sum(one.stations for one in self.strata)
        return around(share, half, counted, complete=counted >= stations)

    def _variance(self, option: int, share: float) -> tuple[float, float]:
        """Of Σ weight · (votes - share · total), with Satterthwaite's degrees of freedom."""
        variance, by_degrees = 0.0, 0.0
        lent: dict[str, float] = defaultdict(float)
        for weight, one in zip(self.weights, self.strata, strict=True):
            n = one.counted
            if not one.covered or n >= one.stations:
                continue
            times = weight * weight * n * (1 - n / one.stations)
            if n == 1:
                lent[self._around(one.code, ENOUGH_TO_LEND, "counted")] += times
                continue
            part = times * _squares(one, option, share) / (n - 1)
            variance += part
            by_degrees += part * part / (n - 1)
        for name, times in lent.items():
            # The variance of a TPS around the mean of that region.
            lender = self._lender(name)
            degrees = max(lender.counted - 1, 1)
            part = times * _squares(lender, option, share) / degrees
            variance += part
            by_degrees += part * part / degrees
        return variance, variance * variance / by_degrees if by_degrees else 0.0

    def _unseen(self, option: int, share: float) -> float:
        """By how much strata without a counted TPS could move the numerator: all of them one standard deviation of
        strata around them, the same way. Not the root of squares, since what keeps them from being counted may be what
        makes them vote otherwise.
        """
        empty: dict[str, float] = defaultdict(float)
        for one in self.strata:
            if not one.covered:
                empty[self._around(one.code, ENOUGH_TO_COMPARE, "covered")] += one.size
        return sum(
            size * _spread([self.strata[i] for i in self._region(name).places], option, share)
            for name, size in empty.items()
        )

    def _around(self, code: str, enough: int, what: Literal["counted", "covered"]) -> str:
        """The smallest region around a stratum that has enough counted TPS, or covered strata; else the largest."""
        for length, regions in zip(self.digits, self.regions, strict=True):
            if getattr(regions[code[:length]], what) >= enough:
                break
        return code[:length]

    def _region(self, name: str) -> _Region:
        return self.regions[self.digits.index(len(name))][name]

    def _lender(self, name: str) -> Stratum:
        if name not in self.lenders:
            self.lenders[name] = _together([self.strata[i] for i in self._region(name).places])
        return self.lenders[name]


def _regions(strata: Sequence[Stratum], length: int) -> dict[str, _Region]:
    found: dict[str, _Region] = defaultdict(_Region)
    for i, one in enumerate(strata):
        region = found[one.code[:length]]
        if one.covered:
            region.places.append(i)
        region.counted += one.counted
    return dict(found)


def _squares(one: Stratum, option: int, share: float) -> float:
    """Σ of the squares of votes - share · total, less what its size makes one expect, over the counted TPS."""
    each = (one.votes[option] - share * one.total) / one.counted_size
    return max(
        one.vote_squares[option] - 2 * share * one.vote_totals[option] + share * share * one.total_squares
        - 2 * each * (one.vote_sizes[option] - share * one.size_total) + each * each * one.size_squares,
        0.0,
    )  # fmt: skip


def _together(found: Sequence[Stratum]) -> Stratum:
    """Strata as if they were one."""
    whole: dict[str, Any] = {}
    for name in Stratum.__slots__[1:]:
        values = [getattr(one, name) for one in found]
        several = isinstance(values[0], tuple)
        whole[name] = tuple(map(sum, zip(*values, strict=True))) if several else sum(values)
    return Stratum("", **whole)


def _spread(strata: Sequence[Stratum], option: int, share: float) -> float:
    """The standard deviation between strata of votes - share · total per unit of size, weighted by size."""
    each = [(one.votes[option] - share * one.total) / one.counted_size for one in strata]
    size = sum(one.size for one in strata)
    mean = sum(one.size * z for one, z in zip(strata, each, strict=True)) / size
    variance = sum(one.size * (z - mean) ** 2 for one, z in zip(strata, each, strict=True)) / size
    return sqrt(variance * len(strata) / max(len(strata) - 1, 1))


def around(share: float, half: float, counted: int, *, complete: bool) -> Interval:
    """The interval of this half width around a share, on the scale of log odds, so that it stays between 0 and 1.

    An option with no vote, or with all, has no variance to be seen: the bound is the one for `counted` independent
    TPS of which none has any ("rule of three": Hanley and Lippman-Hand, JAMA 249, 1983).
    """
    if complete and not half:
        return Interval(share, share, share)
    if share <= 0 or share >= 1:
        bound = 1 - ((1 - CONFIDENCE) / 2) ** (1 / counted)
        return Interval(share, 0.0, max(bound, half)) if share <= 0 else Interval(share, min(1 - bound, 1 - half), 1.0)
    odds, width = log(share / (1 - share)), half / (share * (1 - share))
    return Interval(share, 1 / (1 + exp(min(width - odds, 700))), 1 / (1 + exp(max(-odds - width, -700))))


def quantile(degrees: float) -> float:
    """Student's t for a two-sided interval (Abramowitz and Stegun 26.7.5; off by < 0.001 from 5 degrees on)."""
    z = NormalDist().inv_cdf((1 + CONFIDENCE) / 2)
    return (
        z
        + (z**3 + z) / (4 * degrees)
        + (5 * z**5 + 16 * z**3 + 3 * z) / (96 * degrees**2)
        + (3 * z**7 + 19 * z**5 + 17 * z**3 - 15 * z) / (384 * degrees**3)
        + (79 * z**9 + 776 * z**7 + 1482 * z**5 - 1920 * z**3 - 945 * z) / (92160 * degrees**4)
    )
