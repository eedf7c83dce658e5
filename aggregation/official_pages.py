"""Our numbers beside the official ones: the largest differences, and what was published when."""

from typing import Any
from urllib.parse import urlencode

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.cache import patch_cache_control
from django.views.decorators.http import require_safe

from accounts.fields import whole_number
from accounts.permissions import Action, page
from aggregation import (
    columns,
    contests,
    official,
    official_differences,
    official_document,
    official_history,
    page_memory,
    reading_aids,
)
from aggregation.models import OfficialSource
from aggregation.official import Step
from aggregation.official_differences import Shown
from aggregation.region_document import LEVELS, code_of, word_of
from tps import search as places
from tps.models import Contest, Region

FRESH_SECONDS = 15
ROWS = 25
VERSIONS = 60
WIDTH, HEIGHT = 640, 200


@require_safe
@page(Action.SEE_PUBLIC)
def differences(request: HttpRequest, election: str, contest: str) -> HttpResponse:
    """Where our numbers and the official ones differ most; `?wilayah=` in one region, `?sesudah=` further on."""
    found = contests.find(election, contest)
    canonical = reverse("aggregation:official_differences", args=[election, contest])
    source = _source(request, found)
    if source is None:
        return _shown(request, "aggregation/official_nothing.html", canonical, contest=found)
    etag = f"{source.pk} {source.refreshed_at}"
    return page_memory.drawn(request, etag, lambda: _draw_differences(request, found, source, canonical))


def _draw_differences(request: HttpRequest, contest: Contest, source: OfficialSource, canonical: str) -> HttpResponse:
    code = code_of(request.GET.get("wilayah", "") or word_of(""))
    line = places.line_to(code)
    layout = columns.of(contest)
    after = official_differences.place(request.GET.get("sesudah", ""))
    rows = list(official_differences.largest(source, code, after)[: ROWS + 1])
    listed = official_differences.shown(rows[:ROWS], source, layout)
    names, photos = official_document.labels(contest, layout), official_document.photos_of(contest, listed, layout)
    of_region = official.figures_of(contest, [code], source.word).get(code)
    more = {"wilayah": word_of(code), "sumber": source.word, "sesudah": str(listed[-1].at)} if rows[ROWS:] else None
    return _shown(
        request,
        "aggregation/official_differences.html",
        canonical + (f"?wilayah={code}" if code else ""),
        contest=contest,
        source=source,
        region=line[-1],
        code=code,
        trail=_trail(contest, line),
        official=of_region,
        sums=official_document.like_with_like(of_region, names, layout.votes),
        below=official_document.below(source, code),
        listed=[_listed(contest, one, names, photos) for one in listed],
        on=after is not None,
        following=urlencode(more) if more else "",
        data_address=reverse("aggregation-api:official_differences", args=[contest.election_id, contest.code]),
        feed=reverse("aggregation:official_feed", args=[contest.election_id, contest.code]),
    )


def _listed(contest: Contest, one: Shown, names: dict[str, str], photos: dict[str, Any]) -> dict[str, Any]:
    where = [contest.election_id, contest.code, one.code]
    return {
        **{"code": one.code, "name": one.name, "region": one.region, "since": official_document.difference(one)},
        "votes": one.comparison.votes,
        "others": one.comparison.others,
        "how": reading_aids.HOW.get(one.how, ""),
        "fields": [
            {"name": names.get(field.key, field.key), "field": field}
            for field in one.comparison.fields
            if field.difference
        ],
        "address": reverse("aggregation:station", args=where),
        "history": reverse("aggregation:official_station", args=where),
        "photo": photos.get(one.code),
    }


@require_safe
@page(Action.SEE_PUBLIC)
def station(request: HttpRequest, election: str, contest: str, station: str) -> HttpResponse:
    """What was officially published for one TPS over time, and what we have."""
    found = contests.find(election, contest)
    tps = places.station(station, found.election)
    layout, source = columns.of(found), _source(request, found)
    steps = official_history.versions(source, tps.code, layout.votes) if source else []
    keys = official_document.shown_keys(steps, layout)
    names = official_document.labels(found, layout)
    ours = official_document.ours_of(found, tps.code, layout)
    theirs = steps[-1].figures if steps else {}
    return _shown(
        request,
        "aggregation/official_station.html",
        reverse("aggregation:official_station", args=[election, contest, station]),
        contest=found,
        source=source,
        station=tps,
        code=tps.code,
        trail=[*_trail(found, places.line_to(tps.region_id)), _place(found, str(tps), tps.code, "tps")],
        heads=[{"key": key, "name": names[key], "ours": ours.get(key)} for key in keys],
        versions=[official_document.version(step, keys) for step in reversed(steps)],
        ours=ours,
        comparison=official.compare(ours, theirs, layout.votes),
    )


@require_safe
@page(Action.SEE_PUBLIC)
def region(request: HttpRequest, election: str, contest: str, region: str) -> HttpResponse:
    """What was officially published for one region over time: a line, a table, and how often it went down."""
    found = contests.find(election, contest)
    code = code_of(region)
    line = places.line_to(code)
    layout, source = columns.of(found), _source(request, found)
    steps = official_history.versions(source, code, layout.votes) if source else []
    names = official_document.labels(found, layout)
    of_region = official.figures_of(found, [code], source.word).get(code) if source else None
    return _shown(
        request,
        "aggregation/official_region.html",
        reverse("aggregation:official_region", args=[election, contest, region]),
        contest=found,
        source=source,
        region=line[-1],
        code=code,
        trail=_trail(found, line),
        official=of_region,
        sums=official_document.like_with_like(of_region, names, layout.votes),
        changed=official_document.changed_stations(source, code) if source else 0,
        **_series(steps, official_document.shown_keys(steps, layout), names, request.GET.get("hal", "")),
    )


def _series(steps: list[Step], keys: list[str], names: dict[str, str], wanted: str) -> dict[str, Any]:
    """A region's versions as a drawing and as one page of a table, newest first."""
    points = official.line(steps, WIDTH, HEIGHT)
    last = max(1, -(-len(steps) // VERSIONS))
    number = asked if 1 <= (asked := whole_number(wanted)) <= last else 1
    newest = steps[::-1][(number - 1) * VERSIONS : number * VERSIONS]
    return {
        "points": " ".join(f"{x},{y}" for x, y in points),
        "falls": [{"x": x, "y": y} for x, y in official.falls(points, steps)],
        "size": {"width": WIDTH, "height": HEIGHT},
        "most": max((step.total for step in steps if step.total is not None), default=0),
        "first": official_document.version(steps[0], keys) if steps else None,
        "newest": official_document.version(steps[-1], keys) if steps else None,
        "steps": len(steps),
        "down": official.steps_down(steps),
        "heads": [{"key": key, "name": names[key]} for key in keys],
        "versions": [official_document.version(step, keys) for step in newest],
        "page": {
            **{"number": number, "last": last, "before": number - 1 if number > 1 else None},
            "after": number + 1 if number < last else None,
        },
    }


def _source(request: HttpRequest, contest: Contest) -> OfficialSource | None:
    """The source that `?sumber=` names, else the contest's first, if there is one."""
    word = request.GET.get("sumber", "")
    if word:
        return official_differences.source_of(contest, word)
    return OfficialSource.objects.filter(contest=contest).order_by("pk").first()


def _trail(contest: Contest, line: list[Region]) -> list[dict[str, str]]:
    return [_place(contest, one.name, word_of(one.code), LEVELS[one.level]) for one in line]


def _place(contest: Contest, name: str, code: str, level: str) -> dict[str, str]:
    document = {"election": {"code": contest.election_id}, "contest": {"code": contest.code}}
    return {"name": name, "address": reading_aids.address(document, {"code": code, "level": level})}


def _shown(request: HttpRequest, template: str, canonical: str, **context: Any) -> HttpResponse:
    response = render(request, template, {"canonical": settings.SITE_ORIGIN + canonical, **context})
    patch_cache_control(response, max_age=FRESH_SECONDS)
    return response
