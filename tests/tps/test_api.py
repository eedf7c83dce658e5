"""Reference data for programs: public, read-only, few queries."""

import pytest
from django.core.management import call_command

from ledger.sequencer import sequence
from tps.models import Contest, Election

V1 = "/api/v1"


@pytest.fixture
def sample(db):
    call_command("load_sample", stdout=open("/dev/null", "w"))  # noqa: SIM115
    return Election.objects.get(pk="contoh")


def test_elections_are_listed_and_one_is_current(sample, client):
    assert client.get(f"{V1}/elections/").json() == {
        "results": [{"code": "contoh", "name": "Pemilu Contoh", "date": "2029-02-14", "is_current": True}]
    }
    one = client.get(f"{V1}/elections/contoh/").json()
    assert one["hashes"] == sample.hashes
    assert one["rule_version"] == 6


@pytest.mark.parametrize(
    "path",
    [
        "elections/",
        "elections/contoh/contests/ppwp/",
        "regions/98/",
        "stations/?q=9801011001",
        "ledger/contoh/entries/",
    ],
)
def test_who_has_it_already_is_told_so_in_a_few_bytes(sample, client, path):
    sequence()
    etag = client.get(f"{V1}/{path}")["ETag"]
    again = client.get(f"{V1}/{path}", headers={"If-None-Match": etag})
    assert (again.status_code, again.content) == (304, b"")


def test_contests_come_by_page_and_kind(sample, client, django_assert_num_queries):
    Contest.objects.bulk_create(
        [Contest(election=sample, code=f"dpr-{n}", kind="dpr", name="DPR", form="c-hasil-dpr") for n in range(101)]
    )
    with django_assert_num_queries(4):  # election, count, contests, areas
        first = client.get(f"{V1}/elections/contoh/contests/").json()
    assert (first["count"], first["pages"], len(first["results"])) == (102, 2, 100)
    assert first["results"][0] == {
        "code": "ppwp",
        "kind": "ppwp",
        "name": "Presiden dan Wakil Presiden",
        "form_name": "c-hasil-ppwp",
        "seats": None,
        "area": ["nasional"],
    }
    assert len(client.get(f"{V1}/elections/contoh/contests/?page=2").json()["results"]) == 2
    assert client.get(f"{V1}/elections/contoh/contests/?kind=ppwp").json()["count"] == 1
    assert client.get(f"{V1}/elections/contoh/contests/?page=x&kind=rt").status_code == 200


def test_a_contest_carries_its_options_and_its_form(sample, client):
    contest = client.get(f"{V1}/elections/contoh/contests/ppwp/").json()
    assert [option["number"] for option in contest["options"]] == [1, 2, 3]
    pages = {page["number"]: page for page in contest["form"]["pages"]}
    assert [len(pages[number]["fields"]) for number in (1, 2, 3, 11, 12)] == [22, 3, 3, 22, 6]
    assert pages[2]["tag"] == 102
    assert {rule["id"] for rule in contest["form"]["rules"]} >= {"R1", "R12", "R14"}


def test_regions_lead_down_to_the_tps(sample, client, django_assert_num_queries):
    with django_assert_num_queries(3):
        nation = client.get(f"{V1}/regions/nasional/").json()
    assert nation["above"] == []
    (province,) = nation["regions"]
    assert (province["code"], province["stations"], province["dpt_known"]) == ("98", 312, 312)
    regency = client.get(f"{V1}/regions/98/").json()["regions"][0]
    district = client.get(f"{V1}/regions/{regency['code']}/").json()["regions"][0]
    village = client.get(f"{V1}/regions/{district['code']}/").json()["regions"][0]
    with django_assert_num_queries(3):
        found = client.get(f"{V1}/regions/{village['code']}/").json()
    assert len(found["stations"]) == village["stations"]
    assert [region["code"] for region in found["above"]] == ["nasional", "98", regency["code"], district["code"]]


def test_a_tps_tells_where_it_is_and_what_is_voted_on(sample, client, django_assert_num_queries):
    with django_assert_num_queries(4):
        station = client.get(f"{V1}/stations/9801011001003/").json()
    assert (station["number"], station["region"]) == (3, "9801011001")
    assert station["registered_voters"] >= 150
    assert [contest["code"] for contest in station["contests"]] == ["ppwp"]
    assert station["above"][-1]["code"] == "9801011001"


def test_a_search_by_name_and_number(sample, client):
    found = client.get(f"{V1}/stations/", {"q": "sukamaju 3"}).json()["results"]
    assert [place["type"] for place in found] == ["station"] * 3
    assert [place["within"][0] for place in found] == ["SUKAMAJU"] * 3
    assert client.get(f"{V1}/stations/").json()["results"] == []


@pytest.mark.parametrize(
    ("path", "code"),
    [
        ("elections/lain/", "unknown_election"),
        ("elections/lain/contests/", "unknown_election"),
        ("elections/contoh/contests/dpr/", "no_such_contest"),
        ("regions/97/", "unknown_region"),
        ("regions/abc/", "unknown_region"),
        ("regions/98/?election=lain", "unknown_election"),
        ("stations/9801011001099/", "unknown_station"),
        ("stations/x/", "unknown_station"),
        ("stations/?q=a&election=lain", "unknown_election"),
    ],
)
def test_what_is_not_there_is_refused_in_one_shape(sample, client, path, code):
    response = client.get(f"{V1}/{path}")
    assert response.status_code == 404
    assert response.json()["error"]["code"] == code


def test_before_anything_is_set_up(db, client):
    assert client.get(f"{V1}/elections/").json() == {"results": []}
    assert client.get(f"{V1}/regions/nasional/").json()["error"]["code"] == "no_election"


@pytest.mark.parametrize("method", ["post", "put", "patch", "delete"])
@pytest.mark.parametrize("path", ["elections/", "stations/9801011001003/", "regions/98/"])
def test_nothing_can_be_changed_here(sample, client, method, path):
    assert getattr(client, method)(f"{V1}/{path}").status_code == 405


def test_answers_may_be_kept_and_read_from_anywhere(sample, client):
    response = client.get(f"{V1}/stations/9801011001003/")
    assert response["Access-Control-Allow-Origin"] == "*"
    assert "public" in response["Cache-Control"]
    assert not response.cookies
