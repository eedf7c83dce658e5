"""`manage.py import_outlines FILE`: the middles of kecamatan from TopoJSON; see docs/reference-data.md."""

import argparse
from typing import Any

from tps.imports import outlines
from tps.imports.changes import Changes, Progress
from tps.imports.command import ImportCommand, file


class Command(ImportCommand):
    help = "Import where the kecamatan lie, from their outlines (TopoJSON)"

    def add_arguments(self, parser: argparse.ArgumentParser) -> None:
        super().add_arguments(parser)
        parser.add_argument("file", type=file)

    def compare(self, options: dict[str, Any], progress: Progress) -> Changes:
        return outlines.compare(options["file"], progress=progress)
