"""What the database is told when official figures come in and are compared with ours.

The only things filled in are places in arrays, from the fields of a form; never from a request.
"""
# ruff: noqa: S608 -- see above

from collections.abc import Sequence

from aggregation import columns
from aggregation.columns import Columns

# --- Coming in --------------------------------------------------------------------------------

# What the file says nothing of, although it covers the place: not published any more.
WITHDRAW = """
    INSERT INTO staged_official (at, code, line, figures)
    SELECT %(at)s, f.code, NULL, NULL FROM (
        SELECT DISTINCT ON (code) code, figures FROM aggregation_officialfigure
        WHERE source_id = %(source)s AND taken_at <= %(at)s AND (station_id IS NOT NULL) = %(stations)s
          AND EXISTS (SELECT FROM unnest(%(covers)s::text[]) c WHERE starts_with(code, c))
        ORDER BY code, taken_at DESC
    ) f
    WHERE f.figures IS NOT NULL AND NOT EXISTS (SELECT FROM staged_official s WHERE s.code = f.code COLLATE "C")
"""

# Which later snapshots spoke of the codes in hand: there the figures were what stood before, with no row of their own.
_LATER = """
    SELECT o.code, s.id, s.taken_at
      FROM aggregation_officialsnapshot s, unnest(s.observed) AS o(code)
     WHERE s.source_id = %(source)s AND s.about = %(about)s AND s.taken_at > %(first)s
       AND o.code IN (SELECT code FROM staged_official)
     UNION
    SELECT t.code, s.id, s.taken_at
      FROM (SELECT DISTINCT code FROM staged_official) t, aggregation_officialsnapshot s, unnest(s.covers) AS c(region)
     WHERE s.source_id = %(source)s AND s.about = %(about)s AND s.taken_at > %(first)s
       AND starts_with(t.code, c.region)
"""

# The versions that the file brings, as a table. All that is known of its codes stands in one line of time, old versions
# and new lines. A line is a version where it differs from what stood before it. Where a later snapshot spoke of the
# code before the next version, what stood before (`stood`) stands there again.
NEW_VERSIONS = f"""
    CREATE TEMPORARY TABLE official_new ON COMMIT DROP AS
    WITH known AS (
        SELECT f.code::text COLLATE "C" AS code, f.taken_at AS at, f.figures, f.id, NULL::int AS line
          FROM aggregation_officialfigure f
         WHERE f.source_id = %(source)s AND f.code IN (SELECT code FROM staged_official)
         UNION ALL
        SELECT code, at, figures, NULL, line FROM staged_official
    ), in_time AS (
        SELECT *, lag(figures) OVER w AS before, lead(at) OVER w AS next_at, count(id) OVER w AS olds
          FROM known WINDOW w AS (PARTITION BY code ORDER BY at)
    ), with_old AS (
        SELECT *, CASE WHEN olds > 0 THEN first_value(figures) OVER (PARTITION BY code, olds ORDER BY at) END AS stood
          FROM in_time
    ), later AS MATERIALIZED ({_LATER})
    SELECT code, at, figures, NULL::bigint AS snapshot FROM with_old
     WHERE id IS NULL AND figures IS DISTINCT FROM before
     UNION ALL
    SELECT * FROM (
        SELECT DISTINCT ON (e.code, e.at) e.code, l.taken_at, e.stood, l.id
          FROM with_old e
          JOIN later l ON l.code = e.code AND l.taken_at > e.at AND (e.next_at IS NULL OR l.taken_at < e.next_at)
         WHERE e.id IS NULL AND e.figures IS DISTINCT FROM e.stood
         ORDER BY e.code, e.at, l.taken_at
    ) again
"""

# What each version is beside the one before it, for the codes in hand: (id of an old one or null, code, at, change).
CHANGES = """
    CREATE TEMPORARY TABLE official_change ON COMMIT DROP AS
    WITH known AS (
        SELECT f.id, f.code::text COLLATE "C" AS code, f.taken_at AS at, f.figures, f.change
          FROM aggregation_officialfigure f
         WHERE f.source_id = %(source)s AND f.code IN (SELECT code FROM official_new)
         UNION ALL
        SELECT NULL, code, at, figures, NULL FROM official_new
    ), in_time AS (
        SELECT *, lag(figures) OVER w AS before,
               bool_or(figures IS NOT NULL) OVER (w ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING) AS seen
          FROM known WINDOW w AS (PARTITION BY code ORDER BY at)
    )
    SELECT id, code, at, before, figures, change AS was,
           CASE WHEN figures IS NOT DISTINCT FROM before THEN 'same'
                WHEN figures IS NULL THEN 'withdrawn'
                WHEN before IS NOT NULL THEN 'changed'
                WHEN seen THEN 'returned'
                ELSE 'first' END AS change
      FROM in_time
"""

SNAPSHOTS = """
    INSERT INTO aggregation_officialsnapshot
        (source_id, about, taken_at, file, figures, width, rows, changed, observed, covers, by_id)
    SELECT %(source)s, %(about)s, m.at, %(file)s, m.figures, %(width)s, m.rows,
           (SELECT count(*) FROM official_new n WHERE n.at = m.at AND n.snapshot IS NULL),
           (SELECT array_agg(s.code ORDER BY s.code) FROM staged_official s WHERE s.at = m.at AND s.line IS NOT NULL),
           %(covers)s::text[], %(by)s
      FROM official_moment m ORDER BY m.at
"""

FIGURES = """
    INSERT INTO aggregation_officialfigure
        (source_id, snapshot_id, code, station_id, region_id, taken_at, figures, change)
    SELECT %(source)s, coalesce(n.snapshot, s.id), n.code, t.id, coalesce(t.region_id, n.code), n.at, n.figures,
           c.change
      FROM official_new n
      JOIN official_change c ON c.id IS NULL AND c.code = n.code AND c.at = n.at
      JOIN aggregation_officialsnapshot s ON s.source_id = %(source)s AND s.about = %(about)s AND s.taken_at = n.at
      LEFT JOIN tps_pollingstation t
        ON %(about)s = 'tps' AND t.election_id = %(election)s AND t.code = n.code COLLATE "C"
     ORDER BY n.at, n.code
"""

OLD_CHANGES = """
    UPDATE aggregation_officialfigure f SET change = c.change
      FROM official_change c WHERE f.id = c.id AND c.change <> c.was
"""

# --- Comparing --------------------------------------------------------------------------------


def compare(layout: Columns, keys: Sequence[str]) -> str:
    """A table `official_pair`: each TPS with a figure; theirs in columns `t1`, …, ours in `o1`, …, null where there is
    none.

    `paired`: the votes of all options stand on both sides. `votes`, `others`: by how much the two differ, over the
    options and over the other fields, where both have one. Columns, since an array with nulls is searched each time.
    """
    names, places = layout.names, range(1, len(keys) + 1)
    theirs = ", ".join(f"f.figures[{i}] AS t{i}" for i in places)
    ours = ", ".join(f"{_ours(layout, key)} AS o{i}" for i, key in enumerate(keys, start=1))
    how = " ".join(f"WHEN r.amounts[{names.index(way) + 1}] = 1 THEN '{way}'" for way in columns.HOW)
    all_theirs = " AND ".join(f"t{keys.index(key) + 1} IS NOT NULL" for key in layout.votes) or "false"
    return f"""
    CREATE TEMPORARY TABLE official_pair ON COMMIT DROP AS
    SELECT *, counted AND {all_theirs} AS paired,
           {_off(layout, keys, votes=True)} AS votes, {_off(layout, keys, votes=False)} AS others
      FROM (
        SELECT f.station_id, f.code, f.region_id, f.taken_at, {theirs}, {ours},
               coalesce(r.amounts[{names.index(columns.COUNTED) + 1}] = 1, false) AS counted,
               CASE {how} ELSE '' END AS how
          FROM (
            SELECT DISTINCT ON (station_id) station_id, code, region_id, taken_at, figures
              FROM aggregation_officialfigure
             WHERE source_id = %(source)s AND station_id IS NOT NULL ORDER BY station_id, taken_at DESC
          ) f
          LEFT JOIN aggregation_result r ON r.contest_id = %(contest)s AND r.station_id = f.station_id
         WHERE f.figures IS NOT NULL
      ) pair
    """


def _ours(layout: Columns, key: str) -> str:
    """Our number of a field, where it stands; of one that the form has no more there is none."""
    if key not in layout.sums:
        return "NULL::integer"
    value, known = layout.names.index(key) + 1, layout.names.index(columns.known(key)) + 1
    return f"CASE WHEN r.amounts[{known}] = 1 THEN r.amounts[{value}] END"


def _off(layout: Columns, keys: Sequence[str], *, votes: bool) -> str:
    """By how much the two differ, over the options (`votes`) or the other fields, where both have one."""
    places = [place for place, key in enumerate(keys, start=1) if (key in layout.votes) == votes]
    return " + ".join(f"coalesce(abs(o{place} - t{place}), 0)" for place in places) or "0"


def _array(expression: str, keys: Sequence[str], kind: str = "integer") -> str:
    parts = ", ".join(expression.replace("{i}", str(i)) for i in range(1, len(keys) + 1))
    return f"ARRAY[{parts}]::{kind}[]"


def differing(layout: Columns, keys: Sequence[str]) -> str:
    """A table `official_off`: the TPS of `official_pair` whose numbers differ, and by how much."""
    return f"""
    CREATE TEMPORARY TABLE official_off ON COMMIT DROP AS
    SELECT station_id, code, {_array("o{i}", keys)} AS ours, {_array("t{i}", keys)} AS theirs, taken_at, how,
           votes, others
      FROM official_pair WHERE votes > 0 OR others > 0
    """


_DIFFERENCE = "station_id, ours, theirs, votes, others, taken_at, how"
DIFFERENCES = (
    """
    DELETE FROM aggregation_officialdifference d
     WHERE d.source_id = %(source)s AND NOT EXISTS (SELECT FROM official_off o WHERE o.code = d.code)
    """,
    f"""
    INSERT INTO aggregation_officialdifference AS d (source_id, code, {_DIFFERENCE})
    SELECT %(source)s, code, {_DIFFERENCE} FROM official_off
        ON CONFLICT (source_id, code) DO UPDATE
       SET ({_DIFFERENCE}) = ROW({", ".join("excluded." + name for name in _DIFFERENCE.split(", "))})
     WHERE ({", ".join("d." + name for name in _DIFFERENCE.split(", "))})
           IS DISTINCT FROM ({", ".join("excluded." + name for name in _DIFFERENCE.split(", "))})
    """,
)

_COLUMNS = ("sums", "behind", "ours", "theirs", "compared")
_KINDS = {"sums": "bigint", "behind": "integer", "ours": "bigint", "theirs": "bigint", "compared": "integer"}


def sums(layout: Columns, keys: Sequence[str]) -> str:
    """A table `official_sum`: the pairs added up for every region, village by village, then level by level."""
    # Null where one side has none, so that neither is added.
    first = {
        "sums": "coalesce(sum(t{i}), 0)",
        "behind": "count(t{i})",
        "ours": "coalesce(sum(o{i}) FILTER (WHERE paired AND t{i} IS NOT NULL), 0)",
        "theirs": "coalesce(sum(t{i}) FILTER (WHERE paired AND o{i} IS NOT NULL), 0)",
        "compared": "count(o{i} + t{i}) FILTER (WHERE paired)",
    }
    at_10 = ", ".join(f"{_array(first[name], keys, _KINDS[name])} AS {name}" for name in _COLUMNS)
    again = ", ".join(f"{_array(f'sum({name}[{{i}}])', keys, _KINDS[name])} AS {name}" for name in _COLUMNS)
    counts = "sum(stations)::int AS stations, sum(paired)::int AS paired, sum(differ)::int AS differ"
    parts, above = [], 10
    for digits in (6, 4, 2, 0):
        parts.append(
            f"at_{digits} AS MATERIALIZED (SELECT left(code, {digits}) AS code, {counts}, {again}"
            f" FROM at_{above} GROUP BY 1)"
        )
        above = digits
    everywhere = " UNION ALL ".join(f"SELECT * FROM at_{digits}" for digits in (10, 6, 4, 2, 0))
    return f"""
    CREATE TEMPORARY TABLE official_sum ON COMMIT DROP AS
    WITH at_10 AS MATERIALIZED (
        SELECT region_id AS code, count(*)::int AS stations, (count(*) FILTER (WHERE paired))::int AS paired,
               (count(*) FILTER (WHERE paired AND votes > 0))::int AS differ, {at_10}
          FROM official_pair GROUP BY region_id
    ), {", ".join(parts)}
    {everywhere}
    """


_SUMMED = "stations, paired, differ, " + ", ".join(_COLUMNS)
TALLIES = (
    """
    DELETE FROM aggregation_officialtally t
     WHERE t.source_id = %(source)s AND NOT EXISTS (SELECT FROM official_sum s WHERE s.code = t.region_id)
    """,
    f"""
    INSERT INTO aggregation_officialtally AS t (source_id, region_id, {_SUMMED})
    SELECT %(source)s, code, {_SUMMED} FROM official_sum
        ON CONFLICT (source_id, region_id) DO UPDATE
       SET ({_SUMMED}) = ROW({", ".join("excluded." + name for name in _SUMMED.split(", "))})
     WHERE ({", ".join("t." + name for name in _SUMMED.split(", "))})
           IS DISTINCT FROM ({", ".join("excluded." + name for name in _SUMMED.split(", "))})
    """,
)
