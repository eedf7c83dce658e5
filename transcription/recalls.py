"""Recalls: all that a paused person read, or ruled, stops counting at once, or counts again, as two operators say.

    proposed → every photo is looked at, nothing changes → confirmed by another operator
             → every photo is decided again, each in a transaction of its own → ended

What would change is stored photo by photo, so that the second operator sees all of it however much it is
(`aggregation.recall_preview`), and a crash loses one photo's work. From the confirmation on the consensus leaves
entries and rulings out (`agreement.Evidence.barred`); a photo that is not reached yet is known to wait. Taking a
recall back is the same with the sign turned: they say what they said before.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from functools import reduce
from operator import or_
from uuid import UUID

from django.db import connection, transaction
from django.db.models import Exists, OuterRef, Q, QuerySet, Subquery
from django.db.models.functions import Coalesce, Now
from django.utils.translation import gettext_lazy as _

from accounts import commitments
from accounts.models import User
from accounts.permissions import Action, NotAllowed, may
from accounts.refusals import Refusal
from accounts.roles import SameDevice, check_devices, still_may
from ledger import entries as ledger
from tps.models import Contest, PollingStation
from transcription import bars, reports
from transcription.models import BarTurn, Decision, Entry, Recall, RecallPhoto, Ruling
from uploads.models import Photo


class NotPaused(Refusal):
    status = 409
    code = "not_paused"
    sentence = _("Jeda dulu akun ini. Sesudah itu bacaannya dapat ditarik.")


class NoSuchRecall(Refusal):
    """None, or it has ended, or it was confirmed already."""

    status = 409
    code = "no_such_recall"
    sentence = _("Usul ini tidak ada lagi, atau sudah disetujui.")


class NotYetCounted(Refusal):
    status = 409
    code = "not_yet_counted"
    sentence = _("Akibatnya masih dihitung. Tunggu sampai semua foto dilihat, lalu setujui.")


REFUSALS = (NotPaused, NoSuchRecall, bars.OneOperator, SameDevice, NotYetCounted)


def is_on(account: int) -> bool:
    """Whether this person's entries count no more."""
    newest = Recall.objects.filter(account=account, confirmed_at__isnull=False).order_by("-pk").first()
    return newest is not None and newest.on


def open_for(account: int) -> Recall | None:
    return Recall.objects.filter(account=account, ended_at=None).select_related("proposed_by", "confirmed_by").first()


def propose(by: User, account: int, device: UUID | None = None) -> Recall:
    """Have looked at what would change if this person's entries counted no more; or again, where they do not.

    Nothing changes by it. Raises `NotAllowed`, `OwnBar`, `NotPaused`. The one that is open is given again.
    """
    bars.check_who(by, account)
    with transaction.atomic():
        person = User.objects.select_for_update().filter(pk=account).first()
        if person is None or (person.is_active and not person.paused):
            raise NotPaused  # whoever has left reads no more either
        if there := open_for(account):
            return there
        recall = Recall.objects.create(account=person, on=not is_on(account), proposed_by=by, device_id=device)
        with connection.cursor() as cursor:
            cursor.execute(_PHOTOS, {"recall": recall.pk, "account": account})
    return recall


# Nobody who is paused adds an entry or a ruling: these are all there will be.
_PHOTOS = """
    INSERT INTO transcription_recallphoto (recall_id, photo_id, sums)
    SELECT %(recall)s::bigint, photo_id, '{}'::jsonb
      FROM (SELECT photo_id, created_at FROM transcription_entry WHERE account_id = %(account)s
            UNION ALL
            SELECT photo_id, created_at FROM transcription_ruling WHERE adjudicator_id = %(account)s) AS said
     GROUP BY photo_id ORDER BY min(created_at), photo_id
"""


def cancel(by: User, recall: int) -> None:
    """Drop a proposal that nobody has confirmed. Twice is once. Raises `NotAllowed`, `NoSuchRecall`."""
    if not may(by, Action.OPERATE):
        raise NotAllowed
    with transaction.atomic():
        there = Recall.objects.select_for_update().filter(pk=recall, confirmed_at=None).first()
        if there is None:
            raise NoSuchRecall
        if there.ended_at is None:
            Recall.objects.filter(pk=recall).update(ended_at=Now(), dropped_by=by)


def confirm(by: User, recall: int, election: str, device: UUID | None = None) -> Recall:
    """Another operator agrees: from now on the entries count no more, or again, which ends the pause, too.

    Where something came to a photo since it was looked at, that is to be looked at first. What comes after is decided
    on by then. Raises `NotAllowed`, `NoSuchRecall`, `OneOperator`, `SameDevice`, `OwnBar`, `NotYetCounted`.
    """
    with transaction.atomic():
        there = _held_to_confirm(by, recall, device)
        changed = _look_again_at_what_changed(there)
        if not changed:
            _confirm(there, by, election)
    if changed:
        raise NotYetCounted  # only now: what was seen of those photos stays forgotten
    return there


def _held_to_confirm(by: User, recall: int, device: UUID | None) -> Recall:
    recalled = User.objects.filter(pk__in=Recall.objects.filter(pk=recall).values("account"))
    recalled.select_for_update().first()  # the person before the recall, as `bars.lift`
    found = Recall.objects.select_for_update(of=("self",)).select_related("account", "proposed_by")
    there = found.filter(pk=recall).first()
    if there is None or there.ended_at or there.confirmed_at:
        raise NoSuchRecall
    bars.check_who(by, there.account_id)
    if by.pk == there.proposed_by_id:
        raise bars.OneOperator
    check_devices(there.device_id, device)
    if not still_may(there.proposed_by, Action.GRANT_ROLES, there.proposed_at):
        raise NoSuchRecall
    return there


def _look_again_at_what_changed(recall: Recall) -> bool:
    """Forget what was seen of photos that something came to since; says whether there are any."""
    of_it, since = {"photo": OuterRef("photo")}, OuterRef("looked_at")
    on_its_way = Q(recall__confirmed_at__gt=since) | Q(recall__confirmed_at__isnull=False, decided_again_at=None)
    others = RecallPhoto.objects.exclude(recall=recall).filter(on_its_way, **of_it)
    # The sums are those of its TPS, so what is decided on another photo of the same page changes them, too.
    of_page = {"contest": OuterRef("photo__contest"), "page": OuterRef("of_page")}
    there = Decision.objects.filter(**of_page, decided_at__gt=since)
    moved_to = Decision.objects.filter(photo=OuterRef(OuterRef("photo"))).values("station")
    changed = [
        Entry.objects.filter(**of_it, created_at__gt=since),
        Ruling.objects.filter(**of_it, created_at__gt=since),
        Decision.objects.filter(**of_it, decided_at__gt=since),
        there.filter(station=OuterRef("photo__station")),
        there.filter(station__in=moved_to),
        others,
    ]
    any_of_these = reduce(or_, (Q(Exists(one)) for one in changed))
    decided = Decision.objects.filter(photo=OuterRef("photo"), page__isnull=False).order_by("-version").values("page")
    rows = RecallPhoto.objects.filter(recall=recall, effect__isnull=False)
    rows = rows.annotate(of_page=Coalesce(Subquery(decided[:1]), "photo__page")).filter(any_of_these)
    return _forget(RecallPhoto.objects.filter(pk__in=rows.values("pk"))) > 0


def look_again_at(contest: Contest, station: PollingStation) -> None:
    """Forget what open recalls were seen to change at a TPS: its count was excluded, or counts again."""
    open_ones = Recall.objects.filter(confirmed_at=None, ended_at=None)
    here = reports.photos_of(station.pk).filter(contest=contest)
    # Also what is just being looked at: that waits for whoever is at it, who may not see this yet.
    _forget(RecallPhoto.objects.filter(photo__in=here, recall__in=open_ones))


def _forget(rows: QuerySet[RecallPhoto]) -> int:
    return rows.update(effect=None, sums={}, looked_at=None)


def _confirm(there: Recall, by: User, election: str) -> None:
    if there.photos.filter(effect=None).exists():
        raise NotYetCounted
    Recall.objects.filter(pk=there.pk).update(confirmed_by=by, confirmed_at=Now())
    if not there.on:
        bars.end(there.proposed_by, by, there.account_id, election, reason=BarTurn.Reason.MISTAKE)
    ledger.append(
        election,
        "revoke",
        version=there.pk,
        account=commitments.of(there.account),
        state="on" if there.on else "off",
        by=commitments.of(there.proposed_by),
        second=commitments.of(by),
        at=f"{datetime.now(UTC):%Y-%m-%dT%H:%M:%SZ}",
    )


def waiting_for(photo: Photo) -> frozenset[int]:
    """The accounts whose recall is confirmed and has not reached this photo."""
    rows = RecallPhoto.objects.filter(photo=photo, decided_again_at=None, recall__confirmed_at__isnull=False)
    return frozenset(rows.values_list("recall__account", flat=True))


def unfinished() -> QuerySet[Recall]:
    """Recalls of which something is still to be done by a program."""
    return Recall.objects.filter(ended_at=None).exclude(confirmed_at=None, pk__in=_looked_through())


def _looked_through() -> QuerySet[Recall, int]:
    unseen = RecallPhoto.objects.filter(effect=None).values("recall")
    return Recall.objects.filter(ended_at=None).exclude(pk__in=unseen).values_list("pk", flat=True)


def not_looked_at(recall: Recall) -> QuerySet[RecallPhoto]:
    return RecallPhoto.objects.filter(recall=recall, effect=None).order_by("pk")


def not_decided_again(recall: Recall) -> QuerySet[RecallPhoto]:
    return RecallPhoto.objects.filter(recall=recall, decided_again_at=None).order_by("pk")


@contextmanager
def held(rows: QuerySet[RecallPhoto]) -> Iterator[RecallPhoto | None]:
    """The next of these rows, in a transaction, in nobody else's hands; None where there is none left to take."""
    with transaction.atomic():
        yield rows.select_for_update(of=("self",), skip_locked=True).first()


def note_decided_again(row: RecallPhoto) -> None:
    RecallPhoto.objects.filter(pk=row.pk, decided_again_at=None).update(decided_again_at=Now())


def end_if_done(recall: Recall) -> None:
    if not not_decided_again(recall).exists():
        Recall.objects.filter(pk=recall.pk, confirmed_at__isnull=False, ended_at=None).update(ended_at=Now())
