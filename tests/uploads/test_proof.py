"""Challenges that are forged, late, somebody else's or used, and nonces that solve nothing."""

import hashlib
import itertools
from concurrent.futures import ThreadPoolExecutor

import pytest

from uploads import proof
from uploads.proof import Paid

pytestmark = pytest.mark.django_db

NOON = 1_865_000_000.0


@pytest.fixture(autouse=True)
def easy(monkeypatch):
    """Python is slow at this, and the arithmetic is the same."""
    monkeypatch.setattr(proof, "BITS", 8)


@pytest.fixture
def device(world):
    return world.device()


def solved(challenge: str) -> Paid:
    return Paid(f"{challenge}:{next(str(n) for n in itertools.count() if proof.solves(challenge, str(n)))}")


def test_a_hash_begins_with_so_many_zero_bits(monkeypatch):
    digits = hashlib.sha256(b"abc:1").hexdigest()
    zeros = len(bits := f"{int(digits, 16):0256b}") - len(bits.lstrip("0"))
    monkeypatch.setattr(proof, "BITS", zeros)
    assert proof.solves("abc", "1")
    monkeypatch.setattr(proof, "BITS", zeros + 1)
    assert not proof.solves("abc", "1")


def test_a_solved_challenge_is_good_once(device):
    paid = solved(proof.challenge_for(device, now=NOON))
    assert proof.is_good(paid, device, NOON + 1)
    assert not proof.is_good(paid, device, NOON + 1)
    assert not proof.is_good(paid, device, NOON + 599)


def test_it_is_good_for_ten_minutes(device):
    assert proof.is_good(solved(proof.challenge_for(device, now=NOON)), device, NOON + 599)
    assert not proof.is_good(solved(proof.challenge_for(device, now=NOON)), device, NOON + 600)


def test_it_is_good_for_the_device_it_was_given_to(device, world):
    paid = solved(proof.challenge_for(device, now=NOON))
    assert not proof.is_good(paid, world.device(), NOON + 1)
    assert proof.is_good(paid, device, NOON + 1)


def test_what_is_forged(device):
    challenge = proof.challenge_for(device, now=NOON)
    ready, until, random, signature = challenge.split(".")
    forged = [
        "",
        ":",
        ":1",
        "x:1",
        "." * 9,
        f"{ready}.{until}.{random}",
        f"{ready}.{int(until) + 60}.{random}.{signature}",
        f"{ready}.{until}.{random}x.{signature}",
        f"{ready}.{until}.{random}.{signature[:-1]}",
        f"{ready}.{until}.{random}.{signature}\x00",
    ]
    for text in forged:
        assert not proof.is_good(solved(text), device, NOON + 1), text
        assert not proof.is_good(Paid(text, by_form=True), device, NOON + 31), text
    wrong = next(str(n) for n in itertools.count() if not proof.solves(challenge, str(n)))
    assert not proof.is_good(Paid(f"{challenge}:{wrong}"), device, NOON + 31)
    assert not proof.is_good(Paid(f"{challenge}:{wrong}", by_form=True), device, NOON + 31)
    assert proof.is_good(solved(challenge), device, NOON + 1)


def test_a_form_may_wait_instead_and_a_program_may_not(device):
    challenge = proof.challenge_for(device, lives=proof.LIVES_IN_A_FORM, now=NOON)
    assert not proof.is_good(Paid(challenge, by_form=True), device, NOON + 29)
    assert not proof.is_good(Paid(challenge), device, NOON + 31)
    assert proof.is_open(challenge, device, NOON + 31)
    assert proof.is_good(Paid(challenge, by_form=True), device, NOON + 30)
    assert not proof.is_open(challenge, device, NOON + 31)
    assert not proof.is_good(Paid(challenge, by_form=True), device, NOON + 31)


def test_a_form_lives_an_hour(device):
    challenge = proof.challenge_for(device, lives=proof.LIVES_IN_A_FORM, now=NOON)
    assert proof.is_open(challenge, device, NOON + 3599)
    assert not proof.is_open(challenge, device, NOON + 3600)
    assert not proof.is_good(Paid(challenge, by_form=True), device, NOON + 3600)


def test_fifty_at_once_use_it_once(device):
    paid = solved(proof.challenge_for(device))
    with ThreadPoolExecutor(50) as crowd:
        assert sum(crowd.map(lambda _: proof.is_good(paid, device), range(50))) == 1


def test_without_redis_it_is_good(device, settings):
    settings.REDIS_URL = "redis://127.0.0.1:1/0"
    paid = solved(proof.challenge_for(device, now=NOON))
    assert proof.is_good(paid, device, NOON + 1)
    assert not proof.is_good(Paid(paid.text + "x"), device, NOON + 1)
