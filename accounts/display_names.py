"""The name that somebody chose for the volunteers' board. Only by it are they on it; who takes it back is off it.

It is told to nobody else: no entry in the log holds it, for what is in the log cannot be taken back.
"""

import re
import unicodedata

from django.db import IntegrityError, transaction
from django.utils.translation import gettext_lazy as _

from accounts.models import User
from accounts.refusals import Refusal

SHORTEST, LONGEST = 3, 30
# Letters of any script with their marks, digits, and what stands between parts of a name. Nothing that turns the line
# around, is not seen, or looks like an address.
_BETWEEN = " .'-"
# Whoever speaks for somebody else: the authority, or us.
_NOT_YOURS = re.compile(r"\b(kpu|bawaslu|pemantau|pengelola|verifikator|operator|admin|panitia)\b")


class WrongDisplayName(Refusal):
    status = 422
    code = "wrong_display_name"
    sentence = _("Pilih 3 sampai 30 huruf, angka, spasi, titik atau tanda hubung; bukan nama lembaga atau peran.")


class DisplayNameTaken(Refusal):
    status = 409
    code = "display_name_taken"
    sentence = _("Nama ini sudah dipakai relawan lain. Pilih nama lain.")


def check(written: str) -> str:
    """The name as it will be shown. Raises `WrongDisplayName`."""
    name = " ".join(unicodedata.normalize("NFKC", written[:200]).split())
    known = all(unicodedata.category(one)[0] in "LM" or one.isdecimal() or one in _BETWEEN for one in name)
    letters = sum(unicodedata.category(one)[0] == "L" for one in name)
    if not SHORTEST <= len(name) <= LONGEST or not known or letters < 2 or _NOT_YOURS.search(name.casefold()):
        raise WrongDisplayName
    return name


def choose(person: User, written: str) -> str:
    """Be on the board by this name. Raises `WrongDisplayName`, `DisplayNameTaken`."""
    name = check(written)
    try:
        with transaction.atomic():
            User.objects.filter(pk=person.pk, pseudonym="").update(display_name=name)
    except IntegrityError as error:
        raise DisplayNameTaken from error
    return name


def take_back(person: User) -> None:
    """Be on it no longer. Twice is once."""
    User.objects.filter(pk=person.pk).update(display_name="")
