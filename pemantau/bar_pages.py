"""The operators' page of who is given no more tasks: since when and why, and what known answers say of readers."""

from collections.abc import Mapping

from django.contrib import messages
from django.db.models import OuterRef, Q, Subquery
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from accounts.models import User
from accounts.permissions import Action, page
from accounts.refusals import Refusal
from accounts.roles import UnknownPerson
from tps import search
from transcription import bars, gold
from transcription.models import BarTurn
from transcription.surges import WrongReason

SHOWN = 50


@require_http_methods(["GET", "HEAD", "POST"])
@page(Action.OPERATE)
def readers(request: HttpRequest) -> HttpResponse:
    """Pause somebody, or have them read again. The same twice changes nothing."""
    if request.method != "POST":
        return _show(request, request.GET)
    assert isinstance(request.user, User)
    said, election = request.POST, search.election().pk
    why = {"reason": said.get("reason", ""), "note": said.get("note", "")}
    try:
        if "lift" in said:
            account = int(said["lift"]) if said["lift"].isdecimal() else 0
            if bars.lift(request.user, account, election, **why):
                messages.success(request, _("Orang ini mendapat foto lagi."))
        elif bars.pause(request.user, _account(said.get("email", "")), election, **why):
            messages.success(request, _("Orang ini tidak mendapat foto lagi. Yang sudah dibaca tetap dihitung."))
    except (UnknownPerson, bars.OwnBar, WrongReason) as refusal:
        return _show(request, said, refusal)
    return redirect("bars")


def _account(email: str) -> int:
    account = User.objects.filter(email__iexact=email.strip(), is_active=True).values_list("pk", flat=True).first()
    if account is None:
        raise UnknownPerson
    return account


def _show(request: HttpRequest, said: Mapping[str, str], refusal: Refusal | None = None) -> HttpResponse:
    newest = BarTurn.objects.filter(account=OuterRef("pk")).order_by("-pk").values("pk")[:1]
    people = list(
        User.objects.filter(Q(paused=True) | Q(pk__in=gold.doubted()), is_active=True)
        .annotate(newest=Subquery(newest))
        .order_by("-paused", "-newest", "pk")[:SHOWN]
    )
    turns = BarTurn.objects.select_related("by").in_bulk([person.newest for person in people if person.newest])
    answers = gold.answers_of([person.pk for person in people])
    history = BarTurn.objects.select_related("by", "account").order_by("-pk")[:SHOWN]
    rows = [(person, turns.get(person.newest), answers.get(person.pk)) for person in people]
    context = {
        "rows": rows,
        "turns": history,
        "why_on": [reason for reason in bars.WHY_ON if reason not in bars.BY_THEMSELVES],
        "why_off": bars.WHY_OFF,
        "email": said.get("email", ""),
        "note": said.get("note", ""),
        "lifting": said.get("lift", ""),
        "refusal": refusal,
        "wrong": "reason" if isinstance(refusal, WrongReason) else "email",
    }
    return render(request, "operating/bars.html", context, status=refusal.status if refusal else 200)
