"""The alarm mode: who turns it, who pays, and what the log says of it."""

import itertools
import json
import time

import pytest
from django.core.cache import caches
from django.db import DatabaseError, connection, transaction
from django.test import Client

from accounts import commitments, devices
from accounts.models import Device, Role
from accounts.permissions import NotAllowed
from ledger.models import Event
from tests.transcription import reading as people
from tests.uploads.test_api import error, send
from tests.uploads.test_fair_use import announce, known, photo
from tests.uploads.test_pages import TPS, text
from tests.uploads.test_pages import send as send_form
from uploads import alarm, proof
from uploads.models import AlarmTurn, Photo, Ticket

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def easy(monkeypatch):
    """Python is slow at this, and the arithmetic is the same."""
    monkeypatch.setattr(proof, "BITS", 8)


@pytest.fixture
def siren(world, folder):
    """It is on."""
    assert alarm.turn(world.person("Omar", Role.OPERATOR), True, "contoh")
    caches["process"].clear()  # nothing is committed within a test
    return world


def prove(challenge: str) -> str:
    return f"{challenge}:{next(str(n) for n in itertools.count() if proof.solves(challenge, str(n)))}"


def carried(answer) -> str:
    """The challenge in a form."""
    return answer.context["proof"]["challenge"]


def later(monkeypatch, seconds: float) -> None:
    now = time.time() + seconds
    monkeypatch.setattr(proof.time, "time", lambda: now)


# --- Turning it -------------------------------------------------------------------------------


def test_a_turn_stays_as_a_row_and_an_entry(world):
    omar = world.person("Omar", Role.OPERATOR)
    assert [alarm.turn(omar, on, "contoh") for on in (False, True, True, False, False)] == [
        *(False, True, False, True, False)
    ]
    assert list(AlarmTurn.objects.order_by("pk").values_list("on", "by")) == [(True, omar.pk), (False, omar.pk)]
    entries = [json.loads(bytes(event.body)) for event in Event.objects.filter(kind="alarm").order_by("pk")]
    assert [(entry["state"], entry["by"]) for entry in entries] == [
        ("on", commitments.of(omar)),
        ("off", commitments.of(omar)),
    ]


@pytest.mark.parametrize("role", [Role.CITIZEN, Role.VOLUNTEER, Role.ADJUDICATOR])
def test_only_operators_turn_it(world, role):
    with pytest.raises(NotAllowed):
        alarm.turn(world.person("Sari", role), True, "contoh")
    assert not AlarmTurn.objects.exists()


def test_a_turn_is_never_changed_and_never_without_its_entry(siren):
    with pytest.raises(DatabaseError, match="append-only"), transaction.atomic():
        AlarmTurn.objects.update(on=False)

    @transaction.atomic
    def smuggle() -> None:
        AlarmTurn.objects.create(by=siren.people["Omar"], on=False)
        with connection.cursor() as cursor:
            cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")

    with pytest.raises(DatabaseError, match="has no entry alarm"):
        smuggle()


def test_it_is_looked_up_once_in_a_while(world, django_assert_num_queries):
    with django_assert_num_queries(1):
        assert [alarm.is_on() for _ in range(10)] == [False] * 10


def test_an_operator_turns_it_on_and_off_on_a_page(world):
    omar = people.browser_of(world, "Omar", Role.OPERATOR)
    shown = omar.get("/kelola/siaga/")
    assert "Mati" in text(shown)
    assert "Belum pernah menyala" in text(shown)
    shown = omar.post("/kelola/siaga/", {"on": "yes"}, follow=True)
    assert "Mode siaga menyala." in text(shown)
    assert "omar@contoh.test" in text(shown)
    assert "menyala" in text(omar.get("/kelola/"))
    assert "Mode siaga mati." in text(omar.post("/kelola/siaga/", {"on": "no"}, follow=True))
    assert omar.post("/kelola/siaga/", {"on": "maybe"}).status_code == 400
    assert omar.post("/kelola/siaga/").status_code == 400
    assert AlarmTurn.objects.count() == 2


# --- By the API -------------------------------------------------------------------------------


def test_a_stranger_is_asked_for_a_proof_and_let_in_with_it(siren, client):
    answer = send(client, photo(1))
    assert (answer.status_code, error(answer)) == (428, "proof_needed")
    assert answer["Proof-Bits"] == "8"
    assert not Photo.objects.exists()
    header = {"Proof": prove(answer["Proof-Challenge"])}
    assert send(client, photo(1), headers=header).status_code == 201
    assert send(client, photo(2), headers=header).status_code == 428  # one proof, one photo


def test_a_proof_is_no_other_devices(siren, client):
    header = {"Proof": prove(send(client, photo(1))["Proof-Challenge"])}
    assert send(Client(), photo(1), headers=header).status_code == 428


def test_a_lost_answer_needs_no_second_proof(siren, client):
    header = {"Proof": prove(send(client, photo(1))["Proof-Challenge"])}
    receipt = send(client, photo(1), headers=header).json()["receipt"]
    for again in (send(client, photo(1), headers=header), send(client, photo(1))):
        assert (again.status_code, again.json()["receipt"]) == (200, receipt)


def test_being_asked_does_not_count(siren, client, settings):
    settings.PHOTOS_PER_DEVICE = "1/10m"
    for _ in range(3):
        answer = send(client, photo(1))
        assert answer.status_code == 428
    assert send(client, photo(1), headers={"Proof": prove(answer["Proof-Challenge"])}).status_code == 201


def test_whose_photo_was_usable_notices_nothing(siren):
    trusted = siren.device()
    sent = people.photo_of(siren, device=trusted)
    for name in ("Sari", "Budi"):
        people.reads(siren, name, sent)
    assert send(known(trusted), photo(1)).status_code == 201
    assert known(trusted).get(f"/kirim/{TPS}/").context["proof"] is None


def test_when_it_is_off_nobody_is_asked(siren, client):
    alarm.turn(siren.people["Omar"], False, "contoh")
    caches["process"].clear()
    assert send(client, photo(1)).status_code == 201
    assert 'name="proof"' not in client.get(f"/kirim/{TPS}/").content.decode()


# --- By the form ------------------------------------------------------------------------------


def test_a_form_without_scripts_waits_half_a_minute(siren, client, monkeypatch):
    form = client.get(f"/kirim/{TPS}/")
    assert "Tunggu 30 detik" in text(form)
    refused = send_form(client, photo(1), page="3", proof=carried(form))
    assert refused.status_code == 428
    assert "Tunggu 30 detik" in text(refused)
    assert 'value="3" checked' in refused.content.decode()
    assert carried(refused) == carried(form)  # the clock goes on, it does not begin anew
    later(monkeypatch, 30)
    assert send_form(client, photo(1), follow=False, proof=carried(refused)).status_code == 302
    assert send_form(client, photo(2), follow=False, proof=carried(refused)).status_code == 428


def test_a_form_with_scripts_computes(siren, client):
    paid = prove(carried(client.get(f"/kirim/{TPS}/")))
    assert send_form(client, photo(1), follow=False, proof=paid).status_code == 302
    again = send_form(client, photo(2), proof=paid)
    assert again.status_code == 428
    assert carried(again) not in paid


def test_a_form_that_lay_open_too_long_gets_a_new_challenge(siren, client, monkeypatch):
    old = carried(client.get(f"/kirim/{TPS}/"))
    later(monkeypatch, proof.LIVES_IN_A_FORM)
    refused = send_form(client, photo(1), proof=old)
    assert refused.status_code == 428
    assert carried(refused) != old


def test_a_form_from_before_the_alarm_is_asked(siren, client):
    refused = send_form(client, photo(1))
    assert refused.status_code == 428
    assert carried(refused)


def test_the_form_makes_one_device_and_only_in_alarm_mode(siren, client):
    before = Device.objects.count()
    for _ in range(3):
        client.get(f"/kirim/{TPS}/")
    assert Device.objects.count() == before + 1
    alarm.turn(siren.people["Omar"], False, "contoh")
    caches["process"].clear()
    stranger = Client()
    assert devices.COOKIE not in stranger.get(f"/kirim/{TPS}/").cookies


def test_a_stranger_pays_for_a_photo_in_pieces_where_it_is_announced(client, siren):
    asked = announce(client, 1)
    assert (asked.status_code, error(asked)) == (428, "proof_needed")
    assert not Ticket.objects.exists()
    assert announce(client, 1, Proof=prove(asked["Proof-Challenge"])).status_code == 201
