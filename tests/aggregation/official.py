"""Official figures in tests: files as somebody would get them, and the places they speak of."""

import csv
import gzip
import io
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime
from pathlib import Path

from django.core.management import call_command

from aggregation.models import OfficialFigure, OfficialSource
from tests.world import World
from tps.models import PollingStation, Region, above

FIRST, SECOND, THIRD, FOURTH = (datetime(2024, 2, day, 12, tzinfo=UTC) for day in (15, 16, 17, 18))


def lines(path: Path) -> list[dict[str, str]]:
    """A file of the real data."""
    with gzip.open(path, "rt", encoding="utf-8", newline="") as text:
        return list(csv.DictReader(text))


def written(folder: Path, name: str, header: str, rows: Iterable[Sequence[object]]) -> Path:
    path = folder / f"{name}.csv"
    text = "\n".join([header, *(",".join("" if cell is None else str(cell) for cell in row) for row in rows)])
    path.write_text(text + "\n")
    return path


def taken_in(path: Path, *options: object, source: str = "sirekap") -> str:
    """What the command says when it imports the file."""
    said = io.StringIO()
    words = map(str, ("--contest", "ppwp", "--source", source, "--yes", *options))
    call_command("import_official", str(path), *words, stdout=said)
    return said.getvalue()


def published(folder: Path, at: datetime, figures: dict[str, Sequence[object]], *options: object) -> str:
    """A snapshot of these TPS: the votes of the three paslon, and what else comes behind them (suara sah, …)."""
    width = max(map(len, figures.values()), default=3)
    header = ",".join(("tps_code", "paslon1", "paslon2", "paslon3", "suara_sah", "suara_tidak_sah")[: width + 1])
    path = written(folder, f"{at:%Y%m%d%H%M%S}", header, [(code, *values) for code, values in figures.items()])
    return taken_in(path, "--taken-at", at.isoformat(), *options)


def history(world: World, source: str = "sirekap") -> dict[str, list[tuple[datetime, list[int | None] | None, str]]]:
    """All versions by code, oldest first, those left out that are no change."""
    found: dict[str, list[tuple[datetime, list[int | None] | None, str]]] = {}
    kept = OfficialFigure.objects.filter(source__word=source).exclude(change="same").order_by("code", "taken_at")
    for code, at, figures, change in kept.values_list("code", "taken_at", "figures", "change"):
        found.setdefault(code, []).append((at, figures, change))
    return found


def source(world: World) -> OfficialSource:
    return OfficialSource.objects.get(contest=world.contest)


def places(world: World, stations: Iterable[str] = (), regions: Iterable[str] = ()) -> None:
    """TPS and regions by code, with all that lies above them."""
    stations = set(stations)
    wanted = {code[:10] for code in stations} | set(regions)
    wanted |= {upper for code in wanted for upper in above(code)}
    there = set(Region.objects.values_list("code", flat=True))
    levels = {0: 0, 2: 1, 4: 2, 6: 3, 10: 4}
    Region.objects.bulk_create(
        Region(code=code, parent_id=above(code)[-1], level=levels[len(code)], name=f"Wilayah {code}")
        for code in sorted(wanted - there, key=len)
    )
    PollingStation.objects.bulk_create(
        PollingStation(election=world.election, region_id=code[:10], number=int(code[10:]), code=code)
        for code in sorted(stations)
    )
