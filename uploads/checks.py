"""System checks: receipts can be signed, and by nobody else."""

from collections.abc import Sequence
from typing import Any

from django.apps import AppConfig
from django.conf import settings
from django.core.checks import CheckMessage, Error, Tags, register

from uploads import notes

# What development signs with unless it is told otherwise: it stands in the source, so it proves nothing.
KNOWN_TO_ALL = "0" * 64


@register(Tags.security)
def receipt_keys(app_configs: Sequence[AppConfig] | None, **kwargs: Any) -> list[CheckMessage]:
    """RECEIPT_KEY is a key and secret, RECEIPT_OLD_KEYS are public keys."""
    from uploads import statements  # not before the apps are ready

    found: list[CheckMessage] = []
    try:
        statements.key()
    except notes.WrongKey as wrong:
        found.append(Error(f"RECEIPT_KEY: {wrong}.", hint="openssl rand -hex 32 makes one.", id="uploads.E001"))
    if settings.RECEIPT_KEY == KNOWN_TO_ALL and not settings.DEVELOPMENT:
        found.append(Error("RECEIPT_KEY is the one that stands in the source.", id="uploads.E002"))
    for old in settings.RECEIPT_OLD_KEYS:
        try:
            notes.public_key(old)
        except notes.WrongKey as wrong:
            found.append(Error(f"RECEIPT_OLD_KEYS: {wrong}.", id="uploads.E003"))
    return found
