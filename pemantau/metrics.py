"""The numbers of `pemantau.operations` for Prometheus: `/metrik/`, in its text format 0.0.4.

For whoever has `METRICS_TOKEN`, as a bearer token (RFC 6750 section 2.1); without that setting there is no such page.
"""

import secrets
from collections.abc import Iterator, Mapping

from django.conf import settings
from django.http import Http404, HttpRequest, HttpResponse
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe
from prometheus_client import CollectorRegistry
from prometheus_client.core import GaugeMetricFamily, Metric
from prometheus_client.exposition import CONTENT_TYPE_PLAIN_0_0_4, generate_latest
from prometheus_client.registry import Collector

from accounts.permissions import Action, page
from pemantau import operations
from pemantau.operations import Operations
from tps import search
from transcription import surges
from uploads import alarm, switches
from uploads.models import Switch


@never_cache
@require_safe
@page(Action.SEE_PUBLIC)  # a program signs in nowhere; it shows its token
def metrics(request: HttpRequest) -> HttpResponse:
    if not settings.METRICS_TOKEN or not _has_token(request.headers.get("Authorization", "")):
        raise Http404
    registry = CollectorRegistry()
    registry.register(OfOperations(operations.of(search.election().pk)))
    return HttpResponse(generate_latest(registry), content_type=CONTENT_TYPE_PLAIN_0_0_4)


def _has_token(header: str) -> bool:
    scheme, _, token = header.partition(" ")
    return scheme.lower() == "bearer" and secrets.compare_digest(
        token.strip().encode(), settings.METRICS_TOKEN.encode()
    )


class OfOperations(Collector):
    """Every number as a gauge. What is not known is left out, as Prometheus wants it."""

    def __init__(self, shown: Operations) -> None:
        self.shown = shown

    def collect(self) -> Iterator[Metric]:
        shown, counts = self.shown, self.shown.counts
        yield _by("photos", "Photos by step", "step", counts.photos)
        yield _by("oldest_photo_seconds", "Age of the oldest photo waiting in a step", "step", shown.oldest)
        yield _by("queued_tasks", "Tasks waiting in Redis", "queue", shown.queues or {})
        yield _by("worker_seen_seconds", "Since a worker was heard of", "worker", shown.workers or {})
        yield _by("happened_in_last_hour", "Counts of the last hour", "what", shown.happened or {})
        yield _by("people", "Accounts by role", "role", counts.people)
        yield _by("switch_on", "1 where a switch is on", "switch", _switches())
        for name, text, value in self._single():
            if value is not None:
                yield GaugeMetricFamily(f"pemantau_{name}", text, value=value)

    def _single(self) -> Iterator[tuple[str, str, float | None]]:
        shown, counts, storage, rates = self.shown, self.shown.counts, self.shown.storage, self.shown.rates
        yield "stalled_photos", "Photos that have not moved for two minutes", counts.stalled
        yield "photos_to_read", "Photos somebody may take now", counts.to_read
        yield "photos_being_read", "Photos in somebody's hands", counts.being_read
        yield "photos_for_adjudicator", "Photos waiting for an adjudicator", counts.for_adjudicator
        yield "disputed_stations", "TPS in dispute", counts.disputed
        yield "open_reports", "TPS whose reports nobody answered", counts.reports
        yield "unsequenced_entries", "Ledger entries without a place", counts.unsequenced
        yield "unfolded_deltas", "Changes of results in no tally yet", counts.unfolded
        yield "beat_seen_seconds", "Since beat was heard of", shown.beat
        yield "folder_seen_seconds", "Since the folder was heard of", shown.folder
        yield "publication_age_seconds", "How far behind public numbers may be", shown.publication_age
        yield "audit_age_seconds", "Since the last audit ended", shown.audit_age
        yield "audit_differences", "Differences it found", shown.audit_differences
        yield "stored_objects", "Originals", storage.objects
        yield "stored_bytes", "Their bytes", storage.size
        yield "disk_free_bytes", "Free on their disk", storage.free
        yield "storage_answer_seconds", "How long the store takes to answer", storage.answers_after
        yield "photos_per_minute", "Photos received, mean of five minutes", rates.photos
        yield "entries_per_minute", "Readings, mean of five minutes", rates.entries
        yield "decisions_per_minute", "Decisions, mean of five minutes", rates.decisions
        yield "new_accounts_per_minute", "Accounts, mean of five minutes", rates.new_accounts
        yield "senders", "Devices that sent in five minutes", rates.senders
        yield "readers", "People who read in five minutes", rates.readers


def _switches() -> dict[str, int]:
    known = {switch.value: int(switches.is_on(switch)) for switch in Switch}
    return known | {"alarm": int(alarm.is_on()), "surge": int(surges.active().exists())}


def _by(name: str, text: str, label: str, values: Mapping[str, float]) -> GaugeMetricFamily:
    family = GaugeMetricFamily(f"pemantau_{name}", text, labels=[label])
    for key, value in values.items():
        family.add_metric([key], value)
    return family
