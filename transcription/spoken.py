"""What adjudicators said about a case so far, as the one who has it before them is told it.

People are letters, one each throughout the case. What stands and what waits is what the rule makes of it now.
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass

from django.db.models import TextChoices
from django.utils.translation import gettext_noop as _  # as `transcription.models`: templates translate

from accounts.models import User
from tps.form_definitions import Field, FormDefinition, Page
from transcription import agreement, consensus, rulings
from transcription.cases import Case, letters_of
from transcription.entries import Value
from transcription.models import Decision, Ruling


class State(TextChoices):
    STANDS = "stands", _("berlaku")
    WAITS = "waits", _("menunggu verifikator kedua")
    REPLACED = "replaced", _("sudah diganti")
    SILENT = "silent", _("tidak dihitung")  # nobody seconded it in time, or its adjudicator may no longer rule


@dataclass(frozen=True)
class Said:
    """One ruling. `in_question` are those of its numbers that somebody else read or ruled otherwise."""

    ruling: Ruling
    who: str
    own: bool
    reason: str
    state: State
    page: Page | None
    numbers: list[tuple[Field, Value]]
    in_question: list[tuple[Field, Value]]

    @property
    def waits(self) -> bool:
        return self.state == State.WAITS


def so_far(case: Case, history: Sequence[Decision], viewer: User) -> list[Said]:
    """All rulings on the case, the oldest first. `history` are its decisions. One query where there is a ruling."""
    if not case.rulings:
        return []
    names, states = letters_of(case.rulings), _states(case, history)
    said = []
    for one in case.rulings:
        page, numbers = _read(one, case.form)
        in_question = _in_question(case, one.page)
        said.append(
            Said(
                one,
                names[one.adjudicator_id],
                one.adjudicator_id == viewer.pk,
                rulings.REASONS[one.verdict].get(one.reason, one.reason),
                states[one],
                page,
                numbers,
                [(field, value) for field, value in numbers if field.key in in_question],
            )
        )
    return said


def waits(ruling: Ruling) -> bool:
    """Whether a ruling that was just stored does not stand yet. One query."""
    return ruling.pk not in consensus.outcome_of(ruling.photo).ruled_because


def is_behind(history: Sequence[Decision], said: Sequence[Ruling], viewer: User) -> bool:
    """Whether the newest decision rests on a ruling of theirs: then another adjudicator says what comes next."""
    own = {one.pk for one in said if one.adjudicator_id == viewer.pk}
    return bool(history) and not own.isdisjoint(history[0].because)


def _states(case: Case, history: Sequence[Decision]) -> dict[Ruling, State]:
    evidence = consensus.load(case.photo).evidence
    outcome = agreement.outcome(evidence, consensus.broken_rules_of(case.photo))
    heard = {one.id for one in evidence.rulings if one.adjudicator not in evidence.barred}
    carries = {*outcome.ruled_because, *(history[0].because if history else ())}
    carried = {one for decision in history for one in decision.because}
    waiting = {one.id for one in outcome.waiting}

    def state(one: Ruling) -> State:
        moved_it = one.verdict == Ruling.Verdict.REHOME and one.station_id == outcome.station
        if one.pk in carries or (one.pk in carried and moved_it):
            return State.STANDS
        if one.pk in waiting:
            return State.WAITS
        if one.pk in carried:
            return State.REPLACED
        return State.SILENT if one.pk not in heard or one.round <= outcome.ruled else State.REPLACED

    return {one: state(one) for one in case.rulings}


def _read(ruling: Ruling, form: FormDefinition) -> tuple[Page | None, list[tuple[Field, Value]]]:
    if ruling.numbers is None or ruling.page is None or not form.has_page(ruling.page):
        return None, []
    page = form.page(ruling.page)
    return page, [(field, ruling.numbers[field.key]) for field in page.fields if field.key in ruling.numbers]


def _in_question(case: Case, page: int | None) -> Collection[str]:
    """The fields of a page of which not all who read it or ruled on it said the same."""
    read = [(entry.page, entry.numbers) for entry in case.entries]
    ruled = [(ruling.page, ruling.numbers) for ruling in case.rulings]
    said = [numbers for of, numbers in (*read, *ruled) if of == page and numbers is not None]
    keys = {key for numbers in said for key in numbers}
    return {key for key in keys if len({numbers[key] for numbers in said if key in numbers}) > 1}
