"""A case by keys: one's own look first, then choosing, and on to the next; on a phone with thumbs; without scripts."""

import pytest
from django.db import transaction

from accounts import announcements
from accounts.models import Role
from pemantau import pipeline
from tests.browser.conftest import DESKTOP, PHONE
from tests.browser.reading import PHONE_WITH_TOUCH, eventually, is_seen
from tests.transcription.reading import VOTES, photo_of, reads
from transcription.models import FirstLook, Ruling
from uploads.models import Photo

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.browser]
READERS = ("Sari", "Budi", "Dewi", "Eko")


@pytest.fixture
def cases(site):
    """Two: one that four read differently, one that two found blurred."""
    with transaction.atomic():
        first, second = photo_of(site), photo_of(site, "9101011001002")
    for number, name in enumerate(READERS, start=1):
        reads(site, name, first, paslon_1=100 + number, paslon_2=88, paslon_3=10 + number)
    for name in ("Fitri", "Gita"):
        reads(site, name, second, problem="blurred")
    return first, second


def test_a_case_is_settled_by_keys_alone_and_the_next_one_comes(site, cases, somebody):
    first, second = cases
    adi = somebody(viewport=DESKTOP)
    adi.signs_in("Adi", Role.ADJUDICATOR)
    adi.goes_to(f"/putusan/{first.pk}/")
    adi.page.wait_for_function("() => document.activeElement.id === 'angka-paslon_1'")
    adi.page.keyboard.type("102")  # the third figure leads on
    adi.page.keyboard.type("12")
    adi.page.keyboard.press("Enter")
    adi.sees("B, Anda")
    assert FirstLook.objects.get().numbers == {"paslon_1": 102, "paslon_3": 12}
    adi.page.wait_for_function("() => !document.querySelector('[data-slot=keys]').hidden")
    adi.page.keyboard.press("a")
    assert adi.page.evaluate("() => document.activeElement.name") == "alasan", "the numbers one read are chosen already"
    adi.page.keyboard.press("1")
    assert not adi.page.locator(".compare__read").first.is_visible(), "there are columns"
    adi.picture("putusan-tombol")
    adi.page.keyboard.press("Enter")
    adi.page.wait_for_url(f"**/putusan/{second.pk}/")
    ruling = Ruling.objects.get()
    assert (ruling.verdict, ruling.reason) == ("accept", "as_written")
    assert (ruling.numbers["paslon_1"], ruling.numbers["paslon_3"]) == (102, 12)
    adi.page.keyboard.press("Tab")
    adi.presses("Tampilkan bacaan orang lain")
    adi.sees("Anda sendiri tidak melihat masalah.")
    adi.page.wait_for_function("() => !document.querySelector('[data-slot=keys]').hidden")
    adi.page.keyboard.press("t")
    adi.page.keyboard.press("1")
    adi.page.keyboard.press("Enter")
    adi.sees("Tidak ada yang menunggu")
    assert set(Ruling.objects.values_list("verdict", "reason")) == {("accept", "as_written"), ("reject", "blurred")}
    pipeline.decide(str(first.pk))
    assert first.decisions.get().numbers["paslon_1"] == 102
    for viewport in (DESKTOP, PHONE):
        adi.page.set_viewport_size(viewport)
        adi.goes_to(f"/putusan/{first.pk}/")
        adi.sees("Putusan Anda berlaku. Hanya verifikator lain yang dapat mengubahnya.")
        adi.picture("putusan-berlaku")


@pytest.mark.parametrize("scripts", [True, False])
def test_on_a_phone_and_without_scripts(site, cases, somebody, scripts):
    first, _second = cases
    adi = somebody(viewport=PHONE, java_script_enabled=scripts)
    adi.signs_in("Adi", Role.ADJUDICATOR)
    adi.goes_to(f"/putusan/{first.pk}/")
    adi.picture(f"putusan-lihat-dulu-{scripts}")
    adi.page.locator("#angka-paslon_1").fill("102")
    adi.page.locator("#angka-paslon_3").fill("12")
    adi.presses("Tampilkan bacaan orang lain")
    adi.sees("B, Anda")
    read = adi.page.locator(".compare__read")
    assert read.first.inner_text().split() == ["A", "101", "B", "102", "C", "103", "D", "104"]
    assert read.nth(1).inner_text().split() == ["A", "88", "B", "88", "C", "88", "D", "88"], "where they agree, too"
    adi.nothing_hangs_over_the_edge()
    adi.picture(f"putusan-{scripts}")
    adi.page.get_by_label("Begitu tertulis di kertas").first.check()
    adi.presses("Terima angka ini")
    adi.page.wait_for_url(lambda url: str(first.pk) not in url)
    assert Ruling.objects.get().numbers["paslon_3"] == 12


def test_a_letter_in_the_note_is_a_letter(site, cases, somebody):
    first, _second = cases
    adi = somebody(viewport=DESKTOP)
    adi.signs_in("Adi", Role.ADJUDICATOR)
    adi.goes_to(f"/putusan/{first.pk}/")
    adi.page.locator("#angka-paslon_1").fill("102")
    adi.page.locator("#angka-paslon_3").fill("12")
    adi.presses("Tampilkan bacaan orang lain")
    adi.sees("B, Anda")
    adi.page.wait_for_function("() => !document.querySelector('[data-slot=keys]').hidden")
    note = adi.page.locator("[name=catatan]").first
    note.press_sequentially("tua 12")
    assert note.input_value() == "tua 12"
    assert not adi.page.locator("details[open]").count()


@pytest.fixture
def with_boxes(site, arrives):
    """One that four read differently, on which the program found the boxes."""
    arrives(2, **VOTES)
    photo = Photo.objects.get()
    for number, name in enumerate(READERS, start=1):
        reads(site, name, photo, **VOTES | {"paslon_1": 100 + number})
    return photo


@pytest.mark.parametrize("how", [PHONE_WITH_TOUCH, {"viewport": DESKTOP}])
def test_on_ones_own_look_box_and_crop_are_there_at_once(site, with_boxes, somebody, how):
    text = "Penghitungan dijeda pukul 23.00 sampai 23.15 WIB, lalu dilanjutkan seperti biasa."
    announcement = announcements.check(text, "", "important", "everybody", None)
    announcements.publish(site.person("Oka", Role.OPERATOR), announcement, "contoh")
    adi = somebody(**how)
    adi.signs_in("Adi", Role.ADJUDICATOR)
    adi.goes_to(f"/putusan/{with_boxes.pk}/")
    adi.page.wait_for_function("() => document.activeElement.id === 'angka-paslon_1'")
    adi.sees("Penghitungan dijeda")
    assert adi.page.locator(".crop").count() == 1, "not twice"
    adi.picture("putusan-lihat-dulu-kotak")
    eventually(lambda: is_seen(adi, "#angka-paslon_1, .crop, .keypad button"))
