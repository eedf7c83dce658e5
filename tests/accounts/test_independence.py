"""Who is of whose circle."""

import datetime
from itertools import combinations

import pytest
import time_machine

from accounts import independence
from accounts.models import Role, Sighting, User
from tests.world import build

pytestmark = pytest.mark.django_db


@pytest.fixture
def world():
    return build()


def test_strangers_are_independent(world):
    sari, budi = world.person("Sari"), world.person("Budi")
    independence.record_sighting(sari, world.device(), "aa")
    independence.record_sighting(budi, world.device(), "bb")
    assert not independence.related(sari.pk, budi.pk)
    assert independence.circle_of([sari.pk]) == {sari.pk}


def test_two_people_on_one_phone(world, django_assert_num_queries):
    sari, siti, phone = world.person("Sari"), world.person("Siti"), world.device()
    independence.record_sighting(sari, phone, "aa")
    independence.record_sighting(siti, phone, "bb")
    with django_assert_num_queries(1):
        assert independence.related(sari.pk, siti.pk)
    with django_assert_num_queries(1):
        assert independence.circle_of([], devices=[phone.pk]) == {sari.pk, siti.pk}


def test_the_phone_of_yesterday_still_counts_the_block_does_not(world):
    sari, siti, budi, phone = world.person("Sari"), world.person("Siti"), world.person("Budi"), world.device()
    with time_machine.travel("2029-02-14T05:00Z"):
        independence.record_sighting(sari, phone, "aa")
        independence.record_sighting(budi, world.device(), "aa")
        assert independence.circle_of([sari.pk]) == {sari.pk, budi.pk}
        assert independence.circle_of([], address_blocks=["aa", ""]) == {sari.pk, budi.pk}
    with time_machine.travel("2029-02-15T05:00Z"):
        independence.record_sighting(siti, phone, "aa")
        assert independence.circle_of([sari.pk]) == {sari.pk, siti.pk}


def test_an_unknown_block_relates_nobody(world):
    sari, budi = world.person("Sari"), world.person("Budi")
    independence.record_sighting(sari, world.device(), "")
    independence.record_sighting(budi, world.device(), "")
    assert not independence.related(sari.pk, budi.pk)
    assert independence.circle_of([], address_blocks=[""]) == set()


def test_people_seen_without_a_device_are_not_one_device(world):
    sari, budi = world.person("Sari"), world.person("Budi")
    independence.record_sighting(sari, None, "")
    independence.record_sighting(budi, None, "")
    assert not independence.related(sari.pk, budi.pk)


def test_the_line_of_invitations(world, django_assert_num_queries):
    operator = world.person("Oka", Role.OPERATOR)  # whom they invite is in nobody's line (`invitations.accept`)
    sari, stranger = world.person("Sari"), world.person("Budi")
    tono = world.person("Tono", invited_by=sari)
    tini = world.person("Tini", invited_by=sari)
    uli = world.person("Uli", invited_by=tono)
    line = {sari.pk, tono.pk, tini.pk, uli.pk}
    assert independence.circle_of([sari.pk]) == line
    assert independence.circle_of([uli.pk]) == {sari.pk, tono.pk, uli.pk}
    assert independence.circle_of([tini.pk]) == {sari.pk, tono.pk, tini.pk}
    assert independence.circle_of([stranger.pk]) == {stranger.pk}
    with django_assert_num_queries(1):
        pairs = independence.invited_pairs([operator.pk, stranger.pk, *line])
    assert pairs == {
        (sari.pk, tono.pk),
        (sari.pk, tini.pk),
        (sari.pk, uli.pk),
        (tono.pk, tini.pk),
        (tono.pk, uli.pk),
    }


@pytest.mark.parametrize("role", Role.values)
def test_a_line_stays_whatever_becomes_of_who_invited(world, role):
    sari = world.person("Sari")
    guests = [world.person(name, invited_by=sari).pk for name in ("Tono", "Tini")]
    User.objects.filter(pk=sari.pk).update(role=role)
    assert independence.circle_of(guests[:1]) == {sari.pk, *guests}
    assert independence.invited_pairs([sari.pk, *guests]) == set(combinations(sorted([sari.pk, *guests]), 2))


def test_a_line_that_bites_its_tail_ends(world):
    sari = world.person("Sari")
    siti = world.person("Siti", invited_by=sari)
    sari.invited_by = siti
    sari.save()
    assert independence.circle_of([sari.pk]) == {sari.pk, siti.pk}
    assert independence.invited_pairs([sari.pk, siti.pk]) == {(sari.pk, siti.pk)}


def test_a_second_sighting_on_one_day_changes_nothing(world, django_assert_num_queries):
    sari, phone = world.person("Sari"), world.device()
    for _ in range(2):
        with django_assert_num_queries(1):
            independence.record_sighting(sari, phone, "aa")
    assert Sighting.objects.count() == 1


def test_sightings_are_forgotten_after_a_week(world):
    sari, budi, phone = world.person("Sari"), world.person("Budi"), world.device()
    with time_machine.travel("2029-02-01T05:00Z"):
        independence.record_sighting(sari, phone, "aa")
    with time_machine.travel("2029-02-14T05:00Z"):
        independence.record_sighting(budi, phone, "bb")
        assert independence.circle_of([budi.pk]) == {budi.pk}
        assert independence.forget_old_sightings() == 1
    assert Sighting.objects.get().day == datetime.date(2029, 2, 14)
