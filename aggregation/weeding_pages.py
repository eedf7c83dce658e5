"""All photos of one sender at once, as adjudicators see them: what is meant, what it would do, and another's word.

Who the sender is, is not said.
"""

from collections.abc import Mapping
from typing import Any, cast
from uuid import UUID

from django.contrib import messages
from django.core.paginator import Page, Paginator
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from accounts import devices
from accounts.fields import whole_number
from accounts.models import User
from accounts.permissions import Action, page
from accounts.refusals import Refusal
from aggregation import weeding_preview
from pemantau import pipeline
from transcription import rulings, showing, weedings
from transcription.models import Decision, WeedingPhoto

LeftOut = WeedingPhoto.LeftOut
PER_PAGE = 50
STATES = {
    Decision.Outcome.ACCEPTED: gettext_lazy("diterima"),
    Decision.Outcome.REJECTED: gettext_lazy("ditolak"),
    Decision.Outcome.REOPENED: gettext_lazy("dibaca ulang"),
}


@require_POST
@page(Action.ADJUDICATE)
def same_sender(request: HttpRequest, photo: UUID) -> HttpResponse:
    """From a case: all that its sender sent. The same twice is one."""
    return redirect("aggregation:weeding", weedings.begin(_person(request), photo).pk)


@never_cache
@require_safe
@page(Action.ADJUDICATE)
def listed(request: HttpRequest) -> HttpResponse:
    """Those that wait, and those that were."""
    found = Paginator(weedings.with_counts(weedings.seen_by(_person(request))), PER_PAGE).get_page(
        request.GET.get("hal")
    )
    return render(request, "aggregation/weedings.html", {"listed": found})


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
@page(Action.ADJUDICATE)
def weeding(request: HttpRequest, weeding: int) -> HttpResponse:
    """What is meant and what it would do. Whoever began it unticks and proposes; another one confirms."""
    if request.method != "POST":
        return _show(request, weeding)
    by, said = _person(request), request.POST
    where = devices.of(request), devices.address_block(request)
    try:
        if "confirm" in said:
            pipeline.confirm_weeding(by, weeding, *where)
            messages.success(request, _("Disetujui. Putusan Anda berdua diberikan foto demi foto."))
        elif "cancel" in said:
            weedings.cancel(by, weeding)
            messages.success(request, _("Usul itu batal. Tidak ada yang berubah."))
            return redirect("transcription:cases")
        elif "undo" in said:
            return redirect("aggregation:weeding", weedings.begin_undoing(by, weeding).pk)
        else:
            weedings.choose(by, weeding, *(_ids(request, name) for name in ("tampil", "foto", "diterima")))
            if "propose" in said:
                weedings.propose(by, weeding, said.get("alasan", ""), *where)
                messages.success(request, _("Usul Anda menunggu verifikator lain."))
    except weedings.REFUSALS as refusal:
        return _show(request, weeding, refusal)
    number = whole_number(said.get("ke", ""))
    return redirect(f"{request.path}?hal={number}" if number else request.path)


def _ids(request: HttpRequest, name: str) -> list[UUID]:
    found = []
    for text in request.POST.getlist(name)[:PER_PAGE]:
        try:
            found.append(UUID(text))
        except ValueError:
            continue
    return found


def _show(request: HttpRequest, number: int, refusal: Refusal | None = None) -> HttpResponse:
    who = _person(request)
    seen = weedings.look_into(number, who)
    waits = seen.ended_at is None and seen.confirmed_at is None
    is_drafted = waits and not seen.proposed_at
    # What will be left out where they are to confirm: they are told before.
    out = weedings.to_be_left_out(seen, who) if waits else {}
    meant = [row for row in weedings.meant(seen) if row.photo_id not in out]
    rows = seen.photos.select_related("photo__contest", "photo__station__region", "photo__task__decision")
    shown = Paginator(rows.order_by("pk"), PER_PAGE).get_page(request.GET.get("hal"))
    context: dict[str, Any] = {
        "weeding": seen,
        "listed": shown,
        "rows": _rows(shown, out, is_drafted=is_drafted),
        "many": shown.paginator.count,
        "meant": len(meant),
        "done": sum(row.done_at is not None for row in meant),
        "left_out": weedings.left_out(seen, out),
        "left_over": weedings.left_over(seen) if is_drafted else 0,
        "effects": weeding_preview.effects_of(meant) if waits and not seen.undoes_id else [],
        "reasons": rulings.REASONS[weedings.verdict_of(seen)].items(),
        "reason": rulings.REASONS[weedings.verdict_of(seen)].get(seen.reason, ""),
        "chosen": request.POST.get("alasan", ""),
        "is_own": seen.proposed_by_id == who.pk,
        "is_being_put_together": is_drafted,
        "waits": waits and seen.proposed_at,
        "is_working": seen.confirmed_at and not seen.ended_at,
        "is_done": seen.confirmed_at and seen.ended_at,
        "refusal": refusal,
    }
    return render(request, "aggregation/weeding.html", context, status=refusal.status if refusal else 200)


def _rows(
    shown: Page[WeedingPhoto], out: Mapping[UUID, WeedingPhoto.LeftOut], *, is_drafted: bool
) -> list[dict[str, Any]]:
    """What is to be left out is so once it is proposed; until then it only is not ticked, and may be."""
    rows = []
    for row in shown:
        pictures = showing.pictures_of(row.photo)
        decision = row.photo.task.decision
        will_be = out.get(row.photo_id)
        left_out = LeftOut(row.left_out) if row.left_out else None if is_drafted else will_be
        rows.append(
            {
                "is_meant": row.is_meant and not will_be,
                "photo": row.photo,
                "small": pictures[480],
                "large": pictures[1280],
                "state": STATES[Decision.Outcome(decision.outcome)] if decision else _("belum diputuskan"),
                "is_accepted": decision and decision.outcome == Decision.Outcome.ACCEPTED,
                "left_out": left_out and left_out.label,
            }
        )
    return rows


def _person(request: HttpRequest) -> User:
    """Who is signed in; `page` has made sure that somebody is."""
    return cast(User, request.user)
