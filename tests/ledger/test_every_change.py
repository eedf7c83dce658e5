"""Nothing changes without an entry: every table of the house answers for itself, and a photo's whole way is walked."""

import json
from collections import Counter

import pytest
from django.apps import apps
from django.db import DatabaseError, connection, transaction

from accounts import commitments, roles
from accounts.models import Role, User
from aggregation import folder
from aggregation.models import Result, Snapshot
from ledger import duty, immutability
from ledger.checks import faults
from ledger.models import Event, Unsequenced
from pemantau import pipeline
from tests.transcription import reading as people
from tests.uploads.pictures import encoded
from tests.world import build
from transcription.models import Decision, Entry, Ruling
from uploads.models import Photo, PublicCopy

HOUSE = ("ledger", "accounts", "tps", "uploads", "transcription", "aggregation", "pemantau")

# Tables without a duty of their own, and why none is needed.
WITHOUT_DUTY = {
    "ledger_event": "the log itself",
    "ledger_leaf": "the log itself",
    "ledger_unsequenced": "the log itself",
    "accounts_user": "roles have their own trigger; addresses and passwords are nobody's business",
    "accounts_device": "known to nobody, appears in entries as a commitment",
    "accounts_sighting": "deleted after seven days, must never be public",
    "accounts_invitation": "an open door, no change yet; who goes through it has their `role` entry",
    "accounts_acceptance": "its `role` entry comes with the role, which has its own trigger",
    "accounts_roleproposal": "only a confirmed role changes anything, and has its entry",
    "accounts_factorreset": "a word between operators; only a confirmed one does anything, and has its `factor` entry",
    "aggregation_exclusionproposal": "only a confirmed one changes anything, and has its `exclude` entry",
    "tps_region": "reference data: hashes in `genesis` and `reference`",
    "tps_election": "reference data: hashes in `genesis` and `reference`",
    "tps_pollingstation": "reference data: hashes in `genesis` and `reference`",
    "tps_contest": "reference data: hashes in `genesis` and `reference`",
    "tps_contest_area": "reference data: hashes in `genesis` and `reference`",
    "tps_option": "reference data: hashes in `genesis` and `reference`",
    "tps_extent": "counts of the TPS below a region",
    "uploads_sentkey": "an idempotency key of the sender",
    "uploads_ticket": "a photo announced, not yet sent; deleted after a day",
    "tps_regionwords": "the search's index of the regions' names",
    "tps_spelling": "the search's index of the regions' names",
    "tps_centroid": "where a kecamatan lies on the map; nothing is counted by it",
    "uploads_repeat": "who sent a photo once more; the photo stays the same",
    "uploads_pagetag": "what a program read from the original: a hint, moves no number, can be read again",
    "uploads_likeness": "computed from the original, can be computed again",
    "uploads_alike": "computed from the likenesses",
    "transcription_lifting": "only a confirmed one ends a pause, and has its `bar` entry",
    "transcription_task": "the queue, derived from photos and entries",
    "transcription_turn": "the queue's own counting",
    "transcription_lease": "who reads what now; its entry tells of the reading",
    "transcription_pairtally": "derived from decisions",
    "transcription_firstlook": "an adjudicator's own look: stands beside the readings on their page, moves no number",
    "transcription_recallphoto": "a list of what is to be done; each photo's decision has its own entry",
    "transcription_practiceresult": "how far somebody came with forms of which nothing counts",
    "transcription_samplestation": "drawn by the seed in its `draw` entry: anybody can draw it again",
    "transcription_weedingphoto": "a list of what is to be ruled on; each photo's rulings have their own entries",
    "transcription_pace": "how fast somebody reads: derived from leases and readings, moves no number",
    "aggregation_delta": "names its `select` entry itself, in a column that may not be empty",
    "aggregation_mapsheet": "drawn from a file that it names by its hash; nothing is counted by it",
    "aggregation_mapoutline": "what stands on a sheet of a map",
    "aggregation_maptile": "where a region stands in the tile-grid map; nothing is counted by it",
    "aggregation_tallysample": "copies of tallies for charts; each tally's snapshot has its `tally` entry",
    "aggregation_question": "derived from results and photos, moves no number",
    "aggregation_questionscan": "when questions were last looked for",
    "aggregation_auditrun": "what a run of the audit found; it changes nothing, and anybody can run it again",
    "aggregation_officialsource": "whose figures they are, and when they were last compared",
    "aggregation_officialfigure": "each is of a snapshot, whose `official` entry holds the hash of all its figures",
    "aggregation_officialdifference": "computed from results and official figures, can be computed again",
    "aggregation_officialtally": "computed from results and official figures, can be computed again",
    "aggregation_tally": "the fold of `select` entries; each snapshot has its `tally` entry",
}


@pytest.mark.django_db
def test_every_table_has_a_duty_or_a_reason_to_have_none():
    tables = {
        model._meta.db_table
        for app in HOUSE
        for model in apps.get_app_config(app).get_models(include_auto_created=True)
    }
    with_duty = duty.logged_tables()
    assert tables - with_duty == set(WITHOUT_DUTY)
    assert not with_duty & WITHOUT_DUTY.keys()


@pytest.mark.django_db
def test_all_evidence_is_append_only():
    assert immutability.append_only_tables().keys() >= {
        *("ledger_event", "ledger_leaf", "uploads_photo", "uploads_publiccopy", "uploads_sentkey", "uploads_repeat"),
        *("transcription_entry", "transcription_ruling", "transcription_decision"),
        "uploads_alarmturn",
        "uploads_switchturn",
        *("uploads_alarmturn", "aggregation_officialsnapshot", "aggregation_officialfigure"),
    }


# --- A photo's whole way ----------------------------------------------------------------------


def subjects(kind: str) -> Counter[str | None]:
    return Counter(Event.objects.filter(kind=kind).values_list("subject", flat=True))


def each_once(names) -> Counter[str]:
    return Counter(map(str, names))


def assert_log_and_tables_tell_the_same() -> None:
    """Each row has exactly one entry, and each entry its row."""
    assert subjects("photo") == each_once(Photo.objects.values_list("pk", flat=True))
    assert subjects("copies") == each_once(set(PublicCopy.objects.values_list("photo", flat=True)))
    assert subjects("reading") == each_once(Entry.objects.values_list("pk", flat=True))
    assert subjects("ruling") == each_once(Ruling.objects.values_list("pk", flat=True))
    assert subjects("decision") == each_once(Decision.objects.values_list("pk", flat=True))
    assert subjects("select") == each_once(
        f"{result.station.code}/{result.contest.code}/{version}"
        for result in Result.objects.select_related("station", "contest")
        for version in range(1, result.version + 1)
    )
    assert subjects("tally") == each_once(
        f"{snapshot.contest.code}/{version}"
        for snapshot in Snapshot.objects.select_related("contest")
        for version in range(1, snapshot.version + 1)
    )
    while folder.step():
        pass
    assert not Unsequenced.objects.exists()
    assert list(faults()) == []


@pytest.fixture
def world(transactional_db):
    return build()


def send(client, seed: int, **fields: object) -> Photo:
    from django.core.files.uploadedfile import SimpleUploadedFile

    file = SimpleUploadedFile("x.jpg", encoded(seed=seed, width=480, height=640))
    answer = client.post("/api/v1/photos/", {"station": "9101011001001", "contest": "ppwp", "file": file} | fields)
    assert answer.status_code == 201, answer.content
    photo = Photo.objects.get(pk=answer.json()["photo"])
    for step in (pipeline.inspect, pipeline.open_to_readers):
        step(str(photo.pk))
    return photo


def test_a_photos_whole_way_is_in_the_log(world, client):
    folder.prepare()
    photo = send(client, 1, page=2)
    assert_log_and_tables_tell_the_same()
    people.reads(world, "Sari", photo)
    assert_log_and_tables_tell_the_same()
    people.reads(world, "Budi", photo)
    pipeline.record(str(photo.pk))
    assert_log_and_tables_tell_the_same()
    kinds = list(Event.objects.order_by("leaf__index").values_list("kind", flat=True))
    assert kinds == ["tally", "photo", "copies", "select", "tally", "reading", "reading", "decision", "select", "tally"]


def test_a_disputed_photos_way_is_in_the_log(world, client):
    folder.prepare()
    photo = send(client, 2, page=2)
    for name, votes in (("Sari", 101), ("Budi", 102), ("Dewi", 103), ("Eko", 104)):
        people.reads(world, name, photo, **(people.VOTES | {"paslon_1": votes}))
        assert_log_and_tables_tell_the_same()
    people.rules(world, "Hakim", photo, "accept", page=2, numbers=people.VOTES)
    pipeline.record(str(photo.pk))
    assert_log_and_tables_tell_the_same()
    people.rules(world, "Ratna", photo, "reopen", "look_again")
    pipeline.record(str(photo.pk))
    assert_log_and_tables_tell_the_same()
    assert Event.objects.filter(kind="decision").count() == 2


def test_no_reading_can_be_read_from_the_log_before_its_decision(world, client):
    photo = send(client, 3, page=2)
    people.reads(world, "Sari", photo, **(people.VOTES | {"paslon_1": 777}))
    assert not [event for event in Event.objects.all() if b"777" in bytes(event.body)]
    people.reads(world, "Budi", photo, **(people.VOTES | {"paslon_1": 777}))
    (decision,) = Event.objects.filter(kind="decision")
    opened = json.loads(bytes(decision.body))["opens"]
    assert [opening["said"]["val"]["paslon_1"] for opening in opened] == [777, 777]


def test_a_step_that_fails_after_its_change_leaves_neither_row_nor_entry(world, client, monkeypatch):
    photo = send(client, 4, page=2)
    people.reads(world, "Sari", photo)
    before = Event.objects.count()

    def fails(*args: object, **fields: object) -> None:
        raise RuntimeError("the log is away")

    monkeypatch.setattr("pemantau.pipeline.ledger.append", fails)
    lease = people.given(world, "Budi", photo)
    with pytest.raises(RuntimeError):
        people.sends(lease, people.entries.Reading(2, dict(people.VOTES)))
    assert Entry.objects.count() == 1
    assert Event.objects.count() == before


# --- Roles ------------------------------------------------------------------------------------


def test_a_role_does_not_change_without_its_entry(world):
    sari = world.person("Sari", Role.CITIZEN)
    with pytest.raises(DatabaseError, match="a role changed without an entry"):
        User.objects.filter(pk=sari.pk).update(role=Role.OPERATOR)
    sari.role = Role.ADJUDICATOR
    with pytest.raises(DatabaseError, match="a role changed without an entry"):
        sari.save()
    sari.refresh_from_db()
    assert sari.role == Role.CITIZEN


def test_the_entry_of_another_person_or_role_does_not_do(world):
    sari, budi = world.person("Sari", Role.CITIZEN), world.person("Budi", Role.CITIZEN)
    operator = world.person("Omar", Role.OPERATOR)

    @transaction.atomic
    def smuggle(role: str) -> None:
        roles.grant(operator, budi, Role.VOLUNTEER, "contoh")
        User.objects.filter(pk=sari.pk).update(role=role)

    with pytest.raises(DatabaseError, match="a role changed without an entry"):
        smuggle(Role.VOLUNTEER)
    assert not Event.objects.exists()


def test_a_granted_role_names_person_and_grantor_by_their_commitments(world):
    sari, operator = world.person("Sari", Role.CITIZEN), world.person("Omar", Role.OPERATOR)
    roles.grant(operator, sari, Role.VOLUNTEER, "contoh")
    entry = json.loads(bytes(Event.objects.get(kind="role").body))
    assert (entry["account"], entry["by"]) == (commitments.of(sari), commitments.of(operator))


def test_other_things_about_a_person_are_not_told(world):
    sari = world.person("Sari")
    sari.email, sari.role = "sari.baru@contoh.test", sari.role
    sari.save()
    assert not Event.objects.exists()


@pytest.mark.django_db
def test_the_database_computes_commitments_as_we_do():
    sari = build().person("Sari")
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT 'c:' || translate(rtrim(encode(sha256(salt || id::text::bytea), 'base64'), '='), '+/', '-_')"
            " FROM accounts_user WHERE id = %s",
            [sari.pk],
        )
        assert cursor.fetchone() == (commitments.of(sari),)
