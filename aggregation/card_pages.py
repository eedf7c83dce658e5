"""Share cards as addresses: `/kartu/<pemilu>/<pemilihan>/<wilayah>.png`, and of one TPS."""

import hashlib
import logging
from collections.abc import Callable
from typing import Any

from django.core.cache import caches
from django.http import HttpRequest, HttpResponse, HttpResponseNotModified
from django.utils.cache import patch_cache_control
from django.utils.connection import ConnectionProxy
from django.utils.http import parse_etags
from django.views.decorators.http import require_safe
from redis.exceptions import RedisError

from accounts.permissions import Action, page
from aggregation import cards, contests, publication, region_document, station_document
from aggregation.cards import Card

log = logging.getLogger(__name__)
cache = ConnectionProxy(caches, "documents")

# Who shows cards asks again after this long; until then their copy is good enough.
FRESH_SECONDS = 60
# On a busy night the nation's document changes every second; its card, which says of when it is, is drawn less often.
DRAWN_EVERY_SECONDS = 10
# Not longer: somebody who asks for the cards of all TPS must not fill the cache.
KEPT_SECONDS = 300

Kept = tuple[str, bytes]  # ETag and picture


@require_safe
@page(Action.SEE_PUBLIC)
def region(request: HttpRequest, election: str, contest: str, region: str) -> HttpResponse:
    published = publication.region(
        election, contest, region_document.code_of(region), find=lambda: contests.find(election, contest)
    )
    return _answer(
        request, published.etag, f"{election}/{contest}/{region}", lambda: cards.of_region(published.content)
    )


@require_safe
@page(Action.SEE_PUBLIC)
def station(request: HttpRequest, election: str, contest: str, station: str) -> HttpResponse:
    published = publication.station(
        election, contest, station, build=lambda: station_document.build(contests.find(election, contest), station)
    )
    place = f"{election}/{contest}/tps/{station}"
    return _answer(request, published.etag, place, lambda: cards.of_station(published.content))


def _answer(request: HttpRequest, etag: str, place: str, card: Callable[[], Card]) -> HttpResponse:
    """The picture of the document with this ETag, or of one some seconds older; or that it has not changed."""
    known = parse_etags(request.headers.get("If-None-Match", ""))
    tag, drawn = tag_of(etag), b""
    if tag not in known:
        tag, drawn = _kept(place, tag, lambda: cards.png(card()))
    if tag in known:
        response: HttpResponse = HttpResponseNotModified()
    else:
        response = HttpResponse(drawn, content_type="image/png")
    response["ETag"] = tag
    # Others may show it: that is what it is for.
    response["Cross-Origin-Resource-Policy"] = "cross-origin"
    patch_cache_control(response, public=True, max_age=FRESH_SECONDS)
    return response


def tag_of(etag: str) -> str:
    """The ETag of the card of a document with this one; strong, since the bytes follow from the document."""
    return f'"{hashlib.sha256(f"{cards.FORMAT} {etag}".encode()).hexdigest()[:32]}"'


def _kept(place: str, tag: str, draw: Callable[[], bytes]) -> Kept:
    """The card of a place, drawn by one of all who ask, at most every so many seconds; others get what there is."""
    key = f"card:{place}"
    try:
        kept: Kept | None = cache.get(key)
        if kept and (kept[0] == tag or not cache.add(f"{key}:drawn", 1, DRAWN_EVERY_SECONDS)):
            return kept
        drawn = tag, draw()
        cache.set(key, drawn, KEPT_SECONDS)
        cache.set(f"{key}:drawn", 1, DRAWN_EVERY_SECONDS)
        return drawn
    except RedisError as error:
        log.warning("cache: %s", type(error).__name__)
        return tag, draw()


def shared(document: dict[str, Any]) -> dict[str, Any]:
    """What the page of this document says of itself to whoever shows a link to it."""
    of_station = "station" in document
    card = cards.of_station(document) if of_station else cards.of_region(document)
    place = document["station"] if of_station else document["region"]
    return {
        "name": "aggregation:station_card" if of_station else "aggregation:region_card",
        "where": [document["election"]["code"], document["contest"]["code"], place["code"]],
        "title": f"{card.place}: {card.coverage}",
        "description": cards.description(card),
        "version": document["version"],
    }
