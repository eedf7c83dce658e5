"""A photo of 300 KB, sent by 8 clients at once, up to a durable receipt.

Ours: gunicorn as in production, PostgreSQL with fsync, originals sealed with fsync, the whole picture decoded
in its own process, row, ledger entry and idempotency key committed, the doorbell rung.
Yardstick: the thinnest Django view that takes the same multipart body, hashes the file and inserts one row,
under the same gunicorn, Django settings (upload handler, middleware) and PostgreSQL; nothing is stored or looked at.
The two take turns, so that a busy machine is as busy for both.
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
import threading
import time
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

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
def servers() -> Iterator[tuple[int, int]]:
    """PostgreSQL, Valkey and both web servers; the ports of ours and of the thin one."""
    from pemantau.local import processes
    from pemantau.local.postgres import ROLES, Postgres
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
            os.environ |= {
                "DATABASE_URL": postgres.url(),
                "REDIS_URL": valkey.url(),
                "PEMANTAU_DEVELOPMENT": "1",
                "PEMANTAU_STATE_DIR": str(state),
                "LOG_LEVEL": "WARNING",
                "DJANGO_SETTINGS_MODULE": "pemantau.settings",
            }
            prepare_database()
            ports = []
            for which, application in (("ours", "pemantau.wsgi"), ("thin", "benchmarks.upload:thin()")):
                port = processes.free_port()
                start(web(state, which, application, port))
                ports.append(port)
            yield ports[0], ports[1]
        finally:
            while running:
                processes.stop(*running.pop())


def web(state: Path, name: str, application: str, port: int) -> Any:
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
    return Program(name, (*command, application), dict(os.environ), state / f"{name}.log", answers, folder=ROOT)


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


def run(port: int, path: str, picture: bytes, seconds: float) -> tuple[list[float], set[str]]:
    """Seconds that each answered upload took, and the receipts."""
    times: list[float] = []
    receipts: set[str] = set()
    wrong: list[str] = []
    until = time.perf_counter() + seconds

    def client() -> None:
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
        headers = {"Content-Type": "multipart/form-data; boundary=limit"}
        while time.perf_counter() < until:
            body = body_of(picture)
            started = time.perf_counter()
            connection.request("POST", path, body, headers | {"Idempotency-Key": str(uuid.uuid4())})
            response = connection.getresponse()
            answer = response.read()
            times.append(time.perf_counter() - started)
            if response.status != 201:
                wrong.append(f"{response.status} {answer[:200]!r}")
                return
            if cookie := response.getheader("Set-Cookie"):
                headers["Cookie"] = cookie.split(";")[0]
            if answer:
                receipts.add(json.loads(answer)["receipt"])

    threads = [threading.Thread(target=client) for _ in range(CLIENTS)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not wrong, wrong[0]
    return times, receipts


def told(name: str, times: list[float], seconds: float) -> tuple[float, float, float]:
    """Uploads a second, p50 and p95 in seconds; printed too."""
    p50, p95 = statistics.median(times), statistics.quantiles(times, n=20)[18]
    rate = len(times) / seconds
    print(f"{name:10} {rate:7.1f}/s   p50 {p50 * 1000:6.1f} ms   p95 {p95 * 1000:6.1f} ms   ({len(times)} uploads)")
    return rate, p50, p95


def assert_durable(receipts: set[str]) -> None:
    """Every receipt has its row, its ledger entry and its original, whole."""
    from ledger.models import Event
    from uploads import storage
    from uploads.models import Photo

    photos = list(Photo.objects.all())
    assert {photo.receipt for photo in photos} >= {code.replace("-", "") for code in receipts}
    assert Event.objects.filter(kind="photo").count() == len(photos)
    for photo in photos:
        storage.read_original(photo.sha256)


def main() -> None:
    picture = photo()
    ours: list[float] = []
    yardstick: list[float] = []
    receipts: set[str] = set()
    with servers() as (our_port, thin_port):
        for port, path in ((our_port, "/api/v1/photos/"), (thin_port, "/photos/")):
            run(port, path, picture, 2)  # warm
        for _ in range(ROUNDS):
            yardstick += run(thin_port, "/photos/", picture, SECONDS)[0]
            times, new = run(our_port, "/api/v1/photos/", picture, SECONDS)
            ours += times
            receipts |= new
        assert len(receipts) == len(ours), "two uploads share a receipt"
        assert_durable(receipts)
        from django.db import connections

        connections.close_all()
    print(f"a photo of {len(picture) // 1000} KB, {CLIENTS} clients, {ROUNDS} x {SECONDS:.0f} s each in turns")
    rate, p50, p95 = told("ours", ours, ROUNDS * SECONDS)
    thin_rate, _, _ = told("thin view", yardstick, ROUNDS * SECONDS)
    ratio = rate / thin_rate
    result = {"ours": round(rate, 1), "yardstick": round(thin_rate, 1), "ratio": round(ratio, 3), "target": TARGET}
    steady = p95 <= 3 * p50
    print(
        json.dumps({"name": "upload"} | result | {"ok": ratio >= TARGET and steady, "p95_to_p50": round(p95 / p50, 2)})
    )


if __name__ == "__main__":
    main()
