"""What could still change the order of the options: by hand, in small numbers."""

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from aggregation.alerts import Standing, alerts


def standing(votes, disputed=(0, 0, 0), **more) -> Standing:
    keys = ("a", "b", "c")
    usual = {"disputed_stations": 1, "missing_stations": 0, "registered_voters": 3000, "counted_voters": 3000}
    return Standing(dict(zip(keys, votes, strict=True)), dict(zip(keys, disputed, strict=True)), **(usual | more))


def pairs(told):
    return [(one["above"], one["below"]) for one in told]


def test_disputed_tps_that_carry_the_lead():
    told = alerts(standing((900, 1000, 50), (10, 150, 0)))
    assert told["order"] == ["b", "a", "c"]
    without = told["without_disputed"]
    assert without["votes"] == {"a": 890, "b": 850, "c": 50}
    assert without["order"] == ["a", "b", "c"]
    assert without["changes"] == [{"above": "b", "below": "a", "lead": 100, "lead_without": -40}]
    assert without["shares"]["b"] == pytest.approx(850 / 1790, abs=1e-6)


def test_a_lead_that_would_be_gone_is_a_change_and_equals_that_stay_equal_are_none():
    assert pairs(alerts(standing((100, 90, 0), (10, 0, 0)))["without_disputed"]["changes"]) == [("a", "b")]
    assert alerts(standing((100, 100, 0), (10, 10, 0)))["without_disputed"]["changes"] == []
    assert alerts(standing((100, 90, 0), (9, 0, 0)))["without_disputed"]["changes"] == []


def test_the_third_may_pass_the_first():
    told = alerts(standing((300, 290, 280), (100, 0, 0)))["without_disputed"]
    assert pairs(told["changes"]) == [("a", "b"), ("a", "c")]
    assert told["order"] == ["b", "c", "a"]


@pytest.mark.parametrize(
    ("missing_voters", "could", "usually"),
    [
        (97, False, False),  # 97 and 2 of reserve: 99 ballots
        (98, True, False),  # 100 ballots for the one below would make them equal
        (124, True, False),  # at the turnout of the counted, 80 %, 99
        (125, True, True),
    ],
)
def test_what_is_missing_is_held_against_the_lead(missing_voters, could, usually):
    told = alerts(
        standing((1300, 1200, 0), missing_stations=1, registered_voters=3125 + missing_voters, counted_voters=3125)
    )["missing"]
    first, second = told["pairs"]
    assert (first["above"], first["below"], first["lead"]) == ("a", "b", 100)
    assert (first["could_change"], first["could_at_usual_turnout"]) == (could, usually)
    assert not second["could_change"]
    assert told["voters"] == missing_voters


def test_it_is_said_by_how_much_the_one_below_must_be_ahead():
    told = alerts(standing((1300, 1200, 0), missing_stations=4, registered_voters=3625, counted_voters=3125))["missing"]
    assert told["at_usual_turnout"] == 400
    assert (told["pairs"][0]["needed"], told["pairs"][0]["so_far"]) == (0.25, -0.04)


def test_all_are_counted():
    told = alerts(standing((5, 5, 0), registered_voters=3010))["missing"]
    assert (told["stations"], told["voters"], told["ballots"]) == (0, 0, 0)
    assert not any(pair["could_change"] or pair["could_at_usual_turnout"] for pair in told["pairs"])


def test_where_no_dpt_is_known_a_tps_may_hold_what_is_allowed():
    none = alerts(standing((700, 100, 0), missing_stations=2, registered_voters=0, counted_voters=0))["missing"]
    assert (none["unknown_stations"], none["voters"], none["ballots"], none["at_usual_turnout"]) == (2, 600, 612, None)
    assert none["pairs"][0]["could_change"]
    assert none["pairs"][0]["could_at_usual_turnout"] is None
    some = alerts(standing((700, 100, 0), missing_stations=2, registered_voters=3200, unknown_stations=1))["missing"]
    assert some["voters"] == 200 + 300


def test_nothing_is_counted():
    told = alerts(standing((0, 0, 0), missing_stations=9, counted_voters=0))
    assert told["missing"]["pairs"] == []
    assert told["without_disputed"]["changes"] == []
    assert told["without_disputed"]["shares"] == {"a": None, "b": None, "c": None}


@settings(suppress_health_check=[HealthCheck.too_slow], deadline=None)
@given(
    st.lists(st.integers(0, 500), min_size=3, max_size=3),
    st.lists(st.integers(0, 500), min_size=3, max_size=3),
    st.integers(0, 400),
)
def test_no_alarm_means_that_nothing_can_change(votes, more, missing_voters):
    """Whatever the missing TPS hold, up to their ballots, the order of a pair without an alarm stays."""
    told = alerts(standing(votes, missing_stations=3, registered_voters=1000 + missing_voters, counted_voters=1000))[
        "missing"
    ]
    if sum(more) > told["ballots"]:
        return
    final = {key: votes[i] + more[i] for i, key in enumerate("abc")}
    for pair in told["pairs"]:
        if not pair["could_change"] and missing_voters:
            assert final[pair["above"]] > final[pair["below"]]
