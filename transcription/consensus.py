"""Deciding: loads what there is about a photo, asks `agreement`, stores the next version of the decision.

The rule itself is in `transcription/agreement.py` and knows nothing of tables.
"""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any
from uuid import UUID, uuid4

from django.core.serializers.json import DjangoJSONEncoder
from django.db import connection

from accounts.independence import invited_pairs_sql
from ledger import sealing
from tps import rules
from tps.form_definitions import FormDefinition, for_contest
from tps.models import PollingStation
from transcription import agreement, probation, queue
from transcription.agreement import Accepted, Evidence, Outcome, Rejected
from transcription.entries import said_in
from transcription.models import Decision, Entry, Task
from uploads.models import Photo

How, Result = Decision.How, Decision.Outcome
# Two decisions of one pair at the same instant may want the same of its three places; the second asks anew.
ATTEMPTS = 5


class PairsAreBusy(RuntimeError):
    """The places of a pair kept being taken by others; the sweeper rings again."""


@dataclass(frozen=True)
class Known:
    """What is stored about one photo. `openings` are the readings, and rulings, as the ledger will open them."""

    evidence: Evidence
    openings: list[dict[str, Any]]
    ruling_openings: dict[UUID, dict[str, Any]]
    version: int  # of the newest decision; 0: none yet
    decided: dict[str, Any] | None  # that decision: what it says, and by which version of the rule
    returned: int
    asked: tuple[int, str]  # what its task says: so many entries are wanted, or why it lies before an adjudicator


@dataclass(frozen=True)
class Preview:
    """What the rule makes of a photo now, beside what is stored of it."""

    known: Known
    said: Outcome
    decision: Decision | None  # the one to be stored; None: what stands stands, or still nothing does
    asks: tuple[int, str]

    @property
    def changes(self) -> bool:
        return self.decision is not None or self.asks != self.known.asked


def decide_photos(photos: Sequence[Photo]) -> list[Decision]:
    """Store a decision wherever the entries and rulings carry one that differs from the present one.

    Elsewhere ask for another entry or for an adjudicator. Returns the new decisions. The caller holds the photos' rows
    and is in a transaction. Running it again changes nothing. Two statements, for however many photos, as long as all
    pairs get their places; one more for each that is opened again, and one for each of which an adjudicator said that
    it is of another TPS.

    Whoever has shown enough by these decisions is on probation no longer.
    """
    decisions: list[Decision] = []
    left = list(photos)
    for _attempt in range(ATTEMPTS):
        found = previews(left)
        stored = _store([(photo, found[photo.pk]) for photo in left])
        for photo in left:
            decision = found[photo.pk].decision
            if decision and photo.pk in stored:
                decisions.append(decision)
        left = [photo for photo in left if photo.pk not in stored]
        if not left:
            for decision in decisions:
                if decision.outcome == Result.REOPENED:
                    queue.open_again(decision.photo, anywhere=decision.how == How.ADJUDICATED)
            return decisions
    raise PairsAreBusy


def preview(photo: Photo, otherwise: frozenset[int] = frozenset()) -> Preview:
    """What `decide_photos` would store now; changes nothing. One query, one more for a photo that was moved.

    `otherwise` are accounts of which it is to be told as if they were recalled, or were not, if they are.
    """
    return previews([photo], otherwise)[photo.pk]


def previews(photos: Sequence[Photo], otherwise: frozenset[int] = frozenset()) -> dict[UUID, Preview]:
    """The same for many photos, by their key; one query for all of them."""
    found = {}
    for photo, known in load_all(photos, otherwise):
        said = agreement.outcome(known.evidence, broken_rules_of(photo))
        found[photo.pk] = Preview(known, said, _next_decision(photo, known, said), _asks(known, said))
    return found


def outcome_of(photo: Photo, otherwise: frozenset[int] = frozenset()) -> Outcome:
    """What the stored entries and rulings say now; changes nothing. The audit compares it with what is stored."""
    return agreement.outcome(load(photo, otherwise).evidence, broken_rules_of(photo))


def broken_rules_of(photo: Photo) -> agreement.BrokenRules:
    """Names the rules that numbers on a page of this photo's form break, as far as the page alone can tell."""
    return broken_rules_on(for_contest(photo.contest))


def broken_rules_on(form: FormDefinition) -> agreement.BrokenRules:
    """The same for any photo of this form."""
    return partial(_broken_rules, form)


def _broken_rules(form: FormDefinition, page: int, numbers: agreement.Numbers) -> tuple[str, ...]:
    verdicts = rules.check(form, numbers, keys=form.page(page).keys)
    return tuple(dict.fromkeys(verdict.rule for verdict in rules.broken(verdicts)))


# --- Loading ----------------------------------------------------------------------------------


def load(photo: Photo, otherwise: frozenset[int] = frozenset()) -> Known:
    """Everything the rule looks at; of accounts in `otherwise` as if their recall were turned round. One query."""
    ((_photo, known),) = load_all([photo], otherwise)
    return known


def load_all(photos: Sequence[Photo], otherwise: frozenset[int] = frozenset()) -> list[tuple[Photo, Known]]:
    """The same for many photos; one query."""
    asked = [
        {
            "photo": photo.pk,
            "sender": photo.uploader_id,
            "station": photo.station_id,
            "election": photo.contest.election_id,
        }
        for photo in photos
    ]
    values: dict[str, Any] = {"asked": _json(asked), "places": agreement.TPS_OF_A_PAIR}
    with connection.cursor() as cursor:
        cursor.execute(_LOAD, values)
        rows = {row[0]: row[1:] for row in cursor.fetchall()}
    return [(photo, _known(photo, otherwise, *rows[photo.pk])) for photo in photos]


def _known(
    photo: Photo,
    otherwise: frozenset[int],
    entries: list[dict[str, Any]],
    rulings: list[dict[str, Any]],
    tied: list[tuple[int, int, bool, int]],
    decided: dict[str, Any] | None,
    recalled: list[int],
    task: tuple[int, int, str, bool] | None,
    repeats: list[dict[str, Any]],
) -> Known:
    returned, wants, why, in_doubt = task or (0, 0, "", False)
    # Whoever sent it may take an invitation later: that ties them to nobody in what was read or ruled before.
    spoke: dict[int, int] = {}
    read = ((row["account"], row["at"]) for row in entries if row["source"] == Entry.Source.VOLUNTEER)
    for account, at in (*read, *((row["adjudicator"], row["at"]) for row in rulings)):
        spoke[account] = max(at, spoke.get(account, 0))
    lines = {
        (low, high)
        for low, high, is_line, since in tied
        if is_line and since <= max(spoke.get(low, 0), spoke.get(high, 0))
    }
    evidence = Evidence(
        entries=tuple(_entry(row) for row in entries),
        rulings=tuple(_ruling(row) for row in rulings),
        sender=photo.uploader_id,
        sender_device=photo.device_id,
        tied=frozenset(lines | {(low, high) for low, high, is_line, _since in tied if not is_line}),
        lines=frozenset(lines),
        sender_block=photo.address_block,
        repeats=tuple(_sender(row) for row in repeats),
        tps=photo.station.code,
        barred=frozenset(recalled) ^ otherwise,
        in_doubt=in_doubt,
    )
    openings = [
        sealing.opening(
            UUID(row["id"]),
            bytes.fromhex(row["salt"]),
            sealing.what_was_read(page=row["page"], numbers=row["numbers"], problem=row["problem"], tps=row["tps"]),
        )
        for row in entries
    ]
    of_rulings = {
        UUID(row["id"]): sealing.opening(UUID(row["id"]), bytes.fromhex(row["salt"]), said)
        for row in sorted(rulings, key=lambda row: (row["at"], row["id"]))
        if (said := sealing.what_was_ruled(page=row["page"], numbers=row["numbers"], tps=row["tps"]))
    }
    return Known(evidence, openings, of_rulings, decided["version"] if decided else 0, decided, returned, (wants, why))


def _entry(row: dict[str, Any]) -> agreement.Entry:
    fields = {key: row[key] for key in _FIELDS}
    return agreement.Entry(id=UUID(row["id"]), device=UUID(row["device"]) if row["device"] else None, **fields)


_FIELDS = ("at", "source", "account", "page", "numbers", "problem", "tps", "address_block", "round", "on_probation")


def _ruling(row: dict[str, Any]) -> agreement.Ruling:
    device = UUID(row["device"]) if row["device"] else None
    fields = {key: value for key, value in row.items() if key != "salt"}
    return agreement.Ruling(**(fields | {"id": UUID(row["id"]), "device": device}))


def _sender(row: dict[str, Any]) -> agreement.Sender:
    return agreement.Sender(**(row | {"device": UUID(row["device"])}))


# A ruling that waits for a second one is that of somebody who may still rule, and might all the time since: a word does
# not come back with the role, or it would stand without anybody having decided so. One that made a decision stays.
# The account is asked of that one row: as an EXISTS it may be answered by reading all there are.
_SPEAKS = """(
    ((SELECT u.role = 'adjudicator' AND NOT u.paused FROM accounts_user u WHERE u.id = r.adjudicator_id)
     AND NOT EXISTS (SELECT FROM accounts_roleproposal p WHERE p.person_id = r.adjudicator_id
                        AND p."end" = 'confirmed' AND p.closed_at > r.created_at)
     AND NOT EXISTS (SELECT FROM transcription_barturn b WHERE b.account_id = r.adjudicator_id
                        AND b."on" AND b.turned_at > r.created_at))
    OR EXISTS (SELECT FROM transcription_decision d WHERE d.photo_id = r.photo_id AND r.id = ANY (d.because)))"""
_LOAD = f"""
    WITH asked AS MATERIALIZED (
        SELECT a.*, ARRAY(SELECT account_id FROM transcription_entry WHERE photo_id = a.photo AND account_id IS NOT NULL
                          UNION SELECT adjudicator_id FROM transcription_ruling WHERE photo_id = a.photo
                          UNION SELECT account_id FROM uploads_repeat
                                 WHERE photo_id = a.photo AND account_id IS NOT NULL
                          UNION SELECT a.sender WHERE a.sender IS NOT NULL)::bigint[] AS people
          FROM jsonb_to_recordset(%(asked)s) AS a (photo uuid, sender bigint, station bigint, election text)
    ), everybody AS MATERIALIZED (
        SELECT ARRAY(SELECT DISTINCT unnest(people) FROM asked)::bigint[] AS accounts
    ), invited (low, high) AS MATERIALIZED (
        {invited_pairs_sql("(SELECT accounts FROM everybody)::bigint[]")}
    )
    SELECT a.photo,
           (SELECT coalesce(json_agg(json_build_object(
                'id', id, 'at', (extract(epoch FROM created_at) * 1000000)::bigint, 'source', source,
                'account', account_id, 'device', device_id, 'address_block', address_block, 'round', round,
                'page', page, 'numbers', numbers, 'problem', problem, 'tps', tps, 'on_probation', on_probation,
                'salt', encode(salt, 'hex'))
                ORDER BY created_at, id), '[]') FROM transcription_entry WHERE photo_id = a.photo),
           (SELECT coalesce(json_agg(json_build_object(
                'id', id, 'at', (extract(epoch FROM created_at) * 1000000)::bigint, 'round', round,
                'adjudicator', adjudicator_id, 'verdict', verdict, 'reason', reason, 'page', page,
                'numbers', numbers, 'station', station_id, 'device', device_id, 'address_block', address_block,
                'salt', encode(salt, 'hex'),
                'tps', coalesce((SELECT code FROM tps_pollingstation WHERE id = station_id), ''))), '[]')
              FROM transcription_ruling r WHERE photo_id = a.photo AND {_SPEAKS}),
           (SELECT coalesce(json_agg(json_build_array(low, high, is_line, since)), '[]')
              FROM (SELECT low, high, true AS is_line, coalesce((
                           SELECT max((extract(epoch FROM accepted_at) * 1000000)::bigint)
                             FROM accounts_acceptance WHERE person_id IN (low, high)), 0) AS since
                      FROM invited WHERE low = ANY (a.people) AND high = ANY (a.people)
                    UNION
                    SELECT first_id, second_id, false, 0 FROM transcription_pairtally
                     WHERE election_id = a.election AND first_id = ANY (a.people) AND second_id = ANY (a.people)
                     GROUP BY first_id, second_id
                    HAVING count(*) >= %(places)s AND NOT bool_or(station_id = a.station)) AS tied),
           (SELECT json_build_object('version', version, 'outcome', outcome, 'page', page, 'numbers', numbers,
                                     'problem', problem, 'station', station_id, 'broken_rules', broken_rules,
                                     'rule_version', rule_version)
              FROM transcription_decision WHERE photo_id = a.photo ORDER BY version DESC LIMIT 1),
           (SELECT coalesce(json_agg(account_id), '[]') FROM (
                SELECT DISTINCT ON (account_id) account_id, "on" FROM transcription_recall
                 WHERE account_id = ANY (a.people) AND confirmed_at IS NOT NULL
                 ORDER BY account_id, id DESC) AS newest WHERE "on"),
           (SELECT json_build_array(returned, wants, why, in_doubt) FROM transcription_task WHERE photo_id = a.photo),
           (SELECT coalesce(json_agg(json_build_object(
                'at', (extract(epoch FROM sent_at) * 1000000)::bigint, 'account', account_id,
                'device', device_id, 'address_block', address_block)), '[]')
              FROM uploads_repeat WHERE photo_id = a.photo)
      FROM asked a
"""  # noqa: S608  # built from constants alone


def waits_for_nobody() -> list[UUID]:
    """Photos that wait for a second adjudicator since a word that ended with its adjudicator's role, or a pause."""
    with connection.cursor() as cursor:
        cursor.execute(_WHERE_A_WORD_ENDED)
        found = [row[0] for row in cursor.fetchall()]
    photos = Photo.objects.select_related("contest", "station").filter(pk__in=found, withdrawn_at__isnull=True)
    return [photo for photo, preview in previews(list(photos)).items() if preview.changes]


_WHERE_A_WORD_ENDED = f"""
    SELECT t.photo_id FROM transcription_task t
     WHERE t.needs_adjudicator AND t.why = 'second' AND EXISTS (
           SELECT FROM transcription_ruling r WHERE r.photo_id = t.photo_id AND NOT {_SPEAKS})
"""  # noqa: S608  # built from constants alone


def _json(rows: list[dict[str, Any]]) -> str:
    """Rows for `jsonb_to_recordset`."""
    return json.dumps(rows, cls=DjangoJSONEncoder)


# --- The next version -------------------------------------------------------------------------


def _next_decision(photo: Photo, known: Known, said: Outcome) -> Decision | None:
    """The decision to be stored, or None where the present one says it already."""
    newly_ruled = said.ruled > known.version
    decision = Decision(
        id=uuid4(),
        photo=photo,
        version=known.version + 1,
        rule_version=agreement.RULE_VERSION,
        contest=photo.contest,
        station=_station(photo, said),
    )
    _fill(decision, said)
    if newly_ruled:
        decision.because = list(dict.fromkeys([*decision.because, *said.ruled_because]))
    elif known.decided is None:
        if said.stands is None:
            return None
    elif said.stands is None:
        if known.decided["outcome"] == Result.REOPENED:
            return None
        decision.how = How.WITHDRAWN
        decision.because = [one.id for one in _taken_away(known.evidence)]
    elif _says(decision) == _says(known.decided):
        return None
    decision.opened = _openings(known, said, decision) if said.stands else []  # type: ignore[attr-defined]
    return decision


def _openings(known: Known, said: Outcome, decision: Decision) -> list[dict[str, Any]]:
    """All readings, the rulings that stand, and each adjudicator's newest: not every change of a word that waited,
    which nobody limits, as no entry would hold them.
    """
    newest = {one.adjudicator: one.id for one in sorted(known.evidence.rulings, key=lambda one: (one.at, one.id))}
    matter = {*said.ruled_because, *decision.because, *newest.values()}
    return known.openings + [opened for pk, opened in known.ruling_openings.items() if pk in matter]


def _taken_away(evidence: Evidence) -> Sequence[agreement.Entry | agreement.Ruling]:
    """What a withdrawn decision names: the readings, or of a photo that nobody read the rulings that count no more.

    Not the other adjudicator's, who may still say something else.
    """
    recalled = [one for one in evidence.rulings if one.adjudicator in evidence.barred]
    return evidence.entries or recalled or evidence.rulings


def _fill(decision: Decision, said: Outcome) -> None:
    stands = said.stands
    if isinstance(stands, Accepted):
        decision.outcome, decision.how = Result.ACCEPTED, How(stands.how)
        decision.page, decision.numbers = stands.page, dict(stands.numbers)
        decision.broken_rules = list(stands.broken_rules)
    elif isinstance(stands, Rejected):
        decision.outcome, decision.how, decision.problem = Result.REJECTED, How.ADJUDICATED, stands.problem
    else:
        decision.outcome, decision.how = Result.REOPENED, How.ADJUDICATED
    decision.because = list(stands.because) if stands else []


def _says(decision: Decision | dict[str, Any]) -> tuple[Any, ...]:
    if isinstance(decision, dict):
        return tuple(decision[key] for key in ("outcome", "page", "numbers", "problem", "station", "broken_rules"))
    same = decision.outcome, decision.page, decision.numbers, decision.problem
    return *same, decision.station_id, decision.broken_rules


def _asks(known: Known, said: Outcome) -> tuple[int, str]:
    """What the task is to say: how many more entries are wanted, or why an adjudicator is."""
    why = said.adjudicator
    if not why and said.wants and known.returned >= queue.RETURNED_TOO_OFTEN and said.ruled <= known.version:
        why = Task.Why.RETURNED
    if known.asked[1] == Task.Why.REPORTED and said.ruled <= known.version:
        why = Task.Why.REPORTED  # until an adjudicator's ruling stands, whoever else has spoken
    return said.wants, str(why)


def _station(photo: Photo, said: Outcome) -> PollingStation:
    if said.station is None or said.station == photo.station_id:
        return photo.station
    return PollingStation.objects.get(pk=said.station)


# --- Storing ----------------------------------------------------------------------------------


def _store(previews: Sequence[tuple[Photo, Preview]]) -> set[UUID]:
    """Store decisions with the places of the pairs that carry them, and what the tasks want next. One statement.

    Returns the photos of which that was done: not those where a pair got no place, since somebody else took it
    meanwhile, or another photo of these did. There all is to be looked at again.
    """
    asked, pairs = [], []
    for photo, found in previews:
        wants, why = found.asks
        seen = {"seen_why": found.known.asked[1], "seen_doubt": found.known.evidence.in_doubt}
        asked.append(
            {"photo": photo.pk, "wants": wants, "why": why, "decided": None} | seen | _row(photo, found.decision)
        )
        if found.decision and isinstance(found.said.stands, Accepted):
            pairs += [{"photo": photo.pk, "lower": low, "higher": high} for low, high in found.said.stands.pairs]
    values: dict[str, Any] = {
        "asked": _json(asked),
        "pairs": _json(pairs),
        "places": agreement.TPS_OF_A_PAIR,
        "confirmed": probation.CONFIRMED,
        "right": probation.RIGHT_TO_WRONG,
    }
    somebody_new = any(
        entry.on_probation for _photo, found in previews if found.decision for entry in found.known.evidence.entries
    )
    with connection.cursor() as cursor:
        cursor.execute(_STORE_AND_END_PROBATIONS if somebody_new else _STORE, values)
        stored = dict(cursor.fetchall())
    for photo, found in previews:
        if found.decision and photo.pk in stored:
            found.decision.decided_at = stored[photo.pk]
            found.decision._state.adding = False
    return stored.keys() | {photo.pk for photo, found in previews if found.decision is None}


def _row(photo: Photo, decision: Decision | None) -> dict[str, Any]:
    if decision is None:
        return {}
    return {
        "decided": decision.pk,
        "version": decision.version,
        "rule": decision.rule_version,
        "outcome": decision.outcome,
        "how": decision.how,
        "station": decision.station_id,
        "contest": decision.contest_id,
        "page": decision.page,
        "numbers": decision.numbers,
        "problem": decision.problem,
        "broken": decision.broken_rules,
        "because": decision.because,
        "claimed": photo.station_id,
        "election": photo.contest.election_id,
    }


# Tasks and places are locked in one order, so that two who store many at once do not wait for each other.
_STORING = """
    WITH asked AS MATERIALIZED (
        SELECT * FROM jsonb_to_recordset(%(asked)s) AS a (
            photo uuid, wants smallint, why text, seen_why text, seen_doubt bool, decided uuid,
            version smallint, rule smallint, outcome text, how text,
            station bigint, contest bigint, page smallint, numbers jsonb, problem text, broken varchar[],
            because uuid[], claimed bigint, election text)
    ), task AS MATERIALIZED (
        SELECT photo_id, why, in_doubt FROM transcription_task
         WHERE photo_id IN (SELECT photo FROM asked) ORDER BY photo_id FOR UPDATE
    ), asks AS (
        -- Who reports it or doubts it holds the task and not the photo: what they said since it was looked at stays.
        SELECT photo, decided,
               CASE WHEN asked.why = '' AND how IS DISTINCT FROM 'adjudicated' AND task.in_doubt AND NOT seen_doubt
                    THEN greatest(wants, 1) ELSE wants END AS wants,
               CASE WHEN task.why = 'reported' AND seen_why <> 'reported' THEN 'reported'
                    ELSE asked.why END AS why
          FROM task JOIN asked ON photo = photo_id
    ), pair AS MATERIALIZED (
        SELECT photo, lower, higher, claimed, election,
               (SELECT count(*) FROM transcription_pairtally t
                 WHERE t.first_id = lower AND t.second_id = higher AND t.election_id = election) AS many,
               EXISTS (SELECT FROM transcription_pairtally t
                        WHERE t.first_id = lower AND t.second_id = higher AND t.station_id = claimed) AS has_place
          FROM jsonb_to_recordset(%(pairs)s) AS p (photo uuid, lower bigint, higher bigint) JOIN asked USING (photo)
    ), wanted AS (
        SELECT lower, higher, claimed, election,
               many + row_number() OVER (PARTITION BY lower, higher, election ORDER BY claimed) AS place
          FROM (SELECT DISTINCT lower, higher, claimed, election, many FROM pair WHERE NOT has_place) AS each_once
    ), placed AS (
        INSERT INTO transcription_pairtally (first_id, second_id, station_id, election_id, place)
        SELECT lower, higher, claimed, election, place FROM wanted
         WHERE place <= %(places)s ORDER BY lower, higher, election, place
        ON CONFLICT DO NOTHING RETURNING first_id, second_id, station_id
    ), stored AS (
        INSERT INTO transcription_decision (id, photo_id, version, rule_version, outcome, how, station_id, contest_id,
                                            page, numbers, problem, broken_rules, because)
        SELECT decided, photo, version, rule, outcome, how, station, contest, page, numbers, problem, broken, because
          FROM asked
         WHERE decided IS NOT NULL AND NOT EXISTS (
               SELECT FROM pair WHERE pair.photo = asked.photo AND NOT has_place AND NOT EXISTS (
                   SELECT FROM placed
                    WHERE first_id = lower AND second_id = higher AND station_id = pair.claimed))
        RETURNING id, photo_id, decided_at
    ), moved AS (
        UPDATE transcription_task t
           SET wants = asks.wants, why = asks.why, needs_adjudicator = asks.why <> '', changed_at = now(),
               case_since = CASE WHEN asks.why <> '' THEN coalesce(t.case_since, now()) END,
               decision_id = coalesce(stored.id, t.decision_id),
               gold = CASE WHEN stored.id IS NULL THEN t.gold ELSE 0 END
          FROM asks LEFT JOIN stored ON photo_id = photo
         WHERE t.photo_id = asks.photo AND (asks.decided IS NULL OR stored.id IS NOT NULL)
    )
"""
_STORED = " SELECT photo_id, decided_at FROM stored"
_STORE = _STORING + _STORED
_STORE_AND_END_PROBATIONS = _STORING + probation.ENDING + _STORED


# --- What the ledger gets ---------------------------------------------------------------------


def entry_of(decision: Decision) -> dict[str, Any]:
    """The fields of the ledger entry `decision`. It opens the readings, unless the photo is to be read again."""
    fields: dict[str, Any] = {
        "id": str(decision.pk),
        "photo": str(decision.photo_id),
        "version": decision.version,
        "rule": decision.rule_version,
        "res": decision.outcome,
        "by": decision.how,
        "because": [str(one) for one in decision.because],
        "opens": _opened(decision),
        "tps": decision.station.code,
        "contest": decision.contest.code,
    }
    if decision.numbers is not None:
        fields |= {"page": decision.page, "val": decision.numbers}
    if decision.problem:
        fields["reason"] = decision.problem
    if decision.broken_rules:
        fields |= {"flag": decision.broken_rules, "verdicts": [v.as_dict() for v in broken_verdicts(decision)]}
    return fields


def broken_verdicts(decision: Decision) -> list[rules.Verdict]:
    """What the rule engine says against an accepted decision's page."""
    form = for_contest(decision.contest)
    keys = form.page(decision.page or 0).keys
    return rules.broken(rules.check(form, decision.numbers or {}, keys=keys))


def _opened(decision: Decision) -> list[dict[str, Any]]:
    opened: list[dict[str, Any]] | None = getattr(decision, "opened", None)
    if opened is None:
        entries = Entry.objects.filter(photo=decision.photo_id).order_by("created_at", "id")
        opened = (
            []
            if decision.outcome == Result.REOPENED
            else [sealing.opening(entry.pk, bytes(entry.salt), said_in(entry)) for entry in entries]
        )
    return opened
