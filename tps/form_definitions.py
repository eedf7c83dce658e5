"""The C.Hasil forms by name, and the form of a contest. Data: `tps/forms/*.yaml`; shapes: `tps/form_shapes.py`."""

from collections.abc import Sequence
from functools import cache
from pathlib import Path

from tps.form_files import read
from tps.form_shapes import Bubbles, Choice, Field, FormDefinition, Page, UnknownField, UnknownPage
from tps.form_syntax import WrongForm
from tps.models import Contest, Option

__all__ = [
    "Bubbles",
    "Choice",
    "Field",
    "FormDefinition",
    "Page",
    "UnknownField",
    "UnknownForm",
    "UnknownPage",
    "WrongForm",
    "bubbles_by_tag",
    "for_contest",
    "for_contests",
    "forget",
    "load",
    "names",
    "places_by_tag",
]

FOLDER = Path(__file__).parent / "forms"


class UnknownForm(KeyError):
    """There is no such form file."""


@cache
def names() -> tuple[str, ...]:
    """All forms there are."""
    return tuple(sorted(path.stem for path in FOLDER.glob("*.yaml")))


@cache
def load(name: str) -> FormDefinition:
    """The form with the options its file names. Raises `UnknownForm`, `WrongForm`."""
    if name not in names():
        raise UnknownForm(f"{name}: known are {', '.join(names())}")
    return read(FOLDER / f"{name}.yaml")


@cache
def places_by_tag() -> dict[int, list[tuple[float, float, float, float, int]]]:
    """Of each page with a tag: left, top, width, height and number of the digit boxes of its numbers, in order."""
    pages = (page for name in names() for page in load(name).pages)
    return {page.tag: list(page.places.values()) for page in pages if page.tag is not None and page.places}


@cache
def bubbles_by_tag() -> dict[int, list[tuple[tuple[float, ...], float, float] | None]]:
    """The same pages' bubbles, beside each of those numbers: columns, the row of zero, from one row to the next."""
    pages = (page for name in names() for page in load(name).pages)
    return {page.tag: list(page.bubbles.values()) for page in pages if page.tag is not None and page.places}


def for_contest(contest: Contest) -> FormDefinition:
    """The form with the contest's own options; the file's where the contest has none yet.

    Kept in this process for as long as the contest's form and options stay as they are; costs no query then.
    """
    return for_contests([contest])[contest.pk]


# By contest, form and options: what these three name never changes.
_kept: dict[tuple[int, str, str], FormDefinition] = {}
_MOST_KEPT = 4096


def for_contests(contests: Sequence[Contest]) -> dict[int, FormDefinition]:
    """As `for_contest`, by the contests' ids: one query for all that are not kept, none where all are."""
    keys = {contest.pk: (contest.pk, contest.form, contest.options_hash) for contest in contests}
    found = {pk: _kept[key] for pk, key in keys.items() if key in _kept}
    if missing := [pk for pk in keys if pk not in found]:
        options = _choices(missing)
        for pk in missing:
            form = load(keys[pk][1])
            found[pk] = form.with_options(options[pk]) if pk in options else form
        if len(_kept) + len(missing) > _MOST_KEPT:
            _kept.clear()
        _kept.update((keys[pk], found[pk]) for pk in missing)
    return found


def choices_of(contest_id: int) -> list[Choice]:
    """A contest's options, parties with their candidates, in ballot order."""
    return _choices([contest_id]).get(contest_id, [])


def _choices(contests: Sequence[int]) -> dict[int, list[Choice]]:
    rows = (
        Option.objects.filter(contest_id__in=contests)
        .order_by("number")
        .values_list("contest_id", "pk", "party", "number", "name")
    )
    candidates: dict[int, list[Choice]] = {}
    for _contest, _pk, party, number, name in rows:
        if party is not None:
            candidates.setdefault(party, []).append(Choice(number, name))
    found: dict[int, list[Choice]] = {}
    for contest, pk, party, number, name in rows:
        if party is None:
            found.setdefault(contest, []).append(Choice(number, name, tuple(candidates.get(pk, ()))))
    return found


def forget() -> None:
    """Drop what is kept of contests: for tests that write options by hand, past `tps.reference`."""
    _kept.clear()
