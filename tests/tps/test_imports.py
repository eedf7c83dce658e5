"""Importing regions, TPS and DPT: wrong files change nothing and say why; right ones change what they say, once."""

import gzip
import io
import json

import pytest
from django.core.management import CommandError, call_command

from ledger.models import Event
from tps.models import Election, Extent, PollingStation, Region

REGIONS = """\
code,parent_code,level,name,overseas
98,,1,NUSA CONTOH,0
9801,98,2,MELATI,0
980101,9801,3,BUKIT,0
9801011001,980101,4,SUKAMAJU,0
9801012002,980101,4,SUKAMAJU,0
99,,1,LUAR NEGERI,1
9914,99,2,HONG KONG,1
991401,9914,3,KJRI HONG KONG,1
9914010001,991401,4,POS,1
"""
STATIONS = """\
kelurahan_code,first_no,last_no
9801011001,1,3
9801011001,5,5
9801011001,901,902
9801012002,1,1
9914010001,1,2
"""


@pytest.fixture
def write(tmp_path):
    def write(text, name="file.csv"):
        path = tmp_path / name
        path.write_bytes(gzip.compress(text.encode()) if name.endswith(".gz") else text.encode())
        return str(path)

    return write


def run(command, *arguments, yes=True, **options):
    said = io.StringIO()
    call_command(command, *arguments, yes=yes, stdout=said, **options)
    return said.getvalue()


@pytest.fixture
def election(db):
    return Election.objects.create(code="uji", name="Uji", date="2029-02-14", is_current=True)


@pytest.fixture
def regions(db, write):
    run("import_regions", write(REGIONS))


def everything():
    return (
        list(Region.objects.order_by("code").values_list("code", "parent", "level", "name")),
        list(PollingStation.objects.order_by("code").values_list("code", "region", "number", "registered_voters")),
        list(Extent.objects.order_by("region").values_list("region", "stations", "registered_voters", "dpt_known")),
        Event.objects.count(),
    )


# --- Regions ----------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["wilayah.csv", "wilayah.csv.gz"])
def test_regions_come_in_under_the_nation(db, write, name):
    said = run("import_regions", write(REGIONS, name))
    assert "regions: 9 new, 0 changed, 0 unchanged" in said
    assert "new 9801011001 SUKAMAJU" in said
    assert Region.objects.count() == 10
    assert Region.objects.get(code="980101").parent_id == "9801"
    assert Region.objects.get(code="98").parent_id == ""
    assert Region.objects.get(code="9914010001").overseas
    assert Region.objects.filter(name="SUKAMAJU").count() == 2


def test_the_same_file_again_changes_nothing(db, write):
    path = write(REGIONS)
    run("import_regions", path)
    before = everything()
    assert "Nothing to change." in run("import_regions", path)
    assert everything() == before


def test_a_corrected_name_is_told_and_changed_and_what_is_missing_stays(db, write, regions):
    shorter = "".join(REGIONS.splitlines(keepends=True)[:5]).replace("MELATI", "MELATI RAYA")
    said = run("import_regions", write(shorter))
    assert "regions: 0 new, 1 changed, 3 unchanged, 5 not in the file (they stay)" in said
    assert "9801 MELATI becomes MELATI RAYA" in said
    assert Region.objects.get(code="9801").name == "MELATI RAYA"
    assert Region.objects.count() == 10


def test_names_lose_doubled_spaces_and_may_be_replaced(db, write):
    text = REGIONS.replace("9801011001,980101,4,SUKAMAJU", "9801011001,980101,4, SUKA  MAJU 14455 ")
    names = write("code,name\n9801012002,SUKA'AN\n", "names.csv")
    run("import_regions", write(text), "--names", names)
    assert Region.objects.get(code="9801011001").name == "SUKA MAJU 14455"
    assert Region.objects.get(code="9801012002").name == "SUKA'AN"


@pytest.mark.parametrize(
    ("old", "new", "told"),
    [
        ("code,parent_code", "kode,parent_code", "line 1: the column code is missing"),
        ("name,overseas", "name,luas", "line 1: 'luas' is no column"),
        ("name,overseas", "name,name", "line 1: the column name stands twice"),
        ("9801,98,2,MELATI,0", "9801,98,2,MELATI", "line 3: has 4 cells, the header has 5"),
        ("9801,98,2,MELATI,0", "9801,98,5,MELATI,0", "line 3: level is '5'"),
        ("9801,98,2,MELATI,0", "9801,98,3,MELATI,0", "line 3: '9801' is no code of level 3: 6 digits"),
        ("9801,98,2,MELATI,0", "98O1,98,2,MELATI,0", "line 3: '98O1' is no code"),
        ("9801,98,2,MELATI,0", "９８０１,98,2,MELATI,0", "is no code of level 2"),
        ("9801,98,2,MELATI,0", "9801,97,2,MELATI,0", "line 3: 9801: the parent '97' is not what the code begins with"),
        ("9801,98,2,MELATI,0", "9801,98,2,  ,0", "line 3: name is empty"),
        ("9801,98,2,MELATI,0", f"9801,98,2,{'M' * 121},0", "line 3: name has 121 characters"),
        ("9801,98,2,MELATI,0", "9801,98,2,MEL\x07ATI,0", "line 3: name has a control character"),
        ("9801,98,2,MELATI,0", "9801,98,2,MELATI,1", "line 3: 9801: overseas is '1'"),
        ("9801,98,2,MELATI,0", "98,,1,MELATI,0", "line 3: 98 stands on line 2 already"),
        ("9801,98,2,MELATI,0\n", "", "line 3: 980101: its parent 9801 is neither in the file nor known"),
        ("MELATI", '"MELATI', "cannot be read"),
    ],
)
def test_a_wrong_file_of_regions_is_refused_by_line(db, write, old, new, told):
    assert old in REGIONS
    with pytest.raises(CommandError) as refused:
        run("import_regions", write(REGIONS.replace(old, new, 1)))
    assert told in str(refused.value)
    assert "Nothing was changed." in str(refused.value)
    assert Region.objects.count() == 0


def test_every_wrong_line_is_told_not_only_the_first(db, write):
    text = REGIONS.replace("2,MELATI", "7,MELATI").replace("3,BUKIT", "7,BUKIT").replace("4,POS", "7,POS")
    with pytest.raises(CommandError) as refused:
        run("import_regions", write(text))
    assert [f"line {n}: level" in str(refused.value) for n in (3, 4, 10)] == [True] * 3


@pytest.mark.parametrize(
    "content", [b"\xff\xfe\x00\x01", b"", b"code,parent_code,level,name\n\x80,,1,X\n", b"\x1f\x8b broken"]
)
@pytest.mark.parametrize("name", ["file.csv", "file.csv.gz"])
def test_no_csv_at_all_is_refused(db, tmp_path, content, name):
    path = tmp_path / name
    path.write_bytes(content)
    with pytest.raises(CommandError, match="Nothing was changed"):
        run("import_regions", str(path))


# --- TPS --------------------------------------------------------------------------------------


def test_tps_come_in_with_their_gaps_and_special_numbers(regions, election, write):
    said = run("import_stations", write(STATIONS))
    assert "TPS: 9 new, 0 changed, 0 unchanged" in said
    codes = PollingStation.objects.filter(region="9801011001").order_by("code").values_list("code", flat=True)
    assert [code[10:] for code in codes] == ["001", "002", "003", "005", "901", "902"]
    sizes = dict(Extent.objects.values_list("region", "stations"))
    assert sizes == {
        **{"": 9, "98": 7, "9801": 7, "980101": 7, "9801011001": 6, "9801012002": 1},
        **{"99": 2, "9914": 2, "991401": 2, "9914010001": 2},
    }


def test_the_same_tps_again_change_nothing_and_more_are_added(regions, election, write):
    run("import_stations", write(STATIONS))
    before = everything()
    assert "Nothing to change." in run("import_stations", write(STATIONS))
    assert everything() == before
    said = run("import_stations", write("kelurahan_code,first_no,last_no\n9801012002,1,4\n"))
    assert "TPS: 3 new, 0 changed, 1 unchanged, 8 not in the file (they stay)" in said
    assert Extent.objects.get(region="").stations == 12


def test_tps_belong_to_one_election(regions, election, write):
    other = Election.objects.create(code="lain", name="Lain", date="2029-02-14")
    run("import_stations", write(STATIONS))
    run("import_stations", write("kelurahan_code,first_no,last_no\n9801012002,1,1\n"), election="lain")
    assert PollingStation.objects.filter(election=other).count() == 1
    assert PollingStation.objects.filter(code="9801012002001").count() == 2
    assert Extent.objects.get(region="", election=other).stations == 1


@pytest.mark.parametrize(
    ("line", "told"),
    [
        ("980101100,1,2", "line 7: '980101100' is no code of a village"),
        ("9801012002,0,2", "line 7: '0' to '2' is no run of TPS numbers"),
        ("9801012002,3,2", "line 7: '3' to '2' is no run"),
        ("9801012002,2,1000", "line 7: '2' to '1000' is no run"),
        ("9801012002,dua,2", "line 7: 'dua' to '2' is no run"),
        ("9801012002,-2,2", "line 7: '-2' to '2' is no run"),
        ("9801012002,1,2", "line 7: 9801012002: TPS 1 stands on line 5 already"),
        ("9801011001,4,6", "line 3: 9801011001: TPS 5 stands on line 7 already"),
        ("9801012003,1,2", "line 7: 9801012003 is no village that is known"),
        ("9801012002,2", "line 7: has 2 cells"),
    ],
)
def test_a_wrong_file_of_tps_is_refused_by_line(regions, election, write, line, told):
    before = everything()
    with pytest.raises(CommandError) as refused:
        run("import_stations", write(f"{STATIONS}{line}\n"))
    assert told in str(refused.value)
    assert everything() == before


def test_there_must_be_such_an_election(regions, write):
    with pytest.raises(CommandError, match="no current election"):
        run("import_stations", write(STATIONS))
    with pytest.raises(CommandError, match="no such election"):
        run("import_stations", write(STATIONS), election="lain")


# --- DPT --------------------------------------------------------------------------------------


@pytest.fixture
def stations(regions, election, write):
    run("import_stations", write(STATIONS))


def test_dpt_is_taken_from_its_column_and_empty_says_nothing(stations, write):
    said = run("import_dpt", write("tps_code,x,dpt\n9801011001001,9,250\n9801011001901,9,0\n9801011001002,9,\n"))
    assert "DPT: 2 new, 0 changed, 0 unchanged" in said
    assert "9801011001001: unknown becomes 250" in said
    voters = dict(PollingStation.objects.values_list("code", "registered_voters"))
    assert (voters["9801011001001"], voters["9801011001901"], voters["9801011001002"]) == (250, 0, None)
    extent = Extent.objects.get(region="9801")
    assert (extent.registered_voters, extent.dpt_known, extent.stations) == (250, 2, 7)


def test_a_corrected_dpt_is_told(stations, write):
    run("import_dpt", write("tps_code,dpt\n9801011001001,250\n"))
    before = everything()
    assert "Nothing to change." in run("import_dpt", write("tps_code,dpt\n9801011001001,250\n"))
    assert everything() == before
    said = run("import_dpt", write("tps_code,dpt\n9801011001001,260\n"))
    assert "9801011001001: 250 becomes 260" in said
    assert Extent.objects.get(region="").registered_voters == 260


@pytest.mark.parametrize(
    ("lines", "told"),
    [
        ("9801011001001,250\n9801011001001,250", "line 3: 9801011001001 stands on line 2 already"),
        ("9801011001001,-1", "line 2: 9801011001001: '-1' is no DPT"),
        ("9801011001001,232120", "line 2: 9801011001001: '232120' is no DPT from 0 to 99999"),
        ("9801011001001,2e3", "'2e3' is no DPT"),
        ("9801011001004,250", "line 2: 9801011001004 is no TPS of uji"),
    ],
)
def test_a_wrong_file_of_dpt_is_refused_by_line(stations, write, lines, told):
    before = everything()
    with pytest.raises(CommandError) as refused:
        run("import_dpt", write(f"tps_code,dpt\n{lines}\n"))
    assert told in str(refused.value)
    assert everything() == before


# --- Asking first -----------------------------------------------------------------------------


def test_a_dry_run_lists_and_changes_nothing(stations, write):
    before = everything()
    said = run("import_regions", write(REGIONS.replace("MELATI", "MELATI RAYA")), dry_run=True)
    assert "9801 MELATI becomes MELATI RAYA" in said
    assert "nothing was changed" in said
    assert everything() == before


def test_without_a_terminal_and_without_yes_nothing_changes(db, write, monkeypatch):
    monkeypatch.setattr("sys.stdin", io.StringIO("y\n"))
    with pytest.raises(CommandError, match="--yes"):
        run("import_regions", write(REGIONS), yes=False)
    assert Region.objects.count() == 0


@pytest.mark.parametrize(("answer", "count"), [("y", 10), ("", 0), ("n", 0), ("tidak", 0)])
def test_on_a_terminal_one_is_asked(db, write, monkeypatch, answer, count):
    terminal = io.StringIO(f"{answer}\n")
    terminal.isatty = lambda: True
    monkeypatch.setattr("sys.stdin", terminal)
    monkeypatch.setattr("builtins.input", lambda question: answer)
    run("import_regions", write(REGIONS), yes=False)
    assert Region.objects.count() == count


def test_a_bar_moves_on_a_terminal_only(db, write, monkeypatch):
    shown = io.StringIO()
    monkeypatch.setattr("sys.stderr", shown)
    run("import_regions", write(REGIONS), dry_run=True)
    assert shown.getvalue() == ""
    shown.isatty = lambda: True
    run("import_regions", write(REGIONS), dry_run=True)
    assert "[##" in shown.getvalue() or "[.." in shown.getvalue()
    assert shown.getvalue().endswith("\r\x1b[K")


# --- The ledger -------------------------------------------------------------------------------


def told(kind="reference"):
    return [json.loads(bytes(event.body)) for event in Event.objects.filter(kind=kind).order_by("pk")]


def test_each_change_of_reference_data_is_told_in_the_elections_ledger(stations, election, write):
    assert [(entry["election"], entry["rule_version"]) for entry in told("genesis")] == [("uji", 6)]
    run("import_dpt", write("tps_code,dpt\n9801011001001,250\n"))
    run("import_regions", write(REGIONS.replace("9801012002,980101,4,SUKAMAJU", "9801012002,980101,4,SUKAMULYA")))
    run("import_stations", write("kelurahan_code,first_no,last_no\n9801012002,1,2\n"))
    assert [entry["what"] for entry in told()] == ["dpt", "regions", "tps_list"]
    election.refresh_from_db()
    assert election.hashes["tps_list"] == told()[-1]["hash"] != told("genesis")[0]["tps_list"]


def test_a_region_without_tps_concerns_no_election(stations, write):
    run("import_regions", write(REGIONS + "97,,1,PULAU LAIN,0\n"))
    assert told() == []


def test_an_entry_that_fails_takes_the_import_with_it(regions, election, write, monkeypatch):
    def fails(*args, **kwargs):
        raise RuntimeError("the ledger is full")

    monkeypatch.setattr("ledger.entries.append", fails)
    with pytest.raises(RuntimeError):
        run("import_stations", write(STATIONS))
    assert PollingStation.objects.count() == Extent.objects.count() == 0


def test_anyone_can_recompute_the_hashes(stations, election, write):
    import hashlib

    run("import_dpt", write("tps_code,dpt\n9801011001001,250\n9801011001901,0\n"))
    election.refresh_from_db()
    codes = sorted(PollingStation.objects.values_list("code", flat=True))
    regions = sorted((r.code, r.name) for r in Region.objects.exclude(code=""))
    for part, lines in {
        "tps_list": [f"{code}\n" for code in codes],
        "dpt": ["9801011001001\t250\n", "9801011001901\t0\n"],
        "regions": [f"{code}\t{name}\n" for code, name in regions],
    }.items():
        assert election.hashes[part] == f"sha256:{hashlib.sha256(''.join(lines).encode()).hexdigest()}"
