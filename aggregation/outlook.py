"""What stands beside the sums of a region: the estimate, and what the official count says of the same TPS.

Both take seconds for the whole nation, so they follow the sums at their own pace (`aside`). They lie beside the
published documents as files of their own, each with the moment and the version it is of: whoever reads them asks no
database.
"""

from collections.abc import Mapping, Sequence
from dataclasses import asdict
from datetime import UTC, datetime
from typing import Any

from aggregation import columns, official, published_files, samples, strata
from aggregation.models import OfficialSource, Snapshot, Tally
from aggregation.official import Official
from aggregation.published_files import Place
from aggregation.region_document import consistent, time_of, word_of
from tps.models import Contest

# The nation, provinces, kabupaten and kecamatan have an outlook; a village's TPS are too few.
KECAMATAN = 3


def write(contest: Contest, since: int = 0) -> int:
    """Write the outlook of each region where it is another one than before; returns how many.

    Of kecamatan only those that changed after version `since` are looked at. Eight queries, for however many regions.
    """
    place = Place(contest.election_id, contest.code)
    with consistent():
        version = Snapshot.objects.values_list("version", flat=True).get(contest=contest)
        moved = Tally.objects.filter(contest=contest, region__level=KECAMATAN, version__gt=since)
        estimates = strata.document(contest, kecamatan=set(moved.values_list("region", flat=True)))
        compared = _compared(contest)
    written = 0
    for code in estimates.keys() | compared.keys():
        path = place.beside("perkiraan", word_of(code))
        known = published_files.read_pointer(path) or {}
        said = {"estimate": estimates.get(code, known.get("estimate")), "official": compared.get(code)}
        if any(known.get(name) != found for name, found in said.items()):
            published_files.write_pointer(path, {"at": time_of(datetime.now(UTC)), "version": version, **said})
            written += 1
    return written


def read(election: str, contest: str, code: str) -> Mapping[str, Any]:
    """The outlook of a region: `at`, `version`, `estimate`, `official`; empty where there is none. No query."""
    return published_files.read_pointer(Place(election, contest).beside("perkiraan", word_of(code))) or {}


def mark(election: str, contest: str, code: str) -> str:
    """Changes whenever what stands beside the document of a region does, its history as well. No query."""
    points = samples.history(election, contest, code)
    last = points[-1]["at"] if points else ""
    return f"{read(election, contest, code).get('at', '')} {len(points)} {last}"


def _compared(contest: Contest) -> dict[str, dict[str, Any]]:
    """By region: both sides' sums, and how far off those of the regions below are."""
    if not OfficialSource.objects.filter(contest=contest).exists():
        return {}
    rows = Tally.objects.filter(contest=contest).order_by("region")
    places = list(rows.values_list("region", "region__parent", "region__level"))
    votes = columns.of(contest).votes
    found = official.figures_of(contest, [code for code, _above, _level in places])
    compared = {
        code: _told(found[code]) | {"below": {}}
        for code, _above, level in places
        if code in found and level <= KECAMATAN
    }
    for code, above, _level in places:
        if code in found and above in compared:
            compared[above]["below"][code] = difference(found[code], votes)
    return compared


def _told(one: Official) -> dict[str, Any]:
    times = {"taken_at": time_of(one.taken_at), "refreshed_at": time_of(one.refreshed_at)}
    return asdict(one) | times


def difference(one: Official, votes: Sequence[str]) -> float | None:
    """By what part of the official votes ours are more, at the TPS that both have; nothing where there are none."""
    both = [key for key in votes if one.compared.get(key)]
    theirs = sum(one.theirs[key] for key in both)
    return round((sum(one.ours[key] for key in both) - theirs) / theirs, 6) if theirs else None
