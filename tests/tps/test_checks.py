"""System checks tell a set-up that contradicts itself."""

import pytest
from django.core.checks import run_checks
from django.core.management import call_command

from tps import checks, form_definitions
from tps.form_syntax import WrongForm
from tps.models import Contest, Election, Option


def found():
    return sorted({message.id for message in run_checks(databases=["default"]) if message.id.startswith("tps.")})


def contest(world, **fields):
    values = {"election": world.election, "code": "lain", "kind": "dpr", "name": "Lain", "form": "c-hasil-dpr"}
    made = Contest.objects.create(**values | fields)
    Option.objects.create(contest=made, number=1, name="X")
    return made


def test_a_whole_set_up_is_fine(world):
    assert found() == []


def test_without_a_database_only_the_files_are_looked_at(world):
    Contest.objects.update(form="c-hasil-rt")
    assert [m.id for m in run_checks() if m.id.startswith("tps.")] == []


@pytest.mark.parametrize(
    ("spoil", "told"),
    [
        (lambda world: Contest.objects.update(form="c-hasil-rt"), "tps.E003"),
        (lambda world: Contest.objects.update(form="c-hasil-dpd"), "tps.E004"),
        (lambda world: (Option.objects.all().delete(), Contest.objects.all().delete()), "tps.E002"),
        (lambda world: Election.objects.create(code="kosong", name="Kosong", date="2029-02-14"), "tps.W002"),
        (lambda world: Option.objects.all().delete(), "tps.W005"),
        (lambda world: contest(world, kind="ppwp", form="c-hasil-ppwp").area.add("9101"), "tps.E006"),
        (lambda world: Election.objects.update(hashes={"forms": "sha256:0"}), "tps.W007"),
    ],
)
def test_what_contradicts_itself_is_told(world, spoil, told):
    spoil(world)
    assert found() == [told]


def test_check_refuses_it(world):
    Contest.objects.update(form="c-hasil-rt")
    with pytest.raises(Exception, match=r"tps\.E003"):
        call_command("check", databases=["default"])


def test_a_form_file_that_cannot_be_read_is_an_error(monkeypatch):
    def broken(name):
        raise WrongForm(name, ["line 3: no"])

    monkeypatch.setattr(checks.form_definitions, "load", broken)
    assert {m.id for m in run_checks() if m.id.startswith("tps.")} == {"tps.E001"}
    assert len(checks.form_files(None)) == len(form_definitions.names())


def test_changed_form_files_are_told_to_the_ledger(db, monkeypatch):
    call_command("load_sample", stdout=open("/dev/null", "w"))  # noqa: SIM115
    monkeypatch.setattr("tps.reference.forms_hash", lambda election: "sha256:" + "0" * 64)
    assert found() == ["tps.W007"]
    call_command("tell_reference", stdout=open("/dev/null", "w"))  # noqa: SIM115
    assert found() == []
