"""Which of somebody's readings a standing decision confirms: what ends a probation, and what people are told.

Only decisions that stand are looked at; what is undecided or open again is neither right nor wrong.
"""

from dataclasses import dataclass
from datetime import timedelta

from django.db import connection

from accounts.models import User

# Of an entry `e` on photo `p` whose standing decision is `d`; NULL where nothing stands. Who saw that the photo was of
# no use was right where it was rejected, for whatever reason; who saw that it is another TPS's, where it was moved. Who
# read another TPS from the form than the one where its numbers stand was wrong, whatever the numbers.
AGREES = """
    CASE WHEN d.outcome = 'rejected' THEN e.problem <> '' OR e.tps NOT IN ('', 'tidak_terbaca', s.code)
         WHEN d.outcome = 'accepted' AND e.problem = 'wrong_tps' THEN d.station_id <> p.station_id
         WHEN d.outcome = 'accepted' THEN e.problem = '' AND e.page = d.page AND e.numbers = d.numbers
              AND (e.tps IN ('', 'tidak_terbaca', s.code) OR (e.tps = 'desa_lain' AND d.station_id <> p.station_id))
    END
"""
STANDING = """
    JOIN uploads_photo p ON p.id = e.photo_id
    LEFT JOIN transcription_task t ON t.photo_id = e.photo_id
    LEFT JOIN LATERAL {decision} d ON true
    LEFT JOIN tps_pollingstation s ON s.id = d.station_id
"""
_DECISION = "(SELECT * FROM transcription_decision WHERE id = t.decision_id)"


# Every reading of some `accounts`, those against a known answer among them: whoever counts both the same way lets
# nobody tell them apart.
READINGS = f"""
    SELECT e.account_id, e.created_at, {AGREES} AS agrees
      FROM transcription_entry e {STANDING.format(decision=_DECISION)}
     WHERE e.account_id {{accounts}} AND e.source = 'volunteer'
     UNION ALL
    SELECT g.account_id, g.created_at, CASE WHEN t.decision_id = g.decision_id THEN g.is_right END
      FROM transcription_goldreading g JOIN transcription_task t ON t.photo_id = g.photo_id
     WHERE g.account_id {{accounts}}
"""  # noqa: S608  # built from constants alone


@dataclass(frozen=True)
class Count:
    read: int
    right: int
    wrong: int


def count(person: User, *, older_than: timedelta = timedelta()) -> Count:
    """How much somebody has read, and how much of it stands; known answers are not among it. One query."""
    with connection.cursor() as cursor:
        cursor.execute(_COUNT, [person.pk, older_than.total_seconds()])
        return Count(*cursor.fetchone())


_COUNT = f"""
    SELECT count(*), count(*) FILTER (WHERE agrees), count(*) FILTER (WHERE NOT agrees)
      FROM (SELECT {AGREES} AS agrees FROM transcription_entry e {STANDING.format(decision=_DECISION)}
             WHERE e.account_id = %s AND e.source = 'volunteer'
               AND e.created_at <= statement_timestamp() - make_interval(secs => %s)) AS one
"""  # noqa: S608  # built from constants alone
