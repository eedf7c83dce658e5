"""clients/kirim.py as an organisation runs it: a program of its own against a real server."""

import ast
import csv
import json
import os
import re
import signal
import socket
import subprocess
import sys
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from accounts.models import Role, User
from tests.uploads.conftest import folder_storages, s3_storages
from tests.uploads.pictures import encoded
from tests.world import build
from uploads import alarm, storage
from uploads.models import Photo

pytestmark = pytest.mark.django_db(transaction=True)

PROGRAM = Path(__file__).resolve().parent.parent.parent / "clients" / "kirim.py"
TPS = "9101011001001"


@pytest.fixture
def server(transactional_db, settings, tmp_path, live_server):
    settings.STORAGES = settings.STORAGES | folder_storages(tmp_path / "objects")
    build()
    return live_server.url


@pytest.fixture
def photos(tmp_path) -> Path:
    """Three photos of a TPS, and a list of them."""
    folder = tmp_path / "foto"
    folder.mkdir()
    with (folder / "foto.csv").open("w", newline="") as file:
        rows = csv.writer(file)
        rows.writerow(["file", "station", "contest", "page"])
        for page in (1, 2, 3):
            # More than one piece each: bytes after a picture's end belong to it.
            (folder / f"{page}.jpg").write_bytes(encoded(seed=page, width=200, height=300) + bytes(300_000))
            rows.writerow([f"{page}.jpg", TPS, "ppwp", page])
    return folder


def kirim(address: str, source: Path, *more: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-I", str(PROGRAM), address, str(source), "--state", "state.json", *more],
        cwd=source if source.is_dir() else source.parent, capture_output=True, text=True, timeout=100,
        env={"PATH": os.environ["PATH"]},
    )  # fmt: skip


def test_it_is_one_short_file_that_needs_nothing_of_ours():
    text = PROGRAM.read_text()
    assert len(text.splitlines()) <= 150
    imported = {
        name.split(".")[0]
        for node in ast.walk(ast.parse(text))
        if isinstance(node, ast.Import | ast.ImportFrom)
        for name in ([node.module] if isinstance(node, ast.ImportFrom) else [one.name for one in node.names])
    }
    assert imported <= sys.stdlib_module_names


def test_it_sends_a_list_and_reports_each(server, photos):
    done = kirim(server, photos / "foto.csv")
    assert done.returncode == 0, done.stdout + done.stderr
    assert done.stdout.splitlines()[-1] == "3 sent"
    receipts = {photo.page: photo.receipt for photo in Photo.objects.all()}
    for page in (1, 2, 3):
        line = next(line for line in done.stdout.splitlines() if f"{page}.jpg" in line)
        assert re.search(r"[0-9A-Z-]{20}", line)[0].replace("-", "") == receipts[page]
        photo = Photo.objects.get(page=page)
        assert storage.read_original(photo.sha256) == (photos / f"{page}.jpg").read_bytes()
    assert Photo.objects.values("device").distinct().count() == 1


def test_again_it_sends_nothing_twice(server, photos):
    kirim(server, photos / "foto.csv")
    again = kirim(server, photos / "foto.csv")
    assert (again.returncode, again.stdout.splitlines()[-1]) == (0, "3 sent before")
    (photos / "state.json").unlink()
    anew = kirim(server, photos / "foto.csv")
    assert (anew.returncode, anew.stdout.splitlines()[-1]) == (0, "3 sent")
    assert Photo.objects.count() == 3


def test_a_dry_run_sends_nothing_and_writes_nothing(server, photos):
    done = kirim(server, photos / "foto.csv", "--dry-run")
    assert (done.returncode, done.stdout.splitlines()[-1]) == (0, "3 would be sent")
    assert not Photo.objects.exists()
    assert not (photos / "state.json").exists()


def test_a_dry_run_says_what_cannot_be_sent(server, photos):
    with (photos / "foto.csv").open("a") as file:
        file.write(f"gone.jpg,{TPS},ppwp,2\n1.jpg,980,ppwp,2\n")
    done = kirim(server, photos / "foto.csv", "--dry-run")
    assert done.stdout.splitlines()[-1] == "3 would be sent, 2 unusable"


def test_a_folder_says_by_its_names_what_is_in_it(server, photos):
    for page in (1, 2):
        (photos / f"{page}.jpg").rename(photos / f"{TPS}_ppwp_{page}.jpg")
    (photos / "3.jpg").rename(photos / f"{TPS}_ppwp.jpeg")
    done = kirim(server, photos)
    assert done.returncode == 0, done.stdout + done.stderr
    assert set(Photo.objects.values_list("page", flat=True)) == {1, 2, None}
    assert "foto.csv: left out" in done.stdout


def test_what_is_refused_is_said_and_the_rest_is_sent(server, photos):
    (photos / "1.jpg").write_bytes(b"GIF89a" + bytes(100))
    (photos / "2.jpg").unlink()
    done = kirim(server, photos / "foto.csv")
    assert done.returncode == 1
    assert "Ini bukan foto" in done.stdout
    assert "No such file" in done.stdout
    assert done.stdout.splitlines()[-1] == "2 refused, 1 sent"
    (photos / "1.jpg").write_bytes(encoded(seed=8, width=200, height=300))
    assert kirim(server, photos / "foto.csv").stdout.splitlines()[-1] == "1 sent, 1 refused, 1 sent before"


class Cutting:
    """A network in front of the server that breaks every connection after 90 KB."""

    def __init__(self, behind: str) -> None:
        self.behind = urlsplit(behind)
        self.door = socket.create_server(("127.0.0.1", 0))
        self.cut = 0
        threading.Thread(target=self._serve, daemon=True).start()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.door.getsockname()[1]}"

    def _serve(self) -> None:
        while True:
            try:
                phone, _ = self.door.accept()
            except OSError:
                return
            threading.Thread(target=self._carry, args=(phone,), daemon=True).start()

    def _carry(self, phone: socket.socket) -> None:
        with phone, socket.create_connection((self.behind.hostname, self.behind.port)) as server:
            threading.Thread(target=self._back, args=(server, phone), daemon=True).start()
            left = 90_000
            while content := phone.recv(16_384):
                server.sendall(content)
                left -= len(content)
                if left < 0:
                    self.cut += 1
                    server.shutdown(socket.SHUT_RDWR)  # while `_back` reads, closing alone tells the server nothing
                    return
            server.shutdown(socket.SHUT_WR)
            while phone.fileno() != -1 and server.recv(1, socket.MSG_PEEK):
                pass

    def _back(self, server: socket.socket, phone: socket.socket) -> None:
        try:
            while content := server.recv(16_384):
                phone.sendall(content)
            phone.shutdown(socket.SHUT_WR)
        except OSError:
            pass


def test_over_a_network_that_breaks_it_goes_on_where_it_was(server, photos):
    network = Cutting(server)
    done = kirim(network.url, photos / "foto.csv")
    network.door.close()
    assert (done.returncode, done.stdout.splitlines()[-1]) == (0, "3 sent"), done.stdout + done.stderr
    assert network.cut >= 9
    assert Photo.objects.count() == 3


def test_killed_in_the_middle_it_goes_on_with_the_same_cookie(server, photos):
    kirim(server, photos / "foto.csv", "--dry-run")
    program = subprocess.Popen(
        [sys.executable, "-I", str(PROGRAM), server, "foto.csv", "--state", "state.json"],
        cwd=photos, stdout=subprocess.PIPE, text=True,
    )  # fmt: skip
    program.stdout.readline()  # the first has its receipt
    program.kill()
    program.communicate(timeout=30)
    assert json.loads((photos / "state.json").read_text())["cookies"]
    done = kirim(server, photos / "foto.csv")
    assert done.returncode == 0
    assert "sent before" in done.stdout.splitlines()[-1]
    assert Photo.objects.count() == 3


def test_straight_to_the_object_store(server, photos, settings, s3):
    settings.STORAGES = settings.STORAGES | s3_storages(s3, public_endpoint=s3.endpoint)
    done = kirim(server, photos / "foto.csv")
    assert (done.returncode, done.stdout.splitlines()[-1]) == (0, "3 sent"), done.stdout + done.stderr
    assert Photo.objects.count() == 3


@pytest.fixture
def odd_server():
    """A server that answers everything the same way."""
    started = []

    def start(status: int, body: bytes = b"", **headers: str) -> str:
        class Odd(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                self.rfile.read(int(self.headers["Content-Length"]))
                self.send_response(status)
                for name, value in headers.items():
                    self.send_header(name.replace("_", "-"), value)
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, *_: object) -> None: ...

        started.append(ThreadingHTTPServer(("127.0.0.1", 0), Odd))
        threading.Thread(target=started[-1].serve_forever, args=(0.05,), daemon=True).start()
        return f"http://127.0.0.1:{started[-1].server_port}"

    yield start
    for server in started:
        server.shutdown()
        server.server_close()


def closed_door() -> str:
    with socket.create_server(("127.0.0.1", 0)) as door:
        return f"http://127.0.0.1:{door.getsockname()[1]}"


def test_where_nobody_answers_it_says_so_and_comes_to_its_report(photos):
    done = kirim(closed_door(), photos / "foto.csv", "--give-up", "1.6")
    assert (done.returncode, done.stdout.splitlines()[-1]) == (1, "3 left for the next run"), done.stderr
    assert done.stdout.count("jpg 9101011001001 ppwp") == 3
    assert "going on in 1 s" in done.stderr


@pytest.mark.parametrize("status", [500, 502, 503, 504, 429])
def test_a_busy_server_is_asked_again_and_then_left(odd_server, photos, status):
    done = kirim(odd_server(status), photos / "foto.csv", "--give-up", "0")
    assert (done.returncode, done.stdout.splitlines()[-1]) == (1, "3 left for the next run"), done.stderr
    assert f"busy (status {status})" in done.stdout


def test_a_wait_that_is_asked_for_is_kept_and_said(odd_server, photos):
    done = kirim(odd_server(429, Retry_After="1"), photos / "foto.csv", "--give-up", "1.5")
    assert done.stderr.splitlines() == ["busy (status 429), going on in 1 s"] * 3
    assert done.stdout.splitlines()[-1] == "3 left for the next run"
    done = kirim(odd_server(503, Retry_After="7200"), photos / "foto.csv")
    assert (done.returncode, done.stdout.splitlines()[-1]) == (1, "3 left for the next run"), done.stderr


@pytest.mark.parametrize(
    ("status", "body"),
    [
        (501, b""),
        (505, b"no"),
        (404, b"<html>"),
        (302, b""),
        (200, b"<html>Masuk ke Wi-Fi</html>"),
        (200, b"{}"),
        (200, b"{broken"),
        (201, b'{"receipt": "x"}'),
        (201, b'{"receipt": null, "direct": null, "offset": "0", "ticket": "x"}'),
        (400, b'{"error": "no"}'),
    ],
)
def test_what_is_no_pemantau_is_not_asked_again(odd_server, photos, status, body):
    done = kirim(odd_server(status, body), photos / "foto.csv")
    assert (done.returncode, done.stdout.splitlines()[-1], done.stderr) == (1, "3 refused", "")
    assert done.stdout.count("this is no answer of a Pemantau") == 3


def test_a_photo_that_cannot_be_read_holds_up_no_other(server, photos):
    for page in (2, 3):
        (photos / f"{page}.jpg").rename(photos / f"{TPS}_ppwp_{page}.jpg")
    (photos / f"{TPS}_ppwp_1.jpg").mkdir()
    (photos / f"{TPS}_ppwp_11.jpg").symlink_to("nowhere.jpg")
    (photos / f"{TPS}_ppwp_12.jpg").symlink_to(f"{TPS}_ppwp_12.jpg")
    done = kirim(server, photos)
    assert (done.returncode, done.stdout.splitlines()[-1]) == (1, "3 refused, 2 sent"), done.stderr
    assert done.stdout.count("refused [Errno ") == 3


def test_a_list_with_semicolons_more_columns_and_a_bad_row(server, photos):
    lines = [f"1.jpg;{TPS};ppwp;1", f"2.jpg;{TPS};ppwp;2;a note", f"3.jpg;{TPS}", f"1.jpg;{TPS};ppwp;1"]
    (photos / "foto.csv").write_text("\n".join(["file;station;contest;page", *lines]) + "\n")
    done = kirim(server, photos / "foto.csv")
    assert (done.returncode, done.stdout.splitlines()[-1]) == (1, "2 sent, 1 refused, 1 sent before"), done.stderr


@pytest.mark.parametrize(
    "address", ["pemantau.example", "localhost:8000", "ftp://pemantau.example", "/somewhere", "http://"]
)
def test_a_wrong_address_is_said(photos, address):
    refused_as_a_whole(kirim(address, photos / "foto.csv"), photos, "the address begins with https://")


@pytest.mark.parametrize(
    ("name", "content", "sentence"),
    [
        ("none.csv", None, "No such file"),
        ("foto.csv", b"foto,station\n1.jpg,1\n", "file"),
        ("foto.csv", b"", "IndexError"),
        ("foto.csv", b"\xff\xfe\x00", "Decode"),
    ],
)
def test_a_wrong_list_is_said(photos, name, content, sentence):
    if content is not None:
        (photos / name).write_bytes(content)
    refused_as_a_whole(kirim(closed_door(), photos / name), photos, sentence)


@pytest.mark.parametrize("content", ['{"cookies": {', "[]", '{"photos": [1]}'])
def test_a_damaged_state_file_is_said_and_left_as_it_is(photos, content):
    (photos / "state.json").write_text(content)
    refused_as_a_whole(
        kirim(closed_door(), photos / "foto.csv"), photos, "state file is not what it should be", content
    )


def refused_as_a_whole(done, photos: Path, sentence: str, state: str | None = None) -> None:
    assert (done.returncode, done.stdout) == (2, ""), done.stderr
    assert sentence in done.stderr.splitlines()[-1]
    assert "Traceback" not in done.stderr
    assert ((photos / "state.json").read_text() if state else (photos / "state.json").exists()) == (state or False)


def test_interrupted_it_keeps_what_is_done(photos):
    (photos / "1.jpg").unlink()
    program = subprocess.Popen(
        [sys.executable, "-I", str(PROGRAM), closed_door(), "foto.csv", "--state", "state.json"],
        cwd=photos, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
    )  # fmt: skip
    assert "no answer" in program.stderr.readline()
    program.send_signal(signal.SIGINT)
    out, err = program.communicate(timeout=30)
    assert (program.returncode, len(out.splitlines())) == (-signal.SIGINT, 1)
    assert "Traceback" not in err
    assert len(json.loads((photos / "state.json").read_text())["photos"]) == 1


def test_in_alarm_mode_it_does_the_work_it_is_asked_for(server, photos):
    alarm.turn(User.objects.create_user("omar@contoh.test", role=Role.OPERATOR), True, "contoh")
    done = kirim(server, photos / "foto.csv")
    assert (done.returncode, done.stdout.splitlines()[-1]) == (0, "3 sent"), done.stdout + done.stderr
