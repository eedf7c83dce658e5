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
KEPT_SECONDS = 3600


@require_safe
@page(Action.SEE_PUBLIC)
def region(request: HttpRequest, election: str, contest: str, region: str) -> HttpResponse:
    published = publication.region(
        election, contest, region_document.code_of(region), find=lambda: contests.find(election, contest)
    )
    return _answer(request, published.etag, lambda: cards.of_region(published.content))


@require_safe
@page(Action.SEE_PUBLIC)
def station(request: HttpRequest, election: str, contest: str, station: str) -> HttpResponse:
    published = publication.station(
        election, contest, station, build=lambda: station_document.build(contests.find(election, contest), station)
    )
    return _answer(request, published.etag, lambda: cards.of_station(published.content))


def _answer(request: HttpRequest, etag: str, card: Callable[[], Card]) -> HttpResponse:
    """The picture of the document with this ETag, drawn once; or that it has not changed, without drawing it."""
    tag = tag_of(etag)
    if tag in parse_etags(request.headers.get("If-None-Match", "")):
        response: HttpResponse = HttpResponseNotModified()
    else:
        response = HttpResponse(_kept(tag, lambda: cards.png(card())), content_type="image/png")
    response["ETag"] = tag
    # Others may show it: that is what it is for.
    response["Cross-Origin-Resource-Policy"] = "cross-origin"
    patch_cache_control(response, public=True, max_age=FRESH_SECONDS)
    return response


def tag_of(etag: str) -> str:
    """The ETag of the card of a document with this one; strong, since the bytes follow from the document."""
    return f'"{hashlib.sha256(f"{cards.FORMAT} {etag}".encode()).hexdigest()[:32]}"'


def _kept(tag: str, draw: Callable[[], bytes]) -> bytes:
    key = f"card:{tag[1:-1]}"
    try:
        if found := cache.get(key):
            return bytes(found)
    except RedisError as error:
        log.warning("cache: %s", type(error).__name__)
        return draw()
    drawn = draw()
    try:
        cache.set(key, drawn, KEPT_SECONDS)
    except RedisError as error:
        log.warning("cache: %s", type(error).__name__)
    return drawn


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
