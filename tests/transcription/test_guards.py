"""What the database refuses whoever asks, by plain SQL as an insider would."""

import uuid

import pytest
from django.db import DatabaseError, IntegrityError, connection, transaction

from accounts.models import Role
from tests.transcription.reading import VOTES, decision_of, device_of, photo_of, reads, rules, takes
from transcription.models import Decision, Entry, Lease, PairTally, Ruling
from uploads.models import Repeat


@pytest.fixture
def photo(world):
    return photo_of(world)


def refused_by(make) -> str:
    """The name of the rule that refuses it."""
    with pytest.raises(IntegrityError) as refusal, transaction.atomic():
        make()
    return refusal.value.__cause__.diag.constraint_name


def lease_for(world, name, photo, device=None):
    person = world.person(name)
    fields = {"device": device or device_of(world, person), "expires_at": "2029-02-14T10:00:00Z"}
    return Lease.objects.create(task_id=photo.pk, account=person, end="submitted", **fields)


def enters(world, name, photo, **fields):
    lease = fields.pop("lease", None) or lease_for(world, name, photo, fields.get("device"))
    fields = {"numbers": VOTES, "page": 2, "device": lease.device, "lease": lease} | fields
    return lambda: Entry.objects.create(photo=photo, account=world.person(name), **fields)


# --- Entries ------------------------------------------------------------------------------------


@pytest.mark.parametrize("role", [Role.CITIZEN, Role.OPERATOR])
def test_only_readers_read(world, photo, role):
    world.person("Oki", role)
    assert refused_by(enters(world, "Oki", photo)) == "only_readers_read"


def test_a_suspended_reader_reads_nothing(world, photo):
    world.person("Oki", is_active=False)
    assert refused_by(enters(world, "Oki", photo)) == "only_readers_read"


def test_nobody_reads_what_their_account_sent(world):
    photo = photo_of(world, uploader=world.person("Sari"))
    assert refused_by(enters(world, "Sari", photo)) == "nobody_reads_what_they_sent"


def test_nobody_reads_what_their_device_sent(world):
    shared = world.device()
    photo = photo_of(world, device=shared)
    assert refused_by(enters(world, "Sari", photo, device=shared)) == "nobody_reads_what_they_sent"


@pytest.mark.parametrize("by", ["account", "device"])
def test_nobody_reads_what_they_sent_once_more(world, photo, by):
    sari, device = world.person("Sari"), world.device()
    make = enters(world, "Sari", photo, device=device)
    again = {"account": sari, "device": world.device()} if by == "account" else {"device": device}
    Repeat.objects.create(photo=photo, **again)
    assert refused_by(make) == "nobody_reads_what_they_sent"
    enters(world, "Budi", photo)()


def test_nobody_reads_a_photo_twice(world, photo):
    reads(world, "Sari", photo)
    assert refused_by(enters(world, "Sari", photo)) == "one_entry_per_photo_and_transcriber"


def test_nobody_reads_under_anothers_lease(world, photo):
    lease = lease_for(world, "Budi", photo)
    assert refused_by(enters(world, "Sari", photo, lease=lease)) == "everybody_reads_under_a_lease_of_their_own"


def test_nobody_reads_after_ruling(world, photo):
    reads(world, "Sari", photo, problem="blurred")
    reads(world, "Budi", photo, problem="blurred")
    rules(world, "Vera", photo, "reopen", "legible")
    assert refused_by(enters(world, "Vera", photo)) == "nobody_reads_what_they_ruled_on"


@pytest.mark.parametrize("value", [-1, 1000, 1.5, True, "12", "１２", None, [], ""])
def test_an_entry_holds_numbers_from_0_to_999(world, photo, value):
    make = enters(world, "Sari", photo, numbers=VOTES | {"paslon_1": value})
    assert refused_by(make) == "an_entry_holds_numbers_from_0_to_999"


def test_an_entry_has_numbers_or_a_problem(world, photo):
    assert refused_by(enters(world, "Sari", photo, problem="blurred")) == "entry_has_numbers_or_a_problem"
    assert refused_by(enters(world, "Sari", photo, numbers=None)) == "entry_has_numbers_or_a_problem"


def test_an_uploaders_entry_is_the_uploaders(world, photo):
    def make():
        Entry.objects.create(photo=photo, source="uploader", device=world.device(), numbers=VOTES, page=2)

    assert refused_by(make) == "the_senders_entry_is_the_senders"
    Entry.objects.create(photo=photo, source="uploader", device=photo.device, numbers=VOTES, page=2)


def test_the_round_is_the_databases_word(world, photo):
    entry = enters(world, "Sari", photo, round=7)()
    entry.refresh_from_db()
    assert entry.round == 1


# --- Rulings ------------------------------------------------------------------------------------


def says(world, name, photo, role=Role.ADJUDICATOR, **fields):
    fields = {"verdict": "reject", "reason": "blurred"} | fields
    return lambda: Ruling.objects.create(photo=photo, adjudicator=world.person(name, role), **fields)


def test_only_adjudicators_rule(world, photo):
    assert refused_by(says(world, "Sari", photo, Role.VOLUNTEER)) == "only_adjudicators_rule"
    assert refused_by(says(world, "Oki", photo, Role.OPERATOR)) == "only_adjudicators_rule"


def test_nobody_rules_on_what_they_sent(world):
    photo = photo_of(world, uploader=world.person("Vera", Role.ADJUDICATOR))
    assert refused_by(says(world, "Vera", photo)) == "nobody_rules_on_what_they_sent"
    wayan = world.person("Wayan", Role.ADJUDICATOR)
    anonymous = photo_of(world, "9101011001002", device=device_of(world, wayan))
    assert refused_by(says(world, "Wayan", anonymous, device=anonymous.device)) == "nobody_rules_on_what_they_sent"
    takes(world, "Wayan", role=Role.ADJUDICATOR)  # seen on that device today
    assert refused_by(says(world, "Wayan", anonymous)) == "nobody_rules_on_what_they_sent"


@pytest.mark.parametrize("by", ["account", "device"])
def test_nobody_rules_on_what_they_sent_once_more(world, photo, by):
    vera, device = world.person("Vera", Role.ADJUDICATOR), world.device()
    Repeat.objects.create(photo=photo, account=vera if by == "account" else None, device=device)
    assert refused_by(says(world, "Vera", photo, device=device)) == "nobody_rules_on_what_they_sent"
    says(world, "Wayan", photo)()


def test_nobody_rules_on_what_they_read(world, photo):
    world.person("Vera", Role.ADJUDICATOR)
    reads(world, "Vera", photo)
    assert refused_by(says(world, "Vera", photo)) == "nobody_rules_on_what_they_read"


@pytest.mark.parametrize("numbers", [VOTES | {"paslon_1": 99}, {"paslon_1": 101}, VOTES | {"suara_sah": 220}, {}])
def test_a_ruling_holds_numbers_that_somebody_read(world, photo, numbers):
    reads(world, "Sari", photo)
    make = says(world, "Vera", photo, verdict="accept", reason="as_written", page=2, numbers=numbers)
    assert refused_by(make) == "a_ruling_holds_numbers_that_somebody_read"


def test_numbers_read_from_another_page_are_not_read_from_this_one(world, photo):
    reads(world, "Sari", photo)
    make = says(world, "Vera", photo, verdict="accept", reason="as_written", page=12, numbers=VOTES)
    assert refused_by(make) == "a_ruling_holds_numbers_that_somebody_read"


def test_nobody_replaces_their_own_ruling(world, photo):
    reads(world, "Sari", photo)
    reads(world, "Budi", photo, **VOTES | {"paslon_1": 107})
    reads(world, "Citra", photo, problem="blurred")
    reads(world, "Dewi", photo, problem="blurred")
    rules(world, "Vera", photo, "accept", page=2, numbers=VOTES)
    assert refused_by(says(world, "Vera", photo)) == "nobody_replaces_their_own_ruling"
    says(world, "Wayan", photo)()


def test_nobody_says_the_same_twice_in_a_row(world, photo):
    says(world, "Vera", photo)()
    assert refused_by(says(world, "Vera", photo)) == "nobody_says_the_same_twice_in_a_row"
    says(world, "Vera", photo, reason="cut_off")()
    says(world, "Vera", photo)()


# --- Decisions ----------------------------------------------------------------------------------


def decides(photo, entries, **fields):
    fields = {
        "version": 1, "rule_version": 1, "outcome": "accepted", "how": "two_readers", "station": photo.station,
        "contest": photo.contest, "page": 2, "numbers": VOTES, "because": [entry.pk for entry in entries],
    } | fields  # fmt: skip
    return lambda: Decision.objects.create(photo=photo, **fields)


def test_nobody_decides_alone(world, photo):
    assert refused_by(decides(photo, [enters(world, "Sari", photo)()])) == "nobody_decides_alone"


def test_two_accounts_of_one_device_decide_nothing(world, photo):
    shared = world.device()
    two = [enters(world, name, photo, device=shared)() for name in ("Sari", "Budi")]
    assert refused_by(decides(photo, two)) == "two_accounts_of_one_device_decide_nothing"


def test_readers_on_probation_decide_nothing_alone(world, photo):
    two = [enters(world, name, photo, on_probation=True)() for name in ("Sari", "Budi")]
    assert refused_by(decides(photo, two)) == "readers_on_probation_decide_nothing_alone"
    three = [*two, enters(world, "Citra", photo, on_probation=True)()]
    decides(photo, three)()


def test_one_on_probation_and_one_who_is_not_decide(world, photo):
    decides(photo, [enters(world, "Sari", photo, on_probation=True)(), enters(world, "Budi", photo)()])()


def test_the_machine_is_nobody(world, photo):
    machine = Entry.objects.create(photo=photo, source="machine", numbers=VOTES, page=2)
    assert refused_by(decides(photo, [machine, enters(world, "Sari", photo)()])) == "nobody_decides_alone"


def test_a_decision_rests_on_its_own_photo(world, photo):
    other = photo_of(world, "9101011001002")
    two = [enters(world, "Sari", photo)(), enters(world, "Budi", other)()]
    assert refused_by(decides(photo, two)) == "a_decision_rests_on_its_own_photo"
    assert refused_by(decides(photo, two[:1], because=[])) == "a_decision_rests_on_its_own_photo"
    assert refused_by(decides(photo, two[:1], because=[uuid.uuid4()])) == "a_decision_rests_on_its_own_photo"


def test_a_decision_holds_numbers_that_somebody_read(world, photo):
    two = [enters(world, name, photo)() for name in ("Sari", "Budi")]
    make = decides(photo, two, numbers=VOTES | {"paslon_1": 999})
    assert refused_by(make) == "a_decision_holds_numbers_that_somebody_read"
    decides(photo, two)()


def test_rejecting_takes_an_adjudicator(world, photo):
    two = [enters(world, name, photo, numbers=None, problem="blurred")() for name in ("Sari", "Budi")]
    make = decides(photo, two, outcome="rejected", how="adjudicated", numbers=None, page=None, problem="blurred")
    assert refused_by(make) == "rejecting_takes_an_adjudicator"


def test_two_adjudicators_of_two_devices_reject_a_photo(world, photo):
    entry = enters(world, "Sari", photo, numbers=None, problem="blurred")()
    shared = world.device()
    what = {"outcome": "rejected", "how": "adjudicated", "numbers": None, "page": None, "problem": "blurred"}
    ruled = [says(world, name, photo, device=shared)() for name in ("Vera", "Wayan")]
    for because in ([entry, ruled[0]], [entry, *ruled]):
        assert refused_by(decides(photo, because, **what)) == "two_adjudicators_reject_a_photo"
    third = says(world, "Yani", photo)()
    decides(photo, [ruled[0], third], **what)()


def test_two_adjudicators_of_two_devices_move_a_photo(world, photo):
    two = [enters(world, name, photo)() for name in ("Sari", "Budi")]
    there = world.stations["9101011002001"]
    make = decides(photo, two, station=there)
    assert refused_by(make) == "two_adjudicators_move_a_photo"
    shared = world.device()
    for name in ("Vera", "Wayan"):
        says(world, name, photo, verdict="rehome", reason="wrong_tps", station=there, device=shared)()
        assert refused_by(make) == "two_adjudicators_move_a_photo"
    says(world, "Yani", photo, verdict="rehome", reason="wrong_tps", station=there)()
    make()


@pytest.mark.parametrize("outcome", ["accepted", "rejected"])
def test_a_reader_and_an_adjudicator_of_one_device_decide_nothing(world, photo, outcome):
    shared = world.device()
    what = {"problem": "blurred", "numbers": None, "page": None} if outcome == "rejected" else {}
    entry = enters(world, "Sari", photo, device=shared, **what)()
    ruled = says(world, "Vera", photo, device=shared)()
    make = decides(photo, [entry, ruled], outcome=outcome, how="adjudicated", **what)
    assert refused_by(make) == "two_accounts_of_one_device_decide_nothing"


def test_decisions_are_numbered_without_gaps(world, photo):
    two = [enters(world, name, photo)() for name in ("Sari", "Budi")]
    assert refused_by(decides(photo, two, version=2)) == "decisions_are_numbered_without_gaps"


def test_a_pair_settles_at_most_three_tps(world):
    sari, budi = world.person("Sari"), world.person("Budi")
    election, stations = world.election, list(world.stations.values())
    for place in (1, 2, 3):
        PairTally.objects.create(first=sari, second=budi, station=stations[place], election=election, place=place)

    def fourth(place):
        return lambda: PairTally.objects.create(
            first=sari, second=budi, station=stations[0], election=election, place=place
        )

    assert refused_by(fourth(4)) == "a_pair_settles_at_most_three_tps"
    assert refused_by(fourth(3)) == "a_place_of_a_pair_serves_once"


# --- Nothing is edited --------------------------------------------------------------------------


@pytest.mark.parametrize("table", ["entry", "ruling", "decision"])
@pytest.mark.parametrize("change", ["UPDATE {} SET page = 3", "DELETE FROM {}"])
def test_evidence_is_added_and_never_changed(world, photo, table, change):
    reads(world, "Sari", photo)
    reads(world, "Budi", photo)
    rules(world, "Vera", photo, "reopen", "mistake")
    assert decision_of(photo).version == 2
    with pytest.raises(DatabaseError, match="append-only"), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(change.format(f"transcription_{table}"))


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("sign", ["entry", "decision"])
def test_a_row_without_its_ledger_entry_is_not_committed(sign):
    from tests.world import build

    world = build()
    with transaction.atomic():
        photo = photo_of(world)
    if sign == "entry":
        lease = lease_for(world, "Sari", photo)
        make = enters(world, "Sari", photo, lease=lease)
    else:
        two = [reads(world, name, photo, **VOTES | {"paslon_1": n}) for n, name in enumerate(("Sari", "Budi"), 1)]
        make = decides(photo, two, numbers=VOTES | {"paslon_1": 1})
    with pytest.raises(DatabaseError, match="no entry"), transaction.atomic():
        make()
