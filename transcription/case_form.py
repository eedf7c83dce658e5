"""What an adjudicator sees of the entries, field beside field, and what they send back.

putusan         the verdict             alasan   the reason's code       catatan  a note
halaman         the page it is about    tps      another TPS's code
angka-<key>     the value chosen among those that were read
versi           the version of the decision that stood when the page was made, 0 where there was none
"""

from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

from accounts.fields import whole_number
from accounts.models import User
from accounts.refusals import Refusal
from tps.form_definitions import Field, FormDefinition, Page
from tps.rules import Verdict
from transcription.cases import Case, letter
from transcription.entries import OTHER_VILLAGE, UNREADABLE, Reading, Value, slips, typed
from transcription.first_looks import pages_of
from transcription.models import Decision, Entry, Problem, Ruling
from transcription.rulings import Sent


@dataclass(frozen=True)
class Reader:
    """One column: who is a letter, the same throughout the case."""

    name: str
    entry: Entry
    counts: bool

    @property
    def is_sender(self) -> bool:
        """Whether these numbers came with the photo: they decide nothing."""
        return self.entry.source == Entry.Source.UPLOADER


@dataclass(frozen=True)
class Option:
    """A value somebody read, and who."""

    value: Value
    readers: list[Reader]
    chosen: bool
    own: bool  # whether the adjudicator read the same before they saw the others'


@dataclass(frozen=True)
class FieldRow:
    field: Field
    readings: list[tuple[Reader, Value | None]]
    options: list[Option]
    wrong: str
    own: Value | None  # what the adjudicator read before

    @property
    def differs(self) -> bool:
        return len(self.options) > 1

    @property
    def nobody_else(self) -> bool:
        """Whether what the adjudicator read was read by none of those who count."""
        return self.own is not None and not any(option.own for option in self.options)


@dataclass(frozen=True)
class Table:
    """The readings of one page side by side, and which other pages were read."""

    page: Page | None
    pages: list[Page]
    readers: list[Reader]
    rows: list[FieldRow]
    problems: list[Reader]
    elsewhere: list[Reader]  # who read another TPS from the form than the one it was sent for

    @property
    def senders(self) -> str:
        """The letters of who typed these numbers when they sent the photo."""
        return ", ".join(reader.name for reader in self.readers if reader.is_sender)

    @property
    def volunteers(self) -> str:
        return ", ".join(reader.name for reader in self.readers if not reader.is_sender)

    @property
    def belongs_to(self) -> str:
        """The TPS that most of those who read another one name, if they name one."""
        named = [reader.entry.tps for reader in self.elsewhere if reader.entry.tps != OTHER_VILLAGE]
        return max(named, key=named.count, default="")


@dataclass(frozen=True)
class Told:
    """A decision with its numbers as the form names them, and the sums that are off on paper."""

    decision: Decision
    page: Page | None
    numbers: list[tuple[Field, Value]]
    slips: list[Verdict]

    @property
    def problem(self) -> str:
        return dict(Problem.choices).get(self.decision.problem, self.decision.problem)


def told(history: Sequence[Decision], form: FormDefinition) -> tuple[Told | None, list[Told]]:
    """The decision that stands, if one does, and those before it; `history` has the newest first. No query."""
    said = [_told(decision, form) for decision in history]
    stands = bool(history) and history[0].outcome != Decision.Outcome.REOPENED
    return (said[0], said[1:]) if stands else (None, said)


def _told(decision: Decision, form: FormDefinition) -> Told:
    if decision.numbers is None or not form.has_page(decision.page):
        return Told(decision, None, [], [])
    page = form.page(decision.page or 0)
    numbers = [(field, decision.numbers[field.key]) for field in page.fields if field.key in decision.numbers]
    return Told(decision, page, numbers, slips(Reading(decision.page, decision.numbers), form))


class CaseForm:
    def __init__(self, sent: dict[str, str]) -> None:
        self.sent_fields = sent
        self.wrong: dict[str, str] = {}
        self.refused = ""

    @property
    def page(self) -> int | None:
        return whole_number(self.sent_fields.get("halaman", ""), 2) or None

    def sent(self, photo_id: UUID, adjudicator: User, device_id: UUID | None, address_block: str) -> Sent:
        verdict = self.sent_fields.get("putusan", "")
        numbers = {
            name.removeprefix("angka-"): typed(text)
            for name, text in self.sent_fields.items()
            if name.startswith("angka-")
        }
        return Sent(
            photo_id=photo_id,
            adjudicator=adjudicator,
            verdict=verdict,
            reason=self.sent_fields.get("alasan", ""),
            page=self.page if verdict == Ruling.Verdict.ACCEPT else None,
            numbers=numbers if verdict == Ruling.Verdict.ACCEPT else None,  # type: ignore[arg-type]
            station_code=self.sent_fields.get("tps", "").strip(),
            note=self.sent_fields.get("catatan", ""),
            device_id=device_id,
            address_block=address_block,
            version=whole_number(self.sent_fields["versi"], 9) if "versi" in self.sent_fields else None,
        )

    def mark_wrong(self, refusal: Refusal) -> None:
        self.refused = refusal.text()
        self.wrong = {name: sentences[0] for name, sentences in (refusal.fields or {}).items()}

    def table(self, case: Case) -> Table:
        readers = [Reader(letter(n), entry, entry.round > case.since) for n, entry in enumerate(case.entries)]
        pages = pages_of(case.form, case.entries)
        page = next((p for p in pages if p.number == self.page), pages[0] if pages else None)
        of_page = [r for r in readers if page and r.entry.page == page.number and r.entry.numbers is not None]
        own = case.own.numbers if case.own and page and case.own.page == page.number else {}
        rows = [self._row(one, of_page, own.get(one.key)) for one in (page.fields if page else ())]
        here = ("", UNREADABLE, case.photo.station.code)
        return Table(
            page,
            pages,
            of_page,
            rows,
            problems=[r for r in readers if r.entry.problem],
            elsewhere=[r for r in readers if r.entry.tps not in here],
        )

    def _row(self, field: Field, readers: list[Reader], own: Value | None) -> FieldRow:
        readings = [(reader, (reader.entry.numbers or {}).get(field.key)) for reader in readers]
        who: dict[Value, list[Reader]] = {}
        for reader, value in readings:
            if value is not None and reader.counts:
                who.setdefault(value, []).append(reader)
        chosen = self.sent_fields.get(f"angka-{field.key}", str(own))
        options = [
            Option(value, said_so, len(who) == 1 or chosen == str(value), value == own)
            for value, said_so in who.items()
        ]
        return FieldRow(field, readings, options, self.wrong.get(f"numbers.{field.key}", ""), own)
