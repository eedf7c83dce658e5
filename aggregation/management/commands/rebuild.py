"""Replaces tallies by what the results below them add up to, and documents by new ones."""

import time
from typing import Any

from django.core.management.base import BaseCommand

from aggregation import publication, tallies
from tps.models import Contest


class Command(BaseCommand):
    help = "Recompute all tallies from the results, replace those that differ, and make all documents anew."

    def add_arguments(self, parser: Any) -> None:
        parser.add_argument("--election", help="code; all elections without it")

    def handle(self, *args: Any, **options: Any) -> None:
        contests = Contest.objects.select_related("election").order_by("pk")
        if options["election"]:
            contests = contests.filter(election=options["election"])
        for contest in contests:
            began = time.monotonic()
            prepared, changed = tallies.prepare(contest), tallies.rebuild(contest)
            seconds = time.monotonic() - began
            self.stdout.write(
                f"{contest.election_id}/{contest.code}: {changed} tallies replaced,"
                f" {prepared} regions with other TPS, {seconds:.1f} s"
            )
        publication.publish()
        publication.forget()
