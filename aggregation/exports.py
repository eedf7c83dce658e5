"""What the open data of one contest are, as rows: its TPS, its regions, its photos, and every reading of them.

All of one state of the database (`region_document.consistent`). Sums are those of the snapshot's cut: of a TPS whose
result has changed since the last fold, what the change added is taken off again, as `region_document` does. So the TPS
add up to the published document of the nation in that version. Photos and readings are those of the same instant.

Nothing here is kept in memory: rows come from the database as they are asked for, some thousand at a time.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime
from hashlib import sha256
from typing import Any

from django.db import connection
from django.utils import timezone

from aggregation import columns, contests
from aggregation.columns import Columns
from aggregation.evidence_rows import PHOTO_FIELDS, photo_rows, reading_fields, reading_rows
from aggregation.export_database import parsed, streamed
from aggregation.export_shapes import Field, Row, Table
from aggregation.models import Result, Snapshot
from aggregation.region_document import LEVELS, word_of
from tps.form_definitions import for_contest
from tps.form_shapes import FormDefinition
from tps.models import Contest


@dataclass(frozen=True)
class Cut:
    """One version of a contest's numbers."""

    contest: Contest
    form: FormDefinition
    layout: Columns
    version: int
    cut: int  # entries of the log below this index are in the sums
    taken_at: datetime
    mark: str  # the same mark: the same rows


def cut_of(contest: Contest) -> Cut | None:
    """The cut at which this contest's tallies stand in this transaction; None before it has any."""
    snapshot = Snapshot.objects.filter(contest=contest, version__gt=0).first()
    if snapshot is None:
        return None
    whole = contests.whole(Contest.objects.select_related("election").get(pk=contest.pk))
    return Cut(
        contest=whole,
        form=for_contest(whole),
        layout=columns.of(whole),
        version=snapshot.version,
        cut=snapshot.cut,
        taken_at=timezone.now(),
        mark=_mark(whole, snapshot.version),
    )


def tables(cut: Cut) -> tuple[Table, ...]:
    """The tables of one cut. Their rows are to be read in the transaction in which the cut was looked up."""
    return (_stations(cut), _regions(cut), _photos(cut), _readings(cut))


_MARK = """
    SELECT count(*), count(withdrawn_at), coalesce(max(step_at)::text, '') FROM uploads_photo WHERE contest_id = %s
"""


def _mark(contest: Contest, version: int) -> str:
    """Changes whenever a row of a table may have: each entry and decision moves its photo's step."""
    with connection.cursor() as cursor:
        cursor.execute(_MARK, [contest.pk])
        moved = cursor.fetchone()
    seen = (version, moved, contest.name, contest.options_hash, sorted(contest.election.hashes.items()))
    return sha256(repr(seen).encode()).hexdigest()


# --- TPS ------------------------------------------------------------------------------------

_STATIONS = """
    WITH waiting AS MATERIALIZED (
        SELECT d.station_id, jsonb_agg(to_jsonb(d.amounts)) AS amounts, count(*) AS changes
        FROM aggregation_delta d WHERE d.contest_id = %(contest)s GROUP BY d.station_id
    )
    SELECT s.code, s.region_id, s.number, s.registered_voters, r.amounts, r.state, coalesce(r.version, 0),
           r.changed_at, w.amounts, coalesce(w.changes, 0)
    FROM tps_pollingstation s
    LEFT JOIN aggregation_result r ON r.station_id = s.id AND r.contest_id = %(contest)s
    LEFT JOIN waiting w ON w.station_id = s.id
    WHERE s.election_id = %(election)s AND (
        r.id IS NOT NULL
        OR NOT EXISTS (SELECT FROM tps_contest_area a WHERE a.contest_id = %(contest)s)
        OR EXISTS (
            SELECT FROM tps_contest_area a WHERE a.contest_id = %(contest)s AND starts_with(s.region_id, a.region_id)
        )
    )
    ORDER BY s.code
"""

STATION_FIELDS = (
    Field("tps", "string", "Village code of 10 digits and TPS number of 3", required=True),
    Field("region", "string", "Code of the village (kelurahan/desa)", required=True),
    Field("number", "integer", "Number of the TPS in its village", required=True),
    Field("registered_voters", "integer", "DPT; empty where it is not known"),
    Field("state", "string", "How far its numbers are known (docs/numbers.md)", tuple(Result.State.values), True),
    Field("settled", "string", "How its votes were settled; empty where they are not counted", columns.HOW),
    Field("received", "boolean", "A photo is there that nobody rejected or moved away", required=True),
    Field("counted", "boolean", "The votes of every option stand", required=True),
    Field("complete", "boolean", "Every number of the form stands", required=True),
    Field("disputed", "boolean", "Two decided photos differ (sengketa)", required=True),
    Field("flagged", "boolean", "At least one rule of the form is broken", required=True),
    Field("excluded", "boolean", "Its count does not count, for a public reason", required=True),
    Field("machine_agrees", "boolean", "A program saw each vote in the bubbles beside it, too", required=True),
    Field("broken_rules", "list", "Rules of the form that its numbers break, as written on the paper"),
    Field("changes", "integer", "How often its result has changed up to this cut", required=True),
    Field("changed_at", "datetime", "When it last did; empty where it did not, or has again after this cut"),
)


def _stations(cut: Cut) -> Table:
    labels = {field.key: field.label for field in cut.form.fields}
    sums = tuple(Field(key, "integer", labels.get(key, key)) for key in cut.layout.sums)
    return Table(
        name="stations",
        title="TPS",
        description=(
            "One row for each TPS that votes in this contest. A number is empty where none stands; an empty box on "
            "the paper counts 0. Each column adds up to the sum of the nation in this version."
        ),
        fields=(*STATION_FIELDS, *sums),
        key=("tps",),
        refers=(("region", "regions", "region"),),
        rows=lambda: _station_rows(cut),
    )


def _station_rows(cut: Cut) -> Iterator[Row]:
    values = {"contest": cut.contest.pk, "election": cut.contest.election_id}
    make = station_row(cut.layout)
    for row in streamed(_STATIONS, values):
        yield make(*row)


def station_row(layout: Columns) -> Callable[..., Row]:
    """A function that makes a TPS's row of what the database knows of it, for this layout.

    What waiting deltas have added since the cut (`waiting`, a list of amounts) is taken off again.
    """
    place = {name: number for number, name in enumerate(layout.names)}
    sums = [(number, place.get(columns.known(key), -1)) for number, key in enumerate(layout.sums)]
    status = [place[name] for name in (*columns.STATUS, columns.EXCLUDED, columns.MACHINE)]
    rules = [(place[columns.broken(rule)], rule) for rule in layout.rules]
    hows = [(place[how], how) for how in columns.HOW]
    nothing = layout.nothing()

    def make(
        code: str, region: str, number: int, voters: int | None, amounts: list[int] | None, state: str | None,
        version: int, changed_at: datetime | None, waiting: Any, changes: int,
    ) -> Row:  # fmt: skip
        then = amounts or nothing
        for more in parsed(waiting) or ():
            then = [now - added for now, added in zip(then, more, strict=True)]
        figures = [then[at] if known < 0 or then[known] else None for at, known in sums]
        flags = [bool(then[at]) for at in status]
        # Without a waiting change the result's own state says it; else it follows from what is counted.
        said = state or Result.State.EMPTY if not changes else _state_of(flags, figures)
        return (
            code, region, number, voters, str(said), next((how for at, how in hows if then[at]), None), *flags,
            [rule for at, rule in rules if then[at]], version - changes, None if changes else changed_at, *figures,
        )  # fmt: skip

    return make


def _state_of(flags: list[bool], figures: list[int | None]) -> str:
    received, _counted, complete, disputed, _flagged, excluded, _machine = flags
    if excluded:
        return Result.State.EXCLUDED
    if disputed:
        return Result.State.DISPUTED
    if complete:
        return Result.State.COMPLETE
    if any(figure is not None for figure in figures):
        return Result.State.PARTIAL
    return Result.State.RECEIVED if received else Result.State.EMPTY


# --- Regions --------------------------------------------------------------------------------

_REGIONS = """
    SELECT g.code, g.name, g.level, g.parent_id, t.stations, t.registered_voters, t.amounts
    FROM aggregation_tally t JOIN tps_region g ON g.code = t.region_id
    WHERE t.contest_id = %(contest)s
    ORDER BY g.code = '', g.code
"""

REGION_FIELDS = (
    Field("region", "string", "Code of 2, 4, 6 or 10 digits; the nation is `nasional`", required=True),
    Field("name", "string", "Its name", required=True),
    Field("level", "string", "Which kind of region it is", LEVELS[:5], True),
    Field("parent", "string", "The region it lies in; empty for the nation"),
    Field("stations", "integer", "TPS that vote in this contest here, counted or not", required=True),
    Field("registered_voters", "integer", "Their DPT, as far as it is known", required=True),
)


def _regions(cut: Cut) -> Table:
    labels = {field.key: field.label for field in cut.form.fields}
    amounts = [Field(key, "integer", f"Sum: {labels.get(key, key)}", required=True) for key in cut.layout.sums]
    amounts += [
        Field(name, "integer", _count_title(name), required=True) for name in (*cut.layout.counts, *cut.layout.beside)
    ]
    return Table(
        name="regions",
        title="Regions",
        description=(
            "One row for each region in which this contest is voted on, the nation last: the sums of its TPS, and how "
            "many TPS each count holds for. Over the regions of one parent every column adds up to the parent's."
        ),
        fields=(*REGION_FIELDS, *amounts),
        key=("region",),
        refers=(("parent", "", "region"),),
        rows=lambda: _region_rows(cut),
    )


def _region_rows(cut: Cut) -> Iterator[Row]:
    for code, name, level, parent, stations, voters, amounts in streamed(_REGIONS, {"contest": cut.contest.pk}):
        above = None if parent is None else word_of(parent)
        yield (word_of(code), name, LEVELS[level], above, stations, voters, *amounts)


def _count_title(name: str) -> str:
    word, _, rest = name.partition("_")
    if name == columns.VOTERS:
        return "DPT of the counted TPS, as far as it is known"
    if word == "disputed" and rest:
        return f"Of the sum {rest}, what TPS in dispute add to it"
    if word == "with":
        return f"TPS whose number stands behind {rest}"
    return f"TPS that break rule {rest}" if word == "broken" else f"TPS: {name} (docs/numbers.md)"


# --- Photos and readings --------------------------------------------------------------------


def _photos(cut: Cut) -> Table:
    return Table(
        name="photos",
        title="Photos",
        description=(
            "One row for each photo, at the TPS where it belongs now. No picture is named of what was withdrawn or is "
            "no form. Who sent it is told nowhere."
        ),
        fields=PHOTO_FIELDS,
        key=("photo",),
        refers=(("tps", "stations", "tps"),),
        rows=lambda: photo_rows(cut.contest, cut.form),
    )


def _readings(cut: Cut) -> Table:
    return Table(
        name="readings",
        title="Readings",
        description=(
            "One row for each reading of a photo that is decided and is not being read again; `who` is the salted "
            "commitment by which the log knows the reader. Boxes that were empty or unreadable are listed by name, "
            "and their columns are empty."
        ),
        fields=reading_fields(cut.form),
        key=("reading",),
        refers=(("photo", "photos", "photo"), ("tps", "stations", "tps")),
        rows=lambda: reading_rows(cut.contest, cut.form),
    )
