"""All that a sender must know of one TPS, small enough to keep on the phone: contests, their forms' pages, and how
many photos of each page there are from anybody.
"""

from collections import Counter
from typing import Any

from django.db.models import Count

from uploads import claims
from uploads.claims import Place
from uploads.models import Photo


def of(where: Place) -> dict[str, Any]:
    """One query. `unsorted` counts the photos whose senders did not know the page."""
    station = where.station
    there = _photos(where)
    return {
        "station": station.code,
        "election": station.election_id,
        "name": str(station),
        "village": station.region.name,
        "region": station.region_id,
        "contests": [
            {
                "code": contest.code,
                "kind": contest.kind,
                "name": contest.name,
                "pages": [
                    {
                        "number": page.number,
                        "label": page.label,
                        "variant": page.variant,
                        "tag": page.tag,
                        "photos": there[contest.pk, page.number],
                    }
                    for page in claims.pages_of(contest)
                ],
                "unsorted": there[contest.pk, None],
            }
            for contest in where.contests
        ],
    }


def _photos(where: Place) -> Counter[tuple[int, int | None]]:
    """By contest and page, as their senders said."""
    there = Photo.objects.filter(station=where.station, withdrawn_at__isnull=True)
    counted = there.values_list("contest", "page").annotate(Count("pk"))
    return Counter({(contest, page): number for contest, page, number in counted.order_by()})
