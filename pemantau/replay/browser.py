"""A browser of one person: cookies, CSRF token, an address of its own, and a watch on every request."""

import threading
import time
from collections import defaultdict
from dataclasses import dataclass, field
from typing import Any

import requests

TIMEOUT_SECONDS = 60
PATIENCE_SECONDS = 120


class UnexpectedAnswer(RuntimeError):
    """The platform answered something that a person could not go on with."""


@dataclass
class Watch:
    """Seconds that each kind of request took. Used by all threads."""

    seconds: dict[str, list[float]] = field(default_factory=lambda: defaultdict(list))
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def note(self, kind: str, seconds: float) -> None:
        with self._lock:
            self.seconds[kind].append(seconds)


def address_of(number: int) -> str:
    """An address in a block (/24) of its own, for each of up to 65,000 people of the play."""
    return f"103.{number // 256 % 256}.{number % 256}.7"


class Browser:
    """One person's browser. The address is believed where the instance trusts one proxy (TRUSTED_PROXY_COUNT=1)."""

    def __init__(self, base: str, number: int, watch: Watch) -> None:
        self.base = base.rstrip("/")
        self.watch = watch
        self.session = requests.Session()
        self.session.headers.update({"X-Forwarded-For": address_of(number), "Accept": "text/html"})

    def get(self, path: str, kind: str = "") -> requests.Response:
        return self._send("GET", path, kind)

    def post(self, path: str, kind: str = "", **content: Any) -> requests.Response:
        """POST with the CSRF token, where the browser has one."""
        return self._change("POST", path, kind, **content)

    def patch(self, path: str, kind: str = "", **content: Any) -> requests.Response:
        return self._change("PATCH", path, kind, **content)

    def document(self, path: str, kind: str = "") -> dict[str, Any]:
        """A JSON document that must be there."""
        answer = self.get(path, kind)
        if answer.status_code != 200:
            raise UnexpectedAnswer(f"GET {path}: {answer.status_code} {answer.text[:300]}")
        return dict(answer.json())

    def sign_in(self, email: str, password: str) -> None:
        """Through the same form as everybody."""
        self.get("/akun/login/")
        token = self.session.cookies.get("csrftoken", "")
        form = {"login": email, "password": password, "csrfmiddlewaretoken": token}
        answer = self.post("/akun/login/", "sign in", data=form, allow_redirects=False)
        if answer.status_code != 302 or "sessionid" not in self.session.cookies:
            raise UnexpectedAnswer(f"{email} cannot sign in: {answer.status_code}")

    def _change(self, method: str, path: str, kind: str, **content: Any) -> requests.Response:
        headers = dict(content.pop("headers", {}))
        if token := self.session.cookies.get("csrftoken"):
            headers |= {"X-CSRFToken": token, "Referer": self.base + "/"}
        return self._send(method, path, kind, headers=headers, **content)

    def _send(self, method: str, path: str, kind: str, **content: Any) -> requests.Response:
        """One request; asked to come back later, it waits as a person would."""
        deadline = time.monotonic() + PATIENCE_SECONDS
        if path.startswith("/api/"):
            content["headers"] = {"Accept": "application/json", **content.get("headers", {})}
        while True:
            began = time.perf_counter()
            answer = self.session.request(method, self.base + path, timeout=TIMEOUT_SECONDS, **content)
            if kind:
                self.watch.note(kind, time.perf_counter() - began)
            if answer.status_code not in (429, 503) or time.monotonic() > deadline:
                return answer
            self.watch.note("asked to wait", float(answer.headers.get("Retry-After", 1)))
            time.sleep(min(float(answer.headers.get("Retry-After", 1)), 5))
