"""What transcribers send."""

from dataclasses import dataclass
from typing import Any
from uuid import UUID

from accounts.models import Device, User
from transcription.models import Entry

KOSONG = "kosong"
UNREADABLE = "tidak_terbaca"
Value = int | str


@dataclass(frozen=True)
class Reading:
    """The numbers read from one page, or what is wrong with the photo."""

    page: int | None
    numbers: dict[str, Value] | None
    problem: str = ""


@dataclass(frozen=True)
class Sent:
    """A reading sent under a lease."""

    lease_id: UUID
    account: User
    device: Device | None
    address_block: str
    reading: Reading


def submit(sent: Sent) -> Entry:
    """Store one entry and end its lease. A late one is accepted once or refused clearly.

    The same lease sent twice with the same reading gives the same entry. Raises a `Refusal`.
    """
    raise NotImplementedError


def entry_of(entry: Entry) -> dict[str, Any]:
    """The fields of the ledger entry `reading`."""
    raise NotImplementedError
