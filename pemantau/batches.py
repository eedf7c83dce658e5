"""How a step gets its photos: one that is held, or as many as wait, in one transaction.

What a step does stands in `pemantau.pipeline`.
"""

import logging
import time
from collections.abc import Callable, Collection, Iterator, Sequence
from contextlib import contextmanager
from uuid import UUID

from django.db import connection, transaction
from django.db.models import QuerySet
from django.db.models.functions import Now

from uploads.models import Photo

log = logging.getLogger(__name__)

Step = Photo.Step
Work = Callable[[Sequence[Photo]], object]
Part = tuple[str, Callable[[], object]]  # of something larger, with its name
BATCH = 50  # photos that are decided, or recorded, in one transaction
RUSH_SECONDS = 10.0
# After a full batch most rings are for photos that it took along: until then this process asks for those alone first.
_rush = {"until": 0.0}


def waiting_at(step: Step) -> QuerySet[Photo]:
    return Photo.objects.filter(step=step, withdrawn_at__isnull=True)


def move(step: Step, *photos: Photo) -> None:
    if photos:
        Photo.objects.filter(pk__in=[photo.pk for photo in photos]).update(step=step, step_at=Now())


def move_on(step: Step, photos: Collection[UUID]) -> None:
    """The same of photos that are read or done, and in nobody's hands. The sweeper rings for them, and comes again."""
    found = Photo.objects.filter(pk__in=photos, step__in=(Step.READ, Step.DONE)).order_by("pk")
    with transaction.atomic():
        move(step, *found.select_for_update(skip_locked=True, no_key=True))


@contextmanager
def claimed(photo_id: UUID | str, *steps: Step) -> Iterator[Photo | None]:
    """Hold the photo while its step is worked on; None where the step is done already, in other hands, or withdrawn.

    Whoever holds it for a moment is waited for. Inspecting takes seconds and is left to whoever is at it.
    """
    with transaction.atomic():
        yield (
            Photo.objects.select_for_update(of=("self",), skip_locked=Step.INSPECT in steps, no_key=True)
            .select_related("contest", "station")
            .filter(pk=photo_id, step__in=steps, withdrawn_at__isnull=True)
            .first()
        )


def together(photo_id: str, step: Step, work: Work, ring: Callable[[UUID], None]) -> None:
    """Work on what waits for this step, oldest first: one transaction for many costs little more than for one.

    What is in other hands is passed by, but for the photo that was rung for: whoever sends an entry or a ruling holds
    it for a moment, also where it is refused and rings for nothing. If any of them fails, each is worked on alone, and
    takes none of the others with it. After a full batch `ring` is called for the one that waits longest.
    """
    taken: list[UUID] = []
    try:
        with transaction.atomic():
            waiting = waiting_at(step).select_for_update(of=("self",), skip_locked=True, no_key=True)
            photos = list(waiting.select_related("contest", "station").order_by("step_at")[:BATCH])
            taken = [photo.pk for photo in photos]
            if photos:
                work(photos)
            if len(photos) == BATCH:
                _rush["until"] = time.monotonic() + RUSH_SECONDS
                for next_one in waiting_at(step).order_by("step_at").values_list("pk", flat=True)[:1]:
                    ring(next_one)
    except Exception:
        if len(taken) < 2 or not connection.is_usable():
            raise
        log.exception("%s: %s photos together failed, trying each alone", step, len(taken))
        _one_by_one(taken, step, work)
    if len(taken) < BATCH and UUID(str(photo_id)) not in taken and waiting_at(step).filter(pk=photo_id).exists():
        _one_by_one([photo_id], step, work)


def was_taken_along(photo_id: str, step: Step) -> bool:
    """Whether, in a rush, another ring did this photo too; whatever else waits has been rung for."""
    return time.monotonic() < _rush["until"] and not Photo.objects.filter(pk=photo_id, step=step).exists()


def _one_by_one(photo_ids: Sequence[UUID | str], step: Step, work: Work) -> None:
    failed: Exception | None = None
    for photo_id in photo_ids:
        try:
            with claimed(photo_id, step) as photo:
                if photo:
                    work([photo])
        except Exception as error:
            log.exception("%s: photo %s failed", step, photo_id)
            failed = error
    if failed:
        raise failed


def each_by_itself(parts: Sequence[Part]) -> None:
    """Do all of them, also after one that fails. Raises what the last one to fail raised."""
    failed: Exception | None = None
    for name, part in parts:
        try:
            part()
        except Exception as error:
            log.exception("%s: failed", name)
            failed = error
    if failed:
        raise failed
