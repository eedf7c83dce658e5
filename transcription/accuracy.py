"""How often somebody is right, as far as their known answers tell: a Beta posterior, and when it says "worse".

Pure: no tables, no clock, no settings. The product asks it of real readers, `simulation` of invented ones.
"""

import math
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache

# PEERS section 2.2: at KPJS 2019 person and machine agreed on three numbers of 83 % of the forms, and of the others
# that were looked at again 27 % were mistakes of the person (1,729). If those stand for all others, a person errs on
# 0.17 × 0.27 = 4.6 % of the forms, or 1.55 % of the numbers: an estimate, and the only one from such forms.
WRONG_FORMS = 0.17 * 0.27
SLIP = 1 - (1 - WRONG_FORMS) ** (1 / 3)

# How many of one's tasks have a known answer: of the first 20, and of the later ones (TRUST T3).
GOLD_AT_FIRST, FIRST_TASKS, GOLD_LATER = 0.15, 20, 0.05
# How sure it must be that somebody's share of wrong entries lies above honest people's. It is asked anew after each
# task, so 95 % would accuse many of the honest.
SURE = 0.999


def honest_share(fields: int) -> float:
    """How often an honest person errs on a page with so many numbers."""
    return 1 - (1 - SLIP) ** fields


@cache
def wrong_that_show(tasks: int, honest: float) -> int:
    """With so many wrong of so many known answers somebody is surely worse than honest people.

    The posterior of their share of wrong ones is Beta(1 + wrong, 1 + right) (TRUST T3). That it lies above `honest`
    is as probable as at most `wrong` of `tasks` + 1 draws with `honest` being wrong.
    """
    below, term = 0.0, (1 - honest) ** (tasks + 1)
    for wrong in range(tasks + 1):
        below += term
        if below >= SURE:
            return wrong
        term *= (tasks + 1 - wrong) / (wrong + 1) * honest / (1 - honest)
    return tasks + 1


@dataclass(frozen=True)
class Answers:
    """Somebody's known answers. `honest` is how often an honest person would have erred on these very pages."""

    right: int = 0
    wrong: int = 0
    honest: float = WRONG_FORMS

    @classmethod
    def of(cls, answers: Iterable[tuple[int, bool]]) -> "Answers":
        """From the number of fields of each page, and whether the answer was right; their order makes no difference.

        Pages of different length have different chances. Their mean stands for all, which accuses nobody sooner: the
        number of slips then varies more than it really would.
        """
        known = sorted(answers)
        if not known:
            return cls()
        wrong = sum(not right for _, right in known)
        honest = math.fsum(honest_share(fields) for fields, _ in known) / len(known)
        return cls(len(known) - wrong, wrong, honest)

    @property
    def known(self) -> int:
        return self.right + self.wrong

    @property
    def mean(self) -> float:
        """The accuracy to be expected: Beta(1 + right, 1 + wrong)."""
        return (1 + self.right) / (2 + self.known)

    @property
    def interval(self) -> tuple[float, float]:
        """Where their accuracy lies with 95 %."""
        return self._quantile(0.025), self._quantile(0.975)

    @property
    def worse(self) -> float:
        """How sure it is that they err more than honest people."""
        return self._at_most(1 - self.honest)

    @property
    def below_the_bar(self) -> bool:
        """Surely worse than honest people; by one answer, whatever the page, nobody is."""
        return self.wrong >= max(2, wrong_that_show(self.known, self.honest))

    def _quantile(self, share: float) -> float:
        low, high = 0.0, 1.0
        for _ in range(50):
            middle = (low + high) / 2
            low, high = (middle, high) if self._at_most(middle) < share else (low, middle)
        return (low + high) / 2

    def _at_most(self, accuracy: float) -> float:
        """How probable an accuracy of at most that is: as more than `right` of known + 1 draws being right."""
        if not 0 < accuracy < 1:
            return float(accuracy >= 1)
        draws = self.known + 1
        sure, never = math.log(accuracy), math.log1p(-accuracy)
        ways = math.lgamma(draws + 1)
        return math.fsum(
            math.exp(ways - math.lgamma(n + 1) - math.lgamma(draws - n + 1) + n * sure + (draws - n) * never)
            for n in range(self.right + 1, draws + 1)
        )
