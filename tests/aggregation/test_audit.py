"""The audit finds nothing in an honest state, and names each row that somebody changed behind its back."""

import hashlib
import json
import re
import secrets
from concurrent.futures import ThreadPoolExecutor
from io import StringIO

import pytest
from django.core.management import call_command
from django.db import connection, transaction

from aggregation import audit, publication, published_files, region_document
from aggregation.models import Result
from ledger import entries as ledger
from ledger.models import Event
from pemantau import pipeline
from tests.aggregation.evidence import PAGE_1, PAGE_2, PAGE_3, fold
from tests.transcription.reading import reads, rejects
from tests.world import build
from tps import reference
from transcription.models import Decision, Entry, Ruling
from uploads import inspection, intake
from uploads.models import Photo, PublicCopy


@transaction.atomic
def sent(world, station="9101011001001", page=2):
    """A photo with its copies and their entries, in the queue: as the pipeline leaves it."""
    photo = Photo.objects.create(
        station=world.stations[station],
        contest=world.contest,
        page=page,
        sha256=hashlib.sha256(secrets.token_bytes(8)).hexdigest(),
        size=1000,
        media_type="image/jpeg",
        width=960,
        height=1280,
        device=world.device(),
        receipt=secrets.token_hex(8),
        step=Photo.Step.QUEUE,
    )
    photo.refresh_from_db()
    ledger.append("contoh", "photo", **intake.entry_of(photo))
    copies = [
        PublicCopy.objects.create(photo=photo, side=side, width=480, height=640, sha256=photo.sha256, size=100)
        for side in inspection.SIDES
    ]
    ledger.append("contoh", "copies", **inspection.entry_of(photo, copies))
    pipeline.open_to_readers(str(photo.pk))
    return photo


def settled(world, station="9101011001001", page=2, by=("Sari", "Budi"), **numbers):
    """A photo that two people read alike."""
    photo = sent(world, station, page)
    usual = {1: PAGE_1, 2: PAGE_2, 3: PAGE_3}[page]
    for name in by:
        reads(world, name, photo, page=page, **usual | numbers)
    pipeline.record(str(photo.pk))
    return photo


@pytest.fixture
def world(db):
    """One complete TPS, a rejected photo, one that waits, a correction; folded and published."""
    world = build()
    for page in (1, 2, 3):
        settled(world, page=page)
    settled(world, "9101011002001")
    junk = sent(world, "9101011002002")
    for name in ("Citra", "Dewi"):
        reads(world, name, junk, problem="not_a_form")
    rejects(world, junk, "not_a_form")
    pipeline.record(str(junk.pk))
    sent(world, "9101011001002")
    fold()
    for code in ("9101", "9101011001"):
        publication.region("contoh", "ppwp", code, find=lambda: world.contest)
    return world


@pytest.fixture
def photo(world):
    return Photo.objects.get(station=world.station, page=2)


def found():
    return [str(difference) for difference in audit.differences()]


def falsify(statement, *values):
    """As somebody who owns the tables and has switched their guards off."""
    table = re.search(r"(?:UPDATE|FROM|INTO) (\w+)", statement)[1]
    with connection.cursor() as cursor:
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
        cursor.execute(f"ALTER TABLE {table} DISABLE TRIGGER USER")
        cursor.execute(statement, values)
        assert cursor.rowcount == 1
        cursor.execute(f"ALTER TABLE {table} ENABLE TRIGGER USER")


def test_an_honest_state_has_no_differences(world):
    assert Decision.objects.filter(outcome="rejected").exists()
    assert found() == []


def test_an_honest_state_on_its_way_has_none_either(world):
    decided = sent(world, "9101011001003")
    for name in ("Citra", "Dewi"):
        reads(world, name, decided)  # not recorded yet
    sent(world, "9101011001002", page=3)  # recorded, not folded yet
    assert found() == []
    pipeline.record(str(decided.pk))
    assert found() == []


def test_the_command_says_so_and_ends_well(world):
    out = StringIO()
    call_command("audit", stdout=out, stderr=StringIO())
    assert out.getvalue().startswith("0 differences")


def test_the_command_prints_differences_and_fails(world):
    falsify("UPDATE aggregation_tally SET amounts[1] = amounts[1] + 1 WHERE region_id = '91'")
    out = StringIO()
    with pytest.raises(SystemExit) as stopped:
        call_command("audit", stdout=out, stderr=StringIO())
    assert stopped.value.code == 1
    assert "tally ppwp 91: paslon_1 is 203, should be 202" in out.getvalue()


def test_a_changed_photo(photo):
    falsify("UPDATE uploads_photo SET sha256 = repeat('a', 64) WHERE id = %s", photo.pk)
    assert f"photo {photo.pk}: row and entry differ in seal" in found()


def test_a_changed_public_copy(photo):
    falsify("UPDATE uploads_publiccopy SET sha256 = repeat('a', 64) WHERE photo_id = %s AND side = 480", photo.pk)
    assert f"copies {photo.pk}: row and entry differ in pub" in found()


def test_a_changed_reading(photo):
    entry = Entry.objects.filter(photo=photo).first()
    falsify("""UPDATE transcription_entry SET numbers = numbers || '{"paslon_1": 7}' WHERE id = %s""", entry.pk)
    told = found()
    assert f"reading {entry.pk}: row and entry differ in sealed" in told
    assert any(line.startswith(f"decision {photo.pk}: ") for line in told)


def test_a_reading_put_into_another_name(world, photo):
    entry = Entry.objects.filter(photo=photo).first()
    falsify("UPDATE transcription_entry SET account_id = %s WHERE id = %s", world.person("Eka").pk, entry.pk)
    assert f"reading {entry.pk}: row and entry differ in who" in found()


def test_a_reading_that_is_gone(photo):
    entry = Entry.objects.filter(photo=photo).first()
    falsify("DELETE FROM transcription_entry WHERE id = %s", entry.pk)
    assert f"reading {entry.pk}: stands in the log, but there is no such row" in found()


def test_a_changed_ruling(world):
    ruling = Ruling.objects.earliest("created_at")
    falsify("UPDATE transcription_ruling SET reason = 'blurred' WHERE id = %s", ruling.pk)
    assert f"ruling {ruling.pk}: row and entry differ in reason" in found()


def test_a_changed_decision(photo):
    decision = Decision.objects.get(photo=photo)
    falsify("""UPDATE transcription_decision SET numbers = numbers || '{"paslon_1": 999}' WHERE id = %s""", decision.pk)
    told = found()
    assert f"decision {decision.pk}: row and entry differ in val" in told
    assert any(line.startswith(f"decision {photo.pk}: numbers is ") for line in told)
    assert any(line.startswith(f"result ppwp {photo.station.code}: ") for line in told)


def test_a_decision_for_another_tps(world, photo):
    decision = Decision.objects.get(photo=photo)
    there = world.stations["9101011002002"]
    falsify("UPDATE transcription_decision SET station_id = %s WHERE id = %s", there.pk, decision.pk)
    told = found()
    assert f"decision {decision.pk}: row and entry differ in tps" in told
    assert any(line.startswith(f"result ppwp {photo.station.code}: ") for line in told)
    assert any(line.startswith(f"result ppwp {there.code}: ") for line in told)


@pytest.mark.parametrize(
    ("change", "what"),
    [
        ("""numbers = numbers || '{"paslon_1": 7}'""", "numbers is"),
        ("amounts[1] = 7", "amounts is"),
        ("state = 'partial'", "state is partial, should be complete"),
        ("region_id = '9101011002'", "region_id is 9101011002, should be 9101011001"),
    ],
)
def test_a_changed_result(world, change, what):
    result = Result.objects.get(station=world.station)
    falsify(f"UPDATE aggregation_result SET {change} WHERE id = %s", result.pk)
    assert any(line.startswith(f"result ppwp {world.station.code}: {what}") for line in found())


def test_a_result_that_is_gone(world):
    falsify("DELETE FROM aggregation_result WHERE station_id = %s", world.station.pk)
    told = found()
    assert any(line.startswith(f"result ppwp {world.station.code}: there is none") for line in told)
    assert any(line.startswith(f"select {world.station.code}/ppwp/1: stands in the log") for line in told)


def test_a_result_that_counts_its_versions_wrong(world):
    falsify("UPDATE aggregation_result SET version = version + 1 WHERE station_id = %s", world.station.pk)
    version = Result.objects.get(station=world.station).version
    assert f"select {world.station.code}/ppwp/{version}: has no entry in the log" in found()


@pytest.mark.parametrize("region", ["9101011001", "910101", "9101", "91", ""])
def test_a_changed_tally_of_any_level(world, region):
    falsify("UPDATE aggregation_tally SET amounts[2] = amounts[2] - 1 WHERE region_id = %s", region)
    named = [line for line in found() if line.startswith(f"tally ppwp {region or 'nasional'}: paslon_2")]
    assert len(named) == 1


def test_a_tally_that_is_gone(world):
    falsify("DELETE FROM aggregation_tally WHERE region_id = '9101'")
    assert any(line.startswith("tally ppwp 9101: paslon_1 is None") for line in found())


def test_a_nation_that_is_not_what_the_log_says(world):
    falsify("UPDATE aggregation_tally SET amounts[1] = 999 WHERE region_id = ''")
    told = found()
    assert any(line.startswith("cut ppwp: paslon_1 is 999 in the tally, the log below") for line in told)
    assert any(line.startswith("tally ppwp/") and "differ in sum" in line for line in told)


def test_a_delta_that_is_gone(world):
    settled(world, "9101011002002", page=3)
    falsify("DELETE FROM aggregation_delta WHERE id = (SELECT max(id) FROM aggregation_delta)")
    told = found()
    assert "delta 9101011002002/ppwp/4: there is none, but its entry is not below the cut" in told
    assert any(line.startswith("tally ppwp 9101011002: ") for line in told)


def test_a_delta_folded_twice_over(world):
    falsify(
        "INSERT INTO aggregation_delta (contest_id, station_id, region_id, amounts, event_id)"
        " SELECT r.contest_id, r.station_id, r.region_id, r.amounts, e.id FROM aggregation_result r"
        " JOIN ledger_event e ON e.kind = 'select' AND e.subject = '9101011002001/ppwp/2'"
        " WHERE r.station_id = %s",
        world.stations["9101011002001"].pk,
    )
    assert "delta ppwp 9101011002001: waits, but its entry is below the cut" in found()


def test_a_changed_entry_of_the_log(photo):
    event = Event.objects.get(kind="photo", subject=str(photo.pk))
    falsify(
        "UPDATE ledger_event SET body = %s WHERE id = %s",
        bytes(event.body).replace(b'"size":1000', b'"size":1001'),
        event.pk,
    )
    told = found()
    assert f"log contoh, index {event.leaf.index} (photo): leaf hash is not that of its bytes" in told
    assert f"photo {photo.pk}: row and entry differ in size" in told


def test_a_changed_leaf(world):
    falsify("UPDATE ledger_leaf SET leaf_hash = sha256('x') WHERE index = 3")
    assert any("index 3" in line and "leaf hash" in line for line in found())


def test_an_entry_of_nothing(world):
    some = "00000000-0000-4000-8000-000000000000"
    body = {"id": some, "seal": "sha256:" + "0" * 64, "size": 1, "type": "image/jpeg", "contest": "ppwp"}
    body |= {"tps_claim": world.station.code, "who": "c:" + "a" * 43, "at": "2029-02-14T08:11:09Z", "via": "web"}
    ledger.append("contoh", "photo", **body)
    assert f"photo {some}: stands in the log, but there is no such row" in found()


def document(word):
    """The file of a region's present document."""
    return max(
        (published_files.root() / "contoh" / "ppwp" / word).glob("*.json"), key=lambda path: path.stat().st_mtime
    )


def test_a_changed_document(world):
    path = document("9101")
    content = json.loads(path.read_bytes())
    content["sums"]["paslon_1"] = 999
    path.write_bytes(json.dumps(content).encode())
    published_files.forget()
    assert found() == ["document ppwp 9101: is not there, or damaged"]


def test_a_document_of_other_numbers(world, monkeypatch):
    """Somebody who can write files falsifies all the way up to the pointer."""
    real = region_document.document

    def false(*given):
        made = real(*given)
        return made | {"sums": made["sums"] | {"paslon_1": 999}} if made["region"]["code"] == "9101" else made

    with monkeypatch.context() as patch:
        patch.setattr(region_document, "document", false)
        publication.forget()
        publication.publish()
    published_files.forget()
    assert found() == ["document ppwp 9101: sums paslon_1 is 999, should be 202"]


def test_no_pointer(world):
    (published_files.root() / "contoh" / "ppwp" / published_files.POINTER).unlink()
    published_files.forget()
    assert found() == ["document ppwp: there is no pointer"]


@pytest.mark.parametrize(
    ("change", "part"),
    [
        ("UPDATE tps_option SET name = 'Lain' WHERE number = 1", "options"),
        ("UPDATE tps_pollingstation SET registered_voters = 1 WHERE code = '9101011001001'", "dpt"),
        ("UPDATE tps_region SET name = 'Lain' WHERE code = '91'", "regions"),
        ("UPDATE tps_contest SET code = 'lain'", "contests"),
        ("UPDATE tps_contest SET kind = 'dpr', seats = 3", "seats"),
    ],
)
def test_changed_reference_data(world, change, part):
    with transaction.atomic():
        reference.record(world.election)
    assert not [line for line in found() if line.startswith("reference")]
    falsify(change)
    assert any(line.startswith(f"reference contoh {part}: ") for line in found())


@pytest.mark.django_db(transaction=True)
def test_it_reads_one_state_while_others_write(world):
    audited = audit.differences()
    parts = []
    for told in audit.differences(told=lambda part: (parts.append(part), settle_in_another_thread(world, part))):
        pytest.fail(str(told))
    assert parts == ["log", "decisions", "results", "tallies", "documents"]
    assert list(audited) == []


def settle_in_another_thread(world, part):
    """Somebody's photo goes all the way between two parts of the audit."""
    if part in ("decisions", "tallies"):
        with ThreadPoolExecutor(1) as elsewhere:
            elsewhere.submit(settle_and_fold, world, page=2 if part == "decisions" else 3).result()


def settle_and_fold(world, page):
    try:
        settled(world, "9101011001003", page, by=("Eka", "Fitri"))
        fold()
    finally:
        connection.close()


def test_the_applications_own_role_may_do_all_this(world, as_app):
    settled(world, "9101011001003", by=("Eka", "Fitri"))
    fold()
    assert found() == []
