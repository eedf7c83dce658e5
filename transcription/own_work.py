"""What readers are told of their own work: how much, how well, and what they misread where the answer is known.

Nothing here may tell which of one's tasks had a known answer before `LEARN_AFTER_HOURS` are over, not even by a count
that moves or does not. So what is compared with anything is compared that late, for all readings alike; only how much
and on which days somebody read is told at once.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from uuid import UUID

from django.conf import settings
from django.db import connection
from django.db.models import F
from django.db.models.functions import Now
from django.utils import timezone

from accounts.models import User
from tps.form_definitions import for_contest
from transcription import confirmed, gold
from transcription.accuracy import Answers
from transcription.entries import KOSONG, Value
from transcription.models import GoldReading
from transcription.showing import pictures_of
from uploads import page_tags
from uploads.models import PageTag, Photo

ENOUGH = 10  # known answers from which on an accuracy says something
LESSONS = 20  # the newest are shown


def learn_after() -> timedelta:
    return timedelta(hours=settings.LEARN_AFTER_HOURS)


@dataclass(frozen=True)
class Work:
    read: int
    compared: int  # those old enough that a standing decision speaks for or against
    confirmed: int
    days: int  # in a row, up to today or yesterday
    answers: Answers  # to those whose answer was known, old enough

    @property
    def accuracy(self) -> tuple[float, float] | None:
        """Where it lies with 95 %; nothing where too little is known."""
        return self.answers.interval if self.answers.known >= ENOUGH else None


def of(person: User) -> Work:
    """Two queries."""
    with connection.cursor() as cursor:
        cursor.execute(
            _WORK, {"me": person.pk, "age": learn_after().total_seconds(), "zone": timezone.get_default_timezone_name()}
        )
        read, compared, right, days = cursor.fetchone()
    answers = gold.answers_of([person.pk], older_than=learn_after()).get(person.pk, Answers())
    return Work(read, compared, right, days_in_a_row(days, timezone.localdate()), answers)


def days_in_a_row(days: Sequence[date], today: date) -> int:
    """How many of these days follow each other up to today, or up to yesterday: today is not over. Newest first."""
    if not days or days[0] < today - timedelta(days=1):
        return 0
    return next((far for far, day in enumerate(days) if day != days[0] - timedelta(days=far)), len(days))


_WORK = f"""
    WITH reading AS MATERIALIZED ({confirmed.READINGS.format(accounts="= %(me)s")}),
    old AS (
        SELECT agrees FROM reading WHERE created_at <= statement_timestamp() - make_interval(secs => %(age)s)
    )
    SELECT (SELECT count(*) FROM reading), (SELECT count(agrees) FROM old), (SELECT count(*) FROM old WHERE agrees),
           ARRAY(SELECT DISTINCT (created_at AT TIME ZONE %(zone)s)::date AS day FROM reading ORDER BY day DESC)
"""  # noqa: S608  # built from constants alone


# --- Lessons ----------------------------------------------------------------------------------


@dataclass(frozen=True)
class Difference:
    """One number, as it was typed and as it stands on the paper."""

    name: str
    typed: Value
    written: Value
    crop: tuple[int, int, int, int] | None  # left, top, width and height on the photo


@dataclass(frozen=True)
class Lesson:
    photo: Photo
    reading: GoldReading
    differences: list[Difference]  # none where they saw a problem, another page, or another TPS
    other_tps: bool = False  # that, and nothing else, was wrong

    @property
    def photo_id(self) -> UUID:
        return self.photo.pk

    @property
    def page(self) -> int:
        return self.reading.decision.page or 0

    @property
    def picture(self) -> str:
        return pictures_of(self.photo)[1280]


def lessons(person: User) -> list[Lesson]:
    """What they misread where the answer is known, newest first: as long as that stands and its photo is public.

    Two queries.
    """
    wrong = (
        GoldReading.objects.filter(
            account=person,
            is_right=False,
            created_at__lte=Now() - learn_after(),
            photo__task__decision=F("decision"),
            photo__withdrawn_at=None,
        )
        .select_related("decision", "photo__contest", "photo__station__region")
        .order_by("-created_at")[:LESSONS]
    )
    readings = list(wrong)
    tags = PageTag.objects.in_bulk([reading.photo_id for reading in readings]) if readings else {}
    return [_lesson(reading, tags.get(reading.photo_id)) for reading in readings]


def _lesson(reading: GoldReading, tag: PageTag | None) -> Lesson:
    stands, photo = reading.decision, reading.photo
    if reading.numbers is None or reading.page != stands.page:
        return Lesson(photo, reading, [])
    form = for_contest(photo.contest)
    page = form.page(stands.page or 0)
    tagged = page_tags.page_of(form, tag.tag) if tag else None
    boxes = page_tags.boxes_on(page, tag.boxes) if tag and tagged == page else {}
    written = stands.numbers or {}
    differences = [
        Difference(field.name, reading.numbers[field.key], written[field.key], _around(boxes.get(field.key)))
        for field in page.fields
        if _amount(reading.numbers[field.key]) != _amount(written[field.key])
    ]
    return Lesson(photo, reading, differences, other_tps=not differences)


def _amount(value: Value) -> Value:
    """An empty box and a 0 are the same, as where `is_right` was said (`entries`)."""
    return 0 if value == KOSONG else value


def _around(box: Sequence[int] | None) -> tuple[int, int, int, int] | None:
    """A box of `page_tags.boxes_on` with what stands around it."""
    if not box:
        return None
    left, top, right, right_top, foot, bottom = box
    edge = bottom - top
    x, y = min(left, foot) - edge, min(top, right_top) - edge // 2
    return x, y, max(right, right + foot - left) + edge - x, max(bottom, bottom + right_top - top) + edge // 2 - y
