"""What the last runs of the audit found, for the operations page. `manage.py audit` leaves each here."""

from collections.abc import Sequence
from datetime import datetime

from aggregation.models import AuditRun

KEPT = 20  # differences by name
LONGEST = 300


def leave(began_at: datetime, differences: int, first: Sequence[str]) -> AuditRun:
    """A run ended now, and found so many differences; `first` are some of them."""
    return AuditRun.objects.create(
        began_at=began_at, differences=differences, first=[one[:LONGEST] for one in first[:KEPT]]
    )


def newest() -> AuditRun | None:
    """The last run that ended. One query."""
    return AuditRun.objects.order_by("-pk").first()
