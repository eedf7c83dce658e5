"""An election of one region's TPS, cut out of the real reference data, for a play of its own."""

import csv
import gzip
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from itertools import groupby
from pathlib import Path
from typing import IO

from pemantau.replay.sources import RESULT_COLUMNS

Manage = Callable[..., object]


@dataclass(frozen=True)
class Election:
    """An election that a play adds beside the others."""

    code: str
    name: str
    contest: str = "ppwp"
    date: str = "2024-02-14"


def add(manage: Manage, election: Election, stations: Iterable[str], data: Path, folder: Path) -> None:
    """Import these TPS, the regions above them and their DPT, by the commands that everybody uses.

    `data` holds wilayah.csv.gz and results_ppwp.csv.gz; `folder` is for the files in between; `manage` runs
    `manage.py` on the instance.
    """
    codes = sorted(stations)
    files = {
        "election.yaml": _election(election),
        "regions.csv": _table(("code", "parent_code", "level", "name"), _regions(data / "wilayah.csv.gz", codes)),
        "stations.csv": _table(("kelurahan_code", "first_no", "last_no"), _ranges(codes)),
        "dpt.csv": _table(("tps_code", "dpt"), _dpt(data / "results_ppwp.csv.gz", set(codes))),
    }
    folder.mkdir(parents=True, exist_ok=True)
    for name, text in files.items():
        (folder / name).write_text(text, encoding="utf-8")
    manage("import_regions", "--yes", str(folder / "regions.csv"))
    manage("import_election", "--yes", str(folder / "election.yaml"))
    manage("import_stations", "--yes", "--election", election.code, str(folder / "stations.csv"))
    manage("import_dpt", "--yes", "--election", election.code, str(folder / "dpt.csv"))


def read(path: Path) -> IO[str]:
    """A CSV file, packed or not."""
    return gzip.open(path, "rt", newline="") if path.suffix == ".gz" else path.open(newline="")


def stations_in(path: Path, region: str = "") -> list[str]:
    """The TPS that a results file or manifest knows in a region."""
    with read(path) as file:
        return sorted({row["tps_code"] for row in csv.DictReader(file) if row["tps_code"].startswith(region)})


def _regions(path: Path, stations: Iterable[str]) -> Iterator[tuple[str, ...]]:
    wanted = {code[:digits] for code in stations for digits in (2, 4, 6, 10)}
    with read(path) as file:
        for row in csv.DictReader(file):
            if row["code"] in wanted:
                yield row["code"], row["parent_code"], row["level"], row["name"]


def _ranges(stations: Iterable[str]) -> Iterator[tuple[str, int, int]]:
    """Runs of consecutive TPS numbers, by village."""
    numbered = enumerate((code[:10], int(code[10:])) for code in stations)
    for (village, _), run in groupby(numbered, key=lambda item: (item[1][0], item[1][1] - item[0])):
        numbers = [number for _, (_, number) in run]
        yield village, numbers[0], numbers[-1]


def _dpt(path: Path, stations: set[str]) -> Iterator[tuple[str, str]]:
    column = next(name for name, key in RESULT_COLUMNS.items() if key == "dpt_j")
    with read(path) as file:
        for row in csv.DictReader(file):
            if row["tps_code"] in stations and row[column]:
                yield row["tps_code"], row[column]


def _table(head: tuple[str, ...], rows: Iterable[tuple[object, ...]]) -> str:
    return "".join(",".join(_cell(value) for value in row) + "\n" for row in (head, *rows))


def _cell(value: object) -> str:
    text = str(value)
    return f'"{text.replace(chr(34), chr(34) * 2)}"' if set(text) & {",", '"', "\n"} else text


def _election(election: Election) -> str:
    options = "".join(f"      - {{number: {n}, name: Pasangan Calon {n}}}\n" for n in (1, 2, 3))
    fields: Mapping[str, str] = {"code": election.code, "name": election.name, "date": election.date}
    return "".join(f"{key}: {value}\n" for key, value in fields.items()) + (
        "contests:\n"
        f"  - code: {election.contest}\n"
        "    kind: ppwp\n"
        "    name: Presiden dan Wakil Presiden\n"
        "    form: c-hasil-ppwp\n"
        f"    options:\n{options}"
    )
