"""`manage.py import_ballots DAPIL --parties FILE`: ballots without candidates' names; see docs/reference-data.md."""

import argparse
from typing import Any

from tps.imports import ballots
from tps.imports.changes import Changes, Progress
from tps.imports.command import ElectionImportCommand, file


class Command(ElectionImportCommand):
    help = "Where a contest has no options: its parties, or for DPD as many numbers as there are candidates"

    def add_arguments(self, parser: argparse.ArgumentParser) -> None:
        super().add_arguments(parser)
        parser.add_argument("dapil", type=file)
        parser.add_argument("--parties", type=file, required=True, metavar="FILE", help="nomor_urut,nama,lokal_aceh")

    def compare(self, options: dict[str, Any], progress: Progress) -> Changes:
        return ballots.compare(options["dapil"], options["parties"], self.election(options), progress=progress)
