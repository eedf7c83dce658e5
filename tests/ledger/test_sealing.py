"""Readings stand sealed until their decision opens them."""

from uuid import UUID

import pytest

from ledger import kinds, sealing
from tests.ledger.samples import B, sample

NUMBERS = {"paslon_1": 101, "paslon_2": "kosong"}


def said(**other):
    return sealing.what_was_read(**({"page": 2, "numbers": NUMBERS, "problem": ""} | other))


def test_what_was_sealed_is_what_is_opened():
    salt = sealing.new_salt()
    sealed = sealing.seal(salt, said())
    opened = sealing.opening(UUID(B), salt, said())
    assert sealing.fits(opened, sealed)
    kinds.check("reading", sample("reading", sealed=sealed))
    kinds.check("decision", sample("decision", opens=[opened]))


@pytest.mark.parametrize(
    "other",
    [{"page": 3}, {"numbers": NUMBERS | {"paslon_1": 100}}, {"numbers": None, "problem": "blurred"}],
)
def test_nothing_else_can_be_opened(other):
    salt = sealing.new_salt()
    sealed = sealing.seal(salt, said())
    assert not sealing.fits(sealing.opening(UUID(B), salt, said(**other)), sealed)
    assert not sealing.fits(sealing.opening(UUID(B), sealing.new_salt(), said()), sealed)


def test_the_order_of_fields_does_not_matter():
    salt = sealing.new_salt()
    turned = dict(reversed(NUMBERS.items()))
    assert sealing.seal(salt, said()) == sealing.seal(salt, said(numbers=turned))


def test_the_same_numbers_look_different_each_time():
    assert sealing.seal(sealing.new_salt(), said()) != sealing.seal(sealing.new_salt(), said())


@pytest.mark.parametrize("page", [None, 2])
def test_a_problem_can_be_sealed_with_and_without_its_page(page):
    opened = sealing.opening(UUID(B), sealing.new_salt(), said(page=page, numbers=None, problem="blurred"))
    kinds.check("decision", sample("decision", opens=[opened]))
