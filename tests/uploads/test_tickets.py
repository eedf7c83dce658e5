"""Photos that come in pieces: announced, brought, finished, whatever breaks in between."""

import http.client
import threading
import time
import uuid
from datetime import timedelta
from unittest.mock import Mock
from urllib.parse import urlsplit

import pytest
from django.core.files.storage import storages
from django.db import OperationalError, connection, connections
from django.http import HttpResponse
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from ledger.models import Event
from pemantau import pipeline
from tests.uploads.by_ticket import TPS, URL, add, finish, send, take
from tests.uploads.conftest import s3_storages
from tests.uploads.pictures import encoded, taken_at
from tests.world import build
from tps import form_definitions
from uploads import storage, tickets
from uploads.models import Photo, Repeat, Ticket
from uploads.s3 import S3Storage

pytestmark = pytest.mark.django_db

PHOTO = encoded(seed=7, width=300, height=400)


def error(answer: HttpResponse) -> str:
    return answer.json()["error"]["code"]


def there(answer: HttpResponse) -> int:
    return int(answer["Upload-Offset"])


def assert_whole(content: bytes = PHOTO) -> Photo:
    """One photo, one ledger entry, its bytes sealed, nothing left of its way."""
    photo = Photo.objects.get()
    assert storage.read_original(photo.sha256) == content
    assert Event.objects.filter(kind="photo", subject=str(photo.pk)).count() == 1
    assert_nothing_is_staged()
    return photo


def assert_nothing_is_staged() -> None:
    for ticket in Ticket.objects.all():
        assert storages["sealed"].size_of(storage.staging_key(ticket.pk)) is None
        assert storage.received(ticket.pk) == 0


@pytest.fixture
def ticket(client, world) -> str:
    return take(client, PHOTO).json()["ticket"]


# --- The way ------------------------------------------------------------------------------


def test_a_photo_comes_in_three_pieces_and_gets_its_receipt(client, world, objects):
    taken = take(client, PHOTO)
    assert taken.status_code == 201
    told = taken.json()
    ticket = told["ticket"]
    assert (told["state"], told["offset"], told["size"], told["direct"]) == ("open", 0, len(PHOTO), None)
    assert told["chunk"] == {"url": f"http://testserver{URL}{ticket}/", "most": 1024 * 1024}
    third = len(PHOTO) // 3
    for start, end in ((0, third), (third, 2 * third), (2 * third, len(PHOTO))):
        added = add(client, ticket, start, PHOTO[start:end])
        assert (added.status_code, there(added), added.content) == (204, end, b"")
        assert client.get(f"{URL}{ticket}/").json()["offset"] == end
    answer = finish(client, ticket)
    assert answer.status_code == 201, answer.content
    receipt = answer.json()
    photo = assert_whole()
    assert receipt["receipt"].replace("-", "") == photo.receipt
    assert (receipt["station"], receipt["contest"], receipt["page"]) == (TPS, "ppwp", 2)
    assert (photo.device_id, photo.step) == (Ticket.objects.get().device_id, Photo.Step.INSPECT)
    again = finish(client, ticket)
    assert (again.status_code, again.json()) == (200, receipt)
    told = client.get(f"{URL}{ticket}/").json()
    assert (told["state"], told["offset"], told["receipt"]) == ("done", len(PHOTO), receipt)
    assert (told["direct"], told["chunk"]) == (None, None)


def test_the_same_ticket_for_the_same_bytes_and_the_receipt_once_they_are_here(client, world, folder):
    first = take(client, PHOTO)
    add(client, first.json()["ticket"], 0, PHOTO[:100])
    again = take(client, PHOTO)
    assert (again.status_code, again.json()["ticket"], again.json()["offset"]) == (200, first.json()["ticket"], 100)
    add(client, first.json()["ticket"], 100, PHOTO[100:])
    receipt = finish(client, first.json()["ticket"]).json()
    told = take(client, PHOTO)
    assert (told.status_code, told.json()["state"], told.json()["receipt"]) == (200, "done", receipt)
    assert told.json()["ticket"] is None
    assert take(client, PHOTO, station="9101011001002").status_code == 201, "another TPS is another photo"


def test_what_is_claimed_last_holds_until_it_is_finished(client, world, folder):
    ticket = take(client, PHOTO, page=1).json()["ticket"]
    assert take(client, PHOTO, page=3).json()["ticket"] == ticket
    add(client, ticket, 0, PHOTO)
    assert finish(client, ticket).json()["page"] == 3


def test_a_hash_alone_gives_nobody_the_receipt_of_another(client, world, folder):
    receipt = send(client, PHOTO).json()
    stranger = Client()
    told = take(stranger, PHOTO)
    assert (told.status_code, told.json()["state"], told.json()["receipt"]) == (201, "open", None)
    ticket = told.json()["ticket"]
    answer = finish(stranger, ticket)
    assert (answer.status_code, error(answer), there(answer)) == (409, "incomplete", 0)
    assert not Repeat.objects.exists()
    add(stranger, ticket, 0, PHOTO)
    answer = finish(stranger, ticket)
    assert (answer.status_code, answer.json()["receipt"]) == (200, receipt["receipt"])
    assert Repeat.objects.get().device == Ticket.objects.get(pk=ticket).device
    assert take(stranger, PHOTO).json()["receipt"]["receipt"] == receipt["receipt"], "now they brought them too"


def test_who_is_signed_in_when_it_is_finished_is_the_uploader(client, world, folder, ticket):
    add(client, ticket, 0, PHOTO)
    client.force_login(world.person("Sari"), backend="django.contrib.auth.backends.ModelBackend")
    assert finish(client, ticket).status_code == 201
    assert Photo.objects.get().uploader == world.person("Sari")


def test_no_token_is_needed_without_a_session_and_with_one_it_is(world, folder):
    strict = Client(enforce_csrf_checks=True)
    assert send(strict, PHOTO).status_code == 201
    other = encoded(seed=9, width=200, height=300)
    ticket = take(strict, other).json()["ticket"]
    strict.force_login(world.person("Sari"), backend="django.contrib.auth.backends.ModelBackend")
    for answer in (take(strict, other), add(strict, ticket, 0, other), finish(strict, ticket)):
        assert (answer.status_code, error(answer)) == (403, "stale_form")


def test_without_cookies_it_is_one_photo_all_the_same(world, folder):
    receipts = {send(Client(), PHOTO).json()["receipt"] for _ in range(3)}
    assert len(receipts) == 1
    assert_whole()


# --- Where to go on -----------------------------------------------------------------------


@pytest.mark.parametrize("offset", [0, 99, 101, len(PHOTO) - 1])
def test_a_wrong_offset_is_told_the_right_one_and_changes_nothing(client, world, objects, ticket, offset):
    add(client, ticket, 0, PHOTO[:100])
    answer = add(client, ticket, offset, b"x")
    assert (answer.status_code, error(answer), there(answer)) == (409, "wrong_offset", 100)
    add(client, ticket, 100, PHOTO[100:])
    assert finish(client, ticket).status_code == 201


def test_not_all_bytes_are_no_photo(client, world, objects, ticket):
    for end in (0, 1, len(PHOTO) - 1):
        start = client.get(f"{URL}{ticket}/").json()["offset"]
        if end > start:
            add(client, ticket, start, PHOTO[start:end])
        answer = finish(client, ticket)
        assert (answer.status_code, error(answer), there(answer)) == (409, "incomplete", end)
    assert not Photo.objects.exists()


def test_a_piece_after_the_receipt_is_told_that_all_is_here(client, world, folder, ticket):
    add(client, ticket, 0, PHOTO)
    finish(client, ticket)
    answer = add(client, ticket, 100, PHOTO[100:])
    assert (answer.status_code, there(answer)) == (409, len(PHOTO))
    assert_whole()


def test_many_small_pieces_become_few_objects(client, world, settings, s3):
    settings.STORAGES = settings.STORAGES | s3_storages(s3)
    ticket = take(client, PHOTO).json()["ticket"]
    for start in range(0, len(PHOTO), 1000):
        assert there(add(client, ticket, start, PHOTO[start : start + 1000])) == min(start + 1000, len(PHOTO))
    assert len(storages["sealed"]._sizes(storage.staging_key(uuid.UUID(ticket)))) == 1
    assert finish(client, ticket).status_code == 201


def test_a_large_photo_is_several_objects_and_comes_out_whole(client, world, settings, s3):
    settings.STORAGES = settings.STORAGES | s3_storages(s3)
    content = PHOTO + bytes(3 * 1024 * 1024)
    assert send(client, content).status_code == 201
    assert_whole(content)


# --- Wrong bytes --------------------------------------------------------------------------


def test_bytes_that_changed_on_the_way_are_dropped_and_it_begins_anew(client, world, objects, ticket):
    add(client, ticket, 0, PHOTO[:-1] + bytes([PHOTO[-1] ^ 1]))
    answer = finish(client, ticket)
    assert (answer.status_code, error(answer)) == (422, "wrong_hash")
    told = client.get(f"{URL}{ticket}/").json()
    assert (told["state"], told["offset"]) == ("open", 0)
    assert not Photo.objects.exists()
    add(client, ticket, 0, PHOTO)
    assert finish(client, ticket).status_code == 201
    assert_whole()


def test_what_is_no_photo_stays_refused_and_leaves_nothing(client, world, objects):
    content = b"GIF89a" + bytes(500)
    ticket = take(client, content, media_type="image/jpeg").json()["ticket"]
    add(client, ticket, 0, content)
    for _ in range(2):
        answer = finish(client, ticket)
        assert (answer.status_code, error(answer)) == (415, "not_a_picture")
    told = client.get(f"{URL}{ticket}/").json()
    assert (told["state"], told["refusal"]["code"]) == ("refused", "not_a_picture")
    assert told["refusal"]["message"].endswith(".")
    answer = add(client, ticket, 0, content)
    assert (answer.status_code, error(answer)) == (415, "not_a_picture")
    assert_nothing_is_staged()
    assert take(client, content).status_code == 201, "a new try has a new ticket"


@pytest.mark.parametrize(
    ("said", "status", "code"),
    [
        ({"station": "9101011001999"}, 404, "unknown_station"),
        ({"station": "9１"}, 400, "invalid"),
        ({"contest": "dpr"}, 422, "unknown_contest"),
        ({"page": 9}, 422, "unknown_page"),
        ({"page": "dua"}, 400, "invalid"),
        ({"sha256": None}, 400, "invalid"),
        ({"sha256": "A" * 64}, 400, "invalid"),
        ({"sha256": "0" * 63}, 400, "invalid"),
        ({"size": None}, 400, "invalid"),
        ({"size": -1}, 400, "invalid"),
        ({"size": 0}, 422, "empty_file"),
        ({"size": 20 * 1024 * 1024 + 1}, 413, "too_large"),
        ({"size": 10**30}, 400, "invalid"),
        ({"media_type": "image/jpeg\r\nX: y"}, 400, "invalid"),
        ({"media_type": "<script>"}, 400, "invalid"),
        ({"election": "tidak-ada"}, 404, "unknown_station"),
    ],
)
def test_an_announcement_is_refused_with_a_reason(client, world, folder, said, status, code):
    answer = take(client, PHOTO, **said)
    assert (answer.status_code, error(answer)) == (status, code), answer.content
    assert not Ticket.objects.exists()


@pytest.mark.parametrize(
    ("offset", "piece", "status", "code"),
    [
        (None, b"x", 400, "bad_request"),
        ("", b"x", 400, "bad_request"),
        ("-1", b"x", 400, "bad_request"),
        ("１", b"x", 400, "bad_request"),
        ("1" * 40, b"x", 400, "bad_request"),
        (0, b"", 400, "bad_request"),
        (0, PHOTO + b"x", 413, "body_too_large"),
        (0, bytes(1024 * 1024 + 1), 413, "body_too_large"),
    ],
)
def test_a_piece_is_refused_with_a_reason(client, world, folder, ticket, offset, piece, status, code):
    headers = {} if offset is None else {"Upload-Offset": offset if isinstance(offset, str) else str(offset)}
    headers = {name: value.encode().decode("latin-1") for name, value in headers.items()}
    answer = client.patch(f"{URL}{ticket}/", piece, "application/partial-upload", headers=headers)
    assert (answer.status_code, error(answer)) == (status, code)
    assert client.get(f"{URL}{ticket}/").json()["offset"] == 0


def test_a_piece_says_what_it_is(client, world, folder, ticket):
    answer = client.patch(f"{URL}{ticket}/", PHOTO, "image/jpeg", headers={"Upload-Offset": "0"})
    assert (answer.status_code, error(answer)) == (415, "unsupported_media_type")


def test_a_ticket_nobody_knows(client, world, folder):
    nobodys = str(uuid.uuid4())
    for answer in (client.get(f"{URL}{nobodys}/"), add(client, nobodys, 0, b"x"), finish(client, nobodys)):
        assert (answer.status_code, error(answer)) == (404, "unknown_ticket")


# --- How many, and how long ---------------------------------------------------------------


def test_a_device_has_at_most_50_open_tickets_and_is_told_to_wait(client, world, folder, settings):
    settings.PHOTOS_PER_DEVICE = settings.PHOTOS_PER_DEVICE_AND_DAY = "100/m"  # else that comes first
    for number in range(50):
        assert take(client, PHOTO, sha256=f"{number:064x}").status_code == 201
    answer = take(client, PHOTO)
    assert (answer.status_code, error(answer), answer["Retry-After"]) == (429, "too_many_open", "60")
    assert take(client, PHOTO, sha256=f"{7:064x}").status_code == 200, "one that is open is no new one"
    assert take(Client(), PHOTO).status_code == 201
    Ticket.objects.filter(sha256=f"{8:064x}").update(expires_at=timezone.now() - timedelta(seconds=1))
    assert take(client, PHOTO).status_code == 201


def test_a_ticket_that_nobody_finishes_ends_quietly(client, world, objects, ticket, caplog):
    add(client, ticket, 0, PHOTO[:100])
    assert pipeline.reap() == 0
    Ticket.objects.update(expires_at=timezone.now() - timedelta(seconds=1))
    for answer in (client.get(f"{URL}{ticket}/"), add(client, ticket, 100, b"x"), finish(client, ticket)):
        assert (answer.status_code, error(answer)) == (404, "unknown_ticket")
    pipeline.reap()
    assert not Ticket.objects.exists()
    assert take(client, PHOTO).status_code == 201
    storage.remove_staged(before=timezone.now() + timedelta(days=1))
    assert storage.received(uuid.UUID(ticket)) == 0
    assert [record for record in caplog.records if record.levelname != "WARNING"] == []


def test_one_taken_again_after_its_day_lives_another(client, world, folder, ticket):
    add(client, ticket, 0, PHOTO[:100])
    Ticket.objects.update(expires_at=timezone.now() - timedelta(seconds=1))
    again = take(client, PHOTO).json()
    assert (again["ticket"], again["offset"]) == (ticket, 100)


def test_the_receipt_is_found_after_the_ticket_is_forgotten(client, world, folder):
    receipt = send(client, PHOTO).json()["receipt"]
    Ticket.objects.update(expires_at=timezone.now() - timedelta(seconds=1))
    assert tickets.forget_ended() == 1
    assert take(client, PHOTO).json()["receipt"]["receipt"] == receipt


# --- Outages ------------------------------------------------------------------------------


def test_a_full_disk_keeps_what_was_promised(client, world, folder, ticket, monkeypatch):
    add(client, ticket, 0, PHOTO[:100])
    with monkeypatch.context() as patch:
        patch.setattr("os.fsync", Mock(side_effect=OSError(28, "No space left on device")))
        answer = add(client, ticket, 100, PHOTO[100:])
    assert (answer.status_code, error(answer)) == (503, "storage_unavailable")
    assert int(answer["Retry-After"]) > 0
    start = client.get(f"{URL}{ticket}/").json()["offset"]
    assert start >= 100
    if start < len(PHOTO):
        add(client, ticket, start, PHOTO[start:])
    assert finish(client, ticket).status_code == 201


def test_without_the_decoder_nothing_is_lost(client, world, objects, ticket, monkeypatch):
    from uploads import inspection

    add(client, ticket, 0, PHOTO)
    with monkeypatch.context() as patch:
        patch.setattr(inspection, "examine", Mock(side_effect=inspection.DecoderUnavailable))
        answer = finish(client, ticket)
    assert (answer.status_code, error(answer)) == (503, "decoder_unavailable")
    assert client.get(f"{URL}{ticket}/").json()["offset"] == len(PHOTO)
    assert finish(client, ticket).status_code == 201


def test_a_storage_that_fails_after_the_commit_costs_nobody_the_receipt(client, world, folder, ticket, monkeypatch):
    add(client, ticket, 0, PHOTO)
    monkeypatch.setattr(storage.FolderStorage, "drop", Mock(side_effect=OSError(5, "Input/output error")))
    assert finish(client, ticket).status_code == 201


def test_without_the_database_there_is_no_receipt(client, world, folder, ticket, monkeypatch):
    add(client, ticket, 0, PHOTO)
    with monkeypatch.context() as patch:
        patch.setattr("uploads.intake.record", Mock(side_effect=OperationalError("gone")))
        answer = finish(client, ticket)
    assert (answer.status_code, error(answer)) == (503, "unavailable")
    assert finish(client, ticket).status_code == 201


# --- Crashes, and two at once -------------------------------------------------------------


@pytest.fixture
def real_world(transactional_db):
    return build()


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("point", ["examined", "original sealed", "row written", "ticket closed", "committed"])
def test_a_crash_at_the_end_loses_nothing_and_the_next_try_gets_the_receipt(real_world, objects, crash_after, point):
    client = Client()
    content = encoded(seed=len(point), width=300, height=400)
    ticket = take(client, content).json()["ticket"]
    add(client, ticket, 0, content)
    with crash_after(point):
        finish(client, ticket)
    assert Photo.objects.exists() == (point == "committed")
    told = client.get(f"{URL}{ticket}/").json()
    assert (told["state"], told["offset"]) == ("done" if point == "committed" else "open", len(content))
    answer = finish(client, ticket)
    assert answer.status_code == (200 if point == "committed" else 201)
    storage.drop(uuid.UUID(ticket))  # what the reaper does where the crash came just before it
    assert_whole(content)
    assert finish(client, ticket).json() == answer.json()


def at_once(*asks) -> list[HttpResponse]:
    """All of them together, each in a thread with a connection of its own."""
    together, answers = threading.Barrier(len(asks)), [None] * len(asks)

    def one(number, ask) -> None:
        try:
            together.wait(30)
            answers[number] = ask()
        finally:
            connections.close_all()

    threads = [threading.Thread(target=one, args=pair) for pair in enumerate(asks)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    return answers


def twin_of(client: Client) -> Client:
    """The same browser's other tab."""
    twin = Client()
    twin.cookies = client.cookies.copy()
    return twin


@pytest.mark.django_db(transaction=True)
def test_two_tabs_with_the_same_photo_are_one_photo_with_one_receipt(real_world, objects):
    client = Client()
    take(client, encoded(seed=1, width=100, height=100))  # the device has its cookie
    tabs = [twin_of(client) for _ in range(4)]
    content = encoded(seed=21, width=300, height=400)

    def tab(browser: Client) -> HttpResponse:
        told = take(browser, content).json()
        while told["state"] == "open" and told["offset"] < len(content):
            start = told["offset"]
            added = add(browser, told["ticket"], start, content[start : start + 3000])
            assert added.status_code in (204, 409), added.content
            told["offset"] = there(added)
        return finish(browser, told["ticket"]) if told["ticket"] else take(browser, content)

    answers = at_once(*(lambda tab_=tab_: tab(tab_) for tab_ in tabs))
    assert {answer.status_code for answer in answers} <= {200, 201}
    codes = {(answer.json().get("receipt") or {}) for answer in answers if answer.status_code == 201}
    assert len(codes) == 1
    assert Ticket.objects.filter(sha256=Photo.objects.get().sha256).count() == 1
    assert_whole(content)


@pytest.mark.django_db(transaction=True)
def test_one_piece_sent_eight_times_at_once_is_there_once(real_world, objects):
    client = Client()
    ticket = take(client, PHOTO).json()["ticket"]
    answers = at_once(*(lambda: add(Client(), ticket, 0, PHOTO[:1000]) for _ in range(8)))
    assert sorted(answer.status_code for answer in answers) == [204] + [409] * 7
    assert {there(answer) for answer in answers} == {1000}
    add(client, ticket, 1000, PHOTO[1000:])
    answers = at_once(*(lambda: finish(Client(), ticket) for _ in range(8)))
    assert sorted(answer.status_code for answer in answers) == [200] * 7 + [201]
    assert len({answer.json()["receipt"] for answer in answers}) == 1
    assert_whole()


# --- Straight to the object store ---------------------------------------------------------


@pytest.fixture
def direct(settings, s3):
    """Phones reach the object store."""
    settings.STORAGES = settings.STORAGES | s3_storages(s3, public_endpoint=s3.endpoint)


def put(way: dict, content: bytes, **headers: str) -> int:
    address = urlsplit(way["url"])
    phone = http.client.HTTPConnection(address.netloc, timeout=10)
    phone.request(way["method"], f"{address.path}?{address.query}", content, way["headers"] | headers)
    return phone.getresponse().status


def test_a_photo_goes_straight_to_the_object_store(client, world, direct):
    told = take(client, PHOTO, media_type="image/jpeg").json()
    way = told["direct"]
    assert way["method"] == "PUT"
    assert way["headers"].keys() == {"Content-Type", "x-amz-checksum-sha256"}
    assert finish(client, told["ticket"]).status_code == 409
    assert put(way, PHOTO) == 200
    assert client.get(f"{URL}{told['ticket']}/").json()["offset"] == len(PHOTO)
    assert finish(client, told["ticket"]).status_code == 201
    assert_whole()


def test_what_was_signed_is_what_may_be_put(client, world, direct):
    way = take(client, PHOTO, media_type="image/jpeg").json()["direct"]
    for content, headers in (
        (PHOTO[:-1], {}),
        (PHOTO + b"x", {}),
        (PHOTO, {"Content-Type": "text/html"}),
        (PHOTO, {"x-amz-checksum-sha256": "AAAA"}),
    ):
        assert put(way, content, **headers) == 403
    elsewhere = way | {"url": way["url"].replace("staging/", "originals/")}
    assert put(elsewhere, PHOTO) == 403


def test_other_bytes_of_the_same_length_are_found_out(client, world, direct):
    told = take(client, PHOTO, media_type="image/jpeg").json()
    put(told["direct"], bytes(len(PHOTO)))
    answer = finish(client, told["ticket"])
    assert (answer.status_code, error(answer)) == (422, "wrong_hash")
    again = client.get(f"{URL}{told['ticket']}/").json()
    assert (again["state"], again["offset"]) == ("open", 0)
    put(again["direct"], PHOTO)
    assert finish(client, told["ticket"]).status_code == 201


def test_a_second_put_changes_nothing_that_is_sealed(client, world, direct, monkeypatch):
    told = take(client, PHOTO, media_type="image/jpeg").json()
    put(told["direct"], PHOTO)
    keep = S3Storage.keep

    def overtaken(self, source, key):
        assert put(told["direct"], bytes(len(PHOTO))) == 200  # after it was looked at, before it is sealed
        keep(self, source, key)

    monkeypatch.setattr(S3Storage, "keep", overtaken)
    receipt = finish(client, told["ticket"])
    assert receipt.status_code == 201
    photo = assert_whole()
    put(told["direct"], bytes(len(PHOTO)))
    assert storage.read_original(photo.sha256) == PHOTO
    assert finish(client, told["ticket"]).json() == receipt.json()
    storage.drop(uuid.UUID(told["ticket"]))


def test_begun_in_pieces_it_may_be_ended_directly(client, world, direct):
    told = take(client, PHOTO, media_type="image/jpeg").json()
    add(client, told["ticket"], 0, PHOTO[:1000])
    put(told["direct"], PHOTO)
    answer = add(client, told["ticket"], 1000, PHOTO[1000:])
    assert (answer.status_code, there(answer)) == (409, len(PHOTO))
    assert finish(client, told["ticket"]).status_code == 201
    assert_whole()


def test_an_object_that_is_longer_than_announced_is_dropped(client, world, direct):
    ticket = take(client, PHOTO).json()["ticket"]
    key = storage.staging_key(uuid.UUID(ticket))
    storages["sealed"].put(key, PHOTO + b"x", "image/jpeg")  # by a store that does not look
    answer = finish(client, ticket)
    assert (answer.status_code, there(answer)) == (409, 0)
    assert storages["sealed"].size_of(key) is None


def test_the_signed_address_is_the_phones_and_soon_over(client, world, settings, s3):
    settings.STORAGES = settings.STORAGES | s3_storages(s3, public_endpoint="https://unggah.contoh.test")
    url = take(client, PHOTO).json()["direct"]["url"]
    assert url.startswith("https://unggah.contoh.test/pemantau-sealed/staging/")
    assert "X-Amz-Expires=3600" in url
    assert s3.secret_key not in url


# --- Over a real server, cut in the middle ------------------------------------------------


@pytest.mark.django_db(transaction=True)
def test_what_arrived_before_the_connection_broke_counts(real_world, folder, live_server):
    client = Client()
    ticket = take(client, PHOTO).json()["ticket"]
    address = urlsplit(live_server.url)
    phone = http.client.HTTPConnection(address.hostname, address.port, timeout=10)
    phone.putrequest("PATCH", f"{URL}{ticket}/")
    for name, value in (("Upload-Offset", 0), ("Content-Length", len(PHOTO))):
        phone.putheader(name, str(value))
    phone.putheader("Content-Type", "application/partial-upload")
    phone.endheaders()
    phone.send(PHOTO[:5000])
    phone.close()
    deadline = time.monotonic() + 20
    while storage.received(uuid.UUID(ticket)) < 5000:
        assert time.monotonic() < deadline
        time.sleep(0.05)
    assert client.get(f"{URL}{ticket}/").json()["offset"] == 5000
    assert add(client, ticket, 5000, PHOTO[5000:]).status_code == 204
    assert finish(client, ticket).status_code == 201
    assert_whole()


# --- Queries ------------------------------------------------------------------------------


@pytest.mark.django_db(transaction=True)
def test_queries_of_the_whole_way(folder):
    """Counted with real commits, so BEGIN and COMMIT are among them; the cookie of the device is there already."""
    world = build()
    form_definitions.for_contest(world.contest)  # a process reads the options once
    client = Client()
    send(client, encoded(seed=1, width=200, height=300))
    content = encoded(seed=2, width=200, height=300, exif=taken_at("2019:04:17 15:40:00"))

    def counted(ask) -> tuple[int, HttpResponse]:
        with CaptureQueriesContext(connection) as queries:
            answer = ask()
        return len(queries), answer

    taking, taken = counted(lambda: take(client, content))
    ticket = taken.json()["ticket"]
    adding, _ = counted(lambda: add(client, ticket, 0, content))
    finishing, done = counted(lambda: finish(client, ticket))
    assert done.status_code == 201
    assert (taking, adding, finishing) <= (6, 4, 9)  # two of them are the transaction's
    assert taking + adding + finishing <= 19
