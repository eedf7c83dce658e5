"""The nation into an empty database: 92,089 regions and 823,366 TPS, checked, compared, indexed, told in the ledger.

Yardstick: plain COPY of the same rows into tables without indexes or constraints, in the same run.
Data: the folder `data` of PEMANTAU_SHARED, or of ../shared beside the repository.
"""

import json
import os
import secrets
import sys
import tempfile
import time
from contextlib import contextmanager
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))
DATA = Path(os.environ.get("PEMANTAU_SHARED", ROOT.parent / "shared")) / "data"
TARGET_SECONDS = 90


@contextmanager
def private_database():
    """An empty durable PostgreSQL on a free port, migrated, with Django set up on it."""
    from pemantau.local import processes
    from pemantau.local.postgres import ROLES, Postgres

    with tempfile.TemporaryDirectory(prefix="pemantau-bench-") as name:
        state = Path(name)
        state.chmod(0o711)
        postgres = Postgres(state, processes.free_port(), {role: secrets.token_hex(16) for role in ROLES})
        postgres.prepare()
        program = postgres.program()
        process = processes.start_and_wait(program)
        try:
            postgres.create_database()
            os.environ |= {
                "DATABASE_URL": postgres.url(),
                "PEMANTAU_DEVELOPMENT": "1",
                "DJANGO_SETTINGS_MODULE": "pemantau.settings",
            }
            import django
            from django.core.management import call_command

            django.setup()
            call_command("migrate", verbosity=0)
            yield
        finally:
            from django.db import connections

            connections.close_all()
            processes.stop(program, process)


def ours():
    """Seconds for regions, election and TPS, then for the DPT, as `import_nation` brings them in."""
    from dataclasses import replace

    from django.db import transaction

    from tps.imports import nation

    files = nation.files_of(DATA)
    started = time.perf_counter()
    with transaction.atomic():
        nation.load(replace(files, dpt=None), say=print)
    loaded = time.perf_counter()
    if files.dpt:
        with transaction.atomic():
            nation.load(files)
    dpt = time.perf_counter()
    with transaction.atomic():
        again = nation.load(files)
    assert not any(changes.any for changes in again), "importing again changed something"
    return loaded - started, dpt - loaded, time.perf_counter() - dpt


def plain_copy():
    """Seconds for COPY of the same rows, read from the finished tables, into bare ones."""
    from django.db import connection, transaction

    from tps.imports.staging import Stream, ask, run, stage

    regions = ask("SELECT code, parent_id, level, name FROM tps_region")
    stations = ask("SELECT code, region_id, number FROM tps_pollingstation")
    assert (len(regions), len(stations)) == (92_090, 823_366), (len(regions), len(stations))
    with transaction.atomic():
        stage("shape_region", {"code": "text", "parent": "text", "level": "int", "name": "text"}, [])
        stage("shape_station", {"code": "text", "region": "text", "number": "int"}, [])
        run("CREATE TABLE bare_region AS TABLE shape_region")
        run("CREATE TABLE bare_station AS TABLE shape_station")
    started = time.perf_counter()
    with transaction.atomic(), connection.cursor() as cursor:
        for table, rows in (("bare_region", regions), ("bare_station", stations)):
            cursor.copy_expert(f"COPY {table} FROM STDIN", Stream(rows), 1 << 16)
    return time.perf_counter() - started


def main():
    name = {"name": "import", "target": TARGET_SECONDS}
    if not (DATA / "wilayah.csv.gz").is_file():
        print(f"No data at {DATA}; set PEMANTAU_SHARED.")
        print(json.dumps(name | {"ours": None, "yardstick": None, "ratio": None, "ok": False}))
        return
    with private_database():
        seconds, dpt, again = ours()
        copy = plain_copy()
    print(f"regions and TPS {seconds:.1f} s; DPT {dpt:.1f} s more; the whole again, changing nothing, {again:.1f} s")
    print(f"plain COPY of the same rows {copy:.1f} s")
    result = {"ours": round(seconds, 2), "yardstick": round(copy, 2), "ratio": round(seconds / copy, 2)}
    print(json.dumps(name | result | {"ok": seconds <= TARGET_SECONDS}))


if __name__ == "__main__":
    main()
