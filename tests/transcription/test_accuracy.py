"""Known answers: what they say of a person, and that no order and no luck of the draw says more."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from transcription import accuracy
from transcription.accuracy import Answers

FIELDS = st.integers(1, 28)
ANSWERS = st.lists(st.tuples(FIELDS, st.booleans()), max_size=60)


@pytest.mark.parametrize(("tasks", "honest"), [(2, 0.046), (3, 0.046), (20, 0.046), (100, 0.046), (100, 0.09)])
def test_wrong_ones_show_where_the_beta_posterior_lies_above_honest_people(tasks, honest):
    def certainty(wrong):
        steps = 20_000
        points = [(n + 0.5) / steps for n in range(steps)]
        weights = [x**wrong * (1 - x) ** (tasks - wrong) for x in points]
        return sum(w for x, w in zip(points, weights, strict=True) if x > honest) / sum(weights)

    enough = accuracy.wrong_that_show(tasks, honest)
    assert certainty(enough) >= accuracy.SURE > certainty(enough - 1)


def test_one_wrong_answer_shows_nobody():
    assert accuracy.wrong_that_show(1, 0.046) > 1


def test_trusts_own_bar_cannot_be_met_by_anybody():
    """TRUST T3 wants the lower bound at 0.95 after 20 gold tasks; 20 right ones of 20 come to 0.84."""
    everything = Answers(right=20, wrong=0)
    assert everything.interval[0] < 0.95
    assert not everything.below_the_bar


@given(ANSWERS, st.randoms())
def test_the_order_of_answers_says_nothing(answers, chance):
    turned = list(answers)
    chance.shuffle(turned)
    assert Answers.of(turned) == Answers.of(answers)


@given(ANSWERS)
def test_the_bar_is_what_the_posterior_says(answers):
    known = Answers.of(answers)
    assert known.below_the_bar == (known.worse >= accuracy.SURE and known.wrong > 1)


@given(ANSWERS, FIELDS)
def test_a_right_answer_never_makes_anybody_worse_and_a_wrong_one_never_better(answers, fields):
    known = Answers.of(answers)
    right, wrong = (
        Answers(known.right + 1, known.wrong, known.honest),
        Answers(known.right, known.wrong + 1, known.honest),
    )
    assert right.mean > known.mean > wrong.mean
    assert right.interval[0] > known.interval[0] > wrong.interval[0]
    assert right.worse < known.worse < wrong.worse or known.worse > 1 - 1e-9


@given(ANSWERS)
def test_the_interval_is_around_the_mean(answers):
    known = Answers.of(answers)
    low, high = known.interval
    assert 0 <= low < known.mean < high <= 1


@given(FIELDS)
def test_one_wrong_answer_pauses_nobody_whatever_the_page(fields):
    assert not Answers.of([(fields, False)]).below_the_bar


@given(st.integers(2, 40), FIELDS)
def test_longer_pages_forgive_more(wrong, fields):
    short, long = (Answers.of([(many, False)] * wrong) for many in (fields, fields + 1))
    assert short.worse >= long.worse - 1e-12


def test_nobody_knows_anything_of_who_answered_nothing():
    assert (Answers.of([]).mean, Answers.of([]).known) == (0.5, 0)
    assert not Answers.of([]).below_the_bar
