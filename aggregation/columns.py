"""Which numbers are summed for a contest, and which facts about its TPS are counted.

Results, deltas and tallies hold them in one array `amounts`, sums first, then counts, then what is added up beside
them, in this order. A sum adds every number that stands at a TPS, as written; `with_<key>` counts the TPS behind it.
What each means for a reader stands in `docs/numbers.md`.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property, lru_cache

from tps.form_definitions import FormDefinition, for_contest
from tps.models import Contest
from transcription.models import Decision

# Facts about one TPS, each 0 or 1; they may overlap.
RECEIVED = "received"  # a photo is there that nobody rejected or moved away
COUNTED = "counted"  # the votes of every option stand
COMPLETE = "complete"  # every number of the form stands
DISPUTED = "disputed"  # two decided photos differ (sengketa)
FLAGGED = "flagged"  # at least one rule of the form is broken
EXCLUDED = "excluded"  # its count does not count, and there is no repeated vote's photo
STATUS = (RECEIVED, COUNTED, COMPLETE, DISPUTED, FLAGGED)
# How the votes of a counted TPS were settled: exactly one of these is 1 there.
HOW = (Decision.How.TWO_READERS.value, Decision.How.MAJORITY.value, Decision.How.ADJUDICATED.value)

VALID = "suara_sah"

# What is added up beside the sums of the form.
MACHINE = "machine_agrees"  # counted TPS whose votes are all what the bubbles beside them say to a program
COUNTED_DISPUTED = "counted_disputed"  # counted TPS that are in dispute
VOTERS = "voters_counted"  # the DPT of counted TPS, as far as it is known


@dataclass(frozen=True)
class Columns:
    """The layout of `amounts` for one form."""

    sums: tuple[str, ...]
    counts: tuple[str, ...]
    votes: tuple[str, ...]  # the numbers that add up to suara sah, in ballot order
    rules: tuple[str, ...]

    @cached_property
    def beside(self) -> tuple[str, ...]:
        """What is added up beside sums and counts; the votes once more, of the TPS in dispute."""
        return (MACHINE, COUNTED_DISPUTED, VOTERS, *map(in_dispute, self.votes))

    @cached_property
    def names(self) -> tuple[str, ...]:
        return self.sums + self.counts + self.beside

    def nothing(self) -> list[int]:
        return [0] * len(self.names)

    def excluded(self) -> list[int]:
        """What a TPS adds whose count does not count: that it is one of those."""
        return [int(name == EXCLUDED) for name in self.names]

    def sums_of(self, amounts: Sequence[int]) -> dict[str, int]:
        """The sums by name."""
        return dict(zip(self.sums, amounts, strict=False))

    def counts_of(self, amounts: Sequence[int]) -> dict[str, int]:
        """The counts by name."""
        return dict(zip(self.counts, amounts[len(self.sums) :], strict=False))

    def beside_of(self, amounts: Sequence[int]) -> dict[str, int]:
        """What is added up beside them by name."""
        return dict(zip(self.beside, amounts[len(self.sums) + len(self.counts) :], strict=True))


def broken(rule: str) -> str:
    """The count of TPS that break this rule."""
    return f"broken_{rule}"


def in_dispute(key: str) -> str:
    """The same number, only of the TPS that are in dispute."""
    return f"disputed_{key}"


def known(key: str) -> str:
    """The count of TPS whose number stands behind this sum."""
    return f"with_{key}"


@lru_cache(maxsize=256)
def of_form(form: FormDefinition) -> Columns:
    """The layout for a form with its options filled in.

    Votes come first; of rows with L, P and J only J is summed, since L and P are not read on every form.
    """
    votes = next((rule.terms[1:] for rule in form.rules if rule.kind == "sum" and rule.terms[0] == VALID), ())
    others = [field.key for field in form.fields if field.column not in ("L", "P") and field.key not in votes]
    sums = (*votes, *others)
    rules = tuple(dict.fromkeys(rule.id for rule in form.rules))
    counts = (*STATUS, *HOW, *map(broken, rules), *map(known, sums), EXCLUDED)
    return Columns(sums=sums, counts=counts, votes=votes, rules=rules)


def of(contest: Contest) -> Columns:
    """The layout for a contest."""
    return of_form(for_contest(contest))
