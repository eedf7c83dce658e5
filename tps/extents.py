"""How many TPS there are in each region of an election: counted once per change, not once per page."""

from django.db import connection

from tps.models import Election

_BELOW = """
    SELECT left(code, length) AS region, count(*) AS stations, coalesce(sum(registered_voters), 0) AS voters,
           count(registered_voters) AS known
    FROM tps_pollingstation, unnest(ARRAY[0, 2, 4, 6, 10]) AS length
    WHERE election_id = %(election)s GROUP BY 1"""


def recount(election: Election) -> None:
    """Count anew. To be called in the transaction that changed the election's TPS or their DPT."""
    with connection.cursor() as cursor:
        cursor.execute(
            f"""WITH below AS MATERIALIZED ({_BELOW}),
            gone AS (DELETE FROM tps_extent e WHERE election_id = %(election)s
                     AND NOT EXISTS (SELECT FROM below WHERE below.region = e.region_id))
            INSERT INTO tps_extent (election_id, region_id, stations, registered_voters, dpt_known)
            SELECT %(election)s, region, stations, voters, known FROM below
            ON CONFLICT (region_id, election_id) DO UPDATE SET stations = excluded.stations,
                registered_voters = excluded.registered_voters, dpt_known = excluded.dpt_known
            WHERE (tps_extent.stations, tps_extent.registered_voters, tps_extent.dpt_known)
                IS DISTINCT FROM (excluded.stations, excluded.registered_voters, excluded.dpt_known)""",  # noqa: S608
            {"election": election.pk},
        )
