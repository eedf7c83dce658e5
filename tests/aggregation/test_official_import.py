"""What an official source published comes in as versions over time, whatever the order, and all of it is in the log."""

import hashlib
import itertools
import json
import random
from datetime import timedelta

import pytest
from django.core.management import CommandError
from django.db import DatabaseError, connection, transaction
from django.utils import timezone

from aggregation import official_file, official_history
from aggregation.models import OfficialFigure, OfficialSnapshot, OfficialSource
from ledger.models import Event
from tests.aggregation.evidence import fold
from tests.aggregation.official import (
    FIRST,
    FOURTH,
    SECOND,
    THIRD,
    history,
    lines,
    places,
    published,
    source,
    taken_in,
    written,
)

A, B, C = "9101011001001", "9101011001002", "9101011002001"


def told(world, code=A):
    """The versions of a TPS as (day, votes, change)."""
    return [
        (at.day, None if figures is None else tuple(figures), change)
        for at, figures, change in history(world).get(code, [])
    ]


def entries():
    return [json.loads(bytes(event.body)) for event in Event.objects.filter(kind="official").order_by("pk")]


# --- One after the other ----------------------------------------------------------------------


def test_a_version_stands_only_where_figures_changed(world, tmp_path):
    published(tmp_path, FIRST, {A: (10, 20, 30), B: (1, 2, 3)})
    said = published(tmp_path, SECOND, {A: (10, 25, 30), B: (1, 2, 3)})
    assert told(world) == [(15, (10, 20, 30), "first"), (16, (10, 25, 30), "changed")]
    assert told(world, B) == [(15, (1, 2, 3), "first")]
    assert "0 new, 1 changed, 1 unchanged" in said
    assert f"{A}: 10·20·30 becomes 10·25·30 (2024-02-16T12:00:00Z)" in said


def test_a_blank_was_not_published_and_is_no_nought(world, tmp_path):
    published(tmp_path, FIRST, {A: (10, 20, None, 30), B: (0, 0, 0, 0)})
    keys = source(world).keys
    (kept,) = OfficialFigure.objects.filter(code=A).values_list("figures", flat=True)
    by_key = dict(zip(keys, kept, strict=False))
    assert by_key["paslon_3"] is None
    assert by_key["suara_sah"] == 30
    assert dict(zip(keys, OfficialFigure.objects.get(code=B).figures, strict=False))["paslon_3"] == 0


def test_a_row_of_blanks_and_what_a_whole_file_lacks_are_withdrawn(world, tmp_path):
    published(tmp_path, FIRST, {A: (1, 2, 3), B: (4, 5, 6), C: (7, 8, 9)})
    published(tmp_path, SECOND, {A: (None, None, None)})
    assert told(world)[-1] == (16, None, "withdrawn")
    assert told(world, B) == [(15, (4, 5, 6), "first")]  # a file says nothing of what it does not name
    published(tmp_path, THIRD, {A: (1, 2, 3)}, "--covers", "9101011001")
    assert told(world)[-1] == (17, (1, 2, 3), "returned")
    assert told(world, B)[-1] == (17, None, "withdrawn")
    assert told(world, C) == [(15, (7, 8, 9), "first")]  # not in what the file covers
    published(tmp_path, FOURTH, {A: (1, 2, 3)}, "--covers", "nasional")
    assert told(world, C)[-1] == (18, None, "withdrawn")
    assert list(official_history.faults(world.contest)) == []


def test_a_snapshot_without_a_change_is_kept_as_well(world, tmp_path):
    published(tmp_path, FIRST, {A: (1, 2, 3)})
    published(tmp_path, SECOND, {A: (1, 2, 3)})
    assert [s.changed for s in official_history.snapshots(source(world)).order_by("taken_at")] == [1, 0]
    assert len(entries()) == 2


def test_the_same_file_again_changes_nothing(world, tmp_path):
    published(tmp_path, FIRST, {A: (1, 2, 3)})
    assert "Nothing to change" in published(tmp_path, FIRST, {A: (1, 2, 3)})
    assert OfficialSnapshot.objects.count() == 1
    with pytest.raises(CommandError, match="a snapshot of 2024-02-15T12:00:00Z already, with other figures"):
        published(tmp_path, FIRST, {A: (1, 2, 4)})


def test_two_sources_stand_side_by_side(world, tmp_path):
    path = written(tmp_path, "x", "tps_code,paslon1", [(A, 7)])
    for word in ("sirekap", "d-hasil"):
        taken_in(path, "--taken-at", FIRST.isoformat(), source=word)
    assert OfficialSource.objects.count() == 2
    assert history(world, "d-hasil") == history(world)


# --- In another order -------------------------------------------------------------------------


def test_what_stood_before_stands_again_where_a_later_snapshot_said_so(world, tmp_path):
    published(tmp_path, FIRST, {A: (1, 1, 1)})
    published(tmp_path, THIRD, {A: (1, 1, 1)})
    published(tmp_path, SECOND, {A: (2, 2, 2)})
    assert told(world) == [(15, (1, 1, 1), "first"), (16, (2, 2, 2), "changed"), (17, (1, 1, 1), "changed")]


def test_an_older_first_one_makes_the_first_a_change(world, tmp_path):
    published(tmp_path, SECOND, {A: (2, 2, 2)})
    published(tmp_path, FIRST, {A: (1, 1, 1)})
    assert told(world) == [(15, (1, 1, 1), "first"), (16, (2, 2, 2), "changed")]


def test_what_a_later_one_brought_may_turn_out_to_be_older(world, tmp_path):
    published(tmp_path, FIRST, {A: (1, 1, 1)})
    published(tmp_path, THIRD, {A: (2, 2, 2)})
    published(tmp_path, SECOND, {A: (2, 2, 2)})
    assert told(world) == [(15, (1, 1, 1), "first"), (16, (2, 2, 2), "changed")]


@pytest.mark.parametrize("seed", range(12))
def test_every_order_gives_the_same_history(world, tmp_path, seed):
    """Five snapshots of three TPS, some whole, some of a part, some with blanks, in an order by lot."""
    lot = random.Random(seed)
    days = [FIRST + timedelta(days=n) for n in range(5)]
    contents = []
    for at in days:
        votes = {code: lot.choice([(1, 1, 1), (2, 2, 2), (None, None, None)]) for code in (A, B, C)}
        named = {code: votes[code] for code in lot.sample([A, B, C], lot.randint(1, 3))}
        covers = lot.choice([(), ("--covers", "nasional"), ("--covers", "9101011001")])
        contents.append((at, named, covers))
    histories = []
    for order in (contents, lot.sample(contents, 5), contents[::-1]):
        with transaction.atomic():
            for at, named, covers in order:
                published(tmp_path, at, named, *covers)
            assert list(official_history.faults(world.contest)) == []
            histories.append(history(world))
            transaction.set_rollback(True)
    assert histories[0] == histories[1] == histories[2]
    assert histories[0] == expected(contents)


def expected(contents):
    """The history by hand: who is spoken of at an instant has the figures of that instant, or none."""
    found = {}
    for code in (A, B, C):
        now, seen, versions = None, False, []
        for at, named, covers in contents:
            covered = covers and (covers[1] == "nasional" or code.startswith(covers[1]))
            if code not in named and not covered:
                continue
            votes = named.get(code, (None,))
            votes = None if votes[0] is None else list(votes)
            if votes != now:
                change = "withdrawn" if votes is None else "changed" if now else "returned" if seen else "first"
                versions.append((at, votes, change))
            now, seen = votes, seen or votes is not None
        if versions:
            found[code] = versions
    return found


def test_a_file_of_several_times_is_as_many_files(world, tmp_path):
    times = [FIRST, SECOND, THIRD]
    rows = [(code, at.isoformat(), n, 5, 6) for n, (at, code) in enumerate(itertools.product(times, (A, B)))]
    lot = random.Random(4)
    one = written(tmp_path, "one", "tps_code,taken_at,paslon1,paslon2,paslon3", lot.sample(rows, len(rows)))
    with transaction.atomic():
        taken_in(one)
        together = history(world)
        transaction.set_rollback(True)
    for at in (SECOND, FIRST, THIRD):
        some = [row for row in rows if row[1] == at.isoformat()]
        taken_in(written(tmp_path, "some", "tps_code,taken_at,paslon1,paslon2,paslon3", some))
    assert history(world) == together
    assert OfficialSnapshot.objects.count() == 3


# --- Files ------------------------------------------------------------------------------------


AT_FIRST = ("--taken-at", FIRST.isoformat())


def refused(tmp_path, header, *rows, options=AT_FIRST):
    with pytest.raises(CommandError) as error:
        taken_in(written(tmp_path, "wrong", header, rows), *options)
    assert "Nothing was changed" in str(error.value)
    return str(error.value)


def test_all_mistakes_are_told_by_line_and_nothing_is_changed(world, tmp_path):
    said = refused(
        tmp_path,
        "tps_code,paslon1,paslon2,paslon3",
        (A, 1, 2, 3),
        (B, "x", 2, "-3"),
        ("12", 1, 2, 3),
        (A, 1, 2, 3),
    )
    assert "line 3: paslon1 'x' is no number" in said
    assert "line 3: paslon3 '-3' is no number" in said
    assert "line 4: '12' is no code of a TPS" in said
    assert f"line 5: {A} stands on line 2 already" in said
    assert "line 3: 9101011001999 is no TPS of contoh" in refused(
        tmp_path, "tps_code,paslon1", (A, 1), ("9101011001999", 1)
    )
    assert not OfficialSource.objects.exists()
    assert not Event.objects.exists()


@pytest.mark.parametrize(
    ("header", "row", "says"),
    [
        ("paslon1", (1,), "no column says whose figures"),
        ("tps_code,nama", (A, 1), "no column holds a figure"),
        ("tps_code,paslon1,paslon_1", (A, 1, 1), "two columns hold paslon_1"),
        ("tps_code,paslon1,paslon1", (A, 1, 1), "the column paslon1 stands twice"),
        ("region_code,paslon1", ("123", 1), "'123' is no code of a region"),
        ("region_code,paslon1", ("", 1), "'' is no code of a region"),
        ("region_code,paslon1", ("77", 1), "77 is no region"),
    ],
)
def test_a_file_that_cannot_be(world, tmp_path, header, row, says):
    assert says in refused(tmp_path, header, row)


def test_times_are_said_and_not_in_the_future(world, tmp_path):
    assert "say --taken-at" in refused(tmp_path, "tps_code,paslon1", (A, 1), options=())
    timed = "tps_code,paslon1,sirekap_ts"
    assert "'gestern' is no time" in refused(tmp_path, timed, (A, 1, "gestern"), options=())
    tomorrow = (timezone.now() + timedelta(days=1)).replace(microsecond=0).isoformat()
    assert "lies in the future" in refused(tmp_path, timed, (A, 1, tomorrow), options=())
    taken_in(written(tmp_path, "right", timed, [(A, 1, "2024-02-14 21:30:00")]))
    assert f"{OfficialSnapshot.objects.get().taken_at:%H:%M}" == "14:30"  # KPU's clock is WIB


def test_a_contest_is_compared_where_it_is_voted_on(world, tmp_path):
    world.contest.area.add("9101011002")
    assert f"{A}: ppwp is not voted on there" in refused(tmp_path, "tps_code,paslon1", (A, 1), (C, 1))


def test_columns_are_the_forms_fields(world, tmp_path):
    header = "tps_code,paslon1,suara_sah,dpt,pengguna_total,nama,ganda"
    path = written(tmp_path, "x", header, [(A, 1, 2, 3, 4, "x", 5)])
    said = taken_in(path, "--taken-at", FIRST.isoformat(), "--column", "ganda=surat_diterima")
    assert "columns passed over: nama" in said
    kept = dict(zip(source(world).keys, OfficialFigure.objects.get().figures, strict=False))
    assert {key: value for key, value in kept.items() if value is not None} == {
        **{"paslon_1": 1, "suara_sah": 2, "dpt_j": 3, "pengguna_j": 4, "surat_diterima": 5}
    }


def test_overseas_codes_with_letters_are_mapped(world, tmp_path):
    places(world, ["9956060002001"])
    path = written(tmp_path, "x", "tps_code,paslon1", [("99AA010001001", 1), (A, 2)])
    codes = written(tmp_path, "codes", "sirekap_tps_code,kp_tps_code", [("99AA010001001", "9956060002001")])
    with pytest.raises(CommandError, match="'99AA010001001' is no code of a TPS"):
        taken_in(path, "--taken-at", FIRST.isoformat())
    taken_in(path, "--taken-at", FIRST.isoformat(), "--codes", codes)
    assert set(history(world)) == {"9956060002001", A}
    other = written(tmp_path, "y", "tps_code,paslon1", [("99ZZ010001001", 1)])
    with pytest.raises(CommandError, match="does not say which overseas TPS"):
        taken_in(other, "--taken-at", SECOND.isoformat(), "--codes", codes)


def test_a_dry_run_looks_only(world, tmp_path):
    path = written(tmp_path, "x", "tps_code,paslon1", [(A, 1)])
    assert "Only looked" in taken_in(path, "--taken-at", FIRST.isoformat(), "--dry-run")
    assert not OfficialSnapshot.objects.exists()


# --- The log, and what may not be touched -----------------------------------------------------


def test_each_snapshot_is_in_the_log_with_what_anybody_can_compute_again(world, tmp_path):
    published(tmp_path, FIRST, {B: (1, 2, None), A: (10, 20, 30)}, "--covers", "91")
    (entry,) = entries()
    file = (tmp_path / f"{FIRST:%Y%m%d%H%M%S}.csv").read_bytes()
    empty = "," * (len(source(world).keys) - 3)
    canonical = f"code,{','.join(source(world).keys)}\n{A},10,20,30{empty}\n{B},1,2,{empty}\n"
    assert source(world).keys[:3] == ["paslon_1", "paslon_2", "paslon_3"]
    assert entry | {"at": ""} == {
        **{"v": 1, "t": "official", "contest": "ppwp", "source": "sirekap", "about": "tps", "rows": 2, "at": ""},
        **{"taken_at": "2024-02-15T12:00:00Z", "covers": ["91"], "by": "command"},
        "file": f"sha256:{hashlib.sha256(file).hexdigest()}",
        "figures": f"sha256:{hashlib.sha256(canonical.encode()).hexdigest()}",
    }
    fold()
    assert Event.objects.get(kind="official").leaf.index >= 0


def test_no_snapshot_without_its_entry(world, tmp_path):
    published(tmp_path, FIRST, {A: (1, 2, 3)})
    with connection.cursor() as cursor:
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
    with pytest.raises(DatabaseError, match="has no entry official"):
        OfficialSnapshot.objects.create(
            **{"source": source(world), "about": "tps", "taken_at": SECOND, "file": "0" * 64, "figures": "0" * 64},
            **{"width": 3, "rows": 1, "changed": 0, "observed": [A]},
        )


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE aggregation_officialfigure SET figures = '{9,9,9}'",
        "DELETE FROM aggregation_officialfigure",
        "UPDATE aggregation_officialsnapshot SET figures = 'x'",
        "DELETE FROM aggregation_officialsnapshot",
        "UPDATE aggregation_officialsource SET keys = '{paslon_2,paslon_1}'",
    ],
)
def test_what_was_published_is_never_edited(world, tmp_path, statement):
    published(tmp_path, FIRST, {A: (1, 2, 3)})
    with pytest.raises(DatabaseError), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(statement)


def test_a_version_that_was_edited_all_the_same_is_found(world, tmp_path):
    published(tmp_path, FIRST, {A: (1, 2, 3)})
    published(tmp_path, SECOND, {A: (1, 2, 4)})
    with connection.cursor() as cursor:
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")  # what waits for the commit would hold the table
        cursor.execute("ALTER TABLE aggregation_officialfigure DISABLE TRIGGER USER")
        cursor.execute("UPDATE aggregation_officialfigure SET figures = '{1,2,5}' WHERE taken_at = %s", [SECOND])
    (fault,) = official_history.faults(world.contest)
    assert "2024-02-16 12:00:00" in fault


def test_new_fields_of_the_form_come_behind_the_old_ones(world, tmp_path):
    published(tmp_path, FIRST, {A: (1, 2, 3)})
    keys = source(world).keys
    OfficialSource.objects.update(keys=[*keys, "later"])
    published(tmp_path, SECOND, {A: (1, 2, 3, 6)})
    assert source(world).keys == [*keys, "later"]
    assert list(official_history.faults(world.contest)) == []
    assert official_file.key_of("paslon4", keys) is None


# --- The real data ----------------------------------------------------------------------------


def test_74_tps_that_kpu_changed_have_two_versions_each(world, shared):
    path = shared / "data" / "results_ppwp_versions.csv.gz"
    rows = lines(path)
    places(world, {row["tps_code"] for row in rows})
    taken_in(path)
    found = history(world)
    assert len(found) == 74
    assert all([change for _, _, change in versions] == ["first", "changed"] for versions in found.values())
    assert OfficialSnapshot.objects.count() == len({row["sirekap_ts"] for row in rows})
    assert list(official_history.faults(world.contest)) == []


def test_1218_steps_of_the_hourly_series_go_down(world, shared):
    path = shared / "data" / "timeseries_sirekap_ppwp.csv.gz"
    rows = lines(path)
    provinces = {row["province_code"] for row in rows}
    places(world, regions=provinces)
    taken_in(path)
    votes = ("paslon_1", "paslon_2", "paslon_3")
    steps = [official_history.versions(source(world), code, votes) for code in provinces]
    assert sum(map(len, steps)) == len(rows) == 2_847
    assert sum(step.down for series in steps for step in series) == 1_218
