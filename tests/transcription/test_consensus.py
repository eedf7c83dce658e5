"""From entries to a decision, with people, on the real tables."""

import pytest

from accounts import invitations
from accounts.models import Role
from aggregation import audit
from ledger.models import Event
from pemantau import pipeline
from tests.transcription.reading import (
    BROKEN_SUMS,
    VOTES,
    decision_of,
    device_of,
    given,
    photo_of,
    reads,
    rules,
    sends,
    task_of,
)
from transcription import consensus, entries, senders
from transcription.models import Decision, PairTally
from uploads.models import Photo


@pytest.fixture
def photo(world):
    return photo_of(world)


def test_two_people_who_read_the_same_decide(world, photo):
    reads(world, "Sari", photo)
    assert decision_of(photo) is None
    reads(world, "Budi", photo)
    decision = decision_of(photo)
    assert (decision.outcome, decision.how, decision.page, decision.numbers) == ("accepted", "two_readers", 2, VOTES)
    assert task_of(photo).free == 0
    assert task_of(photo).decision_id == decision.pk
    photo.refresh_from_db()
    assert photo.step == Photo.Step.RECORD
    assert PairTally.objects.get().place == 1


def test_a_third_settles_what_two_read_differently(world, photo):
    reads(world, "Sari", photo)
    reads(world, "Budi", photo, **VOTES | {"paslon_3": 37})
    assert decision_of(photo) is None
    assert task_of(photo).free == 1
    reads(world, "Citra", photo, **VOTES | {"paslon_1": 107})
    decision = decision_of(photo)
    assert (decision.how, decision.numbers) == ("majority", VOTES)
    assert len(decision.because) == 3


def test_after_four_without_a_majority_an_adjudicator_decides(world, photo):
    for name, votes in (("Sari", 1), ("Budi", 2), ("Citra", 3), ("Dewi", 4)):
        reads(world, name, photo, **VOTES | {"paslon_1": votes})
    task = task_of(photo)
    assert (task.needs_adjudicator, task.why, task.free) == (True, "differ", 0)
    rules(world, "Vera", photo, "accept", page=2, numbers=VOTES | {"paslon_1": 3})
    decision = decision_of(photo)
    assert (decision.outcome, decision.how, decision.numbers["paslon_1"]) == ("accepted", "adjudicated", 3)
    assert not task_of(photo).needs_adjudicator


def test_broken_sums_need_a_third_and_stand_as_written(world, photo):
    reads(world, "Sari", photo, page=3, **BROKEN_SUMS)
    reads(world, "Budi", photo, page=3, **BROKEN_SUMS)
    assert decision_of(photo) is None
    assert task_of(photo).free == 1
    reads(world, "Citra", photo, page=3, **BROKEN_SUMS)
    decision = decision_of(photo)
    assert (decision.numbers, decision.broken_rules) == (BROKEN_SUMS, ["R4"])


def test_the_page_is_read_not_claimed(world, photo):
    assert photo.page == 2
    sums = {"suara_sah": 220, "suara_tidak_sah": 5, "suara_total": 225}
    reads(world, "Sari", photo, page=3, **sums)
    reads(world, "Budi", photo, page=3, **sums)
    assert decision_of(photo).page == 3


def test_running_again_changes_nothing(world, photo):
    reads(world, "Sari", photo)
    reads(world, "Budi", photo)
    assert consensus.decide_photos([photo]) == []
    assert Decision.objects.count() == 1


def test_a_problem_goes_to_an_adjudicator_and_two_of_them_settle_it(world, photo):
    reads(world, "Sari", photo, problem="blurred")
    reads(world, "Budi", photo, problem="cut_off")
    assert task_of(photo).why == "problem"
    rules(world, "Vera", photo, "reject", "blurred")
    assert (decision_of(photo), task_of(photo).why) == (None, "second")
    rules(world, "Wayan", photo, "reject", "blurred")
    assert decision_of(photo).outcome == "rejected"
    assert decision_of(photo).problem == "blurred"


def test_two_adjudicators_of_one_device_are_one(world, photo):
    reads(world, "Sari", photo, problem="blurred")
    reads(world, "Budi", photo, problem="blurred")
    shared = device_of(world, world.person("Vera", Role.ADJUDICATOR)).pk
    for name in ("Vera", "Wayan"):
        rules(world, name, photo, "reject", "altered", device_id=shared)
    assert decision_of(photo) is None
    rules(world, "Yani", photo, "reject", "altered")
    assert decision_of(photo).outcome == "rejected"


@pytest.mark.parametrize("shared", ["device", "block", "invitation"])
def test_an_adjudicator_with_a_readers_account_overturns_nothing(world, photo, shared):
    """Relawan and verifikator are one person; two others agreed on something else."""
    relawan = world.person("Relawan")
    vera = world.person("Vera", Role.ADJUDICATOR)
    if shared == "invitation":
        type(vera).objects.filter(pk=vera.pk).update(invited_by=relawan)
    reads(world, "Sari", photo)
    lease = given(world, "Relawan", photo)
    lease.address_block = "a" * 32
    theirs = VOTES | {"paslon_1": 107}
    sends(lease, entries.Reading(2, theirs, ""))
    reads(world, "Budi", photo)
    assert decision_of(photo).numbers == VOTES
    here = {
        "device": {"device_id": lease.device_id},
        "block": {"device_id": world.device().pk, "address_block": "a" * 32},
        "invitation": {"device_id": world.device().pk},
    }[shared]
    rules(world, "Vera", photo, "accept", "one_slipped", page=2, numbers=theirs, **here)
    assert (decision_of(photo).version, decision_of(photo).numbers, task_of(photo).why) == (1, VOTES, "second")
    rules(world, "Wayan", photo, "accept", "one_slipped", page=2, numbers=theirs)
    assert decision_of(photo).numbers == theirs


def test_a_moved_photo_is_read_for_the_other_tps(world, photo):
    reads(world, "Sari", photo, problem="wrong_tps")
    reads(world, "Budi", photo, problem="wrong_tps")
    rules(world, "Vera", photo, "rehome", "wrong_tps", station_code="9101011002001")
    assert (decision_of(photo), task_of(photo).why) == (None, "second")
    rules(world, "Wayan", photo, "rehome", "wrong_tps", station_code="9101011002002")
    assert decision_of(photo) is None
    rules(world, "Yani", photo, "rehome", "wrong_tps", station_code="9101011002001")
    moved = decision_of(photo)
    assert (moved.outcome, moved.station.code) == ("reopened", "9101011002001")
    assert task_of(photo).free == 2
    reads(world, "Citra", photo)
    reads(world, "Dewi", photo)
    decision = decision_of(photo)
    assert (decision.version, decision.outcome, decision.station.code) == (2, "accepted", "9101011002001")
    assert decision.how == "adjudicated"
    assert len(decision.because) == 4


def test_reopening_asks_two_others_and_forgets_what_was_read(world, photo):
    reads(world, "Sari", photo, problem="blurred")
    reads(world, "Budi", photo, problem="blurred")
    rules(world, "Vera", photo, "reopen", "legible")
    assert decision_of(photo).outcome == "reopened"
    assert task_of(photo).free == 2
    reads(world, "Citra", photo)
    reads(world, "Dewi", photo)
    assert decision_of(photo).numbers == VOTES


def test_two_adjudicators_correct_a_decision(world, photo):
    reads(world, "Sari", photo)
    reads(world, "Budi", photo, **VOTES | {"paslon_1": 107})
    reads(world, "Citra", photo)
    assert decision_of(photo).numbers == VOTES
    for name, version in (("Vera", 1), ("Wayan", 2)):
        rules(world, name, photo, "accept", "one_slipped", page=2, numbers=VOTES | {"paslon_1": 107})
        assert decision_of(photo).version == version
    assert decision_of(photo).numbers["paslon_1"] == 107


def test_an_empty_page_goes_to_a_person(world, photo):
    empty = dict.fromkeys(VOTES, "kosong")
    reads(world, "Sari", photo, **empty)
    reads(world, "Budi", photo, **empty)
    assert decision_of(photo) is None
    assert task_of(photo).why == "blank"
    rules(world, "Vera", photo, "accept", page=2, numbers=empty)
    assert decision_of(photo).numbers == empty


def test_a_pair_settles_three_tps_and_no_more(world):
    photos = [photo_of(world, code) for code in world.stations]
    for photo in photos[:3]:
        reads(world, "Sari", photo)
        reads(world, "Budi", photo)
        assert decision_of(photo)
    reads(world, "Sari", photos[3])
    with pytest.raises(AssertionError, match="Budi is not given"):
        reads(world, "Budi", photos[3])
    reads(world, "Citra", photos[3])
    assert decision_of(photos[3])


@pytest.mark.parametrize("when", ["before they read", "afterwards"])
def test_a_sender_who_takes_a_readers_invitation_takes_no_number_back(world, when):
    upik, sari = world.person("Upik", Role.CITIZEN), world.person("Sari")
    photo = photo_of(world, uploader=upik, device=device_of(world, upik))
    if when == "afterwards":
        for name in ("Sari", "Budi"):
            reads(world, name, photo)
        assert decision_of(photo).outcome == "accepted"
    invitations.accept(upik, invitations.make(sari, 1, "once").token, "contoh")
    if when == "afterwards":
        assert pipeline.decide_again(photo.pk) is None
        assert consensus.load(photo).evidence.lines == frozenset()
        assert list(audit.decisions()) == []
    else:
        with pytest.raises(AssertionError, match="not given"):
            reads(world, "Sari", photo)


def test_nor_do_the_numbers_that_they_type_after_that(world):
    upik = world.person("Upik", Role.CITIZEN)
    photo = photo_of(world, uploader=upik, device=device_of(world, upik))
    reads(world, "Sari", photo)
    invitations.accept(upik, invitations.make(world.people["Sari"], 1, "once").token, "contoh")
    typed = entries.Reading(2, dict(VOTES))
    pipeline.send_senders_numbers(senders.Typed(photo, upik, photo.device_id, "", typed))
    assert consensus.load(photo).evidence.lines == frozenset()
    reads(world, "Budi", photo)
    assert decision_of(photo).outcome == "accepted"


def test_the_ledger_opens_the_readings_with_the_decision_only(world, photo):
    from ledger.sealing import fits

    one = reads(world, "Sari", photo)
    assert b"paslon" not in b"".join(bytes(e.body) for e in Event.objects.filter(kind="reading"))
    reads(world, "Budi", photo)
    import json

    sealed = json.loads(bytes(Event.objects.get(kind="reading", subject=str(one.pk)).body))["sealed"]
    decision = json.loads(bytes(Event.objects.get(kind="decision").body))
    (opened,) = [item for item in decision["opens"] if item["id"] == str(one.pk)]
    assert fits(opened, sealed)
    assert decision["val"] == VOTES


def test_a_pair_that_reads_elsewhere_later_takes_back_nothing_that_they_ruled(world, photo):
    """The pair cap is about readings: adjudicators read too, and three TPS come together in a night."""
    for name in ("Sari", "Budi"):
        reads(world, name, photo, problem="altered")
    for name in ("Vera", "Wayan"):
        rules(world, name, photo, "reject", "altered")
    first, second = sorted((world.person("Vera"), world.person("Wayan")), key=lambda one: one.pk)
    for place, code in enumerate(("9101011001002", "9101011001003", "9101011002001"), start=1):
        PairTally.objects.create(
            first=first, second=second, station=world.stations[code], election=world.election, place=place
        )
    known = consensus.load(photo).evidence
    assert (first.pk, second.pk) in known.tied
    assert known.lines == frozenset()
    assert consensus.preview(photo).decision is None
