"""Two pages of a TPS that do not add up: one more reader looks at each, and whoever reads otherwise makes a case."""

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from aggregation import audit
from aggregation.models import Result
from pemantau import pipeline
from tests.transcription.reading import decision_of, photo_of, reads, rejects, rules, takes, task_of
from transcription import consensus, doubts
from transcription.models import Task

pytestmark = pytest.mark.django_db

VOTES = {"paslon_1": 101, "paslon_2": 88, "paslon_3": 31}
SUMS = {"suara_sah": 220, "suara_tidak_sah": 5, "suara_total": 225}
MISREAD = VOTES | {"paslon_1": 107}


def agreed(world, page: int, numbers: dict, names=("Sari", "Budi")):
    """A photo of that page that two people read alike, and recorded."""
    photo = photo_of(world, page=page)
    for name in names:
        reads(world, name, photo, page, **numbers)
    pipeline.record(str(photo.pk))
    return photo


def asked(photo) -> tuple[bool, int, str]:
    task = task_of(photo)
    return task.in_doubt, task.wants, task.why


@pytest.fixture
def pages(world):
    """The votes as two people misread them, and the sums of the same paper."""
    return agreed(world, 2, MISREAD), agreed(world, 3, SUMS, ("Tono", "Umi"))


def test_pages_that_add_up_are_left_alone(world):
    photos = agreed(world, 2, VOTES), agreed(world, 3, SUMS, ("Tono", "Umi"))
    assert [asked(photo) for photo in photos] == [(False, 0, "")] * 2


def test_one_more_reader_looks_at_both_and_what_stands_stands(world, pages):
    assert [asked(photo) for photo in pages] == [(True, 1, "")] * 2
    assert Result.objects.get().numbers == MISREAD | SUMS
    assert {takes(world, name).task_id for name in ("Gita", "Hadi")} == {photo.pk for photo in pages}
    assert takes(world, "Indra") is None


def test_none_of_those_who_read_it_is_given_it(world, pages):
    Task.objects.filter(pk=pages[1].pk).update(wants=0)
    assert takes(world, "Sari") is None
    assert takes(world, "Budi") is None


def test_who_reads_the_same_settles_it_and_it_is_asked_once(world, pages):
    votes, sums = pages
    for photo, page, numbers in ((votes, 2, MISREAD), (sums, 3, SUMS)):
        before = decision_of(photo).pk
        reads(world, f"Third{page}", photo, page, **numbers)
        assert asked(photo) == (True, 0, "")
        assert decision_of(photo).pk == before
        pipeline.record(str(photo.pk))
        photo.refresh_from_db()
        assert (asked(photo), photo.step) == ((True, 0, ""), "done")
    assert takes(world, "Gita") is None
    assert Result.objects.get().broken_rules == ["R3"]


def test_who_reads_otherwise_brings_it_before_an_adjudicator(world, pages):
    votes, sums = pages
    reads(world, "Third", votes, 2, **VOTES)
    assert asked(votes) == (True, 0, "sum")
    assert decision_of(votes).numbers == MISREAD  # until somebody looks
    for name in ("Vera", "Wayan"):  # who replace what stands together
        assert decision_of(votes).numbers == MISREAD
        rules(world, name, votes, "accept", numbers=VOTES, page=2)
    assert (decision_of(votes).numbers, asked(votes)[1:]) == (VOTES, (0, ""))
    pipeline.record(str(votes.pk))
    assert Result.objects.get().broken_rules == []
    assert asked(sums) == (True, 1, "")  # it had been asked already
    reads(world, "Fourth", sums, 3, **SUMS)
    assert asked(sums) == (True, 0, "")


def test_who_sees_a_problem_there_does_so_too(world, pages):
    reads(world, "Third", pages[0], problem="blurred")
    assert asked(pages[0]) == (True, 0, "sum")
    rejects(world, pages[0], "blurred")
    assert decision_of(pages[0]).outcome == "rejected"
    assert asked(pages[0])[1:] == (0, "")


def test_what_an_adjudicator_settled_is_not_doubted(world):
    photo = photo_of(world)
    for name, numbers in (("Sari", VOTES), ("Budi", MISREAD)):
        reads(world, name, photo, **numbers)
    Task.objects.filter(pk=photo.pk).update(needs_adjudicator=True, why="reported", case_since="2029-02-14T00:00Z")
    rules(world, "Vera", photo, "accept", numbers=MISREAD, page=2)
    pipeline.record(str(photo.pk))
    agreed(world, 3, SUMS, ("Tono", "Umi"))
    assert asked(photo) == (False, 0, "")


def test_a_page_that_breaks_its_own_sum_had_its_third_reader_already(world):
    copy = {"paslon_1": 107, "paslon_2": 88, "paslon_3": 31, **SUMS}
    photo = agreed(world, 12, copy, ("Sari", "Budi", "Tono"))
    assert (decision_of(photo).broken_rules, asked(photo)) == (["R3"], (False, 0, ""))


def test_it_is_no_known_answer_any_longer(world):
    photo, sums = agreed(world, 2, MISREAD), photo_of(world, page=3)
    for name in ("Tono", "Umi"):
        reads(world, name, sums, 3, **SUMS)
    Task.objects.filter(pk=photo.pk).update(gold=10, gold_since="2029-02-14T00:00Z")
    pipeline.record(str(sums.pk))
    assert task_of(photo).gold == 0


def test_a_doubt_survives_that_it_is_decided_again(world, pages):
    assert pipeline.decide_again(pages[0].pk) is None
    assert asked(pages[0]) == (True, 1, "")


def doubted_while_it_is_decided(world, monkeypatch):
    """A photo that two people read alike, doubted between the look at it and what comes of that."""
    photo, previews = agreed(world, 2, MISREAD), consensus.previews

    def and_then_it_is_doubted(photos):
        found = previews(photos)
        monkeypatch.setattr(consensus, "previews", previews)
        doubts.ask([photo.pk])
        return found

    monkeypatch.setattr(consensus, "previews", and_then_it_is_doubted)
    return photo


def test_a_doubt_survives_that_it_is_being_decided(world, monkeypatch):
    photo = doubted_while_it_is_decided(world, monkeypatch)
    pipeline.decide_again(photo.pk)
    assert asked(photo) == (True, 1, "")


def test_what_an_adjudicator_settles_meanwhile_is_asked_of_nobody(world, monkeypatch):
    photo = doubted_while_it_is_decided(world, monkeypatch)
    rules(world, "Vera", photo, "accept", page=2, numbers=MISREAD)
    assert asked(photo) == (True, 0, "")


def test_the_audit_finds_nothing_to_say(world, pages):
    reads(world, "Third", pages[0], 2, **VOTES)
    assert list(audit.decisions()) == []


def test_it_costs_two_statements_more_where_it_does_not_add_up(world):
    def cost(photo) -> int:
        with CaptureQueriesContext(
            connection,
        ) as captured:
            pipeline.record(str(photo.pk))
        return len(captured)

    def decided(station: str, page: int, numbers: dict):
        photo = photo_of(world, station, page=page)
        for name in (f"One{page}", f"Two{page}"):
            reads(world, name, photo, page, **numbers)
        return photo

    costs = []
    for station, votes in (("9101011001001", VOTES), ("9101011001002", MISREAD)):
        pipeline.record(str(decided(station, 2, votes).pk))
        costs.append(cost(decided(station, 3, SUMS)))
    assert costs[1] == costs[0] + 2
