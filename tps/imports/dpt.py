"""DPT of TPS: `tps_code,dpt`; other columns are passed over, an empty DPT says nothing."""

from pathlib import Path

from tps import extents, reference
from tps.imports.changes import EXAMPLES, Changes, Progress, silent
from tps.imports.files import Problems, rows, whole
from tps.imports.staging import analyze, ask, run, stage
from tps.models import Election

MOST = 99_999

_DIFFERENT = """staged_dpt s JOIN tps_pollingstation t ON t.code = s.code COLLATE "C" AND t.election_id = %s"""


def compare(
    path: Path,
    election: Election,
    *,
    skip_unbelievable: bool = False,
    progress: Progress = silent,
    by: str | None = None,
) -> Changes:
    """What the file would change. In a transaction; raises `WrongFile`.

    `skip_unbelievable`: pass over what can be no DPT, and say so, where the file was itself read from paper.
    """
    problems = Problems(path)
    found: dict[str, tuple[str, int, int]] = {}
    skipped = []
    at = lambda part: progress("reading DPT", part)  # noqa: E731
    for row in rows(path, ("tps_code", "dpt"), problems, ignore_others=True, at=at):
        code, text = row["tps_code"].strip(), row["dpt"].strip()
        dpt = whole(text)
        if code in found:
            problems.at(row.line, f"{code} stands on line {found[code][2]} already")
        elif text and (dpt is None or dpt > MOST) and skip_unbelievable:
            skipped.append(f"  passed over: line {row.line}: {code}: {text!r} is no DPT")
        elif text and (dpt is None or dpt > MOST):
            problems.at(row.line, f"{code}: {text!r} is no DPT from 0 to {MOST}")
        elif dpt is not None:
            found[code] = (code, dpt, row.line)
    problems.refuse()
    progress("comparing", 0)
    stage("staged_dpt", {"code": "text", "dpt": "int", "line": "int"}, found.values())
    _refuse_unknown(path, election, problems)
    added, changed, unchanged = ask(
        f"""SELECT count(*) FILTER (WHERE t.registered_voters IS NULL),
                   count(*) FILTER (WHERE t.registered_voters <> s.dpt),
                   count(*) FILTER (WHERE t.registered_voters = s.dpt) FROM {_DIFFERENT}""",  # noqa: S608
        election.pk,
    )[0]
    examples = ask(
        f"""SELECT t.code, t.registered_voters, s.dpt FROM {_DIFFERENT}
            WHERE t.registered_voters IS DISTINCT FROM s.dpt
            ORDER BY (t.registered_voters IS NULL), t.code LIMIT %s""",  # noqa: S608
        election.pk,
        EXAMPLES,
    )
    return Changes(
        what="DPT",
        added=added,
        changed=changed,
        unchanged=unchanged,
        examples=[f"{code}: {'unknown' if old is None else old} becomes {new}" for code, old, new in examples],
        apply=lambda progress: _apply(election, progress, by),
        notes=skipped,
    )


def _refuse_unknown(path: Path, election: Election, problems: Problems) -> None:
    for code, line in ask(
        """SELECT s.code, s.line FROM staged_dpt s LEFT JOIN tps_pollingstation t
           ON t.code = s.code COLLATE "C" AND t.election_id = %s WHERE t.id IS NULL""",
        election.pk,
    ):
        problems.at(line, f"{code} is no TPS of {election.pk}")
    problems.refuse()


def _apply(election: Election, progress: Progress, by: str | None) -> None:
    progress("writing DPT", 0)
    run(
        """UPDATE tps_pollingstation t SET registered_voters = s.dpt FROM staged_dpt s
           WHERE t.election_id = %s AND t.code = s.code COLLATE "C" AND t.registered_voters IS DISTINCT FROM s.dpt""",
        election.pk,
    )
    analyze("tps_pollingstation")
    progress("counting TPS of regions", 0)
    extents.recount(election)
    reference.record(election, by)
    progress("telling the ledger", 1)
