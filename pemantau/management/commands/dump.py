"""Writes all open data into one file."""

from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError

from pemantau import nightly


class Command(BaseCommand):
    help = "Export what has changed, write the newest export of every contest into one file, take away what is old."

    def handle(self, *args: Any, **options: Any) -> None:
        made = nightly.run_dump()
        if made is None:
            raise CommandError("Nothing was written: nothing is counted yet, or another dump is being made.")
        self.stdout.write(f"{settings.EXPORTS_DIR}/{made}")
