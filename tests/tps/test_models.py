"""The tables refuse what cannot be: regions out of place, TPS with a foreign code, two current elections."""

import datetime

import pytest
from django.db import IntegrityError, connection, transaction

from tps.models import Contest, Election, Option, PollingStation, Region, above


def region(code, parent, level, name="Contoh"):
    return lambda world: Region.objects.create(code=code, parent_id=parent, level=level, name=name)


def station(code, region, number, voters=250):
    return lambda world: PollingStation.objects.create(
        election=world.election, code=code, region_id=region, number=number, registered_voters=voters
    )


@pytest.mark.parametrize(
    ("make", "constraint"),
    [
        (region("92", "91", 1), "region_lies_in_its_parent"),
        (region("9201", "91", 2), "region_lies_in_its_parent"),
        (region("910102", "9101", 2), "region_lies_in_its_parent"),
        (region("9101011009", "9101", 4), "region_lies_in_its_parent"),
        (region("91010A", "9101", 3), "region_lies_in_its_parent"),
        (region("92", None, 1), "region_lies_in_its_parent"),
        (region("92", "", 5), "region_has_a_level_from_0_to_4"),
        (region("92", "", 0), "only_the_nation_is_on_top"),
        (region("92", "", 1, name=""), "region_has_a_name"),
        (station("9101011001001", "9101011001", 1), "one_tps_per_election_and_code"),
        (station("9101011002009", "9101011001", 9), "tps_code_is_village_and_number"),
        (station("9101011001008", "9101011001", 9), "tps_code_is_village_and_number"),
        (station("9101011001009", "9101011001", 9, voters=-1), "tps_has_a_believable_dpt"),
        (station("91010110011000", "9101011001", 1000), "value too long"),
        (
            lambda world: Election.objects.create(code="b", name="B", date=datetime.date(2029, 1, 1), is_current=True),
            "one_current_election",
        ),
        (
            lambda world: Election.objects.create(code="B b", name="B", date=datetime.date(2029, 1, 1)),
            "election_code_is_a_plain_word",
        ),
        (
            lambda world: Contest.objects.create(election=world.election, code="ppwp", kind="ppwp", name="x", form="x"),
            "one_contest_per_election_and_code",
        ),
        (
            lambda world: Contest.objects.create(election=world.election, code="rt", kind="rt", name="x", form="x"),
            "contest_is_of_a_known_kind",
        ),
        (lambda world: Option.objects.create(contest=world.contest, number=3, name="x"), "one_option_per_number"),
        (lambda world: Option.objects.create(contest=world.contest, number=0, name="x"), "option_has_a_ballot_number"),
    ],
)
def test_the_table_refuses(world, make, constraint):
    with pytest.raises(Exception, match=constraint) as refused, transaction.atomic():
        make(world)
    assert isinstance(refused.value, IntegrityError) or "too long" in constraint


def test_a_special_tps_and_one_of_unknown_dpt_are_fine(world):
    assert str(station("9101011001901", "9101011001", 901, voters=0)(world)) == "TPS 901"
    assert station("9101011001902", "9101011001", 902, voters=None)(world).registered_voters is None


def test_nothing_that_carries_others_can_be_deleted(world):
    for thing in (world.election, Region.objects.get(code="910101"), world.contest):
        with pytest.raises(Exception, match="protected"):
            thing.delete()


def test_the_regions_above_a_code():
    assert above("9101011001001") == ["", "91", "9101", "910101", "9101011001"]
    assert above("9101") == ["", "91"]
    assert above("") == []


def test_a_candidates_party_is_of_the_same_contest(world):
    dpr = Contest.objects.create(election=world.election, code="dpr", kind="dpr", name="DPR", form="c-hasil-dpr")
    paslon = Option.objects.get(contest=world.contest, number=1)
    Option.objects.create(contest=dpr, party=paslon, number=1, name="X")
    with pytest.raises(IntegrityError, match="party_is_of_the_same_contest"), connection.cursor() as cursor:
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
