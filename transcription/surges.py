"""Surges: while one is on, the photos of its region, contest or sample are read before all others of their lane.

An operator begins and ends it; each turn is a row that stays, and an entry in the ledger. It stands in the rank of
each task (`SURGE`), so taking a photo knows nothing of it: tasks that are there are ranked anew by the turn
itself, new ones as they come into the queue. Several may be on at once; none comes before another.
"""

from datetime import UTC, datetime
from typing import Any

from django.db import connection, transaction
from django.db.models import QuerySet
from django.utils.translation import gettext_lazy as _

from accounts import commitments
from accounts.models import User
from accounts.permissions import Action, NotAllowed, may
from accounts.refusals import Refusal
from ledger import entries as ledger
from tps.models import NATION, Contest, Region
from tps.search import NoSuchContest, UnknownRegion
from transcription.models import Sample, SurgeTurn

SURGE = 2**38  # so much lower is the rank of what is served first: less than a lane is wide (`queue.rank_of`)
LOCK = 0x7375726765  # "surge": turns go one after the other, and no photo comes into the queue meanwhile
LONGEST_NOTE = 300
# What an operator may say; of a sample the reason is always the same.
WHY = [(value, label) for value, label in SurgeTurn.Reason.choices if value != SurgeTurn.Reason.SAMPLE]


class WrongReason(Refusal):
    status = 422
    code = "wrong_reason"
    sentence = _("Pilih alasan dari daftar. Untuk alasan lainnya, tulis keterangannya.")


class NotOneTarget(Refusal):
    status = 422
    code = "not_one_target"
    sentence = _("Isi satu saja: kode wilayah atau pemilihan.")


class NoSuchSurge(Refusal):
    status = 404
    code = "no_such_surge"
    sentence = _("Prioritas ini tidak ada.")


def active() -> QuerySet[SurgeTurn]:
    """What is served first now, the oldest first. One query with the names."""
    begun = SurgeTurn.objects.filter(ends__isnull=True, end__isnull=True)
    return begun.select_related("region", "contest", "sample__contest", "by").order_by("pk")


def begin(by: User, election: str, *, region: str = "", contest: str = "", reason: str, note: str = "") -> bool:
    """Serve one region (its code) or one contest of this election first; False if that is so already.

    Raises `NotAllowed`, `NotOneTarget`, `UnknownRegion`, `NoSuchContest`, `WrongReason`.
    """
    if not may(by, Action.OPERATE):
        raise NotAllowed
    if bool(region) == bool(contest):
        raise NotOneTarget
    if reason not in dict(WHY) or (reason == SurgeTurn.Reason.OTHER and not note.strip()):
        raise WrongReason
    target: dict[str, Any] = {"region": _region(region)} if region else {"contest": contest_of(election, contest)}
    with transaction.atomic():
        hold()
        if active().filter(**target).exists():
            return False
        turn = SurgeTurn.objects.create(by=by, reason=reason, note=note.strip()[:LONGEST_NOTE], **target)
        _log(election, turn, turn, "on", reason=reason)
        _rank_anew(turn)
    return True


def begin_with(sample: Sample) -> None:
    """Serve what was just drawn first, as whoever announced it wanted. Call it in the transaction that drew it."""
    hold()
    turn = SurgeTurn.objects.create(by=sample.by, sample=sample, reason=SurgeTurn.Reason.SAMPLE)
    _log(sample.contest.election_id, turn, turn, "on", reason=turn.reason)
    _rank_anew(turn)


def end(by: User, election: str, surge: int) -> bool:
    """Serve what this surge put first in its turn again; False if it has ended already.

    Raises `NotAllowed`, `NoSuchSurge`.
    """
    if not may(by, Action.OPERATE):
        raise NotAllowed
    with transaction.atomic():
        hold()
        begun = SurgeTurn.objects.select_related("sample").filter(pk=surge, ends__isnull=True).first()
        if begun is None:
            raise NoSuchSurge
        if SurgeTurn.objects.filter(ends=begun).exists():
            return False
        turn = SurgeTurn.objects.create(by=by, ends=begun)
        _log(election, turn, begun, "off")
        _rank_anew(begun)
    return True


def wait_for_turns() -> None:
    """Held until the transaction ends: what comes into the queue now is ranked as all turns before and after it say."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock_shared(%s)", [LOCK])


def covers(*, contest: str, station: str, code: str) -> str:
    """SQL: whether a surge that is on is of this contest, of a region that this TPS lies in, or of a sample with it."""
    return f"""EXISTS (
        SELECT FROM transcription_surgeturn surge
         WHERE surge.ends_id IS NULL
           AND (surge.contest_id = {contest} OR starts_with({code}, surge.region_id) OR EXISTS (
               SELECT FROM transcription_samplestation drawn JOIN transcription_sample of ON of.id = drawn.sample_id
                WHERE of.id = surge.sample_id AND of.contest_id = {contest} AND drawn.station_id = {station}))
           AND NOT EXISTS (SELECT FROM transcription_surgeturn ended WHERE ended.ends_id = surge.id))"""  # noqa: S608


def _region(code: str) -> Region:
    found = Region.objects.filter(pk=code).exclude(pk=NATION).first() if code.isascii() and code.isdigit() else None
    if found is None:
        raise UnknownRegion
    return found


def contest_of(election: str, code: str) -> Contest:
    """A contest by its code. Raises `NoSuchContest`."""
    found = Contest.objects.filter(election=election, code=code).first()
    if found is None:
        raise NoSuchContest
    return found


def hold() -> None:
    """Until the transaction ends no other turn begins or ends, and no photo comes into the queue."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(%s)", [LOCK])


def _log(election: str, turn: SurgeTurn, surge: SurgeTurn, state: str, **more: str) -> None:
    of: dict[str, Any] = {}
    if surge.region_id:
        of = {"region": surge.region_id}
    elif contest := surge.contest or (surge.sample and surge.sample.contest):
        of = {"contest": contest.code} | ({"sample": surge.sample_id} if surge.sample_id else {})
    ledger.append(
        election,
        "surge",
        version=turn.pk,
        state=state,
        by=commitments.of(turn.by),
        at=f"{datetime.now(UTC):%Y-%m-%dT%H:%M:%SZ}",
        **of,
        **more,
    )


# Every task of the surge, those that nobody is to read too: they may be opened again. Only those whose rank does not
# say what it should: another surge may cover them, too. `rank + SURGE` has the bit where a task is not put first.
_RANK_ANEW = f"""
    WITH due AS MATERIALIZED (
        SELECT t.photo_id FROM transcription_task t
          JOIN uploads_photo p ON p.id = t.photo_id
          JOIN tps_pollingstation s ON s.id = p.station_id
         WHERE {{of}}
           AND {covers(contest="p.contest_id", station="s.id", code="s.code")} = ((t.rank + %(surge)s) & %(surge)s <> 0)
         ORDER BY t.photo_id FOR UPDATE OF t
    )
    UPDATE transcription_task t
       SET rank = t.rank + CASE WHEN (t.rank + %(surge)s) & %(surge)s = 0 THEN %(surge)s ELSE -%(surge)s END
      FROM due WHERE t.photo_id = due.photo_id
"""  # noqa: S608  # built from constants alone


_OF_CONTEST = "p.contest_id = %(contest)s"
_OF_REGION = "s.code >= %(region)s AND s.code < %(region)s || ':'"


_OF_SAMPLE = """p.contest_id = %(contest)s
           AND s.id IN (SELECT station_id FROM transcription_samplestation WHERE sample_id = %(sample)s)"""


def _rank_anew(surge: SurgeTurn) -> None:
    of = _OF_SAMPLE if surge.sample else _OF_REGION if surge.region_id else _OF_CONTEST
    values = {
        "contest": surge.sample.contest_id if surge.sample else surge.contest_id,
        "region": surge.region_id,
        "sample": surge.sample_id,
        "surge": SURGE,
    }
    with connection.cursor() as cursor:
        cursor.execute(_RANK_ANEW.format(of=of), values)
