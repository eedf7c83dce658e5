"""How many photos a device and an address may send in a while (TRUST section 6). More than that: later, never lost.

Tight for a device and loose for an address, which carriers share among many people. Whose photos turned out usable
may send more in a day. Nothing is counted by TPS, so nobody can lock one.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

from django.conf import settings
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from accounts import buckets, devices
from accounts.buckets import Bucket, Rate
from accounts.models import Device
from accounts.refusals import TooOften

PER_ACCEPTED_PHOTO = 10


class TooManyPhotos(TooOften):
    code = "too_many_photos"
    sentence = _("Sudah banyak foto dari perangkat atau jaringan ini. Foto ini belum kami terima, tetapi tidak hilang: simpan di ponsel Anda.")  # noqa: E501  # fmt: skip


@dataclass(frozen=True)
class Turn:
    """A photo that may be received: what it was counted in."""

    taken: Sequence[Bucket] = ()

    def give_back(self) -> None:
        """Nothing new came in: it does not count."""
        buckets.give_back(self.taken)


def admit(device: Device, address: str, accepted: Callable[[Device], int]) -> Turn:
    """Count one more photo of this device and this address (as text; only its pseudonym is kept).

    `accepted` says how many of the device's photos were decided as usable; it is asked only where the day's limit
    of everybody is used up. Raises `TooManyPhotos`, and counts nothing, where there were too many.
    """
    day, *others = turn_of(device, address).taken
    waits = buckets.take([day, *others])
    if waits[0] > 0 and (grown := grown_by(day.rate, accepted(device))) != day.rate:
        day = replace(day, rate=grown)
        waits = buckets.take([day, *others])
    if any(waits):
        raise TooManyPhotos(max(waits))
    return Turn([day, *others])


def turn_of(device: Device, address: str) -> Turn:
    """What a photo of this device from this address is counted in; the day of the device first."""
    day = Bucket(f"photos:device:day:{device.pk}", buckets.rate(settings.PHOTOS_PER_DEVICE_AND_DAY))
    soon = Bucket(f"photos:device:{device.pk}", buckets.rate(settings.PHOTOS_PER_DEVICE))
    return Turn([day, soon, *of_address("photos", address, settings.PHOTOS_PER_IPV4, settings.PHOTOS_PER_IPV6)])


def grown_by(rate: Rate, accepted: int) -> Rate:
    """The day's limit of a device with so many usable photos."""
    return replace(rate, tokens=max(rate.tokens, PER_ACCEPTED_PHOTO * accepted))


def of_address(what: str, address: str, ipv4: str, ipv6: str) -> list[Bucket]:
    """What a thing that came from this address is counted in, by the rates for IPv4 and IPv6.

    None for addresses that are nobody's in the world: behind a wrongly set proxy they are everybody's.
    """
    household = devices.household_of(address, timezone.localdate())
    if not household:
        return []
    return [Bucket(f"{what}:address:{household}", buckets.rate(ipv6 if ":" in address else ipv4))]
