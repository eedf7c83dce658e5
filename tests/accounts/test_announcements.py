"""What operators put on top of all pages: who sees it, when it comes and goes, and what it may not hold."""

import hashlib
import json
from datetime import timedelta

import pytest
import time_machine
from django.core.cache import caches
from django.db import DatabaseError, IntegrityError, transaction
from django.test import Client
from django.utils import timezone
from redis.exceptions import ConnectionError as RedisIsAway

from accounts import announcements, commitments
from accounts.models import Announcement, Role, User
from accounts.permissions import ANONYMOUS, NotAllowed
from aggregation import page_memory
from ledger.models import Event
from pemantau import pipeline
from tests.aggregation.evidence import fold

LOG = "contoh"


@pytest.fixture(autouse=True)
def nothing_remembered():
    page_memory.forget()
    caches["documents"].delete(announcements.KEY)
    yield
    caches["documents"].delete(announcements.KEY)


@pytest.fixture
def oka(world):
    return world.person("Oka", Role.OPERATOR)


def says(by: User, text: str = "Server dirawat pukul 23.", **more) -> Announcement:
    said = {"text_en": "", "severity": "info", "audience": "everybody", "ends_at": None} | more
    announcements.publish(by, announcements.check(text, **said), LOG)
    announcements.renew()  # a test is rolled back, so what is to be done after its commit is done by hand
    return Announcement.objects.order_by("-pk").first()


def seen(client: Client, path: str = "/", **headers) -> str:
    return client.get(path, **headers).content.decode()


def test_it_stands_on_top_of_all_pages_until_an_operator_ends_it(world, oka, client):
    one = says(oka)
    for path in ("/", "/cari/", "/kirim/", "/akun/login/", "/antrean/", "/tidak-ada/"):
        assert "Server dirawat pukul 23." in seen(client, path), path
    announcements.end(oka, one.pk, LOG)
    announcements.renew()
    for path in ("/", "/cari/", "/kirim/"):
        assert "Server dirawat" not in seen(client, path), path


def test_not_on_the_page_that_a_phone_keeps(world, oka, client):
    says(oka)
    assert "Server dirawat" not in seen(client, "/kirim/aplikasi/")


@pytest.mark.parametrize(
    ("audience", "who"),
    [
        ("everybody", {ANONYMOUS, "citizen", "volunteer", "adjudicator", "operator"}),
        ("public", {ANONYMOUS, "citizen"}),
        ("readers", {"volunteer", "adjudicator", "operator"}),
    ],
)
def test_who_sees_what(world, oka, audience, who):
    says(oka, audience=audience)
    found = set()
    for role in (ANONYMOUS, *Role.values):
        client = Client()
        if role != ANONYMOUS:
            client.force_login(world.person(f"some-{role}", role))
        if "Server dirawat" in seen(client):
            found.add(role)
    assert found == who


def test_it_leaves_at_its_end_by_itself_also_from_a_page_that_was_drawn_before(world, oka, client):
    with time_machine.travel("2029-02-14T05:00Z", tick=False) as clock:
        says(oka, ends_at=timezone.now() + timedelta(minutes=5))
        assert "Server dirawat" in seen(client)
        clock.shift(299)
        assert "Server dirawat" in seen(client)
        clock.shift(2)
        assert "Server dirawat" not in seen(client)


def test_a_page_that_was_drawn_before_shows_it(world, oka, client):
    assert "Server dirawat" not in seen(client)
    says(oka)
    assert "Server dirawat" in seen(client)


def test_pages_ask_the_database_no_more_than_without(world, oka, client, django_assert_num_queries):
    """A drawn page costs none at all, whether something is announced or not, remembered or not."""
    fold()
    seen(client)
    with django_assert_num_queries(0):
        seen(client)
    says(oka)
    with django_assert_num_queries(0):  # drawn anew, of a document that is published
        seen(client)
    for _ in range(2):
        with django_assert_num_queries(0):
            assert "Server dirawat" in seen(client)
        caches["process"].delete(announcements.KEY)


def test_other_processes_notice_within_ten_seconds(world, oka, client):
    with time_machine.travel("2029-02-14T05:00Z", tick=False):
        seen(client)
        remembered = caches["process"].get(announcements.KEY)
        says(oka)
        caches["process"].set(announcements.KEY, remembered, announcements.REMEMBERED)  # as another process has it
        assert "Server dirawat" not in seen(client)
    caches["process"].delete(announcements.KEY)  # its ten seconds are over
    assert "Server dirawat" in seen(client)
    assert announcements.REMEMBERED + 30 < 60, "with the sweeper's half minute"


def test_the_sweeper_brings_back_what_redis_lost(world, oka, client):
    says(oka)
    caches["documents"].delete(announcements.KEY)
    caches["process"].clear()
    assert "Server dirawat" not in seen(client)
    pipeline.sweep()
    assert "Server dirawat" in seen(client)


def test_without_redis_pages_show_what_they_knew_and_publishing_works(world, oka, client, monkeypatch):
    says(oka)
    seen(client)

    def away(*args, **kwargs):
        raise RedisIsAway

    for verb in ("get", "set"):
        monkeypatch.setattr(caches["documents"], verb, away)
    caches["process"].delete(announcements.KEY)
    assert "Server dirawat" in seen(client)
    says(oka, "Lain lagi.")
    assert Announcement.objects.count() == 2


def test_it_is_text_and_nothing_else(world, oka, client):
    says(oka, "<script>alert(1)</script> & {{ x }} <a href=/keluar>\n\n\u202eabc\x00d")
    page = seen(client)
    assert "&lt;script&gt;alert(1)&lt;/script&gt; &amp; {{ x }} &lt;a href=/keluar&gt; abc d" in page
    assert "<script>alert" not in page


@pytest.mark.parametrize(
    "link",
    [
        *("https://jahat.example", "www.jahat", "Lihat jahat-sekali.com.", "HASIL.id/ppwp", "wa.me/62812", "bit.ly/x"),
        *("jahat.info", "pemantau-kpu.tech", "JAHAT.BIZ", "192.168.1.1/x", "xn--jht"),
        *("jahat\u3002com", "jahat\uff0ecom", "jahat\uff61com", "\u2764.ws"),
    ],
)
def test_it_leads_nowhere(link):
    for texts in ((link, ""), ("Pagi.", link)):
        with pytest.raises(announcements.LinkInAnnouncement):
            announcements.check(*texts, "info", "public", None)
    assert announcements.check(
        "TPS tutup pukul 13.00. Info s.d. 1.250 foto a.n. KPPS, dsb. menyusul.", "", "info", "public", None
    )


def test_english_pages_show_the_english_text_where_there_is_one(world, oka, client):
    says(oka, "Pagi.", text_en="Good morning.")
    says(oka, "Siang.")
    page = seen(client, headers={"accept-language": "en"})
    assert "Good morning." in page
    assert "Pagi." not in page
    assert '<span lang="id">Siang.</span>' in page
    assert "Pagi." in seen(client)


def test_what_is_important_says_so_in_a_word(world, oka, client):
    says(oka, severity="important")
    assert "Penting:" in seen(client)


@pytest.mark.parametrize(
    "wrong",
    [
        {"text": ""},
        {"text": " \n"},
        {"text": "x" * 281},
        {"text_en": "x" * 281},
        {"severity": "huge"},
        {"audience": ""},
    ],
)
def test_what_is_no_announcement(wrong):
    said = {"text": "x", "text_en": "", "severity": "info", "audience": "public", "ends_at": None} | wrong
    with pytest.raises(announcements.WrongAnnouncement):
        announcements.check(**said)


def test_an_end_lies_ahead():
    with pytest.raises(announcements.WrongEnd):
        announcements.check("x", "", "info", "public", timezone.now())


def test_the_ledger_tells_who_when_and_the_hash_of_the_text(world, oka):
    one = says(oka, "Pagi.", text_en="Good morning.")
    assert announcements.end(oka, one.pk, LOG)
    assert not announcements.end(oka, one.pk, LOG)
    told = [json.loads(bytes(event.body)) for event in Event.objects.filter(kind="announcement").order_by("pk")]
    digest = "sha256:" + hashlib.sha256(b"Pagi.\nGood morning.").hexdigest()
    assert [(e["state"], e["hash"], e["by"]) for e in told] == [
        ("on", digest, commitments.of(oka)),
        ("off", digest, commitments.of(oka)),
    ]


def test_the_same_twice_is_once_and_after_its_end_it_may_come_again(world, oka):
    one = says(oka)
    says(oka)
    assert Announcement.objects.count() == 1
    announcements.end(oka, one.pk, LOG)
    assert says(oka).pk != one.pk


def test_an_end_of_nothing(world, oka):
    one = says(oka)
    announcements.end(oka, one.pk, LOG)
    for number in (0, Announcement.objects.get(ends=one).pk):
        with pytest.raises(announcements.NoSuchAnnouncement):
            announcements.end(oka, number, LOG)


@pytest.mark.parametrize("role", [Role.CITIZEN, Role.VOLUNTEER, Role.ADJUDICATOR])
def test_only_operators_announce(world, oka, role):
    one = says(oka)
    with pytest.raises(NotAllowed):
        says(world.person("Budi", role), "x")
    with pytest.raises(NotAllowed):
        announcements.end(world.person("Budi", role), one.pk, LOG)


def test_rows_are_only_added_and_say_something(world, oka):
    says(oka)
    with pytest.raises(DatabaseError, match="append-only"), transaction.atomic():
        Announcement.objects.update(text="Lain.")
    with pytest.raises(IntegrityError, match="an_announcement_says_something_or_ends_one"), transaction.atomic():
        Announcement.objects.create(by=oka)


# --- The operators' page ---------------------------------------------------------------------------


@pytest.fixture
def page(oka):
    client = Client()
    client.force_login(oka)
    return client


SAID = {"text": "Pagi.", "text_en": "", "severity": "info", "audience": "everybody", "ends_at": ""}


def test_it_is_seen_before_it_is_published(page, django_assert_num_queries):
    with django_assert_num_queries(4):  # session, person, on now, history
        answer = page.post("/kelola/pengumuman/", SAID | {"preview": "1", "text": "<b>Pagi</b>"}).content.decode()
    assert "Pratinjau" in answer
    assert answer.count("&lt;b&gt;Pagi&lt;/b&gt;") == 2, "in the preview and in its field"
    assert not Announcement.objects.exists()


def test_it_is_published_with_an_end_and_ended_before(page, oka):
    with time_machine.travel("2029-02-14T05:00Z", tick=False):
        page.force_login(oka)
        page.post("/kelola/pengumuman/", SAID | {"ends_at": "2029-02-14T13:00"})
        one = Announcement.objects.get()
        assert one.ends_at.isoformat() == "2029-02-14T06:00:00+00:00"
        assert "sampai 14 Feb 13.00" in page.get("/kelola/pengumuman/").content.decode()
        page.post("/kelola/pengumuman/", {"end": one.pk})
        assert Announcement.objects.get(ends=one)
        assert "diakhiri" in page.get("/kelola/pengumuman/").content.decode()


@pytest.mark.parametrize(
    ("said", "field"),
    [
        ({"text": ""}, "text"),
        ({"text": "https://jahat.example"}, "text"),
        ({"audience": "x"}, "text"),
        ({"ends_at": "2001-01-01T00:00"}, "ends_at"),
        ({"ends_at": "besok"}, "ends_at"),
        ({"ends_at": "0001-01-01T00:00"}, "ends_at"),
    ],
)
def test_what_is_wrong_is_said_beside_its_field_and_nothing_typed_is_lost(page, said, field):
    answer = page.post("/kelola/pengumuman/", SAID | {"text_en": "Good morning."} | said)
    assert answer.status_code == 422
    assert f'href="#{field}"' in answer.content.decode()
    assert "Good morning." in answer.content.decode()
    assert page.post("/kelola/pengumuman/", {"end": "x"}).status_code == 404
    assert not Announcement.objects.exists()
