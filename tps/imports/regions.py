"""Regions: `code,parent_code,level,name[,overseas]`, provinces with an empty parent; the nation is not in the file."""

from collections.abc import Mapping
from pathlib import Path

from tps import names as search_names
from tps import reference
from tps.imports.changes import EXAMPLES, Changes, Progress, silent
from tps.imports.files import Problems, Row, name_of, rows
from tps.imports.staging import analyze, ask, run, stage
from tps.models import NATION

_LENGTH = {1: 2, 2: 4, 3: 6, 4: 10}
NATION_NAME = "INDONESIA"

Line = tuple[str, str, int, str, int]  # code, parent's code, level, name, line in the file


def compare(
    path: Path, *, names: Mapping[str, str] | None = None, progress: Progress = silent, by: str | None = None
) -> Changes:
    """What the file would change. In a transaction; raises `WrongFile`.

    `names`: code -> the name that replaces the file's (where it has an id stuck to it, and the like).
    """
    lines = read(path, names or {}, progress)
    progress("comparing", 0)
    stage("staged_region", {"code": "text", "parent": "text", "level": "int", "name": "text", "line": "int"}, lines)
    counts = ask(
        """SELECT count(*) FILTER (WHERE r.code IS NULL), count(*) FILTER (WHERE r.name <> s.name),
                  count(*) FILTER (WHERE r.name = s.name)
           FROM staged_region s LEFT JOIN tps_region r ON r.code = s.code COLLATE "C" """
    )[0]
    absent = ask(
        "SELECT count(*) FROM tps_region r WHERE level > 0 AND NOT EXISTS"
        ' (SELECT FROM staged_region s WHERE s.code COLLATE "C" = r.code)'
    )[0][0]
    return Changes(
        what="regions",
        added=counts[0],
        changed=counts[1],
        unchanged=counts[2],
        absent=absent,
        examples=_examples(),
        apply=lambda progress: _apply(progress, by),
    )


def read(path: Path, names: Mapping[str, str], progress: Progress = silent) -> list[Line]:
    """All lines of the file, each looked at by itself and among the others. Raises `WrongFile`."""
    problems = Problems(path)
    found: dict[str, Line] = {}
    columns = ("code", "parent_code", "level", "name")
    for row in rows(path, columns, problems, optional=("overseas",), at=lambda part: progress("reading regions", part)):
        line = _line(row, names, problems)
        if line[0] in found:
            problems.at(row.line, f"{line[0]} stands on line {found[line[0]][4]} already")
        found.setdefault(line[0], line)
    known = {code for (code,) in ask("SELECT code FROM tps_region")}
    for code, parent, level, _name, number in found.values():
        if level > 1 and parent not in found and parent not in known:
            problems.at(number, f"{code}: its parent {parent} is neither in the file nor known")
    problems.refuse()
    return list(found.values())


def _line(row: Row, names: Mapping[str, str], problems: Problems) -> Line:
    code, parent = row["code"].strip(), row["parent_code"].strip()
    level = int(row["level"]) if row["level"] in ("1", "2", "3", "4") else 0
    if not level:
        problems.at(row.line, f"level is {row['level']!r}, not 1, 2, 3 or 4")
    elif not (code.isascii() and code.isdigit() and len(code) == _LENGTH[level]):
        problems.at(row.line, f"{code!r} is no code of level {level}: {_LENGTH[level]} digits")
    elif parent != code[: _LENGTH.get(level - 1, 0)]:
        problems.at(row.line, f"{code}: the parent {parent!r} is not what the code begins with")
    if row.get("overseas", "") not in ("", "1" if code.startswith("99") else "0"):
        problems.at(row.line, f"{code}: overseas is {row['overseas']!r}, and codes of overseas begin with 99")
    name = name_of(row, "name", problems)
    return code, parent, level, names.get(code, name), row.line


def read_names(path: Path) -> dict[str, str]:
    """A file `code,name`. Raises `WrongFile`."""
    problems = Problems(path)
    found = {row["code"]: name_of(row, "name", problems) for row in rows(path, ("code", "name"), problems)}
    problems.refuse()
    return found


def _examples() -> list[str]:
    found = ask(
        """SELECT s.code, r.name, s.name FROM staged_region s LEFT JOIN tps_region r ON r.code = s.code COLLATE "C"
           WHERE r.name IS DISTINCT FROM s.name ORDER BY (r.name IS NULL), s.code LIMIT %s""",
        EXAMPLES,
    )
    return [f"new {code} {name}" if old is None else f"{code} {old} becomes {name}" for code, old, name in found]


def _apply(progress: Progress, by: str | None) -> None:
    progress("writing regions", 0)
    run("INSERT INTO tps_region (code, level, name) VALUES (%s, 0, %s) ON CONFLICT DO NOTHING", NATION, NATION_NAME)
    run(
        """UPDATE tps_region r SET name = s.name FROM staged_region s
           WHERE r.code = s.code COLLATE "C" AND r.name <> s.name"""
    )
    run(
        """INSERT INTO tps_region (code, parent_id, level, name)
           SELECT code, parent, level, name FROM staged_region ORDER BY code COLLATE "C"
           ON CONFLICT (code) DO NOTHING"""
    )
    analyze("tps_region")
    progress("writing the words of their names", 0.5)
    search_names.renew()
    progress("writing regions", 1)
    reference.record_everywhere(by)
