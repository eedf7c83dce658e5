"""Reading what an official source published from CSV, and the canonical form of its figures that the ledger seals.

    tps_code,paslon1,paslon2,paslon3,suara_sah[,…][,sirekap_ts]     figures of TPS
    region_code,paslon1,…  or  province_code,sirekap_ts,paslon1,…   figures of regions

A column is a field of the form by its key (`suara_sah`), by its key without `_j` (`dpt`), or the votes of an option by
its number on the ballot (`paslon1`, `partai3`); others are passed over, and told. A blank cell is "not published".
Format and rules: `docs/official-figures.md`.
"""

import hashlib
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import lru_cache
from pathlib import Path

from aggregation import clock
from aggregation.region_document import code_of
from tps.imports.changes import Progress, silent
from tps.imports.files import Problems, Row, WrongFile, rows, whole

STATIONS, REGIONS = "tps", "region"
CODE_COLUMNS = {"tps_code": STATIONS, "region_code": REGIONS, "province_code": REGIONS}
TIME_COLUMNS = ("sirekap_ts", "taken_at")
# What Sirekap calls otherwise than the form.
OTHER_NAMES = {"pengguna_total": "pengguna_j"}
OVERSEAS = "99"

Figures = tuple[int | None, ...]

_BY_NUMBER = re.compile(r"([a-z]+)_?([0-9]{1,3})")
_CODES = {STATIONS: re.compile(r"[0-9]{13}"), REGIONS: re.compile(r"([0-9]{2}){0,3}|[0-9]{10}")}


@dataclass(frozen=True)
class Line:
    """The figures of one TPS or region, in the order of the keys, and where they stand in the file."""

    code: str
    number: int
    figures: Figures


@dataclass
class Read:
    """A file: what it is about, and its lines by code for each instant."""

    about: str
    sha256: str
    moments: dict[datetime, dict[str, Line]] = field(default_factory=dict)
    passed_over: list[str] = field(default_factory=list)  # columns

    @property
    def lines(self) -> int:
        return sum(map(len, self.moments.values()))


def read(
    path: Path,
    keys: Sequence[str],
    *,
    taken_at: datetime | None = None,
    codes: Mapping[str, str] | None = None,
    renamed: Mapping[str, str] | None = None,
    progress: Progress = silent,
) -> Read:
    """The file, as figures of `keys`. Raises `WrongFile` with all that is wrong, by line.

    `taken_at`: the instant of all lines; without it each line says its own. `codes`: what overseas TPS are called here.
    """
    problems = Problems(path)
    found: Read | None = None
    for row in rows(path, (), problems, ignore_others=True, at=lambda part: progress("reading official figures", part)):
        if found is None:
            found, columns, code_column, time_column = _begin(path, list(row), keys, renamed or {}, taken_at)
        at = taken_at or _moment_of(row, time_column, problems)
        code = _code_of(row, code_column, found.about, codes, problems)
        figures = _figures(row, columns, len(keys), problems)
        if at is None or code is None:
            continue
        here = found.moments.setdefault(at, {})
        if code in here:
            problems.at(row.line, f"{code or 'nasional'} stands on line {here[code].number} already, for the same time")
        here[code] = Line(code, row.line, figures)
    problems.refuse()
    if found is None:
        raise WrongFile(path.name, ["has no lines"])
    return found


def _begin(
    path: Path, header: Sequence[str], keys: Sequence[str], renamed: Mapping[str, str], taken_at: datetime | None
) -> tuple[Read, list[tuple[str, int]], str, str]:
    """An empty `Read`, each column with the place of its key, the code's column and the time's, as the header says."""
    code_column = next((name for name in CODE_COLUMNS if name in header), "")
    time_column = next((name for name in TIME_COLUMNS if name in header), "")
    named = {name: key_of(name, keys, renamed) for name in header if name not in (code_column, time_column)}
    known = {name: key for name, key in named.items() if key is not None}
    wrong = [] if code_column else [f"no column says whose figures they are: {', '.join(CODE_COLUMNS)}"]
    if not known:
        wrong.append(f"no column holds a figure; known are {', '.join(keys)}")
    if not time_column and taken_at is None:
        wrong.append(f"no column says when ({', '.join(TIME_COLUMNS)}): say --taken-at")
    for key in {key for key in known.values() if list(known.values()).count(key) > 1}:
        wrong.append(f"two columns hold {key}: {', '.join(name for name in known if known[name] == key)}")
    if wrong:
        raise WrongFile(path.name, [f"line 1: {one}" for one in wrong])
    about, digest = CODE_COLUMNS[code_column], hashlib.sha256(path.read_bytes()).hexdigest()
    columns = [(name, keys.index(key)) for name, key in known.items()]
    return Read(about, digest, {}, [name for name in named if name not in known]), columns, code_column, time_column


def key_of(column: str, keys: Sequence[str], renamed: Mapping[str, str] | None = None) -> str | None:
    """The field of the form that a column holds; None where it holds none."""
    column = (renamed or {}).get(column) or OTHER_NAMES.get(column, column)
    if column in keys:
        return column
    if f"{column}_j" in keys:
        return f"{column}_j"
    if match := _BY_NUMBER.fullmatch(column):
        option = f"{match[1]}_{int(match[2])}"
        return next((key for key in keys if key == option or key == f"{option}_jumlah"), None)
    return None


def moment(text: str) -> datetime:
    """An instant to the second; without a zone it is KPU's clock (WIB). Raises `ValueError`."""
    found = datetime.fromisoformat(text.strip())
    if found.microsecond:
        raise ValueError("to the second only")
    if found.tzinfo is None:
        found = found.replace(tzinfo=clock.ZONES[clock.WEST])
    return found.astimezone(UTC)


def _moment_of(row: Row, column: str, problems: Problems) -> datetime | None:
    try:
        return moment(row[column])
    except (ValueError, OverflowError):
        problems.at(row.line, f"{column} {row[column]!r} is no time such as 2024-02-14 21:30:00")
        return None


def _code_of(row: Row, column: str, about: str, codes: Mapping[str, str] | None, problems: Problems) -> str | None:
    text = row[column].strip()
    if codes is not None and about == STATIONS and text.startswith(OVERSEAS):
        if text not in codes:
            problems.at(row.line, f"{text}: the list of codes does not say which overseas TPS this is")
            return None
        text = codes[text]
    code = code_of(text) if about == REGIONS else text
    if (not text and about == REGIONS) or not _CODES[about].fullmatch(code):
        problems.at(row.line, f"{text!r} is no code of a {'TPS (13 digits)' if about == STATIONS else 'region'}")
        return None
    return code


def _figures(row: Row, columns: Sequence[tuple[str, int]], width: int, problems: Problems) -> Figures:
    figures: list[int | None] = [None] * width
    for name, place in columns:
        text = row[name].strip()
        if text:
            figures[place] = _number(text)
            if figures[place] is None:
                problems.at(row.line, f"{name} {text!r} is no number")
    return tuple(figures)


_number = lru_cache(maxsize=4096)(whole)  # votes repeat: most of a nation's cells are a few hundred numbers


def codes(path: Path) -> dict[str, str]:
    """Sirekap's overseas codes, which may hold letters, with ours: `sirekap_tps_code,kp_tps_code`."""
    problems = Problems(path)
    found: dict[str, str] = {}
    for row in rows(path, ("sirekap_tps_code", "kp_tps_code"), problems, ignore_others=True):
        theirs, ours = row["sirekap_tps_code"].strip(), row["kp_tps_code"].strip()
        if theirs in found:
            problems.at(row.line, f"{theirs} stands twice")
        if not _CODES[STATIONS].fullmatch(ours):
            problems.at(row.line, f"{ours!r} is no code of a TPS (13 digits)")
        found[theirs] = ours
    problems.refuse()
    return found


def canonical(keys: Sequence[str], figures: Iterable[tuple[str, Sequence[int | None]]]) -> bytes:
    """The bytes whose SHA-256 the ledger holds: `code` and all keys, then a line for each code, in their order.

    UTF-8, commas, LF; what was not published is empty. Anybody can make them from the published versions.
    """
    lines = [",".join(("code", *keys))]
    for code, values in sorted(figures, key=lambda one: one[0]):
        padded = [*values, *([None] * (len(keys) - len(values)))]
        lines.append(",".join([code, *("" if value is None else str(value) for value in padded)]))
    return ("\n".join(lines) + "\n").encode()


def sha256(keys: Sequence[str], figures: Iterable[tuple[str, Sequence[int | None]]]) -> str:
    return hashlib.sha256(canonical(keys, figures)).hexdigest()


def cell(figures: Figures) -> str | None:
    """The figures as PostgreSQL reads an array, without what is missing at the end; None where nothing is there."""
    filled = [place for place, value in enumerate(figures) if value is not None]
    if not filled:
        return None
    return "{" + ",".join("NULL" if value is None else str(value) for value in figures[: filled[-1] + 1]) + "}"
