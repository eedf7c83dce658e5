"""The volunteer's terms: asked once, and again when they change."""

import pytest
from django.test import Client

from accounts import onboarding
from accounts.models import Role, User
from tests.transcription.reading import browser_of, photo_of
from transcription.models import Lease


@pytest.fixture
def sari(world):
    return world.person("Sari", terms_version=0, terms_accepted_at=None)


def accepts(browser: Client, version: str = "1"):
    return browser.post("/ketentuan/terima/", {"versi": version})


def test_who_has_not_accepted_is_led_to_the_terms_and_takes_nothing(world, sari):
    photo_of(world)
    browser = browser_of(world, "Sari")
    assert browser.get("/baca/").url == "/ketentuan/"
    page = browser.post("/baca/")
    assert page.status_code == 403
    assert 'href="/ketentuan/"' in page.content.decode()
    answer = browser.post("/api/v1/tasks/")
    assert (answer.status_code, answer.json()["error"]["code"]) == (403, "terms_first")
    assert answer["Link"] == '</ketentuan/>; rel="next"'
    assert not Lease.objects.exists()


def test_accepted_once_with_the_version_and_the_moment(world, sari):
    browser = browser_of(world, "Sari")
    assert "Saya terima" in browser.get("/ketentuan/").content.decode()
    assert accepts(browser).url == "/baca/"
    now = User.objects.get(pk=sari.pk)
    assert now.terms_version == 1
    assert accepts(browser).status_code == 302
    assert User.objects.get(pk=sari.pk).terms_accepted_at == now.terms_accepted_at
    page = browser.get("/ketentuan/").content.decode()
    assert "Saya terima" not in page
    assert "Anda menerima ketentuan ini" in page
    assert browser.get("/baca/").status_code == 200


def test_changed_terms_are_asked_anew_and_what_is_in_hand_can_still_be_sent(world, monkeypatch):
    photo_of(world)
    browser = browser_of(world, "Budi")
    lease = browser.post("/api/v1/tasks/").json()["id"]
    monkeypatch.setattr(onboarding, "TERMS_VERSION", 2)
    assert browser.post("/api/v1/tasks/?ahead=true").json()["error"]["code"] == "terms_first"
    entry = {"page": 2, "numbers": {"paslon_1": 1, "paslon_2": 2, "paslon_3": 3}, "tps": "tidak_terbaca"}
    sent = browser.post(f"/api/v1/tasks/{lease}/entry/", entry, "application/json")
    assert sent.status_code == 201
    assert accepts(browser, "2").url == "/baca/"
    assert browser.post("/api/v1/tasks/").status_code == 204


@pytest.mark.parametrize("version", ["0", "2", "", "satu", "9" * 30])
def test_only_the_present_terms_are_accepted(world, sari, version):
    assert accepts(browser_of(world, "Sari"), version).url == "/ketentuan/"
    assert User.objects.get(pk=sari.pk).terms_version == 0


def test_everybody_may_read_them_and_a_citizen_accept_them(world, client):
    assert "Saya terima" not in client.get("/ketentuan/").content.decode()
    assert accepts(client).url.startswith("/akun/login/")
    citizen = browser_of(world, "Cici", Role.CITIZEN)
    User.objects.filter(email="cici@contoh.test").update(terms_version=0, terms_accepted_at=None)
    assert accepts(citizen).url == "/akun/"
