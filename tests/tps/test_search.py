"""Citizens find their TPS: by code, from the nation down, by the village's name."""

import pytest

from tps import extents, search
from tps import names as search_names
from tps.models import Centroid, Election, PollingStation, Region

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
        ("utara cipete", ["CIPETE UTARA"]),
        ("12 utr cipete kebayoran", ["TPS 012, CIPETE UTARA"]),
        ("tps no. 12 kel ciepte utara kec kby baru", ["TPS 012, CIPETE UTARA"]),  # two letters changed round
        ("kel cipetee utara jaksel", ["CIPETE UTARA"]),
        ("gandria jkt", ["GANDARIA SELATAN"]),
        ("catur tunggal", ["CATURTUNGGAL"]),  # two words where the list has one
        ("kebayoranbaru", ["KEBAYORAN BARU"]),  # and one where it has two
        ("deas caturtunggl", ["CATURTUNGGAL"]),
        ("catur", ["CATURTUNGGAL"]),  # still typing
        ("kota jaksel", ["KOTA JAKARTA SELATAN"]),
        ("yk depok", ["DEPOK"]),
        ("cipete depok", []),  # nothing is both
        ("cipete zzzzzz", []),  # every word has to fit something
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


def test_a_renamed_region_is_found_by_its_new_name_only(election):
    Region.objects.filter(pk="3174021001").update(name="WIJAYA")
    search_names.renew()
    assert names(search.find("wijaya", election)) == ["WIJAYA"]
    assert names(search.find("cipete", election)) == ["CIPETE SELATAN"]


def test_what_is_near_comes_first_of_equal_names(election):
    """First by the region both lie in, then by how far the middles of their kecamatan are apart."""
    for code in ("317401", "317402"):
        Region.objects.create(code=f"{code}1009", level=4, name="SUKAMAJU", parent_id=code)
    for code in ("3404012009", "3174011009", "3174021009"):
        if code.startswith("34"):
            Region.objects.create(code=code, level=4, name="SUKAMAJU", parent_id="340401")
        PollingStation.objects.create(election=election, region_id=code, number=1, code=f"{code}001")
    extents.recount(election)
    search_names.renew()

    def order(near):
        return [place.code[:6] for place in search.find("sukamaju", election, near=near)]

    assert order("") == order("no code") == ["317401", "317402", "340401"]
    assert order("3404012001012") == ["340401", "317401", "317402"]
    assert order("3174021001") == ["317402", "317401", "340401"]
    assert order("34") == ["340401", "317401", "317402"]


def test_of_places_in_other_regions_the_nearest_comes_first(election):
    for code, name in (("317403", "JAUH"), ("317404", "DEKAT"), ("317405", "SINI")):
        Region.objects.create(code=code, level=3, name=name, parent_id="3174")
        Region.objects.create(code=f"{code}1001", level=4, name="SUKAMAJU", parent_id=code)
        PollingStation.objects.create(election=election, region_id=f"{code}1001", number=1, code=f"{code}1001001")
    for code, latitude in (("317403", -700), ("317404", -630), ("317402", -625)):
        Centroid.objects.create(region_id=code, latitude=latitude, longitude=10_680)
    extents.recount(election)
    search_names.renew()
    found = [place.within[0] for place in search.find("sukamaju", election, near="3174021001")]
    assert found == ["DEKAT", "JAUH", "SINI"]  # of the last one nobody knows where it lies


def test_no_more_than_asked_for(election):
    assert len(search.find("cipete", election, most=1)) == 1
    assert len(search.find("selatan 2", election, most=2)) == 2


@pytest.mark.parametrize(
    ("text", "queries"),
    [("cipete 12", 4), ("cipete", 3), ("cipeet utara", 4), ("cipete zzzzzz", 5), ("3174011001012", 2), ("sp 2", 3)],
)
def test_a_search_costs_few_queries(election, django_assert_num_queries, text, queries):
    with django_assert_num_queries(queries):
        search.find(text, election)


def test_nearness_costs_one_more(election, django_assert_num_queries):
    with django_assert_num_queries(4):
        search.find("cipete", election, near="3174011001")


def test_the_applications_own_role_may_search_and_renew(election, as_app):
    search_names.renew()
    assert names(search.find("kbayran bru", election)) == ["KEBAYORAN BARU"]


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
