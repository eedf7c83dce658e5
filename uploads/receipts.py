"""Receipt codes: what a citizen holds in hand for a photo that we owe an answer for.

80 random bits in Crockford's base32 and a check character, shown as `7K3M-Q2WD-9FTX-0HB8C`. Nothing is
derived from the photo; whoever has the code may see the receipt, and nobody can guess one.
"""

import re
import secrets
from dataclasses import dataclass
from typing import Any

from django.db import models
from django.utils.translation import gettext_lazy as _

from accounts.refusals import Refusal
from uploads.models import Photo

ALPHABET = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
BITS = 80
LENGTH = 17
PATTERN = re.compile(rf"[{ALPHABET}]{{{LENGTH}}}")


class State(models.TextChoices):
    """Where a photo is, in a word and a sentence. `pemantau.whereabouts` says which holds."""

    RECEIVED = "received", _("Foto Anda sudah kami terima dan tersimpan. Berikutnya dibaca relawan.")
    BEING_READ = "being_read", _("Foto Anda sedang dibaca relawan. Angkanya tampil setelah dua pembaca sepakat.")
    WITH_ADJUDICATOR = "with_adjudicator", _("Pembaca belum sepakat. Verifikator sedang memeriksa foto Anda.")
    AGREED = "agreed", _("Angka pada foto Anda sudah disepakati dan sedang dimasukkan ke hasil.")
    PUBLISHED = "published", _("Angka pada foto Anda sudah masuk ke hasil TPS ini.")
    DISPUTED = "disputed", _("Angka pada foto Anda disepakati, tetapi foto lain dari TPS ini berbeda.")
    REJECTED = "rejected", _("Foto ini tidak dipakai untuk menghitung.")
    WITHDRAWN = "withdrawn", _("Foto ini ditarik oleh pengirimnya dan tidak dihitung.")


UNDECIDED = (State.RECEIVED, State.BEING_READ, State.WITH_ADJUDICATOR)
# Nothing more happens by itself.
SETTLED = (State.PUBLISHED, State.REJECTED, State.WITHDRAWN)

# Why a photo was rejected, by `transcription.models.Problem`.
WHY_REJECTED = {
    "blurred": _("Tulisannya terlalu buram untuk dibaca."),
    "cut_off": _("Sebagian halaman terpotong, jadi angkanya tidak terbaca semua."),
    "wrong_tps": _("Formulir ini milik TPS lain."),
    "wrong_form": _("Formulir ini bukan C.Hasil pemilihan yang dipilih."),
    "not_a_form": _("Foto ini bukan foto formulir C.Hasil."),
    "duplicate": _("Foto yang sama sudah ada dan sudah dibaca."),
    "altered": _("Verifikator menduga isi formulir pada foto ini diubah."),
}

# The way of a photo in four steps, each with the states in which it is the present one.
STEPS: tuple[tuple[str, Any, tuple[State, ...]], ...] = (
    ("received", _("Diterima"), (State.RECEIVED,)),
    ("being_read", _("Dibaca relawan"), (State.BEING_READ, State.WITH_ADJUDICATOR)),
    ("agreed", _("Angka disepakati"), (State.AGREED, State.DISPUTED)),
    ("published", _("Masuk hasil TPS"), (State.PUBLISHED,)),
)


@dataclass(frozen=True)
class Step:
    """One step of a photo's way: "done", "present" or "ahead"."""

    code: str
    label: Any
    place: str
    states: tuple[State, ...]


def steps_at(state: State) -> list[Step]:
    """The four steps as they stand in this state. A photo that left the way (rejected, withdrawn) was received."""
    present = next((number for number, (_code, _label, states) in enumerate(STEPS) if state in states), None)
    if present is None:
        places = ["done"] + ["ahead"] * (len(STEPS) - 1)
    else:
        places = ["done"] * present + ["present"] + ["ahead"] * (len(STEPS) - present - 1)
    return [Step(code, label, place, states) for (code, label, states), place in zip(STEPS, places, strict=True)]


def sentence(state: State, problem: str = "") -> str:
    """What its holder is told; for a rejected photo with the reason."""
    return " ".join(filter(None, (str(state.label), str(WHY_REJECTED.get(problem, "")))))


class Withdrawn(Refusal):
    """Its sender took it back; nobody reads it any more."""

    status = 409
    code = "withdrawn"
    sentence = _("Foto ini ditarik oleh pengirimnya, jadi tidak perlu dibaca lagi.")


class UnknownReceipt(Refusal):
    """No such code, or mistyped."""

    status = 404
    code = "unknown_receipt"
    sentence = _("Kami tidak mengenal bukti ini. Periksa lagi kodenya.")


def new_code() -> str:
    """A fresh code, as stored: 16 characters and the check character."""
    while True:
        number = secrets.randbits(BITS)
        # Crockford's check is modulo 37; codes whose check is none of the 32 plain characters are not used.
        if (check := number % 37) < len(ALPHABET):
            return "".join(ALPHABET[number >> shift & 31] for shift in range(BITS - 5, -1, -5)) + ALPHABET[check]


def parse(typed: str) -> str:
    """The code as stored, from what somebody typed or followed. Raises `UnknownReceipt` where its check fails."""
    code = re.sub(r"[\s-]", "", typed).upper().replace("O", "0").replace("I", "1").replace("L", "1")
    if not PATTERN.fullmatch(code):
        raise UnknownReceipt
    number = 0
    for character in code[:-1]:
        number = number << 5 | ALPHABET.index(character)
    if number % 37 != ALPHABET.index(code[-1]):
        raise UnknownReceipt
    return code


def photo_of(typed: str) -> Photo:
    """The photo a receipt stands for, with its TPS and contest. One query; raises `UnknownReceipt`."""
    photo = (
        Photo.objects.filter(receipt=parse(typed))
        .select_related("station__region", "station__election", "contest")
        .first()
    )
    if photo is None:
        raise UnknownReceipt
    return photo


def grouped(code: str) -> str:
    """As people read it: `7K3M-Q2WD-9FTX-0HB8C`."""
    return "-".join((code[:4], code[4:8], code[8:12], code[12:]))
