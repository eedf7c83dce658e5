"""The open data's pages, files and feeds. All but a feed that nobody asked for lately cost no query."""

import gzip
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.paginator import Paginator
from django.http import FileResponse, HttpRequest, HttpResponse, HttpResponseBase, StreamingHttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.cache import patch_cache_control, patch_vary_headers
from django.views.decorators.http import require_safe

from accounts.permissions import Action, page
from aggregation import contests, data_package, dumps, export_files, feeds, publication
from aggregation.api import takes
from aggregation.export_reader import NotExported

NEWEST_SECONDS = 60
FOREVER_SECONDS = 365 * 24 * 3600
FEED_SECONDS = 15
ARCHIVE_SECONDS = 24 * 3600
ROWS = 60
NEWEST = "terbaru"  # in place of a version
_PIECE = 256 * 1024
_PACKED = ".gz"
_TYPES = {
    ".csv": "text/csv; charset=utf-8",
    ".gz": "application/gzip",
    ".json": "application/json",
    ".parquet": "application/vnd.apache.parquet",
    ".tar": "application/x-tar",
    ".sha256": "text/plain; charset=utf-8",
}


@require_safe
@page(Action.SEE_PUBLIC)
def data(request: HttpRequest) -> HttpResponse:
    """What there is of open data, how it may be used, and how to cite it."""
    index = export_files.index()
    listed = Paginator(index["exports"], ROWS).get_page(request.GET.get("hal"))
    return _shown(
        request,
        "aggregation/data.html",
        reverse("aggregation:data"),
        index=index,
        listed=listed,
        licence=data_package.licence(),
        dumps=[one | {"name": Path(one["path"]).name} for one in index["dumps"]],
    )


@require_safe
@page(Action.SEE_PUBLIC)
def contest_data(request: HttpRequest, election: str, contest: str) -> HttpResponse:
    """The files of a contest's newest export."""
    found = export_files.newest(election, contest)
    if found is None:
        raise NotExported
    home = export_files.root() / election / contest
    package = export_files.package_of(home / found["version"])
    return _shown(
        request,
        "aggregation/data_contest.html",
        reverse("aggregation:contest_data", args=[election, contest]),
        found=found,
        package=package,
        licence=package["licenses"][0],
        files=[_file_of(one) for one in package["resources"]],
        package_name=export_files.PACKAGE,
        earlier=[one for one in reversed(export_files.versions(home)) if one != found["version"]],
    )


def _file_of(resource: dict[str, Any]) -> dict[str, Any]:
    return resource | {"digest": resource["hash"].removeprefix("sha256:")}


@require_safe
@page(Action.SEE_PUBLIC)
def newest_index(request: HttpRequest) -> HttpResponseBase:
    path = export_files.root() / export_files.INDEX
    if not path.is_file():
        raise NotExported
    return _sent(request, path, NEWEST_SECONDS)


@require_safe
@page(Action.SEE_PUBLIC)
def file(request: HttpRequest, election: str, contest: str, version: str, name: str) -> HttpResponseBase:
    """A file of an export; `stations.csv` is `stations.csv.gz` as it travels packed and arrives unpacked."""
    seconds = FOREVER_SECONDS
    if version == NEWEST:
        found = export_files.newest(election, contest)
        version, seconds = (found["version"] if found else ""), NEWEST_SECONDS
    if path := export_files.file_in(election, contest, version, name):
        return _sent(request, path, seconds)
    if path := export_files.file_in(election, contest, version, name + _PACKED):
        return _sent_unpacked(request, path, seconds)
    raise NotExported


@require_safe
@page(Action.SEE_PUBLIC)
def dump(request: HttpRequest, name: str) -> HttpResponseBase:
    path = dumps.path_of(name)
    if path is None:
        raise NotExported
    return _sent(request, path, FOREVER_SECONDS)


def _sent(request: HttpRequest, path: Path, seconds: int) -> HttpResponseBase:
    return _for_all(FileResponse(path.open("rb"), content_type=_type_of(path.name)), seconds)


def _sent_unpacked(request: HttpRequest, path: Path, seconds: int) -> HttpResponseBase:
    response: HttpResponseBase
    if takes(request.headers.get("Accept-Encoding", ""), "gzip"):
        response = FileResponse(path.open("rb"), content_type=_type_of(path.stem))
        response["Content-Encoding"] = "gzip"
    else:
        response = StreamingHttpResponse(_unpacked(path), content_type=_type_of(path.stem))
    patch_vary_headers(response, ["Accept-Encoding"])
    return _for_all(response, seconds)


def _unpacked(path: Path) -> Iterator[bytes]:
    with gzip.open(path, "rb") as packed:
        while piece := packed.read(_PIECE):
            yield piece


def _type_of(name: str) -> str:
    return _TYPES[Path(name).suffix]


def _for_all(response: HttpResponseBase, seconds: int) -> HttpResponseBase:
    more = {"immutable": True} if seconds == FOREVER_SECONDS else {}
    patch_cache_control(response, public=True, max_age=seconds, **more)
    response["Access-Control-Allow-Origin"] = "*"
    return response


# --- Feeds ----------------------------------------------------------------------------------


@require_safe
@page(Action.SEE_PUBLIC)
def changes(request: HttpRequest, election: str, contest: str) -> HttpResponse:
    """The feed of results that changed; `?arsip=` an earlier part of it, which does not change any more."""
    word = request.GET.get("arsip", "")
    if word and not (word.isascii() and word.isdigit() and len(word) <= 9):
        raise feeds.NoSuchWindow
    window = int(word) if word else None
    document = publication.counted(
        f"published:changes:{election}/{contest}/{'' if window is None else window}",
        FEED_SECONDS,
        build=lambda: _feed(election, contest, window),
    )
    response = HttpResponse(document.content["atom"], content_type="application/atom+xml; charset=utf-8")
    _for_all(response, FEED_SECONDS if window is None else ARCHIVE_SECONDS)
    return response


def _feed(election: str, contest: str, window: int | None) -> dict[str, Any]:
    found = contests.find(election, contest)
    listed, newest = feeds.changes(found, window)
    return {"atom": feeds.atom(found, listed, window, newest).decode()}


def _shown(request: HttpRequest, template: str, canonical: str, **context: Any) -> HttpResponse:
    response = render(request, template, {"canonical": settings.SITE_ORIGIN + canonical, **context})
    patch_cache_control(response, max_age=NEWEST_SECONDS)
    return response
