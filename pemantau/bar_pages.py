"""The operators' pages of who is given no more tasks, and of what such a person read: whether it counts."""

from collections.abc import Mapping
from typing import Any

from django.contrib import messages
from django.core.paginator import Paginator
from django.db.models import OuterRef, Q, QuerySet, Subquery
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_http_methods

from accounts import devices
from accounts.fields import whole_number
from accounts.models import User
from accounts.permissions import Action, page
from accounts.refusals import Refusal
from accounts.roles import UnknownPerson
from aggregation import recall_preview
from pemantau import pipeline
from pemantau.outcomes import tell
from tps import search
from tps.form_definitions import for_contest
from tps.models import Contest
from transcription import bars, gold, recalls
from transcription.models import BarTurn, Entry, Recall
from transcription.surges import WrongReason

SHOWN = 50
EFFECTS = (
    (recall_preview.READ_AGAIN, gettext_lazy("Dibaca lagi")),
    (recall_preview.CASE, gettext_lazy("Ke verifikator")),
    (recall_preview.OTHER_NUMBERS, gettext_lazy("Angka lain berlaku")),
    (recall_preview.DECIDED, gettext_lazy("Diputuskan")),
    (recall_preview.UNCHANGED, gettext_lazy("Tidak berubah")),
)


@require_http_methods(["GET", "HEAD", "POST"])
@page(Action.OPERATE)
def readers(request: HttpRequest) -> HttpResponse:
    """Pause somebody; have them read again, as two operators say. The same twice changes nothing."""
    if request.method != "POST":
        return _show(request, request.GET)
    assert isinstance(request.user, User)
    said, election, device = request.POST, search.election().pk, devices.of(request).pk
    why = {"reason": said.get("reason", ""), "note": said.get("note", "")}
    try:
        if "lift" in said:
            proposed = bars.propose_lifting(request.user, whole_number(said["lift"]), device=device, **why)
            tell(request, proposed is not None, _("Diusulkan. Pengelola lain yang menyetujuinya."))
        elif "agree" in said:
            bars.lift(request.user, whole_number(said["agree"]), election, device)
            messages.success(request, _("Orang ini mendapat foto lagi."))
        elif "withdraw" in said:
            bars.withdraw_lifting(request.user, whole_number(said["withdraw"]))
            messages.success(request, _("Usul itu batal. Tidak ada yang berubah."))
        else:
            paused = bars.pause(request.user, _account(said.get("email", "")), election, **why)
            tell(request, paused, _("Orang ini tidak mendapat foto lagi. Yang sudah dibaca tetap dihitung."))
    except (UnknownPerson, WrongReason, *bars.REFUSALS) as refusal:
        return _show(request, said, refusal)
    number = whole_number(request.GET.get("hal", ""))
    return redirect(f"{request.path}?hal={number}" if number else request.path)


def _account(email: str) -> int:
    account = User.objects.filter(email__iexact=email.strip(), is_active=True).values_list("pk", flat=True).first()
    if account is None:
        raise UnknownPerson
    return account


def _left_after_reading() -> QuerySet[Entry, int | None]:
    """Whoever has left: what they read can still be withdrawn, and only from here."""
    return Entry.objects.filter(account__is_active=False).values_list("account", flat=True)


def _show(request: HttpRequest, said: Mapping[str, str], refusal: Refusal | None = None) -> HttpResponse:
    newest = BarTurn.objects.filter(account=OuterRef("pk")).order_by("-pk").values("pk")[:1]
    people = (
        User.objects.filter(Q(paused=True) | Q(pk__in=gold.doubted()) | Q(pk__in=_left_after_reading()))
        .annotate(newest=Subquery(newest))
        .order_by("-paused", "-is_active", "-newest", "pk")
    )
    listed = Paginator(people, SHOWN).get_page(request.GET.get("hal"))
    on_page: list[Any] = list(listed)  # `newest` is known to no type
    turns = BarTurn.objects.select_related("by").in_bulk([person.newest for person in on_page if person.newest])
    answers = gold.answers_of([person.pk for person in on_page])
    history = BarTurn.objects.select_related("by", "second", "account").order_by("-pk")[:SHOWN]
    liftings = {lifting.account_id: lifting for lifting in bars.open_liftings().filter(account__in=on_page)}
    rows = [(one, turns.get(one.newest), answers.get(one.pk), liftings.get(one.pk)) for one in on_page]
    context = {
        "listed": listed,
        "rows": rows,
        "turns": history,
        "why_on": [reason for reason in bars.WHY_ON if reason not in bars.BY_THEMSELVES],
        "why_off": bars.WHY_OFF,
        "email": said.get("email", ""),
        "note": said.get("note", ""),
        "whose": said.get("lift", "") or said.get("person", ""),
        "refusal": refusal,
        "wrong": "reason" if isinstance(refusal, WrongReason) else "email",
    }
    return render(request, "operating/bars.html", context, status=refusal.status if refusal else 200)


@require_http_methods(["GET", "HEAD", "POST"])
@page(Action.OPERATE)
def recall(request: HttpRequest, person: int) -> HttpResponse:
    """Have looked at what would change if a paused person's readings counted no more, or again; confirm or drop it."""
    whose = get_object_or_404(User, pk=person)
    if request.method != "POST":
        return _show_recall(request, whose)
    assert isinstance(request.user, User)
    number = whole_number(request.POST.get("recall", ""))
    try:
        if "confirm" in request.POST:
            pipeline.confirm_recall(request.user, number, search.election().pk, devices.of(request).pk)
            messages.success(request, _("Disetujui. Foto-fotonya diputuskan lagi, satu per satu."))
        elif "cancel" in request.POST:
            recalls.cancel(request.user, number)
            messages.success(request, _("Usul itu batal. Tidak ada yang berubah."))
        else:
            pipeline.propose_recall(request.user, whose.pk, devices.of(request).pk)
    except (bars.OwnBar, *recalls.REFUSALS) as refusal:
        return _show_recall(request, whose, refusal)
    return redirect("recall", whose.pk)


def _show_recall(request: HttpRequest, person: User, refusal: Refusal | None = None) -> HttpResponse:
    newest = Recall.objects.filter(account=person).select_related("proposed_by", "confirmed_by").order_by("-pk").first()
    waits = newest if newest and newest.ended_at is None else None
    effects = recall_preview.effects_of(waits) if waits else None
    contests = Contest.objects.filter(code__in=effects.contests if effects else []).order_by("code")
    context = {
        "person": person,
        "is_on": recalls.is_on(person.pk),
        "open": waits,
        "effects": effects,
        "is_counting": waits and effects and (waits.confirmed_at or effects.looked_at < effects.photos),
        "kinds": [(name, effects.kinds[kind]) for kind, name in EFFECTS if effects.kinds[kind]] if effects else [],
        "contests": [_told(contest, effects.contests[contest.code]) for contest in contests] if effects else [],
        "past": Recall.objects.filter(account=person, ended_at__isnull=False)
        .select_related("proposed_by", "confirmed_by")
        .order_by("-pk")[:SHOWN],
        "refusal": refusal,
    }
    return render(request, "operating/recall.html", context, status=refusal.status if refusal else 200)


def _told(contest: Contest, of: recall_preview.OfContest) -> dict[str, object]:
    titles = {field.key: field.name for field in for_contest(contest).fields}
    sums = [(titles.get(key, key), much) for key, much in of.sums.items() if much]
    return {"contest": contest, "photos": of.photos, "stations": len(of.stations), "sums": sums}
