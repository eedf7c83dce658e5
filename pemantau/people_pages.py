"""Pages about people, for themselves and for operators: invitations, the second factor,
leaving, announcements."""

import secrets
from collections.abc import Mapping
from datetime import datetime

from allauth.core import ratelimit
from django.conf import settings
from django.contrib import messages
from django.contrib.auth import logout
from django.core.exceptions import BadRequest
from django.core.paginator import Paginator
from django.db import transaction
from django.db.models import Count, IntegerField, OuterRef, QuerySet, Subquery
from django.db.models.functions import Coalesce
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.http import url_has_allowed_host_and_scheme
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from accounts import announcements, devices, factor_resets, invitations, leaving, roles, second_factor
from accounts.fields import whole_number
from accounts.models import Announcement, InvitationTurn, Role, User
from accounts.permissions import Action, SignInFirst, page
from accounts.refusals import Refusal
from pemantau.outcomes import tell
from pemantau.refusals import TooManyTries
from tps import search
from tps.models import Election
from transcription import queue
from transcription.models import Entry

PER_PAGE = 50


# --- Invitations ------------------------------------------------------------------------------


@require_http_methods(["GET", "HEAD", "POST"])
@never_cache
@page(Action.INVITE)
def own_invitations(request: HttpRequest) -> HttpResponse:
    """One's links; a new one is shown once, right after it was made."""
    assert isinstance(request.user, User)
    if request.method != "POST":
        return _own_invitations(request, request.user)
    said, link = request.POST, None
    try:
        link = invitations.make(request.user, _number(said, "places"), said.get("nonce", "")[:64])
    except (invitations.InvitationsOff, invitations.WrongPlaces, invitations.TooManyOpen) as refusal:
        return _own_invitations(request, request.user, refusal=refusal)
    address = settings.SITE_ORIGIN + reverse("invitation", args=[link.token])
    return _own_invitations(request, request.user, link=address, made=link.invitation)


def _own_invitations(request: HttpRequest, person: User, **shown: object) -> HttpResponse:
    refusal = shown.get("refusal")
    context = {
        "invitations": invitations.of(person)[:PER_PAGE],
        "on": invitations.are_on(),
        "most": invitations.most_places(person),
        "open": invitations.places_open(person),
        "nonce": secrets.token_urlsafe(16),
        "places": request.POST.get("places", "1"),
        **shown,
    }
    return render(
        request, "account/invitations.html", context, status=refusal.status if isinstance(refusal, Refusal) else 200
    )


@require_POST
@page(Action.INVITE)
def revoke_invitation(request: HttpRequest, invitation: int) -> HttpResponse:
    assert isinstance(request.user, User)
    invitations.revoke(request.user, invitation)
    messages.success(request, _("Tautan dicabut."))
    return redirect("invitations")


@require_http_methods(["GET", "HEAD", "POST"])
@never_cache
@page(Action.SEE_PUBLIC)
def invitation(request: HttpRequest, token: str) -> HttpResponse:
    """What somebody sees who opens a link. Nothing on it says who invites."""
    person = request.user
    if request.method == "POST":
        if not isinstance(person, User):
            raise SignInFirst
        invitations.accept(person, token, search.election().pk)
        messages.success(request, _("Anda sekarang relawan. Terima kasih."))
        return redirect("transcription:start")
    found = invitations.find(token)
    return render(request, "account/invitation.html", {"invitation": found, "here": request.path})


@require_http_methods(["GET", "HEAD", "POST"])
@page(Action.OPERATE)
def invitation_tree(request: HttpRequest) -> HttpResponse:
    """Who invited how many; one person's branch with `?dari=`. Switching invitations off, or revoking one's links."""
    if request.method == "POST":
        return _turn_invitations(request)
    person = _person(request.GET["dari"]) if "dari" in request.GET else None
    guests = _with_entries(invitations.inviters(person))
    context = {
        "person": person,
        "inviter": invitations.inviter_of(person) if person else None,
        "people": Paginator(guests, PER_PAGE).get_page(request.GET.get("hal")),
        "on": invitations.are_on(),
        "turns": InvitationTurn.objects.select_related("by", "inviter").order_by("-pk")[:PER_PAGE],
    }
    return render(request, "operating/invitations.html", context)


def _turn_invitations(request: HttpRequest) -> HttpResponse:
    assert isinstance(request.user, User)
    said, election = request.POST, search.election().pk
    if "revoke" in said:
        person = _person(said["revoke"])
        many = invitations.revoke_all_of(request.user, person, election)
        messages.success(request, _("{n} tautan dicabut.").format(n=many))
        return redirect(f"{reverse('invitation_tree')}?dari={person.pk}")
    if said.get("on") not in ("yes", "no"):
        raise BadRequest("neither on nor off")
    on = said["on"] == "yes"
    turned = invitations.turn(request.user, on, election)
    tell(request, turned, _("Undangan menyala.") if on else _("Undangan dihentikan."))
    return redirect("invitation_tree")


def _with_entries(people: QuerySet[User]) -> QuerySet[User]:
    """How many photos each of these has read (`own`), and those whom they invited (`entries`)."""

    def counted(entries: QuerySet[Entry], by: str) -> Coalesce:
        numbers = entries.order_by().values(by).annotate(n=Count("pk")).values("n")
        return Coalesce(Subquery(numbers, output_field=IntegerField()), 0)

    inviter = "account__acceptance__invitation__inviter"
    return people.annotate(
        own=counted(Entry.objects.filter(account=OuterRef("pk")), "account"),
        entries=counted(Entry.objects.filter(**{inviter: OuterRef("pk")}), inviter),
    )


# --- The second factor ------------------------------------------------------------------------


@require_safe
@never_cache
@page(Action.MANAGE_OWN_ACCOUNT)
def second_factor_first(request: HttpRequest) -> HttpResponse:
    """Says why somebody who signed in by code goes no further, and what to do."""
    assert isinstance(request.user, User)
    wanted = request.GET.get("next", "")
    if not url_has_allowed_host_and_scheme(wanted, {request.get_host()}, request.is_secure()):
        wanted = reverse("accounts:me")
    if second_factor.used_at(request) is not None:
        return redirect(wanted)
    kinds = set(second_factor.of(request.user).values_list("type", flat=True))
    passkey = second_factor.Authenticator.Type.WEBAUTHN in kinds
    use = "mfa_reauthenticate_webauthn" if passkey else "mfa_reauthenticate"
    context = {"kinds": kinds, "use": reverse(use), "wanted": wanted}
    return render(request, "account/second_factor.html", context)


@require_POST
@page(Action.GRANT_ROLES)
def reset_factor(request: HttpRequest, person: int) -> HttpResponse:
    """Propose, confirm or withdraw that somebody's second factor is removed."""
    assert isinstance(request.user, User)
    second_factor.ask_again(request)
    if "withdraw" in request.POST:
        factor_resets.withdraw(request.user, User(pk=person))
        messages.success(request, _("Usul ditarik."))
    elif factor_resets.reset(request.user, User(pk=person), search.election().pk, devices.of(request).pk):
        messages.success(request, _("Langkah kedua dihapus. Orang ini memasang yang baru saat masuk lagi."))
    else:
        messages.info(request, _("Usul tercatat. Langkah kedua dihapus setelah pengelola lain menyetujuinya."))
    return redirect("people")


# --- Leaving ----------------------------------------------------------------------------------


@require_http_methods(["GET", "HEAD", "POST"])
@never_cache
@page(Action.MANAGE_OWN_ACCOUNT)
def leave(request: HttpRequest) -> HttpResponse:
    """Say what goes and what stays; then erase one's own account, after a code or a second factor."""
    person = request.user
    assert isinstance(person, User)
    shown: dict[str, object] = {"by_code": leaving.asks_for_code(person)}
    if request.method != "POST":
        return render(request, "account/leave.html", shown)
    if not shown["by_code"]:
        second_factor.ask_again(request, always=True)
    elif "code" not in request.POST:
        if not ratelimit.consume(request, action="request_login_code", key=person.email.lower()):
            raise TooManyTries
        leaving.send_code(request, person)
        return render(request, "account/leave.html", {**shown, "sent": True})
    try:
        if shown["by_code"]:
            leaving.check_code(request, request.POST["code"])
        with transaction.atomic():
            queue.let_go(person)
            leaving.erase(person, _log_of(person))
    except (leaving.WrongLeavingCode, leaving.LastOperator) as refusal:
        sent = isinstance(refusal, leaving.WrongLeavingCode)
        return render(request, "account/leave.html", {**shown, "sent": sent, "refusal": refusal}, status=refusal.status)
    logout(request)
    return render(request, "account/left.html")


def _log_of(person: User) -> str:
    """The election whose ledger tells that they give up their role: the current one, else the latest there was."""
    if person.role == Role.CITIZEN:
        return ""
    found = Election.objects.order_by("-is_current", "-date").first()
    return found.pk if found else search.election().pk


# --- Announcements ----------------------------------------------------------------------------


@require_http_methods(["GET", "HEAD", "POST"])
@page(Action.OPERATE)
def announce(request: HttpRequest) -> HttpResponse:
    """Show a text on top of all pages, see it before, or end it. The same twice changes nothing."""
    if request.method != "POST":
        return _announcements(request, {})
    assert isinstance(request.user, User)
    said = request.POST
    if "end" in said:
        ended = announcements.end(request.user, _number(said, "end"), search.election().pk)
        tell(request, ended, _("Pengumuman berakhir."))
        return redirect("announce")
    try:
        text, english, severity, audience = (said.get(name, "") for name in ("text", "text_en", "severity", "audience"))
        one = announcements.check(text, english, severity, audience, _moment(said))
    except (announcements.WrongAnnouncement, announcements.LinkInAnnouncement, announcements.WrongEnd) as refusal:
        return _announcements(request, said, refusal=refusal)
    if "preview" in said:
        return _announcements(request, said, preview=one)
    shown = announcements.publish(request.user, one, search.election().pk)
    tell(request, shown, _("Pengumuman tampil di semua halaman dalam satu menit."))
    return redirect("announce")


def _announcements(request: HttpRequest, said: Mapping[str, str], **shown: object) -> HttpResponse:
    refusal = shown.get("refusal")
    context = {
        "active": announcements.active(),
        "turns": Announcement.objects.select_related("by", "ends").order_by("-pk")[:PER_PAGE],
        "severities": Announcement.Severity.choices,
        "audiences": Announcement.Audience.choices,
        "most": announcements.LONGEST,
        "said": {name: said.get(name, "") for name in ("text", "text_en", "severity", "audience", "ends_at")},
        "wrong": "ends_at" if isinstance(refusal, announcements.WrongEnd) else "text",
        **shown,
    }
    status = refusal.status if isinstance(refusal, Refusal) else 200
    return render(request, "operating/announcements.html", context, status=status)


def _moment(said: Mapping[str, str]) -> datetime | None:
    """What the browser's field for date and time says, in our time zone. Raises `WrongEnd`."""
    text = said.get("ends_at", "").strip()
    if not text:
        return None
    try:
        return timezone.make_aware(datetime.strptime(text, "%Y-%m-%dT%H:%M"))
    except (ValueError, OverflowError) as error:
        raise announcements.WrongEnd from error


def _person(number: str) -> User:
    found = User.objects.filter(pk=whole_number(number)).first()
    if found is None:
        raise roles.UnknownPerson
    return found


def _number(said: Mapping[str, str], name: str) -> int:
    return whole_number(said.get(name, ""), 5)
