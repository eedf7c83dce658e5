"""TPS of an election: `kelurahan_code,first_no,last_no`, a line for each run of numbers without gaps."""

from collections import defaultdict
from collections.abc import Sequence
from itertools import pairwise
from pathlib import Path

from tps import extents, reference
from tps.imports.changes import EXAMPLES, Changes, Progress, silent
from tps.imports.files import Problems, Row, rows, whole
from tps.imports.staging import analyze, ask, run, stage
from tps.models import Election

Line = tuple[str, int, int, int]  # village, first number, last number, line in the file

# The TPS that the staged ranges stand for.
_STAGED = """(SELECT s.village || to_char(number, 'FM000') AS code, s.village, number
              FROM staged_range s, generate_series(s.first, s.last) AS number)"""


def compare(path: Path, election: Election, *, progress: Progress = silent, by: str | None = None) -> Changes:
    """What the file would change. In a transaction; raises `WrongFile`."""
    lines = read(path, progress)
    progress("comparing", 0)
    stage("staged_range", {"village": "text", "first": "int", "last": "int", "line": "int"}, lines)
    _refuse_unknown_villages(path)
    total, known = ask(
        f"""SELECT count(*), count(t.id) FROM {_STAGED} s
            LEFT JOIN tps_pollingstation t ON t.code = s.code COLLATE "C" AND t.election_id = %s""",  # noqa: S608
        election.pk,
    )[0]
    present = ask("SELECT count(*) FROM tps_pollingstation WHERE election_id = %s", election.pk)[0][0]
    return Changes(
        what="TPS",
        added=total - known,
        changed=0,
        unchanged=known,
        absent=present - known,
        examples=_examples(election) if total - known else (),
        apply=lambda progress: _apply(election, lines, progress, by),
    )


def read(path: Path, progress: Progress = silent) -> list[Line]:
    """All lines of the file, each looked at by itself and among the others. Raises `WrongFile`."""
    problems = Problems(path)
    by_village: dict[str, list[Line]] = defaultdict(list)
    columns = ("kelurahan_code", "first_no", "last_no")
    for row in rows(path, columns, problems, at=lambda part: progress("reading TPS", part)):
        if line := _line(row, problems):
            by_village[line[0]].append(line)
    for ranges in by_village.values():
        ranges.sort(key=lambda line: line[1:])
        for before, after in pairwise(ranges):
            if after[1] <= before[2]:
                problems.at(after[3], f"{after[0]}: TPS {after[1]} stands on line {before[3]} already")
    problems.refuse()
    return [line for ranges in by_village.values() for line in ranges]


def _line(row: Row, problems: Problems) -> Line | None:
    village = row["kelurahan_code"].strip()
    first, last = whole(row["first_no"]), whole(row["last_no"])
    if not (village.isascii() and village.isdigit() and len(village) == 10):
        problems.at(row.line, f"{village!r} is no code of a village: 10 digits")
    elif first is None or last is None or not 1 <= first <= last <= 999:
        problems.at(row.line, f"{row['first_no']!r} to {row['last_no']!r} is no run of TPS numbers from 1 to 999")
    else:
        return village, first, last, row.line
    return None


def _refuse_unknown_villages(path: Path) -> None:
    problems = Problems(path)
    for village, line in ask(
        """SELECT s.village, s.line FROM staged_range s
           LEFT JOIN tps_region r ON r.code = s.village COLLATE "C" AND r.level = 4 WHERE r.code IS NULL"""
    ):
        problems.at(line, f"{village} is no village that is known; import regions first")
    problems.refuse()


def _examples(election: Election) -> list[str]:
    found = ask(
        f"""SELECT s.code, r.name FROM {_STAGED} s JOIN tps_region r ON r.code = s.village COLLATE "C"
            WHERE NOT EXISTS (SELECT FROM tps_pollingstation t WHERE t.election_id = %s
                              AND t.code = s.code COLLATE "C") ORDER BY s.code LIMIT %s""",  # noqa: S608
        election.pk,
        EXAMPLES,
    )
    return [f"new {code} {name}" for code, name in found]


def _apply(election: Election, lines: Sequence[Line], progress: Progress, by: str | None) -> None:
    provinces = sorted({line[0][:2] for line in lines})
    for done, province in enumerate(provinces):
        progress("writing TPS", done / len(provinces))
        run(
            f"""INSERT INTO tps_pollingstation (election_id, code, region_id, number)
                SELECT %s, code, village, number FROM {_STAGED} s WHERE village LIKE %s
                ORDER BY code COLLATE "C" ON CONFLICT (election_id, code) DO NOTHING""",  # noqa: S608
            election.pk,
            f"{province}%",
        )
    analyze("tps_pollingstation")
    progress("counting TPS of regions", 0)
    extents.recount(election)
    progress("telling the ledger", 0)
    reference.record(election, by)
    progress("telling the ledger", 1)
