"""Writing a table as CSV and as Parquet, both from one pass over its rows, and reading the Parquet again.

CSV: UTF-8, a header, commas, `\\r\\n` (RFC 4180), packed with gzip. No value is an empty cell; a truth is `true` or
`false`; a time is UTC to the second; the words of a list have a space between them. A text that a spreadsheet would
take for a formula gets an apostrophe before it (OWASP, CSV injection); numbers are never touched. Parquet has types of
its own and every text as it is. The same rows give the same bytes.
"""

import csv
import gzip
import io
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from aggregation.export_shapes import Field, Row, Table
from aggregation.region_document import time_of

# Rows of one Parquet row group; somebody who asks for a page has one read.
GROUP = 5_000
PACKED_LEVEL = 6
_FORMULA = ("=", "+", "-", "@", "\t", "\r")

_TYPES: dict[str, pa.DataType] = {
    "string": pa.string(),
    "integer": pa.int64(),
    "boolean": pa.bool_(),
    "datetime": pa.timestamp("s", tz="UTC"),
    "list": pa.list_(pa.string()),
}


@dataclass(frozen=True)
class Written:
    """What a table became: names of its files, and its rows."""

    csv: str
    parquet: str
    rows: int


def write(table: Table, folder: Path) -> Written:
    """Write both files of a table; memory holds `GROUP` rows at a time."""
    written = Written(f"{table.name}.csv.gz", f"{table.name}.parquet", 0)
    rows = table.rows()
    count = 0
    schema = schema_of(table.fields)
    with (
        (folder / written.csv).open("wb") as file,
        gzip.GzipFile(filename="", mode="wb", fileobj=file, compresslevel=PACKED_LEVEL, mtime=0) as packed,
        io.TextIOWrapper(packed, encoding="utf-8", newline="") as text,
        pq.ParquetWriter(folder / written.parquet, schema, compression="zstd") as parquet,
    ):
        lines = csv.writer(text)
        lines.writerow([field.name for field in table.fields])
        cells = _cells(table.fields)
        while group := list(islice(rows, GROUP)):
            lines.writerows(map(cells, group))
            parquet.write_table(_arrow(group, schema))
            count += len(group)
    return Written(written.csv, written.parquet, count)


def schema_of(fields: Sequence[Field]) -> pa.Schema:
    return pa.schema([pa.field(field.name, _TYPES[field.type], nullable=not field.required) for field in fields])


def _arrow(group: Sequence[Row], schema: pa.Schema) -> pa.Table:
    arrays = [
        pa.array([_to_second(value) for value in column] if pa.types.is_timestamp(field.type) else column, field.type)
        for field, column in zip(schema, zip(*group, strict=True), strict=True)
    ]
    return pa.Table.from_arrays(arrays, schema=schema)


def _to_second(moment: Any) -> Any:
    return moment.replace(microsecond=0) if moment else None


def _cells(fields: Sequence[Field]) -> Callable[[Row], list[Any]]:
    """A function that makes a row's cells. Numbers and nothing are left to the writer."""
    wanted = [(at, _CELL[field.type]) for at, field in enumerate(fields) if field.type in _CELL]

    def cells(row: Row) -> list[Any]:
        made = list(row)
        for at, cell in wanted:
            if made[at] is not None:
                made[at] = cell(made[at])
        return made

    return cells


def safe(text: str) -> str:
    """The text, so that no spreadsheet runs it."""
    return f"'{text}" if text.startswith(_FORMULA) else text


_CELL: dict[str, Callable[[Any], str]] = {
    "string": safe,
    "boolean": lambda value: "true" if value else "false",
    "datetime": lambda value: time_of(value) or "",
    "list": lambda words: safe(" ".join(words)),
}


# --- Reading again --------------------------------------------------------------------------


def columns_of(path: Path, names: Sequence[str]) -> Iterator[list[dict[str, Any]]]:
    """Some columns of a Parquet file, group by group, as rows."""
    file = pq.ParquetFile(path)
    for batch in file.iter_batches(batch_size=GROUP, columns=list(names), use_threads=False):
        yield batch.to_pylist()
