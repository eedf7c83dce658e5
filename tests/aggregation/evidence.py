"""Photos and decisions laid straight into the tables, for tests of what is made of them.

How a decision comes about is tested in `tests/transcription`; here it is simply there, with its ledger entries
and the pipeline's own way of recording it.
"""

import hashlib
import itertools
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from typing import Any

from django.db import connection, transaction

from aggregation import folder
from pemantau import pipeline
from tests.world import World
from tps.form_definitions import for_contest
from tps.models import PollingStation
from transcription.models import Decision
from uploads.models import Photo

_clock = itertools.count()
START = datetime(2029, 2, 14, 6, tzinfo=UTC)

PAGE_1 = {
    **{"dpt_l": 120, "dpt_p": 130, "dpt_j": 250},
    **{"pengguna_dpt_l": 100, "pengguna_dpt_p": 110, "pengguna_dpt_j": 210},
    **{"pengguna_dptb_l": 1, "pengguna_dptb_p": 2, "pengguna_dptb_j": 3},
    **{"pengguna_dpk_l": 1, "pengguna_dpk_p": 1, "pengguna_dpk_j": 2},
    **{"pengguna_l": 102, "pengguna_p": 113, "pengguna_j": 215},
    **{"surat_diterima": 255, "surat_digunakan": 215, "surat_dikembalikan": 0, "surat_tidak_digunakan": 40},
    **{"disabilitas_l": 1, "disabilitas_p": 0, "disabilitas_j": 1},
}
PAGE_2 = {"paslon_1": 101, "paslon_2": 88, "paslon_3": 20}
PAGE_3 = {"suara_sah": 209, "suara_tidak_sah": 6, "suara_total": 215}

# Tables whose guards ask how a row came about.
EVIDENCE = ("uploads_photo", "transcription_entry", "transcription_ruling", "transcription_decision")


@contextmanager
def unguarded() -> Iterator[None]:
    """Evidence may be laid straight into its tables; in a test that is rolled back, until then."""
    _triggers("DISABLE")
    try:
        yield
    finally:
        if not connection.in_atomic_block:
            _triggers("ENABLE")


def _triggers(switch: str) -> None:
    with connection.cursor() as cursor:
        for table in EVIDENCE:
            cursor.execute(f"ALTER TABLE {table} {switch} TRIGGER USER")


def photo(world: World, station: PollingStation | None = None, page: int | None = None) -> Photo:
    """A photo that was sent and inspected and waits for readers."""
    key = uuid.uuid4()
    return Photo.objects.create(
        station=station or world.station,
        contest=world.contest,
        page=page,
        sha256=hashlib.sha256(key.bytes).hexdigest(),
        size=1000,
        media_type="image/jpeg",
        width=1200,
        height=1600,
        device=world.device(),
        receipt=key.hex[:20],
        step=Photo.Step.READ,
    )


def decide(photo: Photo, page: int | None = None, numbers: dict[str, Any] | None = None, **fields: Any) -> Decision:
    """The next version of a photo's decision: accepted as these numbers, unless said otherwise."""
    version = Decision.objects.filter(photo=photo).count() + 1
    return Decision.objects.create(
        **{
            "photo": photo,
            "version": version,
            "rule_version": 1,
            "outcome": Decision.Outcome.ACCEPTED,
            "how": Decision.How.TWO_READERS,
            "station": photo.station,
            "contest": photo.contest,
            "page": page,
            "numbers": numbers,
            "because": [],
            "decided_at": START + timedelta(seconds=next(_clock)),
        }
        | fields
    )


def reject(photo: Photo, problem: str = "blurred", **fields: Any) -> Decision:
    return decide(photo, outcome="rejected", problem=problem, **fields)


def record(photo: Photo) -> None:
    """The pipeline's recording, in its transaction."""
    with transaction.atomic():
        held = Photo.objects.select_for_update().select_related("contest", "station").get(pk=photo.pk)
        pipeline._record_results([held])


def read(world: World, station: PollingStation | None = None, page: int = 2, **numbers: Any) -> Photo:
    """A photo of a page with these numbers (the rest as usual), decided and recorded."""
    usual = {1: PAGE_1, 2: PAGE_2, 3: PAGE_3, 11: PAGE_1, 12: PAGE_2 | PAGE_3}[page]
    taken = photo(world, station, page)
    record(taken)
    decide(taken, page, usual | numbers)
    record(taken)
    return taken


def fold() -> int:
    """Everything the folder has to do now."""
    folder.prepare()
    done = 0
    while step := folder.step():
        done += step
    folder.confirm()
    return done


def all_keys(world: World) -> list[str]:
    return [field.key for field in for_contest(world.contest).fields]
