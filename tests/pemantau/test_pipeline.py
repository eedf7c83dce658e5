"""What may come between two steps of the pipeline."""

import threading
from contextlib import contextmanager
from datetime import timedelta

import pytest
from django.core.cache import cache
from django.db import connection, transaction
from django.db.models.functions import Now

from aggregation.models import Result
from pemantau import pipeline
from pemantau.celery import app
from tests.transcription.reading import VOTES, decision_of, photo_of, reads, rules
from tests.world import build
from uploads.models import Photo


def step_of(photo):
    return Photo.objects.values_list("step", flat=True).get(pk=photo.pk)


@contextmanager
def deciding_while_somebody_has_it_in_hand(photo):
    """A worker was rung for a photo that is held as long as the block lasts; gives the worker's thread."""
    held, let_go = threading.Event(), threading.Event()

    def a_refused_ruling():
        with transaction.atomic():
            Photo.objects.select_for_update(no_key=True).get(pk=photo.pk)
            held.set()
            let_go.wait(10)
        connection.close()

    def the_worker():
        pipeline.decide(str(photo.pk))
        connection.close()

    threads = [threading.Thread(target=a_refused_ruling), threading.Thread(target=the_worker)]
    threads[0].start()
    assert held.wait(10)
    threads[1].start()
    try:
        yield threads[1]
    finally:
        let_go.set()
        for thread in threads:
            thread.join(10)


@pytest.mark.django_db(transaction=True)
def test_a_ring_is_not_lost_on_somebody_who_has_the_photo_in_hand_for_a_moment():
    world = build()
    with transaction.atomic():
        photo = photo_of(world)
    reads(world, "Sari", photo)
    Photo.objects.filter(pk=photo.pk).update(step=Photo.Step.DECIDE)
    with deciding_while_somebody_has_it_in_hand(photo) as worker:
        worker.join(0.5)
    assert step_of(photo) == Photo.Step.READ


@pytest.mark.django_db
def test_a_ruling_that_waits_for_a_second_one_does_not_keep_a_decision_from_being_recorded():
    world = build()
    photo = photo_of(world)
    reads(world, "Sari", photo)
    reads(world, "Budi", photo)
    assert step_of(photo) == Photo.Step.RECORD
    rules(world, "Vera", photo, "reject", "blurred")  # which nobody saw: another adjudicator must say so too
    assert decision_of(photo).outcome == "accepted"
    pipeline.record(str(photo.pk))
    assert Result.objects.get(station=photo.station).numbers == VOTES


def test_a_worker_makes_public_copies_when_nothing_else_waits():
    came: list[str] = []

    def take(body, message):
        came.append(message.headers["task"].rsplit(".", 1)[-1])
        message.ack()

    with app.connection_for_read() as connection, app.amqp.TaskConsumer(connection.channel()) as consumer:
        consumer.purge()
        for task in (pipeline.inspect, pipeline.inspect, pipeline.decide, pipeline.record):
            task.delay("a photo")
        consumer.callbacks = [take]
        consumer.qos(prefetch_count=1)
        while len(came) < 4:
            connection.drain_events(timeout=5)
    assert came == ["decide", "record", "inspect", "inspect"]


@pytest.mark.django_db
def test_the_sweeper_rings_once_for_whoever_waits_and_again_when_the_rings_are_lost():
    photo = photo_of(build())
    Photo.objects.filter(pk=photo.pk).update(step=Photo.Step.DECIDE, step_at=Now() - timedelta(minutes=3))
    cache.clear()
    assert [pipeline.sweep(), pipeline.sweep()] == [1, 0]
    assert pipeline.sweep(limit=0) == 0
    cache.clear()  # Redis was lost, and with it everything that was rung for
    assert pipeline.sweep() == 1


@pytest.mark.django_db
@pytest.mark.parametrize(
    "part",
    [
        *("queue.take_back_expired_leases", "announcements.renew", "bars.pause_those_below"),
        *("samples.draw_those_due", "recalls.unfinished", "weedings.at_work"),
    ],
)
def test_what_waits_is_rung_for_whatever_else_of_the_sweeper_fails(monkeypatch, caplog, part):
    photo = photo_of(build())
    Photo.objects.filter(pk=photo.pk).update(step=Photo.Step.DECIDE, step_at=Now() - timedelta(minutes=3))
    rung, done = [], []

    def fails(*_given):
        raise RuntimeError("one bad account")

    monkeypatch.setattr(pipeline.decide, "delay", rung.append)
    monkeypatch.setattr(pipeline.samples, "draw_those_due", done.append)
    monkeypatch.setattr(f"pemantau.pipeline.{part}", fails)
    with pytest.raises(RuntimeError, match="one bad account"):  # so that it is seen
        pipeline.sweep()
    assert rung == [str(photo.pk)]
    assert done == ([] if part == "samples.draw_those_due" else ["contoh"])
    assert [record.exc_info[0] for record in caplog.records if record.name == "pemantau.batches"] == [RuntimeError]
