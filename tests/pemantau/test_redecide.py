"""The rule changes: what would change is told before, and becomes so by the pipeline's own steps, also in two goes."""

import csv
import json
from io import StringIO

import pytest
from django.core.management import CommandError, call_command
from django.db import connection, transaction
from django.db.utils import InternalError
from django.test.utils import CaptureQueriesContext

from accounts import commitments
from accounts.models import Role
from aggregation import audit, rule_change
from aggregation.models import Delta, Result, Tally
from ledger.models import Event
from pemantau import pipeline
from tests.aggregation.evidence import PAGE_2, PAGE_3, fold
from tests.aggregation.test_audit import falsify, sent, settled
from tests.transcription.reading import decision_of, reads, rejects, task_of
from tests.world import build
from tps import reference
from transcription import agreement, consensus, rule_versions
from transcription.models import Decision, PairTally, Task
from uploads.models import Photo

BROKEN = PAGE_3 | {"suara_total": 251}
PEOPLE = ("Sari", "Budi", "Citra", "Dewi", "Eka", "Fitri", "Gita", "Hadi", "Ika", "Joko")
HERE, THERE = "9101011001001", "9101011002001"


@pytest.fixture
def world(db):
    """Decided by rule 6: whole sums by two, broken ones by three (twice at one TPS), one that waits for its third."""
    world = build()
    world.whole = settled(world, HERE, page=2)
    world.broken = settled(world, HERE, page=3, by=PEOPLE[2:5], suara_total=251)
    world.again = settled(world, HERE, page=3, by=PEOPLE[5:8], suara_total=251)
    world.waiting = settled(world, THERE, page=3, by=PEOPLE[8:], suara_total=251)
    world.junk = sent(world, "9101011002002")
    for name in PEOPLE[:2]:
        reads(world, name, world.junk, problem="not_a_form")
    rejects(world, world.junk, "not_a_form")
    pipeline.record(str(world.junk.pk))
    world.unread = sent(world, "9101011001002")
    fold()
    for name in ("Olga", "Omar"):
        world.person(name, Role.OPERATOR)
    return world


def a_rule(monkeypatch, version=7, **constants):
    """As the next program has it: another number, and another constant."""
    monkeypatch.setattr(agreement, "RULE_VERSION", version)
    for name, value in constants.items():
        monkeypatch.setattr(agreement, name, value)


@pytest.fixture
def stricter(monkeypatch):
    a_rule(monkeypatch, READERS_OF_BROKEN_SUMS=4)


@pytest.fixture
def milder(monkeypatch):
    a_rule(monkeypatch, READERS_OF_BROKEN_SUMS=2)


def redecide(*options):
    out = StringIO()
    call_command("redecide", *options, stdout=out, stderr=StringIO())
    return out.getvalue().splitlines()


def applied(*options):
    sign = ("--by", "olga@contoh.test", "--second", "omar@contoh.test", "--because", "issue-5")
    told = redecide("--apply", *sign, *options)
    for photo in Photo.objects.filter(step=Photo.Step.RECORD):
        pipeline.record(str(photo.pk))  # the worker
    fold()
    return told


def rows():
    """Whatever a decision leaves behind."""
    decisions = list(Decision.objects.order_by("pk").values_list("pk", "rule_version"))
    tasks = list(Task.objects.order_by("pk").values_list("pk", "wants", "why", "decision", "changed_at"))
    results = list(Result.objects.order_by("pk").values_list("pk", "version"))
    steps = list(Photo.objects.order_by("pk").values_list("pk", "step", "step_at"))
    return decisions, tasks, results, steps, [model.objects.count() for model in (Event, Delta, PairTally)]


def audited():
    older = []
    return [str(found) for found in audit.differences(older=older.append)], sorted(one.name for one in older)


def sums_of(region=""):
    return Tally.objects.get(region=region).amounts[:6]


# --- Told before ----------------------------------------------------------------------------


@pytest.mark.usefixtures("world")
def test_under_the_same_rule_nothing_is_looked_at_but_what_waits():
    assert redecide() == ["rule 6: 1 photos looked at, 1 unchanged, 0 would change"]
    assert redecide("--all")[-1] == "rule 6: 5 photos looked at, 5 unchanged, 0 would change"


def test_a_stricter_rule_tells_which_photos_are_read_again_and_writes_nothing(world, stricter, tmp_path):
    before = rows()
    told = redecide("--dry-run", "--out", str(tmp_path / "changes.csv"))
    numbers = "suara_sah 209, suara_tidak_sah 6, suara_total 251"
    assert sorted(told[:2]) == sorted(
        f"{HERE} ppwp p3 {photo.pk}: accepted → being read (1 more): {numbers}" for photo in (world.broken, world.again)
    )
    assert told[2:] == [
        "2 accepted → being read",
        "ppwp: suara_sah -209, suara_tidak_sah -6, suara_total -251",  # once: they say the same of one TPS
        "rule 7: 5 photos looked at, 3 unchanged, 2 would change",
    ]
    assert rows() == before
    with open(tmp_path / "changes.csv", newline="") as file:
        written = {row["photo"]: row for row in csv.DictReader(file)}
    assert written.keys() == {str(world.broken.pk), str(world.again.pk)}
    row = written[str(world.broken.pk)]
    assert (row["tps"], row["page"], row["rule_before"], row["broken_before"]) == (HERE, "3", "6", "R4")
    assert (json.loads(row["numbers_before"]), row["after"], row["numbers_after"]) == (
        BROKEN, "being read (1 more)", ""
    )  # fmt: skip


def test_a_milder_rule_tells_what_is_decided_at_last(world, milder):
    before = rows()
    told = redecide()
    assert told[0].startswith(f"{THERE} ppwp p3 {world.waiting.pk}: being read (1 more) → accepted: ")
    assert told[1:] == [
        "1 being read → accepted",
        "ppwp: suara_sah +209, suara_tidak_sah +6, suara_total +251",
        "rule 7: 5 photos looked at, 4 unchanged, 1 would change",
    ]
    assert rows() == before


def test_another_number_of_readers_may_bring_a_photo_before_an_adjudicator(world, monkeypatch):
    differ = sent(world, "9101011001003")
    for votes, name in enumerate(("Kiki", "Lina", "Maya")):
        reads(world, name, differ, **PAGE_2 | {"paslon_1": votes})
    a_rule(monkeypatch, READERS_BEFORE_A_PERSON_DECIDES=3)
    told = f"9101011001003 ppwp p2 {differ.pk}: being read (1 more) → before an adjudicator (differ)"
    assert told in redecide()
    applied()
    assert (task_of(differ).wants, task_of(differ).why, decision_of(differ)) == (0, "differ", None)
    assert audited() == ([], [])
    assert redecide()[-1].endswith("0 would change")


def test_one_contest_or_one_region_may_be_looked_at_by_itself(world, stricter):
    assert redecide("--region", "9101011002")[-1] == "rule 7: 2 photos looked at, 2 unchanged, 0 would change"
    assert redecide("--region", "91", "--contest", "ppwp")[-1].endswith("2 would change")
    with pytest.raises(CommandError, match="no contest dpr"):
        redecide("--contest", "dpr")


def test_it_asks_one_question_for_each_photo_and_one_for_each_batch(world, milder, monkeypatch):
    scope = rule_change.Scope(world.election, region="9101011001", every=True)

    def queries():
        with CaptureQueriesContext(connection) as asked:
            photos = [photo for photo, change in rule_change.looked_at(scope) if change is None]
        return len(photos), len(asked)

    assert queries() == (3, 3 + 2)  # the batch, the empty one after it
    monkeypatch.setattr(rule_change, "CHUNK", 1)
    assert queries() == (3, 3 + 4)


@pytest.mark.django_db(transaction=True)
def test_the_database_itself_refuses_to_write_while_it_only_tells(monkeypatch):
    world = build()
    person = world.person("Olga")

    def somebody_forgot(scope):
        person.save()
        yield from ()

    monkeypatch.setattr(rule_change, "looked_at", somebody_forgot)
    with pytest.raises(InternalError, match="read-only"):
        redecide()


# --- Applied --------------------------------------------------------------------------------


def test_a_stricter_rule_applied_takes_numbers_away_until_they_are_read_again(world, stricter):
    assert sums_of() == [101, 88, 20, *sums_of()[3:]]
    whole = decision_of(world.whole)
    told = applied()
    assert told[0] == "rule 7 decides contoh from here on; the ledger says so"
    assert told[-1] == "rule 7: 5 photos looked at, 3 unchanged, 2 decided anew"
    decision = decision_of(world.broken)
    assert (decision.version, decision.rule_version, decision.outcome, decision.how) == (2, 7, "reopened", "withdrawn")
    assert task_of(world.broken).wants == 1
    assert decision_of(world.whole) == whole  # still by rule 6, which is true: rule 7 says the same
    assert decision_of(world.whole).rule_version == 6
    assert Result.objects.get(station=world.station).numbers == PAGE_2
    assert "suara_total" not in Result.objects.get(station=world.station).numbers
    assert audited() == ([], [])
    reads(world, "Nina", world.broken, page=3, **BROKEN)
    assert (decision_of(world.broken).outcome, decision_of(world.broken).rule_version) == ("accepted", 7)


def test_a_milder_rule_applied_by_the_applications_own_role_decides_and_counts(world, milder, as_app):
    before = Tally.objects.get(region="").amounts
    applied()
    decision = decision_of(world.waiting)
    assert (decision.outcome, decision.rule_version, decision.broken_rules) == ("accepted", 7, ["R4"])
    assert Result.objects.get(station=world.waiting.station).numbers == BROKEN
    assert sum(Tally.objects.get(region="").amounts) > sum(before)
    entry = json.loads(bytes(Event.objects.get(kind="decision", subject=str(decision.pk)).body))
    assert (entry["rule"], entry["flag"]) == (7, ["R4"])
    assert audited() == ([], [])


def test_the_ledger_says_who_changed_the_rule_and_to_what(world, stricter):
    applied()
    entry = json.loads(bytes(Event.objects.get(kind="rule").body))
    assert entry.pop("at")
    assert entry == {
        "v": 1, "t": "rule", "rule": 7, "why": "issue-5", "hash": rule_versions.digest(),
        "by": commitments.of(world.person("Olga")), "second": commitments.of(world.person("Omar")),
    }  # fmt: skip


@pytest.mark.usefixtures("world", "stricter")
def test_running_it_again_changes_nothing():
    applied()
    before = rows()
    assert redecide()[-1].endswith("0 would change")
    assert applied()[-1] == "rule 7: 5 photos looked at, 5 unchanged, 0 decided anew"
    _, tasks, results, _, counts = rows()
    assert (tasks, results, counts) == (before[1], before[2], before[4])


def test_stopped_half_way_and_run_again_it_ends_the_same(world, stricter, monkeypatch):
    step, done = pipeline.decide_again, []

    def the_machine_stops(photo):
        if done:
            raise KeyboardInterrupt
        done.append(step(photo))

    with monkeypatch.context() as stopping:
        stopping.setattr(pipeline, "decide_again", the_machine_stops)
        with pytest.raises(KeyboardInterrupt):
            applied()
    assert Decision.objects.filter(rule_version=7).count() == 1
    differences, waits = audited()
    assert not differences
    assert len(waits) == 1  # told as waiting for the rule, not as wrong
    assert applied()[-1].endswith("1 decided anew")
    for photo in (world.broken, world.again):
        assert (decision_of(photo).version, decision_of(photo).outcome) == (2, "reopened")
    assert Event.objects.filter(kind="rule").count() == 1
    assert audited() == ([], [])


def test_who_takes_a_photo_back_meanwhile_is_left_alone(world, milder):
    Photo.objects.filter(pk=world.waiting.pk).update(withdrawn_at="2029-02-14T09:00Z")
    assert redecide()[-1].endswith("0 would change")
    assert pipeline.decide_again(world.waiting.pk) is None
    assert decision_of(world.waiting) is None


@pytest.mark.parametrize(
    ("options", "why"),
    [
        ([], "needs two operators"),
        (["--by", "olga@contoh.test", "--because", "issue-5"], "needs two operators"),
        (["--by", "olga@contoh.test", "--second", "omar@contoh.test"], "needs two operators"),
        (["--by", "olga@contoh.test", "--second", "OLGA@contoh.test", "--because", "x"], "two different people"),
        (["--by", "olga@contoh.test", "--second", "sari@contoh.test", "--because", "x"], "both be operators"),
        (["--by", "olga@contoh.test", "--second", "nobody@contoh.test", "--because", "x"], "Nobody has"),
        (["--by", "olga@contoh.test", "--second", "omar@contoh.test", "--because", "by a@b.id"], "one word"),
    ],
)
@pytest.mark.usefixtures("world", "stricter")
def test_it_takes_two_operators_and_a_reason(options, why):
    before = rows()
    with pytest.raises(CommandError, match=why):
        redecide("--apply", *options)
    assert rows() == before


@pytest.mark.usefixtures("world")
def test_an_older_program_does_not_take_back_what_a_newer_rule_decided(monkeypatch):
    with monkeypatch.context() as newer:
        a_rule(newer, READERS_OF_BROKEN_SUMS=4)
        applied()
    with pytest.raises(CommandError, match="too old"):
        applied()


def test_a_form_that_flags_otherwise_makes_a_new_decision_too(world, monkeypatch):
    monkeypatch.setattr(consensus, "_broken_rules", lambda form, page, numbers: ("R5",) if page == 3 else ())
    a_rule(monkeypatch)
    told = [line for line in redecide() if str(world.broken.pk) in line]
    assert told == [f"{HERE} ppwp p3 {world.broken.pk}: accepted → accepted: flags R4 → R5"]


# --- The audit ------------------------------------------------------------------------------


def test_the_audit_tells_an_older_rules_decisions_apart(world, stricter):
    assert audited() == ([], sorted([str(world.broken.pk), str(world.again.pk)]))
    out = StringIO()
    call_command("audit", stdout=out, stderr=StringIO())
    told = out.getvalue().splitlines()
    assert f"older rule: decision {world.broken.pk}: rule 7 says otherwise: accepted, but" in "\n".join(told)
    assert told[-2] == "2 photos wait for the present rule: manage.py redecide --dry-run"
    assert told[-1].startswith("0 differences")


def test_what_an_older_rule_left_undecided_is_no_difference_either(world, milder):
    assert audited() == ([], [str(world.waiting.pk)])


def test_what_the_present_rule_left_undecided_is_one(world, milder):
    applied()
    late = sent(world, "9101011001003", page=3)
    for name in ("Kiki", "Lina"):
        with pytest.MonkeyPatch.context() as asleep:
            asleep.setattr(consensus, "decide_photos", lambda photos: [])
            reads(world, name, late, page=3, **BROKEN)
    assert audited()[0] == [f"decision {late.pk}: its entries and rulings carry one, but there is none"]


def test_nobody_hides_behind_an_older_rule(world, milder):
    applied()
    decision = decision_of(world.waiting)
    falsify(
        "UPDATE transcription_decision SET rule_version = 4, numbers = numbers || '{\"suara_sah\": 900}' WHERE id = %s",
        decision.pk,
    )
    assert f"decision {decision.pk}: row and entry differ in rule, val" in audited()[0]


def test_a_rule_that_the_log_does_not_name_is_a_difference(world, milder):
    with transaction.atomic():
        reference.record(world.election)
    assert audited()[0] == []
    pipeline.decide_again(world.waiting.pk)  # a new program, and nobody has signed for its rule
    pipeline.record(str(world.waiting.pk))
    assert audited()[0] == ["rule contoh 7: made 1 decisions, but the log does not name it"]
    applied()
    assert audited() == ([], [])
