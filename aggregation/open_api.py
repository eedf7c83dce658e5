"""The read API of the open data: TPS, regions, photos and readings of one version, page by page, and the files.

Answers come from the exported files and cost no query. `results/…` (`aggregation.api`) tells the numbers of this
second; here they are as old as the last export, of one cut, and all of them.
"""

from collections.abc import Mapping
from datetime import datetime
from typing import Any, ClassVar
from urllib.parse import urlencode

from django.conf import settings
from django.http import HttpResponse, JsonResponse
from rest_framework.request import Request

from aggregation import columns, export_files, export_reader, open_api_schema
from aggregation import open_api_examples as examples
from aggregation.api import PublicView
from aggregation.evidence_rows import PHOTO_STATES
from aggregation.export_reader import MOST_ROWS, USUAL_ROWS, NotExported, Wanted, WrongFilter
from aggregation.models import Result
from aggregation.region_document import LEVELS, WHOLE, time_of
from transcription.models import Entry

# An answer without a cursor is of the newest version; one with a cursor never changes.
NEWEST_SECONDS, PAGE_SECONDS = 60, 24 * 3600
_BOOLEAN = ("true", "false")


class TablePage(PublicView):
    """A page of one table. `filters`: parameters, each the column of its name, and what they may say."""

    table: ClassVar[str]
    filters: ClassVar[Mapping[str, tuple[str, ...]]]

    def answer(self, request: Request, election: str, contest: str) -> HttpResponse:
        asked = {name: str(value) for name, value in request.query_params.items() if value}
        found = export_reader.read(election, contest, self.table, self._wanted(asked))
        following = f"{settings.SITE_ORIGIN}{request.path}?{urlencode(asked | {'cursor': found.cursor})}"
        content = {
            "election": found.package["election"],
            "contest": found.package["contest"],
            "version": found.version,
            "cut": found.package["cut"],
            "taken_at": found.package["created"],
            "licence": found.package["licenses"][0]["name"],
            "next": following if found.cursor else None,
            "items": [_plain(row) for row in found.rows],
        }
        return _answer(content, PAGE_SECONDS if "cursor" in asked else NEWEST_SECONDS)

    def _wanted(self, asked: Mapping[str, str]) -> Wanted:
        """Raises `WrongFilter`."""
        if set(asked) - {"region", "limit", "cursor", *self.filters}:
            raise WrongFilter
        filters = {name: asked[name] for name in self.filters if name in asked}
        if any(value not in self.filters[name] for name, value in filters.items()):
            raise WrongFilter
        return Wanted(_place(asked.get("region", "")), filters, _limit(asked.get("limit", "")), asked.get("cursor", ""))


def _place(word: str) -> str:
    if word in ("", WHOLE):
        return ""
    if not (word.isascii() and word.isdigit() and len(word) in (2, 4, 6, 10, 13)):
        raise WrongFilter
    return word


def _limit(word: str) -> int:
    if not word:
        return USUAL_ROWS
    if not (word.isascii() and word.isdigit() and len(word) <= 4 and 1 <= int(word) <= MOST_ROWS):
        raise WrongFilter
    return int(word)


def _plain(row: dict[str, Any]) -> dict[str, Any]:
    return {name: time_of(value) if isinstance(value, datetime) else value for name, value in row.items()}


def _answer(content: dict[str, Any], seconds: int) -> HttpResponse:
    response = JsonResponse(content, json_dumps_params={"ensure_ascii": False, "separators": (",", ":")})
    response["Cache-Control"] = f"public, max-age={seconds}"
    response["Access-Control-Allow-Origin"] = "*"
    return response


_STATE = {"state": tuple(Result.State.values)}
_STATUS = dict.fromkeys((*columns.STATUS, columns.EXCLUDED), _BOOLEAN)


class Stations(TablePage):
    table = "stations"
    filters: ClassVar = _STATE | _STATUS

    @open_api_schema.table(table, "Numbers of each TPS", filters, examples.STATION)
    def get(self, request: Request, election: str, contest: str) -> HttpResponse:
        return self.answer(request, election, contest)


class Regions(TablePage):
    table = "regions"
    filters: ClassVar = {"level": LEVELS[:5]}

    @open_api_schema.table(table, "Sums and counts of each region", filters, examples.REGION)
    def get(self, request: Request, election: str, contest: str) -> HttpResponse:
        return self.answer(request, election, contest)


class Photos(TablePage):
    table = "photos"
    filters: ClassVar = {"state": PHOTO_STATES}

    @open_api_schema.table(table, "Photos, and what was decided of them", filters, examples.PHOTO)
    def get(self, request: Request, election: str, contest: str) -> HttpResponse:
        return self.answer(request, election, contest)


class Readings(TablePage):
    table = "readings"
    filters: ClassVar = {"source": tuple(Entry.Source.values)}

    @open_api_schema.table(table, "Every reading of decided photos", filters, examples.READING)
    def get(self, request: Request, election: str, contest: str) -> HttpResponse:
        return self.answer(request, election, contest)


class Exports(PublicView):
    """What has been published."""

    @open_api_schema.INDEX
    def get(self, request: Request) -> HttpResponse:
        return _answer(export_files.index(), NEWEST_SECONDS)


class Export(PublicView):
    """The newest export of one contest: the address, size and SHA-256 of each file, and its columns."""

    @open_api_schema.PACKAGE
    def get(self, request: Request, election: str, contest: str) -> HttpResponse:
        found = export_files.newest(election, contest)
        if found is None:
            raise NotExported
        folder = (export_files.root() / found["path"]).parent
        package = export_files.package_of(folder)
        base = f"{settings.SITE_ORIGIN}/data/{election}/{contest}/{folder.name}/"
        resources = [one | {"path": base + one["path"]} for one in package["resources"]]
        return _answer(package | {"resources": resources}, NEWEST_SECONDS)
