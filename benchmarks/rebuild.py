"""All tallies of the nation from the results of 823,366 TPS, written, and equal to the folded ones.

Yardstick: the same sums by bare SQL, GROUP BY over plain integer columns, level by level into plain tables,
in the same run.
"""

import json
import sys
import time

from _database import nation, private_database, results, run, switch_guards

TARGET_SECONDS = 3.0


def put_deltas_in_line(contest) -> None:
    """What recording those results one by one would have left: a select entry with its place, and a delta, each."""
    tables = ("ledger_event", "ledger_leaf", "aggregation_delta")
    switch_guards("DISABLE", *tables)
    run("INSERT INTO ledger_event (log, kind, body) SELECT 'besar', 'select', '' FROM aggregation_result")
    run(
        "INSERT INTO ledger_leaf (event_id, log, index, leaf_hash)"
        " SELECT id, log, row_number() OVER (ORDER BY id) - 1, '' FROM ledger_event"
    )
    run(
        "INSERT INTO aggregation_delta (contest_id, station_id, region_id, amounts, event_id)"
        " SELECT r.contest_id, r.station_id, r.region_id, r.amounts, e.id"
        " FROM (SELECT *, row_number() OVER (ORDER BY id) AS i FROM aggregation_result) r"
        " JOIN (SELECT id, row_number() OVER (ORDER BY id) AS i FROM ledger_event) e USING (i)"
    )
    switch_guards("ENABLE", *tables)
    run("VACUUM ANALYZE ledger_leaf")
    run("VACUUM ANALYZE aggregation_delta")


def folded(contest) -> tuple[float, int]:
    """Seconds to fold all deltas, and how many."""
    from aggregation import tallies

    began, total = time.perf_counter(), 0
    while done := tallies.fold():
        total += done
    return time.perf_counter() - began, total


def bare(contest) -> float:
    """Seconds for the yardstick."""
    from aggregation import columns

    layout = columns.of(contest)
    width = len(layout.names)
    pick = ", ".join(f"amounts[{i + 1}] AS c{i}" for i in range(width))
    summed = ", ".join(f"sum(c{i})::bigint AS c{i}" for i in range(width))
    run(f"CREATE TABLE bare AS SELECT region_id AS code, {pick} FROM aggregation_result")
    run("VACUUM ANALYZE bare")
    run("SET jit = off")
    run("SET work_mem = '256MB'")
    began = time.perf_counter()
    run(f"CREATE TABLE bare_10 AS SELECT code, {summed} FROM bare GROUP BY code")
    above = 10
    for digits in (6, 4, 2, 0):
        run(f"CREATE TABLE bare_{digits} AS SELECT left(code, {digits}) AS code, {summed} FROM bare_{above} GROUP BY 1")
        above = digits
    return time.perf_counter() - began


def sums_of_all_regions() -> list[tuple]:
    return run("SELECT region_id, amounts FROM aggregation_tally ORDER BY region_id")


def main() -> None:
    from aggregation import columns, tallies

    began = time.perf_counter()
    contest = nation()
    regions = tallies.prepare(contest)
    stations = results(contest)
    put_deltas_in_line(contest)
    print(f"{stations} results, {regions} regions, laid in {time.perf_counter() - began:.0f} s")
    seconds, total = folded(contest)
    by_folding = sums_of_all_regions()
    print(f"folding {total} deltas: {seconds:.1f} s, {total / seconds:,.0f}/s")
    layout = columns.of(contest)
    run(
        "UPDATE aggregation_tally SET amounts = %s::int[]",
        [layout.nothing()],
    )
    run("VACUUM ANALYZE aggregation_tally")
    began = time.perf_counter()
    changed = tallies.rebuild(contest)
    ours = time.perf_counter() - began
    equal = sums_of_all_regions() == by_folding
    began = time.perf_counter()
    different = tallies.differences(contest)
    compared = time.perf_counter() - began
    yardstick = bare(contest)
    print(f"rebuilding {changed} tallies of {len(layout.sums)} sums and {len(layout.counts)} counts: {ours:.2f} s")
    print(f"only comparing them: {compared:.2f} s, {len(different)} differ")
    print(f"bare SQL over plain columns: {yardstick:.2f} s; equal to the folded ones: {equal}")
    print(
        json.dumps(
            {
                "name": "rebuild",
                "ours": round(ours, 3),
                "yardstick": round(yardstick, 3),
                "ratio": round(ours / yardstick, 2),
                "target": TARGET_SECONDS,
                "ok": ours <= TARGET_SECONDS and equal and not different and changed == regions,
            }
        )
    )


if __name__ == "__main__":
    with private_database():
        main()
    sys.exit(0)
