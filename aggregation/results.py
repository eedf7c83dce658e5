"""The result of one contest at one TPS: a pure function of the decisions on its photos."""

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any
from uuid import UUID

from django.core.serializers.json import DjangoJSONEncoder
from django.db import connection
from django.db.models import Q
from django.utils import timezone

from aggregation import columns, evidence, exclusions
from aggregation.evidence import Evidence
from aggregation.models import ExclusionTurn, Result
from tps import rules
from tps.form_definitions import FormDefinition, for_contest
from tps.models import Contest, PollingStation
from transcription.entries import KOSONG, UNREADABLE, Value
from transcription.models import Decision
from uploads import page_tags
from uploads.models import Photo

# The version of the rule in this module by which a result is put together; it stands in every `select` entry.
RULE_VERSION = 1

VOTES_ADD_UP = "R3"
DOUBTED_PAGES = 3

# From the simplest way to settle a photo to the one that needed most.
_HOW = (Decision.How.TWO_READERS, Decision.How.MAJORITY, Decision.How.ADJUDICATED)


@dataclass(frozen=True)
class Standing:
    """The present decision on one photo, accepted for this TPS."""

    decision: UUID
    photo: UUID
    version: int
    how: str
    decided_at: datetime
    numbers: Mapping[str, Value]
    seen: frozenset[str] = frozenset()  # numbers that a program saw, too, by their bubbles


@dataclass(frozen=True)
class Outcome:
    """What the decisions of one TPS come to."""

    state: str
    numbers: dict[str, Value]
    chosen: dict[str, Standing]  # field -> whose photo's number stands
    disputed: list[str]
    verdicts: list[rules.Verdict]
    decisions: list[UUID]  # those that gave a number, earliest first
    amounts: list[int]  # what it adds to every region above
    exclusion: int | None = None  # the turn that excludes the TPS

    @property
    def broken_rules(self) -> list[str]:
        return list(dict.fromkeys(verdict.rule for verdict in self.verdicts if not verdict.holds))


def result_of(
    standing: Iterable[Standing], *, waiting: bool, form: FormDefinition, registered_voters: int | None
) -> Outcome:
    """Put together the numbers of a TPS; `waiting` says that a photo for it is not decided yet.

    Where two photos give different numbers for a field, the TPS is in dispute and the number of the photo
    decided first stands, which is its last undisputed one. An empty box counts 0, an unreadable figure is no
    number. Numbers are kept as written, whatever the form's rules say of them.
    """
    ordered = sorted(standing, key=lambda s: (s.decided_at, s.photo))
    numbers: dict[str, Value] = {}
    chosen: dict[str, Standing] = {}
    disputed: set[str] = set()
    for photo in ordered:
        for key in form_keys(form) & photo.numbers.keys():
            value = photo.numbers[key]
            if value == UNREADABLE:
                numbers.setdefault(key, value)
            elif key not in chosen:
                numbers[key], chosen[key] = value, photo
            elif _figure(value) != _figure(numbers[key]):
                disputed.add(key)
    verdicts = rules.check(form, numbers, registered_voters)
    gave = {id(photo) for photo in chosen.values()}
    return Outcome(
        state=_state(ordered, chosen, disputed, waiting=waiting, form=form),
        numbers={key: numbers[key] for key in _in_order(form, numbers)},
        chosen=chosen,
        disputed=_in_order(form, disputed),
        verdicts=verdicts,
        decisions=[photo.decision for photo in ordered if id(photo) in gave],
        amounts=_amounts(
            form,
            numbers,
            chosen,
            verdicts,
            disputed=bool(disputed),
            received=bool(ordered) or waiting,
            voters=registered_voters or 0,
        ),
    )


def form_keys(form: FormDefinition) -> set[str]:
    return {field.key for field in form.fields}


def _in_order(form: FormDefinition, keys: Iterable[str]) -> list[str]:
    wanted = set(keys)
    return [field.key for field in form.fields if field.key in wanted]


def _figure(value: Value) -> int:
    return 0 if value == KOSONG else int(value)


def _state(
    ordered: Sequence[Standing],
    chosen: Mapping[str, Standing],
    disputed: set[str],
    *,
    waiting: bool,
    form: FormDefinition,
) -> str:
    if disputed:
        return Result.State.DISPUTED
    if not ordered:
        return Result.State.RECEIVED if waiting else Result.State.EMPTY
    return Result.State.COMPLETE if len(chosen) == len(form.fields) else Result.State.PARTIAL


def _amounts(
    form: FormDefinition,
    numbers: Mapping[str, Value],
    chosen: Mapping[str, Standing],
    verdicts: Sequence[rules.Verdict],
    *,
    disputed: bool,
    received: bool,
    voters: int,
) -> list[int]:
    layout = columns.of_form(form)
    facts = {columns.known(key) for key in layout.sums if key in chosen}
    facts |= {columns.broken(verdict.rule) for verdict in verdicts if not verdict.holds}
    if any(not verdict.holds for verdict in verdicts):
        facts.add(columns.FLAGGED)
    if received:
        facts.add(columns.RECEIVED)
    if disputed:
        facts.add(columns.DISPUTED)
    if len(chosen) == len(form.fields):
        facts.add(columns.COMPLETE)
    counted = bool(layout.votes) and all(key in chosen for key in layout.votes)
    if counted:
        facts.add(columns.COUNTED)
        facts.add(max((chosen[key].how for key in layout.votes), key=_HOW.index))
    sums = [_figure(numbers[key]) if key in chosen else 0 for key in layout.sums]
    seen = counted and all(key in chosen[key].seen for key in layout.votes)
    beside = [int(seen), int(counted and disputed), voters if counted else 0]
    beside += [_figure(numbers[key]) if disputed and key in chosen else 0 for key in layout.votes]
    return sums + [int(name in facts) for name in layout.counts] + beside


# --- Loading and saving ---------------------------------------------------------------------


def record_touched_by(photos: Sequence[Photo]) -> list[tuple[Result, list[int]]]:
    """Recompute the results these photos belong, or belonged, to.

    Returns those that changed, with the amounts they added before. The caller holds the photos, with their TPS. Six
    queries, for however many of one contest.
    """
    regions = {(photo.contest_id, photo.station_id): photo.station.region_id for photo in photos}
    decided = Decision.objects.filter(photo__in=photos).values_list("contest_id", "station_id", "station__region_id")
    regions |= {(contest, station): region for contest, station, region in decided}
    held = _locked(regions)
    standing = {result.exclusion_id for result in held if result.exclusion_id}
    turns = ExclusionTurn.objects.in_bulk(standing) if standing else {}
    return _recompute(held, {result.pk: turns[result.exclusion_id] for result in held if result.exclusion_id})


def recompute(touched: set[tuple[int, int]]) -> list[tuple[Result, list[int]]]:
    """The same for these contests and stations, also where two people just excluded one, or ended that."""
    codes = PollingStation.objects.filter(pk__in={station for _, station in touched}).values_list("pk", "region_id")
    region_of = dict(codes)
    held = _locked({(contest, station): region_of[station] for contest, station in touched})
    stations: dict[Contest, list[PollingStation]] = {}
    for result in held:
        stations.setdefault(result.contest, []).append(result.station)
    turns = {contest.pk: exclusions.of_all(contest, here) for contest, here in stations.items()}
    said = {result.pk: turns[result.contest_id].get(result.station_id) for result in held}
    return _recompute(held, {key: turn for key, turn in said.items() if turn})


def _recompute(held: Sequence[Result], excluded: Mapping[int, ExclusionTurn]) -> list[tuple[Result, list[int]]]:
    """What these rows come to; they are held, so `excluded`, by their key, is what stands.

    Two photos of one TPS recorded at the same instant wait for each other on the result's row. The caller's
    transaction must read committed rows anew (READ COMMITTED).
    """
    changed = []
    for contest in {result.contest_id: result.contest for result in held}.values():
        here = [result for result in held if result.contest_id == contest.pk]
        found = evidence.at_all(contest, [result.station for result in here])
        for result in here:
            outcome = outcome_of(found[result.station_id], contest, result.station, excluded.get(result.pk))
            if (before := _apply(result, outcome)) is not None:
                changed.append((result, before))
    _save([result for result, _before in changed])
    return changed


def outcome_of(
    found: Sequence[Evidence], contest: Contest, station: PollingStation, excluded: ExclusionTurn | None
) -> Outcome:
    """What this evidence comes to. Of an excluded TPS, only a repeated vote's photos count."""
    outcome = as_read([one for one in found if exclusions.counts(excluded, one)], contest, station)
    if excluded is None:
        return outcome
    if outcome.state != Result.State.EMPTY:
        return replace(outcome, exclusion=excluded.pk)
    amounts = columns.of(contest).excluded()
    return replace(outcome, state=Result.State.EXCLUDED, amounts=amounts, exclusion=excluded.pk)


def as_read(found: Sequence[Evidence], contest: Contest, station: PollingStation) -> Outcome:
    """What photos come to by themselves, whether they count or not."""
    form = for_contest(contest)
    return result_of(
        [standing(one.present, seen_on(form, one)) for one in found if one.stands and one.present],
        waiting=any(one.waits for one in found),
        form=form,
        registered_voters=station.registered_voters,
    )


def seen_on(form: FormDefinition, one: Evidence) -> frozenset[str]:
    """The numbers of a photo's decision that a program saw as well: every digit by its bubble.

    In front of a number no bubble need be filled.
    """
    present, tag = one.present, getattr(one.photo, "page_tag", None)
    if present is None or tag is None or present.page is None or not form.has_page(present.page):
        return frozenset()
    page = form.page(present.page)
    if tag.tag != page.tag:
        return frozenset()  # what is filled is another page's
    said = page_tags.bubbles_on(page, tag.bubbles)
    numbers = present.numbers or {}
    return frozenset(key for key, digits in said.items() if _says(digits, numbers.get(key)))


def _says(digits: str, value: Value | None) -> bool:
    """ "-12" says 12, as "012" does; "1-2" says nothing."""
    return isinstance(value, int) and digits.lstrip("-").rjust(len(digits), "0") == f"{value:0{len(digits)}d}"


def standing(decision: Decision, seen: frozenset[str] = frozenset()) -> Standing:
    return Standing(
        decision=decision.pk,
        photo=decision.photo_id,
        version=decision.version,
        how=decision.how,
        decided_at=decision.decided_at,
        numbers=decision.numbers or {},
        seen=seen,
    )


def _locked(regions: Mapping[tuple[int, int], str]) -> list[Result]:
    """The rows of these contests and stations, made where missing and held, always in the same order."""
    Result.objects.bulk_create(
        [
            Result(contest_id=contest, station_id=station, region_id=region, rule_version=RULE_VERSION)
            for (contest, station), region in sorted(regions.items())
        ],
        ignore_conflicts=True,
    )
    wanted = Q()
    for contest, station in regions:
        wanted |= Q(contest=contest, station=station)
    return list(
        Result.objects.filter(wanted)
        .select_for_update(of=("self",))
        .select_related("contest", "station")
        .order_by("contest", "station")
    )


def fields_of(outcome: Outcome) -> dict[str, Any]:
    """The fields of a result that store this outcome."""
    return {
        "state": outcome.state,
        "numbers": outcome.numbers,
        "disputed": outcome.disputed,
        "broken_rules": outcome.broken_rules,
        "decisions": outcome.decisions,
        "amounts": outcome.amounts,
        "exclusion_id": outcome.exclusion,
        "rule_version": RULE_VERSION,
    }


def _apply(result: Result, outcome: Outcome) -> list[int] | None:
    """Take over the outcome; returns what the result added before, or None where nothing changed."""
    before = result.amounts or columns.of(result.contest).nothing()
    fields = fields_of(outcome)
    blank = result.version == 0 and outcome.state == Result.State.EMPTY
    if blank or all(getattr(result, name) == value for name, value in fields.items()):
        return None
    result.changed_at = timezone.now()
    if result.state != outcome.state:
        result.state_at = result.changed_at
    for name, value in fields.items():
        setattr(result, name, value)
    result.version += 1
    return before


def _save(results: Sequence[Result]) -> None:
    """What `_apply` changed; one statement."""
    if not results:
        return
    rows = [{name: getattr(result, name) for name in _SAVED} for result in results]
    with connection.cursor() as cursor:
        cursor.execute(_SAVE, [json.dumps(rows, cls=DjangoJSONEncoder)])


_SAVED = (
    *("id", "state", "numbers", "disputed", "broken_rules", "decisions", "amounts", "exclusion_id", "rule_version"),
    *("version", "changed_at", "state_at"),
)
_SAVE = """
    UPDATE aggregation_result r
       SET state = new.state, numbers = new.numbers, disputed = new.disputed, broken_rules = new.broken_rules,
           decisions = new.decisions, amounts = new.amounts, exclusion_id = new.exclusion_id,
           rule_version = new.rule_version, version = new.version, changed_at = new.changed_at,
           state_at = new.state_at
      FROM jsonb_to_recordset(%s) AS new (
           id bigint, state text, numbers jsonb, disputed varchar[], broken_rules varchar[], decisions uuid[],
           amounts integer[], exclusion_id bigint, rule_version smallint, version integer, changed_at timestamptz,
           state_at timestamptz)
     WHERE r.id = new.id
"""


def in_doubt(results: Iterable[Result]) -> set[UUID]:
    """Photos of pages whose votes and sum do not add up, where no page shows it alone. At most one query.

    A sum that stands on more than `DOUBTED_PAGES` is not read again for it.
    """
    broken = [result for result in results if VOTES_ADD_UP in result.broken_rules]
    if not broken:
        return set()
    found = Decision.objects.filter(pk__in=[one for result in broken for one in result.decisions]).in_bulk()
    doubted: set[UUID] = set()
    for result in broken:
        fields = {key for rule in for_contest(result.contest).rules if rule.id == VOTES_ADD_UP for key in rule.fields}
        gave = [found[one] for one in result.decisions if fields & (found[one].numbers or {}).keys()]
        if len({one.page for one in gave}) <= DOUBTED_PAGES:
            doubted |= {one.photo_id for one in gave if VOTES_ADD_UP not in one.broken_rules}
    return doubted


def entry_of(result: Result) -> dict[str, Any]:
    """The fields of the ledger entry `select`: all numbers that stand, and the decisions they come from."""
    verdicts = rules.check(for_contest(result.contest), result.numbers, result.station.registered_voters)
    return {
        "tps": result.station.code,
        "contest": result.contest.code,
        "version": result.version,
        "rule": result.rule_version,
        "from": [str(decision) for decision in result.decisions],
        "val": {key: value for key, value in result.numbers.items() if value != UNREADABLE},
        "state": str(result.state),
        "flag": [f"disputed:{key}" for key in result.disputed],
        "verdicts": [verdict.as_dict() for verdict in rules.broken(verdicts)],
    }
