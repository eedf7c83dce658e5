"""Seats from what is counted: the documents of a council and its dapil, and what they say could still change."""

from collections import Counter

import pytest
from django.core.cache import caches

from aggregation import dapil as all_dapil
from aggregation import seat_document, seat_estimates
from tests.aggregation.ballots import dapil, of_2024, tally
from tests.aggregation.evidence import decide, fold, photo, record
from tps import extents, form_definitions
from tps.models import Contest, Extent, PollingStation
from tps.search import NoSuchContest

pytestmark = pytest.mark.django_db

EVERYTHING = {"votes": 0, "stations": 0, "disputed_stations": 0, "disputed_votes": 0}


@pytest.fixture(autouse=True)
def _forgotten():
    caches["documents"].clear()


def council(kind="dpr", code=""):
    return seat_document.build("contoh", kind, code)["council"]


def of_dapil(contest="dpr-9101", kind="dpr", code=""):
    return seat_document.build("contoh", kind, code)["dapil"][contest]


def seats_of(document):
    return {party["number"]: party["seats"] for party in document["parties"]}


# --- From votes to seats --------------------------------------------------------------------


def test_seats_and_who_would_have_them(world):
    tally(dapil(world), {1: 300, 2: 160, 24: 20, (1, 1): 100, (1, 2): 150, (2, 1): 90, (2, 2): 60})
    document = of_dapil()
    assert document["order"] == [
        {"seat": 1, "party": 1, "votes": 300, "divisor": 1},
        {"seat": 2, "party": 2, "votes": 160, "divisor": 1},
        {"seat": 3, "party": 1, "votes": 300, "divisor": 3},
    ]
    assert seats_of(document) == {1: 2, 2: 1, 24: 0}
    elected = {
        (party["number"], one["number"])
        for party in document["parties"]
        for one in party["candidates"]
        if one["elected"]
    }
    assert elected == {(1, 1), (1, 2), (2, 1)}
    assert (document["threshold"], document["final"], document["votes"]) == (0.04, False, 480)
    assert (document["version"], document["cut"]) == (2, 16)


def test_candidates_are_the_forms_own_and_not_another_partys(world):
    """A party's votes are not all its candidates': the party itself was voted for, too."""
    tally(dapil(world), {1: 300, 2: 10, (1, 2): 7, (2, 1): 5})
    mawar, melati, anggrek = of_dapil()["parties"]
    assert [(one["name"], one["votes"]) for one in mawar["candidates"]] == [("SARI", 0), ("BUDI", 7)]
    assert [(one["name"], one["votes"]) for one in melati["candidates"]] == [("DEWI", 5), ("AGUS", 0)]
    assert anggrek["candidates"] == []


def test_the_threshold_is_of_the_nations_votes_and_not_of_the_dapils(world):
    """Anggrek is strong here and has less than 4 % of the nation's votes; Melati is weak here and passes."""
    tally(dapil(world, "dpr-1"), {1: 500, 2: 90, 24: 390})
    tally(dapil(world, "dpr-2", area=["9101"]), {1: 5_020, 2: 4_000, 24: 0})
    document = of_dapil("dpr-1")
    assert seats_of(document) == {1: 3, 2: 0, 24: 0}
    assert [party["takes_part"] for party in document["parties"]] == [True, True, False]
    tally(Contest.objects.get(code="dpr-1"), {1: 500, 2: 90, 24: 400})
    tally(Contest.objects.get(code="dpr-2"), {1: 5_010, 2: 4_000, 24: 0})
    assert seats_of(of_dapil("dpr-1")) == {1: 2, 2: 0, 24: 1}  # 400 of 10,000 are enough


def test_a_dprd_has_no_threshold(world):
    tally(dapil(world, "prov-1", "dprd_prov", seats=12), {1: 1_000, 2: 100, 24: 50})
    document = of_dapil("prov-1", "dprd_prov", "91")
    assert document["threshold"] is None
    assert seats_of(document) == {1: 10, 2: 1, 24: 1}


def test_a_council_adds_up_its_dapil(world):
    tally(dapil(world, "dpr-1", seats=3), {1: 300, 2: 160}, stations=5, disputed=1)
    tally(dapil(world, "dpr-2", seats=1, area=["9101"]), {1: 30, 2: 60}, stations=4, counted=3)
    tally(dapil(world, "dpr-3", seats=None, area=["910101"]), {1: 1, 2: 1}, stations=2)
    document = council()
    assert document["seats"] == {"all": 4, "given": 4, "tied": 0, "dapil_without_seats": 1}
    assert [(p["number"], p["votes"], p["seats"]) for p in document["parties"]] == [
        (1, 331, 2),
        (2, 221, 2),
        (24, 0, 0),
    ]
    assert (document["stations"], document["counts"]["counted"], document["counts"]["disputed"]) == (11, 10, 1)
    assert document["coverage"]["counted"] == round(10 / 11, 6)
    assert [line["contest"]["code"] for line in document["dapil"]] == ["dpr-1", "dpr-2", "dpr-3"]
    assert document["dapil"][0]["parties"] == [{"number": 1, "seats": 2}, {"number": 2, "seats": 1}]
    assert (document["dapil"][2]["seats"], document["dapil"][2]["alert"]["seat_may_move"]) == (None, None)


def test_before_anything_is_counted_nobody_has_a_seat(world):
    dapil(world)
    document = council()
    assert (document["votes"], document["seats"]["given"], document["counts"]["counted"]) == (0, 0, 0)
    assert document["changed_at"] is None
    fold()  # rows without votes
    document = of_dapil()
    assert (document["order"], document["tie"], document["stations"]) == ([], None, 5)
    assert document["alert"]["seat_may_move"] is True
    assert document["parties"][0]["share"] is None


def test_the_photo_of_a_party_ends_in_its_seats(world):
    """From decided pages over the folder to the document, as at the night."""
    world.contest = dapil(world, parties={1: ("Partai Mawar", ["SARI"]), 2: ("Partai Melati", ["DEWI"])})
    form = form_definitions.for_contest(world.contest)
    numbers = {"partai_1": 10, "partai_1_calon_1": 50, "partai_1_jumlah": 60}
    others = {"partai_2": 5, "partai_2_calon_1": 20, "partai_2_jumlah": 25}
    for page, said in ((2, numbers), (3, others)):
        assert set(form.page(page).keys) == set(said)
        taken = photo(world, page=page)
        decide(taken, page, said)
        record(taken)
    fold()
    document = of_dapil()
    assert [(p["votes"], p["candidates"][0]["votes"], p["seats"]) for p in document["parties"]] == [
        (60, 50, 2),
        (25, 20, 1),
    ]
    assert (document["counts"]["counted"], document["stations"]) == (1, 5)


# --- Ties -----------------------------------------------------------------------------------


def test_a_tie_is_told_and_nobody_has_the_seat(world):
    tally(dapil(world, seats=2), {1: 300, 2: 100, 24: 20})
    document = of_dapil()
    assert document["tie"] == {"among": [1, 2], "places": 1}
    assert seats_of(document) == {1: 1, 2: 0, 24: 0}
    assert (document["alert"]["seat_may_move"], document["alert"]["margin"]) == (True, None)
    assert council()["seats"] == {"all": 2, "given": 1, "tied": 1, "dapil_without_seats": 0}


def test_a_tie_of_parties_is_settled_by_the_spread_of_their_votes(world):
    contest = dapil(world, seats=2)
    tally(contest, {1: 300, 2: 100, 24: 20})
    tally(contest, {1: 300, 2: 60}, region="9101011001")
    tally(contest, {2: 40}, region="9101011002")
    document = of_dapil()
    assert document["tie"] is None
    assert seats_of(document) == {1: 1, 2: 1, 24: 0}


def test_a_tie_of_candidates_is_settled_by_spread_or_told(world):
    contest = dapil(world, seats=1)
    tally(contest, {1: 300, (1, 1): 120, (1, 2): 120})
    mawar = of_dapil()["parties"][0]
    assert mawar["tie"] == {"among": [1, 2], "places": 1}
    assert [(one["elected"], one["tied"]) for one in mawar["candidates"]] == [(False, True), (False, True)]
    tally(contest, {1: 300, (1, 1): 120, (1, 2): 60}, region="9101011001")
    tally(contest, {(1, 2): 60}, region="9101011002")
    mawar = of_dapil()["parties"][0]
    assert mawar["tie"] is None
    assert [one["elected"] for one in mawar["candidates"]] == [False, True]


def test_a_party_without_enough_candidates_leaves_a_seat_vacant(world):
    tally(dapil(world, seats=3), {1: 300, (1, 1): 20})
    assert of_dapil()["parties"][0]["vacant"] == 1


# --- What could still change ----------------------------------------------------------------


def alert_of(**amounts):
    contest = Contest.objects.get(code="dpr-9101")
    if "stations" in amounts:
        Extent.objects.update(stations=amounts["stations"], dpt_known=amounts["stations"])
    tally(contest, {1: 3_000, 2: 1_600}, **amounts)
    return of_dapil()["alert"]


@pytest.fixture
def close(world):
    """The last of three seats is Mawar's with 1,000; Melati's next quotient is 533: 1,400 votes are missing."""
    dapil(world)
    extents.recount(world.election)  # five TPS of 250 voters
    return world


def test_the_margin_is_told_in_votes(close):
    assert alert_of()["margin"] == {"holder": 1, "rival": 2, "votes": 1_400}


def test_nothing_out_means_nothing_moves(close):
    alert = alert_of()
    assert {name: alert[name] for name in EVERYTHING} == EVERYTHING
    assert alert["seat_may_move"] is False


@pytest.mark.parametrize(("missing", "may"), [(5, False), (6, True)])
def test_tps_that_are_not_counted_may_move_a_seat_as_soon_as_their_ballots_are_enough(close, missing, may):
    """250 voters and 2 % more in each: 255, and one for rounding; 5 of them are 1,280, 6 are 1,536."""
    alert = alert_of(stations=20, counted=20 - missing, voters=20 * 250)
    assert (alert["stations"], alert["votes"]) == (missing, missing * 256)
    assert alert["seat_may_move"] is may


def test_disputed_tps_count_twice_for_they_can_take_and_give(close):
    """Two TPS: Mawar keeps 3,000 - 512 and Melati has at most 1,600 + 512. Three: 2,232 against 2,368."""
    alert = alert_of(disputed=2)
    assert (alert["disputed_stations"], alert["disputed_votes"], alert["seat_may_move"]) == (2, 512, False)
    assert alert_of(disputed=3)["seat_may_move"] is True


def test_the_bound_is_the_dpt_of_what_is_not_counted(world):
    one = counted(named={"counted": 3, "counted_disputed": 1, "voters_counted": 600}, stations=5, voters=1_300, known=5)
    out = seat_estimates.out_of(one)
    assert (out.stations, out.votes, out.bound) == (2, 716, "dpt")  # 700 * 1.02 + 2
    one = counted(named={"counted": 3, "counted_disputed": 1, "voters_counted": 750}, stations=5, voters=1_000, known=4)
    out = seat_estimates.out_of(one)
    assert (out.votes, out.bound, out.disputed, out.disputed_votes) == (512, "dpt", 1, 256)


def test_without_any_dpt_a_tps_has_as_many_voters_as_it_may_have():
    out = seat_estimates.out_of(
        counted(named={"counted": 3, "counted_disputed": 0, "voters_counted": 0}, stations=5, voters=0, known=0)
    )
    assert (out.votes, out.bound) == (614, "limit")


def counted(*, named, stations, voters, known):
    one = all_dapil.Dapil(Contest(), form_definitions.load("c-hasil-dpr"), (), stations, voters, known, 0, 0, None)
    one.__dict__["named"] = named
    return one


def test_the_dpt_of_overseas_and_unknown_tps_is_not_averaged_in(world):
    PollingStation.objects.filter(region="9101011002").update(registered_voters=None)
    extents.recount(world.election)
    contest = dapil(world)
    tally(contest, {1: 10}, stations=5, counted=4, voters=3 * 250, voters_counted=3 * 250)
    assert of_dapil()["alert"]["votes"] == 256


def test_a_party_near_the_threshold_is_named_everywhere(close):
    contest = Contest.objects.get(code="dpr-9101")
    tally(contest, {1: 5_000, 2: 4_640, 24: 360}, stations=40, counted=39, voters=40 * 250)
    document = council()
    assert [(p["number"], p["takes_part"], p["may_cross"]) for p in document["parties"]] == [
        (1, True, False),
        (2, True, False),
        (24, False, True),
    ]
    assert of_dapil()["may_cross"] == [24]
    tally(contest, {1: 5_000, 2: 4_640, 24: 360}, stations=40, voters=40 * 250)
    assert of_dapil()["may_cross"] == []


# --- Which council --------------------------------------------------------------------------


def test_dapil_belong_to_the_council_of_their_region(world):
    dapil(world, "kab-1", "dprd_kabko", seats=5, area=["910101"])
    dapil(world, "kab-2", "dprd_kabko", seats=4, area=["9101011001", "9101011002"])
    dapil(world, "prov-1", "dprd_prov", seats=7, area=["9101"])
    assert all_dapil.councils("contoh", "dprd_kabko") == [
        all_dapil.Council("9101", "Kabupaten Melati", "Contoh Raya", 2, 9)
    ]
    assert all_dapil.councils("contoh", "dprd_prov") == [all_dapil.Council("91", "Contoh Raya", "", 1, 7)]
    assert all_dapil.council_of("contoh", "kab-2") == ("dprd_kabko", "9101")
    assert [line["contest"]["code"] for line in council("dprd_kabko", "9101")["dapil"]] == ["kab-1", "kab-2"]


@pytest.mark.parametrize(
    ("election", "kind", "code"),
    [("contoh", "dpr", "91"), ("contoh", "ppwp", ""), ("contoh", "dprd_prov", "92"), ("lain", "dpr", "")],
)
def test_there_is_no_such_council(world, election, kind, code):
    dapil(world)
    with pytest.raises(NoSuchContest):
        seat_document.build(election, kind, code)


@pytest.mark.parametrize("contest", ["ppwp", "tidak-ada"])
def test_there_is_no_such_dapil(world, contest):
    with pytest.raises(NoSuchContest):
        seat_document.of_dapil("contoh", contest)


# --- Kept -----------------------------------------------------------------------------------


def test_council_and_dapil_are_of_one_reading_and_cost_nothing_again(world, django_assert_num_queries):
    contest = dapil(world)
    tally(contest, {1: 300, 2: 160})
    before = seat_document.of_council("contoh", "dpr").content
    tally(contest, {1: 300, 2: 10_000})
    seat_document.of_dapil("contoh", "dpr-9101")  # says once which council that is
    with django_assert_num_queries(0):
        now = seat_document.of_dapil("contoh", "dpr-9101")
        assert seats_of(now.content) == seats_of(before) == {1: 2, 2: 1, 24: 0}
        assert seat_document.of_dapil("contoh", "dpr-9101").etag == now.etag
    caches["documents"].clear()
    assert seats_of(seat_document.of_dapil("contoh", "dpr-9101").content) == {1: 0, 2: 3, 24: 0}


def test_few_queries_however_many_dapil(world, django_assert_num_queries):
    for number in range(1, 4):
        tally(
            dapil(world, f"dpr-{number}", area=[f"91010110{number:02d}"[:6] if number == 3 else "9101"]), {1: 9, 2: 1}
        )
    form_definitions.forget()
    with django_assert_num_queries(4):  # dapil, options, tallies, the council's name
        council()
    with django_assert_num_queries(3):  # the forms are known
        council()
    for contest in Contest.objects.filter(kind="dpr"):
        tally(contest, {1: 90, 2: 30, (1, 1): 5, (1, 2): 5}, stations=5)
        Contest.objects.filter(pk=contest.pk).update(seats=2)
    with django_assert_num_queries(5):  # parties are tied, and candidates
        council()


# --- 2024 -----------------------------------------------------------------------------------


@pytest.fixture
def official(world, shared):
    return of_2024(world, shared / "data")


def test_the_official_outcome_of_2024_comes_out_of_the_tallies(official, django_assert_num_queries):
    seats, elected = official
    form_definitions.forget()
    with django_assert_num_queries(4):
        found = seat_document.build("contoh", "dpr")
    said = {
        (code, party["number"]): party["seats"]
        for code, document in found["dapil"].items()
        for party in document["parties"]
    }
    equal = {code for code in found["dapil"] if all(said[which] == seats[which] for which in seats if which[0] == code)}
    assert (len(found["dapil"]), len(equal)) == (84, 84)
    chosen = {
        (code, party["number"], one["number"])
        for code, document in found["dapil"].items()
        for party in document["parties"]
        for one in party["candidates"]
        if one["elected"]
    }
    assert chosen == elected
    assert len(chosen) == 580
    document = found["council"]
    assert document["seats"] == {"all": 580, "given": 580, "tied": 0, "dapil_without_seats": 0}
    national = Counter()
    for (_code, party), many in seats.items():
        national[party] += many
    assert seats_of(document) == dict(national)
    assert document["dapil_open"] == 0
    assert [party["number"] for party in document["parties"] if party["may_cross"]] == []
