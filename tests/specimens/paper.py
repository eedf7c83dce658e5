"""The printed form before anybody writes on it. Drawn once for each page, size and election, then copied."""

from dataclasses import dataclass
from functools import lru_cache

from PIL import Image, ImageDraw, ImageFont

from tests.specimens import layout, tags
from tests.specimens.layout import Box

BLACK, GREY, PALE = 24, 120, 176
WHITE = 255


@dataclass(frozen=True)
class Print:
    """What the printer was told about the election."""

    year: int = 2029
    options: tuple[str, ...] = ("PASANGAN CALON SATU", "PASANGAN CALON DUA", "PASANGAN CALON TIGA")


class Press:
    """Draws in units of the layout."""

    def __init__(self, scale: float) -> None:
        self.scale = scale
        size = (round(layout.WIDTH * scale), round(layout.HEIGHT * scale))
        self.image = Image.new("L", size, WHITE)
        self.draw = ImageDraw.Draw(self.image)

    def rule(self, x1: float, y1: float, x2: float, y2: float, weight: float = 1.0, tone: int = BLACK) -> None:
        scale = self.scale
        points = (x1 * scale, y1 * scale, x2 * scale, y2 * scale)
        self.draw.line(points, fill=tone, width=max(1, round(weight * scale)))

    def frame(self, box: Box, weight: float = 1.0, tone: int = BLACK) -> None:
        x, y, width, height = (value * self.scale for value in box)
        self.draw.rectangle((x, y, x + width, y + height), outline=tone, width=max(1, round(weight * self.scale)))

    def block(self, box: Box, tone: int = BLACK) -> None:
        x, y, width, height = (round(value * self.scale) for value in box)
        self.draw.rectangle((x, y, x + width - 1, y + height - 1), fill=tone)

    def text(self, x: float, y: float, text: str, size: float, *, bold: bool = False, anchor: str = "lm") -> None:
        """One line at (x, y); the anchor as Pillow names it."""
        font = _font(round(size * self.scale, 1))
        thickness = size * self.scale / 48 if bold else 0
        self.draw.text(
            (x * self.scale, y * self.scale), text, fill=BLACK, font=font, anchor=anchor, stroke_width=thickness
        )

    def dots(self, x1: float, x2: float, y: float, tone: int = 70) -> None:
        radius = 0.55
        x = x1
        while x < x2:
            self.block((x, y - radius, max(2 * radius, 1 / self.scale), max(2 * radius, 1 / self.scale)), tone)
            x += 5.1


@lru_cache(maxsize=32)
def _font(size: float) -> ImageFont.FreeTypeFont | ImageFont.ImageFont:
    return ImageFont.load_default(size)


@lru_cache(maxsize=16)
def blank(page: int, scale: float, printed: Print) -> Image.Image:
    """The unfilled page, grey, `scale` pixels a unit. Copy it before writing on it."""
    press = Press(scale)
    _tag(press, page)
    sheet(press, "C.HASIL-PPWP", "PEMILU PRESIDEN DAN WAKIL PRESIDEN", page, 3)
    _header(press, page, printed)
    if page == 1:
        voters(press)
    elif page == 2:
        _votes(press, printed)
    else:
        totals(press)
    _signatures(press, page, printed)
    return press.image


def _tag(press: Press, page: int) -> None:
    x, y, side, _ = layout.TAG
    module = side / tags.SIDE
    press.block(layout.TAG)
    for column, row in tags.white_modules(page):
        press.block((x + column * module, y + row * module, module, module), WHITE)


def sheet(press: Press, model: str, title: str, page: int, last: int) -> None:
    """Corner marks, edges, and which page of which form it is."""
    half = layout.MARK_SIDE / 2
    for x, y in layout.MARKS:
        press.block((x, y, half, half))
        press.block((x + half, y + half, half, half))
    press.frame(layout.MODEL)
    press.text(754, 127, "MODEL", 7.5, bold=True, anchor="mm")
    press.text(754, 137, model, 7.5, bold=True, anchor="mm")
    press.text(754, 154, f"Halaman {page} dari {last}", 7, bold=True, anchor="mm")
    for left, top, right, bottom in (
        (89, 85, 806, 85),
        (89, 1317, 806, 1317),
        (59, 119, 59, 1283),
        (836, 119, 836, 1283),
    ):
        press.rule(left, top, right, bottom, 1.6, PALE)
    press.dots(59, 836, 74, GREY)
    press.text(59, 1328, f"{title} - Hal {page} dari {last}", 6.5)
    press.text(776, 1293, "*) Coret yang tidak perlu", 6, anchor="rm")


def _header(press: Press, page: int, printed: Print) -> None:
    header_lines(press, page)
    if page == 1:
        preamble(press, printed, "PRESIDEN DAN WAKIL PRESIDEN")
    else:
        titles = {
            2: "IV.   DATA RINCIAN PEROLEHAN SUARA PASANGAN CALON PRESIDEN DAN WAKIL PRESIDEN",
            3: "V.   DATA SUARA SAH DAN SUARA TIDAK SAH",
        }
        press.text(109, 204, titles[page], 9.5, bold=True)


def header_lines(press: Press, page: int) -> None:
    """Where the region's names and the TPS's number are written, and the emblem."""
    labels = {
        "province": "Provinsi",
        "regency": "Kabupaten / Kota",
        "district": "Kecamatan",
        "village": "Kelurahan / Desa *)",
        "number": "Nomor TPS",
    }
    label_left = {1: (109, 374), 2: (158, 423), 3: (158, 423)}[page]
    for name, (x, base, width) in layout.HEADERS[page].items():
        left = label_left[0] if name in ("province", "regency") else label_left[1]
        press.text(left, base - 4, labels[name], 8, bold=True)
        press.text(x - 8, base - 4, ":", 8, bold=True)
        press.dots(x, x + width, base)
    for box, tone in (((116, 128, 134, 150), BLACK), ((119, 131, 131, 138), WHITE), ((119, 141, 131, 144), WHITE)):
        press.draw.ellipse([value * press.scale for value in box], fill=tone)


def preamble(press: Press, printed: Print, body: str) -> None:
    """What page 1 says before its tables; `body` is who is elected."""
    for y, size, line in (
        (140, 10.5, "BERITA ACARA, SERTIFIKAT DAN CATATAN HASIL PENGHITUNGAN PEROLEHAN SUARA"),
        (153, 10.5, "DI TEMPAT PEMUNGUTAN SUARA DALAM PEMILIHAN UMUM"),
        (167, 12.5, body),
        (182, 12.5, "REPUBLIK INDONESIA"),
        (196, 10, f"TAHUN {printed.year}"),
    ):
        press.text(448, y, line, size, bold=True, anchor="mm")
    for x, word in ((109, "Pada hari ini"), (237, "tanggal"), (383, "bulan"), (505, "tahun")):
        press.text(x, 248, word, 8, bold=True)
    press.dots(163, 787, 251)
    for y, line in (
        (265, "Kelompok Penyelenggara Pemungutan Suara (KPPS) mengadakan Rapat Pemungutan dan Penghitungan"),
        (282, "Suara, yang dihadiri oleh Saksi dan/atau Panwaslu Kelurahan/Desa/Pengawas TPS, bertempat di:"),
        (380, "Pemungutan dan Penghitungan Suara dipimpin oleh Ketua KPPS dengan kegiatan membuka Rapat,"),
        (397, "membuka kotak suara dan mengeluarkan seluruh isi kotak suara, memeriksa dan menandatangani"),
        (414, "surat suara yang akan digunakan oleh Pemilih, dimulai pada pukul .... : .... s.d. .... : ...."),
        (431, "waktu setempat. Adapun data pemilih dan pengguna hak pilih, penggunaan surat suara, dan hasil"),
        (448, "penghitungan suara terinci sebagai berikut:"),
    ):
        press.text(109, y, line, 12)


def voters(press: Press) -> None:
    """The tables I to III."""
    lpj = ("LAKI-LAKI (L)", "PEREMPUAN (P)", "JUMLAH (L+P)")
    _table(press, 501, "I.   DATA PEMILIH DAN PENGGUNA HAK PILIH", 512.8, 779.3, lpj)
    for y in (547, 569.5, 611.5, 633.5):
        press.rule(108, y, 787, y)
    press.text(118, 558, "A.   DATA PEMILIH", 8, bold=True)
    press.text(142, 585, "Jumlah Pemilih dalam Daftar Pemilih Tetap (DPT)", 8)
    press.text(142, 596, "( Terdapat dalam Model A-Kabko Daftar Pemilih )", 7.5)
    press.text(118, 622, "B.   PENGGUNA HAK PILIH", 8, bold=True)
    for y, line in (
        (654, "1. Jumlah pengguna hak pilih dalam Daftar Pemilih Tetap (DPT)"),
        (688, "2. Jumlah pengguna hak pilih dalam Daftar Pemilih Tambahan (DPTb)"),
        (723, "3. Jumlah pengguna hak pilih dalam Daftar Pemilih Khusus (DPK)"),
    ):
        press.text(142, y, line, 8)
        press.rule(136, y + 17, 451, y + 17)
    press.text(142, 757, "4. Jumlah Pengguna Hak Pilih (B.1 + B.2 + B.3)", 8, bold=True)
    _table(press, 800, "II.   DATA PENGGUNAAN SURAT SUARA", 811.7, 991.3, ("JUMLAH",))
    for y, line in (
        (866, "1. Jumlah surat suara yang diterima, termasuk surat suara cadangan 2% dari DPT"),
        (900, "2. Jumlah surat suara yang digunakan"),
        (935, "3. Jumlah surat suara yang dikembalikan oleh pemilih (karena rusak atau keliru coblos)"),
        (969, "4. Jumlah surat suara yang tidak digunakan/tidak terpakai, termasuk sisa surat suara cadangan"),
    ):
        press.text(120, y, line, 8)
        press.rule(108, y + 17.5, 675, y + 17.5)
    press.rule(108, 846, 787, 846)
    _table(press, 1008, "III.   DATA PEMILIH DISABILITAS", 1019.5, 1095.4, lpj)
    press.rule(108, 1054, 787, 1054)
    press.text(116, 1074, "Jumlah seluruh Pemilih disabilitas yang menggunakan hak pilih", 8)
    _digit_boxes(press, 1)


def _table(press: Press, title_y: float, title: str, top: float, bottom: float, columns: tuple[str, ...]) -> None:
    """A titled frame with number columns at the right edge and a heading row."""
    press.text(109, title_y, title, 9.5, bold=True)
    press.frame((108.2, top, 679.2, bottom - top), 1.4)
    lefts = (451.0, 563.0, 675.0)[-len(columns) :]
    press.text((108 + lefts[0]) / 2, top + 11, "URAIAN", 7.5, bold=True, anchor="mm")
    for left, heading in zip(lefts, columns, strict=True):
        press.rule(left, top, left, bottom)
        press.text(left + 56, top + 11, heading, 7.5, bold=True, anchor="mm")
    press.rule(108, top + 22, 787, top + 22)


def _votes(press: Press, printed: Print) -> None:
    press.frame((108.2, 235.2, 679.5, 697.2), 1.4)
    press.text(189, 246, "NOMOR DAN NAMA", 7, bold=True, anchor="mm")
    press.text(189, 255, "PASANGAN CALON", 7, bold=True, anchor="mm")
    press.text(445, 246, "RINCIAN PEROLEHAN SUARA SAH", 7.5, bold=True, anchor="mm")
    press.text(729, 251, "JUMLAH SUARA SAH", 7, bold=True, anchor="mm")
    for option, top in enumerate(layout.OPTION_TOPS):
        key = f"paslon_{option + 1}"
        press.rule(108, top, 787, top)
        _tally(press, layout.TALLIES[2][key], headed=option == 0)
        press.rule(270.3, top, 270.3, top + 119, 1.4)
        press.rule(672, top - 1, 672, top + 211)
        press.rule(108, top + 119, 672, top + 119, 1.4)
        press.rule(108, top + 211, 787, top + 211)
        press.text(189, top + 18, str(option + 1), 20, bold=True, anchor="mm")
        press.text(189, top + 50, printed.options[option], 8, bold=True, anchor="mm")
        press.text(600, top + 157, "Hitamkan bulatan ini sesuai dengan", 7, anchor="mm")
        press.text(600, top + 166, "isian angka pada kotak", 7, anchor="mm")
        press.text(270, top + 198, "( ditulis menggunakan huruf kapital )", 5)
        for place in range(layout.DIGITS):
            for digit in range(10):
                _bubble(press, *layout.bubble(option, place, digit), digit)
    _digit_boxes(press, 2)


def _bubble(press: Press, x: float, y: float, digit: int) -> None:
    r, scale = layout.BUBBLE_RADIUS, press.scale
    circle = ((x - r) * scale, (y - r) * scale, (x + r) * scale, (y + r) * scale)
    press.draw.ellipse(circle, outline=60, width=max(1, round(0.8 * scale)))
    press.text(x, y, str(digit), 7, anchor="mm")


def totals(press: Press, added_up: str = "( IV.1 + IV.2 + IV.3 )") -> None:
    """The table V; `added_up` is what the valid votes are the sum of."""
    tally = layout.TALLIES[3]["suara_tidak_sah"]
    for letter, box, lines in (
        ("A.", (108.2, 235.2, 679.2, 55.0), ("JUMLAH SELURUH", "SUARA SAH", added_up)),
        ("B.", (108.2, 311.3, 679.2, 124.3), ("JUMLAH SUARA", "TIDAK SAH")),
        ("C.", (108.2, 453.3, 679.2, 55.0), ("JUMLAH SELURUH", "SUARA SAH DAN", "SUARA TIDAK SAH", "( V.A + V.B )")),
    ):
        x, y, _, height = box
        press.frame(box, 1.4)
        for left in (131.3, 270.3, 672.0):
            press.rule(left, y, left, y + height, 1.2)
        press.text(120, y + height / 2, letter, 7, bold=True, anchor="mm")
        for number, line in enumerate(lines):
            press.text(200, y + height / 2 + 11 * (number - (len(lines) - 1) / 2), line, 9, bold=True, anchor="mm")
    press.text(445, 321, "RINCIAN PEROLEHAN SUARA TIDAK SAH", 7, bold=True, anchor="mm")
    press.rule(270, 342, 787, 342)
    _tally(press, tally)
    press.text(729, 327, "JUMLAH SUARA TIDAK SAH", 6.5, bold=True, anchor="mm")
    for x, label in ((171, "DITETAPKAN DI :"), (422, "TANGGAL :"), (540, "BULAN :"), (645, "TAHUN :")):
        press.text(x, 547, label, 9, bold=True)
    press.dots(265, 410, 552)
    for left in (480.9, 504.9, 586.3, 610.2, 691.6, 715.6, 739.3, 763.3):
        press.frame((left - 0.6, 534.7, 24.4, 24.4))
    _digit_boxes(press, 3)


def _tally(press: Press, tally: layout.Tally, headed: bool = True) -> None:
    for cell in range(tally.cells + 1):
        x = tally.left + cell * tally.cell_width
        press.rule(x, tally.top, x, tally.bottom, 0.7, PALE)
        if headed and cell < tally.cells:
            press.text(x + tally.cell_width / 2, tally.top - 5.5, str(cell + 1), 6.5, anchor="mm")
    for row in range(1, tally.rows + 1):
        y = tally.top + row * tally.row_height
        press.rule(tally.left, y, tally.right, y, 0.7, PALE)
    for x in (*tally.sums, tally.sums[-1] + tally.sum_width):
        press.rule(x, tally.top, x, tally.bottom, 0.7, PALE)
    press.rule(tally.right, tally.top - (30 if headed else 0), tally.right, tally.bottom, 1.2)
    if headed:
        press.text(646, tally.top - 20, "JUMLAH", 6.5, bold=True, anchor="mm")
        press.text(646, tally.top - 11, "TIAP BARIS", 6.5, bold=True, anchor="mm")


def _digit_boxes(press: Press, page: int) -> None:
    for number in layout.NUMBERS[page].values():
        for left in number.lefts:
            press.frame((left - 0.8, number.top - 0.8, number.side + 1.6, number.side + 1.6), 1.3)


def _signatures(press: Press, page: int, printed: Print) -> None:
    top = layout.SIGNATURE_BLOCK[page]
    tall = 205.2 if page == 3 else 169.9
    names, signed = top + 82.7, top + (137 if page == 3 else 121)
    press.frame((103.8, top, 688.5, tall), 1.6)
    press.text(448, top + 8, "NAMA DAN TANDA TANGAN KELOMPOK PENYELENGGARA PEMUNGUTAN SUARA", 7, bold=True, anchor="mm")
    press.text(448, top + 74, "NAMA DAN TANDA TANGAN SAKSI PASANGAN CALON", 7, bold=True, anchor="mm")
    for y in (top + 16.2, top + 68, names, signed):
        press.rule(104, y, 792, y)
    for number, left in enumerate(layout.SIGNATURE_LEFTS, start=1):
        press.rule(left, top + 16, left, top + 68)
        press.text(left + 6, top + 41, f"{number}.", 9, bold=True)
        press.dots(left + 22, left + 92, top + 62)
    for number, left in enumerate(layout.WITNESS_LEFTS, start=1):
        press.rule(left, names, left, top + tall)
        press.text(left + 10, names + 19, f"{number}.", 12, bold=True)
        press.text(left + 32, names + 19, printed.options[number - 1], 7.5, bold=True)
        press.dots(left + 61, left + 166, top + tall - 8)
