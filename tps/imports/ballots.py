"""What stands on ballots whose candidates' names are in no file: parties, and for DPD numbers without names.

    dapil      election,dapil_code[,n_candidates]      n_candidates is needed for DPD
    parties    nomor_urut,nama[,lokal_aceh]            lokal_aceh=1: on ballots for the councils of Aceh only

Other columns are passed over. Contests that have options are left alone: a list of candidates knows more. No name is
made up; what stands in a name's place says that it is missing.
"""

from pathlib import Path

from tps.elections import ContestPlan, ElectionPlan
from tps.form_shapes import UNNAMED, Choice
from tps.imports import elections
from tps.imports.candidates import read_parties
from tps.imports.changes import Changes, Progress, silent
from tps.imports.dapil import KINDS, code_of
from tps.imports.files import Problems, Row, rows, whole
from tps.models import Contest, Election

ACEH = "11"
COUNCILS = (Contest.Kind.DPRD_PROV, Contest.Kind.DPRD_KABKO)


def compare(
    dapil: Path, parties: Path, election: Election, *, progress: Progress = silent, by: str | None = None
) -> Changes:
    """What the two files would change in an election."""
    names, local = read_parties(parties), _local(parties)
    problems = Problems(dapil)
    contests = {one.code: one for one in Contest.objects.filter(election=election).prefetch_related("area")}
    listed = set(Contest.objects.filter(election=election, options__isnull=False).values_list("code", flat=True))
    plans = []
    at = lambda part: progress("reading dapil", part)  # noqa: E731
    for row in rows(dapil, ("election", "dapil_code"), problems, optional=("n_candidates",), ignore_others=True, at=at):
        if row["election"] not in KINDS:
            problems.at(row.line, f"election is {row['election']!r}; known are {', '.join(KINDS)}")
            continue
        code = code_of(row["election"], row["dapil_code"].strip())
        if code not in contests:
            problems.at(row.line, f"there is no contest {code} in {election.pk}; import dapil first")
        elif code not in listed:
            contest = contests[code]
            if contest.kind == Contest.Kind.DPD:
                options = _numbers(row, problems)
            else:
                options = tuple(Choice(n, name) for n, name in names.items() if n not in local or _in_aceh(contest))
            plans.append(ContestPlan(code, contest.kind, contest.name, contest.form, None, options, row.line))
    problems.refuse()
    progress("comparing", 0)
    plan = ElectionPlan(
        election.pk, election.name, election.date, tuple(plans), election.is_current, election.rule_version
    )
    return elections.changes(plan, problems, by)


def _numbers(row: Row, problems: Problems) -> tuple[Choice, ...]:
    """Candidates of whom only the number is known."""
    many = whole(row.get("n_candidates", ""))
    if many is None or not 1 <= many <= 99:
        problems.at(row.line, f"n_candidates is {row.get('n_candidates', '')!r}, not a number from 1 to 99")
        return ()
    return tuple(Choice(number, UNNAMED) for number in range(1, many + 1))


def _in_aceh(contest: Contest) -> bool:
    return contest.kind in COUNCILS and all(region.pk.startswith(ACEH) for region in contest.area.all())


def _local(parties: Path) -> set[int]:
    """The numbers of Aceh's local parties."""
    problems = Problems(parties)
    found = set()
    for row in rows(parties, ("nomor_urut",), problems, optional=("lokal_aceh",), ignore_others=True):
        number, local = whole(row["nomor_urut"]), row.get("lokal_aceh", "")
        if local not in ("", "0", "1"):
            problems.at(row.line, f"lokal_aceh is {local!r}, not 0 or 1")
        elif local == "1" and number is not None:
            found.add(number)
    problems.refuse()
    return found
