"""A private database for a benchmark, and a nation of the real one's size in it."""

import os
import secrets
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

PROVINCES, REGENCIES, DISTRICTS, VILLAGES, STATIONS = 38, 514, 7_277, 83_731, 823_366


@contextmanager
def private_database() -> Iterator[None]:
    """An empty durable PostgreSQL and a Valkey on free ports, migrated, with Django set up on them."""
    from pemantau.local import processes
    from pemantau.local.postgres import ROLES, Postgres
    from pemantau.local.valkey import Valkey

    with tempfile.TemporaryDirectory(prefix="pemantau-bench-") as name:
        state = Path(name)
        state.chmod(0o711)
        postgres = Postgres(state, processes.free_port(), {role: secrets.token_hex(16) for role in ROLES})
        valkey = Valkey(state, processes.free_port(), secrets.token_hex(16))
        postgres.prepare()
        running = []
        try:
            for program in (postgres.program(), valkey.program()):
                running.append((program, processes.start_and_wait(program)))
            postgres.create_database()
            os.environ |= {
                "DATABASE_URL": postgres.url(),
                "REDIS_URL": valkey.url(),
                "PEMANTAU_DEVELOPMENT": "1",
                "PEMANTAU_STATE_DIR": name,
                "DJANGO_SETTINGS_MODULE": "pemantau.settings",
                "LOG_LEVEL": "WARNING",
            }
            import django
            from django.core.management import call_command

            django.setup()
            call_command("migrate", verbosity=0)
            yield
        finally:
            from django.db import connections

            connections.close_all()
            for program, process in reversed(running):
                processes.stop(program, process)


def run(statement: str, values: object = None) -> list[tuple]:
    from django.db import connection

    with connection.cursor() as cursor:
        cursor.execute(statement, values)
        return cursor.fetchall() if cursor.description else []


def switch_guards(switch: str, *tables: str) -> None:
    """Rows of a benchmark come from nowhere: their tables' guards would ask where they come from."""
    for table in tables:
        run(f"ALTER TABLE {table} {switch} TRIGGER USER")


def nation(stations: int = STATIONS):
    """An invented nation with as many regions and TPS as the real one, and one presidential contest in it."""
    from tps.models import Contest, Election, Option

    share = stations / STATIONS
    levels = [max(1, round(count * share)) for count in (PROVINCES, REGENCIES, DISTRICTS, VILLAGES)]
    switch_guards("DISABLE", "tps_region", "tps_pollingstation")
    run(
        "INSERT INTO tps_region (code, parent_id, level, name) VALUES ('', NULL, 0, 'Indonesia') ON CONFLICT DO NOTHING"
    )
    digits = [2, 4, 6, 10]
    above = [1, *levels[:-1]]
    for level, (count, parents, width) in enumerate(zip(levels, above, digits, strict=True), start=1):
        # Child n lies in parent n % parents, as number n / parents + 1 there.
        run(
            """
            INSERT INTO tps_region (code, parent_id, level, name)
            SELECT p.code || lpad((n / %(parents)s + 1)::text, %(digits)s, '0'), p.code, %(level)s, 'Wilayah ' || n
            FROM generate_series(0, %(count)s - 1) n
            JOIN (SELECT code, row_number() OVER (ORDER BY code) - 1 AS i FROM tps_region WHERE level = %(above)s) p
              ON p.i = n %% %(parents)s
            """
            if level > 1
            else """
            INSERT INTO tps_region (code, parent_id, level, name)
            SELECT (n + 11)::text, '', 1, 'Provinsi ' || n FROM generate_series(0, %(count)s - 1) n
            """,
            {
                "parents": parents,
                "digits": width - (digits[level - 2] if level > 1 else 0),
                "level": level,
                "above": level - 1,
                "count": count,
            },
        )
    election = Election.objects.create(code="besar", name="Pemilu Besar", date="2029-02-14", is_current=True)
    run(
        """
        INSERT INTO tps_pollingstation (election_id, code, region_id, number, registered_voters)
        SELECT 'besar', p.code || lpad((n / %(villages)s + 1)::text, 3, '0'), p.code, n / %(villages)s + 1,
               150 + n %% 150
        FROM generate_series(0, %(stations)s - 1) n
        JOIN (SELECT code, row_number() OVER (ORDER BY code) - 1 AS i FROM tps_region WHERE level = 4) p
          ON p.i = n %% %(villages)s
        """,
        {"villages": levels[3], "stations": stations},
    )
    switch_guards("ENABLE", "tps_region", "tps_pollingstation")
    contest = Contest.objects.create(
        election=election, code="ppwp", kind="ppwp", name="Presiden dan Wakil Presiden", form="c-hasil-ppwp"
    )
    Option.objects.bulk_create(Option(contest=contest, number=n, name=f"Paslon {n}") for n in (1, 2, 3))
    return contest


def results(contest) -> int:
    """A result for every TPS, with numbers of the usual size; returns how many."""
    from aggregation import columns
    from tps.form_definitions import for_contest

    layout, form = columns.of(contest), for_contest(contest)
    amounts = [f"(s.id * {37 + 2 * i} % {60 + 7 * i})::int" for i in range(len(layout.sums))]
    amounts += [f"(s.id % {i + 2} = 0)::int" for i in range(len(layout.counts))]
    amounts += ["s.registered_voters" if name == columns.VOTERS else "0" for name in layout.beside]
    numbers = ", ".join(f"'{field.key}', s.id % 200" for field in form.fields)
    switch_guards("DISABLE", "aggregation_result")
    run(
        f"""
        INSERT INTO aggregation_result (contest_id, station_id, region_id, version, rule_version, state, numbers,
                                        disputed, broken_rules, decisions, amounts)
        SELECT %s, s.id, s.region_id, 1, 1, 'complete', jsonb_build_object({numbers}), '{{}}', '{{}}',
               ARRAY[gen_random_uuid(), gen_random_uuid(), gen_random_uuid()], ARRAY[{", ".join(amounts)}]
        FROM tps_pollingstation s WHERE s.election_id = 'besar'
        """.replace(" % ", " %% "),
        [contest.pk],
    )
    switch_guards("ENABLE", "aggregation_result")
    run("VACUUM ANALYZE aggregation_result")
    return run("SELECT count(*) FROM aggregation_result")[0][0]
