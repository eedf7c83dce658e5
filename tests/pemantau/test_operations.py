"""The machinery on the operations page, and the same numbers for Prometheus."""

import json
import re
import threading
import time
from datetime import timedelta
from io import StringIO

import pytest
import redis
import time_machine
from celery import signals
from django.conf import settings as configured
from django.core.cache import cache
from django.core.management import call_command
from django.db import connection, connections
from django.test import Client
from django.urls import reverse
from django.utils import timezone
from prometheus_client.parser import text_string_to_metric_families

from accounts import doorkeeper
from accounts.models import Role
from aggregation import audit_runs, folder
from aggregation.models import AuditRun
from pemantau import happenings, heartbeats, operations
from tests.aggregation.evidence import fold, read, unguarded
from tests.transcription.reading import photo_of
from tests.uploads.test_pages import text
from tests.world import build
from uploads.models import Photo

pytestmark = pytest.mark.django_db
TOKEN = "0123456789abcdef"


@pytest.fixture(autouse=True)
def _forgetful():
    heartbeats._noted.clear()
    yield
    heartbeats._noted.clear()


@pytest.fixture
def operator(world, client) -> Client:
    client.force_login(world.person("Oka", Role.OPERATOR))
    return client


def made(world) -> operations.Operations:
    """As it is now."""
    forget()
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_stat_clear_snapshot()")  # a transaction sees who is connected as it first looked
    return operations.of(world.election.pk)


def forget() -> None:
    cache.delete_many(["operations:contoh", "operations:contoh:made"])


@pytest.fixture
def bare_world(db):
    """One into whose tables evidence is laid."""
    with unguarded():
        yield build()


# --- What is counted --------------------------------------------------------------------------


def test_happenings_of_the_last_hour_and_no_older():
    for minute in (0, 0, 30, 59):
        happenings.count(happenings.TASK_FAILED, now=minute * 60)
    happenings.count(happenings.SERVER_ERROR, now=0)
    assert happenings.in_last_hour(now=59 * 60)[happenings.TASK_FAILED] == 4
    assert happenings.in_last_hour(now=60 * 60)[happenings.TASK_FAILED] == 2
    assert happenings.in_last_hour(now=59 * 60)[happenings.SERVER_ERROR] == 1
    assert happenings.in_last_hour(now=119 * 60)[happenings.TASK_FAILED] == 0


def test_with_redis_away_nothing_is_known_and_nobody_waits(world, settings):
    settings.REDIS_URL = "redis://127.0.0.1:1/0"
    happenings.count(happenings.TASK_FAILED)
    heartbeats.note("worker")
    assert happenings.in_last_hour() is None
    doorkeeper.forget()
    assert heartbeats.ages() is None


def test_a_task_that_fails_is_counted(world):
    from pemantau import pipeline

    signals.task_failure.send(sender=pipeline.inspect, task_id="1", exception=ValueError())
    assert happenings.in_last_hour()[happenings.TASK_FAILED] == 1


def test_a_fault_of_ours_is_counted_and_a_refusal_is_not(world, client, monkeypatch):
    client.raise_request_exception = False
    monkeypatch.setattr("aggregation.contests.find", lambda *_: 1 / 0)
    assert client.get("/tanda-tanya/contoh/ppwp/").status_code == 500
    assert client.get("/api/v1/questions/contoh/ppwp/").status_code == 500
    assert client.get("/tidak-ada/").status_code == 404
    assert happenings.in_last_hour()[happenings.SERVER_ERROR] == 2


def test_processes_are_heard_of_and_forgotten(world):
    class Heart:
        class eventer:  # noqa: N801
            hostname = "celery@satu"

    signals.heartbeat_sent.send(sender=Heart)
    signals.after_task_publish.send(sender=heartbeats.SENT_BY_BEAT)
    signals.after_task_publish.send(sender="pemantau.pipeline.inspect")
    ages = heartbeats.ages()
    assert ages.keys() == {"celery@satu", heartbeats.OF_BEAT}
    assert max(ages.values()) < 5
    assert heartbeats.ages(time.time() + heartbeats.FORGOTTEN_AFTER + 10) == {}
    assert heartbeats.ages() == {}


def test_a_heartbeat_is_written_every_five_seconds_at_most():
    client = redis.Redis.from_url(configured.REDIS_URL)
    for now in (1000.0, 1001.0, 1004.9):
        heartbeats.note("w", now)
    assert float(client.hget(heartbeats.KEY, "w")) == 1000.0
    heartbeats.note("w", 1005.0)
    assert float(client.hget(heartbeats.KEY, "w")) == 1005.0


def test_the_folder_is_seen_by_its_lock(world):
    assert made(world).folder is None
    held, done = threading.Event(), threading.Event()

    def hold() -> None:
        assert folder._hold_lock()
        held.set()
        done.wait(30)
        connections.close_all()

    other = threading.Thread(target=hold)
    other.start()
    try:
        assert held.wait(30)
        age = made(world).folder
        assert age is not None
        assert age < 20
        assert "folder" not in made(world).missing
    finally:
        done.set()
        other.join()


def test_ages_by_step_and_rates(world):
    photo_of(world)
    Photo.objects.update(step_at=timezone.now() - timedelta(seconds=600))
    shown = made(world)
    assert 599 <= shown.oldest["read"] <= 640
    assert shown.rates.photos == pytest.approx(1 / 5)
    assert shown.rates.senders == 1
    assert (shown.storage.objects, shown.storage.size) == (1, Photo.objects.get().size)


def test_what_is_missing_is_named(world):
    assert set(made(world).missing) >= {"worker", "beat", "folder"}
    heartbeats.note("celery@satu")
    heartbeats.note(heartbeats.OF_BEAT)
    assert not {"worker", "beat"} & set(made(world).missing)


def test_the_publication_is_as_old_as_the_folders_last_word(bare_world, monkeypatch):
    world = bare_world
    read(world)
    fold()
    folded = made(world).publication_age
    assert folded is not None
    assert folded < 60
    now = time.time()
    monkeypatch.setattr(time, "time", lambda: now + 3600)
    assert 3599 <= made(world).publication_age <= 3700


# --- The audit --------------------------------------------------------------------------------


def test_a_run_of_the_audit_leaves_what_it_found(world, operator):
    fold()
    call_command("audit", stdout=StringIO(), stderr=StringIO())
    run = AuditRun.objects.get()
    assert (run.differences, run.first) == (0, [])
    assert "0 perbedaan" in text(operator.get("/kelola/"))


def test_differences_stand_on_top_of_the_page(world, operator):
    audit_runs.leave(timezone.now(), 30, [f"tally {n}: lain" * 100 for n in range(30)])
    run = audit_runs.newest()
    assert (len(run.first), len(run.first[0])) == (audit_runs.KEPT, audit_runs.LONGEST)
    assert "Audit terakhir menemukan 30 perbedaan." in text(operator.get("/kelola/"))


# --- Once for all -----------------------------------------------------------------------------


def test_ten_who_look_cost_no_more_than_one(world, django_assert_num_queries):
    first = operations.of("contoh")
    with django_assert_num_queries(0):
        assert [operations.of("contoh").made_at for _ in range(10)] == [first.made_at] * 10


def test_while_one_makes_it_anew_the_others_see_the_last(world, monkeypatch, django_assert_num_queries):
    first = operations.of("contoh")
    with time_machine.travel(time.time() + operations.FRESH + 1):
        cache.set("operations:contoh:made", 1, 10)
        with django_assert_num_queries(0):
            assert operations.of("contoh").made_at == first.made_at
        cache.delete("operations:contoh:made")
        assert operations.of("contoh").made_at > first.made_at


def test_so_many_queries(world, django_assert_num_queries):
    operations.of("contoh")
    forget()
    with django_assert_num_queries(QUERIES):
        operations.of("contoh")


QUERIES = 17


def test_without_redis_the_page_stands(world, operator, settings):
    settings.REDIS_URL = "redis://127.0.0.1:1/0"
    settings.CACHES = {**settings.CACHES, "default": {**settings.CACHES["default"], "LOCATION": settings.REDIS_URL}}
    assert "Redis tidak menjawab" in text(operator.get("/kelola/"))


# --- Prometheus -------------------------------------------------------------------------------


def values(answer) -> dict[tuple[str, str], float]:
    assert answer.status_code == 200
    assert answer["Content-Type"] == "text/plain; version=0.0.4; charset=utf-8"
    return {
        (sample.name, next(iter(sample.labels.values()), "")): sample.value
        for family in text_string_to_metric_families(answer.content.decode())
        for sample in family.samples
    }


def ask(client, token: str = TOKEN, scheme: str = "Bearer"):
    return client.get(reverse("metrics"), headers={"Authorization": f"{scheme} {token}"})


@pytest.mark.parametrize(
    ("setting", "header"),
    [
        ("", "Bearer "),
        ("", ""),
        ("", f"Bearer {TOKEN}"),
        (TOKEN, ""),
        (TOKEN, TOKEN),
        (TOKEN, "Bearer"),
        (TOKEN, "Bearer "),
        (TOKEN, f"Basic {TOKEN}"),
        (TOKEN, f"Bearer {TOKEN}x"),
        (TOKEN, f"Bearer {TOKEN[:-1]}"),
        (TOKEN, "Bearer \u00e9\u00e9"),
    ],
)
def test_without_the_token_there_is_no_such_page(world, client, settings, setting, header):
    settings.METRICS_TOKEN = setting
    client.force_login(world.person("Oka", Role.OPERATOR))
    assert client.get(reverse("metrics"), headers={"Authorization": header}).status_code == 404


def test_the_same_numbers_as_the_page(world, client, settings):
    settings.METRICS_TOKEN = TOKEN
    photo_of(world)
    heartbeats.note("celery@satu")
    happenings.count(happenings.COME_LATER)
    shown = made(world)
    found = values(ask(client))
    assert found["pemantau_photos", "read"] == shown.counts.photos["read"] == 1
    assert found["pemantau_happened_in_last_hour", "come_later"] == 1
    assert found["pemantau_queued_tasks", "inspect"] == shown.queues["inspect"]
    assert found["pemantau_stored_bytes", ""] == shown.storage.size
    assert found["pemantau_switch_on", "read_only"] == 0
    assert ("pemantau_worker_seen_seconds", "celery@satu") in found
    assert ("pemantau_folder_seen_seconds", "") not in found, "what is not known is left out"
    assert ("pemantau_audit_age_seconds", "") not in found


def test_no_person_and_no_photo_is_in_them(world, client, settings):
    settings.METRICS_TOKEN = TOKEN
    taken = photo_of(world)
    world.person("Sari")
    body = ask(client, scheme="bearer").content.decode()
    assert not re.search(r"@contoh\.test|[0-9a-f]{32}", body)
    assert str(taken.pk) not in body
    assert json.dumps(taken.receipt) not in body


def test_nobody_keeps_them(world, client, settings):
    settings.METRICS_TOKEN = TOKEN
    answer = ask(client)
    assert "no-store" in answer["Cache-Control"]
    assert not answer.cookies
