"""`manage.py import_regions FILE [--names FILE]`: regions from CSV; see docs/reference-data.md."""

import argparse
from typing import Any

from tps.imports import regions
from tps.imports.changes import Changes, Progress
from tps.imports.command import ImportCommand, file


class Command(ImportCommand):
    help = "Import regions: code,parent_code,level,name[,overseas]"

    def add_arguments(self, parser: argparse.ArgumentParser) -> None:
        super().add_arguments(parser)
        parser.add_argument("file", type=file)
        parser.add_argument("--names", type=file, metavar="FILE", help="code,name: better names for some of them")

    def compare(self, options: dict[str, Any], progress: Progress) -> Changes:
        names = regions.read_names(options["names"]) if options["names"] else {}
        return regions.compare(options["file"], names=names, progress=progress)
