"""Looking at an untrusted image, in a killable child process (TRUST section 4)."""

from typing import Any

from uploads.models import Photo, PublicCopy

SIDES = (480, 1280, 2560)


def make_public_copies(photo: Photo) -> list[PublicCopy]:
    """Store the public sizes (WebP, upright, no metadata) and their rows. May run twice."""
    raise NotImplementedError


def entry_of(photo: Photo, copies: list[PublicCopy]) -> dict[str, Any]:
    """The fields of the ledger entry `copies`."""
    raise NotImplementedError
