"""Candidates of a kind of contest, which thereby become its options.

    candidates  dapil_code,partai_no,nomor_urut,nama      partai_no empty for DPD, where there are no parties
    parties     nomor_urut,nama

Other columns are passed over. The file is the whole list of each dapil that it names.
"""

from collections import defaultdict
from pathlib import Path

from tps.elections import ContestPlan, ElectionPlan
from tps.form_shapes import Choice
from tps.imports import elections
from tps.imports.changes import Changes, Progress, silent
from tps.imports.dapil import code_of
from tps.imports.files import Problems, Row, name_of, rows, whole
from tps.models import Contest, Election

# party's number (0: none) -> candidate's number -> name
Lists = dict[int, dict[int, str]]


def compare(
    path: Path,
    parties: Path | None,
    election: Election,
    kind: str,
    *,
    progress: Progress = silent,
    by: str | None = None,
) -> Changes:
    """What the files would change. `kind` as in the dapil file: DPR, DPD, DPRD_PROV, DPRD_KABKO."""
    names = read_parties(parties) if parties else {}
    problems = Problems(path)
    found: dict[str, Lists] = defaultdict(lambda: defaultdict(dict))
    lines: dict[str, int] = {}
    columns = (
        ("dapil_code", "nomor_urut", "nama") if kind == "DPD" else ("dapil_code", "partai_no", "nomor_urut", "nama")
    )
    at = lambda part: progress("reading candidates", part)  # noqa: E731
    for row in rows(path, columns, problems, ignore_others=True, at=at):
        code = code_of(kind, row["dapil_code"].strip())
        lines.setdefault(code, row.line)
        _take(row, found[code], names, kind == "DPD", problems)
    problems.refuse()
    progress("comparing", 0)
    contests = {contest.code: contest for contest in Contest.objects.filter(election=election)}
    for code in found.keys() - contests.keys():
        problems.at(lines[code], f"there is no contest {code} in {election.pk}; import dapil first")
    problems.refuse()
    plans = tuple(_plan(contests[code], lists, names, lines[code]) for code, lists in found.items())
    plan = ElectionPlan(election.pk, election.name, election.date, plans, election.is_current, election.rule_version)
    return elections.changes(plan, problems, by)


def _take(row: Row, lists: Lists, names: dict[int, str], no_parties: bool, problems: Problems) -> None:
    """Put one line into the lists of its dapil."""
    number = whole(row["nomor_urut"])
    party = 0 if no_parties else whole(row["partai_no"])
    name = name_of(row, "nama", problems, longest=200)
    if number is None or not 1 <= number <= 99:
        problems.at(row.line, f"nomor_urut is {row['nomor_urut']!r}, not a number from 1 to 99")
    elif party is None or (party not in names and not no_parties):
        problems.at(row.line, f"partai_no is {row['partai_no']!r}, and no such party is listed")
    elif number in lists[party]:
        problems.at(row.line, f"number {number} of party {party} in {row['dapil_code']} is given twice")
    else:
        lists[party][number] = name


def _plan(contest: Contest, lists: Lists, names: dict[int, str], line: int) -> ContestPlan:
    choices = {
        party: tuple(Choice(number, name) for number, name in sorted(candidates.items()))
        for party, candidates in sorted(lists.items())
    }
    options = choices.get(0) or tuple(Choice(party, names[party], of) for party, of in choices.items())
    return ContestPlan(contest.code, contest.kind, contest.name, contest.form, None, options, line)


def read_parties(path: Path) -> dict[int, str]:
    """The parties by number. Raises `WrongFile`."""
    problems = Problems(path)
    found: dict[int, str] = {}
    for row in rows(path, ("nomor_urut", "nama"), problems, ignore_others=True):
        number = whole(row["nomor_urut"])
        if number is None or not 1 <= number <= 99:
            problems.at(row.line, f"nomor_urut is {row['nomor_urut']!r}, not a number from 1 to 99")
        elif number in found:
            problems.at(row.line, f"party {number} is given twice")
        else:
            found[number] = name_of(row, "nama", problems, longest=200)
    problems.refuse()
    return found
