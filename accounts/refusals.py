"""What is refused to somebody: one class a reason, with its status, public code and sentence.

A rule raises the class that stands beside it; `pemantau/refusals.py` turns it into an answer.
`docs/refusals.md` lists them all; a test compares.
"""

from collections.abc import Mapping
from typing import Any, ClassVar, TypeVar

from django.http import HttpResponse
from django.utils.functional import Promise
from django.utils.translation import ngettext

Answer = TypeVar("Answer", bound=HttpResponse)


class Refusal(Exception):
    """A request that changes nothing, and the sentence that says why in the reader's language.

    `sentence` is a lazy translation; `{name}` in it is filled from the keyword arguments.
    """

    status: ClassVar[int] = 400
    code: ClassVar[str]
    sentence: ClassVar[str | Promise]
    # Seconds after which trying again makes sense; becomes Retry-After.
    retry_after: int | None = None
    # What else a program needs in order to go on, as headers of the answer.
    headers: Mapping[str, str] = {}
    # What is wrong with each field of the request, where it is about fields: `{"page": ["…"]}`.
    fields: Mapping[str, list[str]] | None = None

    def __init__(self, **details: Any) -> None:
        self.details = details
        super().__init__(self.code)

    def text(self) -> str:
        return str(self.sentence).format(**self.details)


class TooOften(Refusal):
    """More in a while than anybody may; the same again is welcome after `wait` seconds."""

    status = 429
    retry_after = 60  # where nothing better is known

    def __init__(self, wait: int) -> None:
        super().__init__()
        self.retry_after = wait


def mark(response: Answer, refusal: Refusal) -> Answer:
    """Have an answer know which refusal it is, for whoever counts them (`pemantau.happenings`)."""
    response.refused_as = refusal.code  # type: ignore[attr-defined]
    return response


def message(refusal: Refusal, wait: int | None) -> str:
    """The sentence, and in words when to try again."""
    return f"{refusal.text()} {in_words(wait)}" if wait else refusal.text()


def in_words(seconds: int) -> str:
    """`Retry-After` for people, rounded up."""
    minutes, hours = -(-seconds // 60), -(-seconds // 3600)
    if seconds < 60:
        return ngettext("Coba lagi dalam {n} detik.", "Coba lagi dalam {n} detik.", seconds).format(n=seconds)
    if minutes < 60:
        return ngettext("Coba lagi dalam {n} menit.", "Coba lagi dalam {n} menit.", minutes).format(n=minutes)
    return ngettext("Coba lagi dalam {n} jam.", "Coba lagi dalam {n} jam.", hours).format(n=hours)
