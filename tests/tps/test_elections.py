"""Setting up elections: by YAML, by dapil, with candidates; and what is voted on at a TPS."""

import io
import json

import pytest
from django.core.management import CommandError, call_command

from ledger.models import Event
from tps import elections, form_definitions
from tps.models import RULE_OF_NEW_ELECTIONS, Contest, Election, Option, PollingStation, Region

ELECTION = """\
code: uji-2029
name: Pemilu Uji
date: 2029-02-14
contests:
  - code: ppwp
    kind: ppwp
    name: Presiden
    form: c-hasil-ppwp
    options:
      - {number: 1, name: Sari dan Budi}
      - {number: 2, name: Dewi dan Agus}
  - code: dpr-9101
    kind: dpr
    name: DPR Contoh I
    form: c-hasil-dpr
    area: ["9101"]
    options:
      - number: 7
        name: Partai Mawar
        candidates:
          - {number: 1, name: Rina}
          - {number: 2, name: Joko}
"""


@pytest.fixture
def write(tmp_path):
    def write(text, name="election.yaml"):
        (tmp_path / name).write_text(text, encoding="utf-8")
        return str(tmp_path / name)

    return write


def run(command, *arguments, yes=True, **options):
    said = io.StringIO()
    call_command(command, *arguments, "--yes", stdout=said, **options)
    return said.getvalue()


def everything():
    return (
        list(Election.objects.order_by("pk").values()),
        list(Contest.objects.order_by("pk").values()),
        sorted(Contest.area.through.objects.values_list("contest", "region")),
        list(Option.objects.order_by("pk").values()),
        Event.objects.count(),
    )


def references():
    events = Event.objects.filter(kind="reference").order_by("pk")
    return [json.loads(bytes(event.body))["what"] for event in events]


def test_a_file_sets_an_election_up_and_the_ledger_begins(world, write):
    said = run("import_election", write(ELECTION))
    assert "new election uji-2029: Pemilu Uji, 2029-02-14" in said
    election = Election.objects.get(pk="uji-2029")
    assert not election.is_current  # another one is
    dpr = election.contests.get(code="dpr-9101")
    assert list(dpr.area.values_list("code", flat=True)) == ["9101"]
    assert list(dpr.options.filter(party=None).values_list("number", "name")) == [(7, "Partai Mawar")]
    assert list(dpr.options.get(number=7).candidates.values_list("number", "name")) == [(1, "Rina"), (2, "Joko")]
    (genesis,) = Event.objects.filter(log="uji-2029")
    body = json.loads(bytes(genesis.body))
    assert (body["t"], body["contests"], body["rule_version"]) == (
        "genesis",
        ["dpr-9101", "ppwp"],
        RULE_OF_NEW_ELECTIONS,
    )
    assert {body[part] for part in ("dpt", "forms", "options", "regions", "tps_list")} <= set(election.hashes.values())


def test_the_same_file_again_changes_nothing(world, write):
    run("import_election", write(ELECTION))
    before = everything()
    assert "Nothing to change." in run("import_election", write(ELECTION))
    assert everything() == before


@pytest.mark.parametrize(
    ("old", "new", "told", "parts"),
    [
        ("Dewi dan Agus", "Dewi dan Bagus", "ppwp: option 2 Dewi dan Agus becomes Dewi dan Bagus", ["options"]),
        ("name: Pemilu Uji", "name: Pemilu Lain", "uji-2029: name Pemilu Uji becomes Pemilu Lain", []),
        ("name: Presiden", "name: Pilpres", "ppwp: name Presiden becomes Pilpres", ["contests"]),
        ('area: ["9101"]', 'area: ["91"]', "dpr-9101: area 9101 becomes 91", ["contests"]),
        ("          - {number: 2, name: Joko}\n", "", "dpr-9101: option 7.2 Joko is taken away", ["options"]),
        ("- {number: 2, name: Joko}", "- {number: 3, name: Joko}", "dpr-9101: new option 7.3 Joko", ["options"]),
        ("number: 7", "number: 8", "dpr-9101: option 7 Partai Mawar is taken away", ["options"]),
        ("date: 2029-02-14", "date: 2029-02-14\ncurrent: true", "uji-2029: current False becomes True", []),
    ],
)
def test_a_change_is_told_made_and_written_into_the_ledger(world, write, old, new, told, parts):
    run("import_election", write(ELECTION))
    changed = ELECTION.replace(old, new, 1)
    assert changed != ELECTION
    assert told in run("import_election", write(changed))
    assert references() == parts
    assert "Nothing to change." in run("import_election", write(changed))


def test_one_election_is_current(world, write):
    run("import_election", write(ELECTION.replace("contests:", "current: true\ncontests:", 1)))
    assert elections.current() == Election.objects.get(pk="uji-2029")
    assert Election.objects.filter(is_current=True).count() == 1


@pytest.mark.parametrize(
    ("old", "new", "told"),
    [
        ("code: uji-2029", "code: Uji 2029", "line 1: the code 'Uji 2029' should be of a-z"),
        ("name: Pemilu Uji\n", "", "the election lacks 'name'"),
        ("date: 2029-02-14", "date: besok", "date should be date"),
        ("date: 2029-02-14", "date: 2029-02-14\nrule_version: 0", "rule_version should be from 1 to 999"),
        ("date: 2029-02-14", "date: 2029-02-14\ndate: 2029-02-15", "line 4: 'date' stands twice"),
        ("kind: ppwp", "kind: rt", "line 5: kind is 'rt'"),
        ("form: c-hasil-ppwp", "form: c-hasil-rt", "line 5: ppwp: unknown form 'c-hasil-rt'"),
        ("form: c-hasil-ppwp", "form: c-hasil-dpd", "line 5: ppwp: the form c-hasil-dpd is not for ppwp"),
        ("number: 2, name: Dewi", "number: 1, name: Dewi", "line 5: ppwp: the number 1 is given twice"),
        ("{number: 2, name: Joko}", "{number: 1, name: Joko}", "line 12: dpr-9101: the number 1 is given twice"),
        ("number: 2, name: Dewi", "number: 100, name: Dewi", "100 is no ballot number"),
        ("name: Dewi dan Agus", 'name: "Dewi\\tdan Agus"', "printable characters"),
        ("code: dpr-9101", "code: ppwp", "line 12: the contest ppwp is given twice"),
        ('area: ["9101"]', "area: [9101]", "write codes in quotes"),
        ('area: ["9101"]', 'area: ["9199"]', "line 12: dpr-9101: there is no region '9199'"),
        ("kind: dpr\n    name: DPR Contoh I\n    form: c-hasil-dpr", "kind: ppwp\n    name: P\n    form: c-hasil-ppwp",
         "are both voted on in 9101"),
        ("number: 7", "nomor: 7", "an option does not know 'nomor'"),
        ("number: 1, name: Rina", "number: satu, name: Rina", "a candidate: number should be int"),
    ],
)  # fmt: skip
def test_a_wrong_file_is_refused_by_line_and_changes_nothing(world, write, old, new, told):
    before = everything()
    assert old in ELECTION
    with pytest.raises(CommandError) as refused:
        run("import_election", write(ELECTION.replace(old, new, 1)))
    assert told in str(refused.value)
    assert "Nothing was changed." in str(refused.value)
    assert everything() == before


def test_an_election_has_a_contest(world, write):
    with pytest.raises(CommandError, match="at least one contest"):
        run("import_election", write("code: x\nname: X\ndate: 2029-02-14\ncontests: []\n"))


def test_the_rule_version_stays_after_the_first_entry(world, write):
    run("import_election", write(ELECTION))
    with pytest.raises(CommandError, match=f"rule_version is {RULE_OF_NEW_ELECTIONS} since"):
        run("import_election", write(ELECTION.replace("contests:", "rule_version: 9\ncontests:", 1)))


def test_an_election_that_began_with_an_older_rule_stays_with_it(world, write):
    """Its file says nothing about it, and is read again by a program with a newer rule."""
    run("import_election", write(ELECTION.replace("contests:", "rule_version: 1\ncontests:", 1)))
    run("import_election", write(ELECTION))
    assert Election.objects.get(pk="uji-2029").rule_version == 1


def test_a_form_is_read_anew_when_the_options_change(world, write):
    run("import_election", write(ELECTION))
    contest = Contest.objects.get(election="uji-2029", code="ppwp")
    assert form_definitions.for_contest(contest).page(2).keys == {"paslon_1", "paslon_2"}
    more = "- {number: 2, name: Dewi dan Agus}\n      - {number: 3, name: Rina dan Joko}"
    run("import_election", write(ELECTION.replace("- {number: 2, name: Dewi dan Agus}", more)))
    contest.refresh_from_db()
    assert form_definitions.for_contest(contest).page(2).keys == {"paslon_1", "paslon_2", "paslon_3"}


def test_a_form_is_kept_without_a_query(world, django_assert_num_queries):
    form = form_definitions.for_contest(world.contest)
    with django_assert_num_queries(0):
        assert form_definitions.for_contest(world.contest) is form


# --- Where what is voted on ---------------------------------------------------------------------


@pytest.fixture
def two_regencies(world):
    """A second regency in the province, and an overseas post, each with a TPS."""
    for code, level in (("9102", 2), ("910201", 3), ("9102011001", 4)):
        Region.objects.create(code=code, level=level, name="Lain", parent_id=code[:6] if level == 4 else code[:-2])
    for code, level in (("99", 1), ("9914", 2), ("991401", 3), ("9914010001", 4)):
        Region.objects.create(code=code, level=level, name="Luar", parent_id=code[:6] if level == 4 else code[:-2])
    return {
        code: PollingStation.objects.create(election=world.election, region_id=code[:10], number=1, code=code)
        for code in ("9102011001001", "9914010001001")
    } | {"9101011001001": world.station}


DAPIL = """\
election,dapil_code,dapil_name,seats
DPR,9101,CONTOH I,3
DPD,91,CONTOH,4
DPRD_PROV,910101,CONTOH 1,5
DPRD_KABKO,910101,MELATI 1,5
"""
DAPIL_REGIONS = """\
election,dapil_code,region_code,region_type,region_name,is_split
DPR,9101,91,Provinsi,CONTOH RAYA,0
DPR,9101,99,Luar Negeri,LUAR NEGERI,0
DPD,91,91,Provinsi,CONTOH RAYA,0
DPRD_PROV,910101,91,Provinsi,CONTOH RAYA,0
DPRD_KABKO,910101,9101,Pecahan Kabupaten/Kota,MELATI,1
DPRD_KABKO,910101,910101,Kecamatan,ANGGREK,0
"""


@pytest.fixture
def dapil(world, two_regencies, write):
    return write(DAPIL, "dapil.csv"), write(DAPIL_REGIONS, "regions.csv")


def test_a_dapil_becomes_a_contest_and_a_tps_votes_where_it_lies(
    world, two_regencies, dapil, django_assert_num_queries
):
    said = run("import_dapil", *dapil)
    assert "4 new" in said
    assert Contest.objects.get(code="dpr-9101").name == "DPR CONTOH I"
    voted = {code: [c.code for c in elections.contests_at(station)] for code, station in two_regencies.items()}
    assert voted == {
        "9101011001001": ["ppwp", "dpr-9101", "dpd-91", "prov-910101", "kab-910101"],
        "9102011001001": ["ppwp", "dpr-9101", "dpd-91", "prov-910101"],
        "9914010001001": ["ppwp", "dpr-9101"],
    }
    with django_assert_num_queries(1):
        elections.contests_at(world.station)


def test_the_same_dapil_again_change_nothing(dapil):
    run("import_dapil", *dapil)
    before = everything()
    assert "Nothing to change." in run("import_dapil", *dapil)
    assert everything() == before


def test_some_kinds_only(dapil):
    run("import_dapil", *dapil, "--only", "DPR", "--only", "DPD")
    assert sorted(Contest.objects.values_list("code", flat=True)) == ["dpd-91", "dpr-9101", "ppwp"]


@pytest.mark.parametrize(
    ("which", "old", "new", "told"),
    [
        (0, "DPR,9101,", "MPR,9101,", "line 2: election is 'MPR'"),
        (0, "DPR,9101,CONTOH I,3\n", "", "DPR 9101 has regions in regions.csv and is not listed here"),
        (0, "DPD,91,CONTOH,4", "DPD,92,CONTOH,4", "line 3: DPD 92 has no region in regions.csv"),
        (0, "DPD,91,CONTOH,4", "DPD,91,,4", "line 3: dapil_name is empty"),
        (0, "DPD,91,CONTOH,4\n", "DPD,91,CONTOH,4\nDPD,91,CONTOH,4\n", "line 4: DPD 91 stands on line 3 already"),
        (1, "91,Provinsi,CONTOH RAYA,0", "97,Provinsi,CONTOH RAYA,0", "dpr-9101: there is no region '97'"),
        (1, "ANGGREK,0", "ANGGREK,2", "line 7: is_split is '2'"),
        (1, "election,", "pemilu,", "line 1: the column election is missing"),
    ],
)
def test_wrong_dapil_are_refused_by_line(world, two_regencies, write, which, old, new, told):
    texts = [DAPIL, DAPIL_REGIONS]
    assert old in texts[which]
    texts[which] = texts[which].replace(old, new, 1)
    before = everything()
    with pytest.raises(CommandError) as refused:
        run("import_dapil", write(texts[0], "dapil.csv"), write(texts[1], "regions.csv"))
    assert told in str(refused.value)
    assert everything() == before


def test_two_dapil_never_share_a_village(world, two_regencies, write):
    dapil = write(DAPIL + "DPRD_KABKO,910102,MELATI 2,5\n", "dapil.csv")
    regions = write(DAPIL_REGIONS + "DPRD_KABKO,910102,9101011001,Desa/Kelurahan,DESA 1,0\n", "regions.csv")
    with pytest.raises(CommandError, match="kab-910102 and kab-910101 are both voted on in 9101011001"):
        run("import_dapil", dapil, regions)


# --- Candidates -------------------------------------------------------------------------------

PARTIES = "nomor_urut,nama_singkat,nama\n1,M,Partai Mawar\n24,A,Partai Anggrek\n"
CANDIDATES = """\
dapil_code,partai_no,nomor_urut,nama,suara
9101,1,1,"SARI, S.H.",10
9101,1,2,BUDI,9
9101,24,1,DEWI,8
"""


def test_candidates_stand_under_their_parties(dapil, write):
    run("import_dapil", *dapil)
    arguments = (write(CANDIDATES, "c.csv"), "--kind", "DPR", "--parties", write(PARTIES, "p.csv"))
    run("import_candidates", *arguments)
    contest = Contest.objects.get(code="dpr-9101")
    form = form_definitions.for_contest(contest)
    assert [page.label for page in form.variant("plano")][1:3] == ["Halaman suara partai 1", "Halaman suara partai 24"]
    assert [field.key for field in form.page(2).fields] == [
        *("partai_1", "partai_1_calon_1", "partai_1_calon_2", "partai_1_jumlah")
    ]
    assert form.field("partai_1_calon_1").label == "A.2 Calon 1 SARI, S.H."
    before = everything()
    assert "Nothing to change." in run("import_candidates", *arguments)
    assert everything() == before


def test_dpd_candidates_have_no_party(dapil, write):
    run("import_dapil", *dapil)
    text = "dapil_code,nomor_urut,nama\n91,1,SARI\n91,2,BUDI\n"
    run("import_candidates", write(text, "c.csv"), "--kind", "DPD")
    assert form_definitions.for_contest(Contest.objects.get(code="dpd-91")).page(2).keys == {"calon_1", "calon_2"}


@pytest.mark.parametrize(
    ("old", "new", "told"),
    [
        ("9101,24,1,DEWI", "9102,24,1,DEWI", "line 4: there is no contest dpr-9102"),
        ("9101,24,1,DEWI", "9101,23,1,DEWI", "line 4: partai_no is '23', and no such party"),
        ("9101,24,1,DEWI", "9101,24,0,DEWI", "line 4: nomor_urut is '0'"),
        ("9101,24,1,DEWI", "9101,1,2,DEWI", "line 4: number 2 of party 1 in 9101 is given twice"),
        ("9101,24,1,DEWI", "9101,24,1,", "line 4: nama is empty"),
    ],
)
def test_wrong_candidates_are_refused_by_line(dapil, write, old, new, told):
    run("import_dapil", *dapil)
    before = everything()
    with pytest.raises(CommandError) as refused:
        run(
            "import_candidates",
            *(write(CANDIDATES.replace(old, new), "c.csv"), "--kind", "DPR", "--parties", write(PARTIES, "p.csv")),
        )
    assert told in str(refused.value)
    assert everything() == before


# --- Ballots without names --------------------------------------------------------------------

ALL_PARTIES = """\
nomor_urut,nama_singkat,nama,lokal_aceh
1,M,Partai Mawar,0
18,L,Partai Lokal,1
24,A,Partai Anggrek,0
"""
COUNTED = DAPIL.replace("seats", "n_candidates")


def test_ballots_without_names_hold_parties_and_numbers(dapil, write):
    run("import_dapil", *dapil)
    run("import_candidates", write(CANDIDATES, "c.csv"), "--kind", "DPR", "--parties", write(PARTIES, "p.csv"))
    arguments = (write(COUNTED, "counted.csv"), "--parties", write(ALL_PARTIES, "all.csv"))
    assert "8 changed" in run("import_ballots", *arguments)
    named = {
        contest.code: [(option.number, option.name) for option in contest.options.filter(party=None)]
        for contest in Contest.objects.all()
    }
    assert named["dpr-9101"] == [(1, "Partai Mawar"), (24, "Partai Anggrek")]  # as the list of candidates says
    assert named["prov-910101"] == named["kab-910101"] == named["dpr-9101"]  # Aceh's local parties only in Aceh
    assert named["dpd-91"] == [(n, "(nama belum ada)") for n in (1, 2, 3, 4)]
    council = form_definitions.for_contest(Contest.objects.get(code="prov-910101"))
    assert council.page(2).keys == {"partai_1", "partai_1_jumlah"}
    assert not council.candidates_known
    before = everything()
    assert "Nothing to change." in run("import_ballots", *arguments)
    assert everything() == before


@pytest.mark.parametrize(
    ("old", "new", "told"),
    [
        ("DPD,91,CONTOH,4", "DPD,91,CONTOH,", "line 3: n_candidates is ''"),
        ("DPD,91,CONTOH,4", "DPD,92,CONTOH,4", "line 3: there is no contest dpd-92"),
        ("DPD,91,CONTOH,4", "MPR,91,CONTOH,4", "line 3: election is 'MPR'"),
        ("1,M,Partai Mawar,0", "1,M,Partai Mawar,x", "line 2: lokal_aceh is 'x', not 0 or 1"),
    ],
)
def test_wrong_ballots_are_refused_by_line(dapil, write, old, new, told):
    run("import_dapil", *dapil)
    before = everything()
    texts = [text.replace(old, new) for text in (COUNTED, ALL_PARTIES)]
    with pytest.raises(CommandError) as refused:
        run("import_ballots", write(texts[0], "counted.csv"), "--parties", write(texts[1], "all.csv"))
    assert told in str(refused.value)
    assert everything() == before


def test_a_council_is_called_as_its_province_calls_it(dapil, write):
    councils = write("province,election,council\n91,DPRD_PROV,DPRC\n92,DPRD_KABKO,DPRX\n", "councils.csv")
    run("import_dapil", *dapil, "--councils", councils)
    names = dict(Contest.objects.values_list("code", "name"))
    assert (names["prov-910101"], names["kab-910101"]) == ("DPRC CONTOH 1", "DPRD Kabupaten/Kota MELATI 1")
    with pytest.raises(CommandError, match="line 2: election is 'MPR'"):
        run("import_dapil", *dapil, "--councils", write("province,election,council\n91,MPR,X\n", "councils.csv"))
