"""Switches an operator turns without a deployment: read-only, and slow uploads of what is covered.

Like the alarm mode: every turn is a row that stays, and an entry in the ledger; a turn is seen by all processes within
seconds. Who turned it and why stands on `/kelola/sakelar/`; the ledger tells that, when, and by whose commitment.
"""

from collections.abc import Callable
from datetime import UTC, datetime
from functools import wraps
from typing import ParamSpec, TypeVar

from django.core.cache import caches
from django.db import transaction
from django.utils.translation import gettext_lazy as _

from accounts import commitments
from accounts.models import User
from accounts.permissions import Action, NotAllowed, may
from accounts.refusals import Refusal
from ledger import entries as ledger
from uploads.models import Switch, SwitchTurn

Given = ParamSpec("Given")
Answer = TypeVar("Answer")

KEY = "switches"
REMEMBERED = 5  # seconds, in each process
LOCK = 0x73616B656C6172  # "sakelar": turns go one after the other
LONGEST_NOTE = 300


class ReadOnly(Refusal):
    """Nothing new is taken in for now. What was received stands, and can be seen."""

    status = 503
    code = "read_only"
    sentence = _(
        "Untuk sementara Pemantau hanya dapat dibaca: kiriman baru belum kami terima. Yang sudah kami terima aman, dan "
        "bukti terima tetap berlaku. Simpan foto atau bacaan Anda, lalu kirim lagi nanti."
    )
    retry_after = 300


class ReasonNeeded(Refusal):
    status = 422
    code = "reason_needed"
    sentence = _("Tulis alasannya, agar pengelola lain tahu mengapa.")


def is_on(switch: Switch) -> bool:
    """Whether it is on; after a turn, other processes may take `REMEMBERED` seconds to notice."""
    known: dict[str, bool] = caches["process"].get_or_set(KEY, _all_now, REMEMBERED) or {}
    return known.get(switch, False)


def refuse_if_read_only() -> None:
    """What every door asks before it takes something in. Raises `ReadOnly`."""
    if is_on(Switch.READ_ONLY):
        raise ReadOnly


def closed_while_read_only(door: Callable[Given, Answer]) -> Callable[Given, Answer]:
    """A door of the pipeline that asks so before anything else."""

    @wraps(door)
    def guarded(*given: Given.args, **named: Given.kwargs) -> Answer:
        refuse_if_read_only()
        return door(*given, **named)

    return guarded


def turn(by: User, switch: Switch, on: bool, election: str, note: str = "") -> bool:
    """Turn a switch on or off; False if it was so already. `election` names the ledger that tells of it.

    Raises `NotAllowed`; and `ReasonNeeded`, where it is to be turned on without a word why.
    """
    if not may(by, Action.OPERATE):
        raise NotAllowed
    note = note.strip()[:LONGEST_NOTE]
    if on and not note:
        raise ReasonNeeded
    with transaction.atomic():
        with transaction.get_connection().cursor() as cursor:
            cursor.execute("SELECT pg_advisory_xact_lock(%s)", [LOCK])
        if _all_now().get(switch, False) == on:
            return False
        row = SwitchTurn.objects.create(switch=switch, on=on, note=note, by=by)
        ledger.append(
            election,
            "switch",
            version=row.pk,
            switch=switch.value,
            state="on" if on else "off",
            by=commitments.of(by),
            at=f"{datetime.now(UTC):%Y-%m-%dT%H:%M:%SZ}",
        )
        transaction.on_commit(lambda: caches["process"].delete(KEY))
    return True


def newest() -> dict[str, SwitchTurn]:
    """The turn of each switch that holds now, of those that were ever turned. One query."""
    turns = SwitchTurn.objects.select_related("by").order_by("switch", "-pk").distinct("switch")
    return {turn.switch: turn for turn in turns}


def _all_now() -> dict[str, bool]:
    return dict(SwitchTurn.objects.order_by("switch", "-pk").distinct("switch").values_list("switch", "on"))
