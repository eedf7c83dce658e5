"""One's own account, and where allauth says too little. Everything else about signing in is allauth's."""

import logging
from typing import Any

from allauth.account.forms import ConfirmLoginCodeForm
from allauth.account.stages import LoginByCodeStage, LoginStage
from allauth.account.views import ConfirmLoginCodeView, RequestLoginCodeView
from django.conf import settings
from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.http.response import HttpResponseBase
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from accounts import onboarding
from accounts.adapter import way_after_signing_in
from accounts.models import User
from accounts.permissions import Action, page

log = logging.getLogger(__name__)


@require_safe
@page(Action.MANAGE_OWN_ACCOUNT)
def me(request: HttpRequest) -> HttpResponse:
    return render(request, "account/me.html", {"google": bool(settings.GOOGLE_CLIENT_ID)})


@require_safe
@page(Action.SEE_PUBLIC)
def terms(request: HttpRequest) -> HttpResponse:
    """What a volunteer accepts, for everybody to read."""
    user = request.user
    accepted = user.terms_accepted_at if isinstance(user, User) and onboarding.has_accepted(user) else None
    return render(request, "account/terms.html", {"version": onboarding.TERMS_VERSION, "accepted": accepted})


@require_POST
@page(Action.MANAGE_OWN_ACCOUNT)
def accept_terms(request: HttpRequest) -> HttpResponse:
    assert isinstance(request.user, User)
    if not onboarding.accept_terms(request.user, request.POST.get("versi", "")):
        messages.warning(request, _("Ketentuannya berubah sementara halaman ini terbuka. Baca lagi yang baru."))
        return redirect("accounts:terms")
    return redirect(way_after_signing_in(request.user))


class RequestLoginCode(RequestLoginCodeView):
    """allauth's, but whoever waits for a code may ask for a new one, under the same limits as for the first."""

    def _redirect_to_pending_stage(self, request: HttpRequest, stage: LoginStage) -> HttpResponseRedirect | None:
        if request.method == "POST" and stage.key == LoginByCodeStage.key:
            return None
        return super()._redirect_to_pending_stage(request, stage)


class ConfirmLoginCode(ConfirmLoginCodeView):
    """allauth's, which sends people back without a word when their code is too old."""

    extra_context = {"send_again": True}
    _process: Any = None

    def dispatch(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        response = super().dispatch(request, *args, **kwargs)
        if self._process is None and request.user.is_anonymous:
            messages.warning(request, _("Kode ini tidak berlaku lagi. Minta kode baru."))
        return response

    def form_invalid(self, form: ConfirmLoginCodeForm) -> HttpResponse:
        log.warning("a sign-in failed: another code")
        return super().form_invalid(form)
