"""All marks of one photo: what was plain when it came in, what its tag says, and what looks like it."""

from tps import form_definitions
from uploads import page_tags, reuse
from uploads.marks import Mark
from uploads.models import Photo


def marks_of(photo: Photo) -> list[Mark]:
    """Why people should look at it twice. One query, and one more where `page_tag` is not loaded."""
    form = form_definitions.for_contest(photo.contest)
    marks = [Mark(mark) for mark in photo.marks]
    if reuse.is_near_duplicate(photo):
        marks.append(Mark.NEAR_DUPLICATE)
    return marks + page_tags.marks_of(form, photo.page, getattr(photo, "page_tag", None))
