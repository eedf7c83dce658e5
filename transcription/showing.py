"""What a reader is shown of a lease: the photo and the form. Nothing of what others read, or of what its sender said.

Neither the sender nor the page and TPS they claimed are in it, nor which photo it is. The page that its printed tag
says is, and readers may say another. Of the TPS they say what is written on the form: its number, and which of some
villages of the kecamatan, of which one is the sender's, or none of these.
"""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from django.utils.crypto import salted_hmac

from tps.form_definitions import Field, FormDefinition, for_contest
from tps.models import PollingStation, Region
from transcription import lease_pictures
from transcription.models import Lease, Problem
from uploads import page_tags, storage
from uploads.models import Photo

VILLAGES = 4  # to choose from, if the kecamatan has so many


@dataclass(frozen=True)
class Shown:
    lease: Lease
    photo: Photo
    form: FormDefinition
    page: int | None  # by the tag printed on it
    boxes: dict[str, list[int]]  # by field of that page: where its digit boxes are, as `page_tags.boxes_on` says
    header: list[int]  # where village and TPS number are written, as `page_tags.header_on` says
    villages: list[tuple[str, str]]  # code and name, of which one may be the form's
    pictures: dict[int, str]  # address by longer side
    same: str  # alike where the same person is given the same photo again; says nothing to anybody else


def shown(lease: Lease) -> Shown:
    """What a lease from `queue.lease_of` shows. No query."""
    photo = lease.task.photo
    form = for_contest(photo.contest)
    page = page_tags.page_of(form, lease.tag)  # type: ignore[attr-defined]
    villages = to_choose_from(photo, lease.villages)  # type: ignore[attr-defined]
    boxes = page_tags.boxes_on(page, lease.boxes) if page else {}  # type: ignore[attr-defined]
    header = page_tags.header_on(page, boxes) if page else []
    same = salted_hmac("transcription.showing.same", f"{lease.account_id}/{photo.pk}", algorithm="sha256")
    return Shown(
        lease,
        photo,
        form,
        page.number if page else None,
        boxes,
        header,
        villages,
        lease_pictures.addresses(lease),
        same.hexdigest()[:32],
    )


def to_choose_from(photo: Photo, villages: Sequence[tuple[str, str]]) -> list[tuple[str, str]]:
    """The claimed village among some others of its kecamatan, by name: for every reader of a photo the same ones.

    Others with the claimed one's name are left out: who reads that name means the claimed one.
    """
    claimed = [(code, name) for code, name in villages if code == photo.station.region_id]
    names = {name for _code, name in claimed}
    others = [(code, name) for code, name in villages if name not in names]
    others.sort(key=lambda one: hashlib.sha256(f"{photo.pk}/{one[0]}".encode()).digest())
    return sorted([*claimed, *others[: VILLAGES - 1]], key=lambda one: one[1])


def pictures_of(photo: Photo) -> dict[int, str]:
    """Public addresses, for those who know which photo it is."""
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
            "width": seen.photo.width,
            "height": seen.photo.height,
            "pictures": {str(side): url for side, url in seen.pictures.items()},
        },
        "contest": {"code": seen.photo.contest.code, "name": seen.photo.contest.name},
        "villages": [{"code": code, "name": name} for code, name in seen.villages],
        "form": form_as_json(seen.form),
        "page": seen.page,
        "boxes": seen.boxes,
        "header": seen.header,
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
                "fields": [field_as_json(field) for field in page.fields],
            }
            for page in form.pages
        ],
    }


def field_as_json(field: Field) -> dict[str, Any]:
    return {
        "key": field.key,
        "label": field.label,
        "group": field.group,
        "column": field.column,
        "boxes": field.boxes,
    }
