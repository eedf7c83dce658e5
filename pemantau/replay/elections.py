"""An election of one region's TPS, cut out of the real reference data, for a play of its own."""

import csv
import gzip
import random
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from itertools import groupby
from pathlib import Path
from typing import IO

from pemantau.replay.shots import Party
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


@dataclass(frozen=True)
class Dapil:
    """A DPR dapil of the real data in `folder` (dapil, dapil_wilayah, partai, caleg_dpr, tps, wilayah)."""

    folder: Path
    code: str

    @property
    def contest(self) -> str:
        return f"dpr-{self.code}"

    @property
    def name(self) -> str:
        return next(row["dapil_name"] for row in self._rows("dapil.csv", election="DPR", dapil_code=self.code))

    @property
    def area(self) -> list[str]:
        rows = self._rows("dapil_wilayah.csv.gz", election="DPR", dapil_code=self.code, is_split="0")
        return sorted(row["region_code"] for row in rows)

    def parties(self) -> list[Party]:
        """Parties with their candidates, in ballot order."""
        names = {row["nomor_urut"]: row["nama"] for row in self._rows("partai.csv")}
        lists: dict[str, list[str]] = {}
        for row in sorted(self._rows("caleg_dpr.csv.gz", dapil_code=self.code), key=lambda r: int(r["nomor_urut"])):
            lists.setdefault(row["partai_no"], []).append(row["nama"])
        return [Party(int(n), names[n], tuple(of)) for n, of in sorted(lists.items(), key=lambda one: int(one[0]))]

    def stations(self, limit: int | None, seed: int) -> list[str]:
        """The TPS of the dapil, or a seeded choice of them."""
        area = tuple(self.area)
        codes = sorted(
            f"{row['kelurahan_code']}{number:03d}"
            for row in self._rows("tps.csv.gz")
            if row["kelurahan_code"].startswith(area)
            for number in range(int(row["first_no"]), int(row["last_no"]) + 1)
        )
        if limit is None or limit >= len(codes):
            return codes
        return sorted(random.Random(f"choice/{seed}").sample(codes, limit))  # noqa: S311  # a play, not a secret

    def _rows(self, name: str, **wanted: str) -> Iterator[dict[str, str]]:
        with read(self.folder / name) as file:
            for row in csv.DictReader(file):
                if all(row[column] == value for column, value in wanted.items()):
                    yield row


def add_dpr(manage: Manage, election: Election, dapil: Dapil, stations: Iterable[str], folder: Path) -> None:
    """Import these TPS of a dapil, with its area, parties and candidates, by the commands that everybody uses."""
    codes, area = sorted(stations), dapil.area
    lists = dapil.parties()
    candidates = [
        (dapil.code, party.number, number, name)
        for party in lists
        for number, name in enumerate(party.candidates, start=1)
    ]
    files = {
        "election.yaml": _head(election) + _dpr_contest(dapil, area),
        "regions.csv": _table(
            ("code", "parent_code", "level", "name"), _regions(dapil.folder / "wilayah.csv.gz", [*codes, *area])
        ),
        "stations.csv": _table(("kelurahan_code", "first_no", "last_no"), _ranges(codes)),
        "parties.csv": _table(("nomor_urut", "nama"), [(party.number, party.name) for party in lists]),
        "candidates.csv": _table(("dapil_code", "partai_no", "nomor_urut", "nama"), candidates),
    }
    folder.mkdir(parents=True, exist_ok=True)
    for name, text in files.items():
        (folder / name).write_text(text, encoding="utf-8")
    chosen = ("--yes", "--election", election.code)
    manage("import_regions", "--yes", str(folder / "regions.csv"))
    manage("import_election", "--yes", str(folder / "election.yaml"))
    manage(
        *("import_candidates", *chosen, "--kind", "DPR", "--parties", str(folder / "parties.csv")),
        str(folder / "candidates.csv"),
    )
    manage("import_stations", *chosen, str(folder / "stations.csv"))


def read(path: Path) -> IO[str]:
    """A CSV file, packed or not."""
    return gzip.open(path, "rt", newline="") if path.suffix == ".gz" else path.open(newline="")


def stations_in(path: Path, region: str = "") -> list[str]:
    """The TPS that a results file or manifest knows in a region."""
    with read(path) as file:
        return sorted({row["tps_code"] for row in csv.DictReader(file) if row["tps_code"].startswith(region)})


def _regions(path: Path, stations: Iterable[str]) -> Iterator[tuple[str, ...]]:
    wanted = {code[:digits] for code in stations for digits in (2, 4, 6, 10) if digits <= len(code)}
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
    return _head(election) + (
        "contests:\n"
        f"  - code: {election.contest}\n"
        "    kind: ppwp\n"
        "    name: Presiden dan Wakil Presiden\n"
        "    form: c-hasil-ppwp\n"
        f"    options:\n{options}"
    )


def _head(election: Election) -> str:
    fields: Mapping[str, str] = {"code": election.code, "name": election.name, "date": election.date}
    return "".join(f"{key}: {value}\n" for key, value in fields.items())


def _dpr_contest(dapil: Dapil, area: Iterable[str]) -> str:
    return (
        "contests:\n"
        f"  - code: {dapil.contest}\n"
        "    kind: dpr\n"
        f"    name: DPR {dapil.name}\n"
        "    form: c-hasil-dpr\n"
        f"    area: [{', '.join(chr(34) + code + chr(34) for code in area)}]\n"
    )
