"""R16 across the ballots of a TPS, R13 and R18 at its photos, and a TPS of 20 pages that comes page by page."""

from datetime import date
from functools import partial

import pytest
from django.core.cache import caches
from PIL import Image

from accounts.models import Role
from aggregation import exclusions
from aggregation.cross_checks import of_bubbles as of_the_bubbles
from aggregation.evidence import Evidence
from aggregation.models import Result
from pemantau import pipeline
from tests.aggregation.evidence import PAGE_1, PAGE_2, PAGE_3, decide, photo, record
from tests.uploads.test_bubble_reader import BUBBLES, PLACES
from tests.uploads.test_registration import real
from tps.form_definitions import for_contest
from tps.models import Contest, Option
from transcription.models import Decision
from uploads import bubble_reader
from uploads.models import PageTag, Photo

CANDIDATES = 6
PARTIES = (*range(1, 18), 24)
PARTY = {"": 3, **{f"_calon_{n}": n for n in range(1, CANDIDATES + 1)}, "_jumlah": 24}


@pytest.fixture
def dpr(world):
    """The DPR contest beside the president's: 18 parties with six candidates, whose names are long."""
    contest = Contest.objects.create(
        election=world.election, code="dpr-9101", kind="dpr", name="DPR CONTOH RAYA I", form="c-hasil-dpr"
    )
    contest.area.add("91")
    for number in PARTIES:
        party = Option.objects.create(contest=contest, number=number, name=f"Partai Persatuan Contoh Raya {number}")
        Option.objects.bulk_create(
            Option(contest=contest, party=party, number=n, name=f"Dr. Ir. H. SARI UMPAMA WIDJAJA {n}, S.H., M.Hum.")
            for n in range(1, CANDIDATES + 1)
        )
    return contest


def stands(world, contest, page, numbers):
    """A photo of this page of this contest, decided as these numbers and recorded."""
    before, world.contest = world.contest, contest
    taken = photo(world, page=page)
    decide(taken, page, numbers)
    record(taken)
    world.contest = before
    return taken


def document(world, client, contest):
    return client.get(f"/api/v1/results/contoh/{contest.code}/tps/{world.station.code}/").json()


def page(world, client, contest):
    return client.get(f"/hasil/contoh/{contest.code}/tps/{world.station.code}/").content.decode()


def broken(found):
    return {verdict["formula"]: verdict["difference"] for verdict in found["cross_checks"] if not verdict["holds"]}


# --- R16 --------------------------------------------------------------------------------------


def test_the_same_voters_on_every_ballot_hold(world, client, dpr):
    stands(world, world.contest, 1, PAGE_1)
    stands(world, dpr, 1, PAGE_1)
    found = document(world, client, dpr)
    assert {verdict["rule"] for verdict in found["cross_checks"]} == {"R16"}
    assert len(found["cross_checks"]) == 12  # I.A, B.1, B.3 and B.2 of men, women and both
    assert broken(found) == {}


def test_another_dpt_on_another_ballot_is_told_at_both_in_words_with_its_source(world, client, dpr):
    stands(world, world.contest, 1, PAGE_1)
    stands(world, dpr, 1, PAGE_1 | {"dpt_j": 205})
    assert broken(document(world, client, dpr)) == {"dpr-9101.dpt_j = ppwp.dpt_j": -45}
    assert broken(document(world, client, world.contest)) == {"ppwp.dpt_j = dpr-9101.dpt_j": 45}
    shown = page(world, client, dpr)
    assert "205 dan 250 seharusnya sama" in shown
    assert "Jumlah pemilih dalam DPT, jumlah: DPR CONTOH RAYA I sama dengan Presiden dan Wakil Presiden" in shown
    assert "R16, aturan KPU tentang pindah memilih" in shown


def test_voters_away_from_home_may_be_fewer_on_lower_ballots_and_never_more(world, client, dpr):
    stands(world, world.contest, 1, PAGE_1)
    fewer = stands(world, dpr, 1, PAGE_1 | {"pengguna_dptb_j": 1})
    assert broken(document(world, client, dpr)) == {}
    decide(fewer, 1, PAGE_1 | {"pengguna_dptb_j": 9})
    record(fewer)
    wanted = {"dpr-9101.pengguna_dptb_j ≤ ppwp.pengguna_dptb_j": 6}
    assert broken(document(world, client, world.contest)) == wanted
    assert "9, paling banyak 3" in page(world, client, world.contest)


def test_what_is_empty_unreadable_or_in_dispute_is_held_against_nothing(world, client, dpr):
    stands(world, world.contest, 1, PAGE_1)
    stands(world, dpr, 1, PAGE_1 | {"dpt_j": "kosong", "dpt_l": "tidak_terbaca", "dpt_p": 1})
    stands(world, dpr, 1, PAGE_1 | {"dpt_j": "kosong", "dpt_l": "tidak_terbaca"})
    found = document(world, client, dpr)
    assert found["state"] == "disputed"
    judged = {verdict["formula"] for verdict in found["cross_checks"]}
    assert len(judged) == 9
    assert not any("dpt_l =" in formula and ".dpt_l" in formula for formula in judged)
    assert broken(found) == {}


def test_the_result_itself_is_of_its_own_ballot_only(world, dpr):
    stands(world, world.contest, 1, PAGE_1)
    stands(world, dpr, 1, PAGE_1 | {"dpt_j": 205, "dpt_l": 75})
    assert "R16" not in Result.objects.get(contest=dpr).broken_rules


def test_ballots_of_which_one_was_repeated_are_held_against_none(world, client, dpr):
    stands(world, world.contest, 1, PAGE_1)
    stands(world, dpr, 1, PAGE_1 | {"dpt_j": 205})
    psu = partial(exclusions.Said, station=world.station, reason="psu", day=date(2020, 2, 14))
    for name, role in (("Adi", Role.ADJUDICATOR), ("Omar", Role.OPERATOR)):
        pipeline.exclude(psu(world.person(name, role), contest=dpr))
    assert document(world, client, dpr)["cross_checks"] == []
    assert document(world, client, world.contest)["cross_checks"] == []
    for name, role in (("Adi", Role.ADJUDICATOR), ("Omar", Role.OPERATOR)):
        pipeline.exclude(psu(world.person(name, role), contest=world.contest))
    caches["documents"].clear()
    assert broken(document(world, client, dpr)) == {"dpr-9101.dpt_j = ppwp.dpt_j": -45}


# --- R13 --------------------------------------------------------------------------------------


def with_bubbles(taken, *said):
    PageTag.objects.create(
        photo=taken, tag=102, turn=0, corners=[0.0] * 8, edge=1.0, boxes=[1] * 18, bubbles=list(said), reader=3
    )


def of_bubbles(found):
    return {v["formula"]: (v["inputs"], v["holds"]) for v in found["cross_checks"] if v["rule"] == "R13"}


def test_numbers_are_those_whose_bubbles_are_filled(world, client):
    with_bubbles(stands(world, world.contest, 2, PAGE_2), "101", "-88", "---")
    assert of_bubbles(document(world, client, world.contest)) == {
        "paslon_1 = bulatan_paslon_1": ({"paslon_1": 101, "bulatan_paslon_1": 101}, True),
        "paslon_2 = bulatan_paslon_2": ({"paslon_2": 88, "bulatan_paslon_2": 88}, True),
    }


def test_a_number_beside_other_bubbles_is_told_and_stays_as_it_was_read(world, client):
    with_bubbles(stands(world, world.contest, 2, PAGE_2 | {"paslon_2": 38}), "101", "-88", "02-")
    found = document(world, client, world.contest)
    assert broken(found) == {"paslon_2 = bulatan_paslon_2": -50}
    assert {field["key"]: field["value"] for field in found["fields"]}["paslon_2"] == 38
    shown = page(world, client, world.contest)
    assert "38 dan 88 seharusnya sama" in shown
    assert "R13, bulatan yang tercetak di bawah kotak angka" in shown


def test_what_is_no_number_is_held_against_no_bubble(world, client):
    numbers = {"paslon_1": "kosong", "paslon_2": "tidak_terbaca", "paslon_3": 20}
    with_bubbles(stands(world, world.contest, 2, numbers), "000", "088", "020")
    assert of_bubbles(document(world, client, world.contest)).keys() == {"paslon_3 = bulatan_paslon_3"}


def test_bubbles_of_another_page_than_the_one_that_was_read_say_nothing(world, client):
    with_bubbles(stands(world, world.contest, 3, PAGE_3), "101", "088", "020")
    found = document(world, client, world.contest)
    assert of_bubbles(found) == {}
    assert [v["rule"] for v in found["cross_checks"] if not v["holds"]] == ["R18"]


def test_real_photos_hold_with_what_was_published_and_break_with_one_digit_more(shared, world):
    form, judged = for_contest(world.contest), 0
    for row, boxes in real(shared):
        if row["page"] != "2" or boxes is None:
            continue
        with Image.open(shared / "forms" / row["file"]) as picture:
            said = bubble_reader.read(picture, boxes, PLACES, BUBBLES)
        numbers = {key: int(row[key.replace("_", "")]) for key in form.page(2).keys}
        for off in (0, 1):
            numbers = {key: value + off for key, value in numbers.items()}
            decision = Decision(outcome="accepted", page=2, numbers=numbers, contest_id=1, station_id=1)
            taken = Photo(contest_id=1, station_id=1)
            verdicts = of_the_bubbles(
                form, [Evidence(taken, decision, 1, 1)], {taken.pk: PageTag(tag=102, bubbles=said)}
            )
            last = {f"paslon_{n}" for n, one in enumerate(said, start=1) if one[-1] != "-"}
            assert all(verdict.holds for verdict in verdicts) is (off == 0) or not last
            assert off == 0 or {v.formula.split(" ")[0] for v in verdicts if not v.holds} >= last
            judged += len(last)
    assert judged >= 2 * 95  # of 108 numbers


# --- R18 --------------------------------------------------------------------------------------


def tagged(taken, tag):
    PageTag.objects.create(photo=taken, tag=tag, turn=0, corners=[0.0] * 8, edge=1.0, reader=1)


def test_each_page_carries_its_own_tag(world, client):
    tagged(stands(world, world.contest, 1, PAGE_1), 101)
    tagged(stands(world, world.contest, 3, PAGE_3), 102)
    found = document(world, client, world.contest)
    assert [(v["rule"], v["holds"], v["inputs"]) for v in found["cross_checks"]] == [
        ("R18", True, {"tanda_di_foto": 101, "tanda_halaman": 101}),
        ("R18", False, {"tanda_di_foto": 102, "tanda_halaman": 103}),
    ]
    assert "102 dan 103 seharusnya sama" in page(world, client, world.contest)


def test_a_photo_without_a_tag_or_of_a_page_without_one_is_not_judged(world, client, dpr):
    PageTag.objects.create(photo=stands(world, world.contest, 1, PAGE_1), reader=1)
    stands(world, world.contest, 3, PAGE_3)
    tagged(stands(world, dpr, 20, PAGE_3), 101)
    assert [v["rule"] for v in document(world, client, world.contest)["cross_checks"]] == []
    assert [v["rule"] for v in document(world, client, dpr)["cross_checks"]] == []


# --- Twenty pages -----------------------------------------------------------------------------


def of_party(number):
    return {f"partai_{number}{suffix}": value for suffix, value in PARTY.items()}


def test_a_long_form_becomes_public_page_by_page(world, client, dpr):
    stands(world, dpr, 2, of_party(1))
    world.contest, president = dpr, world.contest
    photo(world, page=5)
    world.contest = president
    found = document(world, client, dpr)
    assert found["state"] == "partial"
    states = {one["number"]: one["state"] for one in found["pages"]}
    assert states == dict.fromkeys(range(1, 21), "missing") | {2: "complete", 5: "waiting"}
    shown = page(world, client, dpr)
    assert "<strong>1 dari 20 halaman</strong> sudah terbaca seluruhnya" in shown
    assert "Halaman suara partai 4: sedang dibaca" in shown
    assert "SARI UMPAMA WIDJAJA 6" in shown
    assert "100,0" not in shown  # one party of 18 has all the votes that are read, and no share of them yet
    assert f'href="/hasil/contoh/ppwp/tps/{world.station.code}/"' in shown  # the other ballot of this TPS


def test_a_whole_dpr_form_adds_up_over_its_pages_and_its_page_stays_light(
    world, client, dpr, django_assert_num_queries
):
    for place, number in enumerate(PARTIES, start=2):
        stands(world, dpr, place, of_party(number))
    stands(world, dpr, 1, PAGE_1)
    stands(world, dpr, 20, {"suara_sah": 18 * 24 + 1, "suara_tidak_sah": 6, "suara_total": 439})
    with django_assert_num_queries(11):
        found = document(world, client, dpr)
    assert found["state"] == "complete"
    wrong = {verdict["rule"]: verdict["difference"] for verdict in found["verdicts"] if not verdict["holds"]}
    assert wrong["R3"] == 1
    assert "R15" not in wrong
    shown = page(world, client, dpr)
    assert "Halaman yang belum" not in shown
    assert "24 + 24 + 24" in shown
    assert len(shown.encode()) < 100_000


@pytest.mark.parametrize(
    ("kind", "said"),
    [
        ("dpd", "Nama calon belum ada di data kami; yang tampil hanya nomornya."),
        ("dprd_prov", "Daftar calon belum ada di data kami; yang tampil hanya suara partai dan jumlahnya."),
        ("dprd_kabko", "Daftar calon belum ada di data kami; yang tampil hanya suara partai dan jumlahnya."),
    ],
)
def test_a_ballot_without_names_says_so_and_an_unconfirmed_form_too(world, client, kind, said):
    contest = Contest.objects.create(
        election=world.election, code="lain", kind=kind, name="Lain", form=f"c-hasil-{kind.replace('_', '-')}"
    )
    Option.objects.create(contest=contest, number=1, name="(nama belum ada)")
    stands(world, contest, 1, PAGE_1)
    shown = page(world, client, contest)
    assert said in shown
    assert "belum dicocokkan dengan formulir resmi" in shown
    assert document(world, client, contest)["candidates_known"] is False
