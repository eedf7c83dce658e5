"""Reporting what is wrong with a TPS or a photo: for people, without an account and without JavaScript."""

from typing import Any
from uuid import UUID

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_safe

from accounts import devices
from accounts.fields import whole_number
from accounts.models import User
from accounts.permissions import Action, page
from accounts.refusals import Refusal
from pemantau import pipeline
from transcription import reports
from transcription.models import Report
from uploads import claims
from uploads.claims import Claim


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
@page(Action.REPORT)
def report(request: HttpRequest, election: str, contest: str, station: str) -> HttpResponse:
    """What is wrong, from a list, and a few words; `?foto=` says with which photo."""
    claim = claims.claim(claims.place(station, election), contest, None)
    photo = _uuid(request.GET.get("foto", ""))
    if request.method != "POST":
        return _show(request, claim, photo)
    said = request.POST
    try:
        number = said.get("halaman", "")
        if number:
            claim = claims.claim(claims.place(station, election), contest, whole_number(number, 2))
        sent = pipeline.send_report(
            reports.Said(
                claim,
                said.get("alasan", ""),
                devices.of(request),
                said.get("keterangan", ""),
                photo,
                request.user if isinstance(request.user, User) else None,
                devices.client_address(request),
                devices.address_block(request),
            )
        )
    except (reports.WrongReport, claims.UnknownPage) as refusal:
        return _show(request, claim, photo, refusal=refusal)
    return redirect("transcription:reported", sent.pk)


def _show(request: HttpRequest, claim: Claim, photo: UUID | None, refusal: Refusal | None = None) -> HttpResponse:
    context: dict[str, Any] = {
        "claim": claim,
        "photo": photo,
        "reasons": reports.Reason.choices,
        "pages": () if photo else claims.pages_of(claim.contest),
        "chosen": request.POST.get("alasan", request.GET.get("alasan", "")),
        "page_number": request.POST.get("halaman", ""),
        "text": request.POST.get("keterangan", ""),
        "refusal": refusal,
    }
    return render(request, "transcription/report.html", context, status=refusal.status if refusal else 200)


@never_cache
@require_safe
@page(Action.REPORT)
def reported(request: HttpRequest, report: UUID) -> HttpResponse:
    """What became of a report, for whoever has its address. What was written is not shown again."""
    found = Report.objects.select_related("group__station__region", "contest").filter(pk=report).first()
    if found is None:
        raise reports.NoSuchReport
    return render(request, "transcription/reported.html", {"report": found, "group": found.group})


def _uuid(text: str) -> UUID | None:
    try:
        return UUID(text)
    except ValueError:
        return None
