"""What tests of reading in a browser share."""

import time
from collections.abc import Callable

from tests.browser.conftest import Person
from transcription.models import Entry

PHONE_WITH_TOUCH = {"viewport": {"width": 360, "height": 740}, "has_touch": True, "is_mobile": True}


def box(person: Person) -> str:
    return person.page.evaluate("() => document.activeElement.id")


def eventually(what: Callable[[], object], within: float = 10) -> None:
    until = time.monotonic() + within
    while not what():
        assert time.monotonic() < until, "it never became true"
        time.sleep(0.05)


def was_sent(person: Person, numbers: dict[str, int | str]) -> None:
    person.sees("Belum ada foto untuk Anda")
    eventually(Entry.objects.exists)
    assert Entry.objects.get().numbers == numbers
