"""Whether the log and the tables say the same: every change has its entry, every entry its change."""

import json
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from itertools import islice
from typing import Any

from django.db import connection
from django.db.models import CharField, Count, F, Func, Model, OuterRef, QuerySet, Subquery, Value
from django.db.models.functions import Coalesce

from accounts.models import User
from aggregation import columns, exclusions, results, votes
from aggregation.models import ExclusionTurn, Result, Snapshot, Tally, VoteWord
from ledger.models import Event
from tps import reference
from tps.models import NATION, Contest, Election
from transcription import consensus, reports, rule_versions, rulings, samples, withdrawals
from transcription import entries as readings
from transcription.entries import KOSONG
from transcription.models import BarTurn, Decision, Entry, GoldReading, Report, ReportGroup, Ruling, Sample
from uploads import inspection, intake
from uploads.models import Photo

CHUNK = 500
Found = tuple[str, str, str]  # kind, name, what


@dataclass(frozen=True)
class Kind:
    """How rows of a table stand in the log.

    `left_out` are fields that a row alone does not tell, and others prove: `ledger.checks` the openings,
    `aggregation.audit` the verdicts. `signed` says whose commitment stands in which field, where it is not plain.
    """

    name: str
    rows: Callable[[], QuerySet[Any]]
    subject: Callable[[Any], str]
    fields: Callable[[Any], dict[str, Any]]
    without_row: str  # SQL: the events of this kind that no row explains
    left_out: frozenset[str] = frozenset()
    signed: Mapping[str, str] = field(default_factory=dict)


def _no_row(table: str, column: str = "id") -> str:
    return f"NOT EXISTS (SELECT FROM {table} r WHERE r.{column}::text = e.subject)"


_NO_RESULT = """NOT EXISTS (
    SELECT FROM tps_pollingstation s
    JOIN tps_contest c ON c.election_id = e.log AND c.code = split_part(e.subject, '/', 2)
    JOIN aggregation_result r ON r.station_id = s.id AND r.contest_id = c.id
    WHERE s.election_id = e.log AND s.code = split_part(e.subject, '/', 1)
      AND split_part(e.subject, '/', 3)::int BETWEEN 1 AND r.version
)"""
_NO_SNAPSHOT = """NOT EXISTS (
    SELECT FROM aggregation_snapshot r
    JOIN tps_contest c ON c.id = r.contest_id AND c.election_id = e.log AND c.code = split_part(e.subject, '/', 1)
    WHERE split_part(e.subject, '/', 2)::bigint BETWEEN 1 AND r.version
)"""
_NEITHER_WITHDRAWN_NOR_BACK = """NOT EXISTS (
    SELECT FROM uploads_photo r WHERE r.id::text = e.subject AND (r.withdrawn_at IS NOT NULL
       OR EXISTS (SELECT FROM ledger_event back WHERE back.kind = 'restore' AND back.subject = e.subject)))"""
_STILL_WITHDRAWN = "NOT EXISTS (SELECT FROM uploads_photo r WHERE r.id::text = e.subject AND r.withdrawn_at IS NULL)"

KINDS = (
    Kind(
        "photo",
        lambda: Photo.objects.select_related("station", "contest", "device", "uploader"),
        lambda photo: str(photo.pk),
        intake.entry_of,
        _no_row("uploads_photo"),
    ),
    Kind(
        "copies",
        lambda: Photo.objects.filter(copies__isnull=False).distinct().prefetch_related("copies"),
        lambda photo: str(photo.pk),
        lambda photo: inspection.entry_of(photo, list(photo.copies.all())),
        _no_row("uploads_publiccopy", "photo_id"),
    ),
    Kind(
        "withdraw",
        lambda: Photo.objects.filter(withdrawn_at__isnull=False).select_related("contest"),
        lambda photo: str(photo.pk),
        withdrawals.entry_of,
        _NEITHER_WITHDRAWN_NOR_BACK,
    ),
    Kind(
        "reading",
        lambda: Entry.objects.select_related("account", "device", "photo__contest"),
        lambda entry: str(entry.pk),
        readings.entry_of,
        f"{_no_row('transcription_entry')} AND {_no_row('transcription_goldreading')}",
    ),
    Kind(
        "ruling",
        lambda: Ruling.objects.select_related("adjudicator", "station", "photo__contest"),
        lambda ruling: str(ruling.pk),
        rulings.entry_of,
        _no_row("transcription_ruling"),
    ),
    Kind(
        "report",
        lambda: Report.objects.select_related("group__station", "contest", "device"),
        lambda report: str(report.pk),
        reports.entry_of,
        _no_row("transcription_report"),
        signed={"who": "device"},
    ),
    Kind(
        "answer",
        lambda: ReportGroup.objects.exclude(outcome="").select_related("station", "closer"),
        lambda group: str(group.pk),
        reports.entry_of_answer,
        "NOT EXISTS (SELECT FROM transcription_reportgroup r WHERE r.id::text = e.subject AND r.outcome <> '')",
        signed={"by": "closer"},
    ),
    Kind(
        "decision",
        lambda: Decision.objects.select_related("station", "contest"),
        lambda decision: str(decision.pk),
        lambda decision: _decision(decision),
        _no_row("transcription_decision"),
        frozenset({"opens", "verdicts"}),
    ),
    Kind(
        "select",
        lambda: Result.objects.filter(version__gt=0).select_related("station", "contest"),
        lambda result: f"{result.station.code}/{result.contest.code}/{result.version}",
        results.entry_of,
        _NO_RESULT,
        frozenset({"verdicts"}),
    ),
    Kind(
        "exclude",
        lambda: ExclusionTurn.objects.select_related("station", "contest", "by", "second"),
        lambda turn: str(turn.pk),
        exclusions.entry_of,
        _no_row("aggregation_exclusionturn"),
        signed={"by": "by", "second": "second"},
    ),
    Kind(
        "vote",
        lambda: VoteWord.objects.select_related("by", "photo__contest"),
        lambda word: str(word.pk),
        votes.entry_of,
        _no_row("aggregation_voteword"),
        signed={"who": "by"},
    ),
    Kind(
        "tally",
        lambda: Snapshot.objects.filter(version__gt=0).select_related("contest"),
        lambda snapshot: f"{snapshot.contest.code}/{snapshot.version}",
        lambda snapshot: _tally(snapshot),
        _NO_SNAPSHOT,
    ),
)

# In the log they are readings like all others (`transcription.gold`); which entries have no row, those tell too.
GOLD = Kind(
    "reading",
    lambda: GoldReading.objects.select_related("account", "device", "photo__contest"),
    lambda reading: str(reading.pk),
    readings.entry_of,
    "false",
)


def differences() -> Iterator[Found]:
    """(kind, name, what) for every row and every entry that have no counterpart, or say something else."""
    for kind in KINDS:
        yield from _rows_without_entry(kind)
        yield from _entries_without_row(kind)
    yield from _rows_without_entry(GOLD)
    yield from _withdrawn_after_coming_back()
    yield from _missing_versions()
    yield from _untold_reference_data()
    yield from _rules_not_named()
    yield from _paused_otherwise()
    yield from _drawn_otherwise()


def _drawn_otherwise() -> Iterator[Found]:
    """Samples hold what their seed draws, and the seed is the one in the log."""
    for sample in Sample.objects.filter(drawn_at__isnull=False).select_related("contest").order_by("pk"):
        if wrong := samples.drawn_otherwise(sample):
            yield "sample", str(sample.pk), wrong


def _paused_otherwise() -> Iterator[Found]:
    """Who is paused is what the newest turn of each person says; who has none is not."""
    newest = BarTurn.objects.filter(account=OuterRef("pk")).order_by("-pk").values("on")[:1]
    people = User.objects.annotate(told=Coalesce(Subquery(newest), Value(False))).exclude(paused=F("told"))
    for pk, told in people.order_by("pk").values_list("pk", "told"):
        yield "bar", f"account {pk}", f"is {'not paused' if told else 'paused'}, the newest turn says otherwise"


def _rules_not_named() -> Iterator[Found]:
    """Every version of the rule that decided something is one that the log of its election names."""
    begun = Event.objects.filter(kind="genesis").values("log")
    for election in Election.objects.filter(pk__in=begun).order_by("pk"):
        known = rule_versions.named(election)
        found = Decision.objects.filter(contest__election=election).values("rule_version").annotate(many=Count("pk"))
        for row in found.exclude(rule_version__in=known).order_by("rule_version"):
            name = f"{election.pk} {row['rule_version']}"
            yield "rule", name, f"made {row['many']} decisions, but the log does not name it"


def _untold_reference_data() -> Iterator[Found]:
    """Regions, TPS, DPT, contests, options, seats and forms are what the newest entry about each of them says."""
    for genesis in Event.objects.filter(kind="genesis").order_by("pk"):
        told = {part: value for part, value in json.loads(bytes(genesis.body)).items() if part in reference.PARTS}
        contests = told.pop("contests")  # their codes; a hash only once they were changed
        for event in Event.objects.filter(kind="reference", log=genesis.log).order_by("pk"):
            entry = json.loads(bytes(event.body))
            told[entry["what"]] = entry["hash"]
        election = Election.objects.get(pk=genesis.log)
        told.setdefault("seats", reference.NOTHING)  # told only once there are any
        now = reference.hashes(election)
        for part in sorted(told):
            if told[part] != now[part]:
                yield "reference", f"{genesis.log} {part}", "is not what the log says"
        if "contests" not in told and contests != sorted(election.contests.values_list("code", flat=True)):
            yield "reference", f"{genesis.log} contests", "are not those that the log names"


def _rows_without_entry(kind: Kind) -> Iterator[Found]:
    rows = kind.rows().order_by("pk").iterator(chunk_size=CHUNK)
    while batch := list(islice(rows, CHUNK)):
        subjects = {kind.subject(row): row for row in batch}
        entries = {
            (event.log, event.subject): event
            for event in Event.objects.filter(kind=kind.name, subject__in=list(subjects))
        }
        for subject, row in subjects.items():
            event = entries.get((_log_of(row), subject))
            if event is None:
                yield kind.name, subject, "has no entry in the log"
            elif wrong := _unlike(kind, row, event):
                yield kind.name, subject, f"row and entry differ in {', '.join(wrong)}"


def _unlike(kind: Kind, row: Any, event: Event) -> list[str]:
    try:
        written = json.loads(bytes(event.body))
    except ValueError:
        return ["its bytes"]
    told = kind.fields(row)
    # Whose salt was destroyed without keeping their pseudonym is known to the log only.
    erased = {name for name, whose in kind.signed.items() if _is_nobodys(getattr(row, whose))}
    erased |= {"who"} if not kind.signed and _is_erased(row) else set()
    names = (told.keys() | written.keys()) - {"v", "t"} - erased - kind.left_out
    return sorted(name for name in names if told.get(name) != written.get(name))


def _is_erased(row: Model) -> bool:
    people = [getattr(row, name, None) for name in ("account", "adjudicator", "uploader", "device")]
    someone = next((person for person in people if person is not None), None)
    return someone is not None and _is_nobodys(someone)


def _is_nobodys(someone: Any) -> bool:
    return not bytes(someone.salt) and not getattr(someone, "pseudonym", "")


def _log_of(row: Any) -> str:
    if isinstance(row, Entry | GoldReading | Ruling | VoteWord):
        return str(row.photo.contest.election_id)
    if isinstance(row, ReportGroup):
        return str(row.station.election_id)
    return str(row.contest.election_id)


def _entries_without_row(kind: Kind) -> Iterator[Found]:
    with connection.cursor() as cursor:
        cursor.execute(
            f"SELECT e.subject FROM ledger_event e WHERE e.kind = %s AND {kind.without_row}",  # noqa: S608
            [kind.name],
        )
        while rows := cursor.fetchmany(CHUNK):
            for (subject,) in rows:
                yield kind.name, str(subject), "stands in the log, but there is no such row"


def _withdrawn_after_coming_back() -> Iterator[Found]:
    """The log says that a photo came back; it has no row of its own, only the photo's."""
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT e.subject FROM ledger_event e WHERE e.kind = 'restore' AND {_STILL_WITHDRAWN}")  # noqa: S608
        rows = cursor.fetchall()
    for (subject,) in rows:
        yield "restore", str(subject), "stands in the log, but the photo is withdrawn, or there is none"


def _missing_versions() -> Iterator[Found]:
    """Each version of a result had its entry, and each of a snapshot."""
    with connection.cursor() as cursor:
        cursor.execute(
            """
            SELECT s.code || '/' || c.code, r.version, count(e.id)
            FROM aggregation_result r
            JOIN tps_pollingstation s ON s.id = r.station_id JOIN tps_contest c ON c.id = r.contest_id
            LEFT JOIN LATERAL generate_series(1, r.version) v ON true
            LEFT JOIN ledger_event e ON e.kind = 'select' AND e.log = c.election_id
                 AND e.subject = s.code || '/' || c.code || '/' || v
            GROUP BY 1, 2 HAVING count(e.id) <> r.version
            """
        )
        rows = cursor.fetchall()
    for name, version, entries in rows:
        yield "select", name, f"has {entries} entries for {version} versions"


def _decision(decision: Decision) -> dict[str, Any]:
    decision.opened = []  # type: ignore[attr-defined]  # spares a query; left out anyway
    return consensus.entry_of(decision)


def _tally(snapshot: Snapshot) -> dict[str, Any]:
    layout = columns.of(snapshot.contest)
    nation = Tally.objects.filter(contest=snapshot.contest, region=NATION).values_list("amounts", flat=True).first()
    return {
        "contest": snapshot.contest.code,
        "version": snapshot.version,
        "cut": snapshot.cut,
        "rule": results.RULE_VERSION,
        "sum": layout.sums_of(nation or layout.nothing()),
    }


def fold_differences(contest: Contest) -> Iterator[str]:
    """Where the nation's sums are not the fold of the log below the cut: the newest `select` of each TPS, added up."""
    snapshot = Snapshot.objects.filter(contest=contest).first()
    nation = Tally.objects.filter(contest=contest, region=NATION).first()
    if snapshot is None or nation is None:
        return
    layout = columns.of(contest)
    folded = dict.fromkeys(layout.sums, 0)
    station = Func(F("subject"), Value("/"), Value(1), function="split_part", output_field=CharField())
    newest = (
        Event.objects.filter(log=contest.election_id, kind="select", leaf__index__lt=snapshot.cut)
        .filter(subject__regex=rf"^[0-9]+/{contest.code}/[0-9]+$")
        .annotate(station=station)
        .order_by("station", "-leaf__index")
        .distinct("station")
    )
    for body, _ in newest.values_list("body", "station").iterator(chunk_size=CHUNK):
        try:
            written = json.loads(bytes(body))["val"]
        except (ValueError, KeyError):
            continue  # `ledger.checks` names it
        for key in folded.keys() & written.keys():
            folded[key] += 0 if written[key] == KOSONG else written[key]
    there = layout.sums_of(nation.amounts)
    for key, value in folded.items():
        if there.get(key) != value:
            yield f"{key} is {there.get(key)} in the tally, the log below {snapshot.cut} gives {value}"
