"""Sums of results for every region. Changed only by folding deltas."""

from aggregation.models import Result
from aggregation.results import Contribution
from ledger.models import Event


def add_delta(result: Result, before: Contribution, event: Event) -> None:
    """Append what this change adds; the folder sums it up."""
    raise NotImplementedError
