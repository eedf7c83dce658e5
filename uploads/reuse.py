"""Photos that look alike: the same one sent again, saved anew, cut or turned. Known for every pair, found by an index.

A hash of 256 bits is cut into bands. Where two hashes differ in so few bits that some band differs in one bit at most,
that band of the one, or a neighbour of it, is a band of the other (the pigeonhole principle): so each hash is stored
with the keys of its bands, and looked for by the keys of its bands and of all their neighbours.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from hashlib import blake2b
from typing import Any

from django.db import connection
from django.db.models import F, Q

from uploads.models import Alike, Likeness, Photo

BITS = 256
MOST_PAIRS = 20  # of one photo; whoever sends one thing a thousand times needs no million rows


@dataclass(frozen=True)
class Region:
    """How many bits two hashes of a region may differ in to be of one photo, and into how many bands it is cut."""

    alike: int
    bands: int  # alike < 2 * bands, else a pair could be missed


# The bits of whole pictures of one form are alike in most places: fewer and longer bands, to find less in vain.
REGIONS = {"whole": Region(12, 7), "figures": Region(20, 11), "writing": Region(20, 11)}


def keep(photo: Photo, hashes: dict[str, str]) -> None:
    """Remember what a photo looks like, after its `page_tag`: a hash of 64 hexadecimal digits for each region."""
    Likeness.objects.bulk_create(
        Likeness(photo=photo, region=region, hash=text, bands=list(_keys(_class(photo, region), region, text)))
        for region, text in hashes.items()
    )


def keep_as_of_same_bytes(photo: Photo) -> None:
    """Remember what another photo of the same bytes looks like."""
    other = Likeness.objects.filter(photo__sha256=photo.sha256).exclude(photo=photo).order_by("photo").first()
    if other is not None:
        hashes = dict(Likeness.objects.filter(photo=other.photo_id).values_list("region", "hash"))
        keep(photo, hashes)


def find_alike(photo: Photo) -> None:
    """Note the photos of this contest that look like this one. May run twice.

    Called after what the photo looks like was committed: of two that come in at once, the later caller sees the other.
    """
    probes: list[int] = []
    for region, text in Likeness.objects.filter(photo=photo).values_list("region", "hash"):
        probes += _probes(_class(photo, region), region, text)
    if probes:
        values: dict[str, Any] = {f"most_{name}": region.alike for name, region in REGIONS.items()}
        with connection.cursor() as cursor:
            cursor.execute(_FIND, values | {"photo": photo.pk, "probes": probes, "most": MOST_PAIRS})


# `probes` alone would find, and find too much; what differs in how many bits is then counted.
_FIND = """
    WITH near AS (
        SELECT DISTINCT ON (other.photo_id) other.photo_id, other.region,
               bit_count(('x' || other.hash)::bit(256) # ('x' || mine.hash)::bit(256)) AS bits
          FROM uploads_likenesses_with_any_of(%(probes)s::bigint[]) other
          JOIN uploads_likeness mine ON mine.photo_id = %(photo)s AND mine.region = other.region
         WHERE other.photo_id <> %(photo)s
           AND bit_count(('x' || other.hash)::bit(256) # ('x' || mine.hash)::bit(256))
               <= CASE other.region WHEN 'whole' THEN %(most_whole)s
                                    WHEN 'figures' THEN %(most_figures)s ELSE %(most_writing)s END
         ORDER BY other.photo_id, bits
    ), kept AS (  -- those of other TPS first: only they are told of
        SELECT near.* FROM near
          JOIN uploads_photo p ON p.id = near.photo_id
          JOIN uploads_photo mine ON mine.id = %(photo)s
         ORDER BY p.station_id = mine.station_id, near.photo_id LIMIT %(most)s
    )
    INSERT INTO uploads_alike (first_id, second_id, region, bits)
    SELECT least(photo_id, %(photo)s), greatest(photo_id, %(photo)s), region, bits FROM kept
    ON CONFLICT DO NOTHING
"""


def is_near_duplicate(photo: Photo) -> bool:
    """Whether a photo of another TPS looks like it. Those of its own TPS are good evidence, or sent twice."""
    pairs = Alike.objects.filter(Q(first=photo) | Q(second=photo))
    return pairs.exclude(first__station=F("second__station")).exists()


def _class(photo: Photo, region: str) -> str:
    """What is compared with what: whole pictures within a contest, regions within one page of its form."""
    if region == "whole":
        return f"{photo.contest_id}/whole"
    return f"{photo.contest_id}/{region}/{photo.page_tag.tag if hasattr(photo, 'page_tag') else None}"


def _values(region: str, text: str) -> Iterator[tuple[int, int, int]]:
    """Number, value and length of each band. Every n-th bit is in one band: neighbours among them go together."""
    bits, bands = f"{int(text, 16):0{BITS}b}", REGIONS[region].bands
    for band in range(bands):
        mine = bits[band::bands]
        yield band, int(mine, 2), len(mine)


def _key(of: str, band: int, value: int) -> int:
    return int.from_bytes(blake2b(f"{of}/{band}/{value}".encode(), digest_size=7).digest())


def _keys(of: str, region: str, text: str) -> Iterator[int]:
    """The key of each band."""
    for band, value, _length in _values(region, text):
        yield _key(of, band, value)


def _probes(of: str, region: str, text: str) -> Iterator[int]:
    """The key of each band as it is, and with each one bit of it changed."""
    for band, value, length in _values(region, text):
        yield _key(of, band, value)
        for bit in range(length):
            yield _key(of, band, value ^ 1 << bit)
