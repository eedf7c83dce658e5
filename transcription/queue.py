"""The queue: which photo somebody reads next. Leases of five minutes, exclusions in the query itself.

Some tasks have a known answer (`transcription.gold`): the same lease of a photo that is decided. They take no place
of the photo's, and only stand in for another that this person could have had.

Whoever changes several of these rows locks them in this order: photo, task, lease, user.
"""

from collections.abc import Iterable, Sequence
from datetime import timedelta
from secrets import SystemRandom
from typing import Any
from uuid import UUID

from django.conf import settings
from django.db import IntegrityError, connection, transaction
from django.db.models import Exists, F, Q, QuerySet
from django.db.models.functions import Least, Now
from django.utils.translation import gettext_lazy as _

from accounts import independence, onboarding
from accounts.models import Device, User
from accounts.permissions import Paused
from accounts.refusals import Refusal
from tps import form_definitions
from tps.models import Contest, PollingStation
from transcription import accuracy, surges
from transcription.agreement import READERS, TPS_OF_A_PAIR
from transcription.models import Decision, Lease, Task
from transcription.surges import SURGE
from uploads import page_tags, second_looks, switches
from uploads.models import Photo

LEASE = timedelta(minutes=5)
LONGEST_LEASE = timedelta(hours=1)  # however often renewed
PLACES = 4  # photos one person may hold: the one before them, two to come, and one whose reading may be undone yet
# So many people gave it back unread: a person with more experience looks.
RETURNED_TOO_OFTEN = 5
OF_LAST = 20  # photos of one person, of which they may give back so many (`MOST_GIVEN_BACK`)

STAGES = 16
# The slower lanes, as parts of a rank, so that one index serves all: a photo with a mark comes after those without,
# a further photo of a page that is there already after both, and one that is both at the very end.
MARKED = 2**39
EVIDENCE = 2**40
# What an operator wants read first (`surges.py`) comes before all others of its own lane, and of no other.
FIRST_MARKED, FIRST_EVIDENCE = MARKED - SURGE, EVIDENCE - SURGE  # where these lanes begin


def rank_of(turn: int, *, in_hands: int = 0, marked: bool = False, evidence: bool = False, surge: bool = False) -> int:
    """The place in the serving order, lowest first.

    In each turn one photo of every kecamatan is served: first to first readers, then to second ones, then to
    those that settle a difference. A photo with a mark (`uploads/marks.py`) waits for all without one. A further
    photo of a page that already has one is evidence for disputes and comes after all others.
    """
    lane = (EVIDENCE if evidence else 0) + (MARKED if marked else 0)
    return lane - (SURGE if surge else 0) + turn * STAGES + in_hands


class NoSuchLease(Refusal):
    """No such lease, or somebody else's: which of the two is nobody's business."""

    status = 404
    code = "no_such_lease"
    sentence = _("Tugas ini tidak ada, atau bukan tugas Anda.")


class LeaseOver(Refusal):
    """Submitted, given back, or taken back after its time."""

    status = 409
    code = "lease_over"
    sentence = _("Tugas ini sudah selesai atau waktunya habis. Ambil foto berikutnya.")
    way, way_label = "/baca/", _("Baca foto berikutnya")


class TooManyGivenBack(Refusal):
    """Whoever gives back until the photo comes that they want would choose what they read."""

    status = 409
    code = "too_many_given_back"
    sentence = _(
        "Dari {of_last} foto terakhir, Anda sudah melewatkan {many}. Bacalah yang ini, atau pilih “Ada masalah dengan "
        "foto ini”. Jika tidak, biarkan saja: setelah lima menit orang lain mendapatkannya."
    )


# --- Opening ----------------------------------------------------------------------------------


def open_photo(photo: Photo) -> None:
    """Put a photo into the queue for two readers, in its lane. May run twice.

    The page is the one that the photo's tag says, or else the one that its sender said.
    """
    surges.wait_for_turns()
    with connection.cursor() as cursor:
        cursor.execute(
            _OPEN,
            _page_of(photo)
            | {
                "district": photo.station.code[:6],
                "code": photo.station.code,
                "marked": MARKED if second_looks.marks_of(photo) else 0,
                "sender": photo.uploader_id,
                "here": [place for place in (str(photo.device_id or ""), photo.address_block) if place],
                "readers": READERS,
                "stages": STAGES,
                "surge": SURGE,
            },
        )


def _page_of(photo: Photo) -> dict[str, Any]:
    """Which page of which TPS it is, and what `_BESIDE` and `_COVERS` want besides."""
    form = form_definitions.for_contest(photo.contest)
    tagged = page_tags.page_of(form, photo.page_tag.tag if hasattr(photo, "page_tag") else None)
    page = tagged or next((one for one in form.pages if one.number == photo.page), None)
    return {
        "photo": photo.pk,
        "station": photo.station_id,
        "contest": photo.contest_id,
        "page": page.number if page else None,
        "tag": page.tag if page else None,
        "tagged": any(one.tag is not None for one in form.pages),
        "suspect": FIRST_MARKED,
        "evidence": EVIDENCE,
    }


# The other photos of the same page that are still there. What is suspect itself covers the page for no other photo,
# before people found it usable.
_BESIDE = """
                    uploads_photo p JOIN transcription_task t ON t.photo_id = p.id
                 LEFT JOIN uploads_pagetag g ON g.photo_id = p.id AND %(tagged)s
                 LEFT JOIN transcription_decision d ON d.id = t.decision_id
                WHERE p.station_id = %(station)s AND p.contest_id = %(contest)s AND p.id <> %(photo)s
                  AND CASE WHEN g.tag IS NULL THEN p.page = %(page)s ELSE g.tag = %(tag)s END
                  AND d.outcome IS DISTINCT FROM 'rejected' AND p.withdrawn_at IS NULL
"""
# Whoever reported a TPS reads none of its photos (`reports`), also those that come there later.
_OF_REPORTS = """FROM transcription_reportgroup g JOIN transcription_report r ON r.group_id = g.id
            WHERE g.station_id IN ({stations})"""
_REPORTERS = f"ARRAY(SELECT r.account_id {_OF_REPORTS} AND r.account_id IS NOT NULL)"
_REPORTED_FROM = f"""ARRAY(SELECT r.device_id::text {_OF_REPORTS}
                 UNION SELECT r.address_block {_OF_REPORTS} AND r.address_block <> '')::varchar[]"""
_COVERS = "(t.rank < %(suspect)s OR d.outcome = 'accepted')"
_OPEN = f"""
    WITH lane AS (
        SELECT EXISTS (SELECT FROM {_BESIDE} AND {_COVERS}) AS covered
         WHERE NOT EXISTS (SELECT FROM transcription_task WHERE photo_id = %(photo)s)
    ), first AS (
        SELECT covered, covered OR %(marked)s > 0 AS is_slow,
               NOT covered AND %(marked)s = 0 AND %(page)s::int IS NOT NULL AS is_first
          FROM lane
    ), turn AS (
        INSERT INTO transcription_turn AS t (district, photos, others, slow)
        SELECT %(district)s, is_first::int, (NOT is_first AND NOT is_slow)::int, is_slow::int FROM first
        ON CONFLICT (district) DO UPDATE SET photos = t.photos + excluded.photos, others = t.others + excluded.others,
                                             slow = t.slow + excluded.slow
        RETURNING photos, others, slow
    )
    INSERT INTO transcription_task (photo_id, wants, leased, rank, touched_by, touched_on, returned,
                                    needs_adjudicator, why)
    SELECT %(photo)s, %(readers)s, 0,
           CASE WHEN is_first THEN photos WHEN is_slow THEN greatest(photos, slow) ELSE greatest(photos, others) END
           * %(stages)s
           + %(marked)s + CASE WHEN covered THEN %(evidence)s ELSE 0 END
           - CASE WHEN {surges.covers(contest="%(contest)s", station="%(station)s", code="%(code)s")}
                  THEN %(surge)s ELSE 0 END,
           array_remove(ARRAY[%(sender)s::bigint], NULL) || {_REPORTERS.format(stations="%(station)s")},
           %(here)s::varchar[] || {_REPORTED_FROM.format(stations="%(station)s")}, 0, false, ''
      FROM turn, first
    ON CONFLICT DO NOTHING
"""  # noqa: S608  # built from constants alone


def open_among(photos: Sequence[Photo]) -> set[UUID]:
    """Those that people are still to read, are reading, or are to rule on."""
    is_open = Q(wants__gt=0) | Q(leased__gt=0) | Q(needs_adjudicator=True)
    return set(Task.objects.filter(is_open, photo__in=photos).values_list("pk", flat=True))


_STATIONS = """SELECT station_id FROM uploads_photo WHERE id = {photo}
               UNION SELECT station_id FROM transcription_decision WHERE photo_id = {photo}"""
# Whether the lease `l` is one of somebody who reported the TPS: they get it no more, whatever becomes of the lease.
_REPORTED = f"""EXISTS (
           SELECT {_OF_REPORTS.format(stations=_STATIONS.format(photo="l.task_id"))}
              AND (r.account_id = l.account_id OR r.device_id = l.device_id
                   OR r.address_block = l.address_block AND r.address_block <> ''))"""


def open_again(photo: Photo, *, anywhere: bool) -> None:
    """After it was reopened: those who only gave it back may get it after all, unless they reported its TPS.

    `anywhere`: at a turn drawn among those of its lane, for whoever asked for it may not know whose turn is next.
    """
    with connection.cursor() as cursor:
        cursor.execute(
            _OPEN_AGAIN,
            {
                "photo": photo.pk,
                "lane": SURGE,
                "turns": TURNS_TO_DRAW_FROM,
                "stages": STAGES,
                "draw": draw() if anywhere else 0,
            },
        )


# From where the queue stands: all its kecamatan, and yet not at the end of the night.
TURNS_TO_DRAW_FROM = 32
# A lane is as wide as what a surge takes off (`surges.SURGE`).
_OPEN_AGAIN = f"""
    WITH gave_back AS (
        SELECT l.account_id, l.device_id::text AS device, l.address_block::text AS block
          FROM transcription_lease l JOIN accounts_user u ON u.id = l.account_id
         WHERE l.task_id = %(photo)s AND l."end" = 'returned' AND u.role = 'volunteer'
           AND NOT {_REPORTED}
    ), own AS (
        SELECT (floor(rank::numeric / %(lane)s) * %(lane)s)::bigint AS first FROM transcription_task
         WHERE photo_id = %(photo)s
    ), waiting AS (
        SELECT min(t.rank) AS first, max(t.rank) AS last FROM own JOIN transcription_task t
               ON t.free > 0 AND t.rank >= own.first AND t.rank < own.first + %(lane)s
    ), turn AS (
        SELECT greatest(t.rank, waiting.first) AS first,
               greatest(t.rank, least(waiting.last, greatest(t.rank, waiting.first) + %(turns)s * %(stages)s)) AS last
          FROM waiting, transcription_task t WHERE t.photo_id = %(photo)s
    )
    UPDATE transcription_task t
       SET returned = 0,
           rank = CASE WHEN %(draw)s = 0 THEN t.rank ELSE
                  t.rank + (first - t.rank + %(draw)s * (last - first))::bigint / %(stages)s * %(stages)s END,
           touched_by = ARRAY(SELECT unnest(touched_by) EXCEPT SELECT account_id FROM gave_back)
                        || {_REPORTERS.format(stations=_STATIONS.format(photo="%(photo)s"))},
           touched_on = ARRAY(SELECT unnest(touched_on) EXCEPT
                              (SELECT device FROM gave_back UNION SELECT block FROM gave_back))
                        || {_REPORTED_FROM.format(stations=_STATIONS.format(photo="%(photo)s"))}
      FROM turn WHERE photo_id = %(photo)s
"""  # noqa: S608  # built from constants alone


def serve_next_of_pages(photos: Sequence[Photo]) -> None:
    """After photos were decided: where one was rejected, the next of its page is served (`serve_next_of_page`).

    Again changes nothing. The caller holds the photos, and no task yet.
    """
    rejected = Task.objects.filter(photo__in=photos, decision__outcome=Decision.Outcome.REJECTED)
    gone = set(rejected.values_list("pk", flat=True))
    pages = sorted((one for one in photos if one.pk in gone), key=lambda one: (one.station_id, one.contest_id))
    if len(pages) > 1:
        # In the orders in which everybody holds them: the pages, and then the tasks.
        for photo in pages:
            _hold_page(photo)
        _held([_next_of_page(photo) for photo in pages])
    for photo in pages:
        serve_next_of_page(photo)


def serve_next_of_page(photo: Photo) -> None:
    """After a photo was rejected or withdrawn: the next of its page is no longer mere evidence, if none covers it now.

    One alone: of a flood the next one follows when that is rejected, too. None where the photo was itself evidence that
    nobody had found usable. The caller holds the photo and no task: whoever has the next one in hand is waited for, and
    of two at once the second sees what the first did.
    """
    _hold_page(photo)
    with connection.cursor() as cursor:
        cursor.execute(_SERVE_NEXT_OF_PAGE, _next_values(photo))


def _hold_page(photo: Photo) -> None:
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT pg_advisory_xact_lock(hashtextextended('first of a page: ' || %s, %s))",
            [str(photo.contest_id), photo.station_id],
        )


def _held(photos: Iterable[UUID | None]) -> list[Task]:
    """Their tasks, locked in the order in which everybody locks several."""
    return list(Task.objects.filter(pk__in=[pk for pk in photos if pk]).order_by("pk").select_for_update())


def _next_of_page(photo: Photo) -> UUID | None:
    with connection.cursor() as cursor:
        cursor.execute(_NEXT_OF_PAGE, _next_values(photo))
        row = cursor.fetchone()
    return row[0] if row else None


def _next_values(photo: Photo) -> dict[str, Any]:
    return _page_of(photo) | {"first_evidence": FIRST_EVIDENCE, "marked_evidence": EVIDENCE + FIRST_MARKED}


# One with a mark covers no page, so it is only served where no other waits in its stead.
_NEXT_OF_PAGE = f"""
        SELECT t.photo_id FROM {_BESIDE}
           AND t.rank >= %(first_evidence)s AND NOT EXISTS (SELECT FROM {_BESIDE} AND {_COVERS})
           AND (t.rank < %(marked_evidence)s
                OR NOT EXISTS (SELECT FROM {_BESIDE} AND t.rank < %(first_evidence)s AND d.outcome IS NULL))
           AND (EXISTS (SELECT FROM transcription_task WHERE photo_id = %(photo)s AND rank < %(first_evidence)s)
                OR EXISTS (SELECT FROM transcription_decision WHERE photo_id = %(photo)s AND outcome = 'accepted'))
         ORDER BY t.rank, t.photo_id LIMIT 1
"""  # noqa: S608  # built from constants alone
_SERVE_NEXT_OF_PAGE = f"""
    WITH next AS MATERIALIZED ({_NEXT_OF_PAGE} FOR UPDATE OF t)
    UPDATE transcription_task t SET rank = t.rank - %(evidence)s FROM next WHERE t.photo_id = next.photo_id
"""  # noqa: S608  # built from constants alone


def close(photo: Photo) -> None:
    """After its sender took it back: nobody is given it, whoever has it in hand loses it, no adjudicator waits for it.

    The caller holds the photo, and has marked it as withdrawn. The next of its page is no longer mere evidence, unless
    it was that itself.
    """
    _hold_page(photo)
    # Locked by a statement of its own: the ones after it see the lease of whoever was just being given it.
    held = _held([photo.pk, _next_of_page(photo)])
    serve_next_of_page(photo)
    task = next((one for one in held if one.pk == photo.pk), None)
    if task is None:
        return
    ended = Lease.objects.filter(task=task, end="", gold=None).update(end=Lease.End.EXPIRED)
    Lease.objects.filter(task=task, end="").update(end=Lease.End.EXPIRED)
    task.wants, task.leased, task.rank = 0, task.leased - ended, task.rank - ended
    task.needs_adjudicator, task.why, task.case_since, task.changed_at = False, "", None, Now()
    task.save(
        update_fields=["wants", "leased", "rank", "needs_adjudicator", "why", "case_since", "changed_at"],
    )


# --- Taking -----------------------------------------------------------------------------------


def take(account: User, device: Device | None, address_block: str, *, ahead: bool = False) -> Lease | None:
    """The next photo for this person, under a lease; their present one if they hold one; None only if there is none.

    `ahead` asks for one more than they hold, to have it ready; None, too, where all their places are taken.
    "None" is said after expired leases were taken back and after waiting for whoever has a row locked.
    Raises `Paused`, `switches.ReadOnly`, or `accounts.onboarding.NotReady` where terms or practice come first.
    """
    switches.refuse_if_read_only()
    if account.paused:
        raise Paused
    onboarding.check_ready(account)
    lease_id = _hand_out(account, device, address_block, ahead=ahead)
    if lease_id is None:
        take_back_expired_leases()
        lease_id = _hand_out(account, device, address_block, ahead=ahead, wait=True)
    if lease_id is None and not ahead:
        lease_id = _held_by(account)
    return lease_of(lease_id, account) if lease_id else None


def _hand_out(
    account: User, device: Device | None, address_block: str, *, ahead: bool, wait: bool = False
) -> UUID | None:
    values = independence.circle_values([account.pk], [device.pk] if device else [], [address_block]) | {
        "me": account.pk,
        "device": device.pk if device else None,
        "block": address_block,
        "here": [place for place in (str(device.pk) if device else "", address_block) if place],
        "places": TPS_OF_A_PAIR,
        "lease": LEASE,
        "longest": LONGEST_LEASE,
        "ahead": ahead,
        "most": PLACES if ahead else 1,
        "draw": draw(),
        "at_first": accuracy.GOLD_AT_FIRST,
        "first_tasks": accuracy.FIRST_TASKS,
        "later": accuracy.GOLD_LATER,
        "tags": list(page_tags.numbers()),
        "pages": list(page_tags.numbers().values()),
        "tagless": list(page_tags.tagless()),
    }
    try:
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute(_TAKE_WAITING if wait else _TAKE, values)
            row = cursor.fetchone()
    except IntegrityError:
        # The same person asked twice at the same instant; the other request got the photo, and both show it.
        lease_id = _held_by(account)
        if lease_id is None:
            raise
        return None if ahead else lease_id
    return row[0] if row else None


def draw() -> float:
    """From 0 to 1: by it the statement below says whether this task has a known answer."""
    return SystemRandom().random()


def held_by(account: User) -> QuerySet[Lease]:
    """What somebody holds, oldest first."""
    return Lease.objects.filter(account=account, end="").order_by("taken_at")


def _held_by(account: User) -> UUID | None:
    """Asked anew: a statement that waited for this person's other request does not see what that one did."""
    return held_by(account).values_list("pk", flat=True).first()


# One statement: who I may not follow (`mine`), the lease I hold (`held`, revived if it ran out and was not
# taken back; the oldest of several), or, in a place that is empty, the first photo nobody of those has touched or sent
# once more (which may happen at any time). Where the draw says so, one whose answer is known comes instead of that
# (`golden`): never for its own sake, so that an empty queue tells nobody anything, and never waited for.
_UNTOUCHED = """
               NOT t.touched_by && (SELECT circle FROM mine)
           AND NOT t.touched_on && (SELECT places FROM mine)
           AND NOT coalesce((
               SELECT bool_or(r.account_id = ANY (circle) OR r.device_id::text = ANY (places)
                              OR r.address_block = ANY (places))
                 FROM uploads_repeat r, mine WHERE r.photo_id = t.photo_id), false)
"""
# Photos of one page of one TPS are to check each other, and so are two that look like one (`uploads.reuse`): who had
# one of them in hand, or saw it as a case, gets no other, nor does their circle (`0022_of_a_kind.py`). The pair cap is
# of one photo: else one diligent reader would soon keep everybody from all others of what they read. A page that nobody
# knows may be any, unless the form has no tags: there it may be that of all twenty photos, and one TPS would want forty
# readers. At a TPS that is flooded each of a thousand photos would be compared with all the others: there the function
# says neither yes nor no, and who had any photo of that TPS in hand gets no other.
CROWD = 100  # photos of one contest at one TPS
_MET = f"""
               transcription_met_of_a_kind(t.photo_id, (SELECT circle FROM own), (SELECT places FROM mine),
                                       %(tags)s::int[], %(pages)s::int[], %(tagless)s::varchar[], {CROWD})
"""  # noqa: S608  # built from constants alone
_MET_OR_BEEN = f"""coalesce({_MET}, (SELECT station_id FROM uploads_photo p WHERE p.id = t.photo_id)
               IN (SELECT transcription_tps_in_hand(%(me)s, %(device)s::uuid)))
"""  # noqa: S608  # built from constants alone
# Whoever lets the time of some photos run out and asks again gets them again, in their order, but for those that others
# took meanwhile, the first ones first. So it comes again where the answer is known, too, or its staying away would tell
# which it is: after those before it, unless so many others asked as these and the photo it stood in for had room for.
_AGAIN = f"""again AS MATERIALIZED (
        SELECT t.photo_id, t.decision_id
          FROM transcription_lease l JOIN transcription_task t ON t.photo_id = l.task_id
         WHERE l.account_id = %(me)s AND l."end" = 'expired' AND l.gold_id IS NOT NULL
           AND l.ended_at > now() - %(longest)s AND l.gold_id = t.decision_id AND NOT t.needs_adjudicator
           AND EXISTS (SELECT FROM chosen)
           AND NOT EXISTS (SELECT FROM transcription_lease later
                            WHERE later.account_id = %(me)s AND later.task_id = l.task_id
                              AND later.taken_at > l.taken_at)
           AND NOT EXISTS (SELECT FROM transcription_goldreading g WHERE g.lease_id = l.id)
           AND NOT EXISTS (
               SELECT FROM transcription_lease before JOIN chosen ON chosen.photo_id = before.task_id
                WHERE before.account_id = %(me)s AND before.ended_at = l.ended_at AND before.taken_at < l.taken_at)
           AND (SELECT count(*) FROM (
                   SELECT FROM transcription_lease other
                    WHERE other.taken_at > l.ended_at AND other.account_id <> %(me)s AND other.gold_id IS NULL
                    LIMIT {PLACES * READERS}) AS asked)
             < (SELECT count(*) * l.stood_for FROM transcription_lease first
                 WHERE first.account_id = %(me)s AND first.ended_at = l.ended_at AND first.taken_at <= l.taken_at)
           AND {_UNTOUCHED} AND NOT coalesce({_MET}, true)
         ORDER BY l.taken_at LIMIT 1 FOR UPDATE OF t SKIP LOCKED
    )"""  # noqa: S608  # built from constants alone
_TAKE_WAITING = f"""
    WITH seen AS (
        INSERT INTO accounts_sighting (user_id, device_id, address_block, day)
        VALUES (%(me)s, %(device)s, %(block)s, %(today)s) ON CONFLICT DO NOTHING
    ), capped AS MATERIALIZED (
        SELECT other FROM (
            SELECT second_id AS other, election_id FROM transcription_pairtally WHERE first_id = %(me)s
            UNION ALL
            SELECT first_id, election_id FROM transcription_pairtally WHERE second_id = %(me)s) AS partner
          JOIN tps_election e ON e.code = election_id AND e.is_current
         GROUP BY other HAVING count(*) >= %(places)s
    ), own AS MATERIALIZED (
        SELECT ARRAY({independence.CIRCLE})::bigint[] AS circle
    ), mine AS MATERIALIZED (
        SELECT (SELECT circle FROM own) || ARRAY(SELECT other FROM capped)::bigint[] AS circle,
               ARRAY(SELECT device_id::text FROM accounts_sighting WHERE user_id = %(me)s AND day >= %(since)s
                     UNION SELECT unnest(%(here)s::text[]))::varchar[] AS places
    ), held AS (
        UPDATE transcription_lease
           SET expires_at = greatest(expires_at, least(now() + %(lease)s, taken_at + %(longest)s))
         WHERE account_id = %(me)s AND "end" = '' AND NOT %(ahead)s RETURNING id, taken_at
    ), place AS MATERIALIZED (
        SELECT min(place) AS empty FROM generate_series(0, %(most)s - 1) AS place
         WHERE NOT EXISTS (SELECT FROM accounts_user u WHERE u.id = %(me)s AND u.paused)
           AND NOT EXISTS (SELECT FROM transcription_lease l
                            WHERE l.account_id = %(me)s AND l."end" = '' AND (l.place = place.place OR NOT %(ahead)s))
    ), chosen AS MATERIALIZED (
        SELECT t.photo_id, t.free FROM transcription_task t
         WHERE t.free > 0 AND {_UNTOUCHED}
           AND NOT {_MET_OR_BEEN}
           AND (SELECT empty FROM place) IS NOT NULL
         ORDER BY t.rank, t.photo_id LIMIT 1 FOR UPDATE OF t /* patience */
    ), drawn AS MATERIALIZED (
        SELECT t.photo_id, t.decision_id FROM transcription_task t
         WHERE t.gold > 0 AND {_UNTOUCHED}
           AND EXISTS (SELECT FROM chosen)
           AND CASE WHEN %(draw)s >= %(at_first)s THEN false WHEN %(draw)s < %(later)s THEN true ELSE
                   (SELECT count(*) < %(first_tasks)s FROM (
                       SELECT FROM transcription_lease l WHERE l.account_id = %(me)s AND l."end" = 'submitted'
                        LIMIT %(first_tasks)s) AS task) END
         ORDER BY random() LIMIT 1 FOR UPDATE OF t SKIP LOCKED
    ), golden AS MATERIALIZED (
        SELECT photo_id, decision_id FROM drawn t WHERE NOT coalesce({_MET}, true)
    ), {_AGAIN}, given (photo_id, knows, counted) AS (
        SELECT photo_id, decision_id, 1 FROM golden
        UNION ALL SELECT photo_id, decision_id, 0 FROM again WHERE NOT EXISTS (SELECT FROM golden)
        UNION ALL SELECT photo_id, NULL, 0 FROM chosen
                   WHERE NOT EXISTS (SELECT FROM golden) AND NOT EXISTS (SELECT FROM again)
    ), taken AS (
        UPDATE transcription_task t
           SET leased = t.leased + (knows IS NULL)::int, rank = t.rank + (knows IS NULL)::int,
               gold = t.gold - counted, changed_at = now(),
               touched_by = t.touched_by || %(me)s::bigint, touched_on = t.touched_on || %(here)s::varchar[]
          FROM given WHERE t.photo_id = given.photo_id
        RETURNING t.photo_id, knows
    ), leased AS (
        INSERT INTO transcription_lease (id, task_id, account_id, device_id, address_block, expires_at, "end", place,
                                         gold_id, stood_for)
        SELECT gen_random_uuid(), taken.photo_id, %(me)s, %(device)s, %(block)s, now() + %(lease)s, '', empty, knows,
               CASE WHEN knows IS NOT NULL THEN free END
          FROM taken, place, chosen
        RETURNING id
    )
    SELECT id FROM leased UNION ALL (SELECT id FROM held ORDER BY taken_at LIMIT 1)
"""  # noqa: S608  # built from constants alone
_TAKE = _TAKE_WAITING.replace("/* patience */", "SKIP LOCKED")


def lease_of(lease_id: UUID, account: User) -> Lease:
    """This person's lease with the photo, its contest and its TPS. One query; raises `NoSuchLease`.

    `lease.villages` are the kecamatan's, with code and name; `lease.tag` is the number of the tag printed on the page,
    where one was read, and `lease.boxes` what `PageTag.boxes` is.
    """
    with connection.cursor() as cursor:
        cursor.execute(_LEASE, [lease_id, account.pk])
        row = cursor.fetchone()
    if row is None:
        raise NoSuchLease
    values = iter(row)
    lease, photo, contest, station = (
        model.from_db(connection.alias, names, [next(values) for _ in names]) for _table, model, names in _ROWS
    )
    photo.contest, photo.station = contest, station
    lease.task, lease.account = Task(photo=photo), account
    lease.villages, lease.tag, lease.boxes = values
    return lease


# By hand, since every request of a reader begins with it: the ORM takes longer to write this than PostgreSQL to run it.
_ROWS: tuple[tuple[str, type[Any], list[str]], ...] = tuple(
    (table, model, [field.attname for field in model._meta.concrete_fields])
    for table, model in (("l", Lease), ("p", Photo), ("c", Contest), ("s", PollingStation))
)
_LEASE = f"""
    SELECT {", ".join(f'{table}."{name}"' for table, _, names in _ROWS for name in names)},
           (SELECT coalesce(json_agg(json_build_array(code, name)), '[]') FROM tps_region r
             WHERE r.parent_id = left(s.region_id, 6)),
           g.tag, g.boxes
      FROM transcription_lease l
      JOIN uploads_photo p ON p.id = l.task_id
      JOIN tps_contest c ON c.id = p.contest_id
      JOIN tps_pollingstation s ON s.id = p.station_id
      LEFT JOIN uploads_pagetag g ON g.photo_id = p.id
     WHERE l.id = %s AND l.account_id = %s
"""  # noqa: S608  # built from constants alone


# --- Renewing, giving back, taking back -------------------------------------------------------


def renew(lease_id: UUID, account: User) -> Lease:
    """Five more minutes from now, an hour at most in all, for whatever this person holds.

    Raises `NoSuchLease`, `Paused`, and `LeaseOver` where this one is over.
    """
    if account.paused:
        raise Paused
    renewable = Lease.objects.filter(account=account, end="", taken_at__gt=Now() - LONGEST_LEASE)
    renewed = renewable.filter(Exists(renewable.filter(pk=lease_id))).update(
        expires_at=Least(Now() + LEASE, F("taken_at") + LONGEST_LEASE)
    )
    lease = lease_of(lease_id, account)
    if not renewed:
        raise LeaseOver
    return lease


def stop(account: User) -> None:
    """Somebody stops reading: what was only held ready goes to others at once.

    Whoever passed over so many that they may give none back does not get rid of these sooner, either: their time runs.
    """
    if passed_over(account) < settings.MOST_GIVEN_BACK:
        let_go(account)


def let_go(account: User) -> None:
    """What somebody holds goes to others at once, as if its time had run out."""
    Lease.objects.filter(account=account, end="").update(expires_at=Now() - timedelta(seconds=1))
    take_back_expired_leases()


def give_back(lease_id: UUID, account: User) -> None:
    """End a lease without an entry; this person does not get the photo again. Twice is once.

    Raises `NoSuchLease`, and `TooManyGivenBack` where they did so with too many of their last photos.
    """
    lease = Lease.objects.filter(pk=lease_id, account=account).only("task_id", "end").first()
    if lease is None:
        raise NoSuchLease
    with transaction.atomic(), connection.cursor() as cursor:
        # One after the other, or those sent at once would not be counted. Not the person's row: leases come before it.
        cursor.execute("SELECT pg_advisory_xact_lock(hashtextextended('given back', %s))", [account.pk])
        if lease.end == "" and (many := passed_over(account)) >= settings.MOST_GIVEN_BACK:
            raise TooManyGivenBack(many=many, of_last=OF_LAST)
        cursor.execute(_GIVE_BACK, {"lease": lease_id, "task": lease.task_id, "too_often": RETURNED_TOO_OFTEN})


def passed_over(account: User) -> int:
    """How many of somebody's last photos, this one not counted, they gave back or let go for a later one. One query."""
    with connection.cursor() as cursor:
        cursor.execute(_PASSED_OVER, {"account": account.pk, "last": OF_LAST - 1})
        return int(cursor.fetchone()[0])


# A time that runs out says nothing by itself: networks fail, and whoever asks again gets the same photo first. It is
# choosing only where they sent what they read from one that they took later: either while they still held this one
# (whoever stops lets go a moment after their last entry), or after they had held both at once and the time of both had
# run out. What a sender took back was let go by nobody.
_PASSED_OVER = """
    SELECT count(*) FILTER (WHERE l."end" = 'returned' OR l."end" = 'expired' AND p.withdrawn_at IS NULL AND EXISTS (
               SELECT FROM transcription_lease later
                 LEFT JOIN transcription_entry e ON e.lease_id = later.id
                 LEFT JOIN transcription_goldreading g ON g.lease_id = later.id
                WHERE later.account_id = %(account)s AND later."end" = 'submitted' AND later.taken_at > l.taken_at
                  AND (coalesce(e.created_at, g.created_at) < l.expires_at + interval '2 seconds'
                       OR coalesce(e.created_at, g.created_at) > later.expires_at
                      AND later.taken_at < coalesce(l.ended_at, l.expires_at))))
      FROM (SELECT task_id, "end", taken_at, expires_at, ended_at FROM transcription_lease
             WHERE account_id = %(account)s AND "end" <> ''
             ORDER BY taken_at DESC LIMIT %(last)s) AS l
      JOIN uploads_photo p ON p.id = l.task_id
"""
_GIVE_BACK = """
    WITH task AS MATERIALIZED (
        SELECT photo_id FROM transcription_task WHERE photo_id = %(task)s FOR UPDATE
    ), ended AS (
        UPDATE transcription_lease l SET "end" = 'returned' FROM task
         WHERE l.id = %(lease)s AND l.task_id = task.photo_id AND l."end" = ''
        RETURNING l.task_id, l.gold_id
    )
    UPDATE transcription_task t
       SET leased = t.leased - 1, rank = t.rank - 1, returned = t.returned + 1, changed_at = now(),
           needs_adjudicator = t.needs_adjudicator OR t.returned + 1 >= %(too_often)s,
           why = CASE WHEN t.why = '' AND t.returned + 1 >= %(too_often)s THEN 'returned' ELSE t.why END,
           case_since = CASE WHEN t.needs_adjudicator OR t.returned + 1 >= %(too_often)s
                             THEN coalesce(t.case_since, now()) END
      FROM ended WHERE t.photo_id = ended.task_id AND ended.gold_id IS NULL
"""


def take_back_expired_leases() -> int:
    """End leases that ran out and open their places again; returns how many.

    Passes over rows that somebody has in hand: it never waits, and so never stands in anybody's way.
    """
    with connection.cursor() as cursor:
        cursor.execute(_TAKE_BACK)
        return int(cursor.fetchone()[0])


# Who let the time run out may get the photo again: they lose nothing that they typed.
_TAKE_BACK = f"""
    WITH due AS MATERIALIZED (
        SELECT l.id FROM transcription_lease l JOIN transcription_task t ON t.photo_id = l.task_id
         WHERE l."end" = '' AND l.expires_at < statement_timestamp()
         FOR UPDATE SKIP LOCKED
    ), ended AS (
        UPDATE transcription_lease l SET "end" = 'expired', ended_at = statement_timestamp()
          FROM due WHERE l.id = due.id
        RETURNING l.task_id, l.account_id, l.device_id, l.address_block, l.gold_id,
                  -- Who rules may have seen meanwhile what others say of it.
                  (SELECT role FROM accounts_user u WHERE u.id = l.account_id) = 'volunteer'
                  AND NOT {_REPORTED} AS again
    ), places AS (
        SELECT task_id, (count(*) FILTER (WHERE gold_id IS NULL))::smallint AS many,
               array_agg(account_id) FILTER (WHERE again) AS accounts,
               array_agg(device_id::text) FILTER (WHERE again) || array_agg(address_block::text) FILTER (WHERE again)
               AS used
          FROM ended GROUP BY task_id
    ), opened AS (
        UPDATE transcription_task t
           SET leased = t.leased - places.many, rank = t.rank - places.many, changed_at = now(),
               touched_by = ARRAY(SELECT unnest(t.touched_by) EXCEPT SELECT unnest(places.accounts)),
               touched_on = ARRAY(SELECT unnest(t.touched_on) EXCEPT SELECT unnest(places.used))
          FROM places WHERE t.photo_id = places.task_id
    )
    SELECT count(*) FROM ended
"""  # noqa: S608  # built from constants alone
