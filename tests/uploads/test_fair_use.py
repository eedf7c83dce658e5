"""Fair use without accounts: later, never lost; tight for a device, generous for an address, nothing for a TPS."""

import hashlib
import uuid

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client, RequestFactory

from accounts import buckets, devices
from pemantau import pipeline
from tests.transcription.reading import photo_of, reads
from tests.uploads.pictures import encoded
from uploads import fair_use
from uploads.models import Photo

TPS = "9101011001001"


@pytest.fixture(autouse=True)
def strict(settings, folder):
    settings.PHOTOS_PER_DEVICE = ["3/600", "5/86400"]
    settings.PHOTOS_PER_ADDRESS = "4/600"
    settings.TRUSTED_PROXY_COUNT = 1


def picture(seed: int) -> bytes:
    return encoded(seed=seed, width=240, height=320)


def sends(client: Client, seed: int, way: str = "api", address: str = ""):
    headers = {"X-Forwarded-For": address} if address else {}
    content = picture(seed)
    if way == "ticket":
        said = {"station": TPS, "contest": "ppwp", "size": len(content)}
        body = said | {"sha256": hashlib.sha256(content).hexdigest()}
        return client.post("/api/v1/tickets/", body, content_type="application/json", headers=headers)
    form = {"file": SimpleUploadedFile("a.jpg", content), "contest": "ppwp", "page": "2"}
    if way == "form":
        return client.post(f"/kirim/{TPS}/", form, headers=headers)
    return client.post("/api/v1/photos/", form | {"station": TPS}, headers=headers)


WELL = {"api": 201, "form": 302, "ticket": 201}


@pytest.mark.parametrize("way", WELL)
def test_a_device_waits_after_so_many_and_is_told_how_long(world, client, way):
    assert [sends(client, seed, way).status_code for seed in range(3)] == [WELL[way]] * 3
    over = sends(client, 3, way)
    assert over.status_code == 429
    assert 190 <= int(over["Retry-After"]) <= 200
    assert "Simpan fotonya" in over.content.decode()
    if way == "form":
        assert 'value="2" checked' in over.content.decode()
    assert sends(Client(), 3, way).status_code == WELL[way], "another device is another's matter"


def test_only_what_is_new_uses_the_limit_up(world, client):
    for _ in range(5):
        assert sends(client, 1).status_code in (200, 201)
        assert sends(client, 1, "ticket").status_code == 200
        assert (
            client.post(
                "/api/v1/photos/", {"file": SimpleUploadedFile("a.jpg", b"text"), "station": TPS, "contest": "ppwp"}
            ).status_code
            == 415
        )
    assert [sends(client, seed).status_code for seed in (2, 3, 4)] == [201, 201, 429]


def test_an_address_is_counted_for_all_its_devices_and_a_tps_for_nobody(world):
    assert [sends(Client(), seed, address="36.80.1.2").status_code for seed in range(5)] == [201] * 4 + [429]
    assert sends(Client(), 4, address="36.80.1.3").status_code == 201
    assert Photo.objects.filter(station__code=TPS).count() == 5


def test_limits_grow_with_the_photos_that_were_accepted(world):
    device = world.device()

    def many() -> int:
        for number in range(100):
            try:
                with fair_use.admit(device.pk, "", pipeline.accepted_from) as place:
                    place.used = True
            except fair_use.TooManyPhotos:
                return number
        return 100

    assert many() == 3
    photo = photo_of(world, device=device)
    for name in ("Budi", "Dewi"):
        reads(world, name, photo)
    assert pipeline.accepted_from(device.pk) == 1
    assert many() == 7, "10 in all"


def test_the_accepted_are_counted_only_where_it_matters(world, client, django_assert_num_queries):
    with django_assert_num_queries(0), fair_use.admit(uuid.uuid4(), "", pipeline.accepted_from):
        pass


@pytest.mark.parametrize(
    ("address", "same", "other"),
    [("36.80.1.2", "36.80.1.2", "36.80.1.3"), ("2001:db8:1:2::1", "2001:db8:1:2:ffff::9", "2001:db8:1:3::1")],
)
def test_an_address_is_known_by_todays_pseudonym_alone(settings, address, same, other):
    def key(of: str) -> str:
        # The documentation's own networks count as nobody's; others stand for them here.
        of = of.replace("2001:db8", "2404:c0")
        return devices.address_key(RequestFactory().get("/", headers={"X-Forwarded-For": of}))

    assert key(address) == key(same) != key(other)
    assert address not in key(address)
    assert key(address)[:2] == ("6-" if ":" in address else "4-")
    assert devices.address_key(RequestFactory().get("/")) == "", "nobody's in the world"


def test_without_redis_photos_come_in(world, client, settings, monkeypatch):
    settings.REDIS_URL = "redis://127.0.0.1:1/0"
    monkeypatch.setattr(buckets, "_said_at", -buckets.SAY_AGAIN_AFTER)
    assert [sends(client, seed).status_code for seed in range(4)] == [201] * 4
