"""Operators change elections, contests and options in the admin site, and the ledger tells it."""

import json

import pytest
from django.contrib.auth import get_user_model
from django.core.management import call_command

from accounts import commitments
from accounts.models import Role
from ledger.models import Event
from tests.aggregation import evidence
from tests.world import World
from tps import form_definitions
from tps.models import Contest, Election, Option, PollingStation, Region


@pytest.fixture
def sample(db):
    call_command("load_sample", stdout=open("/dev/null", "w"))  # noqa: SIM115
    Election.objects.update(is_current=False)  # as while it is being prepared
    return Election.objects.get(pk="contoh")


@pytest.fixture
def operator(db):
    return get_user_model().objects.create_user("operator@contoh.test", "kata-sandi-contoh", role=Role.OPERATOR)


@pytest.fixture
def admin(client, operator):
    client.force_login(operator, backend="django.contrib.auth.backends.ModelBackend")
    return client


def references():
    events = Event.objects.filter(kind="reference").order_by("pk")
    return [json.loads(bytes(event.body)) for event in events]


def test_a_renamed_paslon_is_told_with_who_did_it(sample, admin, operator):
    option = Option.objects.get(number=2)
    contest = option.contest
    assert form_definitions.choices_of(contest.pk)[1].name == option.name
    answer = admin.post(f"/admin/tps/option/{option.pk}/change/", {"party": "", "number": 2, "name": "Nama Baru"})
    assert answer.status_code == 302
    (told,) = references()
    sample.refresh_from_db()
    assert (told["what"], told["hash"]) == ("options", sample.hashes["options"])
    assert told["by"] == commitments.of(operator)
    contest.refresh_from_db()
    assert form_definitions.for_contest(contest).options[1].name == "Nama Baru"


def test_saving_without_a_change_tells_nothing(sample, admin):
    option = Option.objects.get(number=2)
    admin.post(f"/admin/tps/option/{option.pk}/change/", {"party": "", "number": 2, "name": option.name})
    assert references() == []


def test_a_new_option_and_one_taken_away_are_told(sample, admin):
    contest = Contest.objects.get()
    admin.post("/admin/tps/option/add/", {"contest": contest.pk, "party": "", "number": 4, "name": "Keempat"})
    assert Option.objects.count() == 4
    admin.post(f"/admin/tps/option/{Option.objects.get(number=4).pk}/delete/", {"post": "yes"})
    assert Option.objects.count() == 3
    assert [entry["what"] for entry in references()] == ["options", "options"]


def test_a_contest_is_made_with_its_area(sample, admin):
    data = {"election": "contoh", "code": "dpr-1", "kind": "dpr", "name": "DPR 1", "form": "c-hasil-dpr"}
    answer = admin.post("/admin/tps/contest/add/", data | {"area": ["9801", "9871"]})
    assert answer.status_code == 302, answer.context["errors"]
    contest = Contest.objects.get(code="dpr-1")
    assert sorted(contest.area.values_list("code", flat=True)) == ["9801", "9871"]
    assert [entry["what"] for entry in references()] == ["contests", "forms"]


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"form": "c-hasil-dpd"}, "form"),
        ({"form": "c-hasil-rt"}, "form"),
        ({"kind": "rt"}, "kind"),
        ({"kind": "ppwp", "form": "c-hasil-ppwp"}, "area"),
        ({"area": ["9799"]}, "area"),
        ({"code": "ppwp"}, "__all__"),
    ],
)
def test_a_contest_that_cannot_be_is_refused(sample, admin, change, field):
    data = {
        "election": "contoh",
        "code": "dpr-1",
        "kind": "dpr",
        "name": "DPR",
        "form": "c-hasil-dpr",
        "area": ["9801"],
    }
    answer = admin.post("/admin/tps/contest/add/", data | change)
    assert answer.status_code == 200
    assert field in answer.context["adminform"].form.errors
    assert Contest.objects.count() == 1
    assert references() == []


def test_a_candidate_stands_under_a_party_of_the_same_contest(sample, admin):
    dpr = Contest.objects.create(election=sample, code="dpr", kind="dpr", name="DPR", form="c-hasil-dpr")
    paslon = Option.objects.get(number=1)
    answer = admin.post("/admin/tps/option/add/", {"contest": dpr.pk, "party": paslon.pk, "number": 1, "name": "X"})
    assert "party" in answer.context["adminform"].form.errors


def test_the_code_and_the_rule_version_of_an_election_stay(sample, admin):
    data = {"code": "lain", "name": "Pemilu Contoh 2", "date": "2029-02-15", "is_current": "on", "rule_version": 9}
    admin.post("/admin/tps/election/contoh/change/", data)
    sample.refresh_from_db()
    assert (sample.pk, sample.name, sample.rule_version) == ("contoh", "Pemilu Contoh 2", 6)
    assert admin.post("/admin/tps/election/contoh/delete/", {"post": "yes"}).status_code == 403


def test_a_new_election_is_told_and_is_not_the_current_one(sample, admin):
    data = {"code": "baru", "name": "Baru", "date": "2029-11-27", "is_current": "on", "rule_version": 3}
    assert admin.post("/admin/tps/election/add/", data).status_code == 302
    assert not Election.objects.get(pk="baru").is_current
    assert Event.objects.filter(log="baru", kind="genesis").count() == 1


@pytest.mark.parametrize("why", ["it is the current one", "there is a photo"])
def test_no_operator_alone_changes_what_people_count_with(sample, admin, why):
    """TRUST section 6: two people and an entry in the ledger."""
    if why == "it is the current one":
        Election.objects.update(is_current=True)
    else:
        world = World(sample, Contest.objects.get(), {}, {})
        evidence.photo(world, PollingStation.objects.first())
    option, contest = Option.objects.get(number=2), Contest.objects.get()
    for path, data in (
        (f"option/{option.pk}", {"party": "", "number": 2, "name": "X"}),
        (f"contest/{contest.pk}", {"kind": "ppwp", "name": "X", "form": "c-hasil-ppwp"}),
        ("election/contoh", {"name": "X", "date": "2029-02-15"}),
    ):
        assert admin.get(f"/admin/tps/{path}/change/").status_code == 200
        assert admin.post(f"/admin/tps/{path}/change/", data).status_code == 403
        assert admin.post(f"/admin/tps/{path}/delete/", {"post": "yes"}).status_code == 403
    new_option = {"contest": contest.pk, "party": "", "number": 4, "name": "X"}
    new_contest = {"election": "contoh", "code": "dpd", "kind": "dpd", "name": "X", "form": "c-hasil-dpd", "area": []}
    for path, data in (("option", new_option), ("contest", new_contest)):
        assert "sudah berjalan" in admin.post(f"/admin/tps/{path}/add/", data).content.decode()
    assert references() == []
    assert not any(model.objects.filter(name="X").exists() for model in (Option, Contest, Election))


@pytest.mark.parametrize("path", ["region/9801", "pollingstation/{station}"])
def test_regions_and_tps_are_looked_at_only(sample, admin, path):
    path = path.format(station=PollingStation.objects.first().pk)
    assert admin.get(f"/admin/tps/{path}/change/").status_code == 200
    assert admin.post(f"/admin/tps/{path}/change/", {"name": "X"}).status_code == 403
    assert admin.post(f"/admin/tps/{path}/delete/", {"post": "yes"}).status_code == 403
    assert not Region.objects.filter(name="X").exists()


def test_an_entry_that_fails_takes_the_change_with_it(sample, admin, monkeypatch):
    def fails(*args, **kwargs):
        raise RuntimeError("the ledger is full")

    monkeypatch.setattr("ledger.entries.append_all", fails)
    option = Option.objects.get(number=2)
    with pytest.raises(RuntimeError):
        admin.post(f"/admin/tps/option/{option.pk}/change/", {"party": "", "number": 2, "name": "Nama Baru"})
    option.refresh_from_db()
    assert option.name != "Nama Baru"
