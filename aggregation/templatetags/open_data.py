"""How files of open data are told to people."""

from django import template
from django.utils.formats import number_format
from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop

register = template.Library()

_UNITS = ("B", "kB", "MB", "GB", "TB")
_CONTENTS = {
    "stations": gettext_noop("angka setiap TPS"),
    "regions": gettext_noop("jumlah setiap wilayah"),
    "photos": gettext_noop("daftar foto dan putusannya"),
    "readings": gettext_noop("setiap pembacaan, dengan tanda samaran pembacanya"),
    "nist": gettext_noop("suara per TPS menurut standar NIST SP 1500-100"),
}


@register.filter
def size(number: int) -> str:
    """A number of bytes: 12,3 MB."""
    value, unit = float(number), 0
    while value >= 1000 and unit < len(_UNITS) - 1:
        value, unit = value / 1000, unit + 1
    return f"{number_format(round(value, 1), 1 if unit else 0)}\u00a0{_UNITS[unit]}"


@register.filter
def digest(written: str) -> str:
    """A hash as tools print it: without the name of its algorithm."""
    return written.rpartition(":")[2]


@register.filter
def contents(resource: str) -> str:
    """What a file of an export holds, by the name of its resource."""
    return _(_CONTENTS[resource.removesuffix("-parquet")])
