"""What others put into their pages: a small page for an `<iframe>`, and how one does so.

Only that page may be framed, by anybody; it has no navigation, no form, and sets no cookie. Everything works without
scripts: `static/aggregation/sematan.js` and `sematan_isi.js` only agree on the height.
"""

from typing import Any

from csp.decorators import csp_replace
from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.cache import patch_cache_control
from django.views.decorators.clickjacking import xframe_options_exempt
from django.views.decorators.http import require_safe

from accounts.permissions import Action, page
from aggregation import contests, page_memory, publication, reading_aids, region_document

FRESH_SECONDS = 15
# What a frame is given where no script adapts it: enough for three options on a phone.
HEIGHT = 560
# More options than these make the frame too long; the page it leads to has them all.
MOST_OPTIONS = 24


@require_safe
@xframe_options_exempt
@csp_replace({"frame-ancestors": ["*"]})
@page(Action.SEE_PUBLIC)
def embed(request: HttpRequest, election: str, contest: str, region: str) -> HttpResponse:
    """The present numbers of a region, for a frame in somebody else's page. No query where the document is cached."""
    code = region_document.code_of(region)
    published = publication.region(election, contest, code, find=lambda: contests.find(election, contest))
    return page_memory.drawn(
        request, published.etag, lambda: _draw(request, published.content, [election, contest, region])
    )


def _draw(request: HttpRequest, document: dict[str, Any], where: list[str]) -> HttpResponse:
    options = reading_aids.bars(document)
    response = render(
        request,
        "aggregation/embed.html",
        {
            "document": document,
            "code": region_document.code_of(where[-1]),
            "options": options[:MOST_OPTIONS],
            "stale": publication.stale_since(),
            "left_out": max(0, len(options) - MOST_OPTIONS),
            "canonical": settings.SITE_ORIGIN + reverse("aggregation:region", args=where),
        },
    )
    patch_cache_control(response, public=True, max_age=FRESH_SECONDS)
    return response


@require_safe
@page(Action.SEE_PUBLIC)
def guide(request: HttpRequest, election: str = "", contest: str = "", region: str = "") -> HttpResponse:
    """How one embeds: with the code for the region in the address, else for the nation in the current election."""
    known = None
    if not election:
        place, known = publication.current(contests.current)
        if place is None:
            return render(request, "aggregation/nothing_yet.html")
        election, contest, region = *place, region_document.WHOLE
    document = publication.region(
        election,
        contest,
        region_document.code_of(region),
        find=lambda: contests.whole(known) if known else contests.find(election, contest),
    ).content
    where = [election, contest, region]
    return render(
        request,
        "aggregation/embedding.html",
        {
            "document": document,
            "trail": reading_aids.trail(document),
            "canonical": settings.SITE_ORIGIN + reverse("aggregation:embedding", args=where),
            "frame": settings.SITE_ORIGIN + reverse("aggregation:embed", args=where),
            "page": settings.SITE_ORIGIN + reverse("aggregation:region", args=where),
            "card": settings.SITE_ORIGIN + reverse("aggregation:region_card", args=where),
            "data": settings.SITE_ORIGIN + reverse("aggregation-api:region", args=where),
            # The plain name: what others have in their pages outlives our releases.
            "script": f"{settings.SITE_ORIGIN}{settings.STATIC_URL}aggregation/sematan.js",
            "place": "/".join(where),
            "height": HEIGHT,
        },
    )
