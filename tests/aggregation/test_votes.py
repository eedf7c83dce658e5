"""Where a vote was repeated, two adjudicators say of which vote a photo is, and the result follows."""

import json
from datetime import date, timedelta
from functools import partial

import pytest
from django.core.cache import caches
from django.db import DatabaseError, IntegrityError, connection, transaction
from django.test import Client
from django.utils import timezone

from accounts.models import Role
from accounts.permissions import NotAllowed
from aggregation import audit, exclusions, votes
from aggregation.models import Result, VoteWord
from ledger.models import Event
from pemantau import pipeline
from tests.aggregation.evidence import fold
from tests.aggregation.test_audit import sent, settled
from tests.aggregation.test_exclusions import both, document, says, sums
from tests.transcription.reading import browser_of, device_of, reads, takes
from tests.uploads.test_pages import text
from tests.world import build
from transcription import bars
from transcription.models import Task
from transcription.rulings import HadItInHand

pytestmark = pytest.mark.django_db

TPS = "9101011001001"
PAGE = f"/hasil/contoh/ppwp/tps/{TPS}/"
VOTES = f"/putusan/pengecualian/contoh/ppwp/{TPS}/"
LONG_AGO = date(2020, 2, 14)  # every photo here came after it


@pytest.fixture
def world(db):
    return build()


def word(world, name, photo, vote="first", reason="date", role=Role.ADJUDICATOR, **more) -> VoteWord:
    said = {"device_id": device_of(world, world.person(name, role)).pk} | more
    return pipeline.say_vote(votes.Said(photo.pk, world.person(name, role), vote, reason, **said))


def old_and_new(world):
    """A TPS whose vote was repeated; its old form came after that, too, and differs from the new one."""
    old = settled(world)
    new = settled(world, by=("Citra", "Dewi"), paslon_1=7)
    both(world, "psu", day=LONG_AGO)
    return old, new


def the_result() -> tuple[str, int]:
    result = Result.objects.get()
    return result.state, result.numbers["paslon_1"]


def differences() -> list[str]:
    return [str(one) for one in audit.differences()]


def test_an_old_form_that_came_late_leaves_the_count_when_two_adjudicators_say_so(world):
    old, new = old_and_new(world)
    assert the_result() == ("disputed", 101)
    first = word(world, "Adi", old)
    assert (first.after_id, the_result()) == (None, ("disputed", 101)), "nobody moves evidence alone"
    assert word(world, "Adi", old).pk == first.pk, "saying it twice is not two people"
    second = word(world, "Vera", old)
    assert second.after_id == first.pk
    assert the_result() == ("partial", 7)
    fold()
    assert [sums("", name) for name in ("paslon_1", "disputed")] == [7, 0]
    told = {one["id"]: (one["counts"], one["vote"]) for one in document()["photos"]}
    assert told == {
        str(old.pk): (False, {"vote": "first", "by": "adjudicators", "reason": "date"}),
        str(new.pk): (True, {"vote": "repeated", "by": "time", "reason": None}),
    }
    assert {field["key"]: field["value"] for field in document()["exclusion"]["fields"]}["paslon_1"] == 101
    assert differences() == []
    assert word(world, "Vera", old).pk == second.pk, "the same again gives the same"
    assert VoteWord.objects.count() == 2


def test_a_new_form_that_time_puts_before_the_repeated_vote_counts_when_two_say_so(world):
    settled(world)
    new = settled(world, by=("Citra", "Dewi"), paslon_1=7)
    both(world, "psu", day=timezone.now().date() + timedelta(days=2))
    assert Result.objects.get().state == "excluded"
    word(world, "Adi", new, "repeated", "title")
    word(world, "Vera", new, "repeated", "alike")
    assert the_result() == ("partial", 7)
    fold()
    assert [sums("", name) for name in ("paslon_1", "counted", "excluded")] == [7, 1, 0]
    assert differences() == []


def test_it_is_taken_back_in_the_same_way_and_everything_is_as_before(world):
    old, _new = old_and_new(world)
    for name in ("Adi", "Vera"):
        word(world, name, old)
    assert the_result() == ("partial", 7)
    word(world, "Vera", old, "repeated")
    assert the_result() == ("partial", 7)
    word(world, "Adi", old, "repeated")
    assert the_result() == ("disputed", 101)
    fold()
    assert differences() == []


def test_a_word_that_says_what_stands_takes_back_the_one_that_waited(world):
    old, _new = old_and_new(world)
    word(world, "Adi", old)
    word(world, "Vera", old, "repeated")
    assert word(world, "Hana", old).after_id is None, "the first word waits no longer"
    assert the_result() == ("disputed", 101)
    assert word(world, "Vera", old).after_id is not None


def test_a_word_ends_with_a_pause_and_may_be_said_anew(world):
    old, _new = old_and_new(world)
    first = word(world, "Adi", old)
    omar, olga = (world.person(name, Role.OPERATOR) for name in ("Omar", "Olga"))
    bars.turn(None, world.person("Adi").pk, "contoh", on=True, reason="gold")
    bars.end(omar, olga, world.person("Adi").pk, "contoh", reason="mistake")
    assert word(world, "Hana", old).after_id is None
    again = word(world, "Adi", old)
    assert again != first
    assert again.after_id is not None


def test_nothing_new_is_refused(world):
    old, _new = old_and_new(world)
    with pytest.raises(votes.SaidAlready):
        word(world, "Adi", old, "repeated")


def test_a_photo_that_is_still_read_goes_to_its_vote_before_it_is_decided(world):
    both(world, "psu", day=LONG_AGO)
    old = sent(world)
    assert Result.objects.get().state == "received"
    for name in ("Adi", "Vera"):
        word(world, name, old)
    assert Result.objects.get().state == "excluded"
    for name in ("Sari", "Budi"):
        reads(world, name, old)
    pipeline.record(str(old.pk))
    assert Result.objects.get().state == "excluded"
    fold()
    assert differences() == []


def test_where_the_vote_was_not_repeated_there_is_but_one(world):
    old, _new = settled(world), settled(world, by=("Citra", "Dewi"))
    with pytest.raises(votes.NotRepeated):
        word(world, "Adi", old)
    both(world)
    with pytest.raises(votes.NotRepeated):
        word(world, "Adi", old, "repeated")


def test_what_was_said_counts_for_nothing_once_the_exclusion_ended(world):
    old, _new = old_and_new(world)
    for name in ("Adi", "Vera"):
        word(world, name, old)
    says(world, "Adi", "")
    says(world, "Omar", "", Role.OPERATOR)
    assert the_result() == ("disputed", 101)
    fold()
    assert differences() == []


@pytest.mark.parametrize("role", [Role.CITIZEN, Role.VOLUNTEER, Role.OPERATOR])
def test_nobody_but_adjudicators(world, role):
    old, _new = old_and_new(world)
    with pytest.raises(NotAllowed):
        word(world, "Cici", old, role=role)


def test_nobody_says_it_of_what_they_sent_or_read(world):
    old, _new = old_and_new(world)
    reader = world.person("Sari")
    reader.role = Role.ADJUDICATOR
    reader.save()
    with pytest.raises(HadItInHand):
        word(world, "Sari", old)
    own = sent(world)
    world.person("Adi").sighting_set.create(device=own.device, day=timezone.now().date())
    with pytest.raises(HadItInHand):
        word(world, "Adi", own)
    assert not VoteWord.objects.exists()


def test_whoever_said_it_is_not_given_the_photo_to_read(world):
    both(world, "psu", day=LONG_AGO)
    old = sent(world)
    word(world, "Adi", old)
    assert world.person("Adi").pk in Task.objects.get(pk=old.pk).touched_by
    assert takes(world, "Adi") is None
    assert takes(world, "Sari").task_id == old.pk


def test_the_second_one_is_independent_of_the_first(world):
    old, _new = old_and_new(world)
    device = world.device()
    word(world, "Adi", old, device_id=device.pk, address_block="a" * 32)
    world.person("Tono", Role.ADJUDICATOR, invited_by=world.person("Adi"))
    for name, more in (("Vera", {"device_id": device.pk}), ("Vera", {"address_block": "a" * 32}), ("Tono", {})):
        with pytest.raises(exclusions.NeedsAnother):
            word(world, name, old, **more)
    assert the_result() == ("disputed", 101)


def test_only_the_two_votes_and_reasons_from_the_list(world):
    old, _new = old_and_new(world)
    for said in (("third", "date"), ("", "date"), ("first", ""), ("first", "hujan")):
        with pytest.raises(votes.WrongVote):
            word(world, "Adi", old, *said)


def test_the_log_says_what_was_said_and_never_by_whom(world):
    old, _new = old_and_new(world)
    first, second = (word(world, name, old) for name in ("Adi", "Vera"))
    entries = [json.loads(bytes(one.body)) for one in Event.objects.filter(kind="vote").order_by("pk")]
    assert [(one["photo"], one["verdict"], one["reason"]) for one in entries] == [(str(old.pk), "first", "date")] * 2
    assert [one.get("because") for one in entries] == [None, [str(first.pk)]]
    assert entries[1]["id"] == str(second.pk)
    assert entries[0]["who"].startswith("c:")
    body = b"".join(bytes(one.body) for one in Event.objects.filter(kind="vote"))
    assert b"adi" not in body.lower()
    kinds = [one["kind"] for one in Client().get(f"/foto/{old.pk}/").context["document"]["log"]]
    assert kinds.count("vote") == 2


def row(word: VoteWord, **other) -> VoteWord:
    """A row laid into the table beside the doors of the app."""
    said = {"photo": word.photo, "number": word.number + 1, "vote": word.vote, "reason": "date", "by": word.by}
    return VoteWord.objects.create(**said | {"device": word.device, "after": word} | other)


def test_the_database_holds_to_two_adjudicators(world):
    old, new = old_and_new(world)
    first = word(world, "Adi", old)
    vera, another = world.person("Vera", Role.ADJUDICATOR), world.device()
    independent = partial(row, first, by=vera, device=another)
    for attempt in (
        partial(row, first, device=another),
        partial(row, first, by=vera),
        partial(independent, vote="repeated"),
        partial(independent, photo=new),
        partial(independent, number=3),
    ):
        with pytest.raises(IntegrityError, match="two adjudicators say"), transaction.atomic():
            attempt()
    with pytest.raises(IntegrityError, match="only adjudicators say"), transaction.atomic():
        independent(by=world.person("Sari"))
    with pytest.raises(DatabaseError, match="append-only"), transaction.atomic():
        VoteWord.objects.update(vote="repeated")
    with connection.cursor() as cursor:
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
    with pytest.raises(DatabaseError, match="no entry vote"), transaction.atomic():
        independent()


def test_a_word_that_vanished_and_the_result_that_hung_on_it_are_differences(world):
    old, _new = old_and_new(world)
    word(world, "Adi", old)
    second = word(world, "Vera", old)
    fold()
    with connection.cursor() as cursor:
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE; ALTER TABLE aggregation_voteword DISABLE TRIGGER USER")
        cursor.execute("DELETE FROM aggregation_voteword WHERE id = %s", [second.pk])
        cursor.execute("ALTER TABLE aggregation_voteword ENABLE TRIGGER USER")
    found = differences()
    assert any(one.startswith(f"vote {second.pk}") for one in found)
    assert any(one.startswith(f"result ppwp {TPS}") for one in found)


def test_by_the_page_one_says_so_and_another_agrees(world, django_assert_num_queries):
    old, _new = old_and_new(world)
    one, other = browser_of(world, "Adi", Role.ADJUDICATOR), browser_of(world, "Vera", Role.ADJUDICATOR)
    assert one.post(VOTES, {"foto": str(old.pk), "pemungutan": "first"}).status_code == 422
    assert one.post(VOTES, {"foto": "x", "pemungutan": "first", "alasan": "date"}).status_code == 404
    said = {"foto": str(old.pk), "pemungutan": "first", "alasan": "date"}
    one.post(VOTES, said)
    mine = text(one.get(VOTES))
    assert "Menunggu verifikator kedua" in mine
    assert "Setuju" not in mine
    assert "Pemungutan suara pertama: tanggal yang tertulis di formulir" in mine
    other.get(VOTES)  # from here on it is known who they are
    with django_assert_num_queries(9):  # session, person, contest and options, TPS, exclusion, the photos' three
        assert "Setuju" in text(other.get(VOTES))
    other.post(VOTES, said)
    assert the_result() == ("partial", 7)
    assert "ditetapkan dua verifikator: tanggal yang tertulis di formulir" in text(other.get(VOTES))
    caches["documents"].clear()
    shown = text(Client().get(PAGE))
    assert "Pemungutan suara pertama (ditetapkan dua verifikator: tanggal yang tertulis di formulir)" in shown
    assert "Pemungutan suara ulang (menurut waktu diterima)" in shown


def test_the_page_is_only_there_where_the_vote_was_repeated(world):
    settled(world)
    adjudicator = browser_of(world, "Adi", Role.ADJUDICATOR)
    assert adjudicator.get(VOTES).status_code == 409
    assert adjudicator.get(VOTES.replace("ppwp", "dpr")).status_code == 404
    assert adjudicator.get(VOTES.replace(TPS, "9101011001999")).status_code == 404
    assert adjudicator.get("/putusan/pengecualian/").status_code == 200
    both(world, "psu", day=LONG_AGO)
    assert f'href="{VOTES}"' in adjudicator.get("/putusan/pengecualian/").content.decode()


def test_the_public_page_leads_there_only_who_may_go(world):
    settled(world)
    both(world, "psu", day=LONG_AGO)
    people = {role: browser_of(world, role.title(), role) for role in (Role.VOLUNTEER, Role.ADJUDICATOR, Role.OPERATOR)}
    led = [role for role, browser in people.items() if f'href="{VOTES}"' in browser.get(PAGE).content.decode()]
    assert led == [Role.ADJUDICATOR]
    assert f'href="{VOTES}"' not in Client().get(PAGE).content.decode()


def test_the_page_of_a_case_tells_of_which_vote_its_photo_is(world):
    old, new = old_and_new(world)
    adjudicator = browser_of(world, "Hana", Role.ADJUDICATOR)
    said = "Di TPS ini pemungutan suara diulang. Foto ini dihitung sebagai:"
    for name in ("Adi", "Vera"):
        word(world, name, old)
    assert f"{said} pemungutan suara pertama (ditetapkan dua verifikator" in text(
        adjudicator.get(f"/putusan/{old.pk}/")
    )
    assert f"{said} pemungutan suara ulang (menurut" in text(adjudicator.get(f"/putusan/{new.pk}/"))
    other = settled(world, "9101011001002", by=("Eko", "Fitri"))
    assert said not in text(adjudicator.get(f"/putusan/{other.pk}/"))
