"""Invented readers, three rules: what a simulation must find, and that it finds what is wrong."""

import io
import json
import os
import subprocess
import sys
from dataclasses import asdict, replace
from pathlib import Path

import pytest
from django.core.management import CommandError, call_command

from transcription import accuracy, agreement, simulation
from transcription.simulation import Kind, Scenario, play, readers_of, world_of

ROOT = Path(__file__).resolve().parent.parent.parent
BUSY_RING = Scenario("ring", {Kind.RING: 6}, share_of_work=0.8)


def played(scenario, *, stations=600, many=120, seed=1, page=2, **more):
    world = world_of(seed, stations, page, scenario.unclear)
    return play(scenario, world, readers_of(scenario, many), **more)


@pytest.mark.parametrize("page", simulation.PAGES)
def test_where_the_paper_is_clear_the_targets_of_honest_people_are_met(page):
    report = played(Scenario("honest", unclear=0.0), stations=1500, page=page)
    assert report.rules["one approval"].wrong > 30
    assert [target.says for target in simulation.targets_of(report) if not target.met] == []


def test_a_paper_that_half_the_readers_misread_gets_past_two_readers_and_the_target_says_so():
    report = played(Scenario("honest", unclear=1.0), stations=1500)
    wrong = [target for target in simulation.targets_of(report) if not target.met]
    assert [target.says.split(",")[0] for target in wrong] == [f"honest: {report.rules['ours'].wrong} wrong TPS"]


def test_a_sum_on_another_page_finds_most_of_what_readers_misread_alike_and_costs_a_tenth_of_a_reading():
    scenario = Scenario("honest", unclear=0.5)
    world = world_of(1, 1500, 2, scenario.unclear)
    with_sums, without = (
        play(scenario, one, readers_of(scenario, 120)).rules["ours"] for one in (world, replace(world, sums=()))
    )
    assert without.wrong > 15
    assert 0 < with_sums.wrong < 0.4 * without.wrong
    assert without.readings < with_sums.readings < without.readings + 0.15


@pytest.mark.parametrize("unclear", [0.0, 0.5])
def test_one_honest_reader_errs_as_often_as_peers_say_however_unclear_the_paper(unclear):
    report = played(Scenario("honest", unclear=unclear), stations=4000)
    assert report.rules["one approval"].wrong / 4000 == pytest.approx(accuracy.WRONG_FORMS, abs=0.01)


def test_a_ring_that_does_most_of_the_work_stays_within_the_pair_cap():
    report = played(BUSY_RING)
    assert report.bound == 3 * 15
    assert 0 < report.rules["ours"].ring <= report.bound
    assert all(target.met for target in simulation.targets_of(report))


def test_without_the_pair_cap_the_same_ring_breaks_the_bound():
    report = played(BUSY_RING, places=10**9)
    assert report.rules["ours"].ring > report.bound
    assert not any(target.met for target in simulation.targets_of(report))


def test_no_pair_settles_more_than_three_tps(monkeypatch):
    settled = []
    rule = simulation.ours

    def noting(*visits):
        published = rule(*visits)
        settled.extend(published.pairs)
        return published

    monkeypatch.setattr(simulation, "ours", noting)
    played(BUSY_RING, stations=200)
    assert max(settled.count(pair) for pair in set(settled)) == agreement.TPS_OF_A_PAIR


def test_the_same_seed_says_the_same_and_another_one_something_else():
    everybody = simulation.SCENARIOS[-1]
    first = asdict(played(everybody, stations=200))
    assert first == asdict(played(everybody, stations=200))
    assert first != asdict(played(everybody, stations=200, seed=2))


def test_the_three_rules_see_the_same_readers_read_the_same(monkeypatch):
    seen = {"ours": [], "one": [], "two": []}
    for name, key in (("ours", "ours"), ("one_approval", "one"), ("any_two_equal", "two")):
        rule = getattr(simulation, name)

        def noting(*given, rule=rule, key=key):
            published = rule(*given)
            seen[key].append(published.readings)
            return published

        monkeypatch.setattr(simulation, name, noting)
    played(Scenario("hurried", {Kind.HURRIED: 0.5}), stations=300, many=400)
    for mine, single, two in zip(*seen.values(), strict=True):
        assert mine[0] == single[0] == two[0]
        said = {reading.reader.number: reading.figures for reading in two}
        assert all(said.get(one.reader.number, one.figures) == one.figures for one in mine)
    assert sum(len(one) > 2 for one in seen["ours"]) > 50


def test_nobody_reads_a_photo_twice_nor_two_of_one_line(monkeypatch):
    seen = []
    rule = simulation.ours
    monkeypatch.setattr(simulation, "ours", lambda *given: seen.append(rule(*given)) or seen[-1])
    played(Scenario("hurried", {Kind.HURRIED: 1.0}), stations=200, many=30)
    for published in seen:
        lines = [reading.reader.line for reading in published.readings]
        assert len(lines) == len(set(lines))


def test_two_who_type_nothing_but_zeros_are_a_case_with_us_and_published_by_any_two_equal():
    report = played(Scenario("lazy", {Kind.LAZY: 1.0}), stations=300)
    assert report.rules["ours"].cases > 0.5
    assert report.rules["ours"].wrong == 0
    assert report.rules["any two equal"].wrong == 300


def test_where_nobody_is_left_who_may_read_the_photo_stays_open():
    report = played(Scenario("honest"), stations=100, many=2 * simulation.LINE)
    assert report.rules["ours"].undecided > 0
    assert report.rules["one approval"].undecided == 0


def test_who_never_looks_shows_at_once_and_hardly_any_honest_person_does():
    shown = played(Scenario("lazy", {Kind.LAZY: 0.1}), stations=1500).shown
    assert shown[Kind.LAZY].share == 1
    assert shown[Kind.LAZY].tasks <= 5 < shown[Kind.LAZY].tasks_by_gold
    assert shown[Kind.HONEST].share < 0.05


@pytest.mark.parametrize("kind", [Kind.PARTISAN, Kind.RING])
def test_who_cheats_gives_votes_to_one_side_and_keeps_the_sum(kind):
    world = world_of(1, 50, 12)
    reader = simulation.Reader(3, kind, 0)
    winners = set()
    for paper in world.papers:
        said = simulation.reads(world, reader, paper)
        winners |= {key for key in said if said[key] > paper.figures[key]}
        assert sum(said.values()) == sum(paper.figures.values())
        assert said != paper.figures
    assert len(winners) == 1


def test_a_slip_is_always_a_slip():
    for number in range(500):
        read = {"paslon_1": 11, "paslon_2": 11, "paslon_3": 7}
        simulation._slip(read, "paslon_1", simulation.chance_of(number))
        assert read != {"paslon_1": 11, "paslon_2": 11, "paslon_3": 7}
        assert all(0 <= value <= 999 for value in read.values())


def test_real_numbers_are_those_that_are_there_and_fit(tmp_path):
    import gzip

    head = "tps_code,paslon1,paslon2,paslon3,suara_sah,suara_tidak_sah,suara_total"
    rows = ["1,1,2,3,6,1,7", "2,1,,3,6,1,7", "3,1000,2,3,1005,1,1006", "4,4,5,6,15,0,15"]
    path = tmp_path / "results.csv.gz"
    path.write_bytes(gzip.compress("\n".join([head, *rows]).encode()))
    assert [one["suara_total"] for one in simulation.read_results(path)] == [7, 15]


def test_the_command_ends_with_json_and_fails_with_check_only_where_a_target_is_missed(monkeypatch):
    def said(*more):
        out = io.StringIO()
        given = ("--stations", "150", "--readers", "40", "--scenario", "honest", "--scenario", "ring of 20")
        call_command("simulate_volunteers", *given, *more, stdout=out)
        return json.loads(out.getvalue().splitlines()[-1])

    assert [one["scenario"] for one in said()["scenarios"]] == ["honest", "ring of 20"]
    monkeypatch.setattr(simulation, "MOST_READINGS", 1.0)
    assert not all(target["met"] for target in said()["targets"])
    with pytest.raises(SystemExit) as stopped:
        said("--check")
    assert stopped.value.code == 1


def test_an_unknown_scenario_and_too_few_readers_are_said():
    with pytest.raises(CommandError, match="no scenario"):
        call_command("simulate_volunteers", "--scenario", "nobody")
    with pytest.raises(CommandError, match="20 of 10 readers"):
        call_command("simulate_volunteers", "--scenario", "ring of 20", "--readers", "10")


def test_its_name_may_be_typed_with_a_hyphen():
    command = [sys.executable, "manage.py", "simulate-volunteers", "--stations", "20", "--scenario", "honest"]
    environment = os.environ | {"PEMANTAU_DEVELOPMENT": "1"}
    ended = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, timeout=100)
    assert ended.returncode == 0, ended.stderr
    assert json.loads(ended.stdout.splitlines()[-1])["readers"] == 500
