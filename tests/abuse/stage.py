"""Wrong requests, who sends them, and what is looked at afterwards.

Whatever comes in wrong: the right status, a sentence that says why, in Indonesian and in English, nothing changed,
nothing said in the log. Since nothing may change, one stage serves a whole table of wrong requests.
"""

import json
import re
from collections.abc import Callable
from dataclasses import dataclass

from django.http import HttpResponse
from django.test import Client
from django.utils import translation
from django.utils.html import escape

from pemantau.management.commands.list_refusals import all_refusals
from tests.abuse.observing import nothing_changes, nothing_forbidden_is_logged
from tests.transcription import reading as people
from tests.world import World

REFUSALS = {refusal.code: refusal for refusal in all_refusals()}
NOWHERE = "00000000-0000-4000-8000-000000000000"
FORM = "application/x-www-form-urlencoded"


@dataclass(frozen=True)
class Bad:
    """One wrong request. `send` gets a browser and gives its answer."""

    name: str
    who: str  # the browser that sends it
    send: Callable[[Client, dict[str, str]], HttpResponse]
    status: int
    code: str


@dataclass
class Stage:
    world: World
    browsers: dict[str, Client]
    secrets: tuple[str, ...]

    def refuses(self, bad: Bad) -> None:
        """Send it in both languages; see what it was answered and what it left."""
        for language in ("id", "en"):
            with nothing_forbidden_is_logged(*self.secrets), nothing_changes():
                answer = bad.send(self.browsers[bad.who], {"Accept-Language": language})
            assert answer.status_code == bad.status, (bad.name, answer.status_code, answer.content[:300])
            with translation.override(language):
                # Some say the same in words of their own, for whom it is: a citizen is told how one comes to read.
                kinds = [REFUSALS[bad.code], *REFUSALS[bad.code].__subclasses__()]
                said = [re.escape(str(kind.sentence)) for kind in kinds if kind.code == bad.code]
                pattern = re.sub(r"\\\{\w+\\\}", ".+", f"(?:{'|'.join(said)})")
            if answer["Content-Type"] == "application/json":
                error = answer.json()["error"]
                assert error["code"] == bad.code, (bad.name, error)
                assert re.match(pattern, error["message"]), (bad.name, error)
                assert error.keys() <= {"code", "message", "fields"}
            else:
                assert re.search(escape(pattern), answer.content.decode()), (bad.name, pattern)
            assert "rahasia" not in answer.content.decode().lower(), bad.name
            assert answer["Content-Language"] == language


def posts(path: str, body: bytes | str, content_type: str = "application/json"):
    def send(browser: Client, language: dict[str, str]) -> HttpResponse:
        return browser.generic("POST", path, body, content_type, headers=language)

    return send


def sends_json(path: str, body: object):
    return posts(path, json.dumps(body))


VALUES = [-1, 1000, 10**30, 1.5, 1e2, True, None, "", "12", "dua belas", "１２", "KOSONG", "rahasia", [1], {"a": 1}]
NUMBERS = {
    **{f"the number {value!r}": (people.VOTES | {"paslon_2": value}, 422, "wrong_reading") for value in VALUES},
    "a number left out": ({"paslon_1": 1, "paslon_2": 2}, 422, "wrong_reading"),
    "a number too many": (people.VOTES | {"paslon_4": 1}, 422, "wrong_reading"),
    "the sums of another page": (people.SUMS, 422, "wrong_reading"),
    "no numbers": ({}, 422, "wrong_reading"),
}
