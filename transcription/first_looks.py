"""An adjudicator's own look at a photo, before they see what others read of it (TRUST section 6).

They are asked for what the others do not agree on, and not told what anybody said: those numbers, which TPS is written,
whether something is wrong with the photo. It is no entry: it decides nothing, stands beside the others' on the
adjudicator's own page, and is kept. What is decided already is public, so of that nobody is asked.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from accounts.models import User
from accounts.refusals import Refusal
from tps.form_definitions import Field, FormDefinition, Page, for_contest
from tps.models import Region
from transcription import showing
from transcription.entries import UNREADABLE, Reading, WrongReading, check_tps, is_value
from transcription.models import Decision, Entry, FirstLook, Problem, Task
from uploads import page_tags
from uploads.models import Photo


class ReadFirst(Refusal):
    status = 409
    code = "read_first"
    sentence = _("Lihat dulu fotonya sendiri. Sesudah itu bacaan orang lain ditampilkan.")


@dataclass(frozen=True)
class Asked:
    """What one adjudicator is to look for. `villages` is empty where nobody read another TPS from the form."""

    photo: Photo
    form: FormDefinition
    page: Page | None
    fields: tuple[Field, ...]
    villages: list[tuple[str, str]]


def asked_of(photo: Photo, why: str) -> Asked:
    """What an adjudicator is to look for, before whom the photo lies because of `why` (`Task.Why`). Two queries."""
    form = for_contest(photo.contest)
    read = list(photo.entries.order_by("created_at", "id"))
    page = next(iter(pages_of(form, read)), None)
    of_page = [entry.numbers or {} for entry in read if page and entry.page == page.number]
    fields = tuple(field for field in page.fields if _differs(field.key, of_page)) if page else ()
    if page and not fields and why == Task.Why.BLANK:
        fields = tuple(page.fields)
    elsewhere = {entry.tps for entry in read} - {"", UNREADABLE, photo.station.code}
    return Asked(photo, form, page, fields, _villages(photo) if elsewhere else [])


def pages_of(form: FormDefinition, entries: Iterable[Entry]) -> list[Page]:
    """The pages that were read, the most often read one first."""
    numbers = [entry.page for entry in entries if entry.numbers is not None and form.has_page(entry.page)]
    return [form.page(number) for number in sorted(set(numbers), key=lambda n: (-numbers.count(n), n)) if number]


def boxes_of(asked: Asked) -> dict[str, list[int]]:
    """Where on the photo the numbers of the page stand, as `page_tags.boxes_on`; nothing where that is not known."""
    tag = getattr(asked.photo, "page_tag", None)
    if asked.page is None or tag is None or page_tags.page_of(asked.form, tag.tag) != asked.page:
        return {}
    return page_tags.boxes_on(asked.page, tag.boxes)


def require(photo: Photo, adjudicator: User) -> FirstLook | None:
    """Their look, which comes before the others' readings, until those are public. Two queries. Raises `ReadFirst`."""
    newest = photo.decisions.order_by("-version").first()
    looks = FirstLook.objects.filter(photo=photo, adjudicator=adjudicator)
    look = looks.filter(round=_round_after(newest)).first() or (looks.last() if _is_public(newest) else None)
    if look is None and not _is_public(newest):
        raise ReadFirst
    return look


def keep(asked: Asked, adjudicator: User, reading: Reading) -> FirstLook:
    """Keep what they saw: all that is asked, or a problem. What was kept in this round stays. Raises `WrongReading`."""
    if reading.problem:
        if reading.problem not in Problem.values:
            raise WrongReading({"problem": [gettext("Masalah ini tidak kami kenal.")]})
        reading = Reading(None, None, reading.problem)
    else:
        _check(asked, reading)
    look, _is_new = FirstLook.objects.get_or_create(
        photo=asked.photo,
        adjudicator=adjudicator,
        round=_round_after(asked.photo.decisions.order_by("-version").first()),
        defaults={
            "page": asked.page.number if asked.fields and asked.page and not reading.problem else None,
            "numbers": reading.numbers or {},
            "tps": reading.tps,
            "problem": reading.problem,
        },
    )
    return look


def _check(asked: Asked, reading: Reading) -> None:
    numbers: object = {} if reading.numbers is None else reading.numbers
    if not isinstance(numbers, dict):
        raise WrongReading({"numbers": [gettext("Isi semua angka pada halaman ini.")]})
    wrong = {
        f"numbers.{field.key}": [gettext("Isi angka 0 sampai 999, kosong, atau tidak terbaca.")]
        for field in asked.fields
        if not is_value(numbers.get(field.key))
    }
    wrong |= {
        f"numbers.{key}": [gettext("Kolom ini tidak ada pada halaman ini.")]
        for key in numbers.keys() - {field.key for field in asked.fields}
    }
    if wrong:
        raise WrongReading(wrong)
    if asked.villages:
        check_tps(reading)


def _differs(key: str, readings: Iterable[Mapping[str, object]]) -> bool:
    return len({reading[key] for reading in readings if key in reading}) > 1


def _villages(photo: Photo) -> list[tuple[str, str]]:
    district = photo.station.region_id[:6]
    return showing.to_choose_from(photo, list(Region.objects.filter(parent=district).values_list("code", "name")))


def _round_after(newest: Decision | None) -> int:
    return newest.version + 1 if newest else 1


def _is_public(newest: Decision | None) -> bool:
    return newest is not None and newest.outcome != Decision.Outcome.REOPENED
