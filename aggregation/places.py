"""Looking for a region by its name or code, or a TPS by its code."""

from dataclasses import dataclass

from tps.models import Contest, PollingStation, Region

LONGEST = 60
MOST = 50


@dataclass(frozen=True)
class Found:
    """A region or TPS with the names of what it lies in."""

    code: str
    name: str
    within: list[str]
    is_station: bool


def search(wanted: str, contest: Contest) -> list[Found]:
    """At most `MOST` places, the largest first; none for less than two characters."""
    if len(wanted) < 2:
        return []
    digits = wanted.replace(".", "").replace("-", "").replace(" ", "")
    if digits.isascii() and digits.isdigit():
        stations = PollingStation.objects.filter(election=contest.election_id, code=digits)
        regions = Region.objects.filter(code=digits)
    else:
        stations = PollingStation.objects.none()
        regions = Region.objects.filter(name__icontains=wanted, level__gt=0).order_by("level", "name", "code")
    found = [(region.code, region.name, region.code, False) for region in regions[:MOST]]
    found += [(station.code, str(station), station.region_id, True) for station in stations]
    names = dict(
        Region.objects.filter(code__in={code[:n] for _, _, code, _ in found for n in (2, 4, 6, 10)}).values_list(
            "code", "name"
        )
    )
    return [
        Found(
            code,
            name,
            [names[place[:n]] for n in (10, 6, 4, 2) if place[:n] in names and place[:n] != code and len(place) >= n],
            station,
        )
        for code, name, place, station in found
    ]
