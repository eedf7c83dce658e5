"""A small proof of work: the price of a photo while many strangers send (`uploads.alarm`).

    challenge = ready "." until "." random "." signature          times in whole seconds since 1970
    proof     = challenge ":" nonce                               SHA-256 of it begins with BITS zero bits

`static/uploads/proof.js` finds the nonce. The signature binds the challenge to the device it was given to, so we
remember nothing but those that are used. Who cannot compute waits instead: from `ready` on a challenge that stands
in a form is good without a nonce.
"""

import hashlib
import secrets
import time
from dataclasses import dataclass

from django.core.signing import BadSignature, Signer

from accounts import doorkeeper
from accounts.models import Device

BITS = 18  # a quarter of a million hashes: a second or two on an old phone
LIVES = 10 * 60
WAIT = 30
# A form lies open while somebody takes the photo, and its sending may take minutes.
LIVES_IN_A_FORM = 60 * 60


@dataclass(frozen=True)
class Paid:
    """What came with a photo: `<challenge>:<nonce>`, from a form also the challenge alone."""

    text: str = ""
    by_form: bool = False


def challenge_for(device: Device, *, lives: int = LIVES, now: float | None = None) -> str:
    """A new one for this device."""
    begun = int(time.time() if now is None else now)
    return _signer(device).sign(f"{begun + WAIT}.{begun + lives}.{secrets.token_urlsafe(9)}")


def is_good(paid: Paid, device: Device, now: float | None = None) -> bool:
    """Whether it is what this device had to pay. Good once: it is used up by this."""
    now = time.time() if now is None else now
    challenge, _, nonce = paid.text.partition(":")
    try:
        ready, until, _random = _signer(device).unsign(challenge).split(".")
    except (BadSignature, ValueError):
        return False
    done = solves(challenge, nonce) if nonce else paid.by_form and now >= int(ready)
    return done and now < int(until) and _first_use(challenge, int(until) - int(now) + 1)


def is_open(challenge: str, device: Device, now: float | None = None) -> bool:
    """Whether it may still be used, so that a form shown again goes on waiting instead of beginning anew."""
    now = time.time() if now is None else now
    try:
        _ready, until, _random = _signer(device).unsign(challenge).split(".")
    except (BadSignature, ValueError):
        return False
    return now < int(until) and doorkeeper.ask(lambda redis: not redis.exists(_name(challenge)), True)


def solves(challenge: str, nonce: str) -> bool:
    """Whether SHA-256 of both begins with `BITS` zero bits."""
    digest = hashlib.sha256(f"{challenge}:{nonce}".encode()).digest()
    return int.from_bytes(digest) >> (256 - BITS) == 0


def _first_use(challenge: str, seconds: int) -> bool:
    return doorkeeper.ask(lambda redis: bool(redis.set(_name(challenge), 1, nx=True, ex=seconds)), True)


def _name(challenge: str) -> str:
    return f"proof:{hashlib.sha256(challenge.encode()).hexdigest()}"


def _signer(device: Device) -> Signer:
    return Signer(salt=f"uploads.proof {device.pk}", sep=".")
