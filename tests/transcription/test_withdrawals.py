"""Taking a photo back by its code: once, for good, unless somebody else has sent it too."""

import pytest
from django.db import DatabaseError

from accounts.models import Role
from aggregation import audit, folder, photo_document, station_document
from aggregation.models import Result
from ledger import checks
from ledger.models import Event
from pemantau import pipeline, whereabouts
from tests.transcription import reading as people
from tests.transcription.reading import VOTES, given, photo_of, reads, rejects, rules, task_of
from tests.uploads.conftest import folder_storages
from tests.uploads.pictures import encoded
from transcription import entries, queue, senders, withdrawals
from transcription.models import Lease, Task
from uploads import claims, intake, receipts, station_pages
from uploads.models import Photo, Repeat
from uploads.receipts import State

pytestmark = pytest.mark.django_db


def withdrawn(photo: Photo) -> Photo:
    pipeline.withdraw(photo)
    return Photo.objects.select_related("contest", "station").get(pk=photo.pk)


def kinds(photo: Photo) -> list[str]:
    return list(Event.objects.filter(subject=str(photo.pk)).order_by("pk").values_list("kind", flat=True))


def counted(world, *photos: Photo) -> Result:
    """The result of the first photo's TPS, as the pipeline records it."""
    for photo in photos:
        Photo.objects.filter(pk=photo.pk).update(step=Photo.Step.QUEUE)
        pipeline.open_to_readers(str(photo.pk))
    return Result.objects.get(station=photos[0].station)


def test_it_is_nobodys_task_any_more_and_counts_for_nothing(world):
    photo = photo_of(world)
    assert counted(world, photo).state == Result.State.RECEIVED
    photo = withdrawn(photo)
    assert whereabouts.state_of(photo) == State.WITHDRAWN
    assert people.takes(world, "Sari") is None
    assert (task_of(photo).wants, task_of(photo).needs_adjudicator) == (0, False)
    assert Result.objects.get().state == Result.State.EMPTY
    told = station_pages.of(claims.place(photo.station.code))
    assert {page["photos"] for contest in told["contests"] for page in contest["pages"]} == {0}
    assert kinds(photo) == ["photo", "withdraw"]


def test_again_changes_nothing(world):
    photo = withdrawn(photo_of(world))
    at = photo.withdrawn_at
    assert withdrawn(photo).withdrawn_at == at
    assert kinds(photo) == ["photo", "withdraw"]


def test_no_step_touches_it_and_the_sweeper_passes_it_by(world):
    for step in (Photo.Step.INSPECT, Photo.Step.QUEUE, Photo.Step.DECIDE, Photo.Step.RECORD):
        photo = photo_of(world)
        Photo.objects.filter(pk=photo.pk).update(step=step)
        withdrawn(photo)
        for task in (pipeline.inspect, pipeline.open_to_readers, pipeline.decide, pipeline.record):
            task(str(photo.pk))
        assert Photo.objects.get(pk=photo.pk).step == step
    assert pipeline.sweep(older_than=-1) == 0


def test_a_reader_who_has_it_in_hand_is_told_and_gets_another(world):
    photo = photo_of(world)
    lease = given(world, "Sari", photo)
    photo = withdrawn(photo)
    with pytest.raises(receipts.Withdrawn):
        people.sends(lease, entries.Reading(2, dict(VOTES)))
    with pytest.raises(queue.LeaseOver):
        queue.renew(lease.pk, lease.account)
    queue.give_back(lease.pk, lease.account)  # too late, and no harm
    assert (task_of(photo).leased, Lease.objects.get(pk=lease.pk).end) == (0, "expired")
    other = photo_of(world, "9101011001002")
    assert people.takes(world, "Sari").task_id == other.pk


def test_neither_sender_nor_adjudicator_says_anything_about_it(world):
    photo = photo_of(world)
    for name in ("Sari", "Budi"):
        reads(world, name, photo, problem="wrong_tps")
    assert task_of(photo).needs_adjudicator
    withdrawn(photo)
    assert not Task.objects.filter(needs_adjudicator=True).exists()
    with pytest.raises(receipts.Withdrawn):
        rejects(world, photo, "wrong_tps")
    with pytest.raises(receipts.Withdrawn):
        senders.submit(senders.Typed(photo, None, photo.device_id, "", entries.Reading(2, {"paslon_1": 1})))


def test_once_decided_it_stays(world):
    photo = photo_of(world)
    for name in ("Sari", "Budi"):
        reads(world, name, photo)
    with pytest.raises(withdrawals.AlreadyDecided):
        pipeline.withdraw(photo)
    rules(world, "Hakim", photo, "reopen", "look_again")
    assert withdrawn(photo).withdrawn_at is not None  # what was decided does not stand any more


def test_entries_that_agree_but_are_not_decided_yet_do_not_hold_it(world):
    photo = photo_of(world)
    for name in ("Sari", "Budi"):
        lease = given(world, name, photo)
        reading = entries.Reading(2, dict(VOTES))
        pipeline.send_entry(entries.Sent(lease.pk, lease.account, lease.device_id, "", reading))
    photo = withdrawn(photo)
    pipeline.decide(str(photo.pk))
    assert people.decision_of(photo) is None
    assert list(audit.decisions()) == []


def test_the_others_of_its_page_are_first_again(world):
    first, second = photo_of(world), photo_of(world)
    assert task_of(second).rank >= queue.EVIDENCE
    withdrawn(first)
    assert task_of(second).rank < queue.EVIDENCE
    assert task_of(photo_of(world)).rank >= queue.EVIDENCE  # the second one is there


def test_who_takes_back_mere_evidence_moves_nobody_up(world):
    _first, second, third = photo_of(world), photo_of(world), photo_of(world)
    withdrawn(third)
    assert task_of(second).rank >= queue.EVIDENCE


def test_after_the_only_one_was_taken_back_the_next_is_the_first(world):
    withdrawn(photo_of(world))
    assert task_of(photo_of(world)).rank < queue.EVIDENCE


def test_the_public_sees_that_it_was_there_and_no_picture(world):
    photo = photo_of(world)
    counted(world, photo)
    assert photo_document.build(photo.pk)["pictures"]
    photo = withdrawn(photo)
    document = photo_document.build(photo.pk)
    assert (document["state"], document["pictures"], document["decision"]) == ("withdrawn", {}, None)
    assert [entry["kind"] for entry in document["log"]] == ["photo", "withdraw"]
    (shown,) = station_document.build(world.contest, photo.station.code)["photos"]
    assert (shown["state"], shown["pictures"]) == ("withdrawn", {})


# --- The same bytes again ----------------------------------------------------------------------


@pytest.fixture
def sent(world, settings, tmp_path):
    """Sends one picture; `sent()` by the first device, `sent(device=…)` by another."""
    settings.STORAGES = settings.STORAGES | folder_storages(tmp_path)
    first = world.device()
    path = tmp_path / "received"
    path.write_bytes(encoded(width=300, height=400))

    def send(**said) -> Photo:
        given = {"device": first, "uploader": None} | said
        sending = intake.Sending(path, world.station, world.contest, 2, key=None, **given)
        return pipeline.receive(sending)[0]

    return send


def test_the_same_device_gets_the_same_receipt_and_it_stays_withdrawn(world, sent):
    photo = withdrawn(sent())
    again = sent(address_block="another place")
    assert (again.pk, again.receipt) == (photo.pk, photo.receipt)
    assert Repeat.objects.count() == 1
    assert whereabouts.state_of(again) == State.WITHDRAWN
    assert withdrawn(again).withdrawn_at == photo.withdrawn_at


def test_the_same_account_on_another_device_is_nobody_else(world, sent):
    cici = world.person("Cici", Role.CITIZEN)
    photo = sent(uploader=cici)
    again = sent(uploader=cici, device=world.device())
    assert withdrawn(again).withdrawn_at is not None
    assert sent(uploader=cici, device=world.device()).withdrawn_at is not None
    assert kinds(photo) == ["photo", "withdraw"]


def test_somebody_else_brings_it_back_for_good(world, sent):
    photo = sent()
    pipeline.inspect(str(photo.pk))
    pipeline.open_to_readers(str(photo.pk))
    reads(world, "Sari", photo)
    withdrawn(photo)
    assert Result.objects.get().state == Result.State.EMPTY
    back = sent(device=world.device())
    assert (back.pk, back.withdrawn_at) == (photo.pk, None)
    assert Result.objects.get().state == Result.State.RECEIVED
    pipeline.decide(str(photo.pk))
    assert (Photo.objects.get(pk=photo.pk).step, task_of(photo).wants) == (Photo.Step.READ, 1)
    reads(world, "Budi", photo)
    assert people.decision_of(photo).outcome == "accepted"
    assert kinds(photo) == ["photo", "copies", "withdraw", "restore"]


@pytest.mark.parametrize("step", [Photo.Step.INSPECT, Photo.Step.QUEUE])
def test_it_goes_on_where_it_stood(world, sent, step):
    photo = sent()
    Photo.objects.filter(pk=photo.pk).update(step=step)
    withdrawn(photo)
    assert sent(device=world.device()).step == step
    assert pipeline.sweep(older_than=-1) == 1


def test_after_that_nobody_takes_it_back(world, sent):
    photo = withdrawn(sent())
    sent(device=world.device())
    with pytest.raises(withdrawals.SentByOthers):
        pipeline.withdraw(photo)


def test_what_others_sent_too_is_not_taken_back(world, sent):
    photo = sent()
    sent(device=world.device())
    with pytest.raises(withdrawals.SentByOthers):
        pipeline.withdraw(photo)
    assert kinds(photo) == ["photo"]


# --- The log ------------------------------------------------------------------------------------


def test_the_audit_knows_withdrawn_and_restored_photos(world, sent):
    folder.prepare()
    gone = photo_of(world, "9101011001002")
    photo = sent()
    for step in (pipeline.inspect, pipeline.open_to_readers):
        step(str(photo.pk))
    counted(world, gone)
    withdrawn(gone)
    withdrawn(photo)
    sent(device=world.device())
    pipeline.decide(str(photo.pk))
    while folder.step():
        pass
    assert list(checks.faults()) == []
    about = {str(gone.pk), str(photo.pk)}
    assert [one for one in audit.differences() if one.name in about and one.kind != "photo"] == []
    Photo.objects.filter(pk=gone.pk).update(withdrawn_at=None)
    Photo.objects.filter(pk=photo.pk).update(withdrawn_at="2029-02-14T08:00:00Z")
    found = {(one.kind, one.name) for one in audit.log()}
    assert found >= {("withdraw", str(gone.pk)), ("restore", str(photo.pk))}


@pytest.mark.django_db(transaction=True)
def test_the_database_refuses_it_without_an_entry(transactional_db):
    from tests.world import build

    world = build()
    photo = people.photo_in_log(world, "9101011001001")
    with pytest.raises(DatabaseError, match="no entry withdraw"):
        Photo.objects.filter(pk=photo.pk).update(withdrawn_at="2029-02-14T08:00:00Z")
    pipeline.withdraw(photo)
    with pytest.raises(DatabaseError, match="no entry restore"):
        Photo.objects.filter(pk=photo.pk).update(withdrawn_at=None)
    with pytest.raises(DatabaseError, match="append-only"):
        Photo.objects.filter(pk=photo.pk).update(withdrawn_at=None, page=3)
