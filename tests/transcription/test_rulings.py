"""What adjudicators may say, about what, and when."""

import json
from datetime import date

import pytest
from django.utils import timezone

from accounts import independence, roles
from accounts.models import Role, Sighting, User
from accounts.permissions import NotAllowed
from aggregation import audit
from ledger import checks, sealing
from ledger.models import Event
from pemantau import pipeline
from tests.transcription.reading import (
    VOTES,
    browser_of,
    decision_of,
    device_of,
    given,
    looks,
    photo_of,
    reads,
    rejects,
    rules,
    some_uuid,
    task_of,
)
from transcription import bars, cases, consensus, entries, reports, rulings, senders, spoken
from transcription.entries import WrongReading
from transcription.models import Ruling, Task
from uploads.claims import Claim
from uploads.models import Photo, Repeat

OTHER = VOTES | {"paslon_1": 107}


@pytest.fixture
def photo(world):
    """Two read it, a third saw something else: a case."""
    photo = photo_of(world)
    for name, paslon_1 in (("Sari", 101), ("Budi", 107), ("Citra", 110), ("Dewi", 119)):
        reads(world, name, photo, **VOTES | {"paslon_1": paslon_1})
    assert task_of(photo).why == "differ"
    return photo


def test_each_number_may_come_from_another_reader(world):
    photo = photo_of(world)
    for n, name in enumerate(("Sari", "Budi", "Citra", "Dewi"), start=1):
        reads(world, name, photo, paslon_1=n, paslon_2=10 + n, paslon_3=20 + n)
    mixed = {"paslon_1": 1, "paslon_2": 12, "paslon_3": 23}
    rules(world, "Vera", photo, "accept", page=2, numbers=mixed)
    decision = decision_of(photo)
    assert decision.numbers == mixed
    assert len(decision.because) == 4


def test_a_number_that_nobody_read_is_refused(world, photo):
    with pytest.raises(rulings.NobodyReadThat):
        rules(world, "Vera", photo, "accept", page=2, numbers=VOTES | {"paslon_1": 99})
    assert not Ruling.objects.exists()
    assert decision_of(photo) is None


def with_sent_numbers(world, **numbers):
    """A photo that two people read, and whose sender typed other numbers."""
    photo = photo_of(world, device=world.device(), address_block="mobile")
    reading = entries.Reading(2, numbers)
    pipeline.send_senders_numbers(senders.Typed(photo, None, photo.device_id, "mobile", reading))
    for name in ("Sari", "Budi"):
        reads(world, name, photo)
    return photo


def test_a_number_that_only_the_sender_typed_takes_two_adjudicators(world):
    """Nobody's phone sends a photo with numbers that its owner then accepts alone: one honest number is no cover."""
    false = {"paslon_1": 901, "paslon_2": 0, "paslon_3": VOTES["paslon_3"]}
    photo = with_sent_numbers(world, **false)
    rules(world, "Vera", photo, "accept", page=2, numbers=false)
    assert (decision_of(photo).numbers, task_of(photo).why) == (VOTES, "second")
    rules(world, "Wayan", photo, "accept", page=2, numbers=false)
    decision = decision_of(photo)
    assert (decision.numbers, decision.how) == (false, "adjudicated")
    assert set(photo.rulings.values_list("pk", flat=True)) <= set(decision.because)


def test_a_ruling_that_waits_is_that_of_somebody_who_may_still_rule(world):
    photo = with_sent_numbers(world, **VOTES)
    rules(world, "Vera", photo, "reject", "altered")
    for name in ("Omar", "Olga"):
        roles.grant(world.person(name, Role.OPERATOR), world.person("Vera"), Role.CITIZEN, "contoh")
    rules(world, "Wayan", photo, "reject", "altered")
    assert (decision_of(photo).outcome, task_of(photo).why) == ("accepted", "second")
    rules(world, "Xaver", photo, "reject", "altered")
    assert decision_of(photo).outcome == "rejected"
    assert list(audit.decisions()) == []


def test_a_word_that_waited_does_not_come_back_with_the_role(world):
    photo = with_sent_numbers(world, **VOTES)
    rules(world, "Vera", photo, "reject", "altered")
    for role in (Role.CITIZEN, Role.ADJUDICATOR):
        for name in ("Omar", "Olga"):
            roles.grant(world.person(name, Role.OPERATOR), world.person("Vera"), role, "contoh")
        rules(world, "Wayan", photo, "reject", "altered")
    assert (decision_of(photo).outcome, task_of(photo).why) == ("accepted", "second")
    assert list(audit.decisions()) == []
    rules(world, "Vera", photo, "reject", "altered")
    assert decision_of(photo).outcome == "rejected", "said anew, it counts"


def test_a_word_that_waited_does_not_outlast_a_pause(world):
    photo = with_sent_numbers(world, **VOTES)
    rules(world, "Vera", photo, "reject", "altered")
    vera, omar, olga = world.people["Vera"], *(world.person(name, Role.OPERATOR) for name in ("Omar", "Olga"))
    bars.turn(None, vera.pk, "contoh", on=True, reason="gold")
    bars.end(omar, olga, vera.pk, "contoh", reason="mistake")
    rules(world, "Wayan", photo, "reject", "altered")
    assert (decision_of(photo).outcome, task_of(photo).why) == ("accepted", "second")
    assert list(audit.decisions()) == []
    rules(world, "Vera", photo, "reject", "altered")
    assert decision_of(photo).outcome == "rejected", "said anew, it counts"


@pytest.mark.parametrize("what", ["role", "pause"])
def test_one_that_made_a_decision_stays_whatever_becomes_of_them(world, photo, what):
    rules(world, "Vera", photo, "accept", page=2, numbers=OTHER)
    if what == "role":
        User.objects.filter(pk=world.person("Vera").pk).update(role=Role.CITIZEN)
    else:
        bars.turn(None, world.person("Vera").pk, "contoh", on=True, reason="gold")
    assert list(audit.decisions()) == []
    assert pipeline.decide_again(photo.pk) is None


def test_what_is_decided_is_read_again_where_one_asks_and_another_approves(world):
    photo = with_sent_numbers(world, **VOTES)
    vera = world.person("Vera", Role.ADJUDICATOR)
    alone = rulings.Sent(photo.pk, vera, "reopen", "look_again")
    with pytest.raises(rulings.NobodyAsked):
        pipeline.send_ruling(alone)
    report = pipeline.send_report(
        reports.Said(Claim(world.station, world.contest, None), "number", world.device(), account=vera)
    )
    with pytest.raises(reports.OwnReport):
        pipeline.answer_reports(vera, report.group_id, "reread", [photo.pk], None, "")
    with pytest.raises(rulings.NobodyAsked):
        pipeline.send_ruling(alone)
    wayan = world.person("Wayan", Role.ADJUDICATOR)
    pipeline.answer_reports(wayan, report.group_id, "reread", [photo.pk], None, "")
    pipeline.decide(str(photo.pk))
    assert decision_of(photo).outcome == "reopened"


@pytest.mark.parametrize("stands", ["accepted", "rejected"])
def test_nobody_makes_a_case_of_it_alone_to_have_it_read_again(world, stands):
    photo = with_sent_numbers(world, **VOTES)
    if stands == "rejected":
        rejects(world, photo, "altered", by=("Xena", "Yani"))
    other = {"page": 2, "numbers": VOTES} if stands == "rejected" else {}
    rules(world, "Vera", photo, "accept" if other else "reject", "as_written" if other else "altered", **other)
    assert task_of(photo).why == "second"
    alone = rulings.Sent(photo.pk, world.people["Vera"], "reopen", "look_again")
    with pytest.raises(rulings.NobodyAsked):
        pipeline.send_ruling(alone)
    assert decision_of(photo).outcome == stands
    pipeline.send_ruling(rulings.Sent(photo.pk, world.person("Wayan", Role.ADJUDICATOR), "reopen", "look_again"))
    pipeline.decide(str(photo.pk))
    assert decision_of(photo).outcome == "reopened", "one doubted it, another one has it read again"


@pytest.mark.parametrize("what", ["role", "pause"])
def test_where_a_word_that_waited_ended_the_sweeper_has_the_photo_decided_again(world, what):
    photo = photo_of(world)
    reads(world, "Sari", photo, problem="blurred")
    reads(world, "Budi", photo, problem="blurred")
    rules(world, "Vera", photo, "reject", "blurred")
    assert task_of(photo).why == "second"
    vera, omar, olga = world.people["Vera"], *(world.person(name, Role.OPERATOR) for name in ("Omar", "Olga"))
    assert consensus.waits_for_nobody() == []
    if what == "role":
        for operator in (omar, olga):
            roles.grant(operator, vera, Role.VOLUNTEER, "contoh")
    else:
        bars.turn(None, vera.pk, "contoh", on=True, reason="gold")
    assert consensus.waits_for_nobody() == [photo.pk]
    pipeline.sweep()
    assert Photo.objects.get(pk=photo.pk).step == Photo.Step.DECIDE
    pipeline.decide(str(photo.pk))
    assert (task_of(photo).why, consensus.waits_for_nobody()) == ("problem", [])


def test_nobody_keeps_a_photo_from_being_decided_by_changing_their_mind(world, photo):
    """An entry of the log holds 65,535 bytes."""
    vera = world.person("Vera", Role.ADJUDICATOR)
    for number in range(600):
        to = "9101011001002" if number % 2 else "9101011001003"
        pipeline.send_ruling(rulings.Sent(photo.pk, vera, "rehome", "wrong_tps", station_code=to))
    rules(world, "Wayan", photo, "accept", page=2, numbers=OTHER)
    assert decision_of(photo).numbers == OTHER


def test_what_waits_since_its_second_was_recalled_is_told_so_and_left_alone_by_the_sweeper(world):
    photo = photo_of(world)
    for name in ("Sari", "Budi"):
        reads(world, name, photo, problem="blurred")
    rejects(world, photo, "blurred")
    recalled(world, "Wayan")
    assert (decision_of(photo).outcome, task_of(photo).why) == ("reopened", "second")
    assert consensus.waits_for_nobody() == []
    looks(world, "Xena", photo)
    case = cases.look_into(photo.pk, world.people["Xena"])
    told = spoken.so_far(case, list(photo.decisions.order_by("-version")), world.people["Xena"])
    assert [one.state for one in told if one.ruling.adjudicator == world.people["Vera"]] == ["waits"]


def test_numbers_and_tps_of_a_ruling_stand_sealed_in_the_log_until_a_decision(world, photo):
    """Who rules second looks for themselves; and what readers said is in no log before its decision."""
    rules(world, "Vera", photo, "rehome", "wrong_tps", station_code="9101011001003")
    rules(world, "Wayan", photo, "accept", page=2, numbers=OTHER)
    said = {event.subject: json.loads(bytes(event.body)) for event in Event.objects.filter(kind="ruling")}
    assert all(entry.keys() & {"page", "val", "tps"} == set() for entry in said.values())
    decision = json.loads(bytes(Event.objects.get(kind="decision").body))
    opened = {one["id"]: one for one in decision["opens"] if one["id"] in said}
    assert sorted(one["said"].get("tps", "") for one in opened.values()) == ["", "9101011001003"]
    assert all(sealing.fits(one, said[key]["sealed"]) for key, one in opened.items())
    assert list(checks.faults()) == []


def test_who_was_asked_what_they_see_is_not_given_the_photo_to_read(world, photo):
    """They were told on which numbers the others differ."""
    wayan = world.person("Wayan", Role.ADJUDICATOR)
    cases.ask_first(photo.pk, wayan)
    assert wayan.pk in task_of(photo).touched_by


def test_who_is_paused_says_nothing(world, photo):
    vera = world.person("Vera", Role.ADJUDICATOR)
    vera.paused = True
    with pytest.raises(NotAllowed):
        pipeline.send_ruling(rulings.Sent(photo.pk, vera, "reject", "blurred"))


def recalled(world, name) -> None:
    """Two operators say that what this person read and ruled counts no more."""
    omar, olga = (world.person(operator, Role.OPERATOR) for operator in ("Omar", "Olga"))
    bars.turn(None, world.people[name].pk, "contoh", on=True, reason="gold")
    recall = pipeline.propose_recall(omar, world.people[name].pk)
    pipeline.go_on_with_recall(str(recall.pk))
    pipeline.confirm_recall(olga, recall.pk, "contoh")
    pipeline.go_on_with_recall(str(recall.pk))


def test_what_was_reported_stays_so_whoever_says_something_that_waits(world):
    photo = with_sent_numbers(world, **VOTES)
    reports.open_case(photo.pk)
    rules(world, "Vera", photo, "reject", "altered")
    assert task_of(photo).why == "reported"
    vera = world.people["Vera"]
    User.objects.filter(pk=vera.pk).update(paused=True)
    pipeline.decide_again(photo.pk)
    assert task_of(photo).why == "reported", "their word ended, what a citizen said did not"
    User.objects.filter(pk=vera.pk).update(paused=False)
    pipeline.send_ruling(rulings.Sent(photo.pk, vera, "reopen", "look_again"))
    pipeline.decide(str(photo.pk))
    assert decision_of(photo).outcome == "reopened", "a citizen asked, and one adjudicator approves"


def test_what_is_reported_while_a_word_waits_is_not_lost(world):
    photo = with_sent_numbers(world, **VOTES)
    rules(world, "Vera", photo, "reject", "altered")
    since = task_of(photo).case_since
    reports.open_case(photo.pk)
    pipeline.decide_again(photo.pk)
    assert (task_of(photo).why, task_of(photo).case_since) == ("reported", since)


def test_a_photo_that_is_still_being_read_is_no_case(world):
    photo = photo_of(world)
    reads(world, "Sari", photo)
    for look in (
        lambda: rules(world, "Vera", photo, "reject", "blurred"),
        lambda: cases.look_into(photo.pk, world.person("Vera")),
    ):
        with pytest.raises(rulings.NotACase):
            look()


def test_nobody_looks_into_a_reopened_photo_while_it_is_read_again(world, photo):
    rules(world, "Vera", photo, "reopen", "look_again")
    assert not task_of(photo).needs_adjudicator
    for look in (
        lambda: rules(world, "Wayan", photo, "reject", "blurred"),
        lambda: cases.look_into(photo.pk, world.person("Wayan")),
    ):
        with pytest.raises(rulings.NotACase):
            look()


def test_who_had_it_read_again_does_not_settle_it_when_it_comes_back(world, photo):
    rules(world, "Vera", photo, "reopen", "look_again")
    rules(world, "Vera", photo, "reopen", "look_again")  # sent twice, which is once
    vera, wayan = world.person("Vera"), world.person("Wayan", Role.ADJUDICATOR)
    for n, name in enumerate(("Eka", "Fajar", "Gita", "Hadi")):
        reads(world, name, photo, **VOTES | {"paslon_1": 200 + n})
    assert task_of(photo).needs_adjudicator
    assert [task.pk for task in cases.waiting_for(wayan)] == [photo.pk]
    assert [task.pk for task in cases.waiting_for(vera)] == []
    with pytest.raises(rulings.AlreadyRuled):
        rules(world, "Vera", photo, "reopen", "look_again")
    rules(world, "Wayan", photo, "reopen", "look_again")
    assert Ruling.objects.count() == 2


def test_two_who_name_different_tps_may_think_again(world):
    photo = photo_of(world)
    for name in ("Sari", "Budi"):
        reads(world, name, photo, problem="wrong_tps")
    here, there = "9101011002001", "9101011002002"
    rules(world, "Vera", photo, "rehome", "wrong_tps", station_code=here)
    vera = world.person("Vera")
    assert not cases.waiting_for(vera), "theirs waits for somebody else's"
    rules(world, "Wayan", photo, "rehome", "wrong_tps", station_code=there)
    assert [task.pk for task in cases.waiting_for(vera)] == [photo.pk]
    assert decision_of(photo) is None
    rules(world, "Vera", photo, "rehome", "wrong_tps", station_code=there)
    assert consensus.outcome_of(photo).station == world.stations[there].pk
    assert not task_of(photo).needs_adjudicator
    assert Ruling.objects.count() == 3


@pytest.mark.parametrize("by", ["account", "device"])
def test_who_sent_the_same_bytes_again_neither_sees_nor_rules(world, photo, by):
    wayan, device = world.person("Wayan", Role.ADJUDICATOR), world.device()
    if by == "device":
        Sighting.objects.create(user=wayan, device=device, day=date.today())
    Repeat.objects.create(photo=photo, account=wayan if by == "account" else None, device=device)
    with pytest.raises(rulings.HadItInHand):
        cases.look_into(photo.pk, wayan)
    with pytest.raises(rulings.HadItInHand):
        rules(world, "Wayan", photo, "reject", "blurred")
    rules(world, "Vera", photo, "reject", "blurred")


def test_who_sent_read_or_is_reading_it_neither_sees_nor_rules(world):
    vera, wayan, yani = (world.person(name, Role.ADJUDICATOR) for name in ("Vera", "Wayan", "Yani"))
    photo = photo_of(world, uploader=vera)
    reads(world, "Wayan", photo, problem="blurred")
    given(world, "Yani", photo)
    reads(world, "Sari", photo, problem="blurred") if task_of(photo).free else None
    queue_case(photo)
    for person in (vera, wayan, yani):
        with pytest.raises(rulings.HadItInHand):
            cases.look_into(photo.pk, person)
        with pytest.raises(rulings.HadItInHand):
            rules(world, person.email.split("@")[0].capitalize(), photo, "reject", "blurred")


def queue_case(photo):
    from django.utils import timezone

    from transcription.models import Task

    Task.objects.filter(pk=photo.pk).update(needs_adjudicator=True, why="problem", case_since=timezone.now())


def test_who_was_seen_on_the_senders_device_does_not_rule(world):
    wayan = world.person("Wayan", Role.ADJUDICATOR)
    photo = photo_of(world, device=device_of(world, wayan))
    for name in ("Sari", "Budi"):
        reads(world, name, photo, problem="blurred")
    from tests.transcription.reading import takes

    takes(world, "Wayan", role=Role.ADJUDICATOR)
    with pytest.raises(rulings.HadItInHand):
        cases.look_into(photo.pk, wayan)


def test_the_same_ruling_twice_is_one(world, photo):
    first = rules(world, "Vera", photo, "accept", page=2, numbers=OTHER)
    assert rules(world, "Vera", photo, "accept", page=2, numbers=OTHER).pk == first.pk
    assert Ruling.objects.count() == 1
    assert Event.objects.filter(kind="ruling").count() == 1


def test_nobody_changes_their_own_ruling_but_two_others_may(world, photo):
    rules(world, "Vera", photo, "accept", page=2, numbers=OTHER)
    with pytest.raises(rulings.AlreadyRuled):
        rules(world, "Vera", photo, "accept", page=2, numbers=VOTES)
    rules(world, "Wayan", photo, "accept", page=2, numbers=VOTES)
    assert (decision_of(photo).version, decision_of(photo).numbers) == (1, OTHER)
    assert task_of(photo).why == "second"
    rules(world, "Ratna", photo, "accept", page=2, numbers=VOTES)
    assert (decision_of(photo).version, decision_of(photo).numbers) == (2, VOTES)


def test_a_ruling_that_waits_may_be_changed_by_who_gave_it(world, photo):
    rules(world, "Vera", photo, "reject", "altered")
    rules(world, "Vera", photo, "accept", page=2, numbers=VOTES)
    assert (decision_of(photo).outcome, decision_of(photo).numbers) == ("accepted", VOTES)


def test_who_waits_may_choose_other_numbers_another_reason_and_what_they_said_first(world):
    photo = with_sent_numbers(world, **OTHER)
    said = [
        ("accept", "as_written", {"page": 2, "numbers": OTHER}),
        ("accept", "one_slipped", {"page": 2, "numbers": OTHER}),
        ("reject", "altered", {}),
        ("reject", "blurred", {}),
        ("rehome", "wrong_tps", {"station_code": "9101011002001"}),
        ("reject", "blurred", {}),
    ]
    kept = [rules(world, "Vera", photo, verdict, reason, **more).pk for verdict, reason, more in said]
    assert len(set(kept)) == len(said)
    assert rules(world, "Vera", photo, "reject", "blurred").pk == kept[-1], "twice in a row is once"
    rules(world, "Wayan", photo, "accept", page=2, numbers=OTHER)
    assert decision_of(photo).numbers == VOTES, "nobody stands by what they took back"
    rules(world, "Wayan", photo, "reject", "altered")
    assert (decision_of(photo).outcome, decision_of(photo).version) == ("rejected", 2)


def test_what_was_decided_since_they_looked_is_not_ruled_on_unseen(world, photo):
    rules(world, "Vera", photo, "accept", page=2, numbers=OTHER, version=0)
    with pytest.raises(rulings.JustRuled):
        rules(world, "Wayan", photo, "accept", page=2, numbers=VOTES, version=0)
    assert Ruling.objects.count() == 1
    rules(world, "Wayan", photo, "accept", page=2, numbers=OTHER, version=1)
    assert decision_of(photo).version == 2


def test_two_adjudicators_at_the_same_instant(world, photo):
    from pemantau import pipeline

    vera, wayan = (world.person(name, Role.ADJUDICATOR) for name in ("Vera", "Wayan"))
    for name in ("Vera", "Wayan"):
        looks(world, name, photo)
    pipeline.send_ruling(rulings.Sent(photo.pk, vera, "accept", "as_written", page=2, numbers=OTHER))
    with pytest.raises(rulings.JustRuled):
        pipeline.send_ruling(rulings.Sent(photo.pk, wayan, "accept", "as_written", page=2, numbers=VOTES))
    pipeline.decide(str(photo.pk))
    assert decision_of(photo).numbers == OTHER


def test_the_role_of_the_moment_counts(world, photo):
    vera = world.person("Vera", Role.ADJUDICATOR)
    User.objects.filter(pk=vera.pk).update(role=Role.VOLUNTEER)
    with pytest.raises(NotAllowed):
        rules(world, "Vera", photo, "accept", page=2, numbers=OTHER)


@pytest.mark.parametrize(("field", "sent"), [
    ("verdict", {"verdict": "publish"}),
    ("reason", {"verdict": "reject", "reason": "as_written"}),
    ("reason", {"verdict": "accept", "reason": "blurred", "page": 2, "numbers": VOTES}),
    ("station", {"verdict": "rehome", "reason": "wrong_tps", "station_code": "9999999999999"}),
    ("station", {"verdict": "rehome", "reason": "wrong_tps", "station_code": "9101011001001"}),
    ("page", {"verdict": "accept", "reason": "as_written", "page": 44, "numbers": VOTES}),
    ("numbers.paslon_3", {"verdict": "accept", "page": 2, "numbers": {"paslon_1": 101, "paslon_2": 88}}),
    ("note", {"verdict": "reject", "reason": "blurred", "note": "x" * 301}),
])  # fmt: skip
def test_what_is_missing_or_out_of_place_is_named(world, photo, field, sent):
    fields = {"reason": "as_written"} | sent
    with pytest.raises(WrongReading) as refusal:
        rules(world, "Vera", photo, fields.pop("verdict"), fields.pop("reason"), **fields)
    assert list(refusal.value.fields) == [field]


def test_there_must_be_a_photo(world):
    with pytest.raises(rulings.NoSuchPhoto):
        cases.look_into(some_uuid(), world.person("Vera", Role.ADJUDICATOR))


def test_the_list_leaves_out_what_is_not_for_me(world, photo):
    vera = world.person("Vera", Role.ADJUDICATOR)
    assert [task.pk for task in cases.waiting_for(vera)] == [photo.pk]
    reads_it = photo_of(world, "9101011001002")
    reads(world, "Vera", reads_it, problem="blurred")
    reads(world, "Sari", reads_it, problem="blurred")
    assert [task.pk for task in cases.waiting_for(vera)] == [photo.pk]
    rules(world, "Vera", photo, "reject", "duplicate")
    assert list(cases.waiting_for(vera)) == []
    assert {t.pk for t in cases.waiting_for(world.person("Wayan", Role.ADJUDICATOR))} == {photo.pk, reads_it.pk}


def of_vera(world, how: str, station: str) -> Photo:
    """A case that Vera had in her hands: sent, sent once more, or read for a moment."""
    vera = world.person("Vera", Role.ADJUDICATOR)
    phone = device_of(world, vera)
    independence.record_sighting(vera, phone, "")
    more = {"sent": {"uploader": vera}, "sent from their phone": {"device": phone}}.get(how, {})
    one = photo_of(world, station, **more)
    if how == "holds it":
        given(world, "Vera", one)
        Task.objects.filter(pk=one.pk).update(needs_adjudicator=True, why="differ", case_since=timezone.now())
        return one
    if how.startswith("sent again"):
        by_account = how == "sent again by account"
        Repeat.objects.create(
            photo=one, device=world.device() if by_account else phone, account=vera if by_account else None
        )
    for name in ("Sari", "Budi"):
        reads(world, name, one, problem="blurred")
    return one


HANDS = ("sent", "sent from their phone", "sent again by account", "sent again from their phone", "holds it")


@pytest.mark.parametrize("how", HANDS)
def test_what_does_not_open_is_not_on_the_list(world, photo, how, django_assert_num_queries):
    one = of_vera(world, how, "9101011001002")
    vera, wayan = world.person("Vera"), world.person("Wayan", Role.ADJUDICATOR)
    with pytest.raises(rulings.HadItInHand):
        cases.ask_first(one.pk, vera)
    with django_assert_num_queries(1):
        assert [task.pk for task in cases.waiting_for(vera)] == [photo.pk]
    assert {task.pk for task in cases.waiting_for(wayan)} == {photo.pk, one.pk}


def test_save_and_next_leads_past_what_does_not_open(world, photo):
    of_vera(world, "sent from their phone", "9101011001002")
    last = photo_of(world, "9101011002001")
    for name in ("Sari", "Budi"):
        reads(world, name, last, problem="blurred")
    said = {"putusan": "reject", "alasan": "blurred", "berikutnya": "1"}
    answer = browser_of(world, "Vera", Role.ADJUDICATOR).post(f"/putusan/{photo.pk}/", said)
    assert answer["Location"] == f"/putusan/{last.pk}/"


def test_who_looked_is_not_given_the_photo_to_read(world, photo):
    from tests.transcription.reading import takes

    vera = world.person("Vera", Role.ADJUDICATOR)
    looks(world, "Vera", photo)
    cases.look_into(photo.pk, vera)
    cases.look_into(photo.pk, vera)
    assert task_of(photo).touched_by.count(vera.pk) == 1
    rules(world, "Wayan", photo, "reopen", "look_again")
    assert takes(world, "Vera") is None
    assert takes(world, "Eko")


def test_the_note_stays_out_of_the_ledger(world, photo):
    rules(world, "Vera", photo, "reject", "blurred", note="tulisan tangan pudar")
    assert b"pudar" not in b"".join(bytes(event.body) for event in Event.objects.all())


def test_a_rejected_photo_makes_room_for_the_others_of_its_tps(world):
    from transcription.queue import EVIDENCE

    photo, other = photo_of(world), photo_of(world)
    assert task_of(other).rank >= EVIDENCE
    reads(world, "Sari", photo, problem="blurred")
    reads(world, "Budi", photo, problem="blurred")
    rejects(world, photo, "blurred")
    assert task_of(other).rank < EVIDENCE
