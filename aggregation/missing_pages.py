"""The TPS of a region that are not counted, for people and as a table (CSV)."""

import csv
import io
import re
from collections.abc import Iterable, Iterator, Mapping
from itertools import groupby
from typing import Any

from django.conf import settings
from django.http import HttpRequest, HttpResponse, HttpResponseBase, StreamingHttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.cache import patch_cache_control
from django.views.decorators.http import require_safe

from accounts.permissions import Action, page
from aggregation import columns, contests, missing, publication, reading_aids, region_document
from aggregation.missing import Missing
from tps.models import Contest

ROWS = 100
FRESH_SECONDS = 20
# Lines of the table that go over the wire at once.
LINES = 500
HEAD = ("station", "number", "village", "district", "registered_voters", "photo")


@require_safe
@page(Action.SEE_PUBLIC)
def listed(request: HttpRequest, election: str, contest: str, region: str) -> HttpResponse:
    """One page of them, by kecamatan and village. Three queries where the region is published."""
    found, document = _asked(election, contest, region)
    kind, after = _kind(request), _after(request)
    code = region_document.code_of(region)
    rows = missing.listed(found, code, kind, after=after, most=ROWS + 1)
    address = reverse("aggregation:missing", args=[election, contest, region])
    response = render(
        request,
        "aggregation/missing.html",
        {
            "canonical": settings.SITE_ORIGIN + address,
            "address": address,
            "document": document,
            "trail": reading_aids.trail(document),
            "below": _below(document),
            "total": _many(document["stations"], document["counts"]),
            "villages": _by_village(rows[:ROWS]),
            "kind": kind,
            "after": after,
            "next": rows[ROWS - 1].code if len(rows) > ROWS else None,
        },
    )
    patch_cache_control(response, max_age=FRESH_SECONDS)
    return response


@require_safe
@page(Action.SEE_PUBLIC)
def table(request: HttpRequest, election: str, contest: str, region: str) -> HttpResponseBase:
    """All of them as CSV (RFC 4180), sent while they are read; `photo` says whether one is there."""
    found, _document = _asked(election, contest, region)
    rows = missing.every(found, region_document.code_of(region), _kind(request))
    response = StreamingHttpResponse(_lines(rows), content_type="text/csv; charset=utf-8")
    response["Content-Disposition"] = f'attachment; filename="belum-{election}-{contest}-{region}.csv"'
    patch_cache_control(response, max_age=FRESH_SECONDS)
    return response


def _asked(election: str, contest: str, region: str) -> tuple[Contest, dict[str, Any]]:
    """Raises `NoSuchContest` and `UnknownRegion`."""
    found = contests.find(election, contest)
    code = region_document.code_of(region)
    return found, publication.region(election, contest, code, find=lambda: found).content


def _kind(request: HttpRequest) -> str:
    asked = request.GET.get("foto", "")
    return asked if asked in missing.KINDS else missing.ALL


def _after(request: HttpRequest) -> str:
    """The code of the last TPS of the page before; the first page where it is none."""
    asked = request.GET.get("setelah", "")
    return asked if re.fullmatch(r"[0-9]{13}", asked) else ""


def _below(document: Mapping[str, Any]) -> list[dict[str, Any]]:
    """The regions below that have some, as they were last published."""
    if document["children_level"] == "tps":
        return []
    where = [document["election"]["code"], document["contest"]["code"]]
    return [
        {
            "name": child["name"],
            "address": reverse("aggregation:missing", args=[*where, child["code"]]),
            "stations": child["stations"],
            **many,
        }
        for child in document["children"]
        if (many := _many(child["stations"], child["counts"]))["missing"]
    ]


def _many(stations: int, counts: Mapping[str, int]) -> dict[str, int]:
    """How many are missing, and of how many of these no photo is there."""
    left = stations - counts[columns.EXCLUDED]
    return {"missing": left - counts[columns.COUNTED], "no_photo": left - counts[columns.RECEIVED]}


def _by_village(rows: Iterable[Missing]) -> list[dict[str, Any]]:
    """In the order of their codes, so a village's stand together."""
    found = []
    for code, some in groupby(rows, key=lambda row: row.code[:10]):
        stations = list(some)
        first = stations[0]
        found.append({"code": code, "name": first.village, "district": first.district, "stations": stations})
    return found


def _lines(rows: Iterable[Missing]) -> Iterator[bytes]:
    buffer = io.StringIO()
    writer = csv.writer(buffer)
    writer.writerow(HEAD)
    for i, row in enumerate(rows, start=1):
        photo = "yes" if row.has_photo else "no"
        writer.writerow([row.code, row.number, row.village, row.district, row.registered_voters, photo])
        if i % LINES == 0:
            yield _taken(buffer)
    yield _taken(buffer)


def _taken(buffer: io.StringIO) -> bytes:
    text = buffer.getvalue()
    buffer.seek(0)
    buffer.truncate()
    return text.encode()
