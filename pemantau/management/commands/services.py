"""`manage.py services`: the whole platform on this machine, until Ctrl-C. `make run` calls it."""

from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError

from pemantau import services
from pemantau.local.processes import StartFailed
from pemantau.local.state import AlreadyRunning


class Command(BaseCommand):
    help = "Run PostgreSQL, Valkey, web server, worker, beat and folder on loopback, under one supervisor."
    requires_system_checks: list[str] = []

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--state", type=Path, default=settings.STATE_DIR, help="folder that holds everything")
        parser.add_argument("--port", type=int, help="of the web server; by default 8000 or the next free one")
        parser.add_argument("--no-sample", action="store_true", help="do not load the sample election")

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            services.run(
                options["state"].resolve(),
                port=options["port"],
                sample=not options["no_sample"],
                say=self._say,
            )
        except (AlreadyRunning, StartFailed) as problem:
            raise CommandError(str(problem)) from None

    def _say(self, sentence: str) -> None:
        self.stdout.write(sentence)
        self.stdout.flush()  # somebody may read along in a file
