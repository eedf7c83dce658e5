"""Which regions are over- and under-represented among the counted TPS."""

import pytest

from aggregation.representative import representative


def child(name, stations, counted, voters=None, excluded=0, **more):
    return {
        "code": name.lower(),
        "name": name,
        "stations": stations,
        "registered_voters": stations * 200 if voters is None else voters,
        "counts": {"counted": counted, "excluded": excluded},
        **more,
    }


def told(*children, level="kabupaten"):
    return representative({"children": list(children), "children_level": level})


def test_who_is_ahead_and_who_is_behind():
    one = told(child("Kota", 100, 60), child("Lembah", 100, 20), child("Pantai", 200, 40))
    assert [part["name"] for part in one["over"]] == ["Kota"]
    assert [part["name"] for part in one["under"]] == ["Pantai", "Lembah"]
    assert (one["over"][0]["electorate"], one["over"][0]["counted"]) == (0.25, 0.5)
    # Half of what is counted lies in a quarter of the electorate: a quarter would have to lie elsewhere.
    assert (one["dissimilarity"], one["coverage"], one["spread"]) == (0.25, 0.3, "uneven")
    # By hand: weights 1/0.6 for 60 TPS, 1/0.2 for 60: (400² / (100²/60 + 100²/20 + 200²/40)) of 120.
    assert one["effective"] == pytest.approx(400**2 / (100**2 / 60 + 100**2 / 20 + 200**2 / 40) / 120, abs=1e-6)


def test_where_all_are_alike_nobody_is_named():
    one = told(child("Kota", 100, 30), child("Lembah", 100, 31), child("Pantai", 200, 59))
    assert (one["over"], one["under"], one["spread"]) == ([], [], "even")
    assert one["effective"] > 0.99


def test_it_goes_by_the_electorate_not_by_the_number_of_tps():
    one = told(child("Kota", 100, 50, voters=28_000), child("Lembah", 100, 50, voters=8_000))
    assert (one["by"], one["dissimilarity"], one["spread"]) == ("registered_voters", 0, "even")
    # Of the TPS that are counted, the large ones of the city: their DPT is known.
    exact = told(
        child("Kota", 100, 50, voters=28_000, voters_counted=20_000),
        child("Lembah", 100, 50, voters=8_000, voters_counted=2_000),
    )
    assert exact["coverage"] == pytest.approx(22 / 36, abs=1e-6)
    assert exact["dissimilarity"] > 0.1
    by_stations = told(child("Kota", 100, 50, voters=28_000), child("Lembah", 300, 50, voters=0))
    assert (by_stations["by"], by_stations["coverage"]) == ("stations", 0.25)


def test_what_is_empty_is_told():
    one = told(child("Kota", 100, 50), child("Lembah", 100, 0), child("Pantai", 200, 0))
    assert one["empty"] == {"regions": 2, "electorate": 0.75}
    assert one["effective"] == 1.0  # of those that can be weighed; the others are in `empty`


def test_nothing_and_everything():
    nothing = told(child("Kota", 100, 0), child("Lembah", 100, 0))
    assert (nothing["spread"], nothing["dissimilarity"], nothing["effective"]) == ("nothing", None, None)
    assert told()["spread"] == "nothing"
    # An excluded TPS is none that is missing.
    assert told(child("Kota", 100, 99, excluded=1), child("Lembah", 50, 50))["spread"] == "complete"
    assert told(child("Kota", 1, 0, excluded=1))["coverage"] is None


def test_small_differences_of_small_regions_are_not_named():
    many = [child(f"Wilayah {i}", 100, 50) for i in range(300)]
    one = told(*many, child("Kecil", 100, 100))
    assert one["over"] == []


def test_of_a_village_no_tps_is_named():
    one = told(child("TPS 001", 1, 1), child("TPS 002", 1, 0), level="tps")
    assert (one["over"], one["under"], one["coverage"]) == ([], [], 0.5)
