"""Practising: three drawn forms, judged here, of which nothing counts."""

import pytest
from django.db import connection

from accounts.models import User
from ledger.models import Event
from tests.pages import numbers
from tests.transcription.reading import browser_of, photo_of
from transcription import practice
from transcription.models import Entry, Lease, PracticeResult, Task

RIGHT = {number: dict(form.numbers) for number, form in practice.FORMS.items()}


@pytest.fixture
def sari(world):
    """New here: has accepted the terms, and nothing more."""
    world.person("Sari", practised_at=None, established_at=None)
    return browser_of(world, "Sari")


def filled(page: int, numbers: dict, **more) -> dict[str, str]:
    sent = {"halaman": str(page), "desa": "3", "tps": "7"} | more
    for key, value in numbers.items():
        sent |= {f"tanda-{key}": value} if isinstance(value, str) else {f"angka-{key}": str(value)}
    return sent


def tries(browser, number: int, desa: str = "3", tps: str = "7", **other):
    """Sends what stands on the paper, but for `other`; sums that do not fit are confirmed."""
    numbers = RIGHT[number] | other
    page = practice.FORMS[number].page
    confirmed = " ".join([str(page), *(f"{key}={value}" for key, value in sorted(numbers.items()))])
    return browser.post(f"/latihan/{number}/", filled(page, numbers, sesuai=confirmed, desa=desa, tps=tps))


def person() -> User:
    return User.objects.get(email="sari@contoh.test")


def test_nobody_takes_a_photo_before_they_have_practised(world, sari):
    photo_of(world)
    assert sari.get("/baca/").url == "/latihan/"
    page = sari.post("/baca/")
    assert page.status_code == 403
    assert 'href="/latihan/"' in page.content.decode()
    for path in ("/api/v1/tasks/", "/api/v1/tasks/?ahead=true"):
        answer = sari.post(path)
        assert (answer.status_code, answer.json()["error"]["code"]) == (403, "practice_first")
        assert answer["Link"] == '</latihan/>; rel="next"'
    assert not Lease.objects.exists()


def test_all_three_once_and_the_photos_are_open(world, sari):
    photo_of(world)
    for number, after in ((1, "/latihan/2/"), (2, "/latihan/3/"), (3, "/latihan/")):
        assert person().practised_at is None
        assert sari.get("/baca/").status_code == 302
        assert tries(sari, number).url == after
    assert person().practised_at is not None
    assert "Latihan Anda selesai" in sari.get("/latihan/").content.decode()
    assert sari.post("/baca/").url == f"/baca/{Lease.objects.get().pk}/"


def test_nothing_of_it_counts_anywhere(world, sari):
    before = Event.objects.count()
    for number in practice.FORMS:
        tries(sari, number)
    assert Event.objects.count() == before
    assert not Entry.objects.exists()
    assert not Task.objects.exists()


@pytest.mark.parametrize(
    ("number", "read", "said"),
    [
        (1, {"paslon_1": 141}, "Di kertas: 147. Anda membaca: 141."),
        (1, {"paslon_2": "tidak_terbaca"}, "Di kertas: 62. Anda membaca: tak terbaca."),
        (2, {"paslon_2": "kosong"}, "Di kertas: 0. Anda membaca: kosong. Tiga kotak yang disilang berarti nol"),
        (2, {"paslon_3": 0}, "Di kertas: kosong. Anda membaca: 0. Di kotak ini tidak ada tulisan"),
        (3, {"suara_total": 215}, "Di kertas: 251. Anda membaca: 215. Jumlahnya memang keliru di kertas."),
    ],
)
def test_what_was_read_wrong_is_said_field_by_field_and_one_tries_again(sari, number, read, said):
    answer = tries(sari, number, **read)
    page = answer.content.decode()
    assert answer.status_code == 422
    assert said in page
    assert page.count("Anda membaca: ") == 2  # beside the box, and in the summary that leads to it
    assert practice.done_by(person()) == set()
    assert tries(sari, number).status_code == 302
    assert practice.done_by(person()) == {number}
    assert PracticeResult.objects.get().tries == 2


@pytest.mark.parametrize(
    ("written", "said"),
    [
        ({"desa": "2", "tps": "7"}, "Di kertas: Mawar, TPS 007. Anda membaca: Kenanga, TPS 007."),
        ({"desa": "3", "tps": "1"}, "Di kertas: Mawar, TPS 007. Anda membaca: Mawar, TPS 001."),
        ({"desa": "5", "tps": ""}, "Anda membaca: bukan salah satu desa ini."),
    ],
)
def test_which_tps_is_written_is_judged_like_a_number(sari, written, said):
    answer = tries(sari, 1, **written)
    assert answer.status_code == 422
    assert said in answer.content.decode()
    assert practice.done_by(person()) == set()


def test_which_tps_is_written_must_be_said(sari):
    assert tries(sari, 1, desa="").status_code == 422
    assert not PracticeResult.objects.exists()


def test_sums_that_do_not_fit_are_asked_about_as_on_a_real_photo(sari):
    answer = sari.post("/latihan/3/", filled(3, RIGHT[3]))
    assert answer.status_code == 422
    assert "Jumlahnya tidak cocok" in answer.content.decode()
    assert not PracticeResult.objects.exists()


def test_saying_a_problem_or_another_page_is_wrong_too(sari):
    answer = sari.post("/latihan/1/", {"masalah": "blurred"})
    assert answer.status_code == 422
    assert "Foto ini dapat dibaca. Ketik angkanya." in answer.content.decode()
    assert 'name="angka-paslon_1"' in answer.content.decode()
    answer = sari.post("/latihan/1/", filled(3, RIGHT[3] | {"suara_total": 215}))
    assert "yang terlihat ini halaman 2" in answer.content.decode()
    assert practice.done_by(person()) == set()


@pytest.mark.parametrize(
    "sent", [{}, {"halaman": "2"}, {"halaman": "2", "angka-paslon_1": "12x"}, {"masalah": "rahasia"}, {"halaman": "99"}]
)
def test_what_is_no_reading_is_no_try(sari, sent):
    assert sari.post("/latihan/1/", sent).status_code == 422
    assert not PracticeResult.objects.exists()


def test_it_goes_on_from_another_device_and_what_is_done_stays_done(world, sari):
    tries(sari, 1)
    tries(sari, 1, paslon_1=1)
    tablet = browser_of(world, "Sari")
    assert 'href="/latihan/2/"' in tablet.get("/latihan/").content.decode()
    tries(tablet, 2)
    assert tries(sari, 3).url == "/latihan/"
    assert person().practised_at is not None


def test_other_forms_than_the_three_there_are_none(sari):
    for number in (0, 4, 10**30):
        assert sari.get(f"/latihan/{number}/").status_code == 404


def test_terms_come_first(world, sari):
    User.objects.update(terms_version=0, terms_accepted_at=None)
    assert sari.get("/latihan/").url == "/ketentuan/"
    assert tries(sari, 1).status_code == 403
    assert not PracticeResult.objects.exists()


def test_queries(sari, django_assert_num_queries):
    """Two of them are the session and the account; a try is stored in a transaction (two savepoints in a test)."""
    with django_assert_num_queries(3):
        sari.get("/latihan/")
    with django_assert_num_queries(2):
        sari.get("/latihan/1/")
    with django_assert_num_queries(2 + 5):
        assert tries(sari, 1).status_code == 302


def test_the_numbers_are_on_the_picture_only(sari):
    """Whoever looks into the page finds no answers there."""
    page = sari.get("/latihan/1/").content.decode()
    form = page[page.index('class="reader"') :]
    assert not {"147", "62"} & numbers(form)


@pytest.mark.django_db
def test_as_the_application(world, sari, as_app):
    """With the rights that it has in production."""
    tries(sari, 1)
    tries(sari, 1)
    with connection.cursor() as cursor:
        cursor.execute("SELECT current_user")
    assert PracticeResult.objects.get().tries == 2
