"""The night: 823,366 TPS with the 204,042 results of 2024, and then readers, uploads and 200 results a second at once.

    PEMANTAU_SHARED=folder SECONDS=600 benchmarks/night.py

The nation comes in by the ordinary import. Results are put together, logged, folded and published by the functions that
the pipeline calls; only photos and decisions are laid straight into their tables. While `ARRIVING` more of them come a
second, `READERS` read regions and data, and `SENDERS` send photos. The readers' web server is given a database and a
Redis that are not there: whatever it answers, it asked neither.

How old a public number is: from the commit of a result until the nation's published document counts it.
Yardstick: what the plan asks for, since nobody else runs such a night: 2 seconds at the 99th percentile, and no error.
"""

import csv
import gzip
import http.client
import io
import json
import multiprocessing
import os
import random
import statistics
import sys
import threading
import time
import uuid
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parent))
from _database import ROOT, private_database, run, switch_guards
from _readers import SENDER

DATA = Path(os.environ.get("PEMANTAU_SHARED", ROOT.parent / "shared")) / "data"
SECONDS = float(os.environ.get("SECONDS", "600"))
READERS, SENDERS, ARRIVING = 8, 2, 200
BATCH = 20  # results in one transaction, as many as a worker takes along on such a night
LAID = int(os.environ.get("LAID", "300000"))  # TPS with photo and decision: those of 2024, and as many as will arrive
STALE = 2.0
ELECTION, CONTEST = "pemilu-2024", "ppwp"
DATA_OF = f"/api/v1/results/{ELECTION}/{CONTEST}/"
NOWHERE = "postgres://nobody@127.0.0.1:9/none", "redis://127.0.0.1:9/0"


def papers() -> int:
    """A table of what is written at which TPS: first the results of 2024, then as many like them elsewhere."""
    columns = {"paslon1": "paslon_1", "paslon2": "paslon_2", "paslon3": "paslon_3", "suara_sah": "suara_sah"}
    rows = io.StringIO()
    with gzip.open(DATA / "results_ppwp.csv.gz", "rt") as file:
        for number, row in enumerate(csv.DictReader(file)):
            numbers = {key: int(row[name]) for name, key in columns.items() if row[name] and int(row[name]) <= 999}
            rows.write(f"{number}\t{row['tps_code']}\t{json.dumps(numbers)}\n")
    from django.db import connection

    run('CREATE TABLE bench_papers (n int PRIMARY KEY, code text COLLATE "C", numbers jsonb, photo uuid)')
    rows.seek(0)
    with connection.cursor() as cursor:
        cursor.cursor.copy_expert("COPY bench_papers (n, code, numbers) FROM STDIN", rows)
    unknown = "NOT EXISTS (SELECT FROM tps_pollingstation s WHERE s.code = b.code)"
    others = run(f"DELETE FROM bench_papers b WHERE {unknown} RETURNING 1")
    print(f"{len(others)} results of TPS that are not in the list left out")
    run(
        """INSERT INTO bench_papers (n, code, numbers)
           SELECT 1000000 + row_number() OVER (ORDER BY md5(s.code)), s.code, p.numbers
             FROM (SELECT code, row_number() OVER (ORDER BY md5(code)) AS i FROM tps_pollingstation s
                    WHERE NOT EXISTS (SELECT FROM bench_papers b WHERE b.code = s.code)) s
             JOIN (SELECT numbers, row_number() OVER () AS i, count(*) OVER () AS of FROM bench_papers) p
               ON p.i = 1 + s.i %% p.of
            LIMIT %s""",
        [max(0, LAID - 204_042)],
    )
    return int(run("SELECT count(*) FROM bench_papers WHERE n < 1000000")[0][0])


def lay(contest: Any) -> None:
    """A photo and its decision for each paper."""
    from accounts.models import Device

    Device.objects.get_or_create(pk=SENDER)
    tables = ("uploads_photo", "transcription_decision")
    switch_guards("DISABLE", *tables)
    run("UPDATE bench_papers SET photo = gen_random_uuid()")
    run(
        """
        INSERT INTO uploads_photo (id, station_id, contest_id, page, sha256, size, media_type, width, height,
                                   device_id, receipt, marks, step)
        SELECT b.photo, s.id, %s, 2, encode(sha256(s.code::bytea), 'hex'), 300000, 'image/jpeg', 1200, 1600, %s,
               'R' || s.id, '{}', 'done'
          FROM bench_papers b JOIN tps_pollingstation s ON s.election_id = %s AND s.code = b.code
        """,
        [contest.pk, SENDER, ELECTION],
    )
    run(
        """
        INSERT INTO transcription_decision (id, photo_id, version, rule_version, outcome, how, station_id, contest_id,
                                            page, numbers, problem, broken_rules, because, decided_at)
        SELECT gen_random_uuid(), p.id, 1, 6, 'accepted', 'two_readers', p.station_id, p.contest_id, 2, b.numbers, '',
               '{}', '{}', now()
          FROM bench_papers b JOIN uploads_photo p ON p.id = b.photo
        """
    )
    switch_guards("ENABLE", *tables)
    for table in (*tables, "bench_papers"):
        run(f"VACUUM ANALYZE {table}")


def record(photos: list[uuid.UUID]) -> None:
    """The pipeline's step for photos that were decided, all of one transaction."""
    from django.db import transaction

    from pemantau import pipeline
    from uploads.models import Photo

    with transaction.atomic():
        pipeline._record_results(list(Photo.objects.filter(pk__in=photos).select_related("contest", "station")))


def _record_all(photos: list[uuid.UUID]) -> None:
    for start in range(0, len(photos), 200):
        record(photos[start : start + 200])


def load() -> tuple[int, float]:
    """The real results, through the pipeline's functions, in two processes: how many, in how many seconds."""
    from django.db import connections

    photos = [photo for (photo,) in run("SELECT photo FROM bench_papers WHERE n < 1000000 ORDER BY left(code, 6), n")]
    began = time.perf_counter()
    connections.close_all()
    half = len(photos) // 2
    parts = [multiprocessing.Process(target=_record_all, args=(part,)) for part in (photos[:half], photos[half:])]
    for part in parts:
        part.start()
    for part in parts:
        part.join()
        assert part.exitcode == 0
    return len(photos), time.perf_counter() - began


# --- The night -------------------------------------------------------------------------------


@contextmanager
def programs() -> Iterator[tuple[int, int]]:
    """The folder, a web server for senders, and one for readers that knows neither database nor Redis."""
    from pemantau.local import processes

    state = Path(os.environ["PEMANTAU_STATE_DIR"])
    with ExitStack() as stack:
        ports = []
        for name, command, environment in (
            ("folder", ("manage.py", "folder"), {}),
            ("senders", ("-m", "gunicorn", "-c", "deploy/gunicorn.conf.py"), {}),
            (
                "readers",
                ("-m", "gunicorn", "-c", "deploy/gunicorn.conf.py"),
                dict(zip(("DATABASE_URL", "REDIS_URL"), NOWHERE, strict=True)),
            ),
        ):
            port = processes.free_port()
            web = name != "folder"
            program = processes.Program(
                name,
                (sys.executable, *command, *(("--bind", f"127.0.0.1:{port}", "pemantau.wsgi") if web else ())),
                {**os.environ, **environment},
                state / f"{name}.log",
                (lambda port=port: not processes.is_free(port)) if web else (lambda: True),
                folder=ROOT,
            )
            process = processes.start_and_wait(program, 60)
            stack.callback(processes.stop, program, process)
            ports.append(port)
        yield ports[1], ports[2]


def ask(connection: http.client.HTTPConnection, path: str, **headers: str) -> tuple[int, bytes]:
    connection.request("GET", path, headers=headers)
    answer = connection.getresponse()
    return answer.status, answer.read()


def read(port: int, addresses: list[str], end: float, took: list[float], errors: list[str]) -> None:
    chance, connection = random.Random(len(took)), http.client.HTTPConnection("127.0.0.1", port, timeout=30)
    while time.monotonic() < end:
        path = chance.choice(addresses)
        began = time.perf_counter()
        status, body = ask(connection, path, **{"Accept-Encoding": "gzip"})
        took.append(time.perf_counter() - began)
        if status != 200 or len(body) < 100:
            errors.append(f"{path}: {status}")
        time.sleep(0.005)


def send(port: int, codes: list[str], end: float, took: list[float], errors: list[str]) -> None:
    from PIL import Image

    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
    number = 0
    while time.monotonic() < end:
        number += 1
        picture = io.BytesIO()
        Image.effect_noise((800, 1100), 30 + number % 40).save(picture, "JPEG", quality=80)
        bound = uuid.uuid4().hex
        head = "".join(
            f'--{bound}\r\nContent-Disposition: form-data; name="{name}"\r\n\r\n{value}\r\n'
            for name, value in (("station", codes[number % len(codes)]), ("contest", CONTEST))
        )
        head += f'--{bound}\r\nContent-Disposition: form-data; name="file"; filename="a.jpg"\r\n'
        head += "Content-Type: image/jpeg\r\n\r\n"
        body = head.encode() + picture.getvalue() + f"\r\n--{bound}--\r\n".encode()
        began = time.perf_counter()
        connection.request(
            "POST",
            "/api/v1/photos/",
            body,
            {"Content-Type": f"multipart/form-data; boundary={bound}", "Idempotency-Key": str(uuid.uuid4())},
        )
        answer = connection.getresponse()
        said = answer.read()
        took.append(time.perf_counter() - began)
        if answer.status != 201:
            errors.append(f"sending: {answer.status} {said[:200]!r}")
        time.sleep(0.2)


def arrive(photos: list[uuid.UUID], before: int, seconds: float, committed: Any) -> None:
    """`ARRIVING` results a second, evenly; when each batch was committed, and how many are counted from then on."""
    began = time.monotonic()
    for number, start in enumerate(range(0, len(photos), BATCH)):
        if (late := began + number * BATCH / ARRIVING - time.monotonic()) > 0:
            time.sleep(late)
        if time.monotonic() - began > seconds:
            break
        record(photos[start : start + BATCH])
        committed.put((time.time(), before + start + BATCH))
    committed.put(None)


def watch(port: int, end: float, seen: list[tuple[float, int]]) -> None:
    """When the published document of the nation counted how many."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=30)
    while time.monotonic() < end:
        status, body = ask(connection, f"{DATA_OF}nasional/")
        if status == 200:
            seen.append((time.time(), json.loads(body)["counts"]["counted"]))
        time.sleep(0.05)


def ages(committed: list[tuple[float, int]], seen: list[tuple[float, int]]) -> list[float]:
    found, at = [], 0
    for when, count in committed:
        while at < len(seen) and seen[at][1] < count:
            at += 1
        if at < len(seen):
            found.append(max(0.0, seen[at][0] - when))
    return found


def counted() -> int:
    from aggregation import columns
    from tps.models import Contest

    layout = columns.of(Contest.objects.get(code=CONTEST))
    place = layout.names.index(columns.COUNTED) + 1
    return int(run(f"SELECT coalesce(sum(amounts[{place}]), 0) FROM aggregation_result")[0][0])


def tell(seconds: float, times: list, late: list[float], took: list[float], sent: list[float], faults: dict) -> None:
    arrived = len(times) * BATCH
    p99 = statistics.quantiles(late, n=100)[98]
    print(f"{arrived} results in {seconds:.0f} s, {arrived / seconds:.0f}/s; {len(sent)} photos sent")
    print(f"{len(took)} pages and documents read, {len(took) / seconds:,.0f}/s, p95 {at_95(took) * 1000:.0f} ms")
    print(f"sending: median {statistics.median(sent):.2f} s, p95 {at_95(sent):.2f} s")
    print(f"age of public numbers: median {statistics.median(late):.2f} s, 99 % {p99:.2f} s, most {max(late):.2f} s")
    for name, found in faults.items():
        print(f"{name}: {len(found)} {found[:5]}")
    ok = not any(faults.values()) and p99 <= STALE and arrived >= 0.95 * ARRIVING * seconds
    said = {"name": "night", "ours": round(p99, 2), "yardstick": STALE, "ratio": round(p99 / STALE, 2), "target": 1.0}
    said |= {"ok": ok, "results_per_second": round(arrived / seconds), "queries_of_readers": 0}
    print(json.dumps(said | {name: len(found) for name, found in faults.items()}))


def at_95(times: list[float]) -> float:
    return statistics.quantiles(times, n=20)[-1]


def set_up() -> Any:
    """The nation with the results of 2024, published."""
    from django.core.management import call_command

    from aggregation import folder
    from tps.models import Contest

    began = time.perf_counter()
    call_command("import_nation", str(DATA), verbosity=0)
    contest = Contest.objects.get(code=CONTEST)
    print(f"nation imported: {time.perf_counter() - began:.0f} s")
    papers()
    lay(contest)
    loaded, seconds = load()
    print(
        f"{loaded} results of 2024 put together and logged by two processes: {seconds:.0f} s, {loaded / seconds:,.0f}/s"
    )
    began = time.perf_counter()
    folder.prepare()
    while folder.step():
        pass
    folder.confirm()
    print(f"sequenced, folded, published: {time.perf_counter() - began:.0f} s")
    return contest


def main() -> None:
    from django.db import connections

    from aggregation import audit, folder

    set_up()
    # Those that arrive have all votes: each of them is counted.
    votes = "numbers ?& ARRAY['paslon_1', 'paslon_2', 'paslon_3']"
    more = [photo for (photo,) in run(f"SELECT photo FROM bench_papers WHERE n >= 1000000 AND {votes} ORDER BY n")]
    regions = [code for (code,) in run("SELECT region_id FROM aggregation_tally ORDER BY md5(region_id) LIMIT 2000")]
    addresses = ["/", f"{DATA_OF}nasional/"] * 200
    addresses += [f"/hasil/{ELECTION}/{CONTEST}/{code or 'nasional'}/" for code in regions]
    addresses += [f"{DATA_OF}{code or 'nasional'}/" for code in regions]
    codes = [code for (code,) in run("SELECT code FROM tps_pollingstation ORDER BY md5(code) LIMIT 500")]
    before, committed = counted(), multiprocessing.Queue()
    took: list[float] = []
    sent: list[float] = []
    errors: list[str] = []
    seen: list[tuple[float, int]] = []
    connections.close_all()
    with programs() as (senders, readers):
        end = time.monotonic() + SECONDS
        source = multiprocessing.Process(target=arrive, args=(more, before, SECONDS, committed))
        crowd = [threading.Thread(target=read, args=(readers, addresses, end, took, errors)) for _ in range(READERS)]
        crowd += [threading.Thread(target=send, args=(senders, codes, end, sent, errors)) for _ in range(SENDERS)]
        crowd += [threading.Thread(target=watch, args=(readers, end + 5, seen))]
        for one in (source, *crowd):
            one.start()
        times = list(iter(committed.get, None))
        for one in (source, *crowd):
            one.join()
    late = ages(times, seen)
    while folder.step():
        pass
    wrong = [str(one) for part in (audit.summed, audit.published) for one in part()]
    never = [str(count) for _when, count in times[len(late) :]]
    tell(SECONDS, times, late, took, sent, {"errors": errors, "differences": wrong, "never_seen": never})


if __name__ == "__main__":
    with private_database():
        main()
