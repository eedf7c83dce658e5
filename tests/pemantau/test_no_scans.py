"""No statement of the main way reads the whole of a table that grows with the photos, whatever lies in it.

A few rows are always read one after the other. So every statement is planned again here for a million rows in each
of these tables, and with that forbidden: where PostgreSQL finds no index that leads to what is asked for, it reads all
of a table, forbidden or not.
"""

import json
import re
from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from accounts.models import Role
from aggregation import backlog_document
from pemantau import pipeline
from tests.aggregation.evidence import fold
from tests.transcription.reading import VOTES, browser_of, looks, photo_of, reads, rules, sends, takes
from tests.uploads.conftest import folder_storages
from tests.uploads.pictures import encoded
from tests.world import World
from transcription import entries
from transcription.models import ReportGroup
from uploads.models import Photo

TPS = "9101011001001"
# What grows with photos, readings, reports and people: nothing may read all of it while somebody waits.
BIG = {
    *("uploads_photo", "uploads_publiccopy", "uploads_pagetag", "uploads_likeness", "uploads_alike", "uploads_repeat"),
    *("uploads_sentkey", "uploads_ticket", "transcription_task", "transcription_lease", "transcription_entry"),
    *("transcription_goldreading", "transcription_ruling", "transcription_decision", "transcription_firstlook"),
    *("transcription_report", "transcription_reportgroup", "transcription_pairtally", "transcription_recallphoto"),
    *("transcription_weedingphoto", "aggregation_result", "tps_pollingstation", "accounts_device"),
    *("accounts_sighting", "accounts_user", "ledger_event", "ledger_leaf"),
}
# Partial indexes of what waits, not of what there is: to read all of one is to read the backlog.
OF_WHAT_WAITS = {
    "open_task_in_serving_order",
    "case_by_age",
    "photo_that_should_move",
    "lease_that_may_expire",
    "result_in_dispute",
    "known_answer",
    "photo_to_be_looked_at",
    "photo_to_be_decided_again",
    "photo_to_be_weeded",
    "wrong_gold_reading",
    "one_open_group_of_reports_per_tps",
    "one_task_in_each_place",
}
# Statements that are meant to read all of a table: a part of their text, and why that may be.
ALL_OF_IT = {
    'COUNT("accounts_user"."id") AS "pk__count" FROM "accounts_user"': "how many have which role; for operators alone",
}
# What passes on its first rows before it has all of them: a limit above it ends the reading.
STREAMS = {"LockRows", "Nested Loop", "Result", "Subquery Scan", "Append", "Merge Append", "Unique", "ProjectSet"}


class Walk:
    """The statements of one step after another, under the step's name."""

    def __init__(self) -> None:
        self.said: dict[str, str] = {}

    @contextmanager
    def step(self, name: str) -> Iterator[None]:
        with CaptureQueriesContext(connection) as captured:
            yield
        for query in captured.captured_queries:
            self.said.setdefault(query["sql"], name)

    def opens(self, browser: Client, path: str) -> str:
        with self.step(f"GET {path}"):
            answer = browser.get(path)
        assert answer.status_code == 200, (path, answer.status_code)
        return answer.content.decode()

    def whole_readings(self) -> list[str]:
        with connection.cursor() as cursor:
            for way in ("seqscan", "hashjoin", "mergejoin"):
                cursor.execute(f"SET LOCAL enable_{way} = off")
            cursor.execute("SET LOCAL work_mem = '64kB'")  # nor is all of a table kept at hand
            for table in BIG:
                cursor.execute(
                    "SELECT pg_restore_relation_stats('schemaname', 'public', 'relname', %s, 'relpages', 1,"
                    " 'reltuples', 1000000::real)",
                    [table],
                )
            cursor.execute("SELECT relname FROM pg_class WHERE relkind = 'r' AND pg_relation_size(oid) = 0")
            empty = {name for (name,) in cursor.fetchall()}  # of nothing all is read as fast as a part
        found = {}
        for statement, name in self.said.items():
            if not re.match(r"\s*(SELECT|UPDATE|DELETE|WITH|INSERT\b.*\bSELECT)\b", statement, re.S):
                continue
            if any(part in statement for part in ALL_OF_IT):
                continue
            with connection.cursor() as cursor:
                cursor.execute("EXPLAIN (FORMAT JSON) " + statement.replace("%", "%%"), ())
                ((plan,),) = cursor.fetchall()
            plan = json.loads(plan) if isinstance(plan, str) else plan
            for table, how in whole_tables(plan[0]["Plan"]):
                if table in empty:
                    continue
                found.setdefault((table, how, re.sub(r"\d+|'[^']*'", "?", statement)), name)
        return [f"{name}: {how} of {table}: {statement[:1500]}" for (table, how, statement), name in found.items()]


def whole_tables(node: dict, *, limited: bool = False) -> Iterator[tuple[str, str]]:
    """The big tables that a plan reads from end to end, and how."""
    kind, table = node["Node Type"], node.get("Relation Name", "")
    if table in BIG:
        if kind == "Seq Scan":
            yield table, kind
        elif kind.startswith("Index") and "Index Cond" not in node and not limited:
            if node["Index Name"] not in OF_WHAT_WAITS:
                yield table, f"{kind} without a condition by {node['Index Name']}"
        elif kind == "Bitmap Heap Scan":
            for index in indexes_of(node):
                if "Index Cond" not in index and index["Index Name"] not in OF_WHAT_WAITS:
                    yield table, f"{kind} without a condition by {index['Index Name']}"
    for child in node.get("Plans", ()):
        of_itself = child.get("Parent Relationship") in ("InitPlan", "SubPlan")
        yield from whole_tables(child, limited=kind == "Limit" or (limited and not of_itself and kind in STREAMS))


def indexes_of(node: dict) -> Iterator[dict]:
    for child in node.get("Plans", ()):
        if child["Node Type"] == "Bitmap Index Scan":
            yield child
        else:
            yield from indexes_of(child)


@pytest.fixture
def walk(world: World, settings, tmp_path) -> Walk:
    settings.STORAGES = settings.STORAGES | folder_storages(tmp_path)
    return Walk()


def sent(walk: Walk, browser: Client, seed: int) -> Photo:
    """A photo comes in and is opened to readers."""
    file = SimpleUploadedFile("foto.jpg", encoded(seed=seed), "image/jpeg")
    with walk.step("receive"):
        answer = browser.post("/api/v1/photos/", {"file": file, "station": TPS, "contest": "ppwp", "page": 2})
    assert answer.status_code == 201, answer.content
    photo = Photo.objects.order_by("-received_at").first()
    with walk.step("inspect"):
        pipeline.inspect(str(photo.pk))
    with walk.step("open_to_readers"):
        pipeline.open_to_readers(str(photo.pk))
    walk.opens(browser, f"/bukti/{answer.json()['receipt']}/")
    with walk.step("receive again"):
        file.seek(0)
        Client().post("/api/v1/photos/", {"file": file, "station": TPS, "contest": "ppwp", "page": 2})
    return photo


def read_by(walk: Walk, world: World, name: str, **numbers: int) -> None:
    with walk.step("queue.take"):
        lease = takes(world, name)
    walk.opens(browser_of(world, name), f"/baca/{lease.pk}/")
    walk.opens(browser_of(world, name), f"/baca/{lease.pk}/?halaman=2")
    with walk.step("send_entry, decide"):
        sends(lease, entries.Reading(2, VOTES | numbers, tps=TPS))
    with walk.step("record"):
        pipeline.record(str(lease.task_id))


def test_from_a_photo_to_its_numbers(walk, world):
    citizen = Client()
    photo = sent(walk, citizen, seed=1)
    read_by(walk, world, "Sari")
    read_by(walk, world, "Budi")
    with walk.step("fold"):
        fold()
    sent(walk, citizen, seed=2)
    read_by(walk, world, "Citra")
    read_by(walk, world, "Dewi", paslon_1=102)
    with walk.step("sweep"):
        pipeline.sweep()
    for path in (
        *(f"/hasil/contoh/ppwp/tps/{TPS}/", f"/foto/{photo.pk}/", "/", "/hasil/contoh/ppwp/9101011001/"),
        *("/hasil/contoh/ppwp/9101011001/sengketa/", f"/kirim/{TPS}/"),
    ):
        walk.opens(Client(), path)
    for path in ("/baca/", "/baca/belajar/", "/relawan/"):
        walk.opens(browser_of(world, "Sari"), path)
    assert not walk.whole_readings(), "\n\n".join(walk.whole_readings())


def test_cases_and_rulings(walk, world):
    hakim = browser_of(world, "Hakim", Role.ADJUDICATOR)
    photo = sent(walk, Client(), seed=1)
    for name in ("Sari", "Budi"):
        with walk.step("queue.take"):
            lease = takes(world, name)
        with walk.step("send_entry, decide"):
            sends(lease, entries.Reading(None, None, "not_a_form"))
    walk.opens(hakim, "/putusan/")
    walk.opens(hakim, f"/putusan/{photo.pk}/")
    with walk.step("first look"):
        looks(world, "Hakim", photo)
    walk.opens(hakim, f"/putusan/{photo.pk}/")
    for name in ("Hakim", "Ratna"):
        with walk.step("ruling"):
            rules(world, name, photo, "reject", "not_a_form")
    with walk.step("record"):
        pipeline.record(str(photo.pk))
    for path in (f"/foto/{photo.pk}/", f"/hasil/contoh/ppwp/tps/{TPS}/"):
        walk.opens(Client(), path)
    assert not walk.whole_readings(), "\n\n".join(walk.whole_readings())


def test_reports_and_their_answer(walk, world):
    photo = sent(walk, Client(), seed=1)
    read_by(walk, world, "Sari")
    read_by(walk, world, "Budi")
    hakim, somebody = browser_of(world, "Hakim", Role.ADJUDICATOR), Client()
    walk.opens(somebody, f"/lapor/contoh/ppwp/{TPS}/")
    with walk.step("report"):
        said = {"alasan": "number", "foto": str(photo.pk)}
        answer = somebody.post(f"/lapor/contoh/ppwp/{TPS}/", said)
    assert answer.status_code == 302, answer.content.decode()
    walk.opens(somebody, answer["Location"])
    group = ReportGroup.objects.get()
    walk.opens(hakim, "/putusan/laporan/")
    walk.opens(hakim, f"/putusan/laporan/{group.pk}/")
    with walk.step("answer"):
        said = {"jawaban": "reread", "foto": [str(photo.pk)]}
        answer = hakim.post(f"/putusan/laporan/{group.pk}/", said)
    assert answer.status_code == 302, answer.content.decode()
    with walk.step("decide, record"):
        pipeline.decide(str(photo.pk))
        pipeline.record(str(photo.pk))
    assert not walk.whole_readings(), "\n\n".join(walk.whole_readings())


def test_the_backlog_and_the_overview(walk, world):
    photo_of(world)
    reads(world, "Sari", photo_of(world))
    oka = browser_of(world, "Oka", Role.OPERATOR)
    with walk.step("backlog document"):
        for code in ("", "91"):
            backlog_document.build(world.election, code)
    walk.opens(oka, "/kelola/")
    walk.opens(Client(), "/antrean/")
    assert not walk.whole_readings(), "\n\n".join(walk.whole_readings())


def test_what_reads_all_of_a_table_is_found(walk, world):
    """The test of the tests: a column without an index, a join with an "or", a limit above a sort."""
    photo_of(world)
    for rows in (
        Photo.objects.filter(size=1000),
        Photo.objects.order_by("size")[:1],
        Photo.objects.filter(decisions__station=1) | Photo.objects.filter(station=1),
    ):
        found = Walk()
        with found.step("asked"):
            list(rows)
        assert any("uploads_photo" in one for one in found.whole_readings())
    found = Walk()
    with found.step("asked"):
        list(Photo.objects.filter(station=1, contest=1))
        list(Photo.objects.order_by("pk")[:1])
    assert not found.whole_readings()
