"""The five kinds of 2024 as they are imported: real dapil, parties and candidates, and what each TPS votes in."""

import csv
import gzip
import io

import pytest
from django.core.management import CommandError, call_command
from django.db.models import Sum

from ledger.models import Event
from tps import elections, form_definitions
from tps.form_shapes import UNNAMED
from tps.models import Contest, Option, PollingStation

# Real TPS of a village each -> what is voted in there, by the dapil file.
SLEMAN = "3404012001001"
ACEH = "1101012001001"
JAKARTA = "3174011001001"
ABROAD = "9929010001001"
VOTED = {
    SLEMAN: ["ppwp", "dpr-3401", "dpd-34", "prov-340005", "kab-340405"],
    ACEH: ["ppwp", "dpr-1101", "dpd-11", "prov-110009", "kab-110106"],
    JAKARTA: ["ppwp", "dpr-3102", "dpd-31", "prov-310008"],
    ABROAD: ["ppwp", "dpr-3102"],
}
NATIONAL = {*range(1, 18), 24}
LOCAL = set(range(18, 24))


def run(command, *arguments):
    said = io.StringIO()
    call_command(command, *arguments, stdout=said)
    return said.getvalue()


@pytest.fixture
def folder(shared, tmp_path):
    """The nation's files as they are, but for the TPS: those of a few villages."""
    for name in (
        *("wilayah.csv.gz", "wilayah_anomalies.csv", "dapil.csv", "dapil_wilayah.csv.gz", "partai.csv"),
        "caleg_dpr.csv.gz",
    ):
        (tmp_path / name).symlink_to(shared / "data" / name)
    villages = {code[:10] for code in VOTED}
    with gzip.open(shared / "data/tps.csv.gz", "rt", newline="") as file:
        rows = list(csv.DictReader(file))
    with gzip.open(tmp_path / "tps.csv.gz", "wt", newline="") as file:
        writer = csv.DictWriter(file, rows[0].keys())
        writer.writeheader()
        writer.writerows(row for row in rows if row["kelurahan_code"] in villages)
    return tmp_path


def numbers(code):
    """The ballot numbers of a contest's parties, or of its candidates for DPD."""
    return set(Option.objects.filter(contest__code=code, party=None).values_list("number", flat=True))


@pytest.mark.slow
def test_one_command_brings_in_all_five_kinds_of_2024(db, folder, django_assert_num_queries):
    assert "The nation is in." in run("import_nation", str(folder), "--all-contests")
    kinds = Contest.objects.values_list("kind", flat=True)
    counted = {kind: list(kinds).count(kind) for kind in Contest.Kind.values}
    assert counted == {"ppwp": 1, "dpr": 84, "dpd": 38, "dprd_prov": 301, "dprd_kabko": 2_325}
    seats = dict(Contest.objects.order_by().values_list("kind").annotate(Sum("seats")))
    assert seats == {"ppwp": None, "dpr": 580, "dpd": 152, "dprd_prov": 2_372, "dprd_kabko": 17_510}
    of_dpr = Option.objects.filter(contest__kind="dpr")
    assert of_dpr.filter(party__isnull=False).count() == 9_917
    assert all(numbers(code) == NATIONAL for code in ("dpr-3401", "dpr-1101", "prov-310007", "kab-340401"))

    # What each TPS votes in: no regency council in Jakarta, president and DPR of Jakarta II abroad.
    for tps, voted in VOTED.items():
        station = PollingStation.objects.get(code=tps)
        with django_assert_num_queries(1):
            assert [contest.code for contest in elections.contests_at(station)] == voted, tps

    # Aceh's own names, and its local parties in its two councils only.
    names = dict(Contest.objects.values_list("code", "name"))
    assert (names["prov-110009"], names["kab-110106"]) == ("DPRA ACEH 9", "DPRK ACEH SELATAN 6")
    assert names["dpr-3102"] == "DPR DKI JAKARTA II"
    assert names["prov-340005"] == "DPRD Provinsi DAERAH ISTIMEWA YOGYAKARTA 5"
    assert {code: names[code].split()[0] for code in names if code.startswith("prov-9") and code.endswith("0001")} == {
        **{"prov-910001": "DPRP", "prov-920001": "DPRPB", "prov-930001": "DPRPS", "prov-940001": "DPRPT"},
        **{"prov-950001": "DPRPP", "prov-960001": "DPRPBD"},
    }
    assert numbers("prov-110009") == numbers("kab-110106") == NATIONAL | LOCAL
    with_local = Option.objects.filter(party=None, number__in=LOCAL).exclude(contest__kind="dpd")
    where = {code.partition("-") for code in with_local.values_list("contest__code", flat=True)}
    assert {(council, dapil[:2]) for council, _, dapil in where} == {("prov", "11"), ("kab", "11")}

    # Whoever is not in the data is not made up: the form asks for what can be asked, and says that names are missing.
    dpr, dpd, prov = (
        form_definitions.for_contest(Contest.objects.get(code=code)) for code in ("dpr-3102", "dpd-34", "prov-110009")
    )
    assert dpr.candidates_known
    assert (dpd.candidates_known, prov.candidates_known) == (False, False)
    assert {option.name for option in dpd.options} == {UNNAMED}
    assert numbers("dpd-34") == set(range(1, len(dpd.options) + 1))
    assert [len(form.variant("plano")) for form in (dpr, prov)] == [20, 26]
    assert prov.page(2).keys == {"partai_1", "partai_1_jumlah"}

    before = Event.objects.count()
    assert "Nothing to change." in run("import_nation", str(folder), "--all-contests")
    assert Event.objects.count() == before


def test_what_is_missing_in_the_folder_is_told(db, tmp_path, shared):
    (tmp_path / "wilayah.csv.gz").symlink_to(shared / "data/wilayah.csv.gz")
    (tmp_path / "tps.csv.gz").symlink_to(shared / "data/tps.csv.gz")
    with pytest.raises(CommandError, match=r"no partai\.csv"):
        run("import_nation", str(tmp_path), "--all-contests")
