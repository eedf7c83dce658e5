"""What one may choose from on the way to one's TPS."""

from dataclasses import dataclass
from itertools import groupby

from django.db.models import Count, Q

from tps import search
from tps.models import Election, PollingStation, Region

DISTRICT, VILLAGE = 3, 4
# With more TPS a kecamatan's page would be too long to look through: one kecamatan in a hundred.
NAMED_AT_ONCE = 600


@dataclass(frozen=True)
class Village:
    """A village of a kecamatan, with its TPS: one tap less for whoever knows the number."""

    region: Region
    stations: list[PollingStation]


@dataclass(frozen=True)
class Way:
    """A region, the regions above it, and what one may choose below it: regions, or the TPS of a village."""

    region: Region
    above: list[Region]
    below: list[search.Below]
    stations: list[PollingStation]  # each with `photos`, how many there are
    villages: list[Village]  # instead of `below`, where all TPS can be named at once


def way_to(code: str, election: Election) -> Way:
    """What to choose from at a region. Two queries, three at a kecamatan with very many TPS."""
    *above, region = search.line_to(code)
    if region.level == DISTRICT and (villages := _villages(code, election)):
        return Way(region, above, [], [], villages)
    if region.level < VILLAGE:
        return Way(region, above, search.children(code, election), [], [])
    stations = search.stations_of(code, election).annotate(
        photos=Count("photo", filter=Q(photo__withdrawn_at__isnull=True))
    )
    return Way(region, above, [], list(stations), [])


def _villages(district: str, election: Election) -> list[Village]:
    """Those with TPS in this election; none where their TPS are too many."""
    stations = PollingStation.objects.filter(election=election, region__parent=district).select_related("region")
    found = list(stations.order_by("region", "number")[: NAMED_AT_ONCE + 1])
    if len(found) > NAMED_AT_ONCE:
        return []
    return [Village(region, list(those)) for region, those in groupby(found, key=lambda station: station.region)]
