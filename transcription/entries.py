"""What transcribers send: one entry for one lease."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import UTC
from typing import Any
from uuid import UUID, uuid4

from django.conf import settings
from django.db import connection
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _
from psycopg2.extras import Json

from accounts import commitments, onboarding
from accounts.models import User
from accounts.permissions import NotAllowed, Paused
from accounts.refusals import Refusal
from ledger import sealing
from tps import rules
from tps.form_definitions import FormDefinition, Page, for_contest
from transcription.guards import refusing
from transcription.models import Entry, GoldReading, Lease, Problem
from transcription.queue import NoSuchLease, lease_of
from uploads.models import Photo
from uploads.receipts import Withdrawn

ON_PROBATION = "probation"  # in the ledger: its reader was new, so the rule lets it never decide alone
KOSONG = "kosong"
UNREADABLE = "tidak_terbaca"
OTHER_VILLAGE = "desa_lain"
WRITTEN = (UNREADABLE, OTHER_VILLAGE)  # what may be said of the TPS on the form, besides its code
Value = int | str


@dataclass(frozen=True)
class Reading:
    """The numbers read from one page, or what is wrong with the photo.

    `tps` is the TPS that is written on the form: its code, or one of `WRITTEN`; empty where nobody asked.
    """

    page: int | None
    numbers: dict[str, Value] | None
    problem: str = ""
    tps: str = ""


@dataclass(frozen=True)
class Sent:
    """A reading sent under a lease. `device_id` is what the browser's cookie says, if anything."""

    lease_id: UUID
    account: User
    device_id: UUID | None
    address_block: str
    reading: Reading
    asks_tps: bool = False  # whether they were asked which TPS is written on the form


class WrongReading(Refusal):
    """`fields` says for each field what is wrong with it."""

    status = 422
    code = "wrong_reading"
    sentence = _("Ada isian yang belum benar. Periksa lagi.")

    def __init__(self, fields: Mapping[str, list[str]] | None = None) -> None:
        super().__init__()
        self.fields = fields


class AlreadyRead(Refusal):
    """Another entry for this photo, or another reading under this lease, is there already."""

    status = 409
    code = "already_read"
    sentence = _("Anda sudah membaca foto ini. Bacaan pertama yang dihitung.")


class TakenOver(Refusal):
    """The lease ran out, and the photo needs no entry of this person any more."""

    status = 409
    code = "taken_over"
    sentence = _("Waktu Anda habis dan foto ini sudah dibaca orang lain. Bacaan Anda tidak disimpan.")


class GivenBack(Refusal):
    status = 409
    code = "given_back"
    sentence = _("Foto ini sudah Anda kembalikan.")


class OwnPhoto(Refusal):
    status = 403
    code = "own_photo"
    sentence = _("Foto ini dikirim dari akun atau perangkat Anda, jadi orang lain yang membacanya.")


class RuledOnIt(Refusal):
    status = 403
    code = "ruled_on_it"
    sentence = _("Anda sudah memutuskan foto ini, jadi orang lain yang membacanya.")


REFUSALS: dict[str, type[Refusal]] = {
    "one_entry_per_photo_and_transcriber": AlreadyRead,
    "one_gold_reading_per_photo_and_transcriber": AlreadyRead,
    "only_readers_read": NotAllowed,
    "nobody_reads_while_paused": Paused,
    "nobody_reads_what_they_sent": OwnPhoto,
    "nobody_reads_what_they_ruled_on": RuledOnIt,
    "everybody_reads_under_a_lease_of_their_own": NoSuchLease,
    "an_entry_holds_numbers_from_0_to_999": WrongReading,
}


# --- What may be sent -------------------------------------------------------------------------


def check(reading: Reading, form: FormDefinition) -> Reading:
    """The reading, if it is one: a whole page of the form, or a known problem. Raises `WrongReading`."""
    if reading.problem:
        if reading.page is not None:
            check_page(reading.page, form)
        if reading.problem not in Problem.values:
            raise WrongReading({"problem": [gettext("Masalah ini tidak kami kenal.")]})
        if reading.numbers is not None:
            raise WrongReading({"problem": [gettext("Kirim angka atau masalah, tidak keduanya.")]})
        return replace(reading, tps="")
    check_numbers(reading.numbers, check_page(reading.page, form).number, form)
    if reading.tps and reading.tps not in WRITTEN and not _CODE.fullmatch(reading.tps):
        raise WrongReading({"tps": [gettext("Tulis desa dan nomor TPS yang tertulis pada formulir.")]})
    return reading


def check_tps(reading: Reading) -> None:
    """Raise `WrongReading` unless it says which TPS is written on the form, or reports a problem."""
    if not reading.problem and not reading.tps:
        raise WrongReading({"tps": [gettext("Tulis desa dan nomor TPS yang tertulis pada formulir.")]})


def check_whole(reading: Reading, form: FormDefinition) -> Reading:
    """Both of these at once: whoever filled in nothing hears of all of it."""
    missing: Mapping[str, list[str]] = {}
    try:
        check_tps(reading)
    except WrongReading as wrong:
        missing = (wrong.fields or {}) if reading.page is not None else {}
    try:
        reading = check(reading, form)
    except WrongReading as wrong:
        raise WrongReading({**missing, **(wrong.fields or {})}) from None
    if missing:
        raise WrongReading(missing)
    return reading


def check_page(number: int | None, form: FormDefinition) -> Page:
    """The page of the form with this number. Raises `WrongReading`."""
    if number is None:
        raise WrongReading({"page": [gettext("Pilih dulu halaman yang terlihat pada foto.")]})
    if not form.has_page(number):
        raise WrongReading({"page": [gettext("Halaman ini tidak ada pada formulir.")]})
    return form.page(number)


def check_numbers(numbers: object, page: int, form: FormDefinition) -> None:
    """Raise `WrongReading` unless these are all numbers of this page, and nothing else."""
    if not isinstance(numbers, dict):
        raise WrongReading({"numbers": [gettext("Isi semua angka pada halaman ini.")]})
    check_values(numbers, form.page(page), whole=True)


def check_values(numbers: Mapping[str, object], page: Page, *, whole: bool = False) -> None:
    """Raise `WrongReading` unless these are numbers of this page; where it is to be the `whole` page, all of them."""
    wrong = {f"numbers.{key}": [gettext("Kolom ini tidak ada pada halaman ini.")] for key in numbers.keys() - page.keys}
    for field in page.fields:
        if field.key not in numbers:
            if whole:
                wrong[f"numbers.{field.key}"] = [gettext("Belum diisi.")]
        elif not is_value(numbers[field.key]):
            wrong[f"numbers.{field.key}"] = [gettext("Isi angka 0 sampai 999, kosong, atau tidak terbaca.")]
    if wrong:
        raise WrongReading(wrong)


def is_value(value: object) -> bool:
    """An int from 0 to 999, "kosong" or "tidak_terbaca". No bool, no float, no text of digits."""
    if isinstance(value, str):
        return value in (KOSONG, UNREADABLE)
    return isinstance(value, int) and not isinstance(value, bool) and 0 <= value <= 999


def slips(reading: Reading, form: FormDefinition) -> list[rules.Verdict]:
    """What the page's rules say against these numbers, to be shown before sending; nothing is corrected."""
    if reading.numbers is None or reading.page is None:
        return []
    return rules.broken(rules.check(form, reading.numbers, keys=form.page(reading.page).keys))


_CODE = re.compile(r"[0-9]{13}")
_DIGITS = re.compile(r"[0-9]{1,3}")  # ASCII only: full-width digits come from no keypad of ours


def typed(text: str) -> object:
    """The value of a text box: its number, or the text as it is where it is none (`check` then says so)."""
    text = text.strip()
    return int(text) if _DIGITS.fullmatch(text) else text


# --- Storing ----------------------------------------------------------------------------------


def submit(sent: Sent) -> tuple[Entry | GoldReading, bool]:
    """Store one entry, end its lease, and move its photo to be decided. Says whether the entry is new.

    The same lease sent twice with the same reading gives the same entry. A lease that ran out still counts
    while the photo wants an entry and nobody else has the place. Raises a `Refusal`; nothing is changed then.
    Two statements; call it in a transaction. Where the answer is known, the same, but the photo stays as it is, and
    a lease that ran out counts while the answer stands.

    How fast it came is noted with it (`Pace`), and said to nobody.
    """
    if sent.account.paused:
        raise Paused
    lease = lease_of(sent.lease_id, sent.account)
    photo = lease.task.photo
    reading = check(sent.reading, for_contest(photo.contest))
    if sent.asks_tps:
        check_tps(reading)
    table, statement = (Entry, _SUBMIT) if lease.gold_id is None else (GoldReading, _SUBMIT_GOLD)
    entry = table(
        id=uuid4(),
        photo=photo,
        account=sent.account,
        lease=lease,
        address_block=sent.address_block,
        page=reading.page,
        numbers=reading.numbers,
        problem=reading.problem,
        tps=reading.tps,
        salt=sealing.new_salt(),
    )
    with refusing(REFUSALS), connection.cursor() as cursor:
        cursor.execute(
            statement,
            {
                "photo": photo.pk,
                "lease": lease.pk,
                "account": sent.account.pk,
                "device": sent.device_id,
                "block": sent.address_block,
                "entry": entry.pk,
                "page": reading.page,
                "numbers": None if reading.numbers is None else Json(reading.numbers),
                "problem": reading.problem,
                "tps": reading.tps,
                "salt": bytes(entry.salt),
                "least": least_seconds(reading),
            },
        )
        end, entry.created_at, entry.device_id, entry.round, entry.on_probation = cursor.fetchone()
    if entry.created_at is not None:
        entry._state.adding = False
        return entry, True
    if end == Lease.End.SUBMITTED:
        return _sent_before(lease, photo, reading), False
    if Photo.objects.filter(pk=photo.pk, withdrawn_at__isnull=False).exists():
        raise Withdrawn
    raise GivenBack if end == Lease.End.RETURNED else TakenOver


def _sent_before(lease: Lease, photo: Photo, reading: Reading) -> Entry | GoldReading:
    entry = (Entry if lease.gold_id is None else GoldReading).objects.get(lease=lease)
    said = reading.page, reading.numbers, reading.problem, reading.tps
    if (entry.page, entry.numbers, entry.problem, entry.tps) != said:
        raise AlreadyRead
    entry.photo, entry.account = photo, lease.account
    return entry


def least_seconds(reading: Reading) -> float:
    """So long a person needs at least. Half of what the fastest key presses alone would take (docs/performance.md)."""
    a_number, at_least = settings.SECONDS_A_NUMBER, 5 * settings.SECONDS_A_NUMBER
    return max(at_least, a_number * len(reading.numbers)) if reading.numbers else at_least / 3


# Locks photo, task and lease in this order, and then does all or nothing. What `may` does not let through shows
# as an entry that is NULL, with the reason in `end`.
_SUBMITTED = """
    WITH photo AS MATERIALIZED (
        SELECT id FROM uploads_photo WHERE id = %(photo)s FOR NO KEY UPDATE
    ), task AS MATERIALIZED (
        SELECT t.photo_id, t.free, t.touched_by, t.decision_id
          FROM transcription_task t JOIN photo ON photo.id = t.photo_id FOR UPDATE OF t
    ), lease AS MATERIALIZED (
        SELECT l.id, l."end", l.gold_id, l.taken_at, l.device_id, l.address_block
          FROM transcription_lease l JOIN task ON task.photo_id = l.task_id
         WHERE l.id = %(lease)s AND l.account_id = %(account)s FOR UPDATE OF l
    ), may AS MATERIALIZED (
        SELECT lease.id, lease."end" = '' AS holds, lease.taken_at + make_interval(secs => %(least)s) AS done_at,
               make_interval(secs => %(least)s) AS least,
               statement_timestamp() AS sent_at
          FROM lease CROSS JOIN task
         WHERE lease."end" = ''
            OR (lease."end" = 'expired' AND {still} AND NOT %(account)s = ANY (task.touched_by))
    ), entry AS (
        INSERT INTO {table} (id, photo_id, round, source, account_id, lease_id, device_id, address_block,
                             page, numbers, problem, tps, salt, on_probation{more})
        SELECT %(entry)s, %(photo)s, 1, 'volunteer', %(account)s, may.id,
               (SELECT id FROM accounts_device WHERE id = %(device)s), %(block)s,
               %(page)s, %(numbers)s::jsonb, %(problem)s, %(tps)s, %(salt)s,
               coalesce((SELECT {on_probation} FROM accounts_user u WHERE u.id = %(account)s), true){more_values}
          FROM may
        RETURNING created_at, device_id, round, on_probation
    ), pace AS (
        -- Read after it was taken, and after what was sent before: no earlier than that is it done.
        INSERT INTO transcription_pace AS pace (account_id, busy_until, too_fast)
        SELECT %(account)s, least(may.done_at, may.sent_at), (may.done_at > may.sent_at)::int FROM may
        ON CONFLICT (account_id) DO UPDATE
           SET busy_until = (SELECT least(greatest(pace.busy_until + least, done_at), sent_at) FROM may),
               too_fast = (SELECT pace.too_fast + (greatest(pace.busy_until + least, done_at) > sent_at)::int
                             FROM may)
    ), ended AS (
        UPDATE transcription_lease l SET "end" = 'submitted' FROM may WHERE l.id = may.id
    ), placed AS (
        UPDATE transcription_task t
           SET {moves} changed_at = now(),
               touched_by = CASE WHEN may.holds THEN t.touched_by ELSE t.touched_by || %(account)s::bigint END,
               -- Also where it is sent from another place than it was taken at: both are an earlier reader's.
               touched_on = t.touched_on || ARRAY(
                   SELECT DISTINCT place FROM unnest(ARRAY[entry.device_id::text, %(block)s,
                                                           lease.device_id::text, lease.address_block]) AS place
                    WHERE place <> '' AND place <> ALL (t.touched_on))::varchar[]
          FROM may, lease, entry WHERE t.photo_id = %(photo)s
    ), moved AS (
        UPDATE uploads_photo p SET step = 'decide', step_at = now() FROM may WHERE p.id = %(photo)s AND {decides}
    )
    SELECT lease."end", entry.created_at, entry.device_id, entry.round, entry.on_probation
      FROM lease LEFT JOIN entry ON true
"""
_SUBMIT = _SUBMITTED.format(
    still="task.free > 0",
    table="transcription_entry",
    on_probation=onboarding.ON_PROBATION,
    more="",
    more_values="",
    moves="wants = greatest(t.wants - 1, 0), leased = t.leased - may.holds::int,",
    decides="true",
)
_ZERO = """CASE WHEN {0} = '"kosong"' THEN '0' ELSE {0} END"""
_SUBMIT_GOLD = _SUBMITTED.format(
    still="task.decision_id = lease.gold_id",
    table="transcription_goldreading",
    on_probation=onboarding.ON_PROBATION,
    more=", decision_id, is_right",
    more_values=f""",
               (SELECT gold_id FROM lease),
               (SELECT %(numbers)s::jsonb IS NOT NULL AND d.page = %(page)s AND NOT EXISTS (
                    SELECT FROM jsonb_each(d.numbers) field
                     WHERE {_ZERO.format("field.value")}
                           IS DISTINCT FROM {_ZERO.format("%(numbers)s::jsonb -> field.key")})
                  AND (%(tps)s IN ('', '{UNREADABLE}', s.code) OR NOT EXISTS (
                    SELECT FROM transcription_entry told WHERE told.id = ANY (d.because) AND told.tps = s.code))
                  FROM transcription_decision d JOIN lease ON d.id = lease.gold_id
                  JOIN tps_pollingstation s ON s.id = d.station_id)""",  # noqa: S608  # built from constants alone
    moves="",
    decides="false",
)


def entry_of(entry: Entry | GoldReading) -> dict[str, Any]:
    """The fields of the ledger entry `reading`: who and when; what was read stays sealed until the decision."""
    who = entry.account or entry.device
    if who is None:
        raise ValueError("an entry of nobody")
    return {
        "id": str(entry.pk),
        "photo": str(entry.photo_id),
        "who": commitments.of(who),
        "by": entry.source,
        "at": entry.created_at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ"),
        "sealed": sealing.seal(bytes(entry.salt), said_in(entry)),
        **({"flag": [ON_PROBATION]} if entry.on_probation else {}),
    }


def said_in(entry: Entry | GoldReading) -> dict[str, Any]:
    """What an entry says, as the ledger seals it and opens it."""
    return sealing.what_was_read(page=entry.page, numbers=entry.numbers, problem=entry.problem, tps=entry.tps)
