"""Files made to break decoders, to hide secrets in, or to be something else as well."""

import csv
import mimetypes
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import BinaryIO

import pytest
from django.http import HttpResponse
from django.test import Client

from ledger.models import Event
from tests.uploads import by_ticket as ticket
from tests.uploads.pictures import chunks_of_webp, encoded
from uploads import inspection
from uploads.decoder import LIMITS
from uploads.models import Photo

MEGABYTE = 1024 * 1024


@pytest.fixture(scope="module")
def corpus(shared) -> list[tuple[Path, dict[str, str]]]:
    folder = shared / "hostile"
    with (folder / "MANIFEST.csv").open() as manifest:
        rows = [(folder / row["file"], row) for row in csv.DictReader(manifest)]
    assert len(rows) > 500
    return rows


def test_every_file_does_what_it_should_and_harms_nobody(corpus):
    """Expected outcome, no dead decoder, no hang, no hunger, and public copies with nothing but the picture."""
    decoder = inspection._decoder()
    assert LIMITS["examine"][1] < 15  # who takes longer is killed, and counts as dead

    def ask(task: str, file: BinaryIO) -> tuple[dict, bytes]:
        said, body = decoder.ask(task, file)
        # On a machine with much else to do the clock may run out once.
        return decoder.ask(task, file) if said.get("refused") == "slow" else (said, body)

    def look(item: tuple[Path, dict[str, str]]) -> list[str]:
        path, row = item
        wrong = []
        with path.open("rb") as file:
            said, _ = ask("examine", file)
            taken = "refused" not in said
            if row["expected"] != "either" and taken != (row["expected"] == "accept"):
                wrong.append(f"{row['file']}: expected {row['expected']}, {said}")
            if taken:
                copied, body = ask("copies", file)
                wrong += [f"{row['file']}: {problem}" for problem in problems_of(said, copied, body)]
                said["rss"] = max(said["rss"], copied.get("rss", 0))
        if said.get("refused") in ("died", "slow"):
            wrong.append(f"{row['file']}: the decoder {said['refused']}")
        if said.get("rss", 0) > 512 * MEGABYTE:
            wrong.append(f"{row['file']}: {said['rss'] // MEGABYTE} MB")
        return wrong

    with ThreadPoolExecutor(2) as threads:
        assert [problem for problems in threads.map(look, corpus) for problem in problems] == []


def problems_of(said: dict, copied: dict, body: bytes) -> Iterator[str]:
    """What is wrong with public copies."""
    if "refused" in copied:
        yield f"taken in, but no copies: {copied['refused']}"
        return
    if (said["width"], said["height"]) != (copied["width"], copied["height"]):
        yield "not of the size that was promised"
    for listed in copied["copies"]:
        content = body[listed["offset"] : listed["offset"] + listed["length"]]
        if (chunks := chunks_of_webp(content)) != ["VP8 "]:
            yield f"copy has {chunks}"
        longer = max(said["width"], said["height"])
        if max(listed["width"], listed["height"]) != min(listed["side"], longer):
            yield f"copy {listed['side']} is {listed['width']} x {listed['height']}"


def by_form(client: Client, path: Path, *, lying: bool) -> HttpResponse:
    name, media_type = ("foto.jpg", "image/jpeg") if lying else (path.name, own_type(path))
    return post(client, name, path.read_bytes(), media_type)


def by_ticket(client: Client, path: Path, *, lying: bool) -> HttpResponse:
    return ticket.send(client, path.read_bytes(), media_type="image/jpeg" if lying else own_type(path))


def own_type(path: Path) -> str:
    return mimetypes.guess_type(path.name)[0] or "application/octet-stream"


@pytest.mark.django_db
@pytest.mark.parametrize("lying", [False, True], ids=["under its own name and type", "under a lying name and type"])
@pytest.mark.parametrize("way", [by_form, by_ticket])
def test_over_http(corpus, world, folder, caplog, settings, way, lying):
    settings.PHOTOS_PER_DEVICE = settings.PHOTOS_PER_DEVICE_AND_DAY = "1000/m"  # one attacker sends them all
    client = Client()
    answers = {}
    for path, row in corpus:
        answer = way(client, path, lying=lying)
        answers[row["file"]] = answer.status_code
        if answer.status_code in (200, 201):
            assert row["expected"] != "reject", row["file"]
        else:
            assert row["expected"] != "accept", (row["file"], answer.content)
            assert answer.status_code in (415, 422), (row["file"], answer.content)
            error = answer.json()["error"]
            assert error["message"].endswith(".")
            assert error["code"] in {refusal.code for refusal in inspection.REFUSALS.values()} | {"empty_file"}
    assert Photo.objects.count() == list(answers.values()).count(201)
    assert Event.objects.filter(kind="photo").count() == Photo.objects.count()
    assert not any("Traceback" in record.getMessage() or record.exc_info for record in caplog.records)


ATTACKS = {
    "path": "../../x.jpg",
    "null": "a\x00.jpg",
    "device": "CON.jpg",
    "long": "a" * 300 + ".jpg",
    "php": "x.php.jpg",
    "html": "<img onerror=alert(1)>.jpg",
    "header": "foto\r\nX-Evil: yes.jpg",
    "right to left": "foto\u202egpj.exe",
    "absolute": "/etc/passwd",
    "nothing but dots": "..",
    "not utf-8": b"\xff\xfe.jpg",
}


def post(client, name: str | bytes, content: bytes, media_type: str = "image/jpeg"):
    raw = name if isinstance(name, bytes) else name.encode()
    fields = b"".join(
        b'--limit\r\nContent-Disposition: form-data; name="%s"\r\n\r\n%s\r\n' % (key, value)
        for key, value in ((b"station", b"9101011001001"), (b"contest", b"ppwp"), (b"page", b"1"))
    )
    head = b'--limit\r\nContent-Disposition: form-data; name="file"; filename="%s"\r\nContent-Type: %s\r\n\r\n'
    body = fields + head % (raw, media_type.encode()) + content + b"\r\n--limit--\r\n"
    return client.post("/api/v1/photos/", body, content_type="multipart/form-data; boundary=limit")


@pytest.mark.django_db
@pytest.mark.parametrize("name", ATTACKS.values(), ids=ATTACKS)
def test_a_file_name_means_nothing_and_goes_nowhere(client, world, folder, caplog, name):
    answer = post(client, name, encoded(width=200, height=300), "application/x-php")
    if name == "..":  # Django reads it as no file at all
        assert answer.status_code == 400
        return
    assert answer.status_code in (201, 400), answer.content
    if answer.status_code == 400:
        assert not Photo.objects.exists()
        return
    stored = {path.name for path in folder.rglob("*") if path.is_file()}
    assert stored == {Photo.objects.get().sha256}
    kept = caplog.text + str(bytes(Event.objects.get(kind="photo").body)) + answer.content.decode()
    for trace in ("evil", "passwd", "php", "onerror", "CON", "a" * 20, "exe"):
        assert trace not in kept
