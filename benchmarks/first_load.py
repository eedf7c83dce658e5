"""The sending page on a slow phone: 400 kbit/s, 400 ms round trip, a processor four times slower than this one.

Production's static files behind gunicorn and whitenoise, over HTTP/1.1 without a proxy. Yardstick: the same page
without scripts, in the same browser, in turns with ours. Printed are the first contentful paint, the time until the
button "Ambil foto" works, and the bytes of a first visit with everything that takes a photo.
"""

import http.client
import json
import os
import secrets
import shutil
import statistics
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parent))
from _database import ROOT, nation, private_database

ROUNDS = int(os.environ.get("ROUNDS", "5"))
TARGET_SECONDS = 3.0
TARGET_BYTES = 60_000
SLOW = {"offline": False, "latency": 400, "downloadThroughput": 50_000, "uploadThroughput": 50_000}
SLOWER = 4
PAINTED = "() => performance.getEntriesByName('first-contentful-paint')[0]?.startTime"
WORKS = "() => document.querySelector('[data-do=take]')?.offsetParent && performance.now()"


@contextmanager
def site() -> Iterator[str]:
    """As in production, but for TLS."""
    from pemantau.local import processes

    port = processes.free_port()
    folder = Path(os.environ["PEMANTAU_STATE_DIR"])
    environment = os.environ | {
        "PEMANTAU_DEVELOPMENT": "0",
        "SECRET_KEY": "only-for-this-benchmark-" + "0" * 50,
        "RECEIPT_KEY": secrets.token_hex(32),
        "SITE_ORIGIN": f"http://localhost:{port}",
        "EMAIL_URL": "smtp://127.0.0.1",
        "STATIC_ROOT": str(folder / "static"),
    }
    collect = (sys.executable, "manage.py", "collectstatic", "--noinput", "--verbosity", "0")
    subprocess.run(collect, cwd=ROOT, env=environment, check=True)
    serve = (sys.executable, "-m", "gunicorn", "-c", "deploy/gunicorn.conf.py", "--bind", f"127.0.0.1:{port}")
    program = processes.Program(
        "web",
        (*serve, "pemantau.wsgi"),
        environment,
        folder / "web.log",
        lambda: answers(port),
        folder=ROOT,
    )
    process = processes.start_and_wait(program, 60)
    try:
        yield f"http://localhost:{port}"
    finally:
        processes.stop(program, process)


def answers(port: int) -> bool:
    connection = http.client.HTTPConnection("localhost", port, timeout=10)
    try:
        connection.request("GET", "/sehat/")
        return connection.getresponse().status == 200
    except OSError:
        return False
    finally:
        connection.close()


def visit(browser: Any, address: str, *, scripts: bool) -> dict[str, float]:
    """A first visit, with nothing in the browser's cache."""
    context = browser.new_context(viewport={"width": 360, "height": 740}, java_script_enabled=scripts)
    page = context.new_page()
    session = context.new_cdp_session(page)
    session.send("Network.enable")
    session.send("Network.emulateNetworkConditions", SLOW)
    session.send("Emulation.setCPUThrottlingRate", {"rate": SLOWER})
    came: list[float] = []
    session.on("Network.loadingFinished", lambda event: came.append(event["encodedDataLength"]))
    page.goto(address, wait_until="commit")
    found = {}
    if scripts:
        found["works"] = page.wait_for_function(WORKS, polling=20).json_value() / 1000
    page.wait_for_load_state("networkidle")
    found |= {"painted": page.evaluate(PAINTED) / 1000, "bytes": sum(came)}
    context.close()
    return found


def main() -> None:
    from django.db import connections
    from playwright.sync_api import sync_playwright

    from tps.models import PollingStation

    nation(100)
    path = f"/kirim/{PollingStation.objects.values_list('code', flat=True)[0]}/"
    connections.close_all()
    took: dict[bool, list[dict[str, float]]] = {True: [], False: []}
    with site() as origin, sync_playwright() as playwright:
        program = os.environ.get("CHROMIUM_BIN") or shutil.which("chromium") or shutil.which("google-chrome")
        options = ["--no-sandbox"] if os.geteuid() == 0 else []
        browser = playwright.chromium.launch(executable_path=program, args=options)
        for _ in range(ROUNDS):
            for scripts in took:
                took[scripts].append(visit(browser, origin + path, scripts=scripts))
        browser.close()

    def middle(scripts: bool, name: str) -> float:
        return statistics.median(one[name] for one in took[scripts])

    ours, plain = middle(True, "works"), middle(False, "painted")
    painted, weight = middle(True, "painted"), middle(True, "bytes")
    print(f"ours       painted {painted:.2f} s, button works {ours:.2f} s, {weight:,.0f} bytes")
    print(f"yardstick  painted {plain:.2f} s, {middle(False, 'bytes'):,.0f} bytes")
    ok = ours <= TARGET_SECONDS and weight <= TARGET_BYTES
    told = {
        "name": "first_load",
        "ours": round(ours, 2),
        "yardstick": round(plain, 2),
        "ratio": round(ours / plain, 2),
        "target": f"<= {TARGET_SECONDS} s and <= {TARGET_BYTES} bytes",
        "ok": ok,
    }
    print(json.dumps(told))
    sys.exit(0 if ok else 1)


if __name__ == "__main__":
    with private_database():
        main()
