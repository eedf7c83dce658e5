"""`datapackage.json`: what an export holds, field by field, with the size and hash of each file.

Data Package v2 (datapackage.org, June 2024): Data Package, Data Resource, Table Schema. `hash` is SHA-256, written
`sha256:…` as the standard says. `version` is `<version>.<edition>.0`, since the standard asks for three numbers.
"""

from collections.abc import Mapping, Sequence
from typing import Any

from django.conf import settings

from aggregation.export_shapes import Field, Table
from aggregation.exports import Cut
from aggregation.region_document import time_of
from aggregation.table_files import Written

PROFILES = "https://datapackage.org/profiles/2.0"

_LICENCES = {
    "CC-BY-4.0": ("https://creativecommons.org/licenses/by/4.0/", "Creative Commons Attribution 4.0 International"),
    "CC-BY-SA-4.0": ("https://creativecommons.org/licenses/by-sa/4.0/", "Creative Commons Attribution-ShareAlike 4.0"),
    "CC0-1.0": ("https://creativecommons.org/publicdomain/zero/1.0/", "CC0 1.0 Universal"),
    "ODbL-1.0": ("https://opendatacommons.org/licenses/odbl/1-0/", "Open Data Commons Open Database License 1.0"),
}

NAMES = {"csv": "text/csv", "parquet": "application/vnd.apache.parquet", "json": "application/json"}


def licence() -> dict[str, str]:
    """The licence that the organisation chose (`DATA_LICENCE`), with its address where we know it."""
    name = settings.DATA_LICENCE
    path, title = _LICENCES.get(name, (f"https://spdx.org/licenses/{name}.html", name))
    return {"name": name, "path": path, "title": title}


def build(
    cut: Cut, edition: int, found: Sequence[tuple[Table, Written]], files: Mapping[str, tuple[int, str]]
) -> dict[str, Any]:
    """The package of one export; `files` gives each file's bytes and SHA-256 by its name."""
    contest = cut.contest
    resources = [resource for table, written in found for resource in _resources(table, written, files)]
    return {
        "$schema": f"{PROFILES}/datapackage.json",
        "name": f"{contest.election_id}-{contest.code}",
        "title": f"{contest.election.name}: {contest.name}",
        "description": (
            "Numbers that citizens photographed and volunteers read from the C.Hasil forms of each TPS. Not an "
            "official result."
        ),
        "homepage": f"{settings.SITE_ORIGIN}/data/{contest.election_id}/{contest.code}/",
        "version": f"{cut.version}.{edition}.0",
        "created": time_of(cut.taken_at),
        "licenses": [licence()],
        "sources": [{"title": "C.Hasil", "path": settings.SITE_ORIGIN}],
        "election": {
            "code": contest.election_id,
            "name": contest.election.name,
            "date": contest.election.date.isoformat(),
        },
        "contest": {"code": contest.code, "name": contest.name, "kind": contest.kind},
        "cut": cut.cut,
        "mark": cut.mark,
        "resources": [*resources, _results_report(files)],
    }


def _resources(table: Table, written: Written, files: Mapping[str, tuple[int, str]]) -> list[dict[str, Any]]:
    """The table as CSV and as Parquet."""
    common = {"title": table.title, "description": table.description}
    schema = schema_of(table)
    as_csv = {
        "name": table.name,
        "type": "table",
        **common,
        **_file(written.csv, "csv", files),
        "compression": "gz",
        "encoding": "utf-8",
        "dialect": {"$schema": f"{PROFILES}/tabledialect.json", "delimiter": ",", "lineTerminator": "\r\n"},
        "rows": written.rows,
        "schema": schema,
    }
    as_parquet = {
        "name": f"{table.name}-parquet",
        "type": "table",
        **common,
        **_file(written.parquet, "parquet", files),
        "rows": written.rows,
        "schema": schema,
    }
    return [as_csv, as_parquet]


def _results_report(files: Mapping[str, tuple[int, str]]) -> dict[str, Any]:
    return {
        "name": "nist",
        "title": "NIST SP 1500-100",
        "description": "Votes of each TPS as an ElectionReport, NIST SP 1500-100 version 2.0.",
        **_file("nist.json.gz", "json", files),
        "compression": "gz",
        "encoding": "utf-8",
    }


def _file(name: str, form: str, files: Mapping[str, tuple[int, str]]) -> dict[str, Any]:
    size, digest = files[name]
    return {"path": name, "format": form, "mediatype": NAMES[form], "bytes": size, "hash": f"sha256:{digest}"}


def schema_of(table: Table) -> dict[str, Any]:
    """The Table Schema of a table."""
    schema: dict[str, Any] = {
        "$schema": f"{PROFILES}/tableschema.json",
        "fields": [_field(field) for field in table.fields],
        "missingValues": [""],
        "primaryKey": list(table.key),
    }
    if table.refers:
        schema["foreignKeys"] = [
            {"fields": [field], "reference": {"fields": [theirs]} | ({"resource": other} if other else {})}
            for field, other, theirs in table.refers
        ]
    return schema


def _field(field: Field) -> dict[str, Any]:
    described: dict[str, Any] = {"name": field.name, "type": field.type, "description": field.description}
    if field.type == "list":
        described |= {"delimiter": " ", "itemType": "string"}
    constraints: dict[str, Any] = {}
    if field.required and field.type != "list":
        constraints["required"] = True
    if field.words:
        constraints["enum"] = list(field.words)
    return described | ({"constraints": constraints} if constraints else {})
