"""The queue: which photo somebody reads next. Leases of five minutes, exclusions in the query itself."""

from accounts.models import Device, User
from transcription.models import Lease
from uploads.models import Photo


def open_photo(photo: Photo) -> None:
    """Put a photo into the queue for two readers. May run twice."""
    raise NotImplementedError


def is_open(photo: Photo) -> bool:
    """Whether people are still to read it or to rule on it."""
    raise NotImplementedError


def take(account: User, device: Device | None, address_block: str) -> Lease | None:
    """The next photo for this person, under a lease; their present one if they hold one; None only if there is none."""
    raise NotImplementedError


def take_back_expired_leases() -> int:
    """End leases that ran out and open their places again; returns how many."""
    raise NotImplementedError
