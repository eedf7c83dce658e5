"""A table as CSV and Parquet."""

import csv
import gzip
import tracemalloc
from datetime import UTC, datetime

import pyarrow.parquet as pq
import pytest

from aggregation import table_files
from aggregation.export_shapes import Field, Table

FIELDS = (
    Field("code", "string", "", required=True),
    Field("name", "string", ""),
    Field("votes", "integer", ""),
    Field("counted", "boolean", ""),
    Field("at", "datetime", ""),
    Field("rules", "list", ""),
)
AT = datetime(2029, 2, 14, 9, 30, 15, 987654, tzinfo=UTC)


def table(*rows: tuple) -> Table:
    return Table("things", "Things", "", FIELDS, ("code",), (), lambda: iter(rows))


def lines(folder) -> list[list[str]]:
    with gzip.open(folder / "things.csv.gz", "rt", newline="", encoding="utf-8") as text:
        return list(csv.reader(text))


def test_every_type_in_both(tmp_path):
    rows = [("1", 'Ibu, "Melati"\nDua', 12, True, AT, ["R1", "R3"]), ("2", None, None, None, None, [])]
    written = table_files.write(table(*rows), tmp_path)
    assert written.rows == 2
    assert lines(tmp_path) == [
        ["code", "name", "votes", "counted", "at", "rules"],
        ["1", 'Ibu, "Melati"\nDua', "12", "true", "2029-02-14T09:30:15Z", "R1 R3"],
        ["2", "", "", "", "", ""],
    ]
    found = pq.read_table(tmp_path / "things.parquet").to_pylist()
    assert found[0] == {
        "code": "1",
        "name": 'Ibu, "Melati"\nDua',
        "votes": 12,
        "counted": True,
        "at": AT.replace(microsecond=0),
        "rules": ["R1", "R3"],
    }
    assert found[1] == {"code": "2", "name": None, "votes": None, "counted": None, "at": None, "rules": []}


@pytest.mark.parametrize("name", ["=1+1", "+62", "-Desa", "@kota", "\tx", '=HYPERLINK("http://x")'])
def test_a_name_is_no_formula(tmp_path, name):
    table_files.write(table(("=1", name, -5, False, None, ["=R1"])), tmp_path)
    row = lines(tmp_path)[1]
    assert row[:2] == ["'=1", f"'{name}"]
    assert row[2] == "-5"  # a number is a number
    assert row[5] == "'=R1"
    assert pq.read_table(tmp_path / "things.parquet").to_pylist()[0]["name"] == name


@pytest.mark.parametrize("name", ["Desa -1", "a=b", "Ke@", "1+1", ""])
def test_other_names_stay_as_they_are(tmp_path, name):
    table_files.write(table(("1", name, 1, True, None, [])), tmp_path)
    assert lines(tmp_path)[1][1] == name


def test_the_same_rows_are_the_same_bytes(tmp_path):
    rows = [(str(n), "Desa", n, True, AT, ["R1"]) for n in range(table_files.GROUP + 1)]
    for folder in (tmp_path / "a", tmp_path / "b"):
        folder.mkdir()
        assert table_files.write(table(*rows), folder).rows == len(rows)
    for name in ("things.csv.gz", "things.parquet"):
        assert (tmp_path / "a" / name).read_bytes() == (tmp_path / "b" / name).read_bytes()
    assert pq.ParquetFile(tmp_path / "a" / "things.parquet").num_row_groups == 2


def test_no_rows_are_a_header(tmp_path):
    assert table_files.write(table(), tmp_path).rows == 0
    assert len(lines(tmp_path)) == 1
    assert pq.read_table(tmp_path / "things.parquet").num_rows == 0


def test_memory_does_not_grow_with_the_rows(tmp_path):
    def peak(count: int) -> int:
        many = ((f"{n:013d}", f"Desa {n}", n, True, AT, []) for n in range(count))
        tracemalloc.start()
        table_files.write(Table("things", "", "", FIELDS, ("code",), (), lambda: many), tmp_path)
        most = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
        return most

    assert peak(12 * table_files.GROUP) < 1.3 * peak(2 * table_files.GROUP)
