"""From the file of a 12-megapixel photo to the page it shows, in Chromium at a CPU four times slower.

Ours: `static/uploads/recognise.js`, on the page's main thread, since Chromium slows down no other; what is decoded in
its thread pool is measured alone, too, and counted four times in the line "all of it slow".
Yardstick: the server's reader (OpenCV), from the decoded picture, on this CPU as it is.
The photos are the real ones of `../shared/forms` (or PEMANTAU_SHARED), enlarged. Target: 300 ms in the median.
"""

import base64
import functools
import http.server
import io
import json
import os
import shutil
import statistics
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from PIL import Image
from playwright.sync_api import Page, sync_playwright

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))
from uploads import tag_reader

ROOT = Path(__file__).resolve().parents[1]
SHARED = Path(os.environ.get("PEMANTAU_SHARED", ROOT.parent / "shared"))
PHOTOS = int(os.environ.get("PHOTOS", "40"))
MEGAPIXELS = 12_000_000
SLOWER = 4
TARGET = 300  # ms

LOOK = """async ([photo, alone]) => {
    const { recognise } = await import("/uploads/recognise.js");
    const blob = new Blob([Uint8Array.from(atob(photo), (character) => character.charCodeAt(0))]);
    const start = performance.now();
    if (alone) (await createImageBitmap(blob)).close();
    const Hired = self.Worker;
    self.Worker = undefined;  // asked for a worker, the module finds none and looks itself
    const looking = alone ? null : recognise(blob);
    self.Worker = Hired;
    const seen = await looking;
    return [performance.now() - start, seen?.tag?.id];
}"""
BUSY = "() => { const start = performance.now(); for (let n = 0; n < 3e7; n++); return performance.now() - start; }"
BUSY_WORKER = f"""() => new Promise((resolve) => {{
    const code = new Blob([`postMessage(({BUSY})())`]);
    new Worker(URL.createObjectURL(code)).onmessage = (event) => resolve(event.data);
}})"""


def large(path: Path) -> bytes:
    """The photo as a 12-megapixel JPEG."""
    with Image.open(path) as picture:
        scale = (MEGAPIXELS / (picture.width * picture.height)) ** 0.5
        bigger = picture.convert("RGB").resize((round(picture.width * scale), round(picture.height * scale)))
    file = io.BytesIO()
    bigger.save(file, "JPEG", quality=88)
    return file.getvalue()


@contextmanager
def page() -> Iterator[Page]:
    """An empty page of a server that has our modules."""
    handler = functools.partial(Quiet, directory=str(ROOT / "static"))
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    program = os.environ.get("CHROMIUM_BIN") or shutil.which("chromium") or shutil.which("google-chrome")
    with sync_playwright() as playwright:
        as_root = ["--no-sandbox"] if os.geteuid() == 0 else []
        browser = playwright.chromium.launch(executable_path=program, args=as_root)
        opened = browser.new_page()
        opened.goto(f"http://127.0.0.1:{server.server_port}/mark.svg")
        yield opened
        browser.close()
    server.shutdown()


class Quiet(http.server.SimpleHTTPRequestHandler):
    def log_message(self, *_: object) -> None:
        pass


def told(name: str, times: list[float]) -> float:
    median = statistics.median(times)
    print(f"{name:34} {median:6.0f} ms, p95 {statistics.quantiles(times, n=20)[18]:6.0f} ms")
    return median


def main() -> None:
    paths = sorted((SHARED / "forms").glob("*.jpg"))[:: max(1, 120 // PHOTOS)]
    ours, decoding, server, found = [], [], [], 0
    with page() as opened:
        session = opened.context.new_cdp_session(opened)
        opened.evaluate(BUSY)  # compiled from here on
        plain = opened.evaluate(BUSY), opened.evaluate(BUSY_WORKER)
        for path in paths:
            photo = large(path)
            text = base64.b64encode(photo).decode()
            session.send("Emulation.setCPUThrottlingRate", {"rate": 1})
            decoding.append(opened.evaluate(LOOK, [text, True])[0])
            session.send("Emulation.setCPUThrottlingRate", {"rate": SLOWER})
            took, tag = opened.evaluate(LOOK, [text, False])
            ours.append(took)
            picture = Image.open(io.BytesIO(photo)).convert("RGB")
            start = time.perf_counter()
            seen = tag_reader.read(picture)
            server.append((time.perf_counter() - start) * 1000)
            found += bool(seen) and seen["id"] == tag
        slow = opened.evaluate(BUSY), opened.evaluate(BUSY_WORKER)
    print(f"slowed down: the page x {slow[0] / plain[0]:.1f}, a worker x {slow[1] / plain[1]:.1f}")
    print(f"{len(paths)} photos of 12 megapixels, {found} read alike by both")
    median, yardstick = told("ours, at 4 x", ours), told("server (OpenCV), at 1 x", server)
    told("of ours, decoding alone, at 1 x", decoding)
    told("ours, all of it slow", [all_ + (SLOWER - 1) * part for all_, part in zip(ours, decoding, strict=True)])
    result = {"name": "recognise", "ours": round(median), "yardstick": round(yardstick)}
    result |= {"ratio": round(median / yardstick, 2), "target": TARGET, "ok": median <= TARGET}
    print(json.dumps(result))


if __name__ == "__main__":
    main()
