"""A TPS where the vote was repeated: two people exclude the old count, two adjudicators say which photo is of it."""

import pytest

from accounts.models import Role
from aggregation.models import Result
from tests.browser.conftest import DESKTOP, PHONE
from tests.transcription.reading import VOTES, reads
from uploads.models import Photo

pytestmark = [pytest.mark.browser, pytest.mark.slow]

TPS = "9101011001001"


@pytest.mark.parametrize("viewport", [PHONE, DESKTOP], ids=["phone", "desk"])
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_two_votes_of_one_tps_without_javascript(site, somebody, arrives, viewport, scheme):
    votes_of = {"Sari Budi": VOTES, "Citra Dewi": VOTES | {"paslon_1": 7, "paslon_2": 204}}
    for people, votes in votes_of.items():
        arrives(2, at=site.station, **votes)
        photo = Photo.objects.order_by("-received_at").first()
        for name in people.split():
            reads(site, name, photo, **votes)
    old = Photo.objects.order_by("received_at").first()
    assert Result.objects.get().state == "disputed"
    adi, vera, reader = (somebody(viewport=viewport, color_scheme=scheme, java_script_enabled=False) for _ in range(3))
    for person, name in ((adi, "Adi"), (vera, "Vera")):
        person.signs_in(name, Role.ADJUDICATOR)
    adi.goes_to("/putusan/pengecualian/")
    adi.picture(f"exclusions-none-{scheme}")
    adi.page.get_by_label("Kode TPS, 13 angka").fill(TPS)
    adi.page.get_by_label("Pemungutan suara ulang (PSU)").check()
    adi.page.get_by_role("button", name="Usulkan", exact=True).click()
    adi.sees("isi juga harinya")
    adi.picture(f"exclusions-refused-{scheme}")
    adi.page.get_by_label("Hari pemungutan suara ulang").fill("2020-02-14")
    adi.page.get_by_role("button", name="Usulkan", exact=True).click()
    adi.sees("Menunggu orang kedua")
    vera.goes_to("/putusan/pengecualian/")
    vera.picture(f"exclusions-waiting-{scheme}")
    vera.presses("Setuju")
    vera.picture(f"exclusions-standing-{scheme}")
    vera.clicks("Foto kedua pemungutan suara")
    vera.picture(f"votes-{scheme}")
    card = vera.page.locator(f"#foto-{old.pk}")
    card.get_by_label("Ini dari pemungutan suara pertama, menurut").select_option("date")
    card.get_by_role("button", name="Usulkan").click()
    vera.sees("Menunggu verifikator kedua")
    assert Result.objects.get().state == "disputed"
    adi.goes_to(f"/putusan/pengecualian/contoh/ppwp/{TPS}/")
    adi.picture(f"votes-waiting-{scheme}")
    adi.presses("Setuju")
    adi.sees("ditetapkan dua verifikator: tanggal yang tertulis di formulir")
    adi.picture(f"votes-said-{scheme}")
    assert Result.objects.get().numbers["paslon_1"] == 7
    adi.goes_to(f"/putusan/{old.pk}/")
    adi.sees("Di TPS ini pemungutan suara diulang")
    adi.picture(f"votes-case-{scheme}")
    reader.goes_to(f"/hasil/contoh/ppwp/tps/{TPS}/")
    reader.sees("Pemungutan suara pertama")
    reader.picture(f"votes-station-{scheme}")
