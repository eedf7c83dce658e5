"""What is shown and published of official figures beside ours: differences, and the versions of a TPS or region."""

from collections.abc import Mapping, Sequence
from typing import Any
from uuid import UUID

from aggregation import columns
from aggregation.columns import Columns
from aggregation.models import OfficialSource, OfficialTally, Result
from aggregation.official import Compared, Official, Step
from aggregation.official_differences import Shown
from aggregation.region_document import FORMAT, options_of, time_of, word_of
from tps.form_definitions import for_contest
from tps.models import Contest
from transcription.models import Decision

# More fields than this do not fit beside each other: then only those that ever changed are shown.
MOST_BESIDE = 8


def labels(contest: Contest, layout: Columns) -> dict[str, str]:
    """What each field is called: an option by its number and name, others as on the form."""
    form = for_contest(contest)
    named = {option["key"]: f"{option['number']}. {option['name']}" for option in options_of(contest, layout)}
    return {key: named.get(key) or form.field(key).label for key in layout.sums}


def differences(
    contest: Contest, source: OfficialSource, region: str, rows: Sequence[Shown], following: str | None
) -> dict[str, Any]:
    """One piece of the list of differences; `following` is the cursor of the next one."""
    return {
        "format": FORMAT,
        "election": contest.election_id,
        "contest": contest.code,
        "source": source.word,
        "region": word_of(region),
        "compared_at": time_of(source.refreshed_at),
        "differences": [difference(row) for row in rows],
        "next": following,
    }


def difference(row: Shown) -> dict[str, Any]:
    return {
        "tps": row.code,
        "name": row.name,
        "village": row.region,
        "votes_off": row.comparison.votes,
        "others_off": row.comparison.others,
        "decided": row.how or None,
        "official_since": time_of(row.taken_at),
        "fields": {
            one.key: {"ours": one.ours, "official": one.theirs, "difference": one.difference}
            for one in row.comparison.fields
        },
    }


def table(rows: Sequence[Shown], keys: Sequence[str]) -> list[list[str]]:
    """The same as lines of a CSV file, with its header: both numbers of each field, empty where one has none."""
    sides = [f"{key}_{side}" for key in keys for side in ("ours", "official")]
    lines = [["tps_code", "name", "village", "votes_off", "others_off", "decided", "official_since", *sides]]
    for row in rows:
        said = {one.key: one for one in row.comparison.fields}
        lines.append(
            [
                *(row.code, row.name, row.region, str(row.comparison.votes), str(row.comparison.others)),
                *(row.how, time_of(row.taken_at) or ""),
                *(cell for key in keys for cell in _both(said.get(key))),
            ]
        )
    return lines


def _both(one: Compared | None) -> tuple[str, str]:
    return ("", "") if one is None else (str(one.ours), str(one.theirs))


def photos_of(contest: Contest, rows: Sequence[Shown], layout: Columns) -> dict[str, UUID]:
    """The photo that our votes of each TPS come from, where there is one. Two queries."""
    results = Result.objects.filter(contest=contest, station__code__in=[row.code for row in rows])
    results = results.filter(station__election=contest.election_id)
    decided = dict(results.values_list("station__code", "decisions"))
    found = Decision.objects.in_bulk([one for several in decided.values() for one in several])
    photos = {}
    for code, several in decided.items():
        gave = [found[one] for one in several if one in found]
        voted = [one for one in gave if set(layout.votes) & (one.numbers or {}).keys()]
        if voted or gave:
            photos[code] = (voted or gave)[0].photo_id
    return photos


def below(source: OfficialSource, region: str) -> list[dict[str, Any]]:
    """The regions right below one, in which TPS differ, those with the most first. One query."""
    rows = OfficialTally.objects.filter(source=source, region__parent=region, differ__gt=0)
    named = rows.order_by("-differ", "region").values("region", "region__name", "differ", "paired")
    return [
        {"code": one["region"], "name": one["region__name"], "differ": one["differ"], "paired": one["paired"]}
        for one in named
    ]


def like_with_like(official: Official | None, names: Mapping[str, str], votes: Sequence[str]) -> list[dict[str, Any]]:
    """A region's sums on both sides over the TPS that both have, of each field that is compared at all."""
    if official is None:
        return []
    return [
        {
            **{"key": key, "name": names.get(key, key), "votes": key in votes, "stations": official.compared[key]},
            **{"ours": official.ours[key], "theirs": official.theirs[key]},
            "difference": official.ours[key] - official.theirs[key],
        }
        for key, stations in official.compared.items()
        if stations
    ]


def ours_of(contest: Contest, code: str, layout: Columns) -> dict[str, int | None]:
    """Our numbers of a TPS by field, null where none stands; empty where we have none. One query."""
    rows = Result.objects.filter(contest=contest, station__code=code, station__election=contest.election_id)
    amounts = rows.values_list("amounts", flat=True).first()
    if not amounts:
        return {}
    sums, counts = layout.sums_of(amounts), layout.counts_of(amounts)
    return {key: sums[key] if counts[columns.known(key)] else None for key in layout.sums}


def shown_keys(steps: Sequence[Step], layout: Columns) -> list[str]:
    """The fields that a table of versions has room for, in the order of the form."""
    said = [key for key in layout.sums if any(step.figures.get(key) is not None for step in steps)]
    if len(said) <= MOST_BESIDE:
        return said
    return [key for key in said if any(step.changes.get(key) for step in steps)] or said[:MOST_BESIDE]


def version(step: Step, keys: Sequence[str]) -> dict[str, Any]:
    """A version as a row: each number, and by how much it went up or down."""
    return {
        **{"taken_at": time_of(step.taken_at), "withdrawn": not step.figures, "down": step.down, "total": step.total},
        "cells": [{"key": key, "value": step.figures.get(key), "change": step.changes.get(key) or 0} for key in keys],
    }


def changed_stations(source: OfficialSource, region: str) -> int:
    """How many versions of TPS in a region are changes of what was published before. One query."""
    found = source.officialfigure_set.filter(station__isnull=False, change__in=["changed", "withdrawn", "returned"])
    if region:
        found = found.filter(code__gte=region, code__lt=region + ":")
    return found.count()
