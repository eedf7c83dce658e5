"""The browser that sends or reads, and the block of addresses it comes from.

A device is known by a signed cookie that holds its id and nothing else. The cookie is set only on
answers to requests that asked for the device (`of`), so somebody who only looks at results gets none.
"""

import hashlib
import hmac
from collections.abc import Callable
from datetime import date, timedelta
from ipaddress import IPv6Address, ip_address, ip_network
from typing import cast
from uuid import UUID, uuid4

from django.conf import settings
from django.core.signing import BadSignature, Signer
from django.http import HttpRequest, HttpResponse
from django.utils import timezone
from django.utils.cache import patch_vary_headers

from accounts.models import Device

COOKIE = "__Host-perangkat" if settings.HTTPS else "perangkat"
COOKIE_AGE = 365 * 24 * 3600

_signer = Signer(salt="accounts.devices")


def of(request: HttpRequest) -> Device:
    """The device this request comes from; a new one if the browser shows none of ours. One query."""
    if not hasattr(request, "_device"):
        request._device = known(request) or Device.objects.create(pk=uuid4())  # type: ignore[attr-defined]
    return cast(Device, request._device)  # type: ignore[attr-defined]


def shown_by(request: HttpRequest) -> UUID | None:
    """The id in the browser's cookie, if we signed it. No query, and no new device.

    The row may be gone though the signature is good: another instance with the same key, a restored backup.
    """
    try:
        return UUID(_signer.unsign(request.COOKIES.get(COOKIE, "")))
    except (BadSignature, ValueError):
        return None


def known(request: HttpRequest) -> Device | None:
    """The device of a browser that has one already. One query at most."""
    device_id = shown_by(request)
    return Device.objects.filter(pk=device_id).first() if device_id else None


class DeviceMiddleware:
    """Gives the browser its cookie, or renews it for a year, where the request asked for its device."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        response = self.get_response(request)
        if device := getattr(request, "_device", None):
            response.set_cookie(
                COOKIE,
                _signer.sign(str(device.pk)),
                max_age=COOKIE_AGE,
                secure=settings.HTTPS,
                httponly=True,
                samesite="Lax",
            )
            patch_vary_headers(response, ["Cookie"])
        return response


def client_address(request: HttpRequest) -> str:
    """The address the request came from, as far as our own proxies vouch for it.

    Each of our `TRUSTED_PROXY_COUNT` proxies appends what it saw to X-Forwarded-For, so the client's address
    is that many from the right; what stands further left was written by the client. With no such proxy, or a
    shorter or unreadable header, it is the socket's. Never log it, never store it.
    """
    hops = request.META.get("HTTP_X_FORWARDED_FOR", "").split(",")
    count = settings.TRUSTED_PROXY_COUNT
    candidates = [hops[-count].strip()] if 0 < count <= len(hops) else []
    candidates.append(request.META.get("REMOTE_ADDR", ""))
    for candidate in candidates:
        try:
            address = ip_address(candidate)
        except ValueError:
            continue
        return str((isinstance(address, IPv6Address) and address.ipv4_mapped) or address)
    return ""


def address_block(request: HttpRequest) -> str:
    """The present pseudonym of the client's block of addresses (IPv4 /24, IPv6 /48), 32 hexadecimal digits.

    Empty for addresses that are nobody's in the world (loopback, private, carrier-internal): everybody behind
    the same wrongly set proxy would look like one household.
    """
    return block_of(client_address(request), day())


def day() -> date:
    """The day of pseudonyms and sightings, which begins at six: a block has one pseudonym all the night of counting."""
    return timezone.localdate(timezone.now() - timedelta(hours=6))


def block_of(address: str, day: date) -> str:
    """HMAC-SHA256 over the block with the key of a `day`. After that the same block has another pseudonym."""
    return _pseudonym(address, day, ipv4=24, ipv6=48)


def household_of(address: str, day: date) -> str:
    """The same for what one connection has: the IPv4 address itself, the IPv6 /64. Empty where a block is."""
    return _pseudonym(address, day, ipv4=32, ipv6=64)


def _pseudonym(address: str, day: date, *, ipv4: int, ipv6: int) -> str:
    try:
        parsed = ip_address(address)
    except ValueError:
        return ""
    if not parsed.is_global:
        return ""
    block = ip_network((parsed, ipv4 if parsed.version == 4 else ipv6), strict=False)
    day_key = hmac.digest(settings.SECRET_KEY.encode(), f"address block {day}".encode(), hashlib.sha256)
    return hmac.new(day_key, str(block).encode(), hashlib.sha256).hexdigest()[:32]
