"""What goes astray while somebody reads: no network, a photo whose time is over, two tabs, a pause.

Nothing that was typed is lost without a word, and only what is true is said.
"""

from datetime import timedelta

import pytest
from django.utils import timezone
from PIL import Image

from accounts.models import User
from pemantau import pipeline
from tests.browser.reading import PHONE_WITH_TOUCH, eventually, is_seen
from tests.browser.test_reading_ahead import holds, is_ready, sends, types, with_the_next_one_ready
from tests.transcription.reading import SUMS, VOTES
from transcription import queue
from transcription.models import Entry, Lease
from uploads import intake

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.browser]

BECOMES_HIDDEN = """() => {
  for (const hidden of [true, false]) {
    Object.defineProperty(document, "hidden", { value: hidden, configurable: true });
    document.dispatchEvent(new Event("visibilitychange"));
  }
}"""
COMES_BACK = "() => document.dispatchEvent(new Event('visibilitychange'))"


def time_runs_out() -> None:
    """A phone is locked for more than five minutes."""
    Lease.objects.filter(end="").update(expires_at=timezone.now() - timedelta(seconds=2))
    queue.take_back_expired_leases()


def typed(person, key: str) -> str:
    return person.page.locator(f"#angka-{key}").input_value()


def lease(person) -> str:
    return person.page.locator("[data-lease]").get_attribute("data-lease")


@pytest.fixture
def bare(site, tmp_path):
    """A photo without a tag: which page it is, its reader says."""

    def comes() -> None:
        path = tmp_path / "bare.jpg"
        Image.new("RGB", (900, 1200), "white").save(path)
        pipeline.receive(
            intake.Sending(path, list(site.stations.values())[1], site.contest, 2, site.device(), None, None)
        )

    return comes


# --- The network ------------------------------------------------------------------------------


def test_who_stops_without_a_network_loses_nothing(arrives, reads):
    arrives(2, **VOTES)
    budi = reads(**PHONE_WITH_TOUCH)
    budi.network_breaks = True
    budi.page.wait_for_load_state("networkidle")
    for key, number in VOTES.items():
        budi.page.locator(f"#angka-{key}").fill(str(number))
    budi.page.context.set_offline(True)
    budi.presses("Simpan, lalu berhenti")
    budi.sees("Anda berhenti membaca")
    budi.sees("Bacaan terakhir Anda tersimpan di peramban ini.")
    budi.picture("baca-berhenti-tanpa-jaringan")
    assert not Entry.objects.exists()
    budi.page.context.set_offline(False)
    eventually(Entry.objects.exists)
    assert Entry.objects.get().numbers == VOTES
    assert budi.page.get_by_role("heading", name="Anda berhenti membaca").is_visible(), "no further photo is taken"
    budi.page.get_by_text("Belum terkirim:").wait_for(state="hidden")


def test_while_the_next_photo_is_on_its_way_nobody_says_that_there_is_none(arrives, reads):
    for number in range(5):
        arrives(2, **(VOTES | {"paslon_1": 70 + number}))
    sari = reads()
    is_ready(sari)
    sari.page.route("**/tasks/?ahead=true", lambda _route: None)  # no answer yet
    for _ in range(3):
        sends(sari, VOTES)
    sari.sees("Mengambil foto berikutnya")
    assert not sari.page.get_by_text("Belum ada foto untuk Anda").is_visible()
    sari.page.unroute("**/tasks/?ahead=true")
    sari.page.locator("[data-lease]").wait_for()


def test_without_a_network_nobody_says_that_there_is_no_photo(arrives, reads):
    for number in range(4):
        arrives(2, **(VOTES | {"paslon_1": 70 + number}))
    sari = reads()
    is_ready(sari)
    sari.network_breaks = True
    sari.page.context.set_offline(True)
    for _ in range(3):
        sends(sari, VOTES)
    sari.sees("Foto berikutnya belum dapat diambil")
    assert not sari.page.get_by_text("Belum ada foto untuk Anda").is_visible()
    assert sari.page.locator("h1:visible").count() == 1
    sari.page.context.set_offline(False)
    sari.page.locator("[data-lease]").wait_for()
    eventually(lambda: Entry.objects.count() == 3)


# --- Its time ---------------------------------------------------------------------------------


def test_who_gets_the_same_photo_again_finds_what_they_typed(arrives, reads):
    arrives(2, **VOTES)
    budi = reads(**PHONE_WITH_TOUCH)
    budi.page.wait_for_load_state("networkidle")
    before = lease(budi)
    budi.page.keyboard.type("101")
    budi.page.keyboard.type("88")
    time_runs_out()
    budi.page.evaluate(COMES_BACK)
    budi.sees("Yang sudah Anda ketik masih ada.")
    budi.picture("baca-lagi")
    assert lease(budi) != before
    assert (typed(budi, "paslon_1"), typed(budi, "paslon_2")) == ("101", "88")
    assert not budi.page.get_by_text("orang lain membacanya").is_visible()


def test_too_many_at_once_is_said_where_one_looks_and_nothing_is_lost(arrives, reads, settings):
    settings.ENTRIES_PER_READER = "1/10s"
    arrives(2, **VOTES)
    arrives(3, **SUMS)
    budi = reads()
    sends(budi, VOTES)
    budi.sees("Halaman 3")
    eventually(lambda: Entry.objects.count() == 1)
    types(budi, SUMS)
    budi.presses("Simpan, lalu berhenti")
    budi.sees("Anda berhenti membaca")
    budi.sees("Belum terkirim")
    assert not budi.page.get_by_text("Coba lagi dalam").is_visible()
    budi.picture("baca-terlalu-banyak")
    eventually(lambda: Entry.objects.count() == 2, within=40)
    eventually(lambda: not budi.page.get_by_text("Belum terkirim").is_visible())


def test_on_a_phone_one_sees_that_no_more_may_be_given_back(arrives, reads, settings):
    settings.MOST_GIVEN_BACK = 0
    arrives(2, **VOTES)
    budi = reads(**PHONE_WITH_TOUCH)
    budi.presses("Kembalikan foto")
    budi.sees("Anda sudah melewatkan 0")
    assert is_seen(budi, "[data-slot=notice]")
    budi.picture("baca-tidak-dikembalikan")


def test_escape_leads_from_the_problems_back_to_the_boxes(arrives, reads):
    arrives(2, **VOTES)
    budi = reads()
    budi.page.keyboard.press("p")
    budi.page.keyboard.press("ArrowDown")
    budi.page.keyboard.press("Escape")
    assert budi.page.locator(".reader__problem[open]").count() == 0
    assert budi.page.locator("[name=masalah]:checked").count() == 0
    assert budi.page.evaluate("() => document.activeElement.matches('input[inputmode]')")


def test_of_a_photo_that_is_gone_only_what_is_true_is_said(arrives, reads):
    arrives(2, **VOTES)
    budi = reads(**PHONE_WITH_TOUCH)
    budi.page.wait_for_load_state("networkidle")
    budi.page.keyboard.type("101")
    time_runs_out()
    budi.page.route("**/tasks/?ahead=true", lambda route: route.fulfill(status=204))  # others have it now
    budi.page.evaluate(COMES_BACK)
    budi.sees("orang lain boleh membacanya")
    budi.sees("Belum ada foto untuk Anda")
    assert not budi.page.get_by_text("Foto berikutnya sudah di sini").is_visible()
    budi.presses("Tutup")
    assert not budi.page.get_by_text("orang lain boleh membacanya").is_visible()


def test_what_was_typed_survives_a_reload(arrives, reads):
    arrives(2, **VOTES)
    sari = reads()
    sari.page.keyboard.type("101")
    sari.page.keyboard.press("t")
    sari.page.reload()
    assert typed(sari, "paslon_1") == "101"
    assert sari.page.locator("#tanda-paslon_2").input_value() == "tidak_terbaca"
    assert sari.page.evaluate("() => document.activeElement.id") == "angka-paslon_3"


def test_the_page_of_a_photo_that_is_done_leads_to_the_next(arrives, reads):
    arrives(2, **VOTES)
    sari = reads()
    sends(sari, VOTES)
    eventually(Entry.objects.exists)
    assert sari.goes_to(f"/baca/{Lease.objects.get().pk}/") == 409
    sari.clicks("Baca foto berikutnya")
    assert sari.page.url.endswith("/baca/")


# --- Taking back ------------------------------------------------------------------------------


def test_what_is_on_its_way_can_no_longer_be_taken_back(arrives, reads):
    sari = with_the_next_one_ready(arrives, reads, undo=30)
    sari.page.route("**/entry/", lambda _route: None)  # no answer yet
    sends(sari, VOTES | {"paslon_2": 89})
    sari.page.get_by_role("button", name="Batalkan").wait_for()
    sari.page.evaluate(BECOMES_HIDDEN)
    sari.page.get_by_role("button", name="Batalkan").wait_for(state="hidden")
    sari.page.keyboard.press("u")
    assert sari.page.get_by_role("heading", name="Halaman 3").is_visible()
    sari.page.unroute("**/entry/")
    eventually(Entry.objects.exists)


def test_what_another_tab_sent_can_no_longer_be_taken_back(arrives, reads):
    sari = with_the_next_one_ready(arrives, reads, undo=30)
    sends(sari, VOTES)
    sari.page.get_by_role("button", name="Batalkan").wait_for()
    other = sari.page.context.new_page()
    other.goto(f"{sari.world.address}/baca/")
    eventually(Entry.objects.exists)
    sari.page.get_by_role("button", name="Batalkan").wait_for(state="hidden")


# --- Two tabs, and a pause --------------------------------------------------------------------


def test_what_one_tab_sent_the_other_does_not_show(arrives, reads):
    for number in range(5):
        arrives(2, **(VOTES | {"paslon_1": 70 + number}))
    sari = reads()
    is_ready(sari)
    other = sari.page.context.new_page()
    other.goto(sari.page.url)
    other.wait_for_load_state("networkidle")
    done = []
    for _ in range(2):
        done.append(lease(sari))
        sends(sari, VOTES)
    eventually(lambda: Entry.objects.count() == 2)
    other.evaluate(COMES_BACK)
    other.get_by_text("Foto tadi sudah Anda selesaikan di tab lain.").wait_for()
    other.locator("[data-lease]").wait_for()
    assert other.locator("[data-lease]").get_attribute("data-lease") not in done


@pytest.mark.parametrize("button", ["Simpan dan lanjut", "Simpan, lalu berhenti"])
def test_what_one_tab_keeps_the_other_does_not_replace(arrives, reads, button):
    for number in range(3):
        arrives(2, **(VOTES | {"paslon_1": 70 + number}))
    sari = reads(undo=60)
    other = sari.page.context.new_page()
    other.goto(sari.page.url)
    other.wait_for_load_state("networkidle")
    sends(sari, VOTES)
    sari.page.get_by_role("button", name="Batalkan").wait_for()
    for name in ("desa", "tps", *(f"angka-{key}" for key in VOTES)):
        other.locator(f"#{name}").fill("1")
    other.get_by_role("button", name=button).click()
    other.get_by_text("Bacaan foto tadi sudah tersimpan dari tab lain. Yang Anda ketik di sini tidak").wait_for()
    assert sari.page.get_by_role("button", name="Batalkan").is_visible(), "it can be taken back where it was sent"
    sari.page.evaluate(BECOMES_HIDDEN)
    eventually(Entry.objects.exists)
    assert [entry.numbers for entry in Entry.objects.all()] == [VOTES]


def test_who_is_paused_comes_to_the_page_that_says_so(arrives, reads):
    for number in range(4):
        arrives(2, **(VOTES | {"paslon_1": 70 + number}))
    sari = reads()
    is_ready(sari)
    User.objects.filter(email="sari@contoh.test").update(paused=True)
    sends(sari, VOTES)
    sari.sees("Tugas Anda sedang dijeda")
    assert not Entry.objects.exists()
    User.objects.filter(email="sari@contoh.test").update(paused=False)
    sari.goes_to("/baca/")
    eventually(Entry.objects.exists)
    assert Entry.objects.get().numbers == VOTES


# --- Which page -------------------------------------------------------------------------------


@pytest.mark.parametrize("how", [{}, PHONE_WITH_TOUCH], ids=["desk", "phone"])
def test_the_question_which_page_it_is_is_seen_and_what_came_before_can_be_taken_back(arrives, bare, reads, how):
    arrives(2, **VOTES)
    bare()
    sari = reads(undo=30, **how)
    holds(2)
    sari.page.wait_for_load_state("networkidle")
    sends(sari, VOTES | {"paslon_2": 89})
    sari.sees("Halaman mana yang terlihat?")
    assert is_seen(sari, "#halaman")
    assert sari.page.evaluate("() => document.activeElement.id") == "halaman"
    sari.page.keyboard.press("p")
    assert sari.page.locator(".reader__problem[open]").count() == 1
    sari.page.get_by_role("link", name="Halaman 2: suara paslon").first.click()
    sari.page.locator("#desa").wait_for()
    assert not Entry.objects.exists()
    sari.page.keyboard.press("u")
    sari.page.get_by_role("heading", name="Halaman 2").wait_for()
    eventually(lambda: typed(sari, "paslon_2") == "89")
