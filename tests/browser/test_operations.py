"""Questions and the operator's pages, in browsers of both sizes, light and dark."""

import pytest
from axe_playwright_python.sync_playwright import Axe
from django.db import transaction

from accounts.models import Role
from aggregation import audit_runs, contests, questions
from aggregation.models import Question
from pemantau import pipeline
from tests.browser.conftest import DESKTOP, PHONE
from tests.transcription.reading import photo_of, reads
from uploads import switches
from uploads.models import Switch

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]

SIZES = [(PHONE, "light"), (PHONE, "dark"), (DESKTOP, "light"), (DESKTOP, "dark")]


def without_violations(person) -> None:
    found = Axe().run(person.page).response["violations"]
    assert not found, [(one["id"], [node["html"] for node in one["nodes"]]) for one in found]


@pytest.fixture
def odd(site):
    """All votes for one at the first TPS; the others do not exist yet."""
    with transaction.atomic():
        taken = photo_of(site)
    for name in ("Budi", "Dewi"):
        reads(site, name, taken, paslon_1=0, paslon_2=209, paslon_3=0)
    pipeline.record(str(taken.pk))
    contest = contests.whole(site.contest)
    questions.keep(contest)
    for n, kind in enumerate(("far", "same_row", "turnout", "rule")):
        station = list(site.stations.values())[n + 1]
        facts = {
            "far": {"option": 1, "share": 0.914, "median": 0.221, "stations": 9},
            "same_row": {"votes": [101, 88, 20], "stations": 2},
            "turnout": {"of": "ballots", "figure": 1300, "limit": 255},
            "rule": {"rules": ["R3", "R4"]},
        }[kind]
        Question.objects.create(
            contest=contest, station=station, region_id=station.region_id, kind=kind, rank=4000 - n, facts=facts,
            other=site.station if kind == "same_row" else None,
        )  # fmt: skip
    return site


@pytest.mark.parametrize(("viewport", "color_scheme"), SIZES)
def test_a_visitor_follows_a_question_to_its_tps_and_reports(odd, somebody, viewport, color_scheme):
    sari = somebody(viewport=viewport, color_scheme=color_scheme)
    sari.goes_to("/tanda-tanya/contoh/ppwp/")
    sari.sees("Apakah benar semua 209 suara di sini untuk 2 Paslon 2?")
    without_violations(sari)
    sari.picture(f"tanda-tanya-{color_scheme}")
    sari.page.get_by_label("Jenis pertanyaan").select_option("one_sided")
    sari.presses("Saring")
    assert sari.page.get_by_role("link", name="Laporkan yang salah").count() == 1
    sari.clicks("Laporkan yang salah")
    assert "/lapor/contoh/ppwp/9101011001001/" in sari.page.url


@pytest.mark.parametrize(("viewport", "color_scheme"), SIZES)
def test_an_operator_sees_the_machinery_and_turns_a_switch(odd, somebody, viewport, color_scheme):
    oka = somebody(viewport=viewport, color_scheme=color_scheme)
    audit_runs.leave(odd.person("Oka", Role.OPERATOR).joined_at, 3, ["tally x: lain"])
    oka.signs_in("Oka", Role.OPERATOR)
    switches.turn(odd.person("Oka"), Switch.SLOW, True, "contoh", "Antrean pemeriksaan panjang sejak pukul 21")
    oka.goes_to("/kelola/")
    oka.sees("Audit terakhir menemukan 3 perbedaan.")
    without_violations(oka)
    oka.picture(f"kelola-{color_scheme}")
    oka.goes_to("/kelola/sakelar/")
    oka.sees("Antrean pemeriksaan panjang")
    without_violations(oka)
    oka.picture(f"sakelar-{color_scheme}")
    card = oka.page.locator("form", has=oka.page.get_by_role("heading", name="Hanya baca"))
    card.get_by_label("Alasan").fill("Pindah server")
    card.get_by_role("button").click()
    oka.sees("Pindah server")
    assert switches.newest()["read_only"].on
