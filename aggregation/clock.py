"""The time zone of a place: WIB, WITA or WIT by its province."""

from datetime import datetime
from zoneinfo import ZoneInfo

WEST, MIDDLE, EAST = "WIB", "WITA", "WIT"
ZONES = {WEST: ZoneInfo("Asia/Jakarta"), MIDDLE: ZoneInfo("Asia/Makassar"), EAST: ZoneInfo("Asia/Jayapura")}

# By KPU's province codes: Bali, Nusa Tenggara, Kalimantan Selatan/Timur/Utara, Sulawesi; Maluku and Papua.
_MIDDLE = {"51", "52", "53", "63", "64", "65"}


def zone_of(code: str) -> str:
    """The name of the zone of a region or TPS; the nation's and overseas' is the capital's."""
    province = code[:2]
    if province in _MIDDLE or province[:1] == "7":
        return MIDDLE
    if province[:1] in ("8", "9") and province != "99":
        return EAST
    return WEST


def local(moment: datetime, code: str) -> tuple[datetime, str]:
    """The moment on the clocks of a place, and the zone's name."""
    zone = zone_of(code)
    return moment.astimezone(ZONES[zone]), zone
