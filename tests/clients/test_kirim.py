"""clients/kirim.py as an organisation runs it: a program of its own against a real server."""

import ast
import csv
import json
import os
import re
import socket
import subprocess
import sys
import threading
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from tests.uploads.conftest import folder_storages, s3_storages
from tests.uploads.pictures import encoded
from tests.world import build
from uploads import storage
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
