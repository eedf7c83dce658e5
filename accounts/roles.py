"""Giving and taking roles (TRUST section 6).

An operator makes a citizen a volunteer and back. Whatever gives or takes the role of adjudicator or operator
needs two different operators: the first one's word is a proposal, the second one's the same word confirms it.
Nobody says anything about their own role. In one election an account of an operator never reads or judges, before
or after: whoever changes sides does so with another account.
"""

import logging
from datetime import UTC, datetime
from uuid import UUID

from django.db import transaction
from django.utils.translation import gettext_lazy as _

from accounts import commitments
from accounts.models import Role, RoleProposal, User
from accounts.permissions import Action, NotAllowed, may
from accounts.refusals import Refusal
from ledger import entries as ledger

log = logging.getLogger(__name__)
End = RoleProposal.End
READERS = {Role.VOLUNTEER, Role.ADJUDICATOR}


class OwnRole(Refusal):
    status = 403
    code = "own_role"
    sentence = _("Peran Anda sendiri diubah oleh pengelola lain.")


class UnknownPerson(Refusal):
    status = 404
    code = "unknown_person"
    sentence = _("Akun ini tidak ada.")


class UnknownRole(Refusal):
    status = 422
    code = "unknown_role"
    sentence = _("Peran ini tidak ada. Pilih salah satu dari daftar.")


class OtherSide(Refusal):
    """An operator who has read, or a reader who has operated (TRUST section 6)."""

    status = 409
    code = "other_side"
    sentence = _(
        "Dalam satu pemilu, akun pengelola tidak pernah membaca atau memutuskan, dan sebaliknya. Orang ini perlu akun "
        "lain untuk peran itu."
    )


class SameDevice(Refusal):
    """One browser in which two have signed in is no second person."""

    status = 403
    code = "same_device"
    sentence = _("Orang kedua harus memakai perangkat lain.")


def needs_two(before: str, after: str) -> bool:
    """Whether going from one role to another takes two operators."""
    return before != after and bool({before, after} & {Role.ADJUDICATOR, Role.OPERATOR})


def grant(by: User, person: User, role: str, election: str, device: UUID | None = None) -> bool:
    """Say that a person is to have a role. True if they have it now, False if a second operator must say so too.

    Saying it twice changes nothing. Another role than the one proposed replaces the proposal. `election` is the
    code of the one whose ledger tells of the change. Raises a `Refusal`: `OtherSide`, `SameDevice` and others.
    """
    if role not in Role.values:
        raise UnknownRole
    with transaction.atomic():
        by, person = held(by, person)
        said = RoleProposal.objects.filter(person=person)
        proposal = said.select_related("proposer").filter(end="").first()
        if person.role == role:
            said.close(End.WITHDRAWN, by)
            return True
        sides_after(person, role, election)
        if not needs_two(person.role, role):
            said.close(End.WITHDRAWN, by)
            change(person, role, election, by)
            return True
        if proposal and proposal.role == role and proposal.proposer_id == by.pk:
            return False
        if (
            proposal
            and proposal.role == role
            and still_may(proposal.proposer, Action.GRANT_ROLES, proposal.proposed_at)
        ):
            check_devices(proposal.device_id, device)
            said.close(End.CONFIRMED, by)
            change(person, role, election, proposal.proposer, by)
            return True
        said.close(End.WITHDRAWN, by)  # another role, or by somebody who is no operator any more
        RoleProposal.objects.create(person=person, role=role, proposer=by, device_id=device)
        return False


def check_devices(first: UUID | None, second: UUID | None) -> None:
    """Raise `SameDevice` where two operators' words came from one browser."""
    if first is not None and first == second:
        raise SameDevice


def still_may(person: User, action: Action, since: datetime) -> bool:
    """Whether they may what they might when they said something: a word does not come back with the role."""
    given_since = RoleProposal.objects.filter(person=person, end=End.CONFIRMED, closed_at__gt=since)
    return may(person, action) and not given_since.exists()


def withdraw(by: User, person: User) -> None:
    """Take back what was proposed for a person, whoever proposed it. Twice changes nothing."""
    with transaction.atomic():
        by, person = held(by, person)
        RoleProposal.objects.filter(person=person).close(End.WITHDRAWN, by)


def held(by: User, person: User) -> tuple[User, User]:
    """Both rows, locked in one order, as they are now: an operator may have ceased to be one a moment ago."""
    rows = {row.pk: row for row in User.objects.select_for_update().filter(pk__in=[by.pk, person.pk]).order_by("pk")}
    if by.pk not in rows or not may(rows[by.pk], Action.GRANT_ROLES):
        raise NotAllowed
    if person.pk not in rows or rows[person.pk].pseudonym:  # or they have left
        raise UnknownPerson
    if by.pk == person.pk:
        raise OwnRole
    return rows[by.pk], rows[person.pk]


def sides_after(person: User, role: str, election: str) -> dict[str, str]:
    """`read_in` and `operated_in` of a person who gets this role. Raises `OtherSide` where they may not."""
    sides = _sides_after(person, role, election)
    if _is_of_both(sides):
        raise OtherSide
    return sides


def open_to(person: User, election: str) -> list[Role]:
    """The roles that a person may have in this election."""
    return [role for role in Role if role == person.role or not _is_of_both(_sides_after(person, role, election))]


def _sides_after(person: User, role: str, election: str) -> dict[str, str]:
    held = {person.role, role}
    return {
        "read_in": election if held & READERS else person.read_in,
        "operated_in": election if Role.OPERATOR in held else person.operated_in,
    }


def _is_of_both(sides: dict[str, str]) -> bool:
    return sides["read_in"] == sides["operated_in"] != ""


def change(
    person: User, role: str, election: str, by: User, second: User | None = None, *, via: str | None = None
) -> None:
    """Give the role and say so in the ledger. Who may is the caller's question, who holds the person's row.

    Whoever gives a role up or has it taken does not get it back by an invitation. Raises `OtherSide`.
    """
    sides = sides_after(person, role, election)
    User.objects.filter(pk=person.pk).update(role=role, dismissed=role == Role.CITIZEN, **sides)
    log.info("account %s: %s instead of %s", person.pk, role, person.role)
    ledger.append(
        election,
        "role",
        account=commitments.of(person),
        role=role,
        by=commitments.of(by),
        at=f"{datetime.now(UTC):%Y-%m-%dT%H:%M:%SZ}",
        **({"second": commitments.of(second)} if second else {}),
        **({"via": via} if via else {}),
    )
