"""Pictures for tests: small, made here, of every format we take."""

import io
import random

from PIL import Image, ImageDraw


def drawn(width: int = 900, height: int = 1200, seed: int = 1) -> Image.Image:
    """A picture whose upper left corner is red and whose noise depends on the seed."""
    picture = Image.new("RGB", (width, height), "white")
    draw = ImageDraw.Draw(picture)
    chance = random.Random(seed)
    for _ in range(60):
        x, y = chance.randrange(width), chance.randrange(height)
        draw.line((x, y, chance.randrange(width), chance.randrange(height)), fill=chance.randrange(1 << 24), width=3)
    draw.rectangle((0, 0, width // 4, height // 4), fill=(220, 20, 20))
    return picture


def encoded(kind: str = "JPEG", seed: int = 1, width: int = 900, height: int = 1200, **options: object) -> bytes:
    """The bytes of a drawn picture."""
    file = io.BytesIO()
    if kind == "HEIF":
        import pillow_heif

        pillow_heif.register_heif_opener()
    drawn(width, height, seed).save(file, kind, **options)
    return file.getvalue()


def with_secrets(kind: str = "JPEG", orientation: int = 6, **size: int) -> bytes:
    """A picture with a position, a camera's owner, a thumbnail-like comment, XMP and a colour profile."""
    from PIL import ImageCms

    exif = Image.Exif()
    exif[0x0112] = orientation
    exif[0x013B] = "Siti Rahasia"  # artist
    gps = exif.get_ifd(0x8825)
    gps.update({1: "S", 2: (5.0, 20.0, 30.0), 3: "E", 4: (105.0, 10.0, 0.0)})
    xmp = b'<x:xmpmeta xmlns:x="adobe:ns:meta/"><Owner>Siti Rahasia</Owner></x:xmpmeta>'
    profile = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    return encoded(kind, exif=exif, xmp=xmp, icc_profile=profile, **size)


def taken_at(when: object) -> Image.Exif:
    """What a camera writes into its file of when it took the picture."""
    exif = Image.Exif()
    exif[0x0112] = 1
    exif.get_ifd(0x8769)[0x9003] = when
    return exif


def chunks_of_webp(content: bytes) -> list[str]:
    """The names of the chunks of a WebP file; fails where the file does not end with the last of them."""
    assert content[:4] == b"RIFF"
    assert content[8:12] == b"WEBP"
    assert int.from_bytes(content[4:8], "little") + 8 == len(content)
    names, at = [], 12
    while at < len(content):
        names.append(content[at : at + 4].decode("ascii"))
        size = int.from_bytes(content[at + 4 : at + 8], "little")
        at += 8 + size + size % 2
    assert at == len(content)
    return names
