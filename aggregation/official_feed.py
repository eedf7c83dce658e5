"""The feed of what changed in official figures: Atom (RFC 4287), newest first, older pages by `next` (RFC 5005).

An entry for each snapshot that came in, and for each TPS whose figures a source changed, withdrew or brought back. What
an entry says and its id never change.
"""

from xml.etree import ElementTree as Xml

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.utils.cache import patch_cache_control
from django.utils.translation import gettext as _
from django.utils.translation import override
from django.views.decorators.http import require_safe

from accounts.permissions import Action, page
from aggregation import columns, contests, official_differences, official_document, official_history
from aggregation.official_history import FIRST, News
from aggregation.region_document import time_of
from aggregation.templatetags.figures import figure
from tps.models import Contest

ENTRIES = 100
FRESH_SECONDS = 60
ATOM = "http://www.w3.org/2005/Atom"


@require_safe
@page(Action.SEE_PUBLIC)
def feed(request: HttpRequest, election: str, contest: str) -> HttpResponse:
    """Raises `NoOfficialFigures` where nothing has come in yet. Five queries."""
    found = contests.find(election, contest)
    source = official_differences.source_of(found, request.GET.get("sumber", ""))
    listed = official_history.news(source, ENTRIES + 1, _before(request.GET.get("sebelum", "")))
    address = settings.SITE_ORIGIN + reverse("aggregation:official_feed", args=[election, contest])
    with override("id"):  # a feed reader has no language, and an entry never changes
        body = written(found, source.word, listed[:ENTRIES], address, more=len(listed) > ENTRIES)
    response = HttpResponse(body, content_type="application/atom+xml; charset=utf-8")
    response["Access-Control-Allow-Origin"] = "*"
    patch_cache_control(response, public=True, max_age=FRESH_SECONDS)
    return response


def _before(text: str) -> tuple[int, int]:
    """The key after which a page begins; what is none begins with the newest."""
    parts = text.split("-")
    if len(parts) != 2 or not all(part.isascii() and part.isdigit() and len(part) <= 18 for part in parts):
        return FIRST
    return int(parts[0]), int(parts[1])


def written(contest: Contest, word: str, listed: list[News], address: str, *, more: bool) -> bytes:
    """The feed's bytes."""
    root = Xml.Element("feed", {"xmlns": ATOM, "xml:lang": "id"})
    title = _("Angka resmi %(contest)s: perubahan") % {"contest": contest.name}
    _texts(root, id=f"{address}?sumber={word}", title=title, updated=_updated(contest, listed))
    author = Xml.SubElement(root, "author")
    _texts(author, name="Pemantau", uri=settings.SITE_ORIGIN)
    Xml.SubElement(root, "link", {"rel": "self", "href": address})
    page = settings.SITE_ORIGIN + reverse("aggregation:official_differences", args=[contest.election_id, contest.code])
    Xml.SubElement(root, "link", {"rel": "alternate", "type": "text/html", "href": page})
    if more:
        snapshot, version = listed[-1].key
        Xml.SubElement(root, "link", {"rel": "next", "href": f"{address}?sumber={word}&sebelum={snapshot}-{version}"})
    names = official_document.labels(contest, columns.of(contest))
    for one in listed:
        _entry(root, contest, one, page, names)
    return bytes(Xml.tostring(root, encoding="utf-8", xml_declaration=True))


def _updated(contest: Contest, listed: list[News]) -> str:
    return (time_of(listed[0].imported_at) if listed else None) or f"{contest.election.date.isoformat()}T00:00:00Z"


def _entry(root: Xml.Element, contest: Contest, one: News, page: str, names: dict[str, str]) -> None:
    entry = Xml.SubElement(root, "entry")
    where = [contest.election_id, contest.code, one.code]
    link = settings.SITE_ORIGIN + reverse("aggregation:official_station", args=where) if one.code else page
    name = f"{contest.election_id}/{contest.code}/{one.source}/{one.about}/{time_of(one.taken_at)}/{one.code}"
    _texts(
        entry,
        id=f"{settings.SITE_ORIGIN}/umpan/resmi/{name.rstrip('/')}",
        title=_title(one),
        updated=time_of(one.imported_at) or "",
        published=time_of(one.imported_at) or "",
    )
    Xml.SubElement(entry, "link", {"rel": "alternate", "type": "text/html", "href": link})
    content = Xml.SubElement(entry, "content", {"type": "text"})
    content.text = _told(one, names) if one.code else _snapshot(one)


def _title(one: News) -> str:
    if not one.code:
        return _("Angka resmi per %(time)s masuk (%(source)s)") % {"time": time_of(one.taken_at), "source": one.source}
    words = {"name": one.name, "source": one.source, "code": one.code}
    if not one.after:
        return _("%(source)s menarik angka %(name)s (%(code)s)") % words
    if not one.before:
        return _("%(source)s menerbitkan lagi angka %(name)s (%(code)s)") % words
    return _("%(source)s mengubah angka %(name)s (%(code)s)") % words


def _snapshot(one: News) -> str:
    return _("%(rows)s baris, %(changed)s angka baru atau berubah.") % {
        "rows": figure(one.rows),
        "changed": figure(one.changed),
    }


def _told(one: News, names: dict[str, str]) -> str:
    """Old → new, of each field that changed."""
    before, after = one.before or {}, one.after or {}
    lines = [
        f"{names.get(key, key)}: {figure(before.get(key))} → {figure(after.get(key))}"
        for key in {**before, **after}
        if before.get(key) != after.get(key)
    ]
    return "\n".join(lines)


def _texts(parent: Xml.Element, **texts: str) -> None:
    for name, text in texts.items():
        Xml.SubElement(parent, name).text = text
