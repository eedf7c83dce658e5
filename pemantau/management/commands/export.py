"""Writes the open data of contests that have changed."""

from typing import Any

from django.core.management.base import BaseCommand, CommandError

from pemantau import nightly
from tps.models import Contest


class Command(BaseCommand):
    help = "Write the open data of every contest that has changed since its last export into EXPORTS_DIR."

    def add_arguments(self, parser: Any) -> None:
        parser.add_argument("--election", help="code; all elections without it")
        parser.add_argument("--contest", help="code; all contests without it")

    def handle(self, *args: Any, **options: Any) -> None:
        wanted = {"election": options["election"], "code": options["contest"]}
        contests = list(Contest.objects.filter(**{name: value for name, value in wanted.items() if value}))
        if not contests:
            raise CommandError("There is no such contest.")
        done = nightly.run_export(contests)
        if done is None:
            raise CommandError("Open data are being written already; try again later.")
        self.stdout.write(f"{done} of {len(contests)} contests exported; the others had not changed")
