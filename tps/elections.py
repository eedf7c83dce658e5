"""Setting up elections: contests, where they are voted on, and their options.

A plan says how things should be; `differences` tells what that would change, `apply` makes it so together with
its ledger entries. YAML, dapil and candidates (`tps/imports/`) all become plans.
"""

import datetime
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from django.db import connection
from django.db.models import Q

from tps import form_definitions, reference
from tps.form_shapes import Choice
from tps.models import NATION, RULE_OF_NEW_ELECTIONS, Contest, Election, Option, PollingStation, Region, above

CODE = re.compile(r"[a-z0-9][a-z0-9-]{0,39}\Z")
# The law has 3 to 10 in a dapil of DPR, 3 to 12 in one of a DPRD; other elections may have others.
SEATS = range(1, 100)


@dataclass(frozen=True)
class ContestPlan:
    """How a contest should be. `area`, `options` and `seats` are left as they are where they are None."""

    code: str
    kind: str
    name: str
    form: str
    area: frozenset[str] | None = None  # region codes; empty is the nation
    options: tuple[Choice, ...] | None = None
    line: int = 0
    seats: int | None = None


@dataclass(frozen=True)
class ElectionPlan:
    """How an election should be. Contests that it does not name stay as they are."""

    code: str
    name: str
    date: datetime.date
    contests: tuple[ContestPlan, ...]
    current: bool | None = None  # None: only if there is no other current one
    rule_version: int | None = None  # None: as it is; of a new one, the program's own


@dataclass(frozen=True)
class Differences:
    """What a plan would change, one line each."""

    added: list[str]
    changed: list[str]
    unchanged: int


def contests_at(station: PollingStation) -> list[Contest]:
    """What is voted on at this TPS, in the order of the kinds. One query."""
    places = above(station.code)
    here = (
        Contest.objects.filter(election_id=station.election_id)
        .filter(Q(area__isnull=True) | Q(area__in=places))
        .select_related("election")
        .distinct()
    )
    order = list(Contest.Kind.values)
    return sorted(here, key=lambda contest: (order.index(contest.kind), contest.code))


def current() -> Election | None:
    return Election.objects.filter(is_current=True).first()


# --- Problems: what cannot be -----------------------------------------------------------------


def problems(plan: ElectionPlan) -> Iterator[tuple[int, str]]:
    """What is wrong with a plan, as (line, sentence)."""
    if not CODE.match(plan.code):
        yield 1, f"the code {plan.code!r} should be of a-z, 0-9 and -"
    known = Election.objects.filter(pk=plan.code).first()
    if known and known.hashes and known.rule_version != _rule_version(plan, known):
        yield 1, f"rule_version is {known.rule_version} since the ledger's first entry and cannot change"
    if not plan.contests and not (known and known.contests.exists()):
        yield 1, "an election has at least one contest"
    seen: set[str] = set()
    for contest in plan.contests:
        if contest.code in seen:
            yield contest.line, f"the contest {contest.code} is given twice"
        seen.add(contest.code)
        yield from ((contest.line, text) for text in _wrong_with(contest))
    yield from _unknown_regions(plan)
    yield from overlaps(plan)


def _wrong_with(contest: ContestPlan) -> Iterator[str]:
    if not CODE.match(contest.code):
        yield f"the code {contest.code!r} should be of a-z, 0-9 and -"
    if not contest.name or len(contest.name) > 120:
        yield f"{contest.code}: a name has 1 to 120 characters"
    if contest.form not in form_definitions.names():
        yield f"{contest.code}: unknown form {contest.form!r}; known are {', '.join(form_definitions.names())}"
    elif form_definitions.load(contest.form).kind != contest.kind:
        yield f"{contest.code}: the form {contest.form} is not for {contest.kind}"
    if contest.seats is not None and contest.kind == Contest.Kind.PPWP:
        yield f"{contest.code}: a presidential contest has no seats"
    elif contest.seats is not None and contest.seats not in SEATS:
        yield f"{contest.code}: {contest.seats} is no number of seats from 1 to {SEATS.stop - 1}"
    for choices in _lists(contest.options or ()):
        numbers = [choice.number for choice in choices]
        for number in sorted({n for n in numbers if numbers.count(n) > 1}):
            yield f"{contest.code}: the number {number} is given twice"
        for choice in choices:
            if not 1 <= choice.number <= 99:
                yield f"{contest.code}: {choice.number} is no ballot number from 1 to 99"
            if not choice.name.isprintable() or not 1 <= len(choice.name) <= 200:
                yield f"{contest.code}: number {choice.number}: a name has 1 to 200 printable characters"


def _lists(options: Sequence[Choice]) -> Iterator[Sequence[Choice]]:
    yield options
    for option in options:
        yield option.candidates


def _unknown_regions(plan: ElectionPlan) -> Iterator[tuple[int, str]]:
    wanted = {code for contest in plan.contests for code in contest.area or ()}
    known = set(Region.objects.filter(pk__in=wanted).values_list("pk", flat=True))
    for contest in plan.contests:
        for code in sorted((contest.area or frozenset()) - known):
            yield contest.line, f"{contest.code}: there is no region {code!r}"


def overlaps(plan: ElectionPlan) -> Iterator[tuple[int, str]]:
    """Contests of one kind that share a region: a TPS votes at most once in each kind."""
    areas = _areas_now(plan.code) | {
        contest.code: (contest.kind, contest.area) for contest in plan.contests if contest.area is not None
    }
    lines = {contest.code: contest.line for contest in plan.contests}
    owner: dict[tuple[str, str], str] = {}
    for code, (kind, area) in areas.items():
        for region in area or {NATION}:
            other = owner.setdefault((kind, region), code)
            if other != code:
                yield lines.get(code, lines.get(other, 1)), f"{code} and {other} are both voted on in {region or 'all'}"
    for (kind, region), code in owner.items():
        for higher in above(region):
            other = owner.get((kind, higher), code)
            if other != code:
                yield lines.get(code, lines.get(other, 1)), f"{code} and {other} are both voted on in {region}"


def _areas_now(election_code: str) -> dict[str, tuple[str, frozenset[str]]]:
    found: dict[str, tuple[str, set[str]]] = {}
    rows = Contest.objects.filter(election_id=election_code).values_list("code", "kind", "area")
    for code, kind, region in rows:
        area = found.setdefault(code, (kind, set()))[1]
        if region is not None:
            area.add(region)
    return {code: (kind, frozenset(area)) for code, (kind, area) in found.items()}


# --- Differences ------------------------------------------------------------------------------


def differences(plan: ElectionPlan) -> Differences:
    """What the plan would change. The plan has no `problems`."""
    added: list[str] = []
    changed: list[str] = []
    unchanged = 0
    election = Election.objects.filter(pk=plan.code).first()
    if election is None:
        added.append(f"new election {plan.code}: {plan.name}, {plan.date}")
    else:
        for what, old, new in (
            ("name", election.name, plan.name),
            ("date", election.date, plan.date),
            ("current", election.is_current, _current(plan, election)),
            ("rule_version", election.rule_version, _rule_version(plan, election)),
        ):
            if old != new:
                changed.append(f"{plan.code}: {what} {old} becomes {new}")
        unchanged += not changed
    contests = {c.code: c for c in Contest.objects.filter(election_id=plan.code)}
    areas, options = _areas_now(plan.code), _options_now(plan.code)
    for contest in plan.contests:
        old_contest = contests.get(contest.code)
        if old_contest is None:
            added.append(f"new contest {contest.code}: {contest.name}, {len(contest.options or ())} options")
            continue
        lines = [
            f"{contest.code}: {what} {old} becomes {new}"
            for what, old, new in (
                ("kind", old_contest.kind, contest.kind),
                ("name", old_contest.name, contest.name),
                ("form", old_contest.form, contest.form),
            )
            if old != new
        ]
        if contest.seats is not None and contest.seats != old_contest.seats:
            lines.append(f"{contest.code}: seats {old_contest.seats or 'unknown'} becomes {contest.seats}")
        if contest.area is not None and contest.area != areas[contest.code][1]:
            lines.append(f"{contest.code}: area {_said(areas[contest.code][1])} becomes {_said(contest.area)}")
        if contest.options is not None:
            lines += _option_lines(contest.code, options.get(contest.code, {}), _flat(contest.options))
        changed += lines
        unchanged += not lines
    return Differences(added, changed, unchanged)


def _said(area: frozenset[str]) -> str:
    codes = sorted(area)
    return f"{', '.join(codes[:5])} and {len(codes) - 5} more" if len(codes) > 6 else ", ".join(codes) or "the nation"


Place = tuple[int, int]  # a party's number, a candidate's number; (0, n) for a paslon, a party, a DPD candidate


def _flat(options: Sequence[Choice]) -> dict[Place, str]:
    found = {}
    for option in options:
        found[0, option.number] = option.name
        for candidate in option.candidates:
            found[option.number, candidate.number] = candidate.name
    return found


def _options_now(election_code: str) -> dict[str, dict[Place, str]]:
    found: dict[str, dict[Place, str]] = {}
    rows = Option.objects.filter(contest__election_id=election_code)
    for contest, party, number, name in rows.values_list("contest__code", "party__number", "number", "name"):
        found.setdefault(contest, {})[party or 0, number] = name
    return found


def _option_lines(contest: str, old: dict[Place, str], new: dict[Place, str]) -> Iterator[str]:
    for place in sorted(old.keys() | new.keys()):
        number = f"{place[0]}.{place[1]}" if place[0] else str(place[1])
        if place not in old:
            yield f"{contest}: new option {number} {new[place]}"
        elif place not in new:
            yield f"{contest}: option {number} {old[place]} is taken away"
        elif old[place] != new[place]:
            yield f"{contest}: option {number} {old[place]} becomes {new[place]}"


def _current(plan: ElectionPlan, election: Election | None) -> bool:
    if plan.current is not None:
        return plan.current
    return election.is_current if election and election.is_current else current() is None


def _rule_version(plan: ElectionPlan, election: Election | None) -> int:
    return plan.rule_version or (election.rule_version if election else RULE_OF_NEW_ELECTIONS)


# --- Applying ---------------------------------------------------------------------------------


def apply(plan: ElectionPlan, by: str | None = None) -> Election:
    """Make it so. In a transaction; the plan has no `problems`. Appends the ledger entries."""
    election = Election.objects.select_for_update().filter(pk=plan.code).first()
    is_current = _current(plan, election)
    if is_current:
        Election.objects.exclude(pk=plan.code).filter(is_current=True).update(is_current=False)
    rule = _rule_version(plan, election)
    values = {"name": plan.name, "date": plan.date, "is_current": is_current, "rule_version": rule}
    election, _made = Election.objects.update_or_create(pk=plan.code, defaults=values)
    _apply_contests(election, plan.contests)
    if len(plan.contests) > 100:
        # Else the planner takes thousands of new contests for none, and joins them one by one.
        with connection.cursor() as cursor:
            cursor.execute("ANALYZE tps_contest, tps_contest_area, tps_option")
    reference.record(election, by)
    return election


def _apply_contests(election: Election, plans: Sequence[ContestPlan]) -> None:
    Contest.objects.bulk_create(
        [Contest(election=election, code=p.code, kind=p.kind, name=p.name, form=p.form) for p in plans],
        update_conflicts=True,
        unique_fields=["election", "code"],
        update_fields=["kind", "name", "form"],
    )
    for seats, codes in _by_seats(plans).items():
        Contest.objects.filter(election=election, code__in=codes).update(seats=seats)
    ids = dict(Contest.objects.filter(election=election).values_list("code", "pk"))
    through = Contest.area.through
    mine = {ids[p.code]: p.area for p in plans if p.area is not None}
    old = set(through.objects.filter(contest_id__in=mine).values_list("contest_id", "region_id"))
    new = {(contest, region) for contest, area in mine.items() for region in area}
    for contest, region in old - new:
        through.objects.filter(contest_id=contest, region_id=region).delete()
    through.objects.bulk_create([through(contest_id=c, region_id=r) for c, r in sorted(new - old)])
    _apply_options(election, {ids[p.code]: p for p in plans if p.options is not None})


def _by_seats(plans: Sequence[ContestPlan]) -> dict[int, list[str]]:
    """The codes of contests by how many seats they are to have, where the plan says so."""
    found: dict[int, list[str]] = {}
    for plan in plans:
        if plan.seats is not None:
            found.setdefault(plan.seats, []).append(plan.code)
    return found


def _apply_options(election: Election, plans: dict[int, ContestPlan]) -> None:
    old: dict[tuple[int, Place], Option] = {}
    for option in Option.objects.filter(contest_id__in=plans).select_related("party"):
        old[option.contest_id, (option.party.number if option.party else 0, option.number)] = option
    new = {(pk, place): name for pk, plan in plans.items() for place, name in _flat(plan.options or ()).items()}
    gone = [option.pk for where, option in old.items() if where not in new]
    Option.objects.filter(pk__in=gone, party__isnull=False).delete()
    Option.objects.filter(pk__in=gone).delete()
    renamed = []
    for where, option in old.items():
        if where in new and option.name != new[where]:
            option.name = new[where]
            renamed.append(option)
    Option.objects.bulk_update(renamed, ["name"], batch_size=1000)
    # Parties before their candidates, who point at them.
    for of_party in (False, True):
        parties = {(o.contest_id, o.number): o.pk for o in Option.objects.filter(contest_id__in=plans, party=None)}
        Option.objects.bulk_create(
            [
                Option(contest_id=pk, party_id=parties[pk, party] if party else None, number=number, name=name)
                for (pk, (party, number)), name in new.items()
                if (pk, (party, number)) not in old and bool(party) == of_party
            ],
            batch_size=5000,
        )
