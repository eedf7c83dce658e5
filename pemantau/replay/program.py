"""What is played: which source, in which election, with how many people. Shared by `replay` and `demo`."""

from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

from pemantau.replay import elections, places, play, report, sources
from pemantau.replay.album import Album
from pemantau.replay.browser import Browser, Watch
from pemantau.replay.company import Company
from pemantau.replay.play import Account, Threads
from pemantau.replay.shots import Play
from pemantau.replay.stage import Stage
from tps import sample as invented

Say = Callable[[str], None]
# Numbers of addresses: the company's people come first, then the citizens of each play.
CITIZENS_FROM = 1000


@dataclass(frozen=True)
class Manner:
    """How it is played."""

    seed: int = 1
    slips: float = 0.03
    hard: float = 0.01
    pages: tuple[int, ...] = (1, 2, 3)
    width: int = 1200
    limit: int | None = None  # of the sample's TPS
    look_at: int = 25  # TPS whose public pages are opened at the end
    threads: Threads = field(default_factory=Threads)


@dataclass(frozen=True)
class Source:
    """What is played.

    `kind` is "sample", "results" (then `path` is the file and `region` its part), "forms" (a folder), or "dpr" (then
    `path` is the folder of the real data, `region` the dapil, and `limit` the number of its TPS).
    """

    kind: str
    election: str
    contest: str = "ppwp"
    path: Path = Path()
    region: str = ""
    limit: int | None = None
    seed: int = 1

    @property
    def dapil(self) -> elections.Dapil:
        return elections.Dapil(self.path, self.region)

    def stations(self) -> list[str]:
        """Codes of all TPS in it."""
        if self.kind == "sample":
            return [station.code for station in invented.stations()]
        if self.kind == "dpr":
            return self.dapil.stations(self.limit, self.seed)
        return elections.stations_in(self.path / "manifest.csv" if self.kind == "forms" else self.path, self.region)

    def add(self, manage: elections.Manage, election: elections.Election, data: Path, folder: Path) -> None:
        """Import an election of just these TPS; `data` holds the real reference data, `folder` files in between."""
        if self.kind == "dpr":
            elections.add_dpr(manage, election, self.dapil, self.stations(), folder)
        else:
            elections.add(manage, election, self.stations(), data, folder)

    def prepare(self, base: str, manner: Manner) -> Play:
        """The play, on the places that the platform shows once it shows all TPS."""
        public = Browser(base, CITIZENS_FROM - 1, Watch())
        top = self.region if self.kind == "results" and self.region else places.NATION
        places.wait_for(public, self.election, self.contest, top, len(self.stations()))
        tree = places.read(public, self.election, self.contest, top)
        seed, pages, width = manner.seed, manner.pages, manner.width
        if self.kind == "sample":
            return sources.sample(
                tree, self.election, self.contest, seed=seed, pages=pages, limit=manner.limit, width=width
            )
        if self.kind == "forms":
            return sources.forms(self.path, tree, self.election, self.contest, seed=seed)
        if self.kind == "dpr":
            return sources.dpr(tree, self.election, self.contest, self.dapil.parties(), seed=seed, width=width)
        return sources.results(self.path, tree, self.election, self.contest, seed=seed, pages=pages, width=width)


def perform(base: str, prepared: Play, company: Company, manner: Manner, *, first_number: int, say: Say) -> Account:
    """Play it and tell what came of it."""
    stage = Stage(
        prepared,
        base,
        seed=manner.seed,
        slips=manner.slips,
        album=Album(manner.seed, manner.hard),
        first_number=first_number,
    )
    account = play.run(stage, company, manner.threads, pages=manner.look_at, say=say)
    report.tell(account, say)
    return account
