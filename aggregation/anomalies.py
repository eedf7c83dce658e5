"""Questions about results: what looks unlike its neighbours, or unlike what a form can say. No accusation.

Each rule takes what was counted at the TPS of one village and says which TPS somebody should look at again. Most of
what is found has an innocent explanation, which `docs/anomalies.md` gives beside how often each was raised in 2024.
Nothing here changes a number. `aggregation.anomaly_sql` finds the same in the tables, for all villages at once.
"""

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from statistics import median
from typing import Any

from django.db import models
from django.utils.translation import gettext_noop as _  # templates translate

LEAST_VOTES = 30  # fewer votes are alike, or one-sided, by chance
# Of a contest with more options than these an option without votes is nothing to ask about.
FEW_OPTIONS = 5
ZERO_WHERE_ONE_IN = 10  # none for an option that one in ten votes of the village's other TPS is for
LEAST_VOTES_FAR, LEAST_NEIGHBOURS = 50, 5
FAR, SCALES = 0.30, 6.0  # from the village's median: part of the votes, and times its usual spread
LEAST_SPREAD, NORMAL = 0.03, 1.4826  # a spread is never taken for less; of normal values a deviation's median × this
SECOND_LARGEST = 20  # two TPS of the same row: with small numbers that is chance
# Votes over the DPT where page 1 was not read: DPTb and DPK may vote, too. In 2024 3 in 1,000 TPS exceeded this.
OVER_PERCENT, OVER_VOTES = 120, 20
SPECIAL_FROM = 900  # TPS numbers of places that have no DPT of their own


class Kind(models.TextChoices):
    """What a question is about, as people are told."""

    ALIKE = "alike", _("Foto yang mirip ada di TPS lain")
    SAME_ROW = "same_row", _("Angka yang sama di dua TPS")
    TURNOUT = "turnout", _("Suara atau pemilih melebihi yang terdaftar")
    FAR = "far", _("Jauh dari TPS lain di desa atau kelurahan ini")
    ONE_SIDED = "one_sided", _("Semua suara untuk satu pilihan, atau tidak ada")
    RULE = "rule", _("Angka yang tidak cocok di formulir")
    SINGLE = "single", _("Baru satu foto")


# How much each says that something was misread, sent to the wrong place or written wrongly.
WEIGHTS = {
    Kind.ALIKE: 70,
    Kind.SAME_ROW: 60,
    Kind.TURNOUT: 50,
    Kind.FAR: 40,
    Kind.ONE_SIDED: 30,
    Kind.RULE: 20,
    Kind.SINGLE: 10,
}


@dataclass(frozen=True)
class Counted:
    """What stands at one TPS. `votes` in ballot order, empty where not all of them stand; None: not read."""

    station: str
    votes: Sequence[int] = ()
    total: int | None = None  # suara_total
    ballots: int | None = None  # surat_diterima
    dpt: int | None = None  # as written on the form
    of_dpt: int | None = None  # pengguna_dpt_j
    registered: int | None = None  # DPT as it was announced
    broken: Sequence[str] = ()

    @property
    def sum(self) -> int:
        return sum(self.votes)

    @property
    def is_special(self) -> bool:
        return int(self.station[10:]) >= SPECIAL_FROM


@dataclass(frozen=True)
class Raised:
    """One question. `strength` from 0 to 100 says how plain it is among its kind; `other` is another TPS."""

    kind: Kind
    station: str
    strength: int
    facts: Mapping[str, Any] = field(default_factory=dict)
    other: str = ""

    @property
    def rank(self) -> int:
        return rank(self.kind, self.strength)


def rank(kind: Kind, strength: int) -> int:
    """What is asked first: the higher."""
    return WEIGHTS[kind] * (100 + strength)


def of_village(counted: Sequence[Counted]) -> list[Raised]:
    """All that is to be asked about the TPS of one village, as far as their numbers alone say it."""
    found = [asked for one in counted for rule in (broken_rules, turnout) if (asked := rule(one))]
    voted = [one for one in counted if one.votes]
    found += [asked for one in voted if (asked := one_sided(one, voted))]
    return [*found, *far(voted), *same_rows(voted)]


def broken_rules(one: Counted) -> Raised | None:
    """The form's own arithmetic (`tps/forms`), as the result found it broken."""
    if not one.broken:
        return None
    return Raised(Kind.RULE, one.station, min(100, 20 * len(one.broken)), {"rules": list(one.broken)})


def turnout(one: Counted) -> Raised | None:
    """More voters of the DPT than it has (R9), more votes than ballots (R11), or votes far over the DPT.

    The last only where neither can be said: voters of DPTb and DPK come on top, in most TPS.
    """
    if one.of_dpt is not None and one.dpt and one.of_dpt > one.dpt:
        return _over(one, "dpt", one.of_dpt, one.dpt)
    if one.total is not None and one.ballots and one.total > one.ballots:
        return _over(one, "ballots", one.total, one.ballots)
    if one.total is None or not one.registered or one.is_special or one.ballots is not None:
        return None
    if 100 * (one.total - OVER_VOTES) > OVER_PERCENT * one.registered:
        return _over(one, "registered", one.total, one.registered)
    return None


def _over(one: Counted, limit_of: str, figure: int, limit: int) -> Raised:
    strength = min(100, 100 * (figure - limit) // limit)
    return Raised(Kind.TURNOUT, one.station, strength, {"of": limit_of, "figure": figure, "limit": limit})


def one_sided(one: Counted, village: Sequence[Counted]) -> Raised | None:
    """All votes for one option; or none for one that the village's other TPS give a tenth of theirs or more."""
    if one.sum < LEAST_VOTES:
        return None
    strength = min(100, one.sum // 3)
    if max(one.votes) == one.sum:
        option = one.votes.index(one.sum)
        return Raised(Kind.ONE_SIDED, one.station, strength, {"all": True, "option": option, "votes": one.sum})
    if len(one.votes) > FEW_OPTIONS:
        return None
    others = [sum(other.votes[n] for other in village if other is not one) for n in range(len(one.votes))]
    missing = [n for n, votes in enumerate(one.votes) if not votes]
    wanted = [n for n in missing if sum(others) and ZERO_WHERE_ONE_IN * others[n] >= sum(others)]
    if not wanted:
        return None
    option = max(wanted, key=lambda n: (others[n], -n))
    facts = {"all": False, "option": option, "votes": one.sum, "elsewhere": round(others[option] / sum(others), 4)}
    return Raised(Kind.ONE_SIDED, one.station, strength, facts)


def far(village: Sequence[Counted]) -> Iterator[Raised]:
    """An option's part far from the village's median, by both measures: the median absolute deviation (Hampel 1974),
    which the outlier itself does not widen, and a plain distance, which says that it matters."""
    large = [one for one in village if one.sum >= LEAST_VOTES_FAR]
    if len(large) < LEAST_NEIGHBOURS:
        return
    middles, spreads = [], []
    for n in range(len(large[0].votes)):
        parts = [one.votes[n] / one.sum for one in large]
        middles.append(median(parts))
        spreads.append(NORMAL * median(abs(part - middles[n]) for part in parts) + LEAST_SPREAD)
    for one in large:
        parts = [votes / one.sum for votes in one.votes]
        far_ones = [
            (abs(part - middles[n]), -n)
            for n, part in enumerate(parts)
            if abs(part - middles[n]) >= FAR and abs(part - middles[n]) >= SCALES * spreads[n]
        ]
        if far_ones:
            distance, negative = max(far_ones)
            facts = {
                "option": -negative,
                "share": round(parts[-negative], 4),
                "median": round(middles[-negative], 4),
                "stations": len(large),
            }
            yield Raised(Kind.FAR, one.station, min(100, int(100 * distance + 1e-9)), facts)


def same_rows(village: Sequence[Counted]) -> Iterator[Raised]:
    """The votes of two TPS are equal for each option, and not by small numbers alone."""
    rows: dict[tuple[int, ...], list[Counted]] = defaultdict(list)
    for one in village:
        if one.sum >= LEAST_VOTES and len(one.votes) > 1 and sorted(one.votes)[-2] >= SECOND_LARGEST:
            rows[tuple(one.votes)].append(one)
    for row, twins in rows.items():
        twins.sort(key=lambda one: one.station)
        for one in twins if len(twins) > 1 else ():
            other = twins[0] if one is not twins[0] else twins[1]
            facts = {"votes": list(row), "stations": len(twins)}
            yield Raised(Kind.SAME_ROW, one.station, min(100, one.sum // 3), facts, other.station)
