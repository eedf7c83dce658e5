"""Who would have the seats of a council by the TPS that are counted, as data: the council's, and each of its dapil's.

Both are made of one reading of the tallies, so that they agree. `docs/seats.md` says what each figure means. It is an
estimate from what is counted and never a result: beside it stands what is not counted yet and what that could change.
"""

from collections.abc import Mapping
from typing import Any

from aggregation import columns, dapil, publication, region_document, seat_estimates
from aggregation.publication import Document
from aggregation.region_document import time_of
from aggregation.seat_estimates import CouncilEstimate, Estimate
from aggregation.seats import Tie
from tps.models import NATION, Contest, Region
from tps.search import NoSuchContest

FORMAT = 1
FRESH_SECONDS = 15
# Which council a dapil belongs to changes with reference data only.
PLACE_SECONDS = 60

_COUNTS = (columns.RECEIVED, columns.COUNTED, columns.DISPUTED, columns.EXCLUDED)


def of_council(election: str, kind: str, council: str = NATION) -> Document:
    """The document of a council, at most some seconds old; no query where it is there. Raises `NoSuchContest`."""
    return _part(_whole(election, kind, council), "")


def of_dapil(election: str, contest: str) -> Document:
    """The document of one dapil, of the same reading as its council's. Raises `NoSuchContest`."""
    place = publication.counted(
        f"published:council-of:{election}/{contest}",
        PLACE_SECONDS,
        build=lambda: dict(zip(("kind", "council"), dapil.council_of(election, contest), strict=True)),
    ).content
    return _part(_whole(election, place["kind"], place["council"]), contest)


def _whole(election: str, kind: str, council: str) -> Document:
    key = f"published:seats:{election}/{kind}/{region_document.word_of(council)}"
    return publication.counted(key, FRESH_SECONDS, build=lambda: build(election, kind, council))


# What was cut out of the newest documents, by their ETag: packing takes longer than sending.
_parts: dict[tuple[str, str], Document] = {}
_MOST_PARTS = 200


def _part(whole: Document, contest: str) -> Document:
    """The council's own part, or one dapil's. Raises `NoSuchContest`."""
    if found := _parts.get((whole.etag, contest)):
        return found
    content = whole.content
    part = content["dapil"].get(contest) if contest else content["council"]
    if part is None:
        raise NoSuchContest  # it is newer than what is kept of its council
    if len(_parts) >= _MOST_PARTS:
        _parts.clear()
    _parts[whole.etag, contest] = document = publication.pack(part)
    return document


def build(election: str, kind: str, council: str = NATION) -> dict[str, Any]:
    """The documents of a council (`council`) and of its dapil (`dapil`, by contest). Raises `NoSuchContest`.

    At most six queries, however many dapil: three for these (two once their forms are known), one for the council's
    name, and one more each where parties, and where candidates, are tied.
    """
    all_dapil = dapil.of_council(election, kind, council)
    found = seat_estimates.of_council(all_dapil, kind)
    head = _head(all_dapil[0].contest, Region.objects.get(pk=council), found)
    return {
        "council": head | _council(found),
        "dapil": {one.dapil.contest.code: head | _dapil(one, found) for one in found.dapil},
    }


def _head(contest: Contest, region: Region, found: CouncilEstimate) -> dict[str, Any]:
    election = contest.election
    return {
        "format": FORMAT,
        "election": {"code": election.pk, "name": election.name, "date": election.date.isoformat()},
        "kind": contest.kind,
        "council": {"code": region_document.word_of(region.code), "name": region.name},
        "final": False,  # nothing here is ever a result
        "threshold": None if found.threshold is None else float(found.threshold),
    }


def _council(found: CouncilEstimate) -> dict[str, Any]:
    stations = sum(one.dapil.stations for one in found.dapil)
    counts = {name: sum(one.dapil.named[name] for one in found.dapil) for name in _COUNTS}
    total = sum(found.votes.values())
    known = [one.allocation for one in found.dapil if one.allocation]
    names = {party: choice.name for one in reversed(found.dapil) for party, choice in one.dapil.parties.items()}
    return {
        "changed_at": time_of(max((one.dapil.changed_at for one in found.dapil if one.dapil.changed_at), default=None)),
        "stations": stations,
        "counts": counts,
        "coverage": _coverage(counts, stations),
        "votes": total,
        "seats": {
            "all": sum(one.size for one in known),
            "given": sum(len(one.seats) for one in known),
            "tied": sum(one.tie.places for one in known if one.tie),
            "dapil_without_seats": len(found.dapil) - len(known),
        },
        "parties": [
            {
                "number": party,
                "name": names[party],
                "votes": found.votes[party],
                "share": _ratio(found.votes[party], total),
                "takes_part": party in found.passing,
                "may_cross": party in found.may_cross,
                "seats": sum(one.of(party) for one in known),
            }
            for party in sorted(found.votes)
        ],
        "out": {
            "stations": sum(one.out.stations for one in found.dapil),
            "votes": sum(one.out.votes for one in found.dapil),
            "disputed_stations": sum(one.out.disputed for one in found.dapil),
            "disputed_votes": sum(one.out.disputed_votes for one in found.dapil),
        },
        "dapil_open": sum(bool(one.can_change) for one in found.dapil),
        "dapil": [_line(one) for one in found.dapil],
    }


def _line(one: Estimate) -> dict[str, Any]:
    """One dapil in its council's document."""
    counts = {name: one.dapil.named[name] for name in _COUNTS}
    seats = one.allocation
    order: dict[int, int] = {}
    for seat in seats.seats if seats else ():
        order[seat.party] = order.get(seat.party, 0) + 1
    return {
        "contest": {"code": one.dapil.contest.code, "name": one.dapil.contest.name},
        "seats": seats.size if seats else None,
        "tied": seats.tie.places if seats and seats.tie else 0,
        "parties": [{"number": party, "seats": won} for party, won in sorted(order.items())],
        "stations": one.dapil.stations,
        "counts": counts,
        "coverage": _coverage(counts, one.dapil.stations),
        "alert": _alert(one),
    }


def _dapil(one: Estimate, found: CouncilEstimate) -> dict[str, Any]:
    counts = {name: one.dapil.named[name] for name in _COUNTS}
    seats, total = one.allocation, sum(one.dapil.votes.values())
    return {
        "contest": {"code": one.dapil.contest.code, "name": one.dapil.contest.name},
        "version": one.dapil.version,
        "cut": one.dapil.cut,
        "changed_at": time_of(one.dapil.changed_at),
        "stations": one.dapil.stations,
        "counts": counts,
        "coverage": _coverage(counts, one.dapil.stations),
        "votes": total,
        "seats": seats.size if seats else None,
        "order": [
            {"seat": seat.number, "party": seat.party, "votes": seat.votes, "divisor": seat.divisor}
            for seat in (seats.seats if seats else ())
        ],
        "tie": _tie(seats.tie if seats else None),
        "parties": [_party(one, party, total, found) for party in sorted(one.dapil.parties)],
        "alert": _alert(one),
        "may_cross": sorted(found.may_cross & one.dapil.votes.keys()),
    }


def _party(one: Estimate, party: int, total: int, found: CouncilEstimate) -> dict[str, Any]:
    elected, choice = one.elected.get(party), one.dapil.parties[party]
    votes = one.dapil.candidates(party)
    tied: tuple[int, ...] = elected.tie.among if elected and elected.tie else ()
    return {
        "number": party,
        "name": choice.name,
        "votes": one.dapil.votes[party],
        "share": _ratio(one.dapil.votes[party], total),
        "takes_part": party in found.passing,
        "seats": one.allocation.of(party) if one.allocation else 0,
        "tie": _tie(elected.tie if elected else None),
        "vacant": elected.vacant if elected else 0,
        "candidates": [
            {
                "number": candidate.number,
                "name": candidate.name,
                "votes": votes[candidate.number],
                "elected": bool(elected) and candidate.number in elected.candidates,  # type: ignore[union-attr]
                "tied": candidate.number in tied,
            }
            for candidate in choice.candidates
            if candidate.number in votes
        ],
    }


def _alert(one: Estimate) -> dict[str, Any]:
    """What could still change: `seat_may_move` among the parties that take part, by whom first, and by what."""
    return {
        "seat_may_move": one.can_change,
        "margin": one.margin and {"holder": one.margin.holder, "rival": one.margin.rival, "votes": one.margin.votes},
        "stations": one.out.stations,
        "votes": one.out.votes,
        "disputed_stations": one.out.disputed,
        "disputed_votes": one.out.disputed_votes,
        "bound": one.out.bound,
    }


def _tie(tie: Tie | None) -> dict[str, Any] | None:
    return {"among": list(tie.among), "places": tie.places} if tie else None


def _coverage(counts: Mapping[str, int], stations: int) -> dict[str, float | None]:
    return {name: _ratio(counts[name], stations) for name in (columns.RECEIVED, columns.COUNTED)}


def _ratio(part: int, whole: int) -> float | None:
    return round(part / whole, 6) if whole else None
