"""A photo's way, from the phone to the public number.

    receive, or finish → inspect → queue → (people read) → decide → record → (folder: sequence, fold, publish)

Each step claims its photo, calls one plain function of one app, appends what happened to the ledger,
and rings for the next step, all in one transaction. Redis is only the doorbell: a step may run twice,
late or not at all, and the state ends the same, because a photo that has not moved for two minutes is
rung for again by `sweep`. How a step gets its photos stands in `batches`. The way ends in
`aggregation/management/commands/folder.py`.
"""

from collections.abc import Iterable, Sequence
from contextlib import suppress
from dataclasses import replace
from datetime import timedelta
from uuid import UUID

from celery import Task, shared_task
from django.core.cache import cache
from django.db import transaction
from django.db.models.functions import Now
from kombu.exceptions import OperationalError

from accounts import announcements, doorkeeper, independence
from accounts.models import Device, User
from accounts.refusals import Refusal
from aggregation import exclusions, questions, recall_preview, results, tallies, votes
from aggregation.models import ExclusionTurn, Result, VoteWord
from ledger import entries as ledger
from pemantau import batches
from tps.models import Election
from transcription import (
    bars,
    consensus,
    doubts,
    gold,
    queue,
    recalls,
    reports,
    rulings,
    samples,
    senders,
    weedings,
    withdrawals,
)
from transcription import entries as readings
from transcription.models import (
    Decision,
    Entry,
    GoldReading,
    Recall,
    Report,
    ReportGroup,
    Ruling,
    Weeding,
    WeedingPhoto,
)
from uploads import fair_use, inspection, intake, reuse, storage, switches, tickets
from uploads.models import Photo

Step = Photo.Step


# --- The doors: what a person did -----------------------------------------------------------


@switches.closed_while_read_only
def receive(sending: intake.Sending) -> tuple[Photo, bool]:
    """A citizen sends a photo: its row, and whether it is new.

    When this returns, bytes and row are durable and a receipt may be shown.
    """
    original = intake.seal(sending)
    with transaction.atomic():
        return _record_sent(sending, original)


def finish(ticket_id: UUID, uploader: User | None, address: str, address_block: str) -> tuple[Photo, bool]:
    """The bytes of a ticket have arrived: as `receive`. The same again gives the same photo.

    The ticket was counted when it was taken; where nothing new comes of it, it counts no more.
    """
    with tickets.held(ticket_id, with_claim=True) as ticket:
        if ticket.photo:
            return ticket.photo, False
        switches.refuse_if_read_only()
        with tickets.sending(ticket, uploader, address_block) as sending:
            turn = fair_use.turn_of(ticket.device, address)
            try:
                photo, is_new = _record_sent(sending, intake.seal(sending))
            except Refusal as refusal:
                if refusal.code in tickets.FINAL and not isinstance(refusal, inspection.COSTLY):
                    turn.give_back()
                raise
            if not is_new:
                turn.give_back()
        tickets.close(ticket, photo)
        intake.reached("ticket closed")
    intake.reached("committed")
    with suppress(storage.StorageUnavailable):  # the receipt stands; the reaper removes what is left
        storage.drop(ticket.pk)
    return photo, is_new


def _record_sent(sending: intake.Sending, original: intake.Original) -> tuple[Photo, bool]:
    photo, is_new = intake.record(sending, original)
    if is_new:
        ledger.append(photo.contest.election_id, "photo", **intake.entry_of(photo))
        _ring(inspect, photo.pk)
    elif withdrawals.is_anothers(photo, sending) and (restored := withdrawals.restore(photo.pk)):
        photo = restored
        ledger.append(photo.contest.election_id, "restore", **withdrawals.entry_of_return(photo))
        _record_if_counted(photo)
        _ring(_TASKS[photo.step], photo.pk)
    return photo, is_new


@switches.closed_while_read_only
def withdraw(photo: Photo) -> Photo:
    """Whoever holds its receipt takes a photo back, as long as it is not decided. Again changes nothing."""
    with transaction.atomic():
        photo, is_new = withdrawals.withdraw(photo.pk)
        if is_new:
            ledger.append(photo.contest.election_id, "withdraw", **withdrawals.entry_of(photo))
            _record_if_counted(photo)
    return photo


@switches.closed_while_read_only
def send_entry(sent: readings.Sent) -> Entry | GoldReading:
    """A volunteer sends what they read under their lease. The same again gives the same entry.

    Where the answer is known, the photo does not move, and whoever is rung for finds nothing to do: the sender waits
    as long as for any other.
    """
    with transaction.atomic():
        entry, is_new = readings.submit(sent)  # which also moves the photo to DECIDE
        if is_new:
            ledger.append(entry.photo.contest.election_id, "reading", **readings.entry_of(entry))
            _ring(decide, entry.photo_id)
    return entry


@switches.closed_while_read_only
def send_senders_numbers(typed: senders.Typed) -> Entry:
    """The sender of a photo types numbers too: one entry, which never decides. The same again gives the same."""
    with transaction.atomic():
        entry, is_new = senders.submit(typed)
        if is_new:
            ledger.append(entry.photo.contest.election_id, "reading", **readings.entry_of(entry))
    return entry


@switches.closed_while_read_only
def send_ruling(sent: rulings.Sent) -> Ruling:
    """An adjudicator says what stands. The same again gives the same ruling."""
    return _rule(sent)


def _rule(sent: rulings.Sent) -> Ruling:
    """The same for what was agreed before: a confirmed list of photos is ruled on whatever the switches say."""
    with transaction.atomic():
        ruling, is_new = rulings.submit(sent)
        if is_new:
            ledger.append(ruling.photo.contest.election_id, "ruling", **rulings.entry_of(ruling))
            batches.move(Step.DECIDE, ruling.photo)
            _ring(decide, ruling.photo_id)
    return ruling


@switches.closed_while_read_only
def send_report(said: reports.Said) -> Report:
    """Somebody reports what is wrong with a TPS or a photo. The same again gives the same report."""
    with transaction.atomic():
        report, is_new = reports.submit(said)
        if is_new:
            ledger.append(report.contest.election_id, "report", **reports.entry_of(report))
    return report


@switches.closed_while_read_only
def answer_reports(
    by: User,
    group_id: UUID,
    outcome: str,
    photos: Sequence[UUID],
    device_id: UUID | None,
    address_block: str,
    seen: int | None = None,
) -> ReportGroup:
    """An adjudicator answers all reports of a TPS: these photos are read again, or reviewed, or nothing is wrong.

    All of it or nothing: who may not rule on one of the photos answers nothing.
    """
    with transaction.atomic():
        place = reports.From(device_id, address_block)
        group, is_new = reports.answer(by, group_id, outcome, photos, place, seen)
        if is_new:
            if outcome == reports.Outcome.EXCLUDED and not exclusions.is_excluded(group.station_id):
                raise exclusions.NotExcluded
            for photo in sorted(set(photos)):
                if outcome == reports.Outcome.REREAD:
                    asked = rulings.Sent(photo, by, rulings.Verdict.REOPEN, "look_again", asked_for=True)
                    send_ruling(replace(asked, device_id=device_id, address_block=address_block))
                elif outcome == reports.Outcome.CASE:
                    reports.open_case(photo)
            ledger.append(group.station.election_id, "answer", **reports.entry_of_answer(group))
    return group


@switches.closed_while_read_only
def propose_recall(by: User, account: int, device: UUID | None = None) -> Recall:
    """An operator asks what would change if a paused person's readings counted no more, or again."""
    with transaction.atomic():
        recall = recalls.propose(by, account, device)
        _ring(go_on_with_recall, recall.pk)
    return recall


@switches.closed_while_read_only
def confirm_recall(by: User, recall_id: int, election: str, device: UUID | None = None) -> Recall:
    """Another operator agrees: the photos are decided again, one after the other.

    Where something came to a photo since it was looked at, that is looked at first.
    """
    try:
        recall = recalls.confirm(by, recall_id, election, device)
    except recalls.NotYetCounted:
        _knock(go_on_with_recall, recall_id)
        raise
    _ring(go_on_with_recall, recall.pk)
    return recall


@switches.closed_while_read_only
def exclude(said: exclusions.Said) -> ExclusionTurn | None:
    """Somebody says that the count of a TPS does not count, or counts again; the second one to say so makes it true."""
    with transaction.atomic():
        turn = exclusions.say(said)
        if turn:
            ledger.append(said.contest.election_id, "exclude", **exclusions.entry_of(turn))
            tallies.add_deltas(results.recompute({(said.contest.pk, said.station.pk)}))
            recalls.look_again_at(said.contest, said.station)
    return turn


@switches.closed_while_read_only
def say_vote(said: votes.Said) -> VoteWord:
    """An adjudicator says of which vote a photo is. The same again gives the same word."""
    with transaction.atomic():
        word, is_new = votes.say(said)
        if is_new:
            ledger.append(word.photo.contest.election_id, "vote", **votes.entry_of(word))
            if word.after_id:
                _record_results([word.photo])
                recalls.look_again_at(word.photo.contest, word.photo.station)
    return word


@switches.closed_while_read_only
def confirm_weeding(by: User, weeding_id: int, device: Device | None, address_block: str) -> Weeding:
    """A second adjudicator agrees about what one sender sent: both rule on its photos, one after the other."""
    with transaction.atomic():
        weeding = weedings.confirm(by, weeding_id, device, address_block)
        _ring(go_on_with_weeding, weeding.pk)
    return weeding


# --- The steps ------------------------------------------------------------------------------


@shared_task
def inspect(photo_id: str) -> None:
    """Make the public copies."""
    with batches.claimed(photo_id, Step.INSPECT) as photo:
        if photo:
            copies = inspection.make_public_copies(photo)
            ledger.append(photo.contest.election_id, "copies", **inspection.entry_of(photo, copies))
            batches.move(Step.QUEUE, photo)
            _ring(open_to_readers, photo.pk)


@shared_task
def open_to_readers(photo_id: str) -> None:
    """Put the photo into the queue, and count its TPS as received."""
    with batches.claimed(photo_id, Step.QUEUE) as photo:
        if photo:
            reuse.find_alike(photo)
            queue.open_photo(photo)
            _record_results([photo])
            batches.move(Step.READ, photo)


@shared_task
def decide(photo_id: str) -> None:
    """See whether the entries agree; if not, ask for another or for an adjudicator."""
    if not batches.was_taken_along(photo_id, Step.DECIDE):
        batches.together(photo_id, Step.DECIDE, _decide, lambda other: _ring(decide, other))


def decide_again(photo_id: UUID) -> Decision | None:
    """The same by another version of the rule, wherever the photo is since it was read. Again changes nothing."""
    with batches.claimed(photo_id, Step.READ, Step.DECIDE, Step.RECORD, Step.DONE) as photo:
        return next(iter(_decide([photo])), None) if photo else None


RECALLED_AT_ONCE = 200


@shared_task
def go_on_with_recall(recall_id: str) -> None:
    """Look at what a recall would change, or once it is confirmed decide again, some photos at a time.

    Each photo is a transaction of its own: a crash loses one, and twice is once. The sweeper rings again.
    """
    recall = Recall.objects.filter(pk=recall_id, ended_at=None).first()
    if recall is None:
        return
    for _turn in range(RECALLED_AT_ONCE):
        if not _one_of_recall(recall):
            return
    _ring(go_on_with_recall, recall.pk)


def _one_of_recall(recall: Recall) -> bool:
    if recall.confirmed_at is None:
        with recalls.held(recalls.not_looked_at(recall)) as row:
            if row:
                recall_preview.look_at(row, recall)
            return row is not None
    # The photo is held before the row, as everywhere; what somebody else decides again meanwhile is decided twice.
    row = recalls.not_decided_again(recall).first()
    if row is None:
        recalls.end_if_done(recall)
        return False
    with transaction.atomic():
        decide_again(row.photo_id)
        recalls.note_decided_again(row)
    return True


WEEDED_AT_ONCE = 100


@shared_task
def go_on_with_weeding(weeding_id: str) -> None:
    """Rule on a confirmed weeding's photos, some at a time. Each is a transaction of its own, as with a recall."""
    found = weedings.at_work().select_related("proposed_by", "confirmed_by").filter(pk=weeding_id).first()
    if found is None:
        return
    for _turn in range(WEEDED_AT_ONCE):
        row = weedings.due(found).first()
        if row is None:
            weedings.end_if_done(found)
            return
        row.weeding = found
        _weed(row)
    _ring(go_on_with_weeding, found.pk)


def _weed(row: WeedingPhoto) -> None:
    with transaction.atomic():
        photos = Photo.objects.select_for_update(of=("self",), no_key=True).select_related("contest", "station")
        photo = photos.get(pk=row.photo_id)
        if not weedings.due(row.weeding).filter(pk=row.pk).exists():
            return  # whoever held the photo has just done it
        given: list[Ruling] = []
        left_out = weedings.reason_to_leave_out(row, photo)
        if not left_out:
            try:
                given = _rule_together(row.weeding, photo)
            except Refusal as refusal:
                left_out = weedings.left_out_by(refusal)
        weedings.note(row, given, left_out)


def _rule_together(weeding: Weeding, photo: Photo) -> list[Ruling]:
    """Both adjudicators' rulings, or the first one's where it needs no other. All of it or nothing."""
    given: list[Ruling] = []
    with transaction.atomic():
        reports.open_case(photo.pk)
        for said in weedings.words_of(weeding, photo):
            if not weedings.carry(photo, given):
                given.append(_rule(said))
        if not weedings.carry(photo, given):
            raise weedings.NotIndependent
    return given


def _decide(photos: Sequence[Photo]) -> list[Decision]:
    decisions = consensus.decide_photos(photos)
    ledger.append_all([ledger.Entry(one.contest.election_id, "decision", consensus.entry_of(one)) for one in decisions])
    decided = {decision.photo_id for decision in decisions}
    if others := [photo.pk for photo in photos if photo.pk not in decided]:
        # An earlier decision too: a ruling that settles nothing yet may come before that one was recorded.
        decided |= set(Decision.objects.filter(photo__in=others).values_list("photo", flat=True))
    batches.move(Step.READ, *(photo for photo in photos if photo.pk not in decided))
    batches.move(Step.RECORD, *(photo for photo in photos if photo.pk in decided))
    for photo_id in list(decided)[:1]:
        _ring(record, photo_id)  # which takes the others along
    return decisions


@shared_task
def record(photo_id: str) -> None:
    """Put the decision into the results of the TPS it touches; after a rejected photo, serve the next of its page."""
    batches.together(photo_id, Step.RECORD, _record, lambda other: _ring(record, other))


def _record(photos: Sequence[Photo]) -> None:
    queue.serve_next_of_pages(photos)
    _record_results(photos)
    still_open = queue.open_among(photos)
    batches.move(Step.READ, *(photo for photo in photos if photo.pk in still_open))
    batches.move(Step.DONE, *(photo for photo in photos if photo.pk not in still_open))


def _record_results(photos: Sequence[Photo]) -> None:
    changed = results.record_touched_by(photos)
    tallies.add_deltas(changed)
    if doubtful := results.in_doubt(result for result, _before in changed):
        doubts.ask(doubtful)


def _record_if_counted(photo: Photo) -> None:
    """After a photo was taken back, or came back: the result of its TPS, where there is one, tells so."""
    if Result.objects.filter(contest=photo.contest, station=photo.station).exists():
        _record_results([photo])


# --- The sweepers ---------------------------------------------------------------------------

STALLED_AFTER = timedelta(minutes=2)
_TASKS: dict[str, Task] = {Step.INSPECT: inspect, Step.QUEUE: open_to_readers, Step.DECIDE: decide, Step.RECORD: record}


@shared_task
def sweep(older_than: float = STALLED_AFTER.total_seconds(), limit: int = 1000) -> int:
    """Ring again for photos that stand still, take back expired leases, renew what is announced, and draw samples.

    Returns how many were rung for.

    Not oftener than every `older_than` seconds for one step of one photo: in a rush they wait for a worker,
    and more rings would only make the line longer. Who was rung for stands in Redis, and is lost with the rings.
    """
    rung: list[UUID] = []
    current = Election.objects.filter(is_current=True).values_list("pk", flat=True).first()
    # What rings comes first, and nothing that fails keeps the others from being done.
    parts: list[batches.Part] = [
        ("decide where a word ended", lambda: batches.move_on(Step.DECIDE, consensus.waits_for_nobody())),
        ("ring for photos", lambda: _ring_for_stalled(older_than, limit, rung)),
        ("ring for recalls", lambda: _knock_for(go_on_with_recall, recalls.unfinished())),
        ("ring for weedings", lambda: _knock_for(go_on_with_weeding, weedings.at_work())),
        ("take back leases", queue.take_back_expired_leases),
        ("renew what is announced", announcements.renew),
    ]
    if current:
        parts.append(("pause readers", lambda: bars.pause_those_below(current)))
        parts.append(("draw samples", lambda: samples.draw_those_due(current)))
    batches.each_by_itself(parts)
    return len(rung)


def _ring_for_stalled(older_than: float, limit: int, rung: list[UUID]) -> None:
    stalled = Photo.objects.filter(
        step__in=_TASKS, step_at__lt=Now() - timedelta(seconds=older_than), withdrawn_at__isnull=True
    )
    for photo_id, step in stalled.order_by("step_at").values_list("pk", "step").iterator():
        if len(rung) == limit:
            break
        if cache.add(f"rung:{step}:{photo_id}", 1, timeout=int(older_than)):
            _TASKS[step].delay(str(photo_id))
            rung.append(photo_id)


@shared_task
def reap() -> int:
    """Remove tickets that ended and what was staged a day ago, and forget where people were a week ago."""
    independence.forget_old_sightings()
    tickets.forget_ended()
    return intake.reap_staging()


@shared_task(time_limit=900)  # the first time it looks at all results there are
def ask() -> int:
    """Bring the questions about results up to date (`aggregation.questions`). Returns how many changed."""
    return questions.keep_all()


@shared_task
def renew_gold() -> int:
    """Let other photos serve as tasks whose answer is known. Returns how many begin.

    An answer that two people contradicted alike goes before an adjudicator.
    """
    with transaction.atomic():
        for photo in gold.contested():
            reports.open_case(photo)
    return gold.renew()


# --- Ringing --------------------------------------------------------------------------------


def _ring(task: Task, key: UUID | int) -> None:
    # robust: with Redis down the commit stands, and the sweeper rings.
    transaction.on_commit(lambda: _knock(task, key), robust=True)


def _knock_for(task: Task, rows: Iterable[Recall] | Iterable[Weeding]) -> None:
    for row in rows:
        _knock(task, row.pk)


def _knock(task: Task, key: UUID | int) -> None:
    if doorkeeper.is_away():
        return
    try:
        task.delay(str(key))
    except OperationalError as error:
        doorkeeper.is_silent(error)
