"""What a receipt says, signed: proof that a photo was received, even should we deny it (TRUST section 2).

    receipt/v1                               what this is
    log.pemantau.example/contoh              the log that it is to be in, one per election
    sha256:9f2e…                             the photo's bytes as they were sent
    9101011001001                            the TPS, as its sender said
    ppwp                                     the contest, too
    2                                        the page, or - where it was not known
    2029-02-14T08:11:09Z                     when it was received, UTC
    0b7c…                                    the photo's id; never the receipt's code, which is a secret
    in log within 600 s                      what we promise

A function of the photo's row and the key alone: made anew whenever somebody asks, and always the same.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from urllib.parse import urlsplit
from uuid import UUID

from django.conf import settings
from django.utils.translation import gettext_lazy as _

from accounts.refusals import Refusal
from uploads import notes
from uploads.models import Photo

FORMAT = "receipt/v1"
PROMISE = "in log within 600 s"
LONGEST = 4000  # characters; ours have some 500

_LINES = re.compile(
    rf"{FORMAT}\n(?P<log>log\.[^\s/]+/[a-z0-9_-]+)\nsha256:(?P<sha256>[0-9a-f]{{64}})\n(?P<station>[0-9]{{13}})\n"
    rf"(?P<contest>[a-z0-9_-]+)\n(?P<page>[1-9][0-9]?|-)\n(?P<at>[0-9]{{4}}-[0-9]{{2}}-[0-9]{{2}}T[0-9:]{{8}}Z)\n"
    rf"(?P<photo>[0-9a-f-]{{36}})\n{PROMISE}\n",
    re.ASCII,
)


class NotOurStatement(Refusal):
    """Changed, incomplete, or signed by somebody else."""

    status = 422
    code = "not_our_statement"
    sentence = _(
        "Pernyataan ini bukan dari kami atau sudah berubah. Tempel seluruh isi filenya, dari receipt/v1 sampai "
        "baris terakhir."
    )


@dataclass(frozen=True)
class Statement:
    """What a statement says, and the name of the key that signed it."""

    log: str
    sha256: str
    station: str
    contest: str
    page: int | None
    received_at: datetime
    photo: UUID
    signed_by: str

    @property
    def election(self) -> str:
        return self.log.partition("/")[2]


def of(photo: Photo) -> str:
    """The signed statement about a photo; its TPS and contest are loaded already, or cost a query each."""
    return notes.sign(text_of(photo), key())


def text_of(photo: Photo) -> str:
    """What is signed."""
    lines = (
        FORMAT,
        f"log.{host()}/{photo.contest.election_id}",
        f"sha256:{photo.sha256}",
        photo.station.code,
        photo.contest.code,
        "-" if photo.page is None else str(photo.page),
        photo.received_at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ"),
        str(photo.pk),
        PROMISE,
    )
    return "".join(f"{line}\n" for line in lines)


def read(pasted: str) -> Statement:
    """What a statement says, however its line breaks came through. No query. Raises `NotOurStatement`."""
    note = "\n".join(line.rstrip() for line in pasted[:LONGEST].strip().splitlines()) + "\n"
    try:
        text, signed_by = notes.verify(note, public_keys())
        found = _LINES.fullmatch(text)
        if found is None:
            raise NotOurStatement
        return Statement(
            log=found["log"],
            sha256=found["sha256"],
            station=found["station"],
            contest=found["contest"],
            page=None if found["page"] == "-" else int(found["page"]),
            received_at=datetime.fromisoformat(found["at"]),
            photo=UUID(found["photo"]),
            signed_by=signed_by.name,
        )
    except ValueError:
        raise NotOurStatement from None


# --- Keys -------------------------------------------------------------------------------------


def host() -> str:
    """Where we are, as people know it."""
    return urlsplit(settings.SITE_ORIGIN).netloc


def key() -> notes.PrivateKey:
    """The key that signs now. Raises `notes.WrongKey` where the setting is none; the checks say so first."""
    return notes.private_key(f"{host()}/receipts", settings.RECEIPT_KEY)


def public_keys() -> Sequence[notes.PublicKey]:
    """The present key's public half, then those that signed before it."""
    return [key().public, *map(notes.public_key, settings.RECEIPT_OLD_KEYS)]
