"""Somebody lost their passkey, their phone and their recovery codes: two operators remove what they have.

Both know by other means who asks them. The person is signed out everywhere, comes in with a code from their e-mail, and
sets up a new second factor before they go on.
"""

import logging
from datetime import UTC, datetime
from uuid import UUID

from allauth.mfa.models import Authenticator
from django.db import transaction

from accounts import commitments, roles, sessions
from accounts.models import FactorReset, Proposal, User
from accounts.permissions import Action
from ledger import entries as ledger

log = logging.getLogger(__name__)
End = Proposal.End


def reset(by: User, person: User, election: str, device: UUID | None = None) -> bool:
    """Say that a person's second factor is to be removed. True if it is now, False if another operator must say so too.

    Saying it twice changes nothing. Raises `NotAllowed`, `OwnRole`, `UnknownPerson`, `SameDevice`.
    """
    with transaction.atomic():
        by, person = roles.held(by, person)
        said = FactorReset.objects.filter(person=person)
        open_one = said.select_related("proposer").filter(end="").first()
        if not Authenticator.objects.filter(user=person).exists():
            said.close(End.WITHDRAWN, by)  # there is nothing to remove
            return True
        if (
            open_one
            and open_one.proposer_id != by.pk
            and roles.still_may(open_one.proposer, Action.GRANT_ROLES, open_one.proposed_at)
        ):
            roles.check_devices(open_one.device_id, device)
            said.close(End.CONFIRMED, by)
            _remove(person, open_one.proposer, by, election)
            return True
        if open_one and open_one.proposer_id == by.pk:
            return False
        said.close(End.WITHDRAWN, by)  # by somebody who is no operator any more
        FactorReset.objects.create(person=person, proposer=by, device_id=device)
        return False


def withdraw(by: User, person: User) -> None:
    """Take back what was proposed for a person, whoever proposed it. Twice changes nothing."""
    with transaction.atomic():
        by, person = roles.held(by, person)
        FactorReset.objects.filter(person=person).close(End.WITHDRAWN, by)


def _remove(person: User, by: User, second: User, election: str) -> None:
    Authenticator.objects.filter(user=person).delete()
    sessions.end_all_of(person)
    log.warning("account %s: second factor removed by accounts %s and %s", person.pk, by.pk, second.pk)
    ledger.append(
        election,
        "factor",
        account=commitments.of(person),
        by=commitments.of(by),
        second=commitments.of(second),
        at=f"{datetime.now(UTC):%Y-%m-%dT%H:%M:%SZ}",
    )
