"""Of which vote a photo is, on the page of its case."""

from typing import Any

from django import template

from aggregation import exclusions, reading_aids, votes
from transcription.cases import Case

register = template.Library()


@register.inclusion_tag("aggregation/_vote_of_case.html")
def votes_of_case(case: Case) -> dict[str, Any]:
    """Nothing where the vote of the TPS was not repeated: one query, else two."""
    station = case.decision.station if case.decision else case.photo.station
    excluded = exclusions.of_one(case.photo.contest, station)
    word = (
        reading_aids.vote(exclusions.told(excluded, votes.evidence_of(case.photo, case.decision))) if excluded else None
    )
    return {"contest": case.photo.contest, "station": station, "word": word}
