"""How much waits to be read, and how fast it is read, as data: in one region, in those below it, and hour by hour.

Three statements, whatever the number of regions. Counts of photos and entries only: nothing of what was read.
"""

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

from django.db import connection
from django.db.models import Count, OuterRef, Subquery
from django.db.models.functions import Coalesce

from aggregation import publication, region_document
from aggregation.models import Result
from aggregation.publication import Document
from aggregation.region_document import time_of
from tps.models import NATION, Election
from tps.search import UnknownRegion
from transcription import surges
from transcription.agreement import READERS
from transcription.models import SampleStation

FORMAT = 1
HOURS = 24
# Digits of the codes below: nation to provinsi, kabupaten, kecamatan, kelurahan.
BELOW = {0: 2, 2: 4, 4: 6, 6: 10}

# TPS of a sample of which numbers stand, or are in dispute.
_READ_OF_SAMPLE = Coalesce(
    Subquery(
        Result.objects.filter(
            contest=OuterRef("sample__contest"),
            state__in=[Result.State.PARTIAL, Result.State.COMPLETE, Result.State.DISPUTED],
            station__in=SampleStation.objects.filter(sample=OuterRef(OuterRef("sample"))).values("station"),
        )
        .order_by()
        .values("contest")
        .annotate(many=Count("pk"))
        .values("many")
    ),
    0,
)

# A photo waits as long as somebody is still to read it, the copies and the place in the queue included. A TPS of the
# region is one whose code begins with the region's; ":" comes after all digits.
_LINES = """
    WITH read AS MATERIALIZED (
        SELECT photo_id, count(*) AS entries FROM transcription_entry
         WHERE created_at > now() - interval '1 hour' AND source = 'volunteer' GROUP BY photo_id
    ), photo AS (
        SELECT left(s.code, %(digits)s) AS code, p.received_at, p.step, t.needs_adjudicator, read.entries,
               CASE WHEN p.step IN ('inspect', 'queue') THEN %(readers)s ELSE coalesce(t.wants, 0) END AS wants
          FROM uploads_photo p
          JOIN tps_pollingstation s ON s.id = p.station_id
          LEFT JOIN transcription_task t ON t.photo_id = p.id
          LEFT JOIN read ON read.photo_id = p.id
         WHERE s.election_id = %(election)s AND s.code >= %(region)s AND s.code < %(region)s || ':'
           AND p.withdrawn_at IS NULL
    ), line AS (
        SELECT code, count(*) AS photos, count(*) FILTER (WHERE wants > 0) AS waiting, sum(wants) AS wanted,
               count(*) FILTER (WHERE needs_adjudicator) AS cases, count(*) FILTER (WHERE step = 'done') AS done,
               min(received_at) FILTER (WHERE wants > 0) AS oldest,
               count(*) FILTER (WHERE received_at > now() - interval '1 hour') AS came, sum(entries) AS entries
          FROM photo GROUP BY code
    ), disputed AS (
        SELECT left(r.region_id, %(digits)s) AS code, count(*) AS stations
          FROM aggregation_result r
         WHERE r.contest_id IN (SELECT id FROM tps_contest WHERE election_id = %(election)s) AND r.state = 'disputed'
           AND r.region_id >= %(region)s AND r.region_id < %(region)s || ':'
         GROUP BY 1
    )
    SELECT g.code, g.name, g.level, coalesce(photos, 0), coalesce(waiting, 0), coalesce(wanted, 0), coalesce(cases, 0),
           coalesce(done, 0), coalesce(stations, 0), oldest, coalesce(came, 0), coalesce(entries, 0)
      FROM tps_region g LEFT JOIN line USING (code) LEFT JOIN disputed USING (code)
     WHERE g.code = ANY(%(path)s) OR g.parent_id = %(region)s
     ORDER BY g.code
"""

# Whole hours, the present one not yet over. First what came in them, found by its time, and only of that where it
# belongs: however much there is of other days, it is left alone. In dispute: TPS that are so now, by when that began.
# Of the whole instance where no region is asked for: what was read a day ago was read in the election that is on.
_HOURS = """
    WITH hour AS (
        SELECT generate_series(date_trunc('hour', now()) - %(hours)s * interval '1 hour', date_trunc('hour', now()),
                               interval '1 hour') AS hour
    ), since AS (SELECT min(hour) AS first FROM hour
    ), sent AS MATERIALIZED (
        SELECT received_at, station_id FROM uploads_photo
         WHERE received_at >= (SELECT first FROM since) AND withdrawn_at IS NULL
    ), read AS MATERIALIZED (
        SELECT created_at, photo_id FROM transcription_entry
         WHERE created_at >= (SELECT first FROM since) AND source = 'volunteer'
    ), decided AS MATERIALIZED (
        SELECT decided_at, station_id FROM transcription_decision
         WHERE decided_at >= (SELECT first FROM since) AND outcome <> 'reopened'
    ), photo AS (
        SELECT date_trunc('hour', p.received_at) AS hour, count(*) AS many FROM sent p {of_photo} GROUP BY 1
    ), entry AS (
        SELECT date_trunc('hour', e.created_at) AS hour, count(*) AS many FROM read e {of_entry} GROUP BY 1
    ), decision AS (
        SELECT date_trunc('hour', d.decided_at) AS hour, count(*) AS many FROM decided d {of_decision} GROUP BY 1
    ), disputed AS (
        SELECT date_trunc('hour', r.state_at) AS hour, count(*) AS many FROM aggregation_result r {of_result}
         WHERE r.state_at >= (SELECT first FROM since) AND r.state = 'disputed' GROUP BY 1
    )
    SELECT hour, coalesce(photo.many, 0), coalesce(entry.many, 0), coalesce(decision.many, 0),
           coalesce(disputed.many, 0)
      FROM hour LEFT JOIN photo USING (hour) LEFT JOIN entry USING (hour) LEFT JOIN decision USING (hour)
           LEFT JOIN disputed USING (hour)
     ORDER BY hour DESC
"""
_STATION = """
          JOIN tps_pollingstation s ON s.id = {table}.station_id AND s.election_id = %(election)s
           AND s.code >= %(region)s AND s.code < %(region)s || ':'"""
_OF_REGION = {
    "of_photo": _STATION.format(table="p"),
    "of_entry": "JOIN uploads_photo p ON p.id = e.photo_id" + _STATION.format(table="p"),
    "of_decision": _STATION.format(table="d"),
    "of_result": _STATION.format(table="r"),
}


def published(election: str, code: str = NATION, *, find: Callable[[], Election]) -> Document:
    """A region's document, at most some seconds old. Costs no query where it is there.

    Raises `UnknownRegion`, and whatever `find` raises.
    """
    return publication.backlog(election, code, build=lambda: build(find(), code))


def build(election: Election, code: str = NATION) -> dict[str, Any]:
    """The document of one region, down to a kecamatan. Raises `UnknownRegion`."""
    if len(code) not in BELOW:
        raise UnknownRegion
    above = region_document.path_to(code)
    values: dict[str, Any] = {
        "election": election.pk,
        "region": code,
        "digits": BELOW[len(code)],
        "path": above,
        "readers": READERS,
        "hours": HOURS - 1,
    }
    with connection.cursor() as cursor:
        cursor.execute(_LINES, values)
        rows = cursor.fetchall()
        path = [{"code": region_document.word_of(row[0]), "name": row[1]} for row in rows if row[0] in above]
        if not path or path[-1]["code"] != region_document.word_of(code):
            raise UnknownRegion
        lines = [_line(*row) for row in rows if row[0] not in above]
        cursor.execute(_HOURS.format(**(_OF_REGION if code else dict.fromkeys(_OF_REGION, ""))), values)
        hours = [
            {
                "hour": time_of(hour),
                "photos": photos,
                "entries": entries,
                "decisions": decisions,
                "disputed_stations": disputed,
            }
            for hour, photos, entries, decisions, disputed in cursor.fetchall()
        ]
    return {
        "format": FORMAT,
        "election": {"code": election.pk, "name": election.name, "date": election.date.isoformat()},
        "region": path[-1],
        "path": path,
        "measured_at": time_of(datetime.now(UTC)),
        "served_first": [
            {
                "region": {"code": one.region_id, "name": one.region.name} if one.region else None,
                "contest": {"code": contest.code, "name": contest.name} if contest else None,
                "sample": {"stations": one.sample.size, "read": one.read} if one.sample else None,
                "reason": one.reason,
                "since": time_of(one.turned_at),
            }
            for one in surges.active().annotate(read=_READ_OF_SAMPLE)
            for contest in [one.contest or (one.sample and one.sample.contest)]
        ],
        "total": _total(lines),
        "regions": lines,
        "hours": hours,
    }


def minutes_left(wanted: int, came: int, read: int) -> int | None:
    """Until `wanted` entries are there, with as many an hour as were `read` in the last one.

    None where the backlog does not go down: each of the photos that `came` in that hour wants two entries.
    """
    if not wanted:
        return 0
    return None if read <= came * READERS else max(1, round(wanted * 60 / read))


def _line(
    code: str, name: str, _level: int, photos: int, waiting: int, wanted: int, cases: int, done: int, disputed: int,
    oldest: datetime | None, came: int, read: int,
) -> dict[str, Any]:  # fmt: skip
    return {
        "code": code,
        "name": name,
        "photos": photos,
        "waiting": waiting,
        "entries_wanted": int(wanted),
        "with_adjudicator": cases,
        "done": done,
        "disputed_stations": disputed,
        "oldest_waiting_since": time_of(oldest),
        "last_hour": {"photos": came, "entries": int(read)},
        "minutes_left": minutes_left(int(wanted), came, int(read)),
    }


_SUMMED = ("photos", "waiting", "entries_wanted", "with_adjudicator", "done", "disputed_stations")


def _total(lines: list[dict[str, Any]]) -> dict[str, Any]:
    """What the regions add up to: they are all that lies in theirs."""
    total: dict[str, Any] = {name: sum(line[name] for line in lines) for name in _SUMMED}
    hour = {name: sum(line["last_hour"][name] for line in lines) for name in ("photos", "entries")}
    return total | {
        # Written alike, the earliest comes first.
        "oldest_waiting_since": min(filter(None, (line["oldest_waiting_since"] for line in lines)), default=None),
        "last_hour": hour,
        "minutes_left": minutes_left(total["entries_wanted"], hour["photos"], hour["entries"]),
    }
