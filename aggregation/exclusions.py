"""TPS whose count does not count, for a public reason from a list: repeated vote, court, destroyed, not held.

Two people say so, adjudicators or operators, and two say that it ends. Nothing is taken away: photos stay, are read
and shown. Where the vote was repeated, photos received from that day on are the repeated vote's and count; earlier
ones do not. Of a photo that came too late or too early for that, adjudicators say it (`aggregation.votes`).
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time
from typing import Any
from uuid import UUID

from django.db import connection
from django.db.models import QuerySet
from django.utils.translation import gettext_lazy as _

from accounts import commitments, independence
from accounts.models import User
from accounts.permissions import Action, NotAllowed, may
from accounts.refusals import Refusal
from aggregation import clock
from aggregation.evidence import Evidence
from aggregation.models import ExclusionProposal, ExclusionReason, ExclusionTurn, Vote
from tps.models import Contest, PollingStation
from transcription import bars, rulings

LOCK = 0x6578636C  # "excl": words about exclusions are taken one after the other
End = ExclusionProposal.End


@dataclass(frozen=True)
class Said:
    """One person's word. No reason: it is to be counted again. `day` is that of the repeated vote."""

    by: User
    contest: Contest
    station: PollingStation
    reason: str = ""
    day: date | None = None
    device_id: UUID | None = None
    address_block: str = ""
    agrees_to: int | None = None  # the proposal that they saw; None where they make one


class WrongExclusion(Refusal):
    status = 422
    code = "wrong_exclusion"
    sentence = _("Pilih alasan dari daftar. Untuk pemungutan suara ulang, isi juga harinya.")


class NotExcluded(Refusal):
    status = 409
    code = "not_excluded"
    sentence = _("TPS ini tidak dikecualikan. Usul yang belum disetujui orang kedua belum berlaku.")


class NothingToAgreeTo(Refusal):
    """Withdrawn or replaced since they looked: they would propose it themselves, and not know."""

    status = 409
    code = "nothing_to_agree_to"
    sentence = _("Usul itu tidak menunggu lagi. Tidak ada yang berubah.")


class NeedsAnother(Refusal):
    """They are no second person: of one device, network or line of invitations with the first."""

    status = 403
    code = "needs_another"
    sentence = _(
        "Orang kedua harus memakai perangkat dan jaringan lain, dan tidak terkait undangan dengan orang pertama."
    )


def say(said: Said) -> ExclusionTurn | None:
    """Take one person's word; the turn, where they are the second one to say so, else None: it waits.

    The same word again changes nothing; another one replaces the one that waited. Call it in a transaction. Raises a
    `Refusal`.
    """
    if not may(said.by, Action.EXCLUDE):
        raise NotAllowed
    since = _since(said)
    here = PollingStation.objects.filter(pk=said.station.pk)
    if here.filter(rulings.had_photo_of(said.station, said.by, contest=said.contest)).exists():
        raise rulings.HadItInHand
    hold()
    of = {"contest_id": said.contest.pk, "station_id": said.station.pk}
    proposals = ExclusionProposal.objects.filter(**of)
    present = of_one(said.contest, said.station)
    word = (said.reason, since)
    if word == ((present.reason, present.since) if present else ("", None)):
        if present:
            return None  # it is so already
        raise NotExcluded
    waiting = proposals.select_related("proposer").filter(end="").first()
    if waiting and said.agrees_to not in (None, waiting.pk):
        raise NothingToAgreeTo
    if (
        waiting
        and (waiting.reason, waiting.since) == word
        and bars.still_judges(waiting.proposer, Action.EXCLUDE, waiting.proposed_at)
    ):
        if waiting.proposer_id == said.by.pk:
            return None
        one, other = (
            (waiting.proposer_id, waiting.device_id, waiting.address_block),
            (said.by.pk, said.device_id, said.address_block),
        )
        if not are_two(one, other):
            raise NeedsAnother
        proposals.close(End.CONFIRMED, said.by)
        turn = ExclusionTurn.objects.create(
            reason=said.reason, since=since, by=waiting.proposer, second=said.by, contest=said.contest,
            station=said.station,
        )  # fmt: skip
        turn.refresh_from_db(fields=["turned_at"])
        return turn
    if said.agrees_to is not None:
        raise NothingToAgreeTo  # whoever proposed it may do so no more
    proposals.close(End.WITHDRAWN, said.by)
    ExclusionProposal.objects.create(
        reason=said.reason, since=since, proposer=said.by, device_id=said.device_id,
        address_block=said.address_block, **of,
    )  # fmt: skip
    return None


def withdraw(by: User, proposal: int) -> bool:
    """Take back what was proposed, whoever did; False if nothing of that key waits. Raises `NotAllowed`."""
    if not may(by, Action.EXCLUDE):
        raise NotAllowed
    return ExclusionProposal.objects.filter(pk=proposal).close(End.WITHDRAWN, by)


# Outside of these no form of ours was ever filled in, and clocks of other zones run out of years.
FIRST_DAY, LAST_DAY = date(2000, 1, 1), date(2100, 1, 1)


def _since(said: Said) -> datetime | None:
    """The first moment of the repeated vote's day, on the clocks of the TPS."""
    if said.reason not in (*ExclusionReason.values, "") or (said.reason == ExclusionReason.PSU) != bool(said.day):
        raise WrongExclusion
    if said.day and not FIRST_DAY <= said.day <= LAST_DAY:
        raise WrongExclusion
    return datetime.combine(said.day, time.min, clock.ZONES[clock.zone_of(said.station.code)]) if said.day else None


def are_two(one: tuple[int, UUID | None, str], other: tuple[int, UUID | None, str]) -> bool:
    """Account, device and address block of two people: whether they are independent, as two readers are."""
    if one[0] == other[0] or (one[1] is not None and one[1] == other[1]) or (one[2] and one[2] == other[2]):
        return False
    return not independence.invited_pairs([one[0], other[0]])


def hold() -> None:
    """One word after the other, until this transaction ends."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(%s)", [LOCK])


# --- What is excluded ---------------------------------------------------------------------------


def of_one(contest: Contest, station: PollingStation) -> ExclusionTurn | None:
    """The exclusion of a contest at a TPS that stands now, if any. One query."""
    return of_all(contest, [station]).get(station.pk)


def of_all(contest: Contest, stations: Sequence[PollingStation]) -> dict[int, ExclusionTurn]:
    """The same for many TPS, by the station's key. One query."""
    newest = ExclusionTurn.objects.filter(contest=contest.pk, station__in=[station.pk for station in stations])
    turns = newest.order_by("station", "-pk").distinct("station")
    return {turn.station_id: turn for turn in turns if turn.reason}


def standing() -> list[ExclusionTurn]:
    """All that is excluded now, the newest first. One query."""
    newest = ExclusionTurn.objects.order_by("station", "contest", "-pk").distinct("station", "contest")
    turns = newest.select_related("contest", "station__region", "by", "second")
    return sorted((turn for turn in turns if turn.reason), key=lambda turn: -turn.pk)


def waiting() -> QuerySet[ExclusionProposal]:
    """Words that wait for a second person, the oldest first."""
    return ExclusionProposal.objects.filter(end="").select_related("contest", "station__region").order_by("pk")


def is_excluded(station: int) -> bool:
    """Whether a TPS is excluded from some contest. One query."""
    newest = ExclusionTurn.objects.filter(station=station).order_by("contest", "-pk").distinct("contest")
    return any(turn.reason for turn in newest)


def counts(excluded: ExclusionTurn | None, one: Evidence) -> bool:
    """Whether the numbers of a photo may count at its TPS: all where nothing is excluded, else a repeated vote's."""
    return excluded is None or vote_of(excluded, one) == Vote.REPEATED


def vote_of(excluded: ExclusionTurn, one: Evidence) -> str:
    """Of which vote a photo is: as two adjudicators say (`aggregation.votes`), else by when it was received.

    Where the vote was not repeated there is but the first one, whatever anybody said while it was thought so.
    """
    if excluded.since is None:
        return Vote.FIRST
    if one.word:
        return one.word["vote"]
    return Vote.REPEATED if one.photo.received_at >= excluded.since else Vote.FIRST


def told(excluded: ExclusionTurn | None, one: Evidence) -> dict[str, Any] | None:
    """What the public is told of a photo's vote: which, by the `time` it came or by `adjudicators`, and why."""
    if excluded is None or excluded.since is None:
        return None
    reason = one.word["reason"] if one.word else None
    return {"vote": str(vote_of(excluded, one)), "by": "adjudicators" if reason else "time", "reason": reason}


# --- What the ledger gets -----------------------------------------------------------------------


def entry_of(turn: ExclusionTurn) -> dict[str, Any]:
    """The fields of the ledger entry `exclude`."""
    fields: dict[str, Any] = {
        "tps": turn.station.code,
        "contest": turn.contest.code,
        "version": turn.pk,
        "state": "on" if turn.reason else "off",
        "by": commitments.of(turn.by),
        "second": commitments.of(turn.second),
        "at": _at(turn.turned_at),
    }
    if turn.reason:
        fields["reason"] = turn.reason
    if turn.since is not None:
        fields["since"] = _at(turn.since)
    return fields


def _at(moment: datetime) -> str:
    return f"{moment.astimezone(UTC):%Y-%m-%dT%H:%M:%SZ}"
