"""Fair use without accounts (TRUST section 6): tight for a device, generous for an address, nothing for a TPS.

What is over the limit comes later, it is not lost: the answer says when, and the phone keeps the photo. Only what is
new uses the limit up: the same bytes again, a refused picture and the pieces of a photo do not.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from uuid import UUID

from django.conf import settings
from django.utils.translation import gettext_lazy as _

from accounts import buckets
from accounts.buckets import Bucket, Rate
from accounts.refusals import Refusal

TIMES_ACCEPTED = 10  # a device may send so many times as many photos a day as were accepted from it


class TooManyPhotos(Refusal):
    status = 429
    code = "too_many_photos"
    sentence = _("Foto dari perangkat atau jaringan Anda terlalu banyak sekaligus. Simpan fotonya, jangan dihapus.")

    def __init__(self, wait: int) -> None:
        super().__init__()
        self.retry_after = wait


@dataclass
class Place:
    """Room for one photo; given back unless it is `used`."""

    used: bool = False


@contextmanager
def admit(device: UUID, address: str, accepted: Callable[[UUID], int]) -> Iterator[Place]:
    """Make room for one more photo of this device from this address (`devices.address_key`, may be empty).

    `accepted` says how many photos of a device have been decided as usable; it is asked only where a device has used
    up what everybody may send. Raises `TooManyPhotos`.
    """
    taken = _of_device(device) + _of_address(address)
    wait = buckets.take(taken)
    if wait and (more := TIMES_ACCEPTED * accepted(device)):
        taken = _of_device(device, more) + _of_address(address)
        wait = buckets.take(taken)
    if wait:
        raise TooManyPhotos(wait)
    place = Place()
    try:
        yield place
    finally:
        if not place.used:
            buckets.give_back(taken)


def _of_device(device: UUID, at_least: int = 0) -> list[Bucket]:
    """Its buckets, larger for somebody whose photos have proved good."""
    rates = [Rate.parse(text) for text in settings.PHOTOS_PER_DEVICE]
    grown = [Rate(max(rate.size, at_least), rate.seconds) for rate in rates]
    return [Bucket(f"device:{device}:{rate.seconds}", rate) for rate in grown]


def _of_address(address: str) -> list[Bucket]:
    if not address:
        return []
    rate = settings.PHOTOS_PER_ADDRESS_6 if address.startswith("6") else settings.PHOTOS_PER_ADDRESS
    return [Bucket(f"address:{address}", Rate.parse(rate))]
