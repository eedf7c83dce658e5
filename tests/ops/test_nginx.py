"""deploy/nginx.conf, run by the real nginx in front of a server that writes down what reaches it."""

import datetime
import json
import os
import re
import shutil
import socket
import ssl
import subprocess
import threading
import time
from http.client import HTTPConnection, HTTPSConnection
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

from pemantau.local import processes

ROOT = Path(__file__).resolve().parent.parent.parent
UNPACKED = ROOT / ".venv" / "nginx"
PLACES = (os.environ.get("NGINX_BIN"), shutil.which("nginx"), "/usr/sbin/nginx", str(UNPACKED / "usr/sbin/nginx"))


@pytest.fixture(scope="module")
def nginx_program() -> str:
    for place in PLACES:
        if place and os.access(place, os.X_OK):
            return place
    message = "No nginx here: tests/system_packages.sh brings it, or set NGINX_BIN."
    pytest.fail(message) if os.environ.get("CI") else pytest.skip(message)


class Behind(ThreadingHTTPServer):
    """What stands in for our web server; `seen` are the requests that got through."""

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Writer)
        self.seen: list[dict] = []
        self.same_for_all = False
        self.status = 200


class _Writer(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_GET(self) -> None:
        length = int(self.headers.get("Content-Length", 0))
        seen = {"path": self.path, "headers": dict(self.headers), "body": len(self.rfile.read(length))}
        self.server.seen.append(seen)
        self.send_response(self.server.status)
        if self.server.same_for_all:
            self.send_header("Vary", "Cookie, Accept-Language")
            self.send_header("Cache-Control", "public, max-age=1")
        else:
            self.send_header("Set-Cookie", "somebody=1")
            self.send_header("Vary", "Cookie")
            self.send_header("Cache-Control", "public, max-age=31536000, immutable")
        self.send_header("X-Content-Type-Options", "nosniff")
        self.send_header("Content-Length", "2")
        self.end_headers()
        self.wfile.write(b"ok")

    do_POST = do_PUT = do_PATCH = do_GET  # noqa: N815

    def log_message(self, *_) -> None:
        pass


@pytest.fixture(scope="module")
def behind():
    server = Behind()
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield server
    server.shutdown()


class Front:
    def __init__(self, https: int, http: int, inner: int) -> None:
        self.https, self.http, self.inner = https, http, inner

    def connect(self) -> HTTPSConnection:
        return HTTPSConnection("127.0.0.1", self.https, timeout=20, context=ssl._create_unverified_context())

    def ask(self, method: str, path: str, body: bytes | None = None, **headers: str):
        connection = self.connect()
        connection.request(method, path, body, headers)
        answer = connection.getresponse()
        answer.text = answer.read().decode()
        return answer


@pytest.fixture
def front(nginx_program, behind, tmp_path):
    """A fresh nginx for each test: what one test used up of a limit is not missing in the next."""
    behind.seen.clear()
    behind.same_for_all, behind.status = False, 200
    _certificate(tmp_path)
    front = Front(*(processes.free_port() for _ in range(3)))
    text = (ROOT / "deploy" / "nginx.conf").read_text()
    mime = "/etc/nginx/mime.types"
    for before, after in {
        "/tmp/": f"{tmp_path}/",
        "server web:8000": f"server 127.0.0.1:{behind.server_port}",
        "server seaweedfs:8333": f"server 127.0.0.1:{behind.server_port}",
        "listen 8443": f"listen 127.0.0.1:{front.https}",
        "listen 8080": f"listen 127.0.0.1:{front.http}",
        "listen 127.0.0.1:8081": f"listen 127.0.0.1:{front.inner}",
        mime: mime if Path(mime).exists() else f"{UNPACKED}{mime}",
        "/etc/nginx/tls": str(tmp_path),
        "/srv/published": f"{tmp_path}/published",
        "/srv/exports": f"{tmp_path}/exports",
        "worker_processes auto": "worker_processes 1; daemon off",
    }.items():
        assert before in text
        text = text.replace(before, after)
    if os.geteuid() == 0:
        text = "user root;\n" + text  # its workers must reach the test's folder
    settings = tmp_path / "nginx.conf"
    settings.write_text(text)
    checked = subprocess.run([nginx_program, "-t", "-c", str(settings)], capture_output=True, text=True)
    assert checked.returncode == 0, checked.stderr
    program = processes.Program(
        name="nginx",
        command=(nginx_program, "-c", str(settings), "-e", "stderr"),
        environment=dict(os.environ),
        log=tmp_path / "nginx.log",
        ready=lambda: not processes.is_free(front.https),
    )
    process = processes.start_and_wait(program)
    yield front
    processes.stop(program, process)


def _certificate(folder: Path) -> None:
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "pemantau.example")])
    now = datetime.datetime.now(datetime.UTC)
    builder = x509.CertificateBuilder().subject_name(name).issuer_name(name).public_key(key.public_key())
    builder = builder.serial_number(1).not_valid_before(now).not_valid_after(now + datetime.timedelta(days=1))
    certificate = builder.sign(key, hashes.SHA256())
    (folder / "fullchain.pem").write_bytes(certificate.public_bytes(serialization.Encoding.PEM))
    private = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    (folder / "privkey.pem").write_bytes(private)


def test_what_a_client_claims_of_its_address_is_dropped(front, behind):
    claims = {
        "X-Forwarded-For": "8.8.8.8",
        "X-Forwarded-Proto": "http",
        "X-Real-IP": "8.8.8.8",
        "Forwarded": "for=8.8.8.8",
    }
    assert front.ask("GET", "/", **claims).status == 200
    headers = behind.seen[0]["headers"]
    assert headers["X-Forwarded-For"] == "127.0.0.1"
    assert headers["X-Forwarded-Proto"] == "https"
    assert "8.8.8.8" not in str(headers)


@pytest.mark.parametrize(
    ("path", "size", "status"),
    [
        ("/kirim/9101011001001/", 20 * 2**20, 200),
        ("/api/v1/photos/", 20 * 2**20, 200),
        ("/api/v1/photos/", 22 * 2**20, 413),
        ("/api/v1/tasks/", 2 * 2**20, 413),
        ("/akun/login/", 2 * 2**20, 413),
    ],
)
def test_only_photos_may_be_large(front, behind, path, size, status):
    # Said, not sent: a client is refused by the length it announces.
    body = b"0" * size if status == 200 else None
    length = {} if body else {"Content-Length": str(size)}
    assert front.ask("POST", path, body, **length).status == status
    assert [seen["body"] for seen in behind.seen] == ([size] if status == 200 else [])


def test_a_slow_phone_does_not_hold_the_web_server(front, behind):
    connection = front.connect()
    connection.putrequest("POST", "/api/v1/photos/")
    connection.putheader("Content-Length", "2000")
    connection.endheaders()
    connection.send(b"0" * 1000)
    time.sleep(0.5)
    assert behind.seen == []  # nothing reaches the web server before all of it is here
    connection.send(b"0" * 1000)
    assert connection.getresponse().status == 200
    assert behind.seen[0]["body"] == 2000


def test_who_sends_too_much_is_told_to_wait_and_may_still_read(front, behind):
    statuses = [front.ask("POST", "/akun/login/", b"x").status for _ in range(30)]
    assert statuses[:20] == [200] * 20
    assert statuses[-1] == 429
    assert front.ask("GET", "/akun/login/").status == 200
    assert front.ask("POST", "/api/v1/photos/", b"photo").status == 200


@pytest.mark.parametrize("path", ["/akun/login/", "/kirim/9101011001001/", "/api/v1/photos/"])
def test_who_is_limited_is_told_when_to_come_again(front, path):
    for _ in range(500):
        limited = front.ask("POST", path, b"x")
        if limited.status == 429:
            break
    assert (limited.status, limited.getheader("Retry-After")) == (429, "30")
    if path.startswith("/api/"):
        assert limited.getheader("Content-Type") == "application/json"
        assert json.loads(limited.text)["error"]["code"] == "throttled"
    else:
        assert "Coba lagi dalam 30 detik" in limited.text


def test_an_ipv6_household_is_one_sender():
    text = (ROOT / "deploy" / "nginx.conf").read_text()
    patterns = re.findall(r'"~(\^\(\?<\w*network>.*)" \$\w*network;', text)
    assert len(patterns) == 2

    def household(address: str) -> str:
        found = (re.match(pattern.replace("?<", "?P<"), address) for pattern in patterns)
        return next((match[1] for match in found if match), address)

    assert household("2001:448a:1000:1::7") == household("2001:448a:1000:1:9:8:7:6") == "2001:448a:1000:1"
    assert household("2001:448a:1000:2::7") == "2001:448a:1000:2"
    assert household("2001:db8::1") == household("2001:db8::a:b:c:d") == "2001:db8"
    assert household("203.0.113.7") == "203.0.113.7"


def test_addresses_in_answers_lead_here_with_the_port(front, behind):
    front.ask("GET", "/kirim/")
    assert behind.seen[-1]["headers"]["Host"] == f"127.0.0.1:{front.https}"


def test_a_photo_by_ticket_comes_in_pieces_of_at_most_a_megabyte(front, behind):
    path = "/api/v1/tickets/3fd39d23-2ae4-41b0-bbdd-b0272956a50f/"
    assert front.ask("PATCH", path, bytes(2**20)).status == 200
    assert front.ask("PATCH", path, bytes(2**20 + 1)).status == 413
    statuses = {
        front.ask("PATCH", path, b"x").status for _ in range(200)
    }  # a carrier's whole street behind one address
    assert statuses == {200}


def test_the_object_store_takes_photos_and_shows_nothing(front, behind):
    host = {"Host": "unggah.pemantau.example:8443"}
    staged = "/pemantau-sealed/staging/3fd39d23-2ae4-41b0-bbdd-b0272956a50f"
    assert front.ask("PUT", f"{staged}?X-Amz-Signature=0", bytes(20 * 2**20), **host).status == 200
    assert behind.seen[-1]["headers"]["Host"] == host["Host"]
    assert front.ask("OPTIONS", staged, **host).status != 403
    behind.seen.clear()
    for method in ("GET", "HEAD", "DELETE", "POST"):
        assert front.ask(method, staged, **host).status == 403
    for path in ("/", "/pemantau-sealed/", "/pemantau-sealed/originals/ab/cd/abcd", "/pemantau-sealed/?list-type=2"):
        for method in ("GET", "PUT"):
            assert front.ask(method, path, **host).status == 404
    assert front.ask("PUT", staged, bytes(20 * 2**20 + 1), **host).status == 413
    assert behind.seen == []


def test_plain_http_is_led_to_https(front):
    connection = HTTPConnection("127.0.0.1", front.http, timeout=5)
    connection.request("GET", "/hasil/?a=b", headers={"Host": "pemantau.example"})
    response = connection.getresponse()
    assert (response.status, response.headers["Location"]) == (308, "https://pemantau.example/hasil/?a=b")


def test_its_own_health_needs_no_web_server_and_is_not_public(front, behind):
    connection = HTTPConnection("127.0.0.1", front.inner, timeout=5)
    connection.request("GET", "/")
    assert connection.getresponse().status == 204
    assert behind.seen == []
    assert re.search(r"listen 127\.0\.0\.1:8081;", (ROOT / "deploy" / "nginx.conf").read_text())


@pytest.mark.filterwarnings("ignore:ssl.TLSVersion:DeprecationWarning")  # old versions are the point
def test_old_tls_is_refused(front):
    context = ssl._create_unverified_context()
    context.minimum_version = ssl.TLSVersion.TLSv1
    context.maximum_version = ssl.TLSVersion.TLSv1_1
    context.set_ciphers("ALL:@SECLEVEL=0")
    with socket.create_connection(("127.0.0.1", front.https)) as plain, pytest.raises(ssl.SSLError):
        context.wrap_socket(plain)


def test_nobodys_address_is_written_down(front, tmp_path):
    for _ in range(30):
        front.ask("POST", "/akun/login/", b"x")
    assert "127.0.0.1" not in (tmp_path / "nginx.log").read_text()


# --- What everybody sees alike ---------------------------------------------------------------


def test_a_crowd_asks_the_application_once_a_second(front, behind):
    behind.same_for_all = True
    for _ in range(40):
        assert front.ask("GET", "/hasil/contoh/ppwp/").status == 200
    assert len(behind.seen) <= 2
    time.sleep(2.1)  # nginx counts in whole seconds
    front.ask("GET", "/hasil/contoh/ppwp/")
    assert len(behind.seen) in (2, 3)


def test_while_the_application_is_away_the_last_page_stands(front, behind):
    behind.same_for_all = True
    assert front.ask("GET", "/hasil/contoh/ppwp/").text == "ok"
    time.sleep(2.1)  # nginx counts in whole seconds
    behind.status = 503
    for _ in range(3):
        assert front.ask("GET", "/hasil/contoh/ppwp/").status == 200
    assert front.ask("GET", "/hasil/contoh/dpr/").status == 503


@pytest.mark.parametrize(
    "cookie", ["__Host-sessionid=a", "django_language=en; sessionid=a", "csrftoken=a", "x=django_language=id"]
)
def test_whoever_is_known_gets_pages_of_their_own(front, behind, cookie):
    behind.same_for_all = True
    for _ in range(3):
        front.ask("GET", "/", Cookie=cookie)
    assert len(behind.seen) == 3
    front.ask("GET", "/")
    assert len(behind.seen) == 4, "and nobody else gets them"


@pytest.mark.parametrize(
    ("headers", "language"),
    [
        ({}, "id"),
        ({"Accept-Language": "en-GB,en;q=0.9,id;q=0.8"}, "en"),
        ({"Accept-Language": "id-ID,id;q=0.9,en;q=0.8"}, "id"),
        ({"Accept-Language": "fr,nl"}, "id"),
        ({"Accept-Language": "EN"}, "en"),
        ({"Accept-Language": "en", "Cookie": "django_language=id"}, "id"),
        ({"Cookie": "django_language=en"}, "en"),
    ],
)
def test_each_language_has_its_own_page(front, behind, headers, language):
    behind.same_for_all = True
    front.ask("GET", "/", **headers)
    front.ask("GET", "/", **headers)
    assert len(behind.seen) == 1
    assert behind.seen[0]["headers"]["Accept-Language"] == language, "or another answer would lie under its key"
    front.ask("GET", "/", **{"Accept-Language": language})
    assert len(behind.seen) == 1, "the same language is the same page"
    front.ask("GET", "/", **{"Accept-Language": {"id": "en", "en": "id"}[language]})
    assert len(behind.seen) == 2


def test_lists_of_the_nation_are_limited_and_pages_are_not(front, behind):
    statuses = [front.ask("GET", f"/hasil/contoh/ppwp/nasional/belum.csv?{n}").status for n in range(12)]
    assert statuses[:6] == [200] * 6
    assert statuses[-1] == 429
    assert front.ask("GET", "/hasil/contoh/ppwp/nasional/belum/").status == 200


@pytest.mark.parametrize(
    ("asked", "passed_on"), [("*", ""), ("gzip, *", "gzip"), ("br", ""), ("gzip;q=0", ""), ("br, gzip", "gzip")]
)
def test_nobody_puts_another_coding_under_the_key(front, behind, asked, passed_on):
    behind.same_for_all = True
    front.ask("GET", "/", **{"Accept-Encoding": asked})
    assert behind.seen[0]["headers"].get("Accept-Encoding", "") == passed_on


def test_published_files_are_served_without_the_application(front, behind, tmp_path):
    name = f"12-{'a' * 16}.json"
    folder = tmp_path / "published" / "contoh" / "ppwp" / "nasional"
    folder.mkdir(parents=True)
    (folder / name).write_text("{}")
    (folder / f"{name}.gz").write_bytes(b"packed")
    (folder.parent / "terbaru.json").write_text("{}")
    (tmp_path / "published" / "terbaru.json").write_text("{}")
    (tmp_path / "secret.json").write_text("{}")
    (folder / ".half.json").write_text("{")
    answer = front.ask("GET", f"/dokumen/contoh/ppwp/nasional/{name}")
    assert (answer.status, answer.text) == (200, "{}")
    assert answer.getheader("Cache-Control") == "public, max-age=31536000, immutable"
    assert front.ask("GET", f"/dokumen/contoh/ppwp/nasional/{name}", **{"Accept-Encoding": "gzip"}).text == "packed"
    for pointer in ("/dokumen/terbaru.json", "/dokumen/contoh/ppwp/terbaru.json"):
        assert front.ask("GET", pointer).getheader("Cache-Control") == "public, max-age=1"
    assert front.ask("GET", f"/dokumen/contoh/ppwp/nasional/13-{'a' * 16}.json").status == 404
    assert behind.seen == []
    for path in ("/dokumen/../secret.json", "/dokumen/contoh/ppwp/nasional/.half.json", "/dokumen/%2e%2e/secret.json"):
        front.ask("GET", path)  # not ours: the application says no
    assert len(behind.seen) == 3


def test_open_data_is_served_without_the_application_where_it_lies_as_asked(front, behind, tmp_path):
    folder = tmp_path / "exports" / "contoh" / "ppwp" / "17.1"
    folder.mkdir(parents=True)
    (folder / "stations.csv.gz").write_bytes(b"packed")
    (folder / "datapackage.json").write_text("{}")
    (tmp_path / "exports" / "secret.csv.gz").write_bytes(b"no")
    answer = front.ask("GET", "/data/contoh/ppwp/17.1/stations.csv.gz")
    assert (answer.status, answer.text, answer.getheader("Content-Type")) == (200, "packed", "application/gzip")
    assert answer.getheader("Content-Encoding") is None
    assert front.ask("GET", "/data/contoh/ppwp/17.1/datapackage.json").text == "{}"
    assert behind.seen == []
    (tmp_path / "exports" / "_dumps").mkdir()
    (tmp_path / "exports" / "_dumps" / "pemantau-20290214T193000Z.tar").write_bytes(b"tar")
    assert front.ask("GET", "/data/_dumps/pemantau-20290214T193000Z.tar").text == "tar"
    assert behind.seen == []
    for path in ("contoh/ppwp/17.1/stations.csv", "contoh/ppwp/18/stations.csv.gz", "../secret.csv.gz"):
        front.ask("GET", f"/data/{path}")
    assert len(behind.seen) == 3, "the application says what there is"


# --- The pictures' own host --------------------------------------------------------------------

PICTURE = f"{'0' * 64}/480.webp"
SAFE = {
    "X-Content-Type-Options": "nosniff",
    "Content-Security-Policy": "default-src 'none'; sandbox",
    "Cross-Origin-Resource-Policy": "cross-origin",
}


def test_the_pictures_host_serves_pictures_and_knows_nobody(front, behind):
    cookies = {"Host": "foto.pemantau.example", "Cookie": "__Host-sessionid=secret", "Authorization": "Basic c2VjcmV0"}
    answer = front.ask("GET", f"/public/{PICTURE}", **cookies)
    assert answer.status == 200
    assert (behind.seen[0]["path"], behind.seen[0]["headers"]["Host"]) == (f"/gambar/{PICTURE}", "pemantau.example")
    assert "secret" not in str(behind.seen).lower()
    assert "c2VjcmV0" not in str(behind.seen)
    assert behind.seen[0]["headers"]["X-Forwarded-For"] == "127.0.0.1"
    for name, value in SAFE.items():
        assert answer.headers.get_all(name) == [value]
    assert answer.headers["Cache-Control"] == "public, max-age=31536000, immutable"
    assert answer.headers["Set-Cookie"] is None
    assert answer.headers["Vary"] is None


@pytest.mark.parametrize("path", ["/", "/akun/login/", "/kirim/", f"/gambar/{PICTURE}", f"/public/{'0' * 63}/480.webp"])
def test_there_is_nothing_else_on_the_pictures_host(front, behind, path):
    answer = front.ask("GET", path, Host="foto.pemantau.example")
    assert answer.status == 404
    assert {name: answer.headers[name] for name in SAFE} == SAFE
    assert behind.seen == []


def test_nothing_is_sent_to_the_pictures_host(front, behind):
    assert front.ask("POST", f"/public/{PICTURE}", b"x", Host="foto.pemantau.example").status == 403
    assert behind.seen == []


def test_its_headers_are_those_of_the_application():
    from uploads import pictures

    assert pictures.SAFE == SAFE


def test_every_other_name_is_the_site(front, behind):
    assert front.ask("GET", "/hasil/", Host="pemantau.example").status == 200
    assert front.ask("GET", "/hasil/", Host="anything.example").status == 200
    assert [seen["path"] for seen in behind.seen] == ["/hasil/", "/hasil/"]
