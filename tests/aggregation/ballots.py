"""Legislative contests in the small world, with tallies as the folder would leave them.

How a tally comes about is tested in `test_tallies`; here it simply stands there.
"""

import csv
import gzip
from collections import defaultdict
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from django.db import transaction

from aggregation import columns
from aggregation.models import Tally
from tests.world import World
from tps import form_definitions, reference
from tps.models import Contest, Option

FORMS = {"dpr": "c-hasil-dpr", "dprd_prov": "c-hasil-dprd-prov", "dprd_kabko": "c-hasil-dprd-kabko"}
# Ballot number -> name and candidates.
PARTIES = {1: ("Partai Mawar", ["SARI", "BUDI"]), 2: ("Partai Melati", ["DEWI", "AGUS"]), 24: ("Partai Anggrek", [])}


def dapil(
    world: World,
    code: str = "dpr-9101",
    kind: str = "dpr",
    *,
    seats: int | None = 3,
    area: Sequence[str] = ("91",),
    parties: Mapping[int, tuple[str, Sequence[str]]] = PARTIES,
    tell: bool = True,
) -> Contest:
    """A dapil with its parties and their candidates, told in the ledger unless many are made at once."""
    contest = Contest.objects.create(
        election=world.election, code=code, kind=kind, name=f"DAPIL {code}", form=FORMS[kind], seats=seats
    )
    contest.area.set(area)
    for number, (name, candidates) in parties.items():
        party = Option.objects.create(contest=contest, number=number, name=name)
        Option.objects.bulk_create(
            Option(contest=contest, party=party, number=n, name=one) for n, one in enumerate(candidates, 1)
        )
    if tell:
        tell_of(world)
        contest.refresh_from_db()
    return contest


def tell_of(world: World) -> None:
    with transaction.atomic():
        reference.record(world.election)


def tally(contest: Contest, votes: Mapping[Any, int], region: str = "", **amounts: int) -> Tally:
    """The tally of a region: `votes` by party's number, or by (party, candidate); `stations`, `voters` and counts."""
    stations, voters = amounts.pop("stations", 5), amounts.pop("voters", 1250)
    layout = columns.of_form(form_definitions.for_contest(contest))
    named = dict.fromkeys(layout.names, 0) | {"counted": stations, "received": stations} | amounts
    named |= {"counted_disputed": named["disputed"]}
    named |= {"voters_counted": voters * named["counted"] // stations if stations else 0} | amounts
    for which, many in votes.items():
        key = f"partai_{which[0]}_calon_{which[1]}" if isinstance(which, tuple) else f"partai_{which}_jumlah"
        assert key in named, key
        named[key] = many
    found, _made = Tally.objects.update_or_create(
        contest=contest,
        region_id=region,
        defaults={
            "stations": stations,
            "registered_voters": voters,
            "amounts": [named[name] for name in layout.names],
            "version": 2,
            "cut": 16,
        },
    )
    return found


def of_2024(world: World, data: Path) -> tuple[dict[tuple[str, int], int], set[tuple[str, int, int]]]:
    """The 84 dapil of DPR of 2024 with their candidates, and tallies that hold the official votes.

    Returns the official seats by contest and party, and who was elected by contest, party and number.
    """
    with (data / "dapil.csv").open(newline="") as file:
        Contest.objects.bulk_create(
            Contest(
                election=world.election,
                code=f"dpr-{row['dapil_code']}",
                kind="dpr",
                name=f"DPR {row['dapil_name']}",
                form="c-hasil-dpr",
                seats=int(row["seats"]),
            )
            for row in csv.DictReader(file)
            if row["election"] == "DPR"
        )
    contests = {contest.code: contest for contest in Contest.objects.filter(kind="dpr")}
    with (data / "partai.csv").open(newline="") as file:
        names = {int(row["nomor_urut"]): row["nama"] for row in csv.DictReader(file) if row["lokal_aceh"] == "0"}
    Option.objects.bulk_create(
        Option(contest=contest, number=number, name=name)
        for contest in contests.values()
        for number, name in names.items()
    )
    parties = {(o.contest.code, o.number): o for o in Option.objects.filter(party=None).select_related("contest")}
    votes: dict[str, dict[Any, int]] = defaultdict(dict)
    seats: dict[tuple[str, int], int] = {}
    elected: set[tuple[str, int, int]] = set()
    with gzip.open(data / "caleg_dpr.csv.gz", "rt", newline="") as file:
        rows = list(csv.DictReader(file))
    candidates = []
    for row in rows:
        code, party, number = f"dpr-{row['dapil_code']}", int(row["partai_no"]), int(row["nomor_urut"])
        candidates.append(Option(contest=contests[code], party=parties[code, party], number=number, name=row["nama"]))
        votes[code][party, number] = int(row["suara"] or 0)
        if row["terpilih"] == "1":
            elected.add((code, party, number))
    Option.objects.bulk_create(candidates, batch_size=5_000)
    with (data / "reference_dpr_dapil.csv").open(newline="") as file:
        for row in csv.DictReader(file):
            code, party = f"dpr-{row['dapil_code']}", int(row["partai_no"])
            votes[code][party] = int(row["suara_total"])
            seats[code, party] = int(row["kursi"])
    tell_of(world)
    for contest in Contest.objects.filter(kind="dpr"):
        tally(contest, votes[contest.code], stations=9_000, voters=2_000_000)
    return seats, elected
