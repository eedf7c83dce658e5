"""The sample election "Pemilu Contoh": invented, and the same on every machine.

One province that does not exist (98), 12 districts, 36 villages, about 300 TPS, three paslon. Everything is drawn
from a seeded generator: `files()` is what stands in `tps/sample/`, `truth()` is what the paper of a TPS says.
`python -m tps.sample` writes the folder anew.
"""

# ruff: noqa: S311 (a sample, not a secret)

import csv
import io
import json
import random
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path

FOLDER = Path(__file__).parent / "sample"
ELECTION = "contoh"
PROVINCE = "98"  # no province has it, so the sample may live beside the real nation
SEED = "pemilu-contoh-1"
WEST, SOUTH = 109.0, -5.4  # degrees; its corner, in the Java Sea
BROKEN_ONE_IN = 16  # in 2024 about one official record in twenty broke an arithmetic rule

_REGENCIES = {"9801": "KABUPATEN MELATI", "9802": "KABUPATEN ANGGREK RAYA", "9871": "KOTA KENANGA"}
_DISTRICTS = (
    *("BUKIT EMBUN", "LEMBAH PELANGI", "MUARA SENJA", "PADANG CAHAYA", "TANJUNG BINTANG", "RAWA TERATAI"),
    *("GUNUNG AWAN", "TELUK MUTIARA", "KEBUN FAJAR", "SIMPANG RINDANG", "PASIR PURNAMA", "TAMAN GERIMIS"),
)
_FIRST = ("SUKA", "KARANG", "SUMBER", "BANJAR", "PONDOK", "MEKAR")
_SECOND = ("CENDANA", "FLAMBOYAN", "WIJAYA", "MAKMUR", "KEMUNING", "SETIA", "DAMAI")
PASLON = ("Sari Umpama dan Budi Misal", "Dewi Ibarat dan Agus Andaikata", "Rina Seumpama dan Joko Contohnya")


class NotInSample(KeyError):
    """No TPS of the sample election has this code."""


@dataclass(frozen=True)
class SampleStation:
    """A TPS of the sample: `code` has 13 digits; `registered_voters` is its DPT, 0 at a special TPS (numbered 9xx)."""

    code: str
    registered_voters: int

    @property
    def village(self) -> str:
        return self.code[:10]

    @property
    def number(self) -> int:
        return int(self.code[10:])


def regions() -> Iterator[tuple[str, str, int, str]]:
    """code, parent's code, level, name."""
    yield PROVINCE, "", 1, "NUSA CONTOH"
    for code, name in _REGENCIES.items():
        yield code, PROVINCE, 2, name
    for place, name in enumerate(_DISTRICTS):
        regency = list(_REGENCIES)[place // 4]
        district = f"{regency}{place % 4 + 1:02d}"
        yield district, regency, 3, name
        for village in (1, 2, 3):
            kind = 1 if regency == "9871" or village == 1 else 2  # 1xxx kelurahan, 2xxx desa
            yield f"{district}{kind}{village:03d}", district, 4, _village_name(place, village)


def _village_name(district: int, village: int) -> str:
    if village == 3 and district % 4 == 3:
        return "SUKAMAJU"  # villages of one name in three regencies, as in life
    place = district * 3 + village
    return f"{_FIRST[place % 6]} {_SECOND[place % 7]}"


@cache
def stations() -> tuple[SampleStation, ...]:
    """All TPS of the sample, by code. Some villages have gaps in their numbers, some a special TPS 901."""
    found = []
    for code, _parent, level, _name in regions():
        if level < 4:
            continue
        rng = random.Random(f"{SEED}:{code}")
        numbers = list(range(1, rng.randint(5, 12) + 1))
        if rng.random() < 0.2:
            numbers.remove(rng.choice(numbers[1:-1]))
        found += [SampleStation(f"{code}{number:03d}", rng.randint(150, 300)) for number in numbers]
        if rng.random() < 0.15:
            found.append(SampleStation(f"{code}901", 0))
    return tuple(found)


@cache
def _by_code() -> dict[str, SampleStation]:
    return {station.code: station for station in stations()}


# --- What the paper says --------------------------------------------------------------------


def truth(station_code: str) -> dict[str, int]:
    """All 28 numbers on the paper of this TPS, by field key. Raises `NotInSample`.

    Nearly all are consistent; at a seeded few a KPPS made a slip of the kind that real paper shows
    (see `slip_of`), and the slip is what the paper says.
    """
    if station_code not in _by_code():
        raise NotInSample(station_code)
    numbers = _consistent(_by_code()[station_code])
    _SLIPS[slip_of(station_code)](numbers, random.Random(f"{SEED}:slip:{station_code}"))
    return numbers


def slip_of(station_code: str) -> str:
    """Which slip the paper of this TPS has: "" for none, else a key of `_SLIPS`."""
    rng = random.Random(f"{SEED}:has slip:{station_code}")
    return rng.choice([name for name in _SLIPS if name]) if rng.randrange(BROKEN_ONE_IN) == 0 else ""


def _consistent(station: SampleStation) -> dict[str, int]:
    rng = random.Random(f"{SEED}:votes:{station.code}")
    numbers: dict[str, int] = {}

    def row(name: str, men: int, women: int) -> int:
        numbers.update({f"{name}_l": men, f"{name}_p": women, f"{name}_j": men + women})
        return men + women

    def split(total: int) -> tuple[int, int]:
        men = min(total, max(0, round(total * rng.uniform(0.42, 0.58))))
        return men, total - men

    dpt = row("dpt", *split(station.registered_voters))
    men = min(numbers["dpt_l"], round(numbers["dpt_l"] * rng.uniform(0.62, 0.92)))
    women = min(numbers["dpt_p"], round(numbers["dpt_p"] * rng.uniform(0.66, 0.95)))
    special = dpt == 0
    from_list = row("pengguna_dpt", men, women)
    moved = row("pengguna_dptb", *split(rng.randint(60, 180) if special else rng.choice((0, 0, 0, 1, 1, 2, 3, 7))))
    late = row("pengguna_dpk", *split(0 if special else rng.choice((0, 0, 1, 2, 2, 4, 6))))
    users = from_list + moved + late
    row("pengguna", *(sum(numbers[f"pengguna_{kind}_{sex}"] for kind in ("dpt", "dptb", "dpk")) for sex in "lp"))
    row("disabilitas", *split(min(users, rng.choice((0, 0, 0, 1, 1, 2, 3)))))
    received = users + rng.randint(5, 20) if special else dpt - (-dpt * 2 // 100)
    returned = min(rng.choice((0, 0, 0, 1, 2)), received - users)
    numbers |= {
        "surat_diterima": received,
        "surat_digunakan": users,
        "surat_dikembalikan": returned,
        "surat_tidak_digunakan": received - users - returned,
    }
    invalid = min(users, rng.choice((0, 1, 2, 3, 4, 5, 6, 8, 11)))
    first = rng.randint(0, users - invalid)
    second = rng.randint(0, users - invalid - first)
    shares = [first, second, users - invalid - first - second]
    rng.shuffle(shares)
    numbers |= {f"paslon_{number}": votes for number, votes in enumerate(shares, start=1)}
    return numbers | {"suara_sah": users - invalid, "suara_tidak_sah": invalid, "suara_total": users}


Numbers = dict[str, int]


def _none(numbers: Numbers, rng: random.Random) -> None:
    """The paper is right."""


def _valid_votes_added_wrongly(numbers: Numbers, rng: random.Random) -> None:
    """V.A is a few votes, or one carried ten, off the sum of the paslon; V.C follows V.A."""
    off = rng.choice((1, -1, 2, 10, -10))
    numbers["suara_sah"] = max(0, numbers["suara_sah"] + off)
    numbers["suara_total"] = numbers["suara_sah"] + numbers["suara_tidak_sah"]


def _digits_turned_round(numbers: Numbers, rng: random.Random) -> None:
    """254 written as 245 in V.C; where turning changes nothing, one more."""
    written = f"{numbers['suara_total']:03d}"
    turned = int(written[0] + written[2] + written[1])
    numbers["suara_total"] = turned if turned != numbers["suara_total"] else turned + 1


def _invalid_votes_forgotten(numbers: Numbers, rng: random.Random) -> None:
    """V.C repeats V.A although there were invalid votes."""
    numbers["suara_tidak_sah"] = max(1, numbers["suara_tidak_sah"])
    numbers["suara_total"] = numbers["suara_sah"]


def _voters_of_one_sex_miscounted(numbers: Numbers, rng: random.Random) -> None:
    """A column of B.4 does not add up; the total beside it is right."""
    numbers[f"pengguna_{rng.choice('lp')}"] += rng.choice((1, 2, 3))


def _leftover_ballots_not_counted(numbers: Numbers, rng: random.Random) -> None:
    """II.4 leaves the reserve out."""
    numbers["surat_tidak_digunakan"] = max(0, numbers["surat_tidak_digunakan"] - rng.choice((4, 5, 6)))
    numbers["surat_dikembalikan"] += 1


_SLIPS = {
    "": _none,
    "valid votes added wrongly": _valid_votes_added_wrongly,
    "digits turned round": _digits_turned_round,
    "invalid votes forgotten": _invalid_votes_forgotten,
    "voters of one sex miscounted": _voters_of_one_sex_miscounted,
    "leftover ballots not counted": _leftover_ballots_not_counted,
}


# --- The folder -----------------------------------------------------------------------------


def files() -> dict[str, str]:
    """The files of `tps/sample/` by name, in the formats of `docs/reference-data.md`."""
    ranges: list[tuple[str, int, int]] = []
    for station in stations():
        if ranges and ranges[-1][0] == station.village and ranges[-1][2] == station.number - 1:
            ranges[-1] = (station.village, ranges[-1][1], station.number)
        else:
            ranges.append((station.village, station.number, station.number))
    return {
        "regions.csv": _csv(("code", "parent_code", "level", "name"), regions()),
        "stations.csv": _csv(("kelurahan_code", "first_no", "last_no"), ranges),
        "dpt.csv": _csv(("tps_code", "dpt"), ((s.code, s.registered_voters) for s in stations())),
        "election.yaml": _election(),
        "outlines.topo.json": _outlines(),
    }


def _csv(header: tuple[str, ...], rows: object) -> str:
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(header)
    writer.writerows(rows)  # type: ignore[arg-type]
    return text.getvalue()


def _election() -> str:
    options = "".join(f"      - {{number: {n}, name: {name}}}\n" for n, name in enumerate(PASLON, start=1))
    return (
        "# Invented. Written by `python -m tps.sample`.\n"
        f"code: {ELECTION}\n"
        "name: Pemilu Contoh\n"
        "date: 2029-02-14\n"
        "contests:\n"
        "  - code: ppwp\n"
        "    kind: ppwp\n"
        "    name: Presiden dan Wakil Presiden\n"
        "    form: c-hasil-ppwp\n"
        f"    options:\n{options}"
    )


def _outlines() -> str:
    """A square for each district, four in a row, in the sea where nobody lives."""
    arcs, shapes = [], []
    for place in range(len(_DISTRICTS)):
        west, south = WEST + 0.2 * (place % 4), SOUTH + 0.2 * (place // 4)
        corners = ((0, 0), (0.2, 0), (0.2, 0.2), (0, 0.2), (0, 0))
        arcs.append([[round(west + x, 1), round(south + y, 1)] for x, y in corners])
        code = f"{list(_REGENCIES)[place // 4]}{place % 4 + 1:02d}"
        shapes.append({"type": "Polygon", "id": code, "arcs": [[place]]})
    objects = {"kecamatan": {"type": "GeometryCollection", "geometries": shapes}}
    return json.dumps({"type": "Topology", "objects": objects, "arcs": arcs}) + "\n"


def write() -> None:
    FOLDER.mkdir(exist_ok=True)
    for name, text in files().items():
        (FOLDER / name).write_text(text, encoding="utf-8")


if __name__ == "__main__":
    write()
