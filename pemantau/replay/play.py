"""One election night from the first photo to the last public number, and the account of it."""

import time
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import Any

from pemantau.replay import timing
from pemantau.replay.browser import Browser, Watch
from pemantau.replay.citizens import Citizens
from pemantau.replay.company import Company
from pemantau.replay.comparison import compare, look_at_pages
from pemantau.replay.places import NATION, document_path
from pemantau.replay.stage import Stage
from pemantau.replay.truth import Expected, expected

Say = Callable[[str], None]
# Nothing read, ruled or published for so long: the play is given up. Longer than the sweeper's two minutes.
STANDSTILL_SECONDS = 180
LOOK_EVERY_SECONDS = 0.5


@dataclass(frozen=True)
class Threads:
    """On how many threads people act."""

    senders: int = 2
    readers: int = 4


@dataclass
class Account:
    """What came of a play."""

    title: str
    tps: int
    photos: int = 0
    entries: int = 0
    slips: int = 0
    rulings: int = 0
    pages: int = 0  # public pages and pictures looked at
    sending_seconds: float = 0.0
    seconds: float = 0.0  # from the first photo to quiet totals
    differences: list[str] = field(default_factory=list)
    watch: Watch = field(default_factory=Watch)


def run(stage: Stage, company: Company, threads: Threads, *, pages: int, say: Say) -> Account:
    """Play it through; the account lists every difference between the papers and what the public sees.

    `pages` is the number of TPS whose public pages are opened at the end.
    """
    account = Account(stage.play.title, len({s.station for s in stage.play.shots}), watch=stage.watch)
    public = Browser(stage.base, stage.first_number, stage.watch)
    began = time.monotonic()
    _play(stage, company, threads, public, account, say)
    account.seconds = time.monotonic() - began
    album = stage.album
    account.photos, account.entries = len(album), album.entries
    account.slips, account.rulings = album.slips, album.rulings
    account.differences += compare(stage, public)
    account.pages, unreachable = look_at_pages(stage, public, pages)
    account.differences += unreachable
    return account


def _play(stage: Stage, company: Company, threads: Threads, public: Browser, account: Account, say: Say) -> None:
    began = time.monotonic()
    citizens = Citizens(stage)
    with ThreadPoolExecutor(threads.senders + threads.readers + 2) as pool:
        sending = [pool.submit(citizens.send) for _ in range(threads.senders)]
        working = [pool.submit(company.read, stage, part, threads.readers) for part in range(threads.readers)]
        working += [pool.submit(company.rule, stage), pool.submit(timing.follow, stage, public)]
        try:
            while not all(part.done() for part in sending):
                _raise_what_happened(working)
                stage.pause(LOOK_EVERY_SECONDS)
            _raise_what_happened(sending)
            account.sending_seconds = time.monotonic() - began
            say(f"{account.title}: {len(stage.album)} photos sent in {account.sending_seconds:.0f} s")
            _until_quiet(stage, Browser(stage.base, stage.first_number, stage.watch), working)
        finally:
            stage.curtain.set()
            citizens.go_home()
        _raise_what_happened(working)


def _raise_what_happened(players: list[Future[None]]) -> None:
    for player in players:
        if player.done():
            player.result()


def _until_quiet(stage: Stage, public: Browser, working: list[Future[None]]) -> None:
    """Until as many TPS stand behind the nation's sums as must, or nothing moves any more."""
    want = expected(stage.play.papers, NATION, stage.play.ballot)
    path = document_path(stage.play.election, stage.play.contest, NATION)
    last, moved_at = (0, 0, 0), time.monotonic()
    while time.monotonic() - moved_at < STANDSTILL_SECONDS:
        _raise_what_happened(working)
        document = public.document(path, "nation document")
        if _all_stand(want, document):
            return
        state = (document["version"], stage.album.entries, stage.album.rulings)
        if state != last:
            last, moved_at = state, time.monotonic()
        stage.pause(LOOK_EVERY_SECONDS)


def _all_stand(want: Expected, document: dict[str, Any]) -> bool:
    behind = {key: document["stations_behind"].get(key) for key in want.stations_behind}
    return behind == want.stations_behind and document["counts"]["received"] == want.received
