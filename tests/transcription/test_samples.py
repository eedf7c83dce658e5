"""Some TPS of every region are read first: which ones nobody chooses, and anybody can draw them again from the log."""

import hashlib
import json
from collections import Counter
from contextlib import contextmanager

import pytest
from django.db import DatabaseError, connection, transaction

from accounts.models import Role
from accounts.permissions import NotAllowed
from aggregation import audit_log
from ledger import entries as ledger
from ledger import sequencer
from ledger.models import Event, Leaf
from pemantau import pipeline
from tests.aggregation.evidence import fold
from tests.transcription.reading import browser_of, photo_of, reads, takes, task_of
from tests.transcription.test_surges import order, other_contest, ranks, suspect
from tests.uploads.test_pages import text
from tps.models import PollingStation, Region
from tps.search import NoSuchContest
from transcription import queue, samples, surges
from transcription.models import Sample, SampleStation, SurgeTurn

pytestmark = pytest.mark.django_db


@pytest.fixture
def omar(world):
    """An operator; and two more kabupaten, one of them in another provinsi."""
    for regency in ("9102", "9201"):
        codes = [regency[:2], regency, regency + "01", regency + "011001"]
        for level, code in enumerate(codes, start=1):
            parent = codes[level - 2] if level > 1 else ""
            Region.objects.get_or_create(code=code, defaults={"level": level, "name": "Lain", "parent_id": parent})
        for number in range(1, 8):
            station = PollingStation.objects.create(
                election=world.election, region_id=codes[-1], number=number, code=f"{codes[-1]}{number:03d}"
            )
            world.stations[station.code] = station
    return world.person("Omar", Role.OPERATOR)


def entries_come(many: int = samples.LATER) -> None:
    """So many things happen, and get their place in the log."""
    for number in range(many):
        ledger.append("contoh", "reference", what="tps", hash=f"sha256:{number:064x}", at="2029-02-14T08:11:09Z")
    while sequencer.sequence():
        pass


def announced(omar, **what) -> Sample:
    assert samples.announce(omar, "contoh", **{"contest": "ppwp", "digits": 4, "size": 6} | what)
    return Sample.objects.latest("pk")


def begun(omar, **what) -> Sample:
    sample = announced(omar, **what)
    entries_come()
    assert samples.draw_those_due("contoh") == 1
    sample.refresh_from_db()
    return sample


def codes_of(sample: Sample) -> set[str]:
    return set(sample.stations.values_list("station__code", flat=True))


def inside_and_outside(world, sample: Sample) -> tuple[list[str], list[str]]:
    drawn = codes_of(sample)
    return sorted(drawn), sorted(world.stations.keys() - drawn)


def end() -> None:
    assert surges.end(surges.active()[0].by, "contoh", surges.active()[0].pk)


# --- Which TPS ----------------------------------------------------------------------------------


def test_every_stratum_gives_its_share_rounded_up(world, omar):
    # 5 + 7 + 7 TPS: six of 19 are 1.6, 2.2 and 2.2 of them.
    sample = begun(omar, size=6)
    assert Counter(code[:4] for code in codes_of(sample)) == {"9101": 2, "9102": 3, "9201": 3}
    assert sample.size == 8
    end()
    assert Counter(code[:4] for code in codes_of(begun(omar, size=None, percent=1))) == {
        "9101": 1,
        "9102": 1,
        "9201": 1,
    }
    end()
    assert Counter(code[:2] for code in codes_of(begun(omar, digits=2, size=2))) == {"91": 2, "92": 1}
    end()
    assert codes_of(begun(omar, size=5000)) == world.stations.keys()


@pytest.mark.parametrize(
    ("many", "of", "size", "share"),
    [({"percent": 10}, 0, 100, 10), ({"percent": 1}, 0, 7, 1), ({"size": 10}, 100, 7, 1), ({"size": 200}, 100, 7, 7)],
)
def test_a_share(many, of, size, share):
    assert samples.share(size, of, **many) == share


def test_only_tps_where_it_is_voted_on(world, omar):
    world.contest.area.set(["9102", "9201"])
    assert {code[:4] for code in codes_of(begun(omar))} == {"9102", "9201"}


def test_anybody_can_draw_it_again_from_the_log_and_the_list_of_tps(world, omar):
    """With nothing of ours but the log's bytes, in the order of their places."""
    sample = begun(omar, size=6)
    while sequencer.sequence():
        pass
    log = [bytes(leaf.event.body) for leaf in Leaf.objects.filter(log="contoh").order_by("index")]
    said = [json.loads(body) for body in log]
    (where,) = [index for index, one in enumerate(said) if one["t"] == "sample"]
    (draw,) = [one for one in said if one["t"] == "draw"]
    seed = hashlib.sha256(b"\0" + log[where + 10]).hexdigest()
    assert (draw["leaf"], draw["index"], draw["version"]) == (f"sha256:{seed}", where + 10, said[where]["version"])
    again = set()
    everybody = sorted(world.stations)
    for stratum in {code[: said[where]["digits"]] for code in everybody}:
        codes = [code for code in everybody if code.startswith(stratum)]
        many = -(-len(codes) * said[where]["size"] // len(everybody))
        again |= set(sorted(codes, key=lambda code: hashlib.sha256(f"{seed} {code}".encode()).hexdigest())[:many])
    assert again == codes_of(sample)
    assert draw["size"] == len(again)


def test_nobody_knows_it_before_and_it_hangs_on_what_others_add(world, omar):
    announced(omar)
    entries_come(samples.LATER - 1)
    assert samples.draw_those_due("contoh") == 0
    assert not SampleStation.objects.exists()
    assert not surges.active()
    entries_come(1)
    seeds = set()
    for _turn in range(2):
        assert samples.draw_those_due("contoh") == 1
        seeds.add(Sample.objects.latest("pk").seed)
        end()
        announced(omar)
        entries_come()
    assert len(seeds) == 2


def test_the_sweeper_draws_it_and_twice_is_once(world, omar):
    announced(omar)
    entries_come()
    pipeline.sweep()
    pipeline.sweep()
    assert samples.draw_those_due("contoh") == 0
    assert [turn.reason for turn in surges.active()] == ["sample"]
    assert Event.objects.filter(kind="draw").count() == Event.objects.filter(kind="surge").count() == 1


# --- The order ----------------------------------------------------------------------------------


def test_its_photos_come_first_also_those_that_come_in_later_and_then_in_their_turn_again(world, omar):
    sample = announced(omar)
    entries_come()
    photos = [photo_of(world, code) for code in sorted(world.stations)]
    before, stood = ranks(), order()
    samples.draw_those_due("contoh")
    inside, outside = inside_and_outside(world, sample)
    assert order() == [code for code in stood if code in inside] + [code for code in stood if code in outside]
    later = [photo_of(world, code, page=3) for code in (outside[0], inside[0])]
    assert set(order()[: len(inside) + 1]) == set(inside)
    assert task_of(later[1]).rank < task_of(photos[0]).rank + queue.SURGE
    assert takes(world, "Sari").task.photo.station.code in inside
    end()
    held = queue.held_by(world.person("Sari")).get().task_id
    after = {pk: rank - (pk == held) for pk, rank in ranks().items()}
    assert {pk: after[pk] for pk in before} == before
    assert all(task_of(photo).rank > 0 for photo in later)


def test_a_later_photo_ends_exactly_where_it_would_have_stood(world, omar):
    sample = begun(omar)
    inside, outside = inside_and_outside(world, sample)
    first, second = (photo_of(world, next(c for c in codes if c[:4] == "9201")) for codes in (inside, outside))
    assert (task_of(first).rank, task_of(second).rank) == (queue.rank_of(1, surge=True), queue.rank_of(2))
    end()
    assert (task_of(first).rank, task_of(second).rank) == (queue.rank_of(1), queue.rank_of(2))
    assert task_of(photo_of(world, inside[0], page=1)).rank > 0


def test_no_marked_or_further_photo_passes_an_honest_first_one_elsewhere(world, omar):
    inside, outside = inside_and_outside(world, begun(omar))
    honest, marked_there = photo_of(world, outside[0]), suspect(world, outside[1])
    first, further, marked = photo_of(world, inside[0]), photo_of(world, inside[0]), suspect(world, inside[1])
    asked = [task_of(photo).rank for photo in (first, honest, marked, marked_there, further)]
    assert asked == sorted(asked)


def test_another_contest_at_the_same_tps_stays_where_it_is(world, omar):
    inside, _outside = inside_and_outside(world, begun(omar))
    world.contest = other_contest(world)
    assert task_of(photo_of(world, inside[0])).rank == queue.rank_of(1)


def test_with_a_surge_that_overlaps_nothing_is_put_first_twice(world, omar):
    photos = [photo_of(world, code) for code in sorted(world.stations)]
    before = ranks()
    begun(omar)
    during = ranks()
    surges.begin(omar, "contoh", region="91", reason="behind")
    assert min(ranks().values()) > -2 * queue.SURGE
    surges.end(omar, "contoh", surges.active()[1].pk)
    assert ranks() == during
    surges.begin(omar, "contoh", contest="ppwp", reason="behind")
    end()
    assert ranks() == {photo.pk: before[photo.pk] - queue.SURGE for photo in photos}
    end()
    assert ranks() == before


def test_a_photo_comes_in_and_is_taken_in_as_many_statements_as_ever(world, omar, django_assert_num_queries):
    photos = [photo_of(world, code, opened=False) for code in sorted(world.stations)[:3]]
    queue.open_photo(photos[0])  # the form is read now
    for photo in photos[1:]:
        with django_assert_num_queries(4):  # its tag, the marks, waiting for turns, and the task itself
            queue.open_photo(photo)
        begun(omar) if photo == photos[1] else end()
    assert "sample" not in queue._TAKE


# --- Who, and what is told ----------------------------------------------------------------------


@pytest.mark.parametrize(
    ("what", "refusal"),
    [
        ({"contest": "dpr"}, NoSuchContest),
        ({"digits": 6}, samples.WrongStrata),
        ({"size": 0}, samples.WrongSize),
        ({"size": None}, samples.WrongSize),
        ({"percent": 5}, samples.WrongSize),
        ({"size": None, "percent": 100}, samples.WrongSize),
    ],
)
def test_what_is_no_sample(world, omar, what, refusal):
    with pytest.raises(refusal):
        announced(omar, **what)
    assert not Sample.objects.exists()


def test_one_of_a_contest_at_a_time(world, omar):
    announced(omar)
    assert not samples.announce(omar, "contoh", contest="ppwp", digits=2, percent=3)
    entries_come()
    samples.draw_those_due("contoh")
    assert not samples.announce(omar, "contoh", contest="ppwp", digits=2, percent=3)
    end()
    assert samples.announce(omar, "contoh", contest="ppwp", digits=2, percent=3)
    assert Event.objects.filter(kind="sample").count() == Sample.objects.count() == 2


@pytest.mark.parametrize("role", [Role.CITIZEN, Role.VOLUNTEER, Role.ADJUDICATOR])
def test_nobody_but_an_operator(world, role):
    with pytest.raises(NotAllowed):
        announced(world.person("Sari", role))


def test_nobody_gives_it_as_a_reason_of_something_else(world, omar):
    with pytest.raises(surges.WrongReason):
        surges.begin(omar, "contoh", region="91", reason="sample")


def test_the_log_tells_beginning_and_end(world, omar):
    sample = begun(omar, size=None, percent=30)
    end()
    told = [json.loads(bytes(event.body)) for event in Event.objects.order_by("pk")]
    assert [
        tuple(one.get(key) for key in ("t", "contest", "percent", "sample", "state", "reason"))
        for one in told
        if one["t"] in ("sample", "surge")
    ] == [
        ("sample", "ppwp", 30, None, None, None),
        ("surge", "ppwp", None, sample.pk, "on", "sample"),
        ("surge", "ppwp", None, sample.pk, "off", None),
    ]


def test_what_was_drawn_never_changes_and_nothing_is_drawn_without_its_entry(world, omar):
    begun(omar)
    for rows, what in ((SampleStation, {"station": world.station}), (Sample, {"percent": 5})):
        with pytest.raises(DatabaseError, match="append-only"), transaction.atomic():
            rows.objects.update(**what)
    end()
    sample = announced(omar)
    Sample.objects.filter(pk=sample.pk).update(drawn_at="2029-02-14T00:00Z", seed="0" * 64, seed_index=1, size=1)
    with connection.cursor() as cursor, pytest.raises(DatabaseError, match="has no entry draw"):
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")


@contextmanager
def unguarded(table: str):
    with connection.cursor() as cursor:
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
        cursor.execute(f"ALTER TABLE {table} DISABLE TRIGGER USER")
        yield
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
        cursor.execute(f"ALTER TABLE {table} ENABLE TRIGGER USER")


def test_the_audit_draws_it_again(world, omar):
    sample = begun(omar)
    assert not list(audit_log._drawn_otherwise())
    _inside, outside = inside_and_outside(world, sample)
    with unguarded("transcription_samplestation"):
        SampleStation.objects.filter(pk=sample.stations.earliest("pk").pk).update(station=world.stations[outside[0]])
    assert list(audit_log._drawn_otherwise()) == [("sample", str(sample.pk), "holds other TPS than its seed draws")]
    entries_come(1)
    assert not list(audit_log._drawn_otherwise()), "the list of TPS is another one now"
    with unguarded("transcription_sample"):
        Sample.objects.update(seed="0" * 64)
    ((_kind, _number, wrong),) = audit_log._drawn_otherwise()
    assert wrong == "its seed is not the entry that stands there in the log"


def test_the_application_may_do_it(world, omar, as_app):
    begun(omar)
    end()


# --- The pages ----------------------------------------------------------------------------------


def test_an_operator_announces_it_and_everybody_sees_how_much_of_it_is_read(world, omar, client):
    browser = browser_of(world, "Omar", Role.OPERATOR)
    said = {"sample": "ppwp", "digits": "4", "many": "6", "unit": "tps"}
    shown = text(browser.post("/kelola/dahulukan/", said, follow=True))
    assert "Sampel 6 TPS dari setiap kabupaten/kota bagian yang sama, Presiden dan Wakil Presiden" in shown
    assert "Diundi setelah 10 catatan publik lagi." in shown
    entries_come()
    pipeline.sweep()
    inside, outside = inside_and_outside(world, Sample.objects.get())
    for code in (inside[0], outside[0]):
        photo = photo_of(world, code)
        for name in ("Sari", "Budi"):
            reads(world, name, photo)
        pipeline.record(str(photo.pk))
    photo_of(world, inside[1])
    fold()
    assert "Sampel 8 TPS dari setiap kabupaten/kota bagian yang sama" in text(browser.get("/kelola/dahulukan/"))
    everybody = text(client.get("/antrean/"))
    assert "foto dari 8 TPS yang diundi untuk Presiden dan Wakil Presiden dibaca lebih dulu" in everybody
    assert "1 TPS di antaranya sudah terbaca" in everybody
    (first,) = client.get("/api/v1/backlog/contoh/").json()["served_first"]
    assert (first["sample"], first["contest"]["code"], first["region"]) == ({"stations": 8, "read": 1}, "ppwp", None)
    assert "Urutan kembali" in text(browser.post("/kelola/dahulukan/", {"end": surges.active()[0].pk}, follow=True))
    assert SurgeTurn.objects.count() == 2


@pytest.mark.parametrize(
    "wrong", [{"many": "0"}, {"many": "x"}, {"digits": "6"}, {"sample": "dpr"}, {"unit": "percent"}]
)
def test_a_wrong_form_is_shown_again_with_what_was_typed(world, omar, wrong):
    said = {"sample": "ppwp", "digits": "4", "many": "120", "unit": "tps"} | wrong
    shown = browser_of(world, "Omar", Role.OPERATOR).post("/kelola/dahulukan/", said)
    assert shown.status_code in (404, 422)
    assert 'role="alert"' in shown.content.decode()
    assert f'value="{said["many"]}"' in shown.content.decode()
    assert not Sample.objects.exists()
