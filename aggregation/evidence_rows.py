"""The photos of a contest and what was read from them, as rows for the open data.

What is told of a photo is what its page tells: `station_document.photo_of` says it for both. Readings appear once a
photo is decided, and not while it is read again: nobody sees another's numbers first (`photo_document`). People are
the salted commitments of the log, and nothing else.
"""

from collections.abc import Iterator, Sequence
from typing import Any

from django.conf import settings

from accounts import commitments
from accounts.models import Device, User
from aggregation import exclusions, station_document
from aggregation.evidence import Evidence
from aggregation.export_database import in_chunks, parsed, streamed
from aggregation.export_shapes import Field, Row
from aggregation.models import ExclusionTurn, Result, Vote, VoteWord
from tps.form_shapes import FormDefinition
from tps.models import Contest
from transcription.entries import KOSONG, UNREADABLE
from transcription.models import Decision, Entry, Problem
from uploads.inspection import SIDES
from uploads.models import Photo

# Kept of people and devices while rows are made: some hundred bytes each.
_REMEMBERED = 100_000

# As `station_document.photo_of` says them.
PHOTO_STATES = ("inspected", "waiting", "accepted", "rejected", "moved", "withdrawn")

PHOTO_FIELDS = (
    Field("tps", "string", "The TPS where it belongs", required=True),
    Field("claimed_tps", "string", "The TPS for which it was sent", required=True),
    Field("photo", "string", "Its id; its page is /foto/<id>/", required=True),
    Field(
        "state",
        "string",
        "How far it is (docs/open-data.md)",
        PHOTO_STATES,
        True,
    ),
    Field("page", "integer", "Page of the form; empty where it is not known"),
    Field("received_at", "datetime", "When it came", required=True),
    Field("sha256", "string", "SHA-256 of the original's bytes, in hexadecimal digits", required=True),
    Field("media_type", "string", "Of the original", required=True),
    Field("size", "integer", "Of the original, in bytes", required=True),
    Field("decision", "integer", "Version of the decision that stands; empty where none does"),
    Field("outcome", "string", "What was decided", (Decision.Outcome.ACCEPTED.value, Decision.Outcome.REJECTED.value)),
    Field("how", "string", "How that was settled", tuple(Decision.How.values)),
    Field("decided_at", "datetime", "When"),
    Field("problem", "string", "What is wrong with the photo", tuple(Problem.values)),
    Field("broken_rules", "list", "Rules of the form that the numbers of this photo break, as written"),
    Field("counts", "boolean", "False: of a vote that does not count at its TPS", required=True),
    Field("vote", "string", "Of which vote it is, where the vote was repeated", tuple(Vote.values)),
    *(Field(f"picture_{side}", "string", f"Address of the public copy, {side} pixels on its longer side")
      for side in SIDES),
)  # fmt: skip

_PHOTOS = """
    WITH present AS MATERIALIZED (
        SELECT DISTINCT ON (d.photo_id) d.photo_id, d.version, d.outcome, d.how, d.station_id, d.contest_id, d.page,
               d.problem, d.broken_rules, d.decided_at
        FROM transcription_decision d JOIN uploads_photo p ON p.id = d.photo_id
        WHERE p.contest_id = %(contest)s ORDER BY d.photo_id, d.version DESC
    )
    SELECT p.id, p.station_id, p.page, p.sha256, p.size, p.media_type, p.received_at, p.step, p.withdrawn_at, c.code,
           d.version, d.outcome, d.how, d.station_id, d.contest_id, d.page, d.problem, d.broken_rules, d.decided_at,
           s.code
    FROM uploads_photo p
    JOIN tps_pollingstation c ON c.id = p.station_id
    LEFT JOIN present d ON d.photo_id = p.id
    JOIN tps_pollingstation s ON s.id = coalesce(d.station_id, p.station_id)
    WHERE p.contest_id = %(contest)s
    ORDER BY s.code, p.received_at, p.id
"""


def photo_rows(contest: Contest, form: FormDefinition) -> Iterator[Row]:
    """One row for each photo of a contest, by the TPS where it belongs, then as they came."""
    excluded = _excluded(contest)
    words = _words(contest)
    for (
        pk, station, page, digest, size, media_type, received_at, step, withdrawn_at, claimed,
        version, outcome, how, place, of_contest, read_page, problem, broken, decided_at, code,
    ) in streamed(_PHOTOS, {"contest": contest.pk}):  # fmt: skip
        photo = Photo(
            pk=pk, station_id=station, contest_id=contest.pk, page=page, sha256=digest, received_at=received_at,
            step=step, withdrawn_at=withdrawn_at,
        )  # fmt: skip
        present = version and Decision(
            photo_id=pk, version=version, outcome=outcome, how=how, station_id=place, contest_id=of_contest,
            page=read_page, problem=problem, broken_rules=broken, decided_at=decided_at,
        )  # fmt: skip
        where = place or station
        found = Evidence(photo, present or None, of_contest or contest.pk, where, words.get(pk))
        shown = station_document.photo_of(found, form)
        decision = shown["decision"] or {}
        turn = excluded.get(where)
        yield (
            code, claimed, str(pk), shown["state"], shown["page"], received_at, digest, media_type, size,
            decision.get("version"), decision.get("outcome"), decision.get("how"), decided_at if decision else None,
            decision.get("problem"), decision.get("broken_rules", []), exclusions.counts(turn, found),
            (exclusions.told(turn, found) or {}).get("vote"),
            *(_whole(shown["pictures"].get(str(side))) for side in SIDES),
        )  # fmt: skip


def _whole(address: str | None) -> str | None:
    """The address with its host."""
    return settings.SITE_ORIGIN + address if address and address.startswith("/") else address


def _excluded(contest: Contest) -> dict[int, ExclusionTurn]:
    """What stands of exclusions, by the station's key: a handful in an election."""
    found = Result.objects.filter(contest=contest, exclusion__isnull=False).select_related("exclusion")
    return {one.station_id: one.exclusion for one in found if one.exclusion}


def _words(contest: Contest) -> dict[Any, dict[str, str]]:
    """What two adjudicators say of the vote of a photo, by its key: the newest word that is after another one."""
    found = VoteWord.objects.filter(photo__contest=contest, after__isnull=False).order_by("number")
    return {word.photo_id: {"vote": word.vote, "reason": word.reason} for word in found}


# --- Readings -------------------------------------------------------------------------------

READING_FIELDS = (
    Field("tps", "string", "The TPS where the photo belongs", required=True),
    Field("photo", "string", "The photo that was read", required=True),
    Field("reading", "string", "Its id, as in the log", required=True),
    Field("who", "string", "The reader's commitment in the log, or what kind of reader it was", required=True),
    Field("source", "string", "Who that is to us", tuple(Entry.Source.values), True),
    Field("read_at", "datetime", "When it was sent", required=True),
    Field("page", "integer", "Page of the form, as read from the photo"),
    Field("problem", "string", "What the reader said is wrong with the photo", tuple(Problem.values)),
    Field(KOSONG, "list", "Fields whose boxes are empty on the paper"),
    Field(UNREADABLE, "list", "Fields that the reader could not read"),
)

_READINGS = """
    WITH present AS MATERIALIZED (
        SELECT DISTINCT ON (d.photo_id) d.photo_id, d.outcome, d.station_id
        FROM transcription_decision d JOIN uploads_photo p ON p.id = d.photo_id
        WHERE p.contest_id = %(contest)s ORDER BY d.photo_id, d.version DESC
    )
    SELECT s.code, e.photo_id, e.id, e.source, e.created_at, e.page, e.problem, e.numbers, e.account_id, e.device_id
    FROM present d
    JOIN transcription_entry e ON e.photo_id = d.photo_id
    JOIN tps_pollingstation s ON s.id = d.station_id
    WHERE d.outcome <> 'reopened'
    ORDER BY s.code, e.photo_id, e.created_at, e.id
"""


def reading_fields(form: FormDefinition) -> tuple[Field, ...]:
    """The columns of readings, the numbers of the form last."""
    numbers = [Field(field.key, "integer", f"{field.label} {field.column}".strip()) for field in form.fields]
    return (*READING_FIELDS, *numbers)


def reading_rows(contest: Contest, form: FormDefinition) -> Iterator[Row]:
    """One row for each reading that is public, by TPS, photo and time."""
    keys = [field.key for field in form.fields]
    people = _People()
    for chunk in in_chunks(_READINGS, {"contest": contest.pk}):
        people.meet([(row[8], row[9]) for row in chunk])
        for code, photo, pk, source, at, page, problem, numbers, account, device in chunk:
            read = parsed(numbers) or {}
            values = [read.get(key) for key in keys]
            yield (
                code, str(photo), str(pk), people.word(account, device, source), source, at, page, problem or None,
                [key for key, value in zip(keys, values, strict=True) if value == KOSONG],
                [key for key, value in zip(keys, values, strict=True) if value == UNREADABLE],
                *(value if isinstance(value, int) else None for value in values),
            )  # fmt: skip


class _People:
    """The commitments of accounts and devices, looked up for many at once."""

    def __init__(self) -> None:
        self._words: dict[tuple[type[User] | type[Device], Any], str] = {}

    def meet(self, found: Sequence[tuple[Any, Any]]) -> None:
        """Look up whom we have not met. At most two queries."""
        if len(self._words) > _REMEMBERED:
            self._words.clear()
        accounts = {account for account, _ in found if account is not None}
        devices = {device for account, device in found if account is None and device is not None}
        for model, wanted, only in ((User, accounts, ("salt", "pseudonym")), (Device, devices, ("salt",))):
            new = [key for key in wanted if (model, key) not in self._words]
            if new:
                for someone in model._default_manager.filter(pk__in=new).only("pk", *only):
                    self._words[model, someone.pk] = commitments.of(someone)

    def word(self, account: Any, device: Any, source: str) -> str:
        """As the log knows them."""
        if account is not None:
            return self._words[User, account]
        return source if device is None else self._words[Device, device]
