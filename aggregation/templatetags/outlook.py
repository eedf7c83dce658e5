"""What the pages about estimates and alerts say of options and of strata."""

from collections.abc import Mapping, Sequence
from typing import Any

from django import template

register = template.Library()


@register.filter
def option_of(key: str, options: Sequence[Mapping[str, Any]]) -> str:
    """`{{ pair.above|option_of:document.options }}`: number and name, as on the ballot."""
    return next((f"{option['number']}.\u00a0{option['name']}" for option in options if option["key"] == key), key)


@register.filter
def that_could(pairs: Sequence[Mapping[str, Any]]) -> list[Mapping[str, Any]]:
    """The pairs of neighbours whose order the TPS that are not counted could change."""
    return [pair for pair in pairs if pair["could_change"]]
