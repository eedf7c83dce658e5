"""Recomputes everything from below and tells every difference by name. `manage.py audit` prints them.

    entries and rulings → decisions → results → tallies → published documents,
    and beside all of it the log: every change has its entry, every entry its change, and they say the same.

Reads one consistent state of the database, row by row or in small batches, and changes nothing. What is on its
way at that moment (a decided photo that is not recorded yet, a delta that waits) is not a difference. Nor is what
an older version of the rule decided and the present one would decide otherwise: that is told apart, for nobody can say
by this program whether it was right then (`manage.py redecide --dry-run` says what would change). Nor what a recall
that two operators have confirmed has not reached yet (`transcription.recalls`).
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import islice
from typing import Any, TypeVar

from django.db.models import Exists, F, OuterRef, Q

from aggregation import (
    audit_log,
    contests,
    evidence,
    exclusions,
    official_history,
    published_files,
    region_document,
    results,
    tallies,
)
from aggregation.models import Delta, Result, Snapshot
from aggregation.published_files import Document, Place
from ledger import checks
from ledger.models import Event
from tps.models import NATION, Contest
from transcription import agreement, consensus, recalls, rule_versions
from transcription.agreement import Accepted, Outcome, Rejected
from transcription.models import Decision
from uploads.models import Photo

CHUNK = 500
STATION_DIGITS = 13
Row = TypeVar("Row")


@dataclass(frozen=True)
class Difference:
    """What is not as it follows from below: its kind, its name, and in which way."""

    kind: str
    name: str
    what: str

    def __str__(self) -> str:
        return f"{self.kind} {self.name}: {self.what}"


def differences(
    told: Callable[[str], None] = lambda _: None, older: Callable[[Difference], None] = lambda _: None
) -> Iterator[Difference]:
    """Every difference there is; `told` hears which part comes next, `older` what only another rule explains."""
    parts: dict[str, Callable[[], Iterator[Difference]]] = {
        "log": log,
        "decisions": lambda: decisions(older),
        "results": recorded,
        "tallies": summed,
        "documents": published,
    }
    with region_document.consistent():
        for name, part in parts.items():
            told(name)
            yield from part()


# --- The log --------------------------------------------------------------------------------


def log() -> Iterator[Difference]:
    """The log is whole, and it and the tables say the same."""
    for fault in checks.faults():
        name, _, what = fault.partition(": ")
        yield Difference("log", name.removeprefix("log "), what)
    for kind, name, what in audit_log.differences():
        yield Difference(kind, name, what)
    for contest in Contest.objects.filter(officialsource__isnull=False).distinct().order_by("pk"):
        for what in official_history.faults(contest):
            yield Difference("official", contest.code, what)


# --- Decisions ------------------------------------------------------------------------------


def decisions(older: Callable[[Difference], None] = lambda _: None) -> Iterator[Difference]:
    """What stands on each photo is what its entries and rulings say."""
    photos = Photo.objects.filter(withdrawn_at__isnull=True)  # else nobody decides it, whatever was read
    photos = photos.exclude(step__in=[Photo.Step.INSPECT, Photo.Step.QUEUE, Photo.Step.DECIDE])
    photos = photos.select_related("contest__election", "station").order_by("pk")
    for batch in batches(photos.iterator(chunk_size=CHUNK)):
        latest = Decision.objects.filter(photo__in=batch).order_by("photo", "-version").distinct("photo")
        present = {decision.photo_id: decision for decision in latest}
        for photo in batch:
            decision = present.get(photo.pk)
            wrong = _unlike(decision, consensus.outcome_of(photo), photo)
            if wrong and (otherwise := recalls.waiting_for(photo)):
                # As it stood before the recall: whatever else is off is a difference all the same.
                before = _unlike(decision, consensus.outcome_of(photo, otherwise), photo)
                if not before:
                    older(Difference("decision", str(photo.pk), f"a recall has still to reach it: {wrong}"))
                    continue
            if wrong and _is_of_an_older_rule(decision, photo):
                older(Difference("decision", str(photo.pk), f"rule {agreement.RULE_VERSION} says otherwise: {wrong}"))
            elif wrong:
                yield Difference("decision", str(photo.pk), wrong)


def _is_of_an_older_rule(decision: Decision | None, photo: Photo) -> bool:
    """Whether the photo was decided, or left undecided, before the present rule was there.

    An entry in the log says by which rule a decision was made, and when the present one came; so nobody hides
    another change behind it.
    """
    if decision is not None:
        return decision.rule_version < agreement.RULE_VERSION
    election = photo.contest.election
    if election.rule_version >= agreement.RULE_VERSION:
        return False
    since = rule_versions.signed_at(election)
    return since is None or not photo.entries.filter(created_at__gte=since).exists()


def _unlike(decision: Decision | None, said: Outcome, photo: Photo) -> str:
    """How the stored decision differs from what the entries and rulings say, or nothing."""
    stands = said.stands
    if stands is None:
        if decision is None or decision.outcome == Decision.Outcome.REOPENED:
            return ""
        return f"{decision.outcome}, but its entries and rulings do not carry it"
    if decision is None:
        return "its entries and rulings carry one, but there is none"
    wanted: dict[str, Any] = {"station_id": said.station or photo.station_id, "contest_id": photo.contest_id}
    if isinstance(stands, Accepted):
        wanted |= {"outcome": "accepted", "page": stands.page, "numbers": dict(stands.numbers)}
        wanted |= {"broken_rules": list(stands.broken_rules)}
    elif isinstance(stands, Rejected):
        wanted |= {"outcome": "rejected", "problem": stands.problem}
    return _off(wanted, {name: getattr(decision, name) for name in wanted})


# --- Results --------------------------------------------------------------------------------


def recorded() -> Iterator[Difference]:
    """Each result is what the decisions of its TPS come to, and no TPS with photos is without one."""
    on_their_way = _on_their_way()
    for contest in Contest.objects.select_related("election").order_by("pk"):
        found = Result.objects.filter(contest=contest).select_related("station").order_by("pk")
        for batch in batches(found.iterator(chunk_size=CHUNK)):
            there = evidence.at_all(contest, [result.station for result in batch])
            excluded = exclusions.of_all(contest, [result.station for result in batch])
            for result in batch:
                if (contest.pk, result.station_id) not in on_their_way:
                    outcome = results.outcome_of(
                        there[result.station_id], contest, result.station, excluded.get(result.station_id)
                    )
                    wanted = results.fields_of(outcome) | {"region_id": result.station.region_id}
                    if wrong := _off(wanted, {name: getattr(result, name) for name in wanted}):
                        yield Difference("result", f"{contest.code} {result.station.code}", wrong)
    for turn in exclusions.standing():
        if not Result.objects.filter(contest=turn.contest, station=turn.station, version__gt=0).exists():
            yield Difference("result", f"{turn.contest.code} {turn.station.code}", "there is none, but it is excluded")
    without = Photo.objects.exclude(step__in=[Photo.Step.INSPECT, Photo.Step.QUEUE]).exclude(
        Exists(Result.objects.filter(contest=OuterRef("contest"), station=OuterRef("station"), version__gt=0))
    )
    for photo in without.select_related("contest", "station").iterator(chunk_size=CHUNK):
        if (photo.contest_id, photo.station_id) not in on_their_way:
            name = f"{photo.contest.code} {photo.station.code}"
            yield Difference("result", name, f"there is none, but photo {photo.pk} was sent for it")


def _on_their_way() -> set[tuple[int, int]]:
    """Contests and stations of photos whose recording is still to come."""
    photos = Photo.objects.filter(step__in=[Photo.Step.QUEUE, Photo.Step.RECORD], withdrawn_at__isnull=True)
    touched = set(photos.values_list("contest", "station"))
    return touched | set(Decision.objects.filter(photo__in=photos).values_list("contest", "station"))


# --- Tallies --------------------------------------------------------------------------------


def summed() -> Iterator[Difference]:
    """Each tally is the sum of the results below it, each cut the fold of the log below it."""
    for contest in Contest.objects.select_related("election").order_by("pk"):
        for one in tallies.differences(contest):
            region = region_document.word_of(one.region)
            yield Difference("tally", f"{contest.code} {region}", _off(one.expected, one.found))
        for code, (stations, voters) in tallies.other_stations(contest).items():
            name = f"{contest.code} {region_document.word_of(code)}"
            yield Difference("tally", name, f"does not count its {stations} TPS with a DPT of {voters}")
        yield from _waiting(contest)
        for what in audit_log.fold_differences(contest):
            yield Difference("cut", contest.code, what)


def _waiting(contest: Contest) -> Iterator[Difference]:
    """A delta waits exactly as long as its entry has no place below the cut."""
    cut = Snapshot.objects.filter(contest=contest).values_list("cut", flat=True).first() or 0
    waiting = Delta.objects.filter(contest=contest)
    for delta in waiting.filter(event__leaf__index__lt=cut).select_related("station").iterator(chunk_size=CHUNK):
        yield Difference("delta", f"{contest.code} {delta.station.code}", "waits, but its entry is below the cut")
    selected = Event.objects.filter(
        log=contest.election_id, kind="select", subject__regex=rf"^[0-9]+/{contest.code}/[0-9]+$"
    )
    unfolded = selected.filter(Q(leaf=None) | Q(leaf__index__gte=cut))
    for event in unfolded.exclude(Exists(waiting.filter(event=OuterRef("pk")))).iterator(chunk_size=CHUNK):
        yield Difference("delta", str(event.subject), "there is none, but its entry is not below the cut")


# --- Published documents --------------------------------------------------------------------


def published() -> Iterator[Difference]:
    """Each published document is, byte for byte, what the tallies give, and every region has one.

    Where the folder has published a newer version since, there is nothing to compare with.
    """
    for snapshot in Snapshot.objects.filter(published=F("version")).order_by("pk"):
        contest = contests.whole(Contest.objects.select_related("election").get(pk=snapshot.contest_id))
        place = Place(contest.election_id, contest.code)
        said = published_files.read_pointer(place.pointer)
        if said is None:
            yield Difference("document", contest.code, "there is no pointer")
        elif said["version"] < snapshot.version:
            what = f"the pointer is of version {said['version']}, not {snapshot.version}"
            yield Difference("document", contest.code, what)
        elif said["version"] == snapshot.version:
            yield from _documents(contest, place, {NATION: said["document"]})


def _documents(contest: Contest, place: Place, names: dict[str, str]) -> Iterator[Difference]:
    """The same of these regions, which all lie on one level, and of all below them."""
    below: dict[str, str] = {}
    for batch in batches(iter(sorted(names))):
        found = {code: published_files.read(place, region_document.word_of(code), names[code]) for code in batch}
        named = {code: name for document in found.values() if document for code, name in document.children.items()}
        wanted = region_document.build_all(contest, batch, named)
        for code, document in found.items():
            due = published_files.pack(wanted[code])
            if document is None:
                wrong = "is not there, or damaged"
            else:
                wrong = "" if document == due else _unlike_document(document, due)
            if wrong:
                yield Difference("document", f"{contest.code} {region_document.word_of(code)}", wrong)
        there = (wanted[code] for code, document in found.items() if document)
        regions = (child["code"] for content in there for child in content["children"])
        for code in (code for code in regions if len(code) < STATION_DIGITS and code not in named):
            yield Difference("document", f"{contest.code} {code}", "there is none")
        below |= named
    if below:
        yield from _documents(contest, place, below)


def _unlike_document(found: Document, wanted: Document) -> str:
    there, due = found.content, wanted.content
    for part in ("sums", "counts"):
        if wrong := _off(due[part], there.get(part, {})):
            return f"{part} {wrong}"
    return _off(due, there, brief=True)


# --- Telling --------------------------------------------------------------------------------


def batches(rows: Iterator[Row], size: int = CHUNK) -> Iterator[list[Row]]:
    while batch := list(islice(rows, size)):
        yield batch


def _off(wanted: dict[str, Any], found: dict[str, Any], *, brief: bool = False) -> str:
    """ "paslon_1 is 7, should be 101", for what differs; without the values if they may be long."""
    off = [name for name in wanted if wanted[name] != found.get(name)]
    if brief:
        return ", ".join(off)
    return ", ".join(f"{name} is {_short(found.get(name))}, should be {_short(wanted[name])}" for name in off)


def _short(value: Any) -> str:
    text = str(value)
    return text if len(text) <= 120 else f"{text[:117]}..."
