"""A photo of 300 KB, sent by 8 clients at once, up to a durable receipt, in each of the ways there are.

Ours, in one request (form), by ticket through us (pieces) and by ticket past us into an S3 (direct; the test server,
rclone, on the same machine): gunicorn as in production, PostgreSQL with fsync, originals sealed with fsync, the whole
picture decoded in its own process, row, ledger entry and idempotency key committed, the doorbell rung.
Yardstick: the thinnest Django view that takes the same multipart body, hashes the file and inserts one row,
under the same gunicorn, Django settings (upload handler, middleware) and PostgreSQL; nothing is stored or looked at.
All take turns, so that a busy machine is as busy for each.
"""

import hashlib
import http.client
import io
import json
import os
import secrets
import statistics
import sys
import tempfile
import time
import uuid
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

CLIENTS = 8
ROUNDS = int(os.environ.get("ROUNDS", "4"))
SECONDS = float(os.environ.get("SECONDS", "6"))
TARGET = 0.40
STATION = "9101011001001"


# --- The yardstick --------------------------------------------------------------------------


def thin() -> Any:
    """The thinnest view, as a WSGI application; gunicorn calls this in a process of its own."""
    from django.conf import settings
    from django.core.wsgi import get_wsgi_application
    from django.db import connection
    from django.http import HttpResponse
    from django.urls import path
    from django.views.decorators.csrf import csrf_exempt

    @csrf_exempt
    def take(request: Any) -> HttpResponse:
        digest = hashlib.sha256()
        for chunk in request.FILES["file"].chunks():
            digest.update(chunk)
        with connection.cursor() as cursor:
            cursor.execute("INSERT INTO bench_thin (sha256) VALUES (%s)", [digest.hexdigest()])
        return HttpResponse(status=201)

    settings.ROOT_URLCONF = type("Urls", (), {"urlpatterns": [path("photos/", take)]})
    return get_wsgi_application()


# --- The servers ----------------------------------------------------------------------------


@contextmanager
def servers() -> Iterator[tuple[dict[str, int], Any]]:
    """PostgreSQL, Valkey, S3 and the web servers: the ports of ours on a folder, ours on S3, and the thin one."""
    from pemantau.local import processes
    from pemantau.local.postgres import ROLES, Postgres
    from pemantau.local.s3 import S3
    from pemantau.local.valkey import Valkey

    running = []

    def start(program: processes.Program) -> None:
        running.append((program, processes.start_and_wait(program, 60)))

    with tempfile.TemporaryDirectory(prefix="pemantau-bench-") as name:
        state = Path(name)
        state.chmod(0o711)
        try:
            postgres = Postgres(state, processes.free_port(), {role: secrets.token_hex(16) for role in ROLES})
            postgres.prepare()
            start(postgres.program())
            postgres.create_database()
            valkey = Valkey(state, processes.free_port(), secrets.token_hex(16))
            start(valkey.program())
            s3 = S3(state, processes.free_port(), "pemantau", secrets.token_hex(16))
            start(s3.program())
            on_s3 = s3.environment() | {"S3_PUBLIC_ENDPOINT": s3.endpoint}
            os.environ |= {
                "DATABASE_URL": postgres.url(),
                "REDIS_URL": valkey.url(),
                "PEMANTAU_DEVELOPMENT": "1",
                "PEMANTAU_STATE_DIR": str(state),
                # Eight devices send for thousands here; each photo is counted all the same.
                "PHOTOS_PER_DEVICE": "1000000/s",
                "PHOTOS_PER_DEVICE_AND_DAY": "1000000/s",
                "LOG_LEVEL": "WARNING",
                "DJANGO_SETTINGS_MODULE": "pemantau.settings",
            }
            prepare_database()
            ports = {}
            for which, application, settings in (
                ("folder", "pemantau.wsgi", {}),
                ("s3", "pemantau.wsgi", on_s3),
                ("thin", "benchmarks.upload:thin()", {}),
            ):
                ports[which] = processes.free_port()
                start(web(state, which, application, ports[which], settings))
            yield ports, s3
        finally:
            while running:
                processes.stop(*running.pop())


def web(state: Path, name: str, application: str, port: int, settings: dict[str, str]) -> Any:
    from pemantau.local.processes import Program

    def answers() -> bool:
        try:
            connection = http.client.HTTPConnection("127.0.0.1", port, timeout=5)
            connection.request("GET", "/")
            connection.getresponse().read()
        except OSError:
            return False
        return True

    command = (sys.executable, "-m", "gunicorn", "-c", "deploy/gunicorn.conf.py", "--bind", f"127.0.0.1:{port}")
    return Program(name, (*command, application), os.environ | settings, state / f"{name}.log", answers, folder=ROOT)


def prepare_database() -> None:
    import django

    django.setup()
    from django.core.management import call_command
    from django.db import connection, connections

    from tests.world import build

    call_command("migrate", verbosity=0)
    build()
    with connection.cursor() as cursor:
        cursor.execute("CREATE TABLE bench_thin (id bigserial PRIMARY KEY, sha256 text NOT NULL)")
    connections.close_all()


# --- The clients ----------------------------------------------------------------------------


def photo() -> bytes:
    """A JPEG of about 300 KB, 1200 x 1600, as phones' messengers make them."""
    from PIL import Image, ImageDraw

    paper = Image.effect_noise((1200, 1600), 40).convert("RGB")
    draw = ImageDraw.Draw(paper)
    for row in range(40):
        draw.rectangle((80, 40 * row + 20, 1120, 40 * row + 50), outline=(30, 30, 30), width=3)
    sizes = {}
    for quality in range(20, 96, 3):
        file = io.BytesIO()
        paper.save(file, "JPEG", quality=quality)
        sizes[abs(file.tell() - 300_000)] = file.getvalue()
    return sizes[min(sizes)]


def body_of(picture: bytes) -> bytes:
    """A multipart body; bytes after the picture's end make each one new."""
    fields = b"".join(
        b'--limit\r\nContent-Disposition: form-data; name="%s"\r\n\r\n%s\r\n' % (name, value)
        for name, value in ((b"station", STATION.encode()), (b"contest", b"ppwp"), (b"page", b"2"))
    )
    head = (
        b'--limit\r\nContent-Disposition: form-data; name="file"; filename="x.jpg"\r\nContent-Type: image/jpeg\r\n\r\n'
    )
    return fields + head + picture + secrets.token_bytes(16) + b"\r\n--limit--\r\n"


class Client:
    """One phone: a connection to us, one to the object store, and a cookie."""

    def __init__(self, port: int) -> None:
        self.us = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
        self.store: http.client.HTTPConnection | None = None
        self.cookie: dict[str, str] = {}

    def ask(self, method: str, path: str, body: bytes, headers: dict[str, str], *statuses: int) -> bytes:
        self.us.request(method, path, body, headers | self.cookie)
        response = self.us.getresponse()
        answer = response.read()
        assert response.status in statuses, f"{response.status} {answer[:200]!r}"
        if cookie := response.getheader("Set-Cookie"):
            self.cookie = {"Cookie": cookie.split(";")[0]}
        return answer

    def put(self, way: dict[str, Any], body: bytes) -> None:
        address = urlsplit(way["url"])
        self.store = self.store or http.client.HTTPConnection(address.netloc, timeout=60)
        self.store.request("PUT", f"{address.path}?{address.query}", body, way["headers"])
        response = self.store.getresponse()
        assert (response.status, response.read()) == (200, b"")


def thinly(client: Client, picture: bytes) -> None:
    client.ask("POST", "/photos/", body_of(picture), FORM, 201)


def by_form(client: Client, picture: bytes) -> str:
    headers = FORM | {"Idempotency-Key": str(uuid.uuid4())}
    return json.loads(client.ask("POST", "/api/v1/photos/", body_of(picture), headers, 201))["receipt"]


def by_ticket(client: Client, picture: bytes) -> str:
    """Directly where there is such a way, else in one piece."""
    photo = picture + secrets.token_bytes(16)
    said = {"station": STATION, "contest": "ppwp", "page": 2, "size": len(photo), "media_type": "image/jpeg"}
    body = json.dumps(said | {"sha256": hashlib.sha256(photo).hexdigest()}).encode()
    ticket = json.loads(client.ask("POST", "/api/v1/tickets/", body, {"Content-Type": "application/json"}, 201))
    path = f"/api/v1/tickets/{ticket['ticket']}/"
    if ticket["direct"]:
        client.put(ticket["direct"], photo)
    else:
        client.ask("PATCH", path, photo, {"Content-Type": "application/partial-upload", "Upload-Offset": "0"}, 204)
    return json.loads(client.ask("POST", f"{path}finish/", b"", {}, 201))["receipt"]


FORM = {"Content-Type": "multipart/form-data; boundary=limit"}
# What is measured: by which web server, and how.
WAYS: dict[str, tuple[str, Callable[[Client, bytes], str | None]]] = {
    "thin view": ("thin", thinly),
    "form": ("folder", by_form),
    "pieces": ("folder", by_ticket),
    "direct": ("s3", by_ticket),
}


def run(
    port: int, send: Callable[[Client, bytes], str | None], picture: bytes, seconds: float
) -> tuple[list[float], list[str | None]]:
    """Seconds that each answered upload took, and the receipts."""
    times: list[float] = []
    receipts: list[str | None] = []
    until = time.perf_counter() + seconds

    def play(client: Client) -> None:
        while time.perf_counter() < until:
            started = time.perf_counter()
            receipts.append(send(client, picture))
            times.append(time.perf_counter() - started)

    with ThreadPoolExecutor(CLIENTS) as threads:
        list(threads.map(play, [Client(port) for _ in range(CLIENTS)]))
    return times, receipts


def told(name: str, times: list[float], seconds: float) -> tuple[float, float, float]:
    """Uploads a second, p50 and p95 in seconds; printed too."""
    p50, p95 = statistics.median(times), statistics.quantiles(times, n=20)[18]
    rate = len(times) / seconds
    print(f"{name:10} {rate:7.1f}/s   p50 {p50 * 1000:6.1f} ms   p95 {p95 * 1000:6.1f} ms   ({len(times)} uploads)")
    return rate, p50, p95


def assert_durable(receipts: list[str | None], storages: dict[str, Any]) -> None:
    """Every receipt has a photo of its own, with its ledger entry and its original, whole."""
    from django.test import override_settings

    from ledger.models import Event
    from uploads import storage
    from uploads.models import Photo

    photos = {photo.receipt: photo for photo in Photo.objects.all()}
    codes = {str(code).replace("-", "") for code in receipts}
    assert len(codes) == len(receipts), "two uploads share a receipt"
    assert photos.keys() >= codes
    assert Event.objects.filter(kind="photo").count() == len(photos)
    with override_settings(STORAGES=storages):
        for code in codes:
            storage.read_original(photos[code].sha256)


def main() -> None:
    picture = photo()
    times: dict[str, list[float]] = {name: [] for name in WAYS}
    receipts: dict[str, list[str | None]] = {name: [] for name in WAYS}
    with servers() as (ports, s3):
        for server, send in WAYS.values():
            run(ports[server], send, picture, 2)  # warm
        for _ in range(ROUNDS):
            for name, (server, send) in WAYS.items():
                took, given = run(ports[server], send, picture, SECONDS)
                times[name] += took
                receipts[name] += given
        from django.conf import settings
        from django.db import connections

        from tests.uploads.conftest import s3_storages

        assert_durable(receipts["form"] + receipts["pieces"], settings.STORAGES)
        assert_durable(receipts["direct"], settings.STORAGES | s3_storages(s3))
        connections.close_all()
    print(f"a photo of {len(picture) // 1000} KB, {CLIENTS} clients, {ROUNDS} x {SECONDS:.0f} s each in turns")
    figures = {name: told(name, took, ROUNDS * SECONDS) for name, took in times.items()}
    thin_rate, _, _ = figures.pop("thin view")
    ways = {
        name: {"rate": round(rate, 1), "ratio": round(rate / thin_rate, 3), "p95_to_p50": round(p95 / p50, 2)}
        for name, (rate, p50, p95) in figures.items()
    }
    # The target is for the ways that phones go.
    worst = min((ways[name] for name in ("pieces", "direct")), key=lambda way: way["ratio"])
    ok = worst["ratio"] >= TARGET and all(way["p95_to_p50"] <= 3 for way in ways.values())
    result = {"ours": worst["rate"], "yardstick": round(thin_rate, 1), "ratio": worst["ratio"], "target": TARGET}
    print(json.dumps({"name": "upload"} | result | {"ok": ok, "ways": ways}))


if __name__ == "__main__":
    main()
