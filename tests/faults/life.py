"""Citizens who send photos and volunteers who read them, over HTTP, whatever happens to the platform meanwhile.

A citizen sends until there is a receipt, by form with the same idempotency key or by ticket; a volunteer gives up an
answer that never comes and asks anew. Both behave as the phone and the browser do.
"""

import hashlib
import threading
import time
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from typing import Any, ClassVar

import requests

from accounts.management.commands.sample_accounts import PASSWORD
from tests.faults.history import History
from tests.uploads.pictures import encoded

# What may be answered when something is broken; everything else is a fault of the platform.
HONEST = {200, 201, 204, 302, 404, 409, 503}
GIVE_UP_AFTER = 120.0


class Person:
    """A browser with cookies, in a network of its own (the instance trusts one proxy)."""

    def __init__(self, url: str, number: int, history: History) -> None:
        self.url = url
        self.history = history
        self.session = requests.Session()
        self.session.headers["X-Forwarded-For"] = f"103.{number // 250}.{number % 250}.7"

    def post(self, path: str, **content: Any) -> requests.Response | None:
        return self.ask("POST", path, **content)

    def ask(self, method: str, path: str, **content: Any) -> requests.Response | None:
        """The answer, or None where the connection broke."""
        headers = {**content.pop("headers", {})}
        if token := self.session.cookies.get("csrftoken"):
            headers |= {"X-CSRFToken": token, "Referer": self.url}
        try:
            answer = self.session.request(method, self.url + path, headers=headers, timeout=30, **content)
        except requests.RequestException:
            self.history.note("broken", path=path)
            return None
        self.history.note("answer", path=path.split("/")[3] if path.count("/") > 3 else path, status=answer.status_code)
        return answer

    def look_at(self, path: str) -> str:
        """SHA-256 of a picture's bytes; empty where it is not there (yet, or any more)."""
        deadline = time.monotonic() + GIVE_UP_AFTER
        while True:
            with suppress(requests.RequestException):
                answer = self.session.get(self.url + path, timeout=30)
                if answer.status_code in (200, 404):
                    return hashlib.sha256(answer.content).hexdigest() if answer.ok else ""
                assert answer.status_code == 503, (answer.status_code, answer.text[:300])
            assert time.monotonic() < deadline, "no picture"
            time.sleep(0.3)

    def sign_in(self, email: str) -> None:
        self.session.get(self.url + "/akun/login/", timeout=30)
        form = {"login": email, "password": PASSWORD, "csrfmiddlewaretoken": self.session.cookies["csrftoken"]}
        answer = self.session.post(
            self.url + "/akun/login/", data=form, headers={"Referer": self.url}, allow_redirects=False, timeout=30
        )
        assert answer.status_code == 302, answer.text[:500]


def by_form(citizen: Person, station: str, picture: bytes, key: str) -> dict[str, Any] | None:
    """The receipt, or None where it must be tried again."""
    answer = citizen.post(
        "/api/v1/photos/",
        data={"station": station, "contest": "ppwp", "page": 2},
        files={"file": ("rahasia.jpg", picture, "image/jpeg")},
        headers={"Idempotency-Key": key},
    )
    assert answer is None or answer.status_code in (200, 201, 503), (answer.status_code, answer.text[:300])
    return answer.json() if answer is not None and answer.ok else None


def by_ticket(citizen: Person, station: str, picture: bytes) -> dict[str, Any] | None:
    """The receipt, or None where it must be tried again; it goes on where it was."""
    said = {"station": station, "contest": "ppwp", "page": 2, "size": len(picture)}
    taken = citizen.post("/api/v1/tickets/", json=said | {"sha256": hashlib.sha256(picture).hexdigest()})
    if taken is None or not taken.ok:
        assert taken is None or taken.status_code == 503, (taken.status_code, taken.text[:300])
        return None
    told = taken.json()
    if told["receipt"]:
        return told["receipt"]
    path = f"/api/v1/tickets/{told['ticket']}/"
    headers = {"Content-Type": "application/partial-upload", "Upload-Offset": str(told["offset"])}
    if told["offset"] < len(picture):
        citizen.ask("PATCH", path, data=picture[told["offset"] :], headers=headers)
    answer = citizen.post(f"{path}finish/")
    assert answer is None or answer.status_code in (200, 201, 404, 409, 503), (answer.status_code, answer.text[:300])
    return answer.json() if answer is not None and answer.ok else None


def numbers_of(station: str) -> dict[str, int]:
    """What stands on the paper of this TPS, page 2."""
    chance = int(hashlib.sha256(station.encode()).hexdigest(), 16)
    return {f"paslon_{n}": chance // 100**n % 100 for n in (1, 2, 3)}


class Life:
    papers: ClassVar[dict[str, str]] = {}  # SHA-256 of a picture -> the TPS whose paper is on it; of all lives
    faces: ClassVar[dict[str, str]] = {}  # SHA-256 of the copy that readers see -> that of the picture

    def __init__(self, url: str, history: History, stations: list[str], readers: list[Person]) -> None:
        self.url = url
        self.history = history
        self.stations = stations
        self.readers = readers
        self.over = threading.Event()
        self.failures: list[str] = []
        self._sent = 0
        self._lock = threading.Lock()

    @contextmanager
    def going_on(self, photos: int, senders: int = 3, readers: int = 2) -> Iterator[None]:
        """`photos` are sent and as many as possible read while the block runs, and until all are sent."""
        self.over.clear()
        citizens = [self._thread(self._send, photos // senders) for _ in range(senders)]
        volunteers = [self._thread(self._read, self.readers[n::readers]) for n in range(readers)]
        for thread in citizens + volunteers:
            thread.start()
        try:
            yield
        finally:
            for thread in citizens:
                thread.join()
            self.over.set()
            for thread in volunteers:
                thread.join()
        assert self.failures == [], self.failures

    def _thread(self, work: Callable[[Any], None], argument: Any) -> threading.Thread:
        def guarded() -> None:
            try:
                work(argument)
            except Exception as failure:
                self.failures.append(f"{type(failure).__name__}: {failure}")

        return threading.Thread(target=guarded)

    def _next(self) -> int:
        with self._lock:
            self._sent += 1
            return self._sent

    def _send(self, photos: int) -> None:
        for _ in range(photos):
            number = self._next()
            self.send(Person(self.url, 2000 + number, self.history), number)

    def send(self, citizen: Person, number: int) -> None:
        picture = encoded(seed=number, width=240, height=320)
        key, station = str(uuid.uuid4()), self.stations[number % len(self.stations)]
        self.papers[hashlib.sha256(picture).hexdigest()] = station
        deadline = time.monotonic() + GIVE_UP_AFTER
        sent = (by_form, citizen, station, picture, key) if number % 2 else (by_ticket, citizen, station, picture)
        while not (said := sent[0](*sent[1:])):
            assert time.monotonic() < deadline, "no receipt"
            time.sleep(0.3)
        self.history.note(
            "photo", key=key, station=station, receipt=said["receipt"], photo=said["photo"],
            sha256=hashlib.sha256(picture).hexdigest(), size=len(picture),
        )  # fmt: skip

    def _read(self, people: list[Person]) -> None:
        while not self.over.is_set():
            for person in people:
                if not self.over.is_set() and not self.read_one(person):
                    self.over.wait(0.2)

    def read_one(self, person: Person) -> bool:
        """Take a photo and send what stands on it; whether there was one."""
        task = person.post("/api/v1/tasks/")
        if task is None or task.status_code != 200:
            assert task is None or task.status_code in HONEST, (task.status_code, task.text[:300])
            return False
        held = task.json()
        deadline = time.monotonic() + GIVE_UP_AFTER
        face = person.look_at(held["photo"]["pictures"]["480"])
        paper = self._paper_on(person, face)  # what another test sent by itself is on none of ours
        read = {"page": 2, "numbers": numbers_of(paper or face), "tps": paper or "tidak_terbaca"}
        while True:
            answer = person.post(f"/api/v1/tasks/{held['id']}/entry/", json=read)
            if answer is not None and answer.status_code != 503:
                break
            assert time.monotonic() < deadline, "no answer to an entry"
            time.sleep(0.3)
        assert answer.status_code in HONEST, (answer.status_code, answer.text[:300])
        if answer.status_code == 201:
            self.history.note("entry", id=answer.json()["id"], lease=held["id"], numbers=read["numbers"])
        return True

    def _paper_on(self, person: Person, face: str) -> str | None:
        """The TPS whose paper somebody sees."""
        for picture in set(self.papers) - set(self.faces.values()) if face not in self.faces else ():
            if copy := person.look_at(f"/gambar/{picture}/480.webp"):
                self.faces[copy] = picture
        return self.papers.get(self.faces.get(face, ""))

    def read_all(self, seconds: float = 60) -> None:
        """Nothing is left that anybody may read."""
        deadline = time.monotonic() + seconds
        while sum(self.read_one(person) for person in self.readers):
            assert time.monotonic() < deadline, "people still find photos to read"


def signed_in(url: str, count: int, history: History) -> list[Person]:
    people = [Person(url, number, history) for number in range(1, count + 1)]
    for number, person in enumerate(people, start=1):
        with suppress(KeyError):
            person.sign_in(f"relawan{number}@contoh.test")
    return people
