"""Pages of an exported table, for the read API: from the files, without the database.

A cursor says of which version it is and where it goes on, so that whoever follows it reads one consistent cut to its
end, whatever is published meanwhile. Rows lie sorted by code; those of a region are found by the lowest and highest
code that Parquet keeps of each group of rows.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
from django.utils.translation import gettext_lazy as _

from accounts.refusals import Refusal
from aggregation import export_files
from aggregation.export_files import VERSION

MOST_ROWS = 1_000
USUAL_ROWS = 100
# So many groups of rows are looked through for one page; a filter that finds little gives a short page.
MOST_GROUPS = 20
_CURSOR = re.compile(rf"({VERSION.pattern})-([0-9]{{1,12}})")


class NotExported(Refusal):
    """Nothing of this contest has been published yet, or there is no such contest, version or file."""

    status = 404
    code = "not_exported"
    sentence = _("Data ini belum diterbitkan.")


class CursorGone(Refusal):
    """The version that the cursor is of was taken away."""

    status = 410
    code = "cursor_gone"
    sentence = _("Versi data yang sedang Anda baca sudah dihapus. Mulailah lagi dari awal.")


class WrongFilter(Refusal):
    status = 400
    code = "wrong_filter"
    sentence = _("Saringan atau penanda halaman ini tidak dikenal.")


@dataclass(frozen=True)
class Wanted:
    """What somebody asks for. `place` is the beginning of a code; `filters` are columns and what they are to say."""

    place: str = ""
    filters: Mapping[str, str] | None = None
    limit: int = USUAL_ROWS
    cursor: str = ""


@dataclass(frozen=True)
class Found:
    """A page of one version: its rows, and where the next page begins; an empty cursor after the last one."""

    version: str
    package: dict[str, Any]
    rows: list[dict[str, Any]]
    cursor: str


def read(election: str, contest: str, table: str, wanted: Wanted) -> Found:
    """A page of the newest version, or of the cursor's. No query. Raises a `Refusal`."""
    version, start = _where(election, contest, wanted.cursor)
    folder = export_files.root() / election / contest / version
    try:
        file = _open(folder / f"{table}.parquet")
        package = _package(folder)
    except FileNotFoundError:
        raise (CursorGone if wanted.cursor else NotExported) from None
    with file:
        rows, following = _page(file, start, wanted)
    return Found(version, package, rows, "" if following is None else f"{version}-{following}")


def _where(election: str, contest: str, cursor: str) -> tuple[str, int]:
    if cursor:
        if not (parts := _CURSOR.fullmatch(cursor)):
            raise WrongFilter
        return parts[1], int(parts[3])
    newest = export_files.newest(election, contest)
    if newest is None:
        raise NotExported
    return newest["version"], 0


def _page(file: pq.ParquetFile, start: int, wanted: Wanted) -> tuple[list[dict[str, Any]], int | None]:
    """Rows from `start` on, and the number of the row after them; None where nothing follows."""
    rows: list[dict[str, Any]] = []
    looked, first = 0, 0
    for number in range(file.metadata.num_row_groups):
        group = file.metadata.row_group(number)
        begins, first = first, first + group.num_rows
        if first <= start or _is_before(group, wanted.place):
            continue
        if _is_after(group, wanted.place):
            return rows, None
        if looked == MOST_GROUPS:
            return rows, max(begins, start)
        looked += 1
        places = _matching(file, number, wanted)
        places = [place for place in places if begins + place >= start]
        room = wanted.limit - len(rows)
        if places:
            content = file.read_row_group(number, use_threads=False)
            rows += content.take(pa.array(places[:room], pa.int64())).to_pylist()
        if len(places) > room:
            return rows, begins + places[room]
        if len(rows) == wanted.limit:
            return rows, first if first < file.metadata.num_rows else None
    return rows, None


def _matching(file: pq.ParquetFile, number: int, wanted: Wanted) -> list[int]:
    """Places of the rows of a group that are wanted."""
    filters = wanted.filters or {}
    code = file.schema_arrow.names[0]
    columns = file.read_row_group(number, columns=[code, *filters], use_threads=False)
    fits = pc.starts_with(columns[code], wanted.place)
    for name, word in filters.items():
        column = columns[name]
        value: Any = word == "true" if pa.types.is_boolean(column.type) else word
        fits = pc.and_(fits, pc.fill_null(pc.equal(column, value), False))
    return list(pc.indices_nonzero(fits).to_pylist())


def _is_before(group: pq.RowGroupMetaData, place: str) -> bool:
    """Whether all codes of a group come before the region's."""
    codes = group.column(0).statistics
    return bool(place) and codes is not None and codes.max < place


def _is_after(group: pq.RowGroupMetaData, place: str) -> bool:
    codes = group.column(0).statistics
    return bool(place) and codes is not None and codes.min[: len(place)] > place


def _open(path: Path) -> pq.ParquetFile:
    return pq.ParquetFile(path, metadata=_metadata(path), memory_map=True)


# Files never change under their names, so what stands at their ends may be kept.
@lru_cache(maxsize=64)
def _metadata(path: Path) -> pq.FileMetaData:
    return pq.read_metadata(path)


@lru_cache(maxsize=64)
def _package(folder: Path) -> dict[str, Any]:
    return export_files.package_of(folder)


def forget() -> None:
    _metadata.cache_clear()
    _package.cache_clear()
