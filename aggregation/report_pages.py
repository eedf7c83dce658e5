"""Reports of the public, as adjudicators see them: by TPS, with its photos and numbers, and one answer to all."""

from typing import Any, cast
from uuid import UUID

from django.contrib import messages
from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_safe

from accounts import devices
from accounts.fields import whole_number
from accounts.models import User
from accounts.permissions import Action, page
from accounts.refusals import Refusal
from aggregation import evidence, exclusions, reading_aids, station_document
from aggregation.models import Result
from pemantau import pipeline
from tps.form_definitions import for_contest
from tps.models import Contest
from transcription import reports
from transcription.models import ReportGroup

PER_PAGE = 50
TEXTS = 20


@never_cache
@require_safe
@page(Action.ADJUDICATE)
def groups(request: HttpRequest) -> HttpResponse:
    """TPS with reports that wait for an answer."""
    listed = Paginator(reports.waiting_for(_person(request)), PER_PAGE).get_page(request.GET.get("hal"))
    reasons = reports.reasons_of(list(listed))
    rows = [(group, reasons[group.pk]) for group in listed]
    return render(request, "aggregation/report_groups.html", {"listed": listed, "rows": rows})


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
@page(Action.ADJUDICATE)
def group(request: HttpRequest, group: UUID) -> HttpResponse:
    """All reports of a TPS beside its photos and numbers, and what one may answer."""
    if request.method != "POST":
        return _show(request, group)
    try:
        pipeline.answer_reports(
            _person(request),
            group,
            request.POST.get("jawaban", ""),
            [UUID(photo) for photo in request.POST.getlist("foto") if _is_uuid(photo)],
            devices.shown_by(request),
            devices.address_block(request),
            whole_number(request.POST["laporan"], 9) if "laporan" in request.POST else None,
        )
    except (reports.WrongAnswer, reports.ReportedSince, exclusions.NotExcluded) as refusal:
        return _show(request, group, refusal)
    messages.success(request, _("Semua laporan tentang TPS ini sudah dijawab."))
    return redirect("aggregation:report_groups")


def _show(request: HttpRequest, group_id: UUID, refusal: Refusal | None = None) -> HttpResponse:
    group = reports.look_into(group_id, _person(request))
    named = reports.photos_of(group.station_id).values("contest").union(group.reports.values("contest"))
    contests = Contest.objects.filter(pk__in=named).order_by("pk")
    told = group.reports.exclude(text="").select_related("contest").order_by("-created_at", "pk")
    reasons = reports.reasons_of([group])[group.pk]
    spoken_of = set(reports.spoken_of(group).values_list("pk", flat=True))
    context: dict[str, Any] = {
        "group": group,
        "reasons": reasons,
        "seen": sum(many for _reason, many in reasons),
        "texts": Paginator(told, TEXTS).get_page(request.GET.get("hal")),
        "rereads": group.reports.filter(reason=reports.Reason.REREAD).exclude(page=None).values("page").distinct(),
        "contests": [_seen(group, one, spoken_of) for one in contests],
        "answers": reports.answers_of(group.station_id),
        "outcomes": ReportGroup.Outcome.choices,
        "chosen": request.POST.get("jawaban", ""),
        "ticked": request.POST.getlist("foto"),
        "refusal": refusal,
    }
    return render(request, "aggregation/report_group.html", context, status=refusal.status if refusal else 200)


def _seen(group: ReportGroup, contest: Contest, spoken_of: set[UUID]) -> dict[str, Any]:
    """One contest at the TPS as the public sees it: three queries."""
    form = for_contest(contest)
    found = evidence.at(contest, group.station)
    result = Result.objects.filter(contest=contest, station=group.station, version__gt=0).first()
    return {
        "contest": contest,
        "state_word": reading_aids.STATES[result.state if result else Result.State.EMPTY],
        "numbers": [(field, result.numbers[field.key]) for field in form.fields if field.key in result.numbers]
        if result
        else [],
        "photos": [
            reading_aids.shown(station_document.photo_of(one, form))
            | {"decided": one.stands or one.is_rejected, "may_be_named": one.photo.pk in spoken_of}
            for one in found
        ],
    }


def _is_uuid(text: str) -> bool:
    try:
        return str(UUID(text)) == text.lower()
    except ValueError:
        return False


def _person(request: HttpRequest) -> User:
    """Who is signed in; `page` has made sure that somebody is."""
    return cast(User, request.user)
