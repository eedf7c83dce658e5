"""How somebody becomes a reader: terms, practice, and a probation in which their readings never decide alone.

What the practice is, `transcription.practice` says; what ends the probation, `transcription.probation`.
"""

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from django.db.models.functions import Now
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from accounts.models import Role, User
from accounts.refusals import Refusal

TERMS_VERSION = 1  # of templates/account/_terms.html; a change of what it says is a new version, and is asked again


class NotReady(Refusal):
    """`way` is the page that leads on, `way_label` what its button says; programs find it in `Link`."""

    status = 403
    way: str
    way_label: str | Promise

    @property
    def headers(self) -> Mapping[str, str]:  # type: ignore[override]
        return {"Link": f'<{self.way}>; rel="next"'}


class TermsFirst(NotReady):
    code = "terms_first"
    sentence = _("Baca dan terima dulu ketentuan relawan.")
    way, way_label = "/ketentuan/", _("Ke ketentuan relawan")


class PracticeFirst(NotReady):
    code = "practice_first"
    sentence = _("Selesaikan dulu tiga formulir latihan. Sesudah itu Anda membaca foto sungguhan.")
    way, way_label = "/latihan/", _("Ke latihan")


def check_ready(person: User) -> None:
    """Raise `TermsFirst` or `PracticeFirst` where something comes before their first or next photo. No query."""
    check_terms(person)
    if not has_practised(person):
        raise PracticeFirst


def check_terms(person: User) -> None:
    """Raise `TermsFirst` where they have not accepted the present ones."""
    if not has_accepted(person):
        raise TermsFirst


def has_accepted(person: User) -> bool:
    return person.terms_version >= TERMS_VERSION


def accept_terms(person: User, version: str) -> bool:
    """Keep that and when they accepted the present terms. Twice is once; False where these are not the present ones."""
    if version != str(TERMS_VERSION):
        return False
    not_yet = User.objects.filter(pk=person.pk, terms_version__lt=TERMS_VERSION)
    not_yet.update(terms_version=TERMS_VERSION, terms_accepted_at=Now())
    return True


def has_practised(person: User) -> bool:
    return person.practised_at is not None


def keep_practised(person: User) -> None:
    """Keep that they did, and when. Twice is once."""
    User.objects.filter(pk=person.pk, practised_at=None).update(practised_at=Now())


def on_probation(person: User) -> bool:
    """Whether what they read now never decides alone. Who has a role that two operators gave is on none."""
    return person.role == Role.VOLUNTEER and person.established_at is None


# The same for a row `u` of accounts_user, in SQL.
ON_PROBATION = "(u.role = 'volunteer' AND u.established_at IS NULL)"


def experienced() -> dict[str, Any]:
    """The fields of somebody who has all that behind them: sample accounts, and readers of tests and benchmarks."""
    now = datetime.now(UTC)
    return {
        "terms_version": TERMS_VERSION,
        "terms_accepted_at": now,
        "practised_at": now,
        "established_at": now,
    }
