"""What the frame of every page needs to know: where one is, and which ways are open to one's role."""

from typing import Any

from django.contrib.auth.models import AnonymousUser
from django.http import HttpRequest

from accounts import announcements
from accounts.models import User
from accounts.permissions import Action, may, role_of

# First part of the path -> the main way it belongs to.
SECTIONS = {
    "": "hasil",
    "hasil": "hasil",
    "cari": "hasil",
    "antrean": "hasil",
    "tanda-tanya": "hasil",
    "foto": "hasil",
    "lapor": "hasil",
    "selisih": "hasil",
    "sematan": "hasil",
    "data": "hasil",
    "kirim": "kirim",
    "bukti": "kirim",
    "baca": "baca",
    "latihan": "baca",
    "relawan": "baca",
    "putusan": "putusan",
    "kelola": "kelola",
}


class Mays:
    """`{{ may.adjudicate }}` in a template: whether this person may. Asks for the person only when asked."""

    def __init__(self, request: HttpRequest) -> None:
        self._request = request

    def __getitem__(self, code: str) -> bool:
        user: User | AnonymousUser = getattr(self._request, "user", None) or AnonymousUser()
        return any(may(user, action) for action in Action if action.code == code)


def context(request: HttpRequest) -> dict[str, Any]:
    """Context processor: `may`, `section`, and `announcements`, which are looked for where a page shows them."""

    def shown() -> list[announcements.Shown]:
        return announcements.shown_to(role_of(getattr(request, "user", None) or AnonymousUser()))

    return {
        "may": Mays(request),
        "section": SECTIONS.get(request.path.split("/")[1], ""),
        "announcements": shown,
    }
