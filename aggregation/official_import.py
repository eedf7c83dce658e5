"""Taking in what an official source published, as versions over time; in which order files come makes no difference.

A version is stored where figures are new, changed or gone since the snapshot before. A file that is older than what is
there already changes the history from its time on, up to the next thing that is known. Which snapshots spoke of a code
is kept (`observed`, `covers`), so that what each said can be told again (`official_history.faults`).
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from django.db import connection
from django.utils import timezone

from accounts import commitments
from accounts.models import User
from aggregation import columns, official_differences, official_file, official_sql
from aggregation.models import OfficialFigure, OfficialSnapshot, OfficialSource
from aggregation.official_file import STATIONS, Read
from aggregation.region_document import time_of, word_of
from ledger import entries as ledger
from tps.imports.changes import EXAMPLES, Changes, Progress, silent
from tps.imports.files import Problems
from tps.imports.staging import analyze, ask, run, stage
from tps.models import Contest

NOBODY = "command"  # who imported, where no account did


@dataclass
class Brought(Changes):
    """What a file brings. A snapshot in which nothing changed is news, too: the figures still stood then."""

    snapshots: int = 0

    @property
    def any(self) -> bool:
        return self.snapshots > 0


def compare(
    path: Path,
    contest: Contest,
    source: str,
    *,
    taken_at: datetime | None = None,
    codes: Mapping[str, str] | None = None,
    renamed: Mapping[str, str] | None = None,
    covers: Sequence[str] = (),
    by: User | None = None,
    progress: Progress = silent,
) -> Brought:
    """What the file would bring. In a transaction that no other import runs beside; raises `WrongFile`.

    `covers`: codes of regions of which the file is complete, "" for all; what lies there and is not in the file was not
    published at `taken_at`.
    """
    there = OfficialSource.objects.filter(contest=contest, word=source).first()
    keys = _keys(there, contest)
    found = official_file.read(path, keys, taken_at=taken_at, codes=codes, renamed=renamed, progress=progress)
    problems, known = Problems(path), _known(there, found.about)
    digests = _digests(found, keys)
    _refuse_contradictions(found, digests, known, keys, problems)
    new = {at: lines for at, lines in found.moments.items() if at not in known}
    progress("comparing", 0)
    _stage(new)
    _refuse_unknown(contest, found.about, problems)
    values = {
        **{"source": there.pk if there else 0, "about": found.about, "stations": found.about == STATIONS},
        **{"first": min(new, default=None), "at": max(new, default=None), "covers": list(covers)},
    }
    if new and covers:
        _run(official_sql.WITHDRAW, values)
    run("DROP TABLE IF EXISTS official_new, official_change")
    _run(official_sql.NEW_VERSIONS, values)
    _run(official_sql.CHANGES, values)
    counts = dict(ask("SELECT change, count(*) FROM official_change WHERE id IS NULL GROUP BY 1"))
    fresh = counts.pop("first", 0)
    changed = sum(count for change, count in counts.items() if change != "same")
    lines = sum(map(len, new.values()))
    return Brought(
        what=f"official figures ({source}, {contest.code})",
        added=fresh,
        changed=changed,
        unchanged=max(0, lines - fresh - changed),
        examples=_examples(),
        apply=lambda progress: _apply(contest, source, keys, found, new, digests, values, by, progress),
        notes=_notes(found, new, counts),
        snapshots=len(new),
    )


def _keys(source: OfficialSource | None, contest: Contest) -> list[str]:
    """The fields that can be compared: those of the form that are summed, new ones behind what there was."""
    before = list(source.keys) if source else []
    return before + [key for key in columns.of(contest).sums if key not in before]


def _known(source: OfficialSource | None, about: str) -> dict[datetime, tuple[str, int]]:
    """The snapshots that are there: the digest of their figures, and how many keys there were then."""
    if source is None:
        return {}
    rows = OfficialSnapshot.objects.filter(source=source, about=about)
    return {at: (figures, width) for at, figures, width in rows.values_list("taken_at", "figures", "width")}


def _digests(found: Read, keys: Sequence[str]) -> dict[datetime, str]:
    return {at: _digest(keys, lines) for at, lines in found.moments.items()}


def _digest(keys: Sequence[str], lines: Mapping[str, official_file.Line]) -> str:
    return official_file.sha256(keys, ((code, line.figures) for code, line in lines.items()))


def _refuse_contradictions(
    found: Read,
    digests: Mapping[datetime, str],
    known: Mapping[datetime, tuple[str, int]],
    keys: Sequence[str],
    problems: Problems,
) -> None:
    latest = timezone.now() + timedelta(minutes=5)  # clocks differ
    for at, lines in found.moments.items():
        first = min(line.number for line in lines.values())
        if at > latest:
            problems.at(first, f"{time_of(at)} lies in the future")
        if at in known:
            figures, width = known[at]
            if figures != (digests[at] if width == len(keys) else _digest(keys[:width], lines)):
                problems.at(first, f"there is a snapshot of {time_of(at)} already, with other figures")
    problems.refuse()


def _stage(new: Mapping[datetime, Mapping[str, official_file.Line]]) -> None:
    def lines() -> Iterator[tuple[str | int | None, ...]]:
        for at, here in new.items():
            text = at.isoformat()
            for line in here.values():
                yield text, line.code, line.number, official_file.cell(line.figures)

    # Codes are compared byte by byte everywhere (`Region.code`).
    stage("staged_official", {"at": "timestamptz", "code": "text", "line": "int", "figures": "int[]"}, lines())
    run('ALTER TABLE staged_official ALTER COLUMN code TYPE text COLLATE "C"')


def _refuse_unknown(contest: Contest, about: str, problems: Problems) -> None:
    if about == STATIONS:
        rows = ask(
            """SELECT s.code, s.line, t.id IS NOT NULL FROM staged_official s
                 LEFT JOIN tps_pollingstation t ON t.code = s.code AND t.election_id = %s
                WHERE t.id IS NULL OR EXISTS (SELECT FROM tps_contest_area WHERE contest_id = %s) AND NOT EXISTS (
                      SELECT FROM tps_contest_area a WHERE a.contest_id = %s AND starts_with(s.code, a.region_id))""",
            *(contest.election_id, contest.pk, contest.pk),
        )
    else:
        rows = ask(
            """SELECT s.code, s.line, false FROM staged_official s
                 LEFT JOIN tps_region r ON r.code = s.code WHERE r.code IS NULL"""
        )
    for code, line, known in rows:
        what = f"TPS of {contest.election_id}" if about == STATIONS else "region"
        problems.at(line, f"{code}: {contest.code} is not voted on there" if known else f"{code} is no {what}")
    problems.refuse()


def _examples() -> list[str]:
    """What a person looks at before saying yes: changes before what is new."""
    rows = ask(
        """SELECT code, before, figures, at FROM official_change WHERE id IS NULL AND change <> 'same'
           ORDER BY change = 'first', at, code LIMIT %s""",
        EXAMPLES,
    )
    return [f"{word_of(code)}: {_told(old)} becomes {_told(new)} ({time_of(at)})" for code, old, new, at in rows]


def _told(figures: Sequence[int | None] | None) -> str:
    return "not published" if figures is None else "·".join("?" if one is None else str(one) for one in figures)


def _notes(found: Read, new: Mapping[datetime, Any], counts: Mapping[str, int]) -> list[str]:
    notes = [f"  snapshots: {len(new)} new, {len(found.moments) - len(new)} known already"]
    told = {change: count for change, count in counts.items() if change in ("withdrawn", "returned") and count}
    notes += [f"  {OfficialFigure.Change(change).value}: {count:,}" for change, count in told.items()]
    if found.passed_over:
        notes.append(f"  columns passed over: {', '.join(found.passed_over)}")
    return notes


def _apply(
    contest: Contest,
    word: str,
    keys: list[str],
    found: Read,
    new: Mapping[datetime, Mapping[str, official_file.Line]],
    digests: Mapping[datetime, str],
    values: dict[str, Any],
    by: User | None,
    progress: Progress,
) -> None:
    progress("writing official figures", 0)
    source, _created = OfficialSource.objects.get_or_create(contest=contest, word=word, defaults={"keys": keys})
    if source.keys != keys:
        source.keys = keys
        source.save(update_fields=["keys"])
    moments = [(at.isoformat(), digests[at], len(lines)) for at, lines in sorted(new.items())]
    stage("official_moment", {"at": "timestamptz", "figures": "text", "rows": "int"}, moments)
    values = values | {
        **{"source": source.pk, "file": found.sha256, "width": len(keys), "election": contest.election_id},
        "by": by.pk if by else None,
    }
    for statement in (official_sql.SNAPSHOTS, official_sql.FIGURES, official_sql.OLD_CHANGES):
        _run(statement, values)
    _tell_ledger(contest, source, found, new, digests, values["covers"], by)
    analyze("aggregation_officialfigure")
    progress("comparing with ours", 0.5)
    official_differences.refresh(source, anew=True)
    progress("comparing with ours", 1)


def _tell_ledger(
    contest: Contest,
    source: OfficialSource,
    found: Read,
    new: Mapping[datetime, Mapping[str, official_file.Line]],
    digests: Mapping[datetime, str],
    covers: Sequence[str],
    by: User | None,
) -> None:
    told = {"covers": [word_of(code) for code in covers]} if covers else {}
    who, now = commitments.of(by) if by else NOBODY, time_of(timezone.now())
    ledger.append_all(
        [
            ledger.Entry(
                contest.election_id,
                "official",
                {
                    **{"contest": contest.code, "source": source.word, "about": found.about, "taken_at": time_of(at)},
                    **{"file": f"sha256:{found.sha256}", "figures": f"sha256:{digests[at]}", "rows": len(lines)},
                    **{"by": who, "at": now},
                    **told,
                },
            )
            for at, lines in sorted(new.items())
        ]
    )


def _run(statement: str, values: Mapping[str, Any]) -> None:
    with connection.cursor() as cursor:
        cursor.execute(statement, values)
