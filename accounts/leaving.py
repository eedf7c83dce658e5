"""Somebody leaves: the account is erased, the pseudonym stays.

The address, all ways of signing in, sessions, sightings and the salt go; nobody can tell any more whose the row is, nor
make the commitment again from a person's id. The row stays, with the commitment under which the ledger knows it: what
they read and decided counts on, is still told apart from what others said, and can be checked against the log.
Nothing brings the account back.
"""

import hashlib
import hmac
import logging
import re
import secrets
import time
from typing import Any

from allauth.account.adapter import get_adapter
from allauth.account.models import EmailAddress
from allauth.mfa.models import Authenticator
from django.apps import apps
from django.conf import settings
from django.db import transaction
from django.db.models import F
from django.db.models.functions import Now
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _

from accounts import commitments, roles, second_factor, sessions
from accounts.models import FactorReset, Invitation, Proposal, Role, RoleProposal, Sighting, User
from accounts.refusals import Refusal

log = logging.getLogger(__name__)

NOBODYS = "terhapus.invalid"  # RFC 2606: no mail ever goes there
ASKED = "leaving"  # in the session: the code that was sent, as its hash
TRIES = 3


class LastOperator(Refusal):
    status = 409
    code = "last_operator"
    sentence = _("Anda pengelola terakhir. Angkat pengelola lain dulu, lalu hapus akun Anda.")


class WrongLeavingCode(Refusal):
    status = 422
    code = "wrong_leaving_code"
    sentence = _("Kode ini salah atau tidak berlaku lagi. Periksa e-mail Anda, atau minta kode baru.")


# --- Proving that it is them ------------------------------------------------------------------


def asks_for_code(person: User) -> bool:
    """Who has a second factor uses that; everybody else types a code from their e-mail."""
    return not second_factor.of(person).exists()


def send_code(request: HttpRequest, person: User) -> None:
    """Send a code to their address, for this browser and ten minutes. An earlier one is worth nothing then."""
    code = get_adapter().generate_login_code()
    request.session[ASKED] = {
        "hash": _hash(code),
        "until": time.time() + settings.ACCOUNT_LOGIN_BY_CODE_TIMEOUT,
        "tries": 0,
    }
    get_adapter().send_mail("account/email/leaving", person.email, {"code": code})


def check_code(request: HttpRequest, typed: str) -> None:
    """Raises `WrongLeavingCode`; after three wrong ones another code must be asked for."""
    asked: dict[str, Any] = request.session.get(ASKED, {})
    if not asked or time.time() > asked["until"] or asked["tries"] >= TRIES:
        raise WrongLeavingCode
    if not hmac.compare_digest(_hash(typed), asked["hash"]):
        request.session[ASKED] = asked | {"tries": asked["tries"] + 1}
        raise WrongLeavingCode


def _hash(code: str) -> str:
    plain = re.sub(r"[^A-Z0-9]", "", code.upper())
    return hmac.new(settings.SECRET_KEY.encode(), f"leaving {plain}".encode(), hashlib.sha256).hexdigest()


# --- Leaving ----------------------------------------------------------------------------------


def erase(person: User, election: str) -> None:
    """Erase somebody, who asked for it themselves. Twice is once.

    `election` is the code of the one whose ledger tells of the role they give up. Leases are the caller's to end.
    Raises `LastOperator`.
    """
    with transaction.atomic():
        # All operators' rows, too, in one order: two who leave at once do not leave nobody behind.
        operators = User.objects.filter(role=Role.OPERATOR, is_active=True)
        rows = User.objects.select_for_update().filter(pk__in=[person.pk, *operators.values_list("pk", flat=True)])
        by_id = {row.pk: row for row in rows.order_by("pk")}
        person = by_id.pop(person.pk)
        if person.pseudonym:
            return
        others = [row for row in by_id.values() if row.role == Role.OPERATOR and row.is_active]
        if person.role == Role.OPERATOR and not others:
            raise LastOperator
        if person.role != Role.CITIZEN:
            roles.change(person, Role.CITIZEN, election, person)
        sessions.end_all_of(person)
        _forget_what_is_theirs(person)
        User.objects.filter(pk=person.pk).update(
            pseudonym=commitments.of(person),
            salt=b"",
            email=f"{secrets.token_hex(8)}@{NOBODYS}",
            password=f"!{secrets.token_hex(20)}",
            last_login=None,
            display_name="",
            is_active=False,
        )
        log.info("account %s was erased by its owner", person.pk)


def _forget_what_is_theirs(person: User) -> None:
    EmailAddress.objects.filter(user=person).delete()
    Authenticator.objects.filter(user=person).delete()
    if apps.is_installed("allauth.socialaccount"):
        from allauth.socialaccount.models import SocialAccount  # its tables are there only with Google's keys

        SocialAccount.objects.filter(user=person).delete()
    Sighting.objects.filter(user=person).delete()
    Invitation.objects.filter(inviter=person, revoked_at=None).update(revoked_at=Now())
    # What was to be done with the account is not done; it was withdrawn by who said it, nobody else had a word in it.
    for proposals in (RoleProposal.objects, FactorReset.objects):
        proposals.filter(person=person, end="").update(
            end=Proposal.End.WITHDRAWN, closer=F("proposer"), closed_at=Now()
        )
