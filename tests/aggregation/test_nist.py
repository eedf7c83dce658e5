"""NIST SP 1500-100: valid by its own schema, and the same numbers as the published ones."""

import gzip
import json

import jsonschema
import pytest

from aggregation import export_files, nist
from tests.aggregation.evidence import decide, fold, photo, read, record
from tests.aggregation.open_data import newest
from tps import extents
from tps.form_definitions import for_contest, forget
from tps.models import Contest, Option


@pytest.fixture(scope="session")
def schema(shared) -> dict:
    return json.loads((shared / "vectors" / "NIST_V2_election_results_reporting.json").read_text())


def report(root, schema, contest: Contest) -> dict:
    export_files.export(contest)
    folder = newest(root, contest.election_id, contest.code)
    with gzip.open(folder / "nist.json.gz", "rt", encoding="utf-8") as text:
        found = json.load(text)
    jsonschema.Draft4Validator(schema).validate(found)
    _every_reference_leads_somewhere(found)
    return found


def _every_reference_leads_somewhere(found: dict) -> None:
    ids, wanted = set(), set()

    def walk(item) -> None:
        if isinstance(item, list):
            for one in item:
                walk(one)
        elif isinstance(item, dict):
            for key, value in item.items():
                if key == "@id":
                    assert value not in ids
                    ids.add(value)
                elif key.endswith(("Id", "Ids")) and key != "VendorApplicationId":
                    wanted.update([value] if isinstance(value, str) else value)
                else:
                    walk(value)

    walk(found)
    assert wanted <= ids, wanted - ids


def counts(contest: dict) -> dict[str, dict[str, int]]:
    return {
        selection["@id"]: {one["GpUnitId"]: one["Count"] for one in selection["VoteCounts"]}
        for selection in contest["ContestSelection"]
    }


def test_a_presidential_contest(world, exports_dir, schema):
    read(world)
    read(world, world.stations["9101011002001"], page=12, paslon_1=7, suara_sah=115, suara_total=121)
    fold()
    found = report(exports_dir, schema, world.contest)
    assert (found["Status"], found["Format"]) == ("unofficial-partial", "precinct-level")
    election = found["Election"][0]
    contest = election["Contest"][0]
    assert (contest["SubUnitsReported"], contest["TotalSubUnits"]) == (2, 5)
    assert counts(contest)["s-paslon_1"] == {"u-9101011001001": 101, "u-9101011002001": 7, "u-nasional": 108}
    names = [one["BallotName"]["Text"][0]["Content"] for one in election["Candidate"]]
    assert names == ["Paslon 1", "Paslon 2", "Paslon 3"]
    ballots = {one["GpUnitId"]: one for one in election["BallotCounts"]}
    assert ballots["u-9101011002001"] | {"BallotsCast": 121, "BallotsRejected": 6} == ballots["u-9101011002001"]
    assert "u-9101011001001" not in ballots  # that page was not read
    units = {one["@id"]: one for one in found["GpUnit"]}
    assert units["u-9101011002"]["ComposingGpUnitIds"] == ["u-9101011002001", "u-9101011002002"]
    assert units["u-nasional"]["ComposingGpUnitIds"] == ["u-91"]
    assert units["u-910101"] | {"Type": "other", "OtherType": "kecamatan"} == units["u-910101"]
    assert len(units) == 6 + 5


def test_when_all_is_counted_it_says_so(world, exports_dir, schema):
    for station in world.stations.values():
        read(world, station)
    fold()
    assert report(exports_dir, schema, world.contest)["Status"] == "unofficial-complete"


def test_parties_and_their_candidates(world, exports_dir, schema):
    contest = Contest.objects.create(
        election=world.election, code="dpr-contoh", kind="dpr", name="DPR Contoh", form="c-hasil-dpr"
    )
    contest.area.add("91")
    for number, name in ((1, "Partai Satu"), (2, "Partai Dua")):
        party = Option.objects.create(contest=contest, number=number, name=name)
        Option.objects.create(contest=contest, party=party, number=1, name=f"Calon {name}")
    forget()
    extents.recount(world.election)
    form = for_contest(contest)
    keys = list(form.page(2).keys)
    assert keys
    world.contest = contest
    taken = photo(world, page=2)
    record(taken)
    decide(taken, 2, dict.fromkeys(keys, 5))
    record(taken)
    fold()
    found = report(exports_dir, schema, contest)
    votes = counts(found["Election"][0]["Contest"][0])
    assert votes["s-partai_1"]["u-nasional"] == votes["s-partai_1_calon_1"]["u-9101011001001"] == 5
    assert votes["s-partai_2"] == {"u-nasional": 0}
    assert [one["Name"]["Text"][0]["Content"] for one in found["Party"]] == ["Partai Satu", "Partai Dua"]
    assert found["Election"][0]["Contest"][0]["ElectionDistrictId"] == "u-91"
    kinds = [one["@type"].rpartition(".")[2] for one in found["Election"][0]["Contest"][0]["ContestSelection"]]
    assert kinds == ["PartySelection", "CandidateSelection"] * 2


def test_selections_of_a_form_without_parts_are_candidates(world):
    whole = Contest.objects.prefetch_related("options").get(pk=world.contest.pk)
    found = nist.selections(whole, for_contest(whole), ["paslon_1", "paslon_2", "paslon_3"])
    assert [(one.key, one.name, one.is_party) for one in found] == [
        (f"paslon_{n}", f"Paslon {n}", False) for n in (1, 2, 3)
    ]
