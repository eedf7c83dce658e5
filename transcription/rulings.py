"""What adjudicators send. A number that nobody read is refused; nobody rules on what they sent or read."""

from dataclasses import dataclass
from typing import Any
from uuid import UUID

from accounts.models import User
from transcription.models import Ruling


@dataclass(frozen=True)
class Sent:
    photo_id: UUID
    adjudicator: User
    verdict: str
    reason: str
    page: int | None = None
    numbers: dict[str, int | str] | None = None
    station_code: str = ""
    note: str = ""


def submit(sent: Sent) -> Ruling:
    """Store one ruling. Raises a `Refusal`."""
    raise NotImplementedError


def entry_of(ruling: Ruling) -> dict[str, Any]:
    """The fields of the ledger entry `ruling`."""
    raise NotImplementedError
