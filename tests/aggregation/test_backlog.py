"""What waits to be read: counted by region and hour, the same for operators and for everybody."""

from datetime import timedelta

import pytest
from django.core.cache import cache, caches
from django.utils import timezone
from redis.exceptions import ConnectionError as NoRedis

from aggregation import backlog_document, page_memory, publication, region_document
from aggregation.backlog_document import minutes_left
from aggregation.models import Result
from pemantau import pipeline
from tests.aggregation.evidence import PAGE_2, PAGE_3, decide, fold
from tests.pages import numbers
from tests.transcription.reading import photo_of, reads
from tps.models import Region
from tps.search import UnknownRegion
from transcription.models import Entry, Task
from uploads.models import Photo

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _forgotten():
    page_memory.forget()


SECOND_VILLAGE = "9101011002001"


def backlog(world, code: str = "") -> dict:
    return backlog_document.build(world.election, code)


def sent_ago(photo: Photo, **ago: float) -> None:
    Photo.objects.filter(pk=photo.pk).update(received_at=timezone.now() - timedelta(**ago))


@pytest.mark.parametrize(
    ("wanted", "came", "read", "minutes"),
    [
        (0, 0, 0, 0),
        (0, 50, 10, 0),
        (120, 0, 60, 120),
        (120, 29, 60, 120),
        (1, 0, 600, 1),  # never "none" while one waits
        (120, 30, 60, None),  # 30 photos want the 60 entries that were made
        (120, 100, 60, None),
        (1, 0, 0, None),  # nobody reads
    ],
)
def test_the_time_to_clear_it(wanted, came, read, minutes):
    assert minutes_left(wanted, came, read) == minutes


def test_nothing_waits_in_an_empty_election(world):
    document = backlog(world)
    assert document["total"]["waiting"] == document["total"]["photos"] == document["total"]["minutes_left"] == 0
    assert document["total"]["oldest_waiting_since"] is None
    assert [line["code"] for line in document["regions"]] == ["91"]
    assert len(document["hours"]) == 24


def test_a_photo_waits_until_two_have_read_it(world):
    first, _second = photo_of(world), photo_of(world, SECOND_VILLAGE)
    assert (backlog(world)["total"]["waiting"], backlog(world)["total"]["entries_wanted"]) == (2, 4)
    reads(world, "Sari", first)
    assert (backlog(world)["total"]["waiting"], backlog(world)["total"]["entries_wanted"]) == (2, 3)
    reads(world, "Budi", first)
    pipeline.record(str(first.pk))
    total = backlog(world)["total"]
    assert (total["waiting"], total["entries_wanted"], total["done"]) == (1, 2, 1)
    assert total["last_hour"] == {"photos": 2, "entries": 2}


def test_a_photo_waits_before_it_is_in_the_queue_and_not_once_it_is_withdrawn(world):
    on_its_way = photo_of(world, opened=False)
    Photo.objects.filter(pk=on_its_way.pk).update(step=Photo.Step.INSPECT)
    pipeline.withdraw(photo_of(world, SECOND_VILLAGE))
    total = backlog(world)["total"]
    assert (total["photos"], total["waiting"], total["entries_wanted"]) == (1, 1, 2)


def test_it_is_told_where_it_waits_down_to_the_village(world):
    Region.objects.create(code="92", level=1, name="Lain", parent_id="")
    old = photo_of(world)
    sent_ago(old, hours=5)
    photo_of(world, SECOND_VILLAGE)
    for code, below in {"": ["91", "92"], "91": ["9101"], "9101": ["910101"]}.items():
        document = backlog(world, code)
        assert [line["code"] for line in document["regions"]] == below
        assert (document["total"]["waiting"], document["total"]["last_hour"]["photos"]) == (2, 1)
        assert document["regions"][0]["oldest_waiting_since"] == document["total"]["oldest_waiting_since"]
    villages = backlog(world, "910101")["regions"]
    assert [(line["code"], line["waiting"], line["last_hour"]["photos"]) for line in villages] == [
        ("9101011001", 1, 0),
        ("9101011002", 1, 1),
    ]
    assert [place["code"] for place in backlog(world, "910101")["path"]] == ["nasional", "91", "9101", "910101"]
    assert backlog(world, "92")["total"]["photos"] == 0


@pytest.mark.parametrize("code", ["77", "9102", "9101011001", "9", "x1", "9101011001001"])
def test_a_region_that_is_none(world, code):
    with pytest.raises(UnknownRegion):
        backlog(world, code)


def test_cases_and_disputes_are_counted_where_they_are(world):
    case = photo_of(world)
    for name in ("Sari", "Budi"):
        reads(world, name, case, problem="not_a_form")
    for number in (101, 102):
        taken = photo_of(world, SECOND_VILLAGE, opened=False)
        decide(taken, 2, PAGE_2 | {"paslon_1": number})
        Photo.objects.filter(pk=taken.pk).update(step=Photo.Step.RECORD)
        pipeline.record(str(taken.pk))
    villages = backlog(world, "910101")["regions"]
    assert [(line["with_adjudicator"], line["disputed_stations"]) for line in villages] == [(1, 0), (0, 1)]
    total = backlog(world)["total"]
    assert (total["with_adjudicator"], total["disputed_stations"], total["waiting"]) == (1, 1, 0)
    assert sum(hour["disputed_stations"] for hour in backlog(world, "910101")["hours"][:2]) == 1
    disputed = Result.objects.get(state="disputed")
    (hour,) = [hour["hour"] for hour in backlog(world)["hours"] if hour["disputed_stations"]]
    assert hour == region_document.time_of(disputed.state_at.replace(minute=0, second=0, microsecond=0))
    other = photo_of(world, SECOND_VILLAGE, page=3, opened=False)
    decide(other, 3, PAGE_3)
    Photo.objects.filter(pk=other.pk).update(step=Photo.Step.RECORD)
    pipeline.record(str(other.pk))
    later = Result.objects.get(state="disputed")
    assert (later.version, later.state_at) == (disputed.version + 1, disputed.state_at)
    assert later.changed_at > disputed.changed_at


@pytest.mark.parametrize("code", ["", "9101"])
def test_hour_by_hour(world, code):
    old, new, older = (photo_of(world, station) for station in list(world.stations)[:3])
    for name in ("Sari", "Budi"):
        reads(world, name, new)
    this_hour = timezone.now().replace(minute=0, second=0, microsecond=0)
    Photo.objects.filter(pk=old.pk).update(received_at=this_hour - timedelta(hours=2, minutes=-5))
    Photo.objects.filter(pk=new.pk).update(received_at=this_hour)
    Photo.objects.filter(pk=older.pk).update(received_at=this_hour - timedelta(hours=24))
    Entry.objects.update(created_at=this_hour)
    new.decisions.update(decided_at=this_hour)
    hours = [tuple(hour.values())[1:] for hour in backlog(world, code)["hours"]]
    assert hours == [(1, 2, 1, 0), (0, 0, 0, 0), (1, 0, 0, 0), *[(0, 0, 0, 0)] * 21]
    assert [tuple(hour.values())[1:] for hour in backlog(world, "910101")["hours"]] == hours


def test_what_the_sender_typed_is_no_progress(world):
    photo = photo_of(world)
    Entry.objects.create(photo=photo, source=Entry.Source.UPLOADER, numbers={"paslon_1": 1}, page=2)
    assert backlog(world)["total"]["last_hour"]["entries"] == 0
    assert backlog(world)["hours"][0]["entries"] == 0


def test_it_takes_three_queries(world, django_assert_num_queries):
    photo_of(world)
    for code in ("", "91", "910101"):
        with django_assert_num_queries(3):
            backlog(world, code)


# --- Everybody ----------------------------------------------------------------------------------


def test_everybody_sees_it_and_the_next_one_costs_no_query(world, client, django_assert_num_queries):
    photo_of(world)
    fold()
    page = client.get("/antrean/").content.decode()
    assert "Foto menunggu dibaca" in page
    assert "tidak berkurang" in page
    assert '<a href="?wilayah' not in page
    with django_assert_num_queries(0):
        assert client.get("/antrean/").status_code == 200
        answer = client.get("/api/v1/backlog/contoh/")
    assert answer.json()["total"]["waiting"] == 1
    assert answer.json()["regions"][0]["name"] == "Contoh Raya"
    with django_assert_num_queries(0):
        assert client.get("/api/v1/backlog/contoh/", headers={"If-None-Match": answer["ETag"]}).status_code == 304
    assert "/antrean/" in client.get("/").content.decode()


def test_it_is_counted_again_after_a_while_by_one_of_those_who_ask(world, client, monkeypatch):
    photo_of(world)
    assert client.get("/api/v1/backlog/contoh/").json()["total"]["waiting"] == 1
    photo_of(world, SECOND_VILLAGE)
    assert client.get("/api/v1/backlog/contoh/").json()["total"]["waiting"] == 1
    cache.delete("published:backlog:contoh/nasional:fresh")  # its time is over
    times = []

    def count(election, code=""):
        times.append(publication.backlog("contoh", build=dict).content["total"]["waiting"])
        return build(election, code)

    build = backlog_document.build
    monkeypatch.setattr(backlog_document, "build", count)
    assert client.get("/api/v1/backlog/contoh/").json()["total"]["waiting"] == 2
    assert times == [1], "who asks meanwhile gets what there was"


def test_without_redis_a_process_counts_for_itself(world, monkeypatch, django_assert_num_queries):
    def away(*_args, **_kwargs):
        raise NoRedis("away")

    for name in ("get", "add", "set"):
        monkeypatch.setattr(publication.cache, name, away)
    photo_of(world)
    for queries in (4, 0):  # the election, and three
        with django_assert_num_queries(queries):
            document = backlog_document.published("contoh", find=lambda: type(world.election).objects.get(pk="contoh"))
    assert document.content["total"]["waiting"] == 1
    caches["process"].clear()


def test_an_election_that_is_not_there(world, client):
    assert client.get("/api/v1/backlog/lain/").status_code == 404
    world.election.is_current = False
    world.election.save()
    assert client.get("/antrean/").status_code == 200


def test_no_number_that_was_read_is_in_it(world, client):
    reads(world, "Sari", photo_of(world), paslon_1=777, paslon_2=88, paslon_3=31)
    assert Task.objects.get().wants == 1
    for address in ("/antrean/", "/api/v1/backlog/contoh/"):
        assert "777" not in numbers(client.get(address).content.decode())
