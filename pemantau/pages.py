"""The operator's pages: how the operation stands, what is read first, who has which role, and the alarm mode."""

from collections.abc import Mapping
from typing import Any

from django.contrib import messages
from django.core.exceptions import BadRequest
from django.core.paginator import Paginator
from django.db.models import Exists, OuterRef, Prefetch, Subquery
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from accounts import devices, roles, second_factor
from accounts.fields import whole_number
from accounts.models import FactorReset, Role, RoleProposal, User
from accounts.permissions import Action, page
from accounts.refusals import Refusal
from aggregation import backlog_document, region_document
from pemantau import operations, switch_pages
from pemantau.outcomes import tell
from tps import search
from tps.models import Contest, Election
from transcription import samples, surges
from transcription.models import Sample, SurgeTurn
from uploads import alarm as alarm_mode
from uploads import switches
from uploads.models import AlarmTurn, Photo

PER_PAGE = 50
WRONG_TARGETS = (search.UnknownRegion, search.NoSuchContest, surges.NotOneTarget)

STEPS = {
    Photo.Step.INSPECT: gettext_lazy("Dibuatkan salinan publik"),
    Photo.Step.QUEUE: gettext_lazy("Masuk antrean"),
    Photo.Step.READ: gettext_lazy("Menunggu pembaca"),
    Photo.Step.DECIDE: gettext_lazy("Bacaan dibandingkan"),
    Photo.Step.RECORD: gettext_lazy("Dicatat ke hasil TPS"),
    Photo.Step.DONE: gettext_lazy("Selesai"),
}


@require_safe
@page(Action.OPERATE)
def overview(request: HttpRequest) -> HttpResponse:
    """The whole operation, and its backlog in the region that `?wilayah=` names; all of it at most some seconds old."""
    election = search.election()
    code = region_document.code_of(request.GET.get("wilayah", region_document.WHOLE))
    backlog = backlog_document.published(election.pk, code, find=lambda: election).content
    machinery = operations.of(election.pk)
    shown = machinery.counts
    steps = [
        (STEPS[Photo.Step(step)], number, machinery.oldest.get(Photo.Step(step)))
        for step, number in shown.photos.items()
    ]
    return render(
        request,
        "operating/overview.html",
        {
            "election": election,
            "counts": shown,
            "machinery": machinery,
            "on": [title for switch, title in switch_pages.TITLES.items() if switches.is_on(switch)],
            "to_agree": shown.liftings + shown.recalls,
            "steps": steps,
            "alarm": alarm_mode.is_on(),
            "first": len(backlog["served_first"]),
            "document": backlog,
            "deepest": len(code) == max(backlog_document.BELOW),
        },
    )


@require_safe
@page(Action.GRANT_ROLES)
def people(request: HttpRequest) -> HttpResponse:
    query = request.GET.get("q", "").strip()
    role = request.GET.get("peran", "")
    open_proposals = RoleProposal.objects.filter(end="")
    resets = FactorReset.objects.filter(end="", person=OuterRef("pk"))
    found = (
        User.objects.filter(pseudonym="")
        .annotate(
            waits=Exists(open_proposals.filter(person=OuterRef("pk"))) | Exists(resets),
            has_factor=Exists(second_factor.Authenticator.objects.filter(user=OuterRef("pk"))),
            reset_by=Subquery(resets.values("proposer")),
            election=Subquery(Election.objects.filter(is_current=True).values("pk")[:1]),
        )
        .prefetch_related(Prefetch("proposals", open_proposals, to_attr="open_proposals"))
        .order_by("-waits", "email")
    )
    if query:
        found = found.filter(email__icontains=query)
    if role in Role.values:
        found = found.filter(role=role)
    shown = Paginator(found, PER_PAGE).get_page(request.GET.get("hal"))
    on_page: list[Any] = list(shown)  # `election` is known to no type; without one nothing is known of anybody
    context = {
        "people": shown,
        "listed": [(one, roles.open_to(one, one.election) if one.election else list(Role)) for one in on_page],
        "query": query,
        "role": role,
        "roles": Role.choices,
    }
    return render(request, "operating/people.html", context)


@require_POST
@page(Action.GRANT_ROLES)
def grant(request: HttpRequest, person: int) -> HttpResponse:
    assert isinstance(request.user, User)
    second_factor.ask_again(request)
    device = devices.of(request).pk
    now = roles.grant(request.user, User(pk=person), request.POST.get("role", ""), search.election().pk, device)
    if now:
        messages.success(request, _("Peran sudah berlaku."))
    else:
        messages.info(request, _("Usul tercatat. Peran ini berlaku setelah pengelola lain menyetujuinya."))
    return redirect("people")


@require_POST
@page(Action.GRANT_ROLES)
def withdraw(request: HttpRequest, person: int) -> HttpResponse:
    assert isinstance(request.user, User)
    second_factor.ask_again(request)
    roles.withdraw(request.user, User(pk=person))
    messages.success(request, _("Usul ditarik."))
    return redirect("people")


@require_http_methods(["GET", "HEAD", "POST"])
@page(Action.OPERATE)
def alarm(request: HttpRequest) -> HttpResponse:
    """Turn the alarm mode on or off. The same twice changes nothing."""
    if request.method == "POST":
        assert isinstance(request.user, User)
        if (said := request.POST.get("on")) not in ("yes", "no"):
            raise BadRequest("neither on nor off")
        on = said == "yes"
        turned = alarm_mode.turn(request.user, on, search.election().pk)
        tell(request, turned, _("Mode siaga menyala.") if on else _("Mode siaga mati."))
        return redirect("alarm")
    turns = AlarmTurn.objects.select_related("by").order_by("-pk")[:PER_PAGE]
    return render(request, "operating/alarm.html", {"on": bool(turns and turns[0].on), "turns": turns})


@require_http_methods(["GET", "HEAD", "POST"])
@page(Action.OPERATE)
def surge(request: HttpRequest) -> HttpResponse:
    """Have the photos of a region, contest or sample read first, or end that. The same twice changes nothing."""
    election = search.election()
    if request.method != "POST":
        return _surges(request, election, request.GET)
    assert isinstance(request.user, User)
    said = request.POST
    try:
        if "end" in said:
            ended = surges.end(request.user, election.pk, whole_number(said["end"]))
            tell(request, ended, _("Prioritas berakhir. Urutan kembali seperti semula."))
        elif "sample" in said:
            announced = samples.announce(request.user, election.pk, **_sample(said))
            tell(request, announced, _("Sampel diumumkan. Ia diundi dari catatan publik yang datang sesudah ini."))
        else:
            begun = surges.begin(
                request.user,
                election.pk,
                region=said.get("region", "").strip(),
                contest=said.get("contest", ""),
                reason=said.get("reason", ""),
                note=said.get("note", ""),
            )
            tell(request, begun, _("Foto-foto ini sekarang dibaca lebih dulu."))
    except (*samples.REFUSALS, *WRONG_TARGETS, surges.WrongReason) as refusal:
        return _surges(request, election, said, refusal)
    return redirect("surge")


def _sample(said: Mapping[str, str]) -> dict[str, Any]:
    many, digits = said.get("many", ""), said.get("digits", "")
    number = whole_number(many, 7)
    size = {"percent": number} if said.get("unit") == "percent" else {"size": number}
    return {"contest": said["sample"], "digits": int(digits) if digits in ("2", "4") else 0, **size}


def _surges(
    request: HttpRequest, election: Election, said: Mapping[str, str], refusal: Refusal | None = None
) -> HttpResponse:
    turns = SurgeTurn.objects.select_related(
        *("by", "region", "contest", "sample__contest", "ends__region", "ends__contest", "ends__sample__contest")
    )
    context = {
        "active": surges.active(),
        "turns": turns.order_by("-pk")[:PER_PAGE],
        "contests": Contest.objects.filter(election=election).order_by("pk"),
        "reasons": surges.WHY,
        "announced": samples.announced(election.pk),
        "strata": Sample.Strata.choices,
        "later": samples.LATER,
        "said": said,
        "region": said.get("region", ""),
        "contest": said.get("contest", ""),
        "reason": said.get("reason", ""),
        "note": said.get("note", ""),
        "refusal": refusal,
        "wrong": _wrong_field(said, refusal),
    }
    return render(request, "operating/surge.html", context, status=refusal.status if refusal else 200)


def _wrong_field(said: Mapping[str, str], refusal: Refusal | None) -> str:
    if "sample" in said:
        of = {samples.WrongSize: "many", samples.WrongStrata: "digits"}
        return of.get(type(refusal), "sample") if refusal else ""
    return "reason" if isinstance(refusal, surges.WrongReason) else "region"
