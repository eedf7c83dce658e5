"""The history of the count: what stood in the nation, each provinsi and kabupaten, every five minutes.

The folder calls `take`; it writes points only of regions that have changed, and beside their published documents what
charts draw of them: who looks at a chart asks no database.
"""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

from django.db import connection

from aggregation import columns, published_files
from aggregation.models import TallySample
from aggregation.published_files import Place
from aggregation.region_document import time_of, word_of
from tps.models import Contest

EVERY_SECONDS = 300
DEEPEST = 2  # nation, provinsi, kabupaten
# At most so many points of a region are drawn: days of an evening's rhythm.
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
    RETURNING region_id
"""


def take(contest: Contest) -> int:
    """Write a point for each region whose sums changed since its last one, if that is old enough; returns how many.

    Two statements. May be called as often as one likes; the five minutes are kept here.
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
        taken = [code for (code,) in cursor.fetchall()]
    tell(contest, taken)
    return len(taken)


def tell(contest: Contest, codes: Sequence[str]) -> None:
    """Write down the history of these regions for those who draw it; at most one query."""
    points: dict[str, list[dict[str, Any]]] = {code: [] for code in codes}
    if codes:
        rows = TallySample.objects.filter(contest=contest, region__in=codes).order_by("at")
        for row in rows.iterator():
            said = {"at": time_of(row.at), "stations": row.stations, "counted": row.counted}
            points[row.region_id].append(said | {"votes": row.votes, "official": row.official})
    place = Place(contest.election_id, contest.code)
    for code, found in points.items():
        ours = thin([point for point in found if not point["official"]])
        official = thin([point for point in found if point["official"]])
        both = sorted([*ours, *official], key=lambda point: (point["at"], point["official"]))
        published_files.write_pointer(place.beside("riwayat", word_of(code)), {"points": both})


def history(election: str, contest: str, code: str) -> Sequence[Mapping[str, Any]]:
    """The points of a region, oldest first, thinned: `at`, `stations`, `counted`, `votes` by ballot order, `official`.

    No query: what the folder wrote down.
    """
    said = published_files.read_pointer(Place(election, contest).beside("riwayat", word_of(code)))
    points: Sequence[Mapping[str, Any]] = said["points"] if said else []
    return points


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
