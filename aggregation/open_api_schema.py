"""How the read API of the open data is described. Rows are described by the same fields as the files."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from drf_spectacular.utils import OpenApiExample, OpenApiParameter, OpenApiResponse, extend_schema, inline_serializer
from rest_framework import serializers as s

from accounts.openapi import error
from aggregation.api_schema import CONTEST, ELECTION, ContestPart, ElectionPart
from aggregation.evidence_rows import PHOTO_FIELDS, READING_FIELDS
from aggregation.export_reader import MOST_ROWS, USUAL_ROWS
from aggregation.export_shapes import Field
from aggregation.exports import REGION_FIELDS, STATION_FIELDS

_CODE = OpenApiParameter(
    "region",
    str,
    description="Only what lies in this region: 2, 4, 6 or 10 digits, or 13 for one TPS.",
    pattern=r"^(nasional|[0-9]{2}|[0-9]{4}|[0-9]{6}|[0-9]{10}|[0-9]{13})$",
)
_LIMIT = OpenApiParameter(
    "limit", {"type": "integer", "minimum": 1, "maximum": MOST_ROWS, "default": USUAL_ROWS}, description="Rows a page."
)
_CURSOR = OpenApiParameter(
    "cursor",
    str,
    description="Of `next`. Names the version too: whoever follows it reads one consistent cut to its end.",
)
_REFUSED = {
    400: error("No such filter, value or cursor.", "wrong_filter"),
    404: error("Nothing of this contest has been published yet, or there is no such contest.", "not_exported"),
}
_GONE = {410: error("The cursor's version was taken away: begin anew.", "cursor_gone")}
_LATER = "Numbers of the form follow by their keys, as in the files (`docs/open-data.md`)."


def _of(field: Field) -> s.Field[Any, Any, Any, Any]:
    about: dict[str, Any] = {"help_text": field.description}
    if field.type == "list":
        return s.ListField(child=s.CharField(), **about)
    about["allow_null"] = not field.required
    if field.words:
        # Not a choice: the same word in two tables would want a name of its own in the description.
        about["help_text"] += f". One of: {', '.join(field.words)}."
    kinds = {"integer": s.IntegerField, "boolean": s.BooleanField, "datetime": s.DateTimeField}
    return kinds.get(field.type, s.CharField)(**about)


def _row(name: str, fields: Sequence[Field]) -> Any:
    return type(f"{name}Row", (s.Serializer,), {"__doc__": _LATER} | {field.name: _of(field) for field in fields})


def _page(name: str, fields: Sequence[Field]) -> Any:
    return inline_serializer(
        f"{name}Page",
        {
            "election": ElectionPart(),
            "contest": ContestPart(),
            "version": s.CharField(
                help_text="As in the files' addresses: the version, and the edition if not the first."
            ),
            "cut": s.IntegerField(help_text="Entries of the log below this index are in the numbers."),
            "taken_at": s.DateTimeField(),
            "licence": s.CharField(help_text="By its SPDX name."),
            "next": s.URLField(
                allow_null=True, help_text="The next page; a page may be short, or empty, before the last."
            ),
            "items": _row(name, fields)(many=True),
        },
    )


_HEAD: dict[str, Any] = {
    "election": {"code": "contoh", "name": "Pemilu Contoh", "date": "2029-02-14"},
    "contest": {"code": "ppwp", "name": "Presiden dan Wakil Presiden", "kind": "ppwp"},
    "version": "17",
    "cut": 16,
    "taken_at": "2029-02-14T09:00:00Z",
    "licence": "CC-BY-4.0",
    "next": None,
}


def table(name: str, summary: str, filters: Mapping[str, Sequence[str]], item: dict[str, Any]) -> Callable[[Any], Any]:
    """The description of one table's pages; `item` is one row for the example."""
    shown = name.capitalize()
    fields = {"stations": STATION_FIELDS, "regions": REGION_FIELDS, "photos": PHOTO_FIELDS, "readings": READING_FIELDS}
    return extend_schema(
        operation_id=f"open_{name}",
        summary=summary,
        description=(
            f"Of the newest export, as its file `{name}.csv`; page by page, in the order of the codes. For all of it, "
            "take the files (`exports`)."
        ),
        parameters=[
            *(ELECTION, CONTEST, _CODE),
            *(OpenApiParameter(key, str, enum=list(words)) for key, words in filters.items()),
            *(_LIMIT, _CURSOR),
        ],
        responses={200: OpenApiResponse(_page(shown, fields[name])), **_REFUSED, **_GONE},
        examples=[OpenApiExample("One row", value=_HEAD | {"items": [item]}, response_only=True, status_codes=["200"])],
        tags=["open data"],
    )


# --- What has been published ----------------------------------------------------------------


class ExportPart(s.Serializer[Any]):
    election = ElectionPart()
    contest = ContestPart()
    version = s.CharField()
    cut = s.IntegerField()
    taken_at = s.DateTimeField()
    path = s.CharField(help_text="Of its datapackage.json, below /data/.")
    hash = s.CharField(help_text="SHA-256 of that, as `sha256:…`.")
    bytes = s.IntegerField(help_text="Of all its files.")


class DumpPart(s.Serializer[Any]):
    path = s.CharField(help_text="Below /data/.")
    checksum_path = s.CharField()
    bytes = s.IntegerField()
    hash = s.CharField()
    made_at = s.DateTimeField()


class LicencePart(s.Serializer[Any]):
    name = s.CharField()
    path = s.CharField()
    title = s.CharField()


class ExportIndex(s.Serializer[Any]):
    """The newest export of each contest, and the dumps, newest first."""

    format = s.IntegerField()
    licence = LicencePart(required=False)
    exports = ExportPart(many=True)
    dumps = DumpPart(many=True)


_EXPORT = {
    "election": _HEAD["election"],
    "contest": _HEAD["contest"],
    "version": "17",
    "cut": 16,
    "taken_at": "2029-02-14T09:00:00Z",
    "path": "contoh/ppwp/17/datapackage.json",
    "hash": "sha256:" + "0" * 64,
    "bytes": 183_402,
}


class ResourcePart(s.Serializer[Any]):
    """One file. `schema` is its Table Schema, where it is a table."""

    name = s.CharField()
    title = s.CharField()
    description = s.CharField()
    path = s.URLField()
    format = s.CharField()
    mediatype = s.CharField()
    bytes = s.IntegerField()
    hash = s.CharField(help_text="`sha256:…`")
    rows = s.IntegerField(required=False)
    schema = s.JSONField(required=False)


class PackageDocument(s.Serializer[Any]):
    """A Data Package, version 2."""

    name = s.CharField()
    title = s.CharField()
    version = s.CharField(help_text="Version, edition, 0.")
    created = s.DateTimeField()
    licenses = LicencePart(many=True)
    election = ElectionPart()
    contest = ContestPart()
    cut = s.IntegerField()
    resources = ResourcePart(many=True)


INDEX = extend_schema(
    operation_id="exports",
    summary="What has been published of all contests",
    responses={200: ExportIndex},
    examples=[
        OpenApiExample(
            "One contest",
            value={"format": 1, "exports": [_EXPORT], "dumps": []},
            response_only=True,
            status_codes=["200"],
        )
    ],
    tags=["open data"],
)
PACKAGE = extend_schema(
    operation_id="export",
    summary="The files of the newest export of a contest, with address, size, SHA-256 and columns",
    description="A Data Package (v2, datapackage.org): for all of a contest at once, fetch its resources.",
    parameters=[ELECTION, CONTEST],
    responses={200: PackageDocument, 404: _REFUSED[404]},
    tags=["open data"],
)
