"""The main job as people do it: from a photo to a public number, and back from the number to the photo."""

import pytest
from django.db import transaction

from accounts.models import Role
from tests import specimens
from tests.aggregation.evidence import fold
from tests.browser.conftest import DESKTOP, PHONE, Person
from tests.browser.test_every_page import FAINT, SMALL
from tests.transcription.reading import photo_of, reads
from transcription.models import Entry
from uploads.models import Photo

pytestmark = [pytest.mark.browser, pytest.mark.slow]

TPS = "9101011001001"
VOTES = {"paslon_1": 101, "paslon_2": 88, "paslon_3": 20}


@pytest.fixture
def paper(tmp_path) -> str:
    """A photo of page 2 on the phone of somebody at the TPS."""
    path = tmp_path / "IMG_0001.jpg"
    path.write_bytes(specimens.render(TPS, 2, VOTES, width=900))
    return str(path)


def sends(citizen: Person, paper: str, scripts: bool = True) -> None:
    """From the front page down to the TPS, in as many taps as there are levels, and the photo is sent."""
    citizen.goes_to("/")
    citizen.clicks("Kirim foto")
    for place in ("Contoh Raya", "Kabupaten Melati", "Anggrek", "Desa 1", "TPS 001"):
        citizen.clicks(place)
    if scripts:
        with citizen.page.expect_file_chooser() as chooser:
            citizen.presses("Pilih dari galeri")
        chooser.value.set_files(paper)
        citizen.page.get_by_label("Halaman", exact=True).select_option("Halaman 2: suara paslon")
        citizen.picture("kirim")
        citizen.presses("Pakai foto ini")
        citizen.clicks("Bukti ")
    else:
        citizen.page.get_by_label("Foto C.Hasil").set_input_files(paper)
        citizen.page.get_by_label("Halaman 2: suara paslon").check()
        citizen.picture("kirim-tanpa-skrip")
        citizen.presses("Kirim foto")
    citizen.sees("Bukti kiriman")
    citizen.picture("bukti")


def types(volunteer: Person, **numbers: int) -> None:
    """Takes the next photo, whose printed tag says which page it is, and types what is on the paper."""
    volunteer.goes_to("/baca/")
    volunteer.presses("Ambil foto")
    if volunteer.page.get_by_text("Halaman mana yang terlihat?").count():
        volunteer.clicks("Halaman 2: suara paslon")
    volunteer.page.locator("#desa").fill("1")
    volunteer.page.locator("#tps").fill("1")
    for key, number in numbers.items():
        volunteer.page.locator(f"#angka-{key}").fill(str(number))
    volunteer.picture("baca")
    volunteer.presses("Simpan, lalu berhenti")


@pytest.mark.parametrize("scripts", [True, False], ids=["with scripts", "without scripts"])
def test_from_a_photo_to_a_public_number_and_back(site, somebody, paper, scripts):
    citizen = somebody(java_script_enabled=scripts)
    sends(citizen, paper, scripts)
    citizen.sees("Foto Anda sedang dibaca relawan.")
    for name in ("Sari", "Budi"):
        volunteer = somebody(java_script_enabled=scripts)
        volunteer.signs_in(name)
        types(volunteer, **VOTES)
    fold()

    citizen.page.reload()
    citizen.sees("Angka pada foto Anda sudah masuk ke hasil TPS ini.")
    citizen.clicks("Lihat hasil TPS ini")
    citizen.sees("101")
    citizen.picture("tps")
    citizen.clicks("lihat fotonya")
    citizen.sees("Angka yang disepakati")
    citizen.picture("foto")

    reader = somebody(java_script_enabled=scripts, viewport=DESKTOP)
    reader.goes_to("/")
    reader.sees("1 dari 5 TPS terhitung")
    reader.picture("negara")
    for place in ("Contoh Raya", "Kabupaten Melati", "Anggrek", "Desa 1", "TPS 001"):
        reader.clicks(place)
    assert reader.page.get_by_text("101").count() >= 1
    assert reader.page.context.cookies() == [], "who only reads gets no cookie"


def test_an_adjudicator_settles_what_four_readers_see_differently(site, somebody, paper):
    sends(somebody(), paper)
    photo = Photo.objects.get()
    for number, name in enumerate(("Sari", "Budi", "Dewi", "Eko"), start=1):
        reads(site, name, photo, paslon_1=100 + number, paslon_2=80 + number, paslon_3=10 + number)
    adjudicator = somebody(viewport=DESKTOP)
    adjudicator.signs_in("Adi", Role.ADJUDICATOR)
    adjudicator.clicks("TPS 001")
    for key, number in {"paslon_1": 101, "paslon_2": 81, "paslon_3": 12}.items():
        adjudicator.page.locator(f"#angka-{key}").fill(str(number))
    adjudicator.picture("putusan-lihat-dulu")
    adjudicator.presses("Tampilkan bacaan orang lain")
    adjudicator.sees("B, Anda")
    for key, number in {"paslon_1": 101, "paslon_2": 81, "paslon_3": 11}.items():
        adjudicator.page.locator(f"#angka-{key} input[value='{number}']").check()
    adjudicator.page.get_by_label("Begitu tertulis di kertas").first.check()
    adjudicator.picture("putusan")
    adjudicator.presses("Terima angka ini")
    adjudicator.sees("Tidak ada yang menunggu")
    fold()
    reader = somebody()
    reader.goes_to(f"/hasil/contoh/ppwp/tps/{TPS}/")
    reader.sees("101")


def test_what_was_typed_stays_when_it_is_refused(site, somebody):
    with transaction.atomic():
        photo_of(site)
    volunteer = somebody()
    volunteer.signs_in("Sari")
    types(volunteer, paslon_1=101, paslon_2=88)
    volunteer.sees("Periksa lagi")
    assert volunteer.page.locator("#angka-paslon_1").input_value() == "101"
    assert volunteer.page.locator("#angka-paslon_3").input_value() == ""


def test_a_citizen_hears_why_a_file_is_not_taken(site, somebody, tmp_path):
    text = tmp_path / "hasil.jpg"
    text.write_text("bukan foto")
    citizen = somebody(java_script_enabled=False)
    citizen.goes_to(f"/kirim/{TPS}/")
    citizen.page.get_by_label("Foto C.Hasil").set_input_files(str(text))
    citizen.presses("Kirim foto")
    citizen.sees("Ini bukan foto yang dapat kami baca.")
    assert not Photo.objects.exists()


@pytest.mark.parametrize("viewport", [PHONE, DESKTOP], ids=["phone", "desk"])
def test_who_sent_a_photo_types_its_numbers_too(site, somebody, paper, viewport):
    citizen = somebody(viewport=viewport)
    sends(citizen, paper)
    citizen.clicks("Isi angka dari foto ini")
    citizen.picture("angka")
    assert citizen.page.evaluate(FAINT) + citizen.page.evaluate(SMALL) == []
    citizen.page.locator("#angka-paslon_1").press_sequentially("p101")  # the key for problems is the readers'
    citizen.presses("Simpan angka")
    citizen.sees("Angka Anda tersimpan.")
    citizen.clicks("Isi angka dari foto ini")
    citizen.sees("Angka yang Anda isi")
    citizen.picture("angka-terisi")
    assert Entry.objects.get(source="uploader").numbers == {"paslon_1": 101}
