"""What readers see of their own work: a misread number beside what the paper says, their counts, and the board."""

import pytest
from django.core.cache import caches

from accounts import onboarding
from accounts.models import User
from tests.browser.conftest import DESKTOP, PHONE
from tests.browser.reading import eventually
from tests.browser.test_beginning import looks_right, says_which_tps
from tests.transcription.reading import reads
from tests.transcription.test_own_work import later
from transcription import queue
from transcription.models import GoldReading, Task
from uploads.models import PageTag, Photo

pytestmark = [pytest.mark.browser, pytest.mark.slow]
VOTES = {"paslon_1": 147, "paslon_2": 62, "paslon_3": 8}


@pytest.fixture
def known(site, arrives, monkeypatch):
    """A photo whose answer is known, and one more, so that it may come in its place; each draw says that it does."""
    arrives(2, **VOTES)
    photo = Photo.objects.get()
    for name in ("Gita", "Hadi"):
        reads(site, name, photo, **VOTES)
    Task.objects.filter(pk=photo.pk).update(gold=10, gold_since="2029-02-14T00:00Z")
    arrives(3, suara_sah=217, suara_tidak_sah=5, suara_total=222)
    monkeypatch.setattr(queue, "draw", lambda: 0.0)
    return photo


@pytest.mark.parametrize("viewport", [PHONE, DESKTOP], ids=["phone", "desk"])
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_a_misread_number_comes_back_with_what_the_paper_says(site, known, somebody, viewport, scheme):
    assert PageTag.objects.get(photo=known).boxes
    sari = somebody(viewport=viewport, color_scheme=scheme)
    sari.signs_in("Sari")
    sari.goes_to("/baca/")
    looks_right(sari, f"baca-{scheme}")
    sari.presses("Ambil foto")
    says_which_tps(sari, "1", "1")
    for key, number in (VOTES | {"paslon_1": 141}).items():
        sari.page.locator(f"#angka-{key}").fill(str(number))
    sari.presses("Simpan, lalu berhenti")
    eventually(GoldReading.objects.exists)

    sari.goes_to("/baca/belajar/")
    sari.sees("Belum ada yang keliru")
    assert sari.page.get_by_text("141").count() == 0
    looks_right(sari, f"belajar-belum-{scheme}")
    later()
    sari.goes_to("/baca/belajar/")
    sari.sees("Anda mengetik 141, di kertas tertulis 147.")
    crop = sari.page.get_by_role("img", name="Foto: Jumlah suara sah paslon 1")
    assert crop.bounding_box()["height"] > 30
    looks_right(sari, f"belajar-{scheme}")
    sari.clicks("Lihat fotonya dan putusannya")
    assert sari.page.url.endswith(f"/foto/{known.pk}/")


@pytest.mark.parametrize("viewport", [PHONE, DESKTOP], ids=["phone", "desk"])
def test_a_name_on_the_board_and_off_again(site, known, somebody, viewport):
    later()
    User.objects.filter(email="gita@contoh.test").update(**onboarding.experienced())
    gita = somebody(viewport=viewport, color_scheme="dark")
    gita.signs_in("Gita")
    gita.goes_to("/relawan/")
    gita.sees("Belum ada nama di sini")
    looks_right(gita, "papan-kosong")
    gita.clicks("Tampilkan nama saya")
    gita.page.get_by_label("Nama yang tampil").fill("KPU")
    gita.presses("Tampilkan nama ini")
    gita.page.get_by_role("alert").wait_for()
    looks_right(gita, "papan-nama-keliru")
    gita.page.get_by_label("Nama yang tampil").fill("Melati Pagi")
    gita.presses("Tampilkan nama ini")
    gita.sees("Nama Anda di papan: Melati Pagi.")
    looks_right(gita, "papan-nama")
    for name in ("documents", "process"):
        caches[name].clear()  # as after a minute
    gita.goes_to("/relawan/")
    assert gita.page.get_by_role("row", name="1 Melati Pagi 1").count() == 1
    looks_right(gita, "papan")
    gita.clicks("Ganti atau hapus nama saya")
    gita.presses("Hapus nama saya dari papan")
    gita.goes_to("/relawan/")
    gita.sees("Belum ada nama di sini")
