"""The specimens must look to a reader, human or machine, like the form: held against OpenCV's own tag reader."""

import io
import random
import subprocess
import sys
from hashlib import sha256
from pathlib import Path

import cv2
import numpy as np
import pytest
from PIL import Image

from tests.specimens import Header, dpr, layout, paper, render, tags
from tests.specimens.filling import fill, in_words
from tests.specimens.hand import Habits, Writer
from tests.specimens.strokes import sign

FAMILY = cv2.aruco.getPredefinedDictionary(cv2.aruco.DICT_APRILTAG_36h10)
NUMBERS = {"paslon_1": 31, "paslon_2": 192, "paslon_3": 6, "suara_sah": 229, "suara_tidak_sah": 9, "suara_total": 238}


@pytest.mark.parametrize("page", [1, 2, 3])
def test_the_tag_is_opencvs_turned_by_half(page):
    picture = np.rot90(cv2.aruco.generateImageMarker(FAMILY, tags.NUMBERS[page], tags.SIDE), 2)
    white = {(int(column), int(row)) for row, column in np.argwhere(picture)}
    assert set(tags.white_modules(page)) == white


@pytest.mark.slow
def test_the_tag_reader_finds_the_page_on_two_hundred_photos():
    reader = cv2.aruco.ArucoDetector(FAMILY)
    found = 0
    for number in range(1, 201):
        page = number % 3 + 1
        numbers = NUMBERS | {"paslon_1": number, "suara_tidak_sah": number % 40}
        photo = render(f"9101011001{number:03d}", page, numbers, seed=5, width=900)
        _, ids, _ = reader.detectMarkers(cv2.imdecode(np.frombuffer(photo, np.uint8), cv2.IMREAD_GRAYSCALE))
        found += ids is not None and ids.ravel().tolist() == [tags.NUMBERS[page]]
    assert found >= 198


def test_the_same_arguments_give_the_same_photo_in_another_process():
    photo = render("9101011001001", 2, NUMBERS, seed=7, width=480)
    program = (
        "import hashlib, sys; from tests.specimens import render; "
        f"sys.stdout.write(hashlib.sha256(render('9101011001001', 2, {NUMBERS}, seed=7, width=480)).hexdigest())"
    )
    other = subprocess.run(
        [sys.executable, "-c", program],
        cwd=Path(__file__).resolve().parents[2],
        capture_output=True,
        text=True,
        check=True,
    )
    assert other.stdout == sha256(photo).hexdigest()


def test_another_tps_page_or_seed_gives_another_photo():
    photos = {
        render(f"9101011001{number:03d}", page, NUMBERS, seed=seed, width=480)
        for number in range(1, 5)
        for page in (1, 2, 3)
        for seed in (0, 1)
    }
    assert len(photos) == 24


def test_a_photo_is_a_jpeg_of_the_asked_width_and_a_phones_weight():
    photo = render("9101011001001", 2, NUMBERS)
    picture = Image.open(io.BytesIO(photo))
    assert (picture.format, picture.width, picture.mode) == ("JPEG", 1200, "RGB")
    assert 150_000 < len(photo) < 600_000


def _ink(numbers, *, fills_leading=False):
    scale = 2.0
    ink = Image.new("L", paper.blank(2, scale, paper.Print()).size, 0)
    habits = Habits((20, 30, 140), True, 0.1, 0.5, 1.5, True, False, fills_leading)
    fill(Writer(ink, scale, habits, random.Random(3)), 2, numbers, Header())
    return ink, scale


def _blackened(ink, scale, option, place):
    dark = []
    for digit in range(10):
        x, y = layout.bubble(option, place, digit)
        box = tuple(round(v * scale) for v in (x - 3, y - 3, x + 3, y + 3))
        dark.append(np.asarray(ink.crop(box)).mean() > 150)
    return [digit for digit, is_dark in enumerate(dark) if is_dark]


def test_bubbles_say_what_the_boxes_say_and_a_crossed_box_has_none():
    ink, scale = _ink({"paslon_1": 31, "paslon_2": 192, "paslon_3": 0})
    read = [[_blackened(ink, scale, option, place) for place in range(3)] for option in range(3)]
    assert read == [[[], [3], [1]], [[1], [9], [2]], [[], [], [0]]]


def test_an_empty_number_leaves_no_ink_in_its_boxes():
    ink, scale = _ink({"paslon_1": 31, "paslon_2": "kosong"})
    place = layout.NUMBERS[2]["paslon_2"]
    box = (place.lefts[0], place.top, place.lefts[2] + place.side, place.top + place.side)
    assert ink.crop(tuple(round(v * scale) for v in box)).getbbox() is None


@pytest.mark.parametrize(
    ("number", "words"),
    [
        (0, "NOL"),
        (11, "SEBELAS"),
        (17, "TUJUH BELAS"),
        (40, "EMPAT PULUH"),
        (100, "SERATUS"),
        (111, "SERATUS SEBELAS"),
        (245, "DUA RATUS EMPAT PULUH LIMA"),
        (999, "SEMBILAN RATUS SEMBILAN PULUH SEMBILAN"),
    ],
)
def test_amounts_in_words(number, words):
    assert in_words(number) == words


def test_every_sign_of_a_header_can_be_written():
    assert all(sign(c) and sign(c, square=True) for c in "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789.,-/'():")


PARTIES = tuple(
    dpr.Party(number, f"Partai {number}", ("SARI UMPAMA, S.H.", "BUDI MISAL")) for number in (*range(1, 18), 24)
)
OF_PARTY = {"partai_1": 12, "partai_1_calon_1": 47, "partai_1_calon_2": 3, "partai_1_jumlah": 62}


def test_a_dpr_photo_is_the_same_each_time_and_no_tag_is_on_it():
    reader = cv2.aruco.ArucoDetector(FAMILY)
    for page in (1, 2, 20):
        photo = dpr.render("6501011001001", page, PARTIES, OF_PARTY, seed=5, width=900)
        assert photo == dpr.render("6501011001001", page, PARTIES, OF_PARTY, seed=5, width=900)
        assert photo != dpr.render("6501011001001", page, PARTIES, OF_PARTY, seed=6, width=900)
        _, ids, _ = reader.detectMarkers(cv2.imdecode(np.frombuffer(photo, np.uint8), cv2.IMREAD_GRAYSCALE))
        assert ids is None


def test_each_page_of_a_dpr_form_is_another_and_shows_its_numbers():
    def page(number, numbers):
        return dpr.render("6501011001001", number, PARTIES, numbers, seed=5, width=300)

    assert len({page(number, {}) for number in range(1, 21)}) == 20
    for key in OF_PARTY:
        assert page(2, OF_PARTY) != page(2, OF_PARTY | {key: 99})
    assert page(3, OF_PARTY) == page(3, {})  # another party's page
