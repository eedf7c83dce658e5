"""The rules of `aggregation.anomalies` as one set-based statement each, over the results of a contest.

Each selects `station_id, region_id, strength, other_id, other_photo_id, facts`. A test holds both against each other.
"""

from aggregation import anomalies as rules
from aggregation import columns
from aggregation.anomalies import Kind
from aggregation.columns import Columns

# `%(regions)s`: the villages that are looked at; null for all.
_HERE = "(%(regions)s::text[] IS NULL OR {region} = ANY(%(regions)s))"
_COUNTED = """
    counted AS MATERIALIZED (
        SELECT r.station_id, r.region_id, s.code, r.amounts[1:{options}] AS votes, v.total AS sum
          FROM aggregation_result r
          JOIN tps_pollingstation s ON s.id = r.station_id
         CROSS JOIN LATERAL (SELECT sum(x)::int AS total FROM unnest(r.amounts[1:{options}]) x) v
         WHERE r.contest_id = %(contest)s AND r.state <> 'excluded' AND r.amounts[{counted}] = 1 AND {here})
"""


def _figure(key: str) -> str:
    """A number of the form, or null where it is empty or nobody can read it."""
    return f"CASE jsonb_typeof(r.numbers->'{key}') WHEN 'number' THEN (r.numbers->>'{key}')::int END"


_RULE = f"""
    SELECT r.station_id, r.region_id, least(100, 20 * cardinality(r.broken_rules)) AS strength,
           NULL::bigint AS other_id, NULL::uuid AS other_photo_id,
           jsonb_build_object('rules', to_jsonb(r.broken_rules)) AS facts
      FROM aggregation_result r
     WHERE r.contest_id = %(contest)s AND r.state <> 'excluded' AND r.broken_rules <> '{{{{}}}}'
       AND {_HERE.format(region="r.region_id")}
"""  # noqa: S608  # built from constants alone, as all here

_TURNOUT = f"""
    SELECT station_id, region_id, least(100, 100 * (figure - most) / most) AS strength, NULL::bigint AS other_id,
           NULL::uuid AS other_photo_id, jsonb_build_object('of', kind, 'figure', figure, 'limit', most) AS facts
      FROM (SELECT r.station_id, r.region_id, s.number, s.registered_voters AS registered,
                   {_figure("suara_total")} AS total, {_figure("surat_diterima")} AS ballots,
                   {_figure("dpt_j")} AS dpt, {_figure("pengguna_dpt_j")} AS of_dpt
              FROM aggregation_result r JOIN tps_pollingstation s ON s.id = r.station_id
             WHERE r.contest_id = %(contest)s AND r.state <> 'excluded' AND {_HERE.format(region="r.region_id")}
               AND ({{may_be_over}})) one
     CROSS JOIN LATERAL (
           SELECT * FROM (VALUES
               (1, 'dpt', of_dpt, dpt, of_dpt > dpt),
               (2, 'ballots', total, ballots, total > ballots),
               (3, 'registered', total, registered,
                ballots IS NULL AND number < {rules.SPECIAL_FROM}
                AND 100 * (total - {rules.OVER_VOTES}) > {rules.OVER_PERCENT} * registered)
           ) said(place, kind, figure, most, is_over)
           WHERE is_over AND most > 0 ORDER BY place LIMIT 1) over
"""  # noqa: S608

_ONE_SIDED = f"""
    WITH {{counted}}, options AS (
        SELECT c.*, (n - 1)::int AS option, vote, sum(vote) OVER (PARTITION BY c.region_id, n) - vote AS elsewhere
          FROM counted c CROSS JOIN LATERAL unnest(c.votes) WITH ORDINALITY one(vote, n)
    ), judged AS (
        SELECT *, sum(elsewhere) OVER (PARTITION BY station_id) AS all_elsewhere FROM options
    )
    SELECT DISTINCT ON (station_id) station_id, region_id, least(100, sum / 3) AS strength, NULL::bigint AS other_id,
           NULL::uuid AS other_photo_id,
           jsonb_build_object('all', vote = sum, 'option', option, 'votes', sum)
           || CASE WHEN vote = sum THEN '{{{{}}}}'::jsonb
                   ELSE jsonb_build_object('elsewhere', round(elsewhere::numeric / all_elsewhere, 4)) END AS facts
      FROM judged
     WHERE sum >= {rules.LEAST_VOTES}
       AND (vote = sum
            OR (vote = 0 AND {{options}} <= {rules.FEW_OPTIONS} AND all_elsewhere > 0
                AND {rules.ZERO_WHERE_ONE_IN} * elsewhere >= all_elsewhere))
     ORDER BY station_id, (vote = sum) DESC, elsewhere DESC, option
"""  # noqa: S608

_FAR = f"""
    WITH {{counted}}, parts AS MATERIALIZED (
        SELECT c.station_id, c.region_id, (n - 1)::int AS option, vote::float8 / c.sum AS part
          FROM counted c CROSS JOIN LATERAL unnest(c.votes) WITH ORDINALITY one(vote, n)
         WHERE c.sum >= {rules.LEAST_VOTES_FAR}
    ), middles AS (
        SELECT region_id, option, count(*) AS stations, percentile_cont(0.5) WITHIN GROUP (ORDER BY part) AS middle
          FROM parts GROUP BY region_id, option HAVING count(*) >= {rules.LEAST_NEIGHBOURS}
    ), spreads AS (
        SELECT region_id, option,
               {rules.NORMAL} * percentile_cont(0.5) WITHIN GROUP (ORDER BY abs(part - middle))
               + {rules.LEAST_SPREAD} AS spread
          FROM parts JOIN middles USING (region_id, option) GROUP BY region_id, option
    )
    SELECT DISTINCT ON (station_id) station_id, region_id,
           least(100, floor(100 * abs(part - middle) + 1e-9))::int AS strength, NULL::bigint AS other_id,
           NULL::uuid AS other_photo_id,
           jsonb_build_object('option', option, 'share', round(part::numeric, 4), 'median', round(middle::numeric, 4),
                              'stations', stations) AS facts
      FROM parts JOIN middles USING (region_id, option) JOIN spreads USING (region_id, option)
     WHERE abs(part - middle) >= {rules.FAR} AND abs(part - middle) >= {rules.SCALES} * spread
     ORDER BY station_id, abs(part - middle) DESC, option
"""  # noqa: S608

_SAME_ROW = f"""
    WITH {{counted}}, rows AS (
        SELECT c.*, row_number() OVER twins AS place, count(*) OVER (PARTITION BY c.region_id, c.votes) AS stations,
               first_value(station_id) OVER twins AS first_id, nth_value(station_id, 2) OVER whole AS second_id
          FROM counted c
         WHERE c.sum >= {rules.LEAST_VOTES}
           AND (SELECT vote FROM unnest(c.votes) vote ORDER BY vote DESC OFFSET 1 LIMIT 1) >= {rules.SECOND_LARGEST}
        WINDOW twins AS (PARTITION BY c.region_id, c.votes ORDER BY c.code),
               whole AS (twins ROWS BETWEEN UNBOUNDED PRECEDING AND UNBOUNDED FOLLOWING)
    )
    SELECT station_id, region_id, least(100, sum / 3) AS strength,
           CASE WHEN place = 1 THEN second_id ELSE first_id END AS other_id, NULL::uuid AS other_photo_id,
           jsonb_build_object('votes', to_jsonb(votes), 'stations', stations) AS facts
      FROM rows WHERE stations > 1
"""  # noqa: S608

# Where each photo stands now: moved ones where they were moved to; rejected and withdrawn ones nowhere.
_ALIKE = f"""
    WITH pairs AS (
        SELECT a.first_id AS one, a.second_id AS other, a.bits FROM uploads_alike a
        UNION ALL SELECT a.second_id, a.first_id, a.bits FROM uploads_alike a
    )
    SELECT DISTINCT ON (mine.station_id) mine.station_id, s.region_id, greatest(0, 100 - 4 * bits) AS strength,
           theirs.station_id AS other_id, other AS other_photo_id, one AS photo_id,
           jsonb_build_object('bits', bits) AS facts
      FROM pairs
     CROSS JOIN LATERAL ({{place_of_one}}) mine
     CROSS JOIN LATERAL ({{place_of_other}}) theirs
      JOIN tps_pollingstation s ON s.id = mine.station_id
     WHERE mine.station_id <> theirs.station_id AND mine.contest_id = %(contest)s
       AND theirs.contest_id = %(contest)s AND {_HERE.format(region="s.region_id")}
     ORDER BY mine.station_id, bits, one, other
"""  # noqa: S608
_PLACE = """
    SELECT CASE WHEN d.outcome = 'accepted' THEN d.station_id ELSE p.station_id END AS station_id,
           CASE WHEN d.outcome = 'accepted' THEN d.contest_id ELSE p.contest_id END AS contest_id
      FROM uploads_photo p
      LEFT JOIN LATERAL (SELECT outcome, station_id, contest_id FROM transcription_decision
                          WHERE photo_id = p.id ORDER BY version DESC LIMIT 1) d ON true
     WHERE p.id = pairs.{photo} AND p.withdrawn_at IS NULL AND d.outcome IS DISTINCT FROM 'rejected'"""

# No photo came that is not needed for the numbers: each number stands on one.
_SINGLE = f"""
    SELECT r.station_id, r.region_id, 0 AS strength, NULL::bigint AS other_id, NULL::uuid AS other_photo_id,
           '{{{{}}}}'::jsonb AS facts
      FROM aggregation_result r
     WHERE r.contest_id = %(contest)s AND r.state <> 'excluded' AND r.amounts[{{counted_at}}] = 1
       AND {_HERE.format(region="r.region_id")}
       AND cardinality(r.decisions) >= (
           SELECT count(*) FROM uploads_photo p
            WHERE p.station_id = r.station_id AND p.contest_id = r.contest_id AND p.withdrawn_at IS NULL)
"""  # noqa: S608

_FIND = {
    Kind.ALIKE: _ALIKE,
    Kind.SAME_ROW: _SAME_ROW,
    Kind.TURNOUT: _TURNOUT,
    Kind.FAR: _FAR,
    Kind.ONE_SIDED: _ONE_SIDED,
    Kind.RULE: _RULE,
    Kind.SINGLE: _SINGLE,
}


def _may_be_over(layout: Columns) -> str:
    """Where turnout may be too much, by the sums alone: the numbers of the others need not be unpacked."""

    def at(name: str) -> str:
        return f"r.amounts[{layout.names.index(name) + 1}]" if name in layout.names else "0"

    def above(figure: str, limit: str) -> str:
        return f"({at(columns.known(limit))} = 1 AND {at(figure)} > {at(limit)})"

    known_limits = f"{above('pengguna_dpt_j', 'dpt_j')} OR {above('suara_total', 'surat_diterima')}"
    return f"{known_limits} OR {at('suara_total')} > s.registered_voters"


def finding(kind: Kind, layout: Columns) -> str:
    """The statement that finds a kind in a contest of this layout; `contest` and `regions` are its values."""
    counted_at = len(layout.sums) + 1 + layout.counts.index(columns.COUNTED)
    counted = _COUNTED.format(
        options=len(layout.votes), counted=counted_at, here=_HERE.format(region="r.region_id")
    ).strip()
    return _FIND[kind].format(
        counted=counted,
        counted_at=counted_at,
        options=len(layout.votes),
        may_be_over=_may_be_over(layout),
        place_of_one=_PLACE.format(photo="one"),
        place_of_other=_PLACE.format(photo="other"),
    )


def keeping(kind: Kind, layout: Columns) -> str:
    """The statement that makes the table say what is found: what is gone goes, what is as it was is not written."""
    photo = "found.photo_id" if kind is Kind.ALIKE else "NULL::uuid"
    return f"""
        WITH found AS MATERIALIZED ({finding(kind, layout)}),
        gone AS (
            DELETE FROM aggregation_question q
             WHERE q.contest_id = %(contest)s AND q.kind = '{kind.value}' AND {_HERE.format(region="q.region_id")}
               AND q.station_id NOT IN (SELECT station_id FROM found)
            RETURNING 1),
        kept AS (
            INSERT INTO aggregation_question
                   (contest_id, station_id, region_id, kind, rank, other_id, photo_id, other_photo_id, facts)
            SELECT %(contest)s, found.station_id, found.region_id, '{kind.value}', n.rank, found.other_id, {photo},
                   found.other_photo_id, found.facts
              FROM found
             CROSS JOIN LATERAL (SELECT {rules.WEIGHTS[kind]} * (100 + found.strength) AS rank) n
              LEFT JOIN aggregation_question q
                ON q.contest_id = %(contest)s AND q.kind = '{kind.value}' AND q.station_id = found.station_id
             WHERE q.id IS NULL
                OR (q.rank, q.other_id, q.photo_id, q.other_photo_id, q.facts)
                   IS DISTINCT FROM (n.rank, found.other_id, {photo}, found.other_photo_id, found.facts)
            ON CONFLICT (contest_id, station_id, kind) DO UPDATE
               SET rank = excluded.rank, other_id = excluded.other_id, photo_id = excluded.photo_id,
                   other_photo_id = excluded.other_photo_id, facts = excluded.facts
            RETURNING 1)
        SELECT (SELECT count(*) FROM gone) + (SELECT count(*) FROM kept)
    """  # noqa: S608


# Of the photos behind a result, the one with the votes: what a question's reader should look at.
PHOTOS = """
    SELECT DISTINCT ON (r.station_id) r.station_id, d.photo_id
      FROM aggregation_result r JOIN transcription_decision d ON d.id = ANY(r.decisions)
     WHERE r.contest_id = %(contest)s AND r.station_id = ANY(%(stations)s)
     ORDER BY r.station_id, d.numbers ? %(votes)s DESC, d.decided_at, d.id
"""
