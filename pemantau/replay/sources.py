"""Where plays come from: the sample election, a file of official results, a folder of real photos."""

import csv
import gzip
import random
from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import partial
from pathlib import Path

from pemantau.replay.invention import dpr_paper, whole_paper, with_first_page
from pemantau.replay.places import Tree
from pemantau.replay.shots import (
    HIGHEST,
    KOSONG,
    PAGES,
    UNREADABLE,
    Numbers,
    Party,
    Play,
    Shot,
    Value,
    dpr_ballot,
    page_of,
)
from tests import specimens
from tests.specimens import dpr as dpr_specimens
from tests.specimens.paper import Print
from tps import sample as invented

# Columns of results_ppwp*.csv.gz -> keys of the form.
RESULT_COLUMNS = {
    "paslon1": "paslon_1",
    "paslon2": "paslon_2",
    "paslon3": "paslon_3",
    "suara_sah": "suara_sah",
    "suara_tidak_sah": "suara_tidak_sah",
    "suara_total": "suara_total",
    "dpt": "dpt_j",
    "pengguna_total": "pengguna_j",
}
DETAIL_COLUMNS = {
    "dpt_l": "dpt_l",
    "dpt_p": "dpt_p",
    "pengguna_dpt": "pengguna_dpt_j",
    "pengguna_dptb": "pengguna_dptb_j",
    "pengguna_dpk": "pengguna_dpk_j",
}


def sample(
    tree: Tree, election: str, contest: str, *, seed: int, pages: Sequence[int], limit: int | None, width: int
) -> Play:
    """The invented papers of the sample election, of all its TPS or of a seeded choice of `limit` of them."""
    stations = tree.stations()
    codes = sorted(stations)
    if limit is not None and limit < len(codes):
        codes = sorted(random.Random(f"choice/{seed}").sample(codes, limit))  # noqa: S311  # a play, not a secret
    papers = {code: invented.truth(code) for code in codes}
    shots = list(_rendered(papers, tree, pages, seed=seed, width=width))
    return Play("sample", election, contest, shots, _photographed(stations, papers, pages))


def results(
    file: Path, tree: Tree, election: str, contest: str, *, seed: int, pages: Sequence[int], width: int
) -> Play:
    """The papers of one region as official results give them, on rendered specimens.

    The first page is filled from the file of details beside it, and invented where that is silent. What was
    not published is an empty box on the paper: readers type "kosong", and it adds 0 to every sum, as it does
    in a sum over the file that skips blanks. A figure above 999 cannot be written into three boxes and is a
    scrawl that nobody reads. A page of which nothing was published is not photographed.
    """
    stations = tree.stations()
    rows = _rows(file, RESULT_COLUMNS, stations)
    details = _rows(file.with_name(file.name.replace("results_ppwp", "results_ppwp_detail")), DETAIL_COLUMNS, stations)
    papers: dict[str, Numbers] = {}
    for code, published in rows.items():
        known = published | details.get(code, {})
        papers[code] = with_first_page(code, known, seed) if 1 in pages else known
    shots = list(_rendered(papers, tree, pages, seed=seed, width=width))
    return Play(f"results {tree.top}", election, contest, shots, _photographed(stations, papers, pages), tree.top)


def dpr(tree: Tree, election: str, contest: str, parties: Sequence[Party], *, seed: int, width: int) -> Play:
    """All pages of every TPS's DPR form. Parties and candidates are real, votes are drawn from the seed."""
    ballot = dpr_ballot(parties)
    stations = tree.stations()
    papers: dict[str, Numbers] = {code: dpr_paper(code, parties, seed) for code in sorted(stations)}
    printed = tuple(dpr_specimens.Party(party.number, party.name, party.candidates) for party in parties)
    year = int(tree.documents[tree.top]["election"]["date"][:4])
    shots = []
    for code, paper in papers.items():
        header = _header(tree, code, Print(year=year))
        for page in ballot.pages:
            numbers = page_of(paper, page, ballot)
            picture = partial(dpr_specimens.render, code, page, printed, numbers, seed=seed, header=header, width=width)
            shots.append(Shot(code, page, page, numbers, picture))
    return Play(contest, election, contest, shots, papers, tree.top, ballot)


def forms(folder: Path, tree: Tree, election: str, contest: str, *, seed: int) -> Play:
    """Real photos with the numbers that their manifest knows.

    `slot` is the page that the sender claims, `page` the one that the photo shows. What the manifest does not
    know is invented for the TPS, so that all readers see the same.
    """
    with (folder / "manifest.csv").open(newline="") as file:
        rows = list(csv.DictReader(file))
    columns = RESULT_COLUMNS | DETAIL_COLUMNS
    papers: dict[str, dict[str, Value]] = {}
    for row in rows:
        code = row["tps_code"]
        if code not in papers:
            known = {columns[name]: _value(text) for name, text in row.items() if name in columns and text}
            papers[code] = whole_paper(code, known, seed)
    shots = [
        Shot(
            station=row["tps_code"],
            claimed=int(row["slot"]),
            page=int(row["page"]),
            numbers=page_of(papers[row["tps_code"]], int(row["page"])),
            picture=partial(Path.read_bytes, folder / row["file"]),
        )
        for row in rows
    ]
    return Play("forms", election, contest, shots, _photographed(tree.stations(), papers, tuple(PAGES)))


def _rows(file: Path, columns: Mapping[str, str], stations: Mapping[str, object]) -> dict[str, dict[str, Value]]:
    """The known numbers of each of these TPS, by the form's keys."""
    with gzip.open(file, "rt", newline="") as rows:
        return {
            row["tps_code"]: {key: _value(row[column]) for column, key in columns.items() if row[column]}
            for row in csv.DictReader(rows)
            if row["tps_code"] in stations
        }


def _value(text: str) -> Value:
    number = int(text)
    return number if 0 <= number <= HIGHEST else UNREADABLE


def _rendered(
    papers: Mapping[str, Numbers], tree: Tree, pages: Iterable[int], *, seed: int, width: int
) -> Iterator[Shot]:
    top = tree.documents[tree.top]
    options = tuple(option["name"].upper() for option in top["options"])
    printed = Print(year=int(top["election"]["date"][:4]), options=options)
    for code, paper in papers.items():
        header = _header(tree, code, printed)
        for page in pages:
            numbers = page_of(paper, page)
            if set(numbers.values()) != {KOSONG}:
                picture = partial(specimens.render, code, page, numbers, seed=seed, header=header, width=width)
                yield Shot(code, page, page, numbers, picture)


def _header(tree: Tree, code: str, printed: Print) -> specimens.Header:
    names = tree.names(code)
    return specimens.Header(
        province=names.get("provinsi", ""),
        regency=names.get("kabupaten", ""),
        district=names.get("kecamatan", ""),
        village=names.get("kelurahan", ""),
        number=int(code[-3:]),
        printed=printed,
    )


def _photographed(
    stations: Mapping[str, object], papers: Mapping[str, Numbers], pages: Iterable[int]
) -> dict[str, Numbers]:
    """What can be known of every TPS from the pages that are sent."""
    known: dict[str, Numbers] = {code: {} for code in stations}
    for code, paper in papers.items():
        sent = [page_of(paper, page) for page in pages]
        known[code] = {
            key: value for numbers in sent if set(numbers.values()) != {KOSONG} for key, value in numbers.items()
        }
    return known
