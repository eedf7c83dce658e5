"""A feed of changes: every result of a TPS that changed, as an Atom feed (RFC 4287), from the log.

Each entry is a `select` entry of the log below the published cut, so the feed says nothing that the sums do not hold
yet, and misses nothing. The log is cut into windows of so many entries: a window that is full never changes, and is an
archive document of RFC 5005; the feed itself is the window at the cut and the one before it. Whoever follows
`prev-archive` until they meet what they know has every change.
"""

import json
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from urllib.parse import urlsplit
from xml.etree import ElementTree as Xml

from django.conf import settings
from django.utils.translation import gettext_lazy as _

from accounts.refusals import Refusal
from aggregation import data_package
from aggregation.models import Snapshot
from aggregation.region_document import time_of
from ledger.models import Leaf
from tps.models import Contest

WINDOW = 500
ATOM = "http://www.w3.org/2005/Atom"
HISTORY = "http://purl.org/syndication/history/1.0"
Xml.register_namespace("", ATOM)
Xml.register_namespace("fh", HISTORY)


class NoSuchWindow(Refusal):
    status = 404
    code = "no_such_window"
    sentence = _("Arsip umpan ini belum ada.")


@dataclass(frozen=True)
class Change:
    """A result of a TPS as it was from this place in the log on."""

    index: int
    at: datetime
    station: str
    version: int
    state: str
    numbers: dict[str, Any]


def changes(contest: Contest, window: int | None) -> tuple[list[Change], int]:
    """The changes of a window, the newest first, and the number of the window at the published cut.

    None: of the window at the cut and the one before it. Two queries, and what they read is bounded by `WINDOW`.
    Raises `NoSuchWindow` for one that is not full yet.
    """
    cut = Snapshot.objects.filter(contest=contest).values_list("cut", flat=True).first() or 0
    newest = max(cut - 1, 0) // WINDOW
    if window is not None and not 0 <= window < newest:
        raise NoSuchWindow
    first = max(newest - 1, 0) if window is None else window
    last = newest if window is None else window
    found = (
        Leaf.objects.filter(log=contest.election_id, index__gte=first * WINDOW, index__lt=min((last + 1) * WINDOW, cut))
        .select_related("event")
        .order_by("-index")
    )
    return [
        _change(leaf, body)
        for leaf in found
        if leaf.event.kind == "select" and (body := json.loads(bytes(leaf.event.body)))["contest"] == contest.code
    ], newest


def _change(leaf: Leaf, body: dict[str, Any]) -> Change:
    return Change(leaf.index, leaf.event.created_at, body["tps"], body["version"], body["state"], body["val"])


def atom(contest: Contest, found: Iterable[Change], window: int | None, newest: int) -> bytes:
    """The feed as XML; `window` is the number of an archive document, None for the feed itself."""
    feed = Xml.Element(_tag("feed"), {"{http://www.w3.org/XML/1998/namespace}lang": "id"})
    here = f"{settings.SITE_ORIGIN}/umpan/{contest.election_id}/{contest.code}.atom"
    listed = list(found)
    latest = time_of(max((change.at for change in listed), default=None))
    _add(feed, "id", f"{_authority(contest)}/perubahan" + (f"/{window}" if window is not None else ""))
    _add(feed, "title", f"{contest.election.name}: {contest.name}")
    _add(feed, "subtitle", "Hasil TPS yang berubah")
    _add(feed, "updated", latest or f"{contest.election.date.isoformat()}T00:00:00Z")
    _add(_add(feed, "author"), "name", urlsplit(settings.SITE_ORIGIN).hostname or "Pemantau")
    _add(feed, "rights", data_package.licence()["name"])
    _link(feed, "self", here if window is None else f"{here}?arsip={window}", "application/atom+xml")
    _link(feed, "alternate", f"{settings.SITE_ORIGIN}/hasil/{contest.election_id}/{contest.code}/", "text/html")
    if window is not None:
        Xml.SubElement(feed, f"{{{HISTORY}}}archive")
        _link(feed, "current", here, "application/atom+xml")
    earlier = (max(newest - 1, 0) if window is None else window) - 1
    if earlier >= 0:
        _link(feed, "prev-archive", f"{here}?arsip={earlier}", "application/atom+xml")
    for change in listed:
        _entry(feed, contest, change)
    return Xml.tostring(feed, encoding="utf-8", xml_declaration=True)


def _entry(feed: Xml.Element, contest: Contest, change: Change) -> None:
    page = f"{settings.SITE_ORIGIN}/hasil/{contest.election_id}/{contest.code}/tps/{change.station}/"
    entry = _add(feed, "entry")
    _add(entry, "id", f"{_authority(contest)}/{change.station}/{change.version}")
    _add(entry, "title", f"TPS {change.station}")
    _add(entry, "updated", time_of(change.at))
    _link(entry, "alternate", page, "text/html")
    api = f"{settings.SITE_ORIGIN}/api/v1/results/{contest.election_id}/{contest.code}/tps/{change.station}/"
    _link(entry, "related", api, "application/json")
    Xml.SubElement(entry, _tag("category"), {"scheme": f"{settings.SITE_ORIGIN}/#state", "term": change.state})
    lines = [f"state: {change.state}", *(f"{key}: {value}" for key, value in change.numbers.items())]
    # Plain text: of any other media type RFC 4287 section 4.1.3.3 wants Base64.
    Xml.SubElement(entry, _tag("content"), {"type": "text"}).text = "\n".join(lines)


def _authority(contest: Contest) -> str:
    """The beginning of every id: a tag URI (RFC 4151) of this organisation and election day."""
    host = urlsplit(settings.SITE_ORIGIN).hostname or "pemantau.invalid"
    return f"tag:{host},{contest.election.date.isoformat()}:{contest.election_id}/{contest.code}"


def _add(parent: Xml.Element, name: str, text: str | None = None) -> Xml.Element:
    child = Xml.SubElement(parent, _tag(name))
    child.text = text
    return child


def _link(parent: Xml.Element, rel: str, address: str, kind: str) -> None:
    Xml.SubElement(parent, _tag("link"), {"rel": rel, "href": address, "type": kind})


def _tag(name: str) -> str:
    return f"{{{ATOM}}}{name}"
