"""A TPS whose count does not count: two people say so, its numbers stay visible and leave every sum, and come back."""

import importlib
import json
import re
import threading
from concurrent.futures import ThreadPoolExecutor
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from django.core.cache import caches
from django.db import DatabaseError, IntegrityError, connection, connections, transaction
from django.test import Client
from django.utils import timezone

from accounts import roles
from accounts.models import Role, User
from accounts.permissions import NotAllowed
from aggregation import audit, columns, exclusions, tallies
from aggregation.management.commands.rebuild import put_together
from aggregation.models import ExclusionProposal, ExclusionTurn, Result, Tally
from ledger.models import Event
from pemantau import pipeline
from tests.aggregation.evidence import fold
from tests.aggregation.test_audit import sent, settled
from tests.transcription.reading import browser_of, reads, takes
from tests.uploads.test_pages import text
from tests.world import build
from transcription import reports, rulings
from uploads.claims import Claim
from uploads.models import Photo

migration = importlib.import_module("aggregation.migrations.0003_exclusions")
pytestmark = pytest.mark.django_db

TPS = "9101011001001"
PAGE = f"/hasil/contoh/ppwp/tps/{TPS}/"


@pytest.fixture
def world(db):
    return build()


def says(world, name, reason="court", role=Role.ADJUDICATOR, tps=TPS, **more) -> ExclusionTurn | None:
    by = world.person(name, role)
    return pipeline.exclude(exclusions.Said(by, world.contest, world.stations[tps], reason, **more))


def both(world, reason="court", **more) -> ExclusionTurn:
    says(world, "Adi", reason, **more)
    return says(world, "Omar", reason, Role.OPERATOR, **more)


def sums(code: str, name: str) -> int:
    tally = Tally.objects.select_related("contest").get(region=code, contest__code="ppwp")
    layout = columns.of(tally.contest)
    return (layout.sums_of(tally.amounts) | layout.counts_of(tally.amounts))[name]


def document() -> dict:
    caches["documents"].clear()
    return Client().get(f"/api/v1/results{PAGE.removeprefix('/hasil')}").json()


def differences() -> list[str]:
    return [str(one) for one in audit.differences()]


def test_one_word_waits_the_second_persons_same_word_makes_it_true(world):
    settled(world)
    fold()
    assert says(world, "Adi") is None
    assert says(world, "Adi") is None, "saying it twice is not two people"
    assert (ExclusionProposal.objects.count(), ExclusionTurn.objects.count()) == (1, 0)
    assert sums("", "paslon_1") == 101
    turn = says(world, "Omar", role=Role.OPERATOR)
    assert (turn.by, turn.second) == (world.person("Adi"), world.person("Omar"))
    fold()
    for region in ("", "91", "9101", "910101", "9101011001"):
        assert [sums(region, name) for name in ("paslon_1", "counted", "received", "excluded")] == [0, 0, 0, 1]
    assert differences() == []
    assert says(world, "Vera") is None, "it is so already"
    assert ExclusionTurn.objects.count() == 1


def test_its_numbers_photos_and_reason_stay_visible(world):
    photo = settled(world)
    both(world)
    fold()
    told = document()
    assert (told["state"], told["exclusion"]["reason"]) == ("excluded", "court")
    shown = {field["key"]: field["value"] for field in told["exclusion"]["fields"]}
    assert shown["paslon_1"] == 101
    assert [(one["id"], one["state"], one["counts"]) for one in told["photos"]] == [(str(photo.pk), "accepted", False)]
    page = text(Client().get(PAGE))
    assert "Putusan Mahkamah Konstitusi" in page
    assert "Angka yang tidak dihitung" in page
    assert "101" in page
    village = text(Client().get("/hasil/contoh/ppwp/9101011001/"))
    assert "Dikecualikan 1 TPS" in village
    assert Client().get("/api/v1/results/contoh/ppwp/9101/").json()["counts"]["excluded"] == 1


def test_it_ends_by_two_people_too_and_everything_is_as_before(world):
    settled(world)
    before = list(Result.objects.values_list("amounts", flat=True))
    both(world)
    assert says(world, "Omar", "") is None
    assert says(world, "Vera", "").reason == ""
    fold()
    assert list(Result.objects.values_list("amounts", flat=True)) == before
    assert [sums("", name) for name in ("paslon_1", "excluded")] == [101, 0]
    assert document()["exclusion"] is None
    assert differences() == []
    states = [json.loads(bytes(one.body))["state"] for one in Event.objects.filter(kind="exclude").order_by("pk")]
    assert states == ["on", "off"]
    selected = [json.loads(bytes(one.body)) for one in Event.objects.filter(kind="select").order_by("pk")]
    assert [(one["state"], bool(one["val"])) for one in selected[-3:]] == [
        ("partial", True),
        ("excluded", False),
        ("partial", True),
    ]


def test_a_repeated_votes_photos_count_and_earlier_ones_do_not(world):
    earlier = settled(world)
    today = timezone.now().astimezone(ZoneInfo("Asia/Jayapura")).date()
    day_after = today + timedelta(days=1)
    turn = both(world, "psu", day=day_after)
    assert turn.since == datetime(day_after.year, day_after.month, day_after.day, tzinfo=ZoneInfo("Asia/Jayapura"))
    fold()
    assert [sums("", name) for name in ("paslon_1", "excluded")] == [0, 1]
    later = sent(world)
    with connection.cursor() as cursor:
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE; ALTER TABLE uploads_photo DISABLE TRIGGER USER")
        cursor.execute("UPDATE uploads_photo SET received_at = %s WHERE id = %s", [turn.since, later.pk])
        cursor.execute("ALTER TABLE uploads_photo ENABLE TRIGGER USER; SET CONSTRAINTS ALL DEFERRED")
    for name in ("Citra", "Dewi"):
        reads(world, name, Photo.objects.get(pk=later.pk), paslon_1=7, paslon_2=8, paslon_3=9)
    pipeline.record(str(later.pk))
    fold()
    assert [sums("", name) for name in ("paslon_1", "counted", "excluded")] == [7, 1, 0]
    told = document()
    assert told["state"] == "partial"
    assert {one["id"]: one["counts"] for one in told["photos"]} == {str(earlier.pk): False, str(later.pk): True}
    assert {field["key"]: field["value"] for field in told["exclusion"]["fields"]}["paslon_1"] == 101
    assert "Pemungutan suara ulang (PSU)" in text(Client().get(PAGE))
    assert [one for one in differences() if "photo" not in one.split(" ")[0]] == []


def test_another_reason_takes_the_place_of_the_first_and_the_result_follows_it(world):
    settled(world)
    first = both(world)
    second = both(world, "destroyed")
    assert Result.objects.get().exclusion_id == second.pk != first.pk
    fold()
    assert [sums("", name) for name in ("paslon_1", "excluded")] == [0, 1]
    assert document()["exclusion"]["reason"] == "destroyed"
    assert differences() == []


def test_a_repeated_vote_of_which_all_photos_are_changes_no_number_and_is_told(world):
    settled(world)
    both(world, "psu", day=date(2020, 2, 14))
    fold()
    told = document()
    assert (told["state"], told["exclusion"]["reason"], told["exclusion"]["fields"]) == ("partial", "psu", [])
    assert [sums("", name) for name in ("paslon_1", "excluded")] == [101, 0]
    assert differences() == []


def test_a_result_that_forgot_its_exclusion_is_a_difference_and_put_together_anew(world):
    settled(world)
    both(world)
    with connection.cursor() as cursor:
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE; ALTER TABLE aggregation_result DISABLE TRIGGER USER")
        cursor.execute("UPDATE aggregation_result SET exclusion_id = NULL")
        cursor.execute("ALTER TABLE aggregation_result ENABLE TRIGGER USER; SET CONSTRAINTS ALL DEFERRED")
    assert any("exclusion_id" in one for one in differences())
    put_together(world.contest)
    fold()
    assert differences() == []


def test_it_blocks_no_queue(world):
    both(world, "destroyed")
    photo = sent(world)
    assert takes(world, "Sari").task_id == photo.pk
    reads(world, "Budi", photo)
    assert Result.objects.get().state == "excluded"


def test_a_tps_without_any_photo_can_be_excluded(world):
    both(world, "not_held")
    fold()
    assert sums("", "excluded") == 1
    assert differences() == []
    says(world, "Adi", "")
    says(world, "Omar", "")
    fold()
    assert Result.objects.get().state == "empty"
    assert differences() == []


def test_tallies_can_be_rebuilt(world):
    settled(world)
    both(world)
    settled(world, "9101011001002")
    fold()
    Tally.objects.filter(region="9101").update(amounts=[0] * len(Tally.objects.get(region="").amounts))
    assert tallies.rebuild(world.contest) == 1
    fold()
    assert [sums("9101", name) for name in ("paslon_1", "excluded")] == [101, 1]


@pytest.mark.parametrize("role", [Role.CITIZEN, Role.VOLUNTEER])
def test_nobody_but_adjudicators_and_operators(world, role):
    with pytest.raises(NotAllowed):
        says(world, "Cici", role=role)
    says(world, "Adi")
    with pytest.raises(NotAllowed):
        exclusions.withdraw(world.person("Cici"), ExclusionProposal.objects.get().pk)


@pytest.mark.parametrize(("reason", "day"), [("psu", None), ("court", date(2029, 2, 24)), ("hujan", None), ("-", None)])
def test_only_reasons_from_the_list_and_a_day_for_a_repeated_vote(world, reason, day):
    with pytest.raises(exclusions.WrongExclusion):
        says(world, "Adi", reason, day=day)
    assert not ExclusionProposal.objects.exists()


def test_what_is_not_excluded_does_not_end(world):
    with pytest.raises(exclusions.NotExcluded):
        says(world, "Adi", "")


def test_the_second_person_is_of_another_device_and_network_and_not_invited_by_the_first(world):
    device = world.device()
    says(world, "Adi", device_id=device.pk, address_block="a" * 32)
    guest = world.person("Vera", Role.ADJUDICATOR, invited_by=world.person("Adi"))
    for name, more in (("Omar", {"device_id": device.pk}), ("Omar", {"address_block": "a" * 32}), (guest, {})):
        with pytest.raises(exclusions.NeedsAnother):
            says(world, name if isinstance(name, str) else "Vera", **more)
    assert not ExclusionTurn.objects.exists()


def test_another_word_replaces_the_one_that_waited(world):
    says(world, "Adi", "court")
    assert says(world, "Omar", "destroyed") is None
    assert [(one.reason, one.end) for one in ExclusionProposal.objects.order_by("pk")] == [
        ("court", "withdrawn"),
        ("destroyed", ""),
    ]
    exclusions.withdraw(world.person("Adi"), ExclusionProposal.objects.get(end="").pk)
    assert says(world, "Vera", "destroyed") is None


def test_the_word_of_a_former_adjudicator_does_not_come_back_with_the_role(world):
    omar, ida = (world.person(name, Role.OPERATOR) for name in ("Omar", "Ida"))
    says(world, "Adi")
    for role in (Role.VOLUNTEER, Role.ADJUDICATOR):
        roles.grant(omar, world.person("Adi"), role, "contoh")
        roles.grant(ida, world.person("Adi"), role, "contoh")
    assert says(world, "Omar", role=Role.OPERATOR) is None
    assert says(world, "Ida", role=Role.OPERATOR)


def test_the_database_holds_to_it(world):
    turn = both(world)
    with pytest.raises(IntegrityError, match="two_people_turn_an_exclusion"), transaction.atomic():
        ExclusionTurn.objects.create(
            contest=world.contest, station=world.station, by=turn.by, second=turn.by, reason="court"
        )
    with pytest.raises(DatabaseError, match="append-only"), transaction.atomic():
        ExclusionTurn.objects.update(reason="destroyed")
    with connection.cursor() as cursor:
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
    with pytest.raises(DatabaseError, match="no entry exclude"), transaction.atomic():
        ExclusionTurn.objects.create(
            contest=world.contest, station=world.station, by=turn.by, second=turn.second, reason="court"
        )


def test_what_was_counted_before_this_was_there_gets_one_more_place(world):
    settled(world)
    fold()
    with connection.cursor() as cursor:
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
        cursor.execute(migration.ONE_LESS)
        assert len(Result.objects.get().amounts) == len(Tally.objects.get(region="").amounts)
        cursor.execute(migration.ONE_MORE)
    assert differences() == []
    assert len(Result.objects.get().amounts) == len(columns.of(world.contest).names)


def test_an_exclusion_without_its_result_is_a_difference(world):
    both(world)
    fold()
    with connection.cursor() as cursor:
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
        cursor.execute("ALTER TABLE aggregation_result DISABLE TRIGGER USER")
        cursor.execute("DELETE FROM aggregation_result")
        cursor.execute("ALTER TABLE aggregation_result ENABLE TRIGGER USER")
    assert f"result ppwp {TPS}: there is none, but it is excluded" in differences()


def test_who_agrees_to_what_a_former_adjudicator_proposed_proposes_nothing(world):
    settled(world)
    one, other = browser_of(world, "Adi", Role.ADJUDICATOR), browser_of(world, "Omar", Role.OPERATOR)
    said = {"tps": TPS, "pemilihan": "ppwp", "alasan": "court"}
    one.post("/putusan/pengecualian/", said)
    (proposed,) = ExclusionProposal.objects.all()
    User.objects.filter(pk=world.person("Adi").pk).update(role=Role.CITIZEN)
    told = text(other.post("/putusan/pengecualian/", said | {"usul": proposed.pk}, follow=True))
    assert "Usul itu tidak menunggu lagi" in told
    assert ExclusionProposal.objects.get().proposer == world.person("Adi")


def test_by_the_page_one_proposes_and_another_agrees(world):
    settled(world)
    one, other = browser_of(world, "Adi", Role.ADJUDICATOR), browser_of(world, "Omar", Role.OPERATOR)
    path = "/putusan/pengecualian/"
    said = {"tps": TPS, "pemilihan": "ppwp", "alasan": "psu", "hari": "2029-02-24"}
    assert one.post(path, said | {"hari": ""}).status_code == 422
    assert one.post(path, said | {"tps": "9101011001999"}).status_code == 404
    one.post(path, said)
    assert "Menunggu orang kedua" in text(one.get(path))
    assert "Setuju" not in text(one.get(path))
    assert "2029-02-24" in other.get(path).content.decode()
    (proposed,) = ExclusionProposal.objects.all()
    one.post(path, {"tarik": proposed.pk})
    told = text(other.post(path, said | {"usul": proposed.pk}, follow=True))
    assert "Usul itu tidak menunggu lagi. Tidak ada yang berubah." in told
    assert not ExclusionProposal.objects.filter(end="").exists(), "who agrees proposes nothing"
    one.post(path, said)
    agreed = re.search(r'name="usul" value="(\d+)"', other.get(path).content.decode())[1]
    other.post(path, said | {"usul": agreed})
    assert "Usulkan dihitung lagi" in text(one.get(path))
    other.post(path, {"tps": TPS, "pemilihan": "ppwp", "akhiri": "1"})
    one.post(path, {"tps": TPS, "pemilihan": "ppwp", "akhiri": "1"})
    assert [turn.reason for turn in ExclusionTurn.objects.order_by("pk")] == ["psu", ""]
    assert not exclusions.standing()


def test_what_is_in_force_is_told_apart_from_what_waits(world):
    both(world, "psu", day=date(2029, 2, 24))
    omar, path = browser_of(world, "Omar", Role.OPERATOR), "/putusan/pengecualian/"
    said = {"tps": TPS, "pemilihan": "ppwp", "alasan": "psu", "hari": "2029-02-24"}
    told = text(omar.post(path, said, follow=True))
    assert "Ini sudah berlaku. Tidak ada yang berubah." in told
    assert "Berlaku setelah orang kedua" not in told
    for other in (said | {"hari": "2029-02-25"}, said | {"alasan": "court"}, said | {"alasan": "", "akhiri": "1"}):
        told = text(omar.post(path, other, follow=True))
        assert "Berlaku setelah orang kedua" in told
        assert "Ini sudah berlaku" not in told


def test_the_day_of_a_repeated_vote_is_told_apart_from_that_of_the_word(world):
    both(world, "psu", day=date(2029, 2, 24))
    says(world, "Adi", "psu", day=date(2029, 2, 25))
    shown = text(browser_of(world, "Omar", Role.OPERATOR).get("/putusan/pengecualian/"))
    turned = timezone.localtime(ExclusionTurn.objects.get().turned_at)
    assert f"(PSU), hari pemungutannya 24 Feb 2029. Dikecualikan sejak {turned.day} " in shown
    assert "(PSU), hari pemungutannya 25 Feb 2029. Diusulkan" in shown
    assert shown.count("hari pemungutannya 24 Feb 2029") == 2, "what stands, and the history"


def test_only_a_proposal_that_waits_is_taken_back(world):
    says(world, "Adi")
    one, path = browser_of(world, "Omar", Role.OPERATOR), "/putusan/pengecualian/"
    word = ExclusionProposal.objects.get()
    assert "Usul itu tidak menunggu lagi" in text(one.post(path, {"tarik": word.pk + 1}, follow=True))
    assert "Usul ditarik." in text(one.post(path, {"tarik": word.pk}, follow=True))
    assert "Usul itu tidak menunggu lagi" in text(one.post(path, {"tarik": word.pk}, follow=True))
    assert ExclusionProposal.objects.get().closer == world.person("Omar")


def test_reports_are_answered_with_an_exclusion_only_where_there_is_one(world):
    report = pipeline.send_report(reports.Said(Claim(world.station, world.contest, None), "official", world.device()))
    vera = world.person("Vera", Role.ADJUDICATOR)
    with pytest.raises(exclusions.NotExcluded):
        pipeline.answer_reports(vera, report.group_id, "excluded", [], None, "")
    says(world, "Adi")
    with pytest.raises(exclusions.NotExcluded):  # nor where one person alone proposed it
        pipeline.answer_reports(vera, report.group_id, "excluded", [], None, "")
    says(world, "Budi")
    assert pipeline.answer_reports(vera, report.group_id, "excluded", [], None, "").outcome == "excluded"


@pytest.mark.django_db(transaction=True)
def test_at_the_same_instant_as_a_recording_neither_is_lost(transactional_db):
    world = build()
    photo = sent(world)
    for name in ("Sari", "Budi"):
        reads(world, name, photo)
    says(world, "Adi")
    operator = world.person("Omar", Role.OPERATOR)
    start = threading.Barrier(2)

    def run(do) -> None:
        start.wait()
        try:
            do()
        finally:
            connections.close_all()

    said = exclusions.Said(operator, world.contest, world.station, "court")
    with ThreadPoolExecutor(2) as pool:
        list(pool.map(run, (lambda: pipeline.exclude(said), lambda: pipeline.record(str(photo.pk)))))
    assert Result.objects.get().state == "excluded"
    fold()
    assert [sums("", name) for name in ("paslon_1", "excluded")] == [0, 1]
    assert differences() == []


@pytest.mark.parametrize("day", [date(1, 1, 1), date(1999, 12, 31), date(9999, 12, 31)])
def test_a_day_that_no_clock_can_show_is_refused(world, day):
    with pytest.raises(exclusions.WrongExclusion):
        says(world, "Adi", "psu", day=day)
    adi = browser_of(world, "Adi", Role.ADJUDICATOR)
    said = {"pemilihan": "ppwp", "tps": TPS, "alasan": "psu", "hari": day.isoformat()}
    assert adi.post("/putusan/pengecualian/", said).status_code == 422
    assert adi.get("/putusan/pengecualian/").status_code == 200


def test_nobody_excludes_a_tps_of_which_they_read_or_sent_a_photo(world):
    world.person("Adi", Role.ADJUDICATOR)
    settled(world, TPS, page=2, by=("Adi", "Budi"))
    with pytest.raises(rulings.HadItInHand):
        says(world, "Adi")
    assert not ExclusionProposal.objects.exists()
