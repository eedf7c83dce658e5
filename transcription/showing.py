"""What a reader is shown of a lease: the photo, the form, which TPS it was sent for. Nothing of what others read.

Neither the sender nor the page they claimed is in it; the page that its printed tag says is, and readers may say
another. The TPS is, since "another TPS" can be said only by somebody who knows which one it should be.
"""

from dataclasses import dataclass
from typing import Any

from tps.form_definitions import FormDefinition, for_contest
from tps.models import PollingStation, Region
from transcription.models import Lease, Problem
from uploads import page_tags, storage
from uploads.models import Photo


@dataclass(frozen=True)
class Shown:
    lease: Lease
    photo: Photo
    form: FormDefinition
    page: int | None  # by the tag printed on it
    boxes: dict[str, list[int]]  # by field of that page: where its digit boxes are, as `page_tags.boxes_on` says
    place: list[str]  # from the TPS up to the province, as people say it
    pictures: dict[int, str]  # address by longer side


def shown(lease: Lease) -> Shown:
    """What a lease from `queue.lease_of` shows. No query."""
    photo = lease.task.photo
    form = for_contest(photo.contest)
    page = page_tags.page_of(form, lease.tag)  # type: ignore[attr-defined]
    place = [str(photo.station), *lease.regions]  # type: ignore[attr-defined]
    boxes = page_tags.boxes_on(page, lease.boxes) if page else {}  # type: ignore[attr-defined]
    return Shown(lease, photo, form, page.number if page else None, boxes, place, pictures_of(photo))


def pictures_of(photo: Photo) -> dict[int, str]:
    return {side: storage.public_url(photo.sha256, side) for side in storage.SIDES}


def place_of(station: PollingStation) -> list[str]:
    """From the TPS up to the province, where the regions are loaded (`cases.look_into`)."""
    names = [str(station)]
    region: Region | None = station.region
    while region is not None and region.level > 0:
        names.append(region.name)
        region = region.parent if region.level > 1 else None
    return names


def as_json(lease: Lease) -> dict[str, Any]:
    """A lease for programs."""
    seen = shown(lease)
    return {
        "id": str(lease.pk),
        "expires_at": lease.expires_at,
        "photo": {
            "id": str(seen.photo.pk),
            "width": seen.photo.width,
            "height": seen.photo.height,
            "pictures": {str(side): url for side, url in seen.pictures.items()},
        },
        "contest": {"code": seen.photo.contest.code, "name": seen.photo.contest.name},
        "station": {"code": seen.photo.station.code, "place": seen.place},
        "form": form_as_json(seen.form),
        "page": seen.page,
        "boxes": seen.boxes,
        "problems": [{"code": code, "label": str(label)} for code, label in Problem.choices],
    }


def form_as_json(form: FormDefinition) -> dict[str, Any]:
    return {
        "name": form.name,
        "title": form.title,
        "pages": [
            {
                "number": page.number,
                "label": page.label,
                "variant": page.variant,
                "fields": [
                    {
                        "key": field.key,
                        "label": field.label,
                        "group": field.group,
                        "column": field.column,
                        "boxes": field.boxes,
                    }
                    for field in page.fields
                ],
            }
            for page in form.pages
        ],
    }
