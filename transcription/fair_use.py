"""How often somebody may ask for a photo, and send what they read (TRUST section 6). More than that: later.

Far above what a person does: programs that fetch without end are meant. By account, since every reader has one.
"""

from django.conf import settings
from django.utils.translation import gettext_lazy as _

from accounts import buckets
from accounts.models import User
from accounts.refusals import TooOften


class TooManyTasks(TooOften):
    code = "too_many_tasks"
    sentence = _("Terlalu banyak foto diminta dari akun Anda dalam waktu singkat.")


class TooManyEntries(TooOften):
    code = "too_many_entries"
    sentence = _("Terlalu banyak bacaan dari akun Anda dalam waktu singkat. Bacaan ini belum kami terima.")


def admit_asking(account: User) -> None:
    """Count that somebody asks for a photo, whether there is one or not. Raises `TooManyTasks`."""
    if wait := _wait(f"tasks:{account.pk}", settings.TASKS_PER_READER):
        raise TooManyTasks(wait)


def admit_sending(account: User) -> None:
    """Count that somebody sends a reading. Raises `TooManyEntries`."""
    if wait := _wait(f"entries:{account.pk}", settings.ENTRIES_PER_READER):
        raise TooManyEntries(wait)


def _wait(key: str, rate: str) -> int:
    return buckets.take([buckets.Bucket(key, buckets.rate(rate))])[0]
