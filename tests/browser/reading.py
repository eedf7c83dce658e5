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


def taps(person: Person, *names: str) -> None:
    """Keys of the drawn keypad."""
    keypad = person.page.get_by_role("group", name="Tombol angka")
    for name in names:
        keypad.get_by_role("button", name=name, exact=True).tap()


def is_seen(person: Person, selector: str) -> bool:
    """All of it is on the screen, and nothing lies over it."""
    return person.page.evaluate(
        """selector => [...document.querySelectorAll(selector)].every((one) => {
          if (!one.getClientRects().length) return true;
          const { left, top, right, bottom } = one.getBoundingClientRect();
          const lies = (y) => one.contains(document.elementFromPoint((left + right) / 2, y));
          return top >= 0 && bottom <= innerHeight && lies(top + 2) && lies(bottom - 2);
        })""",
        selector,
    )
