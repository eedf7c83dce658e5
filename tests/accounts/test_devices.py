"""The device cookie, and whose address a request comes from."""

import datetime
import uuid

import pytest
from django.core.signing import Signer
from django.http import HttpResponse
from django.test import RequestFactory

from accounts import devices
from accounts.models import Device


def visit(asks_for_device: bool, **headers: str) -> tuple[HttpResponse, Device | None]:
    """One request through the middleware; `cookie` is the header."""
    seen: list[Device] = []

    def view(request):
        if asks_for_device:
            seen.extend([devices.of(request), devices.of(request)])
            assert seen[0] is seen[1]
        return HttpResponse()

    request = RequestFactory().get("/", **headers)
    return devices.DeviceMiddleware(view)(request), seen[0] if seen else None


@pytest.mark.django_db
def test_a_reader_gets_no_cookie_and_no_row():
    response, _ = visit(asks_for_device=False)
    assert not response.cookies
    assert not Device.objects.exists()


@pytest.mark.django_db
def test_a_sender_gets_a_cookie_that_finds_the_same_device_again(django_assert_num_queries):
    response, first = visit(asks_for_device=True)
    cookie = response.cookies[devices.COOKIE]
    assert cookie["httponly"]
    assert cookie["samesite"] == "Lax"
    assert cookie["max-age"] == 365 * 24 * 3600
    assert "Cookie" in response["Vary"]
    with django_assert_num_queries(1):
        _, again = visit(asks_for_device=True, HTTP_COOKIE=f"{devices.COOKIE}={cookie.value}")
    assert again == first


@pytest.mark.parametrize(
    "value",
    ["", "x", str(uuid.uuid4()), f"{uuid.uuid4()}:bad", Signer(salt="accounts.devices").sign("not an id")],
    ids=["nothing", "a letter", "an id", "another signature", "no id"],
)
@pytest.mark.django_db
def test_a_cookie_we_did_not_sign_is_nobody(value):
    stranger = Device.objects.create()
    _, device = visit(asks_for_device=True, HTTP_COOKIE=f"{devices.COOKIE}={value}")
    assert device != stranger
    assert Device.objects.count() == 2


@pytest.mark.django_db
def test_a_signed_device_whose_row_is_gone_gets_a_new_one():
    response, first = visit(asks_for_device=True)
    first.delete()
    _, second = visit(asks_for_device=True, HTTP_COOKIE=f"{devices.COOKIE}={response.cookies[devices.COOKIE].value}")
    assert Device.objects.get() == second


@pytest.mark.parametrize(
    ("proxies", "forwarded", "expected"),
    [
        (0, "36.68.1.1", "180.244.9.9"),
        (1, "36.68.1.1", "36.68.1.1"),
        (1, "1.1.1.1, 36.68.1.1", "36.68.1.1"),
        (2, "1.1.1.1, 36.68.1.1, 10.0.0.2", "36.68.1.1"),
        (2, "36.68.1.1", "180.244.9.9"),
        (1, "", "180.244.9.9"),
        (1, "unknown", "180.244.9.9"),
        (1, "::ffff:36.68.1.1", "36.68.1.1"),
        (1, "2001:448a:1000::7", "2001:448a:1000::7"),
    ],
)
def test_only_our_own_proxies_are_believed(settings, proxies, forwarded, expected):
    settings.TRUSTED_PROXY_COUNT = proxies
    request = RequestFactory().get("/", REMOTE_ADDR="180.244.9.9", HTTP_X_FORWARDED_FOR=forwarded)
    assert devices.client_address(request) == expected


DAY = datetime.date(2029, 2, 14)


def test_neighbours_share_a_block_and_others_do_not():
    assert devices.block_of("36.68.1.1", DAY) == devices.block_of("36.68.1.200", DAY)
    assert devices.block_of("36.68.1.1", DAY) != devices.block_of("36.68.2.1", DAY)
    assert devices.block_of("2001:448a:1000::7", DAY) == devices.block_of("2001:448a:1000:ffff::1", DAY)
    assert devices.block_of("2001:448a:1000::7", DAY) != devices.block_of("2001:448a:1001::7", DAY)


def test_the_pseudonym_of_a_block_changes_every_day_and_with_the_key(settings):
    today = devices.block_of("36.68.1.1", DAY)
    assert len(today) == 32
    assert today != devices.block_of("36.68.1.1", DAY + datetime.timedelta(days=1))
    settings.SECRET_KEY = "another"
    assert today != devices.block_of("36.68.1.1", DAY)


@pytest.mark.parametrize(
    ("at", "day"),
    [("2029-02-14T05:59", 13), ("2029-02-14T06:01", 14), ("2029-02-15T00:30", 14), ("2029-02-15T05:59", 14)],
)
def test_in_the_night_of_counting_a_block_keeps_its_pseudonym(monkeypatch, at, day):
    now = datetime.datetime.fromisoformat(f"{at}+07:00")
    monkeypatch.setattr(devices.timezone, "now", lambda: now)
    assert devices.day() == datetime.date(2029, 2, day)


@pytest.mark.parametrize("address", ["127.0.0.1", "::1", "10.1.2.3", "192.168.0.4", "100.64.0.9", "fd00::1", "", "x"])
def test_an_address_that_is_nobodys_in_the_world_tells_nothing(address):
    assert devices.block_of(address, DAY) == ""


def test_a_household_is_an_ipv4_address_or_an_ipv6_64():
    assert devices.household_of("36.68.1.1", DAY) != devices.household_of("36.68.1.2", DAY)
    assert devices.household_of("2001:448a:1000:1::7", DAY) == devices.household_of("2001:448a:1000:1:9:9:9:9", DAY)
    assert devices.household_of("2001:448a:1000:1::7", DAY) != devices.household_of("2001:448a:1000:2::7", DAY)
    assert devices.household_of("36.68.1.0", DAY) != devices.block_of("36.68.1.0", DAY)
    assert devices.household_of("36.68.1.1", DAY) != devices.household_of("36.68.1.1", DAY + datetime.timedelta(days=1))
    assert devices.household_of("192.168.0.4", DAY) == ""
