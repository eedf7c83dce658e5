"""`manage.py import_stations FILE`: the TPS of an election from CSV; see docs/reference-data.md."""

import argparse
from typing import Any

from tps.imports import stations
from tps.imports.changes import Changes, Progress
from tps.imports.command import ElectionImportCommand, file


class Command(ElectionImportCommand):
    help = "Import TPS: kelurahan_code,first_no,last_no"

    def add_arguments(self, parser: argparse.ArgumentParser) -> None:
        super().add_arguments(parser)
        parser.add_argument("file", type=file)

    def compare(self, options: dict[str, Any], progress: Progress) -> Changes:
        return stations.compare(options["file"], self.election(options), progress=progress)
