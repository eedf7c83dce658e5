"""Public reads at 100,000 TPS: the nation's and a region's page, and the same as JSON, warm, for 8 readers.

Yardstick: the thinnest Django view, one row read from PostgreSQL by its key and written as JSON, under the same
gunicorn, settings and middleware, in turns with ours. The peer's national page took 986 ms at this size, so about
2/s on two cores where the yardstick gave 2,534/s; 50 times its rate is 4 % of the yardstick. Its cached page made 97/s:
200 times that is 7.7 times the yardstick, and what nginx must make of the published file.
"""

import http.client
import json
import os
import shutil
import socket
import statistics
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parent))
from _database import ROOT, nation, private_database, results, run

READERS = 8
ROUNDS = int(os.environ.get("ROUNDS", "4"))
SECONDS = float(os.environ.get("SECONDS", "3"))
STATIONS = int(os.environ.get("STATIONS", "100000"))
TARGET = 0.04
FILE_TARGET = 200 * 97 / 2_534
AT_ONCE = 64  # requests on their way to nginx in one connection: else the client is what is measured
NGINX = (shutil.which("nginx"), "/usr/sbin/nginx", str(ROOT / ".venv" / "nginx" / "usr" / "sbin" / "nginx"))
HEAVIEST = 100_000
PAGES = {
    "nation, HTML": "/",
    "province, HTML": "/hasil/besar/ppwp/11/",
    "nation, JSON": "/api/v1/results/besar/ppwp/nasional/",
    "province, JSON": "/api/v1/results/besar/ppwp/11/",
    "nation, unchanged": "/api/v1/results/besar/ppwp/nasional/",
}


def thin() -> Any:
    """The thinnest view, as a WSGI application; gunicorn calls this in a process of its own."""
    from django.conf import settings
    from django.core.wsgi import get_wsgi_application
    from django.db import connection
    from django.http import HttpRequest, JsonResponse
    from django.urls import path

    def row(request: HttpRequest) -> JsonResponse:
        with connection.cursor() as cursor:
            cursor.execute("SELECT id, words FROM bench_thin WHERE id = 1")
            number, words = cursor.fetchone()
        return JsonResponse({"id": number, "words": words})

    settings.ROOT_URLCONF = type("Urls", (), {"urlpatterns": [path("", row)]})
    return get_wsgi_application()


@contextmanager
def servers() -> Iterator[tuple[int, int]]:
    """Both web servers, on the ports of ours and of the thin one."""
    from pemantau.local import processes

    running = []
    ports = []
    try:
        for name, application in (("ours", "pemantau.wsgi"), ("thin", "benchmarks.page:thin()")):
            port = processes.free_port()
            program = processes.Program(
                name,
                (
                    *(sys.executable, "-m", "gunicorn", "-c", "deploy/gunicorn.conf.py"),
                    *("--bind", f"127.0.0.1:{port}", application),
                ),
                dict(os.environ),
                Path(os.environ["PEMANTAU_STATE_DIR"]) / f"{name}.log",
                lambda port=port: answers(port),
                folder=ROOT,
            )
            running.append((program, processes.start_and_wait(program, 60)))
            ports.append(port)
        yield ports[0], ports[1]
    finally:
        while running:
            processes.stop(*running.pop())


@contextmanager
def nginx() -> Iterator[int]:
    """nginx in front of the published files, as in production but without TLS and limits; its port."""
    from django.conf import settings

    from pemantau.local import processes

    state, port = Path(os.environ["PEMANTAU_STATE_DIR"]), processes.free_port()
    conf = state / "nginx.conf"
    conf.write_text(
        f"daemon off; worker_processes 1; pid {state}/nginx.pid; error_log stderr;\n"
        f"{'user root;' if os.geteuid() == 0 else ''} events {{ worker_connections 512; }}\n"
        f"http {{ access_log off; keepalive_requests 10000000; default_type application/json;\n"
        f"  client_body_temp_path {state}/b; proxy_temp_path {state}/p; fastcgi_temp_path {state}/f;\n"
        f"  uwsgi_temp_path {state}/u; scgi_temp_path {state}/s;\n"
        f"  server {{ listen 127.0.0.1:{port}; location /dokumen/ {{ alias {settings.PUBLISHED_DIR}/;\n"
        f"    gzip_static on; open_file_cache max=1000; }} }} }}\n"
    )
    command = (next(one for one in NGINX if one and os.access(one, os.X_OK)), "-c", str(conf), "-e", "stderr")
    program = processes.Program(
        "nginx", command, dict(os.environ), state / "nginx.log", lambda: not processes.is_free(port)
    )
    process = processes.start_and_wait(program, 30)
    try:
        yield port
    finally:
        processes.stop(program, process)


def fetch(port: int, path: str, seconds: float) -> float:
    """How often a second nginx answers with the file, to two clients that ask ahead."""
    asked = f"GET {path} HTTP/1.1\r\nHost: a\r\nAccept-Encoding: gzip\r\n\r\n".encode()
    with socket.create_connection(("127.0.0.1", port)) as one:
        one.sendall(asked)
        time.sleep(0.2)
        size = len(one.recv(1 << 20))
    counts = [0, 0]

    def client(which: int, end: float) -> None:
        with socket.create_connection(("127.0.0.1", port)) as mine:
            while time.perf_counter() < end:
                mine.sendall(asked * AT_ONCE)
                left = size * AT_ONCE
                while left:
                    left -= len(mine.recv(min(left, 1 << 20)))
                counts[which] += AT_ONCE

    end = time.perf_counter() + seconds
    clients = [threading.Thread(target=client, args=(which, end)) for which in range(2)]
    for one_client in clients:
        one_client.start()
    for one_client in clients:
        one_client.join()
    return sum(counts) / seconds


def answers(port: int) -> bool:
    try:
        return ask(http.client.HTTPConnection("127.0.0.1", port, timeout=10), "/").status == 200
    except OSError:
        return False


def ask(connection: http.client.HTTPConnection, path: str, **headers: str) -> http.client.HTTPResponse:
    connection.request("GET", path, headers={"Accept-Encoding": "gzip", **headers})
    answer = connection.getresponse()
    answer.body = answer.read()  # type: ignore[attr-defined]
    return answer


def read(port: int, path: str, headers: dict[str, str], seconds: float) -> list[float]:
    """Seconds of each of the requests that `READERS` made meanwhile, each over a connection it keeps."""
    times: list[list[float]] = [[] for _ in range(READERS)]
    end = time.perf_counter() + seconds

    def one(mine: list[float]) -> None:
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=30)
        while (began := time.perf_counter()) < end:
            answer = ask(connection, path, **headers)
            assert answer.status in (200, 304), answer.status
            mine.append(time.perf_counter() - began)

    readers = [threading.Thread(target=one, args=(mine,)) for mine in times]
    for reader in readers:
        reader.start()
    for reader in readers:
        reader.join()
    return [took for mine in times for took in mine]


def main() -> None:
    from django.db import connections

    from aggregation import folder, publication, published_files, tallies

    contest = nation(STATIONS)
    tallies.prepare(contest)
    stations = results(contest)
    tallies.rebuild(contest)
    folder.sequencer.sequence()
    publication.publish()
    run("CREATE TABLE bench_thin (id bigserial PRIMARY KEY, words text NOT NULL)")
    run("INSERT INTO bench_thin (words) VALUES ('satu baris')")
    connections.close_all()
    pointer = published_files.read_pointer(published_files.Place("besar", "ppwp").pointer)
    assert pointer
    file_rates: list[float] = []
    took: dict[str, list[float]] = {name: [] for name in ("yardstick", *PAGES)}
    with servers() as (ours, theirs):
        connection = http.client.HTTPConnection("127.0.0.1", ours)
        first = {name: ask(connection, path) for name, path in PAGES.items()}
        plain = {name: len(ask(connection, path, **{"Accept-Encoding": ""}).body) for name, path in PAGES.items()}
        for _ in range(ROUNDS):
            took["yardstick"] += read(theirs, "/", {}, SECONDS)
            for name, path in PAGES.items():
                known = {"If-None-Match": first[name].headers["ETag"]} if name == "nation, unchanged" else {}
                took[name] += read(ours, path, known, SECONDS)
            with nginx() as port:
                file_rates.append(fetch(port, f"/dokumen/besar/ppwp/nasional/{pointer['document']}.json", SECONDS))
    rate = {name: len(times) / (ROUNDS * SECONDS) for name, times in took.items()}
    for name, times in took.items():
        late = statistics.quantiles(times, n=20)[-1] * 1000
        share = f"{rate[name] / rate['yardstick']:.2f} of the yardstick"
        print(f"{name:18} {rate[name]:8,.0f}/s  p95 {late:6.1f} ms  {share}  {plain.get(name, 0):,} bytes")
    slowest = min(rate["nation, HTML"], rate["province, HTML"])
    from_file = statistics.mean(file_rates) / rate["yardstick"]
    print(f"nation, file by nginx {statistics.mean(file_rates):8,.0f}/s, {from_file:.1f} of the yardstick")
    light = all(plain[name] < HEAVIEST for name in ("nation, HTML", "province, HTML"))
    print(f"{stations:,} TPS; pages under {HEAVIEST:,} bytes: {light}")
    print(
        json.dumps(
            {
                "name": "page",
                "ours": round(slowest, 1),
                "yardstick": round(rate["yardstick"], 1),
                "ratio": round(slowest / rate["yardstick"], 3),
                "target": TARGET,
                "ok": slowest / rate["yardstick"] >= TARGET and light and from_file >= FILE_TARGET,
                "file": round(from_file, 1),
                "file_target": round(FILE_TARGET, 1),
                "json": round(rate["nation, JSON"] / rate["yardstick"], 3),
                "unchanged": round(rate["nation, unchanged"] / rate["yardstick"], 3),
            }
        )
    )


if __name__ == "__main__":
    with private_database():
        main()
