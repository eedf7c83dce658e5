"""The volunteers' board, and the page on which one chooses to be on it."""

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_safe

from accounts import display_names
from accounts.models import User
from accounts.permissions import Action, page
from accounts.refusals import Refusal
from aggregation import publication
from transcription import board as boards


@require_safe
@never_cache
@page(Action.SEE_PUBLIC)
def board(request: HttpRequest) -> HttpResponse:
    """Who chose to be on it, and how many of their readings stand. Kept by no cache: whoever goes is gone at once."""
    counted = publication.board(build=boards.counts).content
    return render(request, "account/board.html", {"lines": boards.lines(counted), "most": boards.MOST})


@require_http_methods(["GET", "HEAD", "POST"])
@never_cache
@page(Action.TRANSCRIBE)
def own_name(request: HttpRequest) -> HttpResponse:
    """Choose a name, change it, or take it back."""
    assert isinstance(request.user, User)
    if request.method != "POST":
        return _own_name(request, request.user.display_name)
    if "hapus" in request.POST:
        display_names.take_back(request.user)
        messages.success(request, _("Nama Anda tidak tampil lagi di papan relawan."))
        return redirect("board_name")
    written = request.POST.get("nama", "")
    try:
        name = display_names.choose(request.user, written)
    except (display_names.WrongDisplayName, display_names.DisplayNameTaken) as refusal:
        return _own_name(request, written[:200], refusal)
    messages.success(request, _("Nama Anda di papan relawan sekarang {name}.").format(name=name))
    return redirect("board_name")


def _own_name(request: HttpRequest, written: str, refusal: Refusal | None = None) -> HttpResponse:
    context = {
        "written": written,
        "refusal": refusal,
        "shortest": display_names.SHORTEST,
        "longest": display_names.LONGEST,
    }
    return render(request, "account/board_name.html", context, status=refusal.status if refusal else 200)
