"""The open data of one contest: all files of 823,366 TPS with a photo each and two readings of it.

`benchmarks/export.py [stations]`. Memory is that of the process: its growth while it exports, and what it came to.
"""

import json
import resource
import sys
import time
from pathlib import Path

from _database import STATIONS, nation, private_database, results, run, switch_guards

TARGET_SECONDS = 600.0
# What an export may add to the process, however many rows there are.
TARGET_GROWTH_MB = 250
READERS = 1_000


def lay_evidence(contest) -> None:
    """A decided photo of page 2 at each TPS, which two people read."""
    from accounts.models import Device, User

    tables = ("uploads_photo", "transcription_entry", "transcription_decision")
    people = [User(email=f"{n}@contoh.test") for n in range(READERS)]
    User.objects.bulk_create(people)
    device = Device.objects.create()
    switch_guards("DISABLE", *tables)
    run(
        """
        INSERT INTO uploads_photo (id, station_id, contest_id, page, sha256, size, media_type, width, height, device_id,
                                   receipt, marks, step)
        SELECT gen_random_uuid(), s.id, %s, 2, encode(sha256(s.code::bytea), 'hex'), 1000000, 'image/jpeg', 3000, 4000,
               %s, substr(md5(s.code), 1, 20), '{}', 'done'
        FROM tps_pollingstation s
        """,
        [contest.pk, device.pk],
    )
    numbers = """jsonb_build_object('paslon_1', p.station_id % 200, 'paslon_2', 88, 'paslon_3', 20)"""
    run(
        f"""
        INSERT INTO transcription_decision (id, photo_id, version, rule_version, outcome, how, station_id, contest_id,
                                            page, numbers, problem, broken_rules, because)
        SELECT gen_random_uuid(), p.id, 1, 6, 'accepted', 'two_readers', p.station_id, p.contest_id, 2, {numbers}, '',
               '{{}}', '{{}}'
        FROM uploads_photo p
        """
    )
    run(
        f"""
        INSERT INTO transcription_entry (id, photo_id, round, source, account_id, address_block, page, numbers, problem,
                                         tps, salt)
        SELECT gen_random_uuid(), p.id, 1, 'volunteer', u.id, '', 2, {numbers}, '', '', ''
        FROM (SELECT *, row_number() OVER () AS i FROM uploads_photo) p, generate_series(0, 1) g,
             (SELECT id, row_number() OVER (ORDER BY id) - 1 AS n FROM accounts_user) u
        WHERE u.n = (p.i * 2 + g) % {READERS}
        """
    )
    switch_guards("ENABLE", *tables)
    for table in tables:
        run(f"VACUUM ANALYZE {table}")


def memory_mb() -> float:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def main(stations: int) -> None:
    from django.conf import settings
    from django.test import Client

    from aggregation import dumps, export_files, tallies

    began = time.perf_counter()
    contest = nation(stations)
    tallies.prepare(contest)
    results(contest)
    tallies.rebuild(contest)
    lay_evidence(contest)
    print(f"{stations} TPS laid in {time.perf_counter() - began:.0f} s", flush=True)
    before, began = memory_mb(), time.perf_counter()
    export_files.export(contest)
    seconds, growth = time.perf_counter() - began, memory_mb() - before
    folder = next((Path(settings.EXPORTS_DIR) / "besar" / "ppwp").iterdir())
    for path in sorted(folder.iterdir()):
        print(f"  {path.name:20} {path.stat().st_size / 1e6:8.1f} MB")
    print(f"export: {seconds:.0f} s, {stations / seconds:,.0f} TPS/s, memory {before:.0f} + {growth:.0f} MB")
    began = time.perf_counter()
    made = dumps.make()
    print(f"dump: {time.perf_counter() - began:.1f} s, {made['bytes'] / 1e6:.0f} MB")
    client = Client(HTTP_HOST="127.0.0.1")
    for query in ("", "?region=1101", "?limit=1000", "?state=disputed&limit=100"):
        address = f"/api/v1/exports/besar/ppwp/stations/{query}"
        client.get(address)
        began = time.perf_counter()
        for _ in range(10):
            assert client.get(address).status_code == 200
        print(f"page stations/{query}: {(time.perf_counter() - began) * 100:.1f} ms")
    print(
        json.dumps(
            {
                "name": "export",
                "ours": round(seconds, 1),
                "growth_mb": round(growth),
                "target": TARGET_SECONDS,
                "ok": seconds <= TARGET_SECONDS and growth <= TARGET_GROWTH_MB,
            }
        )
    )


if __name__ == "__main__":
    with private_database():
        main(int(sys.argv[1]) if len(sys.argv) > 1 else STATIONS)
