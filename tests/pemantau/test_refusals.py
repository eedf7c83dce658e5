"""Every "no" has one shape, one status, one sentence; nothing that was sent comes back or reaches the log."""

import io
import logging
from pathlib import Path

import pytest

from accounts.refusals import in_words
from pemantau.management.commands import list_refusals
from tests.pemantau import refusing_urls

pytestmark = pytest.mark.django_db
ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture(autouse=True)
def _addresses(settings, client):
    settings.ROOT_URLCONF = "tests.pemantau.refusing_urls"
    settings.MIDDLEWARE = [*settings.MIDDLEWARE, "tests.pemantau.refusing_urls.fails_outside_a_view"]
    client.raise_request_exception = False


ANSWERS = {
    "teapot": (418, "teapot", "Ini teko."),
    "http404": (404, "not_found", "Halaman ini tidak ada."),
    "denied": (403, "not_allowed", "Peran Anda tidak boleh melakukan ini."),
    "suspicious": (400, "bad_request", "Permintaan ini tidak dapat kami pahami."),
    "toobig": (413, "body_too_large", "Kiriman terlalu besar."),
    "database": (503, "unavailable", "Layanan sedang tidak tersedia. Coba lagi dalam 30 detik."),
    "interface": (503, "unavailable", "Layanan sedang tidak tersedia. Coba lagi dalam 30 detik."),
    "redis": (503, "unavailable", "Layanan sedang tidak tersedia. Coba lagi dalam 30 detik."),
    "dataerror": (400, "bad_request", "Permintaan ini tidak dapat kami pahami."),
    "nul": (400, "bad_request", "Permintaan ini tidak dapat kami pahami."),
    "number": (400, "bad_request", "Permintaan ini tidak dapat kami pahami."),
    "surrogate": (400, "bad_request", "Permintaan ini tidak dapat kami pahami."),
    "throttled": (429, "throttled", "Terlalu banyak permintaan. Coba lagi dalam 2 menit."),
    "signin": (401, "sign_in_first", "Masuk dulu untuk melanjutkan."),
    "csrf": (403, "stale_form", "Halaman ini sudah terlalu lama terbuka. Muat ulang, lalu kirim lagi."),
    "fault": (500, "failed", "Ada yang salah di pihak kami. Coba lagi sebentar lagi."),
}


@pytest.mark.parametrize("what", ANSWERS)
def test_the_api_says_no_in_one_shape(client, what):
    status, code, sentence = ANSWERS[what]
    response = client.get(f"/api/v1/fail/{what}/")
    assert response.status_code == status
    assert response.json() == {"error": {"code": code, "message": sentence}}
    assert ("Retry-After" in response) == ("Coba lagi dalam" in sentence)


@pytest.mark.parametrize("what", ANSWERS)
def test_a_page_says_the_same(client, what):
    status, _, sentence = ANSWERS[what]
    response = client.get(f"/fail/{what}/")
    assert response.status_code == status
    assert sentence in response.content.decode()
    assert ("Retry-After" in response) == ("Coba lagi dalam" in sentence)
    assert not response.cookies


@pytest.mark.parametrize("what", ANSWERS)
def test_nothing_that_was_said_comes_back_or_reaches_the_log_but_of_a_fault(client, what, caplog):
    caplog.set_level(logging.DEBUG)
    for address in (f"/fail/{what}/", f"/api/v1/fail/{what}/"):
        assert refusing_urls.SECRET not in client.get(address).content.decode()
    if what != "fault":  # a fault's traceback is kept; pemantau.logs takes out what looks like an address
        assert refusing_urls.SECRET not in caplog.text


def test_in_english_by_header(client):
    response = client.get("/api/v1/fail/http404/", HTTP_ACCEPT_LANGUAGE="en")
    assert response["Content-Language"] == "en"


def test_an_outage_outside_the_views_is_an_outage(client):
    for prefix in ("/api/v1/outside/", "/outside/"):
        assert client.get(f"{prefix}database/").status_code == 503
        assert client.get(f"{prefix}fault/").status_code == 500


def test_an_outage_page_asks_the_database_for_nothing(client, sari_is_signed_in, django_assert_num_queries):
    with django_assert_num_queries(0):
        assert client.get("/fail/database/").status_code == 503


@pytest.fixture
def sari_is_signed_in(world, client):
    client.force_login(world.person("Sari"))


# --- Bodies -----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "sent", [b"{", b"[1", b'{"number": NaN', b"\xff\xfe", b"[" * 100_000, b'{"number":' + b"9" * 5000 + b"}"]
)
def test_malformed_json(client, sent):
    response = client.post("/api/v1/fail/x/", sent, content_type="application/json")
    assert response.status_code == 400
    assert response.json()["error"]["code"] in {"parse_error", "bad_request", "invalid"}


def test_wrong_fields_are_named(client):
    response = client.post("/api/v1/fail/x/", {"number": 1000}, content_type="application/json")
    assert response.status_code == 400
    error = response.json()["error"]
    assert error["code"] == "invalid"
    assert list(error["fields"]) == ["number"]


def test_nested_fields_are_named_by_their_path(client):
    fields = client.get("/api/v1/fail/nested/").json()["error"]["fields"]
    assert fields == {"numbers.paslon_1": ["a"], "pages.1.x": ["b"]}
    assert client.get("/api/v1/fail/listed/").json()["error"]["fields"] == {"non_field_errors": ["a", "b"]}


def test_the_ways_of_asking(client):
    assert client.put("/api/v1/fail/x/").json()["error"]["code"] == "method_not_allowed"
    assert client.post("/api/v1/fail/x/", "a", content_type="text/csv").json()["error"]["code"] == (
        "unsupported_media_type"
    )
    assert client.get("/api/v1/fail/teapot/", HTTP_ACCEPT="text/csv").json()["error"]["code"] == "not_acceptable"


def test_a_page_asked_in_the_wrong_way_says_so(client):
    response = client.get("/fail/post/")
    assert response.status_code == 405
    assert response["Allow"] == "POST"
    assert "tidak dapat dipakai dengan cara itu" in response.content.decode()


def test_an_unknown_address(client):
    assert client.get("/api/v1/nowhere/").json()["error"]["code"] == "not_found"
    response = client.get("/nowhere/")
    assert response.status_code == 404
    assert "Halaman ini tidak ada." in response.content.decode()


@pytest.mark.parametrize("prefix", ["/api/v1/fail/x/", "/fail/post/"])
def test_a_body_that_is_too_large_is_refused_before_anybody_reads_it(client, settings, prefix):
    settings.DATA_UPLOAD_MAX_MEMORY_SIZE = 1000
    response = client.post(prefix, b'{"number": 1}' + b" " * 1000, content_type="application/json")
    assert response.status_code == 413
    assert client.post(prefix, b'{"number": 1}', content_type="application/json").status_code == 200


def test_a_photo_may_be_larger_than_a_form(client, settings):
    settings.DATA_UPLOAD_MAX_MEMORY_SIZE, settings.MAX_PHOTO_BYTES = 1000, 5000
    assert client.post("/fail/post/", {"file": io.BytesIO(b"x" * 4000)}).status_code == 200
    assert client.post("/fail/post/", {"file": io.BytesIO(b"x" * 7000)}).status_code == 413


def test_a_broken_multipart_body(client):
    response = client.post("/api/v1/photos/", b"x", content_type="multipart/form-data")
    assert response.status_code == 400
    assert "error" in response.json()
    assert client.post("/bahasa/", b"x", content_type="multipart/form-data").status_code == 400


@pytest.mark.parametrize(
    ("seconds", "words"),
    [(1, "1 detik"), (59, "59 detik"), (60, "1 menit"), (61, "2 menit"), (3600, "1 jam"), (5000, "2 jam")],
)
def test_retry_after_in_words(seconds, words):
    assert in_words(seconds) == f"Coba lagi dalam {words}."


# --- The list -----------------------------------------------------------------------------------


def test_docs_list_every_refusal():
    """If not: put what `manage.py list_refusals` prints under the heading of the table."""
    listed = [line for line in (ROOT / "docs/refusals.md").read_text().splitlines() if line.startswith("| `")]
    assert listed == list_refusals.table()


def test_no_two_refusals_share_a_code():
    codes = [refusal.code for refusal in list_refusals.all_refusals()]
    assert len(codes) == len(set(codes)) > 15


def test_sentences_are_plain():
    for refusal in list_refusals.all_refusals():
        sentence = str(refusal.sentence)
        assert "!" not in sentence, refusal
        assert sentence.endswith("."), refusal
        assert 400 <= refusal.status < 600, refusal
        assert refusal.status not in (429, 503) or refusal.retry_after, f"{refusal} does not say when to try again"
