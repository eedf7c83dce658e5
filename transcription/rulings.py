"""What adjudicators send. A number that nobody read is refused; nobody rules on what they sent or read."""

from dataclasses import dataclass
from datetime import UTC
from typing import Any
from uuid import UUID

from django.db.models import Exists, F, Func, OuterRef, Q, QuerySet, Value
from django.db.models.functions import Now
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from accounts import commitments
from accounts.models import User
from accounts.permissions import Action, NotAllowed, may
from accounts.refusals import Refusal
from ledger import sealing
from tps.form_definitions import for_contest
from tps.models import PollingStation
from transcription import agreement, consensus, first_looks
from transcription.entries import WrongReading, check_numbers
from transcription.guards import refusing
from transcription.models import Decision, Entry, GoldReading, Lease, Problem, Ruling, Task
from uploads.models import Photo, Repeat
from uploads.receipts import Withdrawn

Verdict = Ruling.Verdict

# What may be said for each verdict; a code goes into the ledger, the sentence onto the page.
REASONS: dict[str, dict[str, Any]] = {
    Verdict.ACCEPT: {
        "as_written": _("Begitu tertulis di kertas"),
        "one_slipped": _("Salah satu pembaca keliru"),
    },
    Verdict.REJECT: dict(Problem.choices),
    Verdict.REHOME: {Problem.WRONG_TPS.value: Problem.WRONG_TPS.label},
    Verdict.REOPEN: {
        "legible": _("Foto ternyata dapat dibaca"),
        "mistake": _("Keputusan sebelumnya keliru"),
        "look_again": _("Perlu dibaca orang lain"),
    },
}
LONGEST_NOTE = 300


@dataclass(frozen=True)
class Sent:
    photo_id: UUID
    adjudicator: User
    verdict: str
    reason: str
    page: int | None = None
    numbers: dict[str, int | str] | None = None
    station_code: str = ""
    note: str = ""
    device_id: UUID | None = None
    address_block: str = ""
    asked_for: bool = False  # somebody else asked that it be read again (`reports.answer`)
    version: int | None = None  # of the decision that they saw; 0 where there was none, None where nobody asks


class OtherCases(Refusal):
    """Not this one: the way on is to the list."""

    way, way_label = "/putusan/", _("Ke daftar yang menunggu putusan")


class NoSuchPhoto(OtherCases):
    status = 404
    code = "no_such_photo"
    sentence = _("Foto ini tidak ada.")


class NotACase(OtherCases):
    """Nothing to rule on: it is still being read, and nobody may look at the entries."""

    status = 409
    code = "not_a_case"
    sentence = _("Foto ini masih dibaca relawan. Belum ada yang perlu diputuskan.")


class HadItInHand(OtherCases):
    """They sent it, read it or are reading it."""

    status = 403
    code = "had_it_in_hand"
    sentence = _("Anda mengirim atau membaca foto ini, jadi verifikator lain yang memutuskan.")


class NobodyAsked(OtherCases):
    """What is decided is read again where one asks and another one approves; a ruling alone would be both."""

    status = 403
    code = "nobody_asked"
    sentence = _(
        "Foto ini sudah diputuskan. Laporkan dulu TPS-nya dengan alasan Anda; verifikator lain yang menyetujui bahwa "
        "fotonya dibaca lagi."
    )


class NobodyReadThat(Refusal):
    status = 422
    code = "nobody_read_that"
    sentence = _("Setiap angka harus sudah dibaca seseorang pada halaman ini. Pilih dari pembacaan yang ada.")


class AlreadyRuled(OtherCases):
    status = 409
    code = "already_ruled"
    sentence = _("Anda sudah memutuskan foto ini. Verifikator lain yang dapat mengubahnya.")


class JustRuled(Refusal):
    """It was decided since they looked, or another adjudicator's ruling is about to become the decision."""

    status = 409
    code = "just_ruled"
    sentence = _("Foto ini baru saja diputuskan. Lihat dulu putusannya.")
    way_label = _("Lihat putusannya")

    @property
    def way(self) -> str:
        return f"/putusan/{self.details['photo']}/"


REFUSALS: dict[str, type[Refusal]] = {
    "only_adjudicators_rule": NotAllowed,
    "nobody_rules_on_what_they_sent": HadItInHand,
    "nobody_rules_on_what_they_read": HadItInHand,
    "nobody_replaces_their_own_ruling": AlreadyRuled,
    "nobody_says_the_same_twice_in_a_row": AlreadyRuled,
    "a_ruling_holds_numbers_that_somebody_read": NobodyReadThat,
}


def submit(sent: Sent) -> tuple[Ruling, bool]:
    """Store one ruling. Says whether it is new: the same one again gives the same ruling.

    Call it in a transaction. Raises a `Refusal`; nothing is changed then.
    """
    if not may(sent.adjudicator, Action.ADJUDICATE):
        raise NotAllowed
    photo = (
        Photo.objects.select_for_update(of=("self",), no_key=True)
        .select_related("contest", "station")
        .filter(pk=sent.photo_id)
        .first()
    )
    if photo is None:
        raise NoSuchPhoto
    if photo.withdrawn_at is not None:
        raise Withdrawn
    station = _checked(sent, photo)
    newest = photo.rulings.filter(adjudicator=sent.adjudicator).order_by("-round", "-created_at").first()
    decision = photo.decisions.order_by("-version").first()
    version = decision.version if decision else 0
    stands = newest is not None and decision is not None and newest.pk in decision.because
    if newest and (stands or newest.round > version):
        was_read_since = photo.entries.filter(round__gt=newest.round).exists()
        if _is(newest, sent, station) and not was_read_since and _is_heard(newest, photo):
            newest.photo, newest.adjudicator, newest.station = photo, sent.adjudicator, station
            return newest, False
        if stands:
            raise AlreadyRuled  # what still waits for a second one may be changed
    if sent.version is not None and sent.version != version:
        raise JustRuled(photo=photo.pk)
    task = may_rule_on(photo, sent.adjudicator)
    said = consensus.outcome_of(photo)
    if sent.verdict == Verdict.REOPEN and not sent.asked_for and not _somebody_asked(task, said, sent.adjudicator):
        raise NobodyAsked
    if sent.verdict == Verdict.ACCEPT:
        first_looks.require(photo, sent.adjudicator)  # who chooses among the others' numbers has seen them
    remember_who_looked(task, sent.adjudicator)
    if said.ruled > version:
        raise JustRuled(photo=photo.pk)
    ruling = Ruling(
        photo=photo,
        adjudicator=sent.adjudicator,
        device_id=sent.device_id,
        address_block=sent.address_block,
        verdict=sent.verdict,
        page=sent.page if sent.verdict == Verdict.ACCEPT else None,
        numbers=sent.numbers if sent.verdict == Verdict.ACCEPT else None,
        station=station,
        reason=sent.reason,
        note=sent.note.strip(),
    )
    with refusing(REFUSALS):
        ruling.save(force_insert=True)
    ruling.refresh_from_db(fields=["round", "created_at"])
    return ruling, True


def may_rule_on(photo: Photo, adjudicator: User) -> Task:
    """The task, if this adjudicator may see the entries for this photo and rule on it. Raises a `Refusal`."""
    is_decided = Q(decision__isnull=False) & ~Q(
        decision__outcome=Decision.Outcome.REOPENED
    )  # else it is being read again
    task = Task.objects.filter(Q(needs_adjudicator=True) | is_decided, pk=photo.pk).first()
    if task is None:
        raise NotACase
    refuse_who_had_it(photo, adjudicator)
    return task


def _somebody_asked(task: Task, said: agreement.Outcome, adjudicator: User) -> bool:
    """Whether others than this adjudicator brought the photo before them; a word of their own that waits does not."""
    if task.why != Task.Why.SECOND:
        return task.needs_adjudicator
    is_decided = task.decision is not None and task.decision.outcome != Decision.Outcome.REOPENED
    return not is_decided or any(one.adjudicator != adjudicator.pk for one in said.waiting)


def refuse_who_had_it(photo: Photo, adjudicator: User) -> None:
    """Raise `HadItInHand` where they sent the photo, read it or are reading it."""
    if had_in_hand(Photo.objects.filter(pk=photo.pk), adjudicator).exists():
        raise HadItInHand


def had_in_hand(photos: QuerySet[Photo], who: User) -> QuerySet[Photo]:
    """Those of these photos that this person sent, read, or holds to read: they rule on none of them."""
    devices = who.sighting_set.filter(device__isnull=False).values("device")
    here = {"photo": OuterRef("pk"), "account": who}
    return photos.filter(
        Q(uploader=who)
        | Q(device__in=devices)
        | Exists(Repeat.objects.filter(Q(account=who) | Q(device__in=devices), photo=OuterRef("pk")))
        | Exists(Entry.objects.filter(**here))
        | Exists(GoldReading.objects.filter(**here))
        | Exists(Lease.objects.filter(task=OuterRef("pk"), account=who, end=""))
    )


def had_photo_of(station: PollingStation | OuterRef, who: User, **fields: object) -> Q:
    """Whether they had a photo in hand that was sent for this TPS, or moved there; `fields` say more of the photo."""
    here = Photo.objects.filter(station=station, **fields)
    moved = Photo.objects.filter(decisions__station=station, **fields)
    return Q(Exists(had_in_hand(here, who))) | Q(Exists(had_in_hand(moved, who)))


def remember_who_looked(task: Task, adjudicator: User) -> None:
    """Whoever saw what others read, or ruled, is not given the photo to read."""
    if adjudicator.pk not in task.touched_by:
        Task.objects.filter(pk=task.pk).exclude(touched_by__contains=[adjudicator.pk]).update(
            touched_by=Func(F("touched_by"), Value(adjudicator.pk), function="array_append"), changed_at=Now()
        )


def _checked(sent: Sent, photo: Photo) -> PollingStation | None:
    """The TPS a moving ruling names; raises `WrongReading` where something is missing or out of place."""
    wrong: dict[str, list[str]] = {}
    if sent.verdict not in Verdict.values:
        raise WrongReading({"verdict": [gettext("Putusan ini tidak kami kenal.")]})
    if sent.reason not in REASONS[sent.verdict]:
        wrong["reason"] = [gettext("Pilih alasannya.")]
    if len(sent.note) > LONGEST_NOTE:
        wrong["note"] = [gettext("Paling banyak 300 huruf.")]
    station = None
    if sent.verdict == Verdict.REHOME:
        station = PollingStation.objects.filter(election=photo.station.election_id, code=sent.station_code).first()
        if station is None or station.pk == photo.station_id:
            wrong["station"] = [gettext("Tulis kode TPS lain yang ada pada pemilu ini.")]
    if wrong:
        raise WrongReading(wrong)
    if sent.verdict == Verdict.ACCEPT:
        form = for_contest(photo.contest)
        if sent.page is None or not form.has_page(sent.page):
            raise WrongReading({"page": [gettext("Halaman ini tidak ada pada formulir.")]})
        check_numbers(sent.numbers, sent.page, form)
    return station


def _is(ruling: Ruling, sent: Sent, station: PollingStation | None) -> bool:
    page, numbers = (sent.page, sent.numbers) if sent.verdict == Verdict.ACCEPT else (None, None)
    said = (sent.verdict, sent.reason, page, numbers, station.pk if station else None)
    return (ruling.verdict, ruling.reason, ruling.page, ruling.numbers, ruling.station_id) == said


def _is_heard(ruling: Ruling, photo: Photo) -> bool:
    """Whether it counts, or waits: not a word that ended with a role or a pause, and may be said anew."""
    return any(one.id == ruling.pk for one in consensus.load(photo).evidence.rulings)


def entry_of(ruling: Ruling) -> dict[str, Any]:
    """The fields of the ledger entry `ruling`: numbers and TPS stand sealed until a decision; the note stays out of it.

    Who rules second has looked for themselves, not in the log; and what readers said stands sealed there as well.
    """
    fields: dict[str, Any] = {
        "id": str(ruling.pk),
        "photo": str(ruling.photo_id),
        "who": commitments.of(ruling.adjudicator),
        "verdict": ruling.verdict,
        "reason": ruling.reason,
        "at": ruling.created_at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ"),
    }
    tps = ruling.station.code if ruling.station else ""
    if said := sealing.what_was_ruled(page=ruling.page, numbers=ruling.numbers, tps=tps):
        fields["sealed"] = sealing.seal(bytes(ruling.salt), said)
    return fields
