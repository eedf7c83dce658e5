"""Three forms to practise on: rendered pages of an invented TPS, whose numbers are known.

Nothing of it is an entry, nothing enters the queue, the decisions or the ledger. Only how far somebody has come is
kept, so that they may go on from another device. The pictures are drawn from these very numbers
(`tests/specimens/practice.py`).
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from django.db import connection, transaction
from django.templatetags.static import static
from django.utils.functional import Promise
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from accounts import onboarding
from accounts.models import User
from tps import form_definitions
from tps.form_definitions import FormDefinition
from transcription.entries import KOSONG, OTHER_VILLAGE, UNREADABLE, Reading, Value
from transcription.models import PracticeResult
from uploads import page_tags

# Of an invented kecamatan. The pictures are of TPS 007 in Mawar.
VILLAGES = (
    ("0000000001", "Cempaka"),
    ("0000000002", "Kenanga"),
    ("0000000003", "Mawar"),
    ("0000000004", "Teratai"),
)
STATION = "0000000003007"
MEASURED = Path(__file__).with_name("practice_pictures.json")  # written with the pictures


@dataclass(frozen=True)
class PracticeForm:
    number: int
    title: str | Promise
    page: int
    numbers: Mapping[str, Value]
    lesson: str | Promise  # said when it was read right
    hints: Mapping[str, str | Promise]  # by field: said beside what was read wrong

    @property
    def picture(self) -> str:
        return static(f"transcription/practice/{self.number}.webp")

    @property
    def measured(self) -> "Measured":
        return _measured()[self.number]


@dataclass(frozen=True)
class Measured:
    """The size of a picture in pixels, and where its numbers stand (`uploads.page_tags.boxes_on`)."""

    width: int
    height: int
    boxes: Mapping[str, list[int]]

    def header(self, page: int) -> list[int]:
        """Where village and TPS number are written, as on a photo."""
        return page_tags.header_on(form().page(page), self.boxes)


@cache
def _measured() -> dict[int, Measured]:
    return {int(number): Measured(**said) for number, said in json.loads(MEASURED.read_text()).items()}


FORMS = {
    form.number: form
    for form in (
        PracticeForm(
            1,
            _("Angka yang jelas"),
            2,
            {"paslon_1": 147, "paslon_2": 62, "paslon_3": 8},
            _("Benar. Kotak di depan angka yang disilang atau dikosongkan tidak diketik."),
            {},
        ),
        PracticeForm(
            2,
            _("Kotak disilang dan kotak kosong"),
            2,
            {"paslon_1": 93, "paslon_2": 0, "paslon_3": KOSONG},
            _("Benar. Tiga kotak disilang berarti nol; tiga kotak tanpa tulisan berarti kosong."),
            {
                "paslon_2": _("Tiga kotak yang disilang berarti nol: ketik 0."),
                "paslon_3": _("Di kotak ini tidak ada tulisan: pilih kosong, bukan nol."),
            },
        ),
        PracticeForm(
            3,
            _("Jumlah yang tidak cocok"),
            3,
            {"suara_sah": 209, "suara_tidak_sah": 6, "suara_total": 251},
            _("Benar. Jumlah di kertas keliru, dan Anda mengetiknya apa adanya. Itu tugas pembaca."),
            {"suara_total": _("Jumlahnya memang keliru di kertas. Ketik seperti tertulis, jangan dibetulkan.")},
        ),
    )
}


def form() -> FormDefinition:
    return form_definitions.load("c-hasil-ppwp")


def done_by(person: User) -> set[int]:
    """Which of them somebody has read right. One query."""
    finished = PracticeResult.objects.filter(account=person, done_at__isnull=False)
    return set(finished.values_list("form", flat=True))


def next_for(done: set[int]) -> PracticeForm | None:
    return next((one for number, one in FORMS.items() if number not in done), None)


def judge(practised: PracticeForm, reading: Reading) -> dict[str, list[str]]:
    """What is wrong with a reading, by field as in `WrongReading`; nothing where it is right.

    The reading is a whole one (`entries.check`).
    """
    if reading.problem:
        return {"problem": [gettext("Foto ini dapat dibaca. Ketik angkanya.")]}
    if reading.page != practised.page:
        return {"page": [gettext("Halaman lain: yang terlihat ini halaman {page}.").format(page=practised.page)]}
    wrong = {}
    if reading.tps != STATION:
        wrong["tps"] = [_compared(_station(STATION), _station(reading.tps))]
    for key, written in practised.numbers.items():
        read = (reading.numbers or {})[key]
        if read != written:
            hint = practised.hints.get(key, "")
            wrong[f"numbers.{key}"] = [f"{_compared(_word(written), _word(read))} {hint}".strip()]
    return wrong


def _compared(written: str, read: str) -> str:
    return gettext("Di kertas: {written}. Anda membaca: {read}.").format(written=written, read=read)


def _station(said: str) -> str:
    """A TPS as `Reading.tps` says it, in words."""
    village = dict(VILLAGES).get(said[:10])
    if village is None:
        return gettext("bukan salah satu desa ini") if said == OTHER_VILLAGE else _word(said)
    return gettext("{village}, TPS {number}").format(village=village, number=said[10:])


def _word(value: Value) -> str:
    return {KOSONG: gettext("kosong"), UNREADABLE: gettext("tak terbaca")}.get(str(value), str(value))


def attempt(person: User, practised: PracticeForm, reading: Reading) -> dict[str, list[str]]:
    """Judge a reading and keep that it was tried; who has read all three right has practised.

    Returns what `judge` says. What was done stays done.
    """
    wrong = judge(practised, reading)
    with transaction.atomic():
        with connection.cursor() as cursor:
            cursor.execute(_KEEP, {"account": person.pk, "form": practised.number, "right": not wrong})
        if not wrong and next_for(done_by(person)) is None:
            onboarding.keep_practised(person)
    return wrong


_KEEP = """
    INSERT INTO transcription_practiceresult AS r (account_id, form, tries, done_at)
    VALUES (%(account)s, %(form)s, 1, CASE WHEN %(right)s THEN now() END)
    ON CONFLICT (account_id, form) DO UPDATE SET tries = r.tries + 1, done_at = coalesce(r.done_at, excluded.done_at)
"""
