"""Alarm mode: while very many photos come from strangers, each of theirs costs a little work.

An operator turns it on and off; every turn is a row that stays, and an entry in the ledger. Devices of which a photo
was found usable notice nothing.
"""

from datetime import UTC, datetime

from django.core.cache import caches
from django.db import transaction
from django.utils.translation import gettext_lazy as _

from accounts import commitments
from accounts.models import Device, User
from accounts.permissions import Action, NotAllowed, may
from accounts.refusals import Refusal
from ledger import entries as ledger
from uploads import proof
from uploads.models import AlarmTurn

REMEMBERED = 5  # seconds, in each process
LOCK = 0x616C61726D  # "alarm": turns go one after the other


class ProofNeeded(Refusal):
    """The headers say what is to be proved; `docs/uploading.md` says how."""

    status = 428
    code = "proof_needed"
    sentence = _("Sedang banyak kiriman, foto ini belum kami terima. Tunggu 30 detik, lalu kirim lagi.")

    def __init__(self, device: Device) -> None:
        super().__init__()
        self.headers = {"Proof-Challenge": proof.challenge_for(device), "Proof-Bits": str(proof.BITS)}


def is_on() -> bool:
    """Whether it is on; after a turn, other processes may take `REMEMBERED` seconds to notice."""
    return bool(caches["process"].get_or_set("alarm", _is_on_now, REMEMBERED))


def turn(by: User, on: bool, election: str) -> bool:
    """Turn it on or off; False if it was so already. `election` is the code of the one whose ledger tells of it."""
    if not may(by, Action.OPERATE):
        raise NotAllowed
    with transaction.atomic():
        with transaction.get_connection().cursor() as cursor:
            cursor.execute("SELECT pg_advisory_xact_lock(%s)", [LOCK])
        if _is_on_now() == on:
            return False
        row = AlarmTurn.objects.create(by=by, on=on)
        ledger.append(
            election,
            "alarm",
            version=row.pk,
            state="on" if on else "off",
            by=commitments.of(by),
            at=f"{datetime.now(UTC):%Y-%m-%dT%H:%M:%SZ}",
        )
        transaction.on_commit(lambda: caches["process"].delete("alarm"))
    return True


def check(device: Device, paid: proof.Paid) -> None:
    """Take what a device pays for its photo. Raises `ProofNeeded` with a new challenge."""
    if not proof.is_good(paid, device):
        raise ProofNeeded(device)


def _is_on_now() -> bool:
    latest = AlarmTurn.objects.order_by("-pk").values_list("on", flat=True).first()
    return bool(latest)
