"""`manage.py import_tiles FILE`: a tile grid for maps from CSV; see docs/maps.md."""

import argparse
from typing import Any

from aggregation import boundaries
from tps.imports.changes import Changes, Progress
from tps.imports.command import ImportCommand, file


class Command(ImportCommand):
    help = "Import where regions stand in the tile-grid map (CSV: code, column, row, abbreviation)"

    def add_arguments(self, parser: argparse.ArgumentParser) -> None:
        super().add_arguments(parser)
        parser.add_argument("file", type=file)

    def compare(self, options: dict[str, Any], progress: Progress) -> Changes:
        return boundaries.compare_tiles(options["file"], progress=progress)
