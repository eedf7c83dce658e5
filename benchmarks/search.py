"""Finding a TPS among all 823,366: what the server takes for what people type, and whether the village is among the
first five.

1,000 generated queries (`tests/tps/typed.py`: names of a village and of what it lies in, in any order, with slips and
abbreviations). Yardstick, in the same run and on the same tables: the plain search that looks for the text as it is in
one name (`name__icontains`), once for the same queries and once for the exact names of the same villages.
Data: the folder `data` of PEMANTAU_SHARED, or of ../shared beside the repository.
"""

import json
import os
import time
from dataclasses import replace
from pathlib import Path
from statistics import quantiles

from _database import ROOT, private_database

DATA = Path(os.environ.get("PEMANTAU_SHARED", ROOT.parent / "shared")) / "data"
QUERIES = 1_000
SEED = "cari-1"
FIRST = 5
TARGET_MS, TARGET_FOUND = 50, 0.95


def loaded():
    """The nation with all its TPS, as `import_nation` brings it in."""
    from django.db import transaction

    from tps.imports import nation
    from tps.models import Election

    with transaction.atomic():
        nation.load(replace(nation.files_of(DATA), dpt=None))
    return Election.objects.get()


def plain(text, election):
    """Codes of the regions with the text in their name, those that begin with it first."""
    from django.db.models import Case, IntegerField, Value, When

    from tps.models import Region

    rank = Case(When(name__istartswith=text, then=Value(0)), default=Value(1), output_field=IntegerField())
    found = Region.objects.filter(extent__election=election, level__gt=0, name__icontains=text)
    return list(found.order_by(rank, "level", "code").values_list("code", flat=True)[:20])


def measured(search, asked):
    """Milliseconds of each search, sorted, and the share whose village is among the first."""
    took, found = [], 0
    for text, village in asked:
        started = time.perf_counter()
        codes = search(text)
        took.append((time.perf_counter() - started) * 1_000)
        found += village in {code[:10] for code in codes[:FIRST]}
    return took, found / len(asked)


def told(name, took, found):
    cuts = quantiles(took, n=20)
    print(f"{name}: p50 {cuts[9]:.1f} ms, p95 {cuts[18]:.1f} ms, among the first five {found:.1%}")
    return cuts[18]


def main():
    name = {"name": "search", "target": TARGET_MS}
    if not (DATA / "wilayah.csv.gz").is_file():
        print(f"No data at {DATA}; set PEMANTAU_SHARED.")
        print(json.dumps(name | {"ours": None, "yardstick": None, "ratio": None, "ok": False}))
        return
    with private_database():
        from tests.tps import typed
        from tps import search
        from tps.models import Region

        election = loaded()
        names = dict(Region.objects.values_list("pk", "name"))
        villages = [code for code in sorted(names) if len(code) == 10 and not code.startswith("99")]
        queries = list(typed.queries(names, villages, QUERIES, SEED))
        asked = [(query.text, query.village) for query in queries]
        right = [(names[query.village], query.village) for query in queries]

        def ours(text):
            return [place.code for place in search.find(text, election)]

        measured(ours, asked[:50])  # connections and caches as on a running server
        took, found = measured(ours, asked)
        p95 = told("ours", took, found)
        told("plain search, the same queries", *measured(lambda text: plain(text, election), asked))
        yardstick = told("plain search, exact village names", *measured(lambda text: plain(text, election), right))
    result = {"ours": round(p95, 1), "yardstick": round(yardstick, 1), "ratio": round(p95 / yardstick, 2)}
    print(json.dumps(name | result | {"found": found, "ok": p95 <= TARGET_MS and found >= TARGET_FOUND}))


if __name__ == "__main__":
    main()
