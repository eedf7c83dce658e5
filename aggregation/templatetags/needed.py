"""Where readers are needed, for their own pages: from the published document, without a query of its own."""

from typing import Any

from django import template

from aggregation import backlog_document, contests, publication
from tps import search

register = template.Library()

SHOWN = 3


@register.simple_tag
def waiting_most() -> list[dict[str, Any]]:
    """The regions in which the most photos wait to be read, as the document of the backlog has them."""
    place, contest = publication.current(contests.current)
    if place is None:
        return []
    election = place[0]
    document = backlog_document.published(
        election, find=lambda: contest.election if contest else search.election(election)
    ).content
    waiting = [line for line in document["regions"] if line["waiting"]]
    return sorted(waiting, key=lambda line: -line["waiting"])[:SHOWN]
