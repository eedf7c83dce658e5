"""Moments of strata from results and tallies, and the estimates of every region made of them."""

import pytest

from accounts.models import Role
from aggregation import columns, exclusions, strata
from aggregation.estimate import Stratum
from aggregation.models import Result
from pemantau import pipeline
from tests.aggregation.evidence import fold, read
from tps import extents
from tps.models import PollingStation

pytestmark = pytest.mark.django_db


@pytest.fixture
def counting(world):
    """Three of five TPS counted, one of them in dispute with nobody; their DPT 250, 250, 300; one DPT is not known."""
    PollingStation.objects.filter(code="9101011001002").update(registered_voters=300)
    PollingStation.objects.filter(code="9101011002002").update(registered_voters=None)
    extents.recount(world.election)
    read(world, world.stations["9101011001001"])
    read(world, world.stations["9101011001002"], paslon_1=50, paslon_2=10, paslon_3=0)
    read(world, world.stations["9101011002001"], paslon_1=5, paslon_2=200, paslon_3=9)
    read(world, world.stations["9101011002002"], page=1)  # its votes are not read yet
    fold()
    return world


def by_hand(world, codes: list[str], of: list[str], code: str) -> Stratum:
    """The moments of these TPS, of those that there are, added up one by one."""
    mean = (250 + 300 + 250 + 250) / 4
    size = {c: ((s.registered_voters or mean) + mean) / 2 for c, s in _stations().items()}
    votes = {
        r.station.code: tuple(columns.of(world.contest).sums_of(r.amounts)[f"paslon_{n}"] for n in (1, 2, 3))
        for r in Result.objects.select_related("station")
    }
    total = {c: sum(v) for c, v in votes.items()}

    def moments(value):
        return tuple(sum(value(c, votes[c][k]) for c in codes) for k in range(3))

    return Stratum(
        code, len(of), sum(size[c] for c in of), len(codes), sum(size[c] for c in codes),
        sum(size[c] ** 2 for c in codes), sum(size[c] * total[c] for c in codes), sum(total[c] for c in codes),
        sum(total[c] ** 2 for c in codes), moments(lambda c, v: v), moments(lambda c, v: v * v),
        moments(lambda c, v: v * total[c]), moments(lambda c, v: v * size[c]),
    )  # fmt: skip


def _stations() -> dict[str, PollingStation]:
    return {one.code: one for one in PollingStation.objects.all()}


COUNTED = ["9101011001001", "9101011001002", "9101011002001"]


def same(one: Stratum, other: Stratum) -> bool:
    return all(getattr(one, name) == pytest.approx(getattr(other, name)) for name in Stratum.__slots__)


def test_the_moments_of_a_kecamatan_are_those_of_its_counted_tps(counting):
    (kecamatan,) = strata.read(counting.contest)
    assert same(kecamatan, by_hand(counting, COUNTED, list(counting.stations), "910101"))


def test_the_moments_of_villages_add_up_to_those_of_the_kecamatan(counting):
    first, second = strata.read(counting.contest, strata.VILLAGE, ["910101"])
    of = {code: [c for c in counting.stations if c.startswith(code)] for code in (first.code, second.code)}
    assert same(first, by_hand(counting, COUNTED[:2], of[first.code], "9101011001"))
    assert same(second, by_hand(counting, COUNTED[2:], of[second.code], "9101011002"))


def test_an_excluded_tps_is_in_no_number(counting):
    (whole,) = strata.read(counting.contest)
    for name, role in (("Adi", Role.ADJUDICATOR), ("Omar", Role.OPERATOR)):
        by = counting.person(name, role)
        pipeline.exclude(exclusions.Said(by, counting.contest, counting.stations["9101011001002"], "court"))
    fold()
    (kecamatan,) = strata.read(counting.contest)
    assert (kecamatan.stations, kecamatan.counted) == (whole.stations - 1, whole.counted - 1)
    assert kecamatan.size == pytest.approx(whole.size * 4 / 5)


def test_other_regions_are_left_out(counting):
    assert strata.read(counting.contest, strata.KECAMATAN, ["92"]) == []
    assert [one.code for one in strata.read(counting.contest, strata.KECAMATAN, ["91"])] == ["910101"]
    assert strata.read(counting.contest, strata.VILLAGE, []) == []


def test_every_region_is_told_what_it_can_be_told(counting, django_assert_num_queries):
    with django_assert_num_queries(4):  # a transaction, which is two in a test, and what it is told of jit
        told = strata.document(counting.contest)
    assert set(told) == {"", "91", "9101", "910101"}
    # Three of five: fewer than all, and fewer than thirty.
    assert {one["reason"] for one in told.values()} == {"few_stations"}
    read(counting, counting.stations["9101011001003"], paslon_1=101, paslon_2=0, paslon_3=0)
    read(counting, counting.stations["9101011002002"], paslon_1=0, paslon_2=0, paslon_3=0)
    fold()
    with django_assert_num_queries(8):  # there are villages to be read
        told = strata.document(counting.contest)
    shares = {"paslon_1": 257 / 584, "paslon_2": 298 / 584, "paslon_3": 29 / 584}
    for code, one in told.items():  # all are counted: what is estimated is what was counted
        assert one["enough"], code
        for key, share in shares.items():
            assert one["options"][key] == {name: pytest.approx(share, abs=1e-6) for name in ("share", "low", "high")}
    assert strata.estimate_for(counting.contest, told) == told


def test_only_the_kecamatan_that_are_asked_for_are_told(counting):
    assert set(strata.document(counting.contest, kecamatan=[])) == {"", "91", "9101"}
