"""TPS that are not counted: which they are, on a page and as a table."""

import csv
import io

import pytest
from django.db import connection

from accounts.models import Role
from aggregation import exclusions, missing, missing_pages, page_memory
from pemantau import pipeline
from tests.aggregation.evidence import fold, photo, read, record, reject
from tps import extents
from tps.models import PollingStation

pytestmark = pytest.mark.django_db

HERE = "/hasil/contoh/ppwp/nasional/belum/"
FIRST, SECOND, THIRD = (f"910101100100{n}" for n in (1, 2, 3))
OTHER, LAST = "9101011002001", "9101011002002"


@pytest.fixture(autouse=True)
def _forgetful():
    page_memory.forget()


@pytest.fixture
def night(world):
    """Of five TPS one is counted, one has a photo that nobody read, one a rejected one, and two have none."""
    read(world, world.stations[FIRST])
    record(photo(world, world.stations[SECOND], 2))
    rejected = photo(world, world.stations[OTHER], 2)
    reject(rejected)
    record(rejected)
    fold()
    return world


def page(client, address=HERE) -> str:
    answer = client.get(address)
    assert answer.status_code == 200
    return answer.content.decode()


def table(client, address="/hasil/contoh/ppwp/nasional/belum.csv") -> list[dict[str, str]]:
    answer = client.get(address)
    assert (answer.status_code, answer["Content-Type"]) == (200, "text/csv; charset=utf-8")
    return list(csv.DictReader(io.StringIO(b"".join(answer.streaming_content).decode())))


def codes(world, kind="", region="", after="", most=100) -> list[str]:
    return [one.code for one in missing.listed(world.contest, region, kind, after=after, most=most)]


def test_which_tps_they_are(night):
    assert codes(night) == [SECOND, THIRD, OTHER, LAST]
    assert codes(night, missing.NO_PHOTO) == [THIRD, OTHER, LAST]
    assert codes(night, missing.UNREAD) == [SECOND]
    assert codes(night, region="9101011002") == [OTHER, LAST]
    assert codes(night, region="92") == []


def test_an_excluded_tps_is_none_of_them(night):
    for name, role in (("Adi", Role.ADJUDICATOR), ("Omar", Role.OPERATOR)):
        by = night.person(name, role)
        pipeline.exclude(exclusions.Said(by, night.contest, night.stations[LAST], "not_held"))
    fold()
    assert codes(night) == [SECOND, THIRD, OTHER]


def test_page_by_page_none_is_left_out_and_none_comes_twice(night):
    found, after = [], ""
    while some := codes(night, after=after, most=1):
        found += some
        after = some[-1]
    assert found == codes(night)


def test_the_page_leads_to_where_a_photo_is_sent(night, client):
    text = page(client)
    assert "Di sinilah seseorang sebaiknya datang" in text
    for code in (SECOND, THIRD, OTHER, LAST):
        assert f'href="/kirim/{code}/"' in text
    assert f"/kirim/{FIRST}/" not in text
    assert "4 dari 5 TPS belum terhitung; dari 3 di antaranya belum ada foto." in text
    assert 'href="/hasil/contoh/ppwp/91/belum/"' in text
    assert "250 pemilih" in text


def test_the_page_can_be_filtered_and_goes_on(night, client, monkeypatch):
    assert f"/kirim/{SECOND}/" not in page(client, f"{HERE}?foto=tanpa")
    assert f"/kirim/{THIRD}/" not in page(client, f"{HERE}?foto=ada")
    monkeypatch.setattr(missing_pages, "ROWS", 1)
    first = page(client, f"{HERE}?foto=tanpa")
    assert f"?setelah={THIRD}&amp;foto=tanpa#daftar" in first
    second = page(client, f"{HERE}?setelah={THIRD}&foto=tanpa")
    assert f"/kirim/{OTHER}/" in second
    assert f"/kirim/{THIRD}/" not in second


def test_nothing_is_missing(night, client):
    for code in (SECOND, THIRD, OTHER, LAST):
        read(night, night.stations[code])
    fold()
    assert "Semua TPS di sini sudah terhitung" in page(client)
    assert table(client) == []


def test_the_table_says_the_same_as_the_page(night, client):
    rows = table(client)
    assert [row["station"] for row in rows] == codes(night)
    assert rows[0] == {
        "station": SECOND, "number": "2", "village": "Desa 1", "district": "Anggrek", "registered_voters": "250",
        "photo": "yes",
    }  # fmt: skip
    assert [row["station"] for row in table(client, "/hasil/contoh/ppwp/9101011002/belum.csv?foto=tanpa")] == [
        OTHER,
        LAST,
    ]


def test_an_unknown_dpt_is_no_zero(night, client):
    PollingStation.objects.filter(code=THIRD).update(registered_voters=None)
    PollingStation.objects.filter(code=LAST).update(registered_voters=0)
    extents.recount(night.election)
    assert [row["registered_voters"] for row in table(client)] == ["250", "", "250", "0"]
    assert "jumlah pemilih tidak diketahui" in page(client)


def test_the_page_asks_three_questions_however_many_there_are(night, client, django_assert_num_queries):
    village = "/hasil/contoh/ppwp/9101011002/belum/"
    with django_assert_num_queries(3):  # the contest, its options, the TPS
        client.get(village)
    with django_assert_num_queries(3):  # the document is there
        client.get(village)
    with django_assert_num_queries(3):
        client.get(HERE)


def test_the_table_is_one_question_too(night, client, django_assert_num_queries, monkeypatch):
    monkeypatch.setattr(missing, "BATCH", 1)
    table(client)
    with django_assert_num_queries(3):
        assert len(table(client)) == 4


@pytest.mark.parametrize(
    "query",
    [
        "?setelah=9",
        "?setelah=x",
        "?setelah=" + "9" * 400,
        "?setelah=9101011002001%00",
        "?foto=%00",
        "?foto=semua",
        "?hal=2",
    ],
)
def test_what_an_address_says_wrongly_is_the_first_page(night, client, query):
    assert page(client, HERE + query).count('href="/kirim/9') == 4


@pytest.mark.parametrize(
    "address",
    ["/hasil/contoh/ppwp/77/belum/", "/hasil/contoh/ppwp/77/belum.csv", "/hasil/contoh/dpr/nasional/belum/",
     "/hasil/lain/ppwp/nasional/belum.csv", "/hasil/contoh/ppwp/9101011001001/belum/"],
)  # fmt: skip
def test_what_is_not_there(night, client, address):
    assert client.get(address).status_code == 404


def test_a_reader_gets_no_cookie_and_may_keep_it_a_while(night, client):
    answer = client.get(HERE)
    assert not answer.cookies
    assert "max-age=20" in answer["Cache-Control"]


def test_who_leaves_in_the_middle_leaves_nothing_open(night, monkeypatch):
    monkeypatch.setattr(missing, "BATCH", 1)
    rows = missing.every(night.contest, "", "")
    next(rows)
    assert cursors() == 1
    rows.close()
    assert cursors() == 0


def cursors() -> int:
    with connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM pg_cursors")
        return cursor.fetchone()[0]
