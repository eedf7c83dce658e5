"""Photos that can come later: while uploads of what is covered are slow, each of those waits half an hour.

A covered page is one of which enough photos are here, at a TPS whose result is complete. Whoever still wants to send
one (the numbers may be wrong) is asked once to come again after the wait, and is let in then. Nobody's wait touches
anybody else's, so nobody can close a TPS; and what is not covered never waits.
"""

import math
import time

import redis
from django.utils.translation import gettext_lazy as _

from accounts import doorkeeper
from accounts.models import Device
from accounts.refusals import TooOften

WAIT = 30 * 60
REMEMBERED = 24 * 3600
ENOUGH = 2  # photos of a page, none of them rejected


class ComeLater(TooOften):
    """Kept by the phone and sent again by itself."""

    code = "come_later"
    sentence = _(
        "Foto halaman ini dari TPS ini sudah cukup dan hasilnya lengkap, dan sekarang sedang ramai. Foto Anda belum "
        "kami terima, tetapi tidak hilang: simpan di ponsel. Jika angkanya tampak salah, Anda juga dapat melaporkannya."
    )


def is_covered(*, is_complete: bool, photos: int) -> bool:
    """Whether another photo of this page can come later: the TPS's result is complete, without a dispute, and so many
    photos of the page are here."""
    return is_complete and photos >= ENOUGH


def check(device: Device, what: str, now: float | None = None) -> None:
    """Let a device in that has waited since it first asked with this; `what` names TPS, contest and page.

    Raises `ComeLater`. Where Redis is away nobody waits.
    """
    now = time.time() if now is None else now

    def first_asked(client: redis.Redis) -> float:
        key = f"later:{device.pk}:{what}"
        client.set(key, now, ex=REMEMBERED, nx=True)
        return float(client.get(key) or 0)

    since = doorkeeper.ask(first_asked, 0.0)
    left = math.ceil(since + WAIT - now)
    if left > 0:
        raise ComeLater(left)
