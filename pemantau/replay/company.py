"""Volunteers and adjudicators: signed in over the real form, each with a browser and an address of their own."""

import random
import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any

from pemantau.replay.album import Sent
from pemantau.replay.browser import Browser, UnexpectedAnswer, Watch
from pemantau.replay.rulings import look_of, ruling_on
from pemantau.replay.stage import Stage

# Shares of the entries: first renewing the lease, giving the photo back unread, saying that it is blurred.
RENEWED, RETURNED, BLURRED = 0.03, 0.01, 0.002
HARD_SLIPS = 0.6  # of the entries on a photo with a figure that is hard to read
NO_WORK_SECONDS = 0.05
LOOK_FOR_CASES_SECONDS = 1.0
A_MOMENT_SECONDS = 5.0  # until a ruling is a decision
ALBUM_LAG_SECONDS = 0.05

Login = tuple[str, str]  # e-mail address and password


@dataclass
class Person:
    name: str
    browser: Browser


class Company:
    """The people of all plays on one instance."""

    def __init__(self, volunteers: list[Person], adjudicators: list[Person]) -> None:
        self._volunteers = volunteers
        self._adjudicators = adjudicators

    @classmethod
    def sign_in(cls, base: str, volunteers: Sequence[Login], adjudicators: Sequence[Login], first: int) -> "Company":
        """Sign everybody in; addresses are numbered from `first` on."""
        watch = Watch()

        def arrive(place_and_login: tuple[int, Login]) -> Person:
            place, (email, password) = place_and_login
            browser = Browser(base, first + place, watch)
            browser.sign_in(email, password)
            return Person(email, browser)

        with ThreadPoolExecutor(4) as threads:
            people = list(threads.map(arrive, enumerate([*volunteers, *adjudicators])))
        return cls(people[: len(volunteers)], people[len(volunteers) :])

    def read(self, stage: Stage, part: int, parts: int) -> None:
        """Let every `parts`th volunteer read, one after the other, until the curtain falls."""
        people = self._volunteers[part::parts]
        random.Random(f"order/{stage.seed}/{part}").shuffle(people)  # noqa: S311  # a play, not a secret
        for person in people:
            person.browser.watch = stage.watch
        in_vain = 0
        while not stage.over:
            for person in people:
                if stage.over:
                    break
                in_vain = 0 if _read_one(stage, person) else in_vain + 1
                stage.pause(min(in_vain, 10) * NO_WORK_SECONDS)

    def rule(self, stage: Stage) -> None:
        """Let the adjudicators settle what lies before them, until the curtain falls."""
        for person in self._adjudicators:
            person.browser.watch = stage.watch
        ruled: dict[str, float] = {}
        while not stage.over:
            for person in self._adjudicators:
                _rule_on_all(stage, person, ruled)
            stage.pause(LOOK_FOR_CASES_SECONDS)


def _read_one(stage: Stage, person: Person) -> bool:
    """Take a photo, read it and send what was read; False where there is none for this person."""
    browser = person.browser
    answer = browser.post("/api/v1/tasks/", "take")
    if answer.status_code == 204:
        return False
    _expect(person, answer)
    task = answer.json()
    lease = f"/api/v1/tasks/{task['id']}/"
    sent = _looked_at(stage, person, task["photo"]["pictures"]["480"])
    if sent is None:
        # Its citizen has not written down the receipt yet; or it is not of this play.
        stage.pause(ALBUM_LAG_SECONDS)
        _expect(person, browser.post(f"{lease}return/", "return"))
        return False
    chance = random.Random(f"reader/{stage.seed}/{person.name}/{sent.shot.station}/{sent.shot.page}")  # noqa: S311
    if chance.random() < RETURNED:
        _expect(person, browser.post(f"{lease}return/", "return"))
        return True
    if chance.random() < RENEWED:
        _expect(person, browser.post(f"{lease}renew/", "renew"))
    entry, slip = _entry(stage, sent, chance)
    _expect(person, browser.post(f"{lease}entry/", "submit", json=entry))
    stage.album.note_entry(sent, slip=slip)
    return True


def _looked_at(stage: Stage, person: Person, picture: str) -> Sent | None:
    """What is on the picture; None for one that this play did not send."""

    def copy_of(sha256: str) -> bytes | None:
        answer = person.browser.get(f"/gambar/{sha256}/480.webp")
        return answer.content if answer.ok else None

    shown = person.browser.get(picture)
    return stage.album.recognise(shown.content, copy_of) if shown.ok else None


def _entry(stage: Stage, sent: Sent, chance: random.Random) -> tuple[dict[str, Any], bool]:
    """What this person reads from the photo, and whether they misread it."""
    if chance.random() < BLURRED:
        return {"problem": "blurred"}, True
    slips = chance.random() < (HARD_SLIPS if sent.hard_field else stage.slips)
    numbers = stage.album.slip(sent, chance) if slips else dict(sent.shot.numbers)
    return {"page": sent.shot.page, "numbers": numbers, "tps": sent.shot.station}, slips


def _rule_on_all(stage: Stage, person: Person, ruled: dict[str, float]) -> None:
    """Rule on every case, but for those that somebody of the company ruled on a moment ago."""
    cases = person.browser.document("/api/v1/cases/", "case list")
    for case in cases["cases"]:
        photo, now = case["photo"], time.monotonic()
        sent = stage.album.look(photo)
        if sent is None or stage.over or now - ruled.get(photo, 0.0) < A_MOMENT_SECONDS:
            continue
        ruled[photo] = now
        asked = person.browser.get(f"/api/v1/cases/{photo}/first-look/", "first look")
        if asked.status_code == 409:
            continue  # settled meanwhile
        look = look_of(sent.shot, asked.json())
        _expect(person, person.browser.post(f"/api/v1/cases/{photo}/first-look/", "first look", json=look))
        opened = person.browser.document(f"/api/v1/cases/{photo}/", "case")
        answer = person.browser.post(f"/api/v1/cases/{photo}/ruling/", "ruling", json=ruling_on(sent.shot, opened))
        if answer.status_code == 201:
            stage.album.note_ruling()
        elif answer.status_code not in (200, 409):  # settled meanwhile, or said already by this person
            _expect(person, answer)


def _expect(person: Person, answer: Any) -> None:
    if answer.status_code not in (200, 201, 204):
        raise UnexpectedAnswer(f"{person.name}: {answer.url} {answer.status_code} {answer.text[:300]}")
