"""`/kelola/sakelar/`: which graded switches are on, since when, by whom, with what effect; and turning two of them.

The alarm mode and surges have pages of their own, which this one shows the way to.
"""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.core.exceptions import BadRequest
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_http_methods

from accounts.models import User
from accounts.permissions import Action, page
from pemantau import happenings
from pemantau.outcomes import tell
from tps import search
from transcription import surges
from uploads import switches
from uploads.models import AlarmTurn, Switch, SwitchTurn

TURNS = 30
TITLES = {
    Switch.SLOW: gettext_lazy("Perlambat foto TPS yang sudah lengkap"),
    Switch.READ_ONLY: gettext_lazy("Hanya baca"),
}
# What turning it on does, as it is said before it is turned.
MEANINGS = {
    Switch.SLOW: gettext_lazy(
        "Foto halaman yang sudah ada dua, dari TPS yang hasilnya lengkap dan tidak disengketakan, diminta datang "
        "setengah jam lagi; ponsel mengirimnya sendiri. Foto TPS lain masuk seperti biasa."
    ),
    Switch.READ_ONLY: gettext_lazy(
        "Tidak ada foto, bacaan, putusan, laporan, atau penarikan yang diterima. Halaman publik dan bukti terima tetap "
        "terbuka. Yang sudah diterima tetap diproses. Pengelola tetap dapat masuk dan mengakhirinya."
    ),
}
COUNTED = {Switch.SLOW: happenings.COME_LATER, Switch.READ_ONLY: happenings.READ_ONLY}


@dataclass(frozen=True)
class Shown:
    """One switch as the page shows it; `effect`: how often it said no in the last hour, None if nobody knows."""

    switch: Switch
    title: Any
    meaning: Any
    on: bool
    since: datetime | None
    by: User | None
    note: str
    effect: int | None


@require_http_methods(["GET", "HEAD", "POST"])
@page(Action.OPERATE)
def all_switches(request: HttpRequest) -> HttpResponse:
    """Show them, or turn one. The same twice changes nothing."""
    if request.method != "POST":
        return _show(request)
    assert isinstance(request.user, User)
    said = request.POST
    if said.get("switch") not in Switch.values or said.get("on") not in ("yes", "no"):
        raise BadRequest("no such switch, or neither on nor off")
    switch, on = Switch(said["switch"]), said["on"] == "yes"
    try:
        turned = switches.turn(request.user, switch, on, search.election().pk, said.get("note", ""))
    except switches.ReasonNeeded as refusal:
        return _show(request, refusal, switch)
    tell(request, turned, _("Sakelar menyala.") if on else _("Sakelar mati."))
    return redirect("switches")


def _show(
    request: HttpRequest, refusal: switches.ReasonNeeded | None = None, wrong: Switch | None = None
) -> HttpResponse:
    newest, happened = switches.newest(), happenings.in_last_hour()
    alarm = AlarmTurn.objects.select_related("by").order_by("-pk").first()
    context = {
        "switches": [_shown(switch, newest.get(switch), happened) for switch in Switch],
        "alarm": alarm,
        "proofs": happened and happened[happenings.PROOF_NEEDED],
        "surges": surges.active(),
        "turns": SwitchTurn.objects.select_related("by").order_by("-pk")[:TURNS],
        "refusal": refusal,
        "wrong": wrong,
    }
    return render(request, "operating/switches.html", context, status=refusal.status if refusal else 200)


def _shown(switch: Switch, turn: SwitchTurn | None, happened: dict[str, int] | None) -> Shown:
    return Shown(
        switch=switch,
        title=TITLES[switch],
        meaning=MEANINGS[switch],
        on=bool(turn and turn.on),
        since=turn.turned_at if turn else None,
        by=turn.by if turn else None,
        note=turn.note if turn else "",
        effect=happened[COUNTED[switch]] if happened else None,
    )
