"""Bars: who is given no more tasks, since when and why; and what known answers and haste say of it.

A bar that is on pauses a person: no new task, and what they hold ends. It changes no number by itself, so that one
operator is enough when somebody has to be stopped at once; another one must agree before it ends. What they read before
stops counting when two operators say so, all of it at once (`transcription.recalls`).
"""

from collections.abc import Iterator
from datetime import UTC, datetime
from uuid import UUID

from django.db import connection, transaction
from django.db.models import Exists, OuterRef, QuerySet
from django.db.models.functions import Now
from django.utils.translation import gettext_lazy as _

from accounts import commitments
from accounts.models import Role, RoleProposal, User
from accounts.permissions import Action, NotAllowed, may
from accounts.refusals import Refusal
from accounts.roles import SameDevice, UnknownPerson, check_devices, still_may
from ledger import entries as ledger
from transcription import gold, queue
from transcription.models import BarTurn, Lifting, Pace, Recall
from transcription.surges import LONGEST_NOTE, WrongReason

Reason = BarTurn.Reason
TOO_FAST = 5  # entries faster than a person reads
WHY_ON = (Reason.CARELESS, Reason.ONE_SIDED, Reason.TOGETHER, Reason.GOLD, Reason.TOO_FAST, Reason.OTHER)
BY_THEMSELVES = (Reason.GOLD, Reason.TOO_FAST)  # what pauses without a person
WHY_OFF = (Reason.EXPLAINED, Reason.MISTAKE, Reason.OTHER)


class OwnBar(Refusal):
    status = 403
    code = "own_bar"
    sentence = _("Tentang akun Anda sendiri, pengelola lain yang memutuskan.")


class TakesTwo(Refusal):
    """Else one operator could stop all rulings, and all other operators."""

    status = 403
    code = "takes_two"
    sentence = _(
        "Verifikator dan pengelola tidak dijeda oleh satu orang. Usulkan perannya dicabut; pengelola kedua menyetujui."
    )


class StillRecalled(Refusal):
    """Their readings do not count; two operators take that back, which lifts the bar, too."""

    status = 409
    code = "still_recalled"
    sentence = _("Bacaan akun ini sedang tidak dihitung. Batalkan dulu itu, maka jedanya ikut berakhir.")


class NoSuchLifting(Refusal):
    """None, or it was taken back, or whoever proposed it is no operator any more."""

    status = 409
    code = "no_such_lifting"
    sentence = _("Usul ini tidak ada lagi.")


class OneOperator(Refusal):
    status = 403
    code = "one_operator"
    sentence = _("Usul Anda sendiri harus disetujui pengelola lain.")


REFUSALS = (OwnBar, TakesTwo, StillRecalled, NoSuchLifting, OneOperator, SameDevice)


def pause(by: User, account: int, election: str, *, reason: str, note: str = "") -> bool:
    """Give somebody no more tasks and end what they hold; False if that is so already.

    Raises `NotAllowed`, `UnknownPerson`, `OwnBar`, `WrongReason`, `TakesTwo`.
    """
    _check(by, account, reason, note, WHY_ON)
    if User.objects.filter(pk=account, role__in=(Role.ADJUDICATOR, Role.OPERATOR)).exists():
        raise TakesTwo
    return _turn_and_end_leases(by, account, election, reason, note)


def propose_lifting(
    by: User, account: int, *, reason: str, note: str = "", device: UUID | None = None
) -> Lifting | None:
    """Say that somebody is to be given tasks again, and why; another operator must agree. None if nobody paused them.

    The one that is open is given again. Raises `NotAllowed`, `UnknownPerson`, `OwnBar`, `WrongReason`, `StillRecalled`.
    """
    _check(by, account, reason, note, WHY_OFF)
    with transaction.atomic():
        person = User.objects.select_for_update().filter(pk=account).first()
        if person is None:
            raise UnknownPerson
        if not person.paused:
            return None
        _check_counts(account)
        if there := open_liftings().filter(account=account).first():
            return there
        # What is open all the same is of somebody who is no operator any more.
        Lifting.objects.filter(account=account).close(Lifting.End.WITHDRAWN, by)
        return Lifting.objects.create(
            account=person, reason=reason, note=note.strip()[:LONGEST_NOTE], proposer=by, device_id=device
        )


def still_judges(person: User, action: Action, since: datetime) -> bool:
    """Whether they may what they might when they said something, without a break: neither role nor pause between."""
    paused_since = BarTurn.objects.filter(account=person, on=True, turned_at__gt=since)
    return still_may(person, action, since) and not paused_since.exists()


def open_liftings() -> QuerySet[Lifting]:
    """What waits for another operator's word, of people who are here and proposers who are operators still."""
    since = RoleProposal.objects.filter(
        person=OuterRef("proposer"), end="confirmed", closed_at__gt=OuterRef("proposed_at")
    )
    of_operators = Lifting.objects.filter(~Exists(since), proposer__role=Role.OPERATOR, proposer__is_active=True)
    return of_operators.filter(end="", account__is_active=True).select_related("proposer")


def lift(by: User, lifting: int, election: str, device: UUID | None = None) -> None:
    """Agree that a pause ends: they get tasks again; what known answers and haste said before counts no more.

    Twice is once. Raises `NotAllowed`, `OwnBar`, `NoSuchLifting`, `OneOperator`, `SameDevice`, `StillRecalled`.
    """
    there = Lifting.objects.select_related("proposer").filter(pk=lifting).first()
    if there is None:
        raise NoSuchLifting
    check_who(by, there.account_id)
    with transaction.atomic():
        User.objects.select_for_update().get(pk=there.account_id)
        there.refresh_from_db()
        if there.end == Lifting.End.CONFIRMED:
            return
        if there.end or not still_may(there.proposer, Action.GRANT_ROLES, there.proposed_at):
            raise NoSuchLifting
        if by.pk == there.proposer_id:
            raise OneOperator
        check_devices(there.device_id, device)
        _check_counts(there.account_id)
        # Who reads again is not recalled.
        Recall.objects.filter(account=there.account_id, confirmed_at=None, ended_at=None).update(
            ended_at=Now(), dropped_by=by
        )
        Lifting.objects.filter(account=there.account_id).close(Lifting.End.CONFIRMED, by)
        end(there.proposer, by, there.account_id, election, reason=there.reason, note=there.note)


def end(by: User, second: User, account: int, election: str, *, reason: str, note: str = "") -> None:
    """A pause ends as two operators say; who else proposed that is answered. In a transaction."""
    Lifting.objects.filter(account=account).close(Lifting.End.WITHDRAWN, second)
    turn(by, account, election, on=False, reason=reason, note=note, second=second)


def withdraw_lifting(by: User, account: int) -> None:
    """Take back what was proposed, whoever proposed it. Twice is once. Raises `NotAllowed`, `OwnBar`."""
    check_who(by, account)
    with transaction.atomic():
        User.objects.select_for_update().filter(pk=account).first()
        Lifting.objects.filter(account=account).close(Lifting.End.WITHDRAWN, by)


def _check_counts(account: int) -> None:
    newest = Recall.objects.filter(account=account, confirmed_at__isnull=False).order_by("-pk").first()
    if newest and newest.on:
        raise StillRecalled


def pause_those_below(election: str) -> list[int]:
    """Pause whoever known answers or haste show; returns their ids. The sweeper calls it."""
    return [account for account, why in _due() if _turn_and_end_leases(None, account, election, why)]


def turn(
    by: User | None, account: int, election: str, *, on: bool, reason: str, note: str = "", second: User | None = None
) -> bool:
    """One turn with its entry in the log; False if it is so already. In a transaction."""
    person = User.objects.select_for_update().filter(pk=account).first()
    if person is None:
        raise UnknownPerson
    if person.paused == on:
        return False
    User.objects.filter(pk=account).update(paused=on)
    added = BarTurn.objects.create(
        account=person, on=on, reason=reason, note=note.strip()[:LONGEST_NOTE], by=by, second=second
    )
    if not on:
        Pace.objects.filter(account=person).update(too_fast=0)
    ledger.append(
        election,
        "bar",
        version=added.pk,
        account=commitments.of(person),
        state="on" if on else "off",
        why=reason,
        by=commitments.of(by) if by else "system",
        at=f"{datetime.now(UTC):%Y-%m-%dT%H:%M:%SZ}",
        **({"second": commitments.of(second)} if second else {}),
    )
    return True


def _turn_and_end_leases(by: User | None, account: int, election: str, reason: str, note: str = "") -> bool:
    with transaction.atomic():
        is_new = turn(by, account, election, on=True, reason=reason, note=note)
    # After that: leases are locked before people, and nobody takes or renews one any more.
    queue.let_go(User(pk=account))
    return is_new


def _check(by: User, account: int, reason: str, note: str, allowed: tuple[Reason, ...]) -> None:
    check_who(by, account)
    if reason not in allowed or (reason == Reason.OTHER and not note.strip()):
        raise WrongReason


def check_who(by: User, account: int) -> None:
    if not may(by, Action.OPERATE):
        raise NotAllowed
    if by.pk == account:
        raise OwnBar


def _due() -> Iterator[tuple[int, str]]:
    """Who is to be paused, and why. Two statements."""
    with connection.cursor() as cursor:
        cursor.execute(_SUSPECTS, [TOO_FAST])
        suspects = cursor.fetchall()
    answers = gold.answers_of([account for account, _too_fast in suspects])
    for account, too_fast in suspects:
        if too_fast:
            yield account, Reason.TOO_FAST
        elif account in answers and answers[account].below_the_bar:
            yield account, Reason.GOLD


_SUSPECTS = """
    SELECT u.id, coalesce(p.too_fast >= %s, false)
      FROM (SELECT account_id FROM transcription_goldreading WHERE NOT is_right
            UNION SELECT account_id FROM transcription_pace WHERE too_fast > 0) AS suspect
      JOIN accounts_user u ON u.id = suspect.account_id AND u.is_active AND NOT u.paused
      LEFT JOIN transcription_pace p ON p.account_id = u.id
     ORDER BY u.id
"""
