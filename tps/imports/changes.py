"""What an import would change, told before it is done."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

EXAMPLES = 10

Progress = Callable[[str, float], None]


def silent(step: str, part: float) -> None:
    """Progress that nobody watches."""


@dataclass
class Changes:
    """The differences between a file and the tables, and how to apply them.

    `apply` is to be called in the transaction that found the differences; it appends the ledger entries too.
    """

    what: str  # "regions", "TPS", …
    added: int
    changed: int
    unchanged: int
    examples: Sequence[str]
    apply: Callable[[Progress], None]
    absent: int = 0  # in the tables and not in the file; they stay
    notes: Sequence[str] = field(default=())

    @property
    def any(self) -> bool:
        return bool(self.added or self.changed)

    def lines(self) -> list[str]:
        """What a person reads before saying yes."""
        counts = f"{self.what}: {self.added:,} new, {self.changed:,} changed, {self.unchanged:,} unchanged"
        if self.absent:
            counts += f", {self.absent:,} not in the file (they stay)"
        examples = [f"  {example}" for example in self.examples[:EXAMPLES]]
        more = self.added + self.changed - len(examples)
        if more > 0 and examples:
            examples.append(f"  … and {more:,} more")
        return [counts, *examples, *self.notes]
