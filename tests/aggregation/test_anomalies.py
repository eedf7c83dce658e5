"""The questions: each rule at its edges, and the statements over the tables against the same rules."""

import random

import pytest
from django.db import connection

from aggregation import anomalies, columns, contests, questions
from aggregation.anomalies import Counted, Kind
from aggregation.models import Question, QuestionScan, Result
from tests.aggregation.evidence import decide, photo, read, record, reject
from tests.world import World
from tps.models import PollingStation, Region
from transcription.models import Decision
from uploads.models import Alike, Photo

VILLAGE = "9101011001"


@pytest.fixture
def world(world):
    """Results may be laid straight into their table."""
    with connection.cursor() as cursor:
        cursor.execute("ALTER TABLE aggregation_result DISABLE TRIGGER USER")
    return world


def tps(number: int, *votes: int, **more) -> Counted:
    return Counted(f"{VILLAGE}{number:03d}", votes, **more)


def asked(*counted: Counted) -> dict[tuple[str, int], anomalies.Raised]:
    return {(one.kind.value, int(one.station[10:])): one for one in anomalies.of_village(counted)}


# --- The rules --------------------------------------------------------------------------------


def test_a_village_as_most_are_raises_nothing():
    assert asked(*(tps(n, 100 + 3 * n, 80 - n, 20 + n, total=205 + 3 * n, registered=250) for n in range(1, 9))) == {}


@pytest.mark.parametrize(
    ("one", "of"),
    [
        ({"of_dpt": 251, "dpt": 250}, "dpt"),
        ({"of_dpt": 250, "dpt": 250}, None),
        ({"of_dpt": 10, "dpt": 0}, None),  # a TPS without a DPT of its own
        ({"total": 256, "ballots": 255, "registered": 250}, "ballots"),
        ({"total": 255, "ballots": 255, "registered": 100}, None),  # DPTb and DPK may be many: the ballots say so
        ({"total": 321, "registered": 250}, "registered"),
        ({"total": 320, "registered": 250}, None),
        ({"total": 999, "registered": None}, None),
    ],
)
def test_turnout_is_asked_about_where_it_cannot_be(one, of):
    found = anomalies.turnout(tps(1, **one))
    assert (found.facts["of"] if found else None) == of


def test_a_special_tps_has_no_dpt_to_exceed():
    assert anomalies.turnout(tps(901, total=999, registered=10)) is None
    assert anomalies.turnout(tps(899, total=999, registered=10))


def test_all_for_one_is_asked_about_from_thirty_votes_on():
    assert ("one_sided", 1) not in asked(tps(1, 29, 0, 0))
    found = asked(tps(1, 30, 0, 0))["one_sided", 1]
    assert found.facts == {"all": True, "option": 0, "votes": 30}


def test_none_for_one_is_asked_about_only_where_neighbours_give_some():
    assert ("one_sided", 1) not in asked(tps(1, 100, 50, 0), tps(2, 100, 50, 16))  # 9.6 %
    found = asked(tps(1, 100, 50, 0), tps(2, 100, 50, 17))["one_sided", 1]
    assert (found.facts["option"], found.facts["elsewhere"]) == (2, 0.1018)
    assert asked(tps(1, *[9] * 17, 0), tps(2, *[9] * 17, 99)) == {}  # a party without votes is nothing to ask about


def test_far_from_the_others_by_distance_and_by_their_own_spread():
    alike = [tps(n, 60 + n, 30, 10) for n in range(1, 8)]
    found = asked(*alike, tps(8, 10, 80, 10))["far", 8]
    assert found.facts["stations"] == 8
    assert found.facts["option"] in (0, 1)
    assert ("far", 4) not in asked(*alike[:3], tps(4, 10, 80, 10))  # too few to say what is usual
    divided = [tps(n, *((90, 10, 5) if n % 2 else (10, 90, 5))) for n in range(1, 9)]
    assert not [key for key in asked(*divided) if key[0] == "far"]  # a village of two minds has no outlier


def test_the_same_row_twice():
    twice = asked(tps(1, 101, 88, 20), tps(2, 101, 88, 20), tps(3, 101, 88, 21))
    assert {key: twice[key].other[10:] for key in twice} == {("same_row", 1): "002", ("same_row", 2): "001"}
    assert asked(tps(1, 101, 19, 2), tps(2, 101, 19, 2)) == {}  # small numbers meet by chance


def test_what_is_plainer_is_asked_first():
    assert anomalies.rank(Kind.FAR, 95) > anomalies.rank(Kind.SAME_ROW, 10)
    assert sorted(Kind, key=anomalies.WEIGHTS.__getitem__, reverse=True) == list(Kind)


# --- The tables say the same ------------------------------------------------------------------


def more_stations(world: World, villages: int, each: int) -> list[PollingStation]:
    found = []
    for village in range(10, 10 + villages):
        code = f"91010110{village}"
        region = Region.objects.create(code=code, level=4, name=code, parent_id="910101")
        for number in (*range(1, each), 901):
            found.append(
                PollingStation(
                    election=world.election,
                    region=region,
                    number=number,
                    code=f"{code}{number:03d}",
                    registered_voters=random.choice([None, 0, 100, 250]),
                )
            )
    return PollingStation.objects.bulk_create(found)


def lay(world: World, station: PollingStation, votes, **numbers) -> Counted:
    """A result with these numbers, straight into its table; returns what the rules see of it."""
    layout = columns.of(contests.whole(world.contest))
    broken = random.choice([[], [], [], ["R3"], ["R3", "R4"]])
    if votes:
        numbers |= {f"paslon_{n}": vote for n, vote in enumerate(votes, start=1)}
    amounts = [numbers.get(key, 0) if isinstance(numbers.get(key), int) else 0 for key in layout.sums]
    amounts += [
        int(bool(votes) if name == columns.COUNTED else name.removeprefix("with_") in numbers) for name in layout.counts
    ]
    Result.objects.create(
        contest=world.contest, station=station, region_id=station.region_id, rule_version=1, version=1,
        state="partial", numbers=numbers, amounts=amounts, broken_rules=broken,
    )  # fmt: skip

    def figure(key: str):
        return numbers.get(key) if isinstance(numbers.get(key), int) else None

    return Counted(
        station.code, tuple(votes), figure("suara_total"), figure("surat_diterima"), figure("dpt_j"),
        figure("pengguna_dpt_j"), station.registered_voters, broken,
    )  # fmt: skip


def any_votes() -> tuple[int, ...]:
    shape = random.choice([*["usual"] * 9, "none", "one", "zero", "far", "small", "same", "same"])
    usual = (120 + random.randrange(-9, 9), 70 + random.randrange(-9, 9), 20 + random.randrange(-5, 5))
    return {
        "usual": usual,
        "none": (),
        "one": (0, random.randrange(20, 300), 0),
        "zero": (usual[0], 0, usual[2]),
        "far": (usual[2], usual[1], usual[0]),
        "small": (random.randrange(3), random.randrange(3), 1),
        "same": (101, 88, 20),
    }[shape]


@pytest.mark.parametrize("seed", [0, 1, 3, 4, 5])
def test_the_statements_find_what_the_rules_find(world, seed):
    random.seed(seed)
    villages: dict[str, list[Counted]] = {}
    for station in more_stations(world, villages=12, each=random.choice([9, 12])):
        more = {
            "suara_total": random.choice([200, 250, 300, 340, "kosong"]),
            "surat_diterima": random.choice([255, 255, "tidak_terbaca"]),
            "dpt_j": random.choice([250, 250, 0]),
            "pengguna_dpt_j": random.choice([200, 220, 251]),
        }
        chosen = {key: value for key, value in more.items() if random.random() < 0.5}
        villages.setdefault(station.region_id, []).append(lay(world, station, any_votes(), **chosen))
    questions.keep(contests.whole(world.contest))
    wanted = {
        (one.station, one.kind.value): (one.rank, dict(one.facts), one.other)
        for counted in villages.values()
        for one in anomalies.of_village(counted)
    }
    stored = {
        (one.station.code, one.kind): (one.rank, one.facts, one.other.code if one.other else "")
        for one in Question.objects.exclude(kind__in=["single", "alike"]).select_related("station", "other")
    }
    assert {kind for _station, kind in wanted} == {"rule", "turnout", "one_sided", "same_row", "far"}
    assert stored.keys() == wanted.keys()
    for key, (rank, facts, other) in wanted.items():
        assert (stored[key][0], stored[key][2]) == (rank, other), key
        assert stored[key][1] == {
            name: pytest.approx(fact, abs=1.1e-4) if isinstance(fact, float) else fact for name, fact in facts.items()
        }


# --- Keeping them -----------------------------------------------------------------------------


def kinds(world: World) -> set[tuple[int, str]]:
    return set(Question.objects.filter(contest=world.contest).values_list("station__number", "kind"))


def keep(world: World) -> int:
    return questions.keep(contests.whole(world.contest))


def test_a_question_comes_with_its_photo_and_goes_with_its_reason(world):
    seen = read(world, paslon_1=0, paslon_2=209, paslon_3=0)
    keep(world)
    assert kinds(world) == {(1, "one_sided"), (1, "single")}
    found = questions.listed(contests.whole(world.contest)).questions
    assert [(one.kind, one.photo) for one in found] == [("one_sided", seen), ("single", seen)]
    decide(seen, 2, {"paslon_1": 101, "paslon_2": 88, "paslon_3": 20})
    record(seen)
    keep(world)
    assert kinds(world) == {(1, "single")}


def test_a_second_photo_ends_the_question_for_one(world):
    read(world)
    keep(world)
    assert kinds(world) == {(1, "single")}
    read(world)
    keep(world)
    assert kinds(world) == set()


def test_what_stays_keeps_the_hour_at_which_it_was_first_asked(world):
    read(world)
    assert keep(world) == 1
    before = Question.objects.get()
    assert keep(world) == 0
    assert (Question.objects.get().pk, Question.objects.get().raised_at) == (before.pk, before.raised_at)


def test_only_villages_in_which_something_changed_are_looked_at_again(world, monkeypatch):
    monkeypatch.setattr(questions, "OVERLAP", questions.OVERLAP * 0)
    stations = list(world.stations.values())
    read(world, stations[0])
    read(world, stations[-1])
    keep(world)
    Question.objects.all().delete()
    QuestionScan.objects.update(looked_at=questions.Result.objects.order_by("-changed_at").first().changed_at)
    Result.objects.filter(station=stations[0]).update(changed_at="2020-01-01T00:00Z")
    Decision.objects.update(decided_at="2020-01-01T00:00Z")
    Photo.objects.update(received_at="2020-01-01T00:00Z")
    keep(world)
    assert {one.region_id for one in Question.objects.all()} == {stations[-1].region_id}
    assert questions.keep(contests.whole(world.contest), whole=True) == 1
    assert Question.objects.count() == 2


def test_a_photo_that_changes_no_result_is_noticed(world, monkeypatch):
    monkeypatch.setattr(questions, "OVERLAP", questions.OVERLAP * 0)
    read(world)
    keep(world)
    assert kinds(world) == {(1, "single")}
    Result.objects.update(changed_at="2020-01-01T00:00Z")
    Decision.objects.update(decided_at="2020-01-01T00:00Z")
    Photo.objects.update(received_at="2020-01-01T00:00Z")
    second = photo(world, world.station, 2)
    second.refresh_from_db()
    QuestionScan.objects.update(looked_at=second.received_at)
    keep(world)
    assert kinds(world) == set()


def test_the_same_photo_elsewhere_until_one_of_them_is_rejected(world):
    first, second = list(world.stations.values())[:2]
    mine, theirs = read(world, first), photo(world, second, 2)
    record(theirs)
    pair = sorted([mine, theirs], key=lambda one: one.pk)
    Alike.objects.create(first=pair[0], second=pair[1], region="whole", bits=3)
    keep(world)
    found = {one.station_id: one for one in Question.objects.filter(kind="alike")}
    assert {key: (one.photo, one.other_photo, one.other) for key, one in found.items()} == {
        first.pk: (mine, theirs, second),
        second.pk: (theirs, mine, first),
    }
    assert found[first.pk].rank == anomalies.rank(Kind.ALIKE, 88)
    reject(theirs, "duplicate")
    record(theirs)
    keep(world)
    assert not Question.objects.filter(kind="alike").exists()


def test_a_photo_moved_to_the_tps_of_the_one_it_is_like_raises_nothing(world):
    first, second = list(world.stations.values())[:2]
    mine, theirs = read(world, first), photo(world, second, 2)
    pair = sorted([mine, theirs], key=lambda one: one.pk)
    Alike.objects.create(first=pair[0], second=pair[1], region="whole", bits=3)
    decide(theirs, 2, {"paslon_1": 101, "paslon_2": 88, "paslon_3": 20}, station=first)
    record(theirs)
    keep(world)
    assert not Question.objects.filter(kind="alike").exists()


def test_an_excluded_tps_is_asked_nothing(world):
    read(world, paslon_1=0, paslon_2=209, paslon_3=0)
    Result.objects.update(state="excluded")
    keep(world)
    assert kinds(world) == set()


def test_another_contest_is_left_alone(world):
    read(world)
    keep(world)
    assert questions.keep_all() == 0
    assert QuestionScan.objects.count() == 1
