"""What a form definition is: pages of fields, and the rules between fields. Plain frozen data."""

import dataclasses
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cached_property

from tps.rules import Rule


class UnknownField(KeyError):
    """The form has no such field."""


class UnknownPage(KeyError):
    """The form has no such page."""


# Stands where a candidate's name would, as long as nobody has brought the list.
UNNAMED = "(nama belum ada)"


@dataclass(frozen=True)
class Choice:
    """A paslon, a party with its candidates, or a candidate, by the number on the ballot."""

    number: int
    name: str = ""
    candidates: tuple["Choice", ...] = ()


@dataclass(frozen=True)
class Bubbles:
    """Where the bubbles of one figure's digits are, in units of the corner marks' frame.

    The centre of digit d in box i is (`columns[i]`, `zero + d * step`).
    """

    columns: tuple[float, ...]
    zero: float
    step: float


@dataclass(frozen=True)
class Place:
    """Where something is printed, the digit boxes of a number all together, in units of the corner marks' frame."""

    left: float
    top: float
    width: float
    height: float


@dataclass(frozen=True)
class Field:
    """One number on the paper: `boxes` digit boxes under a printed label."""

    key: str
    label: str  # of the row, as printed
    group: str  # the heading above it
    column: str = ""  # "L", "P", "J", or "" where the row has one number
    boxes: int = 3
    bubbles: Bubbles | None = None
    place: Place | None = None  # on the page that carries a tag

    @property
    def row(self) -> str:
        """The row's key: fields that differ in the column only share it."""
        return self.key.removesuffix(f"_{self.column.lower()}") if self.column else self.key

    @property
    def name(self) -> str:
        """The label with the column's word: what a screen reader says."""
        words = {"L": "laki-laki", "P": "perempuan", "J": "jumlah"}
        return f"{self.label}, {words.get(self.column, self.column)}" if self.column else self.label


@dataclass(frozen=True)
class Page:
    """One sheet of the form. `tag` is the id of the AprilTag (36h10) printed on it, where it has one.

    `header` is where its village and the number of its TPS are written.
    """

    number: int
    label: str
    variant: str  # "plano" (the wall sheet) or "salinan" (the A4 copy)
    fields: tuple[Field, ...]
    tag: int | None = None
    header: Place | None = None

    @cached_property
    def keys(self) -> frozenset[str]:
        return frozenset(one.key for one in self.fields)

    @cached_property
    def places(self) -> dict[str, tuple[float, float, float, float, int]]:
        """By field: left, top, width, height of its digit boxes, and how many; of those whose place is known."""
        found = ((one.key, one.place, one.boxes) for one in self.fields if self.tag is not None)
        return {key: (at.left, at.top, at.width, at.height, boxes) for key, at, boxes in found if at is not None}

    @cached_property
    def bubbles(self) -> dict[str, tuple[tuple[float, ...], float, float] | None]:
        """Of the same fields: where the bubbles of each are, of those that have them."""
        with_place = (one for one in self.fields if one.key in self.places)
        return {one.key: (b.columns, b.zero, b.step) if (b := one.bubbles) else None for one in with_place}


@dataclass(frozen=True)
class FormDefinition:
    """The C.Hasil form of a kind of contest. `confirmed` is false where parts are inferred, not read from the form."""

    name: str
    title: str
    kind: str
    confirmed: bool
    pages: tuple[Page, ...]
    rules: tuple[Rule, ...]
    options: tuple[Choice, ...]
    register: str = ""  # the field that tells the DPT
    digest: str = ""  # SHA-256 of the file, as hex
    expand: Callable[[Sequence[Choice]], "FormDefinition"] | None = dataclasses.field(
        default=None, compare=False, repr=False
    )

    @cached_property
    def fields(self) -> tuple[Field, ...]:
        """All numbers of the form once, in the order of the first variant's pages."""
        return tuple(self._by_key.values())

    @cached_property
    def _by_key(self) -> dict[str, Field]:
        found: dict[str, Field] = {}
        for page in self.pages:
            for one in page.fields:
                found.setdefault(one.key, one)
        return found

    @cached_property
    def _by_number(self) -> dict[int, Page]:
        return {page.number: page for page in self.pages}

    @cached_property
    def candidates_known(self) -> bool:
        """Whether the candidates stand in it; else only parties, or numbers without names, are read and shown."""
        if self.kind in ("dpr", "dprd_prov", "dprd_kabko"):
            return any(option.candidates for option in self.options)
        return self.kind == "ppwp" or any(option.name not in ("", UNNAMED) for option in self.options)

    def field(self, key: str) -> Field:
        """Raises `UnknownField`."""
        try:
            return self._by_key[key]
        except KeyError:
            raise UnknownField(f"{self.name}: {key}") from None

    def page(self, number: int) -> Page:
        """Raises `UnknownPage`."""
        try:
            return self._by_number[number]
        except KeyError:
            raise UnknownPage(f"{self.name}: {number}") from None

    def has_page(self, number: int | None) -> bool:
        return number in self._by_number

    def variant(self, name: str) -> tuple[Page, ...]:
        """The pages that make up one whole form, "plano" or "salinan"."""
        return tuple(page for page in self.pages if page.variant == name)

    def page_with_tag(self, tag: int) -> Page | None:
        return next((page for page in self.pages if page.tag == tag), None)

    def rules_within(self, page: Page | int) -> tuple[Rule, ...]:
        """The rules whose fields all stand on this one page."""
        return self.rules_within_keys((self.page(page) if isinstance(page, int) else page).keys)

    def rules_within_keys(self, keys: frozenset[str]) -> tuple[Rule, ...]:
        if keys not in self._within:
            self._within[keys] = tuple(part for rule in self.rules if (part := rule.within(keys)))
        return self._within[keys]

    @cached_property
    def _within(self) -> dict[frozenset[str], tuple[Rule, ...]]:
        return {}

    def with_options(self, options: Sequence[Choice]) -> "FormDefinition":
        """This form with a contest's paslon, parties or candidates in place of the file's."""
        if self.expand is None:
            raise TypeError(f"{self.name} was not read from a file")
        return self.expand(options)
