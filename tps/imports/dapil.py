"""Electoral districts (dapil): each becomes a contest.

    dapil      election,dapil_code,dapil_name[,seats]  election: DPR, DPD, DPRD_PROV or DPRD_KABKO
    regions    election,dapil_code,region_code,is_split

    councils   province,election,council              what the council of a province is called

A region with `is_split=1` belongs to several dapil; the finer rows say which part belongs where. Other columns are
passed over.
"""

from collections import defaultdict
from collections.abc import Mapping
from pathlib import Path

from django.db.models import Q

from tps.elections import ContestPlan, ElectionPlan
from tps.imports import elections
from tps.imports.changes import Changes, Progress, silent
from tps.imports.files import Problems, Row, name_of, rows, whole
from tps.models import Contest, Election, Region, above

# election -> kind, how contests' codes begin, how their names begin, form
KINDS = {
    "DPR": (Contest.Kind.DPR, "dpr", "DPR", "c-hasil-dpr"),
    "DPD": (Contest.Kind.DPD, "dpd", "DPD", "c-hasil-dpd"),
    "DPRD_PROV": (Contest.Kind.DPRD_PROV, "prov", "DPRD Provinsi", "c-hasil-dprd-prov"),
    "DPRD_KABKO": (Contest.Kind.DPRD_KABKO, "kab", "DPRD Kabupaten/Kota", "c-hasil-dprd-kabko"),
}


# (province, election) -> what its council is called
Councils = Mapping[tuple[str, str], str]


def code_of(election: str, dapil: str) -> str:
    """A dapil's contest: "DPR", "1101" -> "dpr-1101"."""
    return f"{KINDS[election][1]}-{dapil}".lower()


def compare(
    dapil: Path,
    regions: Path,
    election: Election,
    *,
    only: frozenset[str] = frozenset(KINDS),
    councils: Path | None = None,
    progress: Progress = silent,
    by: str | None = None,
) -> Changes:
    """What the two files would change in an election. `only`: these kinds of their rows."""
    called = _councils(councils) if councils else {}
    areas, split = _areas(regions, only, progress)
    uncovered = _uncovered(areas, split)
    problems = Problems(dapil)
    plans: dict[tuple[str, str], ContestPlan] = {}
    columns = ("election", "dapil_code", "dapil_name")
    for row in rows(dapil, columns, problems, optional=("seats",), ignore_others=True):
        which = row["election"], row["dapil_code"].strip()
        if row["election"] not in KINDS:
            problems.at(row.line, f"election is {row['election']!r}; known are {', '.join(KINDS)}")
        elif row["election"] not in only:
            continue
        elif which in plans:
            problems.at(row.line, f"{' '.join(which)} stands on line {plans[which].line} already")
        else:
            area = frozenset(areas.pop(which, ()))
            if not area:
                problems.at(row.line, f"{' '.join(which)} has no region in {regions.name}")
            kind, _begin, usual, form = KINDS[row["election"]]
            title = called.get((min(area, default="")[:2], row["election"]), usual)
            name = f"{title} {name_of(row, 'dapil_name', problems, longest=90)}"
            seats = _seats(row, problems)
            plans[which] = ContestPlan(code_of(*which), kind, name, form, area, None, row.line, seats)
    for which in areas:
        problems.at(0, f"{' '.join(which)} has regions in {regions.name} and is not listed here")
    problems.refuse()
    progress("comparing", 0)
    changes = elections.changes(_plan(election, tuple(plans.values())), problems, by)
    changes.notes = [
        f"  {code} {name} is in no dapil of {which}, though regions around it are" for which, code, name in uncovered
    ]
    return changes


def _seats(row: Row, problems: Problems) -> int | None:
    """None where the column is missing or empty: what is known stays."""
    written = row.get("seats", "")
    if not written.strip():
        return None
    seats = whole(written)
    if seats is None:
        problems.at(row.line, f"seats is {written!r}, not a number")
    return seats


def _plan(election: Election, contests: tuple[ContestPlan, ...]) -> ElectionPlan:
    return ElectionPlan(election.pk, election.name, election.date, contests, election.is_current, election.rule_version)


def _councils(path: Path) -> Councils:
    problems = Problems(path)
    found: dict[tuple[str, str], str] = {}
    for row in rows(path, ("province", "election", "council"), problems):
        if row["election"] not in KINDS:
            problems.at(row.line, f"election is {row['election']!r}; known are {', '.join(KINDS)}")
        found[row["province"], row["election"]] = name_of(row, "council", problems, longest=20)
    problems.refuse()
    return found


Areas = dict[tuple[str, str], set[str]]  # (election, dapil) -> regions


def _areas(path: Path, only: frozenset[str], progress: Progress) -> tuple[Areas, dict[str, set[str]]]:
    """The regions of each dapil, and by election those that are split among several."""
    problems = Problems(path)
    found: Areas = defaultdict(set)
    split: dict[str, set[str]] = defaultdict(set)
    columns = ("election", "dapil_code", "region_code", "is_split")
    for row in rows(path, columns, problems, ignore_others=True, at=lambda part: progress("reading dapil", part)):
        region = row["region_code"].strip()
        if row["is_split"] not in ("0", "1"):
            problems.at(row.line, f"is_split is {row['is_split']!r}, not 0 or 1")
        elif row["election"] in only and row["is_split"] == "0":
            found[row["election"], row["dapil_code"].strip()].add(region)
        elif row["election"] in only:
            split[row["election"]].add(region)
    problems.refuse()
    return dict(found), split


def _uncovered(areas: Areas, split: dict[str, set[str]]) -> list[tuple[str, str, str]]:
    """Villages of a split region that none of its parts names: election, code, name. Real lists have some."""
    found = []
    for election, regions in split.items():
        covered = {region for (of, _dapil), area in areas.items() if of == election for region in area}
        below = Q()
        for region in regions:
            below |= Q(code__gte=region, code__lt=region + ":")  # ":" follows "9"
        villages = Region.objects.filter(below, level=4).order_by("code").values_list("code", "name")
        found += [(election, code, name) for code, name in villages if not covered.intersection((*above(code), code))]
    return found
