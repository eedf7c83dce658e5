"""Of which vote a photo is, where the vote of a TPS was repeated and the time of its arrival says it wrongly.

The old form may be sent after the repeated vote, and a wrong clock or a wrong day may put a new form before it. That
moves evidence from one count to another, so it takes two adjudicators who say the same, like moving a photo to another
TPS; nobody says it of a photo that they sent or read.
"""

from dataclasses import dataclass
from datetime import UTC
from typing import Any
from uuid import UUID

from django.db.models import QuerySet
from django.utils.translation import gettext_lazy as _

from accounts import commitments
from accounts.models import User
from accounts.permissions import Action, NotAllowed, may
from accounts.refusals import Refusal
from aggregation import evidence, exclusions
from aggregation.evidence import Evidence
from aggregation.models import ExclusionTurn, Result, Vote, VoteReason, VoteWord
from tps.models import Contest, PollingStation
from transcription import bars, rulings
from transcription.models import Decision, Task
from uploads.models import Photo
from uploads.receipts import Withdrawn


@dataclass(frozen=True)
class Said:
    """One adjudicator's word."""

    photo_id: UUID
    by: User
    vote: str
    reason: str
    device_id: UUID | None = None
    address_block: str = ""


class WrongVote(Refusal):
    status = 422
    code = "wrong_vote"
    sentence = _("Pilih pemungutan suaranya, dan alasan dari daftar.")


class NotRepeated(Refusal):
    status = 409
    code = "not_repeated"
    sentence = _("Di TPS ini tidak ada pemungutan suara ulang, jadi semua fotonya dari pemungutan suara yang sama.")


class SaidAlready(Refusal):
    status = 409
    code = "said_already"
    sentence = _("Foto ini sudah dianggap dari pemungutan suara itu.")


def say(said: Said) -> tuple[VoteWord, bool]:
    """Take one adjudicator's word, which stands if it is the second one to say so, else waits.

    Says whether it is new: the same one again gives the same word. Call it in a transaction. Raises a `Refusal`.
    """
    if not may(said.by, Action.ADJUDICATE):
        raise NotAllowed
    if said.vote not in Vote.values or said.reason not in VoteReason.values:
        raise WrongVote
    exclusions.hold()
    photo = Photo.objects.select_related("contest", "station").filter(pk=said.photo_id).first()
    if photo is None:
        raise rulings.NoSuchPhoto
    if photo.withdrawn_at is not None:
        raise Withdrawn
    present, newest = _present(photo), words(photo).last()
    waiting = newest if newest and _waits(newest, present) else None
    is_heard = waiting is not None and _is_heard(waiting)
    if newest and (newest.by_id, newest.vote) == (said.by.pk, said.vote) and (is_heard or present == said.vote):
        return newest, False
    if present == said.vote and not waiting:
        raise SaidAlready
    rulings.refuse_who_had_it(photo, said.by)
    after = waiting if waiting and waiting.vote == said.vote and is_heard else None
    if after and not exclusions.are_two(
        (after.by_id, after.device_id, after.address_block), (said.by.pk, said.device_id, said.address_block)
    ):
        raise exclusions.NeedsAnother
    if task := Task.objects.filter(pk=photo.pk).first():
        rulings.remember_who_looked(task, said.by)
    word = VoteWord.objects.create(
        photo=photo, number=newest.number + 1 if newest else 1, vote=said.vote, reason=said.reason, by=said.by,
        device_id=said.device_id, address_block=said.address_block, after=after,
    )  # fmt: skip
    word.refresh_from_db(fields=["said_at"])
    return word, True


def words(photo: Photo) -> QuerySet[VoteWord]:
    """All that was said of a photo's vote, in order."""
    return VoteWord.objects.filter(photo=photo).select_related("by").order_by("number")


def evidence_of(photo: Photo, decision: Decision | None) -> Evidence:
    """A photo where it stands by its present decision, with what two adjudicators say of its vote. One query."""
    stands = VoteWord.objects.filter(photo=photo, after__isnull=False).order_by("number").last()
    word = {"vote": stands.vote, "reason": stands.reason} if stands else None
    place = decision.station_id if decision else photo.station_id
    return Evidence(photo, decision, photo.contest_id, place, word)


def _present(photo: Photo) -> str:
    """Of which vote the photo is held to be now. Raises `NotRepeated`."""
    decision = Decision.objects.filter(photo=photo).order_by("-version").first()
    one = evidence_of(photo, decision)
    result = Result.objects.filter(contest=photo.contest_id, station=one.station_id).select_related("exclusion").first()
    if result is None or result.exclusion is None or result.exclusion.since is None:
        raise NotRepeated
    return exclusions.vote_of(result.exclusion, one)


def _is_heard(word: VoteWord) -> bool:
    return bars.still_judges(word.by, Action.ADJUDICATE, word.said_at)


def _waits(newest: VoteWord, present: str) -> bool:
    return newest.after_id is None and newest.vote != present


# --- What adjudicators see ----------------------------------------------------------------------


@dataclass(frozen=True)
class Seen:
    """A photo of a TPS where the vote was repeated, the vote it is held to be of, and the word that waits."""

    one: Evidence
    vote: str
    waiting: VoteWord | None

    @property
    def other(self) -> str:
        return Vote.FIRST if self.vote == Vote.REPEATED else Vote.REPEATED


def at(contest: Contest, station: PollingStation, excluded: ExclusionTurn) -> list[Seen]:
    """All photos there that can be seen, in the order they came. Three queries."""
    found = [one for one in evidence.at(contest, station) if one.stands or one.waits]
    of_these = VoteWord.objects.filter(photo__in=[one.photo.pk for one in found])
    newest = {word.photo_id: word for word in of_these.order_by("photo", "-number").distinct("photo")}
    seen = []
    for one in found:
        vote, word = exclusions.vote_of(excluded, one), newest.get(one.photo.pk)
        seen.append(Seen(one, vote, word if word and _waits(word, vote) else None))
    return seen


# --- What the ledger gets -----------------------------------------------------------------------


def entry_of(word: VoteWord) -> dict[str, Any]:
    """The fields of the ledger entry `vote`."""
    fields: dict[str, Any] = {
        "id": str(word.pk),
        "photo": str(word.photo_id),
        "who": commitments.of(word.by),
        "verdict": word.vote,
        "reason": word.reason,
        "at": f"{word.said_at.astimezone(UTC):%Y-%m-%dT%H:%M:%SZ}",
    }
    if word.after_id:
        fields["because"] = [str(word.after_id)]
    return fields
