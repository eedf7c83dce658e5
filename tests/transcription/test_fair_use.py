"""Who asks for photos or sends readings without end waits a while; nothing is lost, and nobody else is touched."""

import re

import pytest

from accounts import buckets
from accounts.buckets import Rate
from tests.transcription.reading import VOTES, browser_of, photo_of
from tests.uploads.test_pages import text
from transcription.models import Entry

pytestmark = pytest.mark.django_db
READING = {"page": 2, "numbers": VOTES, "tps": "9101011001001"}


def posts(client, path: str, body=None):
    return client.post(f"/api/v1/{path}", body or {}, content_type="application/json")


@pytest.fixture
def sari(world):
    for code in list(world.stations)[:3]:
        photo_of(world, code)
    return browser_of(world, "Sari")


def test_the_limits_are_those_of_the_plan(settings):
    """As `TRUST.md` section 6 has them; the tests themselves run with those of one's own machine."""
    written = (settings.BASE_DIR / "pemantau" / "settings.py").read_text()
    limits = dict(re.findall(r'(\w+_PER_READER) = .* else "(.+)"\)', written))
    assert {name: buckets.rate(limit) for name, limit in limits.items()} == {
        "TASKS_PER_READER": Rate(60, 60),
        "ENTRIES_PER_READER": Rate(30, 60),
    }


def test_who_asks_without_end_waits_and_others_do_not(world, sari, settings):
    settings.TASKS_PER_READER = "2/m"
    assert [posts(sari, "tasks/").status_code for _ in range(2)] == [200, 200]
    answer = posts(sari, "tasks/?ahead=true")
    assert (answer.status_code, answer.json()["error"]["code"]) == (429, "too_many_tasks")
    assert 25 <= int(answer["Retry-After"]) <= 30
    assert "Coba lagi dalam" in answer.json()["error"]["message"]
    page = sari.post("/baca/")
    assert (page.status_code, page["Retry-After"]) == (429, answer["Retry-After"])
    assert "Terlalu banyak foto diminta" in text(page)
    assert posts(browser_of(world, "Budi"), "tasks/").status_code == 200


def test_who_sends_without_end_waits_and_sends_the_same_again(sari, settings):
    settings.ENTRIES_PER_READER = "1/m"
    for status in (201, 429):
        lease = posts(sari, "tasks/").json()["id"]
        answer = posts(sari, f"tasks/{lease}/entry/", READING)
        assert answer.status_code == status
    assert answer.json()["error"]["code"] == "too_many_entries"
    assert int(answer["Retry-After"]) > 50
    settings.ENTRIES_PER_READER = "10/m"
    assert posts(sari, f"tasks/{lease}/entry/", READING).status_code == 201


def test_on_the_page_what_was_typed_stays(sari, settings):
    settings.ENTRIES_PER_READER = "1/m"
    typed = {f"angka-{key}": str(value) for key, value in VOTES.items()} | {"desa": "1", "tps": "1", "halaman": "2"}
    first = sari.post("/baca/")["Location"]
    second = sari.post(first, typed)["Location"]
    answer = sari.post(second, typed)
    assert answer.status_code == 429
    assert int(answer["Retry-After"]) > 50
    assert "belum kami terima" in text(answer)
    assert 'value="101"' in answer.content.decode()
    assert Entry.objects.count() == 1


def test_without_redis_everybody_reads(sari, settings):
    settings.TASKS_PER_READER = settings.ENTRIES_PER_READER = "1/m"
    settings.REDIS_URL = "redis://127.0.0.1:1/0"
    for _ in range(2):
        lease = posts(sari, "tasks/").json()["id"]
        assert posts(sari, f"tasks/{lease}/entry/", READING).status_code == 201
