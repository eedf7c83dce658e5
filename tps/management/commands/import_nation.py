"""`manage.py import_nation DIR`: the whole of 2024, regions, contests, TPS and DPT, in one transaction."""

import argparse
import sys
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.db import transaction

from tps.imports import nation
from tps.imports.command import Bar
from tps.imports.files import WrongFile


class Command(BaseCommand):
    help = "Import the nation of 2024 from a folder with wilayah.csv.gz, tps.csv.gz and, if there, results_ppwp.csv.gz"

    def add_arguments(self, parser: argparse.ArgumentParser) -> None:
        parser.add_argument("folder", type=Path)
        parser.add_argument(
            "--all-contests",
            action="store_true",
            help="DPR, DPD and the councils, too: dapil.csv, dapil_wilayah.csv.gz, partai.csv, caleg_dpr.csv.gz",
        )
        parser.add_argument("--dry-run", action="store_true", help="list the changes and make none")

    def handle(self, **options: Any) -> None:
        bar = Bar(sys.stderr)

        def say(line: str) -> None:
            bar.clear()
            self.stdout.write(line)

        try:
            files = nation.files_of(options["folder"], all_contests=options["all_contests"])
            with transaction.atomic():
                changes = nation.load(files, progress=bar, say=say)
                transaction.set_rollback(options["dry_run"])
        except WrongFile as error:
            bar.clear()
            raise CommandError(f"{error}\nNothing was changed.") from error
        bar.clear()
        if options["dry_run"]:
            self.stdout.write("Only looked; nothing was changed.")
        elif not any(change.any for change in changes):
            self.stdout.write("Nothing to change.")
        else:
            self.stdout.write("The nation is in.")
