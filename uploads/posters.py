"""The short address of a TPS, and its QR code: what hangs on paper where people vote."""

import io

import segno
from django.conf import settings
from django.urls import reverse


def address(code: str) -> str:
    """The whole address that leads to the form of a TPS."""
    return settings.SITE_ORIGIN + reverse("uploads:short", args=[code])


def qr(code: str) -> str:
    """The address as a QR code: SVG with its quiet zone, without a size of its own.

    Error correction M: it stays readable with a fold or a stain over it.
    """
    picture = io.BytesIO()
    drawn = segno.make(address(code), error="m", micro=False)
    drawn.save(picture, kind="svg", scale=1, border=4, light="#fff", omitsize=True, xmldecl=False, nl=False)
    return picture.getvalue().decode()
