"""The public's pages: from the nation down to a TPS and its photos. Rendered from the published documents."""

from typing import Any
from uuid import UUID

from django.conf import settings
from django.core.paginator import Paginator
from django.db import OperationalError
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.cache import patch_cache_control
from django.views.decorators.http import require_safe

from accounts.permissions import Action, page
from aggregation import (
    alerts,
    backlog_document,
    charts,
    contests,
    grounds,
    maps,
    outlook,
    page_memory,
    photo_document,
    publication,
    reading_aids,
    region_document,
    representative,
    station_document,
)
from aggregation.columns import COUNTED, EXCLUDED
from aggregation.dapil import COUNCIL_DIGITS
from aggregation.models import Result
from aggregation.published_files import Document
from tps import search as places
from tps.models import Contest
from tps.search import UnknownStation

FRESH_SECONDS = 1
MOST_FOUND = 50


@require_safe
@page(Action.SEE_PUBLIC)
def home(request: HttpRequest) -> HttpResponse:
    """The nation in the current election's first contest."""
    place, contest = publication.current(contests.current)
    if place is None:
        return _nothing_yet(request)
    return _region(request, *place, region_document.WHOLE, contest)


@require_safe
@page(Action.SEE_PUBLIC)
def region(request: HttpRequest, election: str, contest: str, region: str = region_document.WHOLE) -> HttpResponse:
    return _region(request, election, contest, region, None)


def _region(request: HttpRequest, election: str, contest: str, word: str, known: Contest | None) -> HttpResponse:
    published = publication.region(
        election,
        contest,
        region_document.code_of(word),
        find=lambda: contests.whole(known) if known else contests.find(election, contest),
    )
    return page_memory.drawn(
        request,
        f"{published.etag} {outlook.mark(election, contest, region_document.code_of(word))} {grounds.edition()}",
        lambda: _draw_region(request, published, [election, contest, word]),
    )


def _draw_region(request: HttpRequest, published: Document, where: list[str]) -> HttpResponse:
    document = published.content
    beside = outlook.read(where[0], where[1], region_document.code_of(where[2]))
    official = beside.get("official")
    return _shown(
        request,
        "aggregation/region.html",
        reverse("aggregation:region", args=where),
        document=document,
        etag=published.etag,
        waiting=reading_aids.waiting(document),
        missing=document["stations"] - document["counts"][COUNTED] - document["counts"][EXCLUDED],
        has_seats=document["contest"]["kind"] in COUNCIL_DIGITS,
        code=region_document.code_of(where[-1]),
        trail=reading_aids.trail(document),
        options=reading_aids.bars(document),
        page=reading_aids.page_of(document, request.GET.get("hal", "")),
        estimate=beside.get("estimate"),
        official=official,
        official_sums=reading_aids.official_sums(document, official),
        alerts=alerts.alerts(reading_aids.standing_of(document)),
        representative=representative.representative(document),
        map=maps.panel(document, request.GET.get("peta", ""), official["below"] if official else None),
        charts=charts.panel(document),
        data_address=reverse("aggregation-api:region", args=where),
    )


@require_safe
@page(Action.SEE_PUBLIC)
def station(request: HttpRequest, election: str, contest: str, station: str) -> HttpResponse:
    where = [election, contest, station]
    try:
        published = publication.station(
            *where, build=lambda: station_document.build(contests.find(election, contest), station)
        )
    except OperationalError:
        return _station_without_database(request, where)
    return page_memory.drawn(request, published.etag, lambda: _draw_station(request, published, where))


def _station_without_database(request: HttpRequest, where: list[str]) -> HttpResponse:
    """What the village's document says of the TPS. Raises `OperationalError` where there is none."""
    election, contest, code = where
    village = publication.region(election, contest, code[:-3], find=_unreachable).content
    row = next((child for child in village["children"] if child["code"] == code), None)
    if row is None:
        raise UnknownStation
    return _shown(
        request,
        "aggregation/station_away.html",
        reverse("aggregation:station", args=where),
        document=village,
        code=code,
        station=row,
        trail=reading_aids.trail(village),
        options=reading_aids.bars(reading_aids.of_child(village, row)),
    )


def _unreachable() -> Contest:
    raise OperationalError("the database is away, and nothing is published here")


def _draw_station(request: HttpRequest, published: Document, where: list[str]) -> HttpResponse:
    document = published.content
    return _shown(
        request,
        "aggregation/station.html",
        reverse("aggregation:station", args=where),
        document=document,
        etag=published.etag,
        code=where[-1],
        state_word=reading_aids.STATES[document["state"]],
        badge=reading_aids.BADGES.get(document["state"], ""),
        trail=reading_aids.trail(document),
        options=reading_aids.station_bars(document),
        groups=reading_aids.groups(document["fields"]),
        broken=reading_aids.broken([*document["verdicts"], *document["cross_checks"]]),
        judged=len(document["verdicts"]) + len(document["cross_checks"]),
        pages=reading_aids.pages(document["pages"]),
        others=reading_aids.other_contests(document),
        photos=[reading_aids.shown(photo) for photo in document["photos"]],
        excluded=reading_aids.exclusion(document["exclusion"]),
        reports=reading_aids.answers(document["reports"]),
        official=reading_aids.official_at(document),
        data_address=reverse("aggregation-api:station", args=where),
    )


@require_safe
@page(Action.SEE_PUBLIC)
def photo(request: HttpRequest, photo_id: UUID) -> HttpResponse:
    document = photo_document.build(photo_id)
    place = {"name": document["station"]["name"], "code": document["station"]["code"], "level": "tps"}
    return _shown(
        request,
        "aggregation/photo.html",
        reverse("aggregation:photo", args=[photo_id]),
        document=document,
        code=place["code"],
        photo=reading_aids.shown(document),
        trail=[
            *reading_aids.trail(document),
            {"name": place["name"], "address": reading_aids.address(document, place)},
        ],
        groups=reading_aids.groups(document["fields"]),
    )


@require_safe
@page(Action.SEE_PUBLIC)
def disputes(request: HttpRequest, election: str, contest: str, region: str) -> HttpResponse:
    """The TPS of a region whose photos differ (sengketa)."""
    found = contests.find(election, contest)
    code = region_document.code_of(region)
    document = publication.region(election, contest, code, find=lambda: found).content
    in_dispute = (
        Result.objects.filter(contest=found, state=Result.State.DISPUTED, region__code__startswith=code)
        .select_related("station", "region")
        .order_by("station__code")
    )
    listed = Paginator(in_dispute, reading_aids.ROWS).get_page(request.GET.get("hal"))
    return _shown(
        request,
        "aggregation/disputes.html",
        reverse("aggregation:disputes", args=[election, contest, region]),
        document=document,
        trail=reading_aids.trail(document),
        listed=listed,
    )


@require_safe
@page(Action.SEE_PUBLIC)
def search(request: HttpRequest) -> HttpResponse:
    """Regions and TPS by name or code, in the current election."""
    wanted = request.GET.get("q", "").strip()[: places.LONGEST]
    contest = contests.current()
    return _shown(
        request,
        "aggregation/search.html",
        reverse("aggregation:search"),
        wanted=wanted,
        found=reading_aids.found(places.find(wanted, contest.election, MOST_FOUND), contest) if contest else [],
    )


@require_safe
@page(Action.SEE_PUBLIC)
def backlog(request: HttpRequest) -> HttpResponse:
    """How much waits to be read in the current election, and how fast it is read."""
    place, contest = publication.current(contests.current)
    if place is None:
        return _nothing_yet(request)
    election = place[0]
    published = backlog_document.published(
        election, find=lambda: contest.election if contest else places.election(election)
    )
    return page_memory.drawn(request, published.etag, lambda: _draw_backlog(request, published.content, place))


def _draw_backlog(request: HttpRequest, document: dict[str, Any], place: tuple[str, str]) -> HttpResponse:
    return _shown(
        request,
        "aggregation/backlog.html",
        reverse("aggregation:backlog"),
        document=document,
        trail=[{"name": document["region"]["name"], "address": reverse("aggregation:contest", args=place)}],
        data_address=reverse("aggregation-api:backlog", args=[place[0]]),
    )


@require_safe
@page(Action.SEE_PUBLIC)
def elections(request: HttpRequest) -> HttpResponse:
    """All elections and their contests; by `?pemilu=…&jenis=…` those of one kind, page by page."""
    asked, canonical = request.GET, reverse("aggregation:elections")
    if asked.get("jenis"):
        of_kind, page = contests.of_kind(asked.get("pemilu", ""), asked["jenis"], asked.get("hal", ""))
        return _shown(
            request, "aggregation/contests.html", canonical, of_kind=of_kind, page=page, election=asked.get("pemilu")
        )
    return _shown(request, "aggregation/elections.html", canonical, elections=contests.listed())


def _nothing_yet(request: HttpRequest) -> HttpResponse:
    """No election is set up; the same for everybody who asks."""
    response = render(request, "aggregation/nothing_yet.html")
    patch_cache_control(response, max_age=FRESH_SECONDS)
    return response


def _shown(request: HttpRequest, template: str, canonical: str, **context: Any) -> HttpResponse:
    frame = {"canonical": settings.SITE_ORIGIN + canonical, "stale": publication.stale_since()}
    response = render(request, template, frame | context)
    patch_cache_control(response, max_age=FRESH_SECONDS)
    return response
