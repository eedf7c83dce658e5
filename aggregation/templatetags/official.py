"""Differences in words and figures: +1.234, −56, naik and turun."""

from collections.abc import Mapping, Sequence

from django import template

from aggregation.templatetags.figures import figure

register = template.Library()


@register.filter
def signed(difference: int) -> str:
    """With its sign: a plus, or a minus of the width of a figure."""
    if not difference:
        return "0"
    return f"{'+' if difference > 0 else '−'}{figure(abs(difference))}"


@register.filter
def size(difference: int) -> int:
    """Without its sign."""
    return abs(difference)


@register.filter
def nth(heads: Sequence[Mapping[str, str]], place: int) -> str:
    """The name of the column at this place, for the cells of a table that stacks."""
    return heads[place]["name"]
