"""The page tag on the server: real photos, what may happen to them, what the tag means, and whom it is told."""

import csv
import io
import json
import os
import signal
from pathlib import Path

import numpy as np
import pytest
from PIL import Image, ImageFilter

from ledger.models import Event
from pemantau import pipeline
from tests.uploads.pictures import encoded
from tests.uploads.test_inspection import on_disk
from tps import form_definitions
from tps.models import Contest
from uploads import decoder, inspection, marks, page_tags, second_looks, tag_reader
from uploads.marks import Mark
from uploads.models import PageTag


def real(shared: Path) -> list[tuple[Path, int]]:
    """The real photos, each with the page it shows."""
    with open(shared / "forms" / "manifest.csv") as file:
        return [(shared / "forms" / row["file"], int(row["page"])) for row in csv.DictReader(file)]


def sheet(tag: int, *, turn: int = 0, blur: float = 0, width: int = 1200, height: int = 1600) -> Image.Image:
    """A white page with this tag at the upper right, as a form prints it, turned by so many quarters clockwise."""
    printed = np.rot90(tag_reader.cv2.aruco.generateImageMarker(tag_reader.FAMILY, tag, 96), 2)
    page = Image.new("RGB", (width, height), "white")
    page.paste(Image.fromarray(printed), (width - 200, 100))
    page = page.filter(ImageFilter.GaussianBlur(blur)) if blur else page
    return page.rotate(-90 * turn, expand=True)


def jpeg(picture: Image.Image) -> bytes:
    file = io.BytesIO()
    picture.save(file, "JPEG", quality=90)
    return file.getvalue()


# --- Reading ------------------------------------------------------------------------------


def test_of_the_real_photos_none_is_read_wrongly_and_hardly_any_not_at_all(shared):
    right = 0
    for path, page in real(shared):
        with Image.open(path) as picture:
            seen = tag_reader.read(picture)
        assert seen is None or (seen["id"], seen["turn"]) == (100 + page, 0), path.name
        right += seen is not None
    assert right >= 118


@pytest.mark.parametrize("turn", [1, 2, 3])
def test_a_turned_photo_says_how_it_is_turned(shared, turn):
    for path, page in real(shared)[::12]:
        with Image.open(path) as picture:
            seen = tag_reader.read(picture.rotate(-90 * turn, expand=True))
        assert seen is not None, path.name
        assert (seen["id"], seen["turn"]) == (100 + page, turn), path.name


def test_corners_are_the_tags_from_the_pages_upper_left_on(shared):
    for turn in range(4):
        seen = tag_reader.read(sheet(102, turn=turn))
        around = [[1000, 100], [1096, 100], [1096, 196], [1000, 196]]
        for quarter in range(turn):  # clockwise, whereby the height becomes the width
            around = [[(1200 if quarter % 2 else 1600) - y, x] for x, y in around]
        assert np.abs(np.array(seen["corners"]) - around).max() < 2, turn


def test_a_blurred_photo_has_wide_edges(shared):
    sharp, blurred = 0, 0
    photos = real(shared)[::6]
    for path, _page in photos:
        with Image.open(path) as picture:
            plain = tag_reader.read(picture)
            soft = tag_reader.read(picture.filter(ImageFilter.GaussianBlur(2)))
        sharp += plain is not None and plain["edge"] <= page_tags.BLURRED_FROM
        blurred += soft is None or soft["edge"] > page_tags.BLURRED_FROM
    assert sharp >= len(photos) - 2
    assert blurred == len(photos)


def test_a_tag_that_is_painted_out_is_not_there(shared):
    for path, _page in real(shared)[::6]:
        with Image.open(path) as picture:
            seen = tag_reader.read(picture)
            if seen is None:
                continue
            xs, ys = zip(*seen["corners"], strict=True)
            plain = picture.convert("RGB")
        plain.paste((200, 200, 200), (int(min(xs)) - 4, int(min(ys)) - 4, int(max(xs)) + 5, int(max(ys)) + 5))
        assert tag_reader.read(plain) is None, path.name


def test_the_child_reads_the_tag_of_a_large_photo_within_its_limits(shared):
    path, page = real(shared)[0]
    with Image.open(path) as picture:
        large = picture.resize((3000, 4000))
    content = jpeg(large)
    said, _ = inspection._decoder().ask("copies", on_disk(content))
    assert said["rss"] < 512 * 1024 * 1024
    seen = inspection.derive(content).tag
    assert (seen.tag, seen.turn) == (100 + page, 0)
    assert max(seen.corners) > 2560 / 4  # pixels of the photo, not of a copy
    whole = tag_reader.read(large)
    assert np.abs(np.array(whole["corners"]).flatten() - seen.corners).max() < 5


def test_a_picture_that_keeps_the_reader_busy_has_its_copies_and_no_tag():
    squares = np.full((2550, 2550), 255, np.uint8)
    for row in range(5, 2540, 30):
        for column in range(5, 2540, 30):
            squares[row : row + 23, column : column + 23] = 0
    derived = inspection.derive(jpeg(Image.fromarray(squares)))
    assert ({copy.side for copy in derived.copies}, derived.tag) == (set(inspection.SIDES), None)


def test_a_reader_that_crashes_takes_no_copies_with_it(monkeypatch):
    monkeypatch.setattr(tag_reader, "read", lambda _: os.kill(os.getpid(), signal.SIGKILL))
    said, _ = decoder.copies(encoded(width=300, height=400))
    assert (len(said["copies"]), said["tag"]) == (3, None)


def test_the_parent_knows_the_version_of_the_reader():
    assert inspection.TAG_READER == tag_reader.VERSION


@pytest.mark.parametrize(
    "change",
    [{"id": 2320}, {"id": -1}, {"turn": 4}, {"edge": -1.0}, {"corners": [[1, 1]] * 3}, {"corners": [[1, 9999]] * 4}],
)
def test_what_cannot_be_true_is_not_believed(monkeypatch, change):
    true = {"id": 101, "turn": 0, "edge": 1.0, "corners": [[1, 1], [9, 1], [9, 9], [1, 9]], "boxes": None}
    plain = inspection._decoder().ask("copies", on_disk(encoded(width=30, height=30)))
    monkeypatch.setattr(inspection.Decoder, "ask", lambda *_: (plain[0] | {"tag": true}, plain[1]))
    assert inspection.derive(b"").tag.tag == 101
    monkeypatch.setattr(inspection.Decoder, "ask", lambda *_: (plain[0] | {"tag": true | change}, plain[1]))
    with pytest.raises(inspection.Unreadable):
        inspection.derive(b"")


# --- What it means ------------------------------------------------------------------------

PPWP = form_definitions.load("c-hasil-ppwp")
DPR = form_definitions.load("c-hasil-dpr")


def seen(tag: int | None, turn: int = 0, edge: float = 1.0) -> PageTag:
    return PageTag(tag=tag, turn=turn, edge=edge)


@pytest.mark.parametrize(
    ("form", "claimed", "tag", "expected"),
    [
        (PPWP, 2, seen(102), []),
        (PPWP, None, seen(102), []),
        (PPWP, 2, None, []),
        (PPWP, 2, seen(None), []),
        (PPWP, 1, seen(102), [Mark.WRONG_PAGE]),
        (PPWP, 11, seen(102), [Mark.WRONG_PAGE]),
        (PPWP, 2, seen(501), [Mark.OTHER_BALLOT]),
        (DPR, 2, seen(102), [Mark.OTHER_BALLOT]),
        (DPR, 2, seen(501), []),  # nobody knows yet which tags this form has
        (PPWP, 2, seen(102, turn=2), [Mark.TURNED]),
        (PPWP, 2, seen(102, edge=1.81), [Mark.BLURRED]),
        (PPWP, 1, seen(102, turn=1, edge=3.0), [Mark.WRONG_PAGE, Mark.TURNED, Mark.BLURRED]),
    ],
)
def test_marks_by_the_tag(form, claimed, tag, expected):
    assert page_tags.marks_of(form, claimed, tag) == expected


@pytest.mark.django_db
def test_meanings_come_from_the_forms(world):
    assert page_tags.meanings([world.contest]) == {
        "101": {"kind": "ppwp", "page": 1},
        "102": {"kind": "ppwp", "page": 2},
        "103": {"kind": "ppwp", "page": 3},
    }
    assert page_tags.meanings([Contest(kind="dpr", form="c-hasil-dpr", code="dpr")]) == {}


def test_every_mark_has_a_sentence_and_they_come_in_one_order():
    assert marks.sentences([Mark.BLURRED, Mark.REUSED]) == [
        {"code": "reused", "sentence": "File yang sama juga dikirim untuk TPS lain."},
        {"code": "blurred", "sentence": "Foto tampak buram."},
    ]
    assert [told["code"] for told in marks.sentences(Mark.values)] == Mark.values


# --- Where it is kept, and who is told ------------------------------------------------------


@pytest.mark.django_db
def test_inspecting_keeps_what_the_tag_says(world, folder, sending):
    photo, _ = pipeline.receive(sending(world, jpeg(sheet(101, turn=1)), page=2))
    pipeline.inspect(str(photo.pk))
    kept = PageTag.objects.get(photo=photo)
    assert (kept.tag, kept.turn, kept.reader, len(kept.corners)) == (101, 1, tag_reader.VERSION, 8)
    assert second_looks.marks_of(photo) == [Mark.WRONG_PAGE, Mark.TURNED]
    # It moves no number: the log does not tell it.
    assert "tag" not in json.loads(bytes(Event.objects.get(kind="copies").body))


@pytest.mark.django_db
def test_a_photo_without_a_tag_is_kept_as_such_and_has_no_mark(world, folder, sending):
    photo, _ = pipeline.receive(sending(world))
    pipeline.inspect(str(photo.pk))
    assert PageTag.objects.get(photo=photo).tag is None
    assert second_looks.marks_of(photo) == []


@pytest.mark.django_db
def test_the_same_bytes_at_another_tps_say_the_same(world, folder, sending, monkeypatch):
    content = jpeg(sheet(103))
    first, _ = pipeline.receive(sending(world, content, page=3))
    pipeline.inspect(str(first.pk))
    other, _ = pipeline.receive(sending(world, content, page=1, station=world.stations["9101011001002"]))
    monkeypatch.setattr(inspection.Decoder, "ask", None)  # nobody decodes it again
    pipeline.inspect(str(other.pk))
    assert PageTag.objects.get(photo=other).corners == PageTag.objects.get(photo=first).corners
    assert second_looks.marks_of(other) == [Mark.REUSED, Mark.WRONG_PAGE]


@pytest.mark.django_db
def test_a_photo_that_the_decoder_gives_up_on_has_no_tag(world, folder, sending, monkeypatch):
    photo, _ = pipeline.receive(sending(world))
    monkeypatch.setattr(inspection.Decoder, "ask", lambda *_: ({"refused": "died"}, b""))
    pipeline.inspect(str(photo.pk))
    assert not PageTag.objects.exists()
    assert second_looks.marks_of(photo) == []


@pytest.mark.django_db
def test_the_sender_is_told_of_no_mark(world, folder, sending, client):
    photo, _ = pipeline.receive(sending(world, jpeg(sheet(101, turn=2)), page=2))
    pipeline.inspect(str(photo.pk))
    pipeline.open_to_readers(str(photo.pk))
    assert second_looks.marks_of(photo)
    for address in (f"/api/v1/receipts/{photo.receipt}/", f"/bukti/{photo.receipt}/"):
        body = client.get(address, follow=True).content.decode()
        assert "marks" not in body
        assert not any(mark.value in body or str(mark.label) in body for mark in Mark)
