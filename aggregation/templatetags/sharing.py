"""What a page says of itself to whoever shows a link to it, and how others embed it."""

from typing import Any

from django import template
from django.conf import settings
from django.template import Context
from django.urls import reverse

from aggregation import card_pages, cards

register = template.Library()


@register.inclusion_tag("aggregation/_share_meta.html", takes_context=True)
def share_meta(context: Context) -> dict[str, Any]:
    """Open Graph and card metadata of a page with `document` (of a region or a TPS) and `canonical`. No query.

    The picture's address changes with the document's version: who keeps pictures by their address shows no old one.
    """
    said = card_pages.shared(context["document"])
    return {
        **said,
        "canonical": context["canonical"],
        "image": f"{settings.SITE_ORIGIN}{reverse(said['name'], args=said['where'])}?v={said['version']}",
        "width": cards.WIDTH,
        "height": cards.HEIGHT,
    }
