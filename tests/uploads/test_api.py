"""Photos in over HTTP, and what their senders are told."""

import hashlib
import io
import json
import uuid
from contextlib import contextmanager

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import OperationalError, connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from accounts import devices
from accounts.models import Device
from ledger.models import Event
from pemantau import pipeline
from tests.aggregation import evidence
from tests.uploads.pictures import encoded, taken_at
from tps import form_definitions
from tps.models import Contest, Election, PollingStation, Region
from uploads import storage
from uploads.models import Photo, Repeat, SentKey

pytestmark = pytest.mark.django_db

URL = "/api/v1/photos/"
TPS = "9101011001001"


def send(client, content: bytes | None = None, name="foto.jpg", headers=None, without=(), **fields):
    """POST a photo; None for a field leaves it out."""
    content = encoded(width=200, height=300) if content is None else content
    data = {"station": TPS, "contest": "ppwp", "file": SimpleUploadedFile(name, content)} | fields
    return client.post(URL, {key: value for key, value in data.items() if value is not None}, headers=headers or {})


def error(answer) -> str:
    body = answer.json()
    assert set(body) == {"error"}, body
    assert body["error"]["message"]
    return body["error"]["code"]


def test_a_photo_gets_a_receipt_and_its_bytes_are_sealed(client, world, objects):
    content = encoded(seed=5)
    answer = send(client, content, page=2)
    assert answer.status_code == 201, answer.content
    receipt = answer.json()
    photo = Photo.objects.get()
    assert receipt["receipt"].replace("-", "") == photo.receipt
    assert (receipt["state"], receipt["station"], receipt["page"]) == ("received", TPS, 2)
    assert (receipt["width"], receipt["height"], receipt["media_type"]) == (900, 1200, "image/jpeg")
    assert receipt["sha256"] == hashlib.sha256(content).hexdigest()
    assert storage.read_original(receipt["sha256"]) == content
    assert Event.objects.filter(kind="photo").count() == 1
    again = client.get(f"/api/v1/receipts/{receipt['receipt'].lower()}/")
    assert (again.status_code, again.json()) == (200, receipt)
    assert client.get(receipt["url"].removeprefix("http://testserver")).status_code == 200


def test_the_same_again_is_200_with_the_same_receipt(client, world, folder):
    first, again = send(client), send(client)
    assert (first.status_code, again.status_code) == (201, 200)
    assert first.json() == again.json()


def test_a_sender_is_known_by_the_block_they_sent_from_and_never_shown(world, folder):
    address = "203.0.114.7"
    receipt = send(Client(REMOTE_ADDR=address)).json()
    block = devices.block_of(address, devices.day())
    photo = Photo.objects.get()
    assert block
    assert photo.address_block == block
    sari = Client(REMOTE_ADDR="203.0.115.7")
    sari.force_login(world.person("Sari"), backend="django.contrib.auth.backends.ModelBackend")
    again = send(sari)
    assert (again.status_code, again.json()["receipt"]) == (200, receipt["receipt"])
    noted = Repeat.objects.get()
    assert (noted.account, noted.address_block) == (
        world.person("Sari"),
        devices.block_of("203.0.115.7", devices.day()),
    )
    told = again.content.decode() + "".join(bytes(event.body).decode() for event in Event.objects.all())
    assert not [one for one in (block, noted.address_block) if one in told]


@pytest.mark.parametrize("way", ["the same bytes", "the same block"])
def test_nobody_reads_what_they_sent_without_their_account(world, folder, way):
    """Through the doors: sent without an account, then signed in on another browser."""
    send(Client(REMOTE_ADDR="203.0.114.7"), page=2)
    photo = Photo.objects.get()
    pipeline.inspect(str(photo.pk))
    pipeline.open_to_readers(str(photo.pk))
    sari = Client(REMOTE_ADDR="203.0.115.7" if way == "the same bytes" else "203.0.114.9")
    sari.force_login(world.person("Sari"), backend="django.contrib.auth.backends.ModelBackend")
    if way == "the same bytes":
        assert send(sari, page=2).status_code == 200
    assert sari.post("/api/v1/tasks/").status_code == 204
    budi = Client(REMOTE_ADDR="203.0.116.7")
    budi.force_login(world.person("Budi"), backend="django.contrib.auth.backends.ModelBackend")
    assert budi.post("/api/v1/tasks/").status_code in (200, 201)


def test_a_key_makes_repeating_safe_and_is_not_for_another_photo(client, world, folder):
    key = {"Idempotency-Key": str(uuid.uuid4())}
    first = send(client, headers=key, page=1)
    assert send(client, headers=key, page=1).json() == first.json()
    for other in ({"page": 2}, {"content": encoded(seed=9)}):
        answer = send(client, headers=key, **{"page": 1} | other)
        assert (answer.status_code, error(answer)) == (409, "key_used_for_another")
    assert (Photo.objects.count(), SentKey.objects.count()) == (1, 1)
    assert send(Client(), encoded(seed=9), headers=key).status_code == 201


def test_for_another_tps_it_is_taken_and_marked_for_us_alone(client, world, folder):
    send(client)
    answer = send(client, station="9101011001002")
    assert (answer.status_code, "marks" in answer.json()) == (201, False)
    assert Photo.objects.get(pk=answer.json()["photo"]).marks == ["reused"]


# --- Refused ------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("said", "status", "code"),
    [
        ({"station": "9101011001999"}, 404, "unknown_station"),
        ({"station": "123"}, 400, "invalid"),
        ({"station": "９１０１０１１００１００１"}, 400, "invalid"),
        ({"station": None}, 400, "invalid"),
        ({"contest": "dpr"}, 422, "unknown_contest"),
        ({"contest": None}, 400, "invalid"),
        ({"contest": "'; drop table"}, 400, "invalid"),
        ({"page": 9}, 422, "unknown_page"),
        ({"page": -1}, 400, "invalid"),
        ({"page": "dua"}, 400, "invalid"),
        ({"page": "1" * 400}, 400, "invalid"),
        ({"election": "tidak-ada"}, 404, "unknown_station"),
        ({"file": None}, 400, "missing_file"),
        ({"file": "text in place of a file"}, 400, "missing_file"),
        ({"content": b""}, 422, "empty_file"),
        ({"content": b"GIF89a" + bytes(50)}, 415, "not_a_picture"),
        ({"content": encoded(width=200, height=300)[:-500]}, 422, "unreadable_picture"),
        ({"content": encoded(width=900, height=40)}, 422, "too_narrow"),
        ({"headers": {"Idempotency-Key": "1"}}, 400, "wrong_key"),
    ],
)
def test_refused_with_a_reason_and_nothing_changed(client, world, folder, said, status, code):
    answer = send(client, **said)
    assert (answer.status_code, error(answer)) == (status, code)
    assert not Photo.objects.exists()
    assert not Event.objects.filter(kind="photo").exists()
    assert not [path for path in folder.rglob("*") if path.is_file()]


def test_reasons_are_indonesian_or_english_as_asked(client, world, folder):
    answer = send(client, b"GIF89a", headers={"Accept-Language": "id"})
    assert "Kirim foto JPEG" in answer.json()["error"]["message"]


def test_a_body_that_says_it_is_far_too_large_is_not_read(client, world, folder):
    class Unreadable(io.RawIOBase):
        def read(self, *_):
            raise AssertionError("the body was read")

        readline = read

    answer = client.generic(
        "POST",
        URL,
        CONTENT_TYPE="multipart/form-data; boundary=x",
        **{"CONTENT_LENGTH": str(100 * 1024 * 1024), "wsgi.input": Unreadable()},
    )
    assert (answer.status_code, error(answer)) == (413, "too_large")
    assert answer.json()["error"]["message"] == "Foto terlalu besar (100 MB). Batasnya 20 MB."


def test_a_file_over_the_limit_in_a_body_below_it(client, world, folder, settings):
    settings.MAX_PHOTO_BYTES = 1000
    answer = send(client, encoded(width=200, height=300))
    assert (answer.status_code, error(answer)) == (413, "too_large")


@pytest.mark.parametrize(
    ("body", "content_type", "status"),
    [
        (b"not multipart at all", "multipart/form-data; boundary=x", 400),
        (b"--x\r\nContent-Dispos", "multipart/form-data; boundary=x", 400),
        (b"", "multipart/form-data", 400),
        (b"{}", "application/json", 415),
        (b"file=x", "application/x-www-form-urlencoded", 415),
        (b"\xff\xd8\xff", "image/jpeg", 415),
        (b"", "", 400),
    ],
)
def test_a_broken_request_is_told_so(client, world, folder, body, content_type, status):
    answer = client.generic("POST", URL, body, content_type=content_type)
    assert answer.status_code == status, answer.content
    error(answer)
    assert not Photo.objects.exists()


def test_two_files_at_once_are_refused(client, world, folder):
    files = [SimpleUploadedFile(f"{number}.jpg", encoded(width=100, height=100)) for number in (1, 2)]
    answer = client.post(URL, {"station": TPS, "contest": "ppwp", "file": files})
    assert (answer.status_code, error(answer)) == (413, "body_too_large")
    assert not Photo.objects.exists()


def test_a_thousand_fields_are_refused(client, world, folder):
    answer = send(client, **{f"x{number}": "1" for number in range(1000)})
    assert (answer.status_code, error(answer)) == (413, "body_too_large")


@pytest.mark.parametrize("method", ["get", "put", "patch", "delete"])
def test_other_verbs_are_not_allowed(client, world, method):
    assert getattr(client, method)(URL).status_code == 405


# --- Who sends ----------------------------------------------------------------------------


def test_the_client_cannot_say_who_it_is_or_what_state_it_wants(client, world, folder):
    someone = world.person("Budi")
    answer = send(client, uploader=someone.pk, device=str(uuid.uuid4()), step="done", marks="[]", receipt="X" * 17)
    assert answer.status_code == 201
    photo = Photo.objects.get()
    assert (photo.uploader, photo.step, photo.marks) == (None, Photo.Step.INSPECT, [])
    assert Device.objects.filter(pk=photo.device_id).exists()


def test_no_token_is_needed_without_a_session_and_with_one_it_is(world, folder):
    strict = Client(enforce_csrf_checks=True)
    assert send(strict).status_code == 201
    strict.force_login(world.person("Sari"), backend="django.contrib.auth.backends.ModelBackend")
    answer = send(strict, encoded(seed=2))
    assert (answer.status_code, Photo.objects.count()) == (403, 1)


def test_who_is_signed_in_is_the_uploader(client, world, folder):
    client.force_login(world.person("Sari"), backend="django.contrib.auth.backends.ModelBackend")
    assert send(client).status_code == 201
    assert Photo.objects.get().uploader == world.person("Sari")


def test_the_answer_sets_no_session_and_names_nobody(client, world, folder):
    client.force_login(world.person("Sari"), backend="django.contrib.auth.backends.ModelBackend")
    answer = send(client)
    assert set(answer.cookies) == {devices.COOKIE}
    assert "sari" not in (answer.content.decode() + str(bytes(Event.objects.get(kind="photo").body))).lower()


# --- What must be up ----------------------------------------------------------------------


def test_without_the_database_there_is_no_receipt(client, world, folder, monkeypatch):
    def off(*_):
        raise OperationalError("server closed the connection unexpectedly")

    monkeypatch.setattr("uploads.intake.record", off)
    answer = send(client)
    assert (answer.status_code, error(answer)) == (503, "unavailable")
    assert int(answer["Retry-After"]) > 0


def test_without_the_storage_there_is_no_receipt(client, world, folder, monkeypatch):
    def off(*_):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(storage.FolderStorage, "keep", off)
    answer = send(client)
    assert (answer.status_code, error(answer)) == (503, "storage_unavailable")
    assert int(answer["Retry-After"]) > 0
    assert not Photo.objects.exists()


def test_a_full_temporary_folder_is_no_server_error(client, world, folder, settings, tmp_path):
    settings.FILE_UPLOAD_TEMP_DIR = str(tmp_path / "gone")
    answer = send(client)
    assert (answer.status_code, error(answer)) == (503, "storage_unavailable")


# --- Queries ------------------------------------------------------------------------------


@pytest.mark.parametrize("signed_in", [False, True])
@pytest.mark.parametrize("again", [False, True])
@pytest.mark.django_db(transaction=True)
def test_at_most_12_queries(client, folder, signed_in, again):
    """Counted with real commits, so BEGIN and COMMIT are among them; the cookie of the device is there already."""
    from tests.world import build

    world = build()
    form_definitions.for_contest(world.contest)  # a process reads the options once
    if signed_in:
        client.force_login(world.person("Sari"), backend="django.contrib.auth.backends.ModelBackend")
    first = encoded(seed=1, width=200, height=300)
    send(client, first)
    client.defaults["REMOTE_ADDR"] = "203.0.114.7"  # a sender to be noted
    with CaptureQueriesContext(connection) as queries:
        answer = send(
            client,
            first if again else encoded(seed=2, width=200, height=300, exif=taken_at("2019:04:17 15:40:00")),
            headers={"Idempotency-Key": str(uuid.uuid4())},
            page=1,
        )
    assert answer.status_code == (200 if again else 201)
    assert len(queries) <= 12, "\n".join(query["sql"][:150] for query in queries)


# --- The receipt --------------------------------------------------------------------------


def receipt_of(client, code: str) -> dict:
    answer = client.get(f"/api/v1/receipts/{code}/")
    assert answer["Cache-Control"] == "no-store"
    return answer.json()


@contextmanager
def unguarded():
    """Decisions may be laid straight into their table; what waits for the commit is checked first."""
    with connection.cursor() as cursor:
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
        cursor.execute("SET CONSTRAINTS ALL DEFERRED")
    with evidence.unguarded():
        yield


def test_the_receipt_follows_the_photo_and_shows_nobodys_numbers(client, world, folder):
    code = send(client, page=2).json()["receipt"]
    photo = Photo.objects.get()
    assert receipt_of(client, code)["state"] == "received"

    pipeline.inspect(str(photo.pk))
    pipeline.open_to_readers(str(photo.pk))
    being_read = receipt_of(client, code)
    assert being_read["state"] == "being_read"
    assert [picture["side"] for picture in being_read["pictures"]] == [480, 1280, 2560]
    assert client.get(being_read["pictures"][0]["url"].removeprefix("http://testserver")).status_code == 200

    numbers = {"paslon_1": 111, "paslon_2": 222, "paslon_3": 333}
    with unguarded():
        evidence.decide(photo, 2, numbers)
        agreed = receipt_of(client, code)
        assert agreed["state"] == "agreed"
        evidence.record(photo)
        assert receipt_of(client, code)["state"] == "agreed"
        evidence.fold()
        published = receipt_of(client, code)
        assert published["state"] == "published"
        evidence.reject(photo, "not_a_form", how="adjudicated")
        assert receipt_of(client, code)["state"] == "rejected"
    assert not any(number in json.dumps([being_read, agreed, published]) for number in ("111", "222", "333"))


def test_two_photos_that_differ_are_in_dispute_and_both_senders_are_told(client, world, folder):
    codes = [send(client, encoded(seed=seed), page=2).json()["receipt"] for seed in (1, 2)]
    with unguarded():
        for photo, votes in zip(Photo.objects.order_by("received_at"), (111, 112), strict=True):
            Photo.objects.filter(pk=photo.pk).update(step=Photo.Step.READ)
            evidence.record(photo)
            evidence.decide(photo, 2, {"paslon_1": votes, "paslon_2": 2, "paslon_3": 3})
            evidence.record(photo)
        evidence.fold()
    assert "disputed" in {receipt_of(client, code)["state"] for code in codes}


def test_an_unknown_receipt_is_404(client, world):
    for code in ("0" * 17, "x", "0000-0000-0000-0000-1"):
        answer = client.get(f"/api/v1/receipts/{code}/")
        assert (answer.status_code, error(answer)) == (404, "unknown_receipt")


# --- Several elections and areas ----------------------------------------------------------


def test_a_contest_is_sent_for_only_where_it_is_voted_on(client, world, folder):
    dapil = Contest.objects.create(
        election=world.election, code="dprd-1", kind="dprd_kabko", name="DPRD", form="c-hasil-ppwp"
    )
    dapil.area.add(Region.objects.get(code="9101011002"))
    answer = send(client, contest="dprd-1")
    assert (answer.status_code, error(answer)) == (422, "unknown_contest")
    assert send(client, contest="dprd-1", station="9101011002001").status_code == 201


def test_another_election_is_named(client, world, folder):
    other = Election.objects.create(code="lain", name="Lain", date="2030-01-01")
    PollingStation.objects.create(election=other, code=TPS, region_id="9101011001", number=1)
    Contest.objects.create(election=other, code="ppwp", kind="ppwp", name="Presiden", form="c-hasil-ppwp")
    assert send(client).json()["election"] == "contoh"
    answer = send(client, election="lain")
    assert (answer.status_code, answer.json()["election"]) == (201, "lain")
    assert Photo.objects.get(pk=answer.json()["photo"]).marks == ["reused"]
    assert set(Event.objects.filter(kind="photo").values_list("log", flat=True)) == {"contoh", "lain"}
