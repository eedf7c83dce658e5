"""Somebody new: signs up, accepts the terms, practises (wrong once, then right), and reads a first photo."""

import pytest

from accounts import roles
from accounts.models import Role, User
from tests.browser.conftest import DESKTOP, PHONE, Person
from tests.browser.reading import PHONE_WITH_TOUCH, box, eventually
from tests.browser.test_every_page import FAINT, SMALL
from tests.browser.test_signing_in import types_the_code
from transcription import practice
from transcription.models import Entry, PracticeResult

pytestmark = [pytest.mark.browser, pytest.mark.slow]


@pytest.fixture
def waiting(site, arrives):
    """A photo of page 2 waits for readers."""
    arrives(2, paslon_1=101, paslon_2=88, paslon_3=20)
    return site


def is_new(world) -> None:
    """Sari has accepted the terms, and nothing more."""
    world.person("Sari", practised_at=None, established_at=None)


def looks_right(person: Person, name: str) -> None:
    person.nothing_hangs_over_the_edge()
    person.picture(name)
    assert person.page.evaluate(FAINT) + person.page.evaluate(SMALL) == []


def types(person: Person, number: int, **other: object) -> None:
    """Into the boxes of a practice form what is on the paper, but for `other`."""
    says_which_tps(person, "3", "7")
    for key, value in (dict(practice.FORMS[number].numbers) | other).items():
        if isinstance(value, str):
            person.page.locator(f"#tanda-{key}").select_option(value)
        else:
            person.page.locator(f"#angka-{key}").fill(str(value))


def says_which_tps(person: Person, village: str, number: str) -> None:
    person.page.locator("#desa").fill(village)
    person.page.locator("#tps").fill(number)


@pytest.mark.parametrize("viewport", [PHONE, DESKTOP], ids=["phone", "desk"])
@pytest.mark.parametrize("scripts", [True, False], ids=["with scripts", "without scripts"])
def test_from_signing_up_to_the_first_photo(waiting, somebody, viewport, scripts):
    sari = somebody(viewport=viewport, java_script_enabled=scripts, color_scheme="dark" if scripts else "light")
    sari.goes_to("/akun/signup/")
    sari.page.get_by_label("E-mail", exact=True).fill("sari@contoh.test")
    sari.presses("Kirim kode")
    types_the_code(sari)
    roles.grant(waiting.person("Oka", Role.OPERATOR), User.objects.get(email="sari@contoh.test"), "volunteer", "contoh")

    sari.goes_to("/baca/")
    sari.picture("ketentuan")
    sari.presses("Saya terima")
    sari.picture("latihan")
    sari.clicks("Mulai latihan")
    types(sari, 1, paslon_1=141)
    sari.presses("Periksa bacaan saya")
    sari.sees("Di kertas: 147. Anda membaca: 141.")
    sari.picture("latihan-keliru")
    types(sari, 1)
    sari.presses("Periksa bacaan saya")
    sari.sees("Benar.")
    types(sari, 2)
    sari.presses("Periksa bacaan saya")
    sari.page.get_by_role("heading", name="Halaman 3").wait_for()
    types(sari, 3)
    sari.presses("Periksa bacaan saya")
    sari.sees("Jumlahnya tidak cocok")
    sari.picture("latihan-jumlah")
    sari.presses("Memang begitu di kertas")
    sari.sees("Latihan Anda selesai.")
    sari.picture("latihan-selesai")
    sari.clicks("Baca foto")
    sari.presses("Ambil foto")
    says_which_tps(sari, "1", "1")
    for key, number in (("paslon_1", 101), ("paslon_2", 88), ("paslon_3", 20)):
        sari.page.locator(f"#angka-{key}").fill(str(number))
    sari.presses("Simpan, lalu berhenti")
    sari.sees("Tersimpan. Terima kasih.")
    eventually(Entry.objects.exists)
    assert Entry.objects.get().account.email == "sari@contoh.test"


def test_by_keyboard_alone(waiting, somebody):
    is_new(waiting)
    sari = somebody(viewport=DESKTOP)
    sari.signs_in("Sari")
    sari.goes_to("/latihan/2/")
    assert box(sari) == "desa"
    assert sari.page.locator("canvas.crop").count() == 1
    looks_right(sari, "latihan-2")
    keys = sari.page.keyboard
    keys.type("3")
    assert box(sari) == "tps"
    keys.type("7")
    keys.press("Enter")
    keys.type("93")
    keys.press("Enter")
    keys.type("k")
    assert box(sari) == "angka-paslon_3"
    keys.type("k")
    keys.press("Enter")
    sari.sees("Anda membaca: kosong")
    looks_right(sari, "latihan-2-keliru")
    assert PracticeResult.objects.get().done_at is None
    sari.page.locator("#angka-paslon_2").focus()
    keys.type("0")
    keys.press("Enter")
    keys.press("Enter")
    sari.page.wait_for_url("**/latihan/1/")
    assert PracticeResult.objects.get(form=2).done_at is not None


def test_by_thumb(waiting, somebody):
    is_new(waiting)
    sari = somebody(**PHONE_WITH_TOUCH)
    sari.signs_in("Sari")
    sari.goes_to("/latihan/1/")
    sari.picture("latihan-1")
    for key in (*"37", "Enter", *"147", *"62", "Enter", "8", "Enter"):
        sari.page.locator(f"[data-key='{key}']").tap()
    sari.page.wait_for_url("**/latihan/2/")
    assert practice.done_by(User.objects.get(email="sari@contoh.test")) == {1}
