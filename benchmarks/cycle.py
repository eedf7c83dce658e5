"""One entry as a volunteer's program makes it: take a photo, look at it again, send what was read.

Ours: three requests through all middleware, signed in, with everything durable and the doorbell rung.
Yardstick: the thinnest Django view, one row read by its key, through the same middleware. Both by Django's own client
in one process, in turns. The peer's whole cycle ran 7 times a second where the thin view gave 2,534/s (PERFORMANCE
sections 1 and 2); 6 times that is 1.7 % of the yardstick.
"""

import json
import os
import statistics
import sys
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent))
from _database import nation, private_database, run
from _readers import photos, readers

STATIONS = 4_000
ROUNDS = int(os.environ.get("ROUNDS", "4"))
SECONDS = float(os.environ.get("SECONDS", "4"))
TARGET = 6 * 7 / 2534
STATEMENTS = 15
NUMBERS = {"paslon_1": 101, "paslon_2": 88, "paslon_3": 31}


def add_thin_view() -> None:
    """`/bench/` reads one row by its key."""
    from django.http import JsonResponse
    from django.urls import clear_url_caches, path

    from accounts.permissions import Action, page
    from pemantau import urls

    @page(Action.SEE_PUBLIC)
    def thin(request):
        return JsonResponse({"row": run("SELECT code FROM tps_region WHERE code = %s", ["11"])[0][0]})

    urls.urlpatterns.append(path("bench/", thin))
    clear_url_caches()


def browsers(people):
    """Signed-in programs, each with its device's cookie."""
    from django.test import Client

    from accounts import devices
    from accounts.models import User

    accounts = User.objects.in_bulk([account for account, _ in people])
    for account, device in people:
        client = Client(SERVER_NAME="127.0.0.1")
        client.force_login(accounts[account], "django.contrib.auth.backends.ModelBackend")
        client.cookies[devices.COOKIE] = devices._signer.sign(str(device))
        yield client


def cycle(client) -> None:
    task = client.post("/api/v1/tasks/", "{}", "application/json").json()
    path = f"/api/v1/tasks/{task['id']}/"
    assert client.get(path).json()["photo"] == task["photo"]
    sent = client.post(
        f"{path}entry/", json.dumps({"page": 2, "numbers": NUMBERS, "tps": "tidak_terbaca"}), "application/json"
    )
    assert sent.status_code == 201, sent.content


def statements_of(client) -> int:
    from django.db import connection
    from django.test.utils import CaptureQueriesContext

    with CaptureQueriesContext(connection) as captured:
        cycle(client)
    control = ("BEGIN", "COMMIT", "ROLLBACK", "SAVEPOINT", "RELEASE")
    return sum(not query["sql"].startswith(control) for query in captured.captured_queries)


def times_of(once, clients, seconds: float) -> list[float]:
    times = []
    until = time.perf_counter() + seconds
    while (started := time.perf_counter()) < until:
        once(clients[len(times) % len(clients)])
        times.append(time.perf_counter() - started)
    return times


def told(name: str, times: list[float]) -> float:
    rate = len(times) / sum(times)
    p95 = statistics.quantiles(times, n=20)[18]
    print(f"{name:10} {rate:8.1f}/s   p50 {statistics.median(times) * 1000:6.1f} ms   p95 {p95 * 1000:6.1f} ms")
    return rate


def main() -> None:
    with private_database():
        contest = nation(STATIONS)
        people = readers(300)
        photos(contest, 0, STATIONS)
        add_thin_view()
        clients = list(browsers(people))
        for client in clients[:3]:
            cycle(client)
            client.get("/bench/")
        statements = statements_of(clients[3])
        ours: list[float] = []
        thin: list[float] = []
        for _ in range(ROUNDS):
            thin += times_of(lambda client: client.get("/bench/"), clients, SECONDS / 2)
            ours += times_of(cycle, clients, SECONDS)
        entries = run("SELECT count(*) FROM transcription_entry")[0][0]
        assert entries == len(ours) + 4, "an acknowledged entry is missing"
        rate, thin_rate = told("ours", ours), told("thin view", thin)
    print(f"{statements} SQL statements in the three requests")
    ratio = rate / thin_rate
    result = {"name": "cycle", "ours": round(rate, 1), "yardstick": round(thin_rate, 1), "ratio": round(ratio, 4)}
    ok = ratio >= TARGET and statements <= STATEMENTS
    print(json.dumps(result | {"target": round(TARGET, 4), "ok": ok, "statements": statements}))


if __name__ == "__main__":
    main()
