"""What the sending page says while it works; `templates/uploads/_app.html` holds what it says from the beginning.

`static/uploads/` has no sentence of its own. A word in braces is filled in there; `_one` stands for a single one.
"""

from django.utils.translation import gettext as _


def of_page() -> dict[str, str]:
    """In the language of the moment."""
    return _taking() | checking() | _waiting() | _sent()


def _taking() -> dict[str, str]:
    return {
        "photos_one": _("Sudah ada 1 foto."),
        "photos": _("Sudah ada {number} foto."),
        "no_photos": _("Belum ada foto."),
        "on_this_phone": _("Ada di ponsel ini."),
        "missing": _("Belum ada: halaman {pages}."),
        "missing_many": _("{number} halaman belum ada."),
        "all_there": _("Semua halaman sudah ada. Foto tambahan tetap berguna untuk membandingkan."),
        "all_kept": _("Semua halaman sudah ada atau tersimpan di ponsel ini."),
        "station_later": _("TPS untuk foto ini dipilih nanti."),
        "page_later": _("Pemilihan dan halamannya dikenali setelah ada jaringan."),
        "kept": _("Tersimpan di ponsel ini."),
        "kept_page": _("Halaman {page} sudah tersimpan."),
        "keeping": _("Menyimpan…"),
        "page": _("Halaman {page}"),
        "page_unknown": _("Halaman belum diketahui"),
        "look_for_page": _("Arahkan ke seluruh lembar C.Hasil."),
        "is_page": _("Dikenali: {page}."),
        "other_page": _("Ini halaman {page}, bukan halaman {chosen}."),
        "page_not_seen": _("Halamannya belum dikenali. Pilih sendiri, atau biarkan relawan menentukan."),
        "no_camera": _("Kamera tidak dapat dibuka dari halaman ini. Ambil foto dengan aplikasi kamera ponsel."),
        "camera_starts": _("Kamera sedang dibuka…"),
        "torch_on": _("Nyalakan lampu"),
        "torch_off": _("Matikan lampu"),
        "no_room": _(
            "Ruang penyimpanan ponsel penuh, foto ini belum tersimpan. Simpan ke galeri, lalu kosongkan ruang."
        ),
        "not_kept": _("Foto ini belum tersimpan. Simpan ke galeri, lalu coba lagi."),
        "not_a_picture": _("File ini bukan foto. Pilih foto lain."),
    }


def checking() -> dict[str, str]:
    """Remarks about a photo before it is sent (`static/uploads/page_check.js`)."""
    return {
        "wrong_page": _("Ini halaman {page}. Simpan sebagai halaman {page}?"),
        "yes": _("Ya, halaman {page}"),
        "no": _("Bukan, biarkan"),
        "other_ballot": _("Lembar ini milik surat suara lain. Periksa pemilihan yang Anda pilih."),
        "turned": _("Foto ini terbalik atau miring. Kalau bisa, ambil ulang dengan tegak."),
        "blurred": _("Foto ini buram. Kalau bisa, ambil ulang dan pegang ponsel lebih tenang."),
        "dark": _("Foto ini gelap. Kalau bisa, ambil ulang di tempat yang lebih terang."),
    }


def _waiting() -> dict[str, str]:
    return {
        "waits_one": _("1 foto menunggu dikirim, {size}."),
        "waits": _("{number} foto menunggu dikirim, {size}."),
        "nothing_waits": _("Semua foto sudah terkirim."),
        "paused": _("Dijeda. Tekan “Lanjutkan” untuk mengirim."),
        "offline": _("Menunggu jaringan. Terkirim sendiri setelah tersambung."),
        "in_line": _("Menunggu giliran."),
        "sending": _("Sedang dikirim: {share} %."),
        "again_at": _("Belum berhasil. Dicoba lagi sendiri pukul {time}."),
        "asked_to_wait": _("Server sedang ramai. Dikirim lagi sendiri pukul {time}."),
        "unplaced": _("Belum ada TPS-nya. Pilih TPS supaya dapat dikirim."),
        "which_contest": _("Buka TPS ini dan pilih pemilihannya, supaya foto ini dapat dikirim."),
        "use_here": _("Pakai untuk {station}"),
        "pause": _("Jeda"),
        "resume": _("Lanjutkan"),
        "no_station": _("TPS belum dipilih"),
    }


def _sent() -> dict[str, str]:
    return {
        "sent": _("Terkirim."),
        "receipt": _("Bukti {code}"),
        "refused": _("Tidak diterima."),
    }
