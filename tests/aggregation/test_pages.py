"""What the public sees."""

import re
import time
from contextlib import contextmanager

import pytest
from django.db import OperationalError
from django.db.backends.utils import CursorWrapper
from django.shortcuts import render
from django.test import Client

from accounts.models import Role
from aggregation import page_memory, pages, publication
from ledger import entries as ledger
from tests.aggregation.evidence import PAGE_2, decide, fold, photo, read, record, reject
from tps import names
from tps.models import Contest, Election, Option, PollingStation
from transcription.models import Entry

REGION = "/hasil/contoh/ppwp/{}/"
STATION = "/hasil/contoh/ppwp/tps/{}/"
LIGHT = 100_000


@pytest.fixture(autouse=True)
def _forgetful():
    page_memory.forget()


def seen(client, address, status=200):
    """The text of a page without tags, with single spaces."""
    answer = client.get(address)
    assert answer.status_code == status
    assert len(answer.content) < LIGHT
    html = answer.content.decode()
    assert "<script" not in html.replace('<script type="module"', "")
    assert " style=" not in html
    return " ".join(re.sub(r"<[^>]+>", " ", html).split())


def test_from_the_nation_to_the_photo_by_links_alone(world, client):
    taken = read(world)
    fold()
    address, way = "/", []
    for _ in range(7):
        html = client.get(address).content.decode()
        main = html[html.index('id="isi"') :]
        links = re.findall(r'<th scope="row"><a href="([^"]+)"', main) or re.findall(r'href="(/foto/[^"]+)"', main)
        if not links:
            break
        address = links[0]
        way.append(address)
    assert way[-2:] == [STATION.format(world.station.code), f"/foto/{taken.pk}/"]
    assert len(way) == 6


def test_a_sum_says_how_many_tps_stand_behind_it_and_when(world, client):
    read(world)
    fold()
    text = seen(client, "/")
    assert "101" in text
    assert "48,3 %" in text
    assert "1 dari 5 TPS terhitung (20,0 %)" in text
    assert "Disepakati dua pembaca 1 TPS" in text
    assert re.search(r"Diperbarui .*\d\d\.\d\d WIB", text)


def test_figures_are_written_the_readers_way(world, client):
    PollingStation.objects.filter(pk=world.station.pk).update(registered_voters=1234)
    read(world)
    fold()
    assert "DPT 1.234 pemilih" in seen(client, STATION.format(world.station.code))
    client.cookies["django_language"] = "en"
    assert "1,234" in seen(client, STATION.format(world.station.code))


def test_times_are_those_of_the_place(world, client):
    read(world)
    fold()
    assert re.search(r"\d\d\.\d\d WIT\b", seen(client, REGION.format("91")))


def test_options_stand_in_ballot_order_whoever_leads(world, client):
    read(world, paslon_1=1, paslon_2=2, paslon_3=300)
    fold()
    text = seen(client, REGION.format("9101"))
    assert text.index("Paslon 1") < text.index("Paslon 2") < text.index("Paslon 3")


def test_nothing_here_yet(world, client):
    fold()
    text = seen(client, REGION.format("9101"))
    assert "Belum ada TPS yang terhitung di sini" in text
    assert "Di sini ada 5 TPS" in text
    assert "Belum ada foto dari TPS ini" in seen(client, STATION.format(world.station.code))


def test_no_election_yet(db, client):
    assert "Belum ada pemilu" in seen(client, "/")
    assert "Belum ada pemilu" in seen(client, "/pemilu/")
    assert "Cari wilayah" in seen(client, "/cari/?q=melati")


def test_a_disputed_tps_is_listed_and_says_both_numbers(world, client):
    read(world)
    read(world, paslon_1=111)
    fold()
    listed = seen(client, REGION.format("91") + "sengketa/")
    assert "TPS 001, Desa 1" in listed
    text = seen(client, STATION.format(world.station.code))
    assert "Sengketa" in text
    assert "101 · 111" in text
    assert "Tidak ada sengketa di sini" in seen(client, REGION.format("9101011002") + "sengketa/")


def test_a_broken_sum_is_shown_in_figures(world, client):
    read(world)
    read(world, page=3, suara_sah=254)
    text = seen(client, STATION.format(world.station.code))
    assert "101 + 88 + 20 = 209, di kertas 254" in text


def test_a_village_of_451_tps_is_light(world, client):
    village = world.station.region
    PollingStation.objects.bulk_create(
        PollingStation(election=world.election, region=village, number=n, code=f"{village.code}{n:03d}")
        for n in range(4, 452)
    )
    read(world)
    fold()
    first = seen(client, REGION.format(village.code))
    assert "1 dari 8" in first
    assert "TPS 451" in seen(client, REGION.format(village.code) + "?hal=8")
    for nonsense in ("0", "9", "-1", "x", "٣", "9" * 5000):
        assert "1 dari 8" in seen(client, REGION.format(village.code) + f"?hal={nonsense}")


def test_a_region_page_asks_at_most_three_questions(
    world, client, django_assert_max_num_queries, django_assert_num_queries
):
    read(world)
    fold()
    for address in ("/", REGION.format("9101"), REGION.format("9101011001")):
        with django_assert_max_num_queries(3):
            client.get(address)
        with django_assert_num_queries(0):
            client.get(address)


@pytest.mark.parametrize(
    "address",
    [
        REGION.format("77"),
        STATION.format("9101011001999"),
        "/hasil/contoh/dpr/",
        "/foto/00000000-0000-4000-8000-000000000000/",
        "/hasil/contoh/ppwp/abc/",
    ],
)
def test_what_is_not_there(world, client, address):
    assert client.get(address).status_code == 404


def test_a_reader_gets_no_cookie(world, client):
    read(world)
    fold()
    for address in ("/", STATION.format(world.station.code)):
        assert not client.get(address).cookies


# --- The photo page -------------------------------------------------------------------------


def sees(world, taken, name, numbers):
    return Entry.objects.create(photo=taken, account=world.person(name), page=2, numbers=numbers)


def test_readings_are_shown_once_decided_and_by_pseudonym_only(world, client):
    taken = photo(world, page=2)
    numbers = {"paslon_1": 101, "paslon_2": 88, "paslon_3": 23}
    for name in ("Sari", "Budi"):
        sees(world, taken, name, numbers)
    waiting = client.get(f"/foto/{taken.pk}/").content.decode()
    assert "Belum diputus" in waiting
    assert ">101<" not in waiting
    decide(taken, 2, numbers)
    record(taken)
    shown = client.get(f"/foto/{taken.pk}/").content.decode()
    assert shown.count(">101<") == 3  # agreed, and two readers
    assert "c:" in shown
    for secret in ("Sari", "sari@", "Budi", taken.receipt, str(taken.device_id)):
        assert secret not in shown
    decide(taken, outcome="reopened")
    record(taken)
    assert ">101<" not in client.get(f"/foto/{taken.pk}/").content.decode()


def test_a_photo_shows_its_place_in_the_log(world, client):
    taken = read(world)
    body = {"photo": str(taken.pk), "pub": {"480": "sha256:" + "0" * 64}}
    event = ledger.append("contoh", "copies", **body)
    assert "menunggu tempat" in seen(client, f"/foto/{taken.pk}/")
    fold()
    event.refresh_from_db()
    assert bytes(event.leaf.leaf_hash).hex() in seen(client, f"/foto/{taken.pk}/")


def test_what_is_no_form_is_not_shown(world, client):
    junk = photo(world)
    assert "/gambar/" in client.get(f"/foto/{junk.pk}/").content.decode()
    reject(junk, "not_a_form")
    record(junk)
    html = client.get(f"/foto/{junk.pk}/").content.decode()
    assert "/gambar/" not in html
    assert "ditolak" in html


def test_a_moved_photo_says_where_it_came_from(world, client):
    taken = read(world)
    there = world.stations["9101011002001"]
    decide(taken, 2, {"paslon_1": 1}, station=there, how="adjudicated")
    record(taken)
    assert f"dikirim untuk TPS {world.station.code}" in seen(client, f"/foto/{taken.pk}/")
    assert "dipindahkan" in seen(client, STATION.format(world.station.code))
    assert "diputus verifikator" in seen(client, STATION.format(there.code))


# --- Search, other elections ----------------------------------------------------------------


@pytest.mark.parametrize(
    ("wanted", "address"),
    [
        ("melati", REGION.format("9101")),
        ("anggrek", REGION.format("910101")),
        ("910101", REGION.format("910101")),
        ("9101011001001", STATION.format("9101011001001")),
        ("9101011001-001", STATION.format("9101011001001")),
    ],
)
def test_places_are_found(world, client, wanted, address):
    assert f'href="{address}"' in client.get("/cari/", {"q": wanted}).content.decode()


@pytest.mark.parametrize("wanted", ["x", "tidak ada", "<b>", "%", "\x00\x00", "9" * 5000])
def test_nothing_is_found(world, client, wanted):
    answer = client.get("/cari/", {"q": wanted})
    assert answer.status_code == 200
    assert "<b>" not in answer.content.decode()


def test_equal_names_are_told_apart(world, client):
    world.station.region.name = "Kabupaten Melati"
    world.station.region.save()
    names.renew()
    html = client.get("/cari/", {"q": "melati"}).content.decode()
    assert html.index(REGION.format("9101")) < html.index(REGION.format("9101011001"))
    assert "Anggrek" in html


def test_the_nation_tells_newcomers_what_this_is_and_where_to_send(world, client):
    read(world)
    fold()
    nation, province = (client.get(path).content.decode() for path in ("/hasil/contoh/ppwp/", "/hasil/contoh/ppwp/91/"))
    for said in ("Relawan membaca angka ini", "Kirim foto C.Hasil"):
        assert said in nation
        assert said not in province


def test_other_elections_can_be_reached(world, client):
    other = Election.objects.create(code="lama", name="Pemilu Lama", date="2024-02-14")
    other.contests.create(code="ppwp", kind="ppwp", name="Presiden", form="c-hasil-ppwp")
    html = client.get("/pemilu/").content.decode()
    assert html.index("/hasil/contoh/ppwp/") < html.index("/hasil/lama/ppwp/")
    assert seen(client, "/hasil/lama/ppwp/")


def test_2325_councils_are_listed_page_by_page_and_few_contests_at_once(world, client, django_assert_num_queries):
    Contest.objects.bulk_create(
        Contest(
            election=world.election,
            code=f"kab-{n:06d}",
            kind="dprd_kabko",
            name=f"DPRD Kabupaten/Kota KABUPATEN CONTOH RAYA {n}",
            form="c-hasil-dprd-kabko",
        )
        for n in range(2_325)
    )
    with django_assert_num_queries(3):
        answer = client.get("/pemilu/")
    html = answer.content.decode()
    assert "/hasil/contoh/ppwp/" in html
    assert "/hasil/contoh/kab-" not in html
    assert "2.325 pemilihan" in html
    address = "/pemilu/?pemilu=contoh&jenis=dprd_kabko"
    assert address.partition("/pemilu/")[2].replace("&", "&amp;") in html
    with django_assert_num_queries(2):
        first = client.get(address)
    assert first.content.decode().count("/hasil/contoh/kab-") == 60
    assert len(first.content) < 100_000
    assert "/hasil/contoh/kab-002324/" in client.get(address + "&hal=39").content.decode()
    for unknown in ("?pemilu=contoh&jenis=bupati", "?pemilu=tidak-ada&jenis=dpr", "?pemilu=%00&jenis=dpr"):
        assert client.get("/pemilu/" + unknown).status_code == 404


def test_a_contest_of_24_parties_has_a_page_too(world, client):
    parties = world.election.contests.create(code="dpr", kind="dpr", name="DPR", form="c-hasil-dpr")
    parties.area.add("9101")
    Option.objects.bulk_create(Option(contest=parties, number=n, name=f"Partai {n}") for n in range(1, 25))
    world.contest = parties
    taken = photo(world)
    decide(taken, 2, {f"partai_{n}_jumlah": n for n in range(1, 25)})
    record(taken)
    fold()
    text = seen(client, "/hasil/contoh/dpr/")
    assert "24 Partai 24 24 8,0 %" in text
    assert "1 dari 5 TPS terhitung" in text
    assert "Suara sah" in text
    station = seen(client, f"/hasil/contoh/dpr/tps/{world.station.code}/")
    assert "24 Partai 24 24" in station
    unconfirmed = "belum dicocokkan dengan formulir resmi"
    assert unconfirmed in station
    assert unconfirmed not in seen(client, f"/hasil/contoh/ppwp/tps/{world.station.code}/")


def test_a_page_is_drawn_once_for_all_readers_alike(world, client, monkeypatch):
    taken = read(world)
    fold()
    drawn = []
    monkeypatch.setattr(pages, "render", lambda *a, **k: drawn.append(1) or render(*a, **k))
    first = client.get("/")
    assert client.get("/").content == first.content
    assert client.get("/")["Cache-Control"] == first["Cache-Control"]
    assert len(drawn) == 1
    client.cookies["django_language"] = "en"
    assert client.get("/").content != first.content
    decide(taken, 2, {"paslon_1": 7, "paslon_2": 8, "paslon_3": 9})
    record(taken)
    fold()
    client.cookies.clear()
    assert client.get("/").content != first.content
    assert len(drawn) == 3


def test_a_signed_in_reader_never_gets_anothers_page(world, client):
    read(world)
    fold()
    operator = Client()
    operator.force_login(world.person("Olga", Role.OPERATOR))
    assert "/kelola/" in operator.get("/").content.decode()
    anonymous = client.get("/").content.decode()
    assert "/kelola/" not in anonymous
    assert "/kelola/" in operator.get("/").content.decode()


@contextmanager
def database_away():
    def away(*_given, **_named):
        raise OperationalError("connection refused")

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(CursorWrapper, "execute", away)
        yield


def test_what_is_published_stands_without_a_database(world, client):
    read(world)
    fold()
    with database_away():
        for address in ("/", REGION.format("9101"), REGION.format("9101011001"), "/api/v1/results/contoh/ppwp/91/"):
            answer = client.get(address)
            assert answer.status_code == 200
            assert "101" in answer.content.decode()


def test_a_tps_shows_its_last_numbers_without_a_database(world, client):
    read(world)
    fold()
    with database_away():
        page = client.get(STATION.format(world.station.code)).content.decode()
        assert "sedang tidak dapat dibuka" in page
        assert '<span class="option__votes">101</span>' in page
        page = client.get(STATION.format("9101011001003")).content.decode()
        assert "Belum ada angka dari TPS ini" in page
        assert client.get(STATION.format("9101011001999")).status_code == 404


def test_pages_say_since_when_nothing_is_published(world, client, monkeypatch):
    read(world)
    fold()
    assert "sedang tersendat" not in client.get("/").content.decode()
    now = time.time()
    monkeypatch.setattr(time, "time", lambda: now + publication.STALE_SECONDS + 1)
    embed = "/sematan/contoh/ppwp/91/"
    for address in ("/", REGION.format("9101"), STATION.format(world.station.code), embed):
        assert "sedang tersendat" in client.get(address).content.decode()


def test_votes_with_and_without_tps_in_dispute(world, client):
    taken = read(world)
    decide(photo(world), 2, PAGE_2 | {"paslon_1": 1})
    read(world, world.stations["9101011001002"], paslon_1=10, paslon_2=80, paslon_3=10)
    record(taken)
    fold()
    document = client.get("/api/v1/results/contoh/ppwp/91/").json()
    assert document["counts"]["counted_disputed"] == 1
    assert document["without_disputed"]["sums"] == {"paslon_1": 10, "paslon_2": 80, "paslon_3": 10}
    assert document["without_disputed"]["counted"] == 1
    page = client.get(REGION.format("91")).content.decode()
    assert "Jumlah suara dengan dan tanpa 1 TPS yang disengketakan:" in page
    assert "(10,0\u00a0%)" in page
