"""What the sender of a photo types from it: one entry, theirs, that decides nothing."""

import json

import pytest
from django.db import IntegrityError, transaction
from django.test import Client

from accounts import devices
from ledger.models import Event
from pemantau import pipeline
from tests.transcription.reading import (
    VOTES,
    browser_of,
    decision_of,
    device_of,
    looks,
    photo_of,
    reads,
    rules,
    task_of,
)
from transcription import entries, senders
from transcription.models import Entry


@pytest.fixture
def phone(world):
    """The browser of somebody without an account, and the photo they sent with it."""
    client = Client()
    device = world.device()
    client.cookies[devices.COOKIE] = devices._signer.sign(str(device.pk))
    client.photo = photo_of(world, device=device)
    return client


def post(client, photo, numbers=None, page=2):
    body = {"page": page, "numbers": dict(VOTES) if numbers is None else numbers}
    return client.post(f"/api/v1/receipts/{photo.receipt}/numbers/", body, content_type="application/json")


def test_it_is_an_entry_of_the_sender_sealed_in_the_log(phone):
    answer = post(phone, phone.photo)
    assert answer.status_code == 201
    entry = Entry.objects.get()
    assert (entry.source, entry.photo, entry.account, entry.device) == (
        "uploader",
        phone.photo,
        None,
        phone.photo.device,
    )
    assert entry.numbers == VOTES
    logged = json.loads(bytes(Event.objects.get(kind="reading").body))
    assert (logged["by"], logged["id"]) == ("uploader", str(entry.pk))
    assert not {"val", "page"} & logged.keys()


def test_it_never_decides(world, phone):
    post(phone, phone.photo)
    pipeline.decide(str(phone.photo.pk))
    assert decision_of(phone.photo) is None
    reads(world, "Budi", phone.photo)
    assert decision_of(phone.photo) is None
    assert task_of(phone.photo).wants == 1
    reads(world, "Dewi", phone.photo)
    assert decision_of(phone.photo).numbers == VOTES
    assert str(Entry.objects.get(source="uploader").pk) not in map(str, decision_of(phone.photo).because)


def test_its_numbers_do_not_let_one_adjudicator_decide(world, phone):
    """Somebody who sends a photo and types numbers needs two adjudicators like everybody whom nobody else confirms."""
    other = VOTES | {"paslon_1": 999}
    post(phone, phone.photo, other)
    for name in ("Budi", "Citra"):
        reads(world, name, phone.photo, problem="blurred")
    rules(world, "Vera", phone.photo, "accept", page=2, numbers=other)
    assert decision_of(phone.photo) is None


def test_the_same_again_is_the_same_and_another_is_refused(phone):
    first, again = post(phone, phone.photo), post(phone, phone.photo)
    assert first.json() == again.json()
    other = post(phone, phone.photo, VOTES | {"paslon_1": 1})
    assert (other.status_code, other.json()["error"]["code"]) == (409, "already_read")
    assert Entry.objects.count() == 1


@pytest.mark.parametrize(
    ("page", "numbers", "where"),
    [
        (2, {}, "numbers"),
        (2, [1], "numbers"),
        (2, {"paslon_1": 1000}, "numbers.paslon_1"),
        (2, {"paslon_1": True}, "numbers.paslon_1"),
        (2, {"paslon_9": 1}, "numbers.paslon_9"),
        (77, {"paslon_1": 1}, "page"),
    ],
)
def test_what_are_no_numbers_of_the_page_is_refused_by_name(phone, page, numbers, where):
    answer = post(phone, phone.photo, numbers, page)
    assert answer.status_code == 422
    assert list(answer.json()["error"]["fields"]) == [where]
    assert not Entry.objects.exists()


def test_some_numbers_are_better_than_none(phone):
    assert post(phone, phone.photo, {"paslon_2": 88}).status_code == 201
    assert Entry.objects.get().numbers == {"paslon_2": 88}


def test_only_the_sender_may(world, phone):
    stranger = browser_of(world, "Sari")
    for client in (stranger, Client()):
        answer = post(client, phone.photo)
        assert (answer.status_code, answer.json()["error"]["code"]) == (403, "not_the_sender")
        assert client.get(f"/bukti/{phone.photo.receipt}/angka/").status_code == 403
    assert not Entry.objects.exists()


def test_an_account_may_from_another_device(world):
    sari = world.person("Sari")
    photo = photo_of(world, uploader=sari)
    assert post(browser_of(world, "Sari"), photo).status_code == 201
    entry = Entry.objects.get()
    assert (entry.account, entry.device) == (sari, device_of(world, sari))


def test_who_typed_numbers_still_does_not_read_the_photo(world):
    photo = photo_of(world, uploader=world.person("Sari"))
    post(browser_of(world, "Sari"), photo)
    with pytest.raises(AssertionError, match="not given"):
        reads(world, "Sari", photo)


def test_after_the_decision_it_is_too_late(world, phone):
    for name in ("Budi", "Dewi"):
        reads(world, name, phone.photo)
    answer = post(phone, phone.photo)
    assert (answer.status_code, answer.json()["error"]["code"]) == (409, "decided_already")
    assert phone.get(f"/bukti/{phone.photo.receipt}/angka/").status_code == 409


def test_the_table_holds_one_entry_of_the_sender(phone):
    post(phone, phone.photo)
    with pytest.raises(IntegrityError, match="one_entry_of_the_sender"), transaction.atomic():
        Entry.objects.create(photo=phone.photo, source="uploader", device=phone.photo.device, page=2, numbers=VOTES)


def test_storing_takes_few_queries(world, phone, django_assert_max_num_queries):
    typed = senders.Typed(phone.photo, None, phone.photo.device_id, "", entries.Reading(2, dict(VOTES)))
    with transaction.atomic(), django_assert_max_num_queries(7):
        senders.submit(typed)


# --- Pages --------------------------------------------------------------------------------------


def test_the_page_asks_for_the_claimed_page_and_keeps_what_was_typed(phone):
    page = phone.get(f"/bukti/{phone.photo.receipt}/angka/").content.decode()
    assert page.count('inputmode="numeric"') == len(VOTES)
    typed = {"halaman": "2", "angka-paslon_1": "12x", "angka-paslon_2": "88"}
    wrong = phone.post(f"/bukti/{phone.photo.receipt}/angka/", typed)
    assert wrong.status_code == 422
    assert 'value="88"' in wrong.content.decode()


def test_broken_sums_are_shown_before_they_are_stored(phone):
    typed = {"halaman": "3", "angka-suara_sah": "220", "angka-suara_tidak_sah": "5", "angka-suara_total": "252"}
    shown = phone.post(f"/bukti/{phone.photo.receipt}/angka/", typed)
    assert shown.status_code == 422
    assert "Jumlahnya tidak cocok" in shown.content.decode()
    assert not Entry.objects.exists()
    seen = shown.context["fingerprint"]
    stored = phone.post(f"/bukti/{phone.photo.receipt}/angka/", typed | {"sesuai": seen})
    assert stored.status_code == 302
    assert Entry.objects.get().numbers["suara_total"] == 252
    assert "252" in phone.get(f"/bukti/{phone.photo.receipt}/angka/").content.decode()


def test_the_receipt_leads_there_for_the_sender_alone(world, phone):
    address = f"/bukti/{phone.photo.receipt}/"
    assert "/angka/" in phone.get(address).content.decode()
    assert "/angka/" not in Client().get(address).content.decode()
    for name in ("Budi", "Dewi"):
        reads(world, name, phone.photo)
    assert "/angka/" not in phone.get(address).content.decode()


def test_adjudicators_see_that_they_are_the_senders(world, phone):
    post(phone, phone.photo)
    for name in ("Budi", "Citra"):
        reads(world, name, phone.photo, problem="blurred")
    looks(world, "Vera", phone.photo)
    case = browser_of(world, "Vera", "adjudicator").get(f"/putusan/{phone.photo.pk}/").content.decode()
    assert "pengirim" in case
