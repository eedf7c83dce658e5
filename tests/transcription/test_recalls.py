"""All that a paused person read stops counting in one go: told before, confirmed by two, undone, and never half."""

import json
import threading
import time

import pytest
from django.db import IntegrityError, connection, transaction
from django.test.utils import CaptureQueriesContext

from accounts import commitments, leaving, roles
from accounts.models import Role
from accounts.permissions import NotAllowed
from aggregation import audit, exclusions, recall_preview
from aggregation.models import Result, Tally
from ledger.models import Event
from pemantau import pipeline
from tests.aggregation.evidence import PAGE_2, fold
from tests.aggregation.test_audit import sent, settled
from tests.transcription.reading import decision_of, photo_in_log, reads, rejects, rules, task_of
from tests.transcription.test_bars import lifted
from tests.transcription.test_many_at_once import at_once
from tests.world import build
from transcription import bars, consensus, recalls, reports, rulings
from transcription.models import Decision, Recall, RecallPhoto, Task
from uploads.models import Photo

HERE, NEAR, FAR = "9101011001001", "9101011001002", "9101011002001"
VOTES = {key: value for key, value in PAGE_2.items() if key.startswith("paslon_")}


@pytest.fixture
def world(db):
    """Sari read four photos: two that rest on her, one that three read alike, one that waits for a second reader."""
    world = build()
    world.alone = settled(world, HERE, page=2, by=("Sari", "Budi"))
    world.thrice = settled(world, NEAR, page=2, by=("Citra", "Dewi"))
    world.moved = settled(world, FAR, page=3, by=("Sari", "Eka"))
    world.open = settled(world, FAR, page=2, by=("Sari",))
    world.others = settled(world, FAR, page=1, by=("Fitri", "Gita"))
    fold()
    world.omar, world.olga = (world.person(name, Role.OPERATOR) for name in ("Omar", "Olga"))
    world.sari = world.person("Sari")
    world.hers = {world.alone.pk, world.moved.pk, world.open.pk}
    return world


def paused(world):
    bars.pause(world.omar, world.sari.pk, "contoh", reason="careless")


def worked(recall: Recall) -> None:
    """The worker, until nothing is left."""
    pipeline.go_on_with_recall(str(recall.pk))
    for photo in Photo.objects.filter(step=Photo.Step.RECORD):
        pipeline.record(str(photo.pk))
    fold()
    recall.refresh_from_db()


def proposed(world) -> Recall:
    recall = pipeline.propose_recall(world.omar, world.sari.pk)
    worked(recall)
    return recall


def recalled(world) -> Recall:
    paused(world)
    recall = proposed(world)
    pipeline.confirm_recall(world.olga, recall.pk, "contoh")
    worked(recall)
    return recall


def undone(world) -> None:
    back = pipeline.propose_recall(world.olga, world.sari.pk)
    worked(back)
    assert not back.on
    pipeline.confirm_recall(world.omar, back.pk, "contoh")
    worked(back)


def audited():
    waiting = []
    return [str(one) for one in audit.differences(older=waiting.append)], sorted(one.name for one in waiting)


def public():
    """What everybody sees: numbers of TPS, and sums."""
    results = Result.objects.order_by("station", "contest").values_list("station__code", "state", "numbers")
    return list(results), list(Tally.objects.order_by("region").values_list("region", "amounts"))


def stands():
    newest = Decision.objects.order_by("photo", "-version").distinct("photo")
    return {one.photo_id: (one.outcome, one.page, json.dumps(one.numbers, sort_keys=True)) for one in newest}


# --- Told before --------------------------------------------------------------------------------


def test_a_pause_alone_changes_no_number(world):
    before = public(), stands()
    paused(world)
    pipeline.decide_again(world.alone.pk)
    worked(proposed(world))
    assert (public(), stands()) == before
    assert audited() == ([], [])


def test_the_preview_tells_photos_tps_and_sums_and_it_becomes_so(world):
    paused(world)
    sums = Tally.objects.get(region="").amounts
    recall = proposed(world)
    effects = recall_preview.effects_of(recall)
    assert (effects.photos, effects.looked_at, effects.done, effects.changed) == (3, 3, 0, 2)
    assert effects.kinds == {"read_again": 2, "unchanged": 1}
    ppwp = effects.contests["ppwp"]
    assert (ppwp.photos, ppwp.stations) == (2, {HERE, FAR})
    assert {key: -much for key, much in ppwp.sums.items()} == {
        **{key: decision_of(world.alone).numbers[key] for key in VOTES},
        **decision_of(world.moved).numbers,
    }
    pipeline.confirm_recall(world.olga, recall.pk, "contoh")
    worked(recall)
    assert sum(sums[: len(ppwp.sums)]) != sum(Tally.objects.get(region="").amounts[: len(ppwp.sums)])
    assert decision_of(world.alone).outcome == decision_of(world.moved).outcome == "reopened"
    assert decision_of(world.others).version == 1
    assert recall_preview.effects_of(recall).done == 3


def test_another_photos_number_may_stand_instead_and_then_no_sum_changes(world):
    again = settled(world, HERE, page=2, by=("Hadi", "Ika"))
    assert decision_of(again).outcome == "accepted"
    paused(world)
    effects = recall_preview.effects_of(proposed(world))
    assert not any(key in effects.contests["ppwp"].sums for key in VOTES)


# --- Done ---------------------------------------------------------------------------------------


def test_afterwards_all_is_as_if_they_had_never_read(world):
    recall = recalled(world)
    assert recall.ended_at is not None
    assert (decision_of(world.alone).how, task_of(world.alone).wants) == ("withdrawn", 1)
    assert task_of(world.open).wants == 2
    assert audited() == ([], [])
    reads(world, "Citra", world.alone, **VOTES)
    assert decision_of(world.alone).outcome == "accepted"
    assert str(world.alone.entries.get(account=world.sari).pk) not in map(str, decision_of(world.alone).because)


def test_who_spoke_about_an_earlier_decision_and_waits_asked_that_it_be_read_again(world):
    rules(world, "Vera", world.alone, "reject", "altered")
    recalled(world)
    undone(world)
    assert (decision_of(world.alone).outcome, task_of(world.alone).why) == ("accepted", "second")
    wayan = world.person("Wayan", Role.ADJUDICATOR)
    pipeline.send_ruling(rulings.Sent(world.alone.pk, wayan, "reopen", "look_again"))
    pipeline.decide(str(world.alone.pk))
    assert decision_of(world.alone).outcome == "reopened"


@pytest.mark.parametrize("third", [True, False])
def test_undone_everything_stands_as_it_did(world, third):
    if third:
        reads(world, "Hadi", world.open, **VOTES)
        pipeline.record(str(world.open.pk))
        fold()
    before = public(), stands(), {photo.pk: task_of(photo).wants for photo in (world.alone, world.open)}
    recalled(world)
    assert public() != before[0]
    undone(world)
    assert (public(), stands()) == before[:2]
    assert {photo.pk: task_of(photo).wants for photo in (world.alone, world.open)} == before[2]
    assert audited() == ([], [])
    world.sari.refresh_from_db()
    assert not world.sari.paused


def test_each_photo_has_its_decision_and_its_entry_and_the_log_names_both_operators(world):
    recall = recalled(world)
    bodies = [json.loads(bytes(event.body)) for event in Event.objects.order_by("pk")]
    (revoked,) = [body for body in bodies if body["t"] == "revoke"]
    assert (revoked["version"], revoked["state"]) == (recall.pk, "on")
    assert [revoked[name] for name in ("account", "by", "second")] == [
        commitments.of(one) for one in (world.sari, world.omar, world.olga)
    ]
    reopened = [body["photo"] for body in bodies if body["t"] == "decision" and body["res"] == "reopened"]
    assert sorted(reopened) == sorted(map(str, (world.alone.pk, world.moved.pk)))


# --- Stopped in the middle ----------------------------------------------------------------------


def test_half_done_the_audit_knows_what_waits_and_the_sweeper_goes_on(world, monkeypatch):
    paused(world)
    recall = proposed(world)
    monkeypatch.setattr(pipeline, "RECALLED_AT_ONCE", 1)
    pipeline.confirm_recall(world.olga, recall.pk, "contoh")
    assert audited() == ([], sorted(map(str, (world.alone.pk, world.moved.pk))))
    worked(recall)
    assert audited() == ([], [str(world.moved.pk)])
    rung = []
    monkeypatch.setattr(pipeline, "_knock", lambda task, key: rung.append((task.name, key)))
    pipeline.sweep()
    assert ("pemantau.pipeline.go_on_with_recall", recall.pk) in rung
    monkeypatch.setattr(pipeline, "RECALLED_AT_ONCE", 200)
    worked(recall)
    assert audited() == ([], [])
    assert recall.ended_at


def test_a_crash_loses_one_photo_and_it_is_done_again(world, monkeypatch):
    paused(world)
    recall = proposed(world)
    pipeline.confirm_recall(world.olga, recall.pk, "contoh")
    note = recalls.note_decided_again

    def crash(row):
        if row.photo_id == world.moved.pk:
            raise RuntimeError("power is gone")
        note(row)

    monkeypatch.setattr(recalls, "note_decided_again", crash)
    with pytest.raises(RuntimeError):
        worked(recall)
    assert decision_of(world.alone).version == 2
    assert decision_of(world.moved).version == 1, "its transaction never ended"
    monkeypatch.setattr(recalls, "note_decided_again", note)
    worked(recall)
    worked(recall)
    assert [decision_of(photo).version for photo in (world.alone, world.moved)] == [2, 2]
    assert audited() == ([], [])


def test_while_it_is_looked_at_nothing_can_be_confirmed_and_it_goes_on(world, monkeypatch):
    paused(world)
    monkeypatch.setattr(pipeline, "RECALLED_AT_ONCE", 1)
    recall = proposed(world)
    assert recall_preview.effects_of(recall).looked_at == 1
    with pytest.raises(recalls.NotYetCounted):
        pipeline.confirm_recall(world.olga, recall.pk, "contoh")
    assert list(recalls.unfinished()) == [recall]
    monkeypatch.setattr(pipeline, "RECALLED_AT_ONCE", 200)
    worked(recall)
    assert list(recalls.unfinished()) == []


def test_the_audit_hides_nothing_behind_a_recall(world):
    paused(world)
    recall = proposed(world)
    pipeline.confirm_recall(world.olga, recall.pk, "contoh")
    with connection.cursor() as cursor:
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
        cursor.execute("ALTER TABLE transcription_decision DISABLE TRIGGER USER")
        cursor.execute(
            "UPDATE transcription_decision SET numbers = numbers || '{\"paslon_1\": 900}' WHERE photo_id = %s",
            [world.alone.pk],
        )
        cursor.execute("ALTER TABLE transcription_decision ENABLE TRIGGER USER")
    assert any(str(one).startswith(f"decision {world.alone.pk}") for one in audit.decisions())


# --- Who ----------------------------------------------------------------------------------------


def test_it_takes_two_operators_about_somebody_else_who_is_paused(world):
    with pytest.raises(recalls.NotPaused):
        recalls.propose(world.omar, world.sari.pk)
    paused(world)
    for name, role in (("Vera", Role.ADJUDICATOR), ("Sari", Role.VOLUNTEER)):
        with pytest.raises(NotAllowed):
            recalls.propose(world.person(name, role), world.sari.pk)
    with pytest.raises(bars.OwnBar):
        recalls.propose(world.omar, world.omar.pk)
    recall = proposed(world)
    assert recalls.propose(world.olga, world.sari.pk) == recall
    for by, refusal in ((world.omar, bars.OneOperator), (world.person("Vera"), NotAllowed)):
        with pytest.raises(refusal):
            recalls.confirm(by, recall.pk, "contoh")
    with pytest.raises(IntegrityError, match="two_operators_recall"), transaction.atomic():
        Recall.objects.filter(pk=recall.pk).update(confirmed_by=world.omar, confirmed_at="2029-02-14T00:00Z")
    recalls.confirm(world.olga, recall.pk, "contoh")
    with pytest.raises(recalls.NoSuchRecall):
        recalls.confirm(world.olga, recall.pk, "contoh")


def test_one_browser_is_no_second_operator(world):
    paused(world)
    device = world.device().pk
    recall = pipeline.propose_recall(world.omar, world.sari.pk, device)
    worked(recall)
    with pytest.raises(roles.SameDevice):
        pipeline.confirm_recall(world.olga, recall.pk, "contoh", device)
    assert not recalls.is_on(world.sari.pk)
    pipeline.confirm_recall(world.olga, recall.pk, "contoh", world.device().pk)


def test_what_a_former_operator_proposed_is_no_proposal(world):
    paused(world)
    recall = proposed(world)
    type(world.omar).objects.filter(pk=world.omar.pk).update(role="citizen")
    with pytest.raises(recalls.NoSuchRecall):
        recalls.confirm(world.olga, recall.pk, "contoh")


def test_a_proposal_that_is_dropped_changes_nothing(world):
    paused(world)
    recall = proposed(world)
    recalls.cancel(world.olga, recall.pk)
    recalls.cancel(world.omar, recall.pk)
    assert Recall.objects.get().dropped_by == world.olga  # the first one to say so
    with pytest.raises(recalls.NoSuchRecall):
        recalls.confirm(world.olga, recall.pk, "contoh")
    assert proposed(world) != recall
    assert Decision.objects.filter(version=2).count() == 0


def test_who_may_read_again_is_not_recalled_and_who_is_recalled_not_simply_let_go(world):
    paused(world)
    proposed(world)
    lifted(world, world.omar, world.sari)
    assert recalls.open_for(world.sari.pk) is None
    paused(world)
    lifting = bars.propose_lifting(world.omar, world.sari.pk, reason="mistake")
    recalled(world)
    with pytest.raises(bars.StillRecalled):
        bars.propose_lifting(world.omar, world.sari.pk, reason="mistake")
    with pytest.raises(bars.StillRecalled):
        bars.lift(world.olga, lifting.pk, "contoh")


def test_only_whose_recall_is_confirmed_is_barred(world):
    paused(world)
    recall = proposed(world)
    assert consensus.load(world.alone).evidence.barred == frozenset()
    recalls.confirm(world.olga, recall.pk, "contoh")
    assert consensus.load(world.alone).evidence.barred == {world.sari.pk}
    assert consensus.load(world.others).evidence.barred == frozenset()
    assert RecallPhoto.objects.filter(photo__in=world.hers).count() == 3


def test_what_changed_since_it_was_looked_at_is_looked_at_again_before_anybody_agrees(world):
    paused(world)
    recall = proposed(world)
    assert recall_preview.effects_of(recall).kinds["read_again"] == 2
    reads(world, "Hadi", world.open, **VOTES)
    with pytest.raises(recalls.NotYetCounted):
        pipeline.confirm_recall(world.olga, recall.pk, "contoh")
    worked(recall)
    assert recall_preview.effects_of(recall).kinds["read_again"] == 3
    pipeline.confirm_recall(world.olga, recall.pk, "contoh")
    worked(recall)
    assert audited() == ([], [])


def test_of_two_recalls_the_second_is_looked_at_again_once_the_first_is_confirmed(world):
    """Each alone leaves two who read the same; both together leave one."""
    Task.objects.filter(pk=world.alone.pk).update(wants=1)
    reads(world, "Hadi", world.alone, 2, **PAGE_2)
    paused(world)
    bars.pause(world.omar, world.person("Hadi").pk, "contoh", reason="together")
    first, second = proposed(world), pipeline.propose_recall(world.omar, world.person("Hadi").pk)
    worked(second)
    assert recall_preview.effects_of(second).changed == 0
    pipeline.confirm_recall(world.olga, first.pk, "contoh")
    with pytest.raises(recalls.NotYetCounted):
        pipeline.confirm_recall(world.olga, second.pk, "contoh")
    assert not recalls.is_on(world.person("Hadi").pk)
    worked(second)
    assert recall_preview.effects_of(second).kinds == {"read_again": 1}
    worked(first)
    pipeline.confirm_recall(world.olga, second.pk, "contoh")
    worked(second)
    assert decision_of(world.alone).outcome == "reopened"
    assert audited() == ([], [])


@pytest.mark.parametrize("what", ["another photo of the TPS is decided", "its count is excluded"])
def test_what_changes_the_sums_of_a_tps_is_looked_at_before_anybody_agrees(world, what):
    beside = sent(world, HERE, page=2)
    paused(world)
    recall = proposed(world)
    assert recall_preview.effects_of(recall).contests["ppwp"].sums["paslon_1"] < 0
    if "decided" in what:
        for name in ("Hadi", "Indra"):
            reads(world, name, beside, 2, **PAGE_2)
        pipeline.record(str(beside.pk))
    else:
        for by in (world.omar, world.olga):
            said = exclusions.Said(by, world.contest, world.stations[HERE], "court", device_id=world.device().pk)
            pipeline.exclude(said)
    fold()
    with pytest.raises(recalls.NotYetCounted):
        pipeline.confirm_recall(world.olga, recall.pk, "contoh")
    worked(recall)
    sums = list(Tally.objects.get(region="").amounts)
    told = recall_preview.effects_of(recall).contests["ppwp"]
    assert told.sums["paslon_1"] == 0
    pipeline.confirm_recall(world.olga, recall.pk, "contoh")
    worked(recall)
    change = [after - earlier for after, earlier in zip(Tally.objects.get(region="").amounts, sums, strict=True)]
    assert change[:3] == [told.sums[f"paslon_{number}"] for number in (1, 2, 3)]


def test_so_is_what_is_decided_on_a_page_that_a_recall_would_bring_back(world):
    recalled(world)
    beside = sent(world, HERE, page=2)
    back = pipeline.propose_recall(world.olga, world.sari.pk)
    worked(back)
    assert recall_preview.effects_of(back).contests["ppwp"].sums["paslon_1"] > 0
    for name in ("Hadi", "Indra"):
        reads(world, name, beside, 2, **PAGE_2)
    pipeline.record(str(beside.pk))
    with pytest.raises(recalls.NotYetCounted):
        pipeline.confirm_recall(world.omar, back.pk, "contoh")


def test_what_is_decided_on_another_page_of_the_tps_holds_up_no_recall(world):
    paused(world)
    recall = proposed(world)
    settled(world, HERE, page=3, by=("Hadi", "Indra"))
    pipeline.confirm_recall(world.olga, recall.pk, "contoh")
    worked(recall)
    assert audited() == ([], [])


def test_what_an_exclusion_touches_is_found_by_index(world):
    paused(world)
    proposed(world)
    with CaptureQueriesContext(connection) as captured:
        recalls.look_again_at(world.contest, world.stations[HERE])
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL enable_seqscan = off")  # few rows: else nothing is ever looked up
        cursor.execute(f"EXPLAIN {captured[-1]['sql']}")
        plan = "\n".join(row[0] for row in cursor.fetchall())
    assert "Seq Scan on uploads_photo" not in plan, plan
    assert "Seq Scan on transcription_decision" not in plan, plan


def test_who_may_not_confirm_it_has_nothing_looked_at_again(world):
    paused(world)
    recall = proposed(world)
    reads(world, "Hadi", world.open, **VOTES)
    seen = list(recall.photos.order_by("pk").values())
    for by, refusal in ((world.omar, bars.OneOperator), (world.person("Hadi"), NotAllowed), (world.sari, NotAllowed)):
        with pytest.raises(refusal):
            pipeline.confirm_recall(by, recall.pk, "contoh")
    assert list(recall.photos.order_by("pk").values()) == seen


def test_what_comes_while_somebody_agrees_is_agreed_to_by_nobody(world, monkeypatch):
    """The entry comes at the last moment before the recall is held."""
    paused(world)
    recall = proposed(world)
    hold = recalls._held_to_confirm

    def slowly(*given):
        reads(world, "Hadi", world.open, **VOTES)
        return hold(*given)

    monkeypatch.setattr(recalls, "_held_to_confirm", slowly)
    with pytest.raises(recalls.NotYetCounted):
        pipeline.confirm_recall(world.olga, recall.pk, "contoh")
    assert not recalls.is_on(world.sari.pk)
    assert list(recalls.not_looked_at(recall).values_list("photo", flat=True)) == [world.open.pk]


@pytest.mark.django_db(transaction=True)
def test_one_confirms_while_another_lets_the_person_read_again(monkeypatch):
    world = build()
    omar, olga, oki = (world.person(name, Role.OPERATOR) for name in ("Omar", "Olga", "Oki"))
    reads(world, "Sari", photo_in_log(world, HERE))
    sari = world.person("Sari")
    bars.pause(omar, sari.pk, "contoh", reason="careless")
    lifting = bars.propose_lifting(omar, sari.pk, reason="mistake")
    recall = pipeline.propose_recall(omar, sari.pk)
    pipeline.go_on_with_recall(str(recall.pk))
    person_is_held = threading.Event()
    check = bars._check_counts

    def slowly(account):
        check(account)
        person_is_held.set()
        time.sleep(0.5)

    def confirm():
        assert person_is_held.wait(10)
        return pipeline.confirm_recall(olga, recall.pk, "contoh")

    monkeypatch.setattr(bars, "_check_counts", slowly)
    refused, _lifted = at_once(confirm, lambda: bars.lift(oki, lifting.pk, "contoh"))
    assert isinstance(refused, recalls.NoSuchRecall)
    sari.refresh_from_db()
    assert (sari.paused, recalls.is_on(sari.pk)) == (False, False)


def test_the_next_photo_to_look_at_is_found_by_index(world):
    paused(world)
    recall = pipeline.propose_recall(world.omar, world.sari.pk)
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL enable_seqscan = off")  # few rows: else nothing is ever looked up
    plan = recalls.not_looked_at(recall)[:1].explain()
    assert "photo_to_be_looked_at" in plan, plan


def test_who_has_left_can_be_recalled_too(world):
    leaving.erase(world.sari, "contoh")
    recall = proposed(world)
    pipeline.confirm_recall(world.olga, recall.pk, "contoh")
    worked(recall)
    assert decision_of(world.alone).outcome == "reopened"
    assert audited() == ([], [])


def test_what_an_adjudicator_ruled_is_recalled_too(world):
    """Vera accepts what Citra alone read; without her two readers stand behind nothing, and it is read again."""
    photo = world.thrice
    rules(world, "Vera", photo, "accept", page=2, numbers=VOTES)
    pipeline.record(str(photo.pk))
    before = decision_of(photo)
    assert before.how == "adjudicated"
    vera = world.person("Vera")
    for operator in (world.omar, world.olga):
        roles.grant(operator, vera, Role.CITIZEN, "contoh")
    bars.pause(world.omar, vera.pk, "contoh", reason="one_sided")
    recall = pipeline.propose_recall(world.omar, vera.pk)
    assert [row.photo_id for row in recall.photos.all()] == [photo.pk]
    worked(recall)
    pipeline.confirm_recall(world.olga, recall.pk, "contoh")
    worked(recall)
    assert audited() == ([], [])
    assert consensus.outcome_of(photo).ruled == 0
    assert consensus.outcome_of(photo).stands.how == "two_readers"


def test_what_was_rejected_unread_is_a_case_again_and_the_recall_goes_on(world):
    unread, later = sent(world, NEAR, page=3), world.thrice
    reports.open_case(unread.pk)
    for photo in (unread, later):
        rejects(world, photo, "not_a_form")
    vera = world.person("Vera")
    for operator in (world.omar, world.olga):
        roles.grant(operator, vera, Role.CITIZEN, "contoh")
    bars.pause(world.omar, vera.pk, "contoh", reason="careless")
    recall = pipeline.propose_recall(world.omar, vera.pk)
    worked(recall)
    pipeline.confirm_recall(world.olga, recall.pk, "contoh")
    worked(recall)
    assert recall.ended_at
    assert (decision_of(unread).outcome, decision_of(unread).how) == ("reopened", "withdrawn")
    assert decision_of(later).outcome == "accepted"
    assert audited() == ([], [])
    rules(world, "Wayan", unread, "reject", "blurred")  # the other one may still change their word
    rules(world, "Xena", unread, "reject", "blurred")
    assert (decision_of(unread).outcome, decision_of(unread).problem) == ("rejected", "blurred")
