"""How figures are written for people: 1.234.567, 12,3 %, 14.02 WIB, and what stands in a box on paper."""

from datetime import datetime
from decimal import Decimal
from typing import Any

from django import template
from django.utils import timezone
from django.utils.formats import date_format, number_format
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from aggregation import clock
from transcription.entries import KOSONG, UNREADABLE
from transcription.models import SurgeTurn

register = template.Library()


@register.filter
def figure(number: int | None) -> str:
    """With the language's separator of thousands; a dash for nothing."""
    return "–" if number is None else number_format(number, force_grouping=True)


@register.filter
def percent(share: float | None) -> str:
    """A share from 0 to 1."""
    # Rounded first: Django's number_format cuts off.
    return "–" if share is None else f"{number_format(round(Decimal(share) * 100, 1), 1)}\u00a0%"


@register.filter
def points(difference: float) -> str:
    """A difference of two shares, in percentage points."""
    return _("%(n)s poin") % {"n": number_format(round(Decimal(difference) * 100, 1), 1)}


def signed_percent(part: float) -> str:
    """A part with its sign, short enough for a map: +0,4 or −12; 0 where it rounds to nothing."""
    rounded = round(Decimal(part) * 100, 1)
    if abs(rounded) >= 10:
        rounded = round(rounded, 0)
    sign = "+" if rounded > 0 else "−" if rounded < 0 else ""
    return sign + number_format(abs(rounded), 0 if not rounded or abs(rounded) >= 10 else 1)


@register.filter
def paper(value: Any) -> str:
    """What stands in a box: a number, or why there is none."""
    words = {KOSONG: _("kosong"), UNREADABLE: _("tidak terbaca"), None: "–"}
    return words[value] if value in words else figure(value)


@register.filter
def moment(written: str | None, code: str) -> str:
    """A time of a document on the clocks of a region or TPS, with the date when it is not today."""
    if not written:
        return ""
    at, zone = clock.local(datetime.fromisoformat(written), code)
    today, _zone = clock.local(timezone.now(), code)
    hour = date_format(at, "H.i")
    if at.date() == today.date():
        return f"{hour} {zone}"
    return f"{date_format(at, 'j F Y')}, {hour} {zone}"


@register.filter
def hour(written: str, code: str) -> str:
    """A time of a document on the clocks of a region, in a table of one day, whose head names the zone: 14.00."""
    return date_format(clock.local(datetime.fromisoformat(written), code)[0], "H.i")


@register.filter
def zone(code: str) -> str:
    """The zone of a region's clocks: WIB, WITA or WIT."""
    return clock.zone_of(code)


@register.filter
def lasts(minutes: int | None) -> str:
    """So long it takes until nothing waits; the words say where it does not go down."""
    if minutes is None:
        return _("tidak berkurang")
    if not minutes:
        return _("tidak ada yang menunggu")
    if minutes < 60:
        return ngettext("%(n)s menit", "%(n)s menit", minutes) % {"n": minutes}
    hours = round(minutes / 60)
    if hours < 48:
        return ngettext("%(n)s jam", "%(n)s jam", hours) % {"n": hours}
    days = round(hours / 24)
    return ngettext("%(n)s hari", "%(n)s hari", days) % {"n": figure(days)}


@register.filter
def age(seconds: float | None) -> str:
    """So long ago, in the unit that fits."""
    if seconds is None:
        return "–"
    if seconds < 90:
        return ngettext("%(n)s detik", "%(n)s detik", round(seconds)) % {"n": round(seconds)}
    return lasts(max(1, round(seconds / 60)))


@register.filter
def why_first(reason: str) -> str:
    """Why an operator has something read first."""
    return _(SurgeTurn.Reason(reason).label)


@register.filter
def at_key(mapping: dict[str, Any], key: str) -> Any:
    """`{{ sums|at_key:option.key }}`."""
    return mapping.get(key)


@register.filter
def at(share: float | None) -> str:
    """A share as the value of a `<meter>`: with a point, whatever the language."""
    return f"{share or 0:.4f}"


@register.filter
def last_name(trail: list[dict[str, str]]) -> str:
    """The name of the innermost place."""
    return trail[-1]["name"] if trail else ""
