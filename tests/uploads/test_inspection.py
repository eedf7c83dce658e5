"""Strangers' pictures: what is taken, what the public sees of it, and that a decoder's death is its own."""

import contextlib
import hashlib
import io
import os
import signal
import struct
import subprocess
import sys
import tempfile
import threading
import time
import zlib
from typing import BinaryIO

import pytest
from PIL import Image, ImageOps

from accounts.refusals import Refusal
from ledger.models import Event
from pemantau import pipeline
from tests.uploads.pictures import chunks_of_webp, drawn, encoded, with_secrets
from uploads import decoder, inspection, storage
from uploads.models import Photo, PublicCopy

KINDS = {"JPEG": "image/jpeg", "PNG": "image/png", "WEBP": "image/webp", "HEIF": "image/heic", "AVIF": "image/avif"}


def on_disk(content: bytes) -> BinaryIO:
    file = tempfile.TemporaryFile()  # noqa: SIM115
    file.write(content)
    file.flush()
    return file


def examine(content: bytes) -> inspection.Facts:
    with on_disk(content) as file:
        return inspection.examine(file)


@pytest.mark.parametrize("kind", KINDS)
def test_each_format_is_known_by_its_content(kind):
    facts = examine(encoded(kind, width=300, height=400))
    assert facts == inspection.Facts(KINDS[kind], 300, 400)


@pytest.mark.parametrize("kind", sorted(KINDS.keys() - {"HEIF"}))
def test_public_copies_are_upright_and_have_no_metadata(kind):
    content = with_secrets(kind, orientation=6, width=1600, height=1200)
    assert examine(content) == inspection.Facts(KINDS[kind], 1200, 1600)
    copies = {copy.side: copy for copy in inspection.derive(content).copies}
    assert {side: (copy.width, copy.height) for side, copy in copies.items()} == {
        480: (360, 480),
        1280: (960, 1280),
        2560: (1200, 1600),
    }
    for copy in copies.values():
        assert chunks_of_webp(copy.content) == ["VP8 "]
        picture = Image.open(io.BytesIO(copy.content))
        assert picture.mode == "RGB"
        # Turned a quarter clockwise, the red corner is at the upper right.
        red, green, _blue = picture.getpixel((picture.width - 5, 5))
        assert red > 180
        assert green < 80


def test_a_heic_is_turned_by_its_own_boxes_and_not_by_exif():
    """As its standard has it; phones write both."""
    content = with_secrets("HEIF", orientation=6, width=400, height=300)
    copy = inspection.derive(content).copies[0]
    assert (copy.width, copy.height) == (400, 300)
    assert chunks_of_webp(copy.content) == ["VP8 "]


@pytest.mark.parametrize("orientation", range(1, 9))
def test_every_orientation_is_turned_upright(orientation):
    content = encoded(exif=_exif(orientation), width=400, height=300, quality=95)
    upright = ImageOps.exif_transpose(Image.open(io.BytesIO(content))).convert("RGB")
    copy = next(copy for copy in inspection.derive(content).copies if copy.side == 2560)
    ours = Image.open(io.BytesIO(copy.content))
    assert (copy.width, copy.height) == upright.size == ours.size
    for corner in ((5, 5), (ours.width - 5, 5), (5, ours.height - 5), (ours.width - 5, ours.height - 5)):
        assert max(abs(a - b) for a, b in zip(ours.getpixel(corner), upright.getpixel(corner), strict=True)) < 60


def _exif(orientation: int) -> Image.Exif:
    exif = Image.Exif()
    exif[0x0112] = orientation
    return exif


def test_a_small_picture_keeps_its_size_under_all_three_names():
    copies = inspection.derive(encoded(width=200, height=100)).copies
    assert {(copy.side, copy.width, copy.height) for copy in copies} == {(side, 200, 100) for side in inspection.SIDES}


@pytest.mark.parametrize(
    ("mode", "kind"), [("CMYK", "JPEG"), ("L", "JPEG"), ("P", "PNG"), ("1", "PNG"), ("I;16", "PNG"), ("LA", "PNG")]
)
def test_every_colour_mode_becomes_plain(mode, kind):
    picture = drawn(300, 200)
    if mode == "I;16":
        picture = picture.convert("L").convert("I").point(lambda value: value * 257).convert("I;16")
    else:
        picture = picture.convert(mode)
    file = io.BytesIO()
    picture.save(file, kind)
    for copy in inspection.derive(file.getvalue()).copies:
        ours = Image.open(io.BytesIO(copy.content))
        assert (ours.mode, ours.size) == ("RGB", (300, 200))
        assert min(ours.getpixel((299, 199))) > 150 or mode == "1"


def test_what_was_transparent_becomes_white():
    file = io.BytesIO()
    Image.new("RGBA", (100, 100), (0, 0, 0, 0)).save(file, "PNG")
    copy = inspection.derive(file.getvalue()).copies[0]
    assert Image.open(io.BytesIO(copy.content)).getpixel((50, 50)) == (255, 255, 255)


def test_a_large_transparent_picture_goes_in_strips_and_looks_the_same():
    """Above 24 megapixels the memory does not hold a second copy."""
    picture = Image.new("RGBA", (6001, 4201), (0, 0, 0, 0))
    picture.paste((220, 20, 20, 255), (0, 0, 3000, 2100))
    file = io.BytesIO()
    picture.save(file, "PNG", compress_level=1)
    copy = next(copy for copy in inspection.derive(file.getvalue()).copies if copy.side == 2560)
    assert (copy.width, copy.height) == (2560, 1792)
    ours = Image.open(io.BytesIO(copy.content))
    assert ours.getpixel((1200, 800))[0] > 200
    assert ours.getpixel((1400, 800)) == (255, 255, 255)


# --- Refused ------------------------------------------------------------------------------


def png_saying(width: int, height: int) -> bytes:
    """A PNG whose header promises a size, with the picture of one pixel."""

    def chunk(name: bytes, content: bytes) -> bytes:
        return struct.pack(">I", len(content)) + name + content + struct.pack(">I", zlib.crc32(name + content))

    header = chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0))
    return b"\x89PNG\r\n\x1a\n" + header + chunk(b"IDAT", zlib.compress(bytes(4))) + chunk(b"IEND", b"")


def animated(kind: str) -> bytes:
    file = io.BytesIO()
    drawn(60, 60).save(file, kind, save_all=True, append_images=[drawn(60, 60, seed=2)])
    return file.getvalue()


@pytest.mark.parametrize(
    ("content", "refusal"),
    [
        (b"GIF89a" + bytes(100), inspection.NotAPicture),
        (b"<svg onload=alert(1)>", inspection.NotAPicture),
        (b"%PDF-1.7", inspection.NotAPicture),
        (encoded(width=300, height=400)[:-200], inspection.Unreadable),
        (encoded("PNG", width=300, height=400)[:-2000], inspection.Unreadable),
        (encoded("WEBP", width=300, height=400)[:-900], inspection.Unreadable),
        (png_saying(8001, 8000), inspection.TooManyPixels),
        (png_saying(60000, 60000), inspection.TooManyPixels),
        (encoded(width=2100, height=100), inspection.TooNarrow),
        (animated("PNG"), inspection.MovingPicture),
        (animated("WEBP"), inspection.MovingPicture),
        (animated("AVIF"), inspection.MovingPicture),
    ],
    ids=lambda value: value.__name__ if isinstance(value, type) else "",
)
def test_refused_with_its_reason(content, refusal):
    with pytest.raises(refusal):
        examine(content)


def test_exactly_the_limits_are_taken():
    assert examine(encoded(width=2000, height=100)).width == 2000


def test_of_a_multi_picture_jpeg_the_first_is_taken():
    file = io.BytesIO()
    drawn(300, 400).save(file, "MPO", save_all=True, append_images=[drawn(30, 40, seed=2)])
    assert examine(file.getvalue()) == inspection.Facts("image/jpeg", 300, 400)
    assert inspection.derive(file.getvalue()).copies[0].height == 400


def test_a_jpeg_of_200_megapixels_is_read_scaled_down_within_the_memory():
    file = io.BytesIO()
    Image.new("L", (16320, 12240), 255).save(file, "JPEG")
    said, _ = inspection._decoder().ask("copies", on_disk(file.getvalue()))
    assert (said["width"], said["height"]) == (16320, 12240)
    assert said["rss"] < 512 * 1024 * 1024
    file = io.BytesIO()
    Image.new("L", (16340, 12260), 255).save(file, "JPEG")
    with pytest.raises(inspection.TooManyPixels):
        examine(file.getvalue())


# --- The process --------------------------------------------------------------------------


def in_a_child(code: str, cpu: int, wall: int) -> str:
    """Run code under a child's limits, and say what came of it."""
    program = f"""
import os, resource, socket, sys, time
sys.path.insert(0, {os.path.dirname(decoder.__file__)!r})
import decoder
decoder.limit_child(600 * 1024 * 1024, {cpu}, {wall})
try:
    {code}
except BaseException as error:
    os.write(1, type(error).__name__.encode())
else:
    os.write(1, b"done")
os._exit(0)
"""
    run = subprocess.run([sys.executable, "-c", program], capture_output=True, timeout=100)
    return run.stdout.decode() or signal.Signals(-run.returncode).name


@pytest.mark.parametrize(
    ("code", "cpu", "wall", "outcome"),
    [
        ("len('all is well')", 9, 90, "done"),
        ("open('/etc/passwd')", 9, 90, "OSError"),
        ("socket.socket()", 9, 90, "OSError"),
        ("bytearray(900 * 1024 * 1024)", 9, 90, "MemoryError"),
        ("time.sleep(90)", 9, 1, "SIGALRM"),
        ("[None for _ in iter(int, 1)]", 1, 90, "SIGXCPU SIGKILL MemoryError"),
        ("exec('while True: pass')", 1, 90, "SIGXCPU SIGKILL"),
    ],
)
def test_a_child_is_limited(code, cpu, wall, outcome):
    assert in_a_child(code, cpu, wall) in outcome.split()


def test_a_child_knows_none_of_our_secrets(monkeypatch):
    monkeypatch.setenv("SECRET_KEY", "very secret")
    inspection.Decoder._mine and inspection.Decoder._mine.stop()
    examine(encoded(width=30, height=30))
    zygote = inspection.Decoder._mine.process.pid
    with open(f"/proc/{zygote}/environ", "rb") as environment:
        assert b"secret" not in environment.read().lower()


def test_the_zygote_is_not_root_and_has_no_network_where_the_kernel_allows():
    decoder_process = inspection._decoder()
    with open(f"/proc/{decoder_process.process.pid}/status") as status:
        uids = next(line for line in status if line.startswith("Uid:")).split()[1:]
    assert os.geteuid() or "0" not in uids
    if not decoder_process.has_network:
        with open(f"/proc/{decoder_process.process.pid}/net/dev") as devices:
            assert [line.split(":")[0].strip() for line in devices][2:] == ["lo"]


def test_a_killed_zygote_is_replaced():
    content = encoded(width=30, height=30)
    examine(content)
    os.kill(inspection._decoder().process.pid, signal.SIGKILL)
    inspection._decoder().process.wait()
    assert examine(content).width == 30


@pytest.mark.parametrize(
    ("ended_by", "refusal"),
    [
        (signal.SIGSEGV, inspection.Unreadable),
        (signal.SIGXCPU, inspection.TooHeavy),
        # The machine was too busy: nothing is wrong with the picture, and it is to be sent again.
        (signal.SIGALRM, inspection.DecoderUnavailable),
        (signal.SIGKILL, inspection.DecoderUnavailable),
    ],
)
def test_a_child_that_is_ended_is_a_refusal_and_the_next_picture_is_read(ended_by, refusal):
    slow = io.BytesIO()
    Image.effect_noise((4000, 4000), 90).save(slow, "PNG", compress_level=1)
    zygote = inspection._decoder().process.pid
    outcomes: list[object] = []

    def read() -> None:
        try:
            outcomes.append(examine(slow.getvalue()))
        except Refusal as refused:
            outcomes.append(refused)

    reader = threading.Thread(target=read)
    reader.start()
    while reader.is_alive():
        with open(f"/proc/{zygote}/task/{zygote}/children") as children:
            for child in children.read().split():
                with contextlib.suppress(ProcessLookupError):  # ended by the turn before
                    os.kill(int(child), ended_by)
        time.sleep(0.001)
    reader.join()
    assert isinstance(outcomes[0], refusal)
    assert inspection._decoder().process.pid == zygote
    assert examine(encoded(width=30, height=30)).width == 30


def test_many_threads_share_one_zygote():
    contents = [encoded(width=100 + seed, height=100, seed=seed) for seed in range(12)]
    widths: list[int] = []
    threads = [threading.Thread(target=lambda c=c: widths.append(examine(c).width)) for c in contents]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(timeout=60)
    assert sorted(widths) == [100 + seed for seed in range(12)]


def test_the_decoder_makes_the_sides_that_the_storage_names():
    assert set(decoder.SIDES) == set(storage.SIDES)
    assert set(decoder.NAMES.values()) == inspection.MEDIA_TYPES


def test_the_parent_waits_a_little_longer_than_a_child_may_live():
    assert {task: wall + 4 <= inspection.ANSWER_WITHIN[task] for task, (_, wall) in decoder.LIMITS.items()} == {
        "examine": True,
        "copies": True,
    }


# --- The step -----------------------------------------------------------------------------


@pytest.mark.django_db
def test_the_step_stores_three_copies_their_rows_and_a_ledger_entry(world, objects, sending):
    photo, _ = pipeline.receive(sending(world, with_secrets(width=800, height=600)))
    pipeline.inspect(str(photo.pk))
    rows = list(photo.copies.order_by("side"))
    assert [row.side for row in rows] == [480, 1280, 2560]
    for row in rows:
        with storage.open_public(photo.sha256, row.side) as file:
            content = file.read()
        assert (hashlib.sha256(content).hexdigest(), len(content)) == (row.sha256, row.size)
        assert b"Rahasia" not in content
    entry = bytes(Event.objects.get(kind="copies").body).decode()
    assert all(row.sha256 in entry for row in rows)
    photo.refresh_from_db()
    assert photo.step == Photo.Step.QUEUE


@pytest.mark.django_db
def test_the_step_may_run_twice(world, folder, sending):
    photo, _ = pipeline.receive(sending(world))
    pipeline.inspect(str(photo.pk))
    pipeline.inspect(str(photo.pk))
    assert inspection.make_public_copies(photo) == list(photo.copies.order_by("side"))
    assert PublicCopy.objects.count() == 3
    assert Event.objects.filter(kind="copies").count() == 1


@pytest.mark.django_db
def test_reused_bytes_share_their_copies(world, folder, sending):
    first, _ = pipeline.receive(sending(world))
    other, _ = pipeline.receive(sending(world, station=world.stations["9101011001002"]))
    for photo in (first, other):
        pipeline.inspect(str(photo.pk))
    assert list(first.copies.values_list("side", "sha256")) == list(other.copies.values_list("side", "sha256"))


@pytest.mark.django_db
def test_a_photo_whose_copies_cannot_be_made_still_goes_to_people(world, folder, sending, monkeypatch):
    photo, _ = pipeline.receive(sending(world))

    def dies(self, task, picture):
        return {"refused": "died"}, b""

    monkeypatch.setattr(inspection.Decoder, "ask", dies)
    pipeline.inspect(str(photo.pk))
    photo.refresh_from_db()
    assert photo.step == Photo.Step.QUEUE
    assert b'"pub":{}' in bytes(Event.objects.get(kind="copies").body)


@pytest.mark.django_db
def test_a_tampered_original_stays_where_it_is(world, folder, sending):
    photo, _ = pipeline.receive(sending(world))
    path = folder / storage.original_key(photo.sha256)
    path.chmod(0o600)
    path.write_bytes(path.read_bytes()[:-1] + b"x")
    with pytest.raises(storage.OriginalDamaged):
        pipeline.inspect(str(photo.pk))
    photo.refresh_from_db()
    assert photo.step == Photo.Step.INSPECT
    assert not PublicCopy.objects.exists()
