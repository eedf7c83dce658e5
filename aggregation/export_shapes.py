"""How an exported table is described: its fields, its key, what it refers to, and where its rows come from."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any, Literal

Row = tuple[Any, ...]
# As the Table Schema of Frictionless names them; a list is of words, with a space between them in CSV.
Kind = Literal["string", "integer", "boolean", "datetime", "list"]


@dataclass(frozen=True)
class Field:
    """One column. Values are `str`, `int`, `bool`, an aware `datetime` or a list of `str`; None is no value."""

    name: str
    type: Kind
    description: str
    words: tuple[str, ...] = ()  # all that it may say
    required: bool = False


@dataclass(frozen=True)
class Table:
    """One table of an export, sorted by its first column."""

    name: str
    title: str
    description: str
    fields: tuple[Field, ...]
    key: tuple[str, ...]
    refers: tuple[tuple[str, str, str], ...]  # (field, table or "" for this one, its field)
    rows: Callable[[], Iterator[Row]]
