"""The process that touches untrusted images. A program of its own; of ours it imports only its readers.

    parent ── one message a picture: task; fds of picture, reply, end ──▶ zygote ── fork ──▶ child
    parent ◀── reply: length, JSON, bytes ────────────────────────────────────────────────── child
    parent ◀── end: one byte, the signal that ended the child, or 0 ──────── zygote

The zygote has the decoders imported, so that a child costs a fork (some milliseconds) and not a start
of Python. It never looks at a picture. A child looks at one picture and dies; it has no environment,
no network, may open no file and no socket, and memory, CPU and wall time are limited. What it says is
believed by the parent only as numbers in range and as bytes to store.

Reply: 4 bytes big-endian length of the JSON, the JSON, the files. JSON: `{"refused": why}`,
`{"type", "width", "height", "year", "rss"}` (year or null), or
`{"type", "width", "height", "copies": [{"side", "width", "height", "offset", "length"}], "tag", "hashes", "rss"}`;
`tag` is what `tag_reader.read` says, in pixels of the whole upright picture, or null; in it `boxes`, where the page's
digit boxes are (`registration`), and `bubbles`, what is filled below them (`bubble_reader`), or null; `hashes` are by
region (`likeness`).
"""

import ctypes
import gc
import io
import json
import mmap
import os
import resource
import select
import signal
import socket
import struct
import time
import warnings
from contextlib import suppress
from typing import Any

import pillow_heif
from PIL import AvifImagePlugin, Image, ImageCms

from uploads import bubble_reader, exif, likeness, registration, tag_reader

MAX_BYTES = 20 * 1024 * 1024
MAX_PIXELS = 64_000_000
MAX_JPEG_PIXELS = 200_000_000  # phones' 108 and 200 megapixel modes, read scaled down
MAX_RATIO = 20
SIDES = (2560, 1280, 480)
QUALITY, EFFORT = 80, 3
STRIPS_FROM = 24_000_000

TURNS = {
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_270,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_90,
}
SIDEWAYS = {TURNS[orientation] for orientation in (5, 6, 7, 8)}

# On top of what the zygote has, some 85 MiB of which are in its children's memory, too: together below 512.
MEMORY = 420 * 1024 * 1024
# Task -> seconds of CPU, and of the clock, after which the child is killed. Somebody waits for `examine`.
LIMITS = {"examine": (10, 14), "copies": (30, 45)}
TOLD = 8192  # bytes for what is said of the tag, and of the boxes
TAG_WITHIN = 2  # seconds of CPU, and twice as many of the clock, for reading the page tag; usually 0.1

# Of each page tag: where the numbers of its page are (`registration.Place`). The parent says so at the start.
PLACES: dict[str, list[registration.Place]] = {}
BUBBLES: dict[str, list[bubble_reader.Bubbles | None]] = {}

HEIF_BRANDS = {b"heic", b"heix", b"heim", b"heis", b"hevc", b"hevx"}
AVIF_BRANDS = {b"avif", b"avis"}
NAMES = {"JPEG": "image/jpeg", "PNG": "image/png", "WEBP": "image/webp", "HEIF": "image/heic", "AVIF": "image/avif"}


class Refused(Exception):
    """Why a picture is not acceptable: `kind`, `frames`, `pixels`, `ratio`, `damaged` or `heavy`."""


# --- What a picture is ----------------------------------------------------------------------


def kind_of(head: bytes) -> str | None:
    """The format by the file's first bytes: a Pillow format name, or None for anything we do not take."""
    if head.startswith(b"\xff\xd8\xff"):
        return "JPEG"
    if head.startswith(b"\x89PNG\r\n\x1a\n"):
        return "PNG"
    if head.startswith(b"RIFF") and head[8:12] == b"WEBP":
        return "WEBP"
    if head[4:8] == b"ftyp":
        # size · "ftyp" · major brand · minor version · compatible brands
        end = min(struct.unpack(">I", head[:4])[0], len(head))
        brands = [head[8:12], *(head[at : at + 4] for at in range(16, end - 3, 4))]
        for brand in brands:
            if brand in HEIF_BRANDS:
                return "HEIF"
            if brand in AVIF_BRANDS:
                return "AVIF"
    return None


def open_picture(content: bytes) -> tuple[Image.Image, str]:
    """A Pillow image and its media type; its header is acceptable; nothing is decoded yet. Raises `Refused`."""
    kind = kind_of(content[:256])
    if kind is None:
        raise Refused("kind")
    limit = MAX_JPEG_PIXELS if kind == "JPEG" else MAX_PIXELS
    # Pillow warns from MAX_IMAGE_PIXELS on and stops at twice as many: the warning is made an error.
    Image.MAX_IMAGE_PIXELS = limit
    try:
        # "MPO" must not be in the list (KeyError on damaged files); "JPEG" opens MPO at its first picture.
        picture = Image.open(io.BytesIO(content), formats=[kind])
    except (Image.DecompressionBombError, Image.DecompressionBombWarning) as error:
        raise Refused("pixels") from error
    width, height = picture.size
    if width * height > limit:
        raise Refused("pixels")
    if max(width, height) > MAX_RATIO * min(width, height):
        raise Refused("ratio")
    if kind != "JPEG" and getattr(picture, "n_frames", 1) > 1:
        raise Refused("frames")
    return picture, NAMES[kind]


def examine(content: bytes) -> dict[str, Any]:
    """Decode the whole file, and say type, size as shown upright, and the year it was taken in."""
    picture, media_type = open_picture(content)
    width, height = picture.size
    # For a JPEG this reads all its data but computes an eighth of the pixels.
    picture.draft(None, (max(width // 8, 1), max(height // 8, 1)))
    picture.load()
    if exif.orientation_of(picture) >= 5:
        width, height = height, width
    return {"type": media_type, "width": width, "height": height, "year": exif.year_of(picture)}


# --- Public copies --------------------------------------------------------------------------


def copies(content: bytes) -> tuple[dict[str, Any], bytes]:
    """The public sizes, upright, sRGB, without metadata; what the page tag says, and what the picture looks like.

    A smaller original keeps its size under all names.
    """
    picture, media_type = open_picture(content)
    width, height = picture.size
    scale = min(1.0, SIDES[0] / max(width, height))
    picture.draft(None, (max(int(width * scale), 1), max(int(height * scale), 1)))
    picture.load()
    turn = TURNS.get(exif.orientation_of(picture))
    profile = picture.info.get("icc_profile")
    upright = srgb(shrunk(flat(picture), SIDES[0]), profile)
    if turn is not None:
        upright = upright.transpose(turn)
        width, height = (height, width) if turn in SIDEWAYS else (width, height)
    upright.info = {}
    tag, hashes = seen_in(upright)
    hashes["whole"] = likeness.whole(upright, tag["turn"] if tag else 0)
    if tag is not None:
        scale = width / upright.width
        tag["corners"] = [[round(at * scale, 1) for at in corner] for corner in tag["corners"]]
        tag["boxes"] = tag["boxes"] and [[round(at * scale) for at in corners] for corners in tag["boxes"]]

    body = io.BytesIO()
    listed: list[dict[str, int]] = []
    for side in SIDES:
        smaller = shrunk(upright, side)
        if listed and smaller.size == (listed[-1]["width"], listed[-1]["height"]):
            listed.append(listed[-1] | {"side": side})
            continue
        start = body.tell()
        smaller.save(body, "WEBP", quality=QUALITY, method=EFFORT)
        listed.append(
            {"side": side, "width": smaller.width, "height": smaller.height}
            | {"offset": start, "length": body.tell() - start}
        )
        upright = smaller
    return {"type": media_type, "width": width, "height": height, "copies": listed} | {
        "tag": tag,
        "hashes": hashes,
    }, body.getvalue()


def seen_in(upright: Image.Image) -> tuple[dict[str, Any] | None, dict[str, str]]:
    """What the page tag says, where the digit boxes are, and the hashes of the regions beside the tag.

    Read in a process aside: a picture of thousands of squares keeps OpenCV busy for a minute, and whatever it makes
    of a hostile one, the copies do not suffer.
    """
    with mmap.mmap(-1, 2 * TOLD) as told:  # no descriptor is needed for it, of which a child has none
        pid = os.fork()
        if pid == 0:
            try:
                signal.alarm(2 * TAG_WITHIN)
                resource.setrlimit(resource.RLIMIT_CPU, (TAG_WITHIN, TAG_WITHIN + 1))
                if tag := tag_reader.read(upright):
                    corners = tag["corners"]
                    told[:TOLD] = json.dumps([tag, likeness.regions(upright, corners)]).encode().ljust(TOLD, b"\0")
                    page = str(tag["id"])
                    boxes = registration.boxes_of(upright, corners, PLACES.get(page, ()))
                    bubbles = boxes and bubble_reader.read(upright, boxes, PLACES[page], BUBBLES[page])
                    told[TOLD:] = json.dumps([boxes, bubbles]).encode().ljust(TOLD, b"\0")
            finally:
                os._exit(0)
        os.waitpid(pid, 0)
        # Whatever became of the boxes, the tag was told before.
        tag, hashes = json.loads(told[:TOLD].rstrip(b"\0") or b"[null, {}]")
        if tag is not None:
            tag["boxes"], tag["bubbles"] = json.loads(told[TOLD:].rstrip(b"\0") or b"[null, null]")
        return tag, hashes


def shrunk(picture: Image.Image, side: int) -> Image.Image:
    """At most `side` pixels on the longer side; never enlarged."""
    longer = max(picture.size)
    if longer <= side:
        return picture
    width, height = (max(1, round(edge * side / longer)) for edge in picture.size)
    return picture.resize((width, height), Image.Resampling.LANCZOS, reducing_gap=2.0)


def flat(picture: Image.Image) -> Image.Image:
    """Grey, RGB or CMYK of 8 bits, on white where it was transparent; a very large picture made smaller on the way.

    It goes in strips, because a second copy of 64 megapixels does not fit into the memory allowed.
    """
    width, height = picture.size
    factor = max(1, max(width, height) // SIDES[0]) if width * height > STRIPS_FROM else 1
    if factor == 1:
        return flat_strip(picture)
    rows = 64 * factor
    whole = None
    for top in range(0, height, rows):
        strip = flat_strip(picture.crop((0, top, width, min(top + rows, height)))).reduce(factor)
        if whole is None:
            whole = Image.new(strip.mode, (strip.width, -(-height // factor)))
        whole.paste(strip, (0, top // factor))
    assert whole is not None
    return whole


def flat_strip(picture: Image.Image) -> Image.Image:
    if picture.mode.startswith("I"):
        return picture.convert("I").point(lambda value: value / 256).convert("L")
    if picture.mode in ("PA", "LA", "RGBA", "La", "RGBa") or "transparency" in picture.info:
        picture = picture.convert("RGBA")
        white = Image.new("RGB", picture.size, "white")
        white.paste(picture, mask=picture.getchannel("A"))
        return white
    return picture if picture.mode in ("L", "RGB", "CMYK") else picture.convert("RGB")


def srgb(picture: Image.Image, profile: bytes | None) -> Image.Image:
    """Colours as its profile means them; a broken profile is ignored."""
    if profile:
        with suppress(Exception):  # strangers' profiles break in many ways
            meant = ImageCms.ImageCmsProfile(io.BytesIO(profile))
            plain = ImageCms.createProfile("sRGB")
            picture = ImageCms.profileToProfile(picture, meant, plain, outputMode="RGB") or picture
    return picture.convert("RGB")


# --- The child ------------------------------------------------------------------------------


def limit_child(memory: int, cpu: int, wall: int) -> None:
    """Irrevocable limits. With no file allowed, neither files nor sockets can be opened any more."""
    signal.signal(signal.SIGALRM, signal.SIG_DFL)
    signal.alarm(wall)
    resource.setrlimit(resource.RLIMIT_CPU, (cpu, cpu + 1))  # the first one's signal says what it was
    resource.setrlimit(resource.RLIMIT_AS, (memory, memory))
    for which in (resource.RLIMIT_FSIZE, resource.RLIMIT_CORE, resource.RLIMIT_NOFILE):
        resource.setrlimit(which, (0, 0))


def answer(reply: int, task: str, picture: int) -> None:
    """Work on one picture and write the reply."""
    body = b""
    try:
        with open(picture, "rb", closefd=False) as file:
            file.seek(0)
            content = file.read(MAX_BYTES + 1)
        if len(content) > MAX_BYTES:
            raise Refused("heavy")
        facts: dict[str, Any]
        if task == "copies":
            facts, body = copies(content)
        else:
            facts = examine(content)
    except Refused as refusal:
        facts = {"refused": str(refusal)}
    except MemoryError:
        facts = {"refused": "heavy"}
    except Exception:
        facts = {"refused": "damaged"}
    facts["rss"] = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024
    text = json.dumps(facts).encode()
    rest = memoryview(struct.pack(">I", len(text)) + text + body)
    while rest:
        rest = rest[os.write(reply, rest) :]


# --- The zygote -----------------------------------------------------------------------------


def shut_in() -> bool:
    """Give up network and rights, where the kernel allows it; says whether the network is gone."""
    libc = ctypes.CDLL(None, use_errno=True)
    new_user, new_net = 0x10000000, 0x40000000
    root = os.geteuid() == 0
    alone = libc.unshare(new_net if root else new_user | new_net) == 0
    if root:
        os.setgroups([])
        os.setresgid(65534, 65534, 65534)
        os.setresuid(65534, 65534, 65534)
    libc.prctl(38, 1, 0, 0, 0)  # PR_SET_NO_NEW_PRIVS
    return alone


def warm_up() -> None:
    """Import everything a child may need, by using it: a child can open no file, so it cannot import."""
    Image.init()
    warnings.simplefilter("ignore")
    warnings.simplefilter("error", Image.DecompressionBombWarning)
    AvifImagePlugin.DEFAULT_MAX_THREADS = 1
    pillow_heif.options.THUMBNAILS = False
    pillow_heif.options.DEPTH_IMAGES = False
    pillow_heif.options.AUX_IMAGES = False
    pillow_heif.options.DECODE_THREADS = 1
    pillow_heif.register_heif_opener()

    example = tag_reader.example()
    if tag := tag_reader.read(example):
        likeness.regions(example, tag["corners"])
        place = (0.1, 0.1, 0.1, 0.05, 3)
        registration.boxes_of(example, tag["corners"], [place])
        bubble_reader.read(example, [[10, 10, 20, 10, 10, 20]], [place], [([0.1], 0.15, 0.01)])
    profile = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    notes = Image.Exif()
    notes[exif.ORIENTATION] = 6
    notes.get_ifd(exif.CAMERA)[exif.TAKEN_AT] = "2024:02:14 15:40:00"
    for kind in ("JPEG", "PNG", "WEBP", "AVIF", "HEIF"):
        file = io.BytesIO()
        try:
            example.convert("RGB").save(file, kind, exif=notes, icc_profile=profile)
            examine(file.getvalue())
            copies(file.getvalue())
        except (KeyError, OSError, RuntimeError):
            continue  # a build that cannot write this format; reading it needs no more imports


def serve(control: socket.socket) -> None:
    """Fork a child for each message until the parent is gone; kill those that live too long."""
    with open("/proc/self/statm") as statm:
        memory = int(statm.read().split()[0]) * resource.getpagesize() + MEMORY
    children: dict[int, tuple[int, float, int]] = {}  # pidfd -> pid, when to kill it, fd to tell its end to
    poller = select.poll()
    poller.register(control, select.POLLIN)
    while True:
        for ready, _event in poller.poll(500):
            if ready != control.fileno():
                poller.unregister(ready)
                bury(*children.pop(ready))
                os.close(ready)
                continue
            message, received, _flags, _address = socket.recv_fds(control, 64, 3)
            if not message:
                for pid, _deadline, _end in children.values():
                    os.kill(pid, signal.SIGKILL)
                return
            task, (picture, reply, end) = message.decode(), received
            cpu, wall = LIMITS[task]
            pid = os.fork()
            if pid == 0:
                try:
                    control.close()
                    os.close(end)
                    limit_child(memory, cpu, wall)
                    answer(reply, task, picture)
                finally:
                    os._exit(0)
            os.close(picture)
            os.close(reply)
            child = os.pidfd_open(pid)
            children[child] = (pid, time.monotonic() + wall + 1, end)
            poller.register(child, select.POLLIN)
        for pid, deadline, _end in children.values():
            if deadline < time.monotonic():
                os.kill(pid, signal.SIGKILL)


def bury(pid: int, _deadline: float, end: int) -> None:
    """Take leave of a child, and tell its parent's parent what it died of."""
    status = os.waitpid(pid, 0)[1]
    with suppress(OSError):  # who asked may be gone
        os.write(end, bytes([os.WTERMSIG(status) if os.WIFSIGNALED(status) else 0]))
    os.close(end)


def main(
    control_fd: int,
    places: dict[str, list[registration.Place]],
    bubbles: dict[str, list[bubble_reader.Bubbles | None]],
) -> None:
    control = socket.socket(fileno=control_fd)
    PLACES.update(places)
    BUBBLES.update(bubbles)
    warm_up()
    # Children live for milliseconds: a collection in them would only copy the zygote's memory.
    gc.collect()
    gc.freeze()
    gc.disable()
    alone = shut_in()
    nothing = os.open(os.devnull, os.O_RDWR)
    for stream in (0, 1, 2):
        os.dup2(nothing, stream)  # decoders chat, and may chat about what they read
    control.send(json.dumps({"network": not alone}).encode())
    serve(control)
