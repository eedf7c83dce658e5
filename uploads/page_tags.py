"""What a photo's page tag means: which form and page it is, and what does not fit the sender's claim.

A tag is a hint. The A4 copies have none, a torn corner has none: no tag never speaks against a photo.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any

from tps import form_definitions
from tps.form_definitions import FormDefinition, Page
from tps.models import Contest
from uploads.marks import Mark
from uploads.models import PageTag, Photo

# Width of the tag's edges, in pixels of a picture 1,000 wide, from which on a photo counts as blurred: 4 of 120
# real photos, and all of them once they are blurred by 2 pixels more (docs/photos.md).
BLURRED_FROM = 1.8
OF_A_BOX = 6  # x and y of three corners


@dataclass(frozen=True)
class Seen:
    """What the decoder read from a photo. Corners are pixels of the upright picture: x and y, clockwise."""

    tag: int
    turn: int
    corners: tuple[float, ...]
    edge: float
    boxes: tuple[int, ...] | None = None  # of each number whose place is known, as `PageTag.boxes`
    bubbles: tuple[str, ...] | None = None  # as `PageTag.bubbles`


def page_of(form: FormDefinition, tag: int | None) -> Page | None:
    """The page of this form that carries the tag."""
    return form.page_with_tag(tag) if tag is not None else None


def marks_of(form: FormDefinition, claimed: int | None, seen: PageTag | None) -> list[Mark]:
    """What should make people look twice, by the tag alone."""
    if seen is None or seen.tag is None:
        return []
    marks = []
    page = page_of(form, seen.tag)
    if page is None and (_has_tags(form) or seen.tag in _known()):
        marks.append(Mark.OTHER_BALLOT)
    if page is not None and claimed not in (None, page.number):
        marks.append(Mark.WRONG_PAGE)
    if seen.turn:
        marks.append(Mark.TURNED)
    if seen.edge is not None and seen.edge > BLURRED_FROM:
        marks.append(Mark.BLURRED)
    return marks


def boxes_on(page: Page, boxes: Sequence[int] | None) -> dict[str, list[int]]:
    """By field: upper left, upper right and lower left corner of its digit boxes; nothing where they were not found."""
    keys = list(page.places)
    if boxes is None or len(boxes) != OF_A_BOX * len(keys):
        return {}
    return {key: list(boxes[OF_A_BOX * at : OF_A_BOX * (at + 1)]) for at, key in enumerate(keys)}


def bubbles_on(page: Page, bubbles: Sequence[str] | None) -> dict[str, str]:
    """By field: the digits whose bubbles are filled; of those fields where any is."""
    if bubbles is None or len(bubbles) != len(page.places):
        return {}
    return {key: said for key, said in zip(page.places, bubbles, strict=True) if said.strip("-")}


def header_on(page: Page, boxes: Mapping[str, Sequence[int]]) -> list[int]:
    """The same corners of where village and TPS number are written, as the page's boxes lie; nothing without those.

    By the plane that fits the boxes best: paper is bent, so it is where one looks, to the eye and not to the pixel.
    """
    if page.header is None or not boxes:
        return []
    known = []
    for key, (left, top, width, height, _boxes) in page.places.items():
        corners = ((left, top), (left + width, top), (left, top + height))
        known += list(zip(corners, zip(*[iter(boxes[key])] * 2, strict=True), strict=True))
    at = page.header
    wanted = ((at.left, at.top), (at.left + at.width, at.top), (at.left, at.top + at.height))
    across, down = (_plane([(x, y, found[axis]) for (x, y), found in known]) for axis in (0, 1))
    return [round(value) for x, y in wanted for value in (across(x, y), down(x, y))]


def _plane(points: Sequence[tuple[float, float, float]]) -> Callable[[float, float], float]:
    """The z = a + bx + cy with the least squares through these points, which do not lie in one line."""
    many = len(points)
    mx, my, mz = (sum(values) / many for values in zip(*points, strict=True))
    xx, xy, yy, xz, yz = (
        sum(f(x - mx, y - my, z - mz) for x, y, z in points)
        for f in (
            lambda x, y, z: x * x,
            lambda x, y, z: x * y,
            lambda x, y, z: y * y,
            lambda x, y, z: x * z,
            lambda x, y, z: y * z,
        )
    )
    b, c = (xz * yy - yz * xy) / (xx * yy - xy * xy), (yz * xx - xz * xy) / (xx * yy - xy * xy)
    return lambda x, y: mz + b * (x - mx) + c * (y - my)


def meanings(contests: Iterable[Contest]) -> dict[str, dict[str, Any]]:
    """For browsers: the kind of contest and the page that each tag of these contests' forms stands for."""
    return {
        str(page.tag): {"kind": contest.kind, "page": page.number}
        for contest in contests
        for page in form_definitions.for_contest(contest).pages
        if page.tag is not None
    }


@cache
def numbers() -> dict[int, int]:
    """The number of the page that each tag of any form stands for."""
    forms = (form_definitions.load(name) for name in form_definitions.names())
    return {page.tag: page.number for form in forms for page in form.pages if page.tag is not None}


@cache
def tagless() -> frozenset[str]:
    """The names of the forms on which no tag says which page one sees."""
    return frozenset(name for name in form_definitions.names() if not _has_tags(form_definitions.load(name)))


def keep(photo: Photo, seen: Seen | None, reader: int) -> None:
    """Remember what was read, or that nothing was."""
    said = {"tag": seen.tag, "turn": seen.turn, "corners": list(seen.corners), "edge": seen.edge} if seen else {}
    if seen and seen.boxes:
        said["boxes"] = list(seen.boxes)
    if seen and seen.bubbles:
        said["bubbles"] = list(seen.bubbles)
    PageTag.objects.create(photo=photo, reader=reader, **said)


def keep_as_of_same_bytes(photo: Photo) -> None:
    """Remember what was read from another photo of the same bytes."""
    for one in PageTag.objects.filter(photo__sha256=photo.sha256).exclude(photo=photo).order_by("photo")[:1]:
        one.pk = photo.pk
        one.save(force_insert=True)


def _has_tags(form: FormDefinition) -> bool:
    return any(page.tag is not None for page in form.pages)


@cache
def _known() -> frozenset[int]:
    """The tags of all forms there are."""
    return frozenset(numbers())
