"""A photo, or the code of a receipt, sent wrong."""

from typing import Any
from zlib import compress, crc32

from django.core.files.uploadedfile import SimpleUploadedFile
from django.http import HttpResponse
from django.test import Client

from tests.abuse.stage import NOWHERE, Bad, posts
from tests.uploads.pictures import encoded

KEY = "7b1f9a0e-30cc-4f3b-9a55-secret000000"

PICTURE = encoded(width=320, height=420)


def chunk(name: bytes, data: bytes) -> bytes:
    return len(data).to_bytes(4, "big") + name + data + crc32(name + data).to_bytes(4, "big")


SIDE_OF_4_GIGAPIXELS = (65536).to_bytes(4, "big")
PNG_OF_4_GIGAPIXELS = (
    b"\x89PNG\r\n\x1a\n"
    + chunk(b"IHDR", SIDE_OF_4_GIGAPIXELS * 2 + b"\x08\x02\x00\x00\x00")
    + chunk(b"IDAT", compress(bytes(100_000)))
    + chunk(b"IEND", b"")
)
FILES = {
    "an empty file": (b"", 422, "empty_file"),
    "text": (b"bukan foto\n" * 50, 415, "not_a_picture"),
    "a web page called a photo": (b"<!doctype html><script>alert(1)</script>" + bytes(200), 415, "not_a_picture"),
    "a drawing with a script": (b'<svg xmlns="http://www.w3.org/2000/svg" onload="x()"/>', 415, "not_a_picture"),
    "a document": (b"%PDF-1.7\n" + bytes(500), 415, "not_a_picture"),
    "an archive": (b"PK\x03\x04" + bytes(500), 415, "not_a_picture"),
    "a moving picture": (b"GIF89a" + bytes(100), 415, "not_a_picture"),
    "only the beginning of a photo": (PICTURE[: len(PICTURE) // 2], 422, "unreadable_picture"),
    "a photo's marks and nothing else": (b"\xff\xd8\xff\xe0" + bytes(300), 422, "unreadable_picture"),
    "four thousand million pixels": (PNG_OF_4_GIGAPIXELS, 422, "too_many_pixels"),
    "a strip": (encoded(width=900, height=40), 422, "too_narrow"),
    "more than 20 MB": (PICTURE + bytes(20 * 1024 * 1024), 413, "too_large"),
    "far more than 20 MB": (PICTURE + bytes(22 * 1024 * 1024), 413, "too_large"),
}
CLAIMS = {
    "an unknown TPS": ({"station": "9101011001999"}, 404, "unknown_station"),
    "no TPS": ({"station": None}, 400, "invalid"),
    "a TPS in full-width digits": ({"station": "９１０１０１１００１００１"}, 400, "invalid"),
    "a TPS with a NUL": ({"station": "910101100\x00001"}, 400, "invalid"),
    "no contest": ({"contest": None}, 400, "invalid"),
    "an unknown contest": ({"contest": "dpr"}, 422, "unknown_contest"),
    "page 0": ({"page": 0}, 400, "invalid"),
    "page -1": ({"page": -1}, 400, "invalid"),
    "page 9": ({"page": 9}, 422, "unknown_page"),
    "page 2.5": ({"page": "2.5"}, 400, "invalid"),
    "page ２ in full-width digits": ({"page": "２"}, 400, "invalid"),
    "page two in words": ({"page": "dua"}, 400, "invalid"),
    "a page of 5,000 digits": ({"page": "1" * 5000}, 400, "invalid"),
    "no file": ({"file": None}, 400, "missing_file"),
    "a text called file": ({"file": "rahasia"}, 400, "missing_file"),
    "a key that is none": ({"headers": {"Idempotency-Key": KEY}}, 400, "wrong_key"),
}


def sends_photo(path: str, content: bytes = PICTURE, headers: dict[str, str] | None = None, **said: Any):
    def send(browser: Client, language: dict[str, str]) -> HttpResponse:
        fields = {
            "station": "9101011001001",
            "contest": "ppwp",
            "page": 2,
            "file": SimpleUploadedFile("rahasia-siti.jpg", content, "image/rahasia"),
        } | said
        fields = {name: value for name, value in fields.items() if value is not None}
        return browser.post(path, fields, headers=language | (headers or {}))

    return send


def test_a_photo_is_sent_wrong(stage, subtests):
    api, page = "/api/v1/photos/", "/kirim/9101011001001/"
    table = [
        *(Bad(n, "anonymous", sends_photo(api, content), *answer) for n, (content, *answer) in FILES.items()),
        *(Bad(n, "anonymous", sends_photo(api, **said), *answer) for n, (said, *answer) in CLAIMS.items()),
        Bad("no multipart", "anonymous", posts(api, "{}"), 415, "unsupported_media_type"),
        Bad("half a multipart", "anonymous", posts(api, b"--x\r\nContent-D", "multipart/form-data; boundary=x"), 400,
            "missing_file"),
        *(
            Bad(f"{n}, by the form", "citizen", sends_photo(page, content), *answer)
            for n, (content, *answer) in FILES.items()
        ),
        Bad("no file, by the form", "anonymous", sends_photo(page, file=None), 400, "missing_file"),
        Bad("an unknown TPS, by the form", "anonymous", sends_photo("/kirim/9101011001999/"), 404, "unknown_station"),
        Bad("an unknown contest, by the form", "anonymous", sends_photo(page, contest="dpr"), 422, "unknown_contest"),
        *(
            Bad(f"page {wrong}, by the form", "anonymous", sends_photo(page, page=wrong), 422, "unknown_page")
            for wrong in ("9", "x", "-1", "999", "２")
        ),
        Bad("one key for two photos", "citizen", sends_photo(api, encoded(seed=8, width=300, height=400),
            headers={"Idempotency-Key": NOWHERE}), 409, "key_used_for_another"),
    ]  # fmt: skip
    stage.secrets += (KEY,)
    first = sends_photo(api, headers={"Idempotency-Key": NOWHERE})(stage.browsers["citizen"], {})
    assert first.status_code == 201
    stage.secrets += (first.json()["receipt"], first.json()["receipt"].replace("-", ""))
    for bad in table:
        with subtests.test(bad.name):
            stage.refuses(bad)


def test_a_receipt_is_asked_for_wrong(stage, subtests):
    for code in ("x", "1234", "A" * 500, "0000-0000-0000-0000", "..%2f..%2fetc", "%00", "' OR 1=1 --"):
        for path in (f"/api/v1/receipts/{code}/", f"/bukti/{code}/"):
            with subtests.test(path):

                def send(browser: Client, language: dict[str, str], path: str = path) -> HttpResponse:
                    return browser.get(path, headers=language)

                stage.refuses(Bad(path, "anonymous", send, 404, "not_found" if "%2f" in code else "unknown_receipt"))
