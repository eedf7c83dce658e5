"""What waits for an adjudicator, and what one of them sees of it: the photo, all entries, all rulings.

People are shown as letters within the case; who they are is not said.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from django.contrib.postgres.expressions import ArraySubquery
from django.db.models import Exists, IntegerField, OuterRef, QuerySet, Subquery, Value
from django.db.models.functions import Coalesce, JSONObject

from accounts.models import User
from tps.form_definitions import FormDefinition, for_contest
from tps.models import Contest, Election, PollingStation
from transcription import first_looks, reports, rulings, showing, weedings
from transcription.models import Decision, Entry, FirstLook, ReportGroup, Ruling, Task
from uploads import marks, second_looks
from uploads.models import Photo

SHOWN = 100
OTHERS = 30  # photos of the same TPS and contest beside a case


@dataclass(frozen=True)
class Case:
    photo: Photo
    task: Task
    form: FormDefinition
    entries: list[Entry]
    rulings: list[Ruling]
    since: int  # entries of this round and before no longer count
    decision: Decision | None
    marks: list[dict[str, str]]  # why to look twice: code and sentence of each
    own: FirstLook | None  # what this adjudicator saw before


def waiting_for(adjudicator: User, limit: int = SHOWN) -> QuerySet[Task]:
    """Cases this adjudicator may open and rule on, oldest first. One query."""
    waiting = Ruling.objects.filter(photo=OuterRef("pk"), round__gt=_version())
    mine, others = Exists(waiting.filter(adjudicator=adjudicator)), Exists(waiting.exclude(adjudicator=adjudicator))
    own_rulings = Ruling.objects.filter(photo=OuterRef("photo"), adjudicator=adjudicator).values("pk")
    return (
        Task.objects.filter(needs_adjudicator=True)
        .exclude(Exists(rulings.had_in_hand(Photo.objects.filter(pk=OuterRef("pk")), adjudicator)))
        .exclude(mine & ~others)  # two who said different things may both think again
        .exclude(Exists(Decision.objects.filter(pk=OuterRef("decision"), because__overlap=ArraySubquery(own_rulings))))
        .select_related("photo__contest", "photo__station__region", "decision__station__region")
        .order_by("case_since")[:limit]
    )


def named_on_the_list(adjudicator: User) -> dict[str, list[dict[str, Any]]]:
    """What else is there in the current election: its contests, and weedings of this adjudicator's. One query."""
    contests = Contest.objects.filter(election=OuterRef("pk")).order_by("code")
    waiting = weedings.waiting_for(adjudicator).filter(election=OuterRef("pk"))[:SHOWN]
    found = (
        Election.objects.filter(is_current=True)
        .annotate(
            beside_contests=ArraySubquery(contests.values(said=JSONObject(**_named("code", "name", "election_id")))),
            beside_weedings=ArraySubquery(
                waiting.values(said=JSONObject(**_named("pk", "meant", "undoes_id", "proposed_at", "proposed_by_id")))
            ),
        )
        .first()
    )
    if found is None:
        return {"contests": [], "weedings": []}
    return {"contests": found.beside_contests, "weedings": found.beside_weedings}


def _named(*names: str) -> dict[str, str]:
    return {name: name for name in names}


def _version() -> Any:
    newest = Decision.objects.filter(photo=OuterRef("photo")).order_by("-version").values("version")[:1]
    return Coalesce(Subquery(newest, output_field=IntegerField()), Value(0))


def look_into(photo_id: UUID, adjudicator: User) -> Case:
    """The case with everything that was read and ruled.

    From then on this adjudicator is not given the photo to read: they have seen what others read. Raises a
    `Refusal`; `ReadFirst` where they have not looked for themselves.
    """
    photo = (
        Photo.objects.select_related("contest", "station__region__parent__parent__parent", "page_tag")
        .filter(pk=photo_id)
        .first()
    )
    if photo is None:
        raise rulings.NoSuchPhoto
    task = rulings.may_rule_on(photo, adjudicator)
    own = first_looks.require(photo, adjudicator)
    rulings.remember_who_looked(task, adjudicator)
    said = list(photo.rulings.select_related("station__region").order_by("created_at", "id"))
    decision = photo.decisions.order_by("-version").first()
    reopened = photo.decisions.filter(outcome=Decision.Outcome.REOPENED).order_by("-version").first()
    since = max((r.round for r in said if r.verdict == "reopen" and reopened and r.pk in reopened.because), default=0)
    entries = list(photo.entries.order_by("created_at", "id"))
    marked = marks.sentences(second_looks.marks_of(photo))
    return Case(photo, task, for_contest(photo.contest), entries, said, since, decision, marked, own)


@dataclass(frozen=True)
class Beside:
    """What else there is about a case: the other photos of its TPS, what was decided of it before, and reports."""

    photos: list[tuple[Photo, Decision | None, str]]  # the newest decision, and the address of a small picture
    history: list[Decision]  # newest first
    reports: list[tuple[str, int]]  # reasons, and how often each was given, as long as nobody has answered
    group: ReportGroup | None

    @property
    def station(self) -> PollingStation | None:
        """Where the photo stands since the newest decision, if there is one."""
        return self.history[0].station if self.history else None


def beside(case: Case) -> Beside:
    """Four queries at most, however much there is. No reading of a photo that is not decided."""
    others = reports.photos_of(case.photo.station_id).filter(contest=case.photo.contest_id, withdrawn_at__isnull=True)
    others = others.exclude(pk=case.photo.pk).order_by("received_at", "pk").select_related("task__decision")[:OTHERS]
    group = ReportGroup.objects.filter(station=case.photo.station_id, outcome="").first()
    return Beside(
        [(one, one.task.decision if hasattr(one, "task") else None, showing.pictures_of(one)[480]) for one in others],
        list(case.photo.decisions.select_related("station__region").order_by("-version")),
        reports.reasons_of([group])[group.pk] if group else [],
        group,
    )


def ask_first(photo_id: UUID, adjudicator: User) -> first_looks.Asked:
    """What this adjudicator is to look for themselves, before `look_into`. Raises a `Refusal`.

    It tells on which numbers others differ, so from then on they are not given the photo to read.
    """
    photo = Photo.objects.select_related("contest", "station", "page_tag").filter(pk=photo_id).first()
    if photo is None:
        raise rulings.NoSuchPhoto
    task = rulings.may_rule_on(photo, adjudicator)
    rulings.remember_who_looked(task, adjudicator)
    return first_looks.asked_of(photo, task.why)


def letter(number: int) -> str:
    """A, B, …, Z, AA: what a person is called within one case."""
    return (letter(number // 26 - 1) if number >= 26 else "") + chr(ord("A") + number % 26)


def letters_of(said: Iterable[Ruling]) -> dict[int, str]:
    """What each adjudicator of a case is called, by account, in the order in which they spoke first."""
    spoke = dict.fromkeys(ruling.adjudicator_id for ruling in said)
    return {account: letter(number) for number, account in enumerate(spoke)}


def in_list(task: Task) -> dict[str, Any]:
    return {
        "photo": str(task.pk),
        "since": task.case_since,
        "why": task.why,
        "station": task.photo.station.code,
        "contest": task.photo.contest.code,
    }


def asked_as_json(asked: first_looks.Asked) -> dict[str, Any]:
    """What somebody is to look for themselves, for programs."""
    return {
        "photo": {
            "id": str(asked.photo.pk),
            "width": asked.photo.width,
            "height": asked.photo.height,
            "pictures": {str(side): url for side, url in showing.pictures_of(asked.photo).items()},
        },
        "page": asked.page.number if asked.page and asked.fields else None,
        "fields": [showing.field_as_json(field) for field in asked.fields],
        "villages": [{"code": code, "name": name} for code, name in asked.villages],
    }


def as_json(case: Case) -> dict[str, Any]:
    names = letters_of(case.rulings)
    return {
        "photo": {
            "id": str(case.photo.pk),
            "width": case.photo.width,
            "height": case.photo.height,
            "pictures": {str(side): url for side, url in showing.pictures_of(case.photo).items()},
        },
        "contest": {"code": case.photo.contest.code, "name": case.photo.contest.name},
        "station": {"code": case.photo.station.code, "place": showing.place_of(case.photo.station)},
        "why": case.task.why,
        "marks": case.marks,
        "version": case.decision.version if case.decision else 0,
        "form": showing.form_as_json(case.form),
        "entries": [
            {
                "reader": letter(number),
                "source": entry.source,
                "page": entry.page,
                "numbers": entry.numbers,
                "problem": entry.problem,
                "tps": entry.tps,
                "counts": entry.round > case.since,
            }
            for number, entry in enumerate(case.entries)
        ],
        "rulings": [
            {
                "adjudicator": names[ruling.adjudicator_id],
                "verdict": ruling.verdict,
                "reason": ruling.reason,
                "note": ruling.note,
                "page": ruling.page,
                "numbers": ruling.numbers,
                "station": ruling.station.code if ruling.station else None,
            }
            for ruling in case.rulings
        ],
    }
