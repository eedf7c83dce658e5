"""Deciding: a pure function of a photo's entries and rulings, and the thin function that loads and saves."""

from typing import Any

from transcription.models import Decision
from uploads.models import Photo


def decide_photo(photo: Photo) -> Decision | None:
    """Store the decision if the entries and rulings carry one that differs from the present one.

    Otherwise ask for another entry or for an adjudicator, and return None. The caller holds the photo's row.
    """
    raise NotImplementedError


def entry_of(decision: Decision) -> dict[str, Any]:
    """The fields of the ledger entry `decision`."""
    raise NotImplementedError
