"""Taking a photo in: staged → examined → hashed → sealed → checked → row and ledger entry in one commit."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any
from uuid import UUID

from accounts.models import Device, User
from tps.models import Contest, PollingStation
from uploads.models import Photo


@dataclass(frozen=True)
class Sending:
    """What a citizen sent: `path` is the received file in a temporary place; its name and type are not believed."""

    path: Path
    station: PollingStation
    contest: Contest
    page: int | None
    device: Device
    uploader: User | None
    key: UUID | None  # the client's idempotency key


@dataclass(frozen=True)
class Original:
    """A sealed original: durable under `originals/ab/cd/<sha256>`, its size and presence checked."""

    sha256: str
    size: int
    media_type: str
    width: int
    height: int


def seal(sending: Sending) -> Original:
    """Examine the file and store it sealed.

    Raises a `Refusal`, and changes nothing, where it is no acceptable picture.
    """
    raise NotImplementedError


def record(sending: Sending, original: Original) -> tuple[Photo, bool]:
    """The photo's row, and whether it is new: the same key or the same bytes for the same TPS give the same photo."""
    raise NotImplementedError


def entry_of(photo: Photo) -> dict[str, Any]:
    """The fields of the photo's ledger entry."""
    raise NotImplementedError


def reap_staging() -> int:
    """Remove staged objects older than a day that no row names; returns how many."""
    raise NotImplementedError
