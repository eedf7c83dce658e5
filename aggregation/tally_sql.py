"""What the database is told when tallies are folded, prepared, compared and rebuilt.

Arrays are added element by element with one written-out expression each: `ARRAY[sum(sums[1]), sum(sums[2]), …]`
is many times faster than unnesting. The only things filled in are lengths of arrays and levels.
"""
# ruff: noqa: S608 -- what is filled in comes from this file and from lengths, never from a request

from functools import cache

from aggregation.columns import Columns

# Digits of the codes of kecamatan, kabupaten/kota, provinsi and nation; a village has ten.
LEVELS = (6, 4, 2, 0)

# All villages' sums at once in memory; compiling the expressions would take longer than they run.
ROOM_TO_ADD = "SET LOCAL work_mem = '256MB'; SET LOCAL jit = off"


def _summed(layout: Columns) -> str:
    return _each("coalesce(sum(amounts[{i}]), 0)", layout) + " AS amounts"


def _each(expression: str, layout: Columns) -> str:
    elements = ", ".join(expression.replace("{i}", str(i)) for i in range(1, len(layout.names) + 1))
    return f"ARRAY[{elements}]::integer[]"


def _levels(what: str) -> str:
    """CTEs `at_6` … `at_0` above an existing `at_10`, and `everywhere` with all of them."""
    above, parts = 10, []
    for digits in LEVELS:
        parts.append(
            f"at_{digits} AS MATERIALIZED (SELECT left(code, {digits}) AS code, {what} FROM at_{above} GROUP BY 1)"
        )
        above = digits
    union = " UNION ALL ".join(f"SELECT * FROM at_{digits}" for digits in (10, *LEVELS))
    return ", ".join([*parts, f"everywhere AS ({union})"])


@cache
def fold(layout: Columns) -> str:
    """Takes `limit` deltas of `contest` in the order of `log`; one row (deltas, version, cut), or none."""
    return f"""
    WITH picked AS MATERIALIZED (
        -- Nothing below the present cut waits, so a long line is read from there on, not as a whole each time.
        SELECT d.id, l.index FROM aggregation_delta d JOIN ledger_leaf l ON l.event_id = d.event_id
        WHERE d.contest_id = %(contest)s AND l.log = %(log)s
          AND l.index >= (SELECT cut FROM aggregation_snapshot WHERE contest_id = %(contest)s)
        ORDER BY l.index LIMIT %(limit)s
    ), taken AS (
        DELETE FROM aggregation_delta d USING picked WHERE d.id = picked.id RETURNING d.region_id AS code, d.amounts
    ), at_10 AS MATERIALIZED (
        SELECT code, {_summed(layout)} FROM taken GROUP BY code
    ), {_levels(_summed(layout))}, moved AS (
        UPDATE aggregation_snapshot s
        SET version = s.version + 1, cut = p.cut, changed_at = statement_timestamp()
        FROM (SELECT max(index) + 1 AS cut FROM picked) p
        WHERE s.contest_id = %(contest)s AND p.cut IS NOT NULL
        RETURNING s.version, s.cut
    ), added AS (
        INSERT INTO aggregation_tally AS t
            (contest_id, region_id, stations, registered_voters, amounts, version, cut, changed_at)
        SELECT %(contest)s, e.code, 0, 0, e.amounts, m.version, m.cut, statement_timestamp()
        FROM everywhere e, moved m
        ON CONFLICT (contest_id, region_id) DO UPDATE
        SET amounts = {_each("t.amounts[{i}] + excluded.amounts[{i}]", layout)},
            version = excluded.version, cut = excluded.cut, changed_at = excluded.changed_at
    )
    SELECT (SELECT count(*) FROM picked), version, cut FROM moved
    """


# Where a contest is voted on: its area, or everywhere.
_VOTES_HERE = """
    SELECT s.region_id AS code, count(*) AS stations, coalesce(sum(s.registered_voters), 0) AS voters,
           count(s.registered_voters) AS known
    FROM tps_pollingstation s
    WHERE s.election_id = %(election)s AND (
        NOT EXISTS (SELECT FROM tps_contest_area a WHERE a.contest_id = %(contest)s)
        OR EXISTS (
            SELECT FROM tps_contest_area a WHERE a.contest_id = %(contest)s AND starts_with(s.region_id, a.region_id)
        )
    )
    GROUP BY s.region_id
"""

# How many TPS a contest has and their DPT, from what the importers counted.
# Contests of which the nation's row does not count what the last import counted.
UNPREPARED = """
    WITH area (contest, region) AS (
        SELECT contest_id, region_id FROM tps_contest_area
        UNION ALL
        SELECT id, '' FROM tps_contest c WHERE NOT EXISTS (SELECT FROM tps_contest_area a WHERE a.contest_id = c.id)
    ), electorate AS (
        SELECT c.id, coalesce(sum(x.stations), 0)::bigint AS stations,
               coalesce(sum(x.registered_voters), 0)::bigint AS voters,
               coalesce(sum(x.dpt_known), 0)::bigint AS known
          FROM tps_contest c
          JOIN area ON area.contest = c.id
          LEFT JOIN tps_extent x ON x.election_id = c.election_id AND x.region_id = area.region
         GROUP BY c.id
    )
    SELECT e.id FROM electorate e
      LEFT JOIN aggregation_tally t ON t.contest_id = e.id AND t.region_id = ''
     WHERE (coalesce(t.stations, 0), coalesce(t.registered_voters, 0), coalesce(t.dpt_known, 0))
           <> (e.stations, e.voters, e.known)
"""

# CTEs that end in `changed`: regions whose row does not count the TPS and the DPT that there are.
_OTHER_STATIONS = f"""
    at_10 AS MATERIALIZED ({_VOTES_HERE}),
    {_levels("sum(stations)::bigint AS stations, sum(voters)::bigint AS voters, sum(known)::bigint AS known")},
    wanted AS (
        SELECT code, stations, voters, known FROM everywhere
        UNION ALL
        SELECT t.region_id, 0, 0, 0 FROM aggregation_tally t
        WHERE t.contest_id = %(contest)s AND t.stations > 0 AND NOT EXISTS (
            SELECT FROM everywhere e WHERE e.code = t.region_id
        )
    ), changed AS (
        SELECT w.* FROM wanted w
        LEFT JOIN aggregation_tally t ON t.contest_id = %(contest)s AND t.region_id = w.code
        WHERE (t.stations, t.registered_voters, t.dpt_known) IS DISTINCT FROM (w.stations, w.voters, w.known)
    )
"""

OTHER_STATIONS = f"WITH {_OTHER_STATIONS} SELECT code, stations, voters FROM changed ORDER BY code"

PREPARE = f"""
    WITH {_OTHER_STATIONS}, moved AS (
        UPDATE aggregation_snapshot s SET version = s.version + 1, changed_at = statement_timestamp()
        WHERE s.contest_id = %(contest)s AND EXISTS (SELECT FROM changed) RETURNING s.version, s.cut
    ), stored AS (
        INSERT INTO aggregation_tally AS t
            (contest_id, region_id, stations, registered_voters, dpt_known, amounts, version, cut, changed_at)
        SELECT %(contest)s, c.code, c.stations, c.voters, c.known, %(nothing)s::integer[], m.version, m.cut,
               statement_timestamp()
        FROM changed c, moved m
        ON CONFLICT (contest_id, region_id) DO UPDATE
        SET stations = excluded.stations, registered_voters = excluded.registered_voters,
            dpt_known = excluded.dpt_known, version = excluded.version, cut = excluded.cut,
            changed_at = excluded.changed_at
    )
    SELECT count(*) FROM changed
"""


@cache
def _from_results(layout: Columns) -> str:
    """CTEs that end in `everywhere`: what the results of `contest` add up to, deltas that still wait left out."""
    return f"""
    recorded AS MATERIALIZED (
        SELECT region_id AS code, {_summed(layout)} FROM aggregation_result
        WHERE contest_id = %(contest)s GROUP BY region_id
    ), waiting AS MATERIALIZED (
        SELECT region_id AS code, {_summed(layout)} FROM aggregation_delta
        WHERE contest_id = %(contest)s GROUP BY region_id
    ), at_10 AS MATERIALIZED (
        SELECT code, r.amounts FROM recorded r WHERE NOT EXISTS (SELECT FROM waiting d WHERE d.code = r.code)
        UNION ALL
        SELECT code, {_each("r.amounts[{i}] - d.amounts[{i}]", layout)} FROM recorded r JOIN waiting d USING (code)
    ), {_levels(_summed(layout))}
    """


@cache
def compare(layout: Columns) -> str:
    """Regions that differ: (region, expected amounts, amounts); null where there is no row."""
    return f"""
    WITH {_from_results(layout)}
    SELECT coalesce(e.code, t.region_id), e.amounts, t.amounts
    FROM everywhere e
    FULL JOIN (SELECT * FROM aggregation_tally WHERE contest_id = %(contest)s) t ON t.region_id = e.code
    WHERE t.amounts IS DISTINCT FROM coalesce(e.amounts, {_each("0", layout)})
      AND NOT (t.amounts IS NULL AND e.amounts = {_each("0", layout)})
    ORDER BY 1
    """


@cache
def add_up(layout: Columns) -> str:
    """A table `rebuilt` until the transaction ends. By itself, since PostgreSQL adds on all cores only for that."""
    return f"CREATE TEMPORARY TABLE rebuilt ON COMMIT DROP AS WITH {_from_results(layout)} SELECT * FROM everywhere"


NEXT_VERSION = """
    UPDATE aggregation_snapshot SET version = version + 1, changed_at = statement_timestamp()
    WHERE contest_id = %(contest)s
"""

_ANEW = "version = s.version, cut = s.cut, changed_at = statement_timestamp()"
# Tallies that are there and differ; those that are missing; those that nothing is below of any more.
REPLACE = (
    f"""
    UPDATE aggregation_tally t SET amounts = r.amounts, {_ANEW}
    FROM rebuilt r, aggregation_snapshot s
    WHERE t.contest_id = %(contest)s AND s.contest_id = %(contest)s AND t.region_id = r.code
      AND t.amounts IS DISTINCT FROM r.amounts
    """,
    """
    INSERT INTO aggregation_tally
        (contest_id, region_id, stations, registered_voters, amounts, version, cut, changed_at)
    SELECT %(contest)s, r.code, 0, 0, r.amounts, s.version, s.cut, statement_timestamp()
    FROM rebuilt r, aggregation_snapshot s
    WHERE s.contest_id = %(contest)s AND NOT EXISTS (
        SELECT FROM aggregation_tally t WHERE t.contest_id = %(contest)s AND t.region_id = r.code
    )
    """,
    f"""
    UPDATE aggregation_tally t SET amounts = %(nothing)s::integer[], {_ANEW}
    FROM aggregation_snapshot s
    WHERE t.contest_id = %(contest)s AND s.contest_id = %(contest)s AND t.amounts <> %(nothing)s::integer[]
      AND NOT EXISTS (SELECT FROM rebuilt r WHERE r.code = t.region_id)
    """,
)
