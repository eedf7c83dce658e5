"""The entry form of one page: drawn from the form definition, filled from what was typed, parsed back.

angka-<key>   what stands in the text box
tanda-<key>   "", "kosong" or "tidak_terbaca", from the list beside it
desa, tps     which TPS is written on the form (`header_form.py`)
masalah       a problem with the whole photo, instead of numbers
sesuai        the fingerprint of the numbers whose slips the reader has seen and confirmed
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from itertools import groupby
from typing import Any

from django.utils.translation import gettext as _

from accounts.fields import whole_number
from tps import rules
from tps.form_definitions import Field, FormDefinition, Page
from transcription.entries import KOSONG, UNREADABLE, Reading, Value, typed
from transcription.header_form import HeaderForm

MARKS = (KOSONG, UNREADABLE)
_LEADS_TO = {"page": "halaman", "tps": "desa"}


@dataclass
class Cell:
    """One number: its box, and what stands in it."""

    field: Field
    text: str = ""
    mark: str = ""
    wrong: str = ""
    box: Sequence[int] = ()  # where it stands on the photo (`page_tags.boxes_on`)

    @property
    def id(self) -> str:
        return f"angka-{self.field.key}"

    @property
    def mark_id(self) -> str:
        return f"tanda-{self.field.key}"

    def value(self) -> object:
        """As `entries.check` wants it; None where nothing was filled in."""
        if self.mark:
            return self.mark if not self.text else f"{self.text} {self.mark}"
        return typed(self.text) if self.text.strip() else None


@dataclass
class Row:
    label: str
    cells: list[Cell]


@dataclass
class Group:
    title: str
    rows: list[Row]


@dataclass
class EntryForm:
    """`page` is None as long as the reader has not said which page it is; `header` where nobody asks for the TPS."""

    form: FormDefinition
    page: Page | None
    cells: dict[str, Cell] = field(default_factory=dict)
    wrong: dict[str, str] = field(default_factory=dict)  # by the id of what it leads to
    header: HeaderForm | None = None

    @classmethod
    def of(
        cls,
        form: FormDefinition,
        number: str,
        sent: Mapping[str, str],
        villages: Sequence[tuple[str, str]] | None = None,
    ) -> "EntryForm":
        chosen = whole_number(number, 2)
        page = form.page(chosen) if form.has_page(chosen) else None
        cells = {}
        for one in page.fields if page else ():
            mark = sent.get(f"tanda-{one.key}", "")
            cells[one.key] = Cell(one, sent.get(f"angka-{one.key}", "")[:20], mark if mark in MARKS else "")
        header = None if villages is None else HeaderForm.of(villages, sent)
        return cls(form, page, cells, header=header)

    def reading(self) -> Reading:
        """What was typed, as it is; a field without anything is left out, so that `entries.check` names it."""
        values = {key: cell.value() for key, cell in self.cells.items()}
        numbers: dict[str, Value] = {key: value for key, value in values.items() if value is not None}  # type: ignore[misc]
        return Reading(
            self.page.number if self.page else None, numbers, tps=self.header.written() if self.header else ""
        )

    def place(self, boxes: Mapping[str, Sequence[int]], header: Sequence[int]) -> None:
        """Say where on the photo the numbers of this page, and its header, stand."""
        if self.header:
            self.header = replace(self.header, box=header)
        for key, box in boxes.items():
            self.cells[key].box = box

    def asks(self, slips: Sequence[rules.Verdict], reading: Reading) -> dict[str, Any]:
        """For `_slips.html`: each slip with the box of its figure under test, and what confirming them says."""
        beside = [(self.cells[next(iter(slip.inputs))], slip) for slip in slips]
        return {"slips": beside, "fingerprint": fingerprint(reading)}

    def mark_wrong(self, fields: Mapping[str, list[str]] | None) -> None:
        """Put the sentences of a `WrongReading` beside the boxes they are about."""
        for name, sentences in (fields or {}).items():
            cell = self.cells.get(name.removeprefix("numbers."))
            if name == "tps" and self.header and self.header.is_outside:
                sentences = [self.header.outside]
            if cell is None:
                self.wrong[_LEADS_TO.get(name, "masalah")] = sentences[0]
                continue
            both = cell.text and cell.mark
            cell.wrong = _("Isi angka atau pilih keterangan, tidak keduanya.") if both else sentences[0]
            self.wrong[cell.id] = f"{cell.field.name}: {cell.wrong}"

    @property
    def live(self) -> dict[str, Any]:
        """What `static/transcription/slips.js` needs to say a slip while somebody types."""
        judged = [
            {
                "kind": rule.kind,
                "title": rule.title,
                "terms": rule.terms,
                "positive": rule.only_where_positive,
                "limit": rule.limit,
                "percent": rule.percent,
            }
            for rule in (self.form.rules_within(self.page) if self.page else ())
            if rule.kind != "range"  # three digits are always within
        ]
        return {"rules": judged, "sentences": rules.sentences()}

    @property
    def groups(self) -> list[Group]:
        """As printed: groups, rows, and in a row the columns L, P and J beside each other."""
        groups = []
        for title, in_group in groupby(self.cells.values(), key=lambda cell: cell.field.group):
            rows = [Row(cells[0].field.label, cells) for cells in _rows(list(in_group))]
            groups.append(Group(title, rows))
        return groups


def _rows(cells: list[Cell]) -> list[list[Cell]]:
    return [list(row) for _key, row in groupby(cells, key=lambda cell: cell.field.row)]


def fingerprint(reading: Reading) -> str:
    """Names just these numbers of just this page, as `static/transcription/slips.js` does."""
    return " ".join([str(reading.page), *(f"{key}={value}" for key, value in sorted((reading.numbers or {}).items()))])
