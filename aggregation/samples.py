"""The history of the count: what stood in the nation, each provinsi and kabupaten, every five minutes.

The folder's process calls `take`; it writes points only of regions that have changed. What charts draw comes from here.
"""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

from django.db import connection

from aggregation import columns, publication
from aggregation.models import TallySample
from aggregation.region_document import time_of, word_of
from tps.models import Contest

EVERY_SECONDS = 300
DEEPEST = 2  # nation, provinsi, kabupaten
# So long a page may lack the newest point; the present numbers are drawn from the page's own document.
HISTORY_SECONDS = 60
# At most so many points of a region go into its document: days of an evening's rhythm.
MOST_POINTS = 120

_TAKE = """
    INSERT INTO aggregation_tallysample (contest_id, region_id, official, at, version, stations, counted, votes)
    SELECT t.contest_id, t.region_id, false, statement_timestamp(), t.version, t.stations,
           t.amounts[%(counted)s], {votes}
      FROM aggregation_tally t
      JOIN tps_region g ON g.code = t.region_id AND g.level <= %(deepest)s
      LEFT JOIN LATERAL (
          SELECT s.version, s.at FROM aggregation_tallysample s
           WHERE s.contest_id = t.contest_id AND s.region_id = t.region_id AND NOT s.official
           ORDER BY s.at DESC LIMIT 1
      ) last ON true
     WHERE t.contest_id = %(contest)s AND t.version > coalesce(last.version, 0)
       AND (t.amounts[%(counted)s] > 0 OR last.at IS NOT NULL)
       AND (last.at IS NULL OR last.at <= statement_timestamp() - %(seconds)s * interval '1 second')
    ON CONFLICT DO NOTHING
"""


def take(contest: Contest) -> int:
    """Write a point for each region whose sums changed since its last one, if that is old enough; returns how many.

    One statement. May be called as often as one likes; the five minutes are kept here.
    """
    layout = columns.of(contest)
    places = [layout.names.index(key) + 1 for key in layout.votes]
    # Numbers of places in an array, from the form's definition: nothing that a request says.
    votes = f"ARRAY[{', '.join(f't.amounts[{place}]::bigint' for place in places)}]::bigint[]"
    with connection.cursor() as cursor:
        cursor.execute(
            _TAKE.format(votes=votes),
            {
                "contest": contest.pk,
                "counted": layout.names.index(columns.COUNTED) + 1,
                "deepest": DEEPEST,
                "seconds": EVERY_SECONDS,
            },
        )
        return int(cursor.rowcount)


def history(election: str, contest: str, code: str) -> Sequence[Mapping[str, Any]]:
    """The points of a region, oldest first, thinned: `at`, `stations`, `counted`, `votes` by ballot order, `official`.

    No query where they are cached, one else; at most `HISTORY_SECONDS` old.
    """
    key = f"published:history:{election}/{contest}/{word_of(code)}"
    document = publication.counted(key, HISTORY_SECONDS, build=lambda: {"points": _read(election, contest, code)})
    points: Sequence[Mapping[str, Any]] = document.data()["points"]
    return points


def _read(election: str, contest: str, code: str) -> list[dict[str, Any]]:
    rows = (
        TallySample.objects.filter(contest__election=election, contest__code=contest, region=code)
        .order_by("at")
        .values("at", "stations", "counted", "votes", "official")
    )
    points = [{**row, "at": time_of(row["at"])} for row in rows]
    ours = thin([point for point in points if not point["official"]])
    official = thin([point for point in points if point["official"]])
    return sorted([*ours, *official], key=lambda point: (point["at"], point["official"]))


def thin(points: Sequence[dict[str, Any]], most: int = MOST_POINTS) -> list[dict[str, Any]]:
    """At most `most` points, evenly over time: the last of each stretch, and the very first.

    What fell between two of them is told by where the next one lies; nothing is smoothed.
    """
    if len(points) <= most:
        return list(points)
    first, last = _seconds(points[0]), _seconds(points[-1])
    stretch = (last - first) / (most - 1) or 1
    kept = {max(0, -(-(_seconds(point) - first) // stretch)): point for point in points}
    kept[0] = points[0]
    return [kept[place] for place in sorted(kept)]


def _seconds(point: Mapping[str, Any]) -> float:
    return datetime.fromisoformat(point["at"]).astimezone(UTC).timestamp()
