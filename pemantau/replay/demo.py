"""`make demo`: the whole way on a private instance, from the first photo to the audit."""

import subprocess
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from pemantau import services
from pemantau.replay import cast, report
from pemantau.replay.elections import Election
from pemantau.replay.play import Account
from pemantau.replay.program import CITIZENS_FROM, Manner, Source, perform
from tps.sample import ELECTION

Say = Callable[[str], None]
WAY_KANAN = Election("way-kanan", "Way Kanan 2024")
SLEMAN = Election("sleman", "Sleman 2024")
REGION = "1808"
DAPIL = "6501"  # Kalimantan Utara: 54 candidates, one of the dapil with the fewest TPS
DPR = Election("dpr", "DPR Kalimantan Utara 2024", f"dpr-{DAPIL}")
DPR_TPS = 3  # of 2,295; 20 pages each
SAMPLE_TPS = 60  # of about 300


@dataclass(frozen=True)
class Part:
    """One play of the demonstration; `election` is added first where it is not the sample's."""

    source: Source
    manner: Manner
    election: Election | None = None


@dataclass
class Outcome:
    """What a demonstration came to."""

    accounts: list[Account] = field(default_factory=list)
    skipped: list[str] = field(default_factory=list)
    failures: list[str] = field(default_factory=list)
    seconds: float = 0.0

    def as_dict(self) -> dict[str, Any]:
        differences = sum(len(account.differences) for account in self.accounts)
        return {
            "ok": not differences and not self.failures and bool(self.accounts),
            "tps": sum(account.tps for account in self.accounts),
            "photos": sum(account.photos for account in self.accounts),
            "entries": sum(account.entries for account in self.accounts),
            "differences": differences,
            "seconds": round(self.seconds, 1),
            "parts": [report.summary(account) for account in self.accounts],
            "skipped": self.skipped,
            "failures": self.failures,
        }


def run(*, quick: bool, data: Path, seed: int, say: Say, only: str = "") -> Outcome:
    """Start an instance, play every part there is data for, audit, stop. Failures are in the outcome.

    `only`: the part from this kind of source alone.
    """
    outcome = Outcome()
    began = time.monotonic()
    parts = [
        part
        for part in _parts(quick=quick, only=only, data=data, seed=seed, outcome=outcome)
        if only in ("", part.source.kind)
    ]
    with tempfile.TemporaryDirectory(prefix="pemantau-demo-") as folder:
        state = Path(folder) / "state"
        state.parent.chmod(0o711)  # as root, PostgreSQL passes through as another user
        try:
            with services.instance(state, environment={"TRUSTED_PROXY_COUNT": "1"}) as running:
                say(f"A private instance answers at {running.url} after {time.monotonic() - began:.0f} s")
                _perform(running, parts, data, Path(folder), outcome, say)
        except Exception as problem:  # whatever it was, the last line must tell of it
            outcome.failures.append(f"{type(problem).__name__}: {problem}")
            say(_ends_of_logs(state))
    outcome.seconds = time.monotonic() - began
    return outcome


def _parts(*, quick: bool, only: str, data: Path, seed: int, outcome: Outcome) -> Iterator[Part]:
    manner = Manner(seed=seed)
    sample = Source("sample", ELECTION)
    if quick:
        hasty = replace(manner, width=480, hard=0.1, slips=0.1, look_at=10)
        if only == "dpr":
            yield from _dpr(data, hasty, 1, outcome)
        else:
            yield Part(sample, replace(hasty, limit=10))
        return
    yield Part(sample, replace(manner, width=600, limit=SAMPLE_TPS))
    if (data / "forms" / "manifest.csv").exists():
        yield Part(Source("forms", SLEMAN.code, path=data / "forms"), replace(manner, look_at=40), SLEMAN)
    else:
        outcome.skipped.append("forms: the real photos are not here")
    yield from _dpr(data, replace(manner, width=600), DPR_TPS, outcome)
    results = data / "data" / "results_ppwp.csv.gz"
    if results.exists():
        # Small photos of the page that holds the votes: all three pages would take longer than anybody waits.
        small = replace(manner, pages=(2,), width=400)
        yield Part(Source("results", WAY_KANAN.code, path=results, region=REGION), small, WAY_KANAN)
    else:
        outcome.skipped.append(f"results {REGION}: the results are not here")


def _dpr(data: Path, manner: Manner, stations: int, outcome: Outcome) -> Iterator[Part]:
    if (data / "data" / "caleg_dpr.csv.gz").exists():
        source = Source("dpr", DPR.code, DPR.contest, data / "data", DAPIL, stations, manner.seed)
        yield Part(source, manner, DPR)
    else:
        outcome.skipped.append(f"DPR {DAPIL}: the candidates are not here")


def _perform(
    running: services.Running, parts: list[Part], data: Path, folder: Path, outcome: Outcome, say: Say
) -> None:
    for part in parts:
        if part.election:
            part.source.add(running.manage, part.election, data / "data", folder / "import")
    plays = [part.source.prepare(running.url, part.manner) for part in parts]
    volunteers = cast.volunteers_for(sum(len(play.shots) for play in plays))
    running.manage("sample_accounts", "--volunteers", str(volunteers), "--adjudicators", str(cast.ADJUDICATORS))
    company = cast.sign_in(running.url, volunteers, first_number=1)
    say(f"{volunteers} volunteers and {cast.ADJUDICATORS} adjudicators have signed in")
    first = CITIZENS_FROM
    for part, play in zip(parts, plays, strict=True):
        outcome.accounts.append(perform(running.url, play, company, part.manner, first_number=first, say=say))
        first += len(play.shots) + 1
    _audit(running, outcome, say)


def _audit(running: services.Running, outcome: Outcome, say: Say) -> None:
    try:
        say(running.manage("audit").rstrip())
    except subprocess.CalledProcessError as problem:
        outcome.failures.append("audit finds differences")
        say(str(problem.stdout).rstrip())


def _ends_of_logs(state: Path) -> str:
    ends = []
    for log in sorted((state / "log").glob("*.log")):
        with suppress(OSError):
            ends.append(f"--- {log.name}\n" + "\n".join(log.read_text(errors="replace").splitlines()[-20:]))
    return "\n".join(ends)
