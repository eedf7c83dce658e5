"""`manage.py import_election FILE.yaml`: an election with its contests and options; see docs/reference-data.md."""

import argparse
from typing import Any

from tps.imports import elections
from tps.imports.changes import Changes, Progress
from tps.imports.command import ImportCommand, file


class Command(ImportCommand):
    help = "Set up an election from a YAML file: contests, where they are voted on, options"

    def add_arguments(self, parser: argparse.ArgumentParser) -> None:
        super().add_arguments(parser)
        parser.add_argument("file", type=file)

    def compare(self, options: dict[str, Any], progress: Progress) -> Changes:
        return elections.compare(options["file"])
