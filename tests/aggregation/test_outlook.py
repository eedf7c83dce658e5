"""What the pages say of estimates, alerts and representativeness: with real numbers, in words."""

import re

import pytest
from django.template.loader import render_to_string
from django.utils import translation

from aggregation.alerts import Standing, alerts
from aggregation.estimate import Estimate, Interval
from aggregation.representative import representative
from tests.aggregation.test_representative import child

OPTIONS = [{"key": f"paslon_{n}", "number": n, "name": name} for n, name in enumerate(("Amin", "Pragib", "Gama"), 1)]
KEYS = [option["key"] for option in OPTIONS]
VOTES = {"paslon_1": 11_636_741, "paslon_2": 22_129_393, "paslon_3": 5_515_370}


def document(votes=VOTES, **more):
    total = sum(votes.values())
    return {
        "options": OPTIONS,
        "sums": votes,
        "shares": {key: number / total if total else None for key, number in votes.items()},
        "children_level": "provinsi",
        "children": [],
        **more,
    }


def told(template, language="id", **context) -> str:
    with translation.override(language):
        text = render_to_string(f"aggregation/_{template}.html", context)
    assert "style=" not in text
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", text)).replace("\u00a0", " ")


def estimate(reason=None, counted=8000, stations=199_966, uncovered=0.0364, **more):
    options = (Interval(0.29614, 0.29009, 0.3023), Interval(0.5635, 0.5575, 0.5695), Interval(0.1404, 0.136, 0.1449))
    one = Estimate(stations, counted, 2408, 2300, uncovered, () if reason else options, reason)
    return one.data(KEYS)


def test_the_estimate_stands_beside_the_raw_sum_with_what_it_cannot_correct():
    text = told("estimate", document=document(), estimate=estimate())
    assert "1. Amin 29,6 % 29,6 % 29,0 % – 30,2 %" in text
    assert "Dari 8.000 dari 199.966 TPS. 3,6 % pemilih ada di kecamatan" in text
    assert "bila di dalam satu kecamatan TPS yang dimenangkan satu pihak dikirim lebih dulu" in text
    assert "kelurahan" not in text
    assert "kelurahan/desa" in told("estimate", document=document(children_level="kelurahan"), estimate=estimate())


@pytest.mark.parametrize(
    ("reason", "words"),
    [
        ("nothing_counted", "Belum ada suara yang terhitung"),
        ("few_stations", "Baru 8.000 TPS terhitung; perkiraan dibuat mulai dari 30 TPS."),
        ("uncovered", "3,6 % pemilih ada di kecamatan yang belum satu pun TPS-nya terhitung"),
        ("few_degrees", "masih terlalu tidak merata"),
    ],
)
def test_where_there_is_not_enough_it_says_why(reason, words):
    text = told("estimate", document=document(), estimate=estimate(reason))
    assert "Belum cukup untuk perkiraan." in text
    assert words in text
    assert "Rentang" not in text


def test_when_all_is_counted_nothing_is_estimated():
    text = told("estimate", document=document(), estimate=estimate(counted=199_966))
    assert "Semua TPS sudah terhitung" in text
    assert "Rentang" not in text


def of(votes, disputed=None, **more):
    usual = {"disputed_stations": 3, "missing_stations": 0, "registered_voters": 3000, "counted_voters": 3000}
    return alerts(Standing(votes, disputed or {}, **(usual | more)))


def test_an_order_that_hangs_on_disputed_tps_is_told():
    votes = {"paslon_1": 900, "paslon_2": 1000, "paslon_3": 50}
    text = told("alerts", document=document(votes), alerts=of(votes, {"paslon_2": 150}))
    assert "1. Amin melewati 2. Pragib, yang kini unggul 100 suara" in text
    assert "2. Pragib 1.000 (51,3 %) 850 (47,2 %)" in text
    equal = told("alerts", document=document(votes), alerts=of(votes, {"paslon_2": 100}))
    assert "1. Amin menyamai 2. Pragib" in equal


def test_what_the_missing_could_change_is_told_with_its_numbers():
    votes = {"paslon_1": 1300, "paslon_2": 1200, "paslon_3": 0}
    missing = {"missing_stations": 4, "registered_voters": 3625, "counted_voters": 3125}
    text = told("alerts", document=document(votes), alerts=of(votes, **missing))
    assert (
        "1. Amin di atas 2. Pragib dengan selisih 100 suara. 4 TPS yang belum terhitung dapat memuat sampai 510" in text
    )
    assert "sekitar 400 suara, dan 2. Pragib harus unggul di sana dengan 25,0 %" in text
    few = told("alerts", document=document(votes), alerts=of(votes, **missing | {"registered_voters": 3225}))
    assert "sekitar 80 suara, dan itu tidak cukup" in few


def test_where_nothing_can_change_it_says_so():
    text = told("alerts", document=document(), alerts=of(VOTES))
    assert "Tidak: semua TPS terhitung" in text
    missing = {"missing_stations": 2, "registered_voters": 3400, "counted_voters": 3000}
    text = told("alerts", document=document(), alerts=of(VOTES, **missing))
    assert "Tidak: 2 TPS yang belum terhitung memuat paling banyak 408 surat suara" in text
    nothing = dict.fromkeys(KEYS, 0)
    assert "Belum ada suara" in told("alerts", document=document(nothing), alerts=of(nothing))
    unknown = of(VOTES, missing_stations=2, registered_voters=0, counted_voters=0)
    assert "Jumlah pemilih 2 TPS tidak diketahui" in told("alerts", document=document(), alerts=unknown)


def test_18_parties_whose_order_is_open_are_no_wall_of_alerts():
    votes = {f"partai_{n}": 100 - n for n in range(18)}
    options = [{"key": key, "number": n, "name": f"Partai {n}"} for n, key in enumerate(votes, 1)]
    open_ones = of(votes, missing_stations=1, registered_voters=3300)
    text = told("alerts", document=document(votes, options=options), alerts=open_ones)
    assert text.count("masih dapat berubah") == 4
    assert "Urutan 14 pasangan lain" in text


def test_who_is_over_represented_is_told_in_one_sentence():
    here = document(children=[child("Kota", 100, 60), child("Lembah", 100, 20), child("Pantai", 200, 40)])
    text = told("representative", document=here, representative=representative(here))
    assert "Dari Kota datang 50,0 % dari yang terhitung, padahal di sana hanya 25,0 % pemilih." in text
    assert "Dari Pantai baru 33,3 %, padahal di sana 50,0 % pemilih." in text
    assert "Pemilih (DPT) di TPS yang terhitung 30,0 %" in text


def test_what_is_even_and_what_is_empty():
    even = document(children=[child("Kota", 100, 60), child("Lembah", 100, 60)])
    assert "Hampir: TPS yang terhitung tersebar" in told(
        "representative", document=even, representative=representative(even)
    )
    empty = document(children=[child("Kota", 100, 0), child("Lembah", 100, 0)])
    assert told("representative", document=empty, representative=representative(empty)).strip() == ""
    half = document(children=[child("Kota", 100, 50), child("Lembah", 300, 0)])
    assert "Daerah yang belum satu pun terhitung 1 (75,0 % pemilih)" in told(
        "representative", document=half, representative=representative(half)
    )
