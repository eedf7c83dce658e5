"""Replaces results, tallies and documents by what follows from below them."""

import time
from typing import Any

from django.core.management.base import BaseCommand
from django.db import transaction

from aggregation import publication, results, tallies
from aggregation.audit import batches
from aggregation.models import Result
from tps.models import Contest


class Command(BaseCommand):
    help = "Recompute all tallies from the results, replace those that differ, and make all documents anew."

    def add_arguments(self, parser: Any) -> None:
        parser.add_argument("--election", help="code; all elections without it")
        parser.add_argument(
            "--results", action="store_true", help="first put together each result anew, as after a change of the DPT"
        )

    def handle(self, *args: Any, **options: Any) -> None:
        contests = Contest.objects.select_related("election").order_by("pk")
        if options["election"]:
            contests = contests.filter(election=options["election"])
        for contest in contests:
            began = time.monotonic()
            if options["results"]:
                self.stdout.write(f"{contest.election_id}/{contest.code}: {put_together(contest)} results changed")
            prepared, changed = tallies.prepare(contest), tallies.rebuild(contest)
            seconds = time.monotonic() - began
            self.stdout.write(
                f"{contest.election_id}/{contest.code}: {changed} tallies replaced,"
                f" {prepared} regions with other TPS, {seconds:.1f} s"
            )
        publication.forget()  # the folder writes them


def put_together(contest: Contest) -> int:
    """Each result anew from its decisions; what changed goes the usual way, by ledger entry and delta."""
    changed = 0
    stations = Result.objects.filter(contest=contest).order_by("pk").values_list("contest_id", "station_id")
    for batch in batches(iter(list(stations)), 200):
        with transaction.atomic():
            recomputed = results.recompute(set(batch))
            tallies.add_deltas(recomputed)
            changed += len(recomputed)
    return changed
