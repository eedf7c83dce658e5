"""Being invited, proving a second factor, being told something, and leaving: as people do it, in a browser."""

import pytest
from allauth.account.models import EmailAddress
from django.core import mail

from accounts.models import Role, User
from tests.browser.conftest import DESKTOP, PHONE, Person
from tests.browser.reading import eventually
from tests.browser.test_signing_in import (
    CODE,
    adds_a_passkey,
    has_a_device_with_passkeys,
    signs_out,
    types_the_code,
    uses_the_passkey,
)

pytestmark = [pytest.mark.browser, pytest.mark.slow]

BOTH = pytest.mark.parametrize("viewport", [PHONE, DESKTOP], ids=["phone", "desk"])


def signs_in_by_code(person: Person, name: str, role: str) -> User:
    account = person.world.person(name, role)
    account.set_unusable_password()
    account.save()
    EmailAddress.objects.get_or_create(user=account, email=account.email, verified=True, primary=True)
    person.goes_to("/akun/login/")
    person.page.get_by_label("E-mail", exact=True).fill(account.email)
    person.presses("Kirim kode")
    types_the_code(person)
    return account


@BOTH
def test_a_volunteer_invites_and_a_stranger_becomes_one(site, somebody, settings, viewport):
    settings.SITE_ORIGIN = site.address
    sari, tono, oka = (somebody(viewport=viewport, java_script_enabled=False) for _ in range(3))
    sari.signs_in("Sari")
    sari.goes_to("/akun/")
    sari.picture("me-volunteer")
    sari.clicks("Undang relawan")
    sari.picture("invite-none")
    sari.page.get_by_label("Untuk berapa orang").fill("99")
    sari.presses("Buat tautan")
    sari.sees("Isi untuk berapa orang: 1 sampai 20.")
    sari.picture("invite-wrong")
    sari.page.get_by_label("Untuk berapa orang").fill("3")
    sari.presses("Buat tautan")
    sari.picture("invite-link")
    link = sari.page.locator("#link").input_value()

    tono.goes_to(link)
    tono.picture("invited")
    tono.clicks("Daftar dengan e-mail")
    tono.page.get_by_label("E-mail", exact=True).fill("tono@contoh.test")
    tono.presses("Kirim kode")
    types_the_code(tono)
    tono.sees("Anda masuk sebagai tono@contoh.test.")
    tono.picture("invited-signed-in")
    tono.presses("Jadi relawan")
    tono.sees("Anda sekarang relawan.")
    assert User.objects.get(email="tono@contoh.test").invited_by == site.people["Sari"]

    oka.signs_in("Oka", Role.OPERATOR)
    oka.goes_to("/kelola/undangan/")
    oka.picture("tree")
    oka.clicks("sari@contoh.test")
    oka.sees("tono@contoh.test")
    oka.picture("tree-branch")
    oka.presses("Cabut semua tautannya")
    oka.sees("1 tautan dicabut.")
    assert tono.goes_to(link) == 410
    tono.picture("invitation-over")


@BOTH
def test_an_adjudicator_sets_up_a_passkey_and_goes_to_work(site, somebody, settings, viewport):
    settings.SECOND_FACTOR_REQUIRED = True
    adi = somebody(viewport=viewport)
    has_a_device_with_passkeys(adi)
    signs_in_by_code(adi, "Adi", Role.ADJUDICATOR)
    adi.page.wait_for_url("**/akun/langkah-kedua/?next=%2Fputusan%2F")
    adi.picture("second-factor-none")
    adi.clicks("Tambah passkey")
    adds_a_passkey(adi, "Ponsel Adi")
    adi.goes_to("/putusan/")
    adi.picture("second-factor-there")
    adi.clicks("Pakai langkah kedua")
    uses_the_passkey(adi)
    adi.page.wait_for_url("**/putusan/")
    signs_out(adi)

    adi.goes_to("/akun/login/")
    adi.page.get_by_role("button", name="Masuk dengan passkey").click()
    adi.page.wait_for_url("**/putusan/")


@BOTH
def test_the_pages_of_the_authenticator_app(site, somebody, settings, viewport):
    settings.SECOND_FACTOR_REQUIRED = True
    oka = somebody(viewport=viewport)
    signs_in_by_code(oka, "Oka", Role.OPERATOR)
    oka.page.wait_for_url("**/akun/langkah-kedua/**")
    oka.clicks("Pasang aplikasi")
    oka.picture("totp-activate")
    oka.sees("Pindai gambar ini")


@BOTH
def test_what_operators_announce_stands_on_top_and_can_be_seen_before(site, somebody, viewport):
    oka, reader = somebody(viewport=viewport), somebody(viewport=viewport, color_scheme="dark")
    oka.signs_in("Oka", Role.OPERATOR)
    oka.goes_to("/kelola/pengumuman/")
    oka.page.get_by_label("Teks dalam bahasa Indonesia").fill("Penghitungan dijeda pukul 23.00 sampai 23.15 WIB.")
    oka.page.get_by_label("Seberapa penting").select_option("important")
    oka.presses("Lihat dulu")
    oka.sees("Belum terbit.")
    oka.picture("announce-preview")
    oka.presses("Terbitkan")
    oka.sees("Pengumuman tampil di semua halaman")
    oka.picture("announce")
    reader.goes_to("/cari/")
    reader.sees("Penghitungan dijeda pukul 23.00")
    reader.picture("announced")
    oka.presses("Akhiri")
    oka.sees("Pengumuman berakhir.")

    def is_gone() -> bool:
        reader.goes_to("/cari/")
        return reader.page.get_by_text("Penghitungan dijeda").count() == 0

    eventually(is_gone)  # browsers may keep a public page for a second


@BOTH
def test_somebody_leaves(site, somebody, viewport):
    sari = somebody(viewport=viewport, java_script_enabled=False)
    signs_in_by_code(sari, "Sari", Role.VOLUNTEER)
    sari.goes_to("/akun/")
    sari.clicks("Hapus akun")
    sari.picture("leave")
    sari.presses("Kirim kode")
    sari.page.get_by_label("Kode", exact=True).fill("AAAA-AAAA")
    sari.presses("Hapus akun saya selamanya")
    sari.sees("Kode ini salah")
    sari.picture("leave-wrong-code")
    sari.page.get_by_label("Kode", exact=True).fill(CODE.search(mail.outbox[-1].body)[0])
    sari.presses("Hapus akun saya selamanya")
    sari.sees("Akun Anda sudah dihapus")
    sari.picture("left")
    assert not User.objects.filter(email="sari@contoh.test").exists()


@BOTH
def test_two_operators_help_who_lost_their_device(site, somebody, viewport):
    oka, nur, adi = (somebody(viewport=viewport) for _ in range(3))
    has_a_device_with_passkeys(adi)
    signs_in_by_code(adi, "Adi", Role.ADJUDICATOR)
    adds_a_passkey(adi, "Ponsel Adi")
    for operator, name in ((oka, "Oka"), (nur, "Nur")):
        operator.signs_in(name, Role.OPERATOR)
        operator.goes_to("/kelola/orang/?q=adi")
        operator.picture(f"factor-reset-{name}")
        operator.presses("Hapus langkah kedua" if name == "Oka" else "Setujui, hapus langkah kedua")
    nur.sees("Langkah kedua dihapus.")
    adi.goes_to("/putusan/")
    adi.page.wait_for_url("**/akun/login/**")
