"""`manage.py import_boundaries FILE --level LEVEL`: outlines for maps from TopoJSON; see docs/maps.md."""

import argparse
from typing import Any

from aggregation import boundaries
from tps.imports.changes import Changes, Progress
from tps.imports.command import ImportCommand, file


class Command(ImportCommand):
    help = "Import the outlines of regions, for maps (TopoJSON)"

    def add_arguments(self, parser: argparse.ArgumentParser) -> None:
        super().add_arguments(parser)
        parser.add_argument("file", type=file)
        parser.add_argument("--level", required=True, choices=boundaries.LEVELS, help="which regions the file has")

    def compare(self, options: dict[str, Any], progress: Progress) -> Changes:
        return boundaries.compare(options["file"], options["level"], progress=progress)
