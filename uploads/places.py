"""What one may choose from on the way to one's TPS."""

from dataclasses import dataclass

from django.db.models import Count, Q

from tps import search
from tps.models import Election, PollingStation, Region

VILLAGE = 4


@dataclass(frozen=True)
class Way:
    """A region, the regions above it, and what one may choose below it: regions, or the TPS of a village."""

    region: Region
    above: list[Region]
    below: list[search.Below]
    stations: list[PollingStation]  # each with `photos`, how many there are


def way_to(code: str, election: Election) -> Way:
    """What to choose from at a region. Two queries."""
    *above, region = search.line_to(code)
    if region.level < VILLAGE:
        return Way(region, above, search.children(code, election), [])
    stations = search.stations_of(code, election).annotate(
        photos=Count("photo", filter=Q(photo__withdrawn_at__isnull=True))
    )
    return Way(region, above, [], list(stations))
