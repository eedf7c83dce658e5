"""The questions about 204,042 real results of 2024: how long keeping them takes, and how often each is raised.

Data: the folder `data` of PEMANTAU_SHARED, or of ../shared beside the repository.
Yardstick: reading the votes of all results, village by village, in the same run. What the rules miss is measured on
errors planted into the same results.
"""

import csv
import gzip
import io
import json
import os
import random
import sys
import time
from collections import Counter, defaultdict
from collections.abc import Callable, Iterator
from itertools import combinations
from pathlib import Path

from _database import ROOT, private_database, run, switch_guards

DATA = Path(os.environ.get("PEMANTAU_SHARED", ROOT.parent / "shared")) / "data"

PLANTED = 2_000
CHANGED = 12_000  # results in a minute, at 200 a second
TARGET_SECONDS = 30  # to look at all; a minute's changes take a part of it


def rows(folder: Path) -> Iterator[tuple[str, dict[str, int], int | None]]:
    """Code of the TPS, the numbers of its form as far as the file has them, and its DPT."""
    with gzip.open(folder / "results_ppwp_detail.csv.gz", "rt", newline="") as file:
        details = {row["tps_code"]: row for row in csv.DictReader(file)}
    names = {
        **{"paslon1": "paslon_1", "paslon2": "paslon_2", "paslon3": "paslon_3", "suara_sah": "suara_sah"},
        **{"suara_tidak_sah": "suara_tidak_sah", "suara_total": "suara_total", "pengguna_total": "pengguna_j"},
        **{"pengguna_dpt": "pengguna_dpt_j", "pengguna_dptb": "pengguna_dptb_j", "pengguna_dpk": "pengguna_dpk_j"},
        **{"dpt": "dpt_j", "dpt_l": "dpt_l", "dpt_p": "dpt_p"},
    }
    with gzip.open(folder / "results_ppwp.csv.gz", "rt", newline="") as file:
        for row in csv.DictReader(file):
            both = details.get(row["tps_code"], {}) | row
            numbers = {key: int(both[name]) for name, key in names.items() if (both.get(name) or "").isdigit()}
            yield row["tps_code"], numbers, numbers.get("dpt_j")


def lay(folder: Path):
    """The real results as the pipeline would have left them, each with a photo and its decision."""
    from django.db import connection

    from accounts.models import Device
    from aggregation import columns
    from tps import rules
    from tps.form_definitions import for_contest
    from tps.models import Contest, Election, Option, Region

    found = list(rows(folder))
    codes = {code[:width] for code, *_ in found for width in (2, 4, 6, 10)}
    switch_guards("DISABLE", "tps_region", "tps_pollingstation", "aggregation_result", "uploads_photo")
    switch_guards("DISABLE", "transcription_decision")
    Region.objects.get_or_create(code="", defaults={"level": 0, "name": "Indonesia"})
    above = {2: 0, 4: 2, 6: 4, 10: 6}
    for level, width in enumerate(above, start=1):
        of_level = sorted(code for code in codes if len(code) == width)
        Region.objects.bulk_create(
            [Region(code=code, level=level, name=code, parent_id=code[: above[width]]) for code in of_level], 5_000
        )
    election = Election.objects.create(code="pemilu-2024", name="Pemilu 2024", date="2024-02-14", is_current=True)
    contest = Contest.objects.create(election=election, code="ppwp", kind="ppwp", name="PPWP", form="c-hasil-ppwp")
    Option.objects.bulk_create(Option(contest=contest, number=n, name=f"Paslon {n}") for n in (1, 2, 3))
    form, layout = for_contest(contest), columns.of(contest)
    text = io.StringIO()
    writer = csv.writer(text)
    for code, numbers, dpt in found:
        broken = sorted({one.rule for one in rules.check(form, numbers, dpt) if not one.holds})
        amounts = [numbers.get(key, 0) for key in layout.sums]
        counted = all(key in numbers for key in layout.votes)
        amounts += [
            int(counted if name == columns.COUNTED else name.removeprefix("with_") in numbers) for name in layout.counts
        ]
        arrays = ["{" + ",".join(map(str, array)) + "}" for array in (broken, amounts)]
        writer.writerow([code, dpt if dpt and dpt < 100_000 else "", json.dumps(numbers), *arrays])
    text.seek(0)
    run("CREATE TEMP TABLE laid (code text, dpt int, numbers jsonb, broken varchar[], amounts int[])")
    with connection.cursor() as cursor:
        cursor.copy_expert("COPY laid FROM STDIN CSV", text)
    device = Device.objects.create()
    for statement in _LAY:
        run(statement, {"contest": contest.pk, "device": str(device.pk)})
    for table in ("aggregation_result", "uploads_photo", "transcription_decision", "tps_pollingstation"):
        run(f"VACUUM ANALYZE {table}")
    return contest


_LAY = (
    """INSERT INTO tps_pollingstation (election_id, code, region_id, number, registered_voters)
       SELECT 'pemilu-2024', code, left(code, 10), right(code, 3)::int, dpt FROM laid""",
    """INSERT INTO uploads_photo (id, station_id, contest_id, sha256, size, media_type, width, height, device_id,
                                  receipt, marks, step)
       SELECT gen_random_uuid(), s.id, %(contest)s, encode(sha256(s.code::bytea), 'hex'), 300000, 'image/jpeg', 1200,
              1600, %(device)s, 'r' || s.id, '{}', 'done' FROM tps_pollingstation s""",
    """INSERT INTO transcription_decision (id, photo_id, version, rule_version, outcome, how, station_id, contest_id,
                                           page, numbers, problem, broken_rules, because)
       SELECT gen_random_uuid(), p.id, 1, 1, 'accepted', 'two_readers', p.station_id, %(contest)s, 2, l.numbers, '',
              l.broken, '{}'
         FROM uploads_photo p JOIN tps_pollingstation s ON s.id = p.station_id JOIN laid l ON l.code = s.code""",
    """INSERT INTO aggregation_result (contest_id, station_id, region_id, version, rule_version, state, numbers,
                                       disputed, broken_rules, decisions, amounts, changed_at)
       SELECT %(contest)s, s.id, s.region_id, 1, 1, 'partial', l.numbers, '{}', l.broken, ARRAY[d.id], l.amounts,
              now() - interval '1 hour'
         FROM laid l
         JOIN tps_pollingstation s ON s.code = l.code
         JOIN transcription_decision d ON d.station_id = s.id""",
)


def by_kind(contest) -> None:
    """Seconds of each kind's statement, nothing having changed."""
    from django.db import transaction

    from aggregation import anomaly_sql, columns
    from aggregation.anomalies import Kind

    for kind in Kind:
        with transaction.atomic():
            run("SET LOCAL jit = off; SET LOCAL work_mem = '64MB'")
            statement = anomaly_sql.keeping(kind, columns.of(contest))
            seconds, _ = timed(
                lambda statement=statement: run(statement, {"contest": contest.pk, "regions": None})[0][0]
            )
        print(f"{kind.value:10} {seconds:.2f} s")


def timed(call: Callable[[], int]) -> tuple[float, int]:
    began = time.perf_counter()
    done = call()
    return time.perf_counter() - began, done


def yardstick() -> int:
    return len(run("SELECT region_id, array_agg(amounts[1:3]) FROM aggregation_result GROUP BY region_id"))


def a_minute_passes() -> None:
    """Some results change; they lie in villages of the whole country, which is the worst case."""
    switch_guards("DISABLE", "aggregation_result")
    run(
        "UPDATE aggregation_result SET changed_at = now() WHERE id IN"
        " (SELECT id FROM aggregation_result ORDER BY hashint8(id) LIMIT %s)",
        [CHANGED],
    )


def villages(folder: Path) -> dict[str, list]:
    from aggregation.anomalies import Counted

    found = defaultdict(list)
    for code, numbers, dpt in rows(folder):
        votes = [numbers[key] for key in ("paslon_1", "paslon_2", "paslon_3") if key in numbers]
        if len(votes) == 3:
            total = numbers.get("suara_total")
            found[code[:10]].append(Counted(code, tuple(votes), total=total, registered=dpt))
    return found


def planted(found: dict[str, list], change: Callable) -> dict[str, float]:
    """The part of planted errors that is asked about, by the kind of question, and by any of them."""
    from aggregation import anomalies

    places = [(code, n) for code, village in found.items() if len(village) >= 6 for n in range(len(village))]
    asked: Counter[str] = Counter()
    for code, n in random.Random(7).sample(places, PLANTED):
        village = list(found[code])
        village[n] = change(village, n)
        kinds = {one.kind.value for one in anomalies.of_village(village) if one.station == village[n].station}
        asked.update(kinds)
        asked["any"] += bool(kinds)
    return {kind: round(many / PLANTED, 3) for kind, many in asked.items()}


def swapped(village: list, n: int):
    from dataclasses import replace

    one, two, three = village[n].votes
    return replace(village[n], votes=(two, one, three))


def copied(village: list, n: int):
    from dataclasses import replace

    return replace(village[n], votes=village[(n + 1) % len(village)].votes)


def a_hundred_more(village: list, n: int):
    from dataclasses import replace

    one, two, three = village[n].votes
    return replace(village[n], votes=(one + 100, two, three))


def equal_by_chance(found: dict[str, list]) -> tuple[int, float]:
    """Pairs of TPS of one village with an equal row; and as many as there would be if only chance made them: from
    pairs of TPS of two villages of one kecamatan."""
    within = across = pairs_within = pairs_across = 0
    districts = defaultdict(list)
    for code, village in sorted(found.items()):
        mine = [tuple(one.votes) for one in village if one.sum >= 30 and sorted(one.votes)[-2] >= 20]
        pairs_within += len(mine) * (len(mine) - 1) // 2
        within += sum(one == other for one, other in combinations(mine, 2))
        for theirs in districts[code[:6]]:
            known = Counter(theirs)
            pairs_across += len(mine) * len(theirs)
            across += sum(known[row] for row in mine)
        districts[code[:6]].append(mine)
    return within, across / pairs_across * pairs_within


def main() -> None:
    began = time.perf_counter()
    contest = lay(DATA)
    from aggregation import contests, questions
    from aggregation.anomalies import Kind
    from aggregation.models import Question

    contest = contests.whole(contest)
    print(f"laid in {time.perf_counter() - began:.0f} s")
    first, made = timed(lambda: questions.keep(contest, whole=True))
    run("VACUUM ANALYZE aggregation_question")
    again, none = timed(lambda: questions.keep(contest, whole=True))
    by_kind(contest)
    a_minute_passes()
    minute, _ = timed(lambda: questions.keep(contest))
    bare, _ = timed(yardstick)
    page, _ = timed(lambda: len(questions.listed(contest).questions))
    of_kind, _ = timed(lambda: len(questions.listed(contest, kind="far").questions))
    counting, _ = timed(lambda: len(questions.counts(contest)))
    results = run("SELECT count(*) FROM aggregation_result")[0][0]
    for kind in Kind:
        many = Question.objects.filter(kind=kind).count()
        print(f"{kind.value:10} {many:7} {100 * many / results:.2f} %")
    consistent = run("SELECT count(*) FROM aggregation_result WHERE broken_rules = '{}'")[0][0]
    for kind in Kind:
        many = run(
            "SELECT count(*) FROM aggregation_question q JOIN aggregation_result r USING (contest_id, station_id)"
            " WHERE q.kind = %s AND r.broken_rules = '{}'",
            [kind.value],
        )[0][0]
        print(f"of {consistent} without a broken rule, {kind.value:10} {many:7} {100 * many / consistent:.2f} %")
    print(f"one page {page * 1000:.1f} ms, of a kind {of_kind * 1000:.1f} ms, counts {counting * 1000:.1f} ms")
    print(
        f"first {first:.1f} s ({made} rows), again {again:.1f} s ({none}), a minute's {CHANGED} changes {minute:.1f} s"
    )
    real = villages(DATA)
    for change in (swapped, copied, a_hundred_more):
        print("planted", change.__name__, planted(real, change))
    within, chance = equal_by_chance(real)
    print(f"pairs with an equal row: {within}; by chance {chance:.0f}")
    outcome = {"name": "questions", "ours": round(again, 2), "yardstick": round(bare, 2), "results": results}
    ok = max(again, minute) <= TARGET_SECONDS
    print(json.dumps(outcome | {"ratio": round(again / bare, 1), "target": TARGET_SECONDS, "ok": ok}))
    sys.exit(not ok)


if __name__ == "__main__":
    with private_database():
        main()
