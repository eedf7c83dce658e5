"""What the public sees of one photo: the numbers agreed on, who read what (by pseudonym), and its log entries.

Readings appear once the photo is decided and not while it is read again: nobody sees another's numbers first.
"""

from typing import Any
from uuid import UUID

from accounts import commitments
from aggregation import station_document, votes
from aggregation.evidence import Evidence
from aggregation.region_document import time_of
from ledger import entries as ledger
from tps.form_definitions import for_contest
from tps.models import Region
from transcription.models import Decision, Entry, Ruling
from transcription.rulings import NoSuchPhoto
from uploads.models import Photo


def build(photo_id: UUID) -> dict[str, Any]:
    """Everything public about one photo, from the database. Raises `NoSuchPhoto`."""
    photo = (
        Photo.objects.select_related("contest__election", "station", "device", "uploader").filter(pk=photo_id).first()
    )
    if photo is None:
        raise NoSuchPhoto
    decisions = list(Decision.objects.filter(photo=photo).select_related("station").order_by("version"))
    present = decisions[-1] if decisions else None
    place = present.station if present else photo.station
    decided = present is not None and present.outcome != Decision.Outcome.REOPENED
    entries = list(Entry.objects.filter(photo=photo).select_related("account", "device").order_by("created_at", "pk"))
    rulings = list(Ruling.objects.filter(photo=photo).select_related("adjudicator").order_by("created_at", "pk"))
    found = Evidence(photo, present, present.contest_id if present else photo.contest_id, place.pk)
    form = for_contest(photo.contest)
    regions = Region.objects.in_bulk(station_document.path_to(place.region_id))
    page = present.page if present and present.page is not None else photo.page
    return {
        "election": {"code": photo.contest.election_id, "name": photo.contest.election.name},
        "contest": {"code": photo.contest.code, "name": photo.contest.name},
        "station": {"code": place.code, "name": str(place)},
        "path": [station_document.place_of(region) for region in sorted(regions.values(), key=lambda r: r.level)],
        "claimed_station": photo.station.code,
        **station_document.photo_of(found, form),
        "sha256": photo.sha256,
        "media_type": photo.media_type,
        "size": photo.size,
        "width": photo.width,
        "height": photo.height,
        "fields": [
            {
                "key": field.key,
                "label": field.label,
                "group": field.group,
                "column": field.column,
                "value": (present.numbers or {}).get(field.key) if present else None,
                "readings": [(entry.numbers or {}).get(field.key) for entry in entries if entry.numbers]
                if decided
                else [],
            }
            for field in (form.page(page).fields if form.has_page(page) and page is not None else ())
        ],
        "readers": [_reader(entry) for entry in entries] if decided else [],
        "rulings": [_ruling(ruling) for ruling in rulings] if decided else [],
        "log": _log(photo, decisions, entries, rulings),
    }


def _reader(entry: Entry) -> dict[str, Any]:
    """Who read, as the log knows them."""
    someone = entry.account or entry.device
    return {
        "who": commitments.of(someone) if someone else entry.source,
        "source": entry.source,
        "at": time_of(entry.created_at),
        "problem": entry.problem,
        "problem_word": entry.get_problem_display(),
        "numbers": entry.numbers is not None,
    }


def _ruling(ruling: Ruling) -> dict[str, Any]:
    return {
        "who": commitments.of(ruling.adjudicator),
        "at": time_of(ruling.created_at),
        "verdict": ruling.verdict,
        "verdict_word": ruling.get_verdict_display(),
        "reason": ruling.reason,
    }


def _log(photo: Photo, decisions: list[Decision], entries: list[Entry], rulings: list[Ruling]) -> list[dict[str, Any]]:
    """The entries of the log that are about this photo, with place and leaf hash where they have one."""
    changes = [(kind, str(photo.pk)) for kind in ("photo", "copies", "withdraw", "restore")]
    changes += [("reading", str(entry.pk)) for entry in entries]
    changes += [("ruling", str(ruling.pk)) for ruling in rulings]
    changes += [("decision", str(decision.pk)) for decision in decisions]
    changes += [("vote", str(word.pk)) for word in votes.words(photo)]
    return [
        {
            "kind": event.kind,
            "index": event.leaf.index if hasattr(event, "leaf") else None,
            "leaf_hash": bytes(event.leaf.leaf_hash).hex() if hasattr(event, "leaf") else None,
            "at": time_of(event.created_at),
        }
        for event in ledger.of_changes(photo.contest.election_id, changes)
    ]
