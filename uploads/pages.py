"""Finding a TPS and sending a photo: for people, without JavaScript."""

import re
from pathlib import Path
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.gzip import gzip_page
from django.views.decorators.http import require_http_methods, require_safe

from accounts import devices
from accounts.models import User
from accounts.permissions import Action, page
from accounts.refusals import Refusal
from pemantau import pipeline
from tps import search
from tps.models import Contest
from uploads import app_shell, app_words, claims, doors, fair_use, intake, page_tags, places, receipts, station_pages
from uploads.claims import Place
from uploads.models import Photo


# Compressed, as phones on slow links open these: Django's way hides the length from who would guess a form's token.
@require_safe
@gzip_page
@page(Action.SEND_PHOTO)
def find(request: HttpRequest) -> HttpResponse:
    """Choose the TPS: by code, by the village's name, or from the province down."""
    try:
        election = search.election()
    except search.NoElection:
        return render(request, "uploads/find.html", app_shell.context())
    typed = request.GET.get("q", "").strip()
    found = search.find(typed, election) if typed else []
    if [place.is_station for place in found] == [True]:
        return redirect("uploads:send", found[0].code)
    context = {"way": places.way_to(request.GET.get("wilayah", ""), election), "typed": typed, "found": found}
    context |= app_shell.context()
    return render(request, "uploads/find.html", context)


@require_safe
@page(Action.SEND_PHOTO)
def short(request: HttpRequest, code: str) -> HttpResponse:
    """The address on posters: `/t/<code>/`."""
    return redirect("uploads:send", code)


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
    sending = intake.Sending(
        path=Path(doors.the_file(request.FILES.get("file")).temporary_file_path()),
        station=claim.station,
        contest=claim.contest,
        page=claim.page,
        device=devices.of(request),
        uploader=request.user if isinstance(request.user, User) else None,
        key=None,
        address_block=devices.address_block(request),
    )
    with fair_use.admit(sending.device.pk, devices.address_key(request), pipeline.accepted_from) as place:
        photo, place.used = pipeline.receive(sending)
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
    context |= {"chosen": chosen, "refusal": refusal} | app_shell.context()
    response = render(request, "uploads/send.html", context, status=refusal.status if refusal else 200)
    if refusal and refusal.retry_after:
        response["Retry-After"] = str(refusal.retry_after)
    return response


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
