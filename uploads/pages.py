"""Finding a TPS and sending a photo: for people, without JavaScript."""

import re
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.cache import patch_cache_control
from django.utils.safestring import mark_safe
from django.views.decorators.gzip import gzip_page
from django.views.decorators.http import require_http_methods, require_safe

from accounts import devices
from accounts.models import User
from accounts.permissions import Action, page
from accounts.refusals import Refusal, mark, message
from pemantau import admission
from tps import search
from tps.models import Contest, PollingStation, Region
from uploads import (
    alarm,
    app_shell,
    app_words,
    claims,
    doors,
    intake,
    page_tags,
    places,
    posters,
    proof,
    receipts,
    station_pages,
)
from uploads.claims import Place
from uploads.models import Photo

QR_FRESH_SECONDS = 24 * 3600


# Compressed, as phones on slow links open these: Django's way hides the length from who would guess a form's token.
@require_safe
@gzip_page
@page(Action.SEND_PHOTO)
def find(request: HttpRequest) -> HttpResponse:
    """Choose the TPS: by code, by names, or from the province down."""
    try:
        election = search.election()
    except search.NoElection:
        return render(request, "uploads/find.html", app_shell.context())
    typed = request.GET.get("q", "").strip()
    near = request.GET.get("dekat", "")
    found = search.find(typed, election, near=near) if typed else []
    if [place.is_station for place in found] == [True]:
        return redirect("uploads:send", found[0].code)
    way = places.way_to(request.GET.get("wilayah", ""), election)
    context = {"way": way, "typed": typed, "found": found, "election": election, "near": near}
    context |= app_shell.context()
    return render(request, "uploads/find.html", context)


@require_safe
@page(Action.SEND_PHOTO)
def short(request: HttpRequest, code: str) -> HttpResponse:
    """The address on posters: `/t/<code>/`."""
    return redirect("uploads:send", code)


@require_safe
@page(Action.SEND_PHOTO)
def qr(request: HttpRequest, code: str) -> HttpResponse:
    """The QR code of that address, as a picture."""
    station = search.station(code, search.election())
    response = HttpResponse(posters.qr(station.code), content_type="image/svg+xml")
    patch_cache_control(response, public=True, max_age=QR_FRESH_SECONDS)
    return response


@require_safe
@page(Action.SEND_PHOTO)
def poster(request: HttpRequest, code: str) -> HttpResponse:
    """A sheet to print for one TPS."""
    station = search.station(code, search.election())
    return _posters(request, search.line_to(station.region_id), [station])


@require_safe
@page(Action.SEND_PHOTO)
def village_posters(request: HttpRequest, code: str) -> HttpResponse:
    """The sheets of all TPS of a village, one on each page."""
    line = search.line_to(code)
    stations = list(search.stations_of(code, search.election()))
    if not stations:
        raise search.UnknownRegion
    return _posters(request, line, stations)


def _posters(request: HttpRequest, line: Sequence[Region], stations: Sequence[PollingStation]) -> HttpResponse:
    sheets = [
        {"station": station, "qr": mark_safe(posters.qr(station.code)), "address": posters.address(station.code)}  # noqa: S308 (ours)
        for station in stations
    ]
    context = {"sheets": sheets, "village": line[-1], "within": line[-2:0:-1], "alone": len(stations) == 1}
    return render(request, "uploads/posters.html", context)


@require_http_methods(["GET", "HEAD", "POST"])
@gzip_page
@page(Action.SEND_PHOTO)
def send(request: HttpRequest, code: str) -> HttpResponse:
    """The form for one TPS, and what it sends."""
    where = claims.place(code)
    if request.method != "POST":
        return _form(request, where, request.GET.get("halaman", ""))
    try:
        with doors.receiving():
            photo = _received(request, where)
    except Refusal as refusal:
        return _form(request, where, request.POST.get("page", ""), refusal)
    return redirect("uploads:receipt", receipts.grouped(photo.receipt))


def _received(request: HttpRequest, where: Place) -> Photo:
    """Take in what the form sent."""
    chosen = request.POST.get("page", "")
    if not re.fullmatch(r"([0-9]{1,2})?", chosen):  # nothing: the sender does not know
        raise claims.UnknownPage
    claim = claims.claim(where, request.POST.get("contest", ""), int(chosen) if chosen else None)
    photo, _is_new = admission.receive(
        intake.Sending(
            path=Path(doors.the_file(request.FILES.get("file")).temporary_file_path()),
            station=claim.station,
            contest=claim.contest,
            page=claim.page,
            device=devices.of(request),
            uploader=request.user if isinstance(request.user, User) else None,
            key=None,
            address_block=devices.address_block(request),
        ),
        address=devices.client_address(request),
        paid=proof.Paid(request.POST.get("proof", ""), by_form=True),
    )
    return photo


def _form(request: HttpRequest, where: Place, chosen: str, refusal: Refusal | None = None) -> HttpResponse:
    """The form, filled as it was, with what is there already; first the choice of contest where there are several."""
    only = where.contests[0].code if len(where.contests) == 1 else ""
    wanted = request.GET.get("pemilihan", only)
    contest = next((one for one in where.contests if one.code == wanted), None)
    known = station_pages.of(where)
    context = {"station": where.station, "contests": where.contests, "contest": contest, "pages": known}
    if contest:
        context |= _choices(contest, known) | {"told": _told(where, contest)}
    context |= {"chosen": chosen, "refusal": refusal, "proof": _price(request)} | app_shell.context()
    if refusal:
        context["why"] = message(refusal, refusal.retry_after)
    response = render(request, "uploads/send.html", context, status=refusal.status if refusal else 200)
    if refusal and refusal.retry_after:
        response["Retry-After"] = str(refusal.retry_after)
    return mark(response, refusal) if refusal else response


def _price(request: HttpRequest) -> dict[str, Any] | None:
    """The challenge a form carries in alarm mode (`_proof_form.html`); the one it carried while that is still good."""
    if not alarm.is_on() or not admission.asks_for_proof(device := devices.of(request)):
        return None
    carried, _, _nonce = request.POST.get("proof", "").partition(":")
    challenge = carried if proof.is_open(carried, device) else proof.challenge_for(device, lives=proof.LIVES_IN_A_FORM)
    return {"challenge": challenge, "bits": proof.BITS, "wait": proof.WAIT}


def _choices(contest: Contest, known: dict[str, Any]) -> dict[str, Any]:
    """The pages of the form, each with how many photos of it there are."""
    here = next(one for one in known["contests"] if one["code"] == contest.code)
    pages = [(one, one["photos"]) for one in here["pages"]]
    return {
        "walls": [(one, count) for one, count in pages if one["variant"] == "plano"],
        "slips": [(one, count) for one, count in pages if one["variant"] != "plano"],
        "unsorted": here["unsorted"],
    }


def _told(where: Place, contest: Contest) -> dict[str, Any]:
    """What `static/uploads/send.js` must know: the contest, what tags mean, and its words (`page_check.js`)."""
    return {"kind": contest.kind, "tags": page_tags.meanings(where.contests), "words": app_words.checking()}
