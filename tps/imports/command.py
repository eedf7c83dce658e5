"""What all import commands share: list the changes, ask, apply, in one transaction."""

import argparse
import sys
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.db import transaction

from tps.form_syntax import WrongForm
from tps.imports.changes import Changes, Progress
from tps.imports.files import WrongFile
from tps.imports.staging import one_at_a_time
from tps.models import Election


class ImportCommand(BaseCommand):
    """A subclass says in `compare` what its files would change."""

    def add_arguments(self, parser: argparse.ArgumentParser) -> None:
        parser.add_argument("--dry-run", action="store_true", help="list the changes and make none")
        parser.add_argument("--yes", action="store_true", help="make the changes without asking")

    def handle(self, **options: Any) -> None:
        bar = Bar(sys.stderr)
        try:
            with transaction.atomic():
                one_at_a_time()
                changes = self.compare(options, bar)
                bar.clear()
                if self.wanted(changes, options):
                    changes.apply(bar)
                bar.clear()
        except (WrongFile, WrongForm) as error:
            bar.clear()
            raise CommandError(f"{error}\nNothing was changed.") from error
        # Constraints that are checked at commit have held by now.
        if self.applied:
            self.stdout.write(f"{changes.what}: done.")

    applied = False

    def compare(self, options: dict[str, Any], progress: Progress) -> Changes:
        raise NotImplementedError

    def wanted(self, changes: Changes, options: dict[str, Any]) -> bool:
        for line in changes.lines():
            self.stdout.write(line)
        if not changes.any:
            self.stdout.write("Nothing to change.")
        elif options["dry_run"]:
            self.stdout.write("Only looked; nothing was changed.")
        elif options["yes"]:
            self.applied = True
        elif not sys.stdin.isatty():
            raise CommandError("There are changes; say --yes to make them. Nothing was changed.")
        else:
            self.applied = input("Make these changes? [y/N] ").strip().lower() in ("y", "yes", "ya")
            if not self.applied:
                self.stdout.write("Nothing was changed.")
        return self.applied


class ElectionImportCommand(ImportCommand):
    """An import into one election: `--election`, else the current one."""

    def add_arguments(self, parser: argparse.ArgumentParser) -> None:
        super().add_arguments(parser)
        parser.add_argument("--election", metavar="CODE", help="the election; the current one where it is not said")

    def election(self, options: dict[str, Any]) -> Election:
        wanted = {"pk": options["election"]} if options["election"] else {"is_current": True}
        found = Election.objects.filter(**wanted).first()
        if found is None:
            known = ", ".join(Election.objects.values_list("pk", flat=True)) or "none; import_election makes one"
            raise CommandError(f"There is no {'such' if options['election'] else 'current'} election. Known: {known}")
        return found


def file(text: str) -> Path:
    """A command's argument: a file that is there."""
    path = Path(text)
    if not path.is_file():
        raise argparse.ArgumentTypeError(f"{text}: no such file")
    return path


class Bar:
    """A progress bar on a terminal; silent elsewhere."""

    WIDTH = 30

    def __init__(self, stream: Any) -> None:
        self.stream = stream
        self.shown = bool(stream.isatty())

    def __call__(self, step: str, part: float) -> None:
        if self.shown:
            full = round(self.WIDTH * min(1, max(0, part)))
            self._write(f"[{'#' * full}{'.' * (self.WIDTH - full)}] {part:4.0%} {step}")

    def clear(self) -> None:
        if self.shown:
            self._write("")

    def _write(self, text: str) -> None:
        self.stream.write(f"\r{text}\x1b[K")
        self.stream.flush()
