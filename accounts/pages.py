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
from django.shortcuts import render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from accounts.permissions import Action, page

log = logging.getLogger(__name__)


@require_safe
@page(Action.MANAGE_OWN_ACCOUNT)
def me(request: HttpRequest) -> HttpResponse:
    return render(request, "account/me.html", {"google": bool(settings.GOOGLE_CLIENT_ID)})


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
