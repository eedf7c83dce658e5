"""Nothing personal is in any published byte: files, dumps, API, pages, feeds.

A world of people, devices, networks and photos is built with words that stand nowhere else; then every published byte
is looked through for each of them, packed files unpacked.
"""

import gzip
import io
import tarfile

import pyarrow.parquet as pq
import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client

from accounts.models import Device, Role
from aggregation import dumps, export_files, exports
from pemantau import pipeline
from tests.aggregation.evidence import PAGE_2, decide, fold, photo, record
from tests.aggregation.open_data import newest, rows
from tests.uploads.pictures import with_secrets
from transcription.models import Entry, Ruling
from uploads.models import Photo, Repeat

NAMES = ("Rahasiawati", "Tersembunyo", "Diamdiam", "Verifikatorini")
BLOCKS = ("203.0.113.77", "198.51.100.42", "2001:db8:5eca::/64")
NOTE = "catatan-pribadi-hakim"


FILE, PHONE, OWNER = "KTP-Rahasiawati.jpg", "PonselRahasia/9", "Siti Rahasia"


def sent_from_a_phone(world) -> Photo:
    """A photo that came over HTTP: with a file's name, EXIF, a position, an address and a browser's name."""
    phone = Client(REMOTE_ADDR=BLOCKS[1], HTTP_USER_AGENT=PHONE)
    file = SimpleUploadedFile(FILE, with_secrets(width=300, height=400))
    answer = phone.post("/api/v1/photos/", {"station": "9101011002002", "contest": "ppwp", "page": 2, "file": file})
    assert answer.status_code == 201, answer.content
    came = Photo.objects.get(receipt=answer.json()["receipt"].replace("-", ""))
    pipeline.inspect(str(came.pk))
    came.refresh_from_db()
    return came


@pytest.fixture
def secrets(world, exports_dir) -> set[str]:
    """What must stand nowhere; the world is published."""
    came = sent_from_a_phone(world)
    assert came.step != Photo.Step.INSPECT  # its public copies are there
    people = [world.person(name, display_name=f"Papan{name}") for name in NAMES[:3]]
    judge = world.person(NAMES[3], Role.ADJUDICATOR)
    devices = [world.device() for _ in people]
    said: set[str] = {NOTE, *BLOCKS, FILE, PHONE, OWNER, came.device.pk.hex}
    for number in range(3):
        taken = photo(world, list(world.stations.values())[number], page=2)
        Photo.objects.filter(pk=taken.pk).update(
            uploader=people[0], device=devices[0], address_block=BLOCKS[number], receipt=f"RCPT{number}RAHASIAKODE"
        )
        taken.refresh_from_db()
        record(taken)
        for person, device, block in zip(people[1:], devices[1:], BLOCKS[1:], strict=True):
            Entry.objects.create(
                photo=taken, account=person, device=device, address_block=block, page=2, numbers=PAGE_2
            )
        Entry.objects.create(photo=taken, device=devices[0], source="uploader", page=2, numbers=PAGE_2)
        Ruling.objects.create(
            photo=taken, adjudicator=judge, device=devices[2], address_block=BLOCKS[2], verdict="accept", page=2,
            numbers=PAGE_2, reason="readable", note=NOTE,
        )  # fmt: skip
        Repeat.objects.create(photo=taken, account=people[1], device=devices[1], address_block=BLOCKS[0])
        decide(taken, 2, PAGE_2)
        record(taken)
    fold()
    assert export_files.export(world.contest)
    assert dumps.make()
    for person in (*people, judge):
        said |= {person.email, person.display_name, str(person.pk).zfill(12), person.password}
        said |= {bytes(person.salt).hex(), person.email.partition("@")[0]}
    for device in Device.objects.all():
        said |= {str(device.pk), bytes(device.salt).hex()}
    said |= set(Photo.objects.values_list("receipt", flat=True))
    return {word.lower() for word in said if word}


def published(root, client) -> dict[str, str]:
    """Every published byte as text, by where it stands."""
    found: dict[str, str] = {}
    for path in root.rglob("*"):
        if path.is_file():
            found[str(path.relative_to(root))] = _text(path.name, path.read_bytes())
    with tarfile.open(root / export_files.index()["dumps"][0]["path"]) as tar:
        for member in tar:
            found[f"dump:{member.name} {member.uname} {member.gname}"] = _text(
                member.name, tar.extractfile(member).read()
            )
    keys = [str(key) for key in Photo.objects.values_list("pk", flat=True)]
    station = "9101011001001"
    for address in (
        *(
            "/",
            "/data/",
            "/data/contoh/ppwp/",
            "/data/terbaru.json",
            "/umpan/contoh/ppwp.atom",
            "/pemilu/",
            "/antrean/",
        ),
        *("/hasil/contoh/ppwp/", "/hasil/contoh/ppwp/9101011001/", f"/hasil/contoh/ppwp/tps/{station}/"),
        *(f"/foto/{key}/" for key in keys),
        *(f"/api/v1/exports/contoh/ppwp/{table}" for table in ("", "stations/", "regions/", "photos/", "readings/")),
        *("/api/v1/exports/", "/api/v1/results/contoh/ppwp/nasional/", f"/api/v1/results/contoh/ppwp/tps/{station}/"),
        *("/api/v1/backlog/contoh/", "/data/contoh/ppwp/terbaru/readings.csv"),
    ):
        answer = client.get(address)
        assert answer.status_code == 200, address
        content = b"".join(answer.streaming_content) if answer.streaming else answer.content
        found[address] = content.decode() + repr(dict(answer.headers))
    for row in rows(newest(root), "photos"):
        if row["tps"] == "9101011002002":
            copy = client.get(row["picture_480"].removeprefix("http://127.0.0.1:8000"))
            found[row["picture_480"]] = b"".join(copy).decode("latin-1") + repr(dict(copy.headers))
    return found


def _text(name: str, content: bytes) -> str:
    if name.endswith(".gz"):
        return gzip.decompress(content).decode()
    if name.endswith(".parquet"):
        file = pq.ParquetFile(io.BytesIO(content))
        return repr(file.read().to_pylist()) + repr(file.metadata) + repr(file.schema_arrow.metadata)
    return content.decode("utf-8", "replace")


def test_nothing_personal_is_in_any_published_byte(secrets, exports_dir, client):
    everything = published(exports_dir, client)
    assert len(everything) > 30
    assert "readings.csv.gz" in " ".join(everything)
    for where, text in everything.items():
        text = text.lower()
        for secret in secrets:
            assert secret not in text, (where, secret)
    # The test looks: what may be told of these people is there.
    readings = next(text for where, text in everything.items() if where.endswith("readings.csv.gz"))
    assert readings.count("c:") == 9
    assert any(where.endswith("/480.webp") for where in everything)


def test_it_would_be_seen(secrets, exports_dir, client):
    """Were a name in one cell of one file, the test above would say so."""
    folder = newest(exports_dir)
    lines = gzip.decompress((folder / "readings.csv.gz").read_bytes()) + f"{NAMES[1]}@contoh.test\r\n".encode()
    (folder / "readings.csv.gz").write_bytes(gzip.compress(lines))
    everything = published(exports_dir, client)
    assert any(secret in text.lower() for text in everything.values() for secret in secrets)


def test_no_column_is_named_for_something_personal(world):
    fold()
    forbidden = {"email", "name", "address", "ip", "block", "device", "account", "user", "uploader", "receipt", "note"}
    for table in exports.tables(exports.cut_of(world.contest)):
        for field in table.fields:
            parts = set(field.name.split("_"))
            assert not parts & forbidden or (table.name, field.name) == ("regions", "name")
