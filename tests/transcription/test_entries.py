"""What may be sent, and what happens to what comes late, twice, or from the wrong person."""

import re
from datetime import timedelta

import pytest
from django.utils import timezone

from accounts.models import Role, User
from accounts.permissions import NotAllowed
from ledger.models import Event
from pemantau import pipeline
from tests.transcription.reading import (
    VOTES,
    decision_of,
    given,
    looks,
    photo_of,
    reads,
    sends,
    takes,
    task_of,
)
from tps.form_definitions import load
from transcription import entries, queue
from transcription.entries import Reading
from transcription.models import Entry, Lease

FORM = load("c-hasil-ppwp")
READING = Reading(2, dict(VOTES))


@pytest.fixture
def photo(world):
    return photo_of(world)


def wrong(reading: Reading) -> dict[str, list[str]]:
    with pytest.raises(entries.WrongReading) as refusal:
        entries.check(reading, FORM)
    return refusal.value.fields


def expire(lease: Lease) -> None:
    Lease.objects.filter(pk=lease.pk).update(expires_at=timezone.now() - timedelta(seconds=1))


# --- What may be sent -----------------------------------------------------------------------------


@pytest.mark.parametrize("value", [0, 999, 7, "kosong", "tidak_terbaca"])
def test_a_number_is_a_number_or_one_of_two_words(value):
    numbers = VOTES | {"paslon_1": value}
    assert entries.check(Reading(2, numbers), FORM).numbers == numbers


@pytest.mark.parametrize(
    "value", [-1, 1000, True, 12.0, 1.5, "12", "１２", "", " ", None, [], {}, "Kosong", "x", float("nan"), 10**30]
)
def test_anything_else_is_refused_by_field(value):
    assert list(wrong(Reading(2, VOTES | {"paslon_1": value}))) == ["numbers.paslon_1"]


def test_all_numbers_of_the_page_and_no_others():
    assert list(wrong(Reading(2, {"paslon_1": 1, "paslon_2": 2}))) == ["numbers.paslon_3"]
    assert list(wrong(Reading(2, VOTES | {"suara_sah": 1}))) == ["numbers.suara_sah"]
    assert {"numbers.paslon_1", "numbers.suara_sah"} <= set(wrong(Reading(3, dict(VOTES))))


@pytest.mark.parametrize("page", [None, 0, 4, 99])
def test_numbers_come_with_a_page_of_the_form(page):
    assert list(wrong(Reading(page, dict(VOTES)))) == ["page"]


@pytest.mark.parametrize("numbers", [None, [], "12", 3])
def test_numbers_are_a_map(numbers):
    assert list(wrong(Reading(2, numbers))) == ["numbers"]


def test_a_problem_is_a_known_one_and_stands_alone():
    assert list(wrong(Reading(None, None, "ugly"))) == ["problem"]
    assert list(wrong(Reading(2, dict(VOTES), "blurred"))) == ["problem"]
    assert entries.check(Reading(None, None, "blurred"), FORM).problem == "blurred"


@pytest.mark.parametrize(
    ("text", "value"),
    [("12", 12), (" 7 ", 7), ("012", 12), ("１２", "１２"), ("1e2", "1e2"), ("-1", "-1"), ("1234", "1234")],
)
def test_only_plain_digits_are_taken_for_a_number(text, value):
    assert entries.typed(text) == value


# --- When, and from whom --------------------------------------------------------------------------


def test_the_same_twice_is_one_entry(world, photo):
    lease = takes(world, "Sari")
    first = sends(lease, READING)
    assert sends(lease, READING).pk == first.pk
    assert Entry.objects.count() == 1
    assert Event.objects.filter(kind="reading").count() == 1


def test_something_else_under_the_same_lease_is_refused(world, photo):
    lease = takes(world, "Sari")
    sends(lease, READING)
    with pytest.raises(entries.AlreadyRead):
        sends(lease, Reading(2, VOTES | {"paslon_1": 1}))
    assert Entry.objects.get().numbers == VOTES


def test_anothers_lease_is_refused(world, photo):
    lease = takes(world, "Sari")
    lease.account = world.person("Budi")
    with pytest.raises(queue.NoSuchLease):
        sends(lease, READING)
    assert not Entry.objects.exists()


@pytest.mark.parametrize("taken_back", [False, True])
def test_a_late_one_counts_while_nobody_else_has_the_place(world, photo, taken_back):
    lease = takes(world, "Sari")
    expire(lease)
    if taken_back:
        queue.take_back_expired_leases()
    sends(lease, READING)
    assert (task_of(photo).free, task_of(photo).leased) == (1, 0)
    reads(world, "Budi", photo)
    assert decision_of(photo).numbers == VOTES
    with pytest.raises(entries.AlreadyRead):
        sends(lease, Reading(2, VOTES | {"paslon_1": 1}))


def test_a_late_one_is_refused_when_others_have_the_places(world, photo):
    lease = takes(world, "Sari")
    takes(world, "Budi")
    expire(lease)
    takes(world, "Citra")
    with pytest.raises(entries.TakenOver):
        sends(lease, READING)
    assert (task_of(photo).free, task_of(photo).leased) == (0, 2)


def test_what_was_given_back_is_refused(world, photo):
    lease = takes(world, "Sari")
    queue.give_back(lease.pk, lease.account)
    with pytest.raises(entries.GivenBack):
        sends(lease, READING)


def test_a_late_one_of_somebody_who_saw_the_others_is_refused(world, photo):
    from transcription import cases

    world.person("Vera", Role.ADJUDICATOR)
    lease = given(world, "Vera", photo)
    expire(lease)
    queue.take_back_expired_leases()
    for name in ("Sari", "Budi"):
        reads(world, name, photo, problem="blurred")
    looks(world, "Vera", photo)
    cases.look_into(photo.pk, world.person("Vera"))
    task_of(photo)
    queue.Task.objects.filter(pk=photo.pk).update(wants=1)
    with pytest.raises(entries.TakenOver):
        sends(lease, READING)


@pytest.mark.parametrize("change", [{"role": Role.CITIZEN}, {"role": Role.OPERATOR}, {"is_active": False}])
def test_a_role_that_changed_in_mid_flow_is_refused(world, photo, change):
    lease = takes(world, "Sari")
    User.objects.filter(pk=lease.account_id).update(**change)
    with pytest.raises(NotAllowed):
        sends(lease, READING)
    assert not Entry.objects.exists()
    assert Lease.objects.get().end == ""


def test_a_device_that_is_gone_is_no_device(world, photo):
    lease = takes(world, "Sari")
    from tests.transcription.reading import some_uuid

    sent = entries.Sent(lease.pk, lease.account, some_uuid(), "", READING)
    assert pipeline.send_entry(sent).device_id is None


def test_an_entry_moves_its_photo_to_be_decided(world, photo):
    lease = takes(world, "Sari")
    pipeline.send_entry(entries.Sent(lease.pk, lease.account, lease.device_id, "", READING))
    photo.refresh_from_db()
    assert photo.step == "decide"


def test_the_ledger_knows_no_person_and_no_number_yet(world, photo):
    reads(world, "Sari", photo)
    body = bytes(Event.objects.get(kind="reading").body).decode()
    assert "sari" not in body
    assert re.findall(r"\b101\b", body) == []  # in a hash it may stand by chance
    assert '"sealed":"sha256:' in body


@pytest.mark.parametrize("late", [False, True])
@pytest.mark.parametrize("place", ["taken", "sent"])
def test_taken_in_one_place_and_sent_from_another_it_goes_to_nobody_in_either(world, late, place):
    photo_of(world)
    places = {"taken": (world.device(), "b" * 32), "sent": (world.device(), "c" * 32)}
    lease = takes(world, "Sari", device=places["taken"][0], address_block=places["taken"][1])
    if late:
        expire(lease)
        queue.take_back_expired_leases()
    device, block = places["sent"]
    pipeline.send_entry(entries.Sent(lease.pk, lease.account, device.pk, block, READING))
    device, block = places[place]
    assert takes(world, "Budi", device=device) is None
    assert takes(world, "Citra", address_block=block) is None
    assert takes(world, "Dewi")
