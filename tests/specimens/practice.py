"""Draws the pictures of the practice forms from their numbers: `python -m tests.specimens.practice` writes them anew.

They lie in static/transcription/practice, with their size and the places of their boxes in
transcription/practice_pictures.json.
"""

import io
import json
import os
from pathlib import Path
from typing import TYPE_CHECKING, Any

from PIL import Image

from tests import specimens
from tests.specimens import Header

if TYPE_CHECKING:
    from transcription.practice import PracticeForm

PICTURES = Path(__file__).resolve().parents[2] / "static" / "transcription" / "practice"
STATION = "9101011001007"  # what the hand is drawn from; on the paper stands `practice.STATION`
# By form: the hand that writes it, chosen for what the form is to teach. The second one crosses zeros out.
SEEDS = {1: 19, 2: 26, 3: 38}
WIDTH, QUALITY = 1000, 34


def drawn(form: "PracticeForm") -> Image.Image:
    header = Header(number=int(STATION[-3:]))
    content = specimens.render(
        STATION, form.page, form.numbers, seed=SEEDS[form.number], header=header, width=WIDTH, quality=95
    )
    return Image.open(io.BytesIO(content))


def packed(picture: Image.Image) -> bytes:
    out = io.BytesIO()
    picture.save(out, "WEBP", quality=QUALITY, method=6)
    return out.getvalue()


def measured(content: bytes, form: "PracticeForm") -> dict[str, Any]:
    """Size, and where the boxes are, as the decoder finds them on a photo."""
    from tps.form_definitions import load
    from uploads import page_tags, registration, tag_reader

    page = load("c-hasil-ppwp").page(form.page)
    with Image.open(io.BytesIO(content)) as picture:
        upright = picture.convert("RGB")
    tag = tag_reader.read(upright)
    assert tag is not None
    assert tag["id"] == page.tag
    found = registration.boxes_of(upright, tag["corners"], list(page.places.values()))
    assert found is not None
    flat = [round(at) for box in found for at in box]
    return {"width": upright.width, "height": upright.height, "boxes": page_tags.boxes_on(page, flat)}


def main() -> None:
    from transcription import practice

    PICTURES.mkdir(exist_ok=True)
    said = {}
    for form in practice.FORMS.values():
        content = packed(drawn(form))
        (PICTURES / f"{form.number}.webp").write_bytes(content)
        said[form.number] = measured(content, form)
    lines = ",\n".join(f'"{number}": {json.dumps(one)}' for number, one in said.items())
    practice.MEASURED.write_text(f"{{\n{lines}\n}}\n")


if __name__ == "__main__":
    import django

    os.environ.setdefault("PEMANTAU_DEVELOPMENT", "1")
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "pemantau.settings")
    django.setup()
    main()
