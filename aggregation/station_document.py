"""What is published about one contest at one TPS, as data: every number with its photo, and every photo."""

from collections.abc import Sequence
from typing import Any

from aggregation import columns, cross_checks, evidence, exclusions, official, results
from aggregation.cross_checks import Ballot
from aggregation.evidence import Evidence
from aggregation.models import ExclusionTurn, Result
from aggregation.region_document import FORMAT, LEVELS, options_of, path_to, shares, time_of, word_of
from aggregation.results import Outcome
from tps import elections
from tps.form_definitions import for_contest
from tps.form_shapes import Field, FormDefinition, Page
from tps.models import Contest, PollingStation, Region
from tps.rules import Verdict
from tps.search import UnknownStation
from transcription import reports
from transcription.entries import UNREADABLE
from transcription.models import Decision, Problem
from uploads.inspection import SIDES
from uploads.models import PageTag, Photo
from uploads.storage import public_url


def build(contest: Contest, code: str) -> dict[str, Any]:
    """The document of one TPS, from the database in nine queries. Raises `UnknownStation`."""
    station = PollingStation.objects.filter(election=contest.election_id, code=code).first()
    if station is None:
        raise UnknownStation
    regions = Region.objects.in_bulk(path_to(station.region_id))
    results_here = Result.objects.filter(station=station, version__gt=0).select_related("contest", "exclusion")
    there = list(results_here.order_by("contest"))
    result = next((one for one in there if one.contest_id == contest.pk), None)
    found = evidence.at(contest, station)
    excluded = result.exclusion if result else None
    outcome = results.outcome_of(found, contest, station, excluded)
    counting = [one for one in found if exclusions.counts(excluded, one)]
    form = for_contest(contest)
    layout = columns.of_form(form)
    return {
        "format": FORMAT,
        "election": {
            "code": contest.election_id,
            "name": contest.election.name,
            "date": contest.election.date.isoformat(),
        },
        "contest": {"code": contest.code, "name": contest.name, "kind": contest.kind},
        "station": {
            "code": station.code,
            "name": str(station),
            "number": station.number,
            "registered_voters": station.registered_voters,
        },
        "path": [place_of(region) for region in sorted(regions.values(), key=lambda r: r.level)],
        "version": result.version if result else 0,
        "changed_at": time_of(result.changed_at) if result else None,
        "state": str(outcome.state),
        "form_confirmed": form.confirmed,
        "candidates_known": form.candidates_known,
        "options": options_of(contest, layout),
        "shares": shares(layout, outcome.amounts),
        "fields": [_field(field, outcome, found) for field in form.fields],
        "pages": [_page(page, outcome, found) for page in form.variant("plano")],
        "verdicts": [verdict.as_dict() for verdict in outcome.verdicts],
        "cross_checks": [verdict.as_dict() for verdict in _cross_checks(contest, outcome, counting, there)],
        "photos": [photo_of(one, form) | _place_in_the_count(excluded, one) for one in found],
        "official": _official(contest, code, outcome),
        "exclusion": _exclusion(excluded, found, contest, station) if excluded else None,
        "contests": [{"code": one.code, "name": one.name, "kind": one.kind} for one in elections.contests_at(station)],
        "reports": [
            {"answered_at": time_of(one.closed_at), "outcome": one.outcome} for one in reports.answers_of(station.pk)
        ],
    }


def _official(contest: Contest, code: str, outcome: Outcome) -> dict[str, Any] | None:
    """What the official count published of this TPS, number by number beside ours; nothing where it has none."""
    found = official.figures_of(contest, [code]).get(code)
    if found is None or not found.figures:
        return None
    layout = columns.of(contest)
    stands = {key: amount for key, amount in layout.sums_of(outcome.amounts).items() if key in outcome.chosen}
    compared = official.compare(stands, found.figures, layout.votes)
    return {
        "source": found.source,
        "taken_at": time_of(found.taken_at),
        "fields": [{"key": one.key, "ours": one.ours, "theirs": one.theirs} for one in compared.fields],
    }


def _place_in_the_count(excluded: ExclusionTurn | None, one: Evidence) -> dict[str, Any]:
    return {"counts": exclusions.counts(excluded, one), "vote": exclusions.told(excluded, one)}


def _exclusion(
    excluded: ExclusionTurn, found: Sequence[Evidence], contest: Contest, station: PollingStation
) -> dict[str, Any]:
    """Why the count of a TPS does not count, and the numbers of it that were read all the same."""
    earlier = [one for one in found if not exclusions.counts(excluded, one)]
    outcome = results.as_read(earlier, contest, station)
    fields = [_field(field, outcome, earlier) for field in for_contest(contest).fields]
    return {
        "reason": excluded.reason,
        "since": time_of(excluded.since),
        "excluded_at": time_of(excluded.turned_at),
        "fields": [field for field in fields if field["value"] is not None],
    }


def _page(page: Page, outcome: Outcome, found: Sequence[Evidence]) -> dict[str, Any]:
    """How far one sheet is known. `state`: "complete", "partial", "waiting" (its photo is being read), "missing"."""
    stand = sum(key in outcome.chosen for key in page.keys)
    if stand == len(page.keys):
        state = "complete"
    elif stand:
        state = "partial"
    else:
        state = "waiting" if any(one.waits and one.photo.page == page.number for one in found) else "missing"
    return {"number": page.number, "label": page.label, "state": state}


def _cross_checks(
    contest: Contest, outcome: Outcome, found: Sequence[Evidence], there: Sequence[Result]
) -> list[Verdict]:
    """R16 against the other ballots, R18 and R13 among the photos that count; one query.

    `there`: the results of the TPS. Where one ballot's vote was repeated, other people came than for another's.
    """
    form, here = for_contest(contest), Ballot.of(contest, outcome.numbers, outcome.disputed)
    days = {one.contest_id: one.exclusion.since if one.exclusion else None for one in there}
    same_day = [one for one in there if one.contest_id != contest.pk and days[one.contest_id] == days.get(contest.pk)]
    others = [Ballot.of(one.contest, one.numbers, one.disputed) for one in same_day]
    seen = PageTag.objects.filter(photo__in=[one.photo.pk for one in found]).in_bulk()
    tags = {key: one.tag for key, one in seen.items()}
    return [
        *cross_checks.across_ballots(here, others),
        *cross_checks.of_one_form(form, found, tags),
        *cross_checks.of_bubbles(form, found, seen),
    ]


def place_of(region: Region) -> dict[str, str]:
    return {"code": word_of(region.code), "name": region.name, "level": LEVELS[region.level]}


def _field(field: Field, outcome: Outcome, found: Sequence[Evidence]) -> dict[str, Any]:
    """One number of the form. `value` is as on the paper: a number, "kosong", "tidak_terbaca", or null.

    `state`: "stands", "disputed" (then `readings` tells what each photo says), "unreadable", "missing".
    """
    value = outcome.numbers.get(field.key)
    chosen = outcome.chosen.get(field.key)
    if field.key in outcome.disputed:
        state = "disputed"
    elif chosen:
        state = "stands"
    else:
        state = "unreadable" if value == UNREADABLE else "missing"
    readings = [
        {"photo": str(one.photo.pk), "value": numbers[field.key]}
        for one in found
        if state == "disputed" and one.stands and one.present and field.key in (numbers := one.present.numbers or {})
    ]
    return {
        "key": field.key,
        "label": field.label,
        "group": field.group,
        "column": field.column,
        "value": value,
        "state": state,
        "photo": str(chosen.photo) if chosen else None,
        "readings": readings,
    }


def photo_of(one: Evidence, form: FormDefinition) -> dict[str, Any]:
    """One photo as the public sees it here; never who sent it.

    `state`: "inspected" (its public copies are being made), "waiting", "accepted", "rejected", "moved", "withdrawn".
    """
    photo, present = one.photo, one.present
    if photo.withdrawn_at is not None:
        state = "withdrawn"
    elif one.stands:
        state = "accepted"
    elif one.waits:
        state = "waiting"
    elif present is None:
        state = "inspected"
    else:
        state = "rejected" if present.outcome == Decision.Outcome.REJECTED else "moved"
    page = present.page if present and present.page is not None else photo.page
    return {
        "id": str(photo.pk),
        "state": state,
        "page": page,
        "page_label": form.page(page).label if page is not None and form.has_page(page) else None,
        "received_at": time_of(photo.received_at),
        "pictures": pictures(photo, present),
        "decision": decision_of(present) if present and not one.waits and state != "withdrawn" else None,
    }


def pictures(photo: Photo, present: Decision | None) -> dict[str, str]:
    """The public copies by their longer side; none before inspection, none of what is no form at all or withdrawn."""
    hidden = photo.withdrawn_at is not None or (present is not None and present.problem == Problem.NOT_A_FORM)
    if photo.step == Photo.Step.INSPECT or hidden:
        return {}
    return {str(side): public_url(photo.sha256, side) for side in SIDES}


def decision_of(decision: Decision) -> dict[str, Any]:
    """The decision that stands on a photo."""
    return {
        "version": decision.version,
        "outcome": decision.outcome,
        "how": decision.how,
        "decided_at": time_of(decision.decided_at),
        "problem": decision.problem or None,
        "broken_rules": decision.broken_rules,
    }
