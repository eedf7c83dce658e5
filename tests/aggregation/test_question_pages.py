"""The page and the API of questions about results."""

import re

import pytest
from django.urls import reverse

from aggregation import contests, question_words, questions
from aggregation.anomalies import Kind
from aggregation.models import Question
from tests.aggregation.evidence import read
from tests.aggregation.test_pages import seen

PAGE = "/tanda-tanya/contoh/ppwp/"
API = "/api/v1/questions/contoh/ppwp/"
FACTS = {
    "alike": {"bits": 3},
    "same_row": {"votes": [101, 88, 20], "stations": 2},
    "turnout": {"of": "ballots", "figure": 300, "limit": 255},
    "far": {"option": 1, "share": 0.9, "median": 0.2, "stations": 9},
    "one_sided": {"all": True, "option": 0, "votes": 209},
    "rule": {"rules": ["R3", "R4"]},
    "single": {},
}


def question(world, kind: str, station=None, rank: int = 1000, **fields) -> Question:
    station = station or world.station
    return Question.objects.create(
        **{"contest": world.contest, "station": station, "region_id": station.region_id, "kind": kind}
        | {"rank": rank, "facts": FACTS[kind]}
        | fields
    )


def test_nothing_to_ask_says_so_and_what_that_means(world, client):
    assert "sekitar satu menit" in seen(client, PAGE)
    questions.keep(contests.whole(world.contest))
    assert "bukan bukti bahwa semuanya benar" in seen(client, PAGE)


def test_a_question_stands_with_its_photo_and_a_way_to_report(world, client):
    taken = read(world, paslon_1=0, paslon_2=209, paslon_3=0)
    questions.keep(contests.whole(world.contest))
    text = seen(client, PAGE)
    assert "Apakah benar semua 209 suara di sini untuk 2 Paslon 2?" in text
    assert "bukan tuduhan" in text
    html = client.get(PAGE).content.decode()
    report = reverse("transcription:report", args=["contoh", "ppwp", world.station.code])
    assert f'href="/foto/{taken.pk}/"' in html
    assert taken.sha256 in html
    assert f'href="{report}"' in html
    assert client.get(report).status_code == 200


def test_a_photo_that_nobody_accepted_is_not_shown(world, client):
    taken = read(world)
    question(world, "alike", photo=taken, other=world.stations["9101011002001"])
    assert taken.sha256 not in client.get(PAGE).content.decode()


@pytest.mark.parametrize("kind", Kind.values)
@pytest.mark.parametrize("facts", [{}, {"all": False, "elsewhere": 0.3}, {"of": "dpt"}, {"of": "registered"}])
def test_every_kind_asks(world, kind, facts):
    """A question, and no word of blame."""
    one = question(world, kind, facts=FACTS[kind] | facts, other=world.stations["9101011002001"])
    sentence = question_words.sentence(one, contests.whole(world.contest))
    assert sentence.startswith("Apakah ")
    assert "?" in sentence
    assert not re.search("curang|palsu|manipulasi|gelembung|pelaku|penipu", sentence.lower())
    assert "%" not in sentence.replace("\u00a0%", "")


def test_filtered_by_kind_and_region(world, client):
    elsewhere = world.stations["9101011002001"]
    question(world, "rule")
    question(world, "one_sided", elsewhere)
    assert seen(client, f"{PAGE}?jenis=rule").count("Laporkan yang salah") == 1
    assert "Desa 2" in seen(client, f"{PAGE}?wilayah=9101011002")
    assert "Desa 1" not in seen(client, f"{PAGE}?wilayah=9101011002")
    assert seen(client, f"{PAGE}?wilayah=91").count("Laporkan yang salah") == 2


@pytest.mark.parametrize(
    ("asked", "status"),
    [
        ("jenis=rahasia", 200),
        ("wilayah=99", 404),
        ("wilayah=abc", 404),
        ("wilayah=9%00", 404),
        ("wilayah=" + "9" * 400, 404),
        ("sesudah=" + "9" * 50, 200),
        ("sesudah=999999999-999999999999999999", 200),
        ("sesudah=-1--1", 200),
        ("sesudah=%00", 200),
    ],
)
def test_hostile_addresses(world, client, asked, status):
    assert client.get(f"{PAGE}?{asked}").status_code == status


@pytest.mark.parametrize(
    ("asked", "status"),
    [("kind=rahasia", 404), ("region=99", 404), ("region=%00", 404), ("after=%00", 200), ("after=" + "9" * 99, 200)],
)
def test_hostile_questions_to_the_api(world, client, asked, status):
    assert client.get(f"{API}?{asked}").status_code == status


def test_no_such_contest(world, client):
    assert client.get("/tanda-tanya/contoh/rahasia/").status_code == 404
    assert client.get("/api/v1/questions/contoh/rahasia/").status_code == 404


def test_seven_queries_however_many_there_are(world, client, django_assert_num_queries):
    read(world)
    for n, station in enumerate(world.stations.values()):
        for kind in Kind.values:
            question(world, kind, station, rank=1000 - n, other=world.station)
    client.get(PAGE)  # counts and announcements are remembered for some seconds
    with django_assert_num_queries(7):
        answer = client.get(PAGE)
    assert len(answer.content) < 100_000
    assert not answer.cookies
    with django_assert_num_queries(7):
        assert client.get(API).status_code == 200


def test_leafing_through_shows_each_once(world, client, monkeypatch):
    monkeypatch.setattr(questions, "PER_ANSWER", 4)
    made = [
        question(world, kind, station, rank=1000 + 10 * (n % 2))
        for station in world.stations.values()
        for n, kind in enumerate(Kind.values)
    ]
    found, after = [], ""
    for _ in range(len(made)):
        body = client.get(API, {"after": after}).json()
        found += [(one["rank"], one["station"], one["kind"]) for one in body["questions"]]
        after = body["next"]
        if after is None:
            break
    assert len(found) == len(set(found)) == len(made)
    assert [rank for rank, *_ in found] == sorted((one.rank for one in made), reverse=True)


def test_the_pages_pager_leads_on_and_back(world, client, monkeypatch):
    monkeypatch.setattr(questions.listed, "__kwdefaults__", questions.listed.__kwdefaults__ | {"most": 3})
    for station in world.stations.values():
        question(world, "rule", station)
    html = client.get(f"{PAGE}?jenis=rule").content.decode()
    (following,) = re.findall(r'href="\?([^"#]+)#daftar" rel="next"', html)
    second = client.get(f"{PAGE}?{following.replace('&amp;', '&')}").content.decode()
    assert second.count('class="card questions__one"') == 2
    assert "Ke awal" in second


def test_the_api_names_options_by_key(world, client):
    question(world, "far")
    (one,) = client.get(API).json()["questions"]
    assert one["facts"]["option"] == "paslon_2"
    assert (one["kind"], one["weight"], one["station"]) == ("far", 40, world.station.code)
