"""Recomputes everything from below and prints what differs."""

import sys
import time
from typing import Any

from django.core.management.base import BaseCommand
from django.utils import timezone

from aggregation import audit, audit_runs


class Command(BaseCommand):
    help = "Recompute decisions, results, tallies, documents and log from below; print differences; exit 1 if any."

    def handle(self, *args: Any, **options: Any) -> None:
        began, began_at = time.monotonic(), timezone.now()
        found = 0
        first: list[str] = []
        older: list[None] = []

        def tell(difference: audit.Difference) -> None:
            older.append(None)
            self.stdout.write(f"older rule: {difference}")

        for difference in audit.differences(told=lambda part: self.stderr.write(f"{part} ..."), older=tell):
            found += 1
            if found <= audit_runs.KEPT:
                first.append(str(difference))
            self.stdout.write(str(difference))
        if older:
            self.stdout.write(f"{len(older)} photos wait for the present rule: manage.py redecide --dry-run")
        self.stdout.write(f"{found} differences, {time.monotonic() - began:.1f} s")
        audit_runs.leave(began_at, found, first)
        if found:
            sys.exit(1)
