"""How many seats a dapil has: by import, in the ledger, in the admin site."""

import hashlib
import io
import json

import pytest
from django.core.management import CommandError, call_command
from django.db import IntegrityError, transaction

from accounts.models import Role
from ledger.models import Event
from tps import reference
from tps.models import Contest, Election

pytestmark = pytest.mark.django_db

DAPIL = """\
election,dapil_code,dapil_name,seats
DPR,9101,CONTOH I,7
DPRD_PROV,910101,CONTOH 1,
"""
REGIONS = """\
election,dapil_code,region_code,is_split
DPR,9101,91,0
DPRD_PROV,910101,91,0
"""
ELECTION = """\
code: uji-2029
name: Pemilu Uji
date: 2029-02-14
contests:
  - code: dpr-9101
    kind: dpr
    name: DPR Contoh I
    form: c-hasil-dpr
    seats: 3
    area: ["9101"]
"""


@pytest.fixture
def write(tmp_path):
    def write(text, name):
        (tmp_path / name).write_text(text, encoding="utf-8")
        return str(tmp_path / name)

    return write


def run(command, *arguments):
    said = io.StringIO()
    call_command(command, *arguments, "--yes", stdout=said)
    return said.getvalue()


def bring(write, dapil=DAPIL):
    return run("import_dapil", write(dapil, "dapil.csv"), write(REGIONS, "regions.csv"))


def seats():
    return dict(Contest.objects.exclude(kind="ppwp").values_list("code", "seats"))


def told(kind="reference"):
    return [json.loads(bytes(event.body)) for event in Event.objects.filter(kind=kind).order_by("pk")]


@pytest.fixture
def begun(world):
    """The world's election has its genesis, from before anybody knew of seats."""
    with transaction.atomic():
        reference.record(world.election)
    return world


def test_dapil_bring_their_seats_where_the_file_says_so(world, write):
    bring(write)
    assert seats() == {"dpr-9101": 7, "prov-910101": None}
    assert "Nothing to change." in bring(write)


def test_a_file_that_does_not_say_takes_no_seats_away(world, write):
    bring(write)
    without = "\n".join(line.rpartition(",")[0] for line in DAPIL.splitlines())
    assert "Nothing to change." in bring(write, without)
    assert seats()["dpr-9101"] == 7


def test_other_seats_are_told_before_they_are_changed(world, write):
    bring(write)
    assert "dpr-9101: seats 7 becomes 8" in bring(write, DAPIL.replace(",7", ",8"))
    assert "prov-910101: seats unknown becomes 5" in bring(write, DAPIL.replace("CONTOH 1,", "CONTOH 1,5"))
    assert seats() == {"dpr-9101": 7, "prov-910101": 5}


@pytest.mark.parametrize(
    ("written", "why"),
    [
        ("tujuh", "line 2: seats is 'tujuh', not a number"),
        ("-7", "line 2: seats is '-7', not a number"),
        ("0", "line 2: dpr-9101: 0 is no number of seats from 1 to 99"),
        ("100", "line 2: dpr-9101: 100 is no number of seats from 1 to 99"),
    ],
)
def test_seats_that_cannot_be_are_refused(world, write, written, why):
    with pytest.raises(CommandError) as refused:
        bring(write, DAPIL.replace(",7", f",{written}"))
    assert why in str(refused.value)
    assert seats() == {}


def test_an_election_file_says_seats(world, write):
    run("import_election", write(ELECTION, "election.yaml"))
    assert seats() == {"dpr-9101": 3}
    run("import_election", write(ELECTION.replace("    seats: 3\n", ""), "election.yaml"))
    assert seats() == {"dpr-9101": 3}


def test_a_president_has_none(world, write):
    text = ELECTION.replace("kind: dpr", "kind: ppwp").replace("c-hasil-dpr", "c-hasil-ppwp")
    with pytest.raises(CommandError, match="a presidential contest has no seats"):
        run("import_election", write(text, "election.yaml"))
    with pytest.raises(IntegrityError, match="seats_of_a_dapil_are_from_1_to_99"), transaction.atomic():
        Contest.objects.filter(kind="ppwp").update(seats=1)


# --- In the ledger --------------------------------------------------------------------------


def test_a_log_without_seats_is_as_it_was_before_there_were_seats(begun):
    assert "seats" not in told("genesis")[0]
    assert "seats" not in Election.objects.get(pk=begun.election.pk).hashes
    with transaction.atomic():
        assert reference.record(begun.election) == []


def test_seats_are_a_part_of_their_own_that_anyone_can_recompute(begun, write):
    bring(write)
    entries = {entry["what"]: entry["hash"] for entry in told()}
    assert entries["seats"] == f"sha256:{hashlib.sha256(b'dpr-9101' + bytes([9]) + b'7' + bytes([10])).hexdigest()}"
    before = len(told())
    bring(write, DAPIL.replace("CONTOH 1,", "CONTOH 1,5"))
    assert [entry["what"] for entry in told()[before:]] == ["seats"]
    lines = "dpr-9101\t7\nprov-910101\t5\n"
    assert told()[-1]["hash"] == f"sha256:{hashlib.sha256(lines.encode()).hexdigest()}"


def test_that_no_seats_are_known_any_more_is_told_too(begun, write):
    bring(write)
    Contest.objects.update(seats=None)
    with transaction.atomic():
        assert reference.record(begun.election) == ["seats"]
    assert told()[-1]["hash"] == reference.NOTHING


def test_an_election_that_begins_with_seats_names_them_in_its_genesis(world, write):
    run("import_election", write(ELECTION, "election.yaml"))
    (genesis,) = told("genesis")
    assert genesis["seats"] == Election.objects.get(pk="uji-2029").hashes["seats"]


# --- In the admin site ----------------------------------------------------------------------


@pytest.fixture
def admin(world, client):
    Election.objects.update(is_current=False)
    client.force_login(world.person("Wati", Role.OPERATOR), backend="django.contrib.auth.backends.ModelBackend")
    return client


def contest_form(world, **more):
    return {
        "election": world.election.pk,
        "code": "dpr",
        "kind": "dpr",
        "name": "DPR",
        "form": "c-hasil-dpr",
        "area": ["91"],
    } | more


def test_an_operator_says_how_many_seats_there_are(begun, admin):
    assert admin.post("/admin/tps/contest/add/", contest_form(begun, seats=7)).status_code == 302
    assert seats() == {"dpr": 7}
    assert "seats" in [entry["what"] for entry in told()]
    assert '<td class="field-seats">7</td>' in admin.get("/admin/tps/contest/").content.decode()


@pytest.mark.parametrize("more", [{"seats": 0}, {"seats": 100}, {"seats": 3, "kind": "ppwp", "form": "c-hasil-ppwp"}])
def test_the_admin_site_refuses_seats_that_cannot_be(begun, admin, more):
    answer = admin.post("/admin/tps/contest/add/", contest_form(begun, **more))
    assert "seats" in answer.context["adminform"].form.errors
