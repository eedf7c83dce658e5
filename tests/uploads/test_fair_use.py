"""Over the limit means later, never lost; and only what is new counts."""

import hashlib
import logging

import pytest
from django.test import Client

from accounts import buckets, devices, doorkeeper
from accounts.buckets import Rate
from accounts.models import Device
from pemantau import admission, pipeline
from tests.transcription import reading as people
from tests.uploads import by_ticket
from tests.uploads.pictures import encoded
from tests.uploads.test_api import error, send
from tests.uploads.test_pages import send as send_form
from tests.uploads.test_pages import text
from uploads import fair_use, storage
from uploads.models import Photo, Ticket

pytestmark = pytest.mark.django_db

HOME, NEIGHBOUR = "203.0.114.7", "203.0.114.8"


def photo(seed: int) -> bytes:
    return encoded(seed=seed, width=200, height=300)


@pytest.fixture
def two_per_device(settings):
    settings.PHOTOS_PER_DEVICE = "2/10m"


def known(device: Device) -> Client:
    """A browser that is known to be this device."""
    client = Client()
    client.cookies[devices.COOKIE] = devices._signer.sign(str(device.pk))
    return client


# --- The limits -------------------------------------------------------------------------------


def test_the_limits_are_those_of_the_plan(settings):
    assert buckets.rate(settings.PHOTOS_PER_DEVICE) == Rate(10, 600)
    assert buckets.rate(settings.PHOTOS_PER_DEVICE_AND_DAY) == Rate(30, 86400)


def test_a_device_over_its_limit_is_told_when_and_others_are_not_touched(client, world, folder, two_per_device):
    assert [send(client, photo(seed)).status_code for seed in (1, 2)] == [201, 201]
    answer = send(client, photo(3))
    assert (answer.status_code, error(answer)) == (429, "too_many_photos")
    assert 295 <= int(answer["Retry-After"]) <= 300
    assert "tidak hilang" in answer.json()["error"]["message"]
    assert "Coba lagi dalam 5 menit." in answer.json()["error"]["message"]
    assert Photo.objects.count() == 2
    # Somebody else, for the very same TPS: nothing locks a TPS.
    assert send(Client(), photo(3)).status_code == 201


def test_a_form_over_the_limit_keeps_the_page_and_says_when(client, world, folder, two_per_device):
    for seed in (1, 2):
        assert send_form(client, photo(seed), follow=False).status_code == 302
    answer = send_form(client, photo(3), page="3")
    assert answer.status_code == 429
    assert 295 <= int(answer["Retry-After"]) <= 300
    assert "tidak hilang" in text(answer)
    assert "Coba lagi dalam 5 menit." in text(answer)
    assert 'value="3" checked' in answer.content.decode()


def test_what_brings_nothing_new_does_not_count(client, world, folder, two_per_device):
    assert send(client, photo(1)).status_code == 201
    for _ in range(5):
        assert send(client, photo(1)).status_code == 200
        assert send(client, b"no picture " * 50).status_code == 415
        assert send(client, b"").status_code == 422
    assert send(client, photo(2)).status_code == 201
    assert send(client, photo(3)).status_code == 429


def test_a_picture_that_was_decoded_to_find_it_broken_counts(client, world, folder, two_per_device):
    """Else one device could have us decode without end."""
    assert [send(client, photo(seed)[:-2000]).status_code for seed in (1, 2, 3)] == [422, 422, 429]


def test_a_lost_answer_is_given_again_over_the_limit_too(client, world, folder, two_per_device):
    receipts = [send(client, photo(seed)).json()["receipt"] for seed in (1, 2)]
    assert send(client, photo(3)).status_code == 429
    again = send(client, photo(2))
    assert (again.status_code, again.json()["receipt"]) == (200, receipts[1])
    assert send_form(client, photo(1), follow=False).status_code == 302


def test_an_outage_does_not_count(client, world, folder, two_per_device, monkeypatch):
    def away(*args: object) -> None:
        raise storage.StorageUnavailable

    with monkeypatch.context() as patch:
        patch.setattr("uploads.intake.storage.seal", away)
        for _ in range(3):
            assert send(client, photo(1)).status_code == 503
    assert send(client, photo(1)).status_code == 201


def test_an_address_has_many_devices_and_its_neighbour_has_its_own_tokens(world, folder, settings):
    settings.PHOTOS_PER_IPV4 = "3/10m"
    sent = [send(Client(REMOTE_ADDR=HOME), photo(seed)).status_code for seed in range(4)]
    assert sent == [201, 201, 201, 429]
    assert send(Client(REMOTE_ADDR=NEIGHBOUR), photo(9)).status_code == 201


def test_ipv6_is_counted_by_64(world, folder, settings):
    settings.PHOTOS_PER_IPV6 = "2/10m"
    addresses = ["2001:448a:1000:1::7", "2001:448a:1000:1:9:9:9:9", "2001:448a:1000:1::8", "2001:448a:1000:2::7"]
    sent = [send(Client(REMOTE_ADDR=address), photo(n)).status_code for n, address in enumerate(addresses)]
    assert sent == [201, 201, 429, 201]


def test_no_address_stands_in_redis(client, world, folder):
    send(Client(REMOTE_ADDR=HOME), photo(1))
    keys = doorkeeper.ask(lambda redis: redis.keys("*"), [])
    assert sorted(key.decode().rsplit(":", 1)[0] for key in keys) == [
        "bucket:photos:address",
        "bucket:photos:device",
        "bucket:photos:device:day",
    ]
    assert not [key for key in keys if HOME.encode() in key]


def test_behind_a_wrongly_set_proxy_nobody_is_counted_by_address(world, folder, settings):
    settings.PHOTOS_PER_IPV4 = "1/10m"
    assert [send(Client(REMOTE_ADDR="10.0.0.2"), photo(n)).status_code for n in range(3)] == [201] * 3


def test_without_redis_photos_come_in(client, world, folder, settings, caplog):
    settings.PHOTOS_PER_DEVICE = "1/10m"
    settings.REDIS_URL = "redis://127.0.0.1:1/0"
    with caplog.at_level(logging.ERROR, "accounts.doorkeeper"):
        assert [send(client, photo(n)).status_code for n in range(3)] == [201] * 3
    assert len([record for record in caplog.records if record.name == "accounts.doorkeeper"]) == 1


# --- Growing ----------------------------------------------------------------------------------


@pytest.mark.parametrize(("accepted", "tokens"), [(0, 30), (3, 30), (4, 40), (100, 1000)])
def test_the_days_limit_grows_with_usable_photos(accepted, tokens):
    assert fair_use.grown_by(Rate(30, 86400), accepted) == Rate(tokens, 86400)


def test_usable_photos_are_asked_for_only_where_the_days_limit_is_used_up(world, settings):
    settings.PHOTOS_PER_DEVICE_AND_DAY = "2/d"
    settings.PHOTOS_PER_DEVICE = "14/10m"
    asked = []

    def one(device: Device) -> int:
        asked.append(device)
        return 1

    device = world.device()
    for _ in range(2):
        fair_use.admit(device, "", one)
    assert asked == []
    for _ in range(8):
        fair_use.admit(device, "", one)
    assert asked == [device] * 8
    with pytest.raises(fair_use.TooManyPhotos) as refused:
        fair_use.admit(device, "", one)
    assert 8630 <= refused.value.retry_after <= 8640


def test_a_photo_that_two_readers_agreed_on_is_usable(client, world, folder):
    answer = send(client, photo(1), page=2)
    sent = Photo.objects.get(pk=answer.json()["photo"])
    assert admission.accepted_of(sent.device) == 0
    for step in (pipeline.inspect, pipeline.open_to_readers):
        step(str(sent.pk))
    people.reads(world, "Sari", sent)
    assert admission.accepted_of(sent.device) == 0
    people.reads(world, "Budi", sent)
    assert admission.accepted_of(sent.device) == 1
    assert admission.accepted_of(world.device()) == 0


def test_a_decision_that_no_longer_stands_makes_no_photo_usable(world):
    sent = people.photo_of(world)
    for name in ("Sari", "Budi"):
        people.reads(world, name, sent)
    people.rules(world, "Hakim", sent, "reopen", "look_again")
    assert people.decision_of(sent).outcome == "reopened"
    assert admission.accepted_of(sent.device) == 0


def test_who_brought_a_usable_photo_goes_on_where_others_wait(world, folder, settings):
    settings.PHOTOS_PER_DEVICE_AND_DAY = "1/d"
    stranger, trusted = world.device(), world.device()
    sent = people.photo_of(world, device=trusted)
    people.reads(world, "Sari", sent)
    people.reads(world, "Budi", sent)
    assert [send(known(stranger), photo(n)).status_code for n in (1, 2)] == [201, 429]
    assert [send(known(trusted), photo(n)).status_code for n in range(3, 13)] == [201] * 10
    assert send(known(trusted), photo(13)).status_code == 429


def announce(client: Client, seed: int, content: bytes | None = None, **headers: str):
    content = content or photo(seed)
    said = {"station": "9101011001001", "contest": "ppwp", "page": 2, "size": len(content)}
    body = said | {"sha256": hashlib.sha256(content).hexdigest()}
    return client.post("/api/v1/tickets/", body, content_type="application/json", headers=headers)


def test_a_photo_in_pieces_counts_where_it_is_announced_and_once(client, world, folder, two_per_device):
    assert [announce(client, seed).status_code for seed in (1, 2)] == [201, 201]
    over = announce(client, 3)
    assert (over.status_code, over.json()["error"]["code"]) == (429, "too_many_photos")
    assert int(over["Retry-After"]) > 0
    assert Ticket.objects.count() == 2, "nothing is kept of what was not let in"
    assert [announce(client, seed).status_code for seed in (1, 2)] == [200, 200], "who asks again is not held up"


def test_what_brings_nothing_new_by_ticket_does_not_count(client, world, folder, two_per_device):
    assert send(Client(), photo(1)).status_code == 201
    client.cookies[devices.COOKIE] = devices._signer.sign(str(world.device().pk))
    for number in range(3):
        assert by_ticket.send(client, b"no picture %d" % number * 50).status_code == 415
    anothers = by_ticket.send(client, photo(1))
    assert anothers.status_code == 200
    assert [by_ticket.send(client, photo(seed)).status_code for seed in (2, 3, 4)] == [201, 201, 429]


def test_a_broken_picture_by_ticket_counts_too(client, world, folder, two_per_device):
    broken = [photo(seed)[:-2000] for seed in (1, 2, 3)]
    assert [by_ticket.send(client, one).status_code for one in broken] == [422, 422, 429]


def test_finishing_again_gives_no_token_back(client, world, folder, two_per_device):
    refused = announce(client, 1, content=b"no picture " * 50).json()["ticket"]
    assert by_ticket.add(client, refused, 0, b"no picture " * 50).status_code == 204
    assert [by_ticket.finish(client, refused).status_code for _ in range(3)] == [415, 415, 415]
    sent = announce(client, 2).json()["ticket"]
    assert by_ticket.add(client, sent, 0, photo(2)).status_code == 204
    assert [by_ticket.finish(client, sent).status_code for _ in range(3)] == [201, 200, 200]
    assert [announce(client, seed).status_code for seed in (3, 4)] == [201, 429]
