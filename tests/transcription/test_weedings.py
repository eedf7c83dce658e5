"""The junk of one sender is rejected in one go: looked at, confirmed by two, photo by photo, undone, never half."""

import json

import pytest
from django.db import DatabaseError, IntegrityError, connection, transaction

from accounts import commitments, roles
from accounts.models import Role
from accounts.permissions import NotAllowed
from aggregation import audit, weeding_preview
from ledger.models import Event
from pemantau import pipeline
from tests.transcription.reading import (
    VOTES,
    decision_of,
    device_of,
    given,
    photo_of,
    reads,
    rejects,
    rules,
    sends,
    takes,
    task_of,
)
from tests.world import build
from transcription import bars, queue, rulings, weedings
from transcription.entries import Reading, Sent
from transcription.models import Lease, Ruling, Weeding, WeedingPhoto
from uploads.models import Photo

HERE, NEAR, THIRD, FAR = "9101011001001", "9101011001002", "9101011001003", "9101011002001"


@pytest.fixture
def world(db):
    """One device sent four photos: a case, one that nobody has read, one that one has, and an honest one."""
    world = build()
    world.junk = world.device()
    world.case, world.unread, world.once = (photo_of(world, tps, device=world.junk) for tps in (HERE, NEAR, THIRD))
    world.honest = photo_of(world, FAR, device=world.junk)
    for name in ("Sari", "Budi"):
        reads(world, name, world.case, problem="not_a_form")
        reads(world, name, world.honest)
    reads(world, "Sari", world.once)
    world.neighbours = photo_of(world, FAR, page=3)
    world.hakim, world.ratna, world.tono = (world.person(name, Role.ADJUDICATOR) for name in ("Hakim", "Ratna", "Tono"))
    return world


def begun(world, by=None) -> Weeding:
    return weedings.begin(by or world.hakim, world.case.pk)


def proposed(world, by=None) -> Weeding:
    by = by or world.hakim
    weeding = begun(world, by)
    weedings.propose(by, weeding.pk, "not_a_form", device_of(world, by), "")
    return weeding


def confirmed(world, weeding=None, by=None) -> Weeding:
    weeding, by = weeding or proposed(world), by or world.ratna
    pipeline.confirm_weeding(by, weeding.pk, device_of(world, by), "")
    return weeding


def worked(weeding: Weeding) -> Weeding:
    """The workers, until nothing is left."""
    pipeline.go_on_with_weeding(str(weeding.pk))
    for step, work in ((Photo.Step.DECIDE, pipeline.decide), (Photo.Step.RECORD, pipeline.record)):
        for photo in Photo.objects.filter(step=step):
            work(str(photo.pk))
    weeding.refresh_from_db()
    return weeding


def weeded(world) -> Weeding:
    return worked(confirmed(world))


def meant(weeding: Weeding) -> set:
    return set(weedings.meant(weeding).values_list("photo", flat=True))


def came_of(weeding: Weeding, photo: Photo) -> str:
    return weeding.photos.get(photo=photo).left_out


def outcome_of(photo: Photo) -> str:
    decision = decision_of(photo)
    return decision.outcome if decision else ""


# --- Which photos -------------------------------------------------------------------------------


def test_all_of_the_sender_are_there_and_what_readers_accepted_is_not_meant(world):
    weeding = begun(world)
    assert set(weeding.photos.values_list("photo", flat=True)) == {
        photo.pk for photo in (world.case, world.unread, world.once, world.honest)
    }
    assert meant(weeding) == {world.case.pk, world.unread.pk, world.once.pk}


def test_a_block_of_addresses_is_nobody(world):
    photo_of(world, NEAR, page=1, address_block="a" * 32)
    case = photo_of(world, NEAR, page=3, address_block="a" * 32)
    for name in ("Sari", "Budi"):
        reads(world, name, case, problem="not_a_form")
    assert weedings.begin(world.hakim, case.pk).photos.count() == 1


def test_whoever_has_an_account_is_the_account_on_whatever_device(world):
    cici = world.person("Cici", Role.CITIZEN)
    hers = [photo_of(world, tps, page=1, uploader=cici) for tps in (HERE, NEAR)]
    photo_of(world, HERE, page=3, device=hers[0].device)
    for name in ("Sari", "Budi"):
        reads(world, name, hers[0], problem="blurred")
    weeding = weedings.begin(world.hakim, hers[0].pk)
    assert set(weeding.photos.values_list("photo", flat=True)) == {photo.pk for photo in hers}


def test_what_is_rejected_withdrawn_or_not_yet_open_is_not_there(world):
    rejects(world, world.case, "not_a_form", by=("Tono", "Wati"))
    pipeline.withdraw(world.unread)
    photo_of(world, NEAR, page=1, device=world.junk, opened=False)
    weeding = begun(world)
    assert set(weeding.photos.values_list("photo", flat=True)) == {world.once.pk, world.honest.pk}
    assert weedings.left_over(weeding) == 0


def test_a_sender_of_more_than_fit_has_the_rest_left_over(world, monkeypatch):
    monkeypatch.setattr(weedings, "MOST", 3)
    weeding = begun(world)
    assert world.honest.pk not in set(weeding.photos.values_list("photo", flat=True)), "the accepted ones come last"
    assert weedings.left_over(weeding) == 1


def test_it_begins_with_a_case_and_only_with_that(world):
    with pytest.raises(rulings.NotACase):
        weedings.begin(world.hakim, world.unread.pk)
    with pytest.raises(NotAllowed):
        weedings.begin(world.person("Sari"), world.case.pk)
    assert not Weeding.objects.exists()


def test_the_same_twice_or_by_another_is_the_one_that_is_open(world):
    weeding = begun(world)
    assert begun(world) == begun(world, world.ratna) == weeding


def test_whoever_unticks_keeps_a_photo_out(world):
    weeding = begun(world)
    weedings.choose(world.hakim, weeding.pk, [world.unread.pk, world.case.pk], [world.case.pk])
    assert meant(weeding) == {world.case.pk, world.once.pk}, "what was not shown stays as it was"
    with pytest.raises(weedings.NoSuchWeeding):
        weedings.choose(world.ratna, weeding.pk, [world.once.pk], [])
    with pytest.raises(weedings.NoReason):
        weedings.propose(world.hakim, weeding.pk, "as_written", None, "")
    weedings.propose(world.hakim, weeding.pk, "duplicate", None, "")
    with pytest.raises(weedings.NoSuchWeeding):
        weedings.choose(world.hakim, weeding.pk, [world.once.pk], [])
    assert meant(weeding) == {world.case.pk, world.once.pk}


def test_what_is_accepted_while_somebody_ticks_is_not_ticked(world):
    weeding = begun(world)
    reads(world, "Budi", world.once)
    everything = [world.case.pk, world.once.pk]
    weedings.choose(world.hakim, weeding.pk, everything, everything)
    assert world.once.pk not in meant(weeding)
    weedings.choose(world.hakim, weeding.pk, everything, everything, [world.once.pk])
    assert world.once.pk in meant(weeding), "they have seen it"


def test_nothing_meant_is_nothing_proposed(world):
    weeding = begun(world)
    weedings.choose(world.hakim, weeding.pk, meant(weeding), [])
    with pytest.raises(weedings.NothingMeant):
        weedings.propose(world.hakim, weeding.pk, "not_a_form", None, "")


def test_the_preview_counts_what_would_be_lost(world):
    weeding = begun(world)
    pipeline.record(str(world.honest.pk))
    (ppwp,) = weeding_preview.effects_of(weedings.meant(weeding))
    assert (ppwp.photos, len(ppwp.stations), ppwp.accepted, ppwp.losing) == (3, 3, 0, 0)
    weedings.choose(world.hakim, weeding.pk, *[[world.honest.pk]] * 3)
    (ppwp,) = weeding_preview.effects_of(weedings.meant(weeding))
    assert (ppwp.photos, len(ppwp.stations), ppwp.accepted, ppwp.losing) == (4, 4, 1, 1)
    again = photo_of(world, FAR)
    for name in ("Citra", "Dewi"):
        reads(world, name, again)
    (ppwp,) = weeding_preview.effects_of(weedings.meant(weeding))
    assert (ppwp.accepted, ppwp.losing) == (1, 0), "another photo says the same"


def test_whoever_looks_is_given_none_of_the_photos_to_read(world):
    weeding = begun(world)
    assert weedings.look_into(weeding.pk, world.tono) == weeding
    assert all(world.tono.pk in task_of(photo).touched_by for photo in (world.unread, world.once))
    assert takes(world, "Tono").task_id == world.neighbours.pk


# --- Done ---------------------------------------------------------------------------------------


def test_whoever_looks_while_they_hold_one_to_read_does_not_get_it_again(world):
    weeding = proposed(world)
    lease = given(world, "Ratna", world.unread)
    weedings.look_into(weeding.pk, world.ratna)
    Lease.objects.filter(pk=lease.pk).update(expires_at="2020-01-01T00:00:00Z")
    queue.take_back_expired_leases()
    assert world.ratna.pk in task_of(world.unread).touched_by
    with pytest.raises(AssertionError, match="not given"):
        given(world, "Ratna", world.unread)


def test_nothing_happens_before_the_second_word(world):
    proposed(world)
    assert (Ruling.objects.count(), outcome_of(world.case), task_of(world.unread).wants) == (0, "", 2)
    assert not Event.objects.filter(kind="weeding").exists()


def test_each_photo_is_ruled_on_by_both_and_rejected(world):
    weeding = weeded(world)
    assert weeding.ended_at is not None
    assert [outcome_of(photo) for photo in (world.case, world.unread, world.once)] == ["rejected"] * 3
    assert (outcome_of(world.honest), outcome_of(world.neighbours)) == ("accepted", "")
    assert {decision_of(photo).problem for photo in (world.unread, world.once)} == {"not_a_form"}
    for photo in (world.case, world.unread, world.once):
        assert {ruling.adjudicator for ruling in photo.rulings.all()} == {world.hakim, world.ratna}
        assert set(decision_of(photo).because) == {ruling.pk for ruling in photo.rulings.all()}
    assert [str(one) for one in audit.decisions()] == []


def test_the_log_says_it_once_and_each_ruling(world):
    weeding = weeded(world)
    bodies = [json.loads(bytes(event.body)) for event in Event.objects.order_by("pk")]
    (said,) = [body for body in bodies if body["t"] == "weeding"]
    assert (said["version"], said["state"], said["reason"], said["size"]) == (weeding.pk, "on", "not_a_form", 3)
    assert (said["by"], said["second"]) == (commitments.of(world.hakim), commitments.of(world.ratna))
    assert sum(body["t"] == "ruling" for body in bodies) == Ruling.objects.count() == 6
    assert {body["photo"] for body in bodies if body["t"] == "decision" and body["res"] == "rejected"} == {
        str(photo.pk) for photo in (world.case, world.unread, world.once)
    }


def test_an_honest_photo_is_rejected_only_where_somebody_said_so(world):
    weeding = begun(world)
    weedings.choose(world.hakim, weeding.pk, *[[world.honest.pk]] * 3)
    worked(confirmed(world, proposed(world)))
    assert outcome_of(world.honest) == "rejected"


def test_what_readers_accepted_meanwhile_is_left_out(world):
    weeding = proposed(world)
    reads(world, "Budi", world.once)
    worked(confirmed(world, weeding))
    assert (outcome_of(world.once), came_of(weeding, world.once)) == ("accepted", "accepted")
    assert outcome_of(world.unread) == "rejected"


def test_what_is_accepted_but_not_yet_decided_is_left_out_too(world, monkeypatch):
    weeding = confirmed(world)
    monkeypatch.setattr(pipeline.decide, "delay", lambda photo: None)
    lease = given(world, "Budi", world.once)
    pipeline.send_entry(Sent(lease.pk, lease.account, lease.device_id, "", Reading(2, dict(VOTES))))
    worked(weeding)
    assert (outcome_of(world.once), came_of(weeding, world.once)) == ("accepted", "accepted")


@pytest.mark.parametrize("how", ["confirmed", "read again", "moved"])
def test_what_others_decided_since_it_was_proposed_is_left_out(world, how):
    weeding = begun(world)
    photos = [photo.pk for photo in (world.case, world.unread, world.once, world.honest)]
    weedings.choose(world.hakim, weeding.pk, photos, photos, photos)
    weedings.propose(world.hakim, weeding.pk, "not_a_form", device_of(world, world.hakim), "")
    photo = world.case if how == "moved" else world.honest
    if how == "confirmed":
        rules(world, "Xena", photo, "accept", page=2, numbers=VOTES)
    elif how == "read again":
        rules(world, "Xena", photo, "reopen", "look_again")
    else:
        for name in ("Xena", "Yani"):
            rules(world, name, photo, "rehome", "wrong_tps", station_code=FAR)
    stands = decision_of(photo)
    foreseen = weedings.to_be_left_out(weedings.seen_by(world.ratna).get(pk=weeding.pk), world.ratna)
    worked(confirmed(world, weeding))
    assert decision_of(photo) == stands
    assert came_of(weeding, photo) == foreseen[photo.pk] == ("accepted" if how == "confirmed" else "otherwise")
    assert outcome_of(world.unread) == "rejected"


def test_what_was_withdrawn_or_ruled_on_meanwhile_is_left_out(world):
    weeding = confirmed(world)
    pipeline.withdraw(world.unread)
    rejects(world, world.case, "not_a_form", by=("Tono", "Wati"))
    worked(weeding)
    assert (came_of(weeding, world.unread), came_of(weeding, world.case)) == ("withdrawn", "otherwise")
    assert {ruling.adjudicator for ruling in world.case.rulings.all()} == {world.tono, world.person("Wati")}
    assert (outcome_of(world.unread), outcome_of(world.once)) == ("", "rejected")


def test_what_somebody_had_in_hand_and_sends_afterwards_changes_nothing(world):
    lease = given(world, "Dewi", world.unread)
    weeded(world)
    sends(lease, Reading(2, dict(VOTES)))
    assert (outcome_of(world.unread), task_of(world.unread).leased) == ("rejected", 0)


# --- Nobody judges what they sent or read -------------------------------------------------------


def test_what_either_of_both_read_is_left_out(world):
    reads(world, "Hakim", world.unread)
    weeding = begun(world)
    assert came_of(weeding, world.unread) == "in_hand"
    weedings.choose(world.hakim, weeding.pk, [world.unread.pk], [world.unread.pk])
    assert world.unread.pk not in meant(weeding)
    weedings.propose(world.hakim, weeding.pk, "not_a_form", device_of(world, world.hakim), "")
    reads(world, "Ratna", world.once, paslon_1=1, paslon_2=2, paslon_3=3)
    worked(confirmed(world, weeding))
    assert came_of(weeding, world.once) == "in_hand"
    assert (outcome_of(world.case), outcome_of(world.unread), outcome_of(world.once)) == ("rejected", "", "")
    assert json.loads(bytes(Event.objects.get(kind="weeding").body))["size"] == 1


def test_where_nothing_is_left_for_the_second_it_is_not_confirmed(world):
    weeding = begun(world)
    weedings.choose(world.hakim, weeding.pk, [world.case.pk, world.once.pk], [])
    weedings.propose(world.hakim, weeding.pk, "not_a_form", None, "")
    reads(world, "Ratna", world.unread)
    with pytest.raises(weedings.NothingMeant):
        confirmed(world, weeding)
    assert not WeedingPhoto.objects.filter(left_out="in_hand").exists()


def test_the_sender_neither_sees_nor_confirms_nor_drops_it(world):
    world.tono.sighting_set.create(device=world.junk, day="2029-02-14")
    weeding = proposed(world)
    assert weeding not in weedings.seen_by(world.tono)
    for forbidden in (
        lambda: weedings.look_into(weeding.pk, world.tono),
        lambda: weedings.cancel(world.tono, weeding.pk),
        lambda: confirmed(world, weeding, world.tono),
    ):
        with pytest.raises(weedings.NoSuchWeeding):
            forbidden()
    with pytest.raises(rulings.HadItInHand):
        begun(world, world.tono)


def test_it_takes_two_adjudicators(world):
    weeding = proposed(world)
    with pytest.raises(weedings.OneAdjudicator):
        confirmed(world, weeding, world.hakim)
    for name in ("Sari", "Omar"):
        with pytest.raises(NotAllowed):
            confirmed(world, weeding, world.person(name, Role.OPERATOR))
    with pytest.raises(IntegrityError, match="two_adjudicators_weed"), transaction.atomic():
        Weeding.objects.filter(pk=weeding.pk).update(confirmed_by=world.hakim, confirmed_at="2029-02-14T00:00Z")
    confirmed(world, weeding)
    for again in (world.ratna, world.tono):
        with pytest.raises(weedings.NoSuchWeeding):
            confirmed(world, weeding, again)
    assert Event.objects.filter(kind="weeding").count() == 1


def test_who_is_not_independent_of_the_proposer_is_no_second(world):
    weeding = begun(world)
    weedings.propose(world.hakim, weeding.pk, "not_a_form", device_of(world, world.hakim), "a" * 32)
    with pytest.raises(weedings.NotIndependent):
        pipeline.confirm_weeding(world.ratna, weeding.pk, device_of(world, world.hakim), "")
    with pytest.raises(weedings.NotIndependent):
        pipeline.confirm_weeding(world.ratna, weeding.pk, device_of(world, world.ratna), "a" * 32)
    type(world.ratna).objects.filter(pk=world.ratna.pk).update(invited_by=world.hakim)
    with pytest.raises(weedings.NotIndependent):
        pipeline.confirm_weeding(world.ratna, weeding.pk, device_of(world, world.ratna), "b" * 32)
    pipeline.confirm_weeding(world.tono, weeding.pk, device_of(world, world.tono), "b" * 32)


def test_two_whose_rulings_do_not_carry_each_other_leave_no_trace_on_the_photo(world):
    """Whatever makes two dependent between the confirmation and a photo's turn."""
    weeding = confirmed(world)
    type(world.ratna).objects.filter(pk=world.ratna.pk).update(invited_by=world.hakim)
    worked(weeding)
    assert (came_of(weeding, world.unread), world.unread.rulings.count()) == ("alone", 0)
    assert (task_of(world.unread).wants, task_of(world.unread).needs_adjudicator) == (2, False)


def test_what_a_former_adjudicator_proposed_is_no_proposal(world):
    weeding = proposed(world)
    with transaction.atomic():
        pipeline.ledger.append(
            "contoh",
            "role",
            account=commitments.of(world.hakim),
            role="citizen",
            by="system",
            at="2029-02-14T00:00:00Z",
        )
        type(world.hakim).objects.filter(pk=world.hakim.pk).update(role="citizen")
    with pytest.raises(weedings.NoSuchWeeding):
        confirmed(world, weeding)


@pytest.mark.parametrize("made", [begun, proposed])
@pytest.mark.parametrize("what", ["role", "pause"])
def test_a_proposal_does_not_come_back_with_the_role_or_after_a_pause(world, what, made):
    weeding = made(world)
    omar, olga = (world.person(name, Role.OPERATOR) for name in ("Omar", "Olga"))
    if what == "role":
        for role in (Role.VOLUNTEER, Role.ADJUDICATOR):
            for operator in (omar, olga):
                roles.grant(operator, world.hakim, role, "contoh")
    else:
        bars.turn(None, world.hakim.pk, "contoh", on=True, reason="gold")
        bars.end(omar, olga, world.hakim.pk, "contoh", reason="mistake")
    world.hakim.refresh_from_db()
    with pytest.raises(weedings.NoSuchWeeding):
        confirmed(world, weeding)
    assert weeding not in weedings.waiting_for(world.ratna)
    assert begun(world, world.ratna) != weeding, "another one may begin"


def test_without_its_entry_nothing_is_confirmed(world):
    weeding = proposed(world)
    Weeding.objects.filter(pk=weeding.pk).update(confirmed_by=world.ratna, confirmed_at="2029-02-14T00:00Z")
    with connection.cursor() as cursor, pytest.raises(DatabaseError, match="has no entry weeding"):
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")


def test_one_that_is_dropped_changes_nothing_and_another_may_begin(world):
    weeding = proposed(world)
    weedings.cancel(world.ratna, weeding.pk)
    weedings.cancel(world.ratna, weeding.pk)
    with pytest.raises(weedings.NoSuchWeeding):
        confirmed(world, weeding)
    assert begun(world) != weeding
    assert not Ruling.objects.exists()


# --- Stopped in the middle ----------------------------------------------------------------------


def test_a_crash_loses_one_photo_and_the_sweeper_goes_on(world, monkeypatch):
    weeding, note = confirmed(world), weedings.note

    def crash(row, given, left_out):
        if row.photo_id == world.unread.pk:
            raise RuntimeError("power is gone")
        note(row, given, left_out)

    monkeypatch.setattr(weedings, "note", crash)
    with pytest.raises(RuntimeError):
        worked(weeding)
    assert (world.case.rulings.count(), world.unread.rulings.count()) == (2, 0)
    assert not task_of(world.unread).needs_adjudicator
    monkeypatch.setattr(weedings, "note", note)
    rung = []
    monkeypatch.setattr(pipeline, "_knock", lambda task, key: rung.append((task.name, key)))
    pipeline.sweep()
    assert ("pemantau.pipeline.go_on_with_weeding", weeding.pk) in rung
    worked(weeding)
    worked(weeding)
    assert weeding.ended_at
    assert [photo.rulings.count() for photo in (world.case, world.unread, world.once)] == [2, 2, 2]
    assert [decision_of(photo).version for photo in (world.case, world.unread, world.once)] == [1, 1, 1]
    rung.clear()
    pipeline.sweep()
    assert rung == []


def test_it_goes_on_in_parts(world, monkeypatch):
    monkeypatch.setattr(pipeline, "WEEDED_AT_ONCE", 1)
    weeding = confirmed(world)
    for left in (2, 1, 0):
        pipeline.go_on_with_weeding(str(weeding.pk))
        assert weedings.due(weeding).count() == left


# --- Undone -------------------------------------------------------------------------------------


def undone(world, weeding: Weeding, by, second) -> Weeding:
    back = weedings.begin_undoing(by, weeding.pk)
    weedings.propose(by, back.pk, "mistake", device_of(world, by), "")
    return worked(confirmed(world, back, second))


def test_undone_all_of_it_is_read_again(world):
    weeding = weeded(world)
    back = undone(world, weeding, world.hakim, world.tono)
    assert back.ended_at
    assert [outcome_of(photo) for photo in (world.case, world.unread, world.once)] == ["reopened"] * 3
    assert [task_of(photo).wants for photo in (world.case, world.unread, world.once)] == [2, 2, 2]
    said = [json.loads(bytes(event.body)) for event in Event.objects.filter(kind="weeding").order_by("pk")]
    assert [(body["state"], body["reason"]) for body in said] == [("on", "not_a_form"), ("off", "mistake")]
    for name in ("Citra", "Dewi"):
        reads(world, name, world.unread)
    assert outcome_of(world.unread) == "accepted"
    assert [str(one) for one in audit.decisions()] == []


def test_those_who_rejected_do_not_undo_it_between_themselves(world):
    weeding = weeded(world)
    back = weedings.begin_undoing(world.ratna, weeding.pk)
    weedings.propose(world.ratna, back.pk, "mistake", device_of(world, world.ratna), "")
    with pytest.raises(weedings.ThirdAdjudicator):
        confirmed(world, back, world.hakim)
    worked(confirmed(world, back, world.tono))
    assert outcome_of(world.once) == "reopened"


def test_what_was_decided_otherwise_since_is_not_undone(world):
    weeding = weeded(world)
    back = weedings.begin_undoing(world.hakim, weeding.pk)
    weedings.propose(world.hakim, back.pk, "mistake", device_of(world, world.hakim), "")
    rules(world, "Wati", world.once, "reopen", "look_again")
    rules(world, "Wati", world.unread, "reopen", "look_again")
    for name in ("Citra", "Dewi"):
        reads(world, name, world.unread, problem="not_a_form")
    rejects(world, world.unread, "not_a_form", by=("Yudi", "Zaki"))
    worked(confirmed(world, back, world.tono))
    assert (came_of(back, world.once), came_of(back, world.unread)) == ("otherwise", "otherwise")
    assert [decision_of(photo).version for photo in (world.case, world.once)] == [2, 2]
    assert outcome_of(world.unread) == "rejected"
    with pytest.raises(weedings.NothingLeft):
        weedings.begin_undoing(world.hakim, weeding.pk)


def test_what_never_was_confirmed_is_not_undone(world):
    weeding = proposed(world)
    with pytest.raises(weedings.NoSuchWeeding):
        weedings.begin_undoing(world.ratna, weeding.pk)
