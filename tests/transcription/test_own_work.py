"""What readers are told of their own work, and when: never which task had a known answer before its time."""

import re
from datetime import date, timedelta

import pytest
from django.db import connection

from aggregation import publication
from pemantau import pipeline
from tests.pages import numbers
from tests.transcription.reading import VOTES, browser_of, given, photo_of, reads, rules, sends, takes, task_of
from tests.transcription.test_gold import known
from transcription import own_work, queue
from transcription.entries import Reading
from transcription.models import Entry, GoldReading, Task
from uploads.models import PageTag

HERE, THERE = "9101011001001", "9101011002001"
FIGURES = re.compile(r'stat__value">([^<]*)<')


@pytest.fixture(autouse=True)
def drawn(monkeypatch):
    draws = {"next": 1.0}
    monkeypatch.setattr(queue, "draw", lambda: draws["next"])
    return draws


def later(hours: float = 6.01) -> None:
    """As if all that was read had been read so much earlier."""
    for table in ("transcription_entry", "transcription_goldreading"):
        unguarded(table, f"UPDATE {table} SET created_at = created_at - make_interval(secs => %s)", hours * 3600)


def unguarded(table: str, statement: str, *values: object) -> None:
    """As somebody who owns the table: readings are never edited."""
    with connection.cursor() as cursor:
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
        cursor.execute(f"ALTER TABLE {table} DISABLE TRIGGER USER")
        cursor.execute(statement, values)
        cursor.execute(f"ALTER TABLE {table} ENABLE TRIGGER USER")
        cursor.execute("SET CONSTRAINTS ALL DEFERRED")


def answers(world, drawn, reading: Reading, name: str = "Sari", station: str = HERE):
    """This person is given a task with a known answer and says this."""
    photo = known(world, station=station)
    photo_of(world, THERE)
    drawn["next"] = 0.0
    lease = takes(world, name)
    drawn["next"] = 1.0
    assert lease.gold_id is not None
    sends(lease, reading)
    return photo


def page(world, name: str = "Sari") -> str:
    return browser_of(world, name).get("/baca/belajar/").content.decode()


WRONG = Reading(2, VOTES | {"paslon_1": 107})


# --- The counts -------------------------------------------------------------------------------


def test_how_much_is_told_at_once_and_how_well_only_later(world):
    photo = photo_of(world)
    reads(world, "Sari", photo)
    reads(world, "Budi", photo)
    assert FIGURES.findall(page(world)) == ["1", "0", "1"]
    later()
    assert FIGURES.findall(page(world)) == ["1", "1", "1"]
    assert "dari 1 yang sudah diputuskan" in page(world)


def test_what_is_undecided_is_neither_right_nor_wrong(world):
    reads(world, "Sari", photo_of(world))
    later()
    work = own_work.of(world.person("Sari"))
    assert (work.read, work.compared, work.confirmed) == (1, 0, 0)


@pytest.mark.parametrize("is_known", [True, False], ids=["known answer", "any other"])
@pytest.mark.parametrize("is_right", [True, False], ids=["right", "wrong"])
def test_a_known_answer_moves_the_counts_as_any_other_reading_does(world, drawn, is_known, is_right):
    reading = Reading(2, dict(VOTES)) if is_right else WRONG
    if is_known:
        answers(world, drawn, reading)
    else:
        photo = photo_of(world)
        sends(given(world, "Sari", photo), reading)
        for name in ("Budi", "Citra"):
            if task_of(photo).wants:
                reads(world, name, photo)
    assert FIGURES.findall(page(world)) == ["1", "0", "1"]
    later(5.9)
    assert FIGURES.findall(page(world))[:2] == ["1", "0"]
    assert "dari 0 yang sudah diputuskan" in page(world)
    later(0.2)
    assert FIGURES.findall(page(world))[:2] == ["1", "1" if is_right else "0"]
    assert "dari 1 yang sudah diputuskan" in page(world)


TODAY = date(2029, 2, 16)


@pytest.mark.parametrize(
    ("ago", "row"),
    [([], 0), ([0], 1), ([1], 1), ([2], 0), ([0, 1, 2], 3), ([1, 2], 2), ([0, 2, 3], 1), ([0, 1, 3], 2)],
)
def test_days_in_a_row_end_today_or_yesterday(ago, row):
    assert own_work.days_in_a_row([TODAY - timedelta(days=days) for days in ago], TODAY) == row


def test_a_day_is_one_of_jakarta(world, monkeypatch):
    """Half past four in the afternoon and half past five, UTC, are two days there."""
    for station, at in ((HERE, "2029-02-14T16:30Z"), ("9101011001002", "2029-02-14T17:30Z")):
        entry = reads(world, "Sari", photo_of(world, station))
        table = "transcription_entry"
        unguarded(table, f"UPDATE {table} SET created_at = %s WHERE id = %s", at, entry.pk)
    monkeypatch.setattr(own_work.timezone, "localdate", lambda: date(2029, 2, 15))
    assert own_work.of(world.person("Sari")).days == 2


# --- Accuracy ---------------------------------------------------------------------------------


def test_an_accuracy_is_told_with_its_interval_and_not_before_there_are_enough(world, drawn, monkeypatch):
    answers(world, drawn, Reading(2, dict(VOTES)))
    assert "di antaranya Anda baca benar" not in page(world)
    later()
    assert "1 sejauh ini. 1 di antaranya Anda baca benar" in page(world)
    assert "terlalu sedikit untuk menyebut ketepatan" in page(world)
    monkeypatch.setattr(own_work, "ENOUGH", 1)
    assert "di antara 15,8\u00a0% dan 98,7\u00a0%" in page(world)


# --- Lessons ----------------------------------------------------------------------------------


def test_what_was_misread_is_told_after_its_time_with_what_the_paper_says(world, drawn):
    photo = answers(world, drawn, WRONG)
    PageTag.objects.create(
        photo=photo, reader=1, tag=2, turn=0, corners=[0.0] * 8, edge=1.0,
        boxes=[700, 300, 800, 300, 700, 330, 700, 500, 800, 500, 700, 530, 700, 700, 800, 700, 700, 730],
    )  # fmt: skip
    later(5.9)
    assert "107" not in numbers(page(world))
    assert str(photo.pk) not in page(world)
    later(0.2)
    shown = page(world)
    assert "Anda mengetik <strong>107</strong>, di kertas tertulis <strong>101</strong>." in shown
    assert shown.count("Anda mengetik") == 1
    assert f'href="/foto/{photo.pk}/"' in shown
    assert "107" not in numbers(page(world, "Budi"))


def test_a_right_answer_is_only_counted_and_a_zero_is_an_empty_box(world, drawn):
    photo = photo_of(world)
    for name in ("Gita", "Hadi"):
        reads(world, name, photo, **VOTES | {"paslon_3": 0})
    pipeline.record(str(photo.pk))
    Task.objects.filter(pk=photo.pk).update(gold=10, gold_since="2029-02-14T00:00Z")
    photo_of(world, THERE)
    person = world.person("Sari")
    drawn["next"] = 0.0
    lease = takes(world, "Sari")
    sends(lease, Reading(2, VOTES | {"paslon_2": 80, "paslon_3": "kosong"}))
    later()
    (lesson,) = own_work.lessons(person)
    assert [(one.typed, one.written) for one in lesson.differences] == [(80, 88)]


@pytest.mark.parametrize(
    ("reading", "said"),
    [
        (Reading(None, None, "blurred"), "Anda melaporkan: buram. Angka di foto ini dapat dibaca."),
        (Reading(3, {"suara_sah": 1, "suara_tidak_sah": 1, "suara_total": 2}), "Anda memilih halaman 3; yang terlihat"),
    ],
)
def test_a_problem_or_another_page_is_a_lesson_without_numbers(world, drawn, reading, said):
    answers(world, drawn, reading)
    later()
    assert said in page(world)


def test_another_tps_is_a_lesson_that_names_the_one_on_the_paper(world, drawn):
    photo = photo_of(world)
    for name in ("Gita", "Hadi"):
        sends(given(world, name, photo), Reading(2, dict(VOTES), tps=HERE))
    Task.objects.filter(pk=photo.pk).update(gold=1, gold_since="2029-02-14T00:00Z")
    photo_of(world, THERE)
    world.person("Sari")
    drawn["next"] = 0.0
    sends(takes(world, "Sari"), Reading(2, dict(VOTES), tps="9101011001002"))
    later()
    assert "Anda memilih TPS lain; di kertas tertulis <strong>TPS 001, Desa 1</strong>." in page(world)


@pytest.mark.parametrize("what", ["reopened", "withdrawn"])
def test_what_no_longer_stands_or_is_not_public_teaches_nothing(world, drawn, what):
    photo = answers(world, drawn, WRONG)
    if what == "reopened":
        rules(world, "Wawan", photo, "reopen", "look_again")
    else:
        unguarded("uploads_photo", "UPDATE uploads_photo SET withdrawn_at = now() WHERE id = %s", photo.pk)
    later()
    assert own_work.lessons(world.person("Sari")) == []
    assert "107" not in numbers(page(world))


def test_nothing_of_an_undecided_photo_is_shown(world):
    photo = photo_of(world)
    sends(given(world, "Sari", photo), WRONG)
    reads(world, "Budi", photo)
    later()
    shown = page(world)
    assert not {"101", "107"} & numbers(shown)
    assert str(photo.pk) not in shown


def test_queries(world, drawn, django_assert_num_queries):
    """Session, account, two for the counts, one for the lessons and one for where their boxes are."""
    answers(world, drawn, WRONG)
    later()
    browser = browser_of(world, "Sari")
    browser.get("/baca/belajar/")
    with django_assert_num_queries(6):
        browser.get("/baca/belajar/")
    assert GoldReading.objects.count() == 1
    assert Entry.objects.count() == 2


def test_the_reading_page_says_where_photos_wait(world, django_assert_num_queries):
    photo_of(world)
    publication.confirm(world.contest)
    browser = browser_of(world, "Sari")
    assert "Foto yang menunggu dibaca, terbanyak di" in browser.get("/baca/").content.decode()
    with django_assert_num_queries(3):  # session, account, what they hold: the rest is a published document
        browser.get("/baca/")
