"""Citizens find their TPS: by code, from the nation down, by the village's name."""

import pytest

from tps import extents, search
from tps import names as search_names
from tps.models import Election, PollingStation, Region

PLACES = {
    "31": "DKI JAKARTA",
    "3174": "KOTA JAKARTA SELATAN",
    "317401": "CILANDAK",
    "3174011001": "CIPETE SELATAN",
    "3174011002": "GANDARIA SELATAN",
    "317402": "KEBAYORAN BARU",
    "3174021001": "CIPETE UTARA",
    "3174021002": "SELATAN",
    "34": "YOGYAKARTA",
    "3404": "SLEMAN",
    "340401": "DEPOK",
    "3404012001": "CATURTUNGGAL",
    "3404012002": "TU",
    "3404012003": "SP 2",
    "3404012004": "100% MAJU_JAYA",
    "99": "LUAR NEGERI",  # no TPS in this election
}


@pytest.fixture
def election(db):
    found = Election.objects.create(code="uji", name="Uji", date="2029-02-14", is_current=True)
    Region.objects.create(code="", level=0, name="INDONESIA")
    for code, name in PLACES.items():
        level = {2: 1, 4: 2, 6: 3, 10: 4}[len(code)]
        Region.objects.create(code=code, level=level, name=name, parent_id=code[: {1: 0, 2: 2, 3: 4, 4: 6}[level]])
    for village in (code for code in PLACES if len(code) == 10):
        for number in (1, 2, 12, 901):
            PollingStation.objects.create(
                election=found, region_id=village, number=number, code=f"{village}{number:03d}", registered_voters=200
            )
    extents.recount(found)
    search_names.renew()
    return found


def names(places):
    return [f"{place.name}, {place.within[0]}" if place.is_station else place.name for place in places]


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("cipete 12", ["TPS 012, CIPETE SELATAN", "TPS 012, CIPETE UTARA"]),
        ("CIPETE   UTARA tps 012", ["TPS 012, CIPETE UTARA"]),
        ("tps 12 cipete selatan", ["TPS 012, CIPETE SELATAN", "TPS 012, CIPETE UTARA"]),
        ("TPS12 cilandak selatan cipete", ["TPS 012, CIPETE SELATAN"]),
        ("kelurahan cipete cilandak 901", ["TPS 901, CIPETE SELATAN"]),
        ("cipete 7", ["CIPETE SELATAN", "CIPETE UTARA"]),  # no village has it: perhaps the number is wrong
        ("cipete", ["CIPETE SELATAN", "CIPETE UTARA"]),
        ("Kel. Cipete", ["CIPETE SELATAN", "CIPETE UTARA"]),
        ("desa caturtunggal", ["CATURTUNGGAL"]),
        ("selatan", ["SELATAN", "KOTA JAKARTA SELATAN", "CIPETE SELATAN", "GANDARIA SELATAN"]),
        ("selatan 2", ["TPS 002, SELATAN", "TPS 002, CIPETE SELATAN", "TPS 002, GANDARIA SELATAN"]),
        ("tu", ["TU"]),
        ("tu 12", ["TPS 012, TU"]),
        ("sp 2", ["SP 2"]),
        ("sp 2 tps 12", ["TPS 012, SP 2"]),
        ("luar negeri", []),
        ("100%", ["100% MAJU_JAYA"]),
        ("%", []),
        ("maju_jaya", ["100% MAJU_JAYA"]),
        ("", []),
        ("  ", []),
        ("c", []),
        ("\x00cipete\x00", ["CIPETE SELATAN", "CIPETE UTARA"]),
        ("'; drop table", []),
        ("3174011001012", ["TPS 012, CIPETE SELATAN"]),
        ("3174 0110 01.012", ["TPS 012, CIPETE SELATAN"]),
        ("31740110019", ["TPS 901, CIPETE SELATAN"]),
        ("3174011001", ["CIPETE SELATAN"]),
        ("3174", ["KOTA JAKARTA SELATAN"]),
        ("317", []),
        ("99", []),
        ("9" * 500, []),
    ],
)
def test_what_is_found(election, text, found):
    assert names(search.find(text, election)) == found


def test_names_of_what_it_lies_in_nearest_first(election):
    (place,) = search.find("cipete utara 1", election)
    assert place.code == "3174021001001"
    assert place.within == ("CIPETE UTARA", "KEBAYORAN BARU", "KOTA JAKARTA SELATAN", "DKI JAKARTA")


def test_no_more_than_asked_for(election):
    assert len(search.find("cipete", election, most=1)) == 1
    assert len(search.find("selatan 2", election, most=2)) == 2


@pytest.mark.parametrize(
    ("text", "queries"), [("cipete 12", 4), ("cipete", 3), ("cipeet utara", 4), ("3174011001012", 2), ("sp 2", 3)]
)
def test_a_search_costs_few_queries(election, django_assert_num_queries, text, queries):
    with django_assert_num_queries(queries):
        search.find(text, election)


def test_from_the_nation_down_with_counts_in_one_query(election, django_assert_num_queries):
    with django_assert_num_queries(1):
        below = search.children("", election)
    assert [(part.region.code, part.stations, part.registered_voters) for part in below] == [
        ("31", 16, 3200),
        ("34", 16, 3200),
    ]
    assert [part.region.name for part in search.children("3174", election)] == ["CILANDAK", "KEBAYORAN BARU"]
    assert [station.number for station in search.stations_of("3174011001", election)] == [1, 2, 12, 901]


def test_the_line_to_a_region(election, django_assert_num_queries):
    with django_assert_num_queries(1):
        assert [region.code for region in search.line_to("317401")] == ["", "31", "3174", "317401"]


@pytest.mark.parametrize("code", ["317499", "3", "abc", "31740", "３１", "' or 1=1", "3174011001012"])
def test_an_unknown_region_is_refused(election, code):
    with pytest.raises(search.UnknownRegion):
        search.line_to(code)


@pytest.mark.parametrize("code", ["3174011001099", "317401100101", "", "x" * 13, "３174011001012", "3174011001012 "])
def test_an_unknown_tps_is_refused(election, code):
    with pytest.raises(search.UnknownStation):
        search.station(code, election)


def test_extents_follow_what_is_taken_away(election):
    PollingStation.objects.filter(code__startswith="34").delete()
    extents.recount(election)
    assert [part.region.code for part in search.children("", election)] == ["31"]
    assert search.find("caturtunggal", election) == []
