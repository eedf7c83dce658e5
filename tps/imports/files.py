"""Reading CSV files with every mistake told by its line. UTF-8, comma, header; gzip where the name ends in .gz."""

import csv
import gzip
import io
import re
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import IO

MOST_TOLD = 50

_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f]")
_SPACES = re.compile(r"\s+")


class WrongFile(ValueError):
    """A file that cannot be imported: what is wrong with it, by line. Nothing was changed."""

    def __init__(self, file: str, problems: Sequence[str]) -> None:
        self.file = file
        self.problems = list(problems)
        more = len(self.problems) - MOST_TOLD
        told = [f"{file}: {problem}" for problem in self.problems[:MOST_TOLD]]
        super().__init__("\n".join(told + ([f"{file}: and {more} more"] if more > 0 else [])))


class Problems:
    """Collects what is wrong with one file, and refuses it at the end."""

    def __init__(self, file: Path) -> None:
        self.file = file.name
        self._found: list[tuple[int, str]] = []

    def at(self, line: int, text: str) -> None:
        self._found.append((line, text))

    def refuse(self) -> None:
        """Raise `WrongFile` if anything was found, in the order of the lines."""
        if self._found:
            raise WrongFile(self.file, [f"line {line}: {text}" for line, text in sorted(self._found)])


class Row(dict[str, str]):
    """One line of a file: column -> text without outer spaces."""

    line: int


def rows(
    path: Path,
    required: Sequence[str],
    problems: Problems,
    *,
    optional: Sequence[str] = (),
    ignore_others: bool = False,
    at: Callable[[float], None] = lambda part: None,
) -> Iterator[Row]:
    """The lines of a CSV file. Raises `WrongFile` at once where it is no such file at all.

    `at` is told now and then which part of the file has been read, from 0 to 1.
    """
    try:
        size = path.stat().st_size or 1
        with path.open("rb") as raw, _text(path, raw) as text:
            yield from _lines(path, text, (required, optional, ignore_others), problems, lambda: at(raw.tell() / size))
    except (OSError, EOFError, UnicodeDecodeError, csv.Error) as error:
        raise WrongFile(path.name, [f"cannot be read: {error}"]) from error


def _text(path: Path, raw: IO[bytes]) -> IO[str]:
    binary = gzip.GzipFile(fileobj=raw) if path.suffix == ".gz" else raw
    return io.TextIOWrapper(binary, encoding="utf-8-sig", newline="")


def _lines(
    path: Path,
    text: IO[str],
    columns: tuple[Sequence[str], Sequence[str], bool],
    problems: Problems,
    tick: Callable[[], None],
) -> Iterator[Row]:
    required, optional, ignore_others = columns
    reader = csv.reader(text, strict=True)
    header = next(reader, [])
    wrong = [f"line 1: the column {name} is missing" for name in required if name not in header]
    if not ignore_others:
        known = ", ".join((*required, *optional))
        wrong += [
            f"line 1: {name!r} is no column; known are {known}" for name in header if name not in (*required, *optional)
        ]
    wrong += [f"line 1: the column {name} stands twice" for name in {n for n in header if header.count(n) > 1}]
    if wrong:
        raise WrongFile(path.name, wrong)
    line = reader.line_num
    for count, cells in enumerate(reader):
        line, first = reader.line_num, line + 1
        if count % 5_000 == 0:
            tick()
        if len(cells) != len(header):
            problems.at(first, f"has {len(cells)} cells, the header has {len(header)}")
            continue
        row = Row(zip(header, cells, strict=True))
        row.line = first
        yield row


def whole(text: str) -> int | None:
    """A number in plain ASCII digits, at most nine; None where it is none."""
    return int(text) if text.isascii() and text.isdigit() and len(text) <= 9 else None


def name_of(row: Row, column: str, problems: Problems, longest: int = 120) -> str:
    """A name with single spaces; a missing, overlong or unprintable one is a problem."""
    name = _SPACES.sub(" ", row[column].replace("\xa0", " ")).strip()
    if not name:
        problems.at(row.line, f"{column} is empty")
    elif len(name) > longest:
        problems.at(row.line, f"{column} has {len(name)} characters, at most {longest} fit")
    elif _CONTROL.search(name):
        problems.at(row.line, f"{column} has a control character")
    return name
