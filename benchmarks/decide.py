"""From entries to the public number: decision, result, sums of all levels, in one process.

Ours: `pipeline.decide` and `pipeline.record` for photos that two people read alike, a hundred of which wait at a time,
as in a rush: what waits is worked on together, in durable transactions with its ledger entries; and the folder's step
after every hundred. "alone" is the same with one photo waiting at a time, as on a quiet afternoon.
Yardstick: the peer's own consolidation, 47 a second per process (PERFORMANCE section 2), five times of which is the
target. Beside it, to see how busy the machine is: two durable Django transactions of one INSERT and one UPDATE for
each photo, with nothing looked at and nothing checked, in turns with ours.
Then, with two workers and 200 second entries coming in a second, how long it takes until the public sums have each.
"""

import json
import multiprocessing
import os
import statistics
import sys
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent))
from _database import nation, private_database, run, switch_guards
from _readers import TABLES, photos, readers

STATIONS = 20_000
ROUNDS = int(os.environ.get("ROUNDS", "4"))
BATCH = 100
PER_ROUND = int(os.environ.get("PER_ROUND", "200"))
PACED_SECONDS = float(os.environ.get("SECONDS", "10"))
ARRIVING, DECIDERS = 200, 2
PEER, TARGET, STALE = 47, 5.0, 2.0


def entries(people) -> None:
    """Two equal entries for every photo, by another pair of readers each time."""
    count = len(people)
    run("CREATE TABLE bench_people (i int PRIMARY KEY, account bigint, device uuid)")
    for number, (account, device) in enumerate(people):
        run("INSERT INTO bench_people VALUES (%s, %s, %s)", [number, account, device])
    switch_guards("DISABLE", *TABLES)
    run(
        """
        INSERT INTO transcription_entry (id, photo_id, round, source, account_id, device_id, address_block, page,
                                         numbers, problem, tps, salt)
        SELECT gen_random_uuid(), p.id, 1, 'volunteer', b.account, b.device, '', 2,
               jsonb_build_object('paslon_1', 1 + p.n %% 150, 'paslon_2', p.n %% 97, 'paslon_3', p.n %% 53), '', '',
               sha256(p.id::text::bytea)
          FROM (SELECT id, row_number() OVER (ORDER BY id) AS n FROM uploads_photo) p
         CROSS JOIN generate_series(0, 1) AS reader
          JOIN bench_people b ON b.i = (p.n + reader * (1 + p.n / %(count)s)) %% %(count)s
        """,
        {"count": count},
    )
    run("UPDATE transcription_task SET wants = 0")
    switch_guards("ENABLE", *TABLES)
    run("VACUUM ANALYZE transcription_entry")


def decide(photo_ids) -> None:
    """Their second entries came in, and each rang."""
    from pemantau import pipeline

    run("UPDATE uploads_photo SET step = 'decide', step_at = now() WHERE id = ANY (%s)", [list(photo_ids)])
    for photo_id in photo_ids:
        pipeline.decide(str(photo_id))  # which rings for `record`, here at once


def ours(photo_ids, at_once: int = BATCH) -> float:
    from aggregation import folder

    started = time.perf_counter()
    for start in range(0, len(photo_ids), at_once):
        decide(photo_ids[start : start + at_once])
        if (start + at_once) % BATCH == 0:
            while folder.step():
                pass
    return time.perf_counter() - started


def thin(photo_ids) -> float:
    from django.db import transaction

    started = time.perf_counter()
    for photo_id in photo_ids:
        for step in ("one", "two"):
            with transaction.atomic():
                run("INSERT INTO bench_thin (photo, step) VALUES (%s, %s)", [photo_id, step])
                run("UPDATE bench_row SET step = %s WHERE photo = %s", [step, photo_id])
    return time.perf_counter() - started


def arriving(photos, rings) -> None:
    """Second entries come in, `ARRIVING` a second, and each rings."""
    started = time.perf_counter()
    for number, (photo_id, station_id) in enumerate(photos):
        time.sleep(max(0.0, started + number / ARRIVING - time.perf_counter()))
        run(
            "WITH moved AS (UPDATE uploads_photo SET step = 'decide', step_at = now() WHERE id = %(photo)s)"
            " INSERT INTO bench_arrived VALUES (%(station)s, clock_timestamp())",
            {"photo": photo_id, "station": station_id},
        )
        rings.put(photo_id)
    for _worker in range(DECIDERS):
        rings.put(None)


def answering(rings) -> None:
    """A worker."""
    from pemantau import pipeline

    while photo_id := rings.get():
        pipeline.decide(str(photo_id))


def ages(photos) -> tuple[list[float], float]:
    """How old each second entry is when the public sums contain its number, and how many came out a second."""
    from django.db import connections

    from aggregation import folder

    connections.close_all()
    fork = multiprocessing.get_context("fork")
    rings = fork.Queue()
    workers = [fork.Process(target=answering, args=[rings]) for _ in range(DECIDERS)]
    source = fork.Process(target=arriving, args=[photos, rings])
    for process in (*workers, source):
        process.start()
    seen: list[float] = []
    last = run("SELECT now()")[0][0]
    started = time.perf_counter()
    while any(process.is_alive() for process in workers) or folder.step():
        waiting = run("SELECT coalesce(max(changed_at), %s) FROM aggregation_result", [last])[0][0]
        while folder.step():
            pass
        fresh = run(
            "SELECT extract(epoch FROM clock_timestamp() - at) FROM aggregation_result"
            " JOIN bench_arrived ON station = station_id WHERE changed_at > %s AND changed_at <= %s",
            [last, waiting],
        )
        seen += [float(age) for (age,) in fresh]
        last = waiting
        time.sleep(0.05)
    return seen, len(photos) / (time.perf_counter() - started)


def main() -> None:
    with private_database():
        from aggregation import folder
        from pemantau.celery import app

        app.conf.task_always_eager = app.conf.task_eager_propagates = True
        contest = nation(STATIONS)
        people = readers(400)
        photos(contest, 0, STATIONS)
        entries(people)
        folder.prepare()
        run("CREATE TABLE bench_thin (id bigserial PRIMARY KEY, photo uuid, step text)")
        run("CREATE TABLE bench_row AS SELECT id AS photo, ''::text AS step FROM uploads_photo")
        run("CREATE UNIQUE INDEX ON bench_row (photo)")
        run("CREATE TABLE bench_arrived (station bigint PRIMARY KEY, at timestamptz)")
        photos_of = run("SELECT id, station_id FROM uploads_photo ORDER BY id")
        waiting = [photo_id for photo_id, _station in photos_of]
        ours(waiting[:BATCH])
        thin(waiting[:BATCH])
        our_times, thin_times, done = [], [], BATCH
        for _ in range(ROUNDS):
            batch = waiting[done : done + PER_ROUND]
            thin_times.append(thin(batch))
            our_times.append(ours(batch))
            done += PER_ROUND
        alone = ours(waiting[done : done + BATCH], at_once=1)
        done += BATCH
        decided = run("SELECT count(*) FROM transcription_decision")[0][0]
        assert decided == done, f"{decided} decisions for {done} photos"
        seen, arrived = ages(photos_of[done : done + int(ARRIVING * PACED_SECONDS)])
    rate, thin_rate = PER_ROUND / statistics.median(our_times), PER_ROUND / statistics.median(thin_times)
    print(f"ours       {rate:8.1f} photos/s in one process")
    print(f"alone      {BATCH / alone:8.1f} photos/s, one waiting at a time")
    print(f"thin       {thin_rate:8.1f} photos/s in one process")
    stale = statistics.quantiles(seen, n=100)[98]
    print(f"{arrived:.0f} results/s arriving: public after {statistics.median(seen):.2f} s, p99 {stale:.2f} s")
    ratio, of_thin = rate / PEER, rate / thin_rate
    result = {"name": "decide", "ours": round(rate, 1), "yardstick": PEER, "ratio": round(ratio, 2), "target": TARGET}
    result |= {"ok": ratio >= TARGET and stale <= STALE, "of_thin": round(of_thin, 3), "stale": round(stale, 2)}
    print(json.dumps(result))


if __name__ == "__main__":
    main()
