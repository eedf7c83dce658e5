"""Weedings: what one sender sent is rejected in one go, photo by photo and for one reason, as two adjudicators say.

    begun from a case → its adjudicator unticks what is no junk → proposed → confirmed by another one
                      → each photo is ruled on by both, in a transaction of its own → ended

It is a way of giving many rulings, not of deciding: each photo gets the rulings of both through the same door as any
other (`pipeline.send_ruling`), so the rule, the guards and the log know nothing of weedings. The sender is an account,
or the device where there is none; never a block of addresses, which many share. Adjudicators are told that it is the
same sender, not who. Undoing is the same with the ruling that has a photo read again.
"""

from collections import Counter
from collections.abc import Collection, Mapping
from datetime import UTC, datetime
from uuid import UUID

from django.db import transaction
from django.db.models import (
    BooleanField,
    Count,
    Exists,
    ExpressionWrapper,
    F,
    Func,
    OuterRef,
    Q,
    QuerySet,
    Subquery,
    Value,
)
from django.db.models.functions import Coalesce, Now
from django.utils.translation import gettext_lazy as _

from accounts import commitments, independence
from accounts.models import Device, RoleProposal, User
from accounts.permissions import Action, NotAllowed, may
from accounts.refusals import Refusal
from ledger import entries as ledger
from transcription import bars, consensus, rulings
from transcription.agreement import Accepted, Rejected
from transcription.models import BarTurn, Decision, Ruling, Task, Weeding, WeedingPhoto
from uploads.models import Photo

LeftOut, Verdict, Outcome = WeedingPhoto.LeftOut, Ruling.Verdict, Decision.Outcome
MOST = 500  # photos in one go; what is left over waits for the next


class NoSuchWeeding(Refusal):
    """None, or it is no longer where somebody thought it was."""

    status = 409
    code = "no_such_weeding"
    sentence = _("Usul ini tidak ada lagi, atau sudah berubah. Muat ulang halaman.")


class NothingLeft(Refusal):
    status = 409
    code = "nothing_left"
    sentence = _("Tidak ada lagi foto pengirim ini yang dapat diputuskan bersama.")


class NothingMeant(Refusal):
    status = 422
    code = "nothing_meant"
    sentence = _("Tidak ada foto yang ditandai. Tandai paling sedikit satu.")


class NoReason(Refusal):
    status = 422
    code = "no_reason"
    sentence = _("Pilih alasannya.")


class OneAdjudicator(Refusal):
    status = 403
    code = "one_adjudicator"
    sentence = _("Usul Anda sendiri harus disetujui verifikator lain.")


class NotIndependent(Refusal):
    """One device, one block of addresses, or one line of invitations: their rulings would not count as two."""

    status = 403
    code = "not_independent"
    sentence = _("Anda dan pengusul tidak saling lepas, jadi verifikator lain yang menyetujuinya.")


class ThirdAdjudicator(Refusal):
    """Nobody replaces their own ruling: those who rejected the photos do not undo that between themselves."""

    status = 403
    code = "third_adjudicator"
    sentence = _("Yang membatalkan paling sedikit satu orang yang dulu tidak ikut menolak.")


REFUSALS = (NoSuchWeeding, NothingLeft, NothingMeant, NoReason, OneAdjudicator, NotIndependent, ThirdAdjudicator)


# --- Who sees which -----------------------------------------------------------------------------


def seen_by(adjudicator: User) -> QuerySet[Weeding]:
    """All but those of what they sent themselves, the newest first."""
    devices = adjudicator.sighting_set.filter(device__isnull=False).values("device")
    own = Q(account=adjudicator) | Q(sender_device__in=devices)
    return Weeding.objects.exclude(own).select_related("proposed_by", "confirmed_by").order_by("-pk")


def waiting_for(adjudicator: User) -> QuerySet[Weeding]:
    """Those that wait for a second adjudicator, or that this one is putting together, with how many are meant."""
    waiting = Q(proposed_at__isnull=False) | Q(proposed_by=adjudicator)
    return with_counts(seen_by(adjudicator).filter(waiting, ended_at=None, confirmed_at=None).exclude(_IS_OVER))


# The word of whoever proposed it, or put it together, ended with their role or with a pause.
_SINCE = Coalesce(OuterRef("proposed_at"), OuterRef("begun_at"))
_IS_OVER = Q(
    Exists(
        RoleProposal.objects.filter(
            person=OuterRef("proposed_by"), end=RoleProposal.End.CONFIRMED, closed_at__gt=_SINCE
        )
    )
) | Q(Exists(BarTurn.objects.filter(account=OuterRef("proposed_by"), on=True, turned_at__gt=_SINCE)))


def with_counts(found: QuerySet[Weeding]) -> QuerySet[Weeding]:
    """Each with how many photos are `meant`."""
    of_each = WeedingPhoto.objects.filter(weeding=OuterRef("pk"), is_meant=True, left_out="").order_by()
    return found.annotate(meant=Coalesce(Subquery(of_each.values("weeding").values(many=Count("pk"))), 0))


def look_into(weeding_id: int, adjudicator: User) -> Weeding:
    """One of them, for this adjudicator, who from then on is given none of its photos to read. Two queries.

    They saw that somebody takes them for junk. Raises `NoSuchWeeding`, also of what they sent.
    """
    weeding = seen_by(adjudicator).filter(pk=weeding_id).first()
    if weeding is None:
        raise NoSuchWeeding
    tasks = Task.objects.filter(photo__in=weeding.photos.values("photo"))
    tasks.exclude(touched_by__contains=[adjudicator.pk]).update(
        touched_by=Func(F("touched_by"), Value(adjudicator.pk), function="array_append"), changed_at=Now()
    )
    return weeding


def meant(weeding: Weeding) -> QuerySet[WeedingPhoto]:
    return WeedingPhoto.objects.filter(weeding=weeding, is_meant=True, left_out="")


def had_in_hand(weeding: Weeding, who: User) -> set[UUID]:
    """Those of its photos that this person sent or read. One query."""
    photos = Photo.objects.filter(pk__in=weeding.photos.values("photo"))
    return set(rulings.had_in_hand(photos, who).values_list("pk", flat=True))


def to_be_left_out(weeding: Weeding, who: User) -> dict[UUID, WeedingPhoto.LeftOut]:
    """What will not be ruled on though it is meant, as far as is known now, if this person confirms. Two queries."""
    found = dict.fromkeys(had_in_hand(weeding, who), LeftOut.IN_HAND)
    if not weeding.undoes_id:
        otherwise = Q(was_accepted=False, photo__task__decision__outcome=Outcome.ACCEPTED)
        if weeding.proposed_at:
            otherwise |= Q(photo__task__decision__decided_at__gt=weeding.proposed_at)
        rows = meant(weeding).filter(otherwise).values_list("photo", "photo__task__decision__outcome")
        found = {photo: _why_since(outcome) for photo, outcome in rows} | found
    return found


def _why_since(outcome: str) -> WeedingPhoto.LeftOut:
    return LeftOut.ACCEPTED if outcome == Outcome.ACCEPTED else LeftOut.OTHERWISE


def left_out(weeding: Weeding, more: Mapping[UUID, WeedingPhoto.LeftOut]) -> list[tuple[str, int]]:
    """How many are left out and why, those that will be among them. One query."""
    rows = weeding.photos.filter(Q(is_meant=True, photo__in=list(more)) | ~Q(left_out=""))
    out = Counter(LeftOut(why) if why else more[photo] for photo, why in rows.values_list("photo", "left_out"))
    return [(str(why.label), many) for why, many in sorted(out.items())]


def left_over(weeding: Weeding) -> int:
    """How many more photos this sender has, that did not fit in or came in later."""
    if weeding.undoes_id:
        return 0
    return _of_sender(weeding).exclude(pk__in=weeding.photos.values("photo")).count()


# --- Putting one together -----------------------------------------------------------------------


def begin(by: User, photo_id: UUID) -> Weeding:
    """All that the sender of this photo sent and that is not rejected yet; or the weeding of theirs that is open.

    What readers accepted is not meant until somebody says so. Raises what `rulings.may_rule_on` does, `NotAllowed`,
    and `NothingLeft`.
    """
    if not may(by, Action.ADJUDICATE):
        raise NotAllowed
    photo = Photo.objects.select_related("contest").filter(pk=photo_id).first()
    if photo is None:
        raise rulings.NoSuchPhoto
    rulings.may_rule_on(photo, by)
    sender = {"account": photo.uploader} if photo.uploader else {"sender_device": photo.device}
    new = Weeding(proposed_by=by, election_id=photo.contest.election_id, **sender)
    with transaction.atomic():
        weeding, is_new = _opened(new)
        if is_new:
            accepted = Q(task__decision__outcome=Outcome.ACCEPTED)
            photos = _of_sender(weeding).annotate(
                accepted=ExpressionWrapper(accepted & Q(task__decision__isnull=False), BooleanField())
            )
            found = photos.order_by("accepted", "received_at", "pk").values_list("pk", "accepted")[:MOST]
            _list(weeding, by, dict(found))
    return weeding


def begin_undoing(by: User, weeding_id: int) -> Weeding:
    """What a weeding rejected and nobody has decided otherwise since.

    Raises `NoSuchWeeding`, `NothingLeft`, `NotAllowed`.
    """
    if not may(by, Action.ADJUDICATE):
        raise NotAllowed
    done = seen_by(by).filter(pk=weeding_id, undoes=None, confirmed_at__isnull=False, ended_at__isnull=False).first()
    if done is None:
        raise NoSuchWeeding
    sender = {"account_id": done.account_id, "sender_device_id": done.sender_device_id}
    new = Weeding(proposed_by=by, election_id=done.election_id, undoes=done, **sender)
    with transaction.atomic():
        weeding, is_new = _opened(new)
        if is_new:
            still = Decision.objects.filter(
                pk=OuterRef("photo__task__decision"), outcome=Outcome.REJECTED, because__overlap=OuterRef("rulings")
            )
            photos = done.photos.filter(Exists(still), photo__withdrawn_at=None).order_by("pk")
            _list(weeding, by, dict.fromkeys(photos.values_list("photo", flat=True), False))
    return weeding


def _opened(new: Weeding) -> tuple[Weeding, bool]:
    """The one that is open of this sender, and whether it is this one. Who asks at the same instant waits."""
    there = Weeding.objects.filter(account=new.account_id, sender_device=new.sender_device_id, ended_at=None)
    there.filter(_IS_OVER, confirmed_at=None).update(ended_at=Now(), dropped_by=new.proposed_by)
    Weeding.objects.bulk_create([new], ignore_conflicts=True)
    weeding = there.select_for_update().get()
    return weeding, not weeding.photos.exists()


def _of_sender(weeding: Weeding) -> QuerySet[Photo]:
    """What is open or decided and not rejected. Without an account it is the device's photos that have none."""
    return Photo.objects.filter(
        uploader=weeding.account_id,
        contest__election=weeding.election_id,
        withdrawn_at=None,
        task__isnull=False,
        **({"device": weeding.sender_device_id} if weeding.sender_device_id else {}),
    ).exclude(task__decision__in=Decision.objects.filter(outcome=Outcome.REJECTED))


def _list(weeding: Weeding, by: User, photos: dict[UUID, bool]) -> None:
    if not photos:
        raise NothingLeft
    own = set(rulings.had_in_hand(Photo.objects.filter(pk__in=photos), by).values_list("pk", flat=True))
    WeedingPhoto.objects.bulk_create(
        WeedingPhoto(
            weeding=weeding,
            photo_id=photo,
            is_meant=not accepted,
            was_accepted=accepted,
            left_out=LeftOut.IN_HAND if photo in own else "",
        )
        for photo, accepted in photos.items()
    )


def choose(
    by: User, weeding_id: int, shown: Collection[UUID], ticked: Collection[UUID], as_accepted: Collection[UUID] = ()
) -> None:
    """Of the photos that were shown, these are meant and the others are not. Raises `NoSuchWeeding`, `NotAllowed`.

    What was accepted since it was shown, and so was not shown `as_accepted`, is not what they ticked.
    """
    with transaction.atomic():
        weeding = _held(by, weeding_id, proposed_by=by, proposed_at=None)
        accepted = Task.objects.filter(pk=OuterRef("photo"), decision__outcome=Outcome.ACCEPTED)
        rows = weeding.photos.filter(photo__in=shown)
        rows.update(is_meant=False, was_accepted=Exists(accepted))
        seen_so = Q(was_accepted=False) | Q(photo__in=list(as_accepted))
        rows.filter(seen_so, photo__in=set(shown) & set(ticked)).update(is_meant=True)


def propose(by: User, weeding_id: int, reason: str, device: Device | None, address_block: str) -> None:
    """From now on nothing changes in it, and another adjudicator may confirm. Raises one of `REFUSALS`."""
    with transaction.atomic():
        weeding = _held(by, weeding_id, proposed_by=by, proposed_at=None)
        if reason not in rulings.REASONS[verdict_of(weeding)]:
            raise NoReason
        if not meant(weeding).exists():
            raise NothingMeant
        Weeding.objects.filter(pk=weeding.pk).update(
            reason=reason, proposed_at=Now(), device=device, address_block=address_block
        )


def cancel(by: User, weeding_id: int) -> None:
    """Drop one that nobody has confirmed. Twice is once. Raises `NotAllowed`, `NoSuchWeeding`."""
    with transaction.atomic():
        weeding = _held(by, weeding_id, confirmed_at=None)
        Weeding.objects.filter(pk=weeding.pk, ended_at=None).update(ended_at=Now(), dropped_by=by)


def confirm(by: User, weeding_id: int, device: Device | None, address_block: str) -> Weeding:
    """Another adjudicator agrees. What they sent or read is left out. Raises one of `REFUSALS`, or `NotAllowed`."""
    with transaction.atomic():
        weeding = _held(by, weeding_id, proposed_at__isnull=False, confirmed_at=None, ended_at=None)
        if by.pk == weeding.proposed_by_id:
            raise OneAdjudicator
        assert weeding.proposed_at is not None
        if not bars.still_judges(weeding.proposed_by, Action.ADJUDICATE, weeding.proposed_at):
            raise NoSuchWeeding
        _check_independence(weeding, by, device, address_block)
        meant(weeding).filter(photo__in=had_in_hand(weeding, by)).update(left_out=LeftOut.IN_HAND)
        if not (size := meant(weeding).count()):
            raise NothingMeant
        Weeding.objects.filter(pk=weeding.pk).update(
            confirmed_by=by, confirmed_at=Now(), second_device=device, second_block=address_block
        )
        ledger.append(
            weeding.election_id,
            "weeding",
            version=weeding.pk,
            state="off" if weeding.undoes_id else "on",
            reason=weeding.reason,
            size=size,
            by=commitments.of(weeding.proposed_by),
            second=commitments.of(by),
            at=f"{datetime.now(UTC):%Y-%m-%dT%H:%M:%SZ}",
        )
    return weeding


def _held(by: User, weeding_id: int, **where: object) -> Weeding:
    if not may(by, Action.ADJUDICATE):
        raise NotAllowed
    if not seen_by(by).filter(pk=weeding_id).exists():
        raise NoSuchWeeding
    found = Weeding.objects.select_for_update(of=("self",)).select_related("proposed_by", "undoes")
    weeding = found.filter(pk=weeding_id, **where).first()
    if weeding is None or ("proposed_by" in where and weeding.ended_at):
        raise NoSuchWeeding
    return weeding


def _check_independence(weeding: Weeding, by: User, device: Device | None, address_block: str) -> None:
    one_device = device is not None and device.pk == weeding.device_id
    one_block = bool(address_block) and address_block == weeding.address_block
    if one_device or one_block or independence.invited_pairs([by.pk, weeding.proposed_by_id]):
        raise NotIndependent
    if weeding.undoes and {by.pk, weeding.proposed_by_id} == {
        weeding.undoes.proposed_by_id,
        weeding.undoes.confirmed_by_id,
    }:
        raise ThirdAdjudicator


# --- At work ------------------------------------------------------------------------------------


def at_work() -> QuerySet[Weeding]:
    return Weeding.objects.filter(confirmed_at__isnull=False, ended_at=None)


def due(weeding: Weeding) -> QuerySet[WeedingPhoto]:
    return meant(weeding).filter(done_at=None).order_by("pk")


def verdict_of(weeding: Weeding) -> Ruling.Verdict:
    return Verdict.REOPEN if weeding.undoes_id else Verdict.REJECT


def reason_to_leave_out(row: WeedingPhoto, photo: Photo) -> str:
    """Why this photo is no longer what both adjudicators looked at; nothing where it is. The caller holds the photo."""
    if photo.withdrawn_at is not None:
        return LeftOut.WITHDRAWN
    if row.weeding.undoes_id:
        then = WeedingPhoto.objects.filter(weeding=row.weeding.undoes_id, photo=photo).first()
        now = Task.objects.select_related("decision").get(pk=photo.pk).decision
        is_so = then and now and now.outcome == Outcome.REJECTED and set(now.because) & set(then.rulings)
        return "" if is_so else LeftOut.OTHERWISE
    since = Decision.objects.filter(photo=photo, decided_at__gt=row.weeding.proposed_at).order_by("-version").first()
    if since:
        return _why_since(since.outcome)
    # Entries and rulings that nobody has looked at yet speak, too.
    stands = consensus.outcome_of(photo).stands
    if isinstance(stands, Rejected):
        return LeftOut.OTHERWISE
    return LeftOut.ACCEPTED if isinstance(stands, Accepted) and not row.was_accepted else ""


def words_of(weeding: Weeding, photo: Photo) -> list[rulings.Sent]:
    """What both adjudicators say of this photo; not what would replace their own ruling."""
    assert weeding.confirmed_by is not None
    both = (
        (weeding.proposed_by, weeding.device_id, weeding.address_block),
        (weeding.confirmed_by, weeding.second_device_id, weeding.second_block),
    )
    standing = Task.objects.filter(pk=photo.pk).values_list("decision__because", flat=True).get() or []
    theirs = set(Ruling.objects.filter(pk__in=standing).values_list("adjudicator", flat=True))
    return [
        rulings.Sent(photo.pk, who, verdict_of(weeding), weeding.reason, device_id=device, address_block=address_block)
        for who, device, address_block in both
        if not (weeding.undoes_id and who.pk in theirs)
    ]


def carry(photo: Photo, given: Collection[Ruling]) -> bool:
    """Whether one of these rulings stands, with whom it needed."""
    return bool({ruling.pk for ruling in given} & set(consensus.outcome_of(photo).ruled_because))


_LEFT_OUT: dict[type[Refusal], WeedingPhoto.LeftOut] = {
    rulings.HadItInHand: LeftOut.IN_HAND,
    rulings.AlreadyRuled: LeftOut.OTHERWISE,
    rulings.JustRuled: LeftOut.OTHERWISE,
}


def left_out_by(refusal: Refusal) -> WeedingPhoto.LeftOut:
    return _LEFT_OUT.get(type(refusal), LeftOut.ALONE)


def note(row: WeedingPhoto, given: Collection[Ruling], left_out: str) -> None:
    WeedingPhoto.objects.filter(pk=row.pk, done_at=None).update(
        done_at=Now(), left_out=left_out, rulings=[ruling.pk for ruling in given]
    )


def end_if_done(weeding: Weeding) -> None:
    if not due(weeding).exists():
        at_work().filter(pk=weeding.pk).update(ended_at=Now())
