"""What an official source said when: versions, snapshots, changes; and whether all that fits what the log says."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db import connection
from django.db.models import QuerySet

from aggregation import official_file
from aggregation.models import OfficialFigure, OfficialSnapshot, OfficialSource
from aggregation.official import Step, by_key, steps
from tps.models import Contest

Change = OfficialFigure.Change
OF_A_STATION = (Change.CHANGED, Change.WITHDRAWN, Change.RETURNED)


def snapshots(source: OfficialSource) -> QuerySet[OfficialSnapshot]:
    """Without the list of codes they spoke of, which is as long as the nation."""
    return OfficialSnapshot.objects.filter(source=source).defer("observed")


def versions(source: OfficialSource, code: str, votes: tuple[str, ...]) -> list[Step]:
    """What was published for one TPS or region, oldest first. One query."""
    rows = OfficialFigure.objects.filter(source=source, code=code).exclude(change=Change.SAME).order_by("taken_at")
    return steps(((at, by_key(source.keys, figures)) for at, figures in rows.values_list("taken_at", "figures")), votes)


# --- What changed, newest first ---------------------------------------------------------------


@dataclass(frozen=True)
class News:
    """A snapshot that came in, or (`code`) a TPS whose figures a snapshot changed."""

    key: tuple[int, int]  # of the snapshot, and of the version (0 for the snapshot itself)
    source: str
    taken_at: datetime
    imported_at: datetime
    about: str
    rows: int
    changed: int
    code: str = ""
    name: str = ""
    before: dict[str, int | None] | None = None
    after: dict[str, int | None] | None = None


_NEWS = """
    SELECT * FROM (
        (SELECT s.id, 0::bigint AS version, s.taken_at, s.imported_at, s.about, s.rows, s.changed,
                '' AS code, '' AS name, NULL::int[] AS before, NULL::int[] AS after
           FROM aggregation_officialsnapshot s
          WHERE s.source_id = %(source)s AND (s.id, 0) < (%(snapshot)s, %(version)s)
          ORDER BY s.id DESC LIMIT %(limit)s)
        UNION ALL
        (SELECT f.snapshot_id, f.id, f.taken_at, s.imported_at, s.about, s.rows, s.changed, f.code,
                'TPS ' || lpad(t.number::text, 3, '0') || ', ' || g.name, b.figures, f.figures
           FROM (
                SELECT * FROM aggregation_officialfigure
                 WHERE source_id = %(source)s AND station_id IS NOT NULL
                   AND change IN ('changed', 'withdrawn', 'returned')
                   AND (snapshot_id, id) < (%(snapshot)s, %(version)s)
                 ORDER BY snapshot_id DESC, id DESC LIMIT %(limit)s
           ) f
           JOIN aggregation_officialsnapshot s ON s.id = f.snapshot_id
           JOIN tps_pollingstation t ON t.id = f.station_id
           JOIN tps_region g ON g.code = f.region_id
           LEFT JOIN LATERAL (
                SELECT figures FROM aggregation_officialfigure
                 WHERE source_id = f.source_id AND code = f.code AND taken_at < f.taken_at
                 ORDER BY taken_at DESC LIMIT 1
           ) b ON true)
    ) news ORDER BY id DESC, version DESC LIMIT %(limit)s
"""
FIRST = (2**62, 2**62)


def news(source: OfficialSource, limit: int, before: tuple[int, int] = FIRST) -> list[News]:
    """The newest `limit` snapshots and changes of TPS, those of one snapshot above it. One query."""
    values = {"source": source.pk, "limit": limit, "snapshot": before[0], "version": before[1]}
    with connection.cursor() as cursor:
        cursor.execute(_NEWS, values)
        return [_news(source, *row) for row in cursor.fetchall()]


def _news(source: OfficialSource, snapshot: int, version: int, *said: Any) -> News:
    taken_at, imported_at, about, rows, changed, code, name, before, after = said
    return News(
        key=(snapshot, version),
        source=source.word,
        taken_at=taken_at,
        imported_at=imported_at,
        about=about,
        rows=rows,
        changed=changed,
        code=code,
        name=name,
        before=by_key(source.keys, before) if version else None,
        after=by_key(source.keys, after) if version else None,
    )


# --- Whether it is what the log says ----------------------------------------------------------

# What was valid at a snapshot for each code that it spoke of.
_SAID = """
    SELECT o.code, f.figures
      FROM aggregation_officialsnapshot s CROSS JOIN unnest(s.observed) AS o(code)
      LEFT JOIN LATERAL (
            SELECT figures FROM aggregation_officialfigure
             WHERE source_id = s.source_id AND code = o.code AND taken_at <= s.taken_at ORDER BY taken_at DESC LIMIT 1
           ) f ON true
     WHERE s.id = %s
"""
# What was valid at a snapshot that says it is complete, and did not speak of it.
_LEFT_STANDING = """
    SELECT code FROM (
        SELECT DISTINCT ON (f.code) f.code, f.figures
          FROM aggregation_officialsnapshot s
          JOIN aggregation_officialfigure f ON f.source_id = s.source_id AND f.taken_at <= s.taken_at
         WHERE s.id = %s AND (f.station_id IS NOT NULL) = (s.about = 'tps')
           AND EXISTS (SELECT FROM unnest(s.covers) c WHERE starts_with(f.code, c))
         ORDER BY f.code, f.taken_at DESC
    ) stood WHERE figures IS NOT NULL
    EXCEPT SELECT unnest(observed) FROM aggregation_officialsnapshot WHERE id = %s ORDER BY 1
"""


def faults(contest: Contest) -> Iterator[str]:
    """Each snapshot whose figures, told again from the versions, are not those whose SHA-256 came with it."""
    for source in OfficialSource.objects.filter(contest=contest).order_by("pk"):
        for snapshot in snapshots(source).order_by("taken_at"):
            with connection.cursor() as cursor:
                cursor.execute(_SAID, [snapshot.pk])
                said = official_file.sha256(
                    source.keys[: snapshot.width], [(code, figures or ()) for code, figures in cursor.fetchall()]
                )
                if snapshot.covers:
                    cursor.execute(_LEFT_STANDING, [snapshot.pk, snapshot.pk])
                standing = [code for (code,) in cursor.fetchall()]
            if said != snapshot.figures:
                yield f"{source.word} {snapshot.about} {snapshot.taken_at:%Y-%m-%d %H:%M:%S}: figures hash to {said}"
            for code in standing:
                yield f"{source.word} {snapshot.taken_at:%Y-%m-%d %H:%M:%S}: {code} stands and was not published"
