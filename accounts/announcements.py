"""Announcements: a short text of the operators on top of all pages, until its end or until one of them ends it.

Every turn is a row that stays, and an entry in the ledger with the hash of the text. Pages never ask the database for
them: what is on lies in Redis, put there by each turn and again by the sweeper, and each process looks there every ten
seconds. Without Redis a process shows what it saw last; ends that were set are kept all the same.
"""

import hashlib
import re
import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from django.core.cache import caches
from django.db import connection, transaction
from django.db.models import Q, QuerySet
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from redis.exceptions import RedisError

from accounts import commitments
from accounts.models import Announcement, Role, User
from accounts.permissions import ANONYMOUS, Action, NotAllowed, may
from accounts.refusals import Refusal
from ledger import entries as ledger

LONGEST = 280
REMEMBERED = 10  # seconds, in each process
KEY = "announcements"
KEPT = 3600  # in Redis; the sweeper renews it every half minute
LOCK = 0x616E6E6F756E6365  # "announce": turns go one after the other
Audience = Announcement.Audience
AT_WORK = frozenset({Role.VOLUNTEER, Role.ADJUDICATOR, Role.OPERATOR})


# Any name with a dot in it, as new endings come every month; a missing space after a sentence's end is one, too.
LINK = re.compile(r"://|\bwww\.|[^\s.]\.[^\W\d_]{2,}|\b\d{1,3}(?:\.\d{1,3}){3}\b|\bxn--", re.IGNORECASE)
DOTS = str.maketrans("\u3002", ".")  # which browsers take for a dot in an address, as `NFKC` does with others


class WrongAnnouncement(Refusal):
    status = 422
    code = "wrong_announcement"
    sentence = _("Tulis 1 sampai {most} huruf, dan pilih untuk siapa dan seberapa penting.")


class LinkInAnnouncement(Refusal):
    """A page that looks like ours is easily made: who reads our word here would trust it."""

    status = 422
    code = "link_in_announcement"
    sentence = _("Tulis tanpa tautan atau alamat situs, dan beri spasi sesudah titik.")


class WrongEnd(Refusal):
    status = 422
    code = "wrong_end"
    sentence = _("Waktu berakhir harus sesudah sekarang, atau kosong.")


class NoSuchAnnouncement(Refusal):
    status = 404
    code = "no_such_announcement"
    sentence = _("Pengumuman ini tidak ada.")


@dataclass(frozen=True)
class Shown:
    """An announcement as pages show it."""

    id: int
    text: str
    text_en: str
    severity: str
    audience: str
    ends_at: datetime | None


# --- What pages show --------------------------------------------------------------------------


def shown_to(role: str) -> list[Shown]:
    """What somebody of this role sees now, the newest first. No query."""
    now = timezone.now()
    wanted = {Audience.EVERYBODY, Audience.READERS if role in AT_WORK else Audience.PUBLIC}
    return [one for one in _remembered() if one.audience in wanted and (one.ends_at is None or one.ends_at > now)]


def mark() -> tuple[int, ...]:
    """What a page that everybody without an account sees depends on."""
    return tuple(one.id for one in shown_to(ANONYMOUS))


def renew() -> None:
    """Put what is on into Redis. One query. With Redis away the sweeper does it later."""
    # Plain tuples: another version of this program reads them, too.
    on = [(a.pk, a.text, a.text_en, a.severity, a.audience, a.ends_at) for a in active()]
    try:
        caches["documents"].set(KEY, on, KEPT)
    except RedisError:
        return
    caches["process"].delete(KEY)


def _remembered() -> list[Shown]:
    here = caches["process"]
    fresh: list[Shown] | None = here.get(KEY)
    if fresh is not None:
        return fresh
    last: list[Shown] = here.get(f"{KEY}:last") or []
    try:
        # None: Redis lost it, and the sweeper brings it back.
        found: Iterable[tuple[Any, ...]] | None = caches["documents"].get(KEY)
    except RedisError:
        found = None
    known = last if found is None else [Shown(*one) for one in found]
    here.set(KEY, known, REMEMBERED)
    here.set(f"{KEY}:last", known, None)
    return known


# --- What operators do --------------------------------------------------------------------------


def active() -> QuerySet[Announcement]:
    """What is on now, the newest first."""
    begun = Announcement.objects.filter(ends__isnull=True, end__isnull=True)
    return begun.filter(Q(ends_at=None) | Q(ends_at__gt=timezone.now())).select_related("by").order_by("-pk")


def check(text: str, text_en: str, severity: str, audience: str, ends_at: datetime | None) -> Announcement:
    """The announcement that would be published, not stored.

    Raises `WrongAnnouncement`, `LinkInAnnouncement`, `WrongEnd`.
    """
    text, text_en = _plain(text), _plain(text_en)
    known = severity in Announcement.Severity.values and audience in Audience.values
    if not known or not 0 < len(text) <= LONGEST or len(text_en) > LONGEST:
        raise WrongAnnouncement(most=LONGEST)
    if any(LINK.search(unicodedata.normalize("NFKC", said).translate(DOTS)) for said in (text, text_en)):
        raise LinkInAnnouncement
    if ends_at is not None and ends_at <= timezone.now():
        raise WrongEnd
    return Announcement(text=text, text_en=text_en, severity=severity, audience=audience, ends_at=ends_at)


def publish(by: User, announcement: Announcement, election: str) -> bool:
    """Show what `check` gave; False if the same is on already. Raises `NotAllowed`."""
    if not may(by, Action.OPERATE):
        raise NotAllowed
    with transaction.atomic():
        _hold()
        same = {name: getattr(announcement, name) for name in ("text", "text_en", "severity", "audience")}
        if active().filter(**same).exists():
            return False
        announcement.by = by
        announcement.save(force_insert=True)
        _log(announcement, announcement, "on", election)
    return True


def end(by: User, announcement: int, election: str) -> bool:
    """Show it no longer; False if it has ended already. Raises `NotAllowed`, `NoSuchAnnouncement`."""
    if not may(by, Action.OPERATE):
        raise NotAllowed
    with transaction.atomic():
        _hold()
        begun = Announcement.objects.filter(pk=announcement, ends__isnull=True).first()
        if begun is None:
            raise NoSuchAnnouncement
        if not active().filter(pk=begun.pk).exists():
            return False
        _log(Announcement.objects.create(by=by, ends=begun), begun, "off", election)
    return True


def hash_of(announcement: Announcement) -> str:
    """SHA-256 of the text, a line feed, and the English text: what the ledger says of it."""
    said = f"{announcement.text}\n{announcement.text_en}".encode()
    return "sha256:" + hashlib.sha256(said).hexdigest()


def _log(turn: Announcement, announcement: Announcement, state: str, election: str) -> None:
    ledger.append(
        election,
        "announcement",
        version=turn.pk,
        state=state,
        hash=hash_of(announcement),
        by=commitments.of(turn.by),
        at=f"{datetime.now(UTC):%Y-%m-%dT%H:%M:%SZ}",
    )
    transaction.on_commit(renew, robust=True)


def _plain(text: str) -> str:
    """One line of letters: no control characters, and none that turn the direction of what follows."""
    letters = (" " if unicodedata.category(letter).startswith("C") else letter for letter in text)
    return " ".join("".join(letters).split())


def _hold() -> None:
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(%s)", [LOCK])
