"""`manage.py import_dpt FILE`: the DPT of TPS from CSV; see docs/reference-data.md."""

import argparse
from typing import Any

from tps.imports import dpt
from tps.imports.changes import Changes, Progress
from tps.imports.command import ElectionImportCommand, file


class Command(ElectionImportCommand):
    help = "Import DPT: tps_code,dpt (other columns are passed over)"

    def add_arguments(self, parser: argparse.ArgumentParser) -> None:
        super().add_arguments(parser)
        parser.add_argument("file", type=file)

    def compare(self, options: dict[str, Any], progress: Progress) -> Changes:
        return dpt.compare(options["file"], self.election(options), progress=progress)
