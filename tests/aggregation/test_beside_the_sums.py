"""What follows the sums at its own pace: estimates and comparisons, written beside the documents."""

import threading
from datetime import timedelta

from django.db.models.functions import Now

from aggregation import aside, outlook, publication, published_files, samples
from aggregation.models import TallySample
from tests.aggregation.evidence import fold, read


def test_each_region_down_to_kecamatan_has_an_outlook(world, django_assert_num_queries):
    read(world)
    fold()
    assert outlook.write(world.contest) == 4
    with django_assert_num_queries(0):
        said = outlook.read("contoh", "ppwp", "9101")
    assert said["estimate"]["enough"] is False
    assert said["estimate"]["reason"] == "few_stations"
    assert said["official"] is None
    assert said["version"] > 0
    assert outlook.read("contoh", "ppwp", "9101011001") == {}


def test_a_page_that_was_drawn_before_shows_what_came_beside_it(world, client):
    read(world)
    fold()
    assert "Perkiraan bila semua TPS terhitung" not in client.get("/hasil/contoh/ppwp/91/").content.decode()
    outlook.write(world.contest)
    published_files._pointers.clear()
    assert "Perkiraan bila semua TPS terhitung" in client.get("/hasil/contoh/ppwp/91/").content.decode()


def test_one_contests_trouble_keeps_no_other_one_waiting(world, monkeypatch):
    read(world)
    fold()
    monkeypatch.setattr(outlook, "write", lambda *_given: 1 / 0)
    assert aside.follow({}) == 1


def test_what_stays_the_same_is_not_written_again(world):
    read(world)
    fold()
    outlook.write(world.contest)
    path = published_files.Place("contoh", "ppwp").beside("perkiraan", "9101")
    before = path.stat().st_mtime_ns
    assert outlook.write(world.contest) == 0
    assert path.stat().st_mtime_ns == before
    read(world, world.stations["9101011001002"])
    fold()
    assert outlook.write(world.contest) == 4


def test_it_follows_what_is_published_once(world):
    read(world)
    fold()
    done = {}
    assert aside.follow(done) == 1
    assert aside.follow(done) == 0
    assert TallySample.objects.count() == 3
    read(world, world.stations["9101011001002"])
    fold()
    assert aside.follow(done) == 1


def test_the_last_change_has_its_point_when_five_minutes_are_over(world):
    read(world)
    fold()
    done = {}
    aside.follow(done)
    read(world, world.stations["9101011001002"])
    fold()
    aside.follow(done)
    assert TallySample.objects.filter(region="91").count() == 1
    TallySample.objects.update(at=Now() - timedelta(seconds=samples.EVERY_SECONDS))
    assert aside.follow(done) == 0
    assert list(TallySample.objects.filter(region="91").order_by("at").values_list("counted", flat=True)) == [1, 2]


def test_what_is_not_published_yet_is_not_followed(world):
    read(world)
    fold()
    publication.forget()
    assert aside.follow({}) == 0


def test_a_disk_that_is_full_is_waited_for(world, monkeypatch):
    stop, tried = threading.Event(), []

    def full(_done):
        tried.append(1)
        if len(tried) == 2:
            stop.set()
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(aside, "follow", full)
    monkeypatch.setattr(aside.connection, "close", lambda: None)
    aside.run(stop, pause=0.0)
    assert len(tried) == 2
