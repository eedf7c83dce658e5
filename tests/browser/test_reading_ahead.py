"""Reading without waiting: the next photo is there, entries leave by themselves and can be taken back at first."""

import pytest
from django.utils import timezone

from tests.browser.conftest import Person
from tests.browser.reading import box, eventually
from tests.transcription.reading import BROKEN_SUMS, SUMS, VOTES
from transcription.models import Entry, Lease, Task

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.browser]


def types(person, numbers: dict[str, int]) -> None:
    person.names_the_tps()
    for number in numbers.values():
        person.page.keyboard.type(str(number))
        if number < 100:
            person.page.keyboard.press("Enter")


def sends(person, numbers: dict[str, int]) -> None:
    types(person, numbers)
    if [*numbers.values()][-1] >= 100:
        person.page.keyboard.press("Enter")


def holds(number: int) -> None:
    eventually(lambda: Lease.objects.filter(end="").count() == number)


def is_ready(person) -> None:
    """Two more photos are with the browser."""
    holds(3)
    person.page.wait_for_load_state("networkidle")


def with_the_next_one_ready(arrives, reads, **how) -> Person:
    """Somebody with page 2 before them, and page 3 in their browser."""
    arrives(2, **VOTES)
    arrives(3, **SUMS)
    person = reads(**how)
    holds(2)
    person.page.wait_for_load_state("networkidle")
    return person


def comes_back(person, kept: str) -> None:
    """After a crash, with what their browser kept."""
    person.page.goto("about:blank")
    person.goes_to("/sehat/")
    person.page.evaluate(
        "kept => { for (const [k, v] of Object.entries(JSON.parse(kept))) localStorage.setItem(k, v) }", kept
    )
    person.goes_to("/baca/")


def test_the_next_photo_is_there_without_a_network_and_entries_leave_when_it_is_back(arrives, reads):
    for page, numbers in ((2, VOTES), (3, SUMS), (2, VOTES | {"paslon_1": 77})):
        arrives(page, **numbers)
    sari = reads()
    is_ready(sari)
    sari.network_breaks = True
    sari.page.context.set_offline(True)
    sends(sari, VOTES)
    sari.sees("Halaman 3")
    sari.sees("Bacaan Anda tersimpan di sini dan dikirim sendiri nanti")
    assert box(sari) == "desa"
    sari.picture("baca-tanpa-jaringan")
    sends(sari, SUMS)
    sari.sees("Halaman 2")
    assert not Entry.objects.exists()
    sari.page.context.set_offline(False)
    eventually(lambda: Entry.objects.count() == 2)
    assert {entry.page: entry.numbers for entry in Entry.objects.all()} == {2: VOTES, 3: SUMS}
    sari.page.get_by_text("Belum terkirim:").wait_for(state="hidden")


def test_what_was_sent_can_be_taken_back_for_some_seconds(arrives, reads):
    sari = with_the_next_one_ready(arrives, reads, undo=4)
    sends(sari, VOTES | {"paslon_2": 89})
    sari.sees("Halaman 3")
    sari.page.get_by_role("button", name="Batalkan").wait_for()
    sari.picture("baca-batalkan")
    sari.page.keyboard.press("u")
    sari.sees("Halaman 2")
    assert sari.page.locator("#angka-paslon_2").input_value() == "89"
    sari.page.wait_for_timeout(4500)
    assert not Entry.objects.exists(), "taken back is not sent"
    sari.page.locator("#angka-paslon_2").fill("88")
    sari.page.locator("#angka-paslon_3").press("Enter")
    sari.sees("Halaman 3")
    assert not Entry.objects.exists(), "it waits for its reader first"
    eventually(Entry.objects.exists)
    assert Entry.objects.get().numbers == VOTES
    assert not sari.page.get_by_role("button", name="Batalkan").is_visible()


def test_the_last_one_can_be_taken_back_too(arrives, reads):
    arrives(2, **VOTES)
    sari = reads(undo=4)
    sends(sari, VOTES)
    sari.sees("Belum ada foto untuk Anda")
    sari.page.get_by_role("button", name="Batalkan").click()
    sari.sees("Halaman 2")
    assert not Entry.objects.exists()


def test_a_closed_tab_sends_what_was_read(arrives, reads):
    sari = with_the_next_one_ready(arrives, reads, undo=60)
    sends(sari, VOTES)
    sari.sees("Halaman 3")
    sari.page.goto("about:blank")
    eventually(Entry.objects.exists)


def test_what_a_crash_left_behind_is_sent_by_the_next_page(arrives, reads):
    sari = with_the_next_one_ready(arrives, reads, undo=60)
    sends(sari, VOTES)
    sari.sees("Halaman 3")
    kept = sari.page.evaluate("() => JSON.stringify({ ...localStorage })")
    # A browser that is killed says no farewell: its storage, in a new page.
    sari.page.evaluate("() => { window.stop(); fetch = () => new Promise(() => {}) }")
    sari.page.goto("about:blank")
    assert not Entry.objects.exists()
    comes_back(sari, kept)
    eventually(Entry.objects.exists)


def test_a_task_that_went_to_somebody_else_is_said_plainly(arrives, reads, site):
    sari = with_the_next_one_ready(arrives, reads, undo=2)
    held = Lease.objects.order_by("taken_at").first()
    sends(sari, VOTES)
    sari.sees("Halaman 3")
    Lease.objects.filter(pk=held.pk).update(end="expired")
    Task.objects.filter(pk=held.task_id).update(wants=0, leased=0)
    sari.sees("Tidak dapat dipakai:")
    sari.picture("baca-diambil-orang-lain")
    assert not Entry.objects.exists()


def test_where_the_browser_keeps_nothing_entries_leave_all_the_same(arrives, reads):
    arrives(2, **VOTES)
    sari = reads(undo=1)
    sari.page.evaluate("() => { Storage.prototype.setItem = () => { throw new DOMException('full') } }")
    sends(sari, VOTES)
    eventually(Entry.objects.exists)


def test_a_photo_whose_entry_still_waits_is_not_shown_again(arrives, reads):
    for number in range(3):
        arrives(2, **(VOTES | {"paslon_1": 70 + number}))
    sari = reads()
    is_ready(sari)
    sari.network_breaks = True
    sari.page.context.set_offline(True)
    sends(sari, VOTES)
    first = Lease.objects.order_by("taken_at").first()
    sari.page.wait_for_function(
        "old => document.querySelector('[data-lease]').dataset.lease !== old", arg=str(first.pk)
    )
    # The network is back for all but entries.
    sari.page.route("**/entry/", lambda route: route.abort())
    sari.page.context.set_offline(False)
    sends(sari, VOTES)
    sends(sari, VOTES)
    sari.sees("Belum ada foto untuk Anda")
    sari.page.wait_for_timeout(1000)
    assert sari.page.get_by_text("Belum ada foto untuk Anda").is_visible()
    sari.page.unroute("**/entry/")
    sari.page.evaluate("() => dispatchEvent(new Event('online'))")
    eventually(lambda: Entry.objects.count() == 3)


def test_a_fast_readers_entries_leave_though_each_is_younger_than_its_ten_seconds(arrives, reads):
    for number in range(5):
        arrives(2, **(VOTES | {"paslon_1": 70 + number}))
    sari = reads(undo=30)
    is_ready(sari)
    for _ in range(5):
        sends(sari, VOTES)
        sari.page.wait_for_timeout(700)
    eventually(lambda: Entry.objects.count() == 4)  # all but the last, which can be taken back yet
    assert Entry.objects.values("photo").distinct().count() == 4


def test_in_two_tabs_one_takes_back_only_its_own(arrives, reads):
    arrives(2, **VOTES)
    sari = reads(undo=8)
    other = sari.page.context.new_page()
    other.goto(sari.page.url)
    other.locator("#angka-paslon_1").wait_for()
    sends(sari, VOTES)
    sari.sees("Belum ada foto untuk Anda")
    for key, number in {"paslon_1": 1, "paslon_2": 2, "paslon_3": 3}.items():
        other.locator(f"#angka-{key}").fill(str(number))
    other.locator("#desa").fill("1")
    other.locator("#tps").fill("1")
    other.locator("#angka-paslon_3").press("Enter")
    other.get_by_text("sudah tersimpan dari tab lain").wait_for()
    sari.page.bring_to_front()
    sari.page.keyboard.press("u")
    sari.page.locator("#angka-paslon_1").fill("7")
    sari.page.locator("#angka-paslon_3").press("Enter")
    eventually(Entry.objects.exists, within=20)
    assert Entry.objects.get().numbers == VOTES | {"paslon_1": 7}, "what the first tab kept and took back is its own"


def test_what_a_proxy_says_is_no_receipt(arrives, reads):
    arrives(2, **VOTES)
    sari = reads()
    sari.page.route("**/entry/", lambda route: route.fulfill(status=200, content_type="text/html", body="<p>WLAN"))
    sends(sari, VOTES)
    sari.sees("dikirim sendiri nanti")
    sari.page.unroute("**/entry/")
    sari.page.evaluate("() => dispatchEvent(new Event('online'))")
    eventually(Entry.objects.exists)


def test_the_first_page_too_says_what_came_too_late(arrives, reads):
    arrives(2, **VOTES)
    sari = reads(undo=60)
    sari.network_breaks = True
    sari.page.context.set_offline(True)
    sends(sari, VOTES)
    sari.sees("Foto berikutnya belum dapat diambil")
    kept = sari.page.evaluate("() => JSON.stringify({ ...localStorage })")
    held = Lease.objects.get()
    Lease.objects.update(end="expired")
    Task.objects.filter(pk=held.task_id).update(wants=0, leased=0)
    sari.page.context.set_offline(False)
    comes_back(sari, kept)
    sari.sees("Tidak dapat dipakai:")
    sari.picture("baca-terlambat")
    sari.presses("Tutup")
    assert not sari.page.get_by_text("Tidak dapat dipakai:").is_visible()


def test_a_photo_that_is_over_is_said_while_one_types(arrives, reads):
    sari = with_the_next_one_ready(arrives, reads)
    shown = sari.page.locator("[data-lease]").get_attribute("data-lease")
    Lease.objects.filter(pk=shown).update(end="expired")
    sari.page.evaluate("() => { const now = Date.now; Date.now = () => now() + 61_000 }")
    sari.page.keyboard.type("1")
    sari.sees("Waktu foto ini habis")
    sari.sees("Halaman 3")


def test_what_was_typed_on_the_next_photo_is_there_after_taking_back(arrives, reads):
    sari = with_the_next_one_ready(arrives, reads, undo=20)
    sends(sari, VOTES)
    sari.sees("Halaman 3")
    sari.names_the_tps()
    sari.page.keyboard.type("220")
    sari.page.keyboard.press("u")
    sari.sees("Halaman 2")
    assert sari.page.locator("#angka-paslon_1").input_value() == "101"
    sari.page.locator("#angka-paslon_3").press("Enter")
    sari.sees("Halaman 3")
    assert sari.page.locator("#angka-suara_sah").input_value() == "220"


def test_who_stops_leaves_nothing_in_their_hands(arrives, reads):
    for page, numbers in ((2, VOTES), (3, SUMS), (2, VOTES | {"paslon_1": 77})):
        arrives(page, **numbers)
    sari = reads()
    is_ready(sari)
    for key, number in VOTES.items():
        sari.page.locator(f"#angka-{key}").fill(str(number))
    sari.presses("Simpan, lalu berhenti")
    sari.sees("Tersimpan. Terima kasih.")
    assert Entry.objects.count() == 1
    assert not Lease.objects.filter(end="").exists()
    assert not Task.objects.filter(returned__gt=0).exists(), "nobody gave them back: they were not looked at"


def test_who_stops_with_a_sum_that_does_not_fit_stops_after_confirming(arrives, reads):
    arrives(3, **BROKEN_SUMS)
    sari = reads()
    for key, number in BROKEN_SUMS.items():
        sari.page.locator(f"#angka-{key}").fill(str(number))
    sari.presses("Simpan, lalu berhenti")
    sari.sees("Memang begitu di kertas")
    sari.page.keyboard.press("s")
    sari.sees("Tersimpan. Terima kasih.")
    assert Entry.objects.get().numbers == BROKEN_SUMS


def test_a_reload_shows_what_one_holds_and_takes_no_more(arrives, reads):
    for number in range(5):
        arrives(2, **(VOTES | {"paslon_1": 70 + number}))
    sari = reads()
    is_ready(sari)
    for _ in range(3):
        sari.page.reload()
        sari.page.wait_for_load_state("networkidle")
    assert Lease.objects.filter(end="").count() == 3


def test_what_is_held_ready_is_renewed_with_what_is_read(arrives, reads):
    arrives(2, **VOTES)
    arrives(3, **SUMS)
    sari = reads()
    holds(2)
    Lease.objects.update(expires_at=timezone.now())
    sari.page.evaluate(
        """() => fetch(document.querySelector("[data-renew]").dataset.renew, { method: "POST",
             headers: { "X-CSRFToken": document.querySelector("[name=csrfmiddlewaretoken]").value } })"""
    )
    eventually(lambda: not Lease.objects.filter(end="", expires_at__lt=timezone.now()).exists())
