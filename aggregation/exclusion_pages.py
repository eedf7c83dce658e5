"""Excluding a TPS from a contest, and ending that: one proposes, another says the same."""

from collections.abc import Mapping
from datetime import date
from typing import Any, cast

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods

from accounts import devices
from accounts.fields import whole_number
from accounts.models import User
from accounts.permissions import Action, page
from accounts.refusals import Refusal
from aggregation import exclusions
from aggregation.models import ExclusionReason, ExclusionTurn
from pemantau import pipeline
from tps import search
from tps.models import Contest
from uploads import claims

TURNS = 50


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
@page(Action.EXCLUDE)
def excluded(request: HttpRequest) -> HttpResponse:
    """What is excluded, what waits for a second person, and the form."""
    if request.method != "POST":
        return _show(request, request.GET)
    said, by = request.POST, cast(User, request.user)
    if "tarik" in said:
        if exclusions.withdraw(by, whole_number(said["tarik"])):
            messages.success(request, _("Usul ditarik."))
        else:
            messages.info(request, _("Usul itu tidak menunggu lagi. Tidak ada yang berubah."))
        return redirect("aggregation:exclusions")
    try:
        claim = claims.claim(claims.place(said.get("tps", "").strip()), said.get("pemilihan", ""), None)
        turn = pipeline.exclude(
            exclusions.Said(
                by,
                claim.contest,
                claim.station,
                "" if "akhiri" in said else said.get("alasan") or "-",
                _day(said.get("hari", "")) if said.get("alasan") == ExclusionReason.PSU else None,
                devices.of(request).pk,
                devices.address_block(request),
                whole_number(said["usul"]) if "usul" in said else None,
            )
        )
    except exclusions.NothingToAgreeTo as refusal:
        messages.info(request, refusal.text())
        return redirect("aggregation:exclusions")
    except (search.UnknownStation, claims.UnknownContest, exclusions.WrongExclusion, exclusions.NotExcluded) as refusal:
        return _show(request, said, refusal)
    if turn:
        messages.success(request, _("Berlaku sejak sekarang, dan tercatat di log publik."))
    elif _is_in_force(said, claim):
        messages.info(request, _("Ini sudah berlaku. Tidak ada yang berubah."))
    else:
        messages.info(request, _("Tercatat. Berlaku setelah orang kedua mengatakan hal yang sama."))
    return redirect("aggregation:exclusions")


def _is_in_force(said: Mapping[str, str], claim: claims.Claim) -> bool:
    """Whether what somebody asked for is so already: the same reason, and of a repeated vote the same day."""
    present = exclusions.of_one(claim.contest, claim.station)
    if present is None or "akhiri" in said or present.reason != said.get("alasan"):
        return False
    return present.reason != ExclusionReason.PSU or present.repeated_on == _day(said.get("hari", ""))


def _show(request: HttpRequest, said: Mapping[str, str], refusal: Refusal | None = None) -> HttpResponse:
    context: dict[str, Any] = {
        "standing": exclusions.standing(),
        "waiting": exclusions.waiting(),
        "turns": ExclusionTurn.objects.select_related("contest", "station__region").order_by("-pk")[:TURNS],
        "contests": Contest.objects.filter(election__is_current=True).order_by("pk"),
        "reasons": ExclusionReason.choices,
        "tps": said.get("tps", ""),
        "contest": said.get("pemilihan", ""),
        "reason": said.get("alasan", ""),
        "day": said.get("hari", ""),
        "refusal": refusal,
        "wrong": "alasan" if isinstance(refusal, exclusions.WrongExclusion) else "tps",
    }
    return render(request, "aggregation/exclusions.html", context, status=refusal.status if refusal else 200)


def _day(text: str) -> date | None:
    try:
        return date.fromisoformat(text)
    except ValueError:
        return None
