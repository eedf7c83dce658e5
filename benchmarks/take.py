"""The next photo for a volunteer, 8 of them at once, with 1.65 million places open.

Ours: `queue.take`, everything a request does to hand out a photo: the circle of acquaintances, the pair cap, the
exclusions, the lease, and what is shown of it.
Yardstick: the thinnest way to take one: a row per place in the order of serving, own work excluded by NOT EXISTS,
`SELECT ... FOR UPDATE SKIP LOCKED`, with the indexes and statistics it needs, and nothing else of the above.
Both through Django, in turns on one durable PostgreSQL. Growth: the median take at 10,000 and at 823,366 TPS.
"""

import json
import multiprocessing
import os
import random
import statistics
import sys
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent))

from _database import STATIONS, nation, private_database, run
from _readers import photos, readers

SMALL = 10_000
CLIENTS = 8
ROUNDS = int(os.environ.get("ROUNDS", "3"))
SECONDS = float(os.environ.get("SECONDS", "5"))
# Five times the peer's 44 takes a second, which is 15 % of what the yardstick does on two cores (1,470/s measured).
TARGET, GROWTH = 0.15, 1.3


def ours(account: int, device) -> tuple[object, float]:
    """The photo that was given, and the seconds it took. The place is used up: as if it had been read."""
    from accounts import onboarding
    from accounts.models import Device, User
    from transcription import queue

    someone, here = User(pk=account, **onboarding.experienced()), Device(pk=device)
    started = time.perf_counter()
    lease = queue.take(someone, here, "")
    took = time.perf_counter() - started
    if lease:
        run("UPDATE transcription_lease SET \"end\" = 'submitted' WHERE id = %s", [lease.pk])
    return lease and lease.task_id, took


def thin(account: int, device) -> tuple[object, float]:
    """The same by the thinnest query: the place is marked as given and remembered as this person's."""
    from django.db import transaction

    started = time.perf_counter()
    with transaction.atomic():
        found = run(
            """
            SELECT id, photo FROM bench_place p
             WHERE NOT given AND NOT EXISTS (SELECT FROM bench_own o WHERE o.photo = p.photo AND o.account = %s)
             ORDER BY place LIMIT 1 FOR UPDATE OF p SKIP LOCKED
            """,
            [account],
        )
        if found:
            run("UPDATE bench_place SET given = true WHERE id = %s", [found[0][0]])
            run("INSERT INTO bench_own VALUES (%s, %s)", [found[0][1], account])
    return (found[0][1] if found else None), time.perf_counter() - started


def places() -> None:
    run("CREATE TABLE bench_place (id bigserial PRIMARY KEY, photo uuid, place bigint, given boolean DEFAULT false)")
    run("CREATE TABLE bench_own (photo uuid, account bigint, PRIMARY KEY (account, photo))")
    run(
        """
        INSERT INTO bench_place (photo, place)
        SELECT photo_id, rank FROM transcription_task CROSS JOIN generate_series(1, 2) ORDER BY rank, photo_id
        """
    )
    run("CREATE INDEX ON bench_place (place, id) WHERE NOT given")
    run("INSERT INTO bench_own SELECT photo, 1 FROM bench_place ON CONFLICT DO NOTHING")  # as if much had been read
    run("VACUUM ANALYZE bench_place")
    run("VACUUM ANALYZE bench_own")


def client(job: tuple) -> tuple[list[float], int, int]:
    """Take for some seconds as one after another of these people: the times, the "none" answers, and repeats."""
    take, people, seconds, seed = job
    chance = random.Random(seed)
    times, none, repeated, mine = [], 0, 0, set()
    until = time.perf_counter() + seconds
    while time.perf_counter() < until:
        account, device = chance.choice(people)
        photo, took = take(account, device)
        times.append(took)
        none += not photo
        repeated += (account, photo) in mine
        mine.add((account, photo))
    return times, none, repeated


def all_at_once(take, people, seconds: float, seed: int) -> tuple[list[float], int, int]:
    from django.db import connections

    connections.close_all()
    share = len(people) // CLIENTS
    jobs = [(take, people[n * share : (n + 1) * share], seconds, f"{seed}/{n}") for n in range(CLIENTS)]
    with multiprocessing.get_context("fork").Pool(CLIENTS) as pool:
        answers = pool.map(client, jobs, chunksize=1)
    times = [time for answer in answers for time in answer[0]]
    return times, sum(answer[1] for answer in answers), sum(answer[2] for answer in answers)


def median_alone(people, times: int = 400) -> float:
    taken = [ours(*people[n % len(people)])[1] for n in range(times + 50)]
    return statistics.median(taken[50:])


def told(name: str, times: list[float], seconds: float) -> float:
    rate = len(times) / seconds
    p95 = statistics.quantiles(times, n=20)[18]
    print(f"{name:14} {rate:8.1f}/s   p50 {statistics.median(times) * 1000:6.1f} ms   p95 {p95 * 1000:6.1f} ms")
    return rate


def main() -> None:
    with private_database():
        contest = nation()
        people = readers(2_000)
        photos(contest, 0, SMALL)
        small = median_alone(people)
        photos(contest, SMALL, STATIONS)
        large = median_alone(people)
        places()
        print(f"{run('SELECT sum(free) FROM transcription_task')[0][0]:,} places open, {CLIENTS} volunteers at once")
        we, they, none, repeated = [], [], 0, 0
        for number in range(ROUNDS):
            they += all_at_once(thin, people, SECONDS, number)[0]
            times, no_task, twice = all_at_once(ours, people, SECONDS, number)
            we, none, repeated = we + times, none + no_task, repeated + twice
        overdrawn = run("SELECT count(*) FROM transcription_task WHERE free < 0")[0][0]
        rate, thin_rate = told("ours", we, ROUNDS * SECONDS), told("thin", they, ROUNDS * SECONDS)
    growth, ratio = large / small, rate / thin_rate
    print(f"alone: {small * 1000:.2f} ms at {SMALL:,} TPS, {large * 1000:.2f} ms at {STATIONS:,}: x {growth:.2f}")
    print(f'{none} false "no task", {repeated} photos given twice to one person, {overdrawn} places given twice')
    ok = ratio >= TARGET and growth <= GROWTH and not (none or repeated or overdrawn)
    result = {"name": "take", "ours": round(rate, 1), "yardstick": round(thin_rate, 1), "ratio": round(ratio, 3)}
    print(json.dumps(result | {"target": TARGET, "ok": ok, "growth": round(growth, 2)}))


if __name__ == "__main__":
    main()
