"""Which versions of the consensus rule a log names: its genesis one, and every later one by an entry `rule`.

A version is written into `transcription/agreement.py` and comes with the program; that it decides an election from
here on is said by two operators (TRUST section 6), before anything is decided anew by it.
"""

import hashlib
import json
from datetime import UTC, datetime
from pathlib import Path

from django.db import transaction

from accounts import commitments
from accounts.models import User
from accounts.permissions import Action, NotAllowed, may
from ledger import entries as ledger
from ledger.models import Event
from tps.models import Election
from transcription import agreement


class OnePerson(ValueError):
    """Two different operators are needed."""


def digest() -> str:
    """The SHA-256 of the rule's text, as anybody finds it in the published source."""
    return f"sha256:{hashlib.sha256(Path(agreement.__file__).read_bytes()).hexdigest()}"


def sign(election: Election, by: User, second: User, why: str) -> bool:
    """Tell the log that the program's rule decides this election from here on; False where the log names it already.

    Raises `NotAllowed`, `OnePerson`, and `ledger.kinds.WrongFields` where `why` is not a plain word.
    """
    if by.pk == second.pk:
        raise OnePerson
    if not (may(by, Action.OPERATE) and may(second, Action.OPERATE)):
        raise NotAllowed
    with transaction.atomic():
        Election.objects.select_for_update().get(pk=election.pk)
        if agreement.RULE_VERSION in named(election):
            return False
        ledger.append(
            election.pk,
            "rule",
            rule=agreement.RULE_VERSION,
            hash=digest(),
            why=why,
            by=commitments.of(by),
            second=commitments.of(second),
            at=f"{datetime.now(UTC):%Y-%m-%dT%H:%M:%SZ}",
        )
    return True


def named(election: Election) -> set[int]:
    """The versions by which this election may have been decided. The genesis names `Election.rule_version`."""
    entries = Event.objects.filter(log=election.pk, kind="rule").values_list("body", flat=True)
    return {election.rule_version, *(json.loads(bytes(body))["rule"] for body in entries)}


def signed_at(election: Election) -> datetime | None:
    """When the log was told of the program's rule; None where it was not, or where it is the genesis one."""
    told = Event.objects.filter(log=election.pk, kind="rule", subject=str(agreement.RULE_VERSION))
    return told.values_list("created_at", flat=True).first()
