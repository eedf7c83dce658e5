"""How quotients are written."""

from decimal import Decimal

from django import template
from django.utils.formats import number_format

register = template.Library()


@register.filter
def quotient(seat: dict[str, int]) -> str:
    """Votes by their divisor, to two places: 6.666,67; a whole number without them."""
    value = Decimal(seat["votes"]) / seat["divisor"]
    places = 0 if seat["votes"] % seat["divisor"] == 0 else 2
    return number_format(round(value, places), places, force_grouping=True)
