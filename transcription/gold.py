"""Tasks whose answer is known: which photos serve for them, and what became of them.

A photo serves when its decision is beyond doubt: accepted, no broken sum, and either every reader said the same and at
least two of them are established, or adjudicators settled it. It serves for a few people and a few hours, once in its
life; whoever touched it, and their circle, never get it (`queue.take`). What is read stands in a table of its own and
moves nothing. A decision that is replaced makes all readings against it void.
"""

from collections.abc import Collection
from datetime import timedelta
from uuid import UUID

from django.db import connection
from django.db.models import QuerySet

from transcription.accuracy import Answers
from transcription.models import GoldReading

POOL = 300  # photos that serve at a time
PEOPLE = 10  # as many are given one photo
SERVES = timedelta(hours=2)
ESTABLISHED = 20  # entries after which somebody counts as established


def renew() -> int:
    """Retire what has served long enough, and let others serve; returns how many begin. Two statements.

    Those that the most people read alike come first, adjudicated ones (which were hard to read) last.
    """
    with connection.cursor() as cursor:
        cursor.execute(_RETIRE, [SERVES.total_seconds()])
        cursor.execute(_CHOOSE, {"pool": POOL, "people": PEOPLE, "established": ESTABLISHED})
        return int(cursor.fetchone()[0])


def answers_of(accounts: Collection[int], *, older_than: timedelta = timedelta()) -> dict[int, Answers]:
    """What these people answered since they were last let read again, as far as the answers still stand. One query.

    Who answered nothing is not in it.
    """
    with connection.cursor() as cursor:
        cursor.execute(_ANSWERS, {"accounts": list(accounts), "age": older_than.total_seconds()})
        rows = cursor.fetchall()
    return {account: Answers.of(zip(fields, right, strict=True)) for account, fields, right in rows}


def contested() -> set[UUID]:
    """Photos whose answer two people contradicted alike: they serve no longer, and are to be looked at. One statement.

    What was answered there speaks against nobody.
    """
    with connection.cursor() as cursor:
        cursor.execute(_RETIRE_CONTESTED)
        return {photo for (photo,) in cursor.fetchall()}


def doubted() -> QuerySet[GoldReading, int]:
    """Ids of those who were wrong about a known answer."""
    return GoldReading.objects.filter(is_right=False).values_list("account", flat=True)


# Two who read the same otherwise, and do not know of each other: perhaps the answer is wrong and not they.
_CONTESTED = """EXISTS (
    SELECT FROM transcription_goldreading other
     WHERE other.photo_id = g.photo_id AND other.decision_id = g.decision_id AND other.account_id <> g.account_id
       AND NOT other.is_right AND other.page IS NOT DISTINCT FROM g.page
       AND other.numbers IS NOT DISTINCT FROM g.numbers AND other.problem = g.problem
       AND (other.tps = g.tps OR other.tps IN ('', 'tidak_terbaca') OR g.tps IN ('', 'tidak_terbaca')))"""
# Village and number of the TPS are two more things to misread, where they were asked.
_FIELDS = "(SELECT count(*) FROM jsonb_object_keys(d.numbers))::int + CASE WHEN g.tps = '' THEN 0 ELSE 2 END"

_ANSWERS = f"""
    SELECT g.account_id, array_agg({_FIELDS}), array_agg(g.is_right)
      FROM transcription_goldreading g
      JOIN transcription_task t ON t.photo_id = g.photo_id AND t.decision_id = g.decision_id
      JOIN transcription_decision d ON d.id = g.decision_id
     WHERE g.account_id = ANY (%(accounts)s) AND g.created_at <= statement_timestamp() - make_interval(secs => %(age)s)
       AND (g.is_right OR NOT {_CONTESTED})
       AND g.created_at > coalesce((SELECT max(turned_at) FROM transcription_barturn lifted
                                     WHERE lifted.account_id = g.account_id AND NOT lifted."on"), '-infinity')
     GROUP BY g.account_id
"""  # noqa: S608  # built from constants alone


_RETIRE_CONTESTED = f"""
    UPDATE transcription_task t SET gold = 0
      FROM (SELECT DISTINCT g.photo_id FROM transcription_goldreading g
              JOIN transcription_task own ON own.photo_id = g.photo_id AND own.decision_id = g.decision_id
             WHERE NOT own.needs_adjudicator AND NOT g.is_right AND {_CONTESTED}) AS doubted
     WHERE t.photo_id = doubted.photo_id
    RETURNING t.photo_id
"""  # noqa: S608  # built from constants alone

_RETIRE = "UPDATE transcription_task SET gold = 0 WHERE gold > 0 AND gold_since < now() - make_interval(secs => %s)"

# Those that wait here are locked by nobody's request for long; who has one in hand keeps it from being chosen now.
_CHOOSE = """
    WITH wanted AS MATERIALIZED (
        SELECT greatest(%(pool)s - count(*), 0) AS many FROM transcription_task WHERE gold > 0
    ), recent AS MATERIALIZED (
        SELECT t.photo_id, d.id, d.how, d.page, d.numbers, d.because
          FROM transcription_task t
          JOIN transcription_decision d ON d.id = t.decision_id
          JOIN uploads_photo p ON p.id = t.photo_id
          JOIN tps_contest c ON c.id = d.contest_id
          JOIN tps_election e ON e.code = c.election_id
         WHERE (SELECT many FROM wanted) > 0 AND e.is_current AND p.withdrawn_at IS NULL AND p.step = 'done'
           AND t.gold_since IS NULL AND t.wants = 0 AND t.leased = 0 AND NOT t.needs_adjudicator
           AND d.outcome = 'accepted' AND d.how IN ('two_readers', 'adjudicated') AND d.broken_rules = '{}'
           AND d.station_id = p.station_id
         ORDER BY d.decided_at DESC LIMIT 20 * (SELECT many FROM wanted)
    ), fit AS (
        SELECT recent.photo_id, recent.id, how, readers.many
          FROM recent, LATERAL (
               SELECT count(*) AS many, bool_and(e.page = recent.page AND e.numbers = recent.numbers) IS TRUE AS alike,
                      count(*) FILTER (WHERE e.id = ANY (recent.because) AND (
                          SELECT count(*) FROM (
                              SELECT FROM transcription_entry before
                               WHERE before.account_id = e.account_id AND before.created_at < e.created_at
                               LIMIT %(established)s) AS earlier) >= %(established)s) AS established
                 FROM transcription_entry e WHERE e.photo_id = recent.photo_id AND e.source = 'volunteer') AS readers
         WHERE how = 'adjudicated' OR (alike AND established >= 2)
         ORDER BY how DESC, readers.many DESC, random() LIMIT (SELECT many FROM wanted)
    ), chosen AS MATERIALIZED (
        SELECT t.photo_id FROM transcription_task t JOIN fit ON fit.photo_id = t.photo_id AND fit.id = t.decision_id
         ORDER BY t.photo_id FOR UPDATE OF t SKIP LOCKED
    ), serving AS (
        UPDATE transcription_task t SET gold = %(people)s, gold_since = now()
          FROM chosen WHERE t.photo_id = chosen.photo_id RETURNING 1
    )
    SELECT count(*) FROM serving
"""
