"""A whole election at once: regions, contests, TPS and DPT, in one transaction with one ledger entry.

`load` takes files in the formats of the single importers; `files_of` finds them in a folder of the 2024 data.
"""

import csv
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

from django.db import transaction

from tps import reference
from tps.imports import ballots, candidates, dapil, dpt, elections, outlines, regions, stations
from tps.imports.changes import Changes, Progress, silent
from tps.imports.files import WrongFile
from tps.imports.staging import one_at_a_time
from tps.models import Election

_FOLDER = Path(__file__).resolve().parent.parent / "nation"
ELECTION = _FOLDER / "pemilu-2024.yaml"
COUNCILS = _FOLDER / "councils.csv"

# Names with an id stuck to them, doubled spaces or a mangled apostrophe get Sirekap's spelling; where the two lists
# merely differ, the first stands.
MANGLED = {"id_internal_menempel_di_nama", "spasi_ganda", "tanda_kurung_atau_kutip"}


@dataclass(frozen=True)
class Legislative:
    """What DPR, DPD and the councils are voted on with."""

    dapil: Path
    regions: Path
    parties: Path
    dpr: Path  # the candidates of DPR, the only ones whose names are known


@dataclass(frozen=True)
class Files:
    """Where the parts of one election lie."""

    regions: Path
    election: Path
    stations: Path
    dpt: Path | None = None
    outlines: Path | None = None
    names: dict[str, str] = field(default_factory=dict)
    legislative: Legislative | None = None


def files_of(folder: Path, *, all_contests: bool = False) -> Files:
    """The files of the 2024 data (wilayah, tps, results_ppwp, wilayah_anomalies, kecamatan). Raises `WrongFile`.

    `all_contests`: beside the president DPR, DPD and the councils, too (dapil, dapil_wilayah, partai, caleg_dpr).
    """
    more = ("dapil.csv", "dapil_wilayah.csv.gz", "partai.csv", "caleg_dpr.csv.gz") if all_contests else ()
    missing = [name for name in ("wilayah.csv.gz", "tps.csv.gz", *more) if not (folder / name).is_file()]
    if missing:
        raise WrongFile(str(folder), [f"there is no {name}" for name in missing])
    results, anomalies = folder / "results_ppwp.csv.gz", folder / "wilayah_anomalies.csv"
    outlines_file = folder / "kecamatan.topo.json.gz"
    return Files(
        regions=folder / "wilayah.csv.gz",
        election=ELECTION,
        stations=folder / "tps.csv.gz",
        dpt=results if results.is_file() else None,
        outlines=outlines_file if outlines_file.is_file() else None,
        names=dict(_corrected(anomalies)) if anomalies.is_file() else {},
        legislative=Legislative(*(folder / name for name in more)) if more else None,
    )


def _corrected(anomalies: Path) -> Iterator[tuple[str, str]]:
    with anomalies.open(newline="", encoding="utf-8-sig") as file:
        for row in csv.DictReader(file):
            if MANGLED & set(row["anomaly"].split(";")) and row["name_sirekap"]:
                yield row["code"], row["name_sirekap"]


def load(files: Files, *, progress: Progress = silent, say: Callable[[str], None] = lambda line: None) -> list[Changes]:
    """Bring everything in, and tell what that changed. In a transaction; raises `WrongFile`."""
    if not transaction.get_connection().in_atomic_block:
        raise transaction.TransactionManagementError("an election is loaded in one transaction")
    one_at_a_time()
    done = []

    def take(changes: Changes) -> None:
        done.append(changes)
        progress("", 1)
        for line in changes.lines():
            say(line)
        if changes.any:
            changes.apply(progress)

    with reference.postponed():
        take(regions.compare(files.regions, names=files.names, progress=progress))
        if files.outlines:
            take(outlines.compare(files.outlines, progress=progress))
        take(elections.compare(files.election))
        election = Election.objects.get(pk=elections.read(files.election).code)
        if more := files.legislative:
            take(dapil.compare(more.dapil, more.regions, election, councils=COUNCILS, progress=progress))
            take(candidates.compare(more.dpr, more.parties, election, "DPR", progress=progress))
            take(ballots.compare(more.dapil, more.parties, election, progress=progress))
        take(stations.compare(files.stations, election, progress=progress))
        if files.dpt:
            take(dpt.compare(files.dpt, election, skip_unbelievable=True, progress=progress))
    if any(changes.any for changes in done):
        progress("telling the ledger", 0)
        reference.record(election)
        reference.record_everywhere()  # the regions may be others' too
        progress("telling the ledger", 1)
    return done
