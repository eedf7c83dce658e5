"""What hangs on paper at a TPS: a code that a phone's camera reads, with the address of the TPS's form in it."""

import re

import cv2
import numpy as np
import pytest

from uploads import posters

pytestmark = pytest.mark.django_db

TPS = "9101011001001"
_STROKE = re.compile(r"([Mmh])(-?[0-9.]+)(?:[ ,](-?[0-9.]+))?")


def drawn(svg: str) -> np.ndarray:
    """The picture of a QR code made of horizontal strokes, eight pixels for each module."""
    side = int(re.search(r'viewBox="0 0 (\d+) \1"', svg)[1])
    paths = re.findall(r'<path[^>]* d="([^"]+)"', svg)
    picture = np.full((side, side), 255, np.uint8)
    x = y = 0.0
    for command, first, second in _STROKE.findall(paths[-1]):
        if command == "h":
            picture[int(y), int(x) : int(x + float(first))] = 0
            x += float(first)
        else:
            x, y = (float(first), float(second)) if command == "M" else (x + float(first), y + float(second))
    return np.kron(picture, np.ones((8, 8), np.uint8))


def read(svg: str) -> str:
    return cv2.QRCodeDetectorAruco().detectAndDecode(drawn(svg))[0]


def test_a_camera_reads_the_address_of_the_tps(settings):
    settings.SITE_ORIGIN = "https://pemantau.example"
    assert read(posters.qr(TPS)) == f"https://pemantau.example/t/{TPS}/"


def test_the_code_as_a_picture_may_be_kept(client, world, settings, django_assert_num_queries):
    with django_assert_num_queries(2):
        answer = client.get(f"/t/{TPS}/qr.svg")
    assert answer["Content-Type"] == "image/svg+xml"
    assert "public" in answer["Cache-Control"]
    assert "max-age=86400" in answer["Cache-Control"]
    assert 'xmlns="http://www.w3.org/2000/svg"' in answer.content.decode()
    assert read(answer.content.decode()) == f"{settings.SITE_ORIGIN}/t/{TPS}/"


def test_the_sheet_of_a_tps(client, world, settings, django_assert_num_queries):
    with django_assert_num_queries(3):
        shown = client.get(f"/t/{TPS}/cetak/").content.decode()
    (svg,) = re.findall(r"<svg.*?</svg>", shown, re.S)
    assert read(svg) == f"{settings.SITE_ORIGIN}/t/{TPS}/"
    for text in ("TPS 001", "Desa 1", "Anggrek, Kabupaten Melati, Contoh Raya", f"{settings.SITE_ORIGIN}/t/{TPS}/"):
        assert text in shown
    assert shown.count("poster__steps") == 1


def test_the_sheets_of_a_village_are_one_for_each_of_its_tps(client, world, django_assert_num_queries):
    with django_assert_num_queries(3):
        shown = client.get("/kirim/cetak/9101011001/").content.decode()
    codes = [read(svg)[-14:-1] for svg in re.findall(r"<svg.*?</svg>", shown, re.S)]
    assert codes == [f"{TPS[:10]}{number:03d}" for number in (1, 2, 3)]


def test_the_pages_of_a_tps_lead_to_its_sheet(client, world):
    assert f'href="/t/{TPS}/cetak/"' in client.get(f"/kirim/{TPS}/").content.decode()
    assert 'href="/kirim/cetak/9101011001/"' in client.get("/kirim/?wilayah=9101011001").content.decode()


@pytest.mark.parametrize(
    "path",
    [
        *("/t/9999999999999/qr.svg", "/t/x/qr.svg", "/t/9999999999999/cetak/", "/t/x%00/cetak/"),
        *("/kirim/cetak/910101/", "/kirim/cetak/9101019999/", "/kirim/cetak/x%00/"),
    ],
)
def test_there_is_none_for_what_does_not_exist(client, world, path):
    assert client.get(path).status_code == 404
