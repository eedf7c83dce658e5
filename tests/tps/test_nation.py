"""Whole elections at once: the sample, and the real nation where its data is present."""

import csv
import gzip
import io
import json
import threading
from concurrent.futures import ThreadPoolExecutor

import pytest
from django.core.management import CommandError, call_command
from django.db import connection

from ledger.models import Event
from tps import sample
from tps.models import Contest, Election, Extent, Option, PollingStation, Region


def run(command, *arguments):
    said = io.StringIO()
    call_command(command, *arguments, stdout=said)
    return said.getvalue()


def test_the_sample_is_loaded_once(db):
    run("load_sample")
    assert PollingStation.objects.count() == len(sample.stations())
    assert Region.objects.count() == 53
    assert list(Option.objects.values_list("name", flat=True)) == list(sample.PASLON)
    before = [list(model.objects.order_by("pk").values()) for model in (Election, Contest, Option, Extent, Event)]
    assert "is loaded" in run("load_sample")
    assert [list(m.objects.order_by("pk").values()) for m in (Election, Contest, Option, Extent, Event)] == before


@pytest.mark.django_db(transaction=True)
def test_loaded_twice_at_the_same_instant_it_is_there_once():
    start = threading.Barrier(2)

    def load():
        try:
            start.wait()
            return run("load_sample")
        finally:
            connection.close()

    with ThreadPoolExecutor(2) as both:
        said = [future.result() for future in [both.submit(load), both.submit(load)]]
    assert sorted("is loaded" in one for one in said) == [False, True]
    assert PollingStation.objects.count() == len(sample.stations())
    assert Event.objects.filter(kind="genesis").count() == 1


def test_the_samples_ledger_begins_with_one_entry_that_knows_everything(db):
    run("load_sample")
    (event,) = Event.objects.filter(log="contoh")
    election = Election.objects.get(pk="contoh")
    body = json.loads(bytes(event.body))
    assert body["t"] == "genesis"
    assert {part: body[part] for part in ("dpt", "forms", "options", "regions", "tps_list")} == {
        part: digest for part, digest in election.hashes.items() if part != "contests"
    }
    assert election.is_current


def test_the_sample_stands_beside_another_current_election(world):
    world.election.code = "lain"
    Election.objects.create(code="lain-2", name="Lain", date="2029-02-14")
    Election.objects.filter(pk="contoh").update(is_current=True)
    run("import_election", str(sample.FOLDER / "election.yaml"), "--yes")
    assert Election.objects.filter(is_current=True).count() == 1


def test_a_folder_without_the_nation_is_refused(db, tmp_path):
    with pytest.raises(CommandError, match=r"no wilayah\.csv\.gz"):
        run("import_nation", str(tmp_path))


@pytest.fixture
def kabupaten(shared, db, tmp_path):
    """One real regency (Way Kanan), the overseas posts, and what has mangled names, in the nation's own formats."""
    keep = ("18", "99")

    def cut(name, column, wanted):
        with gzip.open(shared / "data" / name, "rt", newline="") as file:
            rows = list(csv.DictReader(file))
        with gzip.open(tmp_path / name, "wt", newline="") as file:
            writer = csv.DictWriter(file, rows[0].keys())
            writer.writeheader()
            writer.writerows(row for row in rows if wanted(row[column]))

    cut("wilayah.csv.gz", "code", lambda code: code[:2] in keep or code in above_mangled())
    cut("tps.csv.gz", "kelurahan_code", lambda code: code[:4] == "1808" or code[:2] == "99")
    cut("results_ppwp.csv.gz", "tps_code", lambda code: code[:4] == "1808" or code[:2] == "99")
    (tmp_path / "wilayah_anomalies.csv").write_bytes((shared / "data/wilayah_anomalies.csv").read_bytes())
    return tmp_path


def above_mangled():
    """A village whose name carries an id, one with an apostrophe lost, and the regions above them."""
    return {code[:length] for code in ("1201101001", "3513152017") for length in (2, 4, 6, 10)}


def test_real_regions_with_gaps_special_tps_overseas_and_mangled_names(kabupaten):
    said = run("import_nation", str(kabupaten))
    assert "The nation is in." in said
    in_way_kanan = PollingStation.objects.filter(code__startswith="1808")
    assert in_way_kanan.count() == 1_490
    assert in_way_kanan.filter(number__gte=900).exists()
    overseas = PollingStation.objects.filter(code__startswith="99")
    assert overseas.count() == 3_205 == Extent.objects.get(region="99").stations
    assert overseas.filter(registered_voters__gt=999).exists()  # posted ballots count in thousands
    assert Region.objects.get(code="1201101001").name == "SORKAM KANAN"
    assert Region.objects.get(code="3513152017").name == "SOKA'AN"
    names = Region.objects.filter(level=4, code__startswith="18").values_list("name", flat=True)
    assert len(names) > len(set(names))  # villages of one name
    assert Event.objects.get(log="pemilu-2024").kind == "genesis"
    assert "Nothing to change." in run("import_nation", str(kabupaten))
    assert Event.objects.count() == 1


def test_a_dry_run_of_the_nation_leaves_nothing(kabupaten):
    assert "nothing was changed" in run("import_nation", str(kabupaten), "--dry-run")
    assert Region.objects.count() == PollingStation.objects.count() == Election.objects.count() == 0


@pytest.mark.slow
def test_the_real_dapil_cover_every_tps_once_in_each_kind(shared, db):
    """84 DPR, 38 DPD, 301 provincial and 2,325 regency dapil: no village twice; who is left out is told."""
    Election.objects.create(code="uji", name="Uji", date="2024-02-14", is_current=True)
    data = shared / "data"
    run("import_regions", str(data / "wilayah.csv.gz"), "--yes")
    said = run("import_dapil", str(data / "dapil.csv"), str(data / "dapil_wilayah.csv.gz"), "--yes")
    assert Contest.objects.count() == 2_748
    covered = {kind: set() for kind in ("dpr", "dpd", "dprd_prov", "dprd_kabko")}
    for kind, region in Contest.area.through.objects.values_list("contest__kind", "region"):
        covered[kind].add(region)
    villages = list(Region.objects.filter(level=4).values_list("code", flat=True))
    without = {
        kind: [v for v in villages if not {v[:2], v[:4], v[:6], v} & regions] for kind, regions in covered.items()
    }
    # Overseas votes for DPR only; Jakarta has no regency councils.
    assert {kind: {v[:2] for v in of} - {"61", "91"} for kind, of in without.items()} == {
        **{"dpr": set(), "dpd": {"99"}, "dprd_prov": {"99"}, "dprd_kabko": {"31", "99"}}
    }
    # Four villages of split districts that the lists forget: told.
    forgotten = [v for v in without["dprd_kabko"] if v[:2] in ("61", "91")]
    assert forgotten == ["6112012021", "6112012022", "9103013007", "9103013010"]
    assert all(f"{v} " in said for v in forgotten)
    assert said.count("is in no dapil of") == 4
    run(
        "import_candidates",
        *(str(data / "caleg_dpr.csv.gz"), "--kind", "DPR", "--parties", str(data / "partai.csv"), "--yes"),
    )
    assert Option.objects.filter(party__isnull=False).count() == 9_917


def test_the_applications_own_role_is_enough_to_import(as_app):
    run("load_sample")
    assert Event.objects.get(log="contoh").kind == "genesis"
