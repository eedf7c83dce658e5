"""Looking at an untrusted image, in a killable child process (TRUST section 4).

This side starts `uploads/decoder.py`, hands it pictures and believes nothing of what it says but
numbers in range and bytes to store.
"""

import json
import logging
import os
import re
import select
import signal
import socket
import struct
import subprocess
import sys
import tempfile
import threading
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from typing import Any, BinaryIO, ClassVar

from django.utils.translation import gettext_lazy as _

from accounts.refusals import Refusal
from tps import form_definitions
from uploads import page_tags, reuse, storage
from uploads.models import Photo, PublicCopy
from uploads.page_tags import Seen

log = logging.getLogger(__name__)

# A little longer than the child may live (`decoder.LIMITS`): then the zygote itself is what hangs.
ANSWER_WITHIN = {"examine": 18.0, "copies": 50.0}
MEDIA_TYPES = frozenset({"image/jpeg", "image/png", "image/webp", "image/heic", "image/avif"})
SIDES = storage.SIDES
TAGS = 2320  # of the family AprilTag 36h10
TAG_READER = 3  # the version of `uploads/tag_reader.py`, which only the decoder imports


class NotAPicture(Refusal):
    status = 415
    code = "not_a_picture"
    sentence = _("Ini bukan foto yang dapat kami baca. Kirim foto JPEG, PNG, WebP, HEIC atau AVIF.")


class MovingPicture(Refusal):
    status = 422
    code = "moving_picture"
    sentence = _("Gambar ini bergerak atau berisi beberapa gambar. Kirim satu foto diam.")


class TooManyPixels(Refusal):
    status = 422
    code = "too_many_pixels"
    sentence = _("Foto ini berisi terlalu banyak piksel. Ambil ulang dengan resolusi biasa.")


class TooNarrow(Refusal):
    status = 422
    code = "too_narrow"
    sentence = _("Gambar ini terlalu panjang dan sempit untuk foto formulir.")


class Unreadable(Refusal):
    status = 422
    code = "unreadable_picture"
    sentence = _("File foto ini rusak atau terpotong. Ambil foto lagi, lalu kirim.")


class TooHeavy(Refusal):
    status = 422
    code = "too_heavy"
    sentence = _("Foto ini terlalu berat untuk dibaca. Ambil ulang dengan resolusi biasa atau sebagai JPEG.")


class DecoderUnavailable(Refusal):
    status = 503
    code = "decoder_unavailable"
    sentence = _("Foto belum dapat diperiksa. Simpan foto Anda dan coba lagi sebentar lagi.")
    retry_after = 10


REFUSALS: dict[str, type[Refusal]] = {
    "kind": NotAPicture,
    "frames": MovingPicture,
    "pixels": TooManyPixels,
    "ratio": TooNarrow,
    "damaged": Unreadable,
    "heavy": TooHeavy,
    "slow": DecoderUnavailable,
    "died": Unreadable,
}
# Whole pictures were decoded to find these out: whoever sends them pays, or nobody would stop them.
COSTLY = (Unreadable, TooHeavy)
# What the signals mean that end a child by its limits; any other is a crash.
ENDED_BY: dict[int, str] = {signal.SIGXCPU: "heavy", signal.SIGALRM: "slow", signal.SIGKILL: "slow"}


@dataclass(frozen=True)
class Facts:
    """What a picture is: its type by content, its size as shown upright, the year its camera says it was taken in."""

    media_type: str
    width: int
    height: int
    year: int | None = None


@dataclass(frozen=True)
class Copy:
    """One public size as the decoder made it."""

    side: int
    width: int
    height: int
    content: bytes


@dataclass(frozen=True)
class Derived:
    """What is made of a picture: its public sizes, what its page tag says, and what it looks like."""

    copies: list[Copy]
    tag: Seen | None
    hashes: dict[str, str]  # by region (`uploads/reuse.py`)


def examine(picture: BinaryIO) -> Facts:
    """Prove that the whole file decodes. Raises the refusal that says why it is not acceptable."""
    return _facts_in(_decoder().ask("examine", picture)[0])


def derive(content: bytes) -> Derived:
    """What is made of these bytes. Raises like `examine`."""
    with tempfile.TemporaryFile() as file:
        file.write(content)
        file.flush()
        said, body = _decoder().ask("copies", file)
    facts = _facts_in(said)
    copies = []
    for listed in said["copies"]:
        side, width, height = (int(listed[name]) for name in ("side", "width", "height"))
        made = body[listed["offset"] : listed["offset"] + listed["length"]]
        if not (side in SIDES and 0 < max(width, height) <= side and made[:4] + made[8:12] == b"RIFFWEBP"):
            raise Unreadable
        copies.append(Copy(side, width, height, made))
    if {copy.side for copy in copies} != set(SIDES):
        raise Unreadable
    return Derived(copies, _tag_in(said, facts), _hashes_in(said))


def make_public_copies(photo: Photo) -> list[PublicCopy]:
    """Store the public sizes (WebP, upright, no metadata), their rows, and what was seen on the photo. May run twice.

    Returns no copies where the decoder gives up on what it accepted at intake: the photo then goes on
    to people without them. Raises `storage.StorageUnavailable` where the original cannot be read.
    """
    present = list(photo.copies.order_by("side"))
    if present:
        return present
    rows = _rows_of_the_same_bytes(photo)
    if rows is not None:
        page_tags.keep_as_of_same_bytes(photo)
        reuse.keep_as_of_same_bytes(photo)
    elif (derived := _derived(photo)) is None:
        rows = []
    else:
        page_tags.keep(photo, derived.tag, TAG_READER)
        reuse.keep(photo, derived.hashes)
        rows = []
        for copy in derived.copies:
            storage.put_public(photo.sha256, copy.side, copy.content)
            rows.append(
                PublicCopy(
                    photo=photo,
                    side=copy.side,
                    width=copy.width,
                    height=copy.height,
                    sha256=sha256(copy.content).hexdigest(),
                    size=len(copy.content),
                )
            )
    return PublicCopy.objects.bulk_create(sorted(rows, key=lambda row: row.side))


def entry_of(photo: Photo, copies: list[PublicCopy]) -> dict[str, Any]:
    """The fields of the ledger entry `copies`."""
    return {"photo": str(photo.pk), "pub": {str(copy.side): f"sha256:{copy.sha256}" for copy in copies}}


def _derived(photo: Photo) -> Derived | None:
    original = storage.read_original(photo.sha256)
    for _attempt in range(2):
        try:
            return derive(original)
        except DecoderUnavailable:
            raise
        except Refusal as refusal:
            log.warning("photo %s: no public copies: %s", photo.pk, refusal.code)
    return None


def _rows_of_the_same_bytes(photo: Photo) -> list[PublicCopy] | None:
    """Rows for copies that another photo of the same bytes has: the same objects serve both."""
    made = PublicCopy.objects.filter(photo__sha256=photo.sha256).order_by("photo_id", "side")[: len(SIDES)]
    if {row.side for row in made} != set(SIDES) or not all(storage.has_public(photo.sha256, side) for side in SIDES):
        return None
    return [
        PublicCopy(photo=photo, side=row.side, width=row.width, height=row.height, sha256=row.sha256, size=row.size)
        for row in made
    ]


def _facts_in(said: dict[str, Any]) -> Facts:
    if "refused" in said:
        raise REFUSALS.get(said["refused"], Unreadable)
    year = said.get("year")
    facts = Facts(said["type"], int(said["width"]), int(said["height"]), None if year is None else int(year))
    if facts.media_type not in MEDIA_TYPES or not (0 < facts.width < 65536 and 0 < facts.height < 65536):
        raise Unreadable
    return facts


def _tag_in(said: dict[str, Any], facts: Facts) -> Seen | None:
    """What the page tag says, if it can be true."""
    if not (tag := said["tag"]):
        return None
    seen = Seen(
        tag=int(tag["id"]),
        turn=int(tag["turn"]),
        corners=tuple(float(number) for corner in tag["corners"] for number in corner),
        edge=float(tag["edge"]),
        boxes=_boxes_in(tag),
        bubbles=_bubbles_in(tag),
    )
    longest = max(facts.width, facts.height)
    possible = 0 <= seen.tag < TAGS and seen.turn in range(4) and 0 <= seen.edge < 1e6 and len(seen.corners) == 8
    if not (possible and all(0 <= number <= longest for number in seen.corners)):
        raise Unreadable
    return seen


def _boxes_in(tag: dict[str, Any]) -> tuple[int, ...] | None:
    """Where the page's digit boxes are, all of them, if it can be true. They may lie a little beside the picture."""
    boxes = tuple(int(number) for corners in tag["boxes"] or () for number in corners)
    places = form_definitions.places_by_tag().get(int(tag["id"]), [])
    possible = len(boxes) == page_tags.OF_A_BOX * len(places) and all(abs(number) < 1 << 15 for number in boxes)
    return boxes if boxes and possible else None


def _bubbles_in(tag: dict[str, Any]) -> tuple[str, ...] | None:
    """What the bubbles say of each number, if it can be true."""
    said = tuple(str(one) for one in tag.get("bubbles") or ())
    bubbles = form_definitions.bubbles_by_tag().get(int(tag["id"]), [])
    columns = [len(one[0]) if one else 0 for one in bubbles]
    possible = [len(one) for one in said] == columns and all(re.fullmatch("[0-9-]*", one) for one in said)
    return said if possible and any(said) else None


def _hashes_in(said: dict[str, Any]) -> dict[str, str]:
    hashes: dict[str, str] = said["hashes"]
    if not (
        hashes.keys() <= reuse.REGIONS.keys() and all(re.fullmatch("[0-9a-f]{64}", one) for one in hashes.values())
    ):
        raise Unreadable
    return hashes


# --- The process beside us ------------------------------------------------------------------


HOUSE = Path(__file__).resolve().parents[1]
# Isolated (-I), Python finds nothing of ours by itself.
PROGRAM = """
import json, sys
sys.path.append(sys.argv[1])
from uploads import decoder
decoder.main(int(sys.argv[2]), *json.loads(sys.argv[3]))
"""


class Decoder:
    """The zygote of this process, started when first needed and again when it has died."""

    _mine: ClassVar["Decoder | None"] = None
    _lock: ClassVar[threading.Lock] = threading.Lock()

    def __init__(self) -> None:
        self.owner = os.getpid()
        places = json.dumps([form_definitions.places_by_tag(), form_definitions.bubbles_by_tag()])
        self.control, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        with theirs:
            self.process = subprocess.Popen(  # noqa: S603
                [sys.executable, "-I", "-c", PROGRAM, str(HOUSE), str(theirs.fileno()), places],
                pass_fds=[theirs.fileno()],
                stdin=subprocess.DEVNULL,
                # Nothing of ours is for a process that reads strangers' files.
                env={"LANG": "C.UTF-8", "MALLOC_ARENA_MAX": "1", "OPENBLAS_NUM_THREADS": "1"},
            )
        self.control.settimeout(30)
        hello = self.control.recv(1000)
        if not hello:
            raise OSError("the decoder did not start")
        self.has_network = bool(json.loads(hello)["network"])
        self.control.settimeout(5)
        if self.has_network:
            log.info("decoder: the kernel allows no network namespace; it still can open no socket")

    def ask(self, task: str, picture: BinaryIO) -> tuple[dict[str, Any], bytes]:
        """Have a child do this with a picture: what it says, and its files.

        A child that was ended is `{"refused": why}`: `heavy` (too much CPU), `slow` (the clock ran out: the machine
        is busy) or `died` (it crashed).
        """
        ours, theirs = socket.socketpair()
        end, their_end = os.pipe()
        try:
            with ours:
                with theirs, open(their_end, "wb"):
                    socket.send_fds(self.control, [task.encode()], [picture.fileno(), theirs.fileno(), their_end])
                ours.settimeout(ANSWER_WITHIN[task])
                reply = b"".join(iter(lambda: ours.recv(1 << 18), b""))
            if not select.select([end], [], [], 5)[0] or not (ended_by := os.read(end, 1)):
                raise OSError("the zygote is gone")
        except OSError as error:
            self.stop()
            raise DecoderUnavailable from error
        finally:
            os.close(end)
        if ended_by[0]:
            log.warning("decoder: signal %s ended %s", ended_by[0], task)
            return {"refused": ENDED_BY.get(ended_by[0], "died")}, b""
        (length,) = struct.unpack(">I", reply[:4])
        return json.loads(reply[4 : 4 + length]), reply[4 + length :]

    def stop(self) -> None:
        self.control.close()
        if self.owner == os.getpid():
            self.process.kill()
            self.process.wait()


def _decoder() -> Decoder:
    with Decoder._lock:
        mine = Decoder._mine
        if mine is None or mine.owner != os.getpid() or mine.process.poll() is not None:
            if mine is not None:
                mine.stop()
            try:
                Decoder._mine = mine = Decoder()
            except (OSError, ValueError) as error:
                log.exception("the decoder does not start")
                raise DecoderUnavailable from error
        return mine
