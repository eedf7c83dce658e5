"""What is exported: one consistent cut, every public reading, nothing before its time."""

import threading

import pytest
from django.db import connection, connections

from aggregation import export_files, exports, publication
from aggregation.models import Delta
from aggregation.region_document import consistent
from tests.aggregation.evidence import PAGE_2, decide, fold, photo, read, record, reject
from tests.aggregation.open_data import newest, read_by, rows, total
from tps.models import Contest, Election
from transcription.models import Decision, Entry
from uploads.models import Photo


def published_nation(world):
    find = lambda: Contest.objects.select_related("election").get(pk=world.contest.pk)  # noqa: E731
    return publication.region("contoh", "ppwp", "", find=find).content


def export(world, root):
    assert export_files.export(world.contest)
    return newest(root)


def test_the_tps_add_up_to_the_published_nation(world, exports_dir):
    for station in world.stations.values():
        read(world, station, page=11)
        read(world, station, page=12, paslon_1=int(station.code[-1]) * 10)
    fold()
    nation = published_nation(world)
    folder = export(world, exports_dir)
    for key, value in nation["sums"].items():
        assert total(folder, key) == value, key
    stations = rows(folder, "stations")
    both = sum(row["counted"] == row["disputed"] == "true" for row in stations)
    assert both == nation["counts"].pop("counted_disputed")
    for name, count in nation["counts"].items():
        how = name in ("two_readers", "majority", "adjudicated")
        assert sum(row["settled"] == name if how else row[name] == "true" for row in stations) == count, name
    for broken in nation["broken_rules"]:
        assert sum(broken["rule"] in row["broken_rules"].split() for row in stations) == broken["stations"]
    assert len(stations) == nation["stations"]


def test_what_waits_to_be_folded_is_not_in_it_yet(world, exports_dir):
    taken = read(world)
    read(world, world.stations["9101011001002"], page=2, paslon_1=7)
    fold()
    before = published_nation(world)
    decide(taken, 2, PAGE_2 | {"paslon_1": 999})  # changed, not folded
    record(taken)
    read(world, world.stations["9101011002001"], page=2, paslon_1=500)  # new, not folded
    assert Delta.objects.exists()
    folder = export(world, exports_dir)
    assert total(folder, "paslon_1") == before["sums"]["paslon_1"] == 108
    by_code = {row["tps"]: row for row in rows(folder, "stations")}
    assert (by_code["9101011001001"]["state"], by_code["9101011001001"]["changed_at"]) == ("partial", "")
    assert by_code["9101011002001"]["state"] == "empty"
    assert by_code["9101011002001"]["paslon_1"] == ""
    assert by_code["9101011002001"]["changes"] == "0"
    fold()
    folder = export(world, exports_dir)
    assert total(folder, "paslon_1") == published_nation(world)["sums"]["paslon_1"] == 999 + 7 + 500
    assert {row["tps"]: row for row in rows(folder, "stations")}["9101011001001"]["changed_at"]


def test_every_parent_is_the_sum_of_its_children(world, exports_dir):
    for number, station in enumerate(world.stations.values()):
        read(world, station, page=2, paslon_1=number)
    fold()
    folder = export(world, exports_dir)
    regions = rows(folder, "regions")
    names = [name for name in regions[0] if name not in ("region", "name", "level", "parent")]
    for parent in regions:
        below = [row for row in regions if row["parent"] == parent["region"]]
        if below:
            assert {n: sum(int(row[n]) for row in below) for n in names} == {n: int(parent[n]) for n in names}
    assert [row["region"] for row in regions] == sorted(row["region"] for row in regions)
    nation = published_nation(world)
    assert {key: int(regions[-1][key]) for key in nation["sums"]} == nation["sums"]


@pytest.mark.django_db(transaction=True)
def test_nothing_that_happens_meanwhile_gets_into_it(world):
    """Results change and are folded between two tables, and between two rows of one."""
    for station in list(world.stations.values())[:3]:
        read(world, station, page=2, paslon_1=10)
    fold()
    before = published_nation(world)

    def elsewhere() -> None:
        read(world, world.stations["9101011002002"], page=2, paslon_1=400)
        fold()
        connections.close_all()

    with consistent():
        cut = exports.cut_of(world.contest)
        stations, regions, photos, _readings = exports.tables(cut)
        at = [field.name for field in stations.fields].index("paslon_1")
        found = stations.rows()
        first = next(found)
        other = threading.Thread(target=elsewhere)
        other.start()
        other.join()
        listed = [first, *found]
        assert sum(row[at] or 0 for row in listed) == before["sums"]["paslon_1"] == 30
        place = [field.name for field in regions.fields].index("paslon_1")
        assert list(regions.rows())[-1][place] == 30
        assert len(list(photos.rows())) == 3
        assert (cut.version, cut.cut) == (before["version"], before["cut"])
    assert published_nation(world)["sums"]["paslon_1"] == 430


def test_the_rows_come_in_pieces_by_a_cursor_of_the_database(world, monkeypatch):
    read(world)
    fold()
    asked = []
    real = connection.chunked_cursor
    monkeypatch.setattr(connection, "chunked_cursor", lambda: asked.append(1) or real())
    for table in exports.tables(exports.cut_of(world.contest)):
        assert not asked
        list(table.rows())
        assert asked.pop()


def test_a_reading_is_told_once_its_photo_is_decided(world, exports_dir):
    decided, who = read_by(world, "Sari", "Budi", paslon_2="kosong", paslon_3="tidak_terbaca")
    read_by(world, "Tono", decided=False)
    again, _ = read_by(world, "Wati", "Joko")
    decide(again, None, None, outcome=Decision.Outcome.REOPENED, how=Decision.How.WITHDRAWN)
    record(again)
    fold()
    found = rows(export(world, exports_dir), "readings")
    assert {row["photo"] for row in found} == {str(decided.pk)}
    assert {row["who"] for row in found} == set(who)
    assert all(word.startswith("c:") for word in who)
    for row in found:
        assert (row["paslon_1"], row["paslon_2"], row["paslon_3"]) == ("101", "", "")
        assert (row["kosong"], row["tidak_terbaca"]) == ("paslon_2", "paslon_3")


def test_a_sender_without_an_account_and_a_machine_are_told_too(world, exports_dir):
    taken = photo(world)
    device = world.device()
    Entry.objects.create(photo=taken, device=device, source="uploader", page=2, numbers=PAGE_2)
    Entry.objects.create(photo=taken, source="machine", page=2, numbers=PAGE_2)
    Entry.objects.create(photo=taken, account=world.person("Sari"), problem="blurred")
    decide(taken, 2, PAGE_2)
    record(taken)
    fold()
    found = {row["source"]: row for row in rows(export(world, exports_dir), "readings")}
    assert found["machine"]["who"] == "machine"
    assert found["uploader"]["who"].startswith("c:")
    assert (found["volunteer"]["problem"], found["volunteer"]["paslon_1"]) == ("blurred", "")


def test_photos_are_told_as_their_pages_tell_them(world, exports_dir, client):
    read(world)
    photo(world, page=3)
    junk = read(world, page=3)
    reject(junk, "not_a_form")
    record(junk)
    gone = photo(world)
    Photo.objects.filter(pk=gone.pk).update(withdrawn_at="2029-02-14T09:00:00Z")
    fresh = photo(world)
    Photo.objects.filter(pk=fresh.pk).update(step=Photo.Step.INSPECT)
    moved = read(world)
    decide(moved, 2, PAGE_2, station=world.stations["9101011002001"])
    record(moved)
    fold()
    found = {row["photo"]: row for row in rows(export(world, exports_dir), "photos")}
    assert len(found) == 6
    for key, row in found.items():
        page = client.get(f"/api/v1/results/contoh/ppwp/tps/{row['tps']}/").json()
        shown = next(one for one in page["photos"] if one["id"] == key)
        assert (row["state"], row["received_at"]) == (shown["state"], shown["received_at"])
        assert row["page"] == ("" if shown["page"] is None else str(shown["page"]))
        assert row["counts"] == str(shown["counts"]).lower()
        assert bool(row["picture_480"]) == bool(shown["pictures"])
        decision = shown["decision"] or {}
        assert (row["outcome"], row["problem"]) == (decision.get("outcome", ""), decision.get("problem") or "")
    assert found[str(junk.pk)]["picture_480"] == found[str(gone.pk)]["picture_480"] == ""
    assert found[str(moved.pk)]["tps"] == "9101011002001"
    assert found[str(moved.pk)]["claimed_tps"] == world.station.code


def test_a_contest_of_one_area_has_its_tps_only(world, exports_dir):
    world.contest.area.add("9101011002")
    fold()
    folder = export(world, exports_dir)
    assert [row["tps"] for row in rows(folder, "stations")] == ["9101011002001", "9101011002002"]
    assert {row["region"] for row in rows(folder, "regions")} >= {"9101011002", "nasional"}


def test_nothing_is_exported_before_anything_is_prepared(world, exports_dir):
    assert not export_files.export(world.contest)
    assert not exports_dir.exists()


def test_a_changed_name_is_another_version_of_the_same_sums(world, exports_dir):
    read(world)
    fold()
    first = export(world, exports_dir)
    assert not export_files.export(world.contest)
    Election.objects.filter(pk="contoh").update(hashes={"regions": "another"})
    world.contest.refresh_from_db()
    second = export(world, exports_dir)
    assert (second.name, first.name) == (f"{first.name}.1", second.name.partition(".")[0])
    assert first.is_dir()
