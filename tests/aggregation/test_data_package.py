"""`datapackage.json` says of every file what is true of it."""

import csv
import gzip
import hashlib
from datetime import datetime

import pyarrow.parquet as pq
import pytest

from aggregation import export_files
from tests.aggregation.evidence import fold, read
from tests.aggregation.open_data import newest, package, read_by, rows


@pytest.fixture
def folder(world, exports_dir):
    read(world, page=12, paslon_1=3)  # breaks a rule
    read_by(world, "Sari", "Budi")
    fold()
    export_files.export(world.contest)
    return newest(exports_dir)


def test_every_file_is_listed_with_its_size_and_hash(folder):
    listed = {one["path"]: one for one in package(folder)["resources"]}
    there = {path.name for path in folder.iterdir()} - {export_files.PACKAGE}
    assert listed.keys() == there
    assert len(there) == 9
    for name, one in listed.items():
        content = (folder / name).read_bytes()
        assert one["bytes"] == len(content)
        assert one["hash"] == f"sha256:{hashlib.sha256(content).hexdigest()}"


def test_what_the_standard_wants(folder):
    found = package(folder)
    assert found["$schema"] == "https://datapackage.org/profiles/2.0/datapackage.json"
    assert found["licenses"] == [
        {
            "name": "CC-BY-4.0",
            "path": "https://creativecommons.org/licenses/by/4.0/",
            "title": "Creative Commons Attribution 4.0 International",
        }
    ]
    assert found["version"] == f"{folder.name}.0.0"
    names = [one["name"] for one in found["resources"]]
    assert len(set(names)) == len(names)
    assert all(set(name) <= set("abcdefghijklmnopqrstuvwxyz-") for name in names)


@pytest.mark.parametrize("chosen", ["CC0-1.0", "PDDL-1.0"])
def test_the_organisation_chooses_the_licence(world, exports_dir, settings, chosen):
    settings.DATA_LICENCE = chosen
    fold()
    export_files.export(world.contest)
    assert package(newest(exports_dir))["licenses"][0]["name"] == chosen
    assert export_files.index()["licence"]["name"] == chosen


PARSE = {
    "string": str,
    "integer": int,
    "boolean": {"true": True, "false": False}.__getitem__,
    "datetime": datetime.fromisoformat,
    "list": lambda text: text.split(" "),
}


def test_every_cell_is_what_its_schema_says(folder):
    for one in package(folder)["resources"]:
        if one["format"] != "csv":
            continue
        fields = {field["name"]: field for field in one["schema"]["fields"]}
        with gzip.open(folder / one["path"], "rt", newline="", encoding="utf-8") as text:
            assert next(csv.reader(text)) == list(fields)
        found = rows(folder, one["name"])
        assert len(found) == one["rows"] > 0
        for row in found:
            for name, cell in row.items():
                limits = fields[name].get("constraints", {})
                assert cell or not limits.get("required"), name
                if cell:
                    value = PARSE[fields[name]["type"]](cell)
                    assert value in limits.get("enum", [value]), (name, value)


def test_keys_are_keys_and_references_lead_somewhere(folder):
    tables = {one["name"]: one for one in package(folder)["resources"] if one.get("format") == "csv"}
    for name, one in tables.items():
        schema, found = one["schema"], rows(folder, name)
        keys = [tuple(row[key] for key in schema["primaryKey"]) for row in found]
        assert len(set(keys)) == len(keys)
        for foreign in schema.get("foreignKeys", []):
            (field,), reference = foreign["fields"], foreign["reference"]
            (theirs,) = reference["fields"]
            there = {row[theirs] for row in rows(folder, reference.get("resource", name))}
            assert {row[field] for row in found} - {""} <= there


def test_parquet_and_csv_say_the_same(folder):
    for name in ("stations", "regions", "photos", "readings"):
        table = pq.read_table(folder / f"{name}.parquet")
        written = rows(folder, name)
        assert table.column_names == list(written[0])
        for ours, theirs in zip(table.to_pylist(), written, strict=True):
            for key, value in ours.items():
                if isinstance(value, int | str) and not isinstance(value, bool):
                    assert str(value) == theirs[key]
                elif value is None:
                    assert theirs[key] == ""
