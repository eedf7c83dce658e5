"""Elections by YAML file: the election, its contests, where they are voted on, their options."""

import datetime
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import yaml

from tps import blocks, elections
from tps.blocks import Block, Shape
from tps.elections import ContestPlan, ElectionPlan
from tps.form_shapes import Choice
from tps.imports.changes import Changes
from tps.imports.files import Problems, WrongFile
from tps.models import Contest

ELECTION: Shape = {
    "code": (str, True),
    "name": (str, True),
    "date": (datetime.date, True),
    "current": (bool, False),
    "rule_version": (int, False),
    "contests": (list, True),
}
CONTEST: Shape = {
    "code": (str, True),
    "kind": (str, True),
    "name": (str, True),
    "form": (str, True),
    "area": (list, False),
    "seats": (int, False),
    "options": (list, False),
}
OPTION: Shape = {"number": (int, True), "name": (str, True), "candidates": (list, False)}
CANDIDATE: Shape = {"number": (int, True), "name": (str, True)}


def compare(path: Path, *, by: str | None = None) -> Changes:
    """What the file would change. In a transaction; raises `WrongFile`."""
    return changes(read(path), Problems(path), by)


def changes(plan: ElectionPlan, problems: Problems, by: str | None = None) -> Changes:
    """What a plan would change. Raises `WrongFile` where it cannot be."""
    for line, text in elections.problems(plan):
        problems.at(line, text)
    problems.refuse()
    found = elections.differences(plan)
    return Changes(
        what=f"election {plan.code}",
        added=len(found.added),
        changed=len(found.changed),
        unchanged=found.unchanged,
        examples=found.added + found.changed,
        apply=lambda progress: _apply(plan, by),
    )


def _apply(plan: ElectionPlan, by: str | None) -> None:
    elections.apply(plan, by)


def read(path: Path) -> ElectionPlan:
    """The plan that the file writes down. Raises `WrongFile`."""
    try:
        document, problems = blocks.read(path.read_bytes())
    except yaml.YAMLError as error:
        raise WrongFile(path.name, [f"no YAML: {error}"]) from error
    problems = problems or list(_check(document))
    if problems:
        raise WrongFile(path.name, problems)
    return ElectionPlan(
        code=document["code"],
        name=document["name"],
        date=document["date"],
        current=document.get("current"),
        rule_version=document.get("rule_version"),
        contests=tuple(_contest(contest) for contest in document["contests"]),
    )


def _check(document: Any) -> Iterator[str]:
    mistakes = list(blocks.check(document, ELECTION, "the election"))
    if not mistakes:
        mistakes = list(blocks.check_each(document["contests"], CONTEST, "a contest", document.line))
        if not 1 <= document.get("rule_version", 1) <= 999:
            mistakes.append(f"line {document.line}: rule_version should be from 1 to 999")
    yield from mistakes
    if mistakes:
        return
    for contest in document["contests"]:
        yield from blocks.check_one_of(contest, "kind", tuple(Contest.Kind.values))
        if not all(isinstance(code, str) for code in contest.get("area", [])):
            yield f'line {contest.line}: area: write codes in quotes, as "31"'
        wrong = list(blocks.check_each(contest.get("options", []), OPTION, "an option", contest.line))
        yield from wrong
        for option in [] if wrong else contest.get("options", []):
            yield from blocks.check_each(option.get("candidates", []), CANDIDATE, "a candidate", option.line)


def _contest(contest: Block) -> ContestPlan:
    return ContestPlan(
        code=contest["code"],
        kind=contest["kind"],
        name=contest["name"],
        form=contest["form"],
        area=frozenset(contest.get("area", [])),
        options=tuple(_choice(option) for option in contest["options"]) if "options" in contest else None,
        line=contest.line,
        seats=contest.get("seats"),
    )


def _choice(option: Block) -> Choice:
    candidates = tuple(Choice(one["number"], one["name"]) for one in option.get("candidates", []))
    return Choice(option["number"], option["name"], candidates)
