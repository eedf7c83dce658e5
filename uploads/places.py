"""Finding one's TPS without typing: from province down to the village's TPS, with what is there."""

import re
from dataclasses import dataclass

from django.db.models import Count, Exists, F, Func, IntegerField, OuterRef, QuerySet, Subquery, Value
from django.db.models.functions import Concat

from tps.models import NATION, Contest, Election, PollingStation, Region
from tps.search import NoElection, UnknownRegion
from uploads.models import Photo

VILLAGE = 4


@dataclass(frozen=True)
class Way:
    """A region, the regions above it, and what one may choose below it: regions, or the TPS of a village."""

    region: Region
    above: list[Region]
    regions: list[Region]  # each with `tps`, or with `parts` right below the nation
    stations: list[PollingStation]  # each with `photos`


def current_election() -> Election:
    election = Election.objects.filter(is_current=True).first()
    if election is None:
        raise NoElection
    return election


def way_to(code: str, election: Election) -> Way:
    """What to choose from at a region. Three queries."""
    if not re.fullmatch(r"([0-9]{2}){0,3}|[0-9]{10}", code):
        raise UnknownRegion
    codes = [NATION, *(code[:length] for length in (2, 4, 6, 10) if length <= len(code))]
    line = {region.code: region for region in Region.objects.filter(code__in=codes)}
    if code not in line:
        raise UnknownRegion
    region = line[code]
    above = [line[one] for one in codes[:-1] if one in line]
    if region.level == VILLAGE:
        stations = PollingStation.objects.filter(election=election, region=region).order_by("number")
        return Way(region, above, [], list(stations.annotate(photos=Count("photo"))))
    return Way(region, above, list(_regions_below(region, election)), [])


def _regions_below(region: Region, election: Election) -> QuerySet[Region]:
    """Those that have TPS in this election."""
    within = PollingStation.objects.filter(
        election=election,
        code__gte=OuterRef("code"),
        code__lt=Concat(OuterRef("code"), Value(":")),  # ":" follows "9"
    )
    below = Region.objects.filter(Exists(within), parent=region).order_by("code")
    if region.code == NATION:
        # 823,366 TPS are too many to count for a page; how many parts a province has says enough.
        return below.annotate(parts=Count("children"))
    many = within.order_by().annotate(many=Func(F("pk"), function="COUNT")).values("many")
    return below.annotate(tps=Subquery(many, output_field=IntegerField()))


def photos_by_page(station: PollingStation, contest: Contest) -> dict[int | None, int]:
    """How many photos there are of each page, as their senders said."""
    counted = Photo.objects.filter(station=station, contest=contest).values_list("page").annotate(Count("pk"))
    return dict(counted.order_by())
