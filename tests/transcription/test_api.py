"""The doors for programs: statuses, shapes, how many statements, and that nobody sees another's numbers."""

import json
import re

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from accounts.models import Role
from ledger import sequencer
from pemantau import pipeline
from tests.transcription.reading import (
    VOTES,
    browser_of,
    decision_of,
    device_of,
    looks,
    photo_of,
    reads,
    some_uuid,
    task_of,
)
from tps.form_definitions import for_contest
from transcription.models import Entry, Lease
from uploads import switches
from uploads.models import Switch

ENTRY = {"page": 2, "numbers": VOTES, "tps": "9101011001001"}
# Numbers that occur nowhere else in an answer.
SECRET = {"paslon_1": 739, "paslon_2": 617, "paslon_3": 853}


@pytest.fixture
def photo(world):
    return photo_of(world)


def post(client, path, body=None, **headers):
    return client.post(f"/api/v1/{path}", json.dumps(body if body is not None else {}), "application/json", **headers)


def statements(captured) -> int:
    """Statements without the transactions' own words."""
    control = ("SAVEPOINT", "RELEASE", "ROLLBACK", "BEGIN", "COMMIT")
    return sum(not query["sql"].startswith(control) for query in captured.captured_queries)


def taken(client) -> dict:
    response = post(client, "tasks/")
    assert response.status_code == 200, response.content
    return response.json()


# --- Reading --------------------------------------------------------------------------------------


def test_taking_shows_the_photo_and_the_form(world, photo):
    task = taken(browser_of(world, "Sari"))
    assert task["photo"]["pictures"]["1280"] == f"/baca/{task['id']}/1280.webp"
    assert [one["name"] for one in task["villages"]] == ["Desa 1", "Desa 2"]
    assert [page["number"] for page in task["form"]["pages"]] == [1, 2, 3, 11, 12]
    assert sum(len(page["fields"]) for page in task["form"]["pages"][:3]) == 28
    assert {"code": "blurred", "label": "buram"} in task["problems"]


def test_nothing_to_read_is_said_in_so_many_words(world):
    response = post(browser_of(world, "Sari"), "tasks/")
    assert (response.status_code, response.content) == (204, b"")


def test_taking_costs_five_statements_at_most(world, photo):
    for_contest(world.contest)  # kept by each process
    switches.is_on(Switch.READ_ONLY)  # for five seconds
    client = browser_of(world, "Sari")
    with CaptureQueriesContext(connection) as captured:
        taken(client)
    assert statements(captured) <= 5, [q["sql"][:90] for q in captured.captured_queries]


@pytest.mark.parametrize("is_new", [False, True], ids=["established", "on probation"])
def test_sending_and_deciding_cost_ten_statements_at_most(world, photo, is_new):
    if is_new:
        world.person("Budi", established_at=None)
    reads(world, "Sari", photo)
    client = browser_of(world, "Budi")
    task = taken(client)
    with CaptureQueriesContext(connection) as captured:
        response = post(client, f"tasks/{task['id']}/entry/", ENTRY)
        pipeline.decide(str(photo.pk))
    assert response.status_code == 201
    assert decision_of(photo).numbers == VOTES
    assert statements(captured) <= 10, [q["sql"][:90] for q in captured.captured_queries]


def test_the_same_post_twice_gives_the_same_answer(world, photo):
    client = browser_of(world, "Sari")
    path = f"tasks/{taken(client)['id']}/entry/"
    first = post(client, path, ENTRY)
    assert post(client, path, ENTRY).json() == first.json()
    assert Entry.objects.count() == 1


@pytest.mark.parametrize(("body", "status", "field"), [
    ({}, 422, "page"),
    ({"page": 2}, 422, "numbers"),
    ({"page": 2, "numbers": {}}, 422, "numbers.paslon_1"),
    ({"page": 2, "numbers": VOTES | {"paslon_1": -1}}, 422, "numbers.paslon_1"),
    ({"page": 2, "numbers": VOTES | {"paslon_1": 1000}}, 422, "numbers.paslon_1"),
    ({"page": 2, "numbers": VOTES | {"paslon_1": True}}, 422, "numbers.paslon_1"),
    ({"page": 2, "numbers": VOTES | {"paslon_1": 1.0}}, 422, "numbers.paslon_1"),
    ({"page": 2, "numbers": VOTES | {"paslon_1": "12"}}, 422, "numbers.paslon_1"),
    ({"page": 2, "numbers": VOTES | {"paslon_1": "１２"}}, 422, "numbers.paslon_1"),
    ({"page": 2, "numbers": VOTES | {"gubernur": 1}}, 422, "numbers.gubernur"),
    ({"page": 2, "numbers": "101"}, 422, "numbers"),
    ({"page": 4, "numbers": VOTES}, 422, "page"),
    ({"page": 100, "numbers": VOTES}, 400, "page"),
    ({"page": "dua", "numbers": VOTES}, 400, "page"),
    ({"problem": "ugly"}, 400, "problem"),
    ({"problem": "blurred", "page": 2, "numbers": VOTES}, 422, "problem"),
])  # fmt: skip
def test_bad_readings_are_refused_by_field_and_change_nothing(world, photo, body, status, field):
    client = browser_of(world, "Sari")
    response = post(client, f"tasks/{taken(client)['id']}/entry/", body)
    error = response.json()["error"]
    assert (response.status_code, field in error["fields"]) == (status, True), error
    assert error["message"] == "Ada isian yang belum benar. Periksa lagi."
    assert not Entry.objects.exists()
    assert Lease.objects.get().end == ""


@pytest.mark.parametrize("body", ['{"page": 2, "numbers": {', "[" * 5000, "\x00", '{"page": NaN}', "page=2"])
def test_malformed_json_is_refused(world, photo, body):
    client = browser_of(world, "Sari")
    path = f"/api/v1/tasks/{taken(client)['id']}/entry/"
    response = client.post(path, body, "application/json")
    assert response.status_code in (400, 422)
    assert not Entry.objects.exists()


def test_someone_elses_lease_is_no_lease(world, photo):
    task = taken(browser_of(world, "Sari"))
    other = browser_of(world, "Budi")
    for path in (f"tasks/{task['id']}/", f"tasks/{some_uuid()}/"):
        assert other.get(f"/api/v1/{path}").status_code == 404
        for action in ("entry", "renew", "return", "check"):
            response = post(other, f"{path}{action}/", {"page": 2, "numbers": VOTES})
            assert (response.status_code, response.json()["error"]["code"]) == (404, "no_such_lease")


def test_slips_are_shown_and_not_stored(world, photo):
    client = browser_of(world, "Sari")
    sums = {"suara_sah": 220, "suara_tidak_sah": 5, "suara_total": 252}
    response = post(client, f"tasks/{taken(client)['id']}/check/", {"page": 3, "numbers": sums})
    (slip,) = response.json()["slips"]
    assert (slip["rule"], slip["sentence"], slip["difference"]) == ("R4", "220 + 5 = 225, di kertas 252", 27)
    assert not Entry.objects.exists()


def test_renewing_and_giving_back(world, photo):
    client = browser_of(world, "Sari")
    task = taken(client)
    assert post(client, f"tasks/{task['id']}/renew/").json()["expires_at"] >= task["expires_at"]
    assert post(client, f"tasks/{task['id']}/return/").status_code == 204
    assert post(client, f"tasks/{task['id']}/return/").status_code == 204
    assert post(client, f"tasks/{task['id']}/renew/").status_code == 409
    assert task_of(photo).free == 2


def test_giving_back_too_often_is_refused_and_says_what_to_do(world, photo, settings):
    settings.MOST_GIVEN_BACK = 0
    client = browser_of(world, "Sari")
    task = taken(client)
    answer = post(client, f"tasks/{task['id']}/return/")
    assert (answer.status_code, answer.json()["error"]["code"]) == (409, "too_many_given_back")
    assert "pilih “Ada masalah dengan foto ini”" in answer.json()["error"]["message"]
    assert taken(client)["id"] == task["id"]


@pytest.mark.parametrize(("role", "status"), [(None, 401), (Role.CITIZEN, 403), (Role.OPERATOR, 403)])
def test_only_readers_take(world, photo, client, role, status):
    if role:
        client = browser_of(world, "Oki", role)
    for path in ("tasks/", f"tasks/{some_uuid()}/entry/"):
        assert post(client, path).status_code == status
    assert not Lease.objects.exists()


def test_the_client_never_says_who_it_is_or_what_it_wants(world, photo):
    client = browser_of(world, "Sari")
    claims = {
        "account": world.person("Budi").pk, "source": "machine", "round": 9, "photo": str(some_uuid()),
        "lease": str(some_uuid()), "device": str(some_uuid()), "step": "done", "outcome": "accepted",
    }  # fmt: skip
    post(client, f"tasks/{taken(client)['id']}/entry/", ENTRY | claims)
    entry = Entry.objects.get()
    assert (entry.account, entry.source, entry.round, entry.photo) == (world.person("Sari"), "volunteer", 1, photo)


# --- Nobody sees another's numbers ------------------------------------------------------------------


def everything_one_can_see(client, photo, lease=None) -> bytes:
    paths = [
        "/", "/baca/", "/putusan/", f"/putusan/{photo.pk}/", f"/foto/{photo.pk}/", "/hasil/contoh/ppwp/",
        f"/hasil/contoh/ppwp/tps/{photo.station.code}/", f"/bukti/{photo.receipt}/", "/api/v1/cases/",
        f"/api/v1/cases/{photo.pk}/", f"/api/v1/receipts/{photo.receipt}/", "/api/v1/results/contoh/ppwp/nasional/",
        f"/api/v1/results/contoh/ppwp/tps/{photo.station.code}/", "/api/v1/ledger/contoh/entries/",
        f"/api/v1/stations/{photo.station.code}/",
    ]  # fmt: skip
    if lease:
        paths += [f"/baca/{lease}/", f"/baca/{lease}/?halaman=2", f"/api/v1/tasks/{lease}/"]
    client.raise_request_exception = False
    seen = b""
    for path in paths:
        response = client.get(path)
        assert response.status_code < 500, path
        seen += response.content if not response.streaming else b"".join(response.streaming_content)
        seen += str(response.headers).encode()
    return seen


def shows(seen: bytes) -> bool:
    """Whether one of the secret numbers stands there by itself, not within an id or a moment."""
    return any(re.search(rb"(?<![0-9A-Za-z])%d(?![0-9A-Za-z])" % number, seen) for number in SECRET.values())


@pytest.mark.parametrize("state", ["one read it", "two differ", "one saw a problem", "before adjudicators"])
def test_no_answer_holds_what_others_read_before_the_decision(world, photo, state, client):
    reads(world, "Sari", photo, **SECRET)
    if state == "two differ":
        reads(world, "Budi", photo, **SECRET | {"paslon_1": 111})
    if state == "one saw a problem":
        reads(world, "Budi", photo, problem="blurred")
    if state == "before adjudicators":
        for n, name in enumerate(("Budi", "Citra", "Dewi"), start=1):
            reads(world, name, photo, **SECRET | {"paslon_1": n})
        assert task_of(photo).needs_adjudicator
    sequencer.sequence(1000)
    assert b"sealed" in client.get("/api/v1/ledger/contoh/entries/").content
    assert not shows(everything_one_can_see(client, photo)), "anonymous"
    browser = browser_of(world, "Eko")
    lease = post(browser, "tasks/")
    lease_id = lease.json()["id"] if lease.status_code == 200 else None
    assert not shows(lease.content)
    assert not shows(everything_one_can_see(browser, photo, lease_id)), "another reader"
    assert not shows(everything_one_can_see(browser_of(world, "Oki", Role.OPERATOR), photo)), "operator"
    reader = browser_of(world, "Gita", Role.ADJUDICATOR)
    assert not shows(everything_one_can_see(reader, photo)), "an adjudicator who has not looked themselves"
    if state == "before adjudicators":
        looks(world, "Gita", photo)
        assert shows(everything_one_can_see(reader, photo))


def test_refusals_hold_nothing_that_was_sent(world, photo):
    client = browser_of(world, "Sari")
    response = post(client, f"tasks/{taken(client)['id']}/entry/", ENTRY | {"page": 3, "numbers": SECRET})
    assert response.status_code == 422
    assert not shows(response.content)


# --- Ruling -----------------------------------------------------------------------------------------


@pytest.fixture
def case(world, photo):
    for n, name in enumerate(("Sari", "Budi", "Citra", "Dewi"), start=1):
        reads(world, name, photo, **VOTES | {"paslon_1": n})
    return photo


def test_an_adjudicator_sees_all_entries_and_no_person(world, case):
    client = browser_of(world, "Vera", Role.ADJUDICATOR)
    looks(world, "Vera", case)
    assert [c["photo"] for c in client.get("/api/v1/cases/").json()["cases"]] == [str(case.pk)]
    body = client.get(f"/api/v1/cases/{case.pk}/").json()
    assert [(e["reader"], e["numbers"]["paslon_1"]) for e in body["entries"]] == [
        ("A", 1),
        ("B", 2),
        ("C", 3),
        ("D", 4),
    ]
    text = json.dumps(body)
    assert "sari" not in text.lower()
    assert not any(str(entry.account.pk) == value for entry in Entry.objects.all() for value in [body["why"]])


def test_ruling_over_http(world, case):
    client = browser_of(world, "Vera", Role.ADJUDICATOR)
    looks(world, "Vera", case)
    path = f"cases/{case.pk}/ruling/"
    said = {"verdict": "accept", "reason": "as_written", "page": 2, "numbers": VOTES | {"paslon_1": 3}}
    refused = post(client, path, said | {"numbers": VOTES | {"paslon_1": 9}})
    assert (refused.status_code, refused.json()["error"]["code"]) == (422, "nobody_read_that")
    first, again = post(client, path, said), post(client, path, said)
    assert (first.status_code, again.json()) == (201, first.json())
    pipeline.decide(str(case.pk))
    assert decision_of(case).numbers["paslon_1"] == 3


def test_a_ruling_keeps_its_device_and_address_block(world, case):
    client = browser_of(world, "Vera", Role.ADJUDICATOR)
    client.defaults["REMOTE_ADDR"] = "36.68.5.9"
    assert post(client, f"cases/{case.pk}/ruling/", {"verdict": "reopen", "reason": "look_again"}).status_code == 201
    ruling = case.rulings.get()
    assert ruling.device == device_of(world, world.person("Vera"))
    assert len(ruling.address_block) == 32


def test_a_reader_is_refused_the_case_without_its_numbers(world, case):
    world.person("Sari").__class__.objects.filter(pk=world.person("Sari").pk).update(role=Role.ADJUDICATOR)
    client = browser_of(world, "Sari")
    response = client.get(f"/api/v1/cases/{case.pk}/")
    assert (response.status_code, response.json()["error"]["code"]) == (403, "had_it_in_hand")
    assert set(response.json()["error"]) == {"code", "message"}
