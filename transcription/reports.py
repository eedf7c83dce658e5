"""Reports of the public: what somebody found wrong with a TPS, and the one answer to all of them.

Reports of one TPS lie in one group until an adjudicator answers it; a later report opens a new one. How many there
are is nobody's argument: a device says a thing once, and groups are listed by how many blocks of addresses and
devices speak in them. What people write is for adjudicators only.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC
from typing import Any
from uuid import UUID

from django.conf import settings
from django.db import connection
from django.db.models import Count, Exists, F, Func, OuterRef, Q, QuerySet, Value
from django.db.models.functions import Coalesce, Now
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from accounts import buckets, commitments
from accounts.models import Device, User
from accounts.permissions import Action, NotAllowed, may
from accounts.refusals import Refusal, TooOften
from transcription import rulings
from transcription.models import Decision, Report, ReportGroup, Task
from uploads import fair_use
from uploads.claims import Claim
from uploads.models import Photo

LONGEST_TEXT = 500
Reason, Outcome = Report.Reason, ReportGroup.Outcome
# What an outcome does to photos, so that some must be named.
OF_PHOTOS = (Outcome.REREAD, Outcome.CASE)


@dataclass(frozen=True)
class Said:
    """What somebody reports: about a photo, or about the TPS as a whole."""

    claim: Claim  # the TPS, the contest, and the page if they know it
    reason: str
    device: Device
    text: str = ""
    photo_id: UUID | None = None
    account: User | None = None
    address: str = ""  # for the limits only; never stored
    address_block: str = ""


class WrongReport(Refusal):
    status = 422
    code = "wrong_report"
    sentence = _("Pilih apa yang keliru dari daftar. Untuk hal lainnya, tulis keterangannya, paling banyak 500 huruf.")


class NoSuchReport(Refusal):
    status = 404
    code = "no_such_report"
    sentence = _("Laporan ini tidak ada.")


class TooManyReports(TooOften):
    code = "too_many_reports"
    sentence = _("Sudah banyak laporan dari perangkat atau jaringan ini. Laporan ini belum kami terima.")


class OwnReport(Refusal):
    """They reported it, or sent or read a photo of this TPS."""

    status = 403
    code = "own_report"
    sentence = _("Anda melaporkan TPS ini, atau mengirim atau membaca fotonya, jadi verifikator lain yang menjawab.")


class SameNetwork(Refusal):
    """All reports came from the block of addresses that they are in: one household is no second person."""

    status = 403
    code = "same_network"
    sentence = _("Laporan ini datang dari jaringan yang sedang Anda pakai, jadi verifikator lain yang menjawab.")


class AlreadyAnswered(Refusal):
    status = 409
    code = "already_answered"
    sentence = _("Verifikator lain sudah menjawab laporan ini. Muat ulang halaman.")


class ReportedSince(Refusal):
    """Somebody reported the TPS after the page was made: what nobody has read is not answered."""

    status = 409
    code = "reported_since"
    sentence = _("Sejak Anda membuka halaman ini ada laporan baru tentang TPS ini. Baca dulu, lalu jawab lagi.")


class WrongAnswer(Refusal):
    status = 422
    code = "wrong_answer"
    sentence = _(
        "Pilih jawabannya. Untuk membaca ulang atau meninjau foto, tandai foto yang dilaporkan dan sudah diputus."
    )


# --- Reporting ----------------------------------------------------------------------------------


def submit(said: Said) -> tuple[Report, bool]:
    """Store one report. Says whether it is new: a device that says the same of the same again said it already.

    Call it in a transaction. Raises `WrongReport`, `TooManyReports`; the same again is not counted in any limit.
    """
    text = said.text.strip()
    if said.reason not in Reason.values or len(text) > LONGEST_TEXT or (said.reason == Reason.OTHER and not text):
        raise WrongReport
    station, contest = said.claim.station, said.claim.contest
    if said.photo_id and not photos_of(station.pk).filter(pk=said.photo_id, contest=contest.pk).exists():
        raise WrongReport
    group = _open_group(station.pk)  # goes with the transaction where the report is refused
    same = {"contest_id": contest.pk, "device": said.device, "reason": said.reason, "photo_id": said.photo_id}
    if found := group.reports.filter(**same).first():
        return found, False
    _admit(said.device, said.address)
    report = Report.objects.create(
        group=group,
        page=said.claim.page,
        text=text,
        account=said.account,
        address_block=said.address_block,
        **same,
    )
    report.refresh_from_db(fields=["created_at"])
    _keep_from_reading(report)
    return report, True


def _keep_from_reading(report: Report) -> None:
    """Whoever reports a TPS is given none of its photos to read: else they would choose what they read. One statement.

    So is whoever was seen on that device, or is in that block of addresses.
    """
    with connection.cursor() as cursor:
        cursor.execute(
            _KEEP_FROM_READING,
            {
                "station": report.group.station_id,
                "account": report.account_id,
                "device": report.device_id,
                "places": [place for place in (str(report.device_id), report.address_block) if place],
            },
        )


# The queue keeps it so: for photos that come there later, and when they give one back or let its time run out.
_KEEP_FROM_READING = """
    WITH task AS MATERIALIZED (
        SELECT photo_id FROM transcription_task
         WHERE photo_id IN (SELECT id FROM uploads_photo WHERE station_id = %(station)s
                            UNION SELECT photo_id FROM transcription_decision WHERE station_id = %(station)s)
         ORDER BY photo_id FOR UPDATE
    )
    UPDATE transcription_task t
       SET touched_by = t.touched_by || ARRAY(SELECT user_id FROM accounts_sighting WHERE device_id = %(device)s
                                              UNION SELECT %(account)s::bigint WHERE %(account)s IS NOT NULL),
           touched_on = t.touched_on || %(places)s::varchar[], changed_at = now()
      FROM task WHERE t.photo_id = task.photo_id
"""


def _open_group(station: int) -> ReportGroup:
    """The open group of a TPS, made where there is none, and held: nobody answers it while a report comes in.

    One that is answered at this very instant is open no more; the next turn makes a new one.
    """
    while True:
        ReportGroup.objects.bulk_create([ReportGroup(station_id=station)], ignore_conflicts=True)
        held = ReportGroup.objects.select_for_update(no_key=True).filter(station=station, outcome="").first()
        if held:
            return held


def _admit(device: Device, address: str) -> None:
    day = buckets.Bucket(f"reports:device:day:{device.pk}", buckets.rate(settings.REPORTS_PER_DEVICE_AND_DAY))
    nearby = fair_use.of_address("reports", address, settings.REPORTS_PER_IPV4, settings.REPORTS_PER_IPV6)
    if any(waits := buckets.take([day, *nearby])):
        raise TooManyReports(max(waits))


def photos_of(station: int) -> QuerySet[Photo]:
    """Photos that were sent for a TPS, or moved there."""
    sent = Photo.objects.filter(station=station).values("pk")
    moved = Decision.objects.filter(station=station).values("photo")
    return Photo.objects.filter(pk__in=sent.union(moved))  # no OR over two tables: that reads every photo there is


# --- What adjudicators see ----------------------------------------------------------------------


def waiting_for(adjudicator: User) -> QuerySet[ReportGroup]:
    """Open groups that this adjudicator may answer: those of most blocks of addresses first, then of most devices.

    A block has another pseudonym each day, so somebody who reports on two days speaks for two; devices are for the
    taking. Neither proves anything: it is only the order.
    """
    blocks = Count("reports__address_block", distinct=True, filter=~Q(reports__address_block=""))
    return (
        ReportGroup.objects.filter(outcome="")
        .exclude(_is_own(adjudicator))
        .annotate(blocks=blocks, devices=Count("reports__device", distinct=True), many=Count("reports"))
        .select_related("station__region")
        .order_by("-blocks", "-devices", "opened_at", "pk")
    )


def reasons_of(groups: Sequence[ReportGroup]) -> dict[UUID, list[tuple[str, int]]]:
    """How often each reason was given, by group, the most frequent first. One query."""
    found: dict[UUID, list[tuple[str, int]]] = {group.pk: [] for group in groups}
    counted = Report.objects.filter(group__in=groups).values("group", "reason").annotate(many=Count("pk"))
    for row in counted.order_by("-many", "reason"):
        found[row["group"]].append((str(Reason(row["reason"]).label), row["many"]))
    return found


def look_into(group_id: UUID, adjudicator: User) -> ReportGroup:
    """A group, to be read by this adjudicator: what people write may hold numbers, so they read no photo of it then.

    Raises `NoSuchReport`, `OwnReport`.
    """
    group = ReportGroup.objects.select_related("station__region", "closer").filter(pk=group_id).first()
    if group is None:
        raise NoSuchReport
    if ReportGroup.objects.filter(_is_own(adjudicator), pk=group.pk).exists():
        raise OwnReport
    tasks = Task.objects.filter(photo__in=photos_of(group.station_id))
    tasks.exclude(touched_by__contains=[adjudicator.pk]).update(
        touched_by=Func(F("touched_by"), Value(adjudicator.pk), function="array_append"), changed_at=Now()
    )
    return group


def _is_own(adjudicator: User) -> Q:
    """Whether a group is one that somebody had a hand in: they reported, or sent or read a photo of that TPS."""
    theirs = adjudicator.sighting_set.filter(device__isnull=False).values("device")
    reported = Report.objects.filter(Q(account=adjudicator) | Q(device__in=theirs), group=OuterRef("pk"))
    return Q(Exists(reported)) | rulings.had_photo_of(OuterRef("station"), adjudicator)


# --- Answering ----------------------------------------------------------------------------------


@dataclass(frozen=True)
class From:
    """Where an adjudicator answers from, as far as known."""

    device: UUID | None = None
    address_block: str = ""


def answer(
    by: User, group_id: UUID, outcome: str, photos: Sequence[UUID], place: From, seen: int | None = None
) -> tuple[ReportGroup, bool]:
    """Close a group with what came of it. Says whether that is new: the same again changes nothing.

    Whoever asked for something does not grant it: not by their account, nor on the device they asked from, nor alone
    from their block of addresses. `seen` is how many reports they had before them; with more, nothing is answered.
    Call it in a transaction. Raises a `Refusal`; what the outcome does to photos is the pipeline's.
    """
    if not may(by, Action.ADJUDICATE):
        raise NotAllowed
    group = ReportGroup.objects.select_for_update(no_key=True).filter(pk=group_id).first()
    if group is None:
        raise NoSuchReport
    if group.outcome:
        if (group.outcome, group.closer_id) == (outcome, by.pk):
            return group, False
        raise AlreadyAnswered
    if outcome not in Outcome.values or (outcome in OF_PHOTOS) != bool(photos):
        raise WrongAnswer
    if spoken_of(group).filter(pk__in=photos).count() != len(set(photos)):
        raise WrongAnswer
    on_this_device = place.device is not None and group.reports.filter(device=place.device).exists()
    if on_this_device or ReportGroup.objects.filter(_is_own(by), pk=group.pk).exists():
        raise OwnReport
    if place.address_block and not group.reports.exclude(address_block=place.address_block).exists():
        raise SameNetwork
    if seen is not None and group.reports.count() > seen:
        raise ReportedSince
    group.outcome, group.closer, group.closed_at = outcome, by, timezone.now()
    group.save(update_fields=["outcome", "closer", "closed_at"])
    return group, True


def spoken_of(group: ReportGroup) -> QuerySet[Photo]:
    """Decided photos that its reports speak of: that one, its page, or all of a contest where they name neither.

    Of all others nobody asked for anything.
    """
    page = Coalesce("task__decision__page", "page")
    here = group.reports.filter(contest=OuterRef("contest"))
    named_page = Coalesce("photo__task__decision__page", "photo__page", "page")
    of_page = here.annotate(of=named_page).filter(of=OuterRef("of"))
    of_contest = here.filter(photo=None, page=None)
    found = _decided_at(group.station_id).annotate(of=page)
    return found.filter(Q(pk__in=group.reports.values("photo")) | Exists(of_page) | Exists(of_contest))


def _decided_at(station: int) -> QuerySet[Photo]:
    """Photos with a decision that stands: only on those something else can be asked for."""
    standing = Task.objects.filter(photo=OuterRef("pk"), decision__isnull=False)
    standing = standing.exclude(decision__outcome=Decision.Outcome.REOPENED)
    return photos_of(station).filter(Exists(standing), withdrawn_at__isnull=True)


def open_case(photo: UUID) -> None:
    """Put a photo before the adjudicators. It stays there until one of their rulings stands."""
    Task.objects.filter(pk=photo).exclude(why=Task.Why.REPORTED).update(
        needs_adjudicator=True, why=Task.Why.REPORTED, case_since=Coalesce("case_since", Now()), changed_at=Now()
    )


def answers_of(station: int) -> list[ReportGroup]:
    """What came of the reports of a TPS, the newest first: for the public. One query."""
    return list(ReportGroup.objects.filter(station=station).exclude(outcome="").order_by("-closed_at")[:5])


# --- What the ledger gets -----------------------------------------------------------------------


def entry_of(report: Report) -> dict[str, Any]:
    """The fields of the ledger entry `report`. What they wrote stays out of it."""
    fields: dict[str, Any] = {
        "id": str(report.pk),
        "tps": report.group.station.code,
        "contest": report.contest.code,
        "reason": report.reason,
        "who": commitments.of(report.device),
        "at": f"{report.created_at.astimezone(UTC):%Y-%m-%dT%H:%M:%SZ}",
    }
    if report.photo_id is not None:
        fields["photo"] = str(report.photo_id)
    if report.page is not None:
        fields["page"] = report.page
    return fields


def entry_of_answer(group: ReportGroup) -> dict[str, Any]:
    """The fields of the ledger entry `answer`, of a group that was answered."""
    assert group.closer is not None
    assert group.closed_at is not None
    return {
        "id": str(group.pk),
        "tps": group.station.code,
        "state": group.outcome,
        "by": commitments.of(group.closer),
        "at": f"{group.closed_at.astimezone(UTC):%Y-%m-%dT%H:%M:%SZ}",
    }
