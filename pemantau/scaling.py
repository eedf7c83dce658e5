"""The sums of `docs/scaling.md`: one election night, from inputs that stand there, each with its source.

Pure arithmetic. `manage.py scaling` writes the results into the document; a test holds the two together.
"""

import math
import re
from collections.abc import Mapping
from dataclasses import dataclass

INPUT = re.compile(r"^\| `(?P<name>[a-z0-9_]+)` \| (?P<value>[0-9][0-9.,]*) \|", re.MULTILINE)
BEGIN, END = "<!-- sums -->\n", "<!-- end of sums -->\n"
HOUR, GIGABYTE, TERABYTE = 3600.0, 1e9, 1e12


class WrongDocument(ValueError):
    """An input is missing, or the place for the sums is."""


@dataclass(frozen=True)
class Line:
    """One row: what, the figure as it is written, and how it comes about."""

    what: str
    figure: str
    how: str


def inputs_of(document: str) -> dict[str, float]:
    """The inputs a document states: rows `| `name` | value | unit and source |`. `1,234.5` as in English."""
    return {found["name"]: float(found["value"].replace(",", "")) for found in INPUT.finditer(document)}


def sums(given: Mapping[str, float]) -> list[Line]:
    """All sums. Raises `WrongDocument` for an input that is not there."""
    try:
        return [*_photos(given), *_work(given), *_database(given), *_readers(given), *_public(given), *_cost(given)]
    except KeyError as missing:
        raise WrongDocument(f"no input {missing}") from None


def pages(given: Mapping[str, float]) -> float:
    """Pages of all forms of one TPS."""
    return sum(given[f"pages_{form}"] for form in ("ppwp", "dpr", "dpd", "dprd_prov", "dprd_kabko"))


def photos(given: Mapping[str, float]) -> float:
    """Photos of the night."""
    return given["stations"] * given["stations_sent"] * pages(given) * given["photos_per_page"]


def peak(given: Mapping[str, float]) -> float:
    """Photos a second in the busiest hour: arrivals rise and fall in a straight line, so the top is twice the mean."""
    return 2 * photos(given) / (given["hours"] * HOUR)


def _photos(given: Mapping[str, float]) -> list[Line]:
    many, top = photos(given), peak(given)
    return [
        Line("Pages at one TPS", _whole(pages(given)), "all five forms"),
        Line("Photos of the night", _whole(many), "TPS × part that is sent × pages × photos of a page"),
        Line("Photos a second, mean", _whole(many / (given["hours"] * HOUR)), "photos / hours"),
        Line("Photos a second, peak", _whole(top), "2 × mean: arrivals rise and fall in a straight line"),
        Line("Gbit/s in, peak", _tenth(top * given["photo_bytes"] * 8 / 1e9), "peak × bytes of a photo"),
        Line("Originals, TB", _tenth(many * given["photo_bytes"] / TERABYTE), "photos × bytes of a photo"),
        Line("Public copies, TB", _tenth(many * given["copies_bytes"] / TERABYTE), "photos × bytes of its copies"),
        Line("Objects", _whole(many * (1 + given["copies"])), "an original and its copies"),
    ]


def _work(given: Mapping[str, float]) -> list[Line]:
    top = peak(given)
    return [
        Line("Cores of web, peak", _up(top * given["upload_cpu"]), "peak × CPU seconds of an upload"),
        Line(
            "Cores of workers, to keep up", _up(top * given["inspect_cpu"]), "peak × CPU seconds of the public copies"
        ),
        Line(
            "Cores of workers, done within the night",
            _up(photos(given) * given["inspect_cpu"] / (given["hours"] * HOUR)),
            "photos × CPU seconds / hours: receipts do not wait for copies",
        ),
        Line(
            "Cores that decide", _tenth(_decisions(given) / given["decide_rate"]), "decisions a second / measured rate"
        ),
    ]


def _decisions(given: Mapping[str, float]) -> float:
    return photos(given) / (given["reading_days"] * 24 * HOUR)


def _database(given: Mapping[str, float]) -> list[Line]:
    top, many = peak(given), photos(given)
    commits = top * given["commits_upload"] + _decisions(given) * given["commits_reading"]
    return [
        Line("Durable commits a second, peak", _whole(commits), "uploads at their peak, and reading meanwhile"),
        Line(
            "Of what PostgreSQL commits on two cores",
            f"{_tenth(commits / given['commit_rate'])} ×",
            "above 1: more cores, group commit, contests in databases of their own",
        ),
        Line("Ledger entries", _whole(many * given["entries"]), "photos × entries of a photo's way"),
        Line("Rows and indexes, GB", _whole(many * given["row_bytes"] / GIGABYTE), "photos × bytes of a photo's rows"),
        Line(
            "Folding, part of its time", f"{_tenth(100 * _decisions(given) / given['fold_rate'])} %", "decisions / rate"
        ),
    ]


def _readers(given: Mapping[str, float]) -> list[Line]:
    hours = photos(given) * given["readings"] * given["reading_seconds"] / HOUR
    return [
        Line("Hours of reading", _whole(hours), "photos × readings × seconds a page"),
        Line(
            "Readers",
            _up(hours / given["reading_days"] / given["reader_hours"]),
            "hours / days / hours of one in a day",
        ),
    ]


def _public(given: Mapping[str, float]) -> list[Line]:
    asks = given["visitors"] * given["visit_seconds"] / given["poll_seconds"]
    peak_asks = given["visitors_at_once"] / given["poll_seconds"]
    gone = given["visitors"] * (given["first_bytes"] + given["pages_each"] * given["page_bytes"])
    polled = asks * given["poll_bytes"]
    pictures = given["visitors"] * given["pictures_each"] * given["picture_bytes"]
    return [
        Line("Requests of visitors a second, peak", _whole(peak_asks), "visitors at once / seconds between looks"),
        Line(
            "Of what one nginx here answers", f"{_whole(100 * peak_asks / given['nginx_rate'])} %", "files, 20 KB each"
        ),
        Line("Pages, TB", _tenth(gone / TERABYTE), "first visit and further pages"),
        Line("Small JSON, TB", _tenth(polled / TERABYTE), "looks × bytes, most of them 304"),
        Line("Pictures, TB", _tenth(pictures / TERABYTE), "visitors × pictures × bytes"),
        Line("CDN in all, TB", _tenth((gone + polled + pictures) / TERABYTE), "the three above"),
        Line("Database queries of visitors", "0", "published files; asserted in the tests"),
    ]


def _cost(given: Mapping[str, float]) -> list[Line]:
    top, many = peak(given), photos(given)
    cores = math.ceil(top * given["upload_cpu"]) + math.ceil(top * given["inspect_cpu"]) + given["cores_others"]
    machines = cores * given["hours"] * given["price_core_hour"]
    stored = many * (given["photo_bytes"] + given["copies_bytes"]) / GIGABYTE * given["price_gb_month"]
    asks = given["visitors"] * given["visit_seconds"] / given["poll_seconds"]
    out = asks * given["poll_bytes"] + given["visitors"] * (
        given["first_bytes"]
        + given["pages_each"] * given["page_bytes"]
        + given["pictures_each"] * given["picture_bytes"]
    )
    sent = out / GIGABYTE * given["price_gb_out"]
    return [
        Line("Machines for the night, USD", _whole(machines), "cores of web, workers and others × hours × price"),
        Line("Storage, USD a month", _whole(stored), "originals and copies × price"),
        Line("CDN, USD", _whole(sent), "TB × price"),
    ]


def written(document: str) -> str:
    """The document with its sums made anew. Raises `WrongDocument`."""
    if document.count(BEGIN) != 1 or document.count(END) != 1:
        raise WrongDocument("no place for the sums")
    before, rest = document.split(BEGIN)
    _old, after = rest.split(END)
    rows = "".join(f"| {line.what} | {line.figure} | {line.how} |\n" for line in sums(inputs_of(document)))
    return f"{before}{BEGIN}| what | figure | how |\n|---|---|---|\n{rows}{END}{after}"


def _whole(number: float) -> str:
    return f"{number:,.0f}"


def _tenth(number: float) -> str:
    return f"{number:,.1f}"


def _up(number: float) -> str:
    return f"{math.ceil(number):,}"
