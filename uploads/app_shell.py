"""What the sending page is made of, so that a phone can keep it and start it without a network.

The release's name changes whenever a byte of it does: the browser then fetches the new shell beside the old one
(`static/uploads/service_worker.js`).
"""

import hashlib
import json
from dataclasses import dataclass
from functools import cache
from typing import Any, cast

from django.conf import settings
from django.contrib.staticfiles import finders
from django.contrib.staticfiles.storage import ManifestFilesMixin, staticfiles_storage
from django.template.loader import render_to_string
from django.templatetags.static import static
from django.urls import reverse
from django.utils.translation import override

from uploads import app_words

STYLES = ("base.css", "frame.css", "components.css", "data.css", "tables.css", "uploads/send.css", "uploads/app.css")
# What the page's first module needs, in the order in which it is needed.
MODULES = (
    "uploads/app.js",
    "uploads/app_page.js",
    "uploads/app_photos.js",
    "uploads/app_station.js",
    "uploads/outbox.js",
    "uploads/sender.js",
    "uploads/taking.js",
    "uploads/camera.js",
    "uploads/scaling.js",
    "uploads/page_check.js",
    "uploads/recognise.js",
    "uploads/tag.js",
    "uploads/tag_codes.js",
)
# What is asked for later, or by the worker alone, which cannot fetch a module after its start.
LATER = ("uploads/known.js", "uploads/proof.js")
# Of the search for a TPS, whose pages the phone keeps as it sees them.
SEARCH = ("uploads/find.css", "uploads/last_used.js", "uploads/nearby.js")
PICTURES = ("mark.svg", "icons/192.png")
FILES = (*STYLES, *MODULES, *LATER, *SEARCH, *PICTURES)
WORKER = "uploads/service_worker.js"


@dataclass(frozen=True)
class Shell:
    """`pages` by language: the address that the phone keeps, and what stands there."""

    version: str
    files: tuple[str, ...]
    pages: dict[str, str]


def of_this_release() -> Shell:
    """Kept in this process, except while developing."""
    return _made() if settings.DEVELOPMENT else _kept()


@cache
def _kept() -> Shell:
    return _made()


def _made() -> Shell:
    pages = {language: page(language) for language, _name in settings.LANGUAGES}
    digest = hashlib.sha256(json.dumps(pages, sort_keys=True).encode())
    for name in (*FILES, WORKER):
        digest.update(_bytes(name))
    return Shell(digest.hexdigest()[:16], tuple(static(name) for name in FILES), pages)


def page(language: str) -> str:
    """The page without a TPS, as it looks to nobody in particular."""
    with override(language):
        return render_to_string("uploads/app.html", context() | {"section": "kirim"})


def context() -> dict[str, Any]:
    """For pages with `uploads/_app.html`: its words, and the modules to fetch before they are asked for."""
    return {"words": app_words.of_page(), "modules": [static(name) for name in MODULES]}


def address(language: str) -> str:
    return f"{reverse('uploads:app')}?bahasa={language}"


def _bytes(name: str) -> bytes:
    """Of a static file: as it is served, or, while developing, as it lies in the source."""
    if settings.DEVELOPMENT:
        with open(str(finders.find(name)), "rb") as file:
            return file.read()
    storage = cast(ManifestFilesMixin, staticfiles_storage)
    with storage.open(storage.stored_name(name)) as file:  # type: ignore[attr-defined]
        return file.read()
