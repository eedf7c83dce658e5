"""The photos of a TPS where the vote was repeated: adjudicators say of which vote one is."""

from typing import Any, cast
from uuid import UUID

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods

from accounts import devices
from accounts.models import User
from accounts.permissions import Action, page
from accounts.refusals import Refusal
from aggregation import contests, exclusions, reading_aids, station_document, votes
from aggregation.models import Vote, VoteReason
from aggregation.region_document import time_of
from pemantau import pipeline
from tps.form_definitions import for_contest
from tps.models import Contest, PollingStation
from tps.search import UnknownStation
from transcription.rulings import HadItInHand, NoSuchPhoto


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
@page(Action.ADJUDICATE)
def of_station(request: HttpRequest, election: str, contest: str, station: str) -> HttpResponse:
    """Both votes' photos beside each other, and what one may say of each."""
    of = contests.find(election, contest)
    here = PollingStation.objects.select_related("region").filter(election=election, code=station).first()
    if here is None:
        raise UnknownStation
    if request.method != "POST":
        return _show(request, of, here)
    said = request.POST
    try:
        word = pipeline.say_vote(
            votes.Said(
                _photo(said.get("foto", "")),
                cast(User, request.user),
                said.get("pemungutan", ""),
                said.get("alasan", ""),
                devices.of(request).pk,
                devices.address_block(request),
            )
        )
    except (votes.WrongVote, votes.SaidAlready, exclusions.NeedsAnother, HadItInHand) as refusal:
        return _show(request, of, here, refusal)
    if word.after_id:
        messages.success(request, _("Berlaku sejak sekarang, dan tercatat di log publik."))
    else:
        messages.info(request, _("Tercatat di log publik. Berlaku setelah verifikator kedua mengatakan hal yang sama."))
    return redirect("aggregation:votes", election, contest, station)


def _show(
    request: HttpRequest, contest: Contest, station: PollingStation, refusal: Refusal | None = None
) -> HttpResponse:
    excluded = exclusions.of_one(contest, station)
    if excluded is None or excluded.since is None:
        raise votes.NotRepeated
    form = for_contest(contest)
    context: dict[str, Any] = {
        "contest": contest,
        "station": station,
        "since": time_of(excluded.since),
        "photos": [
            {
                "seen": seen,
                "shown": reading_aids.shown(station_document.photo_of(seen.one, form)),
                "word": reading_aids.vote(exclusions.told(excluded, seen.one)),
                "other": Vote(seen.other),
            }
            for seen in votes.at(contest, station, excluded)
        ],
        "reasons": VoteReason.choices,
        "refusal": refusal,
        "refused": request.POST.get("foto", "") if refusal else "",
        "reason": request.POST.get("alasan", ""),
    }
    return render(request, "aggregation/votes.html", context, status=refusal.status if refusal else 200)


def _photo(text: str) -> UUID:
    try:
        return UUID(text)
    except ValueError:
        raise NoSuchPhoto from None
