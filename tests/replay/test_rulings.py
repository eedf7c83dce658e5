"""The simulated adjudicator accepts what is right and was read, and nothing else."""

from pemantau.replay.rulings import ruling_on
from pemantau.replay.shots import KOSONG, Shot

RIGHT = {"paslon_1": 120, "paslon_2": 7, "paslon_3": KOSONG}
SHOT = Shot("9101011001001", 1, 2, RIGHT, bytes)


def entry(numbers=None, *, page=2, counts=True, **slip):
    return {"page": page, "numbers": {**(numbers or RIGHT), **slip}, "counts": counts}


def test_right_numbers_may_come_from_several_readers():
    case = {"entries": [entry(paslon_1=102), entry(paslon_2=1)]}
    assert ruling_on(SHOT, case) == {"verdict": "accept", "reason": "one_slipped", "page": 2, "numbers": RIGHT}


def test_what_nobody_read_is_read_again():
    assert ruling_on(SHOT, {"entries": [entry(paslon_1=102), entry(paslon_1=210)]})["verdict"] == "reopen"


def test_another_page_a_problem_or_an_old_reading_carry_nothing():
    blurred = {"page": None, "numbers": None, "counts": True}
    case = {"entries": [entry(page=3), entry(counts=False), blurred]}
    assert ruling_on(SHOT, case)["verdict"] == "reopen"
