"""The pages of seats: a kind's councils, a council, a dapil. Rendered from the documents of `seat_document`."""

from typing import Any

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.cache import patch_cache_control
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from accounts.fields import whole_number
from accounts.permissions import Action, page
from aggregation import dapil, page_memory, region_document, seat_document
from tps.models import Contest

FRESH_SECONDS = 5
ROWS = 60
# The longest bar is this wide; the line of the threshold stands in the same measure.
BAR = 100


@require_safe
@page(Action.SEE_PUBLIC)
def of_kind(request: HttpRequest, election: str, kind: str) -> HttpResponse:
    """DPR is one council; of the DPRD, a list of them all."""
    if not dapil.COUNCIL_DIGITS[kind]:
        return _council(request, election, kind, region_document.WHOLE)
    return _councils(request, election, kind)


@require_safe
@page(Action.SEE_PUBLIC)
def council(request: HttpRequest, election: str, kind: str, region: str) -> HttpResponse:
    return _council(request, election, kind, region)


@require_safe
@page(Action.SEE_PUBLIC)
def of_dapil(request: HttpRequest, election: str, contest: str) -> HttpResponse:
    published = seat_document.of_dapil(election, contest)
    return page_memory.drawn(request, published.etag, lambda: _draw_dapil(request, published.content))


def address(document: dict[str, Any]) -> str:
    """Where a council's document is shown."""
    where = [document["election"]["code"], document["kind"]]
    if not dapil.COUNCIL_DIGITS[document["kind"]]:
        return reverse("aggregation:seats", args=where)
    return reverse("aggregation:seats_council", args=[*where, document["council"]["code"]])


def _council(request: HttpRequest, election: str, kind: str, region: str) -> HttpResponse:
    published = seat_document.of_council(election, kind, region_document.code_of(region))
    return page_memory.drawn(request, published.etag, lambda: _draw_council(request, published.content))


def _councils(request: HttpRequest, election: str, kind: str) -> HttpResponse:
    found = dapil.councils(election, kind)
    last = -(-len(found) // ROWS)
    asked = whole_number(request.GET.get("hal", ""))
    number = asked if 1 <= asked <= last else 1
    title = _("Kursi %(kind)s") % {"kind": Contest.Kind(kind).label}
    return _shown(
        request,
        "aggregation/seats_councils.html",
        reverse("aggregation:seats", args=[election, kind]),
        title=title,
        election=election,
        kind=kind,
        trail=[_elections(), {"name": title, "address": ""}],
        councils=[
            {"code": region_document.word_of(one.code), "council": one}
            for one in found[(number - 1) * ROWS : number * ROWS]
        ],
        page={
            "number": number,
            "last": last,
            "before": number - 1 if number > 1 else None,
            "after": number + 1 if number < last else None,
        },
    )


def _draw_council(request: HttpRequest, document: dict[str, Any]) -> HttpResponse:
    return _shown(
        request,
        "aggregation/seats.html",
        address(document),
        document=document,
        code=region_document.code_of(document["council"]["code"]),
        title=_title(document),
        trail=[*_above(document), {"name": _title(document), "address": address(document)}],
        parties=_bars(document),
        line=_line_of(document),
        crossing=[party for party in document["parties"] if party["may_cross"]],
        data_address=reverse(
            "aggregation-api:seats",
            args=[document["election"]["code"], document["kind"], document["council"]["code"]],
        ),
    )


def _draw_dapil(request: HttpRequest, document: dict[str, Any]) -> HttpResponse:
    where = [document["election"]["code"], document["contest"]["code"]]
    names = {party["number"]: party["name"] for party in document["parties"]}
    margin = document["alert"]["margin"]
    return _shown(
        request,
        "aggregation/seats_dapil.html",
        reverse("aggregation:seats_dapil", args=where),
        document=document,
        code=region_document.code_of(document["council"]["code"]),
        trail=[
            *_above(document),
            {"name": _title(document), "address": address(document)},
            {"name": document["contest"]["name"], "address": ""},
        ],
        order=[{**seat, "name": names[seat["party"]]} for seat in document["order"]],
        tied=[names[party] for party in document["tie"]["among"]] if document["tie"] else [],
        margin=margin and {**margin, "holder": names[margin["holder"]], "rival": names[margin["rival"]]},
        council_address=address(document),
        bound=bound(document["alert"]["bound"]),
        data_address=reverse("aggregation-api:seats_dapil", args=where),
    )


def bound(made_of: str) -> str:
    """What the most votes that are out are made of, in words."""
    return {
        "dpt": _("Menurut DPT-nya dan cadangan surat suara."),
        "limit": _("Menurut batas jumlah pemilih sebuah TPS, karena DPT tidak diketahui."),
    }[made_of]


def _title(document: dict[str, Any]) -> str:
    kind = _("Kursi %(kind)s") % {"kind": Contest.Kind(document["kind"]).label}
    return kind if document["council"]["code"] == region_document.WHOLE else f"{kind}, {document['council']['name']}"


def _elections() -> dict[str, str]:
    return {"name": _("Pemilu dan pemilihan"), "address": reverse("aggregation:elections")}


def _above(document: dict[str, Any]) -> list[dict[str, str]]:
    """The breadcrumb above a council: all elections; for the DPRD, all councils of the kind."""
    if not dapil.COUNCIL_DIGITS[document["kind"]]:
        return [_elections()]
    name = _("Kursi %(kind)s") % {"kind": Contest.Kind(document["kind"]).label}
    kinds = reverse("aggregation:seats", args=[document["election"]["code"], document["kind"]])
    return [_elections(), {"name": name, "address": kinds}]


def _longest(document: dict[str, Any]) -> float:
    shares = [party["share"] or 0.0 for party in document["parties"]]
    return max([*shares, document["threshold"] or 0.0]) or 1.0


def _bars(document: dict[str, Any]) -> list[dict[str, Any]]:
    """The parties in ballot order, each with the width of its bar, as an attribute of SVG."""
    longest = _longest(document)
    return [{**party, "width": f"{(party['share'] or 0) / longest * BAR:.2f}"} for party in document["parties"]]


def _line_of(document: dict[str, Any]) -> str | None:
    """Where the threshold stands across the bars."""
    return f"{document['threshold'] / _longest(document) * BAR:.2f}" if document["threshold"] else None


def _shown(request: HttpRequest, template: str, canonical: str, **context: Any) -> HttpResponse:
    response = render(request, template, {"canonical": settings.SITE_ORIGIN + canonical, **context})
    patch_cache_control(response, max_age=FRESH_SECONDS)
    return response
