"""One's own account. Everything else about signing in is allauth's."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from accounts.permissions import Action, page


@require_safe
@page(Action.MANAGE_OWN_ACCOUNT)
def me(request: HttpRequest) -> HttpResponse:
    return render(request, "account/me.html")
