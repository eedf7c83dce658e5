"""Invitations: a link makes whoever signs in with it a volunteer, and they stand in a line with who invited them.

The lines form a tree, in which people do not confirm each other's readings (`accounts.independence`). `invited_by`
is set once and never changed; the database holds to that. What an operator invites forms no line, like whom they
appoint. A link works as long as its maker may invite; operators may revoke one person's links, or switch off all.
"""

import hashlib
import hmac
import logging
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from django.conf import settings
from django.db import connection, transaction
from django.db.models import Count, F, IntegerField, OuterRef, QuerySet, Subquery, Sum
from django.db.models.functions import Coalesce
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from accounts import commitments, independence, roles
from accounts.models import Acceptance, Invitation, InvitationTurn, Role, User
from accounts.permissions import Action, NotAllowed, may
from accounts.refusals import Refusal
from ledger import entries as ledger

log = logging.getLogger(__name__)
What = InvitationTurn.What

VALID_FOR = timedelta(days=7)
OPEN_PLACES = 20  # of one person's links together; operators have no such limit
MOST_PLACES = 1000  # of one link
LOCK = 0x696E76697465  # "invite": acceptances and turns go one after the other, so lines cannot cross


class InvitationOver(Refusal):
    """Also where there never was such a link: nobody learns which tokens exist."""

    status = 410
    code = "invitation_over"
    sentence = _("Undangan ini tidak berlaku lagi. Minta tautan baru kepada yang mengundang Anda.")


class InvitationsOff(Refusal):
    status = 409
    code = "invitations_off"
    sentence = _("Undangan sedang dihentikan pengelola. Coba lagi nanti.")


class TooManyOpen(Refusal):
    status = 409
    code = "too_many_invitations"
    sentence = _("Undangan Anda yang masih terbuka paling banyak untuk {most} orang. Cabut satu, atau tunggu dipakai.")


class WrongPlaces(Refusal):
    status = 422
    code = "wrong_places"
    sentence = _("Isi untuk berapa orang: 1 sampai {most}.")


class NeedsNoInvitation(Refusal):
    status = 409
    code = "needs_no_invitation"
    sentence = _("Akun Anda sudah punya peran, jadi tidak perlu undangan.")


class InvitedBefore(Refusal):
    status = 409
    code = "invited_before"
    sentence = _("Anda pernah diundang orang lain. Itu tidak dapat diganti. Minta pengelola mengangkat Anda.")


class OnlyByOperator(Refusal):
    status = 403
    code = "only_by_operator"
    sentence = _("Peran Anda pernah dicabut. Hanya pengelola yang dapat mengangkat Anda lagi.")


class OwnLine(Refusal):
    status = 409
    code = "own_line"
    sentence = _("Undangan ini berasal dari orang yang Anda undang. Minta pengelola mengangkat Anda.")


@dataclass(frozen=True)
class Link:
    """An invitation as its maker sees it once."""

    token: str
    invitation: Invitation


def are_on() -> bool:
    """Whether invitations work at all. One query."""
    turns = InvitationTurn.objects.exclude(what=What.REVOKED).order_by("-pk")
    return turns.values_list("what", flat=True).first() != What.OFF


def make(by: User, places: int, nonce: str) -> Link:
    """Make a link for so many people. The same nonce, which our form gave, makes the same link and not a second one.

    Raises `NotAllowed`, `InvitationsOff`, `WrongPlaces`, `TooManyOpen`.
    """
    token = _token(by, nonce)
    with transaction.atomic():
        _hold()
        by = User.objects.get(pk=by.pk)
        if by.paused or not may(by, Action.INVITE):
            raise NotAllowed
        if made := Invitation.objects.filter(token_hash=_hash(token)).first():
            return Link(token, made)
        if not are_on():
            raise InvitationsOff
        most = most_places(by)
        if not 1 <= places <= most:
            raise WrongPlaces(most=most)
        if by.role != Role.OPERATOR and places + places_open(by) > OPEN_PLACES:
            raise TooManyOpen(most=OPEN_PLACES)
        made = Invitation.objects.create(
            inviter=by, token_hash=_hash(token), places=places, expires_at=timezone.now() + VALID_FOR
        )
    return Link(token, made)


def most_places(by: User) -> int:
    return MOST_PLACES if by.role == Role.OPERATOR else OPEN_PLACES


def of(inviter: User) -> QuerySet[Invitation]:
    """A person's links, the newest first, each with how many people took it (`taken`)."""
    return Invitation.objects.filter(inviter=inviter).annotate(taken=Count("acceptances")).order_by("-pk")


def open_ones() -> QuerySet[Invitation]:
    """Links that are neither revoked nor expired nor used up, with `taken`."""
    current = Invitation.objects.filter(revoked_at=None, expires_at__gt=timezone.now())
    return current.annotate(taken=Count("acceptances")).filter(taken__lt=F("places"))


def places_open(inviter: User) -> int:
    """How many people could still come by a person's links."""
    left = open_ones().filter(inviter=inviter).aggregate(left=Sum(F("places") - F("taken")))["left"]
    return int(left or 0)


def revoke(by: User, invitation: int) -> None:
    """Make one of one's own links worthless. Twice is once. Raises `InvitationOver` where it is not theirs."""
    if not Invitation.objects.filter(pk=invitation, inviter=by).exists():
        raise InvitationOver
    Invitation.objects.filter(pk=invitation, revoked_at=None).update(revoked_at=timezone.now())


def find(token: str) -> Invitation:
    """The invitation of a link that works now. Raises `InvitationOver`, `InvitationsOff`."""
    found = open_ones().filter(token_hash=_hash(token)).select_related("inviter").first()
    if found is None or found.inviter.paused or not may(found.inviter, Action.INVITE):
        raise InvitationOver
    if not are_on():
        raise InvitationsOff
    return found


def accept(person: User, token: str, election: str) -> None:
    """Make a citizen a volunteer, in a line with who invited them. Twice is once.

    `election` is the code of the one whose ledger tells of it. Raises `InvitationOver`, `InvitationsOff`,
    `NeedsNoInvitation`, `OnlyByOperator`, `InvitedBefore`, `OwnLine`.
    """
    with transaction.atomic():
        _hold()
        if Acceptance.objects.filter(person=person, invitation__token_hash=_hash(token)).exists():
            return
        invitation = find(token)
        # Both rows, in one order, as roles are changed too.
        rows = {
            row.pk: row
            for row in User.objects.select_for_update().filter(pk__in=[person.pk, invitation.inviter_id]).order_by("pk")
        }
        person, inviter = rows[person.pk], rows[invitation.inviter_id]
        if inviter.paused or not may(inviter, Action.INVITE):
            raise InvitationOver
        _check_guest(person, inviter)
        Acceptance.objects.create(invitation=invitation, person=person)
        if inviter.role != Role.OPERATOR:
            User.objects.filter(pk=person.pk).update(invited_by=inviter)
        roles.change(person, Role.VOLUNTEER, election, inviter, via="invitation")


def _check_guest(person: User, inviter: User) -> None:
    if not person.is_active:
        raise NotAllowed
    if person.role != Role.CITIZEN:
        raise NeedsNoInvitation
    if person.dismissed:
        raise OnlyByOperator
    if person.invited_by_id or Acceptance.objects.filter(person=person).exists():
        raise InvitedBefore
    if person.pk in independence.line_above(inviter.pk):
        raise OwnLine


def turn(by: User, on: bool, election: str) -> bool:
    """Switch all invitations on or off; False if they were so already. Raises `NotAllowed`."""
    if not may(by, Action.OPERATE):
        raise NotAllowed
    with transaction.atomic():
        _hold()
        if are_on() == on:
            return False
        _turned(InvitationTurn.objects.create(by=by, what=What.ON if on else What.OFF), election)
    return True


def revoke_all_of(by: User, inviter: User, election: str) -> int:
    """Make all of a person's links worthless; returns how many were open. Raises `NotAllowed`, `UnknownPerson`."""
    if not may(by, Action.OPERATE):
        raise NotAllowed
    with transaction.atomic():
        _hold()
        known = User.objects.filter(pk=inviter.pk).first()
        if known is None:
            raise roles.UnknownPerson
        open_now = list(open_ones().filter(inviter=known).values_list("pk", flat=True))
        if open_now:
            Invitation.objects.filter(pk__in=open_now).update(revoked_at=timezone.now())
            _turned(InvitationTurn.objects.create(by=by, what=What.REVOKED, inviter=known), election)
    return len(open_now)


def inviters(of: User | None) -> QuerySet[User]:
    """Whom `of` invited; without it, everybody who ever invited somebody. Each with how many they invited
    (`guests`), and how many of those are at work (`active`).
    """

    def counted(**which: object) -> Coalesce:
        taken = Acceptance.objects.filter(invitation__inviter=OuterRef("pk"), **which).order_by()
        numbers = taken.values("invitation__inviter").annotate(n=Count("pk")).values("n")
        return Coalesce(Subquery(numbers, output_field=IntegerField()), 0)

    at_work = {"person__is_active": True, "person__role__in": [role for role in Role.values if role != Role.CITIZEN]}
    people = User.objects.annotate(guests=counted(), active=counted(**at_work))
    found = people.filter(acceptance__invitation__inviter=of) if of else people.filter(guests__gt=0)
    return found.order_by("-guests", "pk")


def inviter_of(person: User) -> User | None:
    """Whose link somebody took."""
    taken = Acceptance.objects.filter(person=person).select_related("invitation__inviter").first()
    return taken.invitation.inviter if taken else None


def _turned(turn: InvitationTurn, election: str) -> None:
    ledger.append(
        election,
        "invitations",
        version=turn.pk,
        state=turn.what,
        by=commitments.of(turn.by),
        at=f"{datetime.now(UTC):%Y-%m-%dT%H:%M:%SZ}",
        **({"account": commitments.of(turn.inviter)} if turn.inviter else {}),
    )


def _hold() -> None:
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(%s)", [LOCK])


def _token(by: User, nonce: str) -> str:
    """Known to whoever has the form's nonce, and made by nobody without our key."""
    said = f"invitation {by.pk} {nonce}".encode()
    return hmac.new(settings.SECRET_KEY.encode(), said, hashlib.sha256).hexdigest()[:32]


def _hash(token: str) -> str:
    return hashlib.sha256(token.encode()).hexdigest()
