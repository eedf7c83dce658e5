"""What a camera wrote into its file beside the picture (EXIF), as far as we ask. Read in the decoder's child only."""

from PIL import Image

ORIENTATION = 0x0112
CAMERA = 0x8769  # the directory of what the camera says of itself
TAKEN_AT = 0x9003  # in it: DateTimeOriginal, "2024:02:14 15:40:00"


def orientation_of(picture: Image.Image) -> int:
    """EXIF orientation 1..8; 1 where it is missing or nonsense."""
    try:
        value = picture.getexif().get(ORIENTATION, 1)
    except Exception:
        return 1  # a broken EXIF block does not make a picture worse
    return value if isinstance(value, int) and 1 <= value <= 8 else 1


def year_of(picture: Image.Image) -> int | None:
    """The year in which the camera says the picture was taken (EXIF DateTimeOriginal), if it says one."""
    try:
        year = int(picture.getexif().get_ifd(CAMERA)[TAKEN_AT][:4])
    except Exception:
        return None  # most have none, and strangers' are broken in many ways
    return year if 1900 <= year <= 9999 else None
