"""The result of one contest at one TPS: a pure function of the decisions on its photos."""

from dataclasses import dataclass
from typing import Any

from aggregation.models import Result
from uploads.models import Photo


@dataclass(frozen=True)
class Contribution:
    """What a result adds to every region above it, in the order of `aggregation.columns`."""

    sums: list[int]
    counts: list[int]


def record_touched_by(photo: Photo) -> list[tuple[Result, Contribution]]:
    """Recompute the results this photo belongs, or belonged, to.

    Returns those that changed, with what they added before.
    """
    raise NotImplementedError


def entry_of(result: Result) -> dict[str, Any]:
    """The fields of the ledger entry `select`."""
    raise NotImplementedError
