"""Finding a TPS: by its code, from the nation down, or by the words of names ("cipete 12")."""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from django.db.models import Case, IntegerField, QuerySet, Value, When
from django.utils.translation import gettext_lazy as _

from accounts.refusals import Refusal
from tps import fits, wording
from tps.models import NATION, Centroid, Contest, Election, Extent, PollingStation, Region, above

MOST = 20
LONGEST = wording.LONGEST

_CODE = re.compile(r"([0-9]{2}){0,3}|[0-9]{10}")
_STATION_CODE = re.compile(r"[0-9]{13}")
_PLACE = re.compile(r"[0-9]{2}|[0-9]{4}|[0-9]{6}|[0-9]{10}|[0-9]{13}")


class NoElection(Refusal):
    """Nothing is set up yet."""

    status = 404
    code = "no_election"
    sentence = _("Belum ada pemilu yang dibuka di sini.")


class UnknownElection(Refusal):
    status = 404
    code = "unknown_election"
    sentence = _("Pemilu ini tidak ada.")


class NoSuchContest(Refusal):
    status = 404
    code = "no_such_contest"
    sentence = _("Pemilihan ini tidak ada.")


class UnknownRegion(Refusal):
    status = 404
    code = "unknown_region"
    sentence = _("Wilayah ini tidak ada.")


class UnknownStation(Refusal):
    status = 404
    code = "unknown_station"
    sentence = _("TPS dengan kode ini tidak ada. Kode TPS terdiri dari 13 angka.")


@dataclass(frozen=True)
class Below:
    """A region below another one, with how many TPS the election has in it and their DPT as far as it is known."""

    region: Region
    stations: int
    registered_voters: int
    dpt_known: int


@dataclass(frozen=True)
class Place:
    """What a search found: a region or a TPS, and the names of what it lies in, nearest first."""

    code: str
    name: str
    within: tuple[str, ...]
    is_station: bool


def election(code: str | None = None) -> Election:
    """The election with this code, else the current one. Raises `UnknownElection`, `NoElection`."""
    if code:
        found = Election.objects.filter(pk=code).first()
        if found is None:
            raise UnknownElection
        return found
    found = Election.objects.filter(is_current=True).first()
    if found is None:
        raise NoElection
    return found


def contest(code: str, of: Election) -> Contest:
    """The contest with its area. Raises `NoSuchContest`."""
    found = Contest.objects.filter(election=of, code=code).prefetch_related("area").first()
    if found is None:
        raise NoSuchContest
    return found


def station(code: str, of: Election) -> PollingStation:
    """The TPS with its village. One query. Raises `UnknownStation`."""
    found = None
    if _STATION_CODE.fullmatch(code):
        found = PollingStation.objects.select_related("region").filter(election=of, code=code).first()
    if found is None:
        raise UnknownStation
    return found


def line_to(code: str) -> list[Region]:
    """The region, after all regions above it, nation first. One query. Raises `UnknownRegion`."""
    if not _CODE.fullmatch(code):
        raise UnknownRegion
    line = list(Region.objects.filter(pk__in=[*above(code), code]).order_by("level"))
    if not line or line[-1].code != code:
        raise UnknownRegion
    return line


def children(code: str, of: Election) -> list[Below]:
    """The regions right below that have TPS in this election, by code. One query, however many TPS there are."""
    rows = Extent.objects.filter(election=of, region__parent=code).select_related("region").order_by("region")
    return [Below(row.region, row.stations, row.registered_voters, row.dpt_known) for row in rows]


def stations_of(village: str, of: Election) -> QuerySet[PollingStation]:
    """The TPS of a village, by number."""
    return PollingStation.objects.filter(election=of, region=village).order_by("number")


def middles(of: Election) -> list[tuple[str, str, int, int]]:
    """Code, name, latitude and longitude (hundredths of a degree) of the kecamatan whose middle is known, by code."""
    found = Centroid.objects.filter(region__extent__election=of).order_by("region")
    return list(found.values_list("region", "region__name", "latitude", "longitude"))


def contests_of(election: Election, kind: str = "") -> QuerySet[Contest]:
    """The contests of an election, those of one kind where it is said, in ballot order and then by code."""
    order = Case(*(When(kind=k, then=Value(n)) for n, k in enumerate(Contest.Kind.values)), output_field=IntegerField())
    found = Contest.objects.filter(election=election).order_by(order, "code")
    return found.filter(kind=kind) if kind else found


# --- Searching --------------------------------------------------------------------------------


def find(text: str, of: Election, most: int = MOST, *, near: str = "") -> list[Place]:
    """Regions and TPS for what somebody typed: a code, or words of names in any order, with or without a TPS number.

    Only regions with TPS in this election. Every word fits something in the name of the region or above it, as it
    is, shortened or mistyped; the best fit comes first, and of equal ones that nearest to `near` (the code of a
    region or TPS). At most nine queries, as a rule three or four. `docs/search.md` tells how.
    """
    text = " ".join(text.replace("\x00", "").split())[:LONGEST]
    digits = re.sub(r"[\s.\-/]", "", text)
    if digits.isascii() and digits.isdigit():
        return _by_code(digits, of, most)
    asked = wording.read(text)
    found = fits.regions(asked, of, near if _PLACE.fullmatch(near) else "")
    if asked.number is None:
        return [_region(fit) for fit in found[:most]]
    return _numbered(found, asked.number, of)[:most]


def _numbered(found: Sequence[fits.Fit], number: int, of: Election) -> list[Place]:
    """The TPS with that number in the villages found, and regions that have it in their name; else the regions."""
    villages = [fit.code for fit in found if len(fit.code) == 10 and not fit.number_in_name]
    codes = {code: f"{code}{number:03d}" for code in villages}
    stations = set(
        PollingStation.objects.filter(election=of, code__in=codes.values()).values_list("code", flat=True)
        if villages
        else ()
    )
    places = []
    for fit in found:
        if fit.number_in_name:
            places.append(_region(fit))
        elif codes.get(fit.code) in stations:
            within = (fit.name, *fit.within)
            places.append(Place(codes[fit.code], f"TPS {number:03d}", within, True))
    return places or [_region(fit) for fit in found]


def _region(fit: fits.Fit) -> Place:
    return Place(fit.code, fit.name, fit.within, False)


def _by_code(digits: str, of: Election, most: int) -> list[Place]:
    """A TPS by its code or its beginning from the village on; a region by its code."""
    if len(digits) > 10:
        stations = PollingStation.objects.filter(election=of, code__gte=digits, code__lt=f"{digits}:")  # ":" after "9"
        return _places([], stations.order_by("code")[:most])
    if not _CODE.fullmatch(digits):
        return []
    return _places(Region.objects.filter(pk=digits, extent__election=of), [])


def _places(regions: Iterable[Region], stations: Iterable[PollingStation]) -> list[Place]:
    found = [(region.code, region.name, False) for region in regions]
    found += [(station.code, str(station), True) for station in stations]
    codes = {higher for code, _name, _is_station in found for higher in above(code)} - {NATION}
    names = dict(Region.objects.filter(pk__in=codes).values_list("pk", "name")) if codes else {}
    return [
        Place(code, name, tuple(names[higher] for higher in reversed(above(code)) if higher in names), is_station)
        for code, name, is_station in found
    ]
